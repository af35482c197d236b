"""Orders: what machines must do about emergencies, signed within a moment of a person's press."""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.areas import Area
from domain.audio import Clip
from domain.checks import Check, Finding
from domain.emergencies import LONGEST, Emergency, EmergencyState
from domain.errors import BadInputError, StorageError, TrustError
from domain.machines import Machine
from domain.nudges import Nudge
from domain.order_sheet import MOST_ORDERS, ClearOrder, Order, OrderSheet, SoundOrder, StopOrder, order_document
from domain.playlist import ClipRef
from domain.ports import Channel, Clock
from scheduler.build import clip_ref
from scheduler.channels.silent import SilentChannel
from scheduler.inputs import Paths, local_date
from scheduler.signing import StationKey
from scheduler.unsigned import unsigned
from store import checks, clips, emergencies, machines, places, station
from store.emergencies import PublishedOrders
from store.engine import Database
from store.station import Station

_LOG = logging.getLogger(__name__)
CLEAR_WITHIN = timedelta(hours=1)
"""How long an all-clear is worth sounding on a machine that hears of it late."""
LOOK_EVERY_S = 0.1
LOOK_ANYWAY_S = 15.0
_TRY_AGAIN_S = 2.0


def orders_of(emergency: Emergency, now: datetime) -> tuple[Order, ...]:
    """Return the orders that are good at `now` for an emergency; their ids follow from it, so each is obeyed once."""
    given: list[Order] = []
    expires = emergency.expires_at
    if emergency.machine_id is None and emergency.state_at(now) is EmergencyState.RUNNING and expires:
        given.append(_sound(emergency, emergency.started_at or now, expires))
    if emergency.stopped_at and not emergency.ended_reason and now < emergency.stopped_at + LONGEST:
        until = emergency.stopped_at + LONGEST
        given.append(StopOrder(f"{emergency.id}-dung", emergency.stopped_at, until, (emergency.id,)))
    if emergency.cleared_at and emergency.all_clear_hash and now < emergency.cleared_at + CLEAR_WITHIN:
        given.append(_clear(emergency, emergency.cleared_at, emergency.all_clear_hash))
    return tuple(given)


def _sound(emergency: Emergency, started: datetime, expires: datetime) -> SoundOrder:
    return SoundOrder(
        id=emergency.id,
        issued_at=started,
        expires_at=expires,
        emergency_id=emergency.id,
        title=emergency.title,
        message=emergency.message_hash,
        pattern=emergency.pattern,
        chime=emergency.chime_hash,
        drill=emergency.drill,
        notice=emergency.drill_hash,
    )


def _clear(emergency: Emergency, cleared: datetime, clip_hash: str) -> ClearOrder:
    return ClearOrder(
        id=f"{emergency.id}-yen",
        issued_at=cleared,
        expires_at=cleared + CLEAR_WITHIN,
        emergency_id=emergency.id,
        title=emergency.title,
        clip=clip_hash,
        drill=emergency.drill,
        notice=emergency.drill_hash,
    )


def reaches(emergency: Emergency, machine: Machine, path: frozenset[str]) -> bool:
    """Tell whether an emergency is for `machine`, whose own and upper areas are `path`; an exception wins."""
    if emergency.machine_id is not None:
        return emergency.machine_id == machine.id
    return not emergency.area_ids.isdisjoint(path) and emergency.except_area_ids.isdisjoint(path)


@dataclass(frozen=True, slots=True)
class _State:
    """All that decides the orders, read at one moment."""

    station: Station
    areas: tuple[Area, ...]
    machines: tuple[Machine, ...]
    emergencies: tuple[Emergency, ...]
    clips: dict[str, Clip]


@dataclass(slots=True)
class OrderWorker:
    """Signs each machine's orders as soon as they change; the only holder of the key beside the timetable's worker."""

    database: Database
    key: StationKey
    clock: Clock
    channel: Channel = field(default_factory=SilentChannel)
    _seen: int = field(default=-1, init=False)
    _signed_at: float = field(default=0.0, init=False)

    def tick(self) -> int:
        """Sign and nudge if anything was asked for since the last time; return how many machines have new orders.

        Now and then it looks anyway: a machine may have been added, or moved, in the middle of an emergency.
        """
        with self.database.read() as connection:
            asked, _ = emergencies.versions(connection)
        if asked == self._seen and self.clock.monotonic() - self._signed_at < LOOK_ANYWAY_S:
            return 0
        renewed = self.sign()
        self._seen, self._signed_at = asked, self.clock.monotonic()
        return renewed

    def sign(self) -> int:
        """Sign the orders of every machine whose orders are others than before, all in one transaction."""
        now = self.clock.now()
        with self.database.read() as connection:
            state = _state(connection, now)
            held = emergencies.in_force(connection, now)
            told = any(one.check is Check.UNSIGNED for one in checks.findings(connection))
        given = _by_machine(state, held, now)
        new = {one: orders for one, orders in given.items() if not _is_told(held.get(one), orders, now)}
        if not new and not told:
            return 0
        with self.database.write() as connection:
            signed, refused = self._sign_all(connection, state, new, now)
            checks.keep_findings(connection, (Check.UNSIGNED,), refused)
        for machine_id in signed:
            self.channel.nudge(machine_id, Nudge.ORDERS)
        return len(signed)

    def _sign_all(
        self, connection: Connection, state: _State, new: Mapping[str, tuple[Order, ...]], now: datetime
    ) -> tuple[list[str], tuple[Finding, ...]]:
        """Sign the orders of machines; return those that have new ones, and what people must know of the others."""
        signed, refused = list[str](), dict[str, str]()
        for machine_id, given in new.items():
            try:
                if self._sign_one(connection, state, (machine_id, given), now):
                    signed.append(machine_id)
            except (TrustError, BadInputError) as error:
                _LOG.error("the orders of machine %s were not signed: %s", machine_id, error.sentence)
                refused[machine_id] = error.sentence
        return signed, unsigned(refused, {one.id: one.name for one in state.machines}, now)

    def _sign_one(
        self, connection: Connection, state: _State, what: tuple[str, tuple[Order, ...]], now: datetime
    ) -> bool:
        """Sign the orders of a machine if they are new. Raises TrustError, BadInputError when they cannot be signed."""
        machine_id, given = what
        # Read again: another worker may have signed meanwhile, and a counter is used once.
        old = emergencies.published(connection, machine_id)
        if _is_told(old, given, now):
            return False
        sheet = OrderSheet(
            station_id=state.station.id,
            machine_id=machine_id,
            epoch=state.station.epoch,
            counter=1 if old is None else old.counter + 1,
            issued_at=now,
            expires_at=now + LONGEST,
            clips=_refs(given, state.clips),
            orders=given,
        )
        emergencies.publish(connection, _published(self.key.sign_orders(sheet), sheet))
        return True


class OrderLookout:
    """A thread that lets the worker look LOOK_EVERY_S seconds apart: a press must not wait for the planning of days."""

    def __init__(self, look: Callable[[], object], on_error: Callable[[str, Exception], None]) -> None:
        self._look = look
        self._on_error = on_error
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orders", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is running."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = LOOK_EVERY_S
        while not self._stopping.wait(pause):
            try:
                self._look()
                pause = LOOK_EVERY_S
            except StorageError as error:
                self._on_error("orders", error)
                pause = _TRY_AGAIN_S
            except Exception as error:  # noqa: BLE001 - told, and looked at again: an emergency must not end here
                self._on_error("orders", error)
                pause = _TRY_AGAIN_S


def _state(connection: Connection, now: datetime) -> _State:
    recent = emergencies.since(connection, now - 2 * LONGEST)
    wanted = {
        one
        for held in recent
        for one in (held.message_hash, held.chime_hash, held.drill_hash, held.all_clear_hash)
        if one
    }
    return _State(
        station=station.get(connection),
        areas=places.areas(connection),
        machines=tuple(one for one in machines.everything(connection) if one.revoked_at is None),
        emergencies=tuple(reversed(recent)),
        clips=clips.some(connection, wanted),
    )


def _by_machine(state: _State, held: Mapping[str, PublishedOrders], now: datetime) -> dict[str, tuple[Order, ...]]:
    """Return the orders of each machine that has any, and none for one whose sheet in force is to be emptied.

    Else a box that was off, and wakes with its clock in the past, would sound what was over long ago.
    """
    paths = Paths(state.areas, local_date(now))
    given: dict[str, tuple[Order, ...]] = {}
    for machine in state.machines:
        path, sheet = paths.of(machine.area_id), held.get(machine.id)
        # Who was told of an emergency is told of its end, wherever the machine has been moved to meanwhile.
        meant = (one for one in state.emergencies if reaches(one, machine, path) or _names(sheet, one))
        orders = tuple(order for one in meant for order in orders_of(one, now))
        if orders or sheet:
            given[machine.id] = _fitting(orders)
    return given


def _names(sheet: PublishedOrders | None, emergency: Emergency) -> bool:
    return sheet is not None and f'"{emergency.id}"'.encode() in sheet.body


def _fitting(given: tuple[Order, ...]) -> tuple[Order, ...]:
    """Return as many orders as one sheet holds, without the oldest stops: what sounds must not wait for their end."""
    too_many = max(len(given) - MOST_ORDERS, 0)
    stops = [order.id for order in given if isinstance(order, StopOrder)][:too_many]
    return tuple(order for order in given if order.id not in stops)[-MOST_ORDERS:]


def _is_told(old: PublishedOrders | None, given: tuple[Order, ...], now: datetime) -> bool:
    return old is not None and old.fingerprint == _fingerprint(given) and now < old.expires_at


def _refs(given: Iterable[Order], held: dict[str, Clip]) -> tuple[ClipRef, ...]:
    names: dict[str, None] = {}
    for order in given:
        if isinstance(order, SoundOrder):
            names.update(dict.fromkeys(one for one in (order.message, order.chime, order.notice) if one in held))
        elif isinstance(order, ClearOrder):
            names.update(dict.fromkeys(one for one in (order.clip, order.notice) if one in held))
    return tuple(clip_ref(held[one]) for one in names)


def _fingerprint(given: Iterable[Order]) -> str:
    told = json.dumps([order_document(order) for order in given], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _published(body: bytes, sheet: OrderSheet) -> PublishedOrders:
    return PublishedOrders(
        machine_id=sheet.machine_id,
        counter=sheet.counter,
        fingerprint=_fingerprint(sheet.orders),
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        body=body,
        clips={clip.hash: clip.media_type for clip in sheet.clips},
        expires_at=sheet.expires_at,
    )
