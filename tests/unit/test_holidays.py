"""The public holidays: by the lunar calendar where they are lunar, with swap days and make-up days."""

from datetime import date

import pytest

from domain.calendar import Calendar, DayType
from scheduler.holidays_vn import holidays_of, public_holidays
from scheduler.lunar import lunar_date
from tests.timetables import tet


@pytest.mark.parametrize("year", [1985, 2007, 2026, 2027, 2030, 2053])
def test_the_first_day_of_tet_is_that_of_the_vietnamese_lunar_calendar(year: int) -> None:
    by_day = {one.first: one for one in public_holidays(year)}
    assert by_day[tet(year)].day_type is DayType.TET
    first_days = [one.first for one in by_day.values() if one.name.startswith("Tết Nguyên Đán")]
    assert tet(year) in first_days


@pytest.mark.parametrize("year", range(2023, 2031))
def test_every_tet_day_lies_about_the_lunar_new_year_and_no_other_day_off_does(year: int) -> None:
    for one in public_holidays(year):
        near = abs((one.first - tet(year)).days) <= 9
        assert (one.day_type is DayType.TET) == (near and one.day_type is not DayType.ORDINARY), one
        if "Giỗ Tổ" in one.name and "nghỉ bù" not in one.name:
            assert (lunar_date(one.first).day, lunar_date(one.first).month) == (10, 3)


def test_swap_days_are_off_and_make_up_saturdays_are_worked() -> None:
    calendar = Calendar(special=public_holidays(2026))
    assert calendar.type_of(date(2026, 8, 31)) is DayType.HOLIDAY
    assert calendar.type_of(date(2026, 8, 22)) is DayType.ORDINARY
    assert date(2026, 8, 22).isoweekday() == 6
    assert calendar.type_of(date(2026, 8, 29)) is DayType.WEEKEND
    assert calendar.type_of(date(2026, 4, 27)) is DayType.HOLIDAY


def test_ids_are_those_of_the_dates_and_the_names_are_vietnamese() -> None:
    days = holidays_of(range(2026, 2029))
    assert len({one.id for one in days}) == len(days)
    assert {one.id for one in days} == {f"vn-{one.first.isoformat()}" for one in days}
    assert any("Quốc khánh" in one.name for one in days)
    assert all(one.seeded and one.enabled for one in days)
    assert days == holidays_of([2028, 2026, 2027, 2026])
