"""What must hold of any reading, whatever was read."""

import unicodedata

from domain.ports import Reader
from domain.reading import SpokenText


def covers_everything_visible(text: SpokenText, script: str) -> None:
    """Hold the tokens of a reading to their order, their words and every visible character of the script."""
    covered = [False] * len(script)
    last = 0
    for token in text.tokens:
        assert last <= token.start < token.end <= len(script)
        assert token.source == script[token.start : token.end]
        covered[token.start : token.end] = [True] * (token.end - token.start)
        last = token.end
    assert all(done or not _is_visible(char) for done, char in zip(covered, script, strict=True))


def settles(reader: Reader, script: str) -> None:
    """Hold what is read aloud to be read as it is, without a doubt."""
    once = reader.read(script)
    again = reader.read(once.spoken)
    assert again.spoken.split() == once.spoken.split()
    assert not again.flagged


def _is_visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in {"Cf", "Cc", "Mn", "Zs", "Zl", "Zp"}
