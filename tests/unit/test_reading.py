"""The reader reads official Vietnamese as the house style says."""

import importlib.util
import unicodedata
from pathlib import Path

import pytest

from domain.reading import FlagKind, LexiconEntry, SpokenText
from domain.ports import Reader
from tts.lexicon import LexiconReader, reviewed_entries
from tts.reading import Style

_spec = importlib.util.spec_from_file_location("reading_cases", Path(__file__).with_name("reading_cases.py"))
assert _spec is not None
assert _spec.loader is not None
_cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cases)
CASES = _cases.CASES

READER = LexiconReader()


def said(script: str, *readings: LexiconEntry) -> str:
    return " ".join(READER.read(script, readings).spoken.split())


@pytest.mark.parametrize(("category", "written", "expected"), CASES, ids=[f"{c}: {w[:40]}" for c, w, _ in CASES])
def test_is_read_as_an_announcer_says_it(category: str, written: str, expected: str) -> None:
    assert said(written) == expected
