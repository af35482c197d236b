"""Encoding, decoding and measuring sound."""

import hashlib
import io
from datetime import timedelta

import av
import numpy as np
import pytest

from audio_library import ident
from audio_library.codec import decode, demuxer_of, encode_flac
from audio_library.filters import at_clip_rate, frames_of
from audio_library.measure import integrated, measure
from domain.errors import AudioError, BadInputError
from tests.fakes_audio import mp3_of, tone


def encoded(pcm: bytes, container: str, codec: str, rate: int = 48_000) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=960)
        for frame in frames_of(pcm, 48_000):
            for made in resampler.resample(frame):
                output.mux(stream.encode(made))
        for made in resampler.resample(None):
            output.mux(stream.encode(made))
        output.mux(stream.encode(None))
    return file.getvalue()


def test_flac_gives_back_the_very_same_samples_and_the_same_bytes_each_time() -> None:
    noise = np.random.default_rng(1).integers(-32768, 32767, 100_001).astype("<i2").tobytes()
    assert decode(encode_flac(noise)) == noise
    assert encode_flac(noise) == encode_flac(noise)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus")])
def test_each_container_is_decoded_to_48_khz_mono(container: str, codec: str) -> None:
    pcm = tone(1.0, rate=48_000)
    back = decode(encoded(pcm, container, codec))
    assert len(back) / 96_000 == pytest.approx(1.0, abs=0.03)
    assert measure(back).integrated_lufs == pytest.approx(measure(pcm).integrated_lufs, abs=0.5)


def test_mp3_at_24_khz_is_decoded_to_48_khz() -> None:
    assert 1.0 < len(decode(mp3_of("Xin chào bà con."))) / 96_000 < 4.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile x\n",
        b"<html>",
        b"\x00" * 100,
        b"RIFF1234AVI ",
    ],
)
def test_what_is_no_plain_sound_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadInputError, match="Chỉ nhận tệp âm thanh"):
        decode(data)


@pytest.mark.parametrize("head", [b"fLaC", b"OggS", b"ID3\x04", b"\xff\xfb\x90\x00", b"RIFF\x24\x00\x00\x00WAVE"])
def test_a_broken_file_of_a_known_kind_is_said_to_be_broken(head: bytes) -> None:
    assert demuxer_of(head)
    with pytest.raises(AudioError, match="bị hỏng"):
        decode(head + b"\x5a" * 3000)


def test_a_file_that_lasts_too_long_is_refused() -> None:
    with pytest.raises(BadInputError, match="dài quá"):
        decode(encode_flac(bytes(96_000 * 3)), longest=timedelta(seconds=2))


def test_the_meter_agrees_with_the_standard_on_a_sine() -> None:
    """EBU Tech 3341: a 1 kHz sine at -23 dBFS in both channels reads -23 LUFS; in one channel, 3.01 LU less."""
    figures = measure(tone(5.0, level=10 ** (-23 / 20), rate=48_000))
    assert figures.integrated_lufs == pytest.approx(-26.0, abs=0.1)
    assert figures.true_peak_dbtp == pytest.approx(-23.0, abs=0.1)
    assert figures.range_lu == pytest.approx(0.0, abs=0.1)


def test_the_true_peak_between_samples_and_at_the_very_end_is_seen() -> None:
    t = np.arange(48_000) / 48_000
    swelling = 0.5 * 32767 * np.minimum(1, t * 10) * np.minimum(1, (1 - t) * 10)
    between = np.round(swelling * np.sin(2 * np.pi * 12_000 * t + np.pi / 4)).astype("<i2").tobytes()
    assert np.abs(np.frombuffer(between, "<i2")).max() < 0.36 * 32767
    assert measure(between).true_peak_dbtp == pytest.approx(-6.0, abs=0.2)
    late = bytes(96_000) + np.array([0, 16_384, 0], dtype="<i2").tobytes()
    assert measure(late).true_peak_dbtp == pytest.approx(-6.0, abs=0.7)


def test_silence_has_figures_that_are_numbers() -> None:
    figures = measure(bytes(96_000))
    assert (figures.integrated_lufs, figures.true_peak_dbtp, figures.range_lu) == (-70.0, -120.0, 0.0)
    assert integrated(bytes(96_000)) == -70.0


def test_resampling_keeps_the_length_and_the_pitch() -> None:
    pcm = at_clip_rate(tone(1.0, rate=22_050), 22_050)
    assert len(pcm) / 96_000 == pytest.approx(1.0, abs=0.001)
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2")))
    assert np.argmax(spectrum) / (len(pcm) / 96_000) == pytest.approx(1000, abs=2)


SOUNDS = [("ident", 3.0, 4.0), ("closing", 1.9, 2.1), ("separator", 0.8, 1.2)]


@pytest.mark.parametrize(("name", "shortest", "longest"), SOUNDS)
def test_our_own_sounds_begin_and_end_in_silence_without_a_click(name: str, shortest: float, longest: float) -> None:
    samples = np.frombuffer(getattr(ident, name)(), "<i2").astype(int)
    assert shortest <= samples.size / 48_000 <= longest
    assert abs(samples[0]) < 10
    assert abs(samples[-1]) < 10
    assert np.abs(samples).max() == pytest.approx(16_384, abs=2)
    assert np.abs(np.diff(samples)).max() < 6_000


@pytest.mark.parametrize("name", [sound[0] for sound in SOUNDS])
def test_our_own_sounds_are_the_same_each_time_and_pass_a_horn(name: str) -> None:
    make = getattr(ident, name)
    pcm = make()
    make.cache_clear()
    assert hashlib.sha256(make()).digest() == hashlib.sha256(pcm).digest()
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2"))) ** 2
    hertz = np.fft.rfftfreq(len(pcm) // 2, 1 / 48_000)
    assert spectrum[(hertz > 400) & (hertz < 6_000)].sum() / spectrum.sum() > 0.98
