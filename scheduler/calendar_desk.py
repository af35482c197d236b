"""The calendar's desk: special days, dayparts and seasons, changed by schedulers and written down."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.calendar import DAY_TYPE_LABELS, Calendar, Daypart, MonthDay, Seasons, SpecialDay
from domain.errors import BadInputError, NotFoundError
from domain.people import Role, User
from domain.ports import Clock
from domain.text import tidy
from scheduler import planning
from scheduler.calendar_outlook import CalendarOutlook, outlook
from scheduler.effects import Effect
from scheduler.noting import Deed, note, refuse_if_moved, require
from store import calendar, timetable
from store.engine import Database

NAME_LIMIT = 120
LONGEST_SPAN = timedelta(days=120)
FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_DAYPARTS = 24


@dataclass(frozen=True, slots=True)
class CalendarDesk:
    """Changes the station's days and hours.

    Raises NotAllowedError, BadInputError or NotFoundError with a sentence for the person; then nothing was changed.
    `seen` is the stamp of what the person had open: WrongStateError says that it has been changed since.
    """

    database: Database
    clock: Clock

    def get(self) -> Calendar:
        """Return the whole calendar."""
        with self.database.read() as connection:
            return calendar.get(connection)

    def put_day(self, user: User, day: SpecialDay, seen: str | None = None) -> None:
        """Add a special day, or make the one of its id this; a seeded one stays known as such."""
        require(user, Role.SCHEDULER)
        clean = _checked_day(day)
        with self.database.write() as connection:
            old = {one.id: one for one in calendar.special_days(connection)}.get(day.id)
            refuse_if_moved(seen, old)
            calendar.put_special_day(connection, replace(clean, seeded=old is not None and old.seeded))
            words = f"{'thêm' if old is None else 'sửa'} {in_words(clean)}"
            note(connection, self._deed(user), "calendar.day", (day.id, words))

    def switch_day(self, user: User, day_id: str, *, enabled: bool) -> SpecialDay:
        """Switch a special day off, so that it is an ordinary one, or on again."""
        require(user, Role.SCHEDULER)
        with self.database.write() as connection:
            day = replace(calendar.special_day(connection, day_id), enabled=enabled)
            calendar.put_special_day(connection, day)
            words = f"{'dùng lại' if enabled else 'tắt'} {in_words(day)}"
            note(connection, self._deed(user), "calendar.day", (day_id, words))
        return day

    def remove_day(self, user: User, day_id: str) -> None:
        """Remove a special day that a person added; one that came with the product would come back: switch it off."""
        require(user, Role.SCHEDULER)
        with self.database.write() as connection:
            day = calendar.special_day(connection, day_id)
            if day.seeded:
                raise BadInputError(f"«{day.name}» là ngày nghỉ có sẵn nên không xóa được. Hãy tắt nếu không dùng.")
            calendar.remove_special_day(connection, day_id)
            note(connection, self._deed(user), "calendar.day", (day_id, f"xóa {in_words(day)}"))

    def put_daypart(self, user: User, daypart: Daypart, seen: str | None = None) -> None:
        """Add a daypart, or make the one of its id this; rules by its name follow."""
        require(user, Role.SCHEDULER)
        clean = replace(daypart, name=_name(daypart.name, "Hãy đặt tên cho khung giờ, ví dụ «Sáng»."))
        with self.database.write() as connection:
            known = {one.id: one for one in calendar.dayparts(connection)}
            refuse_if_moved(seen, known.get(clean.id))
            if any(one.name.casefold() == clean.name.casefold() and one.id != clean.id for one in known.values()):
                raise BadInputError(f"Đã có khung giờ tên «{clean.name}». Hãy chọn tên khác.")
            if clean.id not in known and len(known) >= MOST_DAYPARTS:
                raise BadInputError(f"Đã có {MOST_DAYPARTS} khung giờ; hãy bỏ bớt rồi thêm.")
            calendar.put_daypart(connection, clean)
            hours = f"mùa hè {clean.summer:%H:%M}, mùa đông {clean.winter:%H:%M}"
            note(connection, self._deed(user), "calendar.daypart", (clean.id, f"khung giờ «{clean.name}»: {hours}"))

    def remove_daypart(self, user: User, daypart_id: str) -> None:
        """Remove a daypart that no rule names."""
        require(user, Role.SCHEDULER)
        with self.database.write() as connection:
            found = {one.id: one for one in calendar.dayparts(connection)}.get(daypart_id)
            if found is None:
                raise NotFoundError("Không còn khung giờ này.")
            used = sum(daypart_id in one.daypart_ids for one in timetable.rules(connection).values())
            if used:
                raise BadInputError(
                    f"Khung giờ «{found.name}» đang dùng ở {used} dòng lịch nên chưa xóa được. "
                    "Hãy sửa các dòng lịch ấy trước."
                )
            calendar.remove_daypart(connection, daypart_id)
            note(connection, self._deed(user), "calendar.daypart", (daypart_id, f"xóa khung giờ «{found.name}»"))

    def set_seasons(self, user: User, seasons: Seasons, seen: str | None = None) -> None:
        """Change when summer hours and winter hours begin."""
        require(user, Role.SCHEDULER)
        if seasons.summer_from == seasons.winter_from:
            raise BadInputError("Giờ mùa hè và giờ mùa đông phải bắt đầu vào hai ngày khác nhau.")
        with self.database.write() as connection:
            refuse_if_moved(seen, calendar.seasons(connection))
            calendar.set_seasons(connection, seasons)
            words = f"giờ mùa hè từ {_day_month(seasons.summer_from)}, mùa đông từ {_day_month(seasons.winter_from)}"
            note(connection, self._deed(user), "calendar.seasons", ("seasons", words))

    def effects_of(self, changed: Calendar) -> tuple[Effect, ...]:
        """Return what the coming sessions would be with another calendar."""
        return self.outlook(changed).effects

    def outlook(self, changed: Calendar) -> CalendarOutlook:
        """Return on which days another calendar would tell otherwise, and what would become of their sessions."""
        with self.database.read() as connection:
            before = planning.load(connection)
            standing = planning.standing_areas(connection)
        return outlook(before, changed, standing, self.clock.now())

    def _deed(self, user: User) -> Deed:
        return Deed(user, self.clock.now())


def with_day(held: Calendar, day: SpecialDay) -> Calendar:
    """Return the calendar with `day` in the place of the one of its id."""
    return replace(held, special=(*(one for one in held.special if one.id != day.id), day))


def with_daypart(held: Calendar, daypart: Daypart) -> Calendar:
    """Return the calendar with `daypart` in the place of the one of its id."""
    return replace(held, dayparts={**held.dayparts, daypart.id: daypart})


def without_day(held: Calendar, day_id: str) -> Calendar:
    """Return the calendar without a special day."""
    return replace(held, special=tuple(one for one in held.special if one.id != day_id))


def with_seasons(held: Calendar, seasons: Seasons) -> Calendar:
    """Return the calendar with other seasons."""
    return replace(held, seasons=seasons)


def in_words(day: SpecialDay) -> str:
    """Return a special day as a person says it."""
    span = f"{day.first:%d/%m/%Y}" if day.first == day.last else f"{day.first:%d/%m/%Y} – {day.last:%d/%m/%Y}"
    return f"«{day.name}» ({DAY_TYPE_LABELS[day.day_type]}) {span}"


def month_day(month: int, day: int) -> MonthDay:
    """Return a day of every year. Raises BadInputError when some year has no such day."""
    try:
        date(2023, month, day)
    except ValueError as error:
        raise BadInputError(f"«{day}/{month}» không phải là ngày nào cũng có mỗi năm. Ví dụ đúng: 16/4.") from error
    return MonthDay(month, day)


def _checked_day(day: SpecialDay) -> SpecialDay:
    if day.last < day.first:
        raise BadInputError("Ngày cuối phải từ ngày đầu trở đi.")
    if day.last - day.first >= LONGEST_SPAN:
        raise BadInputError(f"Một đợt dài nhất {LONGEST_SPAN.days} ngày. Hãy chia thành nhiều đợt.")
    if not FIRST_YEAR <= day.first.year <= day.last.year <= LAST_YEAR:
        raise BadInputError(f"Ngày phải trong các năm {FIRST_YEAR} đến {LAST_YEAR}.")
    return replace(day, name=_name(day.name, "Hãy đặt tên cho ngày này, ví dụ «Thi tốt nghiệp THPT»."))


def _name(text: str, sentence: str) -> str:
    clean = tidy(text)
    if not clean:
        raise BadInputError(sentence)
    if len(clean) > NAME_LIMIT:
        raise BadInputError(f"Tên dài quá {NAME_LIMIT} ký tự.")
    return clean


def _day_month(one: MonthDay) -> str:
    return f"{one.day}/{one.month}"
