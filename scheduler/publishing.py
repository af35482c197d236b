"""Publishing: each machine's slots become a signed playlist, renewed only when it says something new."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

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
_TOGETHER = 50
"""How many playlists are kept in one transaction: others who write wait some tens of milliseconds for it."""
_NO_CHANNEL = SilentChannel()


def publish(database: Database, key: StationKey, plan: Plan, now: datetime, channel: Channel = _NO_CHANNEL) -> int:
    """Sign and publish what changed in `plan`, nudge each machine that has something new, and return how many have.

    Playlists are signed before the database is asked to wait, and kept some at a time: a commit that survives a power
    cut costs the same for one as for many, and each machine still has its old playlist or its new one, whole. A
    machine whose playlist cannot be signed keeps its old one, and is logged; the others get theirs. Nothing is
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
    press = _Press(database, key, plan, now)
    told = (
        (_Addressee(own, machine_id, policies[machine_id], sessions, ready, gains[machine_id]), old)
        for machine_id, old in current.items()
    )
    signed = filter(None, (press.signed(addressee, old) for addressee, old in told))
    renewed = 0
    while group := tuple(islice(signed, _TOGETHER)):
        kept = press.keep(group)
        if kept is None:
            break
        for machine_id in kept:
            channel.nudge(machine_id)
        renewed += len(kept)
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


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A playlist that is signed, and the machine that it is for."""

    addressee: _Addressee
    published: Published


@dataclass(frozen=True, slots=True)
class _Press:
    """Signs the playlists of one plan, and keeps them."""

    database: Database
    key: StationKey
    plan: Plan
    now: datetime

    def signed(self, addressee: _Addressee, old: Published | None) -> _Sheet | None:
        """Return the playlist of a machine, signed, or None when it says nothing new or cannot be signed."""
        playlist = replace(_playlist(addressee, old, self.plan, self.now), clock_key=self.key.clock_key.hex())
        mark = fingerprint(playlist)
        if old is not None and old.fingerprint == mark and self.now - old.issued_at < _RENEW_AFTER:
            return None
        try:
            return _Sheet(addressee, _signed(self.key, playlist, mark, old))
        except (TrustError, BadInputError) as error:
            _LOG.error("the playlist of machine %s was not signed: %s", addressee.machine_id, error.sentence)
            return None

    def keep(self, sheets: Iterable[_Sheet]) -> list[str] | None:
        """Keep some playlists together and return whose; None, and nothing kept, when the plan is no more the newest.

        The version of the plan tells of a new epoch too.
        """
        with self.database.write() as connection:
            if station.plan_version(connection) != self.plan.inputs.version:
                return None
            return [one.addressee.machine_id for one in sheets if self._keep_one(connection, one)]

    def _keep_one(self, connection: Connection, sheet: _Sheet) -> bool:
        if machines.publish(connection, sheet.published):
            return True
        # Another worker has published meanwhile, and a counter is used once: this one goes on top of that.
        anew = self.signed(sheet.addressee, machines.published(connection, sheet.addressee.machine_id))
        return anew is not None and machines.publish(connection, anew.published)


def _signed(key: StationKey, playlist: Playlist, mark: str, old: Published | None) -> Published:
    body = key.sign(playlist)
    return Published(
        machine_id=playlist.machine_id,
        counter=playlist.counter,
        fingerprint=mark,
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
