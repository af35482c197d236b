"""One suite for every output: the machine must be able to trust each in the same way."""

import ctypes
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BadInputError, SinkError
from domain.ports import AudioSink
from player.clock import SystemClock
from player.sinks.alsa import LIBRARY, AlsaSink
from player.sinks.choose import Place, choose_sink, maker
from player.sinks.guarded import GuardedSink
from player.sinks.icecast import PASSWORD_FILE, IcecastSink, read_icecast
from player.sinks.pacing import BUFFER_S, STALL_S
from player.sinks.portaudio import PortAudioSink
from player.sinks.rtp import RtpSink, read_rtp
from player.sinks.silent import SilentSink
from player.sinks.virtual import VirtualSink
from tests import jack_server
from tests.fakes_player import RATE, MemorySink, Still, heard, noise
from tests.icecast_server import PASSWORD, Icecast, icecast

BLOCK = 480
ALSA_CONFIG = """
pcm.!default {{
    type plug
    slave.pcm {{ type file file "{raw}" format "raw" slave.pcm {{ type null }} }}
}}
pcm.nothing {{ type null }}
ctl.!default {{ type hw card 0 }}
"""
Make = Callable[[Path], AudioSink]


def alsa(folder: Path) -> AudioSink:
    """Return a sink over ALSA's own file and null plug-ins, or skip where the library is not installed."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        if os.environ.get("TIENGLOA_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{LIBRARY} is required here (Debian: libasound2)")
        pytest.skip(f"{LIBRARY} is not installed (Debian: libasound2)")
    config = folder / "asound.conf"
    config.write_text(ALSA_CONFIG.format(raw=folder / "out.raw"))
    os.environ["ALSA_CONFIG_PATH"] = str(config)
    return AlsaSink(SystemClock())


def icecast_mount(folder: Path, port: int) -> AudioSink:
    """Return a sink to a real Icecast server on a port of this host."""
    (folder / PASSWORD_FILE).write_text(PASSWORD)
    (folder / PASSWORD_FILE).chmod(0o600)
    return IcecastSink(read_icecast(f"icecast://127.0.0.1:{port}/loa", folder), SystemClock())


MAKERS: dict[str, Make] = {
    "virtual": lambda folder: VirtualSink(folder / "wav", SystemClock()),
    "silent": lambda _folder: SilentSink(SystemClock()),
    "alsa": alsa,
    "portaudio": lambda _folder: PortAudioSink(SystemClock(), jack_server.DEVICE),
    "icecast": lambda folder: icecast_mount(folder, RUNNING["icecast"].port),
    "rtp": lambda _folder: RtpSink(read_rtp("rtp://127.0.0.1:5004"), SystemClock()),
    "guarded": lambda _folder: GuardedSink(lambda: SilentSink(SystemClock()), None, SystemClock()),
    "fake": lambda _folder: MemorySink(Still()),
}
RUNNING: dict[str, Icecast] = {}
SOUND = ("alsa", "portaudio", "icecast")


@pytest.fixture(scope="module")
def jack_running() -> Iterator[str]:
    with jack_server.jack() as device:
        yield device


@pytest.fixture(scope="module")
def icecast_running() -> Iterator[Icecast]:
    with icecast() as server:
        RUNNING["icecast"] = server
        yield server


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.sound] if name in SOUND else []) for name in MAKERS])
def sink(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AudioSink]:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "")
    server = {"portaudio": "jack_running", "icecast": "icecast_running"}.get(request.param)
    if server:
        request.getfixturevalue(server)
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["virtual", "silent"])
def paced(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[AudioSink, Still]]:
    clock = Still()
    made = VirtualSink(tmp_path, clock, clock.rest) if request.param == "virtual" else SilentSink(clock, clock.rest)
    made.open()
    yield made, clock
    made.close()


def here(folder: Path) -> Place:
    return Place(folder / "wav", folder, SystemClock())


def feed(sink: AudioSink, blocks: int) -> None:
    for _ in range(blocks):
        sink.write(bytes(BLOCK * 2))


def test_it_says_what_it_is(sink: AudioSink) -> None:
    assert isinstance(sink, AudioSink)
    assert sink.name
    assert sink.rate == RATE


def test_it_takes_blocks_and_counts_frames(sink: AudioSink) -> None:
    sink.open()
    assert sink.frames == 0
    for _ in range(5):
        sink.write(bytes(BLOCK * 2))
    sink.write(noise(0.01).tobytes())
    assert sink.frames == 6 * BLOCK


def test_the_next_frame_never_lies_in_the_past_of_the_last(sink: AudioSink) -> None:
    sink.open()
    before = sink.next_frame_at()
    for _ in range(3):
        sink.write(bytes(BLOCK * 2))
    assert sink.next_frame_at() >= before


def test_it_can_be_opened_again_after_it_was_closed(sink: AudioSink) -> None:
    sink.open()
    sink.write(bytes(BLOCK * 2))
    sink.close()
    sink.open()
    sink.write(bytes(BLOCK * 2))
    assert sink.frames >= BLOCK


def test_writing_before_it_is_open_is_an_error_an_operator_can_read(sink: AudioSink) -> None:
    with pytest.raises(SinkError) as caught:
        sink.write(bytes(BLOCK * 2))
    assert caught.value.sentence.endswith(".")
    assert caught.value.can_retry


def test_closing_twice_is_harmless(sink: AudioSink) -> None:
    sink.open()
    sink.close()
    sink.close()


@pytest.mark.parametrize("name", ["virtual", "silent", "rtp", "guarded"])
def test_it_keeps_the_pace_of_a_device(name: str, tmp_path: Path) -> None:
    sink = MAKERS[name](tmp_path)
    sink.open()
    began = time.monotonic()
    for _ in range(40):
        sink.write(bytes(BLOCK * 2))
    took = time.monotonic() - began
    sink.close()
    assert 0.4 - BUFFER_S - 2 * BLOCK / RATE - 0.001 <= took < 3  # a guarded one holds two blocks more


def test_the_next_frame_is_less_than_the_buffer_ahead(paced: tuple[AudioSink, Still]) -> None:
    sink, clock = paced
    for _ in range(20):
        assert 0 <= sink.next_frame_at() - clock.monotonic() <= BUFFER_S + 1e-9
        sink.write(bytes(BLOCK * 2))


def test_frames_follow_each_other_on_an_absolute_schedule(paced: tuple[AudioSink, Still]) -> None:
    sink, _ = paced
    first = sink.next_frame_at()
    for _ in range(30_000):
        sink.write(bytes(BLOCK * 2))
    assert sink.next_frame_at() - first == pytest.approx(300, abs=1e-6)


def test_a_long_pause_of_the_writer_is_silence_not_a_burst(paced: tuple[AudioSink, Still]) -> None:
    sink, clock = paced
    sink.write(bytes(BLOCK * 2))
    clock.rest(STALL_S * 2)
    assert sink.next_frame_at() == clock.monotonic()


def test_a_short_stall_of_the_writer_leaves_the_schedule_as_it_is(paced: tuple[AudioSink, Still]) -> None:
    sink, clock = paced
    first = sink.next_frame_at()
    sink.write(bytes(BLOCK * 2))
    clock.rest(STALL_S / 2)
    for _ in range(99):
        sink.write(bytes(BLOCK * 2))
    assert sink.next_frame_at() - first == pytest.approx(1.0, abs=1e-6)


def test_a_virtual_file_holds_the_samples_and_says_when_they_sounded(tmp_path: Path) -> None:
    clock = Still()
    sink = VirtualSink(tmp_path, clock, clock.rest)
    sink.open()
    samples = noise(3.0)
    origin = clock.now().timestamp()
    sink.write(bytes(RATE * 2))
    for start in range(0, len(samples), BLOCK):
        sink.write(samples[start : start + BLOCK].tobytes())
    sink.close()
    [(wall, found)] = heard(tmp_path)
    assert np.array_equal(found, samples)
    assert abs(wall - origin - 1.0) < 0.002
    assert [path.name for path in tmp_path.glob("*.wav")] == ["2026-11-24T05-00-01.wav"]


def test_each_session_is_a_file_of_its_own_and_short_pauses_stay_inside(tmp_path: Path) -> None:
    clock = Still()
    sink = VirtualSink(tmp_path, clock, clock.rest)
    sink.open()
    for silence in (0.5, 1.5, 2.5):
        sink.write(noise(0.1).tobytes())
        sink.write(bytes(round(silence * RATE) * 2))
    sink.write(noise(0.1).tobytes())
    sink.close()
    lengths = [len(samples) / RATE for _, samples in heard(tmp_path)]
    assert lengths == pytest.approx([2.3, 0.1])


def test_a_virtual_file_can_be_heard_while_it_is_written(tmp_path: Path) -> None:
    clock = Still()
    sink = VirtualSink(tmp_path, clock, clock.rest)
    sink.open()
    for _ in range(350):
        sink.write(noise(0.01).tobytes())
    [(_, samples)] = heard(tmp_path)
    assert len(samples) >= 3 * RATE
    sink.close()


def test_old_virtual_files_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.sinks.virtual.MOST_FILES", 3)
    clock = Still()
    sink = VirtualSink(tmp_path, clock, clock.rest)
    sink.open()
    for _ in range(6):
        sink.write(noise(0.1).tobytes())
        sink.write(bytes(3 * RATE * 2))
    sink.close()
    assert len(list(tmp_path.glob("*.wav"))) == 3


def test_a_virtual_output_whose_folder_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    sink = VirtualSink(tmp_path / "file" / "below", SystemClock())
    with pytest.raises(SinkError):
        sink.open()


@pytest.mark.sound
def test_alsa_receives_the_samples_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "")
    sink = alsa(tmp_path)
    sink.open()
    samples = noise(0.2)
    for start in range(0, len(samples), BLOCK):
        sink.write(samples[start : start + BLOCK].tobytes())
    sink.close()
    raw = np.frombuffer((tmp_path / "out.raw").read_bytes(), np.int16)
    assert np.array_equal(raw[: len(samples)], samples)


@pytest.mark.sound
def test_a_device_that_swallows_sound_faster_than_time_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "")
    sink = alsa(tmp_path)
    sink.open()
    with pytest.raises(SinkError, match="nhịp"):
        feed(sink, blocks=200)
    sink.close()


@pytest.mark.sound
def test_a_device_that_is_not_there_is_an_error_an_operator_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "")
    alsa(tmp_path)
    with pytest.raises(SinkError, match="khongco"):
        AlsaSink(SystemClock(), "khongco").open()


def test_without_a_sound_device_the_virtual_output_is_chosen_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "none.conf"
    config.write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
    choice = choose_sink(here(tmp_path))
    assert isinstance(choice.sink, VirtualSink)
    assert str(tmp_path / "wav") in choice.why
    choice.sink.close()


def test_a_named_output_is_opened_or_refused_by_name(tmp_path: Path) -> None:
    assert isinstance(choose_sink(here(tmp_path), "silent").sink, SilentSink)
    with pytest.raises(BadInputError):
        choose_sink(here(tmp_path), "kèn")


def test_a_device_that_tells_too_short_a_delay_is_fed_that_much_earlier(tmp_path: Path) -> None:
    clock = Still()
    told = []
    for latency_s in (0.0, 0.25):
        device = maker("alsa:bat-ky", Place(tmp_path, tmp_path, clock, latency_s))()
        assert isinstance(device, AlsaSink)
        device._library, device._pcm = _NothingWaits(), ctypes.c_void_p(1)
        told.append(device.next_frame_at())
    assert told == [clock.monotonic(), clock.monotonic() + 0.25]


def test_a_box_whose_sound_breaks_off_again_and_again_gets_a_deeper_buffer_and_no_other_does(tmp_path: Path) -> None:
    clock = Still()
    device = AlsaSink(clock)
    device._library = library = _Shallow()
    device.open()
    for pause in (0.0, 0.0, 61.0, 0.0, 0.0, 0.0):  # three within a minute are too many
        clock.rest(pause)
        library.late = 1
        device.write(bytes(BLOCK * 2))
    assert library.depths == [20_000, 40_000]
    for _ in range(9):
        library.late = 1
        device.write(bytes(BLOCK * 2))
    assert library.depths == [20_000, 40_000, 80_000]
    assert (device.frames, device.underruns) == (15 * BLOCK, 15)


class _Shallow:
    """ALSA's library with a device that runs dry when it is told to."""

    def __init__(self) -> None:
        self.late = 0
        self.depths: list[int] = []

    def snd_pcm_open(self, pcm: object, *_how: object) -> int:
        ctypes.cast(pcm, ctypes.POINTER(ctypes.c_void_p))[0] = 1  # type: ignore[arg-type]
        return 0

    def snd_pcm_close(self, _pcm: object) -> int:
        return 0

    def snd_pcm_set_params(self, *how: int) -> int:
        self.depths.append(how[-1])
        return 0

    def snd_pcm_writei(self, _pcm: object, _data: bytes, frames: int) -> int:
        self.late, late = 0, self.late
        return -32 if late else frames

    def snd_pcm_recover(self, *_how: object) -> int:
        return 0


class _NothingWaits:
    """ALSA's library with a device that says its next frame sounds at once."""

    def snd_pcm_delay(self, _pcm: object, _delay: object) -> int:
        return 0
