"""Which time the machine goes by: what the centre signs against what the system's clock says."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import TrustError
from domain.playlist import to_ms
from domain.signed_time import time_statement
from player.line import Answer
from player.timekeeping import DRIFT, SLACK_S, Anchor, Timekeeper, ask_time, system_clock_is_kept, weighed
from tests.fakes_player import MACHINE, Still

KEY = Ed25519PrivateKey.generate()
CLOCK_KEY = KEY.public_key().public_bytes_raw().hex()
TRUE = datetime(2026, 11, 23, 22, tzinfo=UTC)
offsets = st.floats(-1e9, 1e9)


class Town:
    """A machine's clock, and a centre that tells the true time, signed, unless the test has it say something else."""

    def __init__(self, off: timedelta = timedelta()) -> None:
        self.clock = Still(TRUE + off)
        self.began = self.clock.ticks
        self.keeper = Timekeeper(self.clock, kept=lambda: True)
        self.centre_off = timedelta()
        self.machine, self.key, self.status = MACHINE, KEY, 200
        self.on_its_way_s = 0.1
        self.spoil: Callable[[dict[str, object]], object] = lambda told: told
        self.asked: list[str] = []

    def true(self) -> datetime:
        return TRUE + timedelta(seconds=self.clock.ticks - self.began)

    def answer(self, path: str, _headers: dict[str, str]) -> Answer:
        self.asked.append(path)
        self.clock.rest(self.on_its_way_s / 2)
        told_ms = to_ms(self.true() + self.centre_off)
        statement = time_statement(self.machine, path.partition("nonce=")[2], told_ms)
        told: dict[str, object] = {
            "server_time": told_ms,
            "signature": base64.b64encode(self.key.sign(statement)).decode(),
        }
        self.clock.rest(self.on_its_way_s / 2)
        return Answer(self.status, {}, json.dumps(self.spoil(told)).encode())

    def ask(self) -> None:
        ask_time(self.keeper, self.answer, MACHINE, CLOCK_KEY)

    def step(self, seconds: float) -> None:
        self.clock.wall += timedelta(seconds=seconds)

    def error_s(self) -> float:
        return abs((self.keeper.now() - self.true()).total_seconds())


def test_without_a_signed_time_the_systems_clock_is_gone_by() -> None:
    town = Town(timedelta(hours=-3))
    assert town.keeper.now() == town.clock.now()


def test_a_clock_that_boots_in_1970_goes_by_the_signed_time() -> None:
    town = Town(timedelta(days=-20_000))
    town.ask()
    assert town.error_s() < 0.01
    town.clock.rest(3600)
    assert town.error_s() < 0.01
    assert "Đồng hồ hệ điều hành lệch" in town.keeper.fault()


@pytest.mark.parametrize("step", [90.0, -90.0, 7200.0, -7200.0])
def test_a_step_of_the_systems_clock_alone_is_not_followed(step: float) -> None:
    town = Town()
    town.ask()
    town.step(step)
    assert town.error_s() < 0.01
    town.clock.rest(600)
    town.ask()
    assert town.error_s() < 0.01
    town.step(-step)
    assert town.error_s() < 0.01
    assert town.keeper.fault() == ""


@pytest.mark.parametrize("step", [90.0, -7200.0])
def test_a_step_of_the_centre_alone_is_not_followed_once_both_agreed(step: float) -> None:
    town = Town()
    town.ask()
    town.centre_off = timedelta(seconds=step)
    town.clock.rest(60)
    town.ask()
    assert town.error_s() < 0.01


def test_a_system_clock_that_is_set_right_to_the_centre_is_followed_again() -> None:
    town = Town(timedelta(hours=-5))
    town.ask()
    town.step(5 * 3600 + 0.5)  # NTP knows better than a signed time that has been on its way
    town.ask()
    assert town.keeper.now() == town.clock.now()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: {**told, "server_time": told["server_time"] + 1},
        lambda told: {**told, "signature": ""},
        lambda told: {**told, "signature": 7},
        lambda told: {"server_time": told["server_time"]},
        lambda told: {**told, "server_time": True},
        lambda told: {**told, "server_time": 2**60},
    ],
)
def test_a_time_that_is_not_signed_moves_nothing_and_is_told(spoil: Callable[[dict[str, object]], object]) -> None:
    town = Town(timedelta(hours=1))
    town.spoil = spoil
    with pytest.raises(TrustError):
        town.ask()
    assert town.keeper.now() == town.clock.now()


def test_a_time_signed_by_another_key_or_for_another_machine_moves_nothing() -> None:
    town = Town(timedelta(hours=1))
    town.key = Ed25519PrivateKey.generate()
    with pytest.raises(TrustError):
        town.ask()
    town.key, town.machine = KEY, "may-khac"
    with pytest.raises(TrustError):
        town.ask()
    assert town.keeper.now() == town.clock.now()


def test_a_signed_time_cannot_be_repeated() -> None:
    town, kept = Town(timedelta(hours=1)), []
    town.spoil = lambda told: kept.append(told) or told
    town.ask()
    town.clock.rest(3600)
    town.spoil = lambda _told: kept[0]
    with pytest.raises(TrustError):
        town.ask()
    assert len(set(town.asked)) == 2


def test_a_signed_time_that_was_held_back_moves_nothing() -> None:
    town = Town(timedelta(hours=1))
    town.on_its_way_s = 8.0
    town.ask()
    assert town.keeper.now() == town.clock.now()


def test_a_centre_that_signs_no_time_is_no_fault_and_without_a_key_none_is_asked() -> None:
    town = Town(timedelta(hours=1))
    town.status = 404
    town.ask()
    ask_time(town.keeper, town.answer, MACHINE, "")
    assert len(town.asked) == 1
    assert town.keeper.now() == town.clock.now()


def test_a_clock_that_ntp_has_set_is_trusted_when_it_is_looked_at_again() -> None:
    synchronised = iter([False, True])
    keeper = Timekeeper(Still(), kept=lambda: next(synchronised))
    assert not keeper.trusted()
    keeper.look()
    assert keeper.trusted()


def test_a_clock_that_nothing_keeps_is_trusted_once_the_centre_signed_a_time() -> None:
    town = Town()
    town.keeper = Timekeeper(town.clock, kept=lambda: False)
    assert not town.keeper.trusted()
    town.ask()
    assert town.keeper.trusted()


@given(offsets, offsets, st.floats(0, 1e6), st.floats(0, 2.5))
def test_two_that_agree_are_followed_and_a_liar_alone_never_is(
    agreed: float, lie: float, later: float, spread: float
) -> None:
    before = Anchor(agreed, 0.0, agreed=True)
    assert weighed(before, agreed, lie, later, spread).allows(agreed, later, spread)
    assert weighed(before, lie, agreed, later, spread).allows(agreed, later, spread)


@given(offsets, offsets, st.floats(0, 2.5))
def test_with_nothing_agreed_before_the_centre_is_followed(system: float, centre: float, spread: float) -> None:
    assert abs(weighed(None, system, centre, 0.0, spread).offset - centre) <= SLACK_S + spread


@given(st.floats(-400, 400), st.floats(0, 14 * 86400))
def test_a_clock_may_drift_as_far_as_a_crystal_does_and_no_further(off: float, after: float) -> None:
    town = Town()
    town.ask()
    town.clock.rest(after)
    town.step(off)
    followed = town.keeper.now() == town.clock.now()
    assert followed == (abs(off) <= SLACK_S + after * DRIFT) or abs(abs(off) - SLACK_S - after * DRIFT) < 0.01


@pytest.mark.parametrize(("devices", "kernel", "kept"), [(1, False, True), (0, True, True), (0, False, False)])
def test_a_clock_is_kept_by_a_device_of_the_box_or_by_ntp(
    devices: int, kernel: bool, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(devices):
        (tmp_path / f"rtc{number}").mkdir()
    monkeypatch.setattr("player.timekeeping._RTC_CLASS", tmp_path)
    monkeypatch.setattr("player.timekeeping._synchronised", lambda: kernel)
    assert system_clock_is_kept() is kept


def test_where_no_kind_of_hardware_clock_is_known_the_host_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.timekeeping._RTC_CLASS", tmp_path / "none")
    assert system_clock_is_kept()


def test_a_clock_that_drifts_back_into_what_is_allowed_is_followed_once_and_for_all() -> None:
    town = Town()
    town.ask()
    town.step(10.0)
    clock, steady = town.clock, town.clock.ticks
    allowed_at = (10.0 - SLACK_S) / DRIFT
    right: list[bool] = []
    for look in range(4000):
        clock.ticks = steady + allowed_at + (look - 1000) * 1.0
        clock.wall = TRUE + timedelta(seconds=clock.ticks - town.began + 10.0 + (0.01 if look % 2 else -0.01))
        right.append(abs((town.keeper.now() - town.true()).total_seconds()) < 1)
    assert right[0]
    assert not right[-1]
    assert sum(one != other for one, other in pairwise(right)) == 1
