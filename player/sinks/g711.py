"""G.711: 16 bit samples as 8 bit mu-law or A-law, by one table each (ITU-T G.711)."""

import numpy as np
import numpy.typing as npt

_BIAS, _CLIP = 0x84, 32635


def _mu_law(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


def _a_law(sample: int) -> int:
    sign = 0x80 if sample >= 0 else 0
    magnitude = (sample if sample >= 0 else -sample - 1) >> 3  # A-law knows twelve bits and the sign
    exponent = max(magnitude.bit_length() - 5, 0)
    mantissa = (magnitude >> max(exponent, 1)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def _table(law: list[int]) -> npt.NDArray[np.uint8]:
    return np.array(law, np.uint8)


MU_LAW = _table([_mu_law(sample) for sample in range(-32768, 32768)])
A_LAW = _table([_a_law(sample) for sample in range(-32768, 32768)])


def encoded(samples: npt.NDArray[np.int16], table: npt.NDArray[np.uint8]) -> bytes:
    """Return `samples` by one of the tables, one byte each."""
    return table[samples.astype(np.int32) + 32768].tobytes()
