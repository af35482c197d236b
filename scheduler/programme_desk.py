"""The programmes' desk: sessions put together of items, used by any number of rules, and edited in place."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from domain.errors import BadInputError, NotFoundError
from domain.people import Role, User
from domain.ports import Clock
from domain.timetable import Programme, Slot
from scheduler import planning
from scheduler.effects import Effect, effects
from scheduler.inputs import ZONE, Inputs
from scheduler.lengths import ItemLength, Span, item_lengths, length_of
from scheduler.named import load_named
from scheduler.noting import Deed, note, refuse_if_moved, require
from scheduler.programme_checks import NAME_LIMIT, checked
from store import campaigns, columns, plans, timetable
from store.engine import Database, new_id


@dataclass(frozen=True, slots=True)
class Preview:
    """How long a programme is, item by item and in all, and what saving it would do to the coming sessions."""

    items: tuple[ItemLength, ...]
    length: Span
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeDesk:
    """Makes, changes and removes programmes.

    Raises NotAllowedError, BadInputError or NotFoundError with a sentence for the person; then nothing was changed.
    """

    database: Database
    clock: Clock

    def get(self, programme_id: str) -> Programme:
        """Return a programme. Raises NotFoundError."""
        with self.database.read() as connection:
            found = timetable.programmes(connection).get(programme_id)
        if found is None:
            raise NotFoundError("Không có chương trình này.")
        return found

    def save(self, user: User, programme: Programme, seen: str | None = None) -> None:
        """Add a programme, or make the one of its id this; its sessions follow, except what is frozen.

        `seen` is the stamp of what the person had open. Raises WrongStateError when it has been changed since.
        """
        require(user, Role.SCHEDULER)
        with self.database.write() as connection:
            held = timetable.programmes(connection)
            refuse_if_moved(seen, held.get(programme.id))
            clean = checked(programme, load_named(connection, programmes=(programme,)).shelf)
            _check_names(clean, frozenset(one.id for one in columns.everything(connection)), _topics(connection))
            timetable.put_programme(connection, clean)
            old = held.get(clean.id)
            words = f"{'thêm' if old is None else 'sửa'} chương trình «{clean.name}» ({len(clean.items)} mục)"
            words += _new_sources(clean, old)
            note(connection, Deed(user, self.clock.now()), "programme", (clean.id, words))

    def duplicate(self, user: User, programme_id: str) -> str:
        """Make a programme like another and return its id."""
        require(user, Role.SCHEDULER)
        own = self.get(programme_id)
        made = replace(own, id=new_id(), name=f"{own.name} (bản sao)"[:NAME_LIMIT])
        with self.database.write() as connection:
            timetable.put_programme(connection, made)
            words = f"nhân đôi chương trình «{own.name}»"
            note(connection, Deed(user, self.clock.now()), "programme", (made.id, words))
        return made.id

    def remove(self, user: User, programme_id: str) -> None:
        """Remove a programme that no rule names or ever did."""
        require(user, Role.SCHEDULER)
        own = self.get(programme_id)
        with self.database.write() as connection:
            if timetable.is_used(connection, programme_id):
                raise BadInputError(
                    f"Chương trình «{own.name}» đang có trong lịch hoặc đã từng phát nên không xóa được. "
                    "Hãy dừng các dòng lịch của nó."
                )
            timetable.remove_programme(connection, programme_id)
            words = f"xóa chương trình «{own.name}»"
            note(connection, Deed(user, self.clock.now()), "programme", (programme_id, words))

    def length(self, programme: Programme) -> Preview:
        """Return how long `programme` would be; quick enough for every key that is pressed."""
        with self.database.read() as connection:
            inputs = load_named(connection, programmes=(programme,))
        items = lengths(programme, inputs, planning.local_date(self.clock.now()))
        return Preview(items, length_of(items))

    def preview(self, programme: Programme) -> Preview:
        """Return how long `programme` would be, and what saving it would do; nothing is changed."""
        now = self.clock.now()
        with self.database.read() as connection:
            before = load_named(connection, programmes=(programme,))
            standing = planning.standing_areas(connection)
        items = lengths(programme, before, planning.local_date(now))
        if not _is_asked_for(programme.id, before):
            return Preview(items, length_of(items))
        changed = {**before.shelf.programmes, programme.id: programme}
        after = replace(before, shelf=replace(before.shelf, programmes=changed))
        return Preview(items, length_of(items), effects(before, after, standing, now))

    def too_late_for(self, programme_id: str) -> tuple[Slot, ...]:
        """Return the sessions that machines have been given already: an edit now does not reach them."""
        now = self.clock.now()
        with self.database.read() as connection:
            inputs = load_named(connection)
            coming = plans.slots(connection, now, now + inputs.freeze)
        found = (one for one in coming if one.programme_id == programme_id and planning.is_frozen(one))
        return tuple({one.key: one for one in found}.values())


def lengths(programme: Programme, inputs: Inputs, on: date) -> tuple[ItemLength, ...]:
    """Return the length of each item of `programme` on the local date `on`."""
    return item_lengths(programme, on, inputs.shelf, inputs.terms)


def _new_sources(programme: Programme, old: Programme | None) -> str:
    """Return in words which addresses of streams came with a change: who keeps them approves what they will say."""
    before = {one.stream_url for one in old.items} if old else set()
    fresh = sorted({one.stream_url for one in programme.items if one.stream_url} - before)
    return f"; nguồn mới: {', '.join(fresh)}" if fresh else ""


def _check_names(programme: Programme, known_columns: frozenset[str], topics: frozenset[str]) -> None:
    for number, item in enumerate(programme.items, 1):
        gone = item.column_id is not None and item.column_id not in known_columns
        if gone or (item.topic_id is not None and item.topic_id not in topics):
            raise BadInputError(f"Mục {number}: chuyên mục hoặc chủ đề đã chọn không còn nữa. Hãy chọn lại.")


def _topics(connection: Connection) -> frozenset[str]:
    return frozenset(topic.id for one in campaigns.everything(connection) for topic in one.topics)


def _is_asked_for(programme_id: str, inputs: Inputs) -> bool:
    return any(
        rule.programme_id == programme_id or any(one.programme_id == programme_id for one in rule.exceptions)
        for rule in inputs.shelf.rules.values()
    )


def frozen_words(slots: tuple[Slot, ...], now: datetime) -> str:
    """Return in words which sessions an edit at `now` comes too late for."""
    if not slots:
        return ""
    at = now.astimezone(ZONE)
    times = sorted({f"{one.starts_at.astimezone(ZONE):%H:%M}" for one in slots})
    return f"Thay đổi lúc {at:%H:%M} chưa kịp buổi {', '.join(times)}: máy phát đã nhận nội dung cũ."
