"""Numbers as they stand in a sentence: grouped, decimal, ranges, ratios, with units and with letters."""

import re

from tts.reading.evidence import is_scored
from tts.reading.letters import spell
from tts.reading.page import Page, Piece, from_match, leftover_digits, suspect_value
from tts.reading.units import (
    MONEY,
    PER,
    PER_COUNT,
    UNIT,
    UNITS,
    counts_glued,
    is_per_noun,
    per_count,
    per_word,
    unit_name,
)
from tts.reading.wordsets import any_of

_GROUPED = r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?(?![0-9])"
_SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3}){1,5}(?= ?(?:đồng|đ|VNĐ|VND|USD|người|hộ|ha|m2|tấn|triệu)(?!\w))"
_ENGLISH = r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}(?![0-9])"
_POINTED = r"[0-9]+(?![0-9])(?:[.,][0-9]+(?![0-9]))?"
_NUMBER = rf"(?:{_GROUPED}|{_SPACED}|{_ENGLISH}|{_POINTED})"
_POINT = re.compile("[.,]")
_ONE = re.compile(_NUMBER)
_RANGE = re.compile(rf"({_NUMBER})(%?)(?: ?- ?)({_NUMBER})(?![.,/][0-9])")
_LIST = re.compile(r"[0-9]{1,2}(?:,[0-9]{1,2}){2,30}(?![0-9]|[,.][0-9])")
_LIST_AFTER_NOUN = re.compile(r"[0-9]{1,4}(?:,[0-9]{1,4}){1,30}(?![0-9%]|[,.][0-9])")
_LIST_NOUN = re.compile(
    any_of(
        "mức độ, cấp độ, tổ, lớp, thôn, khu, điều, khoản, quý, tháng, năm, phố, mục, nhóm, tuyến, khối, cấp, thứ, ngày,"
        "số, bản, loại, chương, phụ lục, bảng, biểu, phòng, vùng, xóm, đội, trường, tiểu khu, câu"
    )
    + " $"
)
_VALUE_BEFORE = re.compile(any_of("hệ, chỉ, điểm, tham, hằng, trị, tỷ, tỉ, con") + " số $")
_TRIPLE = re.compile(
    r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{1,2})(?!\w|/(?![0-9.]+ ?(?:m2|m²|ha)(?!\w)|(?:ha|sào|cây|gốc|hố)\b)|[-.,][0-9])"
)
_MINUTES = re.compile(r"([0-9]{1,3})'(?:([0-9]{1,2})(?:\"|''))?(?!\w)")
_SECONDS = re.compile(r"([0-9]{1,2})\"([0-9]{2})(?!\w)")
_QUOTE = re.compile(r"(?<![0-9])'")
_SECTIONS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2}){2,6}(?![0-9])")
_SIDE = re.compile(r"([0-9]+(?:,[0-9]+)?) ?(cm|mm|m|km)?(?= ?x|$)")
_TIMES = re.compile(
    r"[0-9]+(?:,[0-9]+)?(?: ?(?:cm|mm|m|km))?(?: ?x ?[0-9]+(?:,[0-9]+)?(?: ?(?:cm|mm|m|km)(?= ?x))?){1,3}"
)
_WITH_LETTERS = re.compile(r"([0-9]{1,4})([A-ZĐ]{1,2})([0-9]{0,3})(?!\w)")
_SMALL_LETTER = re.compile(r"([0-9]{1,4})([a-eđ])(?!\w)")
_SLOGAN_BEFORE = re.compile(any_of("thông điệp, khẩu hiệu, nguyên tắc, quy tắc, quy định, biện pháp, mô hình") + " $")
_SCALED_POINT = re.compile(r" ?(?:%|‰|nghìn|ngàn|triệu|tỷ|tỉ|điểm|lần|độ|giờ|tấn|lít|mét|tạ)")
_SCALE_WORD = re.compile(r" (?:nghìn|ngàn|triệu|tỷ|tỉ)(?: (?:triệu|tỷ|tỉ|đồng))?(?!\w)")
_WORD_AFTER = re.compile(r" [^\W\d_]{2,}")
_MILLIONS_AND = re.compile(r"([0-9]{1,3})tr([0-9]{1,3})(?!\w)")
_METRES_AND = re.compile(r"([0-9]{1,3})m([0-9]{2}|[1-9])(?!\w)")
_TALL_BEFORE = re.compile(r"(?:^|\W)(?:cao|sâu|dài|dày|ngập)(?: (?:khoảng|gần|hơn|từ|trên|dưới|tới))? $")
_AGAIN = re.compile(r" \(([^\W\d_]+(?: [^\W\d_]+){0,8})\)")
"""The same number in words, as contracts write it: `02 (hai) bản`."""
_LONG = re.compile(r"[0-9]{7,}")


def number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read one number, or a range, with the unit after it."""
    match = _RANGE.match(page.text, start)
    if match and _is_range(page, match):
        scored = is_scored(page.before(start))
        if not scored and _falls(page, match):
            return _two_numbers(page, match)
        word = " " if scored else " đến "
        first = _said(page, match[1], match.end(3)) + (" phần trăm" if match[2] else "")
        return _with_unit(page, start, match.end(), first + word + _said(page, match[3], match.end()))
    match = _ONE.match(page.text, start)
    if match is None:
        return ()
    said = _said(page, match.group(), match.end())
    again = _AGAIN.match(page.lower, match.end())
    if again and again[1] == said:
        return (Piece(start, again.end(), said, "number"),)
    return _with_unit(page, start, match.end(), said)


def foreign_money(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `$500` and `€1,2 triệu`, where the sign comes first."""
    match = _ONE.match(page.text, start + 1)
    name = UNITS.get(page.text[start])
    if not match or not name:
        return ()
    scale = _SCALE_WORD.match(page.lower, match.end())
    end = scale.end() if scale else match.end()
    said = _said(page, match.group(), match.end()) + (scale.group() if scale else "")
    return (Piece(start, end, f"{said} {name}", "quantity"),)


def listed_numbers(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `mức độ 3,4` and `lớp 6,7,8,9`: a list without spaces, no decimal."""
    match = _LIST.match(page.text, start)
    if not match and _LIST_NOUN.search(page.before(start)):
        match = _LIST_AFTER_NOUN.match(page.text, start)
        if match and _is_value(page, match):
            return ()
        if match and UNIT.match(page.text, match.end()):
            return ()
    if not match:
        return ()
    return from_match(match, ", ".join(map(page.say.cardinal, match.group().split(","))), "number_list")


def _is_value(page: Page, match: re.Match[str]) -> bool:
    """Tell whether `2,34` behind "hệ số" is a decimal, and no list of two numbers."""
    numbers = match.group().split(",")
    before = page.before(match.start())
    if len(numbers) > 2 or not before.endswith("số "):
        return False
    rises = int(numbers[0]) + 1 == int(numbers[1]) and not numbers[1].startswith("0")
    return _VALUE_BEFORE.search(before) is not None or not rises


def triple(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `16-16-8`, the grades of a fertiliser, as three numbers."""
    match = _TRIPLE.match(page.text, start)
    if not match:
        return ()
    return _per(page, start, match.end(), ", ".join(map(page.say.cardinal, match.groups())), "kg")


def minutes_mark(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `15'` as minutes, unless the mark closes a quotation."""
    match = _SECONDS.match(page.text, start)
    if match:
        part = page.say.spelled(match[2]) if match[2].startswith("0") else page.say.cardinal(match[2])
        return from_match(match, f"{page.say.cardinal(match[1])} giây {part}", "time")
    match = _MINUTES.match(page.text, start)
    if not match or len(_QUOTE.findall(page.before(start, 200))) % 2:
        return ()
    if match[2]:
        said = f"{page.say.cardinal(match[1])} phút {page.say.cardinal(match[2])} giây"
        return from_match(match, said, "time")
    return _per(page, start, match.end(), f"{page.say.cardinal(match[1])} phút", "phút")


def section_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `3.2.1`, the number of a section."""
    match = _SECTIONS.match(page.text, start)
    return (
        from_match(match, " chấm ".join(map(page.say.cardinal, match.group().split("."))), "section") if match else ()
    )


def dimensions(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `3x4 m`, `2m x 3m`."""
    match = _TIMES.match(page.text, start)
    if not match:
        return ()
    sides = [
        _said(page, side[1], match.end()) + (f" {UNITS[side[2]]}" if side[2] else "")
        for side in _SIDE.finditer(match.group())
    ]
    return _with_unit(page, start, match.end(), " nhân ".join(sides))


def number_with_letters(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `12A`, `9A1`, `5G`."""
    match = _WITH_LETTERS.match(page.text, start) or _SMALL_LETTER.match(page.text, start)
    if not match or (UNIT.match(page.text, match.end(1)) and match[2] != "K"):
        return ()
    quoted = page.text[start - 1 : start] == page.text[match.end() : match.end() + 1] == '"'
    if match[2] == "K" and not (quoted or _SLOGAN_BEFORE.search(page.before(start))):
        return ()
    said = f"{page.say.cardinal(match[1])} {spell(match[2])}"
    if match.lastindex == 3 and match[3]:
        said += f" {page.say.cardinal(match[3])}"
    return from_match(match, said, "number_with_letters")


def millions_and(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `1tr2`, a million and so many hundred thousand."""
    match = _MILLIONS_AND.match(page.text, start)
    if not match:
        return ()
    return from_match(match, f"{page.say.cardinal(match[1])} triệu {page.say.cardinal(match[2])}", "quantity")


def metres_and(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `1m65`; `1m2` only where something small is tall or deep, for elsewhere it is an area."""
    match = _METRES_AND.match(page.text, start)
    if not match:
        return ()
    if match[2] in {"2", "3"} and (len(match[1]) > 1 or not _TALL_BEFORE.search(page.before(start))):
        return ()
    rest = page.say.spelled(match[2]) if match[2].startswith("0") else page.say.cardinal(match[2])
    return from_match(match, f"{page.say.cardinal(match[1])} mét {rest}", "quantity")


def is_money(page: Page, end: int) -> bool:
    """Tell whether a sum of money ends at `end`."""
    unit = UNIT.match(page.text, end)
    return bool(unit and (unit[1] or unit[2]) in MONEY) or page.lower.startswith(" đồng", end)


def _is_range(page: Page, match: re.Match[str]) -> bool:
    if match[1].startswith("0") and match[1].isdigit() and len(match[1]) > 2:
        return False
    return not (len(match[1]) > 6 and match[1].isdigit())


def _falls(page: Page, match: re.Match[str]) -> bool:
    """Tell whether two numbers make no range without a unit: the second is smaller, or a year: `45-12`, `25-2019`."""
    if match[1] == match[3]:
        return True  # nothing reaches from a number to itself
    plain = match[1].isdigit() and match[3].isdigit() and not match[2]
    year = re.fullmatch("(?:19|20)[0-9]{2}", match[3]) and len(match[1]) < 4
    return plain and bool(int(match[1]) > int(match[3]) or year) and UNIT.match(page.text, match.end()) is None


def _two_numbers(page: Page, match: re.Match[str]) -> tuple[Piece, ...]:
    said = f"{_said(page, match[1], match.end(1))}, {_said(page, match[3], match.end())}"
    flag = suspect_value(match.group(), "có lẽ không phải một khoảng", said)
    return from_match(match, said, "number_list", flag)


def _said(page: Page, written: str, end: int) -> str:
    say = page.say
    if re.fullmatch(_GROUPED, written):
        whole, _, fraction = written.replace(".", "").partition(",")
        return say.decimal(whole, fraction) if fraction else say.cardinal(whole)
    if " " in written or written.count(",") > 1:
        return say.cardinal(written.replace(" ", "").replace(",", ""))
    whole, fraction = _POINT.split(written) if _POINT.search(written) else (written, "")
    if not fraction:
        return say.spelled(whole) if whole.startswith("0") and len(whole) > 2 else say.cardinal(whole)
    if "," in written:
        return say.decimal(whole, fraction)
    unit = UNIT.match(page.text, end)
    measured = unit is not None or _SCALED_POINT.match(page.text, end) is not None
    return say.decimal(whole, fraction, "phẩy" if measured else "chấm")


def _with_unit(page: Page, start: int, end: int, said: str) -> tuple[Piece, ...]:
    unit = UNIT.match(page.text, end)
    if unit:
        return _per(page, start, unit.end(), f"{said} {unit_name(unit[1] or unit[2])}", unit[1] or unit[2])
    written = page.text[start:end]
    if _is_code_like(page, written, end):
        said = ", ".join(map(page.say.spelled, re.findall(r"[0-9]{1,3}", written)))
        return (Piece(start, end, said, "digits", (leftover_digits(written[:20], said[:80]),)),)
    behind = page.text[end : end + 1].isalpha() and not counts_glued(page.lower, end)
    beside = (start > 0 and page.text[start - 1].isalpha()) or behind
    flags = (leftover_digits(written, said),) if beside else ()
    return (Piece(start, end, said, "number", flags),)


def _is_code_like(page: Page, written: str, end: int) -> bool:
    """Tell whether a long run of digits names something rather than counts it."""
    if not _LONG.fullmatch(written) or _SCALE_WORD.match(page.lower, end) or page.lower.startswith(" đồng", end):
        return False
    if written[0] != "0" and len(written) <= 12 and written.endswith("000"):
        return False
    counts = len(written) <= 9 and written[0] != "0" and _WORD_AFTER.match(page.lower, end)
    return not counts


def _per(page: Page, start: int, end: int, said: str, unit: str) -> tuple[Piece, ...]:
    counted = PER_COUNT.match(page.text, end)
    if counted:
        return (Piece(start, counted.end(), f"{said} {per_count(counted, page.say.cardinal)}", "quantity"),)
    match = PER.match(page.text, end)
    while match and is_per_noun(match[1], unit):
        said += f" {per_word(unit, match[1])} {unit_name(match[1])}"
        unit, end = match[1], match.end()
        match = PER.match(page.text, end)
    return (Piece(start, end, said, "quantity"),)
