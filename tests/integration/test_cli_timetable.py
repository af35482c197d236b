"""`tiengloa timetable show | why` as a person or a program runs it."""

import json
from datetime import time
from pathlib import Path

import pytest

from scheduler.desk import NewSession
from tests.commands import Here
from tests.fakes_web import EDITOR, machine, panel


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a machine and a session of 05:30 each day."""
    with panel(tmp_path) as town:
        machine(town, "Máy chợ", "san-thang", b"1" * 32)
        bulletin_id = town.produced("Nộp hồ sơ tại nhà")
        wanted = NewSession(
            "Buổi sáng", (bulletin_id,), frozenset({"tan-phong"}), (time(5, 30),), frozenset(range(1, 8))
        )
        town.services.timetable.add(EDITOR, wanted)
    return tmp_path


def test_a_day_of_an_area_is_printed_with_its_minutes(data: Path, here: Here) -> None:
    ran = here("--data", str(data), "timetable", "show", "--area", "Bản San Thàng", "--day", "24/11/2099")
    ran.refused(2, "Chỉ hỏi được trong các năm")
    ran = here("--data", str(data), "timetable", "show", "--area", "bản san thàng", "--day", "24/11/2030")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Chủ nhật, 24/11/2030, tại Bản San Thàng:"
    assert lines[1].startswith("  05:30:00  Buổi sáng (")
    assert lines[2].strip().startswith("Nộp hồ sơ tại nhà")
    assert lines[-1].endswith("trong ngày")


def test_several_days_are_one_document(data: Path, here: Here) -> None:
    ran = here(
        "--data", str(data), "timetable", "show", "--machine", "Máy chợ", "--day", "2030-11-24", "--days", "3", "--json"
    )
    days = json.loads(ran.out)
    assert [one["day"] for one in days] == ["2030-11-24", "2030-11-25", "2030-11-26"]
    (session,) = days[0]["sessions"]
    assert session["starts_at"] == "2030-11-24T05:30:00+07:00"
    assert session["refusal"] == ""
    assert days[0]["used_s"] == session["length_s"]


@pytest.mark.parametrize("at", ["05:30 24/11/2030", "24/11/2030 5h30", "2030-11-24T05:30", "2030-11-24T05:30:00+07:00"])
def test_a_moment_is_explained(data: Path, here: Here, at: str) -> None:
    ran = here("--data", str(data), "timetable", "why", "--machine", "Máy chợ", "--at", at)
    assert ran.code == 0
    assert "Lúc 05:30 ngày 24/11/2030, Máy chợ phát «Nộp hồ sơ tại nhà» trong «Buổi sáng»" in ran.out
    assert "  05:30:00  Buổi sáng: phát; phát 05:30" in ran.out


def test_an_explanation_is_one_document(data: Path, here: Here) -> None:
    ran = here("--data", str(data), "timetable", "why", "--area", "to-2", "--at", "2030-11-24T05:30", "--json")
    told = json.loads(ran.out)
    assert told["sounding"] is None
    assert [(one["verdict"], one["why"]) for one in told["reasons"]] == [
        ("area", "dòng lịch dành cho Phường Tân Phong")
    ]
    assert told["reported"] is None


def test_a_day_before_the_rule_was_made_is_not_made_up(data: Path, here: Here) -> None:
    shown = ("--data", str(data), "timetable", "show", "--machine", "Máy chợ", "--day", "2020-03-02")
    assert "không còn giữ lịch nào đã giao cho máy" in here(*shown).out
    (day,) = json.loads(here(*shown, "--json").out)
    assert (day["sessions"], day["used_s"], day["reported"], day["forgotten"]) == ([], 0, [], True)
    ran = here("--data", str(data), "timetable", "why", "--area", "Bản San Thàng", "--at", "05:30 02/03/2020", "--json")
    assert json.loads(ran.out)["sounding"] is None


REFUSALS = {
    "no machine": (("why", "--machine", "Không có", "--at", "05:30"), "Không có máy phát tên «Không có»"),
    "no area": (("show", "--area", "Không có"), "Không có địa bàn tên «Không có»"),
    "no moment": (("why", "--area", "to-2", "--at", "hôm qua lúc nào"), "không phải là thời điểm"),
    "no time": (("why", "--area", "to-2", "--at", "25:00"), "không phải là giờ phát"),
    "no day": (("show", "--day", "31/2/2026"), "không phải là ngày"),
    "far away": (("why", "--area", "to-2", "--at", "9999-01-01T00:00"), "Chỉ hỏi được trong các năm"),
    "too many days": (("show", "--days", "400"), "từ 1 đến 31"),
    "nowhere": (("why", "--at", "05:30"), "cần một trong các mục"),
    "both": (("show", "--area", "a", "--machine", "b"), "không đi cùng"),
}


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_what_makes_no_sense_is_refused_in_one_sentence(case: str, data: Path, here: Here) -> None:
    arguments, words = REFUSALS[case]
    here("--data", str(data), "timetable", *arguments).refused(2, words)
