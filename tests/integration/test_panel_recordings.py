"""Recordings, presets, cancel and voices in the panel: what each person sees, may do, and is told."""

import io
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from werkzeug.test import TestResponse

from audio_library.codec import encode_flac
from bulletins.recordings import LARGEST_FILE, whole_key
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.jobs import JobState
from store import bulletins, clips, jobs, recordings
from store.bulletins import Draft
from tests.fakes_audio import tone
from tests.fakes_web import APPROVER, EDITOR, VIEWER, Panel, csrf, panel
from web.services import VoiceHealth

SCRIPT = "Kính thưa bà con.\nTừ nay làm việc buổi sáng.\n"
SOUND = encode_flac(tone(1.5, rate=48_000))


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def page(town: Panel, bulletin_id: str, user=EDITOR) -> str:
    answer = town.browser(user).get(f"/ban-tin/{bulletin_id}/thu-am")
    assert answer.status_code == 200
    return text(answer)


def key_of(town: Panel, bulletin_id: str, words: str) -> str:
    """Return the key in the form beside the sentence with `words`, as a browser would send it."""
    line = rf'<li id="cau-[^>]+>\s*<p>[^<]*{words}[^<]*</p>.*?name="key" value="([^"]+)"'
    found = re.search(line, page(town, bulletin_id), re.DOTALL)
    assert found is not None
    return found[1]


def send(town: Panel, bulletin_id: str, key: str, data: bytes = SOUND, user=EDITOR, version: int = 1) -> TestResponse:
    return town.post(
        user,
        f"/ban-tin/{bulletin_id}/thu-am",
        version=version,
        key=key,
        sound=(io.BytesIO(data), "ten tệp.flac", "audio/flac"),
    )


def told(town: Panel, answer: TestResponse, user=EDITOR) -> str:
    """Return the page that an answer leads to."""
    return text(town.browser(user).get(answer.location))


def held(town: Panel, bulletin_id: str) -> list[str]:
    with town.database.read() as connection:
        return [one.sentence for one in recordings.of_bulletin(connection, bulletin_id)]


def test_a_writer_records_a_sentence_and_the_approver_hears_it_before_saying_yes(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    answer = send(town, bulletin_id, key_of(town, bulletin_id, "buổi sáng"))
    assert answer.status_code == 303
    assert held(town, bulletin_id) == ["Từ nay làm việc buổi sáng."]
    town.services.desk.submit(EDITOR, bulletin_id)
    shown = page(town, bulletin_id, APPROVER)
    assert "Hãy nghe các bản thu này trước khi duyệt" in shown
    assert "1 trong" in shown
    assert 'type="file"' not in shown
    link = re.search(r'src="(/ban-tin/[^"]+/thu-am/[0-9a-f]+)"', shown)
    assert link is not None
    sound = town.browser(APPROVER).get(link[1])
    assert (sound.status_code, sound.mimetype, sound.data[:4]) == (200, "audio/flac", b"fLaC")
    part = town.browser(APPROVER).get(link[1], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"fLaC")
    for one in (sound, part):
        one.close()
    seal = re.search(r'name="seal" value="(\w+)"', shown)
    assert seal is not None
    assert town.post(APPROVER, f"/ban-tin/{bulletin_id}/duyet", version=1, seal="0" * 16).status_code == 409
    assert town.post(APPROVER, f"/ban-tin/{bulletin_id}/duyet", version=1, seal=seal[1]).status_code == 303


def test_only_the_page_for_recording_may_ask_for_the_microphone(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    for path, policy in (
        (f"/ban-tin/{bulletin_id}/thu-am", "microphone=(self)"),
        (f"/ban-tin/{bulletin_id}", "microphone=()"),
    ):
        assert policy in town.browser(EDITOR).get(path).headers["Permissions-Policy"]
    assert "recorder.js" in page(town, bulletin_id)
    assert "recorder.js" not in page(town, bulletin_id, VIEWER)


def test_an_edit_shows_what_it_dropped(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    send(town, bulletin_id, key_of(town, bulletin_id, "buổi sáng"))
    send(town, bulletin_id, whole_key(1))
    town.services.desk.revise(EDITOR, bulletin_id, 1, Draft("Giờ làm việc mới", SCRIPT.replace("sáng", "chiều")))
    shown = page(town, bulletin_id)
    assert "2 bản thu không còn dùng" in shown
    assert "«Từ nay làm việc buổi sáng.»" in shown
    assert "Bản thu cả bài của một phiên bản trước" in shown
    drop = re.search(r'action="(/ban-tin/[^"]+/bo)"', shown)
    assert drop is not None
    assert town.post(EDITOR, drop[1]).status_code == 303
    assert len(held(town, bulletin_id)) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Chỉ nhận tệp âm thanh"),
        (b"<html>" * 100, "Chỉ nhận tệp âm thanh"),
        (SOUND[:70], "hỏng"),
        (encode_flac(tone(0.2, rate=48_000)), "quá ngắn"),
        (encode_flac(bytes(96_000)), "không có tiếng"),
    ],
    ids=["nothing", "a page", "cut", "short", "silent"],
)
def test_a_useless_file_is_refused_in_words_and_the_one_before_stays(town: Panel, data: bytes, words: str) -> None:
    bulletin_id = town.write(script=SCRIPT)
    send(town, bulletin_id, key_of(town, bulletin_id, "buổi sáng"))
    answer = send(town, bulletin_id, key_of(town, bulletin_id, "buổi sáng"), data)
    assert answer.status_code == 303
    shown = told(town, answer)
    assert words in shown
    place = answer.location.partition("#cau-")[2]
    assert re.search(rf'id="cau-{place}".*<details open>.*id="loi-{place}">.*{words}', shown, re.DOTALL)
    assert held(town, bulletin_id) == ["Từ nay làm việc buổi sáng."]


def send_heavy(town: Panel, bulletin_id: str, data: bytes) -> TestResponse:
    """Post as `send` does, from a body in memory: the test client would spool one of this size to a file."""
    client = town.browser(EDITOR)
    fields = {"csrf_token": csrf(client, "/tai-khoan"), "version": "1", "key": whole_key(1)}
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    head = 'Content-Disposition: form-data; name="sound"; filename="a.flac"\r\n\r\n'
    body = "".join(f"--ranh\r\n{part}\r\n" for part in (*parts, head)).removesuffix("\r\n").encode()
    whole = body + data + b"\r\n--ranh--\r\n"
    kind = "multipart/form-data; boundary=ranh"
    return client.post(f"/ban-tin/{bulletin_id}/thu-am", data=whole, content_type=kind)


def test_a_file_that_is_too_heavy_is_refused_in_words_and_one_that_is_not_is_taken(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    for size in (LARGEST_FILE + 1, LARGEST_FILE + 1_000_000):
        answer = send_heavy(town, bulletin_id, bytes(size))
        assert answer.status_code == 303
        assert "nặng quá 20 MB" in told(town, answer)
    noise = np.random.default_rng(1).integers(-9000, 9000, 48_000 * 60, dtype="<i2").tobytes()
    heavy = encode_flac(noise)
    assert 4_200_000 < len(heavy) < LARGEST_FILE, "more than other forms may hold"
    assert send_heavy(town, bulletin_id, heavy).status_code == 303


def test_who_may_not_record_is_told_so(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    for user in (VIEWER, APPROVER):
        assert 'type="file"' not in page(town, bulletin_id, user)
        assert send(town, bulletin_id, whole_key(1), user=user).status_code == 403
    for key, version, words in (
        (whole_key(1), 7, "phiên bản khác"),
        ("f" * 64, 1, "vừa được sửa"),
        ("", 1, "vừa được sửa"),
        ("<b>", 1, "vừa được sửa"),
    ):
        answer = send(town, bulletin_id, key, version=version)
        assert answer.status_code == 303
        assert words in told(town, answer)
    nothing = town.post(EDITOR, f"/ban-tin/{bulletin_id}/thu-am", version=1, key=whole_key(1))
    assert "Chưa chọn tệp" in told(town, nothing)
    assert send(town, "khong-co", whole_key(1)).status_code == 404
    stranger = town.visitor()
    assert stranger.post(f"/ban-tin/{bulletin_id}/thu-am", data={"key": "x"}).status_code == 401
    without = town.browser(EDITOR).post(f"/ban-tin/{bulletin_id}/thu-am", data={"version": "1", "key": whole_key(1)})
    assert without.status_code == 400
    town.services.desk.submit(EDITOR, bulletin_id)
    answer = send(town, bulletin_id, whole_key(1))
    assert (answer.status_code, "đã trình duyệt" in told(town, answer)) == (303, True)
    assert held(town, bulletin_id) == []


def test_the_loudspeakers_are_chosen_before_approval_and_seen_by_the_approver(town: Panel) -> None:
    bulletin_id = town.write(script=SCRIPT)
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/loai-loa", preset="plain").status_code == 303
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/loai-loa", preset="hall").status_code == 303
    assert town.post(VIEWER, f"/ban-tin/{bulletin_id}/loai-loa", preset="horn").status_code == 403
    town.services.desk.submit(EDITOR, bulletin_id)
    assert re.search(r'value="plain" selected>Loa thường', page(town, bulletin_id, APPROVER))
    assert "Loa thường" in page(town, bulletin_id, VIEWER)
    assert 'name="preset"' not in page(town, bulletin_id, EDITOR)


def test_a_clip_shows_its_figures_its_preset_and_who_reads(town: Panel) -> None:
    bulletin_id = town.approved()
    for voice, words in (
        (VoiceStamp("recorded", "Lò Thị Mai", "1", backup=False), "người đọc: Lò Thị Mai"),
        (VoiceStamp("gtts", "vi", "1", backup=False, recorded=3), "Google và 3 câu do người đọc"),
    ):
        data = words.encode()
        loudness = Loudness(-16.1, -2.3, 4.2)
        clip = Clip(
            town.blobs.put(data),
            len(data),
            "audio/flac",
            timedelta(seconds=9),
            loudness,
            ClipKind.BULLETIN,
            "Tin",
            town.clock.now(),
            voice,
            "plain",
        )
        with town.database.write() as connection:
            clips.put(connection, clip)
            bulletins.attach_clip(connection, bulletin_id, 1, clip.hash)
        shown = page(town, bulletin_id)
        for part in (words, "−16,1 LUFS", "−2,3 dBTP", "4,2 LU", "Loa thường"):
            assert part in shown


def test_a_running_production_is_stopped_and_asked_for_again(town: Panel) -> None:
    bulletin_id = town.approved()
    with town.database.write() as connection:
        job = jobs.of_bulletin(connection, bulletin_id, 1)
        assert job is not None
        jobs.claim(connection, job.id, town.clock.now(), timedelta(seconds=90))
    piece = f"/ban-tin/{bulletin_id}/am-thanh"
    assert "Dừng làm âm thanh" in text(town.browser(EDITOR).get(piece))
    assert "Dừng làm âm thanh" not in text(town.browser(VIEWER).get(piece))
    assert town.post(VIEWER, f"/ban-tin/{bulletin_id}/dung").status_code == 403
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/dung").status_code == 303
    shown = text(town.browser(EDITOR).get(piece))
    assert "Đã dừng làm âm thanh" in shown
    assert "data-working" not in shown
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/dung").status_code == 409
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/lam-lai").status_code == 303
    with town.database.read() as connection:
        assert jobs.get(connection, job.id).state is JobState.QUEUED


def test_a_production_that_waits_for_another_try_says_when_and_shows_no_bar(town: Panel) -> None:
    bulletin_id = town.approved()
    with town.database.write() as connection:
        job = jobs.of_bulletin(connection, bulletin_id, 1)
        assert job is not None
        taken = jobs.claim(connection, job.id, town.clock.now(), timedelta(seconds=90))
        assert taken is not None
        jobs.progress(connection, taken, town.clock.now(), ("đọc", 3, 4))
        jobs.fail(connection, taken, "Không có mạng", town.clock.now() + timedelta(minutes=2))
    piece = f"/ban-tin/{bulletin_id}/am-thanh"
    waits = text(town.browser(EDITOR).get(piece))
    assert "Sẽ thử lại lúc 09:32" in waits
    assert "(lần 2/5)" in waits
    assert "Lần trước chưa xong: Không có mạng." in waits
    assert "<progress" not in waits
    town.clock.go(timedelta(minutes=3))
    assert "Sắp thử lại" in text(town.browser(EDITOR).get(piece))
    with town.database.write() as connection:
        assert jobs.claim(connection, job.id, town.clock.now(), timedelta(seconds=90)) is not None
    assert "<progress" in text(town.browser(EDITOR).get(piece))


def test_what_was_made_anew_is_shown_for_a_day(town: Panel) -> None:
    bulletin_id = town.produced("Lịch tiêm chủng")
    with town.database.write() as connection:
        one = bulletins.get(connection, bulletin_id)
        words = "làm lại bằng giọng Google, thay giọng dự phòng"
        bulletins.note_by_itself(connection, one, town.clock.now(), words)
    town.clock.go(timedelta(hours=11))
    today = text(town.browser(EDITOR).get("/"))
    assert f"Đã {words}: Lịch tiêm chủng" in today
    assert "Máy tự động" in page(town, bulletin_id)
    town.clients.clear()
    town.clock.go(timedelta(hours=14))
    assert words not in text(town.browser(EDITOR).get("/"))


def test_the_page_says_how_each_voice_is(tmp_path: Path) -> None:
    voices = (
        VoiceHealth("Google", False, False, "Không có mạng (từ 09:12 ngày 23/11/2026)."),
        VoiceHealth("eSpeak NG", True, True),
    )
    with panel(tmp_path, voices=voices) as town:
        shown = page(town, town.submitted())
        assert "giọng tốt nhất đang vắng" in shown
        assert shown.index("Google") < shown.index("eSpeak NG")
        assert "Không có mạng (từ 09:12 ngày 23/11/2026)." in shown
        assert "Giọng đọc Google tạm thời không dùng được" in text(town.browser(EDITOR).get("/"))
        assert csrf(town.browser(EDITOR), "/tai-khoan")
