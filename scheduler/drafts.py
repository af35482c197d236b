"""Edits of the timetable before they are saved: each judged against the policy, and told in words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.calendar import EVERY_DAY_TYPE
from domain.errors import BadInputError, NotFoundError, WrongStateError
from domain.people import User
from domain.timetable import ExceptionKind, ItemKind, Occurrence, Priority, Programme, Rule
from scheduler import editing, words
from scheduler.conflicts import Edit
from scheduler.editing import Target
from scheduler.exceptions import exception_for
from scheduler.inputs import Inputs, Reforms, local_date, path_on
from scheduler.judging import Ground, broken_lines, length_of
from scheduler.programme_choice import bulletin_of, of_one_bulletin, programme_for
from scheduler.sessions import (
    MOST_RANK,
    NAME_LIMIT,
    ZONE,
    NewSession,
    begun,
    check,
    rule_of,
)
from scheduler.snapshots import fingerprint, of_edit, programmes_of, snapshot
from store.changes import Change
from store.engine import new_id

URGENT_LEAD = timedelta(minutes=1)
"""How far ahead an urgent session begins, so that machines have fetched it by then."""

_ALMOST_A_SECOND = timedelta(microseconds=999_999)
_SENT_NOTE = "gửi gấp"
_SENT_ALREADY = (
    "Buổi này đã được gửi gấp rồi nên không gửi lại. Máy phát phát theo lần đã gửi; buổi ấy có trong lịch như một buổi "
    "phát gấp."
)
_SKIPPED = "Buổi này đã được bỏ nên không có gì để gửi gấp. Hãy bỏ ngoại lệ trước nếu vẫn muốn phát."
_GONE_MEANWHILE = (
    "Chương trình hoặc khung giờ đã chọn vừa bị xóa nên chưa lưu. Hãy chọn chương trình hoặc giờ khác rồi lưu lại."
)
CHANGED_MEANWHILE = "Dòng lịch này vừa được người khác sửa nên chưa lưu. Hãy tải lại trang, xem rồi làm lại."


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit that is not saved yet, in words; `subject_id` is its rule.

    `seen` is what of the timetable it changes, as it was, `version` the whole timetable it was made from, and `judged`
    the rules that were held to the policy of that one.
    """

    edit: Edit
    action: str
    words: str
    subject_id: str
    seen: str
    version: int
    judged: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafting:
    """Makes drafts for a person from what the timetable was at one moment.

    Raises BadInputError, NotFoundError or WrongStateError with a sentence for the person.
    """

    inputs: Inputs
    user: User
    now: datetime

    def session(self, wanted: NewSession, rule_id: str | None = None, stamp: str = "") -> Draft:
        """Return the edit that adds a session, or that makes the rule `rule_id` this one, if it is as `stamp` says."""
        old = None if rule_id is None else self._rule(rule_id)
        wanted = begun(wanted, self.now, self.inputs.calendar, old)
        check(wanted, self.now, self.inputs.calendar)
        self._require_areas(wanted)
        if old is None or rule_id is None:
            return self._judged(self._edit(wanted, None), "thêm buổi phát")
        if stamp and stamp != stamp_of(self.inputs, rule_id):
            raise WrongStateError(CHANGED_MEANWHILE)
        return self._judged(self._edit(wanted, old), "sửa dòng lịch")

    def judge(self, draft: Draft) -> None:
        """Hold a draft made from an earlier timetable to this one: to its policy, and to what is still there."""
        self._require_named(draft.edit)
        for rule in draft.judged:
            self._require_within_policy(draft.edit, rule)

    def move(self, key: str, to: Target, *, always: bool, urgent: bool = False) -> Draft:
        """Return the edit that moves a sounding, this time only or every time.

        When it is `urgent` machines take the one sounding in although they were given it already. One that moves every
        time is another sounding to them, which they take in at once.
        """
        rule, asked = self._asked(key)
        if always:
            return self._moved_always(rule, asked, to)
        moved = editing.moved_once(rule, asked, to, self.now)
        if urgent:
            return self._urgently(moved, asked, "dời và gửi gấp")
        return self._judged(Edit(rules=(moved,)), "dời một buổi", _lone(moved, to))

    def _moved_always(self, rule: Rule, asked: Occurrence, to: Target) -> Draft:
        """Return the edit that moves every such sounding and no other: one of several becomes a rule of its own."""
        editing.require_movable(rule, asked, to, self.now)
        if editing.moves_others(rule, asked, to):
            parts = editing.moved_apart(rule, asked, to, (new_id(), new_id()), self.inputs.calendar)
            draft = self._judged(Edit(parts), "dời mọi lần")
        else:
            moved = editing.moved_always(rule, asked, to, self.now, self.inputs.calendar)
            draft = self._judged(Edit(rules=(moved,)), "dời mọi lần")
        local = asked.starts_at.astimezone(ZONE)
        told = words.moved_words(rule, local, datetime.combine(to.day, to.time, ZONE))
        return replace(draft, words=f"«{self.inputs.shelf.programmes[rule.programme_id].name}»: {told}")

    def together(self, main: Draft, others: Iterable[Draft]) -> Draft:
        """Return one edit, checked and saved as one and undone as one, of `main` and `others` beside it."""
        beside = tuple(others)
        if not beside:
            return main
        rules = tuple(rule for one in (main, *beside) for rule in one.edit.rules)
        programmes = tuple(held for one in (main, *beside) for held in one.edit.programmes)
        for every in (rules, programmes):
            if len({one.id for one in every}) < len(every):
                raise BadInputError("Hai thay đổi cùng sửa một dòng lịch nên chưa lưu được. Hãy bỏ bớt một thay đổi.")
        told = "; đồng thời ".join([main.words, *(f"{one.action}: {one.words}" for one in beside)])
        judged = tuple(rule for one in (main, *beside) for rule in one.judged)
        return replace(self._sealed(Edit(rules, programmes), main.action, told, main.subject_id), judged=judged)

    def then(self, first: Draft, second: Draft) -> Draft:
        """Return one edit of `first` and of `second`, which was made from the timetable with `first` in it."""
        rules = {one.id: one for draft in (first, second) for one in draft.edit.rules}
        programmes = {one.id: one for draft in (first, second) for one in draft.edit.programmes}
        edit = Edit(tuple(rules.values()), tuple(programmes.values()), first.edit.removed | second.edit.removed)
        told = f"{first.words}; đồng thời {second.action}: {second.words}"
        draft = self._sealed(edit, first.action, told, first.subject_id)
        return replace(draft, judged=(*first.judged, *second.judged))

    def after(self, draft: Draft) -> "Drafting":
        """Return what makes drafts from the timetable with `draft` in it."""
        return replace(self, inputs=draft.edit.applied(self.inputs))

    def skip(self, key: str, note: str = "") -> Draft:
        """Return the edit that skips a sounding."""
        rule, asked = self._asked(key)
        return self._worded(Edit(rules=(editing.skipped(rule, asked, note, self.now),)), "bỏ một buổi")

    def replace(self, key: str, instead: str, note: str = "", *, urgent: bool = False) -> Draft:
        """Return the edit that sounds another programme or an approved bulletin, by its id, in one sounding.

        When it is `urgent` machines take it in although they were given the sounding already.
        """
        rule, asked = self._asked(key)
        programmes = self.inputs.shelf.programmes
        programme = programmes.get(instead) or of_one_bulletin(
            self.inputs.shelf, instead, programmes[rule.programme_id]
        )
        changed = editing.replaced(rule, asked, programme.id, note, self.now)
        fresh = () if programme.id in programmes else (programme,)
        if urgent:
            return self._urgently(changed, asked, "thay và gửi gấp", fresh)
        local = asked.starts_at.astimezone(ZONE)
        lone = replace(_lone(changed, Target(local.date(), local.time())), programme_id=programme.id)
        return self._judged(Edit((changed,), fresh), "thay một buổi", lone)

    def restore(self, key: str) -> Draft:
        """Return the edit that takes back what is different about a sounding, which then sounds as first asked for."""
        rule, asked = self._asked(key)
        plain = editing.restored(rule, asked, self.now)
        edit = Edit(rules=(plain,))
        if not rule.enabled:
            return self._worded(edit, "bỏ ngoại lệ")
        local = asked.starts_at.astimezone(ZONE)
        return self._judged(edit, "bỏ ngoại lệ", _lone(plain, Target(local.date(), local.time())))

    def urgent(self, key: str) -> Draft:
        """Return the edit that takes a sounding off the machines and urgently sends what it was to become."""
        rule, asked = self._asked(key)
        held = exception_for(rule, asked.starts_at)
        if held is not None and held.kind is ExceptionKind.SKIP:
            raise WrongStateError(_SENT_ALREADY if held.note == _SENT_NOTE else _SKIPPED)
        return self._urgently(rule, asked, "gửi gấp")

    def play_now(self, bulletin_id: str, area_ids: frozenset[str]) -> Draft:
        """Return the edit that sounds an approved bulletin once, in a minute, before what is less urgent."""
        at = (self.now.astimezone(ZONE) + URGENT_LEAD + _ALMOST_A_SECOND).replace(microsecond=0)
        wanted = NewSession(
            name=bulletin_of(self.inputs.shelf, bulletin_id).title[:NAME_LIMIT],
            bulletin_ids=(bulletin_id,),
            area_ids=area_ids,
            times=(at.time(),),
            dates=frozenset({at.date()}),
            priority=Priority.PRIORITY,
            urgent=True,
        )
        return replace(self.session(wanted), action="phát ngay")

    def switch(self, rule_id: str, *, on: bool) -> Draft:
        """Return the edit that switches a rule on, held to the policy as a new one is, or off."""
        edit = Edit(rules=(replace(self._rule(rule_id), enabled=on),))
        return self._judged(edit, "phát trở lại") if on else self._worded(edit, "dừng")

    def back(self, edit: Edit, change: Change) -> Draft:
        """Return `edit`, which takes a change back, with what comes of it held to the policy of today."""
        come = tuple(one for one in edit.rules if one.enabled and self._sounds_anew(one))
        for rule in come:
            self._require_within_policy(edit, rule)
        draft = self._sealed(edit, "hoàn tác", f"{change.action} {change.words}", change.subject_id)
        return replace(draft, judged=come)

    def order(self, programme_ids: Iterable[str]) -> Draft:
        """Return the edit by which PRIORITY programmes that meet go before each other in this order."""
        wanted = tuple(dict.fromkeys(programme_ids))
        held = {key: one for key, one in self.inputs.shelf.programmes.items() if one.priority is Priority.PRIORITY}
        if not wanted or not held.keys() >= set(wanted):
            raise BadInputError("Chỉ xếp thứ tự được giữa các chương trình ưu tiên. Hãy tải lại trang.")
        ranked = tuple(replace(held[one], rank=rank) for rank, one in enumerate(wanted, 1))
        told = f"Thứ tự ưu tiên: {', '.join(f'«{one.name}»' for one in ranked)}"
        return self._sealed(Edit(programmes=ranked), "xếp thứ tự ưu tiên", told, wanted[0])

    def rank(self, programme_id: str, rank: int) -> Draft:
        """Return the edit that gives a PRIORITY programme its place among those that it meets."""
        programme = self.inputs.shelf.programmes.get(programme_id)
        if programme is None or programme.priority is not Priority.PRIORITY or abs(rank) > MOST_RANK:
            raise BadInputError("Chỉ xếp thứ tự được giữa các chương trình ưu tiên. Hãy tải lại trang.")
        edit = Edit(programmes=(replace(programme, rank=rank),))
        return self._sealed(edit, "xếp thứ tự ưu tiên", f"Xếp lại thứ tự của «{programme.name}»", programme_id)

    def _urgently(self, rule: Rule, asked: Occurrence, action: str, fresh: tuple[Programme, ...] = ()) -> Draft:
        """Return the one edit that sends what `rule` makes of `asked`, with programmes that are put in place for it."""
        if not rule.enabled:
            raise BadInputError("Dòng lịch này đang dừng nên không gửi gấp được. Hãy cho phát trở lại rồi gửi.")
        skipping, instead = editing.urgent_instead(rule, asked, new_id(), self.now)
        instead = replace(instead, created_by=self.user.name)
        return self._judged(Edit((skipping, instead), fresh), action, instead)

    def _edit(self, wanted: NewSession, old: Rule | None) -> Edit:
        programme, programmes = programme_for(self.inputs.shelf, wanted, old)
        rule = rule_of(new_id() if old is None else old.id, programme, wanted, self.user.name)
        if old is not None:
            rule = replace(
                rule,
                created_by=old.created_by,
                enabled=old.enabled,
                urgent=old.urgent,
                except_dates=old.except_dates,
                exceptions=editing.kept_exceptions(old, rule),
            )
        return Edit((rule,), programmes)

    def _rule(self, rule_id: str) -> Rule:
        found = self.inputs.shelf.rules.get(rule_id)
        if found is None:
            raise NotFoundError("Không có dòng lịch này.")
        return found

    def _asked(self, key: str) -> tuple[Rule, Occurrence]:
        rule_id, asked_at = editing.read_key(key)
        rule = self._rule(rule_id)
        return rule, editing.asked_on(rule, asked_at, self.inputs.calendar)

    def _require_areas(self, wanted: NewSession) -> None:
        known = {area.id for area in self.inputs.areas}
        if not wanted.area_ids or not wanted.area_ids <= known:
            raise BadInputError("Hãy chọn ít nhất một địa bàn để phát.")
        if not wanted.except_area_ids <= known:
            raise BadInputError("Có địa bàn cần trừ không còn nữa. Hãy tải lại trang rồi chọn lại địa bàn.")
        today = local_date(self.now)
        if all(path_on(self.inputs.areas, one, today) & wanted.except_area_ids for one in wanted.area_ids):
            raise BadInputError("Mọi địa bàn đã chọn đều bị trừ hết. Hãy bỏ bớt địa bàn cần trừ.")

    def _sounds_anew(self, rule: Rule) -> bool:
        """Tell whether a rule, its exceptions left aside, is another than the one of its id, or is switched on."""
        held = self.inputs.shelf.rules.get(rule.id)
        return held is None or replace(held, exceptions=()) != replace(rule, exceptions=())

    def _judged(self, edit: Edit, action: str, judged: Rule | None = None) -> Draft:
        """Return a draft of `edit` when what is new in it, its first rule or `judged`, keeps within the policy."""
        rule = judged or edit.rules[0]
        self._require_within_policy(edit, rule)
        return replace(self._worded(edit, action), judged=(rule,))

    def _require_within_policy(self, edit: Edit, rule: Rule) -> None:
        after = edit.applied(self.inputs)
        programme = after.shelf.programmes[rule.programme_id]
        length = length_of(programme, local_date(self.now), after.shelf, after.terms)
        if not length and not any(one.kind is ItemKind.LATEST for one in programme.items):
            raise BadInputError(f"Chương trình «{programme.name}» không có gì để phát (dài 0 giây).")
        broken = broken_lines(rule, programme, length, self._ground(rule), self.now)
        if broken:
            raise BadInputError(f"Chưa xếp lịch: {' '.join(broken)}")

    def _require_named(self, edit: Edit) -> None:
        """Refuse an edit that names a programme or a daypart that is no longer there."""
        programmes, dayparts = edit.applied(self.inputs).shelf.programmes, self.inputs.calendar.dayparts
        for rule in edit.rules:
            old = self.inputs.shelf.rules.get(rule.id)
            named = rule.daypart_ids - (old.daypart_ids if old is not None else frozenset())
            if not named <= dayparts.keys() or not programmes_of(rule) <= programmes.keys():
                raise WrongStateError(_GONE_MEANWHILE)

    def _ground(self, rule: Rule) -> Ground:
        policy, reforms = self.inputs.terms.policy, Reforms.of(self.inputs.areas, local_date(self.now))
        places = {area_id for window in policy.exclusions for area_id in window.area_ids} | rule.area_ids
        places |= {area_id for area_id, _ in policy.staggers}
        known = {area.id for area in self.inputs.areas}
        listeners = {one: reforms.listener("", one) for one in places & known}
        return Ground(policy, self.inputs.calendar, self.inputs.areas, listeners)

    def _worded(self, edit: Edit, action: str) -> Draft:
        rule = edit.rules[0]
        after = edit.applied(self.inputs)
        names = {one.id: one.name for one in self.inputs.areas}
        name = after.shelf.programmes[rule.programme_id].name
        old = self.inputs.shelf.rules.get(rule.id)
        fresh = [one for one in rule.exceptions if old is not None and one not in old.exceptions]
        if action.endswith("một buổi") and fresh:
            instead = after.shelf.programmes.get(fresh[-1].programme_id or "")
            told = words.exception_words(fresh[-1], instead.name if instead else "")
        else:
            told = words.rule_words(words.outermost(edit.rules[-1], self.inputs.areas), self.inputs.calendar, names)
        return self._sealed(edit, action, f"«{name}»: {told}", rule.id)

    def _sealed(self, edit: Edit, action: str, told: str, subject_id: str) -> Draft:
        shelf = self.inputs.shelf
        seen = fingerprint(of_edit(shelf.rules, shelf.programmes, edit))
        return Draft(edit, action, told, subject_id, seen, self.inputs.version)


def stamp_of(inputs: Inputs, rule_id: str) -> str:
    """Return what tells whether a rule, or its programme, was changed since."""
    rule = inputs.shelf.rules[rule_id]
    return fingerprint(snapshot(inputs.shelf.rules, inputs.shelf.programmes, (rule_id,), (rule.programme_id,)))


def _lone(rule: Rule, to: Target) -> Rule:
    """Return a rule for nothing but what `rule` is to sound at `to`, to be judged by itself."""
    return Rule(
        id=rule.id,
        programme_id=rule.programme_id,
        area_ids=rule.area_ids,
        except_area_ids=rule.except_area_ids,
        times=(to.time,),
        dates=frozenset({to.day}),
        day_types=EVERY_DAY_TYPE,
    )
