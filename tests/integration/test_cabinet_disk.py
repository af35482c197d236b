"""The machine's folder on a disk that is full, and after an update that was taken back."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from player.cabinet import open_cabinet, write_identity
from player.journal import Journal
from player.trust import Identity
from tests.fakes import need_tool
from tests.fakes_player import MACHINE, STATION, item, playlist, signed, slot, sound
from tests.faults.disks import can_mount, fill, memory_disk

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
CLIP = sound(0.01)
SLOT = slot("a", NOW, item(CLIP))


def stocked(folder: Path) -> None:
    """Make `folder` that of a machine that holds a playlist, has claimed an airing and looked after its disk."""
    write_identity(
        folder,
        Identity(MACHINE, "Loa", STATION, "http://x", KEY.public_key().public_bytes_raw()),
        Ed25519PrivateKey.generate(),
    )
    cabinet = open_cabinet(folder)
    cabinet.accept(signed(playlist([SLOT], [CLIP], NOW), KEY), "", NOW)
    Journal(cabinet.database).claim(f"{MACHINE}/a/0", SLOT, 0, NOW, NOW)
    cabinet.keep_reserve()
    cabinet.close()


@pytest.mark.parametrize("size", ["12m", "96m"])
def test_a_machine_starts_again_on_a_disk_that_is_full_to_the_last_byte(size: str, tmp_path: Path) -> None:
    need_tool(can_mount(), "root, to mount a disk that is full")
    with memory_disk(tmp_path / "disk", size) as disk:
        stocked(disk / "home")
        fill(disk)
        for _ in range(2):
            cabinet = open_cabinet(disk / "home")
            assert cabinet.mended == ""
            assert cabinet.playlist() is not None
            journal = Journal(cabinet.database)
            journal.started(f"{MACHINE}/a/0", NOW + timedelta(seconds=1), NOW)
            assert [one.outcome for one in journal.unsent()] == ["playing"]
            cabinet.close()


def test_an_update_that_is_taken_back_costs_no_airing(tmp_path: Path) -> None:
    stocked(tmp_path)
    with closing(sqlite3.connect(tmp_path / "cabinet.db")) as newer:
        newer.executescript(
            "ALTER TABLE airings ADD COLUMN louder INTEGER; CREATE TABLE later (id INTEGER); PRAGMA user_version = 99"
        )
    cabinet = open_cabinet(tmp_path)
    assert cabinet.mended == ""
    assert [one.key for one in Journal(cabinet.database).unsent()] == [f"{MACHINE}/a/0"]
    cabinet.close()


def test_a_column_that_nobody_added_is_damage_all_the_same(tmp_path: Path) -> None:
    stocked(tmp_path)
    with closing(sqlite3.connect(tmp_path / "cabinet.db")) as other:
        other.execute("ALTER TABLE airings ADD COLUMN louder INTEGER")
    cabinet = open_cabinet(tmp_path)
    assert cabinet.mended
    cabinet.close()
