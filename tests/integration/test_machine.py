"""The whole machine against a small centre over real HTTP, heard through its virtual output."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from domain.errors import BusyError, NotFoundError, SinkError
from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistSlot
from domain.timetable import LatePolicy, Priority
from player import orders
from player.clock import SystemClock
from player.enrol import enrol
from player.events import Fault, Finished, MachineEvent, PlaylistAccepted, Ready, Sounding
from player.machine import Machine, MachineSettings
from player.sinks.silent import SilentSink
from tests.fakes_machine import Running, machines
from tests.fakes_player import MACHINE, Centre, Sound, Steps, heard, item, playlist, signed, slot, sound, wait_until

SETTINGS = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")
Run = Callable[..., Running]
CLIP = sound(0.5)


@pytest.fixture
def run() -> Iterator[Run]:
    with machines(SETTINGS, Running) as start:
        yield start


def soon(seconds: float = 1.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def plan(*slots: PlaylistSlot, clips: tuple[Sound, ...] = (CLIP,), **changes: object) -> Playlist:
    return playlist(slots, clips, datetime.now(UTC), **changes)


def outcome_of(centre: Centre, key: str, position: int = 0) -> str:
    outcome: str = airing(centre, key, position).get("outcome", "")
    return outcome


def airing(centre: Centre, key: str, position: int = 0) -> dict[str, object]:
    return centre.airings.get(f"{MACHINE}/{key}/{position}", {})


def ready(centre: Centre, clips: int = 1) -> bool:
    """Tell whether the machine has said that it holds its clips."""
    return bool(centre.heartbeats) and centre.heartbeats[-1]["clips_held"] == clips


def level_mb(samples: npt.NDArray[np.int16]) -> int:
    return round(2000 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32768))


def test_a_session_sounds_on_its_instant_bit_for_bit_and_is_reported(centre: Centre, run: Run, tmp_path: Path) -> None:
    two, at = sound(0.5, seed=2), soon()
    centre.publish(plan(slot("a", at, item(CLIP), item(two, 0.5)), clips=(CLIP, two)), CLIP, two)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: outcome_of(centre, "a", 1) == "played")
    running.stop()
    [(wall, samples)] = heard(running.recordings)
    assert np.array_equal(samples, np.concatenate([CLIP.samples, two.samples]))
    assert abs(wall - at.timestamp()) < 0.05
    first = airing(centre, "a")
    assert abs(first["started"] - first["planned"]) <= 50  # type: ignore[operator]
    assert (first["rendered"], first["outcome"], first["clip"]) == (500, "played", CLIP.hash)
    assert first["rms"] == level_mb(CLIP.samples)
    kinds = [type(event) for event in running.events if not isinstance(event, Fault)]
    assert kinds == [Ready, PlaylistAccepted, Sounding, Sounding, Finished, Finished] or kinds.count(Sounding) == 2


def test_an_enrolled_machine_goes_from_code_to_sound(centre: Centre, run: Run, tmp_path: Path) -> None:
    enrol(tmp_path, centre.url, "DUNG-MA")
    centre.publish(plan(slot("a", soon(), item(CLIP))), CLIP)
    run(tmp_path)
    wait_until(lambda: outcome_of(centre, "a") == "played")
    assert centre.heartbeats[-1]["sink_ok"] is True


def test_the_same_session_does_not_sound_again_after_a_restart(centre: Centre, run: Run, tmp_path: Path) -> None:
    centre.publish(plan(slot("a", soon(), item(CLIP))), CLIP)
    first = run(centre.enrolled(tmp_path))
    wait_until(lambda: first.told(Finished))
    first.stop()
    second = run(tmp_path)
    wait_until(lambda: outcome_of(centre, "a") == "played")
    wait_until(lambda: len(centre.heartbeats) > 3)
    second.stop()
    assert len(heard(first.recordings)) == 1
    assert not second.told(Sounding)


def test_without_its_server_it_still_plays_what_it_holds(centre: Centre, run: Run, tmp_path: Path) -> None:
    centre.publish(plan(slot("a", soon(1.2), item(CLIP)), slot("b", soon(2.8), item(CLIP))), CLIP)
    first = run(centre.enrolled(tmp_path))
    wait_until(lambda: ready(centre))
    centre.stop()
    wait_until(lambda: len(first.told(Finished)) == 1)
    first.stop()
    second = run(tmp_path)
    wait_until(lambda: len(second.told(Finished)) == 1)
    assert second.has_fault("máy chủ")
    second.stop()
    assert len(heard(first.recordings)) == 2


def test_a_playlist_with_a_flipped_byte_is_refused_reported_and_the_old_one_played(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    made = plan(slot("a", soon(1.8), item(CLIP)))
    centre.publish(made, CLIP)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: ready(centre))
    forged = plan(slot("a", soon(60), item(CLIP)), counter=2)
    centre.envelope = signed(forged, centre.key).replace(b'"counter":2', b'"counter":3')
    wait_until(lambda: "Chữ ký" in centre.heartbeats[-1]["fault"])
    assert centre.heartbeats[-1]["counter"] == 1
    wait_until(lambda: outcome_of(centre, "a") == "played")
    assert len(running.told(PlaylistAccepted)) == 1
    centre.publish(made)
    wait_until(lambda: centre.heartbeats[-1]["fault"] == "")


def test_a_clip_damaged_on_the_disk_is_fetched_again_and_sounds(centre: Centre, run: Run, tmp_path: Path) -> None:
    centre.publish(plan(slot("a", soon(2), item(CLIP))), CLIP)
    first = run(centre.enrolled(tmp_path))
    wait_until(lambda: ready(centre))
    first.stop()
    flip_a_byte(tmp_path / "clips" / CLIP.hash[:2] / CLIP.hash)
    second = run(tmp_path)
    wait_until(lambda: outcome_of(centre, "a") == "played")
    second.stop()
    [(_, samples)] = heard(second.recordings)
    assert np.array_equal(samples, CLIP.samples)


def test_a_damaged_clip_that_cannot_be_had_is_never_played_and_says_so(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    one = slot("a", soon(1.5), item(CLIP), grace=timedelta(seconds=1))
    centre.publish(plan(one), CLIP)
    first = run(centre.enrolled(tmp_path))
    wait_until(lambda: ready(centre))
    first.stop()
    flip_a_byte(tmp_path / "clips" / CLIP.hash[:2] / CLIP.hash)
    centre.files[CLIP.hash] = CLIP.data[:-1] + bytes([CLIP.data[-1] ^ 1])
    running = run(tmp_path)
    wait_until(lambda: outcome_of(centre, "a") == "missed")
    assert "tệp âm thanh" in str(airing(centre, "a")["reason"]).lower()
    wait_until(lambda: "mã băm" in centre.heartbeats[-1]["fault"])
    assert not list(running.recordings.glob("*.wav"))


def test_a_clip_on_the_disk_that_no_playlist_names_never_plays(centre: Centre, run: Run, tmp_path: Path) -> None:
    stranger = sound(0.3, seed=7)
    at = soon(1.5)
    centre.publish(plan(slot("a", at, item(stranger, refusal="Bản tin chưa được duyệt"))), CLIP)
    centre.enrolled(tmp_path)
    shelf = tmp_path / "clips" / stranger.hash[:2] / stranger.hash
    shelf.parent.mkdir(parents=True)
    shelf.write_bytes(stranger.data)
    running = run(tmp_path)
    wait_until(lambda: outcome_of(centre, "a") == "missed")
    assert airing(centre, "a")["reason"] == "Bản tin chưa được duyệt"
    assert not list(running.recordings.glob("*.wav"))


def test_an_emergency_cuts_in_and_the_session_goes_on_after_it(centre: Centre, run: Run, tmp_path: Path) -> None:
    long, alarm = sound(4.0, seed=4), sound(0.5, seed=5)
    routine = slot("a", soon(), item(long), late_policy=LatePolicy.JOIN)
    centre.publish(plan(routine, clips=(long, alarm)), long, alarm)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.told(Sounding))
    urgent = slot("b", soon(-0.1), item(alarm, title="Khẩn"), priority=Priority.EMERGENCY)
    centre.publish(plan(routine, urgent, clips=(long, alarm), counter=2))
    wait_until(lambda: outcome_of(centre, "b") == "played" and outcome_of(centre, "a") == "played", 15)
    assert [event.title for event in running.told(Sounding)] == ["Bản tin", "Khẩn", "Bản tin"]  # type: ignore[union-attr]
    running.stop()
    [(_, samples)] = heard(running.recordings)
    start = samples.tobytes().find(alarm.samples[RAMP_CLEAR:].tobytes())
    assert start >= 0
    assert len(samples) / 48_000 == pytest.approx(4.0, abs=0.1)
    assert 3000 < int(str(airing(centre, "a")["rendered"])) < 3700


RAMP_CLEAR = 2000
"""Frames after which an emergency no longer overlaps the fade of what it cut."""


def test_a_session_withdrawn_while_it_sounds_is_cut(centre: Centre, run: Run, tmp_path: Path) -> None:
    long = sound(20.0, seed=4)
    routine = slot("a", soon(), item(long))
    centre.publish(plan(routine, clips=(long,)), long)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.told(Sounding))
    centre.publish(plan(replace(routine, refusal="Đã dừng theo lệnh"), clips=(long,), counter=2))
    wait_until(lambda: outcome_of(centre, "a") == "cut")
    assert airing(centre, "a")["reason"] == "Đã dừng theo lệnh"


def test_stopping_the_machine_fades_out_and_writes_how_far_it_got(centre: Centre, run: Run, tmp_path: Path) -> None:
    long = sound(20.0, seed=4)
    centre.publish(plan(slot("a", soon(), item(long)), clips=(long,)), long)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.told(Sounding))
    running.stop()
    [finished] = running.told(Finished)
    assert isinstance(finished, Finished)
    assert finished.outcome is AiringOutcome.CUT
    [(_, samples)] = heard(running.recordings)
    assert abs(finished.rendered_ms - len(samples) / 48) < 3


def test_a_clock_set_back_replays_nothing_and_is_told(centre: Centre, run: Run, tmp_path: Path) -> None:
    clock = Steps()
    centre.publish(plan(slot("a", soon(), item(CLIP)), issued_at=soon(-86400)), CLIP)
    running = run(centre.enrolled(tmp_path), clock)
    wait_until(lambda: running.told(Finished))
    clock.shift = timedelta(seconds=-3)
    wait_until(lambda: running.has_fault("nhảy"))
    beats = len(centre.heartbeats)
    wait_until(lambda: len(centre.heartbeats) >= beats + 10)
    assert len(running.told(Sounding)) == 1


def test_a_clock_before_the_newest_signed_time_holds_routine_sessions(centre: Centre, run: Run, tmp_path: Path) -> None:
    clock = Steps()
    clock.shift = timedelta(days=-20_000)
    centre.clock_ahead_ms = 0
    centre.publish(plan(slot("a", soon(1.0), item(CLIP))), CLIP)
    running = run(centre.enrolled(tmp_path), clock)
    wait_until(lambda: running.has_fault(orders.HELD_CLOCK))
    clock.shift = timedelta()
    wait_until(lambda: outcome_of(centre, "a") == "played")


def test_one_folder_runs_one_machine(centre: Centre, run: Run, tmp_path: Path) -> None:
    run(centre.enrolled(tmp_path))
    with pytest.raises(BusyError):
        run(tmp_path)


def test_a_machine_that_was_never_enrolled_says_so(run: Run, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        run(tmp_path)


def test_a_listener_that_fails_does_not_hurt_the_machine(centre: Centre, tmp_path: Path) -> None:
    def broken(_event: MachineEvent) -> None:
        raise ValueError

    centre.publish(plan(slot("a", soon(), item(CLIP))), CLIP)
    machine = Machine(centre.enrolled(tmp_path), SETTINGS, broken)
    machine.start()
    wait_until(lambda: outcome_of(centre, "a") == "played")
    machine.stop()


class BrokenDriver(SilentSink):
    """An output whose driver raises what no output should."""

    def write(self, block: bytes) -> None:
        raise ValueError(len(block))


def test_a_machine_whose_sound_keeps_breaking_down_gives_up_with_a_fault(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.engine._BACK_OFF_S", (0.01,))
    events: list[MachineEvent] = []
    gave_up = threading.Event()
    machine = Machine(centre.enrolled(tmp_path), SETTINGS, events.append, sink=BrokenDriver(SystemClock()))
    machine.on_give_up = gave_up.set
    machine.start()
    assert gave_up.wait(10)
    with pytest.raises(SinkError, match="khởi động lại"):
        machine.check()
    machine.stop()
    assert any(isinstance(event, Fault) and "khởi động lại" in event.sentence for event in events)


_PROCESS = """
import sys
from pathlib import Path
from player.machine import MachineSettings
from player.running import run_machine
settings = MachineSettings(poll=0.2, heartbeat=0.3, sink="virtual")
run_machine(Path(sys.argv[1]), settings, lambda event: print(event, flush=True))
"""


@pytest.fixture
def process(centre: Centre, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    with ExitStack() as stack:

        def start() -> subprocess.Popen[str]:
            made = subprocess.Popen(
                [sys.executable, "-c", _PROCESS, str(tmp_path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
            )
            stack.callback(made.wait, 10)
            stack.enter_context(made.stdout)  # type: ignore[arg-type]
            stack.callback(made.kill)
            return made

        yield start


def lines_until(made: subprocess.Popen[str], word: str) -> list[str]:
    assert made.stdout is not None
    lines: list[str] = []
    for line in made.stdout:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"{word} never came: {lines}")


def test_a_process_ends_in_order_on_sigterm(
    centre: Centre, tmp_path: Path, process: Callable[[], subprocess.Popen[str]]
) -> None:
    long = sound(20.0, seed=4)
    centre.publish(plan(slot("a", soon(2.5), item(long)), clips=(long,)), long)
    centre.enrolled(tmp_path)
    made = process()
    lines_until(made, "Sounding")
    made.send_signal(signal.SIGTERM)
    assert "cut" in lines_until(made, "Finished")[-1]
    assert made.wait(10) == 0


def test_a_process_that_was_killed_goes_on_where_the_clock_says(
    centre: Centre, tmp_path: Path, process: Callable[[], subprocess.Popen[str]], run: Run
) -> None:
    long = sound(62.0, seed=4)
    at = soon(2.5)
    centre.publish(plan(slot("a", at, item(long)), clips=(long,)), long)
    centre.enrolled(tmp_path)
    made = process()
    lines_until(made, "Sounding")
    made.kill()
    made.wait(10)
    running = run(tmp_path)
    wait_until(lambda: running.told(Sounding))
    wait_until(lambda: sum(len(samples) for _, samples in heard(running.recordings)) > 60_000)
    running.stop()
    wall, samples = heard(running.recordings)[-1]
    place = long.samples.tobytes().find(samples[1000:20_000].tobytes())
    assert place >= 0
    offset = (place // 2 - 1000) / 48_000
    assert abs(wall - at.timestamp() - offset) < 0.05


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_session_sounds_as_loud_as_its_hour_allows(centre: Centre, run: Run, tmp_path: Path) -> None:
    softer, louder, at = sound(0.5, seed=2), sound(0.5, seed=3), soon()
    later = at + timedelta(seconds=0.6), at + timedelta(seconds=1.2)
    slots = (
        slot("a", at, item(CLIP)),
        slot("b", later[0], item(softer), gain_mb=-600),
        slot("c", later[1], item(louder), gain_mb=600),
    )
    centre.publish(plan(*slots, clips=(CLIP, softer, louder)), CLIP, softer, louder)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: outcome_of(centre, "c") == "played")
    running.stop()
    heard_ = np.concatenate([samples for _, samples in heard(running.recordings)])
    sounding = heard_[heard_ != 0]
    pieces = [sounding[number * 24_000 : (number + 1) * 24_000] for number in range(3)]
    assert np.array_equal(pieces[0], CLIP.samples)
    assert _decibels(pieces[1], softer.samples) == pytest.approx(-6.0, abs=0.1)
    assert _decibels(pieces[2], louder.samples) == pytest.approx(6.0, abs=0.1)


def _decibels(loud: np.ndarray, soft: np.ndarray) -> float:
    return float(20 * np.log10(np.std(loud.astype(float)) / np.std(soft.astype(float))))
