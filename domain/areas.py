"""Places: an effective-dated tree of any depth, and the organisations in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AreaLevel:
    """A kind of place (tỉnh, xã/phường, tổ dân phố/bản, cụm loa); data, not code: no level is assumed."""

    code: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class Area:
    """A place in the tree; `valid_until` is its last day, `None` while it exists; its successors took its place."""

    id: str
    name: str
    level: str
    parent_id: str | None
    official_code: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    successor_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Organisation:
    """An office that leads a task, takes part in it, or receives reports."""

    id: str
    name: str
    short_name: str = ""


def descendants(areas: Iterable[Area], root_id: str) -> frozenset[str]:
    """Return the ids of `root_id` and of every area below it."""
    children: dict[str | None, list[str]] = {}
    for area in areas:
        children.setdefault(area.parent_id, []).append(area.id)
    return frozenset(_walk(children, root_id))


def _walk(children: dict[str | None, list[str]], root_id: str) -> Iterator[str]:
    waiting, seen = [root_id], set[str]()
    while waiting:
        area_id = waiting.pop()
        if area_id in seen:
            continue
        seen.add(area_id)
        yield area_id
        waiting.extend(children.get(area_id, ()))
