"""The form of a session in the panel, as without scripts: each way to fill it in, and each way to be wrong."""

import re
from datetime import date, time, timedelta

import pytest

from domain.airtime import ExclusionWindow
from domain.calendar import Daypart, DayType, LunarDay, NthWeekday
from domain.timetable import ItemKind, LatePolicy, Programme, ProgrammeItem, Rule
from scheduler.conflicts import Conflict
from scheduler.desk import Draft, TimetableDesk
from store import calendar, timetable
from tests.fakes_timetable import FORM, add, key_of, page, programme_of, rules, sent_by_the_form
from tests.fakes_web import ADMIN, EDITOR, VIEWER, Panel, machine


def test_every_way_of_naming_days_goes_through_the_form_and_comes_back_into_it(town: Panel) -> None:
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("chieu", "Chiều", time(17), time(16, 30)))
    fields = {
        **FORM,
        "bulletin": town.produced(),
        "except_area": "san-thang",
        "daypart": "chieu",
        "weekday": ["1", "2", "3"],
        "week_interval": "2",
        "month_days": "1, cuối",
        "nth": ["-1", ""],
        "nth_weekday": ["5", ""],
        "lunar": ["ram", "tet"],
        "lunar_days": "10/3; 23/12 2",
        "dates": "02/09/2027 20/11/2027",
        "day_types": "1",
        "day_type": ["ordinary", "weekend"],
        "valid_from": "30/11/2026",
        "valid_until": "31/12/2028",
        "late_policy": "join",
        "grace": "2:30",
        "booked": "04:00",
    }
    assert town.post(EDITOR, "/lich/moi", **fields).status_code == 303
    ((rule_id, rule),) = rules(town).items()
    assert rule == Rule(
        id=rule_id,
        programme_id=rule.programme_id,
        area_ids=frozenset({"tan-phong"}),
        times=(time(5, 30),),
        weekdays=frozenset({1, 2, 3}),
        dates=frozenset({date(2027, 9, 2), date(2027, 11, 20)}),
        valid_from=date(2026, 11, 30),
        valid_until=date(2028, 12, 31),
        except_area_ids=frozenset({"san-thang"}),
        created_by=EDITOR.name,
        week_interval=2,
        month_days=frozenset({1, -1}),
        nth_weekdays=frozenset({NthWeekday(-1, 5)}),
        lunar_days=frozenset({LunarDay(15), LunarDay(1, 1), LunarDay(10, 3), LunarDay(23, 12), LunarDay(2)}),
        daypart_ids=frozenset({"chieu"}),
        day_types=frozenset({DayType.ORDINARY, DayType.WEEKEND}),
    )
    programme = programme_of(town, rule)
    assert (programme.late_policy, programme.grace, programme.booked) == (
        LatePolicy.JOIN,
        timedelta(seconds=150),
        timedelta(minutes=4),
    )
    sent = sent_by_the_form(page(town, f"/lich/{rule_id}/sua"))
    assert town.post(EDITOR, f"/lich/{rule_id}/sua", **sent).status_code == 303
    assert rules(town)[rule_id] == rule
    assert programme_of(town, rule) == programme


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"month_days": "1 40"}, "times", "từ 1 đến 31"),
        ({"month_days": "x"}, "month_days", "ngày trong tháng"),
        ({"lunar_days": "10/x"}, "lunar_days", "âm lịch"),
        ({"lunar_days": "10/0"}, "lunar_days", "âm lịch"),
        ({"lunar_days": "²/1"}, "lunar_days", "âm lịch"),
        ({"nth": "x", "nth_weekday": "5"}, "nth", "lần trong tháng"),
        ({"week_interval": "x"}, "week_interval", "số tuần"),
        ({"week_interval": "99", "weekday": "1"}, "times", "từ 1 đến 52"),
        ({"dates": "31/02/2027"}, "dates", "không phải là ngày"),
        ({"dates": "01/01/9999"}, "times", "năm năm"),
        ({"valid_until": "01/01/9999", "weekday": "1"}, "times", "Ngày cuối quá xa"),
        ({"grace": "một", "weekday": "1"}, "grace", "thời lượng"),
        ({"booked": "30:00:00", "weekday": "1"}, "booked", "thời lượng"),
        ({"booked": "99999", "weekday": "1"}, "times", "6 giờ"),
        ({"times": " ".join(f"05:{n % 60:02d}:{n // 60:02d}" for n in range(3000)), "weekday": "1"}, "times", "24 giờ"),
        ({"day_types": "1", "weekday": "1"}, "times", "loại ngày"),
        ({"except_area": "tan-phong", "weekday": "1"}, "times", "bị trừ hết"),
        ({"except_area": "khong-co", "weekday": "1"}, "area", "cần trừ"),
        ({"programme": "khong-co", "weekday": "1"}, "times", "không còn"),
        ({}, "weekday", "một cách chọn ngày khác"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(
    town: Panel, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = town.post(EDITOR, "/lich/moi", **{**FORM, "bulletin": town.produced(), **changed})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-problem">.*?{sentence}', text, re.DOTALL)
    assert not rules(town)


def test_a_preset_fills_the_form_in_without_scripts(town: Panel) -> None:
    fields = {"bulletin": town.produced(), "name": "Giữ tên", "area": "san-thang"}
    text = town.post(EDITOR, "/lich/moi", **fields, preset="thu-2-6", times="07:00").get_data(as_text=True)
    assert re.findall(r'name="weekday" id="[^"]+" value="(\d)" checked', text) == ["1", "2", "3", "4", "5"]
    assert 'name="times" value="07:00"' in text
    assert 'value="Giữ tên"' in text
    assert "Phát lúc 07:00, thứ hai đến thứ sáu, ở Bản San Thàng." in text
    text = town.post(EDITOR, "/lich/moi", **fields, preset="sang").get_data(as_text=True)
    assert 'name="times" value="05:30"' in text
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("s", "Buổi sáng", time(5), time(6)))
    text = town.post(EDITOR, "/lich/moi", **fields, preset="sang").get_data(as_text=True)
    assert 'name="daypart" id="daypart-s" value="s" checked' in text
    assert not rules(town)


def test_the_form_is_said_in_words_as_it_is_filled_in(town: Panel) -> None:
    fields = {**FORM, "bulletin": town.produced(), "weekday": ["6", "7"], "booked": "02:00"}
    said = town.post(EDITOR, "/lich/loi", **fields).get_data(as_text=True)
    assert "Phát lúc 05:30, thứ bảy và chủ nhật, ở Phường Tân Phong." in said
    assert "Buổi dài khoảng 01:35, còn trống 00:25." in said
    assert "thừa 00:35" in town.post(EDITOR, "/lich/loi", **{**fields, "booked": "1"}).get_data(as_text=True)
    assert "giờ yên tĩnh" in town.post(EDITOR, "/lich/loi", **{**fields, "times": "23:00"}).get_data(as_text=True)
    assert "sẽ được đọc lại ở đây" in town.post(EDITOR, "/lich/loi").get_data(as_text=True)
    assert town.post(VIEWER, "/lich/loi").status_code == 403


def test_a_session_is_copied_into_a_new_form(town: Panel) -> None:
    rule_id = add(town, "Gốc")
    text = page(town, f"/lich/moi?giong={rule_id}")
    assert 'value="Gốc"' in text
    assert re.search(r'name="weekday" id="weekday-7" value="7" checked', text)
    assert page(town, "/lich/moi?giong=khong-co")


def test_a_programme_that_is_there_is_chosen_and_kept_whole(town: Panel) -> None:
    with town.database.write() as connection:
        item = ProgrammeItem(kind=ItemKind.LATEST, topic_id="dvc", repeat=2)
        timetable.put_programme(connection, Programme("p", "Tin mới nhất", (item,)))
    answer = town.post(EDITOR, "/lich/moi", **FORM, weekday="1", programme="p")
    assert answer.status_code == 303
    (rule,) = rules(town).values()
    assert rule.programme_id == "p"
    sent = sent_by_the_form(page(town, f"/lich/{rule.id}/sua"))
    town.post(EDITOR, f"/lich/{rule.id}/sua", **{**sent, "grace": "10"})
    kept = programme_of(town, rule)
    assert (kept.items, kept.grace) == ((item,), timedelta(minutes=10))


def test_a_stale_form_is_not_saved_over_what_another_person_saved(town: Panel) -> None:
    rule_id = add(town)
    sent = sent_by_the_form(page(town, f"/lich/{rule_id}/sua"))
    town.services.timetable.stop(EDITOR, rule_id)
    answer = town.post(EDITOR, f"/lich/{rule_id}/sua", **sent)
    assert answer.status_code == 409
    assert "vừa được người khác sửa" in answer.get_data(as_text=True)


def test_a_stale_form_keeps_what_was_typed_and_is_saved_when_sent_again(town: Panel) -> None:
    rule_id = add(town)
    sent = sent_by_the_form(page(town, f"/lich/{rule_id}/sua")) | {"name": "Gõ rất lâu", "times": "10:45"}
    town.services.timetable.stop(ADMIN, rule_id)
    answer = town.post(EDITOR, f"/lich/{rule_id}/sua", **sent)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Những gì bạn gõ vẫn còn nguyên" in text
    again = sent_by_the_form(text)
    assert (again["name"], again["times"]) == (["Gõ rất lâu"], ["10:45"])
    assert f'action="/lich/{rule_id}/sua"' in text
    assert town.post(EDITOR, f"/lich/{rule_id}/sua", **again).status_code == 303
    kept = rules(town)[rule_id]
    assert (kept.times, kept.enabled) == ((time(10, 45),), False)


def test_a_form_of_what_is_gone_keeps_what_was_typed(town: Panel) -> None:
    rule_id = add(town)
    sent = sent_by_the_form(page(town, f"/lich/{rule_id}/sua")) | {"name": "Gõ rất lâu"}
    answer = town.post(EDITOR, "/lich/moi", **{**sent, "bulletin": "khong-co"})
    assert answer.status_code == 422
    assert "Có bản tin đã chọn không còn nữa" in answer.get_data(as_text=True)
    assert sent_by_the_form(answer.get_data(as_text=True))["name"] == ["Gõ rất lâu"]
    undoable = town.services.timetable.undoable(EDITOR)
    assert undoable is not None
    town.services.timetable.undo(EDITOR, undoable.number)
    answer = town.post(EDITOR, f"/lich/{rule_id}/sua", **sent)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "Dòng lịch này không còn nữa" in text
    assert 'action="/lich/moi"' in text
    assert town.post(EDITOR, "/lich/moi", **sent_by_the_form(text)).status_code == 303
    assert [programme_of(town, one).name for one in rules(town).values()] == ["Gõ rất lâu"]


def test_two_who_save_at_once_do_not_both_pass(town: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    bulletin_id = town.produced("Tin của tôi")
    town.produced("Tin Của bạn")
    look = TimetableDesk.clashes

    def looked(desk: TimetableDesk, draft: Draft) -> tuple[Conflict, ...]:
        found = look(desk, draft)
        monkeypatch.undo()
        add(town, "Của bạn", times=(time(14, 59, 59),))
        return found

    monkeypatch.setattr(TimetableDesk, "clashes", looked)
    fields = {**FORM, "name": "Của tôi", "bulletin": bulletin_id, "area": "san-thang", "weekday": "1", "times": "15:00"}
    answer = town.post(EDITOR, "/lich/moi", **fields)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "lịch vừa được người khác sửa nên chưa lưu" in text
    assert "trùng với «Của bạn»" in text
    assert sent_by_the_form(text)["name"] == ["Của tôi"]
    assert len(rules(town)) == 1


def test_routes_know_who_may_and_what_is_there(town: Panel) -> None:
    rule_id = add(town)
    key = key_of(rule_id)
    for path in ("/lich/moi", f"/lich/{rule_id}/sua"):
        assert town.browser(VIEWER).get(path).status_code == 403
    for path in (f"buoi/{key}/doi", f"buoi/{key}/bo", f"buoi/{key}/thay", f"buoi/{key}/khoi-phuc"):
        assert town.post(VIEWER, f"/lich/{path}").status_code == 403
    for path in (f"buoi/{key}/gui-gap", "uu-tien", "phat-ngay", "hoan-tac/1", f"{rule_id}/sua"):
        assert town.post(VIEWER, f"/lich/{path}").status_code == 403
    assert town.browser(VIEWER).get(f"/lich/buoi/{key}").status_code == 200
    for strange in ("x", "x@1", f"{rule_id}@1", f"{rule_id}@999999999999999999", f"{rule_id}@-5", "@", "%00@1"):
        assert town.browser(EDITOR).get(f"/lich/buoi/{strange}").status_code in {404, 422}
        for act in ("doi", "bo", "thay", "khoi-phuc", "gui-gap"):
            assert town.post(EDITOR, f"/lich/buoi/{strange}/{act}", gio="5:00", instead="x").status_code in {404, 422}
    for path in ("/lich/khong-co/sua", "/lich/phat-ngay/khong-co", f"/lich/phat-ngay/{rule_id}"):
        assert town.browser(EDITOR).get(path).status_code == 404
    assert town.browser(EDITOR).get("/lich/phat-ngay?bulletin=khong-co").status_code == 404
    for number in (0, 99, 2**63, 10**30):
        assert town.post(EDITOR, f"/lich/hoan-tac/{number}").status_code == 404
    assert len(rules(town)) == 1


def test_a_window_of_silence_refuses_with_its_line_in_the_form(town: Panel) -> None:
    with town.database.write() as connection:
        window = ExclusionWindow("w", "lễ nhà thờ", frozenset({"san-thang"}), time(5), time(7))
        calendar.put_exclusion(connection, window)
    fields = {**FORM, "bulletin": town.produced(), "weekday": "1"}
    answer = town.post(EDITOR, "/lich/moi", **fields)
    assert answer.status_code == 422
    assert "05:00–07:00 (lễ nhà thờ), ở Bản San Thàng." in answer.get_data(as_text=True)
    assert town.post(EDITOR, "/lich/moi", **fields, except_area="san-thang").status_code == 303
