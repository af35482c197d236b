"""Reels: the right frames of every kind of file, checked first, and never more in memory than is needed."""

import io
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.frame import AudioFrame

from domain.errors import AudioError
from player.decode import AHEAD, READY, Reel, decoded
from tests.fakes_player import RATE, Sound, noise, sound, wait_until

KINDS = {
    "audio/flac": ("flac", "flac"),
    "audio/wav": ("wav", "pcm_s16le"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/mpeg": ("mp3", "libmp3lame"),
}


def tone(seconds: float) -> npt.NDArray[np.int16]:
    """Return a sweep, by which a place in time can be told even after a lossy codec."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (9000 * np.sin(2 * np.pi * (200 * at + 40 * at**2))).astype(np.int16)


def encoded(samples: npt.NDArray[np.int16], media_type: str) -> bytes:
    container_name, codec = KINDS[media_type]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        for start in range(0, len(samples), RATE):
            frame = AudioFrame.from_ndarray(samples[np.newaxis, start : start + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def whole(data: bytes, media_type: str, skip: float = 0.0) -> npt.NDArray[np.int16]:
    return np.concatenate(list(decoded(io.BytesIO(data), media_type, skip)))


def reel_of(folder: Path, clip: Sound) -> Reel:
    (folder / clip.hash).write_bytes(clip.data)
    return Reel(folder / clip.hash, clip.hash, "audio/wav", lambda: None)


@pytest.mark.parametrize("media_type", ["audio/flac", "audio/wav"])
def test_lossless_clips_come_out_bit_for_bit(media_type: str) -> None:
    samples = noise(2.5)
    assert np.array_equal(whole(encoded(samples, media_type), media_type), samples)


@pytest.mark.parametrize("media_type", ["audio/flac", "audio/wav"])
@pytest.mark.parametrize("skip", [0.0, 0.5, 1.0, 3.7001])
def test_a_lossless_clip_is_joined_at_the_very_sample(media_type: str, skip: float) -> None:
    samples = noise(6.0)
    found = whole(encoded(samples, media_type), media_type, skip)
    assert np.array_equal(found, samples[round(skip * RATE) :])


@pytest.mark.parametrize("media_type", ["audio/ogg", "audio/mpeg"])
def test_a_lossy_clip_is_joined_within_a_few_milliseconds(media_type: str) -> None:
    samples = tone(8.0)
    data = encoded(samples, media_type)
    found, straight = whole(data, media_type, 5.0), whole(data, media_type)
    assert abs(len(straight) - len(samples)) < RATE // 10
    wanted = straight[-len(found) :][RATE // 2 : RATE]
    lags = range(-480, 481, 24)
    scores = [float(np.dot(found[RATE // 2 + lag : RATE + lag].astype(float), wanted)) for lag in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 240
    assert abs(len(found) - 3 * RATE) < RATE // 20


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", "audio/wav"),
        (b"rubbish" * 99, "audio/flac"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "audio/mpeg"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "audio/wav"),
        (b"RIFF", "text/html"),
        (b"RIFF", "application/vnd.apple.mpegurl"),
    ],
)
def test_what_is_no_sound_is_an_error_and_opens_nothing_else(data: bytes, media_type: str) -> None:
    with pytest.raises(AudioError):
        whole(data, media_type)


def test_a_reel_is_ready_before_it_is_wholly_decoded_and_bounds_its_memory(tmp_path: Path) -> None:
    clip = sound(60.0)
    reel = reel_of(tmp_path, clip)
    assert reel.ready.wait(5)
    wait_until(lambda: reel._buffered >= AHEAD)
    assert READY <= reel._buffered < AHEAD + 2 * RATE
    assert reel.left is None
    taken = [reel.take(480)]
    while not reel.exhausted:
        taken.append(reel.take(4800))
        if len(taken[-1]) < 4800:
            threading.Event().wait(0.002)
    assert np.array_equal(np.concatenate(taken), clip.samples)


def test_a_closed_reel_lets_its_thread_go(tmp_path: Path) -> None:
    reel = reel_of(tmp_path, sound(60.0))
    assert reel.ready.wait(5)
    reel.close()
    wait_until(lambda: not reel._thread.is_alive())


def test_a_file_that_is_gone_is_damage_with_a_sentence(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "none", "0" * 64, "audio/wav", lambda: None)
    assert reel.ready.wait(5)
    assert reel.damaged
    assert reel.failure


def test_a_clip_without_a_frame_says_so(tmp_path: Path) -> None:
    empty = Sound(np.zeros(0, np.int16), sound(0.0).data)
    reel = reel_of(tmp_path, empty)
    assert reel.ready.wait(5)
    assert reel.failure


def test_a_decoder_that_breaks_down_half_way_is_a_failure_of_the_reel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_asked: object) -> Iterator[npt.NDArray[np.int16]]:
        yield noise(0.1)
        raise MemoryError

    monkeypatch.setattr("player.decode.decoded", breaking)
    reel = reel_of(tmp_path, sound(1.0))
    assert reel.ready.wait(5)
    assert len(reel.take(RATE)) == RATE // 10
    assert reel.exhausted
    assert "MemoryError" in reel.failure
    assert not reel.damaged
