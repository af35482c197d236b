"""Edits in the panel lose nothing: what clashes is offered a way out, and what was typed is kept."""

import re
from datetime import date, time, timedelta

import pytest

from domain.calendar import Daypart, DayType, SpecialDay
from domain.timetable import ItemKind, LatePolicy, Priority, Programme, ProgrammeItem
from store import calendar, timetable
from tests.fakes_timetable import FORM, MONDAY, add, key_of, page, programme_of, rules, sent_by_the_form
from tests.fakes_web import EDITOR, Panel, machine

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
