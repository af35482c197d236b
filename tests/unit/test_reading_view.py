"""How a reading is shown: words written as one stay together, and rows of signs cost no more than words."""

import time

import pytest

from tts.lexicon import LexiconReader
from web.reading_view import view

READER = LexiconReader()
ODD = "/-_.,;:!?*#@&%+=~^|\\<>()[]{}'\"…–—·•°§$€£₫`☺"


@pytest.mark.parametrize("sign", [*ODD, "a/", "/a", "QA/", "- ", "[nghỉ]"])
def test_a_row_of_signs_is_shown_in_no_time(sign: str) -> None:
    text = READER.read((sign * 20_000)[:20_000])
    started = time.process_time()
    shown = view(text)
    assert time.process_time() - started < 5  # it was a minute when each sign was looked at anew
    assert len(shown.doubts) <= 2


def test_what_is_written_as_one_word_is_one_piece_and_the_signs_around_it_are_not() -> None:
    ((*pieces,),) = view(READER.read("(69/KH-UBND), //")).sentences
    assert [one.source for one in pieces if one.kind == "changed"] == ["69/KH-UBND"]
