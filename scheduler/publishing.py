"""Publishing: each machine's slots become a signed playlist, renewed only when it says something new."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import BadInputError, TrustError
from domain.playlist import Playlist
from scheduler.build import Heading, fingerprint, playlist_of
from scheduler.planning import Plan
from scheduler.signing import StationKey
from store import machines, station
from store.engine import Database
from store.machines import Published
from store.station import Station

_LOG = logging.getLogger(__name__)
LIFE = timedelta(days=14)
_RENEW_AFTER = timedelta(hours=12)
_KEEP_PAST = timedelta(hours=1)


def publish(database: Database, key: StationKey, plan: Plan, now: datetime) -> int:
    """Sign and publish what changed in `plan`; return how many machines have something new.

    A machine whose playlist cannot be signed keeps its old one, and is logged; the others get theirs. Nothing is
    published once the plan is no longer the newest: whoever made a newer one publishes that.
    """
    with database.read() as connection:
        own = station.get(connection)
        current = {machine_id: machines.published(connection, machine_id) for machine_id in plan.slots}
    renewed = 0
    for machine_id, old in current.items():
        playlist = replace(_playlist(own, machine_id, old, plan, now), clock_key=key.clock_key.hex())
        if old is not None and old.fingerprint == fingerprint(playlist) and now - old.issued_at < _RENEW_AFTER:
            continue
        try:
            renewed += _publish_one(database, key, plan, (own, machine_id), now)
        except (TrustError, BadInputError) as error:
            _LOG.error("the playlist of machine %s was not signed: %s", machine_id, error.sentence)
    return renewed


def _publish_one(database: Database, key: StationKey, plan: Plan, whose: tuple[Station, str], now: datetime) -> bool:
    own, machine_id = whose
    with database.write() as connection:
        if station.plan_version(connection) != plan.inputs.version:
            return False
        # Read again: another worker may have published meanwhile, and a counter is used once.
        newest = machines.published(connection, machine_id)
        made = replace(_playlist(own, machine_id, newest, plan, now), clock_key=key.clock_key.hex())
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


def _playlist(own: Station, machine_id: str, old: Published | None, plan: Plan, now: datetime) -> Playlist:
    # The window moves in whole hours, so that time alone does not make a new playlist every minute.
    since = (now - _KEEP_PAST).replace(minute=0, second=0, microsecond=0)
    heading = Heading(
        station_id=own.id,
        machine_id=machine_id,
        epoch=own.epoch,
        counter=1 if old is None else old.counter + 1,
        issued_at=now,
        expires_at=now + LIFE,
    )
    slots = (slot for slot in plan.slots[machine_id] if slot.starts_at >= since or slot.ends_at + slot.grace > now)
    return playlist_of(slots, heading, plan.inputs.terms.policy, plan.inputs.shelf.clips)
