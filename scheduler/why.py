"""Why something sounds at a machine at a moment, or nothing does: every rule of the day with its reason. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.calendar import DayType, SpecialDay
from domain.timetable import (
    LAYER_LABELS,
    STATION_ZONE,
    ExceptionKind,
    Layer,
    Occurrence,
    PlannedItem,
    Rule,
    RuleException,
    Slot,
)
from scheduler.build import reaches
from scheduler.day_reasons import asks_for, day_reasons
from scheduler.exceptions import exception_for
from scheduler.expand import expand
from scheduler.fleet import plan_ahead
from scheduler.inputs import Inputs, local_date, midnight, path_on, standing
from scheduler.policy import gain_at, stagger_of

_ZONE = ZoneInfo(STATION_ZONE)
_DAY = timedelta(days=1)
_LONGEST_WALK = timedelta(days=2)


class Verdict(StrEnum):
    """What became of a rule on a day."""

    SOUNDS = "sounds"
    PARTLY = "partly"
    YIELDS = "yields"
    POLICY = "policy"
    CONTENT = "content"
    SKIPPED = "skipped"
    MOVED = "moved"
    DAY = "day"
    OFF = "off"
    AREA = "area"
    HOURS = "hours"


VERDICT_LABELS = {
    Verdict.SOUNDS: "phát",
    Verdict.PARTLY: "phát một phần",
    Verdict.YIELDS: "nhường buổi khác",
    Verdict.POLICY: "trái quy định phát",
    Verdict.CONTENT: "nội dung chưa phát được",
    Verdict.SKIPPED: "bỏ theo ngoại lệ",
    Verdict.MOVED: "dời theo ngoại lệ",
    Verdict.DAY: "không phải ngày phát",
    Verdict.OFF: "đã dừng",
    Verdict.AREA: "không dành cho nơi này",
    Verdict.HOURS: "không có giờ phát",
}


@dataclass(frozen=True, slots=True)
class Sounding:
    """What a slot sounds at an instant: `item` is `None` in a pause, `offset` is the time into it."""

    slot: Slot
    item: PlannedItem | None
    position: int
    offset: timedelta


@dataclass(frozen=True, slots=True)
class RuleReason:
    """A rule on a day: what became of it at `at` and why, in Vietnamese; `at` is `None` when no hour was asked for.

    `slot` is what was planned of it, and `winner` the slot it yielded to.
    """

    rule_id: str
    title: str
    verdict: Verdict
    words: str
    at: datetime | None = None
    slot: Slot | None = None
    winner: Slot | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What sounds at a place at an instant, and of every rule that could have sounded that day why or why not."""

    at: datetime
    summary: str
    sounding: Sounding | None
    reasons: tuple[RuleReason, ...]
    day_type: DayType
    special: SpecialDay | None = None
    gain_db: float = 0.0
    stagger: timedelta = timedelta()
    before: Slot | None = None
    after: Slot | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A machine, or an area as if a machine hung on it; `kept` are the slots that it was given, past and next."""

    id: str
    area_id: str
    name: str
    kept: tuple[Slot, ...] = ()


def explain(inputs: Inputs, place: Place, instant: datetime, now: datetime) -> Explanation:
    """Return what sounds at `place` at `instant` and why, by the code that plans, as things stand at `now`.

    Raises BadInputError as `expand` does.
    """
    plan = _planned(inputs, place, instant, now)
    on = local_date(instant)
    area_ids = path_on(inputs.areas, place.area_id, on)
    view = _View(inputs, plan, on, area_ids, now)
    reasons = tuple(sorted(view.reasons(), key=lambda one: _nearness(one, instant)))
    sounding = sounding_at(plan.slots, instant)
    heard = [slot for slot in plan.slots if not slot.refusal and slot.length]
    return Explanation(
        at=instant,
        summary=_forgotten(place, instant) if view.forgotten else _summary(place, instant, sounding, reasons, heard),
        sounding=sounding,
        reasons=reasons,
        day_type=inputs.calendar.type_of(on),
        special=inputs.calendar.special_on(on),
        gain_db=gain_at(inputs.terms.policy, instant),
        stagger=stagger_of(inputs.terms.policy, area_ids),
        before=max((one for one in heard if one.ends_at <= instant), key=lambda one: one.ends_at, default=None),
        after=min((one for one in heard if one.starts_at > instant), key=lambda one: one.starts_at, default=None),
    )


def sounding_at(slots: Sequence[Slot], instant: datetime) -> Sounding | None:
    """Return what sounds of `slots` at `instant`, if anything does."""
    for slot in slots:
        if not slot.refusal and slot.starts_at <= instant < slot.ends_at:
            return _sounding_in(slot, instant)
    return None


def _sounding_in(slot: Slot, instant: datetime) -> Sounding:
    at = slot.starts_at
    for position, item in enumerate(slot.items):
        lead, length = (timedelta(), timedelta()) if item.refusal else (item.lead, item.length)
        if instant < at + lead:
            return Sounding(slot, None, position, instant - at)
        if instant < at + lead + length:
            return Sounding(slot, item, position, instant - at - lead)
        at += lead + length
    return Sounding(slot, None, len(slot.items), instant - at)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What was asked for on the days around an instant, and what it came to."""

    asked: tuple[Occurrence, ...]
    slots: tuple[Slot, ...]


def _planned(inputs: Inputs, place: Place, instant: datetime, now: datetime) -> _Planned:
    start, end = midnight(instant) - _DAY, midnight(instant) + _LONGEST_WALK
    asked = expand(inputs.shelf.rules.values(), start, end, inputs.calendar)
    past = (one for one in place.kept if start <= one.starts_at < min(now, end))
    begun = {place.id: standing(place.kept, now, inputs.freeze)}
    return _Planned(asked, (*past, *plan_ahead(inputs, (place,), (start, end), now, begun)[place.id]))


@dataclass(frozen=True, slots=True)
class _View:
    """One day of one place."""

    inputs: Inputs
    plan: _Planned
    on: date
    area_ids: frozenset[str]
    now: datetime

    def reasons(self) -> Iterator[RuleReason]:
        """Yield what became of each rule, one line for each of its hours."""
        rules = self.inputs.shelf.rules
        for rule in rules.values():
            yield from self._of_rule(rule)
        yield from (self._of_slot(one) for one in self._slots() if one.rule_id not in rules)

    @property
    def forgotten(self) -> bool:
        """Tell whether the day is over and nothing is kept of what was given out for it."""
        return self.on < local_date(self.now) and not any(self._slots())

    def _slots(self, rule_id: str | None = None) -> Iterator[Slot]:
        for slot in self.plan.slots:
            if local_date(slot.starts_at) == self.on and rule_id in {None, slot.rule_id}:
                yield slot

    def _of_rule(self, rule: Rule) -> Iterator[RuleReason]:
        title = self._title(rule.programme_id)
        slots = list(self._slots(rule.id))
        yield from map(self._of_slot, slots)
        if slots and not (rule.enabled and reaches(rule, self.area_ids)):
            return
        if not reaches(rule, self.area_ids):
            if rule.enabled and asks_for(rule, self.on, self.inputs.calendar):
                yield RuleReason(rule.id, title, Verdict.AREA, self._area_in_words(rule))
            return
        if not rule.enabled:
            yield RuleReason(rule.id, title, Verdict.OFF, "dòng lịch này đã dừng")
            return
        changes = list(self._changes(rule, title))
        yield from changes
        if not slots and not changes:
            yield self._of_day(rule, title)

    def _of_slot(self, slot: Slot) -> RuleReason:
        winner = next((one for one in self.plan.slots if slot.yields_to and one.key == slot.yields_to), None)
        verdict = _verdict(slot)
        words = [_slot_in_words(slot, verdict), *self._asides(slot)]
        return RuleReason(
            slot.rule_id, slot.title, verdict, "; ".join(words), at=slot.starts_at, slot=slot, winner=winner
        )

    def _asides(self, slot: Slot) -> Iterator[str]:
        moved = next((one.moved_from for one in self.plan.asked if one.key == slot.key), None)
        if moved is not None:
            yield f"dời từ {moved.astimezone(_ZONE):%H:%M ngày %d/%m/%Y}"
        elif slot.layer is not Layer.WEEKLY:
            yield f"thuộc {LAYER_LABELS[slot.layer]}"
        stagger = stagger_of(self.inputs.terms.policy, self.area_ids)
        if stagger:
            yield f"lùi {stagger.seconds} giây để không nói chồng lên cụm bên cạnh"
        if slot.gain_db:
            yield f"âm lượng {slot.gain_db:+.0f} dB theo giờ".replace("-", "−")
        if self.now <= slot.starts_at < self.now + self.inputs.freeze and slot.layer is not Layer.URGENT:
            yield f"máy đã nhận buổi này: thay đổi sau {self.now.astimezone(_ZONE):%H:%M} chưa kịp"

    def _changes(self, rule: Rule, title: str) -> Iterator[RuleReason]:
        """Yield what the exceptions of `rule` took away from the day."""
        if not rule.exceptions or not asks_for(rule, self.on, self.inputs.calendar):
            return
        for moment in self._times(rule):
            asked = datetime.combine(self.on, moment, _ZONE)
            held = exception_for(rule, asked)
            if held is not None and held.kind is ExceptionKind.SKIP:
                yield RuleReason(rule.id, title, Verdict.SKIPPED, _noted(held, "ngoại lệ: bỏ buổi này"), at=asked)
            if held is not None and held.kind is ExceptionKind.MOVE:
                to = datetime.combine(held.to_day or self.on, held.to_time or moment, _ZONE)
                words = _noted(held, f"ngoại lệ: dời sang {to:%H:%M ngày %d/%m/%Y}")
                yield RuleReason(rule.id, title, Verdict.MOVED, words, at=asked)

    def _of_day(self, rule: Rule, title: str) -> RuleReason:
        reasons = day_reasons(rule, self.on, self.inputs.calendar)
        at = next((datetime.combine(self.on, one, _ZONE) for one in self._times(rule)), None)
        if reasons:
            return RuleReason(rule.id, title, Verdict.DAY, "; ".join(words for _, words in reasons), at=at)
        if at is None:
            return RuleReason(rule.id, title, Verdict.HOURS, "dòng lịch không có giờ phát, hoặc khung giờ đã bị xóa")
        words = _UNTOLD if self.forgotten else "được xếp sau khi giờ phát đã qua"
        return RuleReason(rule.id, title, Verdict.HOURS, words, at=at)

    def _times(self, rule: Rule) -> list[time]:
        named = (self.inputs.calendar.time_of(one, self.on) for one in rule.daypart_ids)
        return sorted({*rule.times, *(one for one in named if one is not None)})

    def _title(self, programme_id: str) -> str:
        programme = self.inputs.shelf.programmes.get(programme_id)
        return programme.name if programme is not None else "Chương trình đã bị xóa"

    def _area_in_words(self, rule: Rule) -> str:
        names = {one.id: one.name for one in self.inputs.areas}
        out = sorted(names.get(one, one) for one in rule.except_area_ids & self.area_ids)
        if out and not rule.area_ids.isdisjoint(self.area_ids):
            return f"dòng lịch trừ {', '.join(out)} ra"
        meant = sorted(names.get(one, one) for one in rule.area_ids)[:3]
        return f"dòng lịch dành cho {', '.join(meant) or 'địa bàn không còn'}"


_UNTOLD = "không còn giữ lịch đã giao cho máy hôm đó, nên không rõ lúc ấy đã có dòng lịch này chưa"


def _forgotten(place: Place, instant: datetime) -> str:
    when = f"{clock(instant)} ngày {instant.astimezone(_ZONE):%d/%m/%Y}"
    return f"Không còn giữ lịch đã giao cho {place.name} hôm đó, nên không rõ lúc {when} đã xếp gì."


def _verdict(slot: Slot) -> Verdict:
    if slot.yields_to:
        return Verdict.YIELDS
    if slot.refusal:
        return Verdict.POLICY if slot.length else Verdict.CONTENT
    return Verdict.PARTLY if any(item.refusal for item in slot.items) else Verdict.SOUNDS


def _slot_in_words(slot: Slot, verdict: Verdict) -> str:
    if slot.refusal:
        return slot.refusal.rstrip(".")
    span = f"phát {clock(slot.starts_at)}–{clock(slot.ends_at)}"
    if verdict is Verdict.SOUNDS:
        return span
    missing = "; ".join(f"«{item.title}» {item.refusal}" for item in slot.items if item.refusal)
    return f"{span}, trừ {missing}"


def _noted(held: RuleException, words: str) -> str:
    return f"{words} ({held.note})" if held.note else words


def _nearness(reason: RuleReason, instant: datetime) -> tuple[bool, timedelta, str, str]:
    if reason.at is None:
        return True, timedelta(), reason.title, reason.rule_id
    return False, abs(reason.at - instant), reason.title, reason.rule_id


def _summary(
    place: Place,
    instant: datetime,
    sounding: Sounding | None,
    reasons: Sequence[RuleReason],
    heard: Sequence[Slot],
) -> str:
    when = f"Lúc {clock(instant)} ngày {instant.astimezone(_ZONE):%d/%m/%Y}, {place.name}"
    if sounding is not None:
        what = f"«{sounding.item.title}»" if sounding.item is not None else "khoảng nghỉ"
        return f"{when} phát {what} trong «{sounding.slot.title}» (bắt đầu {clock(sounding.slot.starts_at)})."
    meant = next((one for one in reasons if _meant_then(one, instant)), None)
    if meant is not None:
        return f"{when} không phát gì: «{meant.title}» {_lower(meant.words)}."
    if not heard:
        return f"{when} không phát gì: quanh ngày này không có buổi nào phát được."
    return f"{when} không phát gì: không có buổi nào được xếp vào lúc này."


def _meant_then(reason: RuleReason, instant: datetime) -> bool:
    """Tell whether a rule would have sounded at `instant`, had it not been for its reason."""
    if reason.at is None or reason.verdict in {Verdict.SOUNDS, Verdict.PARTLY}:
        return False
    length = reason.slot.length if reason.slot is not None else timedelta()
    return reason.at <= instant < reason.at + max(length, timedelta(minutes=1))


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def clock(instant: datetime) -> str:
    """Return the local time of day, with seconds when there are any."""
    local = instant.astimezone(_ZONE)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
