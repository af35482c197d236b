"""How far the server's clock is ahead of ours: the best of the last exchanges, as NTP takes it. Pure.

An exchange is the instants of asking and of being answered on our clock that never steps, and the server's time in
between. The true offset lies within half of the round trip, so the shortest one knows best.
Source: RFC 5905, section 10 (clock filter).
"""

from collections import deque
from dataclasses import dataclass

_KEPT = 16
_DRIFT = 100e-6
"""A cheap crystal gains or loses less than this; an old exchange is worth less by so much of its age."""
_TOO_OLD_S = 1800.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer: `asked` and `answered` in monotonic seconds, `told_ms` the server's time."""

    asked: float
    answered: float
    told_ms: int

    def error(self, now: float) -> float:
        """Return within how many seconds this exchange knows the server's time at the monotonic instant `now`."""
        return (self.answered - self.asked) / 2 + _DRIFT * max(0.0, now - self.answered)


class Exchanges:
    """The last exchanges with the server; steps of our own wall clock do not spoil them."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=_KEPT)

    def add(self, one: Exchange) -> None:
        """Keep an exchange; what contradicts it is forgotten, because then the server's clock has stepped."""
        self._kept = deque((old for old in self._kept if _agree(old, one)), maxlen=_KEPT)
        self._kept.append(one)

    def best(self, now: float) -> Exchange | None:
        """Return the exchange that knows the server's time best at the monotonic instant `now`, if there is any."""
        recent = [one for one in self._kept if now - one.answered < _TOO_OLD_S] or list(self._kept)[-1:]
        return min(recent, key=lambda one: one.error(now), default=None)

    def offset_ms(self, wall_ms: int, now: float) -> tuple[int, int]:
        """Return how far the server is ahead of `wall_ms`, our wall clock at `now`, and within what; (0, 0) unknown."""
        best = self.best(now)
        if best is None:
            return 0, 0
        since_ms = (now - (best.asked + best.answered) / 2) * 1000
        return round(best.told_ms + since_ms - wall_ms), round(best.error(now) * 1000)


def _agree(one: Exchange, other: Exchange) -> bool:
    """Tell whether two exchanges can both be true; a millisecond is lost in rounding on either side."""
    gap = (other.told_ms - one.told_ms) / 1000 - ((other.asked + other.answered) - (one.asked + one.answered)) / 2
    return abs(gap) <= one.error(other.answered) + other.error(other.answered) + 0.005
