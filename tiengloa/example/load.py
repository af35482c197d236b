"""Put the example station into a new database, and let it be heard soon after every start."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.airtime import AirtimePolicy
from domain.bulletins import BulletinState
from domain.people import Role, User
from domain.timetable import STATION_ZONE, Programme, ProgrammeItem, Rule, Slot
from scheduler.seeding import seed_dayparts, seed_holidays
from store import bulletins, campaigns, jobs, people, places, station, timetable
from store.bulletins import Act, Draft
from store.engine import new_id
from store.station import Station
from tiengloa.example.places import AREAS, EXAMPLE_LEVELS
from tiengloa.example.plan import CAMPAIGN, CAMPAIGN_ID, ORGANISATIONS
from tiengloa.example.scripts import BULLETINS, ExampleBulletin

EDITOR_LOGIN, APPROVER_LOGIN = "bientap", "duyet"
_ZONE = ZoneInfo(STATION_ZONE)
_TRIAL = timedelta(minutes=3)
"""No example bulletin is longer."""

POLICY = AirtimePolicy(
    quiet=(),
    session_limit=timedelta(minutes=15),
    day_limit=timedelta(hours=24),
    note="Đài mẫu không đặt giờ yên tĩnh để nghe thử được ngay, nên buổi phát có thể vang lên vào bất cứ giờ nào. "
    "Đài thật mặc định im lặng từ 21:30 đến 05:00.",
)

_EDITOR = User(
    "mau-bien-tap", EDITOR_LOGIN, "Lò Thị Biên Tập", frozenset({Role.EDITOR, Role.SCHEDULER, Role.TECHNICIAN})
)
_APPROVER = User("mau-nguoi-duyet", APPROVER_LOGIN, "Vàng A Duyệt", frozenset({Role.APPROVER, Role.SCHEDULER}))


@dataclass(frozen=True, slots=True)
class Soon:
    """The session that is heard soon after a start."""

    title: str
    starts_at: datetime


def load(connection: Connection, now: datetime) -> None:
    """Write the example station into an empty database."""
    station.put(
        connection,
        Station(
            id=new_id(),
            name="Đài truyền thanh mẫu Lai Châu",
            public_key="",
            epoch=1,
            policy=POLICY,
            backup_voice_needs_yes=True,
            example=True,
        ),
    )
    people.add(connection, _EDITOR)
    people.add(connection, _APPROVER)
    places.add_levels(connection, EXAMPLE_LEVELS)
    places.add_areas(connection, AREAS)
    places.add_successions(connection, AREAS)
    places.add_organisations(connection, ORGANISATIONS)
    campaigns.add(connection, CAMPAIGN)
    seed_dayparts(connection)
    seed_holidays(connection, now.astimezone(_ZONE).date())
    for one in BULLETINS:
        _add_approved(connection, one, now)
    _add_daily_sessions(connection, now)


def _add_approved(connection: Connection, one: ExampleBulletin, now: datetime) -> None:
    draft = Draft(one.title, one.script, one.genre, one.topic_id, CAMPAIGN_ID)
    written, approved = Act(_EDITOR, now), Act(_APPROVER, now)
    bulletins.add(connection, one.id, draft, written)
    bulletin = bulletins.get(connection, one.id)
    bulletins.note(connection, bulletin, written, "viết bản thảo")
    bulletins.change_state(connection, bulletin, BulletinState.SUBMITTED, now)
    bulletins.note(connection, bulletin, written, "trình duyệt")
    bulletins.change_state(
        connection,
        bulletins.get(connection, one.id),
        BulletinState.APPROVED,
        now,
        approved_by=_APPROVER.id,
        approved_at=now,
        backup_voice_ok_by=_APPROVER.id,
    )
    bulletins.note(connection, bulletin, approved, "duyệt", "bài mẫu; đồng ý phát cả bằng giọng dự phòng")
    jobs.add(connection, one.id, bulletin.version, now)


def _add_daily_sessions(connection: Connection, now: datetime) -> None:
    items = tuple(ProgrammeItem(bulletin_id=one.id) for one in BULLETINS)
    today = now.astimezone(_ZONE).date()
    for name, moment, chosen in (
        ("Buổi sáng", time(5, 30), items[:2]),
        ("Buổi chiều", time(17, 0), items[1:]),
    ):
        programme_id = new_id()
        timetable.put_programme(connection, Programme(programme_id, name, chosen))
        timetable.put_rule(
            connection,
            Rule(
                id=new_id(),
                programme_id=programme_id,
                area_ids=frozenset({"lai-chau"}),
                times=(moment,),
                weekdays=frozenset(range(1, 8)),
                valid_from=today,
                created_by=_EDITOR.name,
            ),
        )


def free_instant(slots: Iterable[Slot], soonest: datetime) -> datetime:
    """Return the first instant from `soonest` on at which a session of some minutes would sound over no other."""
    starts_at = soonest
    for one in sorted(slots, key=lambda slot: slot.starts_at):
        if not one.refusal and one.starts_at < starts_at + _TRIAL and one.ends_at > starts_at:
            starts_at = one.ends_at.replace(microsecond=0) + timedelta(seconds=1)
    return starts_at


def sound_soon(connection: Connection, starts_at: datetime, number: int) -> Soon:
    """Add one session of one example bulletin at `starts_at`, a different one at each start."""
    one = BULLETINS[number % len(BULLETINS)]
    title = "Buổi nghe thử"
    programme_id = new_id()
    local = starts_at.astimezone(_ZONE)
    timetable.put_programme(connection, Programme(programme_id, title, (ProgrammeItem(bulletin_id=one.id),)))
    timetable.put_rule(
        connection,
        Rule(
            id=new_id(),
            programme_id=programme_id,
            area_ids=frozenset({"lai-chau"}),
            times=(local.time(),),
            dates=frozenset({local.date()}),
            created_by=_EDITOR.name,
        ),
    )
    return Soon(f"{title}: {one.title}", starts_at)
