"""The attack table: what The Update Framework names, tried on a machine by a server that means harm.

Each row is an attack, what the server does, and the words with which the machine refuses it. After every one the
machine holds what it held, its shelf is as it was, and the next true playlist is taken up. SECURITY.md tells the same
table to people.
"""

# ruff: noqa: E501

import base64
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import ServerUnreachableError, TiengLoaError, TrustError
from domain.order_sheet import MAX_SHEET_BYTES, OrderSheet, StopOrder, sheet_document
from domain.playlist import Playlist
from domain.timetable import LatePolicy
from player import line as line_module
from player import orders
from player.cabinet import open_cabinet, write_identity
from player.cue import cue
from player.events import Finished, Missed
from player.journal import Journal
from player.line import Line
from player.machine import Machine, MachineSettings
from player.order_book import OrderBook
from player.orders import Miss
from player.sync import CLIP_DEADLINE_S, Reporter, State, Sync
from player.trust import Identity, Signer, seal
from tests.fakes_attacks import Answer, Hostile, HostileServer, nothing
from tests.fakes_player import (
    MACHINE,
    STATION,
    Centre,
    Still,
    heard,
    item,
    playlist,
    signed,
    slot,
    sound,
    wait_until,
)

STATION_KEY, THIEF = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
PUBLIC = STATION_KEY.public_key().public_bytes_raw()
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
CLIP, OTHER = sound(0.05), sound(0.05, seed=2)
HELD = playlist([slot("a", NOW + timedelta(hours=1), item(CLIP))], [CLIP], NOW, epoch=3, counter=5)
NEXT = replace(HELD, counter=6, clips=(CLIP.ref, OTHER.ref), slots=(*HELD.slots, slot("b", NOW, item(OTHER))))
FILES = {CLIP.hash: CLIP.data, OTHER.hash: OTHER.data}


class Patient(Still):
    """A clock whose wall the test moves, while patience runs out as ever."""

    def monotonic(self) -> float:
        return time.monotonic()


class Hut:
    """A machine's own sync, cabinet and line, driven by hand against the hostile server."""

    def __init__(self, folder: Path, server: HostileServer) -> None:
        key = Ed25519PrivateKey.generate()
        write_identity(folder, Identity(MACHINE, "Loa thôn Một", STATION, server.url, PUBLIC), key)
        self.server = server
        self.clock = Patient(NOW + timedelta(minutes=1))
        self.cabinet = open_cabinet(folder)
        self.line = Line(server.url, Signer(MACHINE, key), self.clock)
        self.sync = Sync(self.cabinet, self.line, self.clock, lambda _playlist: None)
        self.round(tells(signed(HELD, STATION_KEY)), gives(FILES))

    def round(self, on_playlist: Answer, on_clip: Answer) -> None:
        """Poll and fetch once while the server answers so."""
        self.server.on_playlist, self.server.on_clip = on_playlist, on_clip
        self.sync.poll()
        self.sync.fetch()

    def state(self) -> object:
        """Return all that must not move under an attack."""
        shelf = sorted(path.name for path in self.cabinet.clips.glob("??/*"))
        return self.cabinet.playlist(), self.sync.playlist, self.cabinet.held_pair(), self.cabinet.etag(), shelf


@pytest.fixture
def server() -> Iterator[HostileServer]:
    made = HostileServer()
    yield made
    made.stop()


@pytest.fixture
def hut(server: HostileServer, tmp_path: Path) -> Iterator[Hut]:
    made = Hut(tmp_path, server)
    yield made
    made.cabinet.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the machine lose its patience in tenths of a second, as it otherwise does in a minute."""
    monkeypatch.setattr(line_module, "DEADLINE_S", 0.2 - line_module.TIMEOUT_S)


def tells(envelope: bytes, **headers: str) -> Answer:
    return lambda request: request.whole(envelope, **headers)


def gives(files: dict[str, bytes]) -> Answer:
    def answer(request: Hostile) -> None:
        data = files.get(request.path.rpartition("/")[2])
        request.whole(data or b"{}", 200 if data else 404)

    return answer


def by(key: Ed25519PrivateKey, **changes: object) -> Answer:
    """Tell a playlist like the next one but for `changes`, signed by `key`."""
    return tells(signed(replace(NEXT, **changes), key))


def spliced(document: Playlist, signature_of: Playlist) -> Answer:
    """Tell a document under the true signature of another."""
    (_, other), (mine, _) = (signed(one, STATION_KEY).split(b',"signed":') for one in (document, signature_of))
    return tells(mine + b',"signed":' + other)


def under_the_stations_name(request: Hostile) -> None:
    """Tell a playlist of the thief, whose signature claims the station's key id."""
    envelope = json.loads(signed(NEXT, THIEF))
    envelope["signatures"][0]["key_id"] = json.loads(signed(NEXT, STATION_KEY))["signatures"][0]["key_id"]
    request.whole(json.dumps(envelope, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode())


def stretched(request: Hostile) -> None:
    """Tell a true playlist with the signature's S made larger by the order of the group."""
    envelope = json.loads(signed(NEXT, STATION_KEY))
    raw = base64.b64decode(envelope["signatures"][0]["signature"])
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(raw[32:], "little") + order
    envelope["signatures"][0]["signature"] = base64.b64encode(raw[:32] + larger.to_bytes(32, "little")).decode()
    request.whole(json.dumps(envelope, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode())


TRUE_NEXT = tells(signed(NEXT, STATION_KEY))
BOMB = gzip.compress(bytes(256 << 20), compresslevel=1)


@dataclass(frozen=True)
class Attack:
    """A row of the table: what the server answers, and how the machine refuses it."""

    name: str
    playlist: Answer
    refusal: type[TiengLoaError]
    words: str
    clip: Answer = nothing


PLAYLISTS = (
    Attack("roll-back: an older counter", by(STATION_KEY, counter=4), TrustError, "cũ hơn"),
    Attack("roll-back: an older epoch, a higher counter", by(STATION_KEY, epoch=2, counter=900), TrustError, "cũ hơn"),
    Attack("roll-back: the same number, other content", by(STATION_KEY, counter=5), TrustError, "cùng một số"),
    Attack("freeze: one that has expired", by(STATION_KEY, issued_at=NOW - timedelta(days=9), expires_at=NOW), TrustError, "hết hạn"),
    Attack("freeze: one that would never expire", by(STATION_KEY, expires_at=NOW + timedelta(days=4000)), TrustError, "khuôn dạng"),
    Attack("mix-and-match: a new document, an old signature", spliced(NEXT, HELD), TrustError, "Chữ ký"),
    Attack("mix-and-match: an old document, a new signature", spliced(HELD, NEXT), TrustError, "Chữ ký"),
    Attack("fast-forward: the highest number, by a thief", by(THIEF, epoch=2**53 - 1, counter=2**53 - 1), TrustError, "Chữ ký"),
    Attack("wrong key", by(THIEF), TrustError, "Chữ ký"),
    Attack("wrong key under the station's key id", under_the_stations_name, TrustError, "Chữ ký"),
    Attack("no signature", tells(b'{"signatures":[],"signed":{}}'), TrustError, "Chữ ký"),
    Attack("signature malleability: S plus the group's order", stretched, TrustError, "Chữ ký"),
    Attack("wrong machine", by(STATION_KEY, machine_id="may-2"), TrustError, "máy khác"),
    Attack("wrong station", by(STATION_KEY, station_id="dai-2"), TrustError, "đài khác"),
    Attack("another document of the station", tells(seal({"format": "tiengloa-acks"}, STATION_KEY)), TrustError, "khuôn dạng"),
    Attack("endless data: a playlist without end", lambda one: one.endless(b"x" * 65536), ServerUnreachableError, "quá dài"),
    Attack("endless data: headers without end", lambda one: one.endless(b"A: b\r\n", b"HTTP/1.1 200 OK\r\n"), ServerUnreachableError, "liên lạc"),
    Attack("endless data: one header line without end", lambda one: one.endless(b"x" * 4096, b"HTTP/1.1 200 OK\r\nA: "), ServerUnreachableError, "liên lạc"),
    Attack("endless data: a playlist that unpacks to a hundred times its size", tells(BOMB, **{"Content-Encoding": "gzip"}), ServerUnreachableError, "quá dài"),
    Attack("endless data: a bomb of brackets", tells(b"[" * (3 << 20)), TrustError, "sai khuôn dạng"),
    Attack("redirect to another host", lambda one: one.whole(b"", 302, Location="http://127.0.0.1:1/"), ServerUnreachableError, "302"),
)  # fmt: skip

CLIPS = (
    Attack("arbitrary sound: other bytes under the name", TRUE_NEXT, TrustError, "mã băm", gives({OTHER.hash: CLIP.data})),
    Attack("arbitrary sound: longer than was signed", TRUE_NEXT, TrustError, "dài hơn", lambda one: one.endless(b"x" * 65536)),
    Attack("arbitrary sound: a page of HTML", TRUE_NEXT, TrustError, "mã băm", lambda one: one.whole(b"<html>")),
    Attack("arbitrary sound: a redirect", TRUE_NEXT, ServerUnreachableError, "302", lambda one: one.whole(b"", 302, Location="/x")),
    Attack("arbitrary sound: a part from elsewhere", TRUE_NEXT, TrustError, "dài hơn", lambda one: one.whole(b"x" * 9, 206, **{"Content-Range": "bytes 999999999-1000000007/1000000008"})),
    Attack("arbitrary sound: a hole at the beginning", TRUE_NEXT, TrustError, "mã băm", lambda one: one.whole(b"x", 206, **{"Content-Range": f"bytes {len(OTHER.data) - 1}-{len(OTHER.data) - 1}/{len(OTHER.data)}"})),
    Attack("none at all", TRUE_NEXT, TiengLoaError, "chưa có", nothing),
)  # fmt: skip


@pytest.mark.parametrize("attack", PLAYLISTS, ids=lambda attack: attack.name)
def test_a_hostile_playlist_moves_nothing(hut: Hut, attack: Attack) -> None:
    before = hut.state()
    with pytest.raises(attack.refusal, match=attack.words):
        hut.round(attack.playlist, attack.clip)
    assert hut.state() == before
    assert hut.server.sent < 16 << 20
    hut.round(TRUE_NEXT, gives(FILES))
    assert hut.sync.playlist == NEXT
    assert hut.sync.held() == (2, 2)


@pytest.mark.parametrize("attack", CLIPS, ids=lambda attack: attack.name)
def test_a_hostile_clip_never_reaches_the_shelf(hut: Hut, attack: Attack) -> None:
    with pytest.raises(attack.refusal, match=attack.words):
        hut.round(attack.playlist, attack.clip)
    assert not hut.cabinet.holds(OTHER.hash)
    assert hut.cabinet.clip_path(CLIP.hash).read_bytes() == CLIP.data
    hut.round(TRUE_NEXT, gives(FILES))
    assert hut.cabinet.clip_path(OTHER.hash).read_bytes() == OTHER.data


SLOW: dict[str, bytes] = {
    "headers": b"HTTP/1.1 200 OK\r\nA: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n",
    "size of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    "interim answers": b"HTTP/1.1 100 Continue\r\nA: ",
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("head", SLOW.values(), ids=SLOW.keys())
def test_slow_retrieval_is_given_up_wherever_it_dawdles(hut: Hut, head: bytes) -> None:
    before = hut.state()
    with pytest.raises(ServerUnreachableError):
        hut.round(lambda request: request.trickle(head), nothing)
    assert hut.state() == before


@pytest.mark.usefixtures("hasty")
def test_a_slow_clip_is_given_up_and_resumed(hut: Hut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.sync.CLIP_DEADLINE_S", 0.2)
    assert CLIP_DEADLINE_S > 60
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(OTHER.data)
    with pytest.raises(ServerUnreachableError):
        hut.round(TRUE_NEXT, lambda request: request.trickle(head, OTHER.data[:1]))
    assert not hut.cabinet.holds(OTHER.hash)
    hut.round(TRUE_NEXT, gives(FILES))
    assert hut.sync.held() == (2, 2)


def test_frozen_the_machine_falls_silent_with_its_reason_and_never_loops_what_it_has(hut: Hut) -> None:
    later = replace(HELD, slots=(slot("z", HELD.expires_at, item(CLIP)),))
    [only] = cue(later, HELD.expires_at, {}).actions
    assert isinstance(only, Miss)
    assert only.reason == orders.EXPIRED
    before = hut.state()
    hut.clock.wall += timedelta(days=20)
    hut.round(lambda request: request.whole(b"", 304), nothing)
    assert hut.state() == before


def test_a_clock_set_back_does_not_bring_an_expired_playlist_to_life() -> None:
    early = HELD.issued_at - timedelta(days=30)
    made = replace(HELD, slots=(slot("z", early, item(CLIP)),))
    decided = cue(made, early, {})
    assert decided.actions == ()
    assert decided.held == orders.HELD_CLOCK


def test_after_a_fast_forward_with_the_stolen_key_a_higher_epoch_recovers(hut: Hut) -> None:
    hut.round(by(STATION_KEY, counter=2**53 - 1), gives(FILES))
    with pytest.raises(TrustError, match="cũ hơn"):
        hut.round(by(STATION_KEY, counter=7), gives(FILES))
    hut.round(by(STATION_KEY, epoch=4, counter=1), gives(FILES))
    assert hut.cabinet.held_pair() == (4, 1)
    with pytest.raises(TrustError, match="cũ hơn"):
        hut.round(by(STATION_KEY, epoch=3, counter=2**53 - 1), gives(FILES))


@pytest.mark.parametrize("etag", ['"a"\r\n x', '"\u00e9"', "x" * 5000, '""', '"a" "b"'])
def test_a_hostile_etag_does_not_stop_the_next_poll(hut: Hut, etag: str) -> None:
    envelope = signed(NEXT, STATION_KEY)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(envelope)}\r\nETag: {etag}\r\n\r\n".encode("latin-1")
    hut.round(lambda request: request.wfile.write(head + envelope) and None, gives(FILES))
    assert hut.sync.playlist == NEXT
    hut.round(by(STATION_KEY, counter=7), gives(FILES))
    assert hut.cabinet.held_pair() == (3, 7)


@pytest.mark.parametrize("told", [-1, 10**400, 1.5, "1", None])
def test_a_hostile_server_time_moves_no_clock(hut: Hut, told: object, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"server_time": told}).encode()
    monkeypatch.setattr(Hostile, "do_POST", lambda request: request.whole(body))
    state = State(1, 0, 0, "x", sink_ok=True, free=1, fault="")
    Reporter(hut.line, Journal(hut.cabinet.database), hut.clock).heartbeat(state)
    assert hut.line.offset_ms == 0


SHEET = OrderSheet(
    STATION, MACHINE, 3, 5, NOW, NOW + timedelta(hours=1), (), (StopOrder("l1", NOW, NOW + timedelta(hours=1)),)
)

ORDERS: dict[str, tuple[bytes, str]] = {
    "roll-back: an older counter": (seal(sheet_document(replace(SHEET, counter=4)), STATION_KEY), "cũ hơn"),
    "roll-back: an older epoch": (seal(sheet_document(replace(SHEET, epoch=2, counter=9)), STATION_KEY), "cũ hơn"),
    "roll-back: the same number, other orders": (seal(sheet_document(replace(SHEET, orders=())), STATION_KEY), "cũ hơn"),
    "freeze: expired": (seal(sheet_document(replace(SHEET, counter=6, issued_at=NOW - timedelta(hours=9), expires_at=NOW, orders=())), STATION_KEY), "hết hạn"),
    "freeze: good for a year": (seal(sheet_document(replace(SHEET, counter=6, expires_at=NOW + timedelta(days=365))), STATION_KEY), "khuôn dạng"),
    "wrong key": (seal(sheet_document(replace(SHEET, counter=6)), THIEF), "chữ ký"),
    "wrong machine": (seal(sheet_document(replace(SHEET, counter=6, machine_id="may-2")), STATION_KEY), "máy khác"),
    "wrong station": (seal(sheet_document(replace(SHEET, counter=6, station_id="dai-2")), STATION_KEY), "đài khác"),
    "a playlist in place of orders": (signed(NEXT, STATION_KEY), "khuôn dạng"),
    "mix-and-match": (seal(sheet_document(SHEET), STATION_KEY).replace(b'"counter":5', b'"counter":6'), "chữ ký"),
    "endless data": (b"x" * (MAX_SHEET_BYTES * 2), "chữ ký"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "words"), ORDERS.values(), ids=ORDERS.keys())
def test_hostile_orders_are_not_obeyed(hut: Hut, raw: bytes, words: str) -> None:
    book = OrderBook(hut.cabinet.database, hut.cabinet.identity)
    assert book.believe(seal(sheet_document(SHEET), STATION_KEY), "", hut.clock.now()) == SHEET
    with pytest.raises(TrustError, match=words):
        book.believe(raw, "x", hut.clock.now())
    assert book.etag == ""
    newer = replace(SHEET, counter=6)
    assert book.believe(seal(sheet_document(newer), STATION_KEY), "y", hut.clock.now()) == newer


def test_an_order_is_no_playlist(hut: Hut) -> None:
    with pytest.raises(TrustError, match="khuôn dạng"):
        hut.round(tells(seal(sheet_document(SHEET), STATION_KEY)), nothing)


def test_nothing_unapproved_ever_sounds(tmp_path: Path) -> None:
    """All at once on a real machine: forged playlists, exchanged bytes on the line, exchanged files on the disk."""
    true, on_the_line, on_the_disk, evil = (sound(0.4, seed=seed) for seed in (11, 12, 13, 14))
    centre = Centre()
    begins = datetime.now(UTC) + timedelta(seconds=2)
    slots = [
        slot(name, begins + timedelta(seconds=after), item(clip, title=name), late_policy=LatePolicy.SKIP)
        for name, after, clip in (("a", 0, on_the_disk), ("b", 0.6, on_the_line), ("c", 1.2, true))
    ]
    planned = playlist(slots, [true, on_the_line, on_the_disk], datetime.now(UTC))
    centre.publish(planned, true, on_the_disk)
    centre.files[on_the_line.hash] = evil.data
    folder = centre.enrolled(tmp_path / "may")
    cabinet = open_cabinet(folder)
    for name in (on_the_disk.hash, evil.hash):
        cabinet.partial_path(evil.hash).write_bytes(evil.data)
        cabinet.shelve(evil.hash)
        cabinet.clip_path(name).parent.mkdir(exist_ok=True)
        cabinet.clip_path(name).write_bytes(evil.data)
    cabinet.close()
    events: list[object] = []
    machine = Machine(folder, MachineSettings(poll=0.1, heartbeat=0.5, sink="virtual"), events.append)
    machine.start()
    try:
        wait_until(lambda: machine._sync.playlist is not None)
        forged = replace(planned, counter=9, clips=(*planned.clips, evil.ref), slots=(slot("x", begins, item(evil)),))
        centre.files[evil.hash] = evil.data
        centre.envelope = signed(forged, THIEF)
        machine.cabinet.clip_path(on_the_disk.hash).write_bytes(evil.data)
        ended = (Finished, Missed)
        wait_until(lambda: {event.title for event in events if isinstance(event, ended)} == set("abc"), 15)
    finally:
        machine.stop()
        centre.stop()
    sounds = np.concatenate([samples for _, samples in heard(folder / "recordings")])
    assert true.samples.tobytes() in sounds.tobytes()
    rest = sounds.tobytes()
    for approved in (true, on_the_disk):  # the file on the disk may have been fetched anew in time
        rest = rest.replace(approved.samples.tobytes(), b"")
    assert not any(rest)
    assert "b" in [event.title for event in events if isinstance(event, Missed)]
