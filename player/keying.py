"""Decides when the transmitter or amplifier is switched on: before sound, after it, and across short gaps. Pure.

It is on for sound alone that the signed playlist names, so that a transmitter left by itself is silent.
"""

from dataclasses import dataclass

from player.settings import PreKey


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known at a moment, in seconds of one clock: what sounds now, next, and when sound last ended."""

    sounding: bool
    next_at: float | None = None
    silent_since: float | None = None


def keyed(settings: PreKey, now: float, heard: Heard, *, up: bool) -> bool:
    """Tell whether the switch is to be on at `now`, when it is `up` so far."""
    if heard.sounding:
        return True
    ahead = heard.next_at is not None and heard.next_at - now <= settings.ahead
    return ahead or (up and heard.silent_since is not None and _stays(settings, now, heard, heard.silent_since))


def _stays(settings: PreKey, now: float, heard: Heard, since: float) -> bool:
    """Tell whether a switch that is on stays so in silence: for the hold, and when sound comes soon again."""
    held = 0 <= now - since < settings.hold
    bridged = heard.next_at is not None and heard.next_at - since <= settings.bridge
    return held or bridged
