"""Nudges (lời nhắc): “fetch now”, sent over MQTT. A nudge has no authority: what is fetched is signed."""

from dataclasses import dataclass
from enum import StrEnum

CENTRE = "centre"
"""The broker's user that may send nudges; machines have their id for a name."""
_ROOT = "tiengloa"


class Nudge(StrEnum):
    """What there is to fetch."""

    PLAYLIST = "playlist"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens; an empty `host` is that of the centre's own server. `ca` is a PEM text, or empty."""

    host: str
    port: int
    tls: bool = False
    ca: str = ""


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """How one client comes into a broker."""

    address: BrokerAddress
    user: str
    password: str


def topic_of(machine_id: str, what: Nudge) -> str:
    """Return the topic on which a machine is asked to fetch `what`."""
    return f"{_ROOT}/{machine_id}/{what.value}"


def filter_of(machine_id: str) -> str:
    """Return the topic filter that a machine, and no other, may subscribe to."""
    return f"{_ROOT}/{machine_id}/+"


def nudge_of(topic: str, machine_id: str) -> Nudge | None:
    """Return what a message on `topic` asks this machine to fetch, or None when it is not for it."""
    return next((what for what in Nudge if topic == topic_of(machine_id, what)), None)


def is_nudge(topic: str) -> bool:
    """Tell whether `topic` is one on which some machine is nudged."""
    root, _, rest = topic.partition("/")
    machine_id, _, what = rest.partition("/")
    return root == _ROOT and bool(machine_id) and what in tuple(Nudge)
