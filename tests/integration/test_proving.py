"""From an ear to a proof: what was heard is kept, cut, held against the clip, and told with the airing."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from domain.errors import BadInputError, SinkError
from domain.proof import Hearing, Proof
from player.clock import SystemClock
from player.ears import AlsaEar, PortAudioEar, ear_of
from player.listening import Recorder
from player.logbook import Proved
from player.machine import Machine, MachineSettings
from player.output import Patience
from player.proof import RATE
from player.proving import ClipFile, Prover
from player.sinks.guarded import GuardedSink
from tests.fakes_ears import BenchEar, ScriptEar, babble
from tests.fakes_player import MACHINE, Centre, Sound, item, playlist, slot, wait_until, wav
from tests.fakes_sinks import Bench

START = 5000.0
QUICK = Patience(0.05, 0.3, 0.4, 0.2, 0.8, 0.1, 0.5, 60.0, (0.05, 0.1, 0.2))
Frames = npt.NDArray[np.int16]


class Room:
    """A room in which things are said at instants, and the proof that listens there."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.air = np.random.default_rng(1).normal(0, 30, round(seconds * 48_000))
        self.folder = folder
        self.proofs: list[Proved] = []
        self.troubles: list[str] = []

    def say(self, samples: Frames, at: float) -> None:
        place = round((at - START) * 48_000)
        self.air[place : place + len(samples)] += samples[: len(self.air) - place] / 50

    def clip(self, samples: Frames) -> ClipFile:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.wav"
        path.write_bytes(wav(samples))
        return ClipFile(path, "audio/wav")

    def ear(self) -> ScriptEar:
        return ScriptEar(START, np.rint(self.air).astype(np.int16))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def proving(room: Room, stack: ExitStack) -> Prover:
    """Start to listen in `room` and return the proof once all of it is heard."""
    ear = room.ear()
    prover = Prover(Recorder(lambda: ear, SystemClock(), room.troubles.append), room.proofs.append)
    prover.start()
    stack.callback(prover.stop)
    stack.callback(ear.free.set)
    assert ear.over.wait(20)
    return prover


def test_what_was_said_is_proved_and_what_was_not_is_not(tmp_path: Path, stack: ExitStack) -> None:
    room, one, two = Room(tmp_path, 20), babble(6.0, 1), babble(6.0, 2)
    room.say(one, START + 2.6)
    prover = proving(room, stack)
    prover.began("a", room.clip(one), START + 2.0, 0.0, 6.0)
    prover.began("b", room.clip(two), START + 2.0, 0.0, 6.0)
    prover.ended("a", 6.0)
    prover.ended("b", 6.0)
    wait_until(lambda: len(room.proofs) == 2)
    found = {proved.key: proved.proof.hearing for proved in room.proofs}
    assert found == {"a": Hearing.HEARD, "b": Hearing.UNHEARD}


def test_of_a_long_item_three_excerpts_are_looked_at_and_most_decide(tmp_path: Path, stack: ExitStack) -> None:
    room, one = Room(tmp_path, 60), babble(50.0, 3)
    silenced = one.copy()
    silenced[: 12 * 48_000] = 0
    room.say(silenced, START + 1.3)
    prover = proving(room, stack)
    prover.began("a", room.clip(one), START + 1.0, 0.0, 50.0)
    prover.ended("a", 50.0)
    wait_until(lambda: room.proofs)
    assert room.proofs[0].proof.hearing is Hearing.HEARD


def test_an_item_that_goes_on_in_its_middle_is_held_against_that_part(tmp_path: Path, stack: ExitStack) -> None:
    room, one = Room(tmp_path, 20), babble(20.0, 4)
    room.say(one[12 * 48_000 :], START + 2.2)
    prover = proving(room, stack)
    prover.began("a", room.clip(one), START + 2.0, 12.0, 20.0)
    prover.ended("a", 8.0)
    wait_until(lambda: room.proofs)
    assert room.proofs[0].proof.hearing is Hearing.HEARD


def test_of_an_item_that_was_cut_only_what_sounded_is_looked_at(tmp_path: Path, stack: ExitStack) -> None:
    room, one = Room(tmp_path, 40), babble(30.0, 5)
    room.say(one[: 15 * 48_000], START + 1.2)
    prover = proving(room, stack)
    prover.began("a", room.clip(one), START + 1.0, 0.0, 30.0)
    prover.ended("a", 15.0)
    wait_until(lambda: room.proofs)
    assert room.proofs[0].proof.hearing is Hearing.HEARD


def test_the_recorder_holds_so_much_and_no_more(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.listening.KEPT_S", 10)
    room = Room(tmp_path, 14)
    ear = room.ear()
    recorder = Recorder(lambda: ear, SystemClock(), room.troubles.append)
    recorder.start()
    stack.callback(recorder.stop)
    stack.callback(ear.free.set)
    assert ear.over.wait(30)
    assert recorder.until == pytest.approx(START + 14, abs=0.1)
    assert recorder.cut(START + 3, 2) is None
    assert recorder.cut(START + 13, 2) is None
    cut = recorder.cut(START + 5, 8)
    assert cut is not None
    assert len(cut) == 8 * RATE


def test_an_ear_that_is_lost_is_told_and_opened_again(tmp_path: Path, stack: ExitStack) -> None:
    told: list[str] = []
    ears = iter([ScriptEar(START, np.zeros(4800, np.int16)), ScriptEar(START + 9, np.zeros(4800, np.int16))])
    kept: list[ScriptEar] = []

    def make() -> ScriptEar:
        kept.append(next(ears))
        return kept[-1]

    recorder = Recorder(make, SystemClock(), told.append)
    recorder.start()
    stack.callback(recorder.stop)
    wait_until(lambda: kept and kept[0].over.is_set())
    kept[0].free.set()
    wait_until(lambda: len(kept) == 2 and kept[1].over.is_set())
    assert told == ["", "Đầu vào kiểm chứng đã hết.", ""]
    assert recorder.cut(START + 0.01, 0.05) is None, "what was heard before the gap is not on this timeline"
    kept[1].free.set()


def test_inputs_that_are_not_there_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInputError, match="alsa"):
        ear_of("micro", SystemClock())
    assert isinstance(ear_of("portaudio:USB", SystemClock())(), PortAudioEar)
    with pytest.raises(SinkError, match="khongco"):
        AlsaEar(SystemClock(), "khongco").open()
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    with pytest.raises(SinkError, match="không mở được"):
        PortAudioEar(SystemClock()).open()


@pytest.mark.sound
def test_an_alsa_input_gives_blocks_that_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "asound.conf"
    config.write_text("pcm.nothing { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
    ear = AlsaEar(SystemClock(), "nothing")
    ear.open()
    instant, frames = ear.read()
    later, _ = ear.read()
    ear.close()
    assert len(frames) == 480
    assert later >= instant - 0.1


def test_the_centre_is_told_that_an_item_was_heard_and_warned_when_it_was_not(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.proving.MOST_DELAY_S", 0.6)
    bench, centre = Bench("loa"), Centre()
    stack.callback(centre.stop)
    ear = BenchEar(bench)
    monkeypatch.setattr("player.ears.ear_of", lambda _wanted, _clock: lambda: ear)
    folder = centre.enrolled(tmp_path)
    (folder / "machine.toml").write_text('[output]\nlisten = "alsa:hw:0"\n')
    samples, now = babble(2.5, 1), datetime.now(UTC)
    clip = Sound(samples, wav(samples))
    centre.publish(playlist([slot("a", now + timedelta(seconds=1), item(clip))], [clip], now), clip)
    sink = GuardedSink(bench.plug, None, SystemClock(), QUICK)
    machine = Machine(folder, MachineSettings(0.2, 0.3), sink=sink)
    stack.callback(machine.stop)
    machine.start()
    wait_until(lambda: centre.airings.get(f"{MACHINE}/a/0", {}).get("hearing") == "heard", 20)
    machine._conductor.post(Proved(f"{MACHINE}/a/0", Proof(Hearing.UNHEARD, 100)))
    wait_until(lambda: "không nghe thấy" in centre.heartbeats[-1]["fault"])
    wait_until(lambda: centre.airings[f"{MACHINE}/a/0"]["hearing"] == "unheard")
