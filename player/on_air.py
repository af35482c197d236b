"""What is on the air that no timetable tells beforehand: emergencies and drills that go on, relays, live speech."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.playlist import from_ms, to_ms
from domain.sources import SourceKind
from player.alerting import Alert
from player.endings import Live


@dataclass(frozen=True, slots=True)
class Urgent:
    """An emergency, a drill or an all-clear that goes on, heard `heard` times; none is repeated after `until`.

    `due` is when the next repeat begins; absent while one sounds, or when it was the last.
    """

    title: str
    began: datetime
    until: datetime
    heard: int
    due: datetime | None = None
    drill: bool = False
    clear: bool = False
    local: bool = False


@dataclass(frozen=True, slots=True)
class FromOutside:
    """A relay or live speech on the air, from when, and until when at the longest."""

    title: str
    kind: SourceKind
    began: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class OnAir:
    """Both together."""

    urgent: tuple[Urgent, ...] = ()
    outside: tuple[FromOutside, ...] = ()


NOTHING = OnAir()


def urgent_of(alerts: Iterable[Alert]) -> tuple[Urgent, ...]:
    """Return those of `alerts` that go on."""
    return tuple(
        Urgent(
            one.order.title, one.began, one.until, one.heard, one.due, one.order.drill, clear=one.clear, local=one.local
        )
        for one in alerts
        if one.running
    )


def outside_of(sounding: Iterable[Live]) -> tuple[FromOutside, ...]:
    """Return those of the items that sound whose sound comes from outside."""
    found = []
    for live in sounding:
        item, base = live.item, live.start.base
        if item.source:
            begins = base + item.offset
            found.append(FromOutside(item.title, item.source.kind, begins + live.start.skip, begins + item.length))
    return tuple(found)


def to_document(on_air: OnAir) -> dict[str, Any]:
    """Return the JSON object of what is on the air; instants in milliseconds."""
    return {
        "urgent": [
            {
                "title": one.title,
                "began": to_ms(one.began),
                "until": to_ms(one.until),
                "heard": one.heard,
                "due": None if one.due is None else to_ms(one.due),
                "drill": one.drill,
                "clear": one.clear,
                "local": one.local,
            }
            for one in on_air.urgent
        ],
        "outside": [
            {"title": one.title, "kind": one.kind.value, "began": to_ms(one.began), "until": to_ms(one.until)}
            for one in on_air.outside
        ],
    }


def from_document(document: Mapping[str, Any]) -> OnAir:
    """Return what a JSON object tells to be on the air. Raises KeyError, TypeError, ValueError."""
    urgent = (
        Urgent(
            one["title"],
            from_ms(one["began"]),
            from_ms(one["until"]),
            one["heard"],
            None if one["due"] is None else from_ms(one["due"]),
            one["drill"],
            clear=one["clear"],
            local=one["local"],
        )
        for one in document["urgent"]
    )
    outside = (
        FromOutside(one["title"], SourceKind(one["kind"]), from_ms(one["began"]), from_ms(one["until"]))
        for one in document["outside"]
    )
    return OnAir(tuple(urgent), tuple(outside))
