"""What holds for the reading of any text at all."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes_reading import covers_everything_visible, settles
from tts.lexicon import LexiconReader

READER = LexiconReader()

PIECES = """
ngày tháng năm quý số Điều khoản điểm UBND CCHC TTHC KH NQ TU KT. TM. TP. Tả Lèng ủy ban nhân dân Zalo website
5 10 15% 7h30 17:30 09/01/2023 10-12/5 1/2 69/KH-UBND 61/2018/NĐ-CP 0912.345.678 1.234 98,7% 250.000đ XIII IV
laichau.gov.vn a@b.vn - + / ./. ... … ( ) : ; , . ? ! " “ ” ' 25°C m2 km/h đồng/kg thứ T7 CN lần QL4D 12A B12 v.v. x
ABC XyZ đ b I V 2/9 2021-2025 A/H5N1 24/7 thứ 4 tổ km 12+300 QCVN 26:2025/BNNMT & = > % 00 007 1,2,3 1.2.3
"""
OFFICIAL = st.sampled_from(PIECES.split())
SCRIPTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789/-.,: hgđ%ABKUNVTtờngày\n", max_size=40),
    st.lists(OFFICIAL, max_size=14).map(" ".join),
    st.lists(st.one_of(OFFICIAL, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=14).map("".join),
)


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_spans_are_ordered_and_cover_everything_visible(script: str) -> None:
    covers_everything_visible(READER.read(script), script)


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_no_digit_is_dropped(script: str) -> None:
    for token in READER.read(script).tokens:
        if any(char.isdigit() for char in token.source):
            assert token.spoken or token.flags


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_composed_and_decomposed_text_sound_alike(script: str) -> None:
    composed = READER.read(unicodedata.normalize("NFC", script))
    decomposed = READER.read(unicodedata.normalize("NFD", script))
    assert composed.spoken == decomposed.spoken


@given(SCRIPTS)
@settings(deadline=None, max_examples=400)
def test_reading_what_was_read_changes_nothing_and_doubts_nothing(script: str) -> None:
    settles(READER, script)


@given(SCRIPTS)
@settings(deadline=None, max_examples=200)
def test_what_is_spoken_holds_no_digit_and_no_sign(script: str) -> None:
    for char in READER.read(script).spoken:
        assert char.isalpha() or char in " \n,.?!"
