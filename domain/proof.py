"""What an airing can show for itself: how loud it left the mixer, and whether a microphone heard it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

DEAD_DB = -50.0
"""Below this RMS level, relative to full scale, there is nothing to hear."""
DEAD_AFTER = timedelta(seconds=5)
"""How long an item may be below DEAD_DB before that is dead air."""
CLIPPED_PPM = 1000
"""From this many full-scale samples in a million on, an item is told to have sounded distorted."""
QUIETEST_MB = -20_000
"""Stands for digital silence, whose level in decibels is endless."""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud an item was as it was handed to the output, in hundredths of a dB below full scale (a sine is -301).

    `dead` is the longest stretch below DEAD_DB; `clipped_ppm` of a million samples stood at full scale.
    """

    rms_mb: int
    peak_mb: int
    dead: timedelta = timedelta()
    clipped_ppm: int = 0

    @property
    def is_dead(self) -> bool:
        """Tell whether it held dead air."""
        return self.dead > DEAD_AFTER

    @property
    def is_clipped(self) -> bool:
        """Tell whether so much of it stood at full scale that it sounded distorted."""
        return self.clipped_ppm > CLIPPED_PPM


class Hearing(StrEnum):
    """What the loop-back or microphone says of an item."""

    HEARD = "heard"
    UNHEARD = "unheard"
    UNSURE = "unsure"


HEARING_LABELS = {
    Hearing.HEARD: "micro kiểm chứng: có nghe thấy",
    Hearing.UNHEARD: "micro kiểm chứng: không nghe thấy",
    Hearing.UNSURE: "micro kiểm chứng: chưa chắc",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a recording held the item; `score` is how clearly, 0 to 1000."""

    hearing: Hearing
    score: int
