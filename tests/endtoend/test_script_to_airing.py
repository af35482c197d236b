"""From a script to an airing, in separate processes over real HTTP, proven from the samples that sounded."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from town import RATE, Town, heard, soon, town, wait_for

from audio_library.codec import decode
from domain.machines import Airing, AiringOutcome
from store import airings, bulletins

NEAR = 0.050
"""Seconds between plan and first sample that are allowed."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town")) as one:
        one.start_panel()
        one.start_worker()
        yield one


@pytest.fixture(scope="module")
def machine(place: Town) -> Path:
    wait_for(lambda: place.centre.folder.station_key.exists() or None, 20, "the station's key")
    folder = place.enrol()
    place.start_machine(folder)
    return folder


def reported(place: Town, slot_key: str, outcomes: set[AiringOutcome], count: int) -> tuple[Airing, ...] | None:
    now = datetime.now().astimezone()
    with place.centre.database.read() as connection:
        found = airings.between(connection, now - timedelta(hours=1), now + timedelta(hours=1))
    rows = tuple(one for one in found if one.slot_key == slot_key and one.outcome in outcomes)
    return rows if len(rows) >= count else None


def clip_samples(place: Town, clip_hash: str) -> np.ndarray:
    data = place.centre.blobs.path(clip_hash).read_bytes()
    assert hashlib.sha256(data).hexdigest() == clip_hash
    return np.frombuffer(decode(data), dtype="<i2")


def slot_of(rule_id: str, starts_at: datetime) -> str:
    return f"{rule_id}@{int(starts_at.timestamp() * 1000)}"


def test_an_approved_script_sounds_on_its_instant_and_is_reported(place: Town, machine: Path) -> None:
    first = place.approve("Bản tin thứ nhất", "Bà con chú ý. Chiều nay 15h30 họp tổ dân phố.")
    second = place.approve("Bản tin thứ hai", "Kế hoạch số 69/KH-UBND đạt 98,7%.")
    clips = [place.await_clip(first), place.await_clip(second)]
    starts_at = soon(8)
    rule_id = place.schedule("Buổi thử", (first, second), starts_at)
    key = slot_of(rule_id, starts_at)
    rows = wait_for(lambda: reported(place, key, {AiringOutcome.PLAYED}, 2), 90, place.log("machine"))

    assert [row.clip_hash for row in rows] == clips
    for row in rows:
        samples = clip_samples(place, row.clip_hash or "")
        assert abs((row.started_at - row.planned_start).total_seconds()) <= NEAR
        assert abs(row.rendered.total_seconds() - len(samples) / RATE) <= 0.02
        found = [sounding.first_of(samples) for sounding in heard(machine)]
        walls = [wall for wall in found if wall is not None]
        assert len(walls) == 1, "the clip sounded whole, bit for bit, exactly once"
        assert abs(walls[0] - row.planned_start.timestamp()) <= NEAR
        assert abs(walls[0] - row.started_at.timestamp()) <= 0.010
    assert rows[0].planned_start == starts_at


def test_the_same_slot_does_not_sound_again_after_a_restart(place: Town, machine: Path) -> None:
    before = [len(one.samples) for one in heard(machine)]
    place.stop("machine")
    place.start_machine(machine)
    wait_for(lambda: "sẵn sàng" in place.log("machine") or None, 30, place.log("machine"))
    with place.centre.database.read() as connection:
        ready = bulletins.newest(connection)
    starts_at = soon(6)
    made = next(one for one in ready if one.title == "Bản tin thứ hai")
    rule_id = place.schedule("Buổi sau", (made.id,), starts_at)
    wait_for(lambda: reported(place, slot_of(rule_id, starts_at), {AiringOutcome.PLAYED}, 1), 60, place.log("machine"))
    after = heard(machine)
    assert len(after) == len(before) + 1, "only the new session sounded, though the old one was within its grace"
    assert after[-1].first_of(clip_samples(place, made.clip_hash or "")) is not None


def test_the_machine_still_speaks_when_the_server_is_gone(place: Town, machine: Path) -> None:
    with place.centre.database.read() as connection:
        made = next(one for one in bulletins.newest(connection) if one.title == "Bản tin thứ nhất")
    starts_at = soon(14)
    place.schedule("Không có máy chủ", (made.id,), starts_at)
    wait_for(lambda: holds_slot(place, machine, starts_at) or None, 12, "the playlist on the machine")
    place.stop("panel")
    place.stop("machine")
    place.start_machine(machine)
    samples = clip_samples(place, made.clip_hash or "")
    count = len(heard(machine))

    def sounded() -> float | None:
        new = heard(machine)[count:]
        return next((wall for one in new if (wall := one.first_of(samples)) is not None), None)

    wall = wait_for(sounded, 60, place.log("machine"))
    assert abs(wall - starts_at.timestamp()) <= NEAR


def holds_slot(place: Town, machine: Path, starts_at: datetime) -> bool:
    """Tell whether the machine has taken the playlist that holds a slot at `starts_at`."""
    import sqlite3
    from contextlib import closing

    needle = f'"starts":{int(starts_at.timestamp() * 1000)}'.encode()
    with closing(sqlite3.connect(f"file:{machine / 'cabinet.db'}?mode=ro", uri=True)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                if any(isinstance(cell, bytes) and needle in cell for cell in row):
                    return True
    return False
