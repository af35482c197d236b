"""How a reading is shown: words written as one stay together, and rows of signs cost no more than words."""

import time

import pytest

from tts.lexicon import LexiconReader
from web.reading_view import view

READER = LexiconReader()
ODD = "/-_.,;:!?*#@&%+=~^|\\<>()[]{}'\"…–—·•°§$€£₫`☺"


MOST_TIMES_WORDS = 8
"""A row of signs has a piece for each sign, words one for several letters; looking at each anew costs a thousand."""


def cost(script: str) -> float:
    """Return the processor seconds that showing `script` takes, the better of two."""
    text = READER.read(script)
    spent = []
    for _ in range(2):
        started = time.process_time()
        view(text)
        spent.append(time.process_time() - started)
    return min(spent)


@pytest.mark.parametrize("sign", [*ODD, "a/", "/a", "QA/", "- ", "[nghỉ]"])
def test_a_row_of_signs_costs_about_as_much_as_words(sign: str) -> None:
    row = (sign * 20_000)[:20_000]
    assert cost(row) <= MOST_TIMES_WORDS * cost(("bà con chú ý " * 2_000)[:20_000])
    assert len(view(READER.read(row)).doubts) <= 2


def test_what_is_written_as_one_word_is_one_piece_and_the_signs_around_it_are_not() -> None:
    ((*pieces,),) = view(READER.read("(69/KH-UBND), //")).sentences
    assert [one.source for one in pieces if one.kind == "changed"] == ["69/KH-UBND"]
