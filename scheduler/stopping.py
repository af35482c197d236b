"""Which clashes of an edit a person must look at before it is saved, and which of them may be saved over. Pure."""

from collections.abc import Iterable

from domain.timetable import Layer
from scheduler.conflicts import Conflict, ConflictKind

STOPPING = frozenset({ConflictKind.CLASH, ConflictKind.POLICY})
"""What a person must look at before an edit is saved; the rest is only told."""
_DAILY = "mỗi ngày"


def held_up(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Return those of `conflicts` that must be looked at before the edit is saved."""
    return tuple(one for one in conflicts if one.kind in STOPPING)


def may_save(held: Iterable[Conflict]) -> bool:
    """Tell whether an edit may be saved over its clashes, once they were looked at, because each is as it should be."""
    return all(map(_yields, held))


def _yields(one: Conflict) -> bool:
    """Tell whether only a lower session gives way, or a day has its own reason for silence."""
    if one.kind is ConflictKind.POLICY:
        return _DAILY not in one.policy
    if one.winner is None:
        return False
    urgent = one.winner.layer is Layer.URGENT and one.loser.layer is not Layer.URGENT
    return one.winner.priority > one.loser.priority or urgent
