"""The timetable's desk: what a scheduler may ask for, what it would do, and what will sound because of it.

An edit is first a `Draft`, judged against the policy and looked at for clashes, and then saved as one change that its
maker can take back for a minute.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from domain.errors import NotAllowedError, NotFoundError, WrongStateError
from domain.machines import Machine
from domain.people import Role, User
from domain.ports import Clock
from domain.timetable import Occurrence, Programme, Rule, RuleException, Slot
from scheduler import editing, frozen, history, planning
from scheduler.conflicts import Conflict, Outlook, conflicts
from scheduler.drafts import CHANGED_MEANWHILE, Draft, Drafting
from scheduler.exceptions import exception_for
from scheduler.frozen import Late
from scheduler.inputs import Inputs, Paths
from scheduler.named import load_named
from scheduler.reconcile import LogLine, day_report, with_drills
from scheduler.sessions import MOST_ITEMS, NAME_LIMIT, ZONE, NewSession
from scheduler.snapshots import fingerprint
from scheduler.spots import slots_at, spots_among, spots_of_areas
from scheduler.stopping import held_up, may_save
from store import airings, emergencies, machines, places, plans, station
from store.changes import Change
from store.engine import Database

__all__ = ["MOST_ITEMS", "NAME_LIMIT", "ZONE", "Draft", "NewSession", "Sounding", "TimetableDesk"]


@dataclass(frozen=True, slots=True)
class Sounding:
    """One sounding of a rule: what was asked for, what stands now (None when skipped), and what machines hold."""

    rule: Rule
    programme: Programme
    asked: Occurrence
    stands: Occurrence | None
    exception: RuleException | None
    given: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """The timetable, what sounds in some areas by their ids, and what machines sound although it was changed since."""

    inputs: Inputs
    slots: dict[str, tuple[Slot, ...]]
    late: tuple[Late, ...]


@dataclass(frozen=True, slots=True)
class TimetableDesk:
    """Adds, changes and stops sessions, and tells what will sound and what sounded.

    Raises NotAllowedError, BadInputError, NotFoundError or WrongStateError with a sentence; then nothing was changed.
    """

    database: Database
    clock: Clock

    def drafting(self, user: User, bulletin_ids: Iterable[str] | None = None) -> Drafting:
        """Return what makes drafts of edits for `user`, from the timetable as it is now.

        It knows every bulletin, or, to be quick, those that the timetable names and those of `bulletin_ids`.
        """
        _require_scheduler(user)
        return Drafting(self._inputs(bulletin_ids), user, self.clock.now())

    def clashes(self, draft: Draft, known: Inputs | None = None) -> tuple[Conflict, ...]:
        """Return what an edit would silence or leave silent, in words, with the ways out.

        `known` is the timetable that the draft was made of, with all that the draft names: it need not be read again
        as long as nothing of the plan has changed since.
        """
        with self.database.read() as connection:
            inputs = known
            if inputs is None or inputs.version != station.plan_version(connection):
                inputs = load_named(connection, programmes=draft.edit.programmes)
            every, begun = self._standing(connection)
        return conflicts(inputs, every, draft.edit, self.clock.now(), Outlook(begun=begun))

    def save(self, user: User, draft: Draft, found: Iterable[Conflict] | None = None) -> int:
        """Put an edit in place and return the number of the change, by which it can be undone.

        `found` is what the person has been told of its clashes. When the timetable has moved on since the draft was
        made it is judged again, in the transaction that saves it, and what clashes besides is told instead of saved.
        Where nobody was told anything (None), whatever silences what need not give way is refused.
        """
        _require_scheduler(user)
        with self.database.write() as connection:
            if fingerprint(history.before_edit(connection, draft.edit)) != draft.seen:
                raise WrongStateError(CHANGED_MEANWHILE)
            if found is None or station.plan_version(connection) != draft.version:
                self._judge_again(connection, user, draft, found)
            return history.put(connection, draft.edit, self._change(user, draft))

    def add(self, user: User, wanted: NewSession) -> str:
        """Add a session to the timetable and return the id of its rule."""
        draft = self.drafting(user, wanted.bulletin_ids).session(wanted)
        self.save(user, draft)
        return draft.subject_id

    def stop(self, user: User, rule_id: str) -> None:
        """Switch a rule off: nothing more of it sounds; what sounded stays in the log."""
        self.save(user, self.drafting(user, ()).switch(rule_id, on=False))

    def resume(self, user: User, rule_id: str) -> None:
        """Switch a rule on again."""
        self.save(user, self.drafting(user, ()).switch(rule_id, on=True))

    def undoing(self, user: User, number: int) -> Draft | None:
        """Return the edit that taking a change back is, to be looked at for clashes as any other.

        None when nothing else has changed of the timetable since: then what comes back was there a moment ago.
        """
        _require_scheduler(user)
        with self.database.read() as connection:
            return self._way_back(connection, user, number)

    def undo(self, user: User, number: int, found: Iterable[Conflict] | None = None) -> Change:
        """Put back what was before a change of one's own, within a minute, once, if nobody has built on it.

        When others have changed the timetable elsewhere it is judged as an edit is; `found` is as in `save`.
        """
        _require_scheduler(user)
        with self.database.write() as connection:
            draft = self._way_back(connection, user, number)
            if draft is not None:
                self._judge_again(connection, user, draft, found)
            return history.undo(connection, user, number, self.clock.now())

    def undoable(self, user: User, within: timedelta = history.UNDO_FOR) -> Change | None:
        """Return the person's own newest change while it can be undone and nobody has built on it."""
        with self.database.read() as connection:
            return history.undoable(connection, user, self.clock.now(), within)

    def inputs(self, bulletin_ids: Iterable[str] = ()) -> Inputs:
        """Return all that decides what will sound, and besides the bulletins of `bulletin_ids`, read at one moment."""
        return self._inputs(bulletin_ids)

    def sounding(self, key: str) -> Sounding:
        """Return one sounding of a rule by the key of its occurrence. Raises NotFoundError."""
        rule_id, asked_at = editing.read_key(key)
        now = self.clock.now()
        with self.database.read() as connection:
            inputs = load_named(connection)
            held = plans.slots(connection, now, now + inputs.freeze)
        rule = inputs.shelf.rules.get(rule_id)
        if rule is None:
            raise NotFoundError("Không có dòng lịch này.")
        asked = editing.asked_on(rule, asked_at, inputs.calendar)
        stands = editing.as_it_stands(replace(rule, enabled=True), asked)
        programme = inputs.shelf.programmes[stands.programme_id if stands else rule.programme_id]
        given = tuple(one for one in held if one.key == key and planning.is_frozen(one))
        return Sounding(rule, programme, asked, stands, exception_for(rule, asked.starts_at), given)

    def sight(self, area_ids: Iterable[str], start: datetime, end: datetime) -> Sight:
        """Return what `inputs`, `will_sound_at` and `late` do, all read at one moment and once."""
        now = self.clock.now()
        with self.database.read() as connection:
            inputs, every = load_named(connection), machines.roster(connection)
            slots = slots_at(connection, inputs, spots_among(every, inputs, area_ids, now), (start, end), now)
            held = plans.slots(connection, now, now + inputs.freeze)
        return Sight(inputs, slots, frozen.late(inputs, held, every, now))

    def late(self) -> tuple[Late, ...]:
        """Return the sessions that machines go on to sound as they were given them, although the timetable changed."""
        now = self.clock.now()
        with self.database.read() as connection:
            inputs, every = load_named(connection), machines.roster(connection)
            held = plans.slots(connection, now, now + inputs.freeze)
        return frozen.late(inputs, held, every, now)

    def will_sound(self, area_id: str, start: datetime, end: datetime) -> tuple[Slot, ...]:
        """Return what sounds in an area in [start, end), by the very code that makes playlists; see `slots_at`."""
        return self.will_sound_at((area_id,), start, end)[area_id]

    def will_sound_at(self, area_ids: Iterable[str], start: datetime, end: datetime) -> dict[str, tuple[Slot, ...]]:
        """Return what sounds in each of some areas, as `will_sound` does, all read at one moment."""
        now = self.clock.now()
        with self.database.read() as connection:
            inputs = load_named(connection)
            spots = spots_of_areas(connection, inputs, area_ids, now)
            return slots_at(connection, inputs, spots, (start, end), now)

    def machines_under(self, area_ids: frozenset[str]) -> tuple[Machine, ...]:
        """Return the machines in use that hang on any of some areas or below."""
        with self.database.read() as connection:
            areas, every = places.areas(connection), machines.everything(connection)
        paths = Paths(areas, planning.local_date(self.clock.now()))
        return tuple(one for one in every if one.revoked_at is None and paths.of(one.area_id) & area_ids)

    def log(self, day: date, machine_id: str | Collection[str] | None = None) -> tuple[LogLine, ...]:
        """Return the station log of a local day, of one machine, of some or of all.

        That is each planned item with what became of it.
        """
        start, end = _day_of(day)
        with self.database.read() as connection:
            planned = plans.slots(connection, start, end, machine_id)
            reported = airings.between(connection, start, end, machine_id)
            drills = emergencies.drills(connection, start)
        return with_drills(day_report(planned, reported, self.clock.now()), drills)

    def troubled(self, day: date) -> frozenset[str]:
        """Return the machines that reported of a local day that something was silent or cut short."""
        with self.database.read() as connection:
            return airings.troubled(connection, *_day_of(day))

    def _inputs(self, bulletin_ids: Iterable[str] | None) -> Inputs:
        with self.database.read() as connection:
            return planning.load(connection) if bulletin_ids is None else load_named(connection, bulletin_ids)

    def _standing(self, connection: Connection) -> tuple[tuple[Machine, ...], tuple[Slot, ...]]:
        """Return every machine, and what has begun on them since yesterday, as it was kept."""
        now = self.clock.now()
        since = planning.midnight(now) - timedelta(days=1)
        return machines.roster(connection), plans.slots(connection, since, now)

    def _judge_again(self, connection: Connection, user: User, draft: Draft, found: Iterable[Conflict] | None) -> None:
        inputs, now = load_named(connection, programmes=draft.edit.programmes), self.clock.now()
        Drafting(inputs, user, now).judge(draft)
        every, begun = self._standing(connection)
        held = held_up(conflicts(inputs, every, draft.edit, now, Outlook(begun=begun)))
        if found is None:
            if not may_save(held):
                raise WrongStateError(f"{_CLASHES} {' '.join(one.sentence for one in held[:_MOST_TOLD])}")
            return
        told = {one.sentence for one in found}
        for one in held:
            if one.sentence not in told:
                raise WrongStateError(f"{_CLASHES_NOW} {one.sentence}")

    def _way_back(self, connection: Connection, user: User, number: int) -> Draft | None:
        now = self.clock.now()
        change = history.to_undo(connection, user, number, now)
        edit = history.way_back(connection, change)
        return None if edit is None else Drafting(planning.load(connection), user, now).back(edit, change)

    def _change(self, user: User, draft: Draft) -> Change:
        return Change(
            0, self.clock.now(), user.id, user.name, draft.action, draft.subject_id, draft.words, None, undone=False
        )


_MOST_TOLD = 3
_CLASHES = "Chưa lưu vì lịch này làm buổi khác không phát hoặc vượt mức cho phép:"
_CLASHES_NOW = "Trong lúc bạn lưu, lịch vừa được người khác sửa nên chưa lưu. Hãy xem lại rồi lưu lại:"


def _day_of(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), ZONE)
    return start, start + timedelta(days=1)


def _require_scheduler(user: User) -> None:
    if not user.may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")
