"""Sheets of orders: what a machine believes, and the table of attacks that it does not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.emergencies import LONGEST, Pattern
from domain.errors import TrustError
from domain.order_sheet import ClearOrder, Order, OrderSheet, SoundOrder, StopOrder, sheet_document, sheet_from
from player.alerting import Alert
from player.cabinet import open_cabinet, write_identity
from player.database import Database
from player.emergencies import Emergencies
from player.faults import Faults
from player.line import Answer, Line
from player.order_book import MAX_ENVELOPE_BYTES, OrderBook
from player.order_line import AlertReporter, OrderLine
from player.owed import Owed
from player.pinned import Pinned
from player.trust import Identity
from tests.fakes_player import MACHINE, STATION, Still, playlist, sealed, signed, sound

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
MESSAGE, NOTICE = sound(0.1, 1), sound(0.1, 2)
IDENTITY = Identity(MACHINE, "Loa", STATION, "http://x", KEY.public_key().public_bytes_raw())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "cabinet.db")) as one:
        yield one


def sounding(**changes: Any) -> SoundOrder:
    made = SoundOrder("o1", NOW, NOW + timedelta(hours=1), "o1", "Lũ quét", MESSAGE.hash, Pattern())
    return replace(made, **changes)


def sheet(*orders: Order, **changes: Any) -> OrderSheet:
    refs = (MESSAGE.ref, NOTICE.ref)
    made = OrderSheet(STATION, MACHINE, 2, 5, NOW, NOW + timedelta(hours=2), refs, orders or (sounding(),))
    return replace(made, **changes)


def raw(value: OrderSheet, key: Ed25519PrivateKey = KEY) -> bytes:
    return sealed(sheet_document(value), key)


def changed(change: Callable[[dict[str, Any]], None], key: Ed25519PrivateKey = KEY) -> bytes:
    """Return a sheet whose document was changed and then signed, as by somebody who holds the key."""
    document = sheet_document(sheet())
    change(document)
    return sealed(document, key)


def order_change(**changes: Any) -> bytes:
    return changed(lambda told: told["orders"][0].update(changes))


ATTACKS = {
    "signed by another key": raw(sheet(), STRANGER),
    "another machine's": raw(sheet(machine_id="may-2")),
    "a stop of another machine": raw(sheet(StopOrder("s", NOW, NOW + timedelta(hours=1), ("o1",)), machine_id="may-2")),
    "another station's": raw(sheet(station_id="dai-2")),
    "a playlist, signed by the station": signed(playlist([], [], NOW), KEY),
    "expired": raw(sheet(expires_at=NOW - timedelta(seconds=1), issued_at=NOW - timedelta(hours=1))),
    "good for longer than a day": raw(sheet(expires_at=NOW + LONGEST + timedelta(seconds=1))),
    "an order good for longer than a day": raw(sheet(sounding(expires_at=NOW + LONGEST + timedelta(seconds=1)))),
    "over before it began": raw(sheet(expires_at=NOW - timedelta(hours=1))),
    "older than the newest": raw(sheet(counter=3)),
    "of an older epoch": raw(sheet(epoch=1, counter=99)),
    "another of the same number": raw(sheet(sounding(title="Khác"), counter=4)),
    "the same order twice": raw(sheet(sounding(), sounding())),
    "a clip that it does not list": raw(sheet(sounding(message="0" * 64))),
    "a drill that does not say so": raw(sheet(sounding(drill=True))),
    "a real one with the notice of drills": raw(sheet(sounding(notice=NOTICE.hash))),
    "a drill whose flag was taken off": order_change(drill=False, notice=NOTICE.hash),
    "an unknown action": order_change(action="sing"),
    "an unknown key": order_change(volume=11),
    "a number for a flag": order_change(drill=1),
    "a pattern without end": order_change(pattern={"times": 10**6, "gap": 0, "every": 0, "longest": 1}),
    "endless data": b"{" + b" " * MAX_ENVELOPE_BYTES,
    "a broken signature": raw(sheet()).replace(b'"signature":"', b'"signature":"AAAA'),
    "no JSON": b"STOP",
    "empty": b"",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=list(ATTACKS))
def test_a_sheet_that_is_not_to_be_believed_changes_nothing(database: Database, attack: str) -> None:
    book = OrderBook(database, IDENTITY)
    held = book.believe(raw(sheet(counter=4)), '"a"', NOW)
    with pytest.raises(TrustError):
        book.believe(ATTACKS[attack], '"b"', NOW)
    assert (held.counter, book.etag) == (4, '"a"')
    assert book.believe(raw(sheet(counter=5)), '"c"', NOW).counter == 5


def test_the_newest_number_and_the_obeyed_ids_outlive_the_process(database: Database) -> None:
    book = OrderBook(database, IDENTITY)
    book.believe(raw(sheet()), '"a"', NOW)
    assert book.first_time("o1")
    book.writing_sheet(book.heading, ("o1",), NOW)()
    again = OrderBook(database, IDENTITY)
    assert not again.first_time("o1")
    assert again.etag == '"a"'
    with pytest.raises(TrustError, match="phát lại"):
        again.believe(raw(sheet(counter=4)), '"b"', NOW)


def test_a_clock_that_woke_in_the_past_does_not_make_an_old_sheet_good(database: Database) -> None:
    book = OrderBook(database, IDENTITY)
    book.believe(raw(sheet(counter=1)), '"a"', NOW)
    late = sheet(counter=6, issued_at=NOW - timedelta(days=3), expires_at=NOW - timedelta(days=2), orders=())
    with pytest.raises(TrustError, match="hết hạn"):
        book.believe(raw(late), '"b"', max(datetime(1970, 1, 1, tzinfo=UTC), book.newest))


names = st.text("abc-0123", min_size=1, max_size=12)
spans = st.timedeltas(timedelta(seconds=1), timedelta(hours=24)).map(
    lambda one: timedelta(seconds=round(one.total_seconds()))
)
patterns = st.builds(
    Pattern,
    st.integers(1, 20),
    spans,
    spans,
    st.integers(60, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
)
drills = st.sampled_from([(False, None), (True, NOTICE.hash)])


@st.composite
def orders(draw: st.DrawFn) -> Order:
    name, until = draw(names), NOW + draw(spans)
    drill, notice = draw(drills)
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return StopOrder(name, NOW, until, tuple(draw(st.lists(names, max_size=4))))
    if kind == 1:
        return ClearOrder(name, NOW, until, draw(names), draw(st.text(max_size=20)), MESSAGE.hash, drill, notice)
    chime = draw(st.sampled_from([None, NOTICE.hash]))
    title, pattern = draw(st.text(max_size=20)), draw(patterns)
    return SoundOrder(name, NOW, until, name, title, MESSAGE.hash, pattern, chime, drill, notice)


@given(st.lists(orders(), max_size=6, unique_by=lambda one: one.id))
def test_whatever_is_ordered_is_read_as_it_was_written(given_orders: list[Order]) -> None:
    made = sheet(orders=tuple(given_orders))
    assert sheet_from(sheet_document(made)) == made


def test_a_line_that_strips_the_etag_does_not_make_it_ask_without_end(database: Database) -> None:
    asked: list[str] = []

    class Stripped:
        def wait_for(self, path: str, *_told: object) -> Answer:
            asked.append(path)
            assert len(asked) < 10
            return Answer(200, {"etag": "no etag\x00"}, raw(sheet()))

    class Obeying:
        book = OrderBook(database, IDENTITY)

        def accept(self, sealed_sheet: bytes, etag: str) -> None:
            self.book.believe(sealed_sheet, etag, NOW)

    order_line = OrderLine(cast(Line, Stripped()), cast(Emergencies, Obeying()), Still(NOW))
    order_line.ask()
    assert len(asked) == 2
    assert Obeying.book.etag == ""


def test_a_report_that_the_centre_refuses_holds_up_no_other(database: Database) -> None:
    book, told = OrderBook(database, IDENTITY), list[list[str]]()
    for name in ("a", "b", "c"):
        order = sounding(id=name, emergency_id=name)
        book.writing_alert(Alert(order, NOW, order.expires_at, NOW), (), NOW)()

    class Choosy:
        def post(self, _path: str, document: dict[str, Any]) -> Answer:
            told.append([one["id"] for one in document["alerts"]])
            return Answer(422 if "b" in told[-1] else 200, {}, b"{}")

    reporter = AlertReporter(cast(Line, Choosy()), book, Still(NOW))
    reporter.report()
    assert told == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    reporter.report()
    assert len(told) == 4


@pytest.fixture
def emergencies(tmp_path: Path) -> Iterator[Emergencies]:
    write_identity(tmp_path, IDENTITY, Ed25519PrivateKey.generate())
    with closing(open_cabinet(tmp_path)) as cabinet:
        nothing = Pinned(cabinet, lambda: None, lambda _hash: None)
        yield Emergencies(cabinet, Still(NOW), nothing, Faults(lambda *_told: None), lambda _event: None)


def anew(emergencies: Emergencies) -> OrderBook:
    """Return the book as a process reads it that begins now."""
    return OrderBook(emergencies.book._database, IDENTITY)


def owed() -> Owed:
    return Owed(Faults(lambda *_told: None), lambda: False)


def test_a_sheet_is_not_written_down_before_its_orders_are_obeyed(emergencies: Emergencies) -> None:
    emergencies.accept(raw(sheet(counter=1)), '"1"')
    emergencies.accept(raw(sheet(sounding(id="o2", emergency_id="o2"), counter=2)), '"2"')
    emergencies.overlay(None, {})
    seen: list[str] = []
    for write in emergencies._writes:
        write()
        book = anew(emergencies)
        seen.append(book.etag)
        assert book.etag != '"2"' or not book.first_time("o2")
    assert seen[-1] == '"2"'


def test_an_order_whose_alert_alone_reached_the_disk_begins_once(emergencies: Emergencies) -> None:
    emergencies.accept(raw(sheet()), '"1"')
    emergencies.overlay(None, {})
    emergencies.book._obeyed.clear()
    emergencies.accept(raw(sheet(counter=6)), '"2"')
    emergencies.overlay(None, {})
    assert len(emergencies.alerts) == 1


def test_the_same_sheet_again_writes_nothing(emergencies: Emergencies) -> None:
    emergencies.accept(raw(sheet()), '"1"')
    emergencies.overlay(None, {})
    emergencies.keep(owed())
    told: list[int] = []
    emergencies.nudge_report = lambda: told.append(1)
    emergencies.accept(raw(sheet()), '"1"')
    emergencies.overlay(None, {})
    emergencies.keep(owed())
    assert told == []


def test_an_alert_that_rotted_on_the_disk_does_not_take_the_others_with_it(emergencies: Emergencies) -> None:
    emergencies.accept(raw(sheet(sounding(), sounding(id="o2", emergency_id="o2"))), '"1"')
    emergencies.overlay(None, {})
    emergencies.keep(owed())
    with emergencies.book._database.write() as connection:
        connection.execute("UPDATE alerts SET document = replace(document, 'began', 'bfgan') WHERE key = 'o1'")
    book = anew(emergencies)
    alerts, refs = book.alerts(NOW, trusted=True)
    assert [alert.id for alert in alerts] == ["o2"]
    assert book.damaged == 1
    assert refs
