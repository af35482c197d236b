"""Publishing: each machine's slots become a signed playlist, renewed only when it says something new."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.airtime import AirtimePolicy
from domain.emergency_set import EmergencySet
from domain.errors import BadInputError, TrustError
from domain.live import LiveSession
from domain.machines import Machine
from domain.playlist import Heading, Playlist
from domain.ports import Channel
from scheduler.build import fingerprint, louder, playlist_of, with_ready
from scheduler.channels.silent import SilentChannel
from scheduler.inputs import Reforms, local_date
from scheduler.live_desk import opened
from scheduler.message_desk import ready_set
from scheduler.planning import Plan
from scheduler.policy import along
from scheduler.signing import StationKey
from store import live, machines, station
from store.engine import Database
from store.machines import Published
from store.station import Station

_LOG = logging.getLogger(__name__)
LIFE = timedelta(days=14)
_RENEW_AFTER = timedelta(hours=12)
_KEEP_PAST = timedelta(hours=1)
_NO_CHANNEL = SilentChannel()


def publish(database: Database, key: StationKey, plan: Plan, now: datetime, channel: Channel = _NO_CHANNEL) -> int:
    """Sign and publish what changed in `plan`, nudge each machine that has something new, and return how many have.

    A machine whose playlist cannot be signed keeps its old one, and is logged; the others get theirs. Nothing is
    published once the plan is no longer the newest: whoever made a newer one publishes that.
    """
    with database.read() as connection:
        own = station.get(connection)
        current = {machine_id: machines.published(connection, machine_id) for machine_id in plan.slots}
        every = machines.everything(connection)
        policies = _policies(plan, every)
        ready = ready_set(connection)
        sessions = live.open_at(connection, now)
    gains = {one.id: one.gain_mb for one in every}
    renewed = 0
    for machine_id, old in current.items():
        addressee = _Addressee(own, machine_id, policies[machine_id], sessions, ready, gains[machine_id])
        playlist = replace(_playlist(addressee, old, plan, now), clock_key=key.clock_key.hex())
        if old is not None and old.fingerprint == fingerprint(playlist) and now - old.issued_at < _RENEW_AFTER:
            continue
        try:
            if _publish_one(database, key, plan, addressee, now):
                channel.nudge(machine_id)
                renewed += 1
        except (TrustError, BadInputError) as error:
            _LOG.error("the playlist of machine %s was not signed: %s", machine_id, error.sentence)
    return renewed


@dataclass(frozen=True, slots=True)
class _Addressee:
    """The machine that a playlist is for: its place's policy, open live sessions, what it holds for emergencies.

    `gain_mb` is its own volume; emergencies do not follow it.
    """

    station: Station
    machine_id: str
    policy: AirtimePolicy
    sessions: Mapping[str, LiveSession]
    ready: EmergencySet
    gain_mb: int = 0


def _policies(plan: Plan, every: Iterable[Machine]) -> dict[str, AirtimePolicy]:
    """Return by machine the policy of its place, all through the days of `plan`."""
    reforms = Reforms.of(plan.inputs.areas, local_date(plan.start), local_date(plan.end))
    policy = plan.inputs.terms.policy
    return {one.id: along(policy, reforms.listener(one.id, one.area_id).paths) for one in every}


def _publish_one(database: Database, key: StationKey, plan: Plan, addressee: _Addressee, now: datetime) -> bool:
    with database.write() as connection:
        if station.plan_version(connection) != plan.inputs.version:
            return False
        # Read again: another worker may have published meanwhile, and a counter is used once.
        newest = machines.published(connection, addressee.machine_id)
        made = replace(_playlist(addressee, newest, plan, now), clock_key=key.clock_key.hex())
        return machines.publish(connection, _signed(key, made, newest))


def _signed(key: StationKey, playlist: Playlist, old: Published | None) -> Published:
    body = key.sign(playlist)
    return Published(
        machine_id=playlist.machine_id,
        counter=playlist.counter,
        fingerprint=fingerprint(playlist),
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        body=body,
        issued_at=playlist.issued_at,
        expires_at=playlist.expires_at,
        held=_held_since(playlist, {} if old is None else old.held),
    )


def _held_since(playlist: Playlist, before: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Return for each slot since which counter it has been told as `playlist` tells it, and the digest of that."""
    held: dict[str, tuple[int, str]] = {}
    for slot in playlist.slots:
        digest = hashlib.sha256(repr(slot).encode()).hexdigest()[:16]
        since, old_digest = before.get(slot.key, (playlist.counter, ""))
        held[slot.key] = (since if old_digest == digest else playlist.counter, digest)
    return held


def _playlist(addressee: _Addressee, old: Published | None, plan: Plan, now: datetime) -> Playlist:
    # The window moves in whole hours, so that time alone does not make a new playlist every minute.
    since = (now - _KEEP_PAST).replace(minute=0, second=0, microsecond=0)
    own, machine_id = addressee.station, addressee.machine_id
    heading = Heading(
        station_id=own.id,
        machine_id=machine_id,
        epoch=own.epoch,
        counter=1 if old is None else old.counter + 1,
        issued_at=now,
        expires_at=now + LIFE,
    )
    slots = (slot for slot in plan.slots[machine_id] if slot.starts_at >= since or slot.ends_at + slot.grace > now)
    made = louder(playlist_of(slots, heading, addressee.policy, plan.inputs.shelf.clips), addressee.gain_mb)
    made = with_ready(made, addressee.ready, plan.inputs.shelf.clips)
    return opened(made, addressee.sessions)
