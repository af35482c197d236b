"""What holds for the reading of any text with script marks in it, well-formed or not."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.reading import FlagKind
from tests.fakes_reading import covers_everything_visible, settles
from tts.lexicon import LexiconReader
from tts.reading import marks

READER = LexiconReader()

MARKS = """
[nghỉ] | [nghỉ 2 giây] | [nghỉ 1,5 giây] | [đọc lại] | [đọc lại 2 lần] | [đánh vần: UBND] | [đánh vần: Lèng 69]
[chậm] | [hết chậm] | [giọng 2] | [giọng 1] | [chèn: Nhạc hiệu] | [chèn: 5 phút] | [ NGHỈ 2giây ] | [nghi 2 giay]
[nghĩ] | [nghỉ 99 giây] | [nghỉ | [đọc: | [đọc: a] | [giọng 3] | [đọc lại 7 lần] | [chậm nhất ngày 5] | [dừng]
[ | ] | [1] | [...] | [đánh vần: ♥]
"""
OTHERS = """
Xin chào. | bà con | UBND | 5 | 09/01/2023 | 1. | - | a) | , | . | ? | điểm d | 69/KH-UBND | TM. | Nguyễn Văn A
( | ) | 10% | 0912.345.678
"""
PIECES = [
    *(piece for line in (MARKS + OTHERS).strip().splitlines() for piece in line.split(" | ")),
    "\n",
    "\n\n",
]
SCRIPTS = st.one_of(
    st.lists(
        st.sampled_from([*PIECES, "[đọc: 69/KH | sáu chín ca hát]", "[đọc: 5 | 6 người, QWZX.]"]), max_size=14
    ).map(" ".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(alphabet="[]|: ghị5.♥\u200b", max_size=5)), max_size=12).map(
        "".join
    ),
    st.text(alphabet="[]|: nghỉđọclạichậm125.\n", max_size=40),
)


@given(SCRIPTS)
@settings(deadline=None, max_examples=600)
def test_spans_are_ordered_and_cover_everything_visible(script: str) -> None:
    covers_everything_visible(READER.read(script), script)


@given(SCRIPTS)
@settings(deadline=None, max_examples=600)
def test_no_digit_is_dropped_but_those_of_marks(script: str) -> None:
    for token in READER.read(script).tokens:
        if any(char.isdigit() for char in token.source):
            assert token.spoken or token.flags or token.rule.startswith("mark:")


@given(SCRIPTS)
@settings(deadline=None, max_examples=600)
def test_composed_and_decomposed_text_are_one(script: str) -> None:
    composed = READER.read(unicodedata.normalize("NFC", script))
    decomposed = READER.read(unicodedata.normalize("NFD", script))
    assert composed.spoken == decomposed.spoken
    for one, other in zip(composed.sentences, decomposed.sentences, strict=True):
        assert (one.pause_ms, one.presenter, one.slower, one.times) == (
            other.pause_ms,
            other.presenter,
            other.slower,
            other.times,
        )
        assert unicodedata.normalize("NFC", one.clip) == unicodedata.normalize("NFC", other.clip)


@given(SCRIPTS)
@settings(deadline=None, max_examples=600)
def test_reading_what_was_read_changes_nothing_and_doubts_nothing(script: str) -> None:
    settles(READER, script)


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_marks_stay_within_what_voices_and_ears_bear(script: str) -> None:
    text = READER.read(script)
    assert all(1 <= sentence.presenter <= marks.PRESENTERS for sentence in text.sentences)
    assert all(1 <= sentence.times <= 1 + marks.MOST_AGAIN for sentence in text.sentences)
    assert all(not sentence.spoken for sentence in text.sentences if sentence.clip)
    for char in text.spoken:
        assert char.isalpha() or char in " \n,.?!"


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_a_mark_is_silent_unless_it_gives_words(script: str) -> None:
    for token in READER.read(script).tokens:
        if token.rule.startswith("mark") and token.rule not in {marks.SPELL, marks.READING}:
            assert token.spoken == ""
        if token.rule == "mark":
            assert [flag.kind for flag in token.flags] == [FlagKind.MALFORMED_MARK]
