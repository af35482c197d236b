"""What a channel promises, over the embedded broker, a real Mosquitto and the fake; and what a broker refuses."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from domain.nudges import CENTRE, Nudge, filter_of, topic_of
from domain.ports import Channel
from player.cabinet import open_cabinet
from player.clock import SystemClock
from player.line import Line
from player.nudges import Nudges
from player.trust import Signer
from scheduler.channels.mqtt import MqttChannel
from scheduler.channels.silent import SilentChannel
from tests.fakes_broker import Broker, MemoryChannel, embedded, listener, mosquitto, self_signed
from tests.fakes_player import Centre, wait_until


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with embedded() if request.param == "embedded" else mosquitto(tmp_path) as one:
        yield one


@pytest.fixture
def channel(broker: Broker) -> Iterator[MqttChannel]:
    with closing(MqttChannel(lambda: broker.account(CENTRE))) as one:
        yield one


def test_a_nudge_reaches_the_machine_it_is_for_and_no_other(broker: Broker, channel: Channel) -> None:
    assert isinstance(channel, Channel)
    with listener(broker.account("may-1")) as mine, listener(broker.account("may-2")) as other:
        mine.listening()
        other.listening()
        channel.nudge("may-1")
        channel.nudge("may-1", Nudge.ORDERS)
        wait_until(lambda: len(mine.topics) == 2)
        channel.nudge("may-2")
        wait_until(lambda: other.topics)
        assert mine.heard("may-1") == [Nudge.PLAYLIST, Nudge.ORDERS]
        assert other.heard("may-2") == [Nudge.PLAYLIST]


def test_neither_side_listens_on_a_port_of_its_own_as_the_units_forbid(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    with embedded() as broker:
        monkeypatch.setattr(socket.socket, "bind", forbidden)
        centre.broker = {"host": "", "port": broker.port, "tls": False, "ca": "", "user": "may-1"}
        centre.broker["password"] = broker.known["may-1"]
        key = open_cabinet(centre.enrolled(tmp_path)).key
        with closing(Line(centre.url, Signer("may-1", key), SystemClock())) as line:
            heard: list[Nudge] = []
            nudges = Nudges(line, "may-1", SystemClock(), heard.append)
            nudges.start()
            with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
                wait_until(lambda: nudges.connected and channel.connected)
                heard.clear()
                channel.nudge("may-1")
                wait_until(lambda: heard == [Nudge.PLAYLIST])
            nudges.stop()


@pytest.mark.parametrize("make", [SilentChannel, MemoryChannel, lambda: MqttChannel(lambda: None)])
def test_without_a_broker_a_nudge_neither_waits_nor_fails(make: Callable[[], Channel]) -> None:
    with closing(make()) as one:
        assert isinstance(one, Channel)
        for number in range(1000):
            one.nudge(f"may-{number}")


def test_a_nudge_from_before_the_broker_was_there_goes_out_once_it_is() -> None:
    found: list[Broker] = []
    with closing(MqttChannel(lambda: found[0].account(CENTRE) if found else None)) as channel:
        for _ in range(3):
            channel.nudge("may-1")
        with embedded() as broker, listener(broker.account("may-1")) as mine:
            mine.listening()
            found.append(broker)
            wait_until(lambda: mine.topics)
            channel.nudge("may-1", Nudge.ORDERS)
            wait_until(lambda: Nudge.ORDERS in mine.heard("may-1"))
            assert mine.heard("may-1") == [Nudge.PLAYLIST, Nudge.ORDERS]


def test_a_broker_that_comes_back_is_found_again() -> None:
    with embedded() as first, closing(MqttChannel(lambda: first.account(CENTRE))) as channel:
        wait_until(lambda: channel.connected)
        first.known.clear()  # the broker puts the centre out, as a restart would
        wait_until(lambda: not channel.connected)
        first.known.update({CENTRE: "moi", "may-1": "may"})
        wait_until(lambda: channel.connected)
        with listener(first.account("may-1")) as mine:
            mine.listening()
            channel.nudge("may-1")
            wait_until(lambda: mine.topics)


@pytest.mark.parametrize(
    ("user", "password"), [("may-1", "sai"), ("may-1", ""), ("", ""), ("la", "la"), (CENTRE, "sai"), ("", "x")]
)
def test_nobody_comes_in_without_their_own_password(broker: Broker, user: str, password: str) -> None:
    account = broker.account(user, password or " ")
    with listener(account) as one:
        wait_until(lambda: one.code is not None or one.lost.is_set())
        assert one.code != 0


def test_a_machine_can_hear_nobody_else_and_nudge_nobody(broker: Broker) -> None:
    wanted = (filter_of("may-1"), "#", "tiengloa/+/+", topic_of("may-2", Nudge.PLAYLIST), "$SYS/#")
    with listener(broker.account("may-1"), *wanted) as spy, listener(broker.account("may-2")) as other:
        spy.listening()
        other.listening()
        for topic in (topic_of("may-2", Nudge.PLAYLIST), topic_of("may-1", Nudge.ORDERS), "a/b"):
            spy.client.publish(topic, b"x")
            spy.client.publish(topic, b"x", retain=True)
        with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
            channel.nudge("may-2")
            channel.nudge("may-2", Nudge.ORDERS)
            channel.nudge("may-1")
            wait_until(lambda: len(other.topics) >= 2 and spy.topics)
        assert other.heard("may-2") == [Nudge.PLAYLIST, Nudge.ORDERS], "one machine nudged another"
        assert set(spy.topics) == {topic_of("may-1", Nudge.PLAYLIST)}, "one machine heard of another"


def test_a_machine_that_is_revoked_is_put_out_and_does_not_come_back() -> None:
    with embedded() as broker, listener(broker.account("may-1")) as mine, listener(broker.account("may-2")) as other:
        mine.listening()
        other.listening()
        account = broker.account("may-1")
        del broker.known["may-1"]
        assert mine.lost.wait(10)
        assert not other.lost.is_set()
        with listener(account) as again:
            wait_until(lambda: again.code is not None or again.lost.is_set())
            assert again.code != 0


def test_a_stranger_cannot_end_the_session_of_a_machine_whose_client_id_he_knows() -> None:
    with embedded() as broker, listener(broker.account("may-1")) as mine:
        mine.listening()
        with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
            wait_until(lambda: channel.connected)
            for _ in range(3):
                _say(broker.port, _connect_packet(mine.client._client_id, b"may-1", b"sai"))
            channel.nudge("may-1")
            wait_until(lambda: mine.topics)
        assert not mine.lost.is_set()


def test_over_tls_a_client_trusts_only_the_authority_it_was_told(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with embedded(tls=context) as broker:
        known = replace(broker.account("may-1").address, tls=True, ca=certificate.read_text())
        told = replace(broker.account(CENTRE), address=known)
        with (
            listener(replace(broker.account("may-1"), address=known)) as mine,
            closing(MqttChannel(lambda: told)) as one,
        ):
            mine.listening()
            one.nudge("may-1")
            wait_until(lambda: mine.topics)
        with pytest.raises(ssl.SSLError), listener(replace(told, address=replace(known, ca=""))):
            pass


def test_a_will_on_the_topic_of_another_is_refused() -> None:
    with embedded() as broker, listener(broker.account("may-2")) as other:
        other.listening()
        packet = _connect_packet(b"x", b"may-1", broker.known["may-1"].encode(), topic_of("may-2", Nudge.PLAYLIST))
        assert _say(broker.port, packet) != b"\x20\x02\x00\x00"
        with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
            channel.nudge("may-2", Nudge.ORDERS)
            wait_until(lambda: other.topics)
        assert other.heard("may-2") == [Nudge.ORDERS]


RUBBISH = (
    b"",
    b"\x00",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x10\xff\xff\xff\x7f" + b"a" * 5000,
    b"\x30\xff\xff\xff\x7f" + b"a" * 70_000,
    *(bytes([first, 2, 0, 0]) for first in range(0, 256, 16)),
)


def test_rubbish_ends_its_own_connection_and_no_other() -> None:
    with embedded() as broker, listener(broker.account("may-1")) as mine:
        mine.listening()
        for rubbish in RUBBISH:
            _say(broker.port, rubbish)
        with closing(MqttChannel(lambda: broker.account(CENTRE))) as channel:
            channel.nudge("may-1")
            wait_until(lambda: mine.topics)


def _say(port: int, packet: bytes) -> bytes:
    """Send bytes to a broker and return what it answers within a moment."""
    with closing(socket.create_connection(("127.0.0.1", port), 5)) as line:
        line.settimeout(0.1)
        try:
            line.sendall(packet)
            return line.recv(100)
        except OSError:
            return b""


def _connect_packet(client_id: bytes, user: bytes, password: bytes, will: str = "") -> bytes:
    texts = [client_id, *((will.encode(), b"x") if will else ()), user, password]
    flags = 0xC2 | (0x04 if will else 0)
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c"
    body += b"".join(len(text).to_bytes(2, "big") + text for text in texts)
    return b"\x10" + bytes([len(body)]) + body
