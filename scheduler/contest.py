"""The clashes of one day, decided over claims as `scheduler.resolve` decides them over slots. Pure.

The same decision twice, because a check before saving looks at thousands of days while somebody waits; a property
test holds the two together.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from domain.airtime import AirtimePolicy
from scheduler.claims import Claim

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Over:
    """A claim that would break the limits of its day: which of them, and what had been taken before it."""

    minutes: bool
    sessions: bool
    repeats: bool
    taken: tuple[Claim, ...]

    @property
    def lines(self) -> tuple[bool, bool, bool]:
        """Tell which limits: the minutes, the sessions, the repeats."""
        return self.minutes, self.sessions, self.repeats


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a day, in microseconds and in numbers; 0 sessions or repeats sets none."""

    day_us: int
    sessions: int
    repeats: int

    @staticmethod
    def of(policy: AirtimePolicy) -> "Limits":
        """Return the limits of a policy."""
        return Limits(policy.day_limit // _MICROSECOND, policy.sessions_per_day, policy.repeat_limit)

    def hold(self, claims: Sequence[Claim]) -> bool:
        """Tell whether no limit can be reached, whoever of `claims`, all free, sounds."""
        if sum(one.ends - one.begins for one in claims) > self.day_us:
            return False
        if self.sessions and len(claims) > self.sessions:
            return False
        if not self.repeats:
            return True
        said = Counter(bulletin_id for one in claims for bulletin_id in one.said)
        return max(said.values(), default=0) <= self.repeats


@dataclass(slots=True)
class Contest:
    """What became of the free claims of a day: `kept` sound; each other is in `lost`, with its winner or the limits.

    `lost` is by the `id` of a claim, for a claim is the same value for as long as a check lasts.
    """

    limits: Limits
    kept: list[Claim] = field(default_factory=list)
    lost: dict[int, Claim | Over] = field(default_factory=dict)
    _taken: list[Claim] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _aired: Sequence[Claim] = ()
    _total: int = 0
    _said: Counter[str] = field(default_factory=Counter)

    def run(self, claims: Iterable[Claim], aired: Sequence[Claim] = ()) -> "Contest":
        """Serve `claims`, sorted by their order, beside those that have `aired` already; return itself."""
        self._aired = aired
        for one in aired:
            self._count(one)
        for claim in claims:
            if claim.free:
                self._serve(claim)
        return self

    def _serve(self, claim: Claim) -> None:
        reason = self._still_sounding(claim) or self._clash(claim) or self._over(claim)
        if reason is not None:
            self.lost[id(claim)] = reason
            return
        place = bisect_right(self._starts, claim.begins)
        self._starts.insert(place, claim.begins)
        self._taken.insert(place, claim)
        self._count(claim)

    def _count(self, claim: Claim) -> None:
        self.kept.append(claim)
        self._total += claim.ends - claim.begins
        if self.limits.repeats:
            self._said.update(claim.said)

    def _still_sounding(self, claim: Claim) -> Claim | None:
        for one in self._aired:
            if one.order[0] <= claim.order[0] and one.begins < claim.ends and claim.begins < one.ends:
                return one
        return None

    def _clash(self, claim: Claim) -> Claim | None:
        after = bisect_right(self._starts, claim.begins)
        if after and self._taken[after - 1].ends > claim.begins:
            return self._taken[after - 1]
        if after < len(self._starts) and self._starts[after] < claim.ends:
            return self._taken[after]
        return None

    def _over(self, claim: Claim) -> Over | None:
        limits = self.limits
        minutes = self._total + claim.ends - claim.begins > limits.day_us
        sessions = bool(limits.sessions) and len(self.kept) >= limits.sessions
        repeats = bool(limits.repeats) and any(
            self._said[one] + count > limits.repeats for one, count in Counter(claim.said).items()
        )
        if minutes or sessions or repeats:
            return Over(minutes, sessions, repeats, tuple(self.kept))
        return None
