"""The province that the timetable is measured on: a thousand machines, and what a thousand clusters hear."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from domain.airtime import AirtimePolicy, ExclusionWindow, QuietHours, VolumeBand
from domain.areas import Area
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.bulletins import Bulletin, BulletinState, Genre, NewsColumn
from domain.calendar import Calendar, Daypart, DayType, LunarDay, SpecialDay
from domain.machines import Machine
from domain.timetable import STATION_ZONE, ItemKind, Priority, Programme, ProgrammeItem, Rule
from scheduler.inputs import Inputs
from scheduler.items import Shelf, Terms
from store import calendar, clips, columns, places, station, tables, timetable
from store.engine import Database
from store.migrate import upgrade
from store.station import Station
from tiengloa.places import LEVELS

ZONE = ZoneInfo(STATION_ZONE)
NOW = datetime(2026, 11, 2, 9, 31, tzinfo=ZONE)
"""A Monday."""
EDIT_TIMES = (time(6, 10), time(6, 31), time(7), time(11, 14), time(17, 58), time(18, 4), time(22))
"""Where a session of a hamlet is moved in the check for conflicts: onto others, beside them, into quiet hours."""
COMMUNES, HAMLETS, CLUSTERS = 20, 10, 5
"""In the province, in a commune, in a hamlet; each cluster has a machine."""
_WRITTEN = datetime(2026, 10, 1, tzinfo=UTC)
_EVERY_DAY = frozenset(range(1, 8))
_WORKDAYS = frozenset(range(1, 6))
_MINUTE = timedelta(minutes=1)
_VOICE = VoiceStamp("gtts", "vi", "2.5.4", backup=False)


def clusters() -> list[str]:
    """Return the ids of the clusters."""
    return [
        f"c{commune}-h{hamlet}-l{cluster}"
        for commune in range(COMMUNES)
        for hamlet in range(HAMLETS)
        for cluster in range(CLUSTERS)
    ]


def areas() -> tuple[Area, ...]:
    """Return the province and all below it, parents first."""
    found = [Area("tinh", "Tỉnh", "tinh", None)]
    found += [Area(f"c{one}", f"Xã {one}", "xa-phuong", "tinh") for one in range(COMMUNES)]
    found += [
        Area(f"c{commune}-h{one}", f"Bản {commune}.{one}", "to-ban", f"c{commune}")
        for commune in range(COMMUNES)
        for one in range(HAMLETS)
    ]
    found += [Area(one, f"Cụm {one}", "cum-loa", one.rpartition("-")[0]) for one in clusters()]
    return tuple(found)


def machines() -> tuple[Machine, ...]:
    """Return a machine on each cluster."""
    return tuple(
        Machine(f"m{number:04}", f"Máy {number}", cluster, f"key-{number}", _WRITTEN)
        for number, cluster in enumerate(clusters())
    )


def bulletins() -> tuple[Bulletin, ...]:
    """Return thirty approved bulletins of each commune, some of which are valid for a week only."""
    return tuple(
        Bulletin(
            id=f"b{commune}-{number}",
            title=f"Bản tin {number} của xã {commune}",
            script="Kính thưa bà con.",
            genre=Genre.NEWS,
            state=BulletinState.APPROVED,
            version=1,
            author_ids=frozenset({"u1"}),
            author_name="Lan",
            updated_at=_WRITTEN,
            approved_at=_WRITTEN + timedelta(hours=number),
            valid_until=date(2026, 11, 8) + timedelta(days=number) if number % 3 == 0 else None,
            clip_hash=_hash(commune, number),
            clip_version=1,
            column_id=f"cm{number % 4}",
        )
        for commune in range(COMMUNES)
        for number in range(30)
    )


def _hash(commune: int, number: int) -> str:
    return f"{commune:032x}{number:032x}"


def _sounds() -> tuple[Clip, ...]:
    loud = Loudness(-16, -2, 5)
    said = [
        Clip(
            one.clip_hash or "",
            400_000,
            "audio/flac",
            (2 + len(one.id) % 4) * _MINUTE,
            loud,
            ClipKind.BULLETIN,
            one.title,
            _WRITTEN,
            _VOICE,
        )
        for one in bulletins()
    ]
    return (
        *said,
        Clip("f" * 64, 90_000, "audio/flac", timedelta(seconds=12), loud, ClipKind.IDENT, "Nhạc hiệu", _WRITTEN),
        Clip("e" * 64, 900_000, "audio/flac", 10 * _MINUTE, loud, ClipKind.OTHER, "Nhạc thay thế", _WRITTEN),
    )


_IDENT = ProgrammeItem(clip_hash="f" * 64, kind=ItemKind.IDENT)
_PAUSE = ProgrammeItem(kind=ItemKind.PAUSE, length=timedelta(seconds=2))


def _programmes_and_rules() -> tuple[list[Programme], list[Rule]]:
    relay = ProgrammeItem(
        clip_hash="e" * 64, kind=ItemKind.RELAY, stream_url="https://dai.example/1", length=10 * _MINUTE
    )
    programmes = [Programme("tiep-am", "Tiếp âm đài tỉnh", (relay,))]
    province = frozenset({"tinh"})
    rules = [
        Rule("tiep-am-sang", "tiep-am", province, (), _EVERY_DAY, daypart_ids=frozenset({"sang"})),
        Rule("tiep-am-chieu", "tiep-am", province, (time(17),), _EVERY_DAY, except_area_ids=frozenset({"c3"})),
    ]
    for commune in range(COMMUNES):
        made, asked = _of_commune(commune)
        programmes += made
        rules += asked
    return programmes, rules


def _of_commune(commune: int) -> tuple[list[Programme], list[Rule]]:
    """Return what a commune's own station airs: in all of it, in each hamlet, at some clusters."""
    here = frozenset({f"c{commune}"})
    latest = [ProgrammeItem(kind=ItemKind.LATEST, column_id=f"cm{number}") for number in range(4)]
    said = [ProgrammeItem(f"b{commune}-{number}") for number in range(30)]
    programmes = [
        Programme(f"tin-{commune}", "Bản tin sáng", (_IDENT, latest[0], _PAUSE, latest[1])),
        Programme(f"trua-{commune}", "Bản tin trưa", (_IDENT, said[1])),
        Programme(f"toi-{commune}", "Thông báo tối", (_IDENT, _twice(said[2]), _PAUSE, said[3])),
        Programme(f"gap-{commune}", "Thông báo gấp", (said[4],), Priority.PRIORITY),
        *(Programme(f"ban-{commune}-{one}", f"Tin bản {one}", (said[5 + one],)) for one in range(HAMLETS)),
    ]
    rules = [
        Rule(f"tin-{commune}", f"tin-{commune}", here, (time(5, 45),), _EVERY_DAY),
        Rule(f"trua-{commune}", f"trua-{commune}", here, (time(11, 15),), _WORKDAYS),
        Rule(f"toi-{commune}", f"toi-{commune}", here, (time(18, commune % 30),), frozenset({1, 3, 5})),
        Rule(f"ram-{commune}", f"gap-{commune}", here, (time(17, 5),), lunar_days=frozenset({LunarDay(15)})),
        *(
            Rule(f"ban-{commune}-{one}", f"ban-{commune}-{one}", frozenset({place}), (time(6, 30),), _WORKDAYS)
            for one in range(HAMLETS)
            for place in (f"c{commune}-h{one}",)
        ),
        *(
            Rule(f"cum-{commune}-{one}", f"gap-{commune}", frozenset({place}), (time(6, 20),), frozenset({6}))
            for one in range(5)
            for place in (f"c{commune}-h{one}-l0",)
        ),
    ]  # fmt: skip
    return programmes, rules


def _twice(item: ProgrammeItem) -> ProgrammeItem:
    """Return `item` said twice with a short gap."""
    return ProgrammeItem(item.bulletin_id, repeat=2, gap=timedelta(seconds=3))


def policy() -> AirtimePolicy:
    """Return a policy with every kind of line: two in five clusters start later than their neighbours."""
    later = {"l1": timedelta(seconds=2), "l3": timedelta(seconds=4)}
    return AirtimePolicy(
        quiet=(QuietHours(time(21, 30), time(5)), QuietHours(time(12), time(13, 30))),
        session_limit=30 * _MINUTE,
        day_limit=90 * _MINUTE,
        sessions_per_day=8,
        repeat_limit=4,
        volume=(VolumeBand(time(5), time(6), -6.0),),
        staggers=tuple((one, later[end]) for one in clusters() if (end := one.rpartition("-")[2]) in later),
    )


def _exclusions() -> tuple[ExclusionWindow, ...]:
    return tuple(
        ExclusionWindow(f"x{one}", "nhà thờ", frozenset({f"c{one}-h1-l2"}), time(17), time(18), frozenset({7}))
        for one in range(COMMUNES)
    )


def _calendar() -> Calendar:
    first = date(2026, 11, 20)
    return Calendar(
        (SpecialDay("20-11", "Ngày Nhà giáo", DayType.HOLIDAY, first, first),),
        {"sang": Daypart("sang", "Sáng", time(5), time(5, 30))},
    )


def inputs() -> Inputs:
    """Return all that decides, as values."""
    programmes, rules = _programmes_and_rules()
    shelf = Shelf(
        {one.id: one for one in rules},
        {one.id: one for one in programmes},
        {one.id: one for one in bulletins()},
        {one.hash: one for one in _sounds()},
    )
    own = policy()
    terms = Terms(AirtimePolicy(**{**_fields(own), "exclusions": _exclusions()}))
    return Inputs(1, shelf, terms, areas(), _calendar(), 20 * _MINUTE)


def _fields(own: AirtimePolicy) -> dict[str, object]:
    return {name: getattr(own, name) for name in own.__slots__}


def fill(folder: Path) -> Database:
    """Return a new database that holds the province."""
    database = Database(folder / "tiengloa.db")
    upgrade(database, folder / "backups", NOW)
    programmes, rules = _programmes_and_rules()
    with database.write() as connection:
        station.put(connection, Station("dai", "Đài tỉnh", "", 1, policy(), True, False))  # noqa: FBT003
        places.add_levels(connection, LEVELS)
        places.add_areas(connection, areas())
        for number in range(4):
            columns.put(connection, NewsColumn(f"cm{number}", f"Chuyên mục {number}"))
        for one in _sounds():
            clips.put(connection, one)
        connection.execute(insert(tables.bulletin), [_row(one) for one in bulletins()])
        for one in programmes:
            timetable.put_programme(connection, one)
        for one in _calendar().dayparts.values():
            calendar.put_daypart(connection, one)
        for one in rules:
            timetable.put_rule(connection, one)
        for one in _calendar().special:
            calendar.put_special_day(connection, one)
        for one in _exclusions():
            calendar.put_exclusion(connection, one)
        connection.execute(insert(tables.machine), [_machine_row(one) for one in machines()])
    return database


def _row(one: Bulletin) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "script": one.script,
        "genre": one.genre.value,
        "state": one.state.value,
        "version": one.version,
        "author_name": one.author_name,
        "updated_at": one.updated_at,
        "readings": [],
        "approved_at": one.approved_at,
        "valid_until": one.valid_until,
        "clip_hash": one.clip_hash,
        "clip_version": one.clip_version,
        "column_id": one.column_id,
    }


def _machine_row(one: Machine) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "area_id": one.area_id,
        "public_key": one.public_key,
        "enrolled_at": one.enrolled_at,
    }
