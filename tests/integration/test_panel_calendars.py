"""A phone's calendar by a secret link, and rules out of a file, looked at before they are saved."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from domain.timetable import Priority, Rule
from scheduler.desk import NewSession
from store import timetable
from tests.fakes_ical import STATION, event, file_of, weekly
from tests.fakes_web import EDITOR, VIEWER, Panel, csrf, machine, panel


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        machine(one, "Máy phát bản San Thàng", "san-thang", b"1" * 32)
        yield one


def scheduled(town: Panel, title: str = "Lịch tiếp công dân", priority: Priority = Priority.NORMAL) -> str:
    """Have a produced bulletin sound every day, and return its rule."""
    wanted = NewSession(title, (town.produced(title),), frozenset({"san-thang"}), (time(17),), frozenset(range(1, 8)))
    wanted = replace(wanted, priority=priority)
    return town.services.timetable.add(EDITOR, wanted)


def address(town: Panel, area: str = "san-thang") -> str:
    assert town.post(EDITOR, f"/lich/{area}/duong-dan").status_code == 303
    page = town.browser(EDITOR).get(f"/lich?area={area}").get_data(as_text=True)
    found = re.search(rf"http://localhost(/lich/{area}\.ics\?khoa=[\w-]{{43}})", page)
    assert found is not None
    return found[1]


def rules(town: Panel) -> list[Rule]:
    with town.database.read() as connection:
        return list(timetable.rules(connection).values())


def send(town: Panel, data: bytes | None, *, user=EDITOR, **fields: str) -> TestResponse:  # type: ignore[no-untyped-def]
    client = town.browser(user)
    sent: dict[str, object] = {"csrf_token": csrf(client, "/tai-khoan"), **fields}
    if data is not None:
        sent["file"] = FileStorage(io.BytesIO(data), "lich.ics", content_type="text/calendar")
    boundary, body = encode_multipart(sent)  # in memory: the client would leave a file of its own behind
    return client.post("/lich/nhap", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_a_phone_reads_what_will_sound_without_signing_in(town: Panel) -> None:
    scheduled(town)
    answer = town.visitor().get(address(town))
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    found = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    assert len(found) == 15
    assert {str(one["SUMMARY"]) for one in found} == {"Lịch tiếp công dân"}
    assert found[0]["DTSTART"].to_ical() == b"20261123T170000"
    assert str(found[0]["STATUS"]) == "CONFIRMED"
    planned = town.services.timetable.will_sound("san-thang", town.clock.now(), town.clock.now() + timedelta(days=14))
    assert {one.key for one in planned} <= {str(one["UID"]).removesuffix("@dai-mau.tiengloa") for one in found}


def test_a_calendar_that_is_held_already_is_not_sent_again_until_it_changes(town: Panel) -> None:
    rule_id = scheduled(town)
    link, phone = address(town), town.visitor()
    first = phone.get(link)
    again = phone.get(link, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    town.clock.go(timedelta(minutes=5))
    assert phone.get(link, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    town.services.timetable.stop(EDITOR, rule_id)
    changed = phone.get(link, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert b"VEVENT" not in changed.data


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 100_000, "đường%20dẫn"])
def test_a_wrong_token_reads_nothing(town: Panel, token: str) -> None:
    scheduled(town)
    link = address(town)
    answer = town.visitor().get(link.partition("=")[0] + "=" + token)
    assert answer.status_code == 404
    assert "đường dẫn sai" in answer.get_data(as_text=True)
    assert b"VCALENDAR" not in answer.data


def test_a_token_opens_its_own_area_and_nothing_else(town: Panel) -> None:
    token = address(town).partition("=")[2]
    for area in ("to-2", "khong-co", "..%2Fx"):
        assert town.visitor().get(f"/lich/{area}.ics?khoa={token}").status_code == 404
    assert town.visitor().get(f"/lich?khoa={token}").status_code != 200


def test_a_revoked_link_is_dead_for_good_and_a_new_one_is_another(town: Panel) -> None:
    old = address(town)
    assert town.post(EDITOR, "/lich/san-thang/duong-dan/thu-hoi").status_code == 303
    assert town.visitor().get(old).status_code == 404
    new = address(town)
    assert new != old
    assert town.visitor().get(old).status_code == 404
    assert town.visitor().get(new).status_code == 200


def test_making_a_link_twice_keeps_the_first(town: Panel) -> None:
    assert address(town) == address(town)


def test_only_a_scheduler_makes_and_takes_links_and_the_database_holds_none(town: Panel) -> None:
    assert town.post(VIEWER, "/lich/san-thang/duong-dan").status_code == 403
    token = address(town).partition("=")[2]
    assert town.post(VIEWER, "/lich/san-thang/duong-dan/thu-hoi").status_code == 403
    assert town.visitor().get(f"/lich/san-thang.ics?khoa={token}").status_code == 200
    town.database.close()
    assert token.encode() not in town.database.path.read_bytes()


def test_the_rules_of_an_area_are_a_file(town: Panel) -> None:
    scheduled(town)
    answer = town.browser(VIEWER).get("/lich/san-thang/dong-lich.ics")
    assert b"RRULE:FREQ=DAILY" in answer.data
    assert "attachment" in answer.headers["Content-Disposition"]
    assert town.visitor().get("/lich/san-thang/dong-lich.ics").status_code != 200


# Files in.


def test_a_file_is_shown_in_words_and_saved_only_when_that_is_asked_for(town: Panel) -> None:
    what = f"bulletin:{town.produced('Bản tin sáng')}"
    data = file_of(weekly(1), weekly(2, "20261123T170000"))
    shown = send(town, data, area="san-thang", what=what)
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "2 sự kiện thành 1 dòng lịch" in page
    assert "lúc 05:30 và 17:00, thứ hai" in page
    assert rules(town) == []
    content = hidden(page, "content")
    saved = send(town, None, area="san-thang", what=what, content=content, save="1")
    assert saved.status_code == 303
    (rule,) = rules(town)
    assert (rule.times, rule.weekdays, rule.area_ids) == (
        (time(5, 30), time(17)),
        frozenset({1}),
        frozenset({"san-thang"}),
    )
    assert rule.valid_from == date(2026, 11, 23)


def test_an_import_of_many_rules_is_undone_in_one_step(town: Panel) -> None:
    what = f"bulletin:{town.produced('Bản tin sáng')}"
    data = file_of(weekly(1), event(2, f"DTSTART;{STATION}:20261124T060000", "RRULE:FREQ=MONTHLY"))
    page = send(town, data, area="san-thang", what=what).get_data(as_text=True)
    send(town, None, area="san-thang", what=what, content=hidden(page, "content"), save="1")
    assert len(rules(town)) == 2
    assert len({rule.programme_id for rule in rules(town)}) == 1
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)
    assert rules(town) == []


def test_days_left_out_are_kept_and_days_past_are_not(town: Panel) -> None:
    what = f"bulletin:{town.produced('Bản tin sáng')}"
    left_out = f"EXDATE;{STATION}:20261130T053000"
    past = [event(n, f"DTSTART;{STATION}:20261{n}T053000") for n in ("020", "120", "210")]
    over = event(9, f"DTSTART;{STATION}:20260105T060000", "RRULE:FREQ=WEEKLY;COUNT=3")
    data = file_of(weekly(1, "20261123T053000", left_out), over, *past)
    page = send(town, data, area="san-thang", what=what).get_data(as_text=True)
    assert "1 dòng lịch đã qua hết nên bỏ qua" in page
    send(town, None, area="san-thang", what=what, content=hidden(page, "content"), save="1")
    by_kind = {rule.regular: rule for rule in rules(town)}
    assert by_kind[True].except_dates == frozenset({date(2026, 11, 30)})
    assert by_kind[False].dates == frozenset({date(2026, 12, 10)})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file_of(weekly(), event(2, f"DTSTART;{STATION}:20261123T053000", "RRULE:FREQ=YEARLY", title="Lễ")), "«Lễ»"),
        (b"<html>", "không phải tệp lịch"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * 1_100_000, "lớn quá 1 MB"),
        (file_of(weekly())[:-40], "bị cắt ngang"),
        (file_of(event(1, f"DTSTART;{STATION}:20200101T053000")), "đã qua"),
        (file_of(event(1, f"DTSTART;{STATION}:20261201T230000")), "giờ yên tĩnh"),
        (file_of(event(1, f"DTSTART;{STATION}:20451201T060000")), "quá xa"),
        (None, "Hãy chọn tệp"),
    ],
)
def test_what_cannot_come_in_is_told_and_nothing_comes_in(town: Panel, data: bytes | None, words: str) -> None:
    answer = send(town, data, area="san-thang", what=f"bulletin:{town.produced('Bản tin sáng')}")
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert rules(town) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"area": "san-thang", "what": ""}, "Hãy chọn chương trình hoặc bản tin"),
        ({"area": "san-thang", "what": "bulletin:khong-co"}, "Không có bản tin này"),
        ({"area": "san-thang", "what": "programme:khong-co"}, "chương trình"),
        ({"area": "khong-co", "what": "bulletin:x"}, "Hãy chọn địa bàn"),
        ({"area": "san-thang", "what": "x", "content": "không phải base64"}, "Hãy chọn chương trình"),
    ],
)
def test_a_form_that_is_not_filled_in_keeps_the_file(town: Panel, fields: dict[str, str], words: str) -> None:
    answer = send(town, file_of(weekly()), **fields)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert hidden(page, "content")


def test_a_clash_is_told_before_it_is_saved(town: Panel) -> None:
    scheduled(town)
    data = file_of(event(1, f"DTSTART;{STATION}:20261124T170000"))
    page = send(town, data, area="san-thang", what=f"bulletin:{town.produced('Khác')}").get_data(as_text=True)
    assert "sẽ không phát như mong muốn" in page


def test_a_programme_that_there_is_can_be_sounded(town: Panel) -> None:
    scheduled(town)
    (rule,) = rules(town)
    fields = {"area": "san-thang", "what": f"programme:{rule.programme_id}"}
    page = send(town, file_of(weekly()), **fields).get_data(as_text=True)
    assert send(town, None, **fields, content=hidden(page, "content"), save="1").status_code == 303
    assert {one.programme_id for one in rules(town)} == {rule.programme_id}
    assert len(rules(town)) == 2


def test_a_viewer_imports_nothing(town: Panel) -> None:
    assert town.browser(VIEWER).get("/lich/nhap").status_code == 403
    assert send(town, file_of(weekly()), user=VIEWER, area="san-thang", what="x").status_code == 403


@pytest.mark.parametrize("seconds", ["00", "30"])
def test_what_the_form_refuses_does_not_come_in_by_a_file(town: Panel, seconds: str) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    scheduled(town)
    before = rules(town)
    fields = {"area": "san-thang", "what": f"bulletin:{town.produced('Khác')}"}
    data = file_of(event(1, f"DTSTART;{STATION}:20261124T1700{seconds}", "RRULE:FREQ=DAILY"))
    page = send(town, data, **fields).get_data(as_text=True)
    assert 'name="save"' not in page
    for seal in ("", "x"):
        forced = send(town, None, **fields, content=hidden(page, "content"), save="1", anyway=seal)
        assert forced.status_code == 409
        assert "Chưa nhập" in forced.get_data(as_text=True)
    assert rules(town) == before


def test_what_gives_way_to_a_higher_session_comes_in_once_it_was_looked_at(town: Panel) -> None:
    machine(town, "Máy bản", "san-thang", b"9" * 32)
    scheduled(town, priority=Priority.PRIORITY)
    fields = {"area": "san-thang", "what": f"bulletin:{town.produced('Khác')}"}
    data = file_of(event(1, f"DTSTART;{STATION}:20261124T170000", "RRULE:FREQ=DAILY"))
    page = send(town, data, **fields).get_data(as_text=True)
    assert "Vẫn nhập" in page
    given = {**fields, "content": hidden(page, "content"), "save": "1"}
    assert send(town, None, **given).status_code == 409
    assert send(town, None, **given, anyway=hidden(page, "anyway")).status_code == 303
    assert len(rules(town)) == 2
