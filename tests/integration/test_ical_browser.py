"""The pages of iCalendar in real Chromium: open to all at both sizes, and a file brought in by hand."""

from dataclasses import replace
from datetime import time

import pytest
from playwright.sync_api import expect

from domain.timetable import Priority
from scheduler.desk import NewSession
from scheduler.watch import Watch
from tests.browsing import Served, chromium
from tests.fakes_ical import STATION, event, file_of, weekly
from tests.fakes_web import EDITOR, busy_day
from tests.integration.test_panel_browser import served
from tests.looking import look

__all__ = ("chromium", "served")
SIZES = [(1366, 768), (375, 700)]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_link_for_phones_is_made_and_taken_back(served: Served, width: int, height: int) -> None:
    busy_day(served.town)
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/lich?area=san-thang")
    page.get_by_role("button", name="Tạo đường dẫn").click()
    address = page.get_by_label("Đường dẫn đăng ký lịch").input_value()
    look(page, "dien-thoai")
    assert page.request.get(address).status == 200
    page.get_by_role("button", name="Thu hồi đường dẫn").click()
    expect(page.get_by_text("Đã thu hồi đường dẫn")).to_be_visible()
    assert page.request.get(address).status == 404


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_file_is_looked_at_and_brought_in(served: Served, width: int, height: int) -> None:
    ids = busy_day(served.town)
    wanted = NewSession("Chiều", (ids["produced"],), frozenset({"san-thang"}), (time(17),), frozenset({1}))
    wanted = replace(wanted, priority=Priority.PRIORITY)  # before which what comes in may give way
    served.town.services.timetable.add(EDITOR, wanted)
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/lich/nhap?area=san-thang")
    look(page, "nhap")
    yearly = event(3, f"DTSTART;{STATION}:20261123T053000", "RRULE:FREQ=YEARLY", title="Ngày hội đại đoàn kết")
    page.get_by_label("Phát gì?").select_option(f"bulletin:{ids['produced']}")
    page.get_by_label("Tệp lịch (.ics)").set_input_files(_file(file_of(weekly(), yearly)))
    with page.expect_response(lambda answer: answer.status == 422):
        page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_text("«Ngày hội đại đoàn kết»")).to_be_visible()
    look(page, "nhap-tu-choi")
    good = file_of(weekly(), event(2, f"DTSTART;{STATION}:20261130T170000", "RRULE:FREQ=MONTHLY;BYDAY=-1MO"))
    page.get_by_label("Tệp lịch (.ics)").set_input_files(_file(good))
    page.get_by_role("button", name="Xem trước").click()
    look(page, "nhap-xem-truoc")
    page.get_by_role("button", name="Nhập 2 dòng lịch").click()
    expect(page.get_by_text("Đã nhập 2 dòng lịch")).to_be_visible()
    served.wrong[:] = [said for said in served.wrong if "422" not in said]  # the browser tells of its own what it got


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_the_worker_found_is_read_on_the_page_of_today(served: Served, width: int, height: int) -> None:
    busy_day(served.town)
    Watch(served.town.database, served.town.clock).look()
    page = served.page(EDITOR, width, height)
    look(page, "viec")


def _file(data: bytes) -> dict[str, object]:
    return {"name": "lich.ics", "mimeType": "text/calendar", "buffer": data}
