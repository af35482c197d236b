"""Roman numerals, read as numbers only where official texts put them."""

import re

from tts.reading.page import Page, Piece, from_match, suspect_value
from tts.reading.wordsets import any_of

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_WELL_FORMED = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN = re.compile(r"([IVXLCDM]+)(?!\w)(?:( ?- ?)([IVXLCDM]+)(?!\w))?")
_BEFORE = re.compile(
    r"(?:^|\W)"
    + any_of(
        "thứ, khóa, khoá, chương, quý, thế kỷ, thế kỉ, tk, phần, mục, điều, kỳ, đại hội, đại hội đảng, phụ lục, tập,"
        "cấp, loại, hạng, quyển, bảng, nhóm, khu vực, giai đoạn, đợt, vùng, quân khu, bậc, tuyến, cột, biểu, báo động,"
        "trung ương, đại hội đảng bộ, hội nghị, quân đoàn, độ, khu, vòng, lớp, cụm, lần, học kỳ, hè,"
        "mức, dạng, kiểu, bước, kv, hk, cháy rừng"
    )
    + r"(?: (?:[ivxlc]+)(?:,| và| đến| -|/))* ?$"
)
_SECTION_AFTER = re.compile(r"(?:\.[0-9]{1,2}){1,4}(?![\w.]*[0-9])")
"""The rest of the number of a section, `II.3.1`."""
_AND = r"(?:,| và| đến| hoặc|/|;| ?\+)"
_LISTED = re.compile(
    any_of("quý, khóa, chương, phần, mục, vùng, nhóm, cấp, hạng, loại, khu vực, kv, phụ lục, học kỳ")
    + rf" [ivxlc]+(?:{_AND} ?[ivxlc]+)*{_AND} ?$"
)


_LETTERS = frozenset("CDLM")
"""Alone these name things, as nhóm C of public investment; nobody counts to a hundred in Roman numerals."""
_PLANT_BEFORE = re.compile(
    r"(?:KCN|CCN|KĐT|[Kk]hu công nghiệp|[Cc]ụm công nghiệp|[Kk]hu đô thị|[Tt]hủy điện|[Nn]hà máy|[Nn]hiệt điện|"
    r"[Kk]hu phố|[Tt]hôn|[Bb]ản|[Xx]óm|[ẤấA]p|[Tt]rường|[Tt]rạm|[Cc]hợ|[Cc]ầu|[Xx]ã|[Pp]hường)"
    r"(?: [A-ZÀ-ỸĐ][^\W\d]*){1,4} $"
)
"""A works whose name a numeral ends: `KCN Sông Công II`."""


def roman_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `khóa XIII`, `quý I-II`, `lần thứ IV`."""
    match = _ROMAN.match(page.text, start)
    if not match or (match[1] in _LETTERS and not match[3]):
        return ()
    before = page.before(start)
    axis = before.endswith(("tọa độ ", "toạ độ "))  # X is no ten there
    if axis or not (_BEFORE.search(before) or _LISTED.search(before)):
        return ()
    first = roman_value(match[1])
    last = roman_value(match[3]) if match[3] else 0
    if not first:
        return ()
    ordinal = re.search(r"thứ $", before) is not None
    said = page.say.ordinal(str(first)) if ordinal else page.say.cardinal(str(first))
    if match[3] and not last:
        return (Piece(start, match.end(1), said, "roman"),)
    section = _SECTION_AFTER.match(page.text, match.end()) if not last else None
    if section:
        said += "".join(f" chấm {page.say.cardinal(number)}" for number in section.group().split(".")[1:])
        return (Piece(start, section.end(), said, "roman"),)
    if last:
        word = re.search(r"(quý|chương|phần|mục|vùng) $", before)
        said += f" đến {word[1] + ' ' if word else ''}{page.say.cardinal(str(last))}"
    return from_match(match, said, "roman")


def stray_roman(page: Page, start: int) -> tuple[Piece, ...]:
    """Propose a number for what looks like a Roman numeral in an unusual place."""
    match = re.compile(r"(?:[IVX]{2,}|I)(?!\w)").match(page.text, start)
    value = roman_value(match.group()) if match else 0
    if not match or not value:
        return ()
    said = page.say.cardinal(str(value))
    if _PLANT_BEFORE.search(page.text[max(0, start - 60) : start]):
        return from_match(match, said, "roman")
    return from_match(match, said, "roman", suspect_value(match.group(), "có thể là số La Mã", said))


def roman_value(written: str) -> int:
    """Return the value of a well-formed Roman numeral, else 0."""
    if not written or not _WELL_FORMED.fullmatch(written):
        return 0
    values = [_VALUES[letter] for letter in written]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
