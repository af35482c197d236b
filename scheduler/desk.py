"""The timetable's desk: what a scheduler may ask for, and what will sound because of it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.audio import Clip
from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotAllowedError
from domain.people import Role, User
from domain.ports import Clock
from domain.timetable import STATION_ZONE, Priority, Programme, ProgrammeItem, Rule, Slot
from scheduler import planning
from scheduler.policy import check_session
from scheduler.reconcile import LogLine, day_report
from store import airings, bulletins, clips, places, station, timetable
from store.engine import Database, new_id

ZONE = ZoneInfo(STATION_ZONE)
MOST_ITEMS = 20
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
        _check_shape(wanted, self.clock.now())
        rule_id, programme_id = new_id(), new_id()
        with self.database.write() as connection:
            known = {area.id for area in places.areas(connection)}
            if not wanted.area_ids or not wanted.area_ids <= known:
                raise BadInputError("Hãy chọn ít nhất một địa bàn để phát.")
            length = timedelta()
            for bulletin_id in wanted.bulletin_ids:
                bulletin = bulletins.get(connection, bulletin_id)
                _require_schedulable(bulletin)
                length += _length(bulletin, clips.everything(connection))
            policy = station.get(connection).policy
            for moment in wanted.times:
                broken = check_session(policy, _some_instant(wanted, moment, self.clock.now()), length)
                if broken:
                    raise BadInputError(f"Chưa xếp lịch: {' '.join(broken)}")
            items = tuple(ProgrammeItem(bulletin_id=one) for one in wanted.bulletin_ids)
            timetable.add_programme(connection, Programme(programme_id, wanted.name.strip(), items, wanted.priority))
            timetable.add_rule(connection, _rule(rule_id, programme_id, wanted, user))
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
        with self.database.read() as connection:
            return planning.slots_of_area(planning.load(connection), area_id, start, end)

    def log(self, day: date, machine_id: str | None = None) -> tuple[LogLine, ...]:
        """Return the station log of a local day: each planned item with what became of it."""
        start = datetime.combine(day, time(), ZONE)
        end = start + timedelta(days=1)
        with self.database.read() as connection:
            planned = timetable.slots(connection, start, end, machine_id)
            reported = airings.between(connection, start, end, machine_id)
        return day_report(planned, reported, self.clock.now())


def _require_scheduler(user: User) -> None:
    if not user.may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")


def _require_schedulable(bulletin: Bulletin) -> None:
    if bulletin.state is not BulletinState.APPROVED:
        raise BadInputError(f"Bản tin «{bulletin.title}» chưa được duyệt nên chưa xếp lịch được.")


def _check_shape(wanted: NewSession, now: datetime) -> None:
    today = now.astimezone(ZONE)
    if not wanted.name.strip():
        raise BadInputError("Hãy đặt tên cho buổi phát, ví dụ «Buổi sáng».")
    if not wanted.bulletin_ids:
        raise BadInputError("Hãy chọn ít nhất một bản tin cho buổi phát.")
    if len(wanted.bulletin_ids) > MOST_ITEMS:
        raise BadInputError(f"Một buổi phát có nhiều nhất {MOST_ITEMS} bản tin.")
    if not wanted.times:
        raise BadInputError("Hãy ghi giờ phát theo kiểu 24 giờ, ví dụ 05:30.")
    if not wanted.weekdays and not wanted.dates:
        raise BadInputError("Hãy chọn ngày phát: một ngày cụ thể hoặc các thứ trong tuần.")
    if wanted.valid_from and wanted.valid_until and wanted.valid_until < wanted.valid_from:
        raise BadInputError("Ngày cuối phải từ ngày đầu trở đi.")
    if any(day.year > today.year + 5 for day in wanted.dates):
        raise BadInputError("Ngày phát quá xa. Hãy chọn ngày trong vòng năm năm tới.")
    if not wanted.weekdays and all(
        datetime.combine(day, moment, ZONE) <= now for day in wanted.dates for moment in wanted.times
    ):
        raise BadInputError(f"Giờ phát đã qua (bây giờ là {today:%H:%M:%S ngày %d/%m/%Y}). Hãy chọn giờ muộn hơn.")


def _some_instant(wanted: NewSession, moment: time, now: datetime) -> datetime:
    day = min(wanted.dates) if wanted.dates else now.astimezone(ZONE).date()
    return datetime.combine(day, moment, ZONE)


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
        times=tuple(sorted(wanted.times)),
        weekdays=wanted.weekdays,
        dates=wanted.dates,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        except_area_ids=wanted.except_area_ids,
        created_by=user.name,
    )
