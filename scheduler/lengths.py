"""How long a programme is: known, or between bounds; and how that stands to the place it was booked. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.bulletins import Bulletin, BulletinState
from domain.timetable import FROM_OUTSIDE, ItemKind, PlannedItem, Programme, ProgrammeItem
from scheduler.items import Shelf, Terms, is_of, plan_item
from scheduler.policy import spoken_length

_SYLLABLES_A_MINUTE = 150
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A length that lies from `least` to `most`; `guessed` when some of it has no sound yet."""

    least: timedelta = timedelta()
    most: timedelta = timedelta()
    guessed: bool = False

    @property
    def known(self) -> bool:
        """Tell whether it is one length and no guess."""
        return self.least == self.most and not self.guessed

    def plus(self, other: "Span") -> "Span":
        """Return both one after the other."""
        return Span(self.least + other.least, self.most + other.most, self.guessed or other.guessed)


@dataclass(frozen=True, slots=True)
class ItemLength:
    """How long one item of a programme is with its repeats, and why it would not sound today, if so."""

    span: Span
    refusal: str = ""
    title: str = ""


def item_lengths(programme: Programme, on: date, shelf: Shelf, terms: Terms) -> tuple[ItemLength, ...]:
    """Return the length of each item as it stands on the local date `on`."""
    return tuple(_item_length(item, on, shelf, terms) for item in programme.items)


def length_of(lengths: Iterable[ItemLength]) -> Span:
    """Return the length of a whole programme from those of its items."""
    whole = Span()
    for one in lengths:
        whole = whole.plus(one.span)
    return whole


def against(span: Span, booked: timedelta | None) -> str:
    """Return how a length stands to its booked place, in words; nothing when it fits or has no place."""
    if booked is None:
        return ""
    if span.most >= booked + _SECOND:
        could = "" if span.least >= booked + _SECOND else "có thể "
        return f"{could}dài hơn chỗ {spoken_length(span.most - booked)}"
    if span.most <= booked - _SECOND:
        return f"ngắn hơn chỗ {spoken_length(booked - span.most)}"
    return ""


def in_words(span: Span) -> str:
    """Return a length in minutes and seconds, "about" when it is guessed and "from … to" when it is bounded."""
    about = "khoảng " if span.guessed else ""
    if spoken_length(span.least) == spoken_length(span.most):
        return about + spoken_length(span.most)
    return f"{about}từ {spoken_length(span.least)} đến {spoken_length(span.most)}"


def _item_length(item: ProgrammeItem, on: date, shelf: Shelf, terms: Terms) -> ItemLength:
    if item.kind is ItemKind.BED:
        return ItemLength(Span(), "" if item.clip_hash in shelf.clips else "chưa chọn âm thanh")
    if item.kind is ItemKind.PAUSE:
        return ItemLength(Span(item.length, item.length))
    planned = plan_item(item, on, shelf, terms)
    once = _latest_span(item, shelf) if item.kind is ItemKind.LATEST else _once(item, planned, shelf)
    times = max(1, item.repeat)
    gaps = item.gap * (times - 1)
    span = Span(once.least * times + gaps, once.most * times + gaps, once.guessed)
    return ItemLength(span, planned.refusal, planned.title)


def _once(item: ProgrammeItem, planned: PlannedItem, shelf: Shelf) -> Span:
    if item.kind in FROM_OUTSIDE:
        return Span(item.length, item.length)
    bulletin = shelf.bulletins.get(planned.bulletin_id or "")
    if bulletin is not None:
        return _of_bulletin(bulletin, shelf)
    return Span(planned.length, planned.length)


def _latest_span(item: ProgrammeItem, shelf: Shelf) -> Span:
    """Return the bounds over every approved bulletin that may be the newest one day; nothing when there is none."""
    held = [one for one in shelf.bulletins.values() if is_of(one, item) and one.state is BulletinState.APPROVED]
    spans = [_of_bulletin(one, shelf) for one in held]
    if not spans:
        return Span(guessed=True)
    return Span(min(one.least for one in spans), max(one.most for one in spans), any(one.guessed for one in spans))


def _of_bulletin(bulletin: Bulletin, shelf: Shelf) -> Span:
    clip = shelf.clips.get(bulletin.clip_hash or "")
    if clip is not None and bulletin.clip_version == bulletin.version:
        return Span(clip.length, clip.length)
    guess = timedelta(minutes=len(bulletin.script.split()) / _SYLLABLES_A_MINUTE)
    return Span(guess, guess, guessed=True)
