"""The lexicon in the panel: search, listen, see the effect, save; viewers only look."""

import io
import re
import wave

import pytest

from domain.reading import LexiconEntry
from store import lexicon
from tests.fakes_web import ADMIN, EDITOR, VIEWER, Panel

FIELDS = {"written": "QWZX", "spoken": "quỹ vì trẻ em"}


def entries(town: Panel) -> tuple[lexicon.SiteEntry, ...]:
    with town.database.read() as connection:
        return lexicon.everything(connection)


def seen(text: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', text)
    assert found is not None
    return found[1]


def test_an_entry_is_saved_only_after_its_effect_was_shown(town: Panel) -> None:
    town.write("Tin về quỹ", "Hỏi QWZX nhé.")
    first = town.post(EDITOR, "/tu-dien/moi", action="save", **FIELDS).get_data(as_text=True)
    assert entries(town) == ()
    assert "Tin về quỹ" in first
    assert "<del>Hỏi Q W Z X nhé.</del>" in first
    assert "<ins>Hỏi quỹ vì trẻ em nhé.</ins>" in first
    done = town.post(EDITOR, "/tu-dien/moi", action="save", seen=seen(first), **FIELDS)
    assert done.status_code == 303
    (entry,) = entries(town)
    assert (entry.reading.written, entry.reading.spoken, entry.changed_by) == (*FIELDS.values(), EDITOR.name)


def test_what_changed_after_its_effect_was_shown_is_shown_again(town: Panel) -> None:
    first = town.post(EDITOR, "/tu-dien/moi", action="check", **FIELDS).get_data(as_text=True)
    other = {**FIELDS, "spoken": "quỹ khác"}
    again = town.post(EDITOR, "/tu-dien/moi", action="save", seen=seen(first), **other)
    assert again.status_code == 200
    assert entries(town) == ()


def test_approved_bulletins_are_said_to_keep_their_sound(town: Panel) -> None:
    town.approved("Giờ làm việc mới")
    text = town.post(EDITOR, "/tu-dien/moi", written="buổi", spoken="buổi buổi").get_data(as_text=True)
    assert "Bản tin đã duyệt giữ nguyên âm thanh đang có" in text


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"written": ""}, "written", "Hãy ghi từ như trong văn bản"),
        ({"written": "A" * 121}, "written", "tối đa 120 ký tự"),
        ({"spoken": ""}, "spoken", "Hãy ghi cách đọc"),
        ({"spoken": "số 5"}, "spoken", "không được có chữ số"),
        ({"spoken": "đội ABC"}, "spoken", "chữ viết tắt «ABC»"),
        ({"note": "d" * 301}, "note", "Ghi chú dài 301 ký tự"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(
    town: Panel, fields: dict[str, str], name: str, sentence: str
) -> None:
    answer = town.post(EDITOR, "/tu-dien/moi", action="check", **{**FIELDS, **fields})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(rf'id="{name}-problem">.*{re.escape(sentence)}', text, re.DOTALL)
    assert (fields.get("written", "QWZX") or "name") in text
    assert entries(town) == ()


def test_a_word_that_is_there_already_is_pointed_to(town: Panel) -> None:
    town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    answer = town.post(EDITOR, "/tu-dien/moi", action="check", **FIELDS)
    assert answer.status_code == 422
    assert "«QWZX» đã có trong từ điển" in answer.get_data(as_text=True)


def test_an_entry_is_changed_and_taken_away_and_its_history_stays(town: Panel) -> None:
    town.write("Tin", "Hỏi QWZX nhé.")
    entry_id = town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    path = f"/tu-dien/{entry_id}"
    assert 'value="quỹ vì trẻ em"' in town.browser(ADMIN).get(path).get_data(as_text=True)
    changed = {**FIELDS, "spoken": "quỹ trẻ em"}
    first = town.post(ADMIN, path, action="check", **changed).get_data(as_text=True)
    assert town.post(ADMIN, path, action="save", seen=seen(first), **changed).status_code == 303
    ask = town.browser(ADMIN).get(f"{path}/bo").get_data(as_text=True)
    assert "<ins>Hỏi Q W Z X nhé.</ins>" in ask
    assert town.post(ADMIN, f"{path}/bo").status_code == 303
    assert entries(town) == ()
    told = town.browser(VIEWER).get("/tu-dien/lich-su?written=QWZX").get_data(as_text=True)
    assert [told.count(word) for word in ("quỹ trẻ em", "quỹ vì trẻ em", ADMIN.name)] == [1, 1, 2]


def test_words_are_found_without_tone_marks_in_both_lexicons(town: Panel) -> None:
    town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    town.services.lexicon.add(EDITOR, LexiconEntry("KHÁC", "thứ khác"))
    text = town.browser(VIEWER).get("/tu-dien?q=quy vi tre").get_data(as_text=True)
    assert "QWZX" in text
    assert "thứ khác" not in text
    text = town.browser(VIEWER).get("/tu-dien?q=uy ban nhan dan").get_data(as_text=True)
    assert "<strong>UBND</strong> → ủy ban nhân dân" in text
    assert "Không có từ nào của đài như vậy." in text


def test_a_viewer_reads_and_changes_nothing(town: Panel) -> None:
    entry_id = town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    text = town.browser(VIEWER).get("/tu-dien").get_data(as_text=True)
    assert "QWZX" in text
    assert "Thêm từ" not in text
    assert "Sửa" not in text
    for path in ("/tu-dien/moi", f"/tu-dien/{entry_id}", f"/tu-dien/{entry_id}/bo"):
        assert town.browser(VIEWER).get(path).status_code == 403
        assert town.post(VIEWER, path, action="save", **FIELDS).status_code == 403
    assert len(entries(town)) == 1


def test_a_change_needs_the_forms_own_token(town: Panel) -> None:
    entry_id = town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    assert town.browser(EDITOR).post("/tu-dien/moi", data={"action": "check", **FIELDS}).status_code == 400
    assert town.browser(EDITOR).post(f"/tu-dien/{entry_id}/bo").status_code == 400
    assert len(entries(town)) == 1


def test_the_spoken_form_is_heard_before_it_is_saved(town: Panel) -> None:
    answer = town.post(EDITOR, "/tu-dien/nghe", spoken="quỹ vì trẻ em")
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getnframes() > 0
    assert town.speaker.asked == ["quỹ vì trẻ em"]
    assert town.post(EDITOR, "/tu-dien/nghe", spoken=" ").status_code == 422
    assert town.post(EDITOR, "/tu-dien/nghe", spoken="a" * 301).status_code == 422


def test_an_entry_that_is_gone_is_told_in_a_sentence(town: Panel) -> None:
    answer = town.browser(EDITOR).get("/tu-dien/khong-co")
    assert answer.status_code == 404
    assert "không còn trong từ điển" in answer.get_data(as_text=True)


def test_a_new_entry_is_used_at_once_by_the_editor(town: Panel) -> None:
    town.services.lexicon.add(EDITOR, LexiconEntry(*FIELDS.values()))
    text = town.post(EDITOR, "/ban-tin/doc-thu", script="Hỏi QWZX nhé.").get_data(as_text=True)
    assert "quỹ vì trẻ em <small>QWZX</small>" in text
