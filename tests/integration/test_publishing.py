"""Many playlists are kept in few commits, and each machine still has its old one or its new one, whole."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from domain.machines import Machine
from domain.playlist import Playlist
from player.trust import Identity, read_envelope
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.signing import StationKey
from store import machines, station
from store.engine import Database
from store.machines import Published
from tests.fakes_web import Panel, panel

MANY = 120
HOUR = timedelta(hours=1)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        with one.database.write() as connection:
            for number in range(MANY):
                raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
                key = base64.b64encode(raw).decode()
                machines.add(connection, Machine(f"m{number:03}", f"Máy {number}", "san-thang", key, one.clock.now()))
        yield one


@pytest.fixture
def key(tmp_path: Path) -> StationKey:
    return StationKey.load_or_create(tmp_path / "station.key")


@dataclass
class Counted:
    """A database that counts how often it is written to, and can break in the middle of a write."""

    database: Database
    writes: int = 0
    breaks_at: int = 0

    def read(self):
        return self.database.read()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.writes += 1
        with self.database.write() as connection:
            yield connection
            if self.writes == self.breaks_at:
                raise PowerError


class PowerError(Exception):
    """The power is cut just before a commit."""


@dataclass
class Meddled:
    """A key beside which something happens as it signs for the n-th time."""

    key: StationKey
    at: int
    act: Callable[[], object]
    signed: int = 0
    counters: list[int] = field(default_factory=list)

    @property
    def clock_key(self) -> bytes:
        return self.key.clock_key

    def sign(self, playlist: Playlist) -> bytes:
        self.signed += 1
        self.counters.append(playlist.counter)
        if self.signed == self.at:
            self.act()
        return self.key.sign(playlist)


def held(town: Panel) -> dict[str, Published | None]:
    with town.database.read() as connection:
        return {one.id: machines.published(connection, one.id) for one in machines.everything(connection)}


def counters(town: Panel) -> list[int]:
    return [one.counter if one is not None else 0 for _, one in sorted(held(town).items())]


def test_a_hundred_and_twenty_playlists_are_kept_in_three_commits_each_whole(town: Panel, key: StationKey) -> None:
    database = Counted(town.database)
    now = town.clock.now()
    assert publish(database, key, replan(town.database, now), now) == MANY  # type: ignore[arg-type]
    assert database.writes == 3
    with town.database.read() as connection:
        own = station.get(connection)
    for machine_id, one in held(town).items():
        assert one is not None
        made = read_envelope(one.body, Identity(machine_id, machine_id, own.id, "http://127.0.0.1", key.public_key))
        assert (made.machine_id, made.counter, made.epoch) == (machine_id, 1, own.epoch)


def test_a_power_cut_in_the_middle_leaves_each_machine_its_old_or_its_new_playlist(
    town: Panel, key: StationKey
) -> None:
    now = town.clock.now()
    publish(town.database, key, replan(town.database, now), now)
    before, later = held(town), now + 13 * HOUR
    town.clock.at = later
    plan = replan(town.database, later)
    with pytest.raises(PowerError):
        publish(Counted(town.database, breaks_at=2), key, plan, later)  # type: ignore[arg-type]
    after = held(town)
    assert sorted(counters(town)) == [1] * (MANY - 50) + [2] * 50
    assert all(after[one] == before[one] for one in after if after[one].counter == 1)  # type: ignore[union-attr]
    assert publish(town.database, key, plan, later) == MANY - 50
    assert counters(town) == [2] * MANY


def test_once_the_plan_is_not_the_newest_the_rest_of_it_is_not_published(town: Panel, key: StationKey) -> None:
    now = town.clock.now()
    plan = replan(town.database, now)

    def change() -> None:
        with town.database.write() as connection:
            station.raise_epoch(connection, now)

    assert publish(town.database, Meddled(key, 70, change), plan, now) == 50  # type: ignore[arg-type]
    assert sorted(counters(town)) == [0] * (MANY - 50) + [1] * 50
    assert publish(town.database, key, plan, now) == 0
    assert publish(town.database, key, replan(town.database, now), now) == MANY


def test_what_another_worker_published_as_this_one_signed_is_never_given_the_same_counter(
    town: Panel, key: StationKey
) -> None:
    now = town.clock.now()
    plan = replan(town.database, now)

    def another_worker() -> None:
        publish(town.database, key, plan, now)
        with town.database.write() as connection:
            one = machines.published(connection, "m003")
            assert one is not None
            machines.publish(connection, replace(one, counter=7, fingerprint="another", body=b"another"))

    assert publish(town.database, Meddled(key, 20, another_worker), plan, now) == 1  # type: ignore[arg-type]
    found = counters(town)
    assert found[3] == 8
    assert found[:3] + found[4:] == [1] * (MANY - 1)
