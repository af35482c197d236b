"""The machine API: who may call it, what it answers, and that no garbage breaks it."""

import base64
import gzip
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from domain.machines import Lack, Shortfall
from domain.nudges import BrokerAccount, BrokerAddress
from domain.playlist import to_ms
from domain.signed_time import time_statement
from player.nudges import account_of
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.signing import MACHINE_HEADER, SIGNATURE_HEADER, TIME_HEADER, ClockKey, StationKey, request_bytes
from store import airings, machines, plans
from tests.fakes_web import EDITOR, Panel, panel
from web.app import create_app

HEARTBEAT = {
    "counter": 3,
    "clips_held": 2,
    "clips_needed": 2,
    "sink": "virtual",
    "sink_ok": True,
    "clock_offset": -4,
    "free": 10**9,
    "version": "0.1.0",
    "fault": "",
}
AIRING = {
    "key": "slot-1:0",
    "slot": "slot-1",
    "position": 0,
    "title": "Bản tin",
    "clip": None,
    "planned": 1_700_000_000_000,
    "outcome": "missed",
    "started": None,
    "ended": None,
    "rendered": 0,
    "reason": "giờ yên tĩnh",
}


@dataclass
class Box:
    """A broadcast machine as the API sees it."""

    town: Panel
    client: FlaskClient
    key: Ed25519PrivateKey
    id: str

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> TestResponse:
        now = to_ms(self.town.clock.now())
        signature = base64.b64encode(self.key.sign(request_bytes(method, path, now, body))).decode()
        signed = {MACHINE_HEADER: self.id, TIME_HEADER: str(now), SIGNATURE_HEADER: signature, **(headers or {})}
        return self.client.open(path, method=method, data=body, headers=signed, buffered=True)

    def post(self, path: str, value: object) -> TestResponse:
        return self.call("POST", path, json.dumps(value).encode())


def enrol(town: Panel, name: str = "Máy bản", *, said_yes: bool = True) -> Box:
    code = town.services.office.new_code(EDITOR, "san-thang", name)
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    client = town.visitor()
    answer = client.post("/api/v1/enrol", json={"code": code.lower(), "public_key": public})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    box = Box(town, client, key, answer.get_json()["machine"])
    if said_yes:
        town.services.office.enrolment.confirm(EDITOR, box.id, "san-thang")
    return box


@pytest.fixture
def box(town: Panel) -> Box:
    return enrol(town)


def publish_now(town: Panel, tmp_path: Path) -> None:
    key = StationKey.load_or_create(tmp_path / "keys" / "station.key")
    publish(town.database, key, replan(town.database, town.clock.now()), town.clock.now())


def schedule(town: Panel, tmp_path: Path) -> str:
    """Put a produced bulletin on the air in a minute and publish; return its clip."""
    bulletin_id = town.produced()
    town.post(EDITOR, "/lich/moi", name="Thử", bulletin=bulletin_id, area="san-thang", soon="1")
    publish_now(town, tmp_path)
    with town.database.read() as connection:
        (clip_hash,) = connection.exec_driver_sql("SELECT clip_hash FROM bulletin").scalars()
    return str(clip_hash)


def test_a_machine_joins_once_and_learns_its_name_and_the_stations_key(town: Panel) -> None:
    code = town.services.office.new_code(EDITOR, "san-thang", "Máy bản")
    key = base64.b64encode(b"k" * 32).decode()
    told = town.visitor().post("/api/v1/enrol", json={"code": code, "public_key": key}).get_json()
    assert told["machine_name"] == "Máy bản"
    assert told["station"] == "dai-mau"
    assert told["station_key"] == "A" * 43 + "="
    assert told["server_time"] == to_ms(town.clock.now())
    again = town.visitor().post("/api/v1/enrol", json={"code": code, "public_key": key})
    assert again.status_code == 401
    assert "đã dùng" in again.get_json()["error"]


def test_guessing_codes_is_slowed_down(town: Panel) -> None:
    client = town.visitor()
    for _ in range(10):
        assert client.post("/api/v1/enrol", json={"code": "X", "public_key": "A" * 43 + "="}).status_code == 401
    told = client.post("/api/v1/enrol", json={"code": "X", "public_key": "A" * 43 + "="})
    assert told.status_code == 429
    assert told.headers["Retry-After"] == "5"
    assert told.get_json()["error"]


def test_guessing_from_many_addresses_is_slowed_down_altogether(town: Panel) -> None:
    client, guess = town.visitor(), {"code": "X", "public_key": "A" * 43 + "="}

    def tried(number: int) -> int:
        address = {"REMOTE_ADDR": f"10.0.{number // 250}.{number % 250 + 1}"}
        return client.post("/api/v1/enrol", json=guess, environ_base=address).status_code

    assert {tried(number) for number in range(120)} == {401}
    assert tried(120) == 429
    town.clock.go(timedelta(hours=1, seconds=1))
    assert tried(121) == 401


def test_a_box_is_told_how_far_it_has_come_and_gets_nothing_before_the_yes(town: Panel, tmp_path: Path) -> None:
    waiting, ready = enrol(town, said_yes=False), enrol(town)
    path = f"/api/v1/clips/{schedule(town, tmp_path)}"
    assert ready.call("GET", path).status_code == 200
    assert waiting.call("GET", "/api/v1/enrolment").get_json()["state"] == "waiting"
    for answer in (
        waiting.call("GET", "/api/v1/playlist"),
        waiting.call("GET", path),
        waiting.post("/api/v1/heartbeat", HEARTBEAT),
        waiting.post("/api/v1/airings", {"airings": [AIRING]}),
    ):
        assert answer.status_code == 403
        assert "chờ kỹ thuật viên xác nhận" in answer.get_json()["error"]
        assert "TL-Revoked" not in answer.headers
    town.services.office.enrolment.confirm(EDITOR, waiting.id, "san-thang", "Máy cổng làng")
    told = waiting.call("GET", "/api/v1/enrolment").get_json()
    assert (told["state"], told["machine_name"]) == ("confirmed", "Máy cổng làng")
    publish_now(town, tmp_path)
    assert waiting.call("GET", "/api/v1/playlist").status_code == 200


def test_no_way_in_there_is_opens_to_a_waiting_or_a_revoked_box(town: Panel) -> None:
    waiting, revoked = enrol(town, said_yes=False), enrol(town)
    town.services.office.revoke(EDITOR, revoked.id)
    asked = 0
    for rule in town.app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint not in {"api.enrol", "api.enrolment"}:
            path = re.sub("<[^>]+>", "a" * 64, rule.rule)
            method = "POST" if "POST" in (rule.methods or ()) else "GET"
            assert waiting.call(method, path).status_code == 403, path
            assert revoked.call(method, path).status_code == 401, path
            asked += 1
    assert asked >= 4


def test_a_refused_box_is_told_so_and_believed_no_more(town: Panel) -> None:
    box = enrol(town, said_yes=False)
    town.services.office.enrolment.refuse(EDITOR, box.id)
    assert box.call("GET", "/api/v1/enrolment").get_json()["state"] == "refused"
    assert box.call("GET", "/api/v1/playlist").status_code == 401
    forged = {SIGNATURE_HEADER: base64.b64encode(b"0" * 64).decode()}
    assert box.call("GET", "/api/v1/enrolment", headers=forged).status_code == 401


@pytest.mark.parametrize("year", [1970, 2000, 2199])
def test_a_box_whose_clock_is_years_off_is_told_the_time_and_then_believed(town: Panel, box: Box, year: int) -> None:
    def asked(now: int) -> TestResponse:
        signature = base64.b64encode(box.key.sign(request_bytes("GET", "/api/v1/enrolment", now, b""))).decode()
        headers = {MACHINE_HEADER: box.id, TIME_HEADER: str(now), SIGNATURE_HEADER: signature}
        return box.client.get("/api/v1/enrolment", headers=headers)

    refused = asked(to_ms(datetime(year, 1, 1, tzinfo=UTC)))
    assert refused.status_code == 401
    assert asked(int(refused.headers["TL-Server-Time"])).status_code == 200


def test_machines_that_join_well_are_never_slowed_down(town: Panel) -> None:
    for number in range(12):
        enrol(town, f"Máy {number}")


def test_a_machine_without_a_playlist_is_told_to_ask_again(box: Box) -> None:
    answer = box.call("GET", "/api/v1/playlist")
    assert answer.status_code == 404
    assert answer.get_json()["error"]


def test_the_playlist_is_the_signed_bytes_and_then_a_304(town: Panel, box: Box, tmp_path: Path) -> None:
    schedule(town, tmp_path)
    answer = box.call("GET", "/api/v1/playlist")
    with town.database.read() as connection:
        published = machines.published(connection, box.id)
    assert published is not None
    assert answer.data == published.body
    assert answer.mimetype == "application/json"
    same = box.call("GET", "/api/v1/playlist", headers={"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    other = box.call("GET", "/api/v1/playlist", headers={"If-None-Match": '"cũ"'.encode().decode("latin-1")})
    assert other.status_code == 200


def test_the_quick_answer_to_a_poll_says_what_the_long_way_says(town: Panel, box: Box, tmp_path: Path) -> None:
    schedule(town, tmp_path)
    etag = box.call("GET", "/api/v1/playlist").headers["ETag"]
    quick = box.call("GET", "/api/v1/playlist", headers={"If-None-Match": etag})
    slow = box.call("GET", "/api/v1/playlist", headers={"If-None-Match": f'{etag}, "x"'})
    assert (quick.status_code, slow.status_code) == (304, 304)
    for name in ("ETag", "TL-Server-Time"):
        assert quick.headers[name] == slow.headers[name]
    assert quick.data == slow.data == b""
    for wrong in ({SIGNATURE_HEADER: base64.b64encode(bytes(64)).decode()}, {TIME_HEADER: "1"}, {MACHINE_HEADER: "é"}):
        assert box.call("GET", "/api/v1/playlist", headers={"If-None-Match": etag, **wrong}).status_code == 401
    town.services.office.revoke(EDITOR, box.id)
    refused = box.call("GET", "/api/v1/playlist", headers={"If-None-Match": etag})
    assert (refused.status_code, refused.headers["TL-Revoked"]) == (401, "1")


def test_the_playlist_comes_packed_to_whoever_can_unpack_it(town: Panel, box: Box, tmp_path: Path) -> None:
    schedule(town, tmp_path)
    plain = box.call("GET", "/api/v1/playlist")
    packed = box.call("GET", "/api/v1/playlist", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data, "the signed bytes are the same"
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert len(packed.data) < len(plain.data)


def test_a_machine_is_told_the_time_signed_for_its_question_alone(town: Panel, box: Box, tmp_path: Path) -> None:
    assert box.call("GET", f"/api/v1/time?nonce={'a' * 32}").status_code == 404
    key = ClockKey.load_or_create(tmp_path / "clock.key")
    services = replace(town.services, office=replace(town.services.office, clock_key=key))
    asked = replace(box, client=create_app(services).test_client())
    told = asked.call("GET", f"/api/v1/time?nonce={'a' * 32}").get_json()
    statement = time_statement(box.id, "a" * 32, told["server_time"])
    public = Ed25519PublicKey.from_public_bytes(key.public_key)
    public.verify(base64.b64decode(told["signature"]), statement)
    for nonce in ("", "a" * 31, "A" * 32, "a" * 33, "%0a" * 32):
        assert asked.call("GET", f"/api/v1/time?nonce={nonce}").status_code == 422
    assert town.visitor().get(f"/api/v1/time?nonce={'a' * 32}").status_code == 401


def test_a_clip_of_the_playlist_comes_whole_in_ranges_and_resumed(town: Panel, box: Box, tmp_path: Path) -> None:
    path = f"/api/v1/clips/{schedule(town, tmp_path)}"
    whole = box.call("GET", path)
    assert whole.status_code == 200
    assert whole.mimetype == "audio/mpeg"
    etag = whole.headers["ETag"]
    rest = box.call("GET", path, headers={"Range": "bytes=100-", "If-Range": etag})
    assert rest.status_code == 206
    assert rest.data == whole.data[100:]
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole.data) - 1}/{len(whole.data)}"
    changed = box.call("GET", path, headers={"Range": "bytes=100-", "If-Range": '"khac"'})
    assert changed.status_code == 200
    assert box.call("GET", path, headers={"Range": "bytes=99999999-"}).status_code == 416


def test_a_clip_that_the_machines_playlist_does_not_name_is_refused(town: Panel, box: Box, tmp_path: Path) -> None:
    schedule(town, tmp_path)
    stray = town.blobs.put(b"not for this machine")
    for clip_hash in (stray, "0" * 64, "x"):
        answer = box.call("GET", f"/api/v1/clips/{clip_hash}")
        assert answer.status_code == 404
        assert answer.get_json()["error"]


def test_a_clip_taken_off_the_playlist_is_refused_from_then_on(town: Panel, box: Box, tmp_path: Path) -> None:
    path = f"/api/v1/clips/{schedule(town, tmp_path)}"
    assert box.call("GET", path).status_code == 200
    with town.database.read() as connection:
        (bulletin_id,) = connection.exec_driver_sql("SELECT id FROM bulletin").scalars()
    town.services.desk.withdraw(EDITOR, bulletin_id, "sai ngày")
    publish_now(town, tmp_path)
    assert box.call("GET", path).status_code == 404


def test_airings_are_acknowledged_by_key_however_often_they_come(town: Panel, box: Box) -> None:
    for _ in range(2):
        answer = box.post("/api/v1/airings", {"airings": [AIRING]})
        assert answer.get_json() == {"acknowledged": ["slot-1:0"], "refused": []}
    with town.database.read() as connection:
        found = airings.silent(connection, town.clock.now() - timedelta(days=9999), town.clock.now(), 10)
    assert [(one.machine_id, one.reason) for one in found] == [(box.id, "giờ yên tĩnh")]


@pytest.mark.parametrize(
    "changed",
    [{"title": "\ud800"}, {"planned": 10**30}, {"planned": 1.5}, {"outcome": ["played"]}, {"position": True}],
    ids=str,
)
def test_a_bad_row_holds_up_no_good_one_and_is_not_sent_for_ever(
    town: Panel, box: Box, changed: dict[str, object]
) -> None:
    rows = [{**AIRING, "key": "hỏng", **changed}, AIRING, None, {**AIRING, "key": 7}, {**AIRING, "key": "\ud800"}]
    told = box.post("/api/v1/airings", {"airings": rows}).get_json()
    assert told["acknowledged"] == ["slot-1:0", "hỏng"]
    ((key, sentence),) = [(one["key"], one["error"]) for one in told["refused"]]
    assert (key, bool(sentence)) == ("hỏng", True)
    with town.database.read() as connection:
        found = airings.silent(connection, town.clock.now() - timedelta(days=9999), town.clock.now(), 10)
    assert [one.key for one in found] == ["slot-1:0"]


def test_a_heartbeat_is_kept_and_answered_with_the_servers_time(town: Panel, box: Box) -> None:
    assert box.post("/api/v1/heartbeat", HEARTBEAT).get_json() == {"server_time": to_ms(town.clock.now())}
    with town.database.read() as connection:
        heartbeat = machines.get(connection, box.id).heartbeat
    assert heartbeat is not None
    assert (heartbeat.playlist_counter, heartbeat.clock_offset_ms, heartbeat.sink_ok) == (3, -4, True)


def test_what_a_machine_is_not_ready_for_is_kept_and_shown_on_its_page(town: Panel, box: Box, tmp_path: Path) -> None:
    schedule(town, tmp_path)
    with town.database.read() as connection:
        now = town.clock.now()
        (slot,) = plans.slots(connection, now, now + timedelta(hours=1), box.id)
    told = [{"slot": slot.key, "starts": to_ms(slot.starts_at), "lack": "disk", "clips": 2}]
    box.post("/api/v1/heartbeat", {**HEARTBEAT, "unready": told, "clock_error": 7, "nudged": True})
    with town.database.read() as connection:
        beat = machines.get(connection, box.id).heartbeat
    assert beat is not None
    assert beat.shortfalls == (Shortfall(slot.key, slot.starts_at, Lack.DISK, 2),)
    assert (beat.clock_error_ms, beat.nudged) == (7, True)
    page = town.browser(EDITOR).get(f"/may-phat/{box.id}").get_data(as_text=True)
    assert "Máy báo chưa sẵn sàng: ổ đĩa của máy đã đầy" in page
    assert "nhanh 4 ms ± 7 ms" in page
    assert "kênh báo nhanh" in page


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        "x",
        [None],
        [[]],
        [{}],
        [{"slot": "a", "starts": -1, "lack": "disk"}],
        [{"slot": 1}],
        [1e9],
        [{"slot": "a", "starts": 1, "lack": "la"}],
    ],
)
def test_an_odd_word_about_readiness_spoils_no_heartbeat(town: Panel, box: Box, told: object) -> None:
    changes = {"unready": told, "clock_error": told, "nudged": told}
    answer = box.call("POST", "/api/v1/heartbeat", json.dumps({**HEARTBEAT, **changes}).encode())
    assert answer.status_code == 200
    with town.database.read() as connection:
        beat = machines.get(connection, box.id).heartbeat
    assert beat is not None
    assert beat.shortfalls == ()


def test_a_wrong_signature_is_refused_and_told_the_time(town: Panel, box: Box) -> None:
    for headers in (
        {SIGNATURE_HEADER: base64.b64encode(b"0" * 64).decode()},
        {SIGNATURE_HEADER: "%%%"},
        {SIGNATURE_HEADER: ""},
        {MACHINE_HEADER: "khong-co"},
        {MACHINE_HEADER: ""},
        {TIME_HEADER: "hôm nay".encode().decode("latin-1")},
        {TIME_HEADER: str(to_ms(town.clock.now()) + 1)},
    ):
        answer = box.call("GET", "/api/v1/playlist", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.get_json()["error"]
        assert answer.headers["TL-Server-Time"] == str(to_ms(town.clock.now()))


def test_a_signature_is_for_one_method_path_query_and_body(box: Box) -> None:
    now = to_ms(box.town.clock.now())
    body = json.dumps(HEARTBEAT).encode()
    signature = base64.b64encode(box.key.sign(request_bytes("POST", "/api/v1/heartbeat", now, body))).decode()
    headers = {MACHINE_HEADER: box.id, TIME_HEADER: str(now), SIGNATURE_HEADER: signature}
    assert box.client.post("/api/v1/heartbeat", data=body, headers=headers).status_code == 200
    assert box.client.post("/api/v1/heartbeat", data=body + b" ", headers=headers).status_code == 401
    assert box.client.post("/api/v1/heartbeat?a=1", data=body, headers=headers).status_code == 401
    assert box.client.post("/api/v1/airings", data=body, headers=headers).status_code == 401


def test_only_an_enrolled_machine_learns_of_the_broker_and_its_own_password(town: Panel, box: Box) -> None:
    assert box.call("GET", "/api/v1/broker").status_code == 404, "there is none by default"
    address = BrokerAddress("", 1883)
    services = replace(town.services, broker_account=lambda one: BrokerAccount(address, one.id, f"cua {one.id}"))
    app = create_app(services)
    other = replace(box, client=app.test_client())
    told = other.call("GET", "/api/v1/broker").get_json()
    assert told == {"host": "", "port": 1883, "tls": False, "ca": "", "user": box.id, "password": f"cua {box.id}"}
    assert account_of(told, "10.0.0.1").user == box.id
    assert other.client.get("/api/v1/broker").status_code == 401
    town.services.office.revoke(EDITOR, box.id)
    assert other.call("GET", "/api/v1/broker").status_code == 401


def test_an_old_request_played_again_is_refused(town: Panel, box: Box) -> None:
    now = to_ms(town.clock.now())
    signature = base64.b64encode(box.key.sign(request_bytes("GET", "/api/v1/playlist", now, b""))).decode()
    headers = {MACHINE_HEADER: box.id, TIME_HEADER: str(now), SIGNATURE_HEADER: signature}
    town.clock.go(timedelta(minutes=5, seconds=1))
    answer = box.client.get("/api/v1/playlist", headers=headers)
    assert answer.status_code == 401
    assert "lệch quá 5 phút" in answer.get_json()["error"]


def test_a_revoked_machine_gets_nothing_from_its_next_request_on(town: Panel, box: Box, tmp_path: Path) -> None:
    clip_hash = schedule(town, tmp_path)
    town.post(EDITOR, f"/may-phat/{box.id}/thu-hoi")
    assert box.call("GET", "/api/v1/playlist").status_code == 401
    assert box.call("GET", f"/api/v1/clips/{clip_hash}").status_code == 401
    assert box.post("/api/v1/heartbeat", HEARTBEAT).status_code == 401


def test_a_revoked_machine_is_told_so_whether_it_signs_or_not(town: Panel, box: Box) -> None:
    stranger = town.visitor().get("/api/v1/playlist", headers={MACHINE_HEADER: "khong-co"})
    assert (stranger.status_code, "TL-Revoked" in stranger.headers) == (401, False)
    assert "revoked" not in stranger.get_json()
    unsigned = {MACHINE_HEADER: box.id}
    assert "TL-Revoked" not in town.visitor().get("/api/v1/playlist", headers=unsigned).headers
    town.post(EDITOR, f"/may-phat/{box.id}/thu-hoi")
    for answer in (
        box.call("GET", "/api/v1/playlist"),
        box.post("/api/v1/airings", {"airings": []}),
        town.visitor().get("/api/v1/playlist", headers=unsigned),
    ):
        assert (answer.status_code, answer.headers["TL-Revoked"]) == (401, "1")
        assert answer.headers["TL-Server-Time"]
        assert answer.get_json()["revoked"] is True
        assert "thu hồi" in answer.get_json()["error"]


def test_revoking_drops_the_playlist_and_what_was_to_come_but_not_what_began(
    town: Panel, box: Box, tmp_path: Path
) -> None:
    schedule(town, tmp_path)
    begun = town.clock.now() + timedelta(seconds=90)
    town.post(EDITOR, "/lich/moi", name="Sau", bulletin=town.produced("Tin sau"), area="san-thang", soon="5")
    publish_now(town, tmp_path)
    town.clock.at = begun
    town.post(EDITOR, f"/may-phat/{box.id}/thu-hoi")
    publish_now(town, tmp_path)
    with town.database.read() as connection:
        held = plans.slots(connection, begun - timedelta(days=1), begun + timedelta(days=30), box.id)
        assert machines.published(connection, box.id) is None
    assert [slot.title for slot in held] == ["Thử"]


def test_a_persons_session_opens_nothing_here_and_a_machine_nothing_there(town: Panel, box: Box) -> None:
    assert town.browser(EDITOR).get("/api/v1/playlist").status_code == 401
    assert box.call("GET", "/").status_code == 303


def test_a_body_too_large_is_refused(box: Box) -> None:
    assert box.call("POST", "/api/v1/heartbeat", b" " * (64 * 1024 + 1)).status_code == 413
    assert box.call("POST", "/api/v1/airings", b" " * (1024 * 1024 + 1)).status_code == 413
    assert box.call("POST", "/api/v1/enrol", b" " * (8 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"\xff"',
        b"{",
        b"[" * 100_000,
        b'{"airings": {}}',
        b'{"airings": ' + json.dumps([AIRING] * 501).encode() + b"}",
        b'{"airings": [{"planned": ' + b"9" * 5000 + b"}]}",
    ],
)
def test_hostile_reports_are_refused_in_a_sentence_and_nothing_is_kept(town: Panel, box: Box, body: bytes) -> None:
    answer = box.call("POST", "/api/v1/airings", body)
    assert answer.status_code == 422
    assert answer.get_json()["error"]
    with town.database.read() as connection:
        assert not airings.silent(connection, town.clock.now() - timedelta(days=9999), town.clock.now(), 10)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v1/heartbeat"), ("GET", "/api/v1/xyz"), ("DELETE", "/api/")]
)
def test_strange_paths_and_methods_are_answered_in_json(town: Panel, method: str, path: str) -> None:
    answer = town.visitor().open(path, method=method)
    assert answer.status_code in {404, 405}
    assert answer.get_json()["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries({}, optional={name: JSON | st.just(value) for name, value in AIRING.items()})
NEARLY_BEAT = st.fixed_dictionaries({}, optional={name: JSON | st.just(value) for name, value in HEARTBEAT.items()})


def test_no_garbage_from_an_enrolled_machine_breaks_the_server(tmp_path: Path) -> None:
    with panel(tmp_path) as town:
        box = enrol(town)

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(NEARLY, max_size=3) | JSON, NEARLY_BEAT | JSON, st.binary(max_size=60))
        def check(reports: object, beat: object, raw: bytes) -> None:
            assert box.post("/api/v1/airings", {"airings": reports}).status_code < 500
            assert box.post("/api/v1/heartbeat", beat).status_code < 500
            assert box.call("POST", "/api/v1/heartbeat", raw).status_code < 500

        check()


def test_no_garbage_from_strangers_breaks_the_server(tmp_path: Path) -> None:
    with panel(tmp_path) as town:
        client = town.visitor()
        header = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.text(max_size=30), st.binary(max_size=80), header, header, header, JSON)
        def check(path: str, raw: bytes, one: str, two: str, three: str, joined: object) -> None:
            headers = {MACHINE_HEADER: one, TIME_HEADER: two, SIGNATURE_HEADER: three, "Range": one, "Cookie": two}
            safe = path.encode("utf-8", "replace").decode("utf-8").lstrip("/")  # two slashes would name a host
            assert client.get(f"/api/v1/clips/{safe}", headers=headers).status_code < 500
            assert client.get(f"/{safe}?day={one}", headers=headers).status_code < 500
            assert client.post("/api/v1/heartbeat", data=raw, headers=headers).status_code < 500
            assert client.post("/api/v1/enrol", data=raw).status_code < 500
            assert client.post("/api/v1/enrol", json={"code": joined, "public_key": joined}).status_code < 500
            town.clock.go(timedelta(minutes=6))

        check()
