"""Words: plain ones, capitals, single letters, and what no lexicon knows."""

import re

from tts.reading.letters import CAPITALS, letter_name, point_name, spell
from tts.reading.page import Page, Piece, leftover_digits, one, suspect_value, unknown_abbreviation, unreadable
from tts.reading.roman import stray_roman
from tts.reading.symbols import is_vietnamese_letter, unreadable_run
from tts.reading.syllables import is_syllable
from tts.reading.units import UNITS

_VOWEL = re.compile(r"[aeiouyàáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹäåæëïöøüœ]")
_LETTERS_DIGITS = re.compile(r"([A-ZĐ]{1,6})[.-]?([0-9]{1,9})([A-ZĐ]{0,2}[0-9]{0,3})(?!\w)")
_NEIGHBOUR_AFTER = re.compile(r"[^\w\n]{1,3}([^\W\d_]{2,})")
_NEIGHBOUR_BEFORE = re.compile(r"([^\W\d_]{2,})[^\w\n]{1,3}$")
_POINT_BEFORE = re.compile(r"(?:^|\W)(?:điểm|tiết|ý|mục|khoản)(?: [^\W\d_](?:,| và| hoặc|, và))* $")
_LETTER_BEFORE = re.compile(
    r"(?:^|\W)(?:nhóm|khu|lớp|tổ|câu|phần|bảng|loại|hạng|khối|gan|vitamin|cúm|giải|mẫu|và|hoặc|số|văn|thị|dãy|tòa|lô|vi rút|virus|"
    r"chữ|phương án|đáp án|tầng|cổng|phòng|cấp)(?: [^\W\d_](?:,| và| hoặc))* $"
)
_SCALED_BEFORE = re.compile(r"(?:[0-9]|nghìn|ngàn|triệu|tỷ|tỉ|trăm|chục|vạn) ?$")
_TWO_CAPITALS = re.compile(rf"[{CAPITALS}]{{2}}")
_LONGEST_WORD = 30


def unit_word(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a unit that stands without a number of its own: `nghìn ha`, `tỷ USD`, `vài km`."""
    match = re.compile(r"[^\W\d_]+[23²³]?(?![\w²³])").match(page.text, start)
    name = UNITS.get(match.group()) if match else None
    if not match or not name:
        return ()
    written = match.group()
    distinct = len(written) > 1 and not is_syllable(written) and written not in {"tr", "ng", "gr", "CV", "HP", "k", "hm"}
    if distinct or (len(written) <= 2 and _SCALED_BEFORE.search(page.before(start, 8))):
        return one(start, match.end(), name, "unit")
    return ()


def degree_word(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `độ C`."""
    if re.match(r"độ C(?!\w)", page.text[start : start + 5], re.IGNORECASE):
        return one(start, start + 4, "độ xê", "unit")
    return ()


def sunday(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CN` as Sunday where a weekday or a time of day is near."""
    near = re.search(r"(?:t[2-7]|thứ|bảy|sáng|chiều|tối|trưa|ngày|đêm)\W[^.;]{0,20}$", page.before(start, 30))
    if not near or not re.match(r"CN(?!\w)", page.text[start : start + 3]):
        return ()
    return one(start, start + 2, "chủ nhật", "weekday")


def kilometre_post(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Km 12+300`, a place on a road."""
    match = re.compile(r"[Kk][Mm] ?([0-9]{1,4})(?:\+([0-9]{1,4}))?(?![\w])").match(page.text, start)
    if not match:
        return ()
    said = f"ki lô mét {page.say.cardinal(match[1])}"
    said += f" cộng {page.say.cardinal(match[2])}" if match[2] else ""
    return one(start, match.end(), said, "kilometre_post")


def letters_with_digits(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `QL4D`, `ĐT.128`, `A1`, `PM2`: what the lexicon calls the letters, then the number."""
    match = _LETTERS_DIGITS.match(page.text, start)
    if not match:
        return ()
    letters, digits, tail = match.groups()
    glued = page.text[match.end(1)].isdigit()
    name = page.reading_of(letters + "+") or (page.reading_of(letters) if glued and len(letters) > 1 else None)
    if not name and not glued:
        return ()
    if name and page.before(start).endswith(name.split()[0] + " "):
        name = name.partition(" ")[2]  # "đường ĐT129" is not said "đường đường tỉnh"
    number = page.say.spelled(digits) if len(digits) > 4 else page.say.cardinal(digits)
    said = f"{name or spell(letters)} {number}"
    tail_letters = tail.rstrip("0123456789")
    said += f" {spell(tail_letters)}" if tail_letters else ""
    said += f" {page.say.cardinal(tail[len(tail_letters):])}" if len(tail) > len(tail_letters) else ""
    sure = name or len(letters) == 1 or len(digits) > 5
    flags = () if sure else (unknown_abbreviation(match.group(), said),)
    return one(start, match.end(), said, "letters_with_digits", *flags)


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
    if is_syllable(written):
        return one(start, end, written.lower(), "capitals")
    said = spell(written)
    return one(start, end, said, "unknown", unknown_abbreviation(written, said))


def _mixed(page: Page, start: int, end: int, written: str) -> tuple[Piece, ...]:
    if page.text[end : end + 1].isdigit() or page.text[start - 1 : start].isdigit():
        return _beside_digit(page, start, end, written)
    if _VOWEL.search(written.lower()) and not _TWO_CAPITALS.search(written):
        return one(start, end, written, "word")
    known = None if _TWO_CAPITALS.search(written) else page.reading_of(written.upper())
    if known:
        return one(start, end, known, "lexicon")
    said = _spelled_in_part(written)
    return one(start, end, said, "unknown", unknown_abbreviation(written, said))


def _beside_digit(page: Page, start: int, end: int, written: str) -> tuple[Piece, ...]:
    said = written if _VOWEL.search(written.lower()) and not _TWO_CAPITALS.search(written) else spell(written)
    return one(start, end, said, "unknown", leftover_digits(written, said))


def _spelled_in_part(written: str) -> str:
    """Spell the capitals of `TPBank`, keep what can be said."""
    parts = re.findall(rf"[{CAPITALS}]+(?![^\W\d_{CAPITALS}])|[{CAPITALS}]?[^\W\d_{CAPITALS}]+|[^\W\d_]", written)
    return " ".join(part.lower() if len(part) > 1 and is_syllable(part) else spell(part) for part in parts)


def _single_letter(page: Page, start: int, written: str) -> tuple[Piece, ...]:
    before = page.before(start)
    small = written.lower()
    if _POINT_BEFORE.search(before):
        return one(start, start + 1, point_name(written), "point")
    if small == "đ" and _SCALED_BEFORE.search(before):
        return one(start, start + 1, "đồng", "unit")
    if _VOWEL.match(small):
        return one(start, start + 1, written, "word")
    said = letter_name(written)
    if written.isupper() or _LETTER_BEFORE.search(before):
        return one(start, start + 1, said, "letter")
    return one(start, start + 1, said, "letter", suspect_value(written, "đứng một mình, chưa rõ nghĩa", said))


def _foreign(page: Page, start: int, end: int) -> tuple[Piece, ...]:
    edge = start
    while edge < end and is_vietnamese_letter(page.text[edge]):
        edge += 1
    return word(page, start, edge) if edge > start else unreadable_run(page, start)


def office(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the initials of an office where a text is filed: `Lưu: VT, NV`."""
    match = re.compile(r"[A-ZĐ]{2,8}(?![\w])").match(page.text, start)
    said = page.lexicon.offices.get(match.group()) if match else None
    if not match or not said or not re.search(r"(?:^|\W)lưu:? ?[^.;]*$", page.before(start)):
        return ()
    return one(start, match.end(), said, "office")
