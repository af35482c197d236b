"""Edits of the timetable: put in place with what was before them, and taken back while nobody has built on them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.errors import NotAllowedError, NotFoundError, WrongStateError
from domain.people import User
from scheduler.conflicts import Edit
from scheduler.snapshots import fingerprint, of_edit, programme_from, programmes_of, rule_from, snapshot
from store import calendar, changes, plans, station, timetable
from store.changes import Change

UNDO_FOR = timedelta(seconds=60)
"""How long an edit can be undone; the panel offers it for the first ten seconds."""

_LONG_AGO = timedelta(hours=1)
_MOVED_ON = (
    "Lịch vừa được sửa tiếp sau thay đổi này nên không hoàn tác được nữa. Chưa có gì thay đổi; hãy tải lại trang."
)


def before_edit(connection: Connection, edit: Edit) -> dict[str, Any]:
    """Return all that `edit` would change, as it is now."""
    return of_edit(timetable.rules(connection), timetable.programmes(connection), edit)


def put(connection: Connection, edit: Edit, change: Change) -> int:
    """Put `edit` in place, note `change` with what was before, and return the number of the change."""
    before = before_edit(connection, edit)
    for programme in edit.programmes:
        timetable.put_programme(connection, programme)
    for rule in edit.rules:
        timetable.put_rule(connection, rule)
    for rule_id in sorted(edit.removed):
        timetable.remove_rule(connection, rule_id)
    after, version = fingerprint(before_edit(connection, edit)), station.plan_version(connection)
    return changes.note(connection, replace(change, before={**before, "after": after, "version": version}))


def undo(connection: Connection, user: User, number: int, now: datetime) -> Change:
    """Put back what was before a change and return it; raises as `to_undo`."""
    change = to_undo(connection, user, number, now)
    changes.claim_undo(connection, number)
    before = change.before or {}
    fresh = [one for one, document in before["programmes"].items() if document is None]
    _put_back(connection, _edit_of(before), fresh, now)
    return change


def to_undo(connection: Connection, user: User, number: int, now: datetime) -> Change:
    """Return a change that can be taken back.

    Raises NotFoundError, NotAllowedError when somebody else made it, and WrongStateError when it is too late, was
    undone before, or when what it left has been changed since.
    """
    change = changes.get(connection, number)
    if change is None or not _can_be_undone(change):
        raise NotFoundError("Không có thay đổi này để hoàn tác.")
    if change.user_id != user.id:
        raise NotAllowedError("Chỉ người vừa sửa mới hoàn tác được thay đổi của mình. Chưa có gì thay đổi.")
    if now - change.at > UNDO_FOR:
        raise WrongStateError("Đã quá một phút nên không hoàn tác được nữa. Hãy sửa lại lịch bằng tay.")
    if change.undone:
        raise WrongStateError("Thay đổi này đã được hoàn tác rồi.")
    if not _stands(connection, change):
        raise WrongStateError(_MOVED_ON)
    return change


def way_back(connection: Connection, change: Change) -> Edit | None:
    """Return the edit that taking a change back is, or None when nothing else has changed of the timetable since.

    Then what comes back is what was there a moment ago, whole.
    """
    before = change.before or {}
    return None if before.get("version") == station.plan_version(connection) else _edit_of(before)


def undoable(connection: Connection, user: User, now: datetime, within: timedelta = UNDO_FOR) -> Change | None:
    """Return the newest change of `user` that stands, when it was made within a time and can still be undone.

    What others changed elsewhere meanwhile does not matter; what was built upon it does.
    """
    own = changes.newest_by(connection, user.id)
    if own is None or not _can_be_undone(own) or not timedelta() <= now - own.at < within:
        return None
    return own if _stands(connection, own) else None


def _stands(connection: Connection, change: Change) -> bool:
    """Tell whether the rules and programmes of a change are as it left them, and what it would bring back can be."""
    before = change.before or {}
    rules, programmes = timetable.rules(connection), timetable.programmes(connection)
    if fingerprint(snapshot(rules, programmes, before["rules"], before["programmes"])) != before["after"]:
        return False
    edit = _edit_of(before)
    known = programmes.keys() | {one.id for one in edit.programmes}
    dayparts = {one.id for one in calendar.dayparts(connection)}
    return all(programmes_of(one) <= known and one.daypart_ids <= dayparts for one in edit.rules)


def _can_be_undone(change: Change) -> bool:
    return change.before is not None and {"rules", "programmes", "after"} <= change.before.keys()


def _edit_of(before: dict[str, Any]) -> Edit:
    return Edit(
        rules=tuple(rule_from(one) for one in before["rules"].values() if one is not None),
        programmes=tuple(programme_from(one) for one in before["programmes"].values() if one is not None),
        removed=frozenset(rule_id for rule_id, one in before["rules"].items() if one is None),
    )


def _put_back(connection: Connection, edit: Edit, fresh: list[str], now: datetime) -> None:
    for programme in edit.programmes:
        timetable.put_programme(connection, programme)
    for rule in edit.rules:
        timetable.put_rule(connection, rule)
    # What has begun keeps its rule and programme, so that its log goes on to tell where it came from; and a programme
    # stays that somebody else has put in the timetable meanwhile.
    begun = plans.slots(connection, now - _LONG_AGO, now)
    rules, programmes = {one.rule_id for one in begun}, {one.programme_id for one in begun}
    for rule_id in sorted(edit.removed):
        if rule_id in rules:
            timetable.set_enabled(connection, rule_id, False)
        else:
            timetable.remove_rule(connection, rule_id)
    programmes |= {one for rule in timetable.rules(connection).values() for one in programmes_of(rule)}
    for programme_id in fresh:
        if programme_id not in programmes:
            timetable.remove_programme(connection, programme_id)
