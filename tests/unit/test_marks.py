"""Script marks, one by one: what each does, and what is said about those that cannot be obeyed."""

import pytest

from domain.reading import FlagKind, SpokenText, Token
from tts.lexicon import LexiconReader
from tts.reading import marks
from tts.reading.marks import MARKS

READER = LexiconReader()


def read(script: str) -> SpokenText:
    return READER.read(script)


def mark_of(script: str) -> Token:
    (token,) = [token for token in read(script).tokens if token.rule.startswith("mark")]
    return token


def said(script: str) -> list[tuple[str, int]]:
    return [(one.spoken, one.pause_ms) for one in read(script).sentences if one.spoken or one.pause_ms]


@pytest.mark.parametrize(
    ("mark", "pause_ms"),
    [
        ("[nghỉ]", 1000),
        ("[nghỉ 2 giây]", 2000),
        ("[nghỉ 1,5 giây]", 1500),
        ("[nghỉ 0.2 giây]", 200),
        ("[nghỉ 10 giây]", 10_000),
        ("[nghỉ: 3]", 3000),
        ("[ NGHỈ  2giây ]", 2000),
        ("[nghi 2 giay]", 2000),
        ("[Nghỉ\u00a02\u200b giây]", 2000),
        ("［nghỉ 2s］", 2000),
        ("[nghi\u0309 2 gia\u0302y]", 2000),
        ("[nghỉ] [nghỉ 2 giây]", 3000),
    ],
)
def test_a_pause_lasts_exactly_as_long_as_written(mark: str, pause_ms: int) -> None:
    assert sum(pause for _line, pause in said(f"Kính thưa bà con! {mark} Sau đây là tin.")[:-1]) == pause_ms
    assert sum(pause for _line, pause in said(f"Kính thưa bà con!\n{mark}\nSau đây là tin.")[:-1]) == pause_ms
    assert sum(pause for _line, pause in said(f"Kính thưa {mark} bà con.")[:-1]) == pause_ms
    assert not read(f"Kính thưa {mark} bà con.").flagged


def test_a_pause_may_open_a_script_and_close_it() -> None:
    assert said("[nghỉ 3 giây] Xin chào. [nghỉ]") == [("", 3000), ("Xin chào.", 1000)]


@pytest.mark.parametrize(
    ("mark", "times"), [("[đọc lại]", 2), ("[đọc lại 2 lần]", 3), ("[Doc lai 3 lan]", 4), ("[đọclại: 1]", 2)]
)
def test_the_sentence_before_is_said_again(mark: str, times: int) -> None:
    text = read(f"Xin chào. Số máy là 113. {mark} Cảm ơn.")
    assert [one.times for one in text.sentences] == [1, times, 1]
    assert [one.times for one in read(f"Gọi 113.\n{mark}\nCảm ơn.").sentences] == [times, 1]
    assert text.syllables == 2 + 6 * times + 2


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("UBND", "u, bê, en, đê"),
        ("H12", "hát, một, hai"),
        ("Lèng", "e lờ, e huyền, en, giê"),
        ("a-b/1", "a, gạch ngang, bê, gạch chéo, một"),
        ("đ ơ", "đê, ơ"),
    ],
)
def test_spelling_names_each_letter_tone_digit_and_sign(written: str, spoken: str) -> None:
    assert mark_of(f"Mã [đánh vần: {written}] nhé.").spoken == spoken
    assert mark_of(f"Mã [Danh van:{written}] nhé.").spoken == spoken


def test_slow_words_are_a_breath_of_their_own() -> None:
    text = read("Xin gọi [chậm] 0912 345 678 [hết chậm] để hỏi.")
    assert [one.slower for one in text.sentences] == [False, True, False]
    assert not text.flagged


def test_presenters_hold_until_the_next_switch_and_across_lines() -> None:
    text = read("Chào bác. [giọng 2] Chào anh. Vâng.\nDạ. [giọng 1] Cảm ơn.")
    assert [one.presenter for one in text.sentences] == [1, 2, 2, 2, 1]
    assert len(read("Chào [giọng 1] bác.").sentences) == 1


def test_a_point_behind_a_switch_is_still_the_head_of_its_line() -> None:
    assert read("[giọng 2] 1. Nội dung.").spoken == "một, Nội dung."
    assert read("[giọng 2] - Chào bác.").spoken == "Chào bác."


def test_an_insert_is_a_sentence_of_its_own_without_words() -> None:
    text = read("Xin chào. [chèn: Nhạc hiệu] Sau đây là tin.")
    assert [(one.spoken, one.clip) for one in text.sentences] == [
        ("Xin chào.", ""),
        ("", "Nhạc hiệu"),
        ("Sau đây là tin.", ""),
    ]


def test_a_given_reading_holds_in_its_place_alone() -> None:
    text = read("Kế hoạch [đọc: 69/KH | sáu chín ca hát] và 69/KH-UBND.")
    assert text.spoken == "Kế hoạch sáu chín ca hát và sáu mươi chín, kế hoạch, ủy ban nhân dân."
    assert read("[đọc: X | 5 người.]").spoken == "năm người"
    assert read("[đọc: X | QWZX]").flagged[0].flags[0].kind is FlagKind.UNKNOWN_ABBREVIATION


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("[nghĩ]", "có lẽ bạn muốn viết “nghỉ”"),
        ("[nghị 2 giây]", "có lẽ bạn muốn viết “nghỉ”"),
        ("[ngi 2 giây]", "có lẽ bạn muốn viết “nghỉ”"),
        ("[nghỉ 50 giây]", "từ 0,2 đến 10 giây"),
        ("[nghỉ 0 giây]", "từ 0,2 đến 10 giây"),
        ("[nghỉ hai giây]", "viết chưa đúng mẫu"),
        ("[nghỉ 2 phút]", "viết chưa đúng mẫu"),
        ("[nghỉ", "thiếu dấu ] ở cuối"),
        ("[đọc lại]", "ngay sau câu"),
        ("Gọi 113. [đọc lại 4 lần]", "từ 1 đến 3 lần"),
        ("[chèn: A] [giọng 2] [đọc lại]", "ngay sau câu"),
        ("[đánh vần]", "viết chưa đúng mẫu"),
        ("[đánh vần: ♥]", "chỉ đánh vần được"),
        ("[chậm] Xin chào.", "thiếu [hết chậm]"),
        ("Xin chào. [hết chậm]", "không có [chậm]"),
        ("[chậm] A [chậm] B [hết chậm]", "đang đọc chậm rồi"),
        ("[giọng 3]", "chỉ có giọng 1 và giọng 2"),
        ("[giọng nam]", "viết chưa đúng mẫu"),
        ("[chèn:]", "viết chưa đúng mẫu"),
        ("[đọc: 69/KH]", "viết chưa đúng mẫu"),
        ("[đọc: 69/KH | …]", "chưa có chữ để đọc"),
        ("[đọc: xin [nghỉ] | chào]", "thiếu dấu ]"),
        ("[dừng 2 giây]", "không có dấu này"),
        ("[nhac: Quốc ca]", "không có dấu này"),
    ],
)
def test_a_mark_that_cannot_be_obeyed_is_flagged_with_an_example_and_never_spoken(script: str, why: str) -> None:
    (token,) = read(script).flagged
    assert (token.rule, token.spoken) == (marks.MALFORMED, "")
    (flag,) = token.flags
    assert flag.kind is FlagKind.MALFORMED_MARK
    assert why in flag.sentence
    assert "Ví dụ đúng: [" in flag.sentence


def test_only_the_words_of_an_unclosed_mark_are_kept_from_the_air() -> None:
    assert read("[nghỉ 2 giây Kính thưa bà con.").spoken == "Kính thưa bà con."


@pytest.mark.parametrize(
    ("script", "spoken"),
    [
        ("Theo [1] và [2].", "Theo, một, và, hai."),
        ("[nghị định 61]", "nghị định sáu mươi mốt"),
        ("[nghi thức]", "nghi thức"),
        ("[Giống lúa mới]", "Giống lúa mới"),
        ("[chăm sóc]", "chăm sóc"),
        ("[độc hại]", "độc hại"),
    ],
)
def test_ordinary_brackets_are_left_alone(script: str, spoken: str) -> None:
    assert read(script).spoken == spoken
    assert not read(script).flagged


def test_every_example_of_the_menu_is_a_well_formed_mark() -> None:
    for one in MARKS:
        assert not read(f"Xin chào. {one.example} Xin chào.").flagged, one
        assert marks_in(one.example), one


def marks_in(script: str) -> list[Token]:
    return [token for token in read(f"Xin chào. {script}").tokens if token.rule.startswith("mark:")]
