"""The editor in real Chromium: doubts for always, voices side by side, marks at the caret, and a long script."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from domain.bulletins import SCRIPT_LIMIT
from domain.reading import LexiconEntry
from tests.browsing import Served, chromium, serving
from tests.fakes_web import EDITOR, SCRIPT, FakeSpeaker, panel
from tests.looking import look
from tts.lexicon import LexiconReader
from web.context import EXTENSION
from web.services import PanelVoice

__all__ = ("chromium",)
pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Served]:
    with panel(tmp_path, reader=LexiconReader()) as town:
        voices = (
            PanelVoice("gtts:vi", "Google", FakeSpeaker(), lambda: "Không có mạng"),
            PanelVoice("espeak:vi", "eSpeak NG", FakeSpeaker()),
        )
        town.app.extensions[EXTENSION] = replace(town.services, engines=voices)
        with serving(town, chromium) as one:
            yield one


def test_a_doubt_is_answered_for_always(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Nội dung").fill("Gọi QWZX ngay.")
    page.get_by_label("Đọc là").fill("quỹ vì trẻ em")
    page.get_by_role("button", name=re.compile("^Luôn đọc thế này")).click()
    expect(page.locator("#doc")).to_contain_text("luôn đọc là «quỹ vì trẻ em»")
    expect(page.locator(".doubts")).to_have_count(0)
    page.goto(f"{served.address}/tu-dien")
    expect(page.locator(".words")).to_contain_text("quỹ vì trẻ em")


def test_a_reading_for_always_is_heard_asked_for_twice_and_taken_back(served: Served) -> None:
    served.town.write("Tin cũ", "Gọi QWZX ngay.")
    with served.town.database.write() as connection:
        connection.exec_driver_sql("update bulletin set state = 'approved'")
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Nội dung").fill("Gọi QWZX ngay.")
    page.get_by_label("Đọc là").fill("quỹ vì trẻ em")
    with page.expect_response(re.compile("tu-dien/nghe")) as answer:
        page.get_by_role("button", name="Nghe cách đọc QWZX").click()
    assert answer.value.status == 200
    page.get_by_role("button", name=re.compile("^Luôn đọc thế này")).click()
    again = page.get_by_role("button", name=re.compile("^Vẫn luôn đọc thế này"))
    expect(again).to_be_focused()
    expect(page.locator(".asks")).to_contain_text("1 câu trong 1 bản tin đã duyệt sẽ đọc khác đi")
    look(page, "asked twice")
    again.press("Enter")
    expect(page.locator(".kept")).to_contain_text("luôn đọc là «quỹ vì trẻ em»")
    page.get_by_label("Nội dung").press_sequentially(" Xin cảm ơn.")
    expect(page.locator(".reading")).to_contain_text("Xin cảm ơn")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".doubts")).to_contain_text("QWZX")
    expect(page.locator(".kept")).to_have_count(0)


def test_a_long_bulletin_is_heard_sentence_by_sentence_and_what_sounds_is_in_sight(served: Served) -> None:
    script = "\n".join(f"Mời bà con thôn số {number} đến nhà văn hóa họp lúc bảy giờ." for number in range(200))
    bulletin_id = served.town.write(script=script)
    asked: list[str] = []
    page = served.page()
    page.on("request", lambda one: asked.append(one.url) if "nghe-thu" in one.url else None)
    page.goto(f"{served.address}/ban-tin/{bulletin_id}")
    page.get_by_role("button", name="Nghe thử cả bài").click()
    sounding = page.locator(".reading li.sounding")
    expect(sounding).to_have_attribute("data-line", "mo-0")
    expect(sounding).to_have_attribute("data-line", "1", timeout=20_000)
    expect(sounding).to_be_in_viewport()
    state = page.locator(".listen-state")
    expect(state).to_contain_text(re.compile(r"Câu \d+/200"))
    expect(state).to_be_in_viewport()
    page.get_by_role("button", name="Dừng").click()
    expect(sounding).to_have_count(0)
    before = len(asked)
    assert before < 10
    page.get_by_role("button", name="Nghe câu 150").click()
    expect(page.locator(".reading li[data-line='149']")).to_have_class(re.compile("sounding"))
    expect(state).to_be_in_viewport()


def test_what_cannot_be_heard_says_why_where_it_is_seen(served: Served) -> None:
    page = served.page(EDITOR, 375, 700)
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Nội dung").fill("Kính thưa bà con.\n" * 40 + "[chèn: Nhạc hiệu]")
    page.get_by_role("button", name="Nghe câu 41").click()
    state = page.locator(".listen-state")
    expect(state).to_contain_text("Câu 41: Trong kho không có âm thanh «Nhạc hiệu»")
    expect(state).to_be_in_viewport()
    expect(page.locator(".reading li.unheard")).to_have_attribute("data-line", "40")
    served.wrong.clear()


def test_on_a_phone_every_mark_is_reached_and_little_stands_over_the_text(served: Served) -> None:
    page = served.page(EDITOR, 375, 700)
    page.goto(f"{served.address}/ban-tin/moi")
    page.locator(".marks summary").click()
    last = page.get_by_role("link", name="Các dấu dùng thế nào?")
    last.click(trial=True)
    expect(last).to_be_in_viewport()
    page.get_by_role("button", name=re.compile("^Đọc là ")).click()
    expect(page.get_by_label("Nội dung")).to_be_focused()
    expect(page.locator(".bottom")).to_be_hidden()
    page.evaluate("scrollTo(0, 400)")
    standing = (
        "[...document.querySelectorAll('.top, .editor-actions, .bottom')].map((bar) => bar.getBoundingClientRect())"
        ".filter((box) => box.bottom > 0 && box.top < innerHeight).reduce((sum, box) => sum + box.height, 0)"
    )
    assert page.evaluate(standing) < 70
    page.get_by_label("Tiêu đề").fill("Tin")
    page.evaluate("scrollTo(0, 400)")
    assert page.evaluate(standing) < 140
    page.get_by_label("Nội dung").fill("Mời bà con.")
    page.get_by_role("button", name="Lưu bản thảo").click()
    expect(page.locator("main")).to_contain_text("Đã lưu bản thảo.")


def test_each_voice_of_a_sentence_is_heard(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/{served.town.write(script='Câu một. Câu hai.')}")
    page.get_by_role("button", name="Nghe câu 2").click()
    expect(page.locator(".voices")).to_contain_text("Google đang lỗi: Không có mạng.")
    with page.expect_response(re.compile("nghe-thu")) as answer:
        page.get_by_role("button", name="eSpeak NG").click()
    assert answer.value.status == 200


def test_a_mark_goes_in_at_the_caret_or_around_what_is_selected_by_keyboard(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    script = page.get_by_label("Nội dung")
    script.fill("Gọi ABC ngay.")
    script.evaluate("(field) => field.setSelectionRange(4, 7)")
    page.locator(".marks summary").press("Enter")
    page.get_by_role("button", name=re.compile("^Đánh vần")).press("Enter")
    expect(script).to_have_value("Gọi [đánh vần: ABC] ngay.")
    expect(script).to_be_focused()
    expect(page.locator(".script-mark")).to_have_text("[đánh vần: ABC]")


@pytest.mark.parametrize(
    ("mark", "whole", "selected"),
    [
        ("Nghỉ", "Mời [nghỉ 2 giây]", "2"),
        ("Đánh vần", "Mời [đánh vần: …]", "…"),
        ("Đọc chậm", "Mời [chậm] … [hết chậm]", "…"),
        ("Chèn âm thanh", "Mời [chèn: …]", "…"),
        ("Đọc là", "Mời [đọc: … | …]", "…"),
    ],
)
def test_a_mark_brings_no_words_of_its_own_and_its_place_is_typed_over(
    served: Served, mark: str, whole: str, selected: str
) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    script = page.get_by_label("Nội dung")
    script.fill("Mời")
    script.press("Control+End")
    page.locator(".marks summary").press("Enter")
    page.get_by_role("button", name=re.compile(f"^{mark} ")).press("Enter")
    expect(script).to_have_value(whole)
    chosen = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert script.evaluate(chosen) == selected


def test_what_is_selected_is_written_and_how_it_is_read_is_typed(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    script = page.get_by_label("Nội dung")
    script.fill("Mời UBND phường.")
    script.evaluate("(field) => field.setSelectionRange(4, 8)")
    page.locator(".marks summary").press("Enter")
    page.get_by_role("button", name=re.compile("^Đọc là ")).press("Enter")
    expect(page.locator(".reading")).to_contain_text("[đọc: UBND | …]")
    expect(page.locator("#doc")).to_contain_text("chưa có chữ để đọc")
    page.keyboard.type("ủy ban")
    expect(script).to_have_value("Mời [đọc: UBND | ủy ban] phường.")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_a_refused_submission_opens_at_its_first_problem_with_the_sentence_in_sight(
    served: Served, width: int, height: int
) -> None:
    page = served.page(EDITOR, width, height)
    page.goto(f"{served.address}/ban-tin/moi")
    page.get_by_label("Tiêu đề").fill("Tin thử")
    page.get_by_label("Nội dung").fill("Kính thưa bà con.\n" * 30 + "[chèn: Nhạc hiệu]")
    page.get_by_role("button", name="Trình duyệt").click()
    page.wait_for_url(re.compile("/ban-tin/[0-9a-f]{8}"))
    told = page.get_by_role("alert").first
    expect(told).to_contain_text("Trong kho không có âm thanh «Nhạc hiệu»")
    expect(told).to_be_in_viewport()
    first = page.get_by_role("button", name=re.compile("^Sửa trong nội dung"))
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
    assert page.locator("#doc .faults").count() == 1
    look(page, "faults")
    first.press("Enter")
    page.keyboard.type("Hết.")
    expect(page.locator(".faults")).to_have_count(0)
    expect(page.get_by_label("Nội dung")).to_have_value(re.compile(r"con\.\nHết\.$"))


def test_a_long_script_is_sent_only_when_it_changed_and_drawn_where_it_changed(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.address}/ban-tin/moi")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/doc-thu") else None)
    script = page.get_by_label("Nội dung")
    script.fill((SCRIPT * 200)[: SCRIPT_LIMIT - 50].rstrip())
    expect(page.locator(".reading li").nth(200)).to_be_attached()
    page.locator(".reading li").first.evaluate("(line) => { line.dataset.kept = '1'; }")
    script.press("Control+End")
    script.type(" Hết rồi.")
    expect(page.locator(".reading")).to_contain_text("Hết rồi.")
    expect(page.locator(".reading li").first).to_have_attribute("data-kept", "1")
    script.dispatch_event("input")
    page.wait_for_timeout(700)
    assert len(asked) <= 3


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (375, 700)])
def test_the_lexicon_and_the_marks_are_open_to_all_and_fit_the_screen(served: Served, width: int, height: int) -> None:
    entry_id = served.town.services.lexicon.add(EDITOR, LexiconEntry("QXWZĐT", "quản lý trật tự đô thị"))
    served.town.write(script="Đội QXWZĐT.")
    page = served.page(EDITOR, width, height)
    for path in ("/tu-dien?q=uy", "/tu-dien", "/tu-dien/moi", f"/tu-dien/{entry_id}", f"/tu-dien/{entry_id}/bo"):
        page.goto(served.address + path)
        look(page, path)
    for path in ("/tu-dien/lich-su", "/tro-giup/dau"):
        page.goto(served.address + path)
        look(page, path)
