"""The list of machines: how each one stands, chosen by area and state, a page at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from domain.areas import Area
from domain.machines import OUTCOME_LABELS, AiringOutcome, Machine, MachineState
from domain.people import Role
from scheduler.machines import fingerprint_of
from store import enrolments, machines, places, plans
from store.plans import NextSlot
from web.area_tree import Branch, flat, tree
from web.context import me, own_station, services
from web.formats import local, plain
from web.states import Mark, machine_mark

PAGE = 40
NOT_READY = "chua-san-sang"
STATES = {
    "mat-ket-noi": MachineState.OFFLINE,
    "hong": MachineState.FAULTY,
    "tre": MachineState.LATE,
    "chua-ket-noi": MachineState.NEVER_SEEN,
    "hoat-dong": MachineState.ONLINE,
    "da-thu-hoi": MachineState.REVOKED,
}
"""The states by the word that names them in an address, the worst first: so is the list ordered."""
_ORDER = {state: place for place, state in enumerate(STATES.values())}


@dataclass(frozen=True, slots=True)
class MachineLine:
    """A machine as the list shows it; `coming` is what sounds next there by the centre's plan."""

    machine: Machine
    area: str
    mark: Mark
    coming: NextSlot | None
    last_outcome: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked to see: an area or all, a state or all, words in the name, and a page."""

    area_id: str = ""
    state: str = ""
    words: str = ""
    page: int = 1

    def address(self, **changed: object) -> dict[str, object]:
        """Return the parts of an address that asks for this, some of them changed, nothing that is as usual."""
        parts = {"o": self.area_id, "t": self.state, "q": self.words, "trang": self.page, **changed}
        return {name: value for name, value in parts.items() if value not in ("", 1)}


def list_page(
    problems: dict[str, str] | None = None, status: int = 200, name: str = "", area_id: str = ""
) -> ResponseReturnValue:
    """Return the page of all machines, with the form that adds one as it was filled in."""
    return render_template(
        "machines.html", problems=problems or {}, name=name, area_id=area_id, areas=area_choices(), **board()
    ), status


def board() -> dict[str, object]:
    """Return what the piece with the machines shows."""
    now, wish = services().clock.now(), _wish()
    every = every_machine()
    with services().database.read() as connection:
        known = places.areas(connection)
        waiting = enrolments.waiting(connection)
    inside = _inside(known, wish.area_id)
    here = [one for one in every if _is_meant(one, inside, wish.words)]
    counts = Counter(_kinds(here, now))
    chosen = sorted(
        (one for one in here if _is_chosen(one, wish.state, now)),
        key=lambda one: (_ORDER[one.state_at(now)], plain(one.name), one.id),
    )
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(wish.page, pages)
    return {
        "lines": _lines(chosen[(page - 1) * PAGE : page * PAGE], known, now),
        "waiting": waiting,
        "area_names": {one.id: one.name for one in known},
        "now": now,
        "wish": wish,
        "chips": _chips(counts, wish),
        "page": page,
        "pages": pages,
        "found": len(chosen),
        "any": bool(every),
        "may_manage": me().may(Role.TECHNICIAN),
        "station_fingerprint": fingerprint_of(own_station().public_key),
    }


def every_machine() -> tuple[Machine, ...]:
    """Return every machine, read once for each request however many pieces of a page tell of them."""
    if "every_machine" not in g:
        with services().database.read() as connection:
            g.every_machine = machines.everything(connection)
    return cast(tuple[Machine, ...], g.every_machine)


def banner(now: datetime) -> dict[str, object]:
    """Return how many machines need somebody as (state in the list, how many, words), and how many there are."""
    every = [one for one in every_machine() if one.revoked_at is None]
    counts = Counter(one.state_at(now) for one in every)
    unready = sum(map(is_unready, every))
    told = [
        ("mat-ket-noi", counts[MachineState.OFFLINE], "mất kết nối"),
        ("hong", counts[MachineState.FAULTY], "hỏng"),
        (NOT_READY, unready, "chưa đủ âm thanh"),
        ("tre", counts[MachineState.LATE], "trễ hẹn"),
    ]
    return {"fleet": [one for one in told if one[1]], "fleet_size": len(every)}


def area_choices() -> tuple[Branch, ...]:
    """Return the areas of today, each before what lies below it."""
    today = local(services().clock.now())
    with services().database.read() as connection:
        return flat(tree(places.areas(connection), places.levels(connection), today.date()))


def is_unready(machine: Machine) -> bool:
    """Tell whether a machine in use lacks clips of its playlist."""
    return machine.revoked_at is None and machine.heartbeat is not None and machine.heartbeat.lacking > 0


def page_number(name: str = "trang") -> int:
    """Return the page of a list that the address asks for, the first for what is no number."""
    asked = request.args.get(name, "1")
    return max(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1, 1)


def _wish() -> Wish:
    asked = request.args
    state = asked.get("t", "")
    known = state in STATES or state == NOT_READY
    return Wish(asked.get("o", "")[:40], state if known else "", asked.get("q", "").strip()[:80], page_number())


def _inside(areas: Iterable[Area], area_id: str) -> frozenset[str] | None:
    """Return the ids of an area and all that lies below it; `None` for everywhere."""
    if not area_id:
        return None
    below: dict[str | None, list[str]] = {}
    for one in areas:
        below.setdefault(one.parent_id, []).append(one.id)
    found, todo = set[str](), [area_id]
    while todo:
        one_id = todo.pop()
        if one_id not in found:
            found.add(one_id)
            todo.extend(below.get(one_id, ()))
    return frozenset(found)


def _is_meant(machine: Machine, inside: frozenset[str] | None, words: str) -> bool:
    return (inside is None or machine.area_id in inside) and (not words or plain(words) in plain(machine.name))


def _is_chosen(machine: Machine, state: str, now: datetime) -> bool:
    if state == NOT_READY:
        return is_unready(machine)
    stands = machine.state_at(now)
    return stands is STATES[state] if state else stands is not MachineState.REVOKED


def _kinds(every: Iterable[Machine], now: datetime) -> Iterable[str]:
    names = {state: name for name, state in STATES.items()}
    for one in every:
        state = one.state_at(now)
        yield names[state]
        if state is not MachineState.REVOKED:
            yield ""
        if is_unready(one):
            yield NOT_READY


def _chips(counts: Counter[str], wish: Wish) -> list[tuple[str, str, int, bool]]:
    """Return (state, word, how many, whether chosen) of each choice that would show anything."""
    words = {"": "Tất cả", NOT_READY: "chưa sẵn sàng", **{name: state.value for name, state in STATES.items()}}
    order = ["", *list(STATES)[:-1], NOT_READY, list(STATES)[-1]]
    return [
        (name, words[name], counts[name], name == wish.state)
        for name in order
        if counts[name] or not name or name == wish.state
    ]


def _lines(chosen: list[Machine], areas: Iterable[Area], now: datetime) -> list[MachineLine]:
    names = {one.id: one.name for one in areas}
    with services().database.read() as connection:
        coming = plans.next_slots(connection, [one.id for one in chosen], now)
    return [
        MachineLine(
            one,
            names.get(one.area_id, ""),
            machine_mark(one.state_at(now)),
            coming.get(one.id),
            OUTCOME_LABELS[AiringOutcome(one.heartbeat.aired.outcome)] if one.heartbeat and one.heartbeat.aired else "",
            fingerprint_of(one.public_key),
        )
        for one in chosen
    ]
