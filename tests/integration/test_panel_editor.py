"""The editor's reading: doubts answered once or always, voices side by side, time of a session, marks as chips."""

import html
import io
import re
import time
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.audio import Clip, ClipKind, Loudness, SpokenAudio
from domain.bulletins import SCRIPT_LIMIT
from domain.errors import NoVoiceError
from domain.people import Role, User
from domain.ports import Progress
from domain.reading import SpokenText
from store import bulletins, clips, lexicon, people, station
from tests.fakes_web import APPROVER, EDITOR, SCRIPT, FakeSpeaker, Panel, busy_day, panel
from tts.lexicon import LexiconReader
from tts.reading.marks import MARKS
from web.context import EXTENSION
from web.services import PanelVoice

CONTRIBUTOR = User("user-ctv", "ctv", "Giàng A Sử", frozenset({Role.CONTRIBUTOR}))
DOUBT = {"script": "Gọi QWZX ngay.", "doubt_written": "QWZX", "doubt_spoken": "quỹ vì trẻ em"}


class SilentVoice:
    """A voice that cannot be reached."""

    def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
        """Refuse."""
        raise NoVoiceError("Chưa có giọng nào đọc được: không có mạng.")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path, reader=LexiconReader()) as one:
        with one.database.write() as connection:
            people.add(connection, CONTRIBUTOR)
        voices = (
            PanelVoice("gtts:vi", "Google", SilentVoice(), lambda: "Không có mạng"),
            PanelVoice("espeak:vi", "eSpeak NG", FakeSpeaker()),
        )
        one.app.extensions[EXTENSION] = replace(one.services, engines=voices)
        yield one


def _insert(town: Panel, title: str) -> None:
    """Put a sound that may be inserted on the shelf."""
    data = title.encode()
    loudness = Loudness(-16.0, -2.0, 4.0)
    with town.database.write() as connection:
        length, now = timedelta(seconds=3), town.clock.now()
        clip = Clip(town.blobs.put(data), len(data), "audio/flac", length, loudness, ClipKind.STING, title, now)
        clips.put(connection, clip)


def read(town: Panel, user: User = EDITOR, **fields: str) -> str:
    answer = town.post(user, "/ban-tin/doc-thu", **fields)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_reading_for_always_goes_into_the_sites_lexicon(town: Panel) -> None:
    text = read(town, **DOUBT, always="0")
    assert "Từ nay «QWZX» luôn đọc là «quỹ vì trẻ em»" in text
    assert 'class="changed">quỹ vì trẻ em <small>QWZX</small>' in text
    assert "chưa chắc" not in text
    with town.database.read() as connection:
        (entry,) = lexicon.everything(connection)
    assert (entry.reading.written, entry.changed_by) == ("QWZX", EDITOR.name)


def test_a_reading_for_always_says_what_it_does_and_is_taken_back(town: Panel) -> None:
    town.write(script="Gọi QWZX ngay.")
    text = read(town, **DOUBT, always="0")
    assert "1 câu trong bản tin chưa duyệt sẽ đọc khác đi" in text
    assert 'data-words="quỹ vì trẻ em"' in text
    kept = {"kept_written": "QWZX", "kept_spoken": "quỹ vì trẻ em", "kept_before": ""}
    assert "Hoàn tác" in read(town, script="Gõ tiếp.", **kept)
    assert "1 chỗ chưa chắc" in read(town, script=DOUBT["script"], **kept, take_back="1")
    with town.database.read() as connection:
        assert lexicon.everything(connection) == ()
    again = town.post(EDITOR, "/ban-tin/doc-thu", **kept, take_back="1")
    assert again.status_code == 422


def test_what_was_said_before_comes_back(town: Panel) -> None:
    town.services.lexicon.always(EDITOR, "QWZX", "quỹ")
    kept = town.services.lexicon.always(EDITOR, "QWZX", "quỹ vì trẻ em")
    assert kept.before == "quỹ"
    town.services.lexicon.take_back(EDITOR, "QWZX", "quỹ vì trẻ em", kept.before)
    assert "quỹ <small>QWZX" in read(town, script=DOUBT["script"])


def test_a_second_press_is_needed_where_an_approved_bulletin_would_be_read_otherwise(town: Panel) -> None:
    bulletin_id = town.write("Lịch của QWZX", "Gọi QWZX ngay.")
    with town.database.write() as connection:
        connection.exec_driver_sql("update bulletin set state = 'approved'")
    asked = read(town, **DOUBT, always="0")
    assert "2 câu trong 1 bản tin đã duyệt sẽ đọc khác đi" in asked
    assert "Vẫn luôn đọc thế này" in asked
    with town.database.read() as connection:
        assert lexicon.everything(connection) == ()
    seen = html.unescape(re.findall(r'name="always_seen" value="([^"]*)"', asked)[0])
    other = {**DOUBT, "doubt_spoken": "quỹ trẻ em"}
    assert "Vẫn luôn đọc thế này" in read(town, **other, always="0", always_seen=seen)
    done = read(town, **DOUBT, always="0", always_seen=seen)
    assert "Từ nay «QWZX» luôn đọc là «quỹ vì trẻ em»" in done
    assert "Bản tin đã duyệt giữ nguyên âm thanh" in done
    assert bulletin_id


def test_a_reading_for_once_stays_with_its_bulletin(town: Panel) -> None:
    text = read(town, **DOUBT, accept="0")
    assert 'name="written" value="QWZX"' in text
    with town.database.read() as connection:
        assert lexicon.everything(connection) == ()


def test_a_reading_that_cannot_be_said_is_refused_at_its_doubt(town: Panel) -> None:
    text = read(town, **{**DOUBT, "doubt_spoken": "quỹ 1-6"}, always="0")
    assert re.search(r'id="ngo-0-problem">.*không được có chữ số', text, re.DOTALL)
    assert 'value="quỹ 1-6"' in text


def test_always_works_without_a_script_in_the_browser(town: Panel) -> None:
    answer = town.post(EDITOR, "/ban-tin/moi", title="Tin đã gõ", **DOUBT, always="0")
    text = answer.get_data(as_text=True)
    assert "Từ nay «QWZX» luôn đọc là" in text
    assert "Tin đã gõ" in text


def test_a_contributor_answers_once_but_not_for_always(town: Panel) -> None:
    text = read(town, CONTRIBUTOR, script=DOUBT["script"])
    assert "Đọc thế này một lần" in text
    assert "Luôn đọc thế này" not in text
    assert town.post(CONTRIBUTOR, "/ban-tin/doc-thu", **DOUBT, always="0").status_code == 403
    with town.database.read() as connection:
        assert lexicon.everything(connection) == ()


@pytest.mark.parametrize("number", ["1", "-1", "x", "²", "99999999"])
def test_an_answer_to_no_doubt_is_no_answer(town: Panel, number: str) -> None:
    assert "1 chỗ chưa chắc" in read(town, **DOUBT, always=number)


def test_a_malformed_mark_is_told_and_cannot_be_answered(town: Panel) -> None:
    text = read(town, script="Mời [đọc lại 9 lần] bà con.")
    assert "1 dấu viết sai" in text
    assert "script-mark-bad" in text
    assert "chưa chắc" not in text
    assert "doubt_spoken" not in text


def test_a_malformed_mark_has_its_own_sentence_when_the_bulletin_is_submitted(town: Panel) -> None:
    answer = town.post(EDITOR, "/ban-tin/moi", title="Tin", script="Mời [nghĩ] QWZX.", action="submit")
    assert answer.status_code == 303
    page = town.browser(EDITOR).get(answer.location).get_data(as_text=True)
    assert "Có dấu viết sai: «[nghĩ]»" in page
    assert "có lẽ bạn muốn viết “nghỉ”" in page
    assert "1 chỗ chưa chắc" in page


def test_what_cannot_be_inserted_is_told_while_typing(town: Panel) -> None:
    _insert(town, "Nhạc hiệu đài")
    text = read(town, script="Kính thưa bà con. [chèn: Nhạc hiệu] Hết. [chèn: …] [chèn: Nhạc hiệu đài]")
    assert "2 dấu viết sai" in text
    assert "Trong kho không có âm thanh «Nhạc hiệu» để chèn. Có lẽ là «Nhạc hiệu đài»?" in text
    assert "chưa ghi tên âm thanh" in text
    assert text.count("script-mark-bad") == 2


def test_a_draft_whose_insert_is_missing_is_kept_once_however_often_the_page_is_loaded(town: Panel) -> None:
    fields = {"title": "Tin", "script": "Kính thưa. [chèn: Nhạc hiệu]", "action": "submit"}
    answer = town.post(EDITOR, "/ban-tin/moi", **fields)
    assert answer.status_code == 303
    page = town.browser(EDITOR).get(answer.location).get_data(as_text=True)
    assert "Đã lưu bản thảo. Trong kho không có âm thanh «Nhạc hiệu»" in page
    assert "Sửa bản tin" in page
    with town.database.read() as connection:
        assert sum(bulletins.counts(connection).values()) == 1


def test_a_second_presenter_is_doubted_only_when_the_first_healthy_voice_is_alone(town: Panel) -> None:
    dialogue = "[giọng 2] Thưa bác. [giọng 1] Sáng thứ hai."
    assert "script-mark-warn" in (text := read(town, script=dialogue))
    assert "giọng eSpeak NG chỉ có một người đọc" in text
    assert text.count("script-mark-warn") == 1
    google, espeak = town.app.extensions[EXTENSION].engines
    town.app.extensions[EXTENSION] = replace(town.services, engines=(google, replace(espeak, presenters=2)))
    assert "script-mark-warn" not in read(town, script=dialogue)


def test_the_voice_of_the_second_presenter_is_named_beside_the_text(town: Panel) -> None:
    assert "phần sau dấu" not in town.browser(EDITOR).get("/ban-tin/moi").get_data(as_text=True)
    piper = PanelVoice("piper:lan", "Piper lan", town.services.speaker, presenters=2, second="minh")
    town.app.extensions[EXTENSION] = replace(town.services, engines=(piper,))
    page = town.browser(EDITOR).get("/ban-tin/moi").get_data(as_text=True)
    assert "Piper lan: phần sau dấu [giọng 2] do giọng «minh» đọc." in page


def test_marks_are_chips(town: Panel) -> None:
    text = read(town, script="Gọi [đánh vần: QWZX] ngay. [nghỉ 2 giây] Xin cảm ơn.")
    assert '<span class="script-mark">[đánh vần: QWZX]</span> quy' in text
    assert '<span class="script-mark">[nghỉ 2 giây]</span>' in text
    assert "chưa chắc" not in text


def test_marks_are_offered_and_explained(town: Panel) -> None:
    page = town.browser(EDITOR).get("/ban-tin/moi").get_data(as_text=True)
    told = town.browser(EDITOR).get("/tro-giup/dau").get_data(as_text=True)
    for one in MARKS:
        assert f'data-insert="{one.example}"' in page
        assert one.explanation in told
    assert 'href="/tro-giup/dau"' in page


def test_the_time_left_of_a_session_is_told_and_too_much_is_marked(town: Panel) -> None:
    sentence = "Mời bà con đến nhà văn hóa họp.\n"
    assert re.search(r"còn 14:\d\d trong 15 phút của một buổi", read(town, script=sentence))
    assert 'class="over-limit"' in read(town, script=sentence * 400)
    with town.database.write() as connection:
        policy = replace(station.get(connection).policy, session_limit=timedelta(minutes=5))
        station.set_policy(connection, policy)
    assert re.search(r"còn 04:\d\d trong 5 phút", read(town, script=sentence))


def test_what_is_said_twice_takes_twice_the_time(town: Panel) -> None:
    once, twice = (
        re.search(r"khoảng (\d\d:\d\d)", read(town, script="Mời bà con đến nhà văn hóa họp lúc bảy giờ." + mark))
        for mark in ("", " [đọc lại]")
    )
    assert once is not None
    assert twice is not None
    assert twice[1] > once[1]


def test_a_sentence_is_heard_by_the_voice_that_was_asked_for(town: Panel) -> None:
    answer = town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.", sentence="0", engine="espeak:vi")
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getnframes() > 0
    assert town.speaker.asked == []
    gone = town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.", engine="khac")
    assert gone.status_code == 422
    silent = town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.", engine="gtts:vi")
    assert silent.status_code == 503
    assert "không có mạng" in silent.get_data(as_text=True)


def test_a_voice_that_cannot_speak_now_says_why(town: Panel) -> None:
    page = town.browser(EDITOR).get("/ban-tin/moi").get_data(as_text=True)
    assert "Google đang lỗi: Không có mạng." in page
    assert 'data-engine="espeak:vi"' in page


def test_the_longest_script_is_read_and_drawn_quickly(town: Panel) -> None:
    script = (SCRIPT * 200)[:SCRIPT_LIMIT]
    read(town, script=script)
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        read(town, script=script)
        spent.append(time.perf_counter() - started)
    print(f"20,000 characters: {min(spent) * 1000:.0f} ms")
    assert min(spent) < 1.0  # far above what it takes, for a slow machine that does much else


def test_of_many_doubts_the_first_are_shown_and_the_others_counted(town: Panel) -> None:
    names = (f"Q{one}{other}X" for one in "BCDGHKLM" for other in "BCDGHKLM")
    text = read(town, script=" ".join(names))
    assert "64 chỗ chưa chắc" in text
    assert text.count('name="doubt_spoken"') == 50
    assert "Còn 14 chỗ nữa" in text


def test_the_line_that_announces_a_bulletin_is_shown_with_its_doubts(town: Panel) -> None:
    text = read(town, title="Lịch của QWZX", script="Mời bà con đến họp.")
    assert re.search(r'class="opening" data-line="mo-0".*lời mở đầu.*Mời bà con nghe bản tin', text, re.DOTALL)
    assert 'name="doubt_written" value="QWZX"' in text
    answered = {"doubt_written": "QWZX", "doubt_spoken": "quỹ vì trẻ em", "accept": "0"}
    assert "chưa chắc" not in read(town, title="Lịch của QWZX", script="Mời bà con đến họp.", **answered)
    assert "opening" not in read(town, title=" ", script="Mời bà con đến họp.")


def test_the_name_of_the_station_is_settled_before_a_bulletin_is_submitted(town: Panel) -> None:
    with town.database.write() as connection:
        connection.exec_driver_sql("update station set name = 'Đài QWZX'")
    fields = {"title": "Lịch họp", "script": "Mời bà con đến họp.", "action": "submit"}
    refused = town.post(EDITOR, "/ban-tin/moi", **fields)
    page = town.browser(EDITOR).get(refused.location).get_data(as_text=True)
    assert "Lời mở đầu cũng được đọc lên, mà còn chỗ chưa chắc cách đọc: «QWZX»" in page
    answered = town.post(EDITOR, "/ban-tin/moi", **fields, written="QWZX", spoken="quỹ vì trẻ em")
    assert "Đã trình duyệt" in town.browser(EDITOR).get(answered.location).get_data(as_text=True)


def test_the_opening_is_heard_by_its_own_name_and_first_of_all(town: Panel) -> None:
    fields = {"title": "Lịch họp", "script": "Câu một. Câu hai."}
    for name, words in (("mo-0", "Đài truyền thanh"), ("1", "Câu hai."), ("", "Đài truyền thanh")):
        assert town.post(EDITOR, "/ban-tin/nghe-thu", **fields, sentence=name).status_code == 200
        assert town.speaker.asked[-1].startswith(words)
    for name in ("mo-9", "mo-", "mo-x", "9", "-1"):
        assert town.post(EDITOR, "/ban-tin/nghe-thu", **fields, sentence=name).status_code == 422


def test_a_script_is_measured_against_what_is_left_of_the_day(town: Panel) -> None:
    busy_day(town)
    with town.database.write() as connection:
        policy = replace(station.get(connection).policy, day_limit=timedelta(minutes=10))
        station.set_policy(connection, policy)
    sentence = "Mời bà con đến nhà văn hóa họp.\n"
    told = re.search(
        r"được phát 10 phút: hôm nay còn (\d\d:\d\d), ngày mai còn (\d\d:\d\d)", read(town, script=sentence)
    )
    assert told is not None
    assert told[1] < "10:00"
    assert "không đủ chỗ" not in read(town, script=sentence)
    assert "không đủ chỗ" in read(town, script=sentence * 200)
    waiting = town.submitted(script=sentence)
    assert "ngày mai còn" in town.browser(APPROVER).get(f"/ban-tin/{waiting}").get_data(as_text=True)


def test_a_bulletin_longer_than_a_session_is_submitted_only_by_a_tick(town: Panel) -> None:
    fields = {"title": "Bài dài", "script": "Mời bà con đến nhà văn hóa họp.\n" * 400, "action": "submit"}
    refused = town.post(EDITOR, "/ban-tin/moi", **fields)
    page = town.browser(EDITOR).get(refused.location).get_data(as_text=True)
    assert "Bản tin dài hơn một buổi phát khoảng" in page
    assert 'name="longer_ok"' in page
    taken = town.post(EDITOR, refused.location, version=1, longer_ok="1", **fields)
    assert "Đã trình duyệt" in town.browser(EDITOR).get(taken.location).get_data(as_text=True)
    assert "checked" in re.findall(r'name="longer_ok"[^>]*', read(town, longer_ok="1", **fields))[0]
    assert 'name="longer_ok"' not in read(town, script="Mời bà con đến họp.")


def test_what_stands_in_place_of_words_is_heard_too(town: Panel) -> None:
    _insert(town, "Nhạc hiệu")
    fields = {"script": "[chèn: Nhạc hiệu]\nCâu hai.\n[nghỉ 2 giây]"}
    sound = town.post(EDITOR, "/ban-tin/nghe-thu", **fields, sentence="0")
    assert (sound.status_code, sound.data) == (200, "Nhạc hiệu".encode())
    sound.close()
    missing = town.post(EDITOR, "/ban-tin/nghe-thu", script="[chèn: Nhạc]", sentence="0")
    assert missing.status_code == 422
    pause = town.post(EDITOR, "/ban-tin/nghe-thu", script="[chậm] … [hết chậm]", sentence="0")
    assert pause.data[:4] == b"RIFF"


def test_nobody_asks_for_more_than_ten_minutes_at_once_but_for_any_sentence(town: Panel) -> None:
    fields = {"title": "Bài dài", "script": "Mời bà con đến nhà văn hóa họp.\n" * 400}
    assert town.post(EDITOR, "/ban-tin/nghe-thu", **fields).status_code == 422
    assert town.post(EDITOR, "/ban-tin/nghe-thu", **fields, sentence="399").status_code == 200
