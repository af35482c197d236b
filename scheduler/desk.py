"""The timetable's desk: what a scheduler may ask for, and what will sound because of it."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.audio import Clip
from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotAllowedError
from domain.machines import Machine
from domain.people import Role, User
from domain.ports import Clock
from domain.timetable import STATION_ZONE, Priority, Programme, ProgrammeItem, Rule, Slot
from scheduler import planning
from scheduler.policy import check_session
from scheduler.reconcile import LogLine, day_report
from store import airings, bulletins, clips, machines, places, plans, station, timetable
from store.engine import Database, new_id

ZONE = ZoneInfo(STATION_ZONE)
MOST_ITEMS = 20
MOST_TIMES = 24
NAME_LIMIT = 120
_SYLLABLES_A_MINUTE = 150


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session as a scheduler fills it in; `weekdays` for every week, `dates` for single days."""

    name: str
    bulletin_ids: tuple[str, ...]
    area_ids: frozenset[str]
    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    priority: Priority = Priority.NORMAL
    except_area_ids: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class TimetableDesk:
    """Adds and stops sessions, and tells what will sound and what sounded.

    Raises NotAllowedError or BadInputError with a sentence for the person; then nothing was changed.
    """

    database: Database
    clock: Clock

    def add(self, user: User, wanted: NewSession) -> str:
        """Add a session to the timetable and return the id of its rule."""
        _require_scheduler(user)
        _check_shape(wanted)
        _check_days(wanted, self.clock.now())
        rule_id, programme_id = new_id(), new_id()
        with self.database.write() as connection:
            known = {area.id for area in places.areas(connection)}
            if not wanted.area_ids or not wanted.area_ids <= known:
                raise BadInputError("Hãy chọn ít nhất một địa bàn để phát.")
            length = _length_of(connection, wanted.bulletin_ids)
            policy = station.get(connection).policy
            for moment in wanted.times:
                broken = check_session(policy, _some_instant(wanted, moment, self.clock.now()), length)
                if broken:
                    raise BadInputError(f"Chưa xếp lịch: {' '.join(broken)}")
            items = tuple(ProgrammeItem(bulletin_id=one) for one in wanted.bulletin_ids)
            timetable.put_programme(connection, Programme(programme_id, _name(wanted), items, wanted.priority))
            timetable.put_rule(connection, _rule(rule_id, programme_id, wanted, user))
        return rule_id

    def stop(self, user: User, rule_id: str) -> None:
        """Switch a rule off: nothing more of it sounds; what sounded stays in the log."""
        _require_scheduler(user)
        with self.database.write() as connection:
            timetable.set_enabled(connection, timetable.rule(connection, rule_id).id, False)

    def resume(self, user: User, rule_id: str) -> None:
        """Switch a rule on again."""
        _require_scheduler(user)
        with self.database.write() as connection:
            timetable.set_enabled(connection, timetable.rule(connection, rule_id).id, True)

    def will_sound(self, area_id: str, start: datetime, end: datetime) -> tuple[Slot, ...]:
        """Return what will sound in an area in [start, end), by the very code that makes playlists."""
        return self.will_sound_at((area_id,), start, end)[area_id]

    def will_sound_at(self, area_ids: Iterable[str], start: datetime, end: datetime) -> dict[str, tuple[Slot, ...]]:
        """Return what will sound in each of some areas, as `will_sound` does, all read at one moment."""
        with self.database.read() as connection:
            inputs = planning.load(connection)
        return {one: planning.slots_of_area(inputs, one, start, end) for one in area_ids}

    def machines_under(self, area_ids: frozenset[str]) -> tuple[Machine, ...]:
        """Return the machines in use that hang on any of some areas or below."""
        with self.database.read() as connection:
            every, areas = machines.everything(connection), places.areas(connection)
        today = planning.local_date(self.clock.now())
        return tuple(
            one for one in every if one.revoked_at is None and planning.path_on(areas, one.area_id, today) & area_ids
        )

    def log(self, day: date, machine_id: str | None = None) -> tuple[LogLine, ...]:
        """Return the station log of a local day: each planned item with what became of it."""
        start = datetime.combine(day, time(), ZONE)
        end = start + timedelta(days=1)
        with self.database.read() as connection:
            planned = plans.slots(connection, start, end, machine_id)
            reported = airings.between(connection, start, end, machine_id)
        return day_report(planned, reported, self.clock.now())


def _require_scheduler(user: User) -> None:
    if not user.may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")


def _require_schedulable(bulletin: Bulletin) -> None:
    if bulletin.state is not BulletinState.APPROVED:
        raise BadInputError(f"Bản tin «{bulletin.title}» chưa được duyệt nên chưa xếp lịch được.")


def _check_shape(wanted: NewSession) -> None:
    if not _name(wanted):
        raise BadInputError("Hãy đặt tên cho buổi phát, ví dụ «Buổi sáng».")
    if len(_name(wanted)) > NAME_LIMIT:
        raise BadInputError(f"Tên buổi phát dài quá {NAME_LIMIT} ký tự.")
    if not wanted.bulletin_ids:
        raise BadInputError("Hãy chọn ít nhất một bản tin cho buổi phát.")
    if len(wanted.bulletin_ids) > MOST_ITEMS:
        raise BadInputError(f"Một buổi phát có nhiều nhất {MOST_ITEMS} bản tin.")
    if not wanted.times:
        raise BadInputError("Hãy ghi giờ phát theo kiểu 24 giờ, ví dụ 05:30.")
    if len(set(wanted.times)) > MOST_TIMES:
        raise BadInputError(f"Một buổi phát có nhiều nhất {MOST_TIMES} giờ phát trong ngày.")


def _check_days(wanted: NewSession, now: datetime) -> None:
    today = now.astimezone(ZONE)
    if not wanted.weekdays and not wanted.dates:
        raise BadInputError("Hãy chọn ngày phát: một ngày cụ thể hoặc các thứ trong tuần.")
    if wanted.valid_from and wanted.valid_until and wanted.valid_until < wanted.valid_from:
        raise BadInputError("Ngày cuối phải từ ngày đầu trở đi.")
    starts = {wanted.valid_from} if wanted.valid_from else set()
    if any(day.year > today.year + 5 for day in wanted.dates | starts):
        raise BadInputError("Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới.")
    if not _ever_sounds(wanted, now):
        raise BadInputError(
            f"Các giờ phát đã chọn đều đã qua (bây giờ là {today:%H:%M:%S ngày %d/%m/%Y}) hoặc không rơi vào ngày nào. "
            "Hãy chọn giờ muộn hơn."
        )


def _ever_sounds(wanted: NewSession, now: datetime) -> bool:
    """Tell whether any instant of the session lies ahead; every weekday comes within eight days of its first."""
    today = now.astimezone(ZONE).date()
    first = max(today, wanted.valid_from or today)
    week = (first + timedelta(days=number) for number in range(8))
    regular = {
        day
        for day in week
        if day.isoweekday() in wanted.weekdays and (wanted.valid_until is None or day <= wanted.valid_until)
    }
    return any(datetime.combine(day, moment, ZONE) > now for day in regular | wanted.dates for moment in wanted.times)


def _name(wanted: NewSession) -> str:
    return " ".join(unicodedata.normalize("NFC", wanted.name).split())


def _some_instant(wanted: NewSession, moment: time, now: datetime) -> datetime:
    day = min(wanted.dates) if wanted.dates else now.astimezone(ZONE).date()
    return datetime.combine(day, moment, ZONE)


def _length_of(connection: Connection, bulletin_ids: tuple[str, ...]) -> timedelta:
    chosen = [bulletins.get(connection, bulletin_id) for bulletin_id in bulletin_ids]
    for bulletin in chosen:
        _require_schedulable(bulletin)
    known = clips.some(connection, (bulletin.clip_hash for bulletin in chosen if bulletin.clip_hash))
    return sum((_length(bulletin, known) for bulletin in chosen), timedelta())


def _length(bulletin: Bulletin, known: dict[str, Clip]) -> timedelta:
    clip = known.get(bulletin.clip_hash or "")
    if clip is not None and bulletin.clip_version == bulletin.version:
        return clip.length
    return timedelta(minutes=len(bulletin.script.split()) / _SYLLABLES_A_MINUTE)


def _rule(rule_id: str, programme_id: str, wanted: NewSession, user: User) -> Rule:
    return Rule(
        id=rule_id,
        programme_id=programme_id,
        area_ids=wanted.area_ids,
        times=tuple(sorted(set(wanted.times))),
        weekdays=wanted.weekdays,
        dates=wanted.dates,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        except_area_ids=wanted.except_area_ids,
        created_by=user.name,
    )
