"""A live broadcast from the approver's browser through the centre to a machine, each link with its own key."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time as clock_time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import TestResponse

from audio_library.intake import take_in
from audio_library.library import Library
from domain.audio import ClipKind
from domain.live import MEDIA, Chunk, message_of, unpack
from domain.people import User
from domain.playlist import from_document
from domain.sources import Source, SourceKind
from domain.timetable import ItemKind, Programme, ProgrammeItem
from player.live import Ear
from scheduler.desk import NewSession
from scheduler.planning import replan
from scheduler.programme_desk import ProgrammeDesk
from scheduler.publishing import publish
from scheduler.signing import StationKey
from tests.fakes_stream import tone
from tests.fakes_web import ADMIN, APPROVER, BOTH, EDITOR, VIEWER, Panel, csrf, panel
from tests.integration.test_machine_api import Box, enrol
from web.live_room import MOST_CHUNKS, MOST_WAITERS, LiveRoom

SOUND = tone(0.5).tobytes()


@dataclass
class Studio:
    """A station with a live slot at 09:35, one machine, and a person before a microphone."""

    town: Panel
    box: Box
    station: StationKey
    slot_key: str = ""

    def published(self) -> Source | None:
        """Plan and publish, and return the source of the machine's live item."""
        now = self.town.clock.now()
        publish(self.town.database, self.station, replan(self.town.database, now), now)
        told = json.loads(self.box.call("GET", "/api/v1/playlist").get_data())
        found = next(one for one in from_document(told["signed"]).slots if one.title == "Nói trực tiếp")
        self.slot_key = found.key
        return found.items[0].source

    def post(self, user: User, path: str, data: bytes = b"") -> TestResponse:
        client = self.town.browser(user)
        return client.post(path, data=data, headers={"X-CSRFToken": csrf(client, "/")})

    def open(self, user: User, key: Ed25519PrivateKey, slot_key: str | None = None) -> TestResponse:
        public = key.public_key().public_bytes_raw().hex()
        asked = {"slot": self.slot_key if slot_key is None else slot_key, "key": public}
        return self.post(user, "/truc-tiep", json.dumps(asked).encode())

    def speak(self, session: str, sequence: int, key: Ed25519PrivateKey, user: User = APPROVER) -> TestResponse:
        signature = key.sign(message_of(session, sequence, MEDIA[1], SOUND))
        told = {"sequence": sequence, "media": MEDIA[1], "signature": base64.b64encode(signature).decode()}
        client = self.town.browser(user)
        headers = {"X-CSRFToken": csrf(client, "/")}
        return client.post(f"/truc-tiep/{session}", query_string=told, data=SOUND, headers=headers)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with panel(tmp_path) as town:
        library = Library(town.database, town.clock, town.blobs, take_in)
        library.stock()
        ident = library.shelf()[ClipKind.IDENT][0]
        spoken = ProgrammeItem(clip_hash=ident.hash, kind=ItemKind.LIVE, length=timedelta(minutes=5))
        ProgrammeDesk(town.database, town.clock).save(EDITOR, Programme("noi", "Nói trực tiếp", (spoken,)))
        at = (clock_time(9, 35),)
        wanted = NewSession("?", (), frozenset({"tan-phong"}), at, frozenset(range(1, 8)), programme_id="noi")
        town.services.timetable.add(EDITOR, wanted)
        box = enrol(town)
        yield Studio(town, box, StationKey.load_or_create(tmp_path / "station.key"))


def test_what_an_approver_says_reaches_the_machine_under_the_key_that_the_station_signed(studio: Studio) -> None:
    assert studio.published() == Source(SourceKind.LIVE)
    key = Ed25519PrivateKey.generate()
    answer = studio.open(APPROVER, key)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    session = answer.get_json()["session"]
    named = studio.published()
    assert named == Source(SourceKind.LIVE, session=session, key=key.public_key().public_bytes_raw().hex())
    for sequence in (1, 2):
        assert studio.speak(session, sequence, key).status_code == 204
    pulled = studio.box.call("GET", f"/api/v1/live/{session}?after=1")
    (chunk,) = unpack(pulled.get_data())
    assert chunk.sequence == 2
    assert np.array_equal(Ear(named).frames_of(chunk), tone(0.5))
    assert studio.town.visitor().get(f"/api/v1/live/{session}?after=0").status_code == 401
    assert studio.post(APPROVER, f"/truc-tiep/{session}/dong").status_code == 204
    assert studio.box.call("GET", f"/api/v1/live/{session}?after=0").status_code == 404
    assert studio.published() == Source(SourceKind.LIVE)


def test_only_who_may_approve_may_speak_and_only_while_the_slot_is_near_or_on(studio: Studio) -> None:
    studio.published()
    key = Ed25519PrivateKey.generate()
    for user in (EDITOR, VIEWER, ADMIN):
        assert studio.open(user, key).status_code == 403
    assert studio.open(APPROVER, key, "không-có").status_code == 404
    studio.town.clock.go(timedelta(minutes=11))
    assert studio.open(APPROVER, key).status_code in (404, 409)


def test_the_key_reaches_a_session_that_was_frozen_and_has_begun_and_ends_with_its_slot(studio: Studio) -> None:
    studio.published()
    studio.town.clock.go(timedelta(minutes=6))
    key = Ed25519PrivateKey.generate()
    session = studio.open(APPROVER, key).get_json()["session"]
    named = studio.published()
    assert named is not None
    assert named.session == session
    assert studio.speak(session, 1, key).status_code == 204
    studio.town.clock.go(timedelta(minutes=5))
    assert studio.speak(session, 2, key).status_code == 404
    assert studio.box.call("GET", f"/api/v1/live/{session}?after=0").status_code == 404


def test_nobody_speaks_in_the_session_of_another_or_with_another_key(studio: Studio) -> None:
    studio.published()
    key = Ed25519PrivateKey.generate()
    session = studio.open(APPROVER, key).get_json()["session"]
    assert studio.speak(session, 1, key, BOTH).status_code == 409
    assert studio.speak(session, 1, Ed25519PrivateKey.generate()).status_code in (401, 403)
    other = studio.open(BOTH, Ed25519PrivateKey.generate()).get_json()["session"]
    assert other != session
    assert studio.speak(session, 1, key).status_code == 404


FITTING = {"sequence": "1", "media": MEDIA[0], "signature": "A" * 86 + "=="}
UNFIT: tuple[tuple[bytes, dict[str, str]], ...] = (
    (b"", FITTING),
    (b"x", {**FITTING, "sequence": "0"}),
    (b"x", {**FITTING, "sequence": "9" * 11}),
    (b"x", {**FITTING, "media": "video/mp4"}),
    (b"x", {**FITTING, "signature": "???"}),
    (b"x", {}),
)


def test_what_is_not_of_the_form_is_refused(studio: Studio) -> None:
    studio.published()
    session = studio.open(APPROVER, Ed25519PrivateKey.generate()).get_json()["session"]
    client = studio.town.browser(APPROVER)
    headers = {"X-CSRFToken": csrf(client, "/")}
    for data, query in UNFIT:
        answer = client.post(f"/truc-tiep/{session}", query_string=query, data=data, headers=headers)
        assert answer.status_code == 422, query
    for body in (b"", b"[]", b"{}", b'{"slot": 1, "key": "a"}', b'{"slot": "a", "key": "zz"}', b"[" * 9999):
        assert studio.post(APPROVER, "/truc-tiep", body).status_code == 422, body[:30]


def chunk(sequence: int, size: int = 10) -> Chunk:
    return Chunk(sequence, MEDIA[1], bytes(64), bytes(size))


def test_the_room_hands_on_at_once_what_comes_while_a_machine_waits() -> None:
    room, got = LiveRoom(), list[bytes]()
    waiter = threading.Thread(target=lambda: got.append(room.since("a", 0, 10)))
    waiter.start()
    began = time.monotonic()
    room.put("a", chunk(1))
    waiter.join(10)
    assert [one.sequence for one in unpack(got[0])] == [1]
    assert time.monotonic() - began < 5


def test_the_room_holds_little_and_in_order() -> None:
    room = LiveRoom()
    for sequence in (1, 3, 2, *range(4, 100)):
        room.put("a", chunk(sequence))
    held = [one.sequence for one in unpack(room.since("a", 0, 0))]
    assert held == list(range(100 - MOST_CHUNKS, 100))
    for number in range(40):
        room.put(f"s{number}", chunk(1, 200_000))
    assert room.since("a", 0, 0) == b""


def test_machines_beyond_a_number_do_not_wait() -> None:
    room = LiveRoom()
    waiters = [threading.Thread(target=room.since, args=("a", 0, 5)) for _ in range(MOST_WAITERS)]
    for one in waiters:
        one.start()
    deadline = time.monotonic() + 5
    while room._waiting < MOST_WAITERS:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert room.since("a", 0, 60) == b""
    room.put("a", chunk(1))
    for one in waiters:
        one.join(5)
