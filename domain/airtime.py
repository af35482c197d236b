"""What a station allows on the air: quiet hours, limits, windows of silence, volume by the hour.

Times of day and dates are those of the station's zone (Asia/Ho_Chi_Minh).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

EVERY_WEEKDAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the day in which no routine sound is made; it may cross midnight."""

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        """Tell whether the time of day `moment` lies in [start, end)."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


DEFAULT_QUIET = (QuietHours(time(21, 30), time(5, 0)),)


@dataclass(frozen=True, slots=True)
class ExclusionWindow:
    """A span of the day in which nothing routine sounds at some places: a church, a school, an exam, a funeral.

    It holds on `weekdays` from `first` to `last`, both included and either open; `start` to `end` may cross midnight.
    """

    id: str
    reason: str
    area_ids: frozenset[str]
    start: time
    end: time
    weekdays: frozenset[int] = EVERY_WEEKDAY
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class VolumeBand:
    """How much louder or softer (negative) everything routine is between two times of the day."""

    start: time
    end: time
    gain_db: float


@dataclass(frozen=True, slots=True)
class AirtimePolicy:
    """What a station allows on the air; an emergency alone is above it.

    Quiet hours, the most minutes in a session and in a day, the most sessions in a day and the most soundings of
    one bulletin in a day (0 sets no limit), the weekdays on which routine sessions may sound, windows of silence at
    single places, the volume by time of day, and how much later than asked each of some areas starts (`staggers`),
    so that neighbouring clusters do not talk across each other.
    """

    quiet: tuple[QuietHours, ...] = DEFAULT_QUIET
    session_limit: timedelta = timedelta(minutes=15)
    day_limit: timedelta = timedelta(minutes=60)
    note: str = ""
    sessions_per_day: int = 0
    repeat_limit: int = 0
    allowed_weekdays: frozenset[int] = EVERY_WEEKDAY
    exclusions: tuple[ExclusionWindow, ...] = ()
    volume: tuple[VolumeBand, ...] = ()
    staggers: tuple[tuple[str, timedelta], ...] = ()


@dataclass(frozen=True, slots=True)
class SilentWindow:
    """A span of the day in which one machine makes no routine sound, on `weekdays` from `first` to `last`.

    It may cross midnight, and belongs to the day on which it opens; with both ends alike it lasts a whole day.
    """

    start: time
    end: time
    weekdays: frozenset[int] = EVERY_WEEKDAY
    first: date | None = None
    last: date | None = None

    def opens_on(self, day: date) -> bool:
        """Tell whether it opens on the local `day`."""
        since = self.first is None or self.first <= day
        return since and (self.last is None or day <= self.last) and day.isoweekday() in self.weekdays

    def span_on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return when it opens and closes if it opens on the local `day`."""
        past = timedelta(days=1) if self.end <= self.start else timedelta()
        return datetime.combine(day, self.start, zone), datetime.combine(day + past, self.end, zone)


@dataclass(frozen=True, slots=True)
class Airtime:
    """The limits of airtime that a machine holds itself to, whatever its server says meanwhile.

    The most sound in a session and in a local day, the most sessions in a day (0 sets no limit), the weekdays on
    which routine sessions may begin, and windows of silence. An emergency alone is above it.
    """

    session: timedelta
    day: timedelta
    sessions: int = 0
    weekdays: frozenset[int] = EVERY_WEEKDAY
    windows: tuple[SilentWindow, ...] = ()
