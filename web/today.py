"""Today: what is on the air now, what comes next, and what needs a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from domain.machines import Airing
from domain.timetable import Priority, Slot
from store import airings, clips, plans
from web.attention import matters
from web.context import me, own_station, services
from web.formats import day, local, weekday
from web.fragments import fragment
from web.machine_list import banner, every_machine

blueprint = Blueprint("today", __name__)

AHEAD = timedelta(hours=6)
_LONGEST_CLIP = timedelta(hours=2)
_GIVE_UP_AFTER = timedelta(minutes=1)
_MOST_COMING = 12


@dataclass(frozen=True, slots=True)
class OnAir:
    """A clip that sounds now; `ends_at` is `None` when its length is not known here."""

    machine: str
    title: str
    started_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A session ahead, and the machines that will sound it."""

    starts_at: datetime
    title: str
    length: timedelta
    priority: Priority
    items: tuple[str, ...]
    machines: tuple[str, ...]
    refusal: str


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """Show today."""
    now = services().clock.now()
    today = f"{weekday(local(now))}, {day(now)}"
    shown = {**_air(now), **_work(now), **banner(now)}
    return render_template("today.html", today=today, station=own_station(), **shown)


@blueprint.get("/hom-nay/may-phat")
def fleet() -> ResponseReturnValue:
    """Answer the piece that tells how many machines need somebody."""
    return fragment("_fleet.html", **banner(services().clock.now()))


@blueprint.get("/hom-nay/dang-phat")
def on_air() -> ResponseReturnValue:
    """Answer the piece about what sounds and what comes."""
    return fragment("_on_air.html", **_air(services().clock.now()))


@blueprint.get("/hom-nay/viec")
def work() -> ResponseReturnValue:
    """Answer the piece about what needs a person."""
    return fragment("_matters.html", **_work(services().clock.now()))


def _air(now: datetime) -> dict[str, object]:
    names = {one.id: one.name for one in every_machine() if one.revoked_at is None}
    with services().database.read() as connection:
        sounding = airings.on_air(connection, now, now - _LONGEST_CLIP)
        shelf = clips.some(connection, [one.clip_hash for one in sounding if one.clip_hash])
        ahead = plans.slots(connection, now, now + AHEAD)
    lengths = {clip_hash: clip.length for clip_hash, clip in shelf.items()}
    live = [_on_air(one, names, lengths) for one in sounding]
    return {
        "live": [one for one in live if one.ends_at is None or one.ends_at + _GIVE_UP_AFTER > now],
        "coming": coming(ahead, names)[:_MOST_COMING],
        "has_machines": bool(names),
    }


def _on_air(airing: Airing, names: dict[str, str], lengths: dict[str, timedelta]) -> OnAir:
    started_at = airing.started_at or airing.planned_start
    length = lengths.get(airing.clip_hash or "")
    name = names.get(airing.machine_id, "máy phát đã thu hồi")
    return OnAir(name, airing.title, started_at, None if length is None else started_at + length)


def coming(slots: Iterable[Slot], names: dict[str, str]) -> list[Coming]:
    """Return sessions in order, one for all the machines on which it sounds alike."""
    groups: dict[tuple[datetime, str, str], list[Slot]] = {}
    for slot in slots:
        if slot.machine_id in names:
            groups.setdefault((slot.starts_at, slot.title, slot.refusal), []).append(slot)
    return [
        Coming(
            starts_at=alike[0].starts_at,
            title=alike[0].title,
            length=alike[0].length,
            priority=alike[0].priority,
            items=tuple(item.title for item in alike[0].items),
            machines=tuple(sorted(names[slot.machine_id] for slot in alike)),
            refusal=refusal or _refused_items(alike[0]),
        )
        for (_, _, refusal), alike in groups.items()
    ]


def _refused_items(slot: Slot) -> str:
    if any(not item.refusal for item in slot.items):
        return ""
    return "; ".join(dict.fromkeys(item.refusal for item in slot.items))


def _work(now: datetime) -> dict[str, object]:
    return {"matters": matters(me(), now)}
