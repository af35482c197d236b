"""Punctuation and signs: pauses, words for the few signs that are said, doubt for the rest."""

import re
import unicodedata

from tts.reading.page import Page, Piece, one, unreadable

PAUSES = {
    ",": ",",
    ";": ",",
    ":": ",",
    "(": ",",
    ")": ",",
    "[": ",",
    "]": ",",
    "{": ",",
    "}": ",",
    "|": ",",
    "?": "?",
    "!": "!",
}
SILENT = frozenset("\"'_^`•·▪●◦■□")
SAID = {
    "%": "phần trăm", "‰": "phần nghìn", "&": "và", "=": "bằng", "≥": "lớn hơn hoặc bằng", "≤": "nhỏ hơn hoặc bằng",
    ">": "lớn hơn", "<": "nhỏ hơn", "±": "cộng trừ", "°": "độ", "@": "a còng", "#": "thăng", "~": "khoảng",
    "≈": "khoảng", "$": "đô la Mỹ", "€": "ơ rô", "₫": "đồng", "¥": "yên", "£": "bảng Anh", "÷": "chia",
    "½": "một phần hai", "¼": "một phần tư", "¾": "ba phần tư", "⅓": "một phần ba", "⅔": "hai phần ba",
    "²": "bình phương", "³": "lập phương",
    "√": "căn", "§": "mục", "+": "cộng",
}  # fmt: skip
_COMPARED = {">": "trên", "<": "dưới", ">=": "lớn hơn hoặc bằng", "<=": "nhỏ hơn hoặc bằng", "=>": "suy ra"}
_ABOUT_BEFORE = re.compile(r"(?:^|\W)(?:khoảng|chừng|gần|xấp xỉ|ước) ?$")
_ARROW = re.compile(r"(?:-{1,2}|=)>(?! ?[0-9])")
_NAMED_BLANK = re.compile(r"<[^<>\n0-9=]{2,40}>")
_BLANK_END = re.compile(r"<[^<>\n0-9=]{2,40}$")
_SHORT_CODE = re.compile(r"\*([0-9]{2,4}(?:\*[0-9]{1,15})*)#")
_COMPARISON = re.compile(r"([<>]=?)(?= ?[0-9])")


def comparison(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `>60 tuổi` and `>= 5` as people say them before a number."""
    if page.text[start] == "<" and _NAMED_BLANK.match(page.text, start):
        return one(start, start + 1, ",", "punctuation")
    if page.text[start] == ">" and _BLANK_END.search(page.text[max(0, start - 42) : start]):
        return one(start, start + 1, ",", "punctuation")
    match = _COMPARISON.match(page.text, start)
    return one(start, match.end(1), _COMPARED[match[1]], "symbol") if match else ()


def arrow(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `->` and `=>` between words as a pause."""
    match = _ARROW.match(page.text, start)
    return one(start, match.end(), ",", "punctuation") if match else ()


def short_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `*101#`, which is typed sign by sign."""
    match = _SHORT_CODE.match(page.text, start)
    if not match:
        return ()
    said = " sao ".join(map(page.say.spelled, match[1].split("*")))
    return one(start, match.end(), f"sao {said} thăng", "phone")


def sign(page: Page, start: int) -> tuple[Piece, ...]:
    """Read any other sign; what has no reading is flagged, never guessed."""
    char = page.text[start]
    if char in PAUSES:
        return one(start, start + 1, PAUSES[char], "punctuation")
    if char in SILENT:
        return one(start, start + 1, "", "punctuation")
    if char in "~≈" and _ABOUT_BEFORE.search(page.before(start, 12)):
        return one(start, start + 1, "", "symbol")
    if char in SAID:
        return one(start, start + 1, SAID[char], "symbol")
    if char == "*":
        return _star(page, start)
    return unreadable_run(page, start)


def unreadable_run(page: Page, start: int) -> tuple[Piece, ...]:
    """Doubt a run of signs that nobody can read aloud; a digit among them is kept."""
    end = start
    while end < len(page.text) and _cannot_be_read(page.text[end]):
        end += 1
    end = max(end, start + 1)
    written = page.text[start:end]
    values = [unicodedata.digit(char) for char in written if unicodedata.digit(char, -1) >= 0]
    return one(start, end, page.say.spelled("".join(map(str, values))), "unreadable", unreadable(written))


def _cannot_be_read(char: str) -> bool:
    known = char in PAUSES or char in SILENT or char in SAID or char in " \n.-/*,…" or char.isdecimal()
    return not known and not is_vietnamese_letter(char)


def is_vietnamese_letter(char: str) -> bool:
    """Tell whether `char` is a Latin letter that Vietnamese texts use, names from abroad included."""
    return char.isalpha() and (
        char < "\xaa" or "\xc0" <= char <= "\xff" or char in "ĂăĐđĨĩŨũƠơƯư" or "Ạ" <= char <= "ỹ"
    )


def _star(page: Page, start: int) -> tuple[Piece, ...]:
    if re.match(r"\*[0-9]", page.text[start : start + 2]) or page.text[start - 1 : start].isdigit():
        return one(start, start + 1, "sao", "symbol")
    return one(start, start + 1, "", "punctuation")
