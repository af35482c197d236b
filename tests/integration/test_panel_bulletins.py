"""Bulletins in the panel: write, see the reading, listen, submit, approve, and follow the sound."""

import io
import re
import wave
from datetime import timedelta
from pathlib import Path

import pytest

from domain.bulletins import SCRIPT_LIMIT, AcceptedReading, Bulletin, BulletinState
from store import bulletins, jobs
from tests.fakes_web import APPROVER, BOTH, EDITOR, VIEWER, Panel, csrf, panel


def stored(town: Panel, bulletin_id: str) -> Bulletin:
    with town.database.read() as connection:
        return bulletins.get(connection, bulletin_id)


def only(town: Panel) -> Bulletin:
    with town.database.read() as connection:
        (found,) = bulletins.newest(connection)
    return stored(town, found.id)


def test_a_new_bulletin_is_saved_and_opened_at_its_own_address(town: Panel) -> None:
    answer = town.post(
        EDITOR,
        "/ban-tin/moi",
        action="save",
        title="Lịch cấp nước",
        script="Ngày mai cấp nước.\r\nMời bà con chuẩn bị.",
        genre="thông báo",
        topic="dvc",
        valid_from="01/12/2026",
        valid_until="2026-12-31",
    )
    kept = only(town)
    assert answer.status_code == 303
    assert answer.location == f"/ban-tin/{kept.id}"
    assert (kept.title, kept.topic_id, kept.campaign_id) == ("Lịch cấp nước", "dvc", "cchc-2023")
    assert kept.script == "Ngày mai cấp nước.\nMời bà con chuẩn bị."
    assert (kept.valid_from.isoformat(), kept.valid_until.isoformat()) == ("2026-12-01", "2026-12-31")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "Hãy đặt tiêu đề"),
        ({"title": "d" * 201}, "Tiêu đề dài 201 ký tự"),
        ({"script": "  "}, "chưa có nội dung"),
        ({"script": "a" * (SCRIPT_LIMIT + 1)}, "tối đa 20.000 ký tự"),
        ({"valid_from": "31/02/2027"}, "không phải là ngày"),
        ({"valid_from": "02/01/2027", "valid_until": "01/01/2027"}, "Ngày hết hiệu lực"),
        ({"genre": "thơ"}, "Hãy chọn một thể loại"),
        ({"topic": "không-có"}, "Chủ đề này không còn"),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field_and_nothing_typed_is_lost(
    town: Panel, changed: dict[str, str], sentence: str
) -> None:
    typed = {"title": "Tiêu đề đã gõ", "script": "Nội dung đã gõ.", "valid_from": "", "genre": "tin", **changed}
    answer = town.post(EDITOR, "/ban-tin/moi", action="save", **typed)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in text
    assert 'aria-invalid="true"' in text
    assert typed["title"] in text
    assert typed["script"] in text
    with town.database.read() as connection:
        assert not bulletins.newest(connection)


def test_saving_what_did_not_change_makes_no_version_and_no_author(town: Panel) -> None:
    bulletin_id = town.write("Tin", "Một câu.")
    answer = town.post(BOTH, f"/ban-tin/{bulletin_id}", action="submit", title="Tin", script="Một câu.", version="1")
    kept = stored(town, bulletin_id)
    assert answer.status_code == 303
    assert (kept.version, kept.author_ids, kept.state) == (1, {EDITOR.id}, BulletinState.SUBMITTED)


def test_two_who_edit_at_once_lose_nothing(town: Panel) -> None:
    bulletin_id = town.write("Tin", "Một câu.")
    town.post(BOTH, f"/ban-tin/{bulletin_id}", action="save", title="Tin", script="Bản của Phủ.", version="1")
    answer = town.post(
        EDITOR, f"/ban-tin/{bulletin_id}", action="save", title="Tin", script="Bản của Mai.", version="1"
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Bản của Mai." in text
    assert "Mở bản mới nhất" in text
    assert stored(town, bulletin_id).script == "Bản của Phủ."


def test_the_reading_marks_what_changes_and_asks_about_what_is_in_doubt(town: Panel) -> None:
    text = town.post(EDITOR, "/ban-tin/doc-thu", script="Về CCHC.\nGọi QWZX ngay.").get_data(as_text=True)
    assert re.search(r'class="changed">cải cách hành chính <small>CCHC</small>', text)
    assert "1 chỗ chưa chắc cách đọc" in text
    assert 'value="Q W Z X"' in text
    assert "<html" not in text


def test_a_script_in_doubt_is_kept_but_not_submitted(town: Panel) -> None:
    answer = town.post(EDITOR, "/ban-tin/moi", action="submit", title="Tin", script="Gọi QWZX ngay.")
    kept = only(town)
    assert kept.state is BulletinState.DRAFT
    page = town.browser(EDITOR).get(answer.location).get_data(as_text=True)
    assert "Đã lưu bản thảo. Còn 1 chỗ chưa chắc cách đọc: «QWZX»" in page


def test_a_doubt_is_settled_without_a_script_in_the_browser(town: Panel) -> None:
    shown = town.post(
        EDITOR,
        "/ban-tin/moi",
        title="Tin",
        script="Gọi QWZX ngay.",
        doubt_written="QWZX",
        doubt_spoken="số của phòng",
        accept="0",
    ).get_data(as_text=True)
    assert 'name="spoken" value="số của phòng"' in shown
    assert "chưa chắc cách đọc" not in shown
    saved = town.post(
        EDITOR,
        "/ban-tin/moi",
        action="submit",
        title="Tin",
        script="Gọi QWZX ngay.",
        written="QWZX",
        spoken="số của phòng",
    )
    assert saved.status_code == 303
    assert only(town).state is BulletinState.SUBMITTED
    assert only(town).readings == (AcceptedReading("QWZX", "số của phòng"),)


def test_a_confirmed_reading_can_be_taken_back(town: Panel) -> None:
    text = town.post(EDITOR, "/ban-tin/doc-thu", script="Gọi QWZX.", written="QWZX", spoken="số", drop="QWZX").get_data(
        as_text=True
    )
    assert "1 chỗ chưa chắc cách đọc" in text


def test_a_text_of_more_than_ten_minutes_is_heard_by_sentences_only(town: Panel) -> None:
    script = "Mời bà con đến họp.\n" * 400
    whole = town.post(EDITOR, "/ban-tin/nghe-thu", script=script)
    assert whole.status_code == 422
    assert "nghe từng câu" in whole.get_data(as_text=True)
    assert town.post(EDITOR, "/ban-tin/nghe-thu", script=script, sentence="399").status_code == 200


def test_a_sentence_or_the_whole_text_can_be_heard_before_approval(town: Panel) -> None:
    whole = town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.\nCâu hai dài hơn nhiều.")
    second = town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.\nCâu hai dài hơn nhiều.", sentence="1")
    assert whole.mimetype == second.mimetype == "audio/wav"
    lengths = []
    for answer in (whole, second):
        with wave.open(io.BytesIO(answer.data)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
            lengths.append(file.getnframes())
    assert lengths[0] > lengths[1] > 400 * 5
    assert town.speaker.asked[-1] == "Câu hai dài hơn nhiều."


@pytest.mark.parametrize(
    "fields", [{"script": ""}, {"script": "…"}, {"script": "Câu.", "sentence": "7"}, {"sentence": "x"}]
)
def test_nothing_to_hear_is_said_in_a_sentence(town: Panel, fields: dict[str, str]) -> None:
    client = town.browser(EDITOR)
    data = {"csrf_token": csrf(client, "/tai-khoan"), **fields}
    answer = client.post("/ban-tin/nghe-thu", data=data, headers={"TL-Fragment": "1"})
    assert answer.status_code == 422
    assert answer.get_json()["error"].startswith(("Chưa có chữ", "Không có câu"))


def test_a_backup_voice_is_named_when_listening(tmp_path: Path) -> None:
    with panel(tmp_path, backup=True) as town:
        assert town.post(EDITOR, "/ban-tin/nghe-thu", script="Câu một.").headers["TL-Voice"] == "backup"


def test_the_author_is_told_why_they_cannot_approve(town: Panel) -> None:
    bulletin_id = town.services.desk.write(BOTH, bulletins.Draft("Tin", "Một câu."))
    town.services.desk.submit(BOTH, bulletin_id)
    page = town.browser(BOTH).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert "Bạn là người viết nên không tự duyệt được" in page
    assert "Duyệt bản tin này" not in page
    answer = town.post(BOTH, f"/ban-tin/{bulletin_id}/duyet", version="1")
    assert answer.status_code == 403
    assert "Người viết không được tự duyệt" in answer.get_data(as_text=True)
    assert stored(town, bulletin_id).state is BulletinState.SUBMITTED


def test_another_person_approves_what_they_read_and_production_begins(town: Panel) -> None:
    bulletin_id = town.submitted()
    page = town.browser(APPROVER).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert "Duyệt bản tin này" in page
    assert "Nghe thử cả bài" in page
    answer = town.post(APPROVER, f"/ban-tin/{bulletin_id}/duyet", version="1", backup_voice_ok="1")
    kept = stored(town, bulletin_id)
    assert answer.status_code == 303
    assert (kept.state, kept.approved_by, kept.backup_voice_ok_by) == (BulletinState.APPROVED, APPROVER.id, APPROVER.id)
    assert len(town.bell.rung) == 1


def test_approving_another_version_than_the_one_read_is_refused(town: Panel) -> None:
    bulletin_id = town.submitted()
    assert town.post(APPROVER, f"/ban-tin/{bulletin_id}/duyet", version="9").status_code == 409
    assert town.post(APPROVER, f"/ban-tin/{bulletin_id}/duyet").status_code == 422
    assert stored(town, bulletin_id).state is BulletinState.SUBMITTED


def test_returning_needs_a_note_which_the_author_then_reads(town: Panel) -> None:
    bulletin_id = town.submitted()
    refused = town.post(APPROVER, f"/ban-tin/{bulletin_id}/tra-lai", version="1", note="  ")
    assert refused.status_code == 422
    assert "Hãy ghi lý do trả lại" in refused.get_data(as_text=True)
    town.post(APPROVER, f"/ban-tin/{bulletin_id}/tra-lai", version="1", note="Thiếu số <điện thoại>")
    page = town.browser(EDITOR).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert "Thiếu số &lt;điện thoại&gt;" in page
    assert "Bị trả lại" in town.browser(EDITOR).get("/").get_data(as_text=True)


def test_progress_is_a_bar_that_moves_and_a_304_while_it_does_not(town: Panel) -> None:
    bulletin_id = town.approved()
    client, path = town.browser(APPROVER), f"/ban-tin/{bulletin_id}/am-thanh"
    waiting = client.get(path)
    assert "Đang chờ máy làm âm thanh" in waiting.get_data(as_text=True)
    assert "data-working" in waiting.get_data(as_text=True)
    assert client.get(path, headers={"If-None-Match": waiting.headers["ETag"]}).status_code == 304
    with town.database.write() as connection:
        job = jobs.claim(connection, town.bell.rung[0], town.clock.now(), timedelta(seconds=90))
        jobs.progress(connection, job, town.clock.now() + timedelta(seconds=90), ("đọc thành tiếng", 3, 8))
    moved = client.get(path, headers={"If-None-Match": waiting.headers["ETag"]})
    assert moved.status_code == 200
    assert re.search(r'<progress[^>]*max="8" value="3"', moved.get_data(as_text=True))


def test_a_failed_production_says_why_and_can_be_tried_again(town: Panel) -> None:
    bulletin_id = town.approved()
    with town.database.write() as connection:
        job = jobs.claim(connection, town.bell.rung[0], town.clock.now(), timedelta(seconds=90))
        jobs.fail(connection, job, "Chưa có giọng nào đọc được.", None)
    assert "Chưa có giọng nào đọc được." in town.browser(EDITOR).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert "Chưa làm được âm thanh" in town.browser(EDITOR).get("/").get_data(as_text=True)
    assert "Làm lại" not in town.browser(VIEWER).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/lam-lai").status_code == 303
    assert len(town.bell.rung) == 2


def test_the_finished_sound_is_shown_with_its_figures_and_its_voice(town: Panel) -> None:
    page = town.browser(EDITOR).get(f"/ban-tin/{town.produced()}").get_data(as_text=True)
    for words in ("<audio controls", "01:35", "−16,0 LUFS", "−2,1 dBTP", "Google", "Xếp lịch"):
        assert words in page
    assert "data-working>" not in page


def test_a_backup_voice_waits_for_an_approvers_yes(town: Panel) -> None:
    bulletin_id = town.produced(backup=True)
    path = f"/ban-tin/{bulletin_id}"
    assert "Google: không có mạng" in town.browser(EDITOR).get(path).get_data(as_text=True)
    assert "Đồng ý cho phát</button>" not in town.browser(EDITOR).get(path).get_data(as_text=True)
    assert "Giọng dự phòng chờ đồng ý" in town.browser(APPROVER).get("/").get_data(as_text=True)
    assert "giọng dự phòng chờ đồng ý" in town.browser(APPROVER).get("/ban-tin").get_data(as_text=True)
    assert town.post(EDITOR, f"{path}/giong-du-phong").status_code == 403
    assert town.post(APPROVER, f"{path}/giong-du-phong").status_code == 303
    assert f"{APPROVER.name} đã đồng ý cho phát" in town.browser(EDITOR).get(path).get_data(as_text=True)


def test_a_withdrawn_bulletin_is_read_but_no_longer_changed(town: Panel) -> None:
    bulletin_id = town.produced()
    assert town.post(VIEWER, f"/ban-tin/{bulletin_id}/thu-hoi").status_code == 403
    assert town.post(EDITOR, f"/ban-tin/{bulletin_id}/thu-hoi", note="Sai ngày").status_code == 303
    page = town.browser(EDITOR).get(f"/ban-tin/{bulletin_id}").get_data(as_text=True)
    assert "thu hồi" in page
    assert 'id="soan"' not in page


def test_titles_are_found_without_tone_marks_and_by_state(town: Panel) -> None:
    town.write("Đường dây nóng")
    town.submitted("Lịch cấp nước")
    client = town.browser(VIEWER)
    found = client.get("/ban-tin?q=duong+DAY").get_data(as_text=True)
    assert "Đường dây nóng" in found
    assert "Lịch cấp nước" not in found
    waiting = client.get("/ban-tin?state=submitted").get_data(as_text=True)
    assert "Lịch cấp nước" in waiting
    assert "Đường dây nóng" not in waiting
    assert client.get("/ban-tin?state=bay").status_code == 404
    assert "Không có bản tin nào như vậy" in client.get("/ban-tin?q=zzz").get_data(as_text=True)


@pytest.mark.parametrize(("many", "told"), [(4, None), (7, "Còn 3 bản tin khác"), (21, "Còn nhiều bản tin khác")])
def test_a_pile_of_reviews_does_not_bury_the_rest_of_today(many: int, told: str | None, town: Panel) -> None:
    for number in range(many):
        town.submitted(f"Bản tin {number}")
    page = town.browser(APPROVER).get("/").get_data(as_text=True)
    assert len(re.findall(r'matter-title">Chờ duyệt: ', page)) == 4
    assert ("bản tin khác chờ duyệt" in page) == (told is not None)
    if told:
        assert told in page
        assert 'href="/ban-tin?state=submitted"' in page


def test_a_long_list_comes_in_pages(town: Panel) -> None:
    for number in range(31):
        town.write(f"Tin số {number}")
    client = town.browser(VIEWER)
    assert client.get("/ban-tin").get_data(as_text=True).count('class="row-card"') == 30
    assert client.get("/ban-tin?page=2").get_data(as_text=True).count('class="row-card"') == 1
    assert client.get("/ban-tin?page=-5").status_code == 200
    assert client.get("/ban-tin?page=9999").get_data(as_text=True).count('class="row-card"') == 1


def test_a_clip_is_served_in_ranges_to_people_who_are_signed_in(town: Panel) -> None:
    clip_hash = stored(town, town.produced()).clip_hash
    path = f"/kho/{clip_hash}"
    assert town.visitor().get(path).status_code == 303
    client = town.browser(VIEWER)
    whole = client.get(path, buffered=True)
    assert whole.mimetype == "audio/mpeg"
    assert "immutable" in whole.headers["Cache-Control"]
    part = client.get(path, headers={"Range": "bytes=2-5"}, buffered=True)
    assert part.status_code == 206
    assert part.data == whole.data[2:6]
    same = client.get(path, headers={"If-None-Match": whole.headers["ETag"]}, buffered=True)
    assert same.status_code == 304
    assert client.get(path, headers={"Range": "bytes=999999-"}, buffered=True).status_code == 416
    for strange in ("a" * 64, "..%2F..%2Fetc%2Fpasswd", "x"):
        assert client.get(f"/kho/{strange}").status_code == 404


def test_unknown_bulletins_and_foreign_hands_get_a_sentence(town: Panel) -> None:
    assert town.browser(EDITOR).get("/ban-tin/khong-co").status_code == 404
    assert town.post(EDITOR, "/ban-tin/khong-co", action="save", title="a", script="b").status_code == 404
    assert town.post(VIEWER, f"/ban-tin/{town.write()}", action="save", title="a", script="b").status_code == 403
