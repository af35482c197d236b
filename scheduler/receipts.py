"""Which machines have taken in a session: what is published for each, what it says it holds, and what it sounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from domain.machines import Airing, AiringOutcome, Machine, MachineState
from domain.timetable import Slot
from store import airings, machines, plans

_SPAN = timedelta(minutes=10)
"""Longer than any stagger of neighbouring places."""


class ReceiptState(StrEnum):
    """How far a session has come on one machine."""

    PREPARING = "đang lập danh sách phát"
    WAITING = "máy chưa nhận"
    OFFLINE = "máy mất kết nối, chưa nhận"
    RECEIVED = "máy đã nhận"
    SOUNDING = "đang phát"
    PLAYED = "đã phát"
    SILENT = "không phát"


OVER = frozenset({ReceiptState.PLAYED, ReceiptState.SILENT})


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a session has come on one machine, and why it does not sound there, if so."""

    machine: Machine
    state: ReceiptState
    why: str = ""


def receipts(
    connection: Connection, key: str, starts_at: datetime, meant: Iterable[Machine], now: datetime
) -> tuple[Receipt, ...]:
    """Return how far the occurrence `key`, asked for at `starts_at`, has come on each of the machines `meant`."""
    slots = {one.machine_id: one for one in plans.slots(connection, starts_at, starts_at + _SPAN) if one.key == key}
    said: dict[str, list[Airing]] = {}
    for airing in airings.between(connection, starts_at, starts_at + _SPAN * 6):
        if airing.slot_key == key:
            said.setdefault(airing.machine_id, []).append(airing)
    return tuple(_receipt(connection, one, slots.get(one.id), said.get(one.id, []), now) for one in meant)


def _receipt(connection: Connection, machine: Machine, slot: Slot | None, said: list[Airing], now: datetime) -> Receipt:
    if said:
        return _sounded(machine, said)
    if slot is None:
        return Receipt(machine, ReceiptState.PREPARING)
    if slot.refusal:
        return Receipt(machine, ReceiptState.SILENT, slot.refusal)
    published = machines.published(connection, machine.id)
    since = None if published is None else published.held.get(slot.key)
    if since is None:
        return Receipt(machine, ReceiptState.PREPARING)
    if machine.heartbeat is not None and machine.heartbeat.playlist_counter >= since[0]:
        return Receipt(machine, ReceiptState.RECEIVED)
    lost = machine.state_at(now) in {MachineState.OFFLINE, MachineState.NEVER_SEEN}
    return Receipt(machine, ReceiptState.OFFLINE if lost else ReceiptState.WAITING)


def _sounded(machine: Machine, said: list[Airing]) -> Receipt:
    outcomes = {one.outcome for one in said}
    if AiringOutcome.PLAYING in outcomes:
        return Receipt(machine, ReceiptState.SOUNDING)
    reason = next((one.reason for one in said if one.outcome is not AiringOutcome.PLAYED), "")
    return Receipt(machine, ReceiptState.SILENT if outcomes == {AiringOutcome.MISSED} else ReceiptState.PLAYED, reason)
