"""What will sound in an area as a calendar (RFC 5545, RFC 7986) that a phone subscribes to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vDuration, vText

from domain.timetable import STATION_ZONE, PlannedItem, Priority, Slot
from scheduler.policy import spoken_length

PRODID = "-//Tieng Loa//Lich phat thanh//VI"
REFRESH = timedelta(minutes=30)
_ZONE = ZoneInfo(STATION_ZONE)
_OFFSET = timedelta(hours=7)
_LEAST = timedelta(minutes=1)
"""How long a session is shown that has no length: a phone hides what takes no time."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a calendar says of itself; `sequence` and `modified` only grow as the timetable is changed."""

    station_id: str
    name: str
    sequence: int
    modified: datetime


def sessions_calendar(slots: Iterable[Slot], heading: Heading) -> bytes:
    """Return the sessions as a calendar; the same slots and heading give the same bytes.

    A session keeps its UID when it is moved. One that will not sound is CANCELLED and says why; one of which a part
    will not sound says which.
    """
    calendar = calendar_of(heading)
    for slot in slots:
        calendar.add_component(_session(slot, heading))
    return bytes(calendar.to_ical())


def calendar_of(heading: Heading) -> Calendar:
    """Return a calendar without events, with the station's zone in it."""
    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    for name in ("NAME", "X-WR-CALNAME"):
        calendar.add(name, heading.name)
    calendar.add("X-WR-TIMEZONE", STATION_ZONE)
    calendar.add("REFRESH-INTERVAL", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    calendar.add_component(_zone())
    return calendar


def event_of(uid: str, starts_at: datetime, length: timedelta, heading: Heading) -> Event:
    """Return an event of the station that begins at an instant, shown in the station's zone."""
    event = Event()
    event.add("UID", f"{uid}@{heading.station_id}.tiengloa")
    event.add("DTSTAMP", heading.modified.astimezone(UTC))
    event.add("LAST-MODIFIED", heading.modified.astimezone(UTC))
    event.add("SEQUENCE", heading.sequence)
    event.add("DTSTART", starts_at.astimezone(_ZONE).replace(microsecond=0))
    event.add("DURATION", max(length - timedelta(microseconds=length.microseconds), _LEAST))
    event.add("TRANSP", "TRANSPARENT")
    return event


def _session(slot: Slot, heading: Heading) -> Event:
    silent = _silence(slot)
    event = event_of(slot.key, slot.starts_at, slot.length, heading)
    event.add("SUMMARY", f"Không phát: {slot.title}" if silent else slot.title)
    event.add("DESCRIPTION", vText("\n".join(_lines(slot, silent))))
    event.add("STATUS", "CANCELLED" if silent else "CONFIRMED")
    if slot.priority > Priority.NORMAL:
        event.add("PRIORITY", 1)
    return event


def _silence(slot: Slot) -> str:
    """Return why nothing of a slot will sound, or an empty string."""
    if slot.refusal:
        return slot.refusal
    if slot.items and all(item.refusal for item in slot.items):
        return "; ".join(dict.fromkeys(item.refusal for item in slot.items))
    return ""


def _lines(slot: Slot, silent: str) -> Iterable[str]:
    if silent:
        yield f"Sẽ không phát: {silent.rstrip('.')}."
    for number, item in enumerate(slot.items, 1):
        yield f"{number}. {item.title}{_told(item)}"


def _told(item: PlannedItem) -> str:
    return f" – không phát: {item.refusal.rstrip('.')}" if item.refusal else f" ({spoken_length(item.length)})"


def _zone() -> Timezone:
    """Return Asia/Ho_Chi_Minh as it has been since 13 June 1975 (IANA tzdata): seven hours ahead, no summer time."""
    zone = Timezone()
    zone.add("TZID", STATION_ZONE)
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1975, 6, 13))  # noqa: DTZ001 - a zone's own beginning is local
    standard.add("TZOFFSETFROM", _OFFSET)
    standard.add("TZOFFSETTO", _OFFSET)
    standard.add("TZNAME", "+07")
    zone.add_component(standard)
    return zone
