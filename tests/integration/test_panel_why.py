"""The why-page and the day to hear before it comes, in the panel."""

import html
import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from audio_library.codec import decode, encode_flac
from domain.audio import Clip, ClipKind, Loudness
from domain.machines import AiringOutcome
from domain.timetable import ItemKind, Programme, ProgrammeItem, Rule
from scheduler.desk import NewSession
from scheduler.planning import replan
from store import clips, plans, timetable
from tests.fakes_web import EDITOR, VIEWER, Panel, aired, busy_day, machine

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def text(town: Panel, path: str, user=VIEWER) -> str:
    answer = town.browser(user).get(path)
    assert answer.status_code == 200
    words = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(html.unescape(words).split())


def session(town: Panel, *moments: time, area: str = "tan-phong") -> str:
    bulletin_id = town.produced("Nộp hồ sơ tại nhà")
    wanted = NewSession("Buổi sáng", (bulletin_id,), frozenset({area}), moments, frozenset(range(1, 8)))
    return town.services.timetable.add(EDITOR, wanted)


def test_a_machine_and_a_moment_are_answered_with_the_rule(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(5, 30))
    shown = text(town, f"/lich/vi-sao?may={one.id}&luc=2026-11-24T05:30:00")
    assert "Lúc 05:30 ngày 24/11/2026, Máy chợ phát «Nộp hồ sơ tại nhà» trong «Buổi sáng»" in shown
    assert "Loại ngày ngày thường" in shown


def test_the_form_takes_day_and_time_as_people_write_them(town: Panel) -> None:
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(17, 0))
    assert "Lúc 17:00 ngày 24/11/2026, Máy chợ phát" in text(town, "/lich/vi-sao?ngay=24/11/2026&gio=17h")
    assert "Lúc 05:30 ngày 24/11/2026, Máy chợ không phát gì" in text(town, "/lich/vi-sao?ngay=24/11/2026&gio=05:30")


@pytest.mark.parametrize(
    "question",
    ["ngay=31/2/2026", "gio=25:00", "luc=hom-qua", "ngay=1/1/9999", "luc=0001-01-01T00:00:00", "may=khong-co"],
)
def test_a_question_that_makes_no_sense_gets_a_sentence_and_an_answer(town: Panel, question: str) -> None:
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    answer = town.browser(VIEWER).get(f"/lich/vi-sao?{question}")
    assert answer.status_code == 200
    assert 'class="note note-warn"' in answer.get_data(as_text=True)


def test_the_past_is_told_from_what_the_machine_reported(town: Panel) -> None:
    ids = busy_day(town)
    with town.database.read() as connection:
        start = datetime(2026, 11, 23, tzinfo=ZONE)
        slots = plans.slots(connection, start, start + timedelta(days=1), ids["machine"])
    played = next(one for one in slots if one.starts_at < town.clock.now() and not one.refusal)
    at = played.starts_at + timedelta(milliseconds=20)
    shown = text(town, f"/lich/vi-sao?may={played.machine_id}&luc={at.isoformat().replace('+', '%2B')}")
    assert f"phát «{played.items[0].title}», bắt đầu" in shown
    assert "trễ 7 ms" in shown
    assert "Máy đã báo trong ngày" in shown


def test_the_form_keeps_what_was_asked(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    page = town.browser(VIEWER).get(f"/lich/vi-sao?may={one.id}&ngay=24/11/2026&gio=05:30").get_data(as_text=True)
    assert f'<option value="{one.id}" selected>Máy chợ</option>' in page
    assert 'value="24/11/2026"' in page
    assert 'value="05:30"' in page
    assert f"/lich/nghe-truoc?may={one.id}&amp;ngay=2026-11-24" in page


def test_a_missed_session_says_why(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(9, 40))
    replan(town.database, town.clock.now())
    with town.database.read() as connection:
        (slot,) = plans.slots(connection, town.clock.now(), town.clock.now() + timedelta(hours=1), one.id)
    town.clock.go(timedelta(hours=1))
    aired(town, one, slot, AiringOutcome.MISSED, "mất tiếng")
    shown = text(town, f"/lich/vi-sao?may={one.id}&luc=2026-11-23T09:40:00")
    assert "lẽ ra phát «Nộp hồ sơ tại nhà» nhưng không phát: mất tiếng." in shown


def test_tomorrow_is_listed_with_the_minutes_used_and_left(town: Panel) -> None:
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(5, 30), time(17, 0))
    shown = text(town, "/lich/nghe-truoc")
    assert "Nghe trước Thứ ba, 24/11/2026" in shown
    assert "2 buổi sẽ phát" in shown
    assert "còn lại trong ngày" in shown


def test_one_session_is_heard_as_one_file_with_its_pause(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    sound = np.random.default_rng(5).integers(-9000, 9000, 48_000).astype("<i2")
    name = town.blobs.put(encode_flac(sound.tobytes()))
    second = timedelta(seconds=1)
    music = Clip(name, 10, "audio/flac", second, Loudness(-16, -2, 5), ClipKind.STING, "Nhạc", town.clock.now())
    item = ProgrammeItem(clip_hash=name, kind=ItemKind.CLIP, repeat=2, gap=2 * second)
    with town.database.write() as connection:
        clips.put(connection, music)
        timetable.put_programme(connection, Programme("p", "Nhạc sáng", (item,)))
        timetable.put_rule(connection, Rule("r", "p", frozenset({"tan-phong"}), (time(5, 30),), frozenset({2})))
    page = town.browser(VIEWER).get(f"/lich/nghe-truoc?may={one.id}&ngay=2026-11-24").get_data(as_text=True)
    (source,) = re.findall(r'<audio[^>]* src="([^"]+)"', page)
    with town.browser(VIEWER).get(html.unescape(source)) as answer:
        assert answer.mimetype == "audio/flac"
        heard = np.frombuffer(decode(answer.get_data()), dtype="<i2")
    assert np.array_equal(heard[:48_000], sound)
    assert not heard[48_000:144_000].any()
    assert np.array_equal(heard[144_000:], sound)
    with town.browser(VIEWER).get(html.unescape(source), headers={"Range": "bytes=0-3"}) as part:
        assert part.status_code == 206
        assert part.get_data() == b"fLaC"


def test_the_sound_needs_a_sign_in_and_a_session_that_exists(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    path = f"/lich/nghe-truoc/am-thanh?may={one.id}&ngay=2026-11-24&buoi=khong-co"
    assert town.visitor().get(path).status_code in {302, 303, 401}
    assert town.browser(VIEWER).get(path).status_code == 404


def test_the_timetable_links_to_both_pages(town: Panel) -> None:
    page = town.browser(VIEWER).get("/lich?area=san-thang").get_data(as_text=True)
    assert "/lich/vi-sao?may=dia-ban:san-thang" in html.unescape(page).replace("%3A", ":")
    assert "/lich/nghe-truoc?may=dia-ban:san-thang" in html.unescape(page).replace("%3A", ":")


def test_rules_of_other_places_are_folded_away(town: Panel) -> None:
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(5, 30), area="doan-ket")
    page = town.browser(VIEWER).get("/lich/vi-sao?luc=2026-11-24T05:30").get_data(as_text=True)
    assert "<summary>1 dòng lịch của ngày này dành cho nơi khác</summary>" in page
    assert "Dòng lịch dành cho Phường Đoàn Kết." in page


def test_a_past_day_lists_what_was_given_and_what_was_reported(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(9, 40))
    replan(town.database, town.clock.now())
    with town.database.read() as connection:
        (slot,) = plans.slots(connection, town.clock.now(), town.clock.now() + timedelta(hours=1), one.id)
    town.clock.go(timedelta(days=1))
    session(town, time(6, 15))
    aired(town, one, slot, AiringOutcome.MISSED, "mất tiếng")
    for where in (one.id, "dia-ban:san-thang"):
        shown = text(town, f"/lich/nghe-truoc?may={where}&ngay=2026-11-23")
        assert "1 buổi đã giao cho máy" in shown
        assert "09:40:00 — Nộp hồ sơ tại nhà Buổi sáng không phát mất tiếng" in shown
        assert "06:15" not in shown
    shown = text(town, "/lich/vi-sao?may=dia-ban:san-thang&luc=2026-11-23T09:40:00")
    assert "lẽ ra phát «Nộp hồ sơ tại nhà» nhưng không phát: mất tiếng." in shown


def test_a_day_of_which_nothing_is_kept_says_so(town: Panel) -> None:
    one = machine(town, "Máy chợ", "san-thang", b"1" * 32)
    session(town, time(5, 30))
    assert "không còn giữ lịch nào đã giao cho máy" in text(town, f"/lich/nghe-truoc?may={one.id}&ngay=2026-10-05")
    shown = text(town, "/lich/vi-sao?may=dia-ban:san-thang&luc=2026-10-05T05:30:00")
    assert "Không còn giữ lịch đã giao cho Bản San Thàng hôm đó" in shown
    week = text(town, "/lich?area=san-thang&day=2026-10-05")
    assert "Không còn giữ buổi nào đã giao cho máy ở đây trong các ngày 05/10/2026, 06/10/2026" in week
    assert "Nộp hồ sơ tại nhà" not in week.split("Dòng lịch")[0]
    assert "Không còn giữ" not in text(town, "/lich?area=san-thang&day=2026-11-30")
