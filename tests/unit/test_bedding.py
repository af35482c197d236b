"""Speech over a bed of music: measured in the samples of the mix, and in the figures of the file."""

import numpy as np
import pytest

from audio_library.bedding import FADE_OUT_S, RAMP_S, lay, mix
from audio_library.codec import decode
from audio_library.ident import bed as own_bed
from audio_library.measure import integrated, measure
from domain.audio import CEILING_DBTP, SAMPLE_RATE, TARGET_LUFS
from domain.errors import AudioError

VOICE_HZ, MUSIC_HZ = 1000.0, 3000.0
SPEECH = ((2.0, 6.0), (10.0, 14.0))
"""When somebody speaks, in seconds of a sound of 20."""


def tone(pitch: float, seconds: float, level: float) -> bytes:
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.round(32767 * level * np.sin(2 * np.pi * pitch * t)).astype("<i2").tobytes()


def speech(seconds: float = 20.0) -> bytes:
    made = np.frombuffer(tone(VOICE_HZ, seconds, 0.25), dtype="<i2").copy()
    keep = np.zeros(made.size, dtype=bool)
    for start, end in SPEECH:
        keep[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] = True
    made[~keep] = 0
    return made.tobytes()


def level_of(pcm: bytes, pitch: float, start: float, seconds: float = 0.1) -> float:
    """Return how strong one pitch is (dB) in a stretch."""
    part = np.frombuffer(pcm, dtype="<i2")[round(start * SAMPLE_RATE) :][: round(seconds * SAMPLE_RATE)]
    t = np.arange(part.size) / SAMPLE_RATE
    strength = abs(np.mean(part * np.exp(-2j * np.pi * pitch * t)))
    return float(20 * np.log10(max(strength, 1e-9)))


@pytest.mark.parametrize("duck_db", [12.0, 18.0, 24.0])
def test_the_bed_is_as_far_below_the_speech_as_asked_while_somebody_speaks(duck_db: float) -> None:
    words, music = speech(), tone(MUSIC_HZ, 7.0, 0.1)
    mixed = mix(words, music, duck_db)
    under = level_of(mixed, MUSIC_HZ, 4.0)
    clear = level_of(mixed, MUSIC_HZ, 8.0)
    # What a duck is measured in is loudness, which both tones share only through the meter's weighting.
    weighting = integrated(tone(MUSIC_HZ, 5, 0.1)) - integrated(tone(VOICE_HZ, 5, 0.1))
    assert level_of(mixed, VOICE_HZ, 4.0) - under - weighting == pytest.approx(duck_db, abs=0.7)
    assert clear - under == pytest.approx(duck_db - 6.0, abs=0.3)


def test_the_ramps_last_as_long_as_they_should_and_are_down_before_the_first_word() -> None:
    mixed = mix(speech(), tone(MUSIC_HZ, 7.0, 0.1), 18.0)
    up, down = level_of(mixed, MUSIC_HZ, 8.0), level_of(mixed, MUSIC_HZ, 4.0)
    assert level_of(mixed, MUSIC_HZ, 10.0 - RAMP_S - 0.06, 0.04) == pytest.approx(up, abs=0.5)
    assert level_of(mixed, MUSIC_HZ, 10.0 + 0.01, 0.04) == pytest.approx(down, abs=0.5)
    half = level_of(mixed, MUSIC_HZ, 10.0 - RAMP_S / 2 - 0.01, 0.02)
    assert half == pytest.approx((up + down) / 2, abs=1.0)
    assert level_of(mixed, MUSIC_HZ, 14.0 + RAMP_S + 0.03, 0.04) == pytest.approx(up, abs=0.5)


def test_the_bed_fades_at_both_ends_and_has_no_hole_where_it_begins_again() -> None:
    mixed = mix(speech(), tone(MUSIC_HZ, 4.5, 0.1), 18.0)
    clear = level_of(mixed, MUSIC_HZ, 8.0)
    assert level_of(mixed, MUSIC_HZ, 0.0, 0.02) < clear - 30
    assert level_of(mixed, MUSIC_HZ, 19.97, 0.02) < clear - 25
    assert level_of(mixed, MUSIC_HZ, 20 - FADE_OUT_S - 0.2) == pytest.approx(clear, abs=3.1)
    samples = np.frombuffer(mixed, dtype="<i2")[round(6.5 * SAMPLE_RATE) : round(9.5 * SAMPLE_RATE)]
    loud = np.sqrt(np.mean(samples.reshape(-1, 480).astype(float) ** 2, axis=1))
    assert loud.min() > loud.max() / 2


def test_what_is_not_speech_stays_as_it_was_but_for_one_gain() -> None:
    words = speech()
    mixed = mix(words, tone(MUSIC_HZ, 7.0, 0.1), 30.0)
    assert level_of(words, VOICE_HZ, 4.0) - level_of(mixed, VOICE_HZ, 4.0) == pytest.approx(6.02, abs=0.05)
    assert len(mixed) == len(words)


def test_the_finished_mix_is_as_long_as_the_speech_and_has_the_loudness_of_everything_else() -> None:
    words = speech()
    made = lay(words, own_bed(), 18.0)
    heard = decode(made.data)
    assert len(heard) == len(words)
    figures = measure(heard)
    assert figures == made.loudness
    assert figures.integrated_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert figures.true_peak_dbtp <= CEILING_DBTP
    assert lay(words, own_bed(), 18.0).data == made.data


def test_silence_and_scraps_are_refused_in_a_sentence() -> None:
    quiet = bytes(2 * SAMPLE_RATE * 10)
    with pytest.raises(AudioError, match="im lặng"):
        lay(quiet, own_bed(), 18.0)
    with pytest.raises(AudioError, match="im lặng"):
        lay(speech(), quiet, 18.0)
    with pytest.raises(AudioError, match="ngắn hơn 4 giây"):
        lay(speech(), tone(MUSIC_HZ, 2.0, 0.1), 18.0)
    with pytest.raises(AudioError, match="dài quá 30 phút"):
        lay(bytes(2 * SAMPLE_RATE * 1801), own_bed(), 18.0)
