"""The names of the letters, as announcers say them in abbreviations and in lists."""

import unicodedata

_NAMES = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "đê", "đ": "đê", "e": "e", "ê": "ê", "f": "ép",
    "g": "giê", "h": "hát", "i": "i", "j": "gi", "k": "ca", "l": "e lờ", "m": "em", "n": "en", "o": "ô", "ô": "ô",
    "ơ": "ơ", "p": "pê", "q": "quy", "r": "e rờ", "s": "ét", "t": "tê", "u": "u", "ư": "ư", "v": "vê",
    "w": "vê kép", "x": "ích", "y": "y", "z": "dét",
}  # fmt: skip

POINTS = _NAMES | {"d": "dê", "o": "o"}
"""In lists "điểm d" and "điểm đ" follow one another, so the two must sound apart."""


CAPITALS = "A-ZÀ-ÖØ-ÝĂĐĨŨƠƯ" + "".join(chr(code) for code in range(0x1EA0, 0x1EFA, 2))
"""The capital letters of Vietnamese, as the inside of a character class."""


def letter_name(letter: str) -> str:
    """Return the name of one letter; a tone mark on it is dropped; empty when it is no Latin letter."""
    small = letter.lower()
    if small in _NAMES:
        return _NAMES[small]
    return _NAMES.get(unicodedata.normalize("NFD", small)[:1], "")


def point_name(letter: str) -> str:
    """Return the name of a letter that numbers a point of a text."""
    return POINTS.get(letter.lower()) or letter_name(letter)


def spell(letters: str) -> str:
    """Return the names of `letters` in a row."""
    return " ".join(name for name in map(letter_name, letters) if name)
