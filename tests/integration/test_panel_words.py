"""How values are shown and typed in the panel, and how a reading is cut into pieces."""

from datetime import date, datetime, time, timedelta

import pytest

from domain.errors import BadInputError
from domain.reading import SpokenSentence, SpokenText, Token
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from tests.fakes_web import START
from web import formats
from web.assets import ICONS, sprite
from web.reading_view import view
from web.throttle import wait_after
from web.week import monday_of, table


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("05:30", time(5, 30)),
        ("5h30", time(5, 30)),
        ("17h", time(17)),
        (" 17:15:30 ", time(17, 15, 30)),
        ("0:0", time()),
    ],
)
def test_a_time_of_day_is_read_as_people_type_it(typed: str, meant: time) -> None:
    assert formats.read_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "24:00", "5:60", "sáng", "1:2:3:4", "5:30 chiều", "-1:00"])
def test_what_is_not_a_time_of_day_is_refused(typed: str) -> None:
    with pytest.raises(BadInputError, match="không phải là giờ phát"):
        formats.read_time(typed)


@pytest.mark.parametrize("typed", ["09/01/2027", "9/1/2027", "2027-01-09", " 09/01/2027 "])
def test_a_date_is_read_day_first(typed: str) -> None:
    assert formats.read_day(typed) == date(2027, 1, 9)


@pytest.mark.parametrize("typed", ["13/13/2027", "30/02/2027", "2027/01/09", "mai", "1/1"])
def test_what_is_not_a_date_is_refused(typed: str) -> None:
    with pytest.raises(BadInputError, match="không phải là ngày"):
        formats.read_day(typed)


def test_numbers_and_times_are_shown_as_vietnamese_readers_expect() -> None:
    assert formats.clock_ms(START + timedelta(milliseconds=7)) == "09:30:00,007"
    assert formats.moment(START) == "09:30 ngày 23/11/2026"
    assert formats.day(datetime.fromisoformat("2026-11-22T18:00:00+00:00")) == "23/11/2026"
    assert formats.weekday(date(2026, 11, 29)) == "Chủ nhật"
    assert formats.duration(timedelta(hours=1, minutes=2, seconds=3)) == "1:02:03"
    assert formats.decimal(-16.0) == "−16,0"
    assert formats.whole(20_000) == "20.000"
    assert [formats.difference(ms) for ms in (0, 7, -12, 1500)] == ["đúng giờ", "trễ 7 ms", "sớm 12 ms", "trễ 1,5 giây"]
    assert [formats.clock_gap(ms) for ms in (0, 3, -4200)] == ["đúng", "chậm 3 ms", "nhanh 4,2 giây"]
    assert [formats.clock_gap(3, error) for error in (0, 12, 1500)] == [
        "chậm 3 ms ± 0 ms",
        "chậm 3 ms ± 12 ms",
        "chậm 3 ms ± 1,5 giây",
    ]
    assert [formats.data_size(size) for size in (999, 1500, 12_400_000_000)] == ["999 B", "1,5 KB", "12,4 GB"]
    assert [formats.ago(START - timedelta(seconds=gone), START) for gone in (0, 12, 2220, 90_000)] == [
        "vừa xong",
        "12 giây trước",
        "37 phút trước",
        "1 ngày trước",
    ]
    assert formats.closed("trùng giờ") == formats.closed("trùng giờ.") == "trùng giờ."
    assert formats.plain("Đường DÂY  nóng") == "duong day nong"


def sentence(*words: tuple[str, str], gap: str = "") -> SpokenText:
    """Return a sentence of (written, spoken) tokens written with `gap` between them."""
    tokens, at = [], 0
    for written, spoken in words:
        tokens.append(Token(at, at + len(written), written, spoken, "test"))
        at += len(written) + len(gap)
    return SpokenText((SpokenSentence(tuple(tokens), 0),))


def pieces(text: SpokenText) -> list[tuple[str, str, str]]:
    return [(one.kind, one.spoken, one.source) for one in view(text).sentences[0]]


def test_what_is_written_as_one_word_is_marked_as_one() -> None:
    text = sentence(("69", "sáu mươi chín"), ("/", ","), ("KH", "kế hoạch"), (".", "."))
    assert pieces(text) == [("changed", "sáu mươi chín, kế hoạch", "69/KH"), ("same", ".", ".")]


def test_marks_around_a_changed_word_stay_outside_it() -> None:
    text = sentence(("(", ","), ("CCHC", "cải cách hành chính"), (")", ","), (",", ","))
    kinds = [kind for kind, _, _ in pieces(text)]
    assert kinds == ["same", "changed", "same", "same"]


def test_words_said_as_written_and_marks_that_stay_silent_are_not_marked() -> None:
    text = sentence(("Mời", "mời"), ("./.", ""), ("VT", ""), gap=" ")
    assert pieces(text) == [("same", "mời", "Mời"), ("silent", "", "VT")]


def test_the_week_puts_each_session_in_its_part_of_its_local_day() -> None:
    def slot(hour: int, minute: int) -> Slot:
        at = datetime(2026, 11, 29, hour, minute, tzinfo=formats.ZONE)
        items = (PlannedItem("Tin", None, timedelta(minutes=2)),)
        return Slot(f"{hour}", "m", at, "Buổi", Priority.NORMAL, LatePolicy.SKIP, timedelta(), items)

    rows = table(monday_of(date(2026, 11, 29)), [slot(0, 5), slot(5, 30), slot(11, 0), slot(17, 0), slot(23, 59)])
    assert [(row.name, len(row.cells[6].slots)) for row in rows] == [("Sáng", 2), ("Trưa", 1), ("Chiều", 1), ("Tối", 1)]
    assert not any(cell.slots for row in rows for cell in row.cells[:6])


def test_the_wait_after_failures_doubles_up_to_five_minutes() -> None:
    waits = [wait_after(failures, 5).total_seconds() for failures in (4, 5, 6, 7, 10, 11, 5000)]
    assert waits == [0, 5, 10, 20, 160, 300, 300]


def test_every_icon_of_our_pages_is_in_the_small_sprite() -> None:
    text = sprite().decode()
    assert all(f'id="{name}"' in text for name in ICONS.split())
    assert len(text) < 40_000
