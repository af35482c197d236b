"""From a script to an airing, in separate processes over real HTTP, proven from the samples that sounded."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from town import RATE, Town, heard, soon, tone, town, wait_for

from audio_library.codec import decode
from domain.machines import Airing, AiringOutcome
from player.cabinet import open_cabinet
from store import airings

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
    place.await_key()
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


def walls_of(machine: Path, clip: np.ndarray) -> list[float]:
    """Return when the clip's first sample sounded, for each time that it sounded whole."""
    return [wall for one in heard(machine) if (wall := one.first_of(clip)) is not None]


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
        walls = wait_for(lambda clip=samples: walls_of(machine, clip), 10, "the clip, whole and bit for bit")
        assert len(walls) == 1, "the clip sounded exactly once"
        assert abs(walls[0] - row.planned_start.timestamp()) <= NEAR
        assert abs(walls[0] - row.started_at.timestamp()) <= 0.010
    assert rows[0].planned_start == starts_at


def test_the_same_slot_does_not_sound_again_after_a_restart(place: Town, machine: Path) -> None:
    before = len(heard(machine))
    place.stop("machine")
    place.start_machine(machine)
    wait_for(lambda: place.log("machine").count("sẵn sàng") == 2 or None, 30, place.log("machine"))
    starts_at, sound = soon(8), tone(523, 2)
    rule_id = place.schedule_tone(sound, starts_at)
    wait_for(lambda: reported(place, slot_of(rule_id, starts_at), {AiringOutcome.PLAYED}, 1), 60, place.log("machine"))
    wait_for(lambda: walls_of(machine, sound), 10, "the new session")
    assert len(heard(machine)) == before + 1, "only the new session sounded, though the old one was within its grace"


def test_the_machine_still_speaks_when_the_server_is_gone(place: Town, machine: Path) -> None:
    starts_at, sound = soon(16), tone(659, 2)
    place.schedule_tone(sound, starts_at)
    wait_for(lambda: holds_slot(machine, starts_at) or None, 14, "the playlist and its clip on the machine")
    place.stop("panel")
    place.stop("machine")
    place.start_machine(machine)
    walls = wait_for(lambda: walls_of(machine, sound), 60, place.log("machine"))
    assert len(walls) == 1
    assert abs(walls[0] - starts_at.timestamp()) <= NEAR


def test_what_sounded_without_the_server_is_reported_when_it_is_back(place: Town, machine: Path) -> None:
    place.start_panel()
    now = datetime.now().astimezone()

    def told() -> bool | None:
        with place.centre.database.read() as connection:
            found = airings.between(connection, now - timedelta(minutes=5), now)
        return (
            any(one.slot_key.startswith("tone-") and one.outcome is AiringOutcome.PLAYED for one in found[-1:]) or None
        )

    wait_for(told, 60, place.log("machine"))


def holds_slot(machine: Path, starts_at: datetime) -> bool:
    """Tell whether the machine holds a playlist with a slot at `starts_at`, and every clip it needs."""
    cabinet = open_cabinet(machine)
    try:
        playlist = cabinet.playlist()
        slots = () if playlist is None else playlist.slots
        return any(slot.starts_at == starts_at for slot in slots) and all(
            cabinet.holds(clip.hash) for clip in (playlist.clips if playlist else ())
        )
    finally:
        cabinet.close()
