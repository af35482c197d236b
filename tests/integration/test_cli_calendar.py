"""`tiengloa timetable export | import` as a person or a program runs it."""

import json
from contextlib import closing
from datetime import time
from pathlib import Path

import pytest

from domain.timetable import Rule
from store import timetable
from store.engine import Database
from tests.commands import Here
from tests.fakes_ical import STATION, event, file_of, weekly

AREA = "Bản San Thàng"


def rules(data: Path) -> dict[str, Rule]:
    database = Database(data / "tiengloa.db")
    with closing(database), database.read() as connection:
        return timetable.rules(connection)


def programme(data: Path) -> str:
    database = Database(data / "tiengloa.db")
    with closing(database), database.read() as connection:
        return next(one.name for one in timetable.programmes(connection).values())


def source(tmp_path: Path, *events: str) -> str:
    path = tmp_path / "lich.ics"
    path.write_bytes(file_of(*events))
    return str(path)


def test_sessions_and_rules_are_written_and_the_rules_are_read_back(
    here: Here, example_data: Path, tmp_path: Path
) -> None:
    sessions, written = tmp_path / "buoi.ics", tmp_path / "dong.ics"
    ran = here("--data", str(example_data), "timetable", "export", "--area", AREA, "-o", str(sessions), "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert told["events"] == sessions.read_bytes().count(b"BEGIN:VEVENT") > 0
    ran = here("--data", str(example_data), "timetable", "export", "--area", AREA, "-o", str(written), "--rules")
    assert (ran.code, ran.err) == (0, "")
    assert b"RRULE:" in written.read_bytes()
    before = rules(example_data)
    words = ("timetable", "import", str(written), "--area", AREA, "--programme", programme(example_data), "--dry-run")
    ran = here("--data", str(example_data), *words, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["saved"] is False
    assert rules(example_data) == before


def test_rules_are_added_and_told_in_words(here: Here, example_data: Path, tmp_path: Path) -> None:
    before = rules(example_data)
    words = ("timetable", "import", source(tmp_path, weekly(1, "20261123T181500")), "--area", AREA)
    ran = here("--data", str(example_data), *words, "--programme", programme(example_data))
    assert ran.code == 0, ran.err
    assert "lúc 18:15, thứ hai" in ran.out
    assert "Đã nhập 1 dòng lịch." in ran.out
    (added,) = [rule for key, rule in rules(example_data).items() if key not in before]
    assert (added.times, added.weekdays) == ((time(18, 15),), frozenset({1}))


@pytest.mark.parametrize("json_too", [False, True])
def test_an_event_that_cannot_be_said_keeps_all_out(
    here: Here, example_data: Path, tmp_path: Path, json_too: bool
) -> None:
    before = rules(example_data)
    yearly = event(2, f"DTSTART;{STATION}:20261123T053000", "RRULE:FREQ=YEARLY", title="Ngày hội")
    words = ("timetable", "import", source(tmp_path, weekly(), yearly), "--area", AREA, "--programme", "x")
    ran = here("--data", str(example_data), *words, *(("--json",) if json_too else ()))
    assert ran.code == 2
    if json_too:
        assert json.loads(ran.out)["refusals"][0]["event"] == "Ngày hội"
    else:
        ran.refused(2, "chưa nhập gì")
        assert "«Ngày hội» (05:30 23/11/2026): lặp hằng năm" in ran.err
    assert rules(example_data) == before


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--area", "Không có", "--programme", "x"), 2, "địa bàn"),
        (("--area", AREA, "--programme", "không có"), 2, "chương trình"),
        (("--area", AREA, "--bulletin", "không có"), 2, "bản tin"),
        (("--area", AREA), 2, "cần một trong"),
        (("--area", AREA, "--programme", "x", "--as", "không-có"), 2, "người dùng"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(
    here: Here, example_data: Path, tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    here("--data", str(example_data), "timetable", "import", source(tmp_path, weekly()), *words).refused(code, sentence)


def test_files_that_cannot_be_read_or_written_are_told(here: Here, example_data: Path, tmp_path: Path) -> None:
    data = ("--data", str(example_data), "timetable")
    here(*data, "import", str(tmp_path / "x.ics"), "--area", AREA, "--programme", "x").refused(5, "Không đọc được")
    here(*data, "export", "--area", AREA, "-o", str(tmp_path / "x" / "y.ics")).refused(5, "Không có thư mục")
    here(*data, "export", "--area", "Không có", "-o", str(tmp_path / "y.ics")).refused(2, "địa bàn")
    big = tmp_path / "big.ics"
    big.write_bytes(b"BEGIN:VCALENDAR\r\n" * 700_000)
    here(*data, "import", str(big), "--area", AREA, "--programme", "x").refused(2, "1 MB")
