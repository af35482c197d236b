"""Sounds that people give, honest and hostile."""

import io
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from audio_library import intake
from audio_library.codec import decode, encode_flac
from audio_library.filters import frames_of
from audio_library.intake import take_in
from audio_library.measure import measure
from domain.errors import AudioError, BadInputError, StorageError
from tests.fakes_audio import mp3_of, tone


def wav(pcm: bytes, *, channels: int = 1, rate: int = 44_100, claimed: int | None = None) -> bytes:
    size = len(pcm) if claimed is None else claimed
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size & 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * channels * 2 & 0xFFFFFFFF, channels * 2 & 0xFFFF, 16, b"data", size)  # fmt: skip
    return head + pcm


def given(folder: Path, data: bytes, name: str = "nhạc hiệu.mp3") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_a_stereo_wav_becomes_mono_flac_with_the_figures_of_its_file(tmp_path: Path) -> None:
    one = np.frombuffer(tone(2.0, rate=44_100), "<i2")
    taken = take_in(given(tmp_path, wav(np.repeat(one, 2).tobytes(), channels=2)))
    pcm = decode(taken.data)
    assert taken.loudness == measure(pcm)
    assert taken.length == timedelta(seconds=len(pcm) / 96_000)
    assert taken.length.total_seconds() == pytest.approx(2.0, abs=0.01)


def test_an_mp3_and_a_flac_are_taken_whatever_they_are_called(tmp_path: Path) -> None:
    assert take_in(given(tmp_path, mp3_of("Xin chào bà con."), "a.txt")).length > timedelta(seconds=1)
    assert take_in(given(tmp_path, encode_flac(tone(1.0, rate=48_000)), "b")).length == timedelta(seconds=1)


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("webm", "libopus")])
def test_what_phones_and_browsers_record_is_taken(tmp_path: Path, container: str, codec: str) -> None:
    taken = take_in(given(tmp_path, recorded(container, codec, tone(2.0, rate=48_000)), "ghi âm"))
    assert taken.length.total_seconds() == pytest.approx(2.0, abs=0.1)
    assert taken.loudness.integrated_lufs > -40


def recorded(container: str, codec: str, pcm: bytes) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout="mono")
        for frame in through_resampler(pcm, stream.format.name):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def through_resampler(pcm: bytes, sample_format: str) -> Iterator[av.AudioFrame]:
    resampler = av.AudioResampler(format=sample_format, layout="mono", rate=48_000, frame_size=960)
    for frame in frames_of(pcm, 48_000):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def test_a_header_that_claims_more_than_there_is_gives_what_there_is(tmp_path: Path) -> None:
    taken = take_in(given(tmp_path, wav(tone(1.0, rate=44_100), claimed=0xFFFFFF00)))
    assert taken.length.total_seconds() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"[playlist]\nFile1=/etc/passwd\n",
        b"<?xml version='1.0'?><MPD/>",
    ],
)
def test_playlists_pages_and_films_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadInputError, match="Chỉ nhận tệp âm thanh"):
        take_in(given(tmp_path, data))


HOSTILE = {
    "random flac": b"fLaC" + np.random.default_rng(7).bytes(100_000),
    "random ogg": b"OggS" + np.random.default_rng(8).bytes(100_000),
    "random mp3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + np.random.default_rng(9).bytes(100_000),
    "no samples": wav(b""),
    "rate nought": wav(bytes(1000), rate=0),
    "65535 channels": wav(bytes(200_000), channels=65_535),
    "random m4a": b"\0\0\0\x20ftypM4A " + np.random.default_rng(10).bytes(100_000),
    "random webm": b"\x1aE\xdf\xa3" + np.random.default_rng(11).bytes(100_000),
    "playlist inside": b"RIFF\x00\x00\x00\x00WAVE#EXTM3U\n/etc/passwd\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_ends_in_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match="bị hỏng"):
        take_in(given(tmp_path, HOSTILE[name]))


def test_a_rate_of_one_frame_a_second_cannot_blow_up(tmp_path: Path) -> None:
    with pytest.raises((AudioError, BadInputError)):
        take_in(given(tmp_path, wav(bytes(200_000), rate=1)), longest=timedelta(minutes=2))


def test_too_long_and_too_large_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = given(tmp_path, encode_flac(bytes(96_000 * 200)))
    with pytest.raises(BadInputError, match="dài quá 3 phút"):
        take_in(long, longest=timedelta(minutes=3))
    monkeypatch.setattr(intake, "LARGEST_FILE", 100)
    with pytest.raises(BadInputError, match="chỉ nhận tối đa"):
        take_in(long)


def test_a_file_that_keeps_the_box_at_work_for_too_long_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = given(tmp_path, encode_flac(bytes(96_000 * 900)))
    monkeypatch.setattr(intake, "CPU_S", 1)
    with pytest.raises(AudioError, match="mất quá nhiều thời gian"):
        take_in(long)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Không đọc được tệp"):
        take_in(tmp_path / "không có.wav")
