"""What two people change at the same time: the later one is told, keeps what was typed, and overwrites nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from domain.airtime import ExclusionWindow
from domain.areas import Area
from domain.calendar import Calendar, Daypart, DayType, MonthDay, Seasons, SpecialDay
from scheduler.desk import NewSession
from scheduler.noting import stamp_of
from store import calendar, places
from tests.fakes_web import ADMIN, EDITOR, Panel, machine, panel
from web.formats import ZONE

WINDOW = ExclusionWindow("w", "giờ học", frozenset({"tan-phong", "doan-ket"}), time(16, 30), time(18))
DAY = SpecialDay("d", "Thi tốt nghiệp", DayType.EXAM, date(2027, 6, 10), date(2027, 6, 11))
DAYPART = Daypart("toi", "Tối", time(18, 30), time(18))
WINDOW_FIELDS = {
    "reason": "lễ nhà thờ", "start": "16:45", "end": "18:15", "weekday": ["7"], "area": ["tan-phong"],
}  # fmt: skip
DAY_FIELDS = {"name": "Thi thử", "kind": "exam", "first": "12/06/2027", "last": ""}
DAYPART_FIELDS = {"id": "toi", "name": "Tối muộn", "summer": "19:05", "winter": "18:40"}
SEASON_FIELDS = {"summer_from": "2/4", "winter_from": "3/10"}
AREA_FIELDS = {"name": "Phường Tân Phong Một", "level": "xa", "parent": "lai-chau", "code": "", "valid_from": ""}
END_FIELDS = {"last_day": "30/12/2026", "heir": ["doan-ket"]}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        put_all(one, WINDOW, DAY, DAYPART)
        yield one


def put_all(town: Panel, *values: object) -> None:
    puts = {
        ExclusionWindow: calendar.put_exclusion,
        SpecialDay: calendar.put_special_day,
        Daypart: calendar.put_daypart,
        Seasons: calendar.set_seasons,
        Area: places.change_area,
    }
    with town.database.write() as connection:
        for one in values:
            puts[type(one)](connection, one)  # type: ignore[operator]


def held(town: Panel) -> tuple[Calendar, tuple[ExclusionWindow, ...], dict[str, Area]]:
    with town.database.read() as connection:
        areas = {one.id: one for one in places.areas(connection)}
        return calendar.get(connection), calendar.exclusions(connection), areas


def fields_of(page: str, action: str, name: str) -> str:
    """Return the value of a hidden field of the form that is sent to `action`."""
    forms = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if re.search(rf'action="{action}["#]', one)]
    found = [one[1] for form in forms if (one := re.search(rf'name="{name}" value="([^"]+)"', form))]
    assert found, f"{action} has no {name}"
    return found[0]


TAN_PHONG = Area("tan-phong", "Phường Tân Phong", "xa", "lai-chau")
CASES = {
    "a window": (
        "/lich/chinh-sach/khoang-lang/w", "/lich/chinh-sach/khoang-lang/w", WINDOW_FIELDS,
        replace(WINDOW, reason="đám tang"), ['value="lễ nhà thờ"', 'value="16:45"'],
    ),
    "a special day": (
        "/lich/ngay/d", "/lich/ngay/d", DAY_FIELDS,
        replace(DAY, day_type=DayType.MOURNING), ['value="Thi thử"', 'value="12/06/2027"'],
    ),
    "a daypart": (
        "/lich/ngay", "/lich/ngay/khung-gio", DAYPART_FIELDS,
        replace(DAYPART, summer=time(20)), ['value="Tối muộn"', 'value="19:05"', 'value="18:40"'],
    ),
    "the seasons": (
        "/lich/ngay", "/lich/ngay/mua", SEASON_FIELDS,
        Seasons(MonthDay(5, 1), MonthDay(11, 1)), ['value="2/4"', 'value="3/10"'],
    ),
    "a place": (
        "/dia-ban/tan-phong", "/dia-ban/tan-phong", AREA_FIELDS,
        replace(TAN_PHONG, official_code="03386"), ['value="Phường Tân Phong Một"'],
    ),
    "the end of a place": (
        "/dia-ban/tan-phong", "/dia-ban/tan-phong/ket-thuc", END_FIELDS,
        replace(TAN_PHONG, official_code="03386"), ['value="30/12/2026"', 'value="doan-ket" checked'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_form_of_what_was_changed_meanwhile_is_refused_and_kept_as_typed(town: Panel, case: str) -> None:
    shown_at, sent_to, fields, other, kept = CASES[case]
    page = town.browser(EDITOR).get(shown_at).get_data(as_text=True)
    seen = fields_of(page, sent_to, "seen")
    put_all(town, other)
    before = held(town)
    answer = town.post(EDITOR, sent_to, **fields, seen=seen)
    told = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "vừa được người khác sửa" in told
    assert [words for words in kept if words not in told] == []
    assert fields_of(told, sent_to, "seen") == seen
    assert held(town) == before


@pytest.mark.parametrize("case", CASES)
def test_a_form_of_what_nobody_else_changed_is_saved(town: Panel, case: str) -> None:
    shown_at, sent_to, fields, _, _ = CASES[case]
    seen = fields_of(town.browser(EDITOR).get(shown_at).get_data(as_text=True), sent_to, "seen")
    before = held(town)
    assert town.post(EDITOR, sent_to, **fields, seen=seen).status_code == 303
    assert held(town) != before


def test_the_policy_form_is_kept_as_typed_too(town: Panel) -> None:
    path = "/lich/chinh-sach"
    seen = fields_of(town.browser(EDITOR).get(path).get_data(as_text=True), path, "seen")
    typed = {"session": "14:30", "day": "60:00", "weekday": list("1234567"), "freeze": "5:00", "seen": seen}
    shown = town.post(EDITOR, path, **typed).get_data(as_text=True)
    town.post(ADMIN, path, **{**typed, "seen": ""}, confirmed=fields_of(shown, path, "confirmed"))
    late = town.post(EDITOR, path, **typed, confirmed=fields_of(shown, path, "confirmed"))
    assert late.status_code == 409
    assert 'value="14:30"' in late.get_data(as_text=True)


def test_equal_values_have_one_stamp_whatever_the_order_of_their_sets() -> None:
    names = [f"nơi {number}" for number in range(50)]
    one = replace(WINDOW, area_ids=frozenset(names))
    assert stamp_of(one) == stamp_of(replace(WINDOW, area_ids=frozenset(reversed(names))))
    assert stamp_of(one) != stamp_of(WINDOW)
    assert stamp_of(WINDOW) == "4ec60cf67c07fbc5"  # another process orders the names of places otherwise


def sounding(town: Panel, area: str) -> list[str]:
    start = datetime(2026, 11, 25, tzinfo=ZONE)
    slots = town.services.timetable.will_sound(area, start, start + timedelta(days=1))
    return [one.title for one in slots if not one.refusal]


@pytest.fixture
def scheduled(town: Panel) -> Panel:
    """A cluster in Tân Phong that hears a session of its ward, while Đoàn Kết has one of its own."""
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    for name, area_id, hour in (("Tân Phong", "tan-phong", 6), ("Đoàn Kết", "doan-ket", 7)):
        wanted = NewSession(
            f"Buổi {name}", (town.produced(name),), frozenset({area_id}), (time(hour),), frozenset(range(1, 8))
        )
        town.services.timetable.add(EDITOR, wanted)
    return town


def test_a_place_is_moved_once_its_effect_was_shown(scheduled: Panel) -> None:
    path, fields = "/dia-ban/san-thang", {"name": "Bản San Thàng", "level": "to", "parent": "doan-ket"}
    first = scheduled.post(EDITOR, path, **fields)
    page = first.get_data(as_text=True)
    assert first.status_code == 200
    assert page.index("Sẽ thôi phát nếu lưu") < page.index("«Buổi Tân Phong»") < page.index("Sẽ phát trở lại")
    assert page.index("Sẽ phát trở lại") < page.index("«Buổi Đoàn Kết»")
    assert "Vẫn lưu" in page
    assert sounding(scheduled, "san-thang") == ["Buổi Tân Phong"]
    confirmed = fields_of(page, path, "confirmed")
    other = scheduled.post(EDITOR, path, **{**fields, "parent": ""}, confirmed=confirmed)
    assert (other.status_code, "Sẽ thôi phát nếu lưu" in other.get_data(as_text=True)) == (200, True)
    assert scheduled.post(EDITOR, path, **fields, confirmed=confirmed).status_code == 303
    assert sounding(scheduled, "san-thang") == ["Buổi Đoàn Kết"]


def test_a_place_is_ended_and_goes_on_once_the_effect_was_shown(scheduled: Panel) -> None:
    path, fields = "/dia-ban/tan-phong/ket-thuc", {"last_day": "22/11/2026", "heir": ["doan-ket"]}
    page = scheduled.post(EDITOR, path, **fields).get_data(as_text=True)
    assert "Sẽ phát trở lại hoặc phát thêm" in page
    assert "«Buổi Đoàn Kết»" in page
    assert sounding(scheduled, "san-thang") == ["Buổi Tân Phong"]
    assert scheduled.post(EDITOR, path, **fields, confirmed=fields_of(page, path, "confirmed")).status_code == 303
    assert sounding(scheduled, "san-thang") == ["Buổi Tân Phong", "Buổi Đoàn Kết"]
    path = "/dia-ban/tan-phong/con"
    page = scheduled.post(EDITOR, path).get_data(as_text=True)
    assert page.index("Sẽ thôi phát nếu lưu") < page.index("«Buổi Đoàn Kết»")
    assert scheduled.post(EDITOR, path, confirmed=fields_of(page, path, "confirmed")).status_code == 303
    assert sounding(scheduled, "san-thang") == ["Buổi Tân Phong"]


def test_a_new_name_or_an_end_that_nobody_hears_is_saved_at_once(scheduled: Panel) -> None:
    assert (
        scheduled.post(EDITOR, "/dia-ban/san-thang", name="Bản Mới", level="to", parent="tan-phong").status_code == 303
    )
    assert scheduled.post(EDITOR, "/dia-ban/to-2/ket-thuc", last_day="22/11/2026").status_code == 303


def test_an_end_that_cannot_be_is_refused_before_its_effect_is_shown(scheduled: Panel) -> None:
    answer = scheduled.post(EDITOR, "/dia-ban/tan-phong/ket-thuc", last_day="22/11/2026", heir=["tan-phong"])
    assert answer.status_code == 422
    assert "thành vòng" in answer.get_data(as_text=True)
