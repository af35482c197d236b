"""How a heartbeat is kept: a JSON document that an older or newer version of the product can read."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from domain.machines import Aired, Box, Coming, Heartbeat, Lack, Shortfall
from domain.playlist import from_ms, length_ms, to_ms

_PLAIN = (
    "playlist_counter",
    "clips_held",
    "clips_needed",
    "sink",
    "sink_ok",
    "clock_offset_ms",
    "free_bytes",
    "version",
    "fault",
    "boot",
    "number",
    "clock_trusted",
    "stand_in",
    "clock_error_ms",
    "emergency_held",
    "emergency_needed",
    "clips_checking",
    "nudged",
)
_BOX = tuple(one.name for one in fields(Box) if one.name != "uptime")


def to_document(heartbeat: Heartbeat) -> dict[str, Any]:
    """Return the JSON document of a heartbeat."""
    box, coming, aired = heartbeat.box, heartbeat.coming, heartbeat.aired
    return {
        **{name: getattr(heartbeat, name) for name in _PLAIN},
        "at": to_ms(heartbeat.at),
        "every": length_ms(heartbeat.every),
        "running": _maybe_length(heartbeat.running),
        "earlier_boots": list(heartbeat.earlier_boots),
        "box": {**{name: getattr(box, name) for name in _BOX}, "uptime": _maybe_length(box.uptime)},
        "coming": None if coming is None else [coming.title, to_ms(coming.starts_at), coming.ready],
        "shortfalls": [[one.slot_key, to_ms(one.starts_at), one.lack.value, one.clips] for one in heartbeat.shortfalls],
        "aired": None if aired is None else [aired.title, to_ms(aired.at), aired.outcome],
    }


def from_document(document: Mapping[str, Any]) -> Heartbeat:
    """Return the heartbeat of a kept document; what it does not tell is as if it were not told."""
    told = {name: document[name] for name in _PLAIN if name in document}
    if "every" in document:
        told["every"] = timedelta(milliseconds=document["every"])
    box = {name: value for name, value in document.get("box", {}).items() if name in _BOX}
    return Heartbeat(
        **told,
        at=from_ms(document["at"]),
        earlier_boots=tuple(document.get("earlier_boots", ())),
        running=_length(document.get("running")),
        box=Box(**box, uptime=_length(document.get("box", {}).get("uptime"))),
        coming=_coming(document.get("coming")),
        aired=_aired(document.get("aired")),
        shortfalls=tuple(_shortfall(told) for told in document.get("shortfalls", ())),
    )


def _maybe_length(length: timedelta | None) -> int | None:
    return None if length is None else length_ms(length)


def _length(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)


def _coming(told: list[Any] | None) -> Coming | None:
    return None if told is None else Coming(told[0], from_ms(told[1]), told[2])


def _aired(told: list[Any] | None) -> Aired | None:
    return None if told is None else Aired(told[0], from_ms(told[1]), told[2])


def _shortfall(told: list[Any]) -> Shortfall:
    return Shortfall(told[0], from_ms(told[1]), Lack(told[2]), told[3])
