"""What the form of a programme holds: items as typed, in an order that buttons change, and what they ask for."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from werkzeug.datastructures import MultiDict

from domain.timetable import FROM_OUTSIDE, ItemKind, LatePolicy, Priority, Programme, ProgrammeItem
from scheduler.programme_checks import MOST_ITEMS
from web.typed import Typed, length_typed

PRIORITIES = (Priority.FILLER, Priority.NORMAL, Priority.PRIORITY, Priority.LIVE)


@dataclass(frozen=True, slots=True)
class ItemForm:
    """One item as typed; `source` is column:ID or topic:ID."""

    kind: ItemKind
    bulletin: str = ""
    clip: str = ""
    source: str = ""
    url: str = ""
    length: str = ""
    repeat: str = "1"
    gap: str = ""
    duck: str = "18"


@dataclass(frozen=True, slots=True)
class ProgrammeForm:
    """A programme as typed, with a sentence for each field that cannot be used."""

    name: str = ""
    priority: str = Priority.NORMAL.name
    late: str = LatePolicy.CATCH_UP.value
    grace: str = "5:00"
    booked: str = ""
    items: tuple[ItemForm, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)


def of_programme(one: Programme) -> ProgrammeForm:
    """Return the form that shows a programme."""
    return ProgrammeForm(
        name=one.name,
        priority=one.priority.name,
        late=one.late_policy.value,
        grace=length_typed(one.grace) or "0:00",
        booked=length_typed(one.booked or timedelta()),
        items=tuple(map(_of_item, one.items)),
    )


def _of_item(item: ProgrammeItem) -> ItemForm:
    source = f"column:{item.column_id}" if item.column_id else f"topic:{item.topic_id}" if item.topic_id else ""
    return ItemForm(
        kind=item.kind,
        bulletin=item.bulletin_id or "",
        clip=item.clip_hash or "",
        source=source,
        url=item.stream_url,
        length=length_typed(item.length),
        repeat=str(item.repeat),
        gap=length_typed(item.gap),
        duck=f"{item.duck_db:g}".replace(".", ","),
    )


def as_typed(form: MultiDict[str, str]) -> ProgrammeForm:
    """Return what came with a POST, after the button that was pressed did its part to the list of items."""
    count = form.get("count", "0")
    number = min(int(count), MOST_ITEMS + 1) if count.isascii() and count.isdigit() and len(count) < 5 else 0
    items = [_item_typed(form, place) for place in range(number)]
    return ProgrammeForm(
        name=form.get("name", ""),
        priority=form.get("priority", ""),
        late=form.get("late", ""),
        grace=form.get("grace", ""),
        booked=form.get("booked", ""),
        items=tuple(_after_button(items, form.get("do", ""), form.get("add", ""))),
    )


def _item_typed(form: MultiDict[str, str], place: int) -> ItemForm:
    def part(name: str, otherwise: str = "") -> str:
        return form.get(f"{place}-{name}", otherwise)

    kind = part("kind")
    return ItemForm(
        kind=ItemKind(kind) if kind in set(ItemKind) else ItemKind.BULLETIN,
        bulletin=part("bulletin"),
        clip=part("clip"),
        source=part("source"),
        url=part("url"),
        length=part("length"),
        repeat=part("repeat", "1"),
        gap=part("gap"),
        duck=part("duck", "18"),
    )


def _after_button(items: list[ItemForm], pressed: str, added: str) -> list[ItemForm]:
    """Return the items after a button: up-N, down-N, drop-N, or `add` with the kind that was chosen."""
    act, _, number = pressed.partition("-")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else len(items)
    if act == "add" and added in set(ItemKind):
        return [*items, ItemForm(ItemKind(added))]
    if not 0 <= place < len(items):
        return items
    if act == "drop":
        return [*items[:place], *items[place + 1 :]]
    other = place + {"up": -1, "down": 1}.get(act, 0)
    if 0 <= other < len(items):
        items[place], items[other] = items[other], items[place]
    return items


def to_programme(form: ProgrammeForm, programme_id: str, rank: int = 0) -> tuple[Programme, dict[str, str]]:
    """Return the programme that a form asks for, and a sentence for each field that could not be read."""
    typed = Typed(MultiDict({"grace": form.grace, "booked": form.booked}))
    items = [_to_item(one, number, typed) for number, one in enumerate(form.items)]
    if form.priority not in Priority.__members__:
        typed.problems["priority"] = "Hãy chọn một mức ưu tiên."
    if form.late not in set(LatePolicy):
        typed.problems["late"] = "Hãy chọn cách xử lý khi trễ."
    programme = Programme(
        id=programme_id,
        name=form.name,
        items=tuple(items),
        priority=Priority[form.priority] if form.priority in Priority.__members__ else Priority.NORMAL,
        late_policy=LatePolicy(form.late) if form.late in set(LatePolicy) else LatePolicy.CATCH_UP,
        grace=typed.length("grace"),
        booked=typed.length("booked") or None,
        rank=rank,
    )
    return programme, typed.problems


def _to_item(one: ItemForm, number: int, typed: Typed) -> ProgrammeItem:
    own = Typed(MultiDict({"length": one.length, "repeat": one.repeat, "gap": one.gap, "duck": one.duck}))
    where, _, source = one.source.partition(":")
    item = ProgrammeItem(
        bulletin_id=one.bulletin or None if one.kind is ItemKind.BULLETIN else None,
        clip_hash=one.clip or None if one.kind in _WITH_CLIP else None,
        kind=one.kind,
        topic_id=source or None if where == "topic" and one.kind is ItemKind.LATEST else None,
        column_id=source or None if where == "column" and one.kind is ItemKind.LATEST else None,
        stream_url=one.url.strip() if one.kind in FROM_OUTSIDE else "",
        length=own.length("length") if one.kind in _WITH_LENGTH else timedelta(),
        repeat=own.whole("repeat", 1) if one.kind in _REPEATED else 1,
        gap=own.length("gap") if one.kind in _REPEATED else timedelta(),
        duck_db=own.decimal("duck", 18.0),
    )
    typed.problems.update({f"{number}-{name}": words for name, words in own.problems.items()})
    return item


_WITH_CLIP = frozenset(ItemKind) - {ItemKind.BULLETIN, ItemKind.LATEST, ItemKind.PAUSE}
_WITH_LENGTH = frozenset({ItemKind.RELAY, ItemKind.LIVE, ItemKind.PAUSE})
_REPEATED = frozenset(
    {ItemKind.BULLETIN, ItemKind.LATEST, ItemKind.CLIP, ItemKind.IDENT, ItemKind.ANNOUNCEMENT, ItemKind.RELAY}
)


def with_problems(form: ProgrammeForm, problems: dict[str, str]) -> ProgrammeForm:
    """Return the form with sentences at its fields."""
    return replace(form, problems={**form.problems, **problems})
