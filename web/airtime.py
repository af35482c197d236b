"""How much time of a session and of a day is left on the air, beside which a script is measured."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.timetable import Priority
from scheduler.planning import midnight
from store import plans, station
from web.context import own_station, services

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AirTime:
    """The limits of the station, and what of a day's limit is left on the machine that sounds the most."""

    session_limit: timedelta
    day_limit: timedelta
    left_today: timedelta
    left_tomorrow: timedelta

    def beyond_session(self, length: timedelta) -> timedelta:
        """Return by how much a script is longer than a session."""
        return max(length - self.session_limit, timedelta())

    def fits_in_days(self, length: timedelta) -> bool:
        """Tell whether a script finds its time today or tomorrow."""
        return length <= max(self.left_today, self.left_tomorrow)


class _Planned:
    """What is planned, added up anew only when the plan changes or the day does: it is asked for at every stroke."""

    def __init__(self) -> None:
        self._held: tuple[object, tuple[timedelta, timedelta]] = (None, (timedelta(), timedelta()))

    def of(self, connection: Connection, today: datetime) -> tuple[timedelta, timedelta]:
        key = (str(services().database.path), station.plan_version(connection), _minute(services().clock.now()), today)
        if self._held[0] != key:
            self._held = (key, (_most(connection, today), _most(connection, today + _DAY)))
        return self._held[1]


_PLANNED = _Planned()


def air_time() -> AirTime:
    """Return what time there is on the air."""
    policy, today = own_station().policy, midnight(services().clock.now())
    with services().database.read() as connection:
        planned = _PLANNED.of(connection, today)
    today_left, tomorrow_left = (max(policy.day_limit - one, timedelta()) for one in planned)
    return AirTime(policy.session_limit, policy.day_limit, today_left, tomorrow_left)


def _most(connection: Connection, start: datetime) -> timedelta:
    """Return how long the machine that sounds the most of all sounds within a day, emergencies aside."""
    totals: dict[str, timedelta] = {}
    for slot in plans.slots(connection, start, start + _DAY):
        if not slot.refusal and slot.priority < Priority.EMERGENCY:
            totals[slot.machine_id] = totals.get(slot.machine_id, timedelta()) + slot.length
    return max(totals.values(), default=timedelta())


def _minute(now: datetime) -> int:
    """Return the minute: the worker plans a moment after the plan's version has grown."""
    return int(now.timestamp() // 60)
