"""The desk of calendars: links for phones, what they are answered, files of rules out, and files of rules in."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from domain.areas import Area
from domain.calendar import EVERY_DAY_TYPE
from domain.errors import BadInputError, NotAllowedError, NotFoundError
from domain.people import Role, User
from domain.ports import Clock
from domain.text import tidy
from domain.timetable import Priority, Rule
from scheduler import planning
from scheduler.build import reaches
from scheduler.conflicts import Edit
from scheduler.drafts import Draft, Drafting
from scheduler.ical.feed import Heading, sessions_calendar
from scheduler.ical.rule_feed import Titled, Unsaid, rules_calendar
from scheduler.ical.rules import Imported
from scheduler.inputs import Inputs, Reforms
from scheduler.judging import length_of
from scheduler.named import load_named
from scheduler.sessions import NAME_LIMIT, NewSession, soundings
from scheduler.snapshots import fingerprint, of_edit
from scheduler.spots import slots_at, spots_of_areas
from store import calendar_links, places, station
from store.calendar_links import CalendarLink
from store.engine import Database, new_id

AHEAD = timedelta(days=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar and what names this state of it; `body` is empty when the reader has it already."""

    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class What:
    """What an imported rule is to sound: a programme that there is, or approved bulletins under a name."""

    programme_id: str | None = None
    bulletin_ids: tuple[str, ...] = ()
    name: str = ""
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """An import that is not saved yet: its draft, its rules, and how many rules of the file are over already."""

    draft: Draft
    rules: tuple[Rule, ...]
    over: int


@dataclass(frozen=True, slots=True)
class CalendarDesk:
    """Gives out calendars. A link's token comes of `secret`, so that no copy of the database gives it away."""

    database: Database
    clock: Clock
    secret: bytes

    def link(self, area_id: str) -> CalendarLink | None:
        """Return the link of an area, or None when there is none."""
        with self.database.read() as connection:
            return calendar_links.of_area(connection, area_id)

    def token(self, link: CalendarLink) -> str:
        """Return the secret part of a link, 43 letters."""
        told = hmac.new(self.secret, f"calendar:{link.area_id}:{link.salt}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()

    def make_link(self, user: User, area_id: str) -> None:
        """Give an area a link, unless it has one. Raises NotAllowedError, NotFoundError."""
        _require_scheduler(user)
        with self.database.write() as connection:
            _area(connection, area_id)
            calendar_links.put(connection, area_id, new_id(), user, self.clock.now())

    def revoke_link(self, user: User, area_id: str) -> None:
        """Take the link of an area away: whoever subscribed by it reads nothing more.

        Raises NotAllowedError, NotFoundError when there is none.
        """
        _require_scheduler(user)
        with self.database.write() as connection:
            if not calendar_links.remove(connection, area_id):
                raise NotFoundError("Địa bàn này không có đường dẫn nào để thu hồi. Chưa có gì thay đổi.")

    def feed(self, area_id: str, token: str, held: Iterable[str] = ()) -> Feed | None:
        """Return the calendar of an area to who has its token, or None; without its body to who holds that already.

        A wrong token and an area without a link are answered alike, and in the same time.
        """
        link = self.link(area_id) or CalendarLink(area_id, "", _EPOCH, "")
        right = hmac.compare_digest(self.token(link).encode(), token.encode())
        if not (right and link.salt):
            return None
        return self._feed(area_id, frozenset(held))

    def sessions(self, area_id: str) -> bytes:
        """Return the sessions of the next days in an area as a calendar. Raises NotFoundError."""
        return self._feed(area_id, frozenset()).body

    def rules(self, area_id: str) -> tuple[bytes, tuple[Unsaid, ...]]:
        """Return the rules that reach an area as repeating events, and those that cannot be said so."""
        now = self.clock.now()
        with self.database.read() as connection:
            heading, inputs = _heading(connection, area_id, now), load_named(connection)
        today = planning.local_date(now)
        paths = Reforms.of(inputs.areas, today).listener("", area_id).paths
        names = {one.id: one.name for one in inputs.shelf.programmes.values()}
        titled = [
            Titled(rule, names[rule.programme_id], _length(inputs, rule, today), names)
            for rule in sorted(inputs.shelf.rules.values(), key=lambda one: (one.times, one.id))
            if any(reaches(rule, path) for path in paths)
        ]
        return rules_calendar(titled, inputs.calendar, heading, now)

    def _feed(self, area_id: str, held: frozenset[str]) -> Feed:
        now = self.clock.now()
        start = planning.midnight(now)
        with self.database.read() as connection:
            heading = _heading(connection, area_id, now)
            etag = hashlib.sha256(repr((heading, start)).encode()).hexdigest()[:32]
            if etag in held:
                return Feed(etag, b"")
            inputs = load_named(connection)
            spots = spots_of_areas(connection, inputs, (area_id,), now)
            slots = slots_at(connection, inputs, spots, (start, start + AHEAD), now)[area_id]
        return Feed(etag, sessions_calendar(slots, heading))


def draft_import(drafting: Drafting, imported: Imported, what: What, area_ids: frozenset[str]) -> ImportDraft:
    """Return the one edit that adds every rule of a file for `area_ids`, each held to the policy as if typed in.

    Rules that are over already are left out and counted; so are single days that are past. Raises BadInputError when
    there is nothing to add, when the file holds what cannot be said, or when one rule breaks the policy.
    """
    if imported.refusals:
        raise BadInputError(f"{imported.refusals[0].sentence} Chưa nhập gì.")
    ahead = list(_ahead(imported, drafting))
    if not ahead:
        raise BadInputError("Mọi sự kiện trong tệp đều đã qua hoặc đã bị hủy. Chưa nhập gì.")
    rules: list[Rule] = []
    judged: tuple[Rule, ...] = ()
    edit, after = Edit(), drafting
    for rule in ahead:
        draft = after.session(_session(rule, what, imported, area_ids))
        (made,) = draft.edit.rules
        judged += draft.judged
        rules.append(replace(made, except_dates=rule.except_dates))
        edit = Edit(tuple(rules), (*edit.programmes, *draft.edit.programmes))
        after = replace(after, inputs=edit.applied(drafting.inputs))
        what = replace(what, programme_id=made.programme_id, bulletin_ids=())
    shelf = drafting.inputs.shelf
    name = after.inputs.shelf.programmes[rules[0].programme_id].name
    told = f"«{name}»: {len(rules)} dòng lịch từ tệp iCalendar"
    seen = fingerprint(of_edit(shelf.rules, shelf.programmes, edit))
    draft = Draft(edit, "nhập lịch", told, rules[0].id, seen, drafting.inputs.version, judged)
    return ImportDraft(draft, tuple(rules), len(imported.rules) - len(ahead))


def _session(rule: Rule, what: What, imported: Imported, area_ids: frozenset[str]) -> NewSession:
    name = tidy(what.name) or (imported.titles[0] if imported.titles else "")
    return NewSession(
        name=name[:NAME_LIMIT],
        bulletin_ids=what.bulletin_ids,
        programme_id=what.programme_id,
        priority=what.priority,
        area_ids=area_ids,
        times=rule.times,
        weekdays=rule.weekdays,
        week_interval=rule.week_interval,
        month_days=rule.month_days,
        nth_weekdays=rule.nth_weekdays,
        dates=rule.dates,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
    )


def _ahead(imported: Imported, drafting: Drafting) -> Iterator[Rule]:
    """Yield the rules of a file that are not over, without their single days that are past."""
    today = planning.local_date(drafting.now)
    for rule in imported.rules:
        left = replace(rule, dates=frozenset(day for day in rule.dates if day >= today))
        if _ever_sounds(left, drafting):
            yield left


def _ever_sounds(rule: Rule, drafting: Drafting) -> bool:
    meant = replace(rule, area_ids=frozenset({"?"}), day_types=EVERY_DAY_TYPE)
    return any(one.starts_at > drafting.now for one in soundings(meant, drafting.now, drafting.inputs.calendar))


def _heading(connection: Connection, area_id: str, now: datetime) -> Heading:
    area, own = _area(connection, area_id), station.get(connection)
    modified = calendar_links.last_change(connection) or planning.midnight(now)
    return Heading(own.id, f"Lịch phát – {area.name}", station.plan_version(connection), modified.astimezone(UTC))


def _area(connection: Connection, area_id: str) -> Area:
    found = next((area for area in places.areas(connection) if area.id == area_id), None)
    if found is None:
        raise NotFoundError("Không có địa bàn này.")
    return found


def _length(inputs: Inputs, rule: Rule, on: date) -> timedelta:
    programme = inputs.shelf.programmes[rule.programme_id]
    return programme.booked or length_of(programme, on, inputs.shelf, inputs.terms)


def _require_scheduler(user: User) -> None:
    if not user.may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")
