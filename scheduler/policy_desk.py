"""The policy's desk: what the station allows on the air, changed by schedulers with its effect told first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time, timedelta

from sqlalchemy import Connection

from domain.airtime import AirtimePolicy, ExclusionWindow
from domain.errors import BadInputError, NotFoundError
from domain.people import Role, User
from domain.ports import Clock
from domain.text import tidy
from scheduler import planning
from scheduler.effects import Effect, effects
from scheduler.noting import Deed, note, refuse_if_moved, require
from scheduler.planning import Inputs
from scheduler.policy import PRESETS, spoken_length
from scheduler.policy_words import Difference, differences, in_lines
from store import calendar, places, station
from store.engine import Database

MOST_SPANS = 12
LONGEST_STAGGER = timedelta(minutes=30)
LONGEST_FREEZE = timedelta(hours=3)
LOUDEST_DB, SOFTEST_DB = 6.0, -40.0
NOTE_LIMIT = 500
REASON_LIMIT = 120
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy with how long before it sounds a session is frozen; windows of silence are apart."""

    policy: AirtimePolicy
    freeze: timedelta


@dataclass(frozen=True, slots=True)
class Consequence:
    """What saving a policy would do: the lines that change, and what happens to the coming sessions."""

    lines: tuple[Difference, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class PolicyDesk:
    """Changes the policy and the windows of silence.

    Raises NotAllowedError, BadInputError or NotFoundError with a sentence for the person; then nothing was changed.
    """

    database: Database
    clock: Clock

    def now(self) -> Wanted:
        """Return the policy as it is."""
        with self.database.read() as connection:
            own = station.get(connection)
        return Wanted(own.policy, own.freeze)

    def preset(self, name: str) -> Wanted:
        """Return the policy as it would be with a preset: its limits and days, all else as it is."""
        if name not in PRESETS:
            raise BadInputError("Không có bộ quy định này. Hãy chọn đô thị hoặc nông thôn.")
        own, chosen = self.now(), PRESETS[name]
        policy = replace(
            own.policy,
            session_limit=chosen.session_limit,
            day_limit=chosen.day_limit,
            sessions_per_day=chosen.sessions_per_day,
            allowed_weekdays=chosen.allowed_weekdays,
            note=chosen.note,
        )
        return replace(own, policy=policy)

    def consequence(self, wanted: Wanted) -> Consequence:
        """Return what saving `wanted` would do; nothing is changed."""
        clean = _checked(wanted)
        with self.database.read() as connection:
            before = planning.load(connection)
            standing = planning.standing_areas(connection)
        names = {one.id: one.name for one in before.areas}
        lines = differences(
            in_lines(before.terms.policy, names, before.freeze), in_lines(clean.policy, names, clean.freeze)
        )
        policy = replace(clean.policy, exclusions=before.terms.policy.exclusions)
        return Consequence(lines, effects(before, _with_policy(before, policy), standing, self.clock.now()))

    def save(self, user: User, wanted: Wanted, seen: str | None = None) -> None:
        """Make the policy this. `seen` is the stamp of what the person had open.

        Raises WrongStateError when the policy has been changed since.
        """
        require(user, Role.SCHEDULER)
        clean = _checked(wanted)
        with self.database.write() as connection:
            own = station.get(connection)
            refuse_if_moved(seen, Wanted(own.policy, own.freeze))
            known = {one.id: one.name for one in places.areas(connection)}
            if not {area_id for area_id, _ in clean.policy.staggers} <= known.keys():
                raise BadInputError("Một địa bàn đã chọn để lệch giờ không còn nữa. Hãy chọn lại.")
            lines = differences(in_lines(own.policy, known, own.freeze), in_lines(clean.policy, known, clean.freeze))
            if not lines:
                return
            station.set_policy(connection, replace(clean.policy, exclusions=()))
            if clean.freeze != own.freeze:
                station.set_freeze(connection, clean.freeze)
            words = "; ".join(f"{one.line}: {one.was} → {one.becomes}" for one in lines)
            note(connection, self._deed(user), "policy", ("policy", words))

    def window_effects(self, window: ExclusionWindow) -> tuple[Effect, ...]:
        """Return what a window of silence would do to the coming sessions; nothing is changed."""
        clean = _checked_window(window)
        with self.database.read() as connection:
            before = planning.load(connection)
            standing = planning.standing_areas(connection)
        held = before.terms.policy
        others = tuple(one for one in held.exclusions if one.id != clean.id)
        after = _with_policy(before, replace(held, exclusions=(*others, clean)))
        return effects(before, after, standing, self.clock.now())

    def put_window(self, user: User, window: ExclusionWindow, seen: str | None = None) -> None:
        """Add a window of silence, or make the one of its id this. `seen` is the stamp of what the person had open.

        Raises WrongStateError when the window has been changed or removed since.
        """
        require(user, Role.SCHEDULER)
        clean = _checked_window(window)
        with self.database.write() as connection:
            _require_areas(connection, clean.area_ids)
            known = {one.id: one for one in calendar.exclusions(connection)}
            refuse_if_moved(seen, known.get(clean.id))
            calendar.put_exclusion(connection, clean)
            words = f"{'sửa' if clean.id in known else 'thêm'} khoảng lặng {window_in_words(clean)}"
            note(connection, self._deed(user), "policy.window", (clean.id, words))

    def remove_window(self, user: User, window_id: str) -> None:
        """Remove a window of silence."""
        require(user, Role.SCHEDULER)
        with self.database.write() as connection:
            window = window_of(calendar.exclusions(connection), window_id)
            calendar.remove_exclusion(connection, window_id)
            note(
                connection, self._deed(user), "policy.window", (window_id, f"bỏ khoảng lặng {window_in_words(window)}")
            )

    def _deed(self, user: User) -> Deed:
        return Deed(user, self.clock.now())


def window_of(windows: Iterable[ExclusionWindow], window_id: str) -> ExclusionWindow:
    """Return the window of an id. Raises NotFoundError."""
    for one in windows:
        if one.id == window_id:
            return one
    raise NotFoundError("Không còn khoảng lặng này.")


def window_in_words(window: ExclusionWindow) -> str:
    """Return a window of silence in short."""
    return f"{window.start:%H:%M}–{window.end:%H:%M} ({window.reason})"


def _with_policy(inputs: Inputs, policy: AirtimePolicy) -> Inputs:
    return replace(inputs, terms=replace(inputs.terms, policy=policy))


def _require_areas(connection: Connection, area_ids: frozenset[str]) -> None:
    if not area_ids or not area_ids <= {one.id for one in places.areas(connection)}:
        raise BadInputError("Hãy chọn ít nhất một địa bàn hoặc cụm loa cần giữ yên lặng.")


def _checked(wanted: Wanted) -> Wanted:
    policy = wanted.policy
    _check_limits(policy)
    if not timedelta() <= wanted.freeze <= LONGEST_FREEZE:
        raise BadInputError(f"Thời gian khóa lịch từ 0 đến {spoken_length(LONGEST_FREEZE)}.")
    if max(len(policy.quiet), len(policy.volume)) > MOST_SPANS:
        raise BadInputError(f"Mỗi loại khoảng giờ có nhiều nhất {MOST_SPANS} khoảng.")
    for span in policy.quiet:
        _check_span(span.start, span.end)
    for band in policy.volume:
        _check_span(band.start, band.end)
    if any(not SOFTEST_DB <= one.gain_db <= LOUDEST_DB for one in policy.volume):
        raise BadInputError(f"Âm lượng theo giờ từ {SOFTEST_DB:.0f} đến +{LOUDEST_DB:.0f} dB.")
    if any(not timedelta() < length <= LONGEST_STAGGER for _, length in policy.staggers):
        raise BadInputError(f"Mỗi địa bàn lệch giờ nhiều nhất {spoken_length(LONGEST_STAGGER)}.")
    return replace(wanted, policy=replace(policy, note=_words(policy.note, NOTE_LIMIT, "Ghi chú")))


def _check_limits(policy: AirtimePolicy) -> None:
    if not timedelta(minutes=1) <= policy.session_limit <= timedelta(hours=6):
        raise BadInputError("Mỗi buổi từ 1 phút đến 360 phút.")
    if not policy.session_limit <= policy.day_limit <= _DAY:
        raise BadInputError("Số phút mỗi ngày không được ít hơn số phút mỗi buổi, và nhiều nhất 1440 phút.")
    if not (0 <= policy.sessions_per_day <= 100 and 0 <= policy.repeat_limit <= 100):
        raise BadInputError("Số buổi và số lần lặp mỗi ngày từ 0 (không giới hạn) đến 100.")
    if not policy.allowed_weekdays:
        raise BadInputError("Hãy để lại ít nhất một ngày trong tuần được phát.")


def _checked_window(window: ExclusionWindow) -> ExclusionWindow:
    _check_span(window.start, window.end)
    if window.first and window.last and window.last < window.first:
        raise BadInputError("Ngày cuối phải từ ngày đầu trở đi.")
    if not window.weekdays:
        raise BadInputError("Hãy chọn ít nhất một thứ trong tuần.")
    reason = _words(window.reason, REASON_LIMIT, "Lý do")
    if not reason:
        raise BadInputError("Hãy ghi lý do giữ yên lặng, ví dụ «lễ ở nhà thờ».")
    return replace(window, reason=reason)


def _check_span(start: time, end: time) -> None:
    if start == end:
        raise BadInputError(f"Khoảng {start:%H:%M}–{end:%H:%M} không có độ dài. Hãy ghi hai giờ khác nhau.")


def _words(text: str, limit: int, what: str) -> str:
    clean = tidy(text)
    if len(clean) > limit:
        raise BadInputError(f"{what} dài quá {limit} ký tự.")
    return clean
