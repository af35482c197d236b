"""Nudges: whom a topic is for, what a flood of them comes to, and who may come into a broker."""

import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.nudges import CENTRE, Nudge, filter_of, is_nudge, nudge_of, topic_of
from player.line import Line
from player.nudges import BURST, LOST, REFILL_S, Allowance, Nudges, account_of
from player.trust import Signer
from scheduler.channels.accounts import machine_password, mosquitto_passwords, passwords
from tests.fakes_player import Still

TOLD = {"host": "", "port": 1883, "tls": False, "ca": "", "user": "may-1", "password": "x"}


@given(st.text(), st.text())
def test_a_nudge_is_for_the_machine_of_its_topic_alone(machine: str, other: str) -> None:
    for what in Nudge:
        assert nudge_of(topic_of(machine, what), machine) is what
        assert other == machine or nudge_of(topic_of(machine, what), other) is None
        assert topic_of(machine, what).startswith(filter_of(machine)[:-1])
    assert nudge_of(other, machine) in (None, *Nudge)


@pytest.mark.parametrize(
    "topic", ["", "tiengloa", "tiengloa/a", "tiengloa//playlist", "x/a/playlist", "tiengloa/a/b/c"]
)
def test_other_topics_are_no_nudges(topic: str) -> None:
    assert not is_nudge(topic)


@given(st.lists(st.floats(0, 30), max_size=200))
def test_a_flood_of_nudges_comes_to_a_few_a_minute(gaps: list[float]) -> None:
    allowance, now, taken = Allowance(), 1e6, 0
    for gap in gaps:
        now += gap
        taken += allowance.take(now)
    assert taken <= BURST + (now - 1e6) / REFILL_S


def _listening() -> tuple[Nudges, list[Nudge], Still]:
    heard: list[Nudge] = []
    clock = Still()
    line = Line("http://127.0.0.1:1", Signer("may-1", None), clock)  # type: ignore[arg-type]
    return Nudges(line, "may-1", clock, heard.append), heard, clock


def test_a_thousand_nudges_are_heard_as_a_few_and_the_last_is_not_lost() -> None:
    nudges, heard, clock = _listening()
    for _ in range(1000):
        nudges.heard(Nudge.PLAYLIST)
    assert len(heard) == BURST
    nudges.settle()
    assert len(heard) == BURST, "a nudge put off was heard at once"
    clock.rest(REFILL_S)
    nudges.settle()
    nudges.settle()
    assert len(heard) == BURST + 1


def test_a_flood_of_one_kind_does_not_hold_up_the_other() -> None:
    nudges, heard, _clock = _listening()
    for _ in range(1000):
        nudges.heard(Nudge.PLAYLIST)
    nudges.heard(Nudge.ORDERS)
    assert heard[-1] is Nudge.ORDERS


def test_a_broker_without_a_host_of_its_own_is_where_the_server_is() -> None:
    assert account_of(TOLD, "10.0.0.1").address.host == "10.0.0.1"
    assert account_of({**TOLD, "host": "mqtt.example.vn"}, "10.0.0.1").address.host == "mqtt.example.vn"


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.none() | st.integers() | st.text() | st.lists(st.text()) for name in TOLD}
    )
)
def test_no_answer_about_the_broker_does_harm(changes: dict[str, object]) -> None:
    try:
        account = account_of({**TOLD, **changes}, "x")
    except ValueError:
        return
    assert 0 < account.address.port < 65536


def test_every_machine_has_a_password_of_its_own_bound_to_its_key() -> None:
    known = passwords(b"s" * 32, {"a": "1", "b": "2"})
    assert set(known) == {CENTRE, "a", "b"}
    assert len(set(known.values())) == 3
    assert known["a"] == machine_password(b"s" * 32, "a", "1")
    assert known["a"] not in {machine_password(b"s" * 32, "a", "2"), machine_password(b"t" * 32, "a", "1")}
    assert not any(password in mosquitto_passwords(known) for password in known.values())


def test_a_broker_whose_words_break_the_client_does_not_end_the_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.nudges._FIRST_PAUSE_S", 0.01)
    nudges, _, _ = _listening()
    again = threading.Event()
    connected: list[bool] = []

    def listen() -> str:
        connected.append(nudges.connected)
        if len(connected) > 1:
            again.set()
            return LOST
        nudges._subscribed()
        raise struct.error("unpack requires a buffer of 2 bytes")

    monkeypatch.setattr(nudges, "_listen", listen)
    nudges.start()
    assert again.wait(10)
    nudges.stop()
    assert connected[:2] == [False, False]
