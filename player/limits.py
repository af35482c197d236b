"""The limits of airtime that a machine holds itself to, by what has really sounded. Pure.

A session counts on the local day on which it began. What sounds now counts as if it sounded to its end. How long an
item is the station has signed; a file that goes on beyond that is cut (`orders.OVERRUN`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import Airtime
from domain.emergencies import ALARM_KEY, CLEAR_KEY
from domain.playlist import Playlist, PlaylistSlot
from domain.timetable import Priority
from player import orders
from player.orders import Known

SLACK = timedelta(seconds=1)
"""How far above a limit whole milliseconds, rounded up item by item, may come."""
ALERT_KEYS = (ALARM_KEY, CLEAR_KEY)
"""How the keys of what is ordered at once begin (`alerting.Alert.key`): an emergency takes nothing from a day."""
_NOTHING = timedelta()
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Day:
    """What sounded on a local day: how long in all, and in each session by its key."""

    total: timedelta = _NOTHING
    sessions: dict[str, timedelta] = field(default_factory=dict)

    def add(self, session: str, length: timedelta) -> None:
        self.total += length
        self.sessions[session] = self.sessions.get(session, _NOTHING) + length


class Limits:
    """The airtime of a playlist beside what is known of its days."""

    def __init__(self, playlist: Playlist, airtime: Airtime, now: datetime, done: Mapping[str, Known]) -> None:
        self._playlist = playlist
        self._airtime = airtime
        self._zone = ZoneInfo(playlist.zone)
        self._days: dict[date, _Day] = {}
        alerts = tuple(f"{playlist.machine_id}/{mark}" for mark in ALERT_KEYS)
        urgent = {_session(playlist, slot) for slot in playlist.slots if slot.priority is Priority.EMERGENCY}
        since, until = now - 2 * _DAY, now + 2 * _DAY
        for key, known in done.items():
            if since < known.base < until and (known.started or known.live):
                session = key.rpartition("/")[0]
                if session not in urgent and not session.startswith(alerts):
                    self._day_of(known.base).add(session, known.rendered)

    def take(self, slot: PlaylistSlot, position: int, base: datetime, skip: timedelta) -> None:
        """Count an item that is about to sound."""
        self._day_of(base).add(_session(self._playlist, slot), slot.items[position].length - skip)

    def over(self, slot: PlaylistSlot, position: int, base: datetime, skip: timedelta) -> str:
        """Tell which limit the item at `position`, with what follows in a session not begun, would break, or "".

        `base` is when the session begins; `skip` of the item is left out.
        """
        day, airtime, session = self._day_of(base), self._airtime, _session(self._playlist, slot)
        if base.astimezone(self._zone).isoweekday() not in airtime.weekdays:
            return orders.WEEKDAY
        begun = day.sessions.get(session)
        if begun is None and airtime.sessions and len(day.sessions) >= airtime.sessions:
            return orders.SESSIONS
        ahead = slot.items[position : position + 1] if begun is not None else slot.items[position:]
        wanted = sum((item.length for item in ahead if not item.refusal), _NOTHING) - skip
        if (begun or _NOTHING) + wanted > airtime.session + SLACK:
            return orders.SESSION_LIMIT
        return orders.DAY_LIMIT if day.total + wanted > airtime.day + SLACK else ""

    def is_silent(self, at: datetime) -> bool:
        """Tell whether a window of silence is open at `at`."""
        return any(opens <= at < closes for opens, closes in self._spans(at))

    def next_silence(self, after: datetime) -> datetime | None:
        """Return when a window of silence next opens after an instant, within the next day."""
        return min((opens for opens, _ in self._spans(after) if opens > after), default=None)

    def _spans(self, at: datetime) -> list[tuple[datetime, datetime]]:
        today = at.astimezone(self._zone).date()
        days = (today - _DAY, today, today + _DAY)
        windows = self._airtime.windows
        return [window.span_on(day, self._zone) for window in windows for day in days if window.opens_on(day)]

    def _day_of(self, instant: datetime) -> _Day:
        return self._days.setdefault(instant.astimezone(self._zone).date(), _Day())


def _session(playlist: Playlist, slot: PlaylistSlot) -> str:
    """Return the key of the airings of `slot`, without their position."""
    return f"{playlist.machine_id}/{slot.key}"
