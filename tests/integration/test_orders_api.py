"""The machine API of emergencies: orders with an ETag, kept back until there is news, their clips, and reports."""

import threading
from pathlib import Path

import pytest

from domain.playlist import to_ms
from scheduler.emergency_desk import Ask
from scheduler.ordering import OrderWorker
from scheduler.signing import StationKey
from store import emergencies
from tests.fakes_emergency import ALL_CLEAR, CHIME, FLOOD, Ready, stocked
from tests.fakes_web import EDITOR, Panel
from tests.integration.test_machine_api import Box, enrol
from web.api import orders


@pytest.fixture
def box(town: Panel) -> Box:
    return enrol(town)


@pytest.fixture
def ready(town: Panel) -> Ready:
    return stocked(town)


@pytest.fixture
def worker(town: Panel, tmp_path: Path) -> OrderWorker:
    return OrderWorker(town.database, StationKey.load_or_create(tmp_path / "station.key"), town.clock)


def drill(town: Panel, ready: Ready) -> str:
    ask = Ask(ready.message.id, "", frozenset({"san-thang"}), frozenset(), drill=True)
    return town.services.emergencies.ask(EDITOR, ask).id


def test_orders_come_with_an_etag_and_only_when_there_are_any(
    town: Panel, box: Box, ready: Ready, worker: OrderWorker
) -> None:
    assert box.call("GET", "/api/v1/orders").status_code == 204
    drill(town, ready)
    worker.tick()
    first = box.call("GET", "/api/v1/orders")
    assert first.status_code == 200
    again = box.call("GET", "/api/v1/orders", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_machine_gets_the_clips_that_its_orders_name_and_no_others(
    town: Panel, box: Box, ready: Ready, worker: OrderWorker
) -> None:
    assert box.call("GET", f"/api/v1/clips/{FLOOD.hash}").status_code == 404
    drill(town, ready)
    worker.tick()
    for clip in (FLOOD, CHIME):
        assert box.call("GET", f"/api/v1/clips/{clip.hash}").data == clip.data
    assert box.call("GET", f"/api/v1/clips/{ALL_CLEAR.hash}").status_code == 404


def test_whoever_waits_is_answered_as_soon_as_there_is_news(
    town: Panel, box: Box, ready: Ready, worker: OrderWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    emergency_id = drill(town, ready)
    worker.tick()
    etag = box.call("GET", "/api/v1/orders").headers["ETag"]
    waiting, answers = threading.Event(), []
    looked = orders._lookout.signed

    def looking(database: object) -> int:
        waiting.set()
        return looked(database)  # type: ignore[arg-type]

    monkeypatch.setattr(orders._lookout, "signed", looking)
    held = {"If-None-Match": etag}
    asker = threading.Thread(target=lambda: answers.append(box.call("GET", "/api/v1/orders?wait=25", headers=held)))
    asker.start()
    assert waiting.wait(10)
    assert answers == []
    town.services.emergencies.stop(EDITOR, emergency_id)
    worker.tick()
    asker.join(10)
    assert [one.status_code for one in answers] == [200]


def test_when_all_seats_are_taken_a_machine_is_answered_at_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_seats", threading.BoundedSemaphore(1))
    assert orders._seats.acquire(blocking=False)
    monkeypatch.setattr(orders, "_awaited", lambda _patience: pytest.fail("it waited"))
    assert box.call("GET", "/api/v1/orders?wait=25").status_code == 204


@pytest.mark.parametrize(
    "report",
    [
        None,
        "x",
        [1],
        [{"id": "a"}],
        [{"id": "a", "alert": {"order": {}}}],
        [{"id": "\ud800", "alert": None}],
        [{"id": "a", "alert": {"order": {"emergency": "e", "message": "z"}, "began": -1}}],
        [{}] * 51,
    ],
)
def test_a_report_that_is_none_is_refused_whole(box: Box, report: object) -> None:
    assert 400 <= box.post("/api/v1/alerts", {"alerts": report}).status_code < 500


def test_a_machine_cannot_take_another_emergency_for_its_own(
    town: Panel, box: Box, ready: Ready, worker: OrderWorker
) -> None:
    emergency_id, now = drill(town, ready), to_ms(town.clock.now())
    order = {
        "emergency": emergency_id,
        "drill": False,
        "title": "x",
        "message": FLOOD.hash,
        "pattern": {"times": 1, "gap": 0, "every": 0, "longest": 3_600_000},
    }
    alert = {"order": order, "began": now, "ended_at": now, "ended": "x", "heard": 1, "local": True, "clear": False}
    assert box.post("/api/v1/alerts", {"alerts": [{"id": emergency_id, "alert": alert}]}).status_code == 422
    with town.database.read() as connection:
        held = emergencies.get(connection, emergency_id)
    assert (held.stopped_at, held.machine_id) == (None, None)
