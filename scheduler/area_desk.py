"""The areas' desk: places added, renamed, moved, and ended on a date with what takes their place."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from domain.areas import Area, descendants
from domain.errors import BadInputError, NotFoundError
from domain.people import Role, User
from domain.ports import Clock
from domain.text import tidy
from scheduler import planning
from scheduler.effects import Effect, effects
from scheduler.noting import Deed, note, refuse_if_moved, require
from scheduler.planning import local_date
from scheduler.succession import is_over
from store import people, places, station
from store.engine import Database

NAME_LIMIT = 120
CODE_LIMIT = 20
FIRST_YEAR, LAST_YEAR = 1945, 2099
COMMAND_LINE = "dong-lenh"


@dataclass(frozen=True, slots=True)
class AreaDesk:
    """Changes the tree of places. `user` is None on the command line of the centre itself.

    Raises NotAllowedError, BadInputError or NotFoundError with a sentence for the person; then nothing was changed.
    `seen` is the stamp of what the person had open: WrongStateError says that it has been changed since.
    """

    database: Database
    clock: Clock

    def add(self, user: User | None, area: Area) -> None:
        """Add a place below its parent."""
        with self.database.write() as connection:
            deed, known = self._begin(connection, user)
            clean = _checked(area, known, connection)
            places.add_areas(connection, (clean,))
            places.add_successions(connection, (clean,))
            station.plan_changed(connection)
            note(connection, deed, "area", (clean.id, f"thêm địa bàn «{clean.name}»"))

    def change(self, user: User | None, area: Area, seen: str | None = None) -> None:
        """Rename or move a place, or correct its code and dates; what took its place stays as it was."""
        with self.database.write() as connection:
            deed, known = self._begin(connection, user)
            old = area_of(known, area.id)
            refuse_if_moved(seen, old)
            clean = _checked(replace(area, successor_ids=old.successor_ids), known, connection)
            places.change_area(connection, clean)
            words = f"sửa địa bàn «{old.name}»" + (f" thành «{clean.name}»" if clean.name != old.name else "")
            note(connection, deed, "area", (clean.id, words))

    def end(
        self, user: User | None, area_id: str, last_day: date, heirs: frozenset[str], seen: str | None = None
    ) -> None:
        """End a place after `last_day`, with the places that take its place."""
        with self.database.write() as connection:
            deed, known = self._begin(connection, user)
            old = area_of(known, area_id)
            refuse_if_moved(seen, old)
            ended = replace(old, valid_until=last_day, successor_ids=heirs)
            _check_dates(ended)
            _check_heirs(ended, known)
            places.change_area(connection, ended)
            names = ", ".join(f"«{known[one].name}»" for one in sorted(heirs)) or "không có nơi thay thế"
            words = f"kết thúc địa bàn «{old.name}» sau {last_day:%d/%m/%Y}; thay bằng: {names}"
            note(connection, deed, "area", (area_id, words))

    def go_on(self, user: User | None, area_id: str, seen: str | None = None) -> None:
        """Take back the end of a place."""
        with self.database.write() as connection:
            deed, known = self._begin(connection, user)
            old = area_of(known, area_id)
            refuse_if_moved(seen, old)
            places.change_area(connection, replace(old, valid_until=None, successor_ids=frozenset()))
            note(connection, deed, "area", (area_id, f"bỏ việc kết thúc địa bàn «{old.name}»"))

    def effects_of(self, area: Area) -> tuple[Effect, ...]:
        """Return what the coming sessions would be with a place as it is here, its end included; nothing is changed."""
        with self.database.read() as connection:
            before = planning.load(connection)
            standing = planning.standing_areas(connection)
            known = {one.id: one for one in before.areas}
            area_of(known, area.id)
            clean = _checked(area, known, connection)
        if clean.valid_until is not None:
            _check_heirs(clean, known)
        areas = tuple(clean if one.id == clean.id else one for one in before.areas)
        return effects(before, replace(before, areas=areas), standing, self.clock.now())

    def left_behind(self, area_id: str) -> tuple[Area, ...]:
        """Return the places still inside one that is over and has not one heir: a person must move them."""
        with self.database.read() as connection:
            known = {one.id: one for one in places.areas(connection)}
        own, today = area_of(known, area_id), local_date(self.clock.now())
        if own.valid_until is None or len(own.successor_ids) == 1:
            return ()
        return tuple(one for one in known.values() if one.parent_id == area_id and not is_over(one, today))

    def _begin(self, connection: Connection, user: User | None) -> tuple[Deed, dict[str, Area]]:
        if user is not None:
            require(user, Role.TECHNICIAN)
        doer = user or people.by_itself(connection, COMMAND_LINE, "Dòng lệnh")
        return Deed(doer, self.clock.now()), {one.id: one for one in places.areas(connection)}


def area_of(known: Mapping[str, Area], area_id: str) -> Area:
    """Return the area of an id. Raises NotFoundError."""
    if area_id not in known:
        raise NotFoundError("Không có địa bàn này.")
    return known[area_id]


def _checked(area: Area, known: Mapping[str, Area], connection: Connection) -> Area:
    name = tidy(area.name)
    code = area.official_code.strip()
    if not name or len(name) > NAME_LIMIT:
        raise BadInputError(f"Tên địa bàn không được trống và dài tối đa {NAME_LIMIT} ký tự.")
    if len(code) > CODE_LIMIT:
        raise BadInputError(f"Mã hành chính dài tối đa {CODE_LIMIT} ký tự.")
    if area.level not in {one.code for one in places.levels(connection)}:
        raise BadInputError("Hãy chọn một cấp trong danh sách.")
    if area.parent_id is not None:
        area_of(known, area.parent_id)
        if area.id in known and area.parent_id in descendants(known.values(), area.id):
            raise BadInputError(f"«{name}» không thể nằm trong chính nó hoặc trong nơi thuộc về nó.")
    others = (one for one in known.values() if one.id != area.id and one.valid_until is None)
    if area.valid_until is None and any((one.name, one.parent_id) == (name, area.parent_id) for one in others):
        raise BadInputError(f"«{name}» đã có rồi. Chưa có gì thay đổi.")
    _check_dates(area)
    return replace(area, name=name, official_code=code)


def _check_dates(area: Area) -> None:
    for day in (area.valid_from, area.valid_until):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadInputError(f"Ngày phải trong các năm {FIRST_YEAR} đến {LAST_YEAR}.")
    if area.valid_from and area.valid_until and area.valid_until < area.valid_from:
        raise BadInputError("Ngày cuối phải từ ngày bắt đầu trở đi.")


def _check_heirs(ended: Area, known: Mapping[str, Area]) -> None:
    assert ended.valid_until is not None
    for heir_id in ended.successor_ids:
        heir = area_of(known, heir_id)
        if heir_id == ended.id or ended.id in _line_of(heir, known):
            raise BadInputError(f"«{heir.name}» không thể thay cho «{ended.name}»: hai nơi sẽ thay nhau thành vòng.")
        if is_over(heir, ended.valid_until):
            raise BadInputError(f"«{heir.name}» đã kết thúc trước «{ended.name}» nên không thay được.")


def _line_of(area: Area, known: Mapping[str, Area]) -> frozenset[str]:
    """Return every area that took the place of `area` in turn."""
    seen, waiting = set[str](), list(area.successor_ids)
    while waiting:
        step = waiting.pop()
        if step not in seen and step in known:
            seen.add(step)
            waiting += known[step].successor_ids
    return frozenset(seen)
