"""The emergency set: what a machine holds ready to sound at once, as a part of its signed playlist."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.emergencies import LONGEST, Pattern
from domain.fields import clip_hash, integer, length, listed, object_of, text

MOST_MESSAGES = 40
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ReadyMessage:
    """A standard message on the machine: its clips by hash, and whether people at the machine may start it."""

    id: str
    title: str
    message: str
    pattern: Pattern
    chime: str | None = None
    all_clear: str | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class EmergencySet:
    """The messages held ready, and the `notice` that says before and after a drill that it is one."""

    notice: str | None = None
    messages: tuple[ReadyMessage, ...] = ()

    @property
    def hashes(self) -> frozenset[str]:
        """Return every clip of the set."""
        found = {self.notice}
        for one in self.messages:
            found |= {one.message, one.chime, one.all_clear}
        return frozenset(one for one in found if one)


NO_SET = EmergencySet()


def set_document(held: EmergencySet) -> dict[str, Any]:
    """Return the JSON object of the set."""
    return {
        "notice": held.notice,
        "messages": [
            {
                "id": one.id,
                "title": one.title,
                "message": one.message,
                "chime": one.chime,
                "all_clear": one.all_clear,
                "local": one.local,
                "pattern": pattern_document(one.pattern),
            }
            for one in held.messages
        ],
    }


def read_set(entry: object, named: Set[str]) -> EmergencySet:
    """Return the set of its JSON object; every clip is in `named`. Raises TypeError, ValueError, BadInputError."""
    told = object_of(entry, "notice messages")
    messages = tuple(_message(one, named) for one in listed(told["messages"], MOST_MESSAGES))
    if len({one.id for one in messages}) != len(messages):
        raise ValueError("emergency: id")
    return EmergencySet(maybe_named(told["notice"], named), messages)


def pattern_document(pattern: Pattern) -> dict[str, int]:
    """Return the JSON object of a pattern, lengths in milliseconds."""
    return {
        "times": pattern.times,
        "gap": pattern.gap // _MILLISECOND,
        "every": pattern.every // _MILLISECOND,
        "longest": pattern.longest // _MILLISECOND,
    }


def read_pattern(document: object) -> Pattern:
    """Return the pattern of its JSON object. Raises TypeError, ValueError, BadInputError."""
    told = object_of(document, "times gap every longest")
    gap, every, longest = (length(told[name], LONGEST) for name in ("gap", "every", "longest"))
    return Pattern(integer(told["times"], 1, 1000), gap, every, longest)


def named_clip(value: object, named: Set[str]) -> str:
    """Return the hash of a clip that is in `named`. Raises ValueError."""
    found = clip_hash(value)
    if found not in named:
        raise ValueError("clip")
    return found


def maybe_named(value: object, named: Set[str]) -> str | None:
    """Return the hash of a clip that is in `named`, or None for none. Raises ValueError."""
    return None if value is None else named_clip(value, named)


def _message(entry: object, named: Set[str]) -> ReadyMessage:
    told = object_of(entry, "id title message chime all_clear local pattern")
    if not isinstance(told["local"], bool):
        raise TypeError("local")
    return ReadyMessage(
        id=text(told["id"], 40),
        title=text(told["title"]),
        message=named_clip(told["message"], named),
        pattern=read_pattern(told["pattern"]),
        chime=maybe_named(told["chime"], named),
        all_clear=maybe_named(told["all_clear"], named),
        local=told["local"],
    )
