"""The desk of emergencies and of standard messages: who may do what, when, and what is written down."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.emergencies import Emergency, EmergencyState, MessageState, Pattern
from domain.errors import BadInputError, NotAllowedError, StorageError, WrongStateError
from domain.order_sheet import MOST_ORDERS, ClearOrder, SoundOrder, StopOrder
from player.order_book import read_sheet
from player.trust import Identity
from scheduler.emergency_desk import Ask
from scheduler.message_desk import Proposal, ready_set
from scheduler.ordering import OrderWorker
from scheduler.signing import StationKey
from store import emergencies
from tests.fakes_emergency import CHIME, NOTICE, Ready, stocked
from tests.fakes_web import ADMIN, APPROVER, BOTH, EDITOR, VIEWER, Panel, machine

HERE = frozenset({"tan-phong"})


@pytest.fixture
def ready(town: Panel) -> Ready:
    return stocked(town)


def ask(ready: Ready, **changes: object) -> Ask:
    return replace(Ask(ready.message.id, "", HERE, frozenset(), drill=False), **changes)


def state(town: Panel, one: Emergency) -> EmergencyState:
    with town.database.read() as connection:
        return emergencies.get(connection, one.id).state_at(town.clock.now())


def acts(town: Panel, subject_id: str) -> list[str]:
    with town.database.read() as connection:
        return [one.act for one in emergencies.acts(connection, subject_id)]


class Signing:
    """A worker, and the orders that a machine would read in what it signed."""

    def __init__(self, town: Panel, folder: Path) -> None:
        self.town = town
        self.key = StationKey.load_or_create(folder / "station.key")
        self.worker = OrderWorker(town.database, self.key, town.clock)

    def orders(self, machine_id: str) -> tuple[object, ...]:
        self.worker.tick()
        with self.town.database.read() as connection:
            found = emergencies.published(connection, machine_id)
        if found is None:
            return ()
        return read_sheet(found.body, Identity(machine_id, "", "dai-mau", "", self.key.public_key)).orders


def test_two_different_people_start_an_emergency_and_both_are_written_down(town: Panel, ready: Ready) -> None:
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    assert state(town, one) is EmergencyState.ASKED
    town.services.emergencies.confirm(APPROVER, one.id)
    assert state(town, one) is EmergencyState.RUNNING
    assert acts(town, one.id) == ["đề nghị phát khẩn", "đồng ý phát khẩn"]


def test_nobody_agrees_to_what_they_asked_for_themselves(town: Panel, ready: Ready) -> None:
    one = town.services.emergencies.ask(BOTH, ask(ready))
    with pytest.raises(NotAllowedError, match="hai người khác nhau"):
        town.services.emergencies.confirm(BOTH, one.id)
    assert state(town, one) is EmergencyState.ASKED


@pytest.mark.parametrize("user", [EDITOR, VIEWER, ADMIN], ids=lambda user: user.login)
def test_only_an_approver_agrees(town: Panel, ready: Ready, user) -> None:
    one = town.services.emergencies.ask(BOTH, ask(ready))
    with pytest.raises(NotAllowedError):
        town.services.emergencies.confirm(user, one.id)


def test_a_request_lapses_after_five_minutes(town: Panel, ready: Ready) -> None:
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    town.clock.go(timedelta(minutes=5))
    assert state(town, one) is EmergencyState.LAPSED
    with pytest.raises(WrongStateError, match="quá 5 phút"):
        town.services.emergencies.confirm(APPROVER, one.id)


def test_one_person_starts_a_drill_which_carries_its_notice_and_never_becomes_real(
    town: Panel, ready: Ready, tmp_path: Path
) -> None:
    box = machine(town, "Máy bản", "san-thang", b"a" * 32)
    one = town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    assert state(town, one) is EmergencyState.RUNNING
    [order] = Signing(town, tmp_path).orders(box.id)
    assert isinstance(order, SoundOrder)
    assert (order.drill, order.notice, order.chime) == (True, NOTICE.hash, CHIME.hash)
    with pytest.raises(WrongStateError):
        town.services.emergencies.confirm(APPROVER, one.id)


def test_no_drill_begins_in_quiet_hours_but_an_emergency_does(town: Panel, ready: Ready) -> None:
    night = datetime(2026, 11, 25, 22, 30, tzinfo=UTC) - timedelta(hours=7)
    town.clock.step(night - town.clock.now())
    with pytest.raises(WrongStateError, match="giờ yên tĩnh"):
        town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    town.services.emergencies.confirm(APPROVER, one.id)
    assert state(town, one) is EmergencyState.RUNNING


def test_whoever_may_only_look_starts_and_stops_nothing(town: Panel, ready: Ready) -> None:
    with pytest.raises(NotAllowedError):
        town.services.emergencies.ask(VIEWER, ask(ready))
    one = town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    with pytest.raises(NotAllowedError):
        town.services.emergencies.stop(VIEWER, one.id)
    with pytest.raises(NotAllowedError):
        town.services.emergencies.all_clear(VIEWER, one.id)


def test_orders_reach_the_machines_of_the_places_but_not_the_exceptions_and_follow_stop_and_all_clear(
    town: Panel, ready: Ready, tmp_path: Path
) -> None:
    here, there, out = (
        machine(town, name, area, name.encode() * 32)
        for name, area in (("a", "san-thang"), ("b", "doan-ket"), ("c", "to-2"))
    )
    signing = Signing(town, tmp_path)
    wide = ask(ready, area_ids=frozenset({"lai-chau"}), except_area_ids=frozenset({"to-2"}))
    one = town.services.emergencies.ask(EDITOR, wide)
    assert signing.orders(here.id) == ()
    town.services.emergencies.confirm(APPROVER, one.id)
    assert [type(order) for order in signing.orders(here.id)] == [SoundOrder]
    assert [type(order) for order in signing.orders(there.id)] == [SoundOrder]
    assert signing.orders(out.id) == ()
    town.services.emergencies.stop(EDITOR, one.id)
    assert [type(order) for order in signing.orders(here.id)] == [StopOrder]
    town.services.emergencies.all_clear(EDITOR, one.id)
    assert [type(order) for order in signing.orders(here.id)] == [StopOrder, ClearOrder]
    assert acts(town, one.id)[-2:] == ["DỪNG", "BÁO YÊN"]


def test_nothing_is_signed_twice_and_the_counter_only_grows(town: Panel, ready: Ready, tmp_path: Path) -> None:
    box = machine(town, "Máy bản", "san-thang", b"a" * 32)
    signing, other = Signing(town, tmp_path), Signing(town, tmp_path)
    one = town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    assert (signing.worker.tick(), other.worker.tick(), signing.worker.tick()) == (1, 0, 0)
    town.services.emergencies.stop(EDITOR, one.id)
    assert (other.worker.tick(), signing.worker.tick()) == (1, 0)
    with town.database.read() as connection:
        sheet = emergencies.published(connection, box.id)
    assert sheet is not None
    assert sheet.counter == 2


def test_a_standard_message_is_held_by_machines_only_while_two_people_want_it(town: Panel, ready: Ready) -> None:
    messages = town.services.messages

    def held() -> list[str]:
        with town.database.read() as connection:
            return [one.title for one in ready_set(connection).messages]

    proposal = Proposal("Cháy rừng", ready.bulletin_id, "", chime=True, pattern=Pattern(), local=False)
    fire = messages.propose(BOTH, proposal)
    assert held() == ["Lũ quét"]
    with pytest.raises(BadInputError, match="chưa có người thứ hai"):
        town.services.emergencies.ask(EDITOR, ask(ready, message_id=fire.id))
    with pytest.raises(NotAllowedError, match="hai người khác nhau"):
        messages.agree(BOTH, fire.id)
    messages.agree(APPROVER, fire.id)
    assert held() == ["Cháy rừng", "Lũ quét"]
    messages.remove(APPROVER, fire.id)
    assert held() == ["Cháy rừng", "Lũ quét"]
    with pytest.raises(NotAllowedError):
        messages.agree(APPROVER, fire.id)
    assert messages.agree(BOTH, fire.id).state is MessageState.RETIRED
    assert held() == ["Lũ quét"]


def test_only_an_approved_bulletin_with_a_clip_can_be_said(town: Panel, ready: Ready) -> None:
    draft = town.write("Chưa duyệt")
    with pytest.raises(BadInputError, match="chưa được duyệt"):
        town.services.emergencies.ask(EDITOR, ask(ready, message_id="", bulletin_id=draft))
    with pytest.raises(BadInputError, match="chưa được duyệt"):
        town.services.messages.propose(EDITOR, Proposal("X", draft, "", chime=True, pattern=Pattern(), local=False))


def test_what_was_done_cannot_be_changed_or_removed_afterwards(town: Panel, ready: Ready) -> None:
    town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    for words in ("UPDATE emergency_act SET act = 'x'", "DELETE FROM emergency_act"):
        with pytest.raises(StorageError), town.database.write() as connection:
            connection.execute(text(words))


def test_a_day_of_many_stops_does_not_keep_the_next_emergency_from_being_signed(
    town: Panel, ready: Ready, tmp_path: Path
) -> None:
    box = machine(town, "Máy bản", "san-thang", b"a" * 32)
    for _ in range(MOST_ORDERS + 2):
        town.services.emergencies.stop(EDITOR, town.services.emergencies.ask(EDITOR, ask(ready, drill=True)).id)
    town.clock.go(timedelta(seconds=1))
    one = town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    given = Signing(town, tmp_path).orders(box.id)
    assert len(given) == MOST_ORDERS
    assert [order.emergency_id for order in given if isinstance(order, SoundOrder)] == [one.id]


def test_a_sheet_is_emptied_once_nothing_in_it_is_good_any_more(town: Panel, ready: Ready, tmp_path: Path) -> None:
    box = machine(town, "Máy bản", "san-thang", b"a" * 32)
    signing = Signing(town, tmp_path)
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    town.services.emergencies.confirm(APPROVER, one.id)
    assert len(signing.orders(box.id)) == 1
    town.clock.go(ready.message.pattern.longest)
    assert signing.orders(box.id) == ()
    assert signing.worker.sign() == 0


def test_a_machine_whose_place_went_elsewhere_in_mid_emergency_is_told_to_stop_all_the_same(
    town: Panel, ready: Ready, tmp_path: Path
) -> None:
    box = machine(town, "Máy bản", "san-thang", b"a" * 32)
    signing = Signing(town, tmp_path)
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    town.services.emergencies.confirm(APPROVER, one.id)
    assert [type(order) for order in signing.orders(box.id)] == [SoundOrder]
    with town.database.write() as connection:
        connection.execute(text("UPDATE machine SET area_id = 'doan-ket' WHERE id = :id"), {"id": box.id})
    assert signing.worker.sign() == 0
    town.services.emergencies.stop(EDITOR, one.id)
    assert [type(order) for order in signing.orders(box.id)] == [StopOrder]


def test_no_drill_begins_anywhere_while_a_real_emergency_runs(town: Panel, ready: Ready) -> None:
    one = town.services.emergencies.ask(EDITOR, ask(ready))
    town.services.emergencies.confirm(APPROVER, one.id)
    with pytest.raises(WrongStateError, match="phát khẩn thật"):
        town.services.emergencies.ask(EDITOR, ask(ready, drill=True))
    town.services.emergencies.stop(EDITOR, one.id)
    assert state(town, town.services.emergencies.ask(EDITOR, ask(ready, drill=True))) is EmergencyState.RUNNING
