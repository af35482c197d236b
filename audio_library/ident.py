"""The station's own sounds, made from numbers: the ident before a bulletin, the sting after it, a separator.

A vibraphone-like tone (a bar's partials at 1, 4 and 10 times the note, the high ones dying first, and a slow
tremolo) plays a motif on the pentatonic scale G A B D E. All notes lie between 580 and 1,320 Hz: a horn
loudspeaker passes nothing below 300 Hz, so the warmth has to come from the notes a horn can sing.
The result is the same on every machine and in every run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from domain.audio import SAMPLE_RATE

Samples = NDArray[np.float64]

D5, E5, G5, A5, B5, D6, E6 = 587.33, 659.26, 783.99, 880.0, 987.77, 1174.66, 1318.51
"""Equal-tempered notes in hertz."""


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke: when it is struck (s), its pitch (Hz), its strength (0 to 1) and how long it rings (s)."""

    at: float
    pitch: float
    strength: float
    ring: float


_PARTIALS = ((1.0, 1.0, 1.0), (2.0, 0.10, 0.7), (3.984, 0.22, 0.32), (9.6, 0.05, 0.12))
"""(multiple of the note, strength, ring as a part of the note's): the bar tuned to two octaves above, and a mallet."""

_ATTACK_S = 0.006
_TREMOLO_HZ = 5.2
_TREMOLO_DEPTH = 0.12
_ROOM = ((0.043, 0.26), (0.067, 0.20), (0.101, 0.15), (0.149, 0.10), (0.211, 0.06))
"""(delay in s, strength) of the echoes that stand for a small hall."""

_PEAK = 0.5

_IDENT = (
    Note(0.00, D5, 0.70, 1.4),
    Note(0.32, G5, 0.75, 1.4),
    Note(0.64, A5, 0.75, 1.4),
    Note(0.96, B5, 0.85, 1.5),
    Note(1.44, D6, 0.90, 1.9),
    Note(1.92, A5, 0.60, 1.6),
    Note(2.24, G5, 0.75, 1.9),
    Note(2.24, B5, 0.55, 1.9),
    Note(2.24, D6, 0.45, 1.9),
)
_CLOSING = (
    Note(0.00, D6, 0.75, 1.1),
    Note(0.30, B5, 0.75, 1.1),
    Note(0.60, A5, 0.70, 1.1),
    Note(0.90, G5, 0.85, 1.3),
    Note(0.90, D5, 0.55, 1.3),
)
_BED_BAR_S = 4.8
_BED_BARS = ((G5, B5, D6), (E5, A5, D6), (D5, G5, B5), (E5, G5, A5), (G5, B5, E6))
_BED = tuple(
    Note(bar * _BED_BAR_S + place * 0.8, pitch, 0.5 - 0.06 * place, 3.2)
    for bar, chord in enumerate(_BED_BARS)
    for place, pitch in enumerate((*chord, chord[1], chord[0]))
)
_ALARM_HZ = (960.0, 770.0)
_ALARM_TONE_S = 0.5
_ALARM_TURNS = 6
_SEPARATOR = (Note(0.00, B5, 0.6, 0.8), Note(0.24, E6, 0.5, 0.9))


@cache
def ident() -> bytes:
    """Return the station ident (nhạc hiệu): 3.6 s of mono 48 kHz 16 bit PCM."""
    return _pcm(_IDENT, 3.6)


@cache
def closing() -> bytes:
    """Return the closing sting: 2 s of mono 48 kHz 16 bit PCM."""
    return _pcm(_CLOSING, 2.0)


@cache
def separator() -> bytes:
    """Return the soft two-note separator between items: 1 s of mono 48 kHz 16 bit PCM."""
    return _pcm(_SEPARATOR, 1.0)


@cache
def bed() -> bytes:
    """Return a calm bed of music (nhạc nền) to be looped: 26 s of mono 48 kHz 16 bit PCM."""
    return _pcm(_BED, 26.0)


@cache
def alarm() -> bytes:
    """Return the attention signal before an emergency message: two tones in turn, 6 s of mono 48 kHz 16 bit PCM.

    EN 60849 asks for four to ten seconds; 770 and 960 Hz carry far and pass through a horn.
    """
    steps = round(_ALARM_TONE_S * SAMPLE_RATE)
    t = np.arange(steps) / SAMPLE_RATE
    envelope = _rise(steps) * _rise(steps)[::-1]
    tones = [np.sin(2 * np.pi * pitch * t) + 0.3 * np.sin(6 * np.pi * pitch * t) for pitch in _ALARM_HZ]
    sound = np.tile(np.concatenate([tone * envelope for tone in tones]), _ALARM_TURNS)
    scaled = sound * (_PEAK * 32767 / float(np.abs(sound).max()))
    return bytes(np.round(scaled).astype("<i2"))


def _pcm(notes: Iterable[Note], length_s: float) -> bytes:
    sound = np.zeros(round(length_s * SAMPLE_RATE))
    for note in notes:
        start = round(note.at * SAMPLE_RATE)
        sound[start:] += _struck(note, sound.size - start)
    sound = _in_a_room(sound)
    sound *= _ending(sound.size)
    scaled = sound * (_PEAK * 32767 / float(np.abs(sound).max()))
    return bytes(np.round(scaled).astype("<i2"))


def _struck(note: Note, size: int) -> Samples:
    """Return one stroke: each partial decays exponentially to -60 dB over its ring, after a soft attack."""
    t = np.arange(size) / SAMPLE_RATE
    tone = np.zeros(size)
    for multiple, strength, ring in _PARTIALS:
        decay = np.exp(-6.9 * t / (note.ring * 1.6 * ring))
        tone += strength * decay * np.sin(2 * np.pi * note.pitch * multiple * t)
    tremolo = 1 - _TREMOLO_DEPTH * (1 - np.cos(2 * np.pi * _TREMOLO_HZ * t)) / 2
    return note.strength * tone * tremolo * _rise(size)


def _rise(size: int) -> Samples:
    envelope = np.ones(size)
    steps = min(size, round(_ATTACK_S * SAMPLE_RATE))
    envelope[:steps] = (1 - np.cos(np.pi * np.arange(steps) / steps)) / 2
    return envelope


def _ending(size: int) -> Samples:
    """Return an envelope that falls to nothing over the last 0.4 s, so that nothing is cut."""
    envelope = np.ones(size)
    steps = min(size, round(0.4 * SAMPLE_RATE))
    envelope[-steps:] = (1 + np.cos(np.pi * np.arange(1, steps + 1) / steps)) / 2
    return envelope


def _in_a_room(dry: Samples) -> Samples:
    wet = dry.copy()
    for delay, strength in _ROOM:
        shift = round(delay * SAMPLE_RATE)
        wet[shift:] += strength * dry[:-shift]
    return wet
