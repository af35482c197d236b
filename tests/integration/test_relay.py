"""Relays from real servers on the loopback: good ones are heard, hostile ones harm nothing."""

import base64
import select
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from domain.errors import BadInputError, TrustError
from player import fetch, relay
from player.fetch import is_fit
from player.relay import Relay
from player.relay_child import take_in
from player.tap import Tap
from tests.fakes_player import wait_until
from tests.fakes_stream import RATE, Caller, Samples, Script, StreamSource, encoded, radio, self_signed, tone
from tests.icecast_server import PASSWORD, Icecast, icecast

TONE = tone(12)
Serve = Callable[[Script], StreamSource]


class Taken:
    """A relay being taken in."""

    def __init__(self, url: str, allowed: tuple[str, ...] = ("127.0.0.1",)) -> None:
        self.tap = Tap(relay.LEAST, relay.MOST)
        Relay(url, allowed, self.tap).start()

    def heard(self, seconds: float) -> Samples:
        """Return so much sound, as soon as it can be had."""
        given: list[Samples] = []
        wanted = round(seconds * RATE / 480)

        def enough() -> bool:
            frames, sound = self.tap.take(480)
            if sound:
                given.append(frames)
            return len(given) >= wanted

        wait_until(enough, 20)
        return np.concatenate(given)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def serve(stack: ExitStack) -> Serve:
    def start(script: Script) -> StreamSource:
        source = StreamSource(script)
        stack.callback(source.stop)
        return source

    return start


@pytest.fixture
def take(stack: ExitStack) -> Callable[..., Taken]:
    def start(url: str, *allowed: tuple[str, ...]) -> Taken:
        taken = Taken(url, *allowed)
        stack.callback(taken.tap.close)
        return taken

    return start


def pitch(samples: Samples) -> float:
    """Return the strongest tone in samples, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


class EnoughError(Exception):
    """A test has heard what it wanted."""


def taken_in(url: str, seconds: float = 1.0) -> Samples:
    """Take a stream in as the child does, in this process, and return its first seconds."""
    given = bytearray()

    def give(piece: bytes) -> None:
        given.extend(piece)
        if len(given) >= 2 * seconds * RATE:
            raise EnoughError

    with pytest.raises(EnoughError):
        take_in(url, ["127.0.0.1"], give)
    return np.frombuffer(bytes(given), np.int16)


def test_a_station_is_heard_through_the_child_and_the_tap(serve: Serve, take: Callable[..., Taken]) -> None:
    source = serve(radio(encoded(TONE), 12, burst_s=4))
    assert abs(pitch(take(source.url).heard(1.5)) - 400) < 5
    assert "icy-metadata" not in source.asked[0].lower()


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac", "adts"])
def test_a_station_is_heard_whatever_it_says_of_its_content(serve: Serve, kind: str) -> None:
    source = serve(radio(encoded(TONE, kind), 12, burst_s=4, Content_Type="text/html"))
    assert abs(pitch(taken_in(source.url)) - 400) < 5


def test_an_mp3_station_is_joined_in_the_middle_of_a_frame(serve: Serve) -> None:
    assert abs(pitch(taken_in(serve(radio(encoded(TONE)[1777:], 12, burst_s=4)).url)) - 400) < 5


def test_a_station_of_the_first_kind_of_shoutcast_is_heard(serve: Serve) -> None:
    def script(caller: Caller) -> None:
        caller.send(b"ICY 200 OK\r\nicy-name: Dai\r\ncontent-type: audio/mpeg\r\n\r\n")
        caller.drip(encoded(TONE), 16_000, 40_000)

    assert abs(pitch(taken_in(serve(script).url)) - 400) < 5


def test_a_station_that_breaks_off_is_asked_again(serve: Serve, take: Callable[..., Taken]) -> None:
    def script(caller: Caller) -> None:
        caller.head()
        caller.send(encoded(tone(2)))

    source = serve(script)
    taken = take(source.url)
    taken.heard(1.0)
    wait_until(lambda: len(source.asked) >= 2, 15)


def test_one_host_may_send_us_on_within_itself(serve: Serve) -> None:
    def script(caller: Caller) -> None:
        if "GET /kenh " in caller.asked:
            caller.head("302 Found", Location="/that")
        else:
            radio(encoded(TONE), 12, burst_s=4)(caller)

    assert abs(pitch(taken_in(serve(script).url)) - 400) < 5


def test_nothing_sends_us_to_another_door_of_the_same_host(serve: Serve) -> None:
    other = serve(radio(encoded(TONE), 12))
    source = serve(lambda caller: caller.head("302 Found", Location=other.url))
    assert "máy chủ khác" in take_in(source.url, ["127.0.0.1"], lambda _piece: None)
    assert other.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Serve, tmp_path: Path) -> None:
    source = serve(radio(encoded(TONE), 12))
    source.secure(self_signed(tmp_path))
    told = take_in(source.url.replace("http:", "https:"), ["127.0.0.1"], lambda _piece: None)
    assert told == "Chứng chỉ TLS của nguồn tiếp âm không hợp lệ"
    assert source.asked == []


def test_a_head_that_drips_for_ever_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "ANSWER_S", 0.5)
    source = serve(lambda caller: caller.drip(b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 1000, 60))
    assert take_in(source.url, ["127.0.0.1"], lambda _piece: None) == "Nguồn tiếp âm không trả lời"


def hostile(body: bytes, **headers: str) -> Script:
    def script(caller: Caller) -> None:
        caller.head(**headers)
        caller.send(body)

    return script


def endless_head(caller: Caller) -> None:
    caller.send(b"HTTP/1.0 200 OK\r\n")
    while True:
        caller.send(b"X-More: " + b"x" * 4000 + b"\r\n")


PLAYLIST = b"#EXTM3U\nhttp://169.254.169.254/latest/meta-data\n"
HLS = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:2,\nfile:///etc/passwd\n"
PLS = b"[playlist]\nFile1=http://127.0.0.1/x\n"
ASX = b'<asx version="3.0"><entry><ref href="http://127.0.0.1/"/></entry></asx>'
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"
NOISE = np.random.default_rng(3).integers(0, 256, 200_000, dtype=np.uint8).tobytes()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (hostile(PLAYLIST), "danh sách phát"),
        (hostile(b"\xef\xbb\xbf \n" + HLS, Content_Type="audio/mpeg"), "danh sách phát"),
        (hostile(PLS), "danh sách phát"),
        (hostile(ASX), "danh sách phát"),
        (hostile(CONCAT, Content_Type="audio/mpeg"), "không phải MP3"),
        (hostile(b"<html>Khong co</html>", Content_Type="audio/mpeg"), "không phải MP3"),
        (hostile(NOISE), ""),
        (hostile(b"OggS" + NOISE), "không giải mã được"),
        (hostile(b"fLaC" + NOISE), "không giải mã được"),
        (hostile(zlib.compress(bytes(10_000_000)), Content_Encoding="deflate"), "khuôn dạng HTTP"),
        (hostile(b"", Transfer_Encoding="chunked"), "khuôn dạng HTTP"),
        (endless_head, "khuôn dạng HTTP"),
        (lambda caller: caller.send(b"SSH-2.0-OpenSSH\r\n\r\n"), "khuôn dạng HTTP"),
        (lambda caller: caller.head("404 Not Found"), "mã 404"),
        (lambda caller: caller.head("302 Found", Location="http://169.254.169.254/latest"), "máy chủ khác"),
        (lambda caller: caller.head("302 Found", Location="file:///etc/passwd"), "không đúng"),
        (lambda caller: caller.head("302 Found", Location="/kenh"), "quá nhiều lần"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_station_gives_no_sound_and_a_reason(serve: Serve, script: Script, words: str) -> None:
    given: list[bytes] = []
    assert words in take_in(serve(script).url, ["127.0.0.1"], given.append)
    assert sum(map(len, given)) < RATE  # of noise a frame or two may pass for sound


def test_the_reason_of_the_child_is_told_and_it_is_tried_again(serve: Serve, take: Callable[..., Taken]) -> None:
    source = serve(hostile(PLAYLIST))
    taken = take(source.url)
    wait_until(lambda: "danh sách phát" in taken.tap.trouble and len(source.asked) > 1, 15)
    assert not taken.tap.flowing


@pytest.mark.parametrize("allowed", [(), ("localhost",), ("vov.example.vn",)])
def test_a_private_address_is_not_asked_unless_this_box_says_so(serve: Serve, allowed: tuple[str, ...]) -> None:
    source = serve(radio(encoded(TONE), 12))
    assert "địa chỉ nội bộ" in take_in(source.url, allowed, lambda _piece: None)
    assert source.asked == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0", "localhost"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
        *(
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:1:2:3:4:80ff:fffe]",
            "[fe80::1]",
            "[fec0::1]",
            "[fd00::1]",
        ),
    ],
)
def test_a_private_address_is_known_however_it_is_written(host: str) -> None:
    with pytest.raises((TrustError, BadInputError)):
        fetch.open_stream(f"http://{host}:9/kenh")


def test_a_name_with_one_private_address_among_others_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_asked: object, **_named: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("203.162.0.181", "10.0.0.5")]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(TrustError, match="địa chỉ nội bộ"):
        fetch.open_stream("http://kenh.example.vn/nghe")


@pytest.mark.parametrize(
    ("address", "open_net", "by_setting"),
    [
        ("203.162.0.181", True, True),
        ("127.0.0.1", False, True),
        ("10.0.0.5", False, True),
        ("192.168.1.1", False, True),
        ("100.100.100.200", False, False),
        ("169.254.169.254", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, True),
        ("::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("fe80::1%eth0", False, False),
        ("fec0::1", False, True),
        ("::ffff:0:127.0.0.1", False, True),
        ("fd00:ec2::254", False, True),
        ("ff02::1", False, False),
        ("2405:4800::1", True, True),
        ("nhà", False, False),
    ],
)
def test_only_addresses_of_the_open_net_are_fit(address: str, *, open_net: bool, by_setting: bool) -> None:
    assert is_fit(address) is open_net
    assert is_fit(address, trusted=True) is by_setting


def test_a_slow_drip_is_given_up_and_leaves_no_sound(
    serve: Serve, take: Callable[..., Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "DEAF_S", 1.5)

    def drip(caller: Caller) -> None:
        caller.head()
        caller.drip(encoded(TONE), 100)

    taken = take(serve(drip).url)
    wait_until(lambda: "không gửi tiếng" in taken.tap.trouble, 15)
    assert not taken.tap.flowing


def test_an_hour_of_sound_in_a_few_bytes_is_taken_no_faster_than_it_sounds(
    serve: Serve, take: Callable[..., Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "AHEAD_S", 3.0)
    put: list[int] = []
    bomb = encoded(np.zeros(600 * RATE, np.int16), "flac")
    assert len(bomb) < 300_000
    taken = take(serve(hostile(bomb)).url)
    kept = taken.tap.put
    monkeypatch.setattr(taken.tap, "put", lambda frames: put.append(len(frames)) or kept(frames))
    wait_until(lambda: sum(put) >= 2 * RATE, 15)
    taken.heard(0.5)
    assert sum(put) < 20 * RATE
    assert taken.tap.held <= relay.MOST


class OnAir:
    """A source that feeds a real Icecast server at the pace of its sound, again after each break, until it is ended."""

    def __init__(self, server: Icecast) -> None:
        self._server = server
        self._data = encoded(TONE)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._ending.wait(0.1):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._server.port), 5) as connection:
                secret = base64.b64encode(f"source:{PASSWORD}".encode()).decode()
                asked = f"PUT /dai HTTP/1.0\r\nAuthorization: Basic {secret}\r\nContent-Type: audio/mpeg\r\n\r\n"
                connection.sendall(asked.encode())
                for start in range(0, len(self._data), 800):
                    connection.sendall(self._data[start : start + 800])
                    if self._ending.wait(800 * 12 / len(self._data)):
                        return


def test_a_real_icecast_station_is_heard_lost_with_its_server_and_heard_again(
    stack: ExitStack, take: Callable[..., Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_BACK_OFF_S", (0.3,))
    server = stack.enter_context(icecast())
    source = OnAir(server)
    stack.callback(source.end)
    taken = take(f"http://127.0.0.1:{server.port}/dai")
    assert abs(pitch(taken.heard(0.5)) - 400) < 5
    server.kill()

    def silent() -> bool:
        return not taken.tap.take(480)[1] and bool(taken.tap.trouble)

    wait_until(silent, 20)
    server.start()
    assert abs(pitch(taken.heard(0.5)) - 400) < 5


def test_a_tap_that_closes_lets_go_who_waits_for_a_silent_source_and_nothing_looks_again_and_again(
    serve: Serve, take: Callable[..., Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    wait = select.select

    def watched(ready: list[object], *others: object) -> object:
        waits.append(cast(float, others[-1]))
        return wait(ready, *others)

    monkeypatch.setattr(relay, "select", SimpleNamespace(select=watched))
    monkeypatch.setattr(relay, "DEAF_S", 600.0)
    silent = threading.Event()
    source = serve(lambda caller: (caller.head(), silent.wait(60)))
    taken = take(source.url)
    wait_until(lambda: source.asked and waits, 20)
    taken.tap.close()
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == "relay"], 20)
    silent.set()
    assert min(waits) > 500


def test_a_source_that_was_good_for_long_is_joined_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tap = Tap(relay.LEAST, relay.MOST)
    rests: list[float] = []
    monkeypatch.setattr(relay, "_GOOD_RUN_S", -1.0)
    monkeypatch.setattr(Relay, "_take_in", lambda _self: "nguồn bị ngắt")

    def rest(_self: Relay, seconds: float) -> None:
        rests.append(seconds)
        tap.close()

    monkeypatch.setattr(Relay, "_rest", rest)
    Relay("http://dai.example/1", (), tap).start()
    wait_until(lambda: rests)
    assert rests == [0.5]
