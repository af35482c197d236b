"""Joins speech, ident and closing, and finishes them for horns. The one file that uses pydub.

pydub is given PCM that we decoded ourselves, so it needs neither ffmpeg nor ffprobe, and only short sounds: its
own dynamics and loudness are slow or wrong, so those are FFmpeg's filters and meter.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from audio_library import ident as sounds
from audio_library.codec import FLAC, encode_flac, sounds_as
from audio_library.filters import AT_CLIP_RATE, Filter, through
from audio_library.measure import SILENCE_LUFS, integrated, measure
from domain.audio import CEILING_DBTP, SAMPLE_RATE, TARGET_LUFS, Loudness, MasteredAudio, Speech, SpokenAudio
from domain.errors import AudioError
from domain.ports import Progress

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub misses ffmpeg and uses audioop; we need the one and lock the other
    from pydub import AudioSegment

AFTER_IDENT_MS = 400
AFTER_ANNOUNCEMENT_MS = 500
BEFORE_CLOSING_MS = 600
LONGEST = timedelta(minutes=100)
"""A script of 20,000 characters lasts about 85 minutes."""

TOLERANCE_LU = 0.5

_FADE_MS = 8
_WORKING_DBFS = -24.0
"""Level of the speech before shaping, so that a loud and a soft voice meet the compressor alike."""

_MUSIC_BELOW_SPEECH_LU = 1.0
_LIMITER_MARGIN_DB = 0.2
_ROUNDS = 6
_STAGE = "Hoàn thiện âm thanh"


@dataclass(frozen=True, slots=True)
class Preset:
    """How the sound is finished: the filters that shape it, and the loudness it must have."""

    name: str
    label: str
    shaping: tuple[Filter, ...]
    target_lufs: float = TARGET_LUFS
    ceiling_dbtp: float = CEILING_DBTP


_COMPRESSOR: Filter = ("acompressor", "threshold=-26dB:ratio=3:attack=5:release=120")
_HARDER_COMPRESSOR: Filter = ("acompressor", "threshold=-28dB:ratio=6:attack=2:release=80")

HORN = Preset(
    "horn",
    "Loa nén ngoài trời",
    (
        ("highpass", "f=300:p=2"),
        ("lowpass", "f=6500:p=2"),
        ("equalizer", "f=3000:t=q:w=1:g=4"),
        _COMPRESSOR,
    ),
)
"""For horns: what would harm the driver is cut, consonants are lifted, loud and soft are brought together."""

PLAIN = Preset("plain", "Loa thường", (("highpass", "f=60:p=2"), _COMPRESSOR))
"""For full-range loudspeakers and for listening."""

PRESETS = {preset.name: preset for preset in (HORN, PLAIN)}


class HornMastering:
    """Makes the finished sound of a bulletin by one preset; the same speech gives the same bytes."""

    def __init__(self, preset: Preset = HORN) -> None:
        self._preset = preset

    def master(self, speech: SpokenAudio, announcement: SpokenAudio | None, progress: Progress) -> MasteredAudio:
        """Return ident, announcement, speech and closing as one FLAC file, mono 48 kHz, with its figures.

        Raises AudioError when there is no speech, when it is too long, or when the loudness cannot be reached.
        """
        parts = [part for part in (announcement, speech) if part is not None]
        if not any(words.pcm for words, _pause in speech.sentences):
            raise AudioError("Bản tin không có lời đọc nào để ghép.")
        if sum((_length(part) for part in parts), timedelta()) > LONGEST:
            raise AudioError(f"Bản tin dài quá {LONGEST.total_seconds() / 60:.0f} phút, không ghép được.")
        progress(_STAGE, 0, 3)
        sound = self._assembled([self._shaped(_joined_sentences(part)) for part in parts])
        progress(_STAGE, 1, 3)
        sound, loudness = levelled(sound, self._preset)
        progress(_STAGE, 2, 3)
        made = finished(sound, loudness)
        progress(_STAGE, 3, 3)
        return made

    def finished_alone(self, speech: SpokenAudio) -> MasteredAudio:
        """Return `speech` finished, with nothing before or after it. Raises AudioError."""
        return finished(*levelled(self._shaped(_joined_sentences(speech)), self._preset))

    def _shaped(self, speech: Speech) -> bytes:
        """Return `speech` at 48 kHz through the preset's filters."""
        level: Filter = ("volume", f"{_WORKING_DBFS - _active_dbfs(speech.pcm):.2f}dB")
        return through(speech.pcm, speech.rate, (AT_CLIP_RATE, level, *self._preset.shaping))

    def _assembled(self, spoken: Sequence[bytes]) -> bytes:
        """Return ident, the spoken parts and closing, all equally loud, with the silences between them."""
        level = integrated(spoken[-1])
        voice = [_segment(spoken[-1])]
        for part in spoken[:-1]:
            same = _segment(part).apply_gain(_step(level, integrated(part)))
            voice = [same, _silence(AFTER_ANNOUNCEMENT_MS), *voice]
        opening = self._music(sounds.ident(), level)
        closing = self._music(sounds.closing(), level)
        row = [opening, _silence(AFTER_IDENT_MS), *voice, _silence(BEFORE_CLOSING_MS), closing]
        return bytes(_joined(row).raw_data)

    def _music(self, pcm: bytes, speech_lufs: float) -> AudioSegment:
        """Return our own sound, a little softer than the speech beside it."""
        shaped = through(pcm, SAMPLE_RATE, self._preset.shaping[:-1])
        wanted = speech_lufs - _MUSIC_BELOW_SPEECH_LU
        return _segment(shaped).apply_gain(_step(wanted, integrated(shaped))).fade_out(_FADE_MS)


def _length(part: SpokenAudio) -> timedelta:
    return sum((words.length + timedelta(milliseconds=pause) for words, pause in part.sentences), timedelta())


def _joined_sentences(part: SpokenAudio) -> Speech:
    """Return the sentences and their pauses as one stretch; a few milliseconds of fade keep joins from clicking."""
    rates = {words.rate for words, _pause in part.sentences if words.pcm}
    rate = rates.pop() if len(rates) == 1 else SAMPLE_RATE
    row: list[AudioSegment] = []
    for words, pause in part.sentences:
        if words.pcm:
            pcm = words.pcm if words.rate == rate else through(words.pcm, words.rate, (AT_CLIP_RATE,))
            row.append(_segment(pcm, rate).fade_in(_FADE_MS).fade_out(_FADE_MS))
        if pause > 0:
            row.append(_silence(pause, rate))
    return Speech(bytes(_joined(row).raw_data), rate)


def _segment(pcm: bytes, rate: int = SAMPLE_RATE) -> AudioSegment:
    return AudioSegment(data=pcm, sample_width=2, frame_rate=rate, channels=1)


def _silence(milliseconds: int, rate: int = SAMPLE_RATE) -> AudioSegment:
    return _segment(bytes(2 * round(milliseconds * rate / 1000)), rate)


def _joined(row: Sequence[AudioSegment]) -> AudioSegment:
    """Join by halves: adding one by one would copy the beginning again for every sentence."""
    if len(row) == 1:
        return row[0]
    middle = len(row) // 2
    return _joined(row[:middle]).append(_joined(row[middle:]), crossfade=0)


def _active_dbfs(pcm: bytes) -> float:
    """Return the mean power of the sounding parts, in dB below full scale."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    whole = samples[: samples.size // 1024 * 1024].reshape(-1, 1024)
    power = np.mean(whole * whole, axis=1) if whole.size else np.mean(samples * samples, keepdims=True)
    sounding = power[power > np.mean(power) / 10]
    if sounding.size == 0:
        raise AudioError("Lời đọc hoàn toàn im lặng, không ghép được.")
    return float(10 * np.log10(np.mean(sounding)))


def _step(wanted_lufs: float, measured_lufs: float) -> float:
    """Return the gain in dB from one loudness to another; silence is left alone."""
    return 0.0 if measured_lufs <= SILENCE_LUFS else wanted_lufs - measured_lufs


def levelled(pcm: bytes, preset: Preset) -> tuple[bytes, Loudness]:
    """Return `pcm` at the preset's loudness under its ceiling, with its figures.

    A limiter takes loudness away, so the gain is corrected by what is measured after it, and its limit by the peaks
    that rise between its samples; when that stops helping, the sound is too peaky and is compressed harder.
    Raises AudioError with the figures when no round succeeds.
    """
    gain = _step(preset.target_lufs, integrated(pcm))
    limit = preset.ceiling_dbtp - _LIMITER_MARGIN_DB
    for turn in range(_ROUNDS):
        made = through(pcm, SAMPLE_RATE, _limiter(gain, limit))
        loudness = measure(made)
        missing = preset.target_lufs - loudness.integrated_lufs
        over = loudness.true_peak_dbtp - preset.ceiling_dbtp
        if abs(missing) <= TOLERANCE_LU and over <= 0:
            return made, loudness
        limit -= max(0.0, over) * 1.2
        if missing > TOLERANCE_LU and turn % 2 == 1:
            pcm = through(pcm, SAMPLE_RATE, (("volume", f"{gain / 2:.2f}dB"), _HARDER_COMPRESSOR))
            gain = _step(preset.target_lufs, integrated(pcm))
        else:
            gain += missing * 1.3
    raise AudioError(
        f"Âm thanh chỉ đạt {loudness.integrated_lufs:.1f} LUFS, đỉnh {loudness.true_peak_dbtp:.1f} dBTP"
        f" (cần {preset.target_lufs:.0f} ± {TOLERANCE_LU} LUFS, đỉnh không quá {preset.ceiling_dbtp:.0f} dBTP)."
    )


def _limiter(gain_db: float, limit_db: float) -> tuple[Filter, ...]:
    arguments = f"limit={10 ** (limit_db / 20):.4f}:level=0:attack=5:release=50:latency=1"
    return (("volume", f"{gain_db:.2f}dB"), ("alimiter", arguments))


def finished(pcm: bytes, loudness: Loudness) -> MasteredAudio:
    """Return the encoded sound; that it decodes to the very same samples makes the figures those of the file."""
    data = encode_flac(pcm)
    if not sounds_as(data, pcm):
        raise AudioError("Tệp âm thanh vừa ghi không giống âm thanh gốc, đã bỏ.")
    return MasteredAudio(data, FLAC, timedelta(seconds=len(pcm) / 2 / SAMPLE_RATE), loudness)
