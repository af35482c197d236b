"""How days are told: an instant belongs to the day it has in the station's zone."""

from datetime import UTC, date, datetime

from domain.formats import day, weekday


def test_an_instant_before_seven_in_the_morning_has_the_weekday_of_its_own_date() -> None:
    half_past_five = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
    assert (weekday(half_past_five), day(half_past_five)) == ("Thứ sáu", "27/11/2026")
    assert weekday(date(2026, 11, 27)) == "Thứ sáu"
