"""The pages of the timetable: its week, its day, its layers and the order of priority programmes."""

import re
from datetime import date, time

from domain.calendar import DayType, SpecialDay
from domain.timetable import Priority
from scheduler.editing import Target
from store import calendar
from tests.fakes_timetable import MONDAY, add, key_of, page, rules
from tests.fakes_web import EDITOR, Panel, machine


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


def test_nothing_on_the_page_tells_the_time_as_twelve_hours(town: Panel) -> None:
    rule_id = add(town)
    for path in ("/lich", "/lich/moi", f"/lich/{rule_id}/sua", f"/lich/buoi/{key_of(rule_id)}"):
        shown = page(town, path)
        assert 'type="time"' not in shown
        assert not re.search(r"\d\s?(AM|PM|SA|CH)\b", shown)
