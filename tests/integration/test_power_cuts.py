"""What the machine told to be on its disk is there after a power cut, whole; `make soak` cuts a thousand times."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from player import database
from tests.fakes import need_tool
from tests.faults.disks import PowerDisk, can_mount, power_disk
from tests.faults.power import cut_again_and_again


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[PowerDisk]:
    need_tool(can_mount(), "root, to mount a disk whose power can be cut")
    with power_disk(tmp_path / "power", 64) as made:
        yield made


def test_no_power_cut_loses_or_tears_what_was_told_to_be_on_the_disk(disk: PowerDisk) -> None:
    tally = cut_again_and_again(disk, cuts=25, seed=7)
    assert tally.broken == ()
    assert tally.writes > 25


def test_a_store_that_does_not_flush_is_found_out(disk: PowerDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PRAGMAS", ("journal_mode=WAL", "synchronous=OFF"))
    assert cut_again_and_again(disk, cuts=5, seed=7).broken
