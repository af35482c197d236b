"""Speech over a bed of music: the bed is looped, goes down while somebody speaks, and fades at both ends.

The mix is as long as the speech, so that a programme keeps its length when the mix takes the place of the plain clip.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audio_library.mastering import PLAIN, finished, levelled
from audio_library.measure import SILENCE_LUFS, integrated
from domain.audio import SAMPLE_RATE, MasteredAudio
from domain.errors import AudioError

RAMP_S = 0.3
"""How long the bed takes to go down before a word, and to come up after the last."""

CLEAR_DB = 6.0
"""How far below the speech the bed is while nobody speaks; a bed that is ducked less stays where it is."""

CROSSFADE_S = 2.0
FADE_IN_S, FADE_OUT_S = 1.5, 3.0
LONGEST = timedelta(minutes=30)
SHORTEST_BED = timedelta(seconds=4)

_STEP = SAMPLE_RATE // 100
"""Frames in one step of the envelope: 10 ms."""
_HEADROOM = 0.5
_BREATH_S = 0.6
_SPEECH_ABOVE_DB = 28.0
_BLOCK_STEPS = 3000

Floats = NDArray[np.float32]


def lay(speech: bytes, bed: bytes, duck_db: float) -> MasteredAudio:
    """Return `speech` over `bed`, both mono 48 kHz 16 bit PCM, as FLAC at -16 LUFS with the figures of that file.

    While somebody speaks the bed is `duck_db` (LU) below the speech. Raises AudioError when there is no speech or no
    music, when the speech is over LONGEST, or when the loudness cannot be reached.
    """
    if _length(speech) > LONGEST:
        raise AudioError(f"Âm thanh dài quá {LONGEST.total_seconds() / 60:.0f} phút nên không ghép nhạc nền.")
    if _length(bed) < SHORTEST_BED:
        raise AudioError(f"Nhạc nền ngắn hơn {SHORTEST_BED.total_seconds():.0f} giây nên không ghép được.")
    mixed, loudness = levelled(mix(speech, bed, duck_db), PLAIN)
    return finished(mixed, loudness)


def mix(speech: bytes, bed: bytes, duck_db: float) -> bytes:
    """Return the mix before it is levelled, half as loud as the speech came. Raises AudioError on silence."""
    words, music = integrated(speech), integrated(bed)
    if words <= SILENCE_LUFS or music <= SILENCE_LUFS:
        raise AudioError("Lời hoặc nhạc nền hoàn toàn im lặng, không ghép được.")
    samples = np.frombuffer(speech, dtype="<i2")
    gains = _bed_gains(_depth(samples), words - music, duck_db)
    out = np.empty(samples.size, dtype="<i2")
    for start, loop in _looped(np.frombuffer(bed, dtype="<i2"), samples.size):
        block = slice(start, start + loop.size)
        sound = samples[block].astype(np.float32) + loop * _at_each_sample(gains, start, loop.size)
        out[block] = np.clip(np.round(sound * _HEADROOM), -32768, 32767)
    return out.tobytes()


def _length(pcm: bytes) -> timedelta:
    return timedelta(seconds=len(pcm) / 2 / SAMPLE_RATE)


def _depth(samples: NDArray[np.int16]) -> Floats:
    """Return for each step how far the bed is down, from 0 to 1: down at every word, ramps before and after."""
    speaking = _closed(_speaking(samples), round(_BREATH_S * 100))
    return np.clip(1 - _distance(speaking) / (RAMP_S * 100), 0, 1).astype(np.float32)


def _speaking(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    steps = samples.size // _STEP
    if not steps:
        raise AudioError("Âm thanh quá ngắn, không ghép nhạc nền được.")
    power = np.array(
        [np.mean(np.square(one, dtype=np.float32)) for one in samples[: steps * _STEP].reshape(steps, _STEP)]
    )
    loud = power[power > np.mean(power) / 10]
    return np.asarray(power > np.mean(loud) / 10 ** (_SPEECH_ABOVE_DB / 10))


def _closed(speaking: NDArray[np.bool_], longest_gap: int) -> NDArray[np.bool_]:
    """Return `speaking` with the breaths between words filled, so that the bed does not pump."""
    found = np.flatnonzero(speaking)
    filled = speaking.copy()
    for before, after in pairwise(found):
        if 1 < after - before <= longest_gap + 2 * round(RAMP_S * 100):
            filled[before:after] = True
    return filled


def _distance(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many steps each step lies from the nearest marked one."""
    places, far = np.arange(marked.size), 10 * marked.size + 1000
    before = np.maximum.accumulate(np.where(marked, places, -far))
    after = np.minimum.accumulate(np.where(marked, places, far)[::-1])[::-1]
    return np.asarray(np.minimum(places - before, after - places))


def _bed_gains(depth: Floats, level_db: float, duck_db: float) -> Floats:
    """Return the bed's gain at each step: `level_db` brings it to the loudness of the speech."""
    clear = min(CLEAR_DB, duck_db)
    gains = 10 ** ((level_db - clear - (duck_db - clear) * depth) / 20)
    return np.asarray(gains * _fades(depth.size), dtype=np.float32)


def _fades(steps: int) -> Floats:
    """Return an envelope that rises at the beginning and falls at the end; a short sound shares its length."""
    rise, fall = min(round(FADE_IN_S * 100), steps // 3), min(round(FADE_OUT_S * 100), steps // 3)
    envelope = np.ones(steps, dtype=np.float32)
    envelope[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32))
    if fall:
        envelope[-fall:] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32))
    return envelope


def _at_each_sample(gains: Floats, start: int, size: int) -> Floats:
    middles = (np.arange(gains.size, dtype=np.float64) + 0.5) * _STEP
    first = max(0, start // _STEP - 1)
    near = slice(first, (start + size) // _STEP + 2)
    return np.interp(np.arange(start, start + size), middles[near], gains[near]).astype(np.float32)


def _looped(bed: NDArray[np.int16], size: int) -> Iterator[tuple[int, Floats]]:
    """Yield (first sample, samples) of the bed for `size` samples, its end crossfaded into its beginning."""
    fade = min(round(CROSSFADE_S * SAMPLE_RATE), bed.size // 4)
    turn = bed.size - fade
    rising = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))
    again = bed[:turn].astype(np.float32)
    again[:fade] = again[:fade] * rising + bed[turn:].astype(np.float32) * rising[::-1]
    for start in range(0, size, _BLOCK_STEPS * _STEP):
        places = np.arange(start, min(start + _BLOCK_STEPS * _STEP, size))
        loop = again[places % turn]
        opening = places < fade
        loop[opening] = bed[places[opening]]
        yield start, loop
