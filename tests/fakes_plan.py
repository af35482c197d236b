"""A town as values, to plan without a store: bulletins, clips, programmes, rules and machines."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import AirtimePolicy
from domain.areas import Area
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.bulletins import Bulletin, BulletinState, Genre
from domain.calendar import PLAIN_CALENDAR, Calendar
from domain.machines import Machine
from domain.timetable import STATION_ZONE, Priority, Programme, ProgrammeItem, Rule
from scheduler.inputs import Inputs
from scheduler.items import Shelf, Terms

ZONE = ZoneInfo(STATION_ZONE)
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=ZONE)
EVERY_WEEKDAY = frozenset(range(1, 8))
AREAS = (
    Area("xa", "Xã Bản Bo", "xa-phuong", None),
    Area("ban-1", "Bản Hợp Nhất", "to-ban", "xa"),
    Area("cum-1", "Cụm loa nhà văn hoá", "cum-loa", "ban-1"),
    Area("cum-2", "Cụm loa chợ", "cum-loa", "ban-1"),
    Area("cum-3", "Cụm loa trạm y tế", "cum-loa", "xa"),
)
GTTS = VoiceStamp("gtts", "vi", "2.5.4", backup=False)


def machine(number: int, name: str = "") -> Machine:
    """Return the machine of the cluster of a number."""
    return Machine(f"m{number}", name or f"Máy {number}", f"cum-{number}", "k", WRITTEN)


MACHINES = (machine(1), machine(2), machine(3))


def clip(mark: str, minutes: float) -> Clip:
    """Return the sound of the bulletin `mark`, some minutes long."""
    loudness = Loudness(-16, -2, 5)
    length = timedelta(minutes=minutes)
    return Clip(mark, 1000, "audio/flac", length, loudness, ClipKind.BULLETIN, f"Âm thanh {mark}", WRITTEN, GTTS)


def bulletin(mark: str, **changed: object) -> Bulletin:
    """Return an approved bulletin with a sound."""
    values = {
        "id": f"b-{mark}",
        "title": f"Bản tin {mark}",
        "script": "Kính thưa bà con.",
        "genre": Genre.NOTICE,
        "state": BulletinState.APPROVED,
        "version": 1,
        "author_ids": frozenset({"u1"}),
        "author_name": "Lan",
        "updated_at": WRITTEN,
        "approved_by": "u2",
        "clip_hash": mark,
        "clip_version": 1,
        **changed,
    }
    return Bulletin(**values)  # type: ignore[arg-type]


def programme(name: str, *marks: str, priority: Priority = Priority.NORMAL, **changed: object) -> Programme:
    """Return the programme `name` of the bulletins of `marks`."""
    items = tuple(ProgrammeItem(f"b-{mark}") for mark in marks)
    return Programme(name, f"Chương trình {name}", items, priority, **changed)  # type: ignore[arg-type]


def rule(name: str, *times: str, area: str = "xa", plays: str = "", **changed: object) -> Rule:
    """Return the rule `name`, every day at `times` unless told otherwise, that plays the programme of its name."""
    values = {"weekdays": EVERY_WEEKDAY, **changed}
    moments = tuple(time.fromisoformat(one) for one in times)
    return Rule(name, plays or name, frozenset({area}), moments, **values)  # type: ignore[arg-type]


def inputs(
    rules: tuple[Rule, ...] = (),
    programmes: tuple[Programme, ...] = (),
    minutes: dict[str, float] | None = None,
    policy: AirtimePolicy | None = None,
    bulletins: tuple[Bulletin, ...] = (),
    calendar: Calendar = PLAIN_CALENDAR,
) -> Inputs:
    """Return all that decides; `minutes` tells how long the bulletin of each mark is."""
    lengths = minutes or {}
    every = [bulletin(mark) for mark in lengths] + list(bulletins)
    shelf = Shelf(
        rules={one.id: one for one in rules},
        programmes={one.id: one for one in programmes},
        bulletins={one.id: one for one in every},
        clips={mark: clip(mark, length) for mark, length in lengths.items()},
    )
    return Inputs(1, shelf, Terms(policy or AirtimePolicy()), AREAS, calendar)
