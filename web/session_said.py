"""A session in the form, told in words: what it asks for, how long it is, and what may keep it from sounding."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import BadInputError, NotFoundError
from domain.machines import MachineState
from domain.timetable import FROM_OUTSIDE, Rule
from scheduler.desk import Draft, NewSession
from scheduler.drafts import Drafting
from scheduler.inputs import Inputs
from scheduler.judging import length_of
from scheduler.sessions import never_sounds, soundings
from scheduler.words import on, outermost, rule_words, weekday_word
from store import places
from web.area_tree import flat, tree
from web.context import me, services
from web.formats import duration, local
from web.session_form import SessionForm, to_session

_MOST_TOLD = 3
_STAND_IN = "Ở mục tiếp âm và phát trực tiếp, khi nguồn mất tiếng 5 giây máy phát chuyển sang âm thanh thay thế."
_SOON = timedelta(days=8)


def in_words(form: SessionForm, inputs: Inputs | None = None) -> tuple[str, str]:
    """Return what the form asks for in words, or what is wrong with it; both empty while it is hardly begun.

    `inputs` are the timetable with the bulletins of the form, when the page has read them already.
    """
    now = services().clock.now()
    wanted, problems = to_session(form, local(now).date())
    if wanted is None:
        return "", next(iter(problems.values())) if form.times or form.daypart_ids else ""
    if not wanted.area_ids or not (wanted.bulletin_ids or wanted.programme_id) or not wanted.name.strip():
        wanted = replace(wanted, name=wanted.name or "?")
    inputs = inputs or services().timetable.inputs(wanted.bulletin_ids)
    try:
        draft = Drafting(inputs, me(), now).session(wanted)
    except (BadInputError, NotFoundError) as error:
        begun = wanted.area_ids and (wanted.bulletin_ids or wanted.programme_id)
        return "", error.sentence if begun else ""
    names = {one.id: one.name for one in inputs.areas}
    rule = draft.edit.rules[0]
    said = [f"{rule_words(outermost(rule, inputs.areas), inputs.calendar, names)}.", _first_in_words(rule, inputs, now)]
    return " ".join(one for one in (*said, _length_in_words(draft, inputs, now)) if one), ""


def _first_in_words(rule: Rule, inputs: Inputs, now: datetime) -> str:
    """Return when it sounds first, when that does not go without saying: not soon, or counted in weeks."""
    never = never_sounds(rule, now, inputs.calendar)
    if never:
        return never
    ahead = (local(one.starts_at) for one in soundings(rule, now, inputs.calendar) if one.starts_at > now)
    first = next(ahead, None)
    if first is None or (rule.week_interval == 1 and first - now < _SOON):
        return ""
    return f"Lần đầu: {weekday_word(first.date())} {on(first.date())}."


def _length_in_words(draft: Draft, inputs: Inputs, now: datetime) -> str:
    after = draft.edit.applied(inputs)
    programme = after.shelf.programmes[draft.edit.rules[0].programme_id]
    length = length_of(programme, local(now).date(), after.shelf, after.terms)
    outside = f" {_STAND_IN}" if any(one.kind in FROM_OUTSIDE for one in programme.items) else ""
    said = f"Buổi dài khoảng {duration(length)}"
    if programme.booked is None:
        return f"{said}.{outside}"
    over = length - programme.booked
    if over > timedelta():
        return f"{said}, thừa {duration(over)} so với chỗ đã đặt.{outside}"
    return f"{said}, còn trống {duration(-over)}.{outside}"


def warnings_of(wanted: NewSession, more: list[str], now: datetime) -> list[str]:
    """Return a sentence for each thing that keeps the session from sounding as it was asked for."""
    said = []
    under = services().timetable.machines_under
    with services().database.read() as connection:
        areas = flat(tree(places.areas(connection), places.levels(connection), local(now).date()))
    names = {one.id: one.name for one in areas}
    bare = [names[one] for one in names if one in wanted.area_ids and not under(frozenset({one}))]
    if bare:
        said.append(f"nơi này chưa có máy phát nên ở đó chưa có gì phát lên: {', '.join(bare)}.")
    lost = [one.name for one in under(wanted.area_ids) if one.state_at(now) is MachineState.OFFLINE]
    if lost:
        said.append(f"máy đang mất kết nối, chỉ nhận lịch mới khi có mạng lại: {', '.join(lost)}.")
    if more:
        rest = f" và {len(more) - _MOST_TOLD} điều khác." if len(more) > _MOST_TOLD else ""
        said.append(f"tính đến lúc này: {' '.join(more[:_MOST_TOLD])}{rest}")
    return [said[0], *(one[0].upper() + one[1:] for one in said[1:])] if said else []
