"""Recording with the browser's microphone in real Chromium: heard, sent, taken in, and refused at its sentence."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from store import recordings
from tests.browsing import Served, a_chromium, serving
from tests.fakes_web import EDITOR, panel
from tests.looking import look

pytestmark = pytest.mark.browser
_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with panel(tmp_path) as town, a_chromium(*_MICROPHONE) as browser, serving(town, browser) as one:
        yield one


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_a_sentence_is_recorded_heard_and_sent(served: Served, width: int, height: int) -> None:
    bulletin_id = served.town.write(script="Kính thưa bà con.\nMời bà con đến họp.")
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/ban-tin/{bulletin_id}/thu-am")
    line = page.locator("#thu-am li", has_text="Mời bà con đến họp")
    line.locator("summary").click()
    line.get_by_role("button", name="Thu bằng micro").click()
    stop = line.get_by_role("button", name="Dừng thu")
    expect(stop).to_be_focused()
    expect(line.locator("[data-time]")).to_contain_text("00:02", timeout=10_000)
    stop.click()
    expect(line.get_by_role("status")).to_contain_text("Hãy nghe lại, rồi bấm «Gửi bản thu»")
    expect(line.locator("[data-recorder] audio")).to_have_attribute("src", re.compile("^blob:"))
    look(page, "recorded")
    line.get_by_role("button", name=re.compile("^Gửi bản thu")).click()
    expect(page.locator("main")).to_contain_text("Đã nhận bản thu")
    with served.town.database.read() as connection:
        (kept,) = recordings.of_bulletin(connection, bulletin_id)
    assert kept.sentence == "Mời bà con đến họp."
    assert kept.length.total_seconds() > 1


def test_a_refused_recording_is_told_at_its_sentence(served: Served, tmp_path: Path) -> None:
    bulletin_id = served.town.write(script="Kính thưa bà con.\nMời bà con đến họp.")
    wrong = tmp_path / "anh.wav"
    wrong.write_bytes(b"GIF89a" * 100)
    page = served.page(EDITOR, 375, 700, scripts=False)
    page.goto(f"{served.address}/ban-tin/{bulletin_id}/thu-am")
    line = page.locator("#thu-am li", has_text="Mời bà con đến họp")
    line.locator("summary").click()
    expect(line.locator("[data-recorder]")).to_be_hidden()
    line.locator("input[type=file]").set_input_files(wrong)
    line.get_by_role("button", name=re.compile("^Gửi bản thu")).click()
    expect(line.locator(".problem")).to_contain_text("Chỉ nhận tệp âm thanh")
    expect(line.locator(".problem")).to_be_in_viewport()
    found = page.get_by_role("alert")
    expect(found).to_contain_text("Chỉ nhận tệp âm thanh")
