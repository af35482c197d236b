"""One sounding in the panel: moved, skipped, replaced, sent urgently, and what a clash offers."""

import re
from datetime import time, timedelta

import pytest

from scheduler.planning import replan
from tests.fakes_timetable import FORM, TEN, add, key_of, page, rules
from tests.fakes_web import APPROVER, EDITOR, VIEWER, Panel, machine


def test_a_session_is_moved_by_a_form_this_time_or_always(town: Panel) -> None:
    rule_id = add(town)
    key = key_of(rule_id)
    assert "Dời buổi này" in page(town, f"/lich/buoi/{key}")
    answer = town.post(EDITOR, f"/lich/buoi/{key}/doi", ngay="24/11/2026", gio="11h15", scope="once", note="họp")
    assert answer.status_code == 303
    week = page(town, "/lich?area=san-thang")
    assert ">11:15</time>" in week
    assert "Buổi 10:00 ngày 23/11/2026 dời sang lúc 11:15 ngày 24/11/2026 (họp)".lower() in week.lower()
    shown = page(town, f"/lich/buoi/{key}")
    assert "Bỏ ngoại lệ" in shown
    assert town.post(EDITOR, f"/lich/buoi/{key}/khoi-phuc").status_code == 303
    assert rules(town)[rule_id].exceptions == ()
    town.post(EDITOR, f"/lich/buoi/{key}/doi", ngay="24/11/2026", gio="15:00", scope="always")
    assert rules(town)[rule_id].times == (time(15),)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"gio": "25:00"}, "time", "không phải là giờ phát"),
        ({"gio": ""}, "time", "không phải là giờ phát"),
        ({"ngay": ""}, "day", "Hãy ghi ngày phát"),
        ({"ngay": "31/02/2027"}, "day", "không phải là ngày"),
        ({"ngay": "22/11/2026"}, "time", "giờ đã qua"),
        ({"ngay": "01/01/9999"}, "time", "năm năm"),
        ({"ngay": "01/01/0001"}, "time", "giờ đã qua"),
        ({"gio": "23:00"}, "time", "giờ yên tĩnh 21:30–05:00"),
        ({"scope": "khác"}, "scope", "dời lần này hay dời mọi lần"),
        ({"note": "d" * 300}, "time", "Ghi chú dài quá"),
        ({"scope": "always", "ngay": "09/12/2026"}, "time", "Chỉ lần này"),
    ],
)
def test_a_move_that_cannot_be_is_told_at_its_field(
    town: Panel, fields: dict[str, str], field: str, sentence: str
) -> None:
    rule_id = add(town)
    given = {"ngay": "24/11/2026", "gio": "11:00", "scope": "once", **fields}
    answer = town.post(EDITOR, f"/lich/buoi/{key_of(rule_id)}/doi", **given)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-problem">.*?{sentence}', answer.get_data(as_text=True), re.DOTALL)
    assert rules(town)[rule_id].exceptions == ()


def test_a_past_session_offers_nothing_and_takes_nothing(town: Panel) -> None:
    rule_id = add(town)
    past = key_of(rule_id, TEN - timedelta(days=1))
    shown = page(town, f"/lich/buoi/{past}")
    assert "đã qua" in shown
    assert "/doi" not in shown
    answer = town.post(EDITOR, f"/lich/buoi/{past}/doi", ngay="24/11/2026", gio="11:00", scope="once")
    assert answer.status_code == 422
    assert town.post(EDITOR, f"/lich/buoi/{past}/bo").status_code == 422


def test_a_session_is_skipped_or_sounds_something_else(town: Panel) -> None:
    rule_id = add(town)
    key = key_of(rule_id)
    assert town.post(EDITOR, f"/lich/buoi/{key}/bo", note="đám tang").status_code == 303
    assert ">10:00</time>" not in page(town, "/lich?area=san-thang&xem=ngay&day=2026-11-23")
    other = town.produced("Tin khác")
    assert town.post(EDITOR, f"/lich/buoi/{key}/thay", instead=other).status_code == 303
    assert "<span>Tin khác</span>" in page(town, "/lich?area=san-thang&xem=ngay&day=2026-11-23")
    draft = town.write("Chưa duyệt")
    for instead, sentence in (("", "Hãy chọn"), ("khong-co", "Không có bản tin"), (draft, "chưa được duyệt")):
        answer = town.post(EDITOR, f"/lich/buoi/{key}/thay", instead=instead)
        assert answer.status_code == 422
        assert sentence in answer.get_data(as_text=True)


def test_a_move_onto_another_session_is_told_with_its_way_out(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    first, second = add(town, "Một"), add(town, "Hai", times=(time(15),))
    key = key_of(first)
    fields = {"ngay": "23/11/2026", "gio": "15:00", "scope": "once"}
    answer = town.post(EDITOR, f"/lich/buoi/{key}/doi", **fields)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "trùng với" in text
    assert rules(town)[first].exceptions == ()
    assert "Vẫn lưu" not in text
    offer = re.search(r'name="offer" value="(move\|[^"]+)"', text)[1]
    assert town.post(EDITOR, f"/lich/buoi/{key}/doi", **fields, offer=offer).status_code == 303
    moved = [one.to_time for held in (first, second) for one in rules(town)[held].exceptions]
    assert time(15, 5) in moved
    for strange in ("x", "shorten|own|x", "order|own|x|y", "move|other|a|b|c|d"):
        assert town.post(EDITOR, f"/lich/buoi/{key}/doi", **fields, offer=strange).status_code in {404, 422}


def test_another_session_is_moved_out_of_the_way_by_an_offer(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    held = add(town, "Cũ", times=(time(15),))
    fields = {**FORM, "name": "Mới", "bulletin": town.produced("Tin mới"), "area": "san-thang", "priority": "PRIORITY"}
    fields |= {"times": "15:00", "weekday": [str(day) for day in range(1, 8)]}
    answer = town.post(EDITOR, "/lich/moi", **fields)
    assert answer.status_code == 409
    offer = re.search(r'name="offer" value="(move\|other[^"]+)"', answer.get_data(as_text=True))[1]
    assert town.post(EDITOR, "/lich/moi", **fields, offer=offer).status_code == 303
    assert rules(town)[held].times != (time(15),)
    assert len(rules(town)) == 2


@pytest.mark.parametrize(
    "offer", ["x", "move|own", "move|other|a|b|c|d", "order|other|x|y", "shorten|other|x", "|" * 9]
)
def test_a_strange_offer_changes_nothing(town: Panel, offer: str) -> None:
    fields = {**FORM, "bulletin": town.produced(), "weekday": "1"}
    answer = town.post(EDITOR, "/lich/moi", **fields, offer=offer)
    assert answer.status_code == 422
    assert not rules(town)


def test_undo_is_offered_for_ten_seconds_and_taken_once(town: Panel) -> None:
    rule_id = add(town)
    town.post(EDITOR, f"/lich/{rule_id}/dung")
    shown = page(town, "/lich?area=san-thang")
    path = re.search(r'action="(/lich/hoan-tac/\d+)"', shown)[1]
    answer = town.post(EDITOR, path, area="san-thang", day="2026-11-23", xem="ngay")
    assert answer.status_code == 303
    assert answer.location == "/lich?area=san-thang&day=2026-11-23&xem=ngay"
    assert rules(town)[rule_id].enabled
    assert town.post(EDITOR, path).status_code == 409
    town.post(EDITOR, f"/lich/{rule_id}/dung")
    town.clock.go(timedelta(seconds=11))
    assert "data-undo" not in page(town, "/lich")
    assert "data-undo" not in page(town, "/lich", APPROVER)


def test_what_came_too_late_is_said_on_the_page_and_sent_urgently(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    rule_id = add(town)
    key = key_of(rule_id)
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    assert "thay đổi sau 09:40 chưa kịp buổi 10:00" in page(town, f"/lich/buoi/{key}")
    town.post(EDITOR, f"/lich/buoi/{key}/doi", ngay="23/11/2026", gio="10:30", scope="once")
    shown = page(town, "/lich?area=san-thang")
    assert "Thay đổi sau 09:40 chưa kịp buổi 10:00 «Buổi sáng»." in shown
    assert "Gửi gấp" in shown
    assert "Gửi gấp" not in page(town, "/lich?area=san-thang", VIEWER)
    assert town.post(EDITOR, f"/lich/buoi/{key}/gui-gap").status_code == 303
    assert "chưa kịp" not in page(town, "/lich?area=san-thang")
    assert [rule.urgent for rule in rules(town).values()].count(True) == 1


def test_a_move_is_sent_urgently_at_once_when_asked(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    rule_id = add(town)
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    fields = {"ngay": "23/11/2026", "gio": "10:30", "scope": "once", "urgent": "1"}
    assert town.post(EDITOR, f"/lich/buoi/{key_of(rule_id)}/doi", **fields).status_code == 303
    assert "phát gấp" in page(town, "/lich?area=san-thang&xem=ngay&day=2026-11-23")
    assert "chưa kịp" not in page(town, "/lich")
    assert len(rules(town)) == 2
    undo = re.search(r'action="(/lich/hoan-tac/\d+)"', page(town, "/lich?area=san-thang"))[1]
    town.post(EDITOR, undo)
    assert rules(town)[rule_id].exceptions == ()
    assert len(rules(town)) == 1


def test_what_is_sent_twice_is_said_to_be_sent_already(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    key = key_of(add(town))
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    town.post(EDITOR, f"/lich/buoi/{key}/doi", ngay="23/11/2026", gio="10:30", scope="once")
    for _ in range(2):
        assert town.post(EDITOR, f"/lich/buoi/{key}/gui-gap", area="san-thang").location == "/lich?area=san-thang"
    shown = page(town, "/lich?area=san-thang")
    assert "đã được gửi gấp rồi" in shown
    assert "nên không gửi gấp được nữa" not in shown
    assert len(rules(town)) == 2


def test_what_an_urgent_sending_would_silence_is_told_first(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    key = key_of(add(town))
    other = add(town, "Khác", times=(time(10, 29, 58),))
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    town.services.timetable.stop(EDITOR, other)
    town.post(EDITOR, f"/lich/buoi/{key}/doi", ngay="23/11/2026", gio="10:30", scope="once")
    draft = town.services.timetable.drafting(EDITOR).switch(other, on=True)
    town.services.timetable.save(EDITOR, draft, town.services.timetable.clashes(draft))
    path = f"/lich/buoi/{key}/gui-gap"
    answer = town.post(EDITOR, path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "«Khác» lúc 10:29:58 ngày 23/11/2026 sẽ không phát tại Máy bản: trùng với «Buổi sáng»" in text
    assert 'name="offer"' not in text
    assert len(rules(town)) == 2
    seal = re.search(r'name="anyway" value="(\w+)"', text)[1]
    assert town.post(EDITOR, path, anyway=seal).status_code == 303
    assert [one.urgent for one in rules(town).values()].count(True) == 1
