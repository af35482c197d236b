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


_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SIGNS = {".": "chấm", "-": "gạch ngang", "/": "gạch chéo", "_": "gạch dưới", "@": "a còng", "&": "và"}


def spelt(written: str) -> str | None:
    """Return every letter, its tone, every digit and sign of `written` with a short pause between.

    None when something in it has no name, or nothing is there to be said.
    """
    names = [_spelt_one(char) for char in written if char != " "]
    return ", ".join(names) if names and all(names) else None


def _spelt_one(char: str) -> str:
    if char.isascii() and char.isdigit():
        return _DIGITS[int(char)]
    if char in _SIGNS:
        return _SIGNS[char]
    parts = unicodedata.normalize("NFD", char)
    tone = next((_TONES[part] for part in parts if part in _TONES), "")
    name = letter_name(unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)))
    return f"{name} {tone}".strip() if name else ""
