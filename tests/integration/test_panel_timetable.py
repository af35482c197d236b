"""The timetable in the panel: its pages, and each route with good and bad input, as without scripts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from domain.airtime import ExclusionWindow
from domain.calendar import Daypart, DayType, LunarDay, NthWeekday, SpecialDay
from domain.machines import AiringOutcome
from domain.timetable import ItemKind, LatePolicy, Priority, Programme, ProgrammeItem, Rule
from scheduler.conflicts import Conflict
from scheduler.desk import Draft, NewSession, TimetableDesk
from scheduler.editing import Target
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.sessions import ZONE
from scheduler.signing import StationKey
from store import calendar, plans, station, timetable
from tests.fakes_web import ADMIN, APPROVER, EDITOR, VIEWER, Panel, aired, beat, machine, panel

MONDAY = date(2026, 11, 23)
TEN = datetime.combine(MONDAY, time(10), ZONE)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        yield one


def page(town: Panel, path: str, user=EDITOR, status: int = 200) -> str:
    answer = town.browser(user).get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def rules(town: Panel) -> dict[str, Rule]:
    return dict(town.services.timetable.inputs().shelf.rules)


def programme_of(town: Panel, rule: Rule) -> Programme:
    return town.services.timetable.inputs().shelf.programmes[rule.programme_id]


def add(town: Panel, name: str = "Buổi sáng", **fields: object) -> str:
    given = {
        "name": name,
        "bulletin_ids": (town.produced(f"Tin {name}"),),
        "area_ids": frozenset({"san-thang"}),
        "times": (time(10),),
        "weekdays": frozenset(range(1, 8)),
    }
    return town.services.timetable.add(EDITOR, NewSession(**{**given, **fields}))


def key_of(rule_id: str, at: datetime = TEN) -> str:
    return f"{rule_id}@{round(at.timestamp() * 1000)}"


FORM = {"name": "Sáng", "area": "tan-phong", "kind": "weekly", "times": "05:30", "priority": "NORMAL"}


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


def sent_by_the_form(text: str) -> dict[str, list[str]]:
    """Return what a browser would send of the session's form as it is shown."""
    form = text[text.index('class="session-form"') : text.index("</main>")]
    sent: dict[str, list[str]] = {}
    for field in re.findall(r"<input [^>]*>", form):
        name, value = (re.search(rf'{part}="([^"]*)"', field) for part in ("name", "value"))
        if name and name[1] != "csrf_token" and ("type=" not in field or "hidden" in field or " checked" in field):
            sent.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent.setdefault(name, []).append(chosen[1] if chosen else "")
    return sent


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


def test_priority_programmes_are_ordered_by_buttons(town: Panel) -> None:
    first = add(town, "Một", priority=Priority.PRIORITY)
    add(town, "Hai", priority=Priority.PRIORITY, times=(time(15),))
    add(town, "Thường", times=(time(16),))
    names = re.findall(r'ranking-name">([^<]+)<', page(town, "/lich/uu-tien"))
    assert names == ["Hai", "Một"]
    programme = rules(town)[first].programme_id
    assert town.post(EDITOR, "/lich/uu-tien", programme=programme, step="len").status_code == 303
    assert re.findall(r'ranking-name">([^<]+)<', page(town, "/lich/uu-tien")) == ["Một", "Hai"]
    for strange in ({"programme": programme, "step": "x"}, {"programme": "x", "step": "len"}, {}):
        assert town.post(EDITOR, "/lich/uu-tien", **strange).status_code == 422


def test_layers_are_switched_without_scripts(town: Panel) -> None:
    rule_id = add(town, "Thường kỳ")
    draft = town.services.timetable.drafting(EDITOR).move(key_of(rule_id), Target(MONDAY, time(11)), always=False)
    town.services.timetable.save(EDITOR, draft)
    every = page(town, "/lich?area=san-thang")
    assert 'class="layer">ngoại lệ' in every
    weekly = page(town, "/lich?area=san-thang&loc=1&lop=weekly")
    assert 'class="layer">ngoại lệ' not in weekly
    assert ">10:00</time>" in weekly
    only = page(town, "/lich?area=san-thang&loc=1&lop=exception&lop=khong-co")
    assert ">11:00</time>" in only
    assert ">10:00</time>" not in only
    assert "</time>" not in page(town, "/lich?area=san-thang&loc=1").split("dong-lich")[0]


def test_the_head_of_a_day_tells_its_lunar_date_its_name_and_its_minutes(town: Panel) -> None:
    with town.database.write() as connection:
        calendar.put_special_day(connection, SpecialDay("x", "Quốc tang", DayType.MOURNING, MONDAY, MONDAY))
        calendar.put_special_day(
            connection, SpecialDay("y", "Nghỉ bù", DayType.HOLIDAY, date(2026, 11, 24), date(2026, 11, 24))
        )
    add(town, weekdays=frozenset(), dates=frozenset({MONDAY}))
    shown = page(town, "/lich?area=san-thang")
    head = shown[shown.index("<thead>") : shown.index("</thead>")]
    assert "15/10 ÂL" in head
    assert '<strong class="special">Quốc tang</strong>' in head
    assert '<strong class="special">Nghỉ bù (ngày lễ)</strong>' in head
    foot = shown[shown.index("<tfoot>") : shown.index("</tfoot>")]
    assert ">01:35</span> đã xếp" in foot
    assert ">58:25</span> còn" in foot
    assert "mùng" not in page(town, "/lich?area=san-thang&day=2098-12-28")


def test_a_day_shows_each_place_with_a_machine(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    machine(town, "Máy phường", "tan-phong", b"8" * 32)
    add(town)
    shown = page(town, "/lich?area=tan-phong&xem=ngay&day=2026-11-23")
    names = re.findall(r'<th scope="row">([^<]+)</th>', shown)
    assert names == ["Phường Tân Phong", "Bản San Thàng"]
    for strange in ("day=9999-12-31", "day=0001-01-01", "day=x", "xem=khac", "area=khong-co"):
        assert page(town, f"/lich?area=tan-phong&xem=ngay&{strange}")


def test_a_window_of_silence_refuses_with_its_line_in_the_form(town: Panel) -> None:
    with town.database.write() as connection:
        window = ExclusionWindow("w", "lễ nhà thờ", frozenset({"san-thang"}), time(5), time(7))
        calendar.put_exclusion(connection, window)
    fields = {**FORM, "bulletin": town.produced(), "weekday": "1"}
    answer = town.post(EDITOR, "/lich/moi", **fields)
    assert answer.status_code == 422
    assert "05:00–07:00 (lễ nhà thờ), ở Bản San Thàng." in answer.get_data(as_text=True)
    assert town.post(EDITOR, "/lich/moi", **fields, except_area="san-thang").status_code == 303


def test_a_bulletin_is_played_now_and_the_page_follows_the_machines(town: Panel, tmp_path: Path) -> None:
    one = machine(town, "Máy bản", "san-thang", b"9" * 32)
    machine(town, "Máy phường", "tan-phong", b"8" * 32)
    bulletin_id = town.produced("Khẩn")
    assert f"/lich/phat-ngay?bulletin={bulletin_id}" in page(town, f"/ban-tin/{bulletin_id}")
    start = f"/lich/phat-ngay?bulletin={bulletin_id}"
    assert "Hãy chọn ít nhất một địa bàn" not in page(town, start)
    assert "Hãy chọn ít nhất một địa bàn" in page(town, f"{start}&chon=1")
    assert "Hãy chọn ít nhất một địa bàn" in page(town, f"{start}&area=khong-co", status=422)
    confirm = page(town, f"{start}&area=san-thang")
    assert "09:31:00" in confirm
    assert "Máy bản" in confirm
    assert "Máy phường" not in confirm
    answer = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert answer.status_code == 303
    path = answer.location
    assert "đang lập danh sách phát" in page(town, path)
    now = town.clock.now()
    publish(town.database, StationKey.load_or_create(tmp_path / "key"), replan(town.database, now), now)
    assert "máy mất kết nối, chưa nhận" in page(town, f"{path}/may")
    beat(town, one, playlist_counter=0)
    assert "máy chưa nhận" in page(town, f"{path}/may")
    beat(town, one, playlist_counter=1)
    assert "máy đã nhận" in page(town, f"{path}/may")
    with town.database.read() as connection:
        (slot,) = plans.slots(connection, now, now + timedelta(hours=1), one.id)
    aired(town, one, slot, AiringOutcome.PLAYING)
    assert "đang phát" in page(town, f"{path}/may")
    aired(town, one, slot, AiringOutcome.PLAYED)
    done = page(town, f"{path}/may")
    assert "đã phát" in done
    assert "data-working" not in done
    assert town.browser(VIEWER).get(start).status_code == 403


def test_quiet_hours_and_a_full_day_keep_play_now_silent_and_say_why(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    add(town, weekdays=frozenset(), dates=frozenset({MONDAY}))
    bulletin_id = town.produced("Khẩn")
    with town.database.write() as connection:
        policy = station.get(connection).policy
        station.set_policy(connection, replace(policy, repeat_limit=1, day_limit=timedelta(seconds=90)))
    answer = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert answer.status_code == 422
    assert "quá mức 1 phút 30 giây mỗi ngày" in answer.get_data(as_text=True)
    town.clock.at = datetime.combine(MONDAY, time(22), ZONE)
    town.clients.clear()
    for answer in (
        town.browser(EDITOR).get(f"/lich/phat-ngay?bulletin={bulletin_id}&area=san-thang"),
        town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang"),
    ):
        assert answer.status_code == 422
        assert "giờ yên tĩnh 21:30–05:00" in answer.get_data(as_text=True)


def test_what_would_sound_nowhere_is_not_played_now(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    bulletin_id = town.produced("Khẩn")
    assert town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang").status_code == 303
    again = town.post(EDITOR, "/lich/phat-ngay", bulletin=bulletin_id, area="san-thang")
    assert again.status_code == 409
    assert "trùng với" in again.get_data(as_text=True)
    assert len(rules(town)) == 1


def test_nothing_on_the_page_tells_the_time_as_twelve_hours(town: Panel) -> None:
    rule_id = add(town)
    for path in ("/lich", "/lich/moi", f"/lich/{rule_id}/sua", f"/lich/buoi/{key_of(rule_id)}"):
        shown = page(town, path)
        assert 'type="time"' not in shown
        assert not re.search(r"\d\s?(AM|PM|SA|CH)\b", shown)


# Edits that lose nothing.

DAILY = [str(day) for day in range(1, 8)]


def offers(text: str, kind: str) -> list[str]:
    return re.findall(rf'name="offer" value="({kind}[^"]+)"', text)


def dayparts(town: Panel) -> None:
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("sang", "Sáng", time(10), time(10)))
        calendar.put_daypart(connection, Daypart("chieu", "Chiều", time(17), time(16, 30)))


def clashing(town: Panel, moment: time, **fields: object) -> tuple[dict[str, object], str]:
    """Return a form that loses against a session of higher priority at `moment`, and the page that says so."""
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    add(town, "Cũ", times=(moment,), priority=Priority.PRIORITY)
    form = {**FORM, "name": "Mới", "bulletin": town.produced("Tin mới"), "area": "san-thang", "weekday": DAILY}
    form = {**form, "times": "", **fields}
    answer = town.post(EDITOR, "/lich/moi", **form)
    assert answer.status_code == 409
    return form, answer.get_data(as_text=True)


def test_an_offer_takes_away_only_the_daypart_that_clashes(town: Panel) -> None:
    dayparts(town)
    form, text = clashing(town, time(10), daypart=["sang", "chieu"])
    assert town.post(EDITOR, "/lich/moi", **form, offer=offers(text, r"move\|own")[0]).status_code == 303
    made = next(rule for rule in rules(town).values() if rule.daypart_ids)
    assert made.daypart_ids == {"chieu"}
    assert len(made.times) == 1


def test_a_clash_in_one_season_offers_no_time_for_both(town: Panel) -> None:
    dayparts(town)
    _, text = clashing(town, time(16, 30), daypart=["sang", "chieu"])
    assert "giờ mùa hè và mùa đông khác nhau" in text
    assert offers(text, r"move\|own") == []


def test_a_typed_time_is_moved_however_it_was_typed(town: Panel) -> None:
    form, text = clashing(town, time(6, 5), times="6:05 07:00")
    assert town.post(EDITOR, "/lich/moi", **form, offer=offers(text, r"move\|own")[0]).status_code == 303
    made = next(rule for rule in rules(town).values() if len(rule.times) > 1)
    assert time(7) in made.times
    assert time(6, 5) not in made.times


def test_an_offer_about_another_session_waits_until_ones_own_edit_can_be_saved(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    first, second = add(town, "Một", times=(time(15),)), add(town, "Hai", times=(time(16),))
    before = rules(town)
    form = {**FORM, "name": "Mới", "bulletin": town.produced("Tin mới"), "area": "san-thang", "priority": "PRIORITY"}
    form |= {"times": "15:00 16:00", "weekday": DAILY}
    text = town.post(EDITOR, "/lich/moi", **form).get_data(as_text=True)
    offer = next(one for one in offers(text, r"move\|other") if first in one)
    answer = town.post(EDITOR, "/lich/moi", **form, offer=offer)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert rules(town) == before
    assert f'name="taken" id="taken-1" value="{offer}" checked' in text
    wrong = town.post(EDITOR, "/lich/moi", **{**form, "times": "x"}, taken=offer)
    assert wrong.status_code == 422
    assert f'value="{offer}" checked' in wrong.get_data(as_text=True)
    other = next(one for one in offers(text, r"move\|other") if second in one)
    assert town.post(EDITOR, "/lich/moi", **form, taken=offer, offer=other).status_code == 303
    after = rules(town)
    assert len(after) == 3
    assert after[first].times != before[first].times
    assert after[second].times != before[second].times
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)
    assert rules(town) == before


@pytest.mark.parametrize("strange", ["x", "move|own|a|b|c|d", "move|other|a|b|c|d", "order|own|x|1"])
def test_a_strange_offer_that_was_kept_keeps_the_edit_from_being_saved(town: Panel, strange: str) -> None:
    form = {**FORM, "bulletin": town.produced("Tin mới"), "weekday": DAILY}
    assert town.post(EDITOR, "/lich/moi", **form, taken=strange).status_code == 422
    assert not rules(town)


def test_a_sounding_and_another_out_of_its_way_are_moved_in_one_change(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    first = add(town, "Một", priority=Priority.PRIORITY)
    second = add(town, "Hai", times=(time(15),))
    before = rules(town)
    fields = {"ngay": "23/11/2026", "gio": "15:00", "scope": "once"}
    text = town.post(EDITOR, f"/lich/buoi/{key_of(first)}/doi", **fields).get_data(as_text=True)
    offer = next(one for one in offers(text, r"move\|other") if second in one)
    assert town.post(EDITOR, f"/lich/buoi/{key_of(first)}/doi", **fields, offer=offer).status_code == 303
    assert all(rules(town)[one] != before[one] for one in (first, second))
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)
    assert rules(town) == before


def test_a_move_of_every_time_onto_the_rules_own_time_is_refused(town: Panel) -> None:
    rule_id = add(town, times=(time(10), time(15, 30)))
    fields = {"ngay": "23/11/2026", "gio": "15:30", "scope": "always"}
    answer = town.post(EDITOR, f"/lich/buoi/{key_of(rule_id)}/doi", **fields)
    assert answer.status_code == 422
    assert "gộp làm một" in answer.get_data(as_text=True)


def test_one_weekday_of_several_goes_by_itself_says_so_and_comes_back_by_one_undo(town: Panel) -> None:
    rule_id = add(town, times=(time(10), time(15, 30)), weekdays=frozenset({1, 3}))
    before = rules(town)
    fields = {"ngay": "24/11/2026", "gio": "11:00", "scope": "always"}
    assert town.post(EDITOR, f"/lich/buoi/{key_of(rule_id)}/doi", **fields).status_code == 303
    said = "mọi buổi 10:00 thứ hai chuyển sang 11:00 thứ ba; các buổi khác của dòng lịch giữ nguyên"
    assert said in page(town, "/lich?area=san-thang")
    held = sorted((sorted(rule.weekdays), rule.times) for rule in rules(town).values())
    assert held == [([1], (time(15, 30),)), ([2], (time(11),)), ([3], (time(10), time(15, 30)))]
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)
    assert rules(town) == before


@pytest.mark.parametrize("priority", [Priority.LIVE, Priority.FILLER])
@pytest.mark.parametrize("plain", [True, False])
def test_an_edited_rule_leaves_a_programme_what_it_is(town: Panel, priority: Priority, plain: bool) -> None:
    item = ProgrammeItem(bulletin_id=town.produced()) if plain else ProgrammeItem(kind=ItemKind.LATEST, topic_id="dvc")
    stored = Programme("p", "Tiếp âm", (item,), priority, LatePolicy.JOIN, timedelta(seconds=90), timedelta(minutes=9))
    with town.database.write() as connection:
        timetable.put_programme(connection, stored)
    rule_id = add(town, programme_id="p")
    text = page(town, f"/lich/{rule_id}/sua")
    assert "trang của chương trình này" in text
    sent = {**sent_by_the_form(text), "times": "11:00"}
    assert town.post(EDITOR, f"/lich/{rule_id}/sua", **sent).status_code == 303
    old_tab = {**FORM, "weekday": "1", "times": "12:00", "programme": "p"}
    assert town.post(EDITOR, f"/lich/{rule_id}/sua", **old_tab).status_code == 303
    rule = rules(town)[rule_id]
    assert rule.times == (time(12),)
    assert programme_of(town, rule) == stored


def test_a_rule_for_days_of_another_kind_is_refused_and_one_that_waits_is_told(town: Panel) -> None:
    tet = [SpecialDay(str(year), "Tết", DayType.TET, *span) for year, span in TET.items()]
    with town.database.write() as connection:
        for one in tet:
            calendar.put_special_day(connection, one)
    form = {**FORM, "bulletin": town.produced(), "lunar": "tet", "day_types": "1"}
    answer = town.post(EDITOR, "/lich/moi", **form, day_type="ordinary")
    assert answer.status_code == 422
    assert "chỉ phát vào loại ngày ngày thường" in answer.get_data(as_text=True)
    assert not rules(town)
    assert town.post(EDITOR, "/lich/moi", **form, day_type=["ordinary", "tet"]).status_code == 303
    waits = {**FORM, "bulletin": town.produced("Khác"), "weekday": "1", "day_types": "1", "day_type": "mourning"}
    assert "không phát buổi nào" in town.post(EDITOR, "/lich/loi", **waits).get_data(as_text=True)
    assert town.post(EDITOR, "/lich/moi", **waits).status_code == 303
    assert "không phát buổi nào" in page(town, "/lich")


TET = {2027: (date(2027, 2, 5), date(2027, 2, 9)), 2028: (date(2028, 1, 25), date(2028, 1, 29))}


def test_no_weeks_between_is_no_interval(town: Panel) -> None:
    answer = town.post(EDITOR, "/lich/moi", **FORM, bulletin=town.produced(), weekday="1", week_interval="0")
    assert answer.status_code == 422
    assert "từ 1 đến 52" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("weekday", "moment", "first"),
    [("1", "10:00", MONDAY), ("1", "05:30", MONDAY + timedelta(days=7)), ("3", "05:30", MONDAY + timedelta(days=2))],
)
def test_every_few_weeks_begin_with_the_next_day_that_can_sound(
    town: Panel, weekday: str, moment: str, first: date
) -> None:
    form = {**FORM, "bulletin": town.produced(), "weekday": weekday, "times": moment, "week_interval": "3"}
    said = town.post(EDITOR, "/lich/loi", **form).get_data(as_text=True)
    assert f"Lần đầu: {'thứ hai' if weekday == '1' else 'thứ tư'} {first:%d/%m/%Y}." in said
    assert town.post(EDITOR, "/lich/moi", **form).status_code == 303
    ((rule_id, rule),) = rules(town).items()
    assert rule.valid_from == first
    town.clock.go(timedelta(hours=2))
    sent = sent_by_the_form(page(town, f"/lich/{rule_id}/sua"))
    town.post(EDITOR, f"/lich/{rule_id}/sua", **sent)
    assert rules(town)[rule_id] == rule


def test_targets_inside_one_another_are_said_once(town: Panel) -> None:
    form = {**FORM, "bulletin": town.produced(), "weekday": "1", "area": ["tan-phong", "san-thang"]}
    said = town.post(EDITOR, "/lich/loi", **form).get_data(as_text=True)
    assert "ở Phường Tân Phong." in said
    assert town.post(EDITOR, "/lich/moi", **form).status_code == 303
    assert "Phường Tân Phong và" not in page(town, "/lich")
