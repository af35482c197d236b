"""The finished sound, judged from its file: what is in it, in which order, how loud, how long."""

import subprocess
import sys
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_library import mastering
from audio_library.codec import decode
from audio_library.ident import closing, ident
from audio_library.mastering import HORN, PLAIN, PRESETS, HornMastering, Preset
from audio_library.measure import measure
from domain.audio import MasteredAudio, Speech, SpokenAudio, VoiceStamp
from domain.errors import AudioError
from tests.fakes_audio import quiet, tone
from tts.engines.espeak import EspeakVoice
from tts.voices import trimmed

STAMP = VoiceStamp("espeak", "vi", "1", backup=True)
SENTENCES = (
    "Ủy ban nhân dân phường Đoàn Kết thông báo lịch tiếp công dân.",
    "Thời gian từ bảy giờ ba mươi phút sáng thứ hai hằng tuần.",
    "Đề nghị bà con nhân dân chú ý theo dõi.",
)


@cache
def speech(rate: int = 110) -> SpokenAudio:
    spoken = EspeakVoice(rate=rate).speak_many(SENTENCES)
    return SpokenAudio(tuple((trimmed(words), 450) for words in spoken), STAMP)


@cache
def announcement() -> SpokenAudio:
    return SpokenAudio(((trimmed(EspeakVoice().speak("Đài truyền thanh phường Đoàn Kết.")), 300),), STAMP)


@cache
def mastered(preset: Preset = HORN, *, announced: bool = True) -> MasteredAudio:
    return HornMastering(preset).master(speech(), announcement() if announced else None, quiet)


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(float)


def place_of(part: bytes, rate: int, whole: NDArray[np.float64]) -> tuple[float, float]:
    """Return where (s) the envelope of `part` fits best in `whole`, and how well (-1 to 1)."""

    def envelope(sound: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        return np.sqrt(np.mean(sound[: sound.size // step * step].reshape(-1, step) ** 2, axis=1))

    pattern, field = envelope(samples(part), rate // 100), envelope(whole, 480)
    fits = [np.corrcoef(pattern, field[at : at + pattern.size])[0, 1] for at in range(field.size - pattern.size)]
    return int(np.argmax(fits)) / 100, float(max(fits))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_the_file_has_the_loudness_and_the_ceiling_it_says(preset: Preset) -> None:
    made = mastered(preset)
    measured = measure(decode(made.data))
    assert measured == made.loudness
    assert measured.integrated_lufs == pytest.approx(-16.0, abs=0.5)
    assert measured.true_peak_dbtp <= -2.0
    assert measured.range_lu <= 6.0
    assert made.media_type == "audio/flac"


def test_ident_comes_first_then_announcement_then_the_sentences_then_the_closing() -> None:
    whole = samples(decode(mastered().data))
    parts = [
        (ident(), 48_000),
        *((words.pcm, words.rate) for words, _pause in announcement().sentences),
        *((words.pcm, words.rate) for words, _pause in speech().sentences),
        (closing(), 48_000),
    ]
    places = [place_of(pcm, rate, whole) for pcm, rate in parts]
    assert all(fit > 0.8 for _at, fit in places)
    expected, starts = 0.0, []
    for (pcm, rate), pause in zip(parts, (0.4, 0.3 + 0.5, 0.45, 0.45, 0.45 + 0.6, 0.0), strict=True):
        starts.append(expected)
        expected += len(pcm) / 2 / rate + pause
    assert [at for at, _fit in places] == pytest.approx(starts, abs=0.04)
    assert whole.size / 48_000 == pytest.approx(expected, abs=0.05)
    assert mastered().length == timedelta(seconds=whole.size / 48_000)


def test_without_announcement_the_speech_follows_the_ident() -> None:
    shorter = mastered(announced=False).length
    assert shorter < mastered().length - timedelta(seconds=2)


def test_the_ident_is_not_louder_than_the_speech() -> None:
    pcm = decode(mastered().data)
    opening, spoken = pcm[: len(ident())], pcm[len(ident()) :]
    assert -4.0 < measure(opening).integrated_lufs - measure(spoken).integrated_lufs <= 0.0


def test_a_horn_gets_nothing_below_its_range_and_consonants_lifted() -> None:
    def share(made: MasteredAudio, low: float, high: float) -> float:
        spectrum = np.abs(np.fft.rfft(samples(decode(made.data)))) ** 2
        hertz = np.fft.rfftfreq(samples(decode(made.data)).size, 1 / 48_000)
        return float(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())

    assert share(mastered(HORN), 0, 150) < 0.1 * share(mastered(PLAIN), 0, 150) + 1e-4
    assert share(mastered(HORN), 2_000, 4_500) > 1.5 * share(mastered(PLAIN), 2_000, 4_500)


def test_the_same_speech_gives_the_same_file() -> None:
    assert HornMastering().master(speech(), announcement(), quiet).data == mastered().data


def test_joins_do_not_click() -> None:
    whole = samples(decode(mastered(PLAIN).data))
    assert abs(whole[0]) < 50
    assert abs(whole[-1]) < 50


@pytest.mark.parametrize("level", [0.005, 0.1, 0.99], ids=["faint", "middling", "loud"])
def test_a_faint_and_a_loud_voice_come_out_alike(level: float) -> None:
    scaled = SpokenAudio(
        tuple(
            (Speech(np.round(samples(words.pcm) * level).astype("<i2").tobytes(), words.rate), pause)
            for words, pause in speech().sentences
        ),
        STAMP,
    )
    made = HornMastering().master(scaled, announcement(), quiet)
    assert made.loudness.integrated_lufs == pytest.approx(-16.0, abs=0.5)


def test_a_very_peaky_voice_is_compressed_until_it_fits() -> None:
    clicks = samples(tone(6.0, pitch=700, level=0.03, rate=48_000))
    clicks[::2400] = 32_000
    peaky = SpokenAudio(((Speech(clicks.astype("<i2").tobytes(), 48_000), 300),), STAMP)
    made = HornMastering().master(peaky, None, quiet)
    assert made.loudness.integrated_lufs == pytest.approx(-16.0, abs=0.5)
    assert made.loudness.true_peak_dbtp <= -2.0


def test_sentences_of_different_rates_are_joined() -> None:
    other = Speech(tone(1.0, pitch=500, rate=24_000), 24_000)
    mixed = SpokenAudio((*speech().sentences, (other, 200), (Speech(b"", 48_000), 500)), STAMP)
    longer = HornMastering().master(mixed, None, quiet).length - mastered(announced=False).length
    assert longer.total_seconds() == pytest.approx(1.7, abs=0.02)


@pytest.mark.parametrize(
    "empty",
    [(), ((Speech(b"", 48_000), 500),), ((Speech(bytes(44_100), 22_050), 100),)],
    ids=["none", "empty", "silence"],
)
def test_no_speech_is_said(empty: tuple[tuple[Speech, int], ...]) -> None:
    with pytest.raises(AudioError, match=r"không có lời đọc|im lặng"):
        HornMastering().master(SpokenAudio(empty, STAMP), None, quiet)


def test_a_bound_that_cannot_be_reached_is_said_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = Preset("loud", "Quá to", HORN.shaping, target_lufs=-1.0)
    with pytest.raises(AudioError, match=r"LUFS, đỉnh .* dBTP \(cần -1"):
        HornMastering(impossible).master(speech(), None, quiet)


def test_too_long_a_bulletin_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastering, "LONGEST", timedelta(seconds=5))
    with pytest.raises(AudioError, match="dài quá"):
        HornMastering().master(speech(), None, quiet)


def test_progress_moves_to_its_end() -> None:
    steps: list[tuple[int, int]] = []
    HornMastering().master(speech(), None, lambda _stage, done, total: steps.append((done, total)))
    assert steps == [(done, 3) for done in range(4)]


def test_the_module_loads_where_every_warning_is_an_error_and_nothing_is_on_the_path() -> None:
    command = [sys.executable, "-W", "error", "-c", "import audio_library.mastering"]
    ran = subprocess.run(command, env={"PATH": "", "PYTHONPATH": "."}, capture_output=True, timeout=30, check=False)
    assert ran.stderr == b""
