"""Words: plain ones, capitals, single letters, and what no lexicon knows."""

import re

from tts.reading.compounds import guess
from tts.reading.letters import CAPITALS, POINTS, letter_name, point_name, spell
from tts.reading.page import Page, Piece, leftover_digits, one, suspect_value, unknown_abbreviation, unreadable
from tts.reading.roman import stray_roman
from tts.reading.syllables import is_syllable
from tts.reading.symbols import is_vietnamese_letter, unreadable_run
from tts.reading.units import counts_glued
from tts.reading.wordsets import any_of

_VOWEL = re.compile(r"[aeiouyàáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹäåæëïöøüœ]")
_NEIGHBOUR_AFTER = re.compile(r"[^\w\n]{1,3}([^\W\d_]{2,})")
_NEIGHBOUR_BEFORE = re.compile(r"([^\W\d_]{2,})[^\w\n]{1,3}$")
_CODE_AFTER = re.compile(r"(?:, ?|/| và )([^\W\d_]{2,})")
_CODE_BEFORE = re.compile(r"([^\W\d_]{2,})(?:, ?|/| và )$")
_POINT_BEFORE = re.compile(r"(?:^|\W)(?:điểm|tiết|ý|mục)(?: [^\W\d_](?:,| và| hoặc|, và))* $")
_LETTER_BEFORE = re.compile(
    r"(?:^|\W)"
    + any_of(
        "nhóm, khu, lớp, tổ, câu, phần, bảng, loại, hạng, khối, gan, vitamin, cúm, giải, mẫu, và, hoặc, số, văn, thị,"
        "dãy, tòa, lô, vi rút, virus, chữ, phương án, đáp án, tầng, cổng, phòng, cấp"
    )
    + r"(?: [^\W\d_](?:,| và| hoặc))* $"
)
_SCALED_BEFORE = re.compile(r"(?:[0-9]|nghìn|ngàn|triệu|tỷ|tỉ|trăm|chục|vạn) ?$")
_NUMBER_BEFORE = re.compile(r"[0-9] $")
"""Small letters right behind a number may be a unit that nobody listed, not the abbreviation that they look like."""
_TWO_CAPITALS = re.compile(rf"[{CAPITALS}]{{2}}")
_LONGEST_WORD = 30


def word(page: Page, start: int, end: int) -> tuple[Piece, ...]:
    """Read one run of letters that no other rule took."""
    written = page.text[start:end]
    if not all(map(is_vietnamese_letter, written)):
        return _foreign(page, start, end)
    if len(written) > _LONGEST_WORD:
        return one(start, end, "", "unreadable", unreadable(written))
    if len(written) == 1:
        return _single_letter(page, start, written)
    if written.isupper():
        return _capitals(page, start, end, written)
    return _mixed(page, start, end, written)


def in_capitals(page: Page, start: int, end: int) -> bool:
    """Tell whether a neighbouring word is an ordinary word in capitals."""
    after = _NEIGHBOUR_AFTER.match(page.text, end)
    before = _NEIGHBOUR_BEFORE.search(page.text[max(0, start - 12) : start])
    return any(near and near[1].isupper() and is_syllable(near[1]) for near in (after, before))


def _capitals(page: Page, start: int, end: int, written: str) -> tuple[Piece, ...]:
    roman = () if is_syllable(written) and in_capitals(page, start, end) else stray_roman(page, start)
    if roman:
        return roman
    doubtful = _may_be_initials(page, start, end, written) or _stands_among_codes(page, start, end, written)
    if is_syllable(written) and not doubtful:
        return one(start, end, written.lower(), "capitals")
    said = guess(page, written) or spell(written)
    return one(start, end, said, "unknown", unknown_abbreviation(written, said))


def _may_be_initials(page: Page, start: int, end: int, written: str) -> bool:
    """Tell whether two plain letters, such as DO or HA, stand alone among small words."""
    among_small = page.text[max(0, start - 2) : max(0, start - 1)].islower() and page.text[start - 1] == " "
    return among_small and len(written) == 2 and written.isascii() and not in_capitals(page, start, end)


def _stands_among_codes(page: Page, start: int, end: int, written: str) -> bool:
    """Tell whether plain letters, such as TA, stand beside an abbreviation and in no line of capitals."""
    if len(written) > 3 or not written.isascii() or in_capitals(page, start, end):
        return False
    after = _CODE_AFTER.match(page.text, end)
    before = _CODE_BEFORE.search(page.text[max(0, start - 12) : start])
    return any(near and near[1].isupper() and not is_syllable(near[1]) for near in (after, before))


def _mixed(page: Page, start: int, end: int, written: str) -> tuple[Piece, ...]:
    if page.text[start - 1 : start].isdigit() and counts_glued(page.lower, start):
        return one(start, end, written, "word")
    if page.text[end : end + 1].isdigit() or page.text[start - 1 : start].isdigit():
        return _beside_digit(page, start, end, written)
    if _VOWEL.search(written.lower()) and not _TWO_CAPITALS.search(written):
        return one(start, end, written, "word")
    known = None if _TWO_CAPITALS.search(written) else page.reading_of(written.upper())
    if known:
        measure = written.islower() and _NUMBER_BEFORE.search(page.text[max(0, start - 2) : start])
        return one(start, end, known, "lexicon", *((unknown_abbreviation(written, known),) if measure else ()))
    said = _spelled_in_part(written)
    return one(start, end, said, "unknown", unknown_abbreviation(written, said))


def _beside_digit(page: Page, start: int, end: int, written: str) -> tuple[Piece, ...]:
    plain = _VOWEL.search(written.lower()) and not _TWO_CAPITALS.search(written)
    said = page.reading_of(written) or (written if plain else _spelled_in_part(written))
    return one(start, end, said, "unknown", leftover_digits(written, said))


def _spelled_in_part(written: str) -> str:
    """Spell the capitals of `TPBank`, keep what can be said."""
    parts = re.findall(rf"[{CAPITALS}]+(?![^\W\d_{CAPITALS}])|[{CAPITALS}]?[^\W\d_{CAPITALS}]+|[^\W\d_]", written)
    return " ".join(part.lower() if len(part) > 1 and is_syllable(part) else spell(part) for part in parts)


def _single_letter(page: Page, start: int, written: str) -> tuple[Piece, ...]:
    before = page.before(start)
    known = _meant_letter(page, start, written, before)
    if known:
        return known
    if _VOWEL.match(written.lower()):
        return one(start, start + 1, "i" if written == "I" else written, "word")
    said = letter_name(written)
    if written.isupper() or _LETTER_BEFORE.search(before):
        return one(start, start + 1, said, "letter")
    return one(start, start + 1, said, "letter", suspect_value(written, "đứng một mình, chưa rõ nghĩa", said))


def _meant_letter(page: Page, start: int, written: str, before: str) -> tuple[Piece, ...]:
    """Read a letter that the words around it explain: a point, money, a product, a Roman one."""
    small = written.lower()
    if small in POINTS and (_POINT_BEFORE.search(before) or _is_bracketed(page, start)):
        name = point_name(written)
        return one(start, start + 1, written if name == small else name, "point")  # A is said as it is written
    if small == "đ" and _SCALED_BEFORE.search(before):
        return one(start, start + 1, "đồng", "unit")
    if small in {"x", "y"} and re.search(r"(?:tọa|toạ) độ $", before):
        return one(start, start + 1, point_name(written) if small in POINTS else spell(written), "letter")
    if small == "x" and re.match(r" ?[0-9(]", page.text[start + 1 : start + 3]) and re.search(r"[\w%)] $", before):
        return one(start, start + 1, "nhân", "symbol")
    return () if page.at_line_start(start) else stray_roman(page, start)


def _is_bracketed(page: Page, start: int) -> bool:
    """Tell whether the letter numbers a point inside a sentence: `a) hộ nghèo; b) hộ cận nghèo`."""
    return page.text[start + 1 : start + 3] == ") " and page.text[start - 1 : start] in {" ", "("}


def _foreign(page: Page, start: int, end: int) -> tuple[Piece, ...]:
    edge = start
    while edge < end and is_vietnamese_letter(page.text[edge]):
        edge += 1
    return word(page, start, edge) if edge > start else unreadable_run(page, start)
