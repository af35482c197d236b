"""An act on the timetable that has no form of its own: looked at for clashes as every edit is, then saved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import BadInputError, TiengLoaError, WrongStateError
from scheduler.conflicts import Conflict
from scheduler.drafts import Draft, Drafting
from web.clashes import NOTHING_PENDING, Clashes, Pending, in_words_only, stopping, take_after, told
from web.context import me, services
from web.errors import status_of


@dataclass(frozen=True, slots=True)
class Act:
    """What a person is about to do: its heading, what is said when it is done, and where the page goes then."""

    heading: str
    done: str = ""
    anchor: str | None = None
    rule_id: str | None = None


def where() -> dict[str, Any]:
    """Return what the form says of the place and the day to go back to."""
    return {name: request.form[name][:40] for name in ("area", "day", "xem") if request.form.get(name)}


def reviewed(act: Act, make: Callable[[Drafting], Draft]) -> ResponseReturnValue:
    """Save the draft that `make` makes, with the ways out that were taken, unless it clashes and was not looked at."""
    desk, drafting = services().timetable, services().timetable.drafting(me(), ())
    draft = pending = None
    try:
        draft = make(drafting)
        whole, beside = take_after(draft, drafting)
        found = desk.clashes(whole)
        clashes = unseen(stopping(whole, found, drafting.inputs, in_form=False))
        pending = Pending(clashes, beside)
        if clashes is not None:
            return _page(act, draft, pending, status=409)
        desk.save(me(), whole, found)
    except (BadInputError, WrongStateError) as error:
        return _page(act, draft, pending or NOTHING_PENDING, error)
    return _done(act.done or f"Đã {whole.action}: {whole.words}.", act, found)


def undone(number: int) -> ResponseReturnValue:
    """Take a change back; what others changed meanwhile may clash with what comes back, and is looked at first."""
    desk = services().timetable
    found: tuple[Conflict, ...] | None = None
    act = Act("Hoàn tác")
    draft = desk.undoing(me(), number)
    if draft is not None:
        found = desk.clashes(draft)
        clashes = unseen(stopping(draft, found, desk.inputs(), in_form=False))
        if clashes is not None:
            return _page(act, draft, Pending(in_words_only(clashes)), status=409)
    change = desk.undo(me(), number, found)
    return _done(f"Đã hoàn tác: {change.action} {change.words}.", act, found or ())


def unseen(clashes: Clashes | None) -> Clashes | None:
    """Return what clashes and has not been looked at yet, if anything."""
    if clashes is None or (clashes.may_save and request.form.get("anyway") == clashes.seal):
        return None
    return clashes


def _done(words: str, act: Act, found: tuple[Conflict, ...]) -> ResponseReturnValue:
    if told(found):
        flash(f"Tính đến lúc này: {' '.join(told(found)[:3])}", "warning")
    flash(words, "success")
    return redirect(url_for("timetable.page", **where(), _anchor=act.anchor), 303)


def _page(
    act: Act, draft: Draft | None, pending: Pending, error: TiengLoaError | None = None, status: int = 422
) -> ResponseReturnValue:
    return render_template(
        "review.html",
        act=act,
        words=draft.words if draft is not None else "",
        problem=error.sentence if error is not None else "",
        pending=pending,
        back=where(),
    ), status if error is None else status_of(error)
