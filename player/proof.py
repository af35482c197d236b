"""Decides whether a recording holds a clip: a cross-correlation that survives horns, rooms, noise and any gain. Pure.

Both sides are brought to the band that horns carry and their spectra are flattened, so that neither a horn's colour
nor a loud hum decides (the smoothed coherence transform: C. Knapp, G. Carter, The generalized correlation method,
1976). Short segments are correlated one by one and their squares added: the drift between two sound cards' clocks
smears a long correlation, not a sum of short ones. The score is how far the best delay stands out from all others.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.proof import Hearing, Proof

RATE = 8000
"""Samples a second in which proof is sought."""
MOST_DELAY_S = 2.0
EARLY_S = 0.1
"""How much earlier than told a sound may be: the two clocks are never quite the same."""
SEGMENT_S = 2.0
SEGMENTS = 5
"""Into how many segments a short clip is cut at least."""
LEAST_S = 2.0
"""Less of a clip proves nothing."""
HEARD_AT = 9.5
UNHEARD_BELOW = 7.5
_BAND_HZ = (300.0, 3400.0)
_SMOOTH_HZ = 60.0
_SOFTENED = 0.25
"""Power to which energies are raised before they are added: a word that two clips share must not outweigh the rest."""
_POOL = 5
"""Lags over which a segment's energy is pooled: what drift moves within the whole."""
Samples = npt.NDArray[np.float32]
Energy = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found so far: for each delay the energy of the correlation, added over `segments`."""

    energy: Energy
    segments: int = 0

    def and_also(self, other: "Evidence") -> "Evidence":
        """Return both together; the delay is the same for all parts of an item."""
        return Evidence(self.energy + other.energy, self.segments + other.segments)


LAGS = round((EARLY_S + MOST_DELAY_S) * RATE)
NOTHING = Evidence(np.zeros(LAGS))


def evidence(recording: Samples, clip: Samples) -> Evidence:
    """Return what `recording` says of `clip`, both at RATE.

    The recording begins EARLY_S before the clip was to sound, and should last MOST_DELAY_S longer.
    """
    if len(clip) < LEAST_S * RATE:
        return NOTHING
    size = min(round(SEGMENT_S * RATE), len(clip) // SEGMENTS)
    found = NOTHING
    for start in range(0, len(clip) - size + 1, size):
        segment = clip[start : start + size]
        if not _is_silent(segment):
            window = recording[start : start + size + LAGS]
            found = found.and_also(Evidence(_correlated(window, segment), 1))
    return found


def verdict(found: Evidence) -> Proof | None:
    """Return what all evidence amounts to, or None when there is none."""
    if not found.segments:
        return None
    prominence = _prominence(found.energy)
    hearing = (
        Hearing.HEARD if prominence >= HEARD_AT else Hearing.UNHEARD if prominence < UNHEARD_BELOW else Hearing.UNSURE
    )
    return Proof(hearing, min(1000, round(1000 * prominence / (prominence + HEARD_AT))))


def _prominence(energy: Energy) -> float:
    """Return how many deviations the best delay stands above the usual one."""
    usual = float(np.median(energy))
    spread = float(np.median(np.abs(energy - usual))) * 1.4826
    return (float(energy.max()) - usual) / spread if spread > 0 else 0.0


def _correlated(window: Samples, segment: Samples) -> Energy:
    size = 1 << (len(segment) + LAGS - 1).bit_length()
    heard, told = np.fft.rfft(window, size), np.fft.rfft(segment, size)
    step = RATE / size
    low, high = (round(edge / step) for edge in _BAND_HZ)
    weight = np.sqrt(_smoothed(np.abs(heard) ** 2, step) * _smoothed(np.abs(told) ** 2, step))
    cross = np.zeros(len(heard), np.complex128)
    within = slice(low, high)
    cross[within] = heard[within] * np.conj(told[within]) / np.maximum(weight[within], 1e-12)
    power = np.fft.irfft(cross, size)[:LAGS] ** 2
    usual = float(np.median(power))
    pooled = np.convolve(power / usual if usual > 0 else power, np.ones(_POOL) / _POOL, "same")
    return pooled**_SOFTENED


def _smoothed(power: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.float64]:
    width = max(round(_SMOOTH_HZ / step), 1)
    return np.convolve(power, np.ones(width) / width, "same")


def _is_silent(segment: Samples) -> bool:
    return float(np.sqrt(np.mean(segment.astype(np.float64) ** 2))) < 32768 * 10 ** (-55 / 20)
