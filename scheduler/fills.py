"""How the stand-in of a relay or live item fills the place that is booked for it. Pure.

No machine takes in a stream yet, so the stand-in is what sounds. Each time it is said is an item by itself: machines
need no new form of playlist, and each airing tells what sounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from domain.timetable import FROM_OUTSIDE, PlannedItem

MOST_TURNS = 40
"""How often a stand-in is said in one place; a longer place has silence between."""

SHORTEST_TURN = timedelta(seconds=5)
"""A last turn that would be cut shorter than this is left out, and is silence between the others."""

_NOTHING, _MILLISECOND = timedelta(), timedelta(milliseconds=1)


def turns(whole: PlannedItem, sound: timedelta) -> tuple[PlannedItem, ...]:
    """Return the items that fill the place of `whole` with a stand-in of the length `sound`.

    It is said again and again and cut at the end of the place. Together they last as long as `whole`, to the
    millisecond of a playlist.
    """
    if whole.kind not in FROM_OUTSIDE or whole.refusal or sound <= _NOTHING:
        return (whole,)
    once = min(-(-sound // _MILLISECOND) * _MILLISECOND, whole.length)
    times = min(whole.length // once, MOST_TURNS)
    left = whole.length - once * times
    if left >= SHORTEST_TURN and times < MOST_TURNS:
        last = replace(whole, length=left, lead=_NOTHING)
        return (*_spread(replace(whole, length=once), times, _NOTHING), last)
    return tuple(_spread(replace(whole, length=once), times, left))


def _spread(turn: PlannedItem, times: int, silence: timedelta) -> Iterator[PlannedItem]:
    """Yield `turn` so many times with `silence` between them, or before it when it is said once."""
    if times == 1:
        yield replace(turn, lead=turn.lead + silence)
        return
    yield turn
    share = silence // (times - 1) // _MILLISECOND * _MILLISECOND
    for number in range(1, times):
        yield replace(turn, lead=share if number < times - 1 else silence - share * (times - 2))


def silence_in(whole: PlannedItem, sound: timedelta) -> timedelta:
    """Return how much of the place of `whole` stays silent while its stand-in, of the length `sound`, fills it."""
    return sum((one.lead for one in turns(replace(whole, lead=_NOTHING), sound)), _NOTHING)


def as_listed(items: Iterable[PlannedItem]) -> tuple[PlannedItem, ...]:
    """Return items as people are told of them: the turns of a stand-in together are one, as long as its place."""
    told: list[PlannedItem] = []
    for item in items:
        same = told and not item.refusal and item.kind in FROM_OUTSIDE
        if same and _is_turn_of(item, told[-1]):
            told[-1] = replace(told[-1], length=told[-1].length + item.span)
        else:
            told.append(item)
    return tuple(told)


def _is_turn_of(item: PlannedItem, first: PlannedItem) -> bool:
    return replace(item, length=first.length, lead=first.lead) == first
