"""Marks whose reading depends on both sides: dots, dashes and slashes."""

import re

from tts.reading.evidence import joins_hour_to_day
from tts.reading.letters import CAPITALS
from tts.reading.page import Page, Piece, one, suspect_value
from tts.reading.units import PER, PER_COUNT, UNITS, is_per_noun, measures_alike, per_count, per_word, unit_name
from tts.reading.wordsets import any_of, word_set

_DOTS = re.compile(r"(?:\. ?){2,}|…[.…]*")
_END_MARK = re.compile(r"\./\.?(?!\w)|/\.(?![\w.])")
_SCALES = "nghìn|ngàn|triệu|tỷ|tỉ"
_MEASURES = "|".join(
    sorted(
        {re.escape(unit.lower()) for unit in UNITS}
        | word_set("nghìn ngàn triệu tỷ tỉ tấn tạ đồng độ tuổi lít giờ tháng ngày năm người hộ phút mét lần")
    )
)
_NUMERIC_END = re.compile(rf"(?:[0-9%]|[0-9] ?(?:(?:{_SCALES}) )?(?:{_MEASURES}))$")
_MONEY_END = re.compile(rf"(?:đồng|{_SCALES}|usd|vnđ|vnd|tấn|tạ|lít|kg|người|hộ|suất|bữa|lượt|m2|ha|hồ sơ|%)$")
_NUMBER_BEFORE = re.compile(r"[0-9][^,;.]{0,20}$")
_ROAD_POST_END = re.compile(r"km ?[0-9]+(?:\+[0-9]+)?$")
_NUMBERED_WORD = re.compile(
    r"(?:^|\W)("
    + any_of("ngày, tháng, quý, năm, thứ, tổ, lớp, điều, khoản, chương, khu, thôn, bản, số, mục, câu, cấp, bậc, hạng")
    + r") [\w/.]+ ?$"
)
_WEEKDAY_END = re.compile(r"(?:^|\W)thứ (?:hai|ba|tư|năm|sáu|bảy) ?$")
_WEEKDAY_HEAD = re.compile(r"thứ (?:hai|ba|tư|năm|sáu|bảy)|chủ nhật|cn\b")
_GRADES_BEFORE = re.compile(r"[0-9]-[0-9]{1,2}-[0-9]{1,2}$")
_COUNTED_BEFORE = re.compile(r"[0-9][^,;()]{0,25}$")
_UNIT_BEFORE = re.compile(r"([^\W\d_]+[23²³]?) ?$")
_DAY_AFTER = re.compile(r"/ ?(ngày )?(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])(?![0-9])")
_YEAR_AFTER = re.compile(r"/(?:19|20)[0-9]{2}(?![0-9])")
_WITHIN = re.compile(r"/[0-9]{1,3} ?(?:h|giờ|ngày|tháng|phút|năm)\b")
_COUNTED_THING = re.compile(r"[0-9.]+ ([^\W\d_]+) ?$")
"""What stands before the slash of `2.300 con/2.500 con`."""
_DEGREES_FOLLOW = re.compile(
    r"[0-9]{1,2}(?:,[0-9])?(?:(?: đến | ?- ?|, ?| và |\.{2,3}|…) ?-?[0-9]{1,2}(?:,[0-9])?){1,3} ?(?:°|độ c\b|độ xê)"
)
"""What stands behind the first minus of `-2 đến 4°C` and `-1, -2 độ C`."""
_TEMPERATURE_BEFORE = re.compile(r"(?:nhiệt độ|thấp nhất|cao nhất|rét|lạnh|băng giá)[^.;]{0,25}(?:^|[\s(:,])$")
_LAST_UNIT = re.compile(r"[0-9] ?([^\W\d_]+[23²³]?|%|°c?)$")
_FIRST_UNIT = re.compile(r"[0-9.,/]+ ?([^\W\d_]+[23²³]?|%|°c?)")
_UNIT_END = re.compile(r"[0-9] ?[^\W\d_]+$")
_SECTION_BEFORE = re.compile(r"(?:^|\W)[IVX]{1,5}$")
_INITIAL = re.compile(rf"(?:^|\W)(?:[{CAPITALS}]|Ch|Gi|Kh|Ng|Nh|Ph|Qu|Th|Tr)$")
_PERSON = re.compile(rf"[{CAPITALS}][^\W\d_]+ [{CAPITALS}]$")
_AGE = re.compile(r" (?:[0-9]{1,3} tuổi|\()")
_PHONE_HEAD = re.compile(r"\(?0[0-9]{2}")
_PHONE_END = re.compile(r"0[0-9. -]{8,14}$")
_MINUS = re.compile(r"[0-9]+(?:\.[0-9]{3})*(?:,[0-9]+)? ?(?:°|độ|%|(?:(?:nghìn|triệu|tỷ|tỉ) )?đồng\b|đ\b)")


def end_mark(page: Page, start: int) -> tuple[Piece, ...]:
    """Keep silent over `./.`, the sign that closes an official text."""
    match = _END_MARK.match(page.text, start)
    return one(start, match.end(), "", "end_mark") if match else ()


def dots(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `…`, `...` and `..` as a pause, or as the end where a sentence begins after them."""
    match = _DOTS.match(page.text, start)
    if not match:
        return ()
    end = start + len(match.group().rstrip())
    follows = page.text[end : end + 2].lstrip()
    goes_on = follows[:1].islower() or follows[:1].isdigit() or follows[:1] in {",", ";", ")", '"', ":", "/", "?", "!"}
    return one(start, end, "," if goes_on and follows else ".", "dots")


def full_stop(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a full stop; inside a word or an initial it is silent."""
    text = page.text
    after = text[start + 1 : start + 2]
    if not after or after in " \n\"')]}":
        return one(start, start + 1, _stop_before_space(text, start), "punctuation")
    if after.isdigit() and _SECTION_BEFORE.search(text[max(0, start - 6) : start]):
        return one(start, start + 1, "chấm", "section")
    glued = after.isupper() and text[start - 1 : start].islower()
    return one(start, start + 1, "." if glued else "", "punctuation")


def _stop_before_space(text: str, start: int) -> str:
    """Return the mark of a full stop before a space; before a small letter it may only close an abbreviation."""
    follows = text[start + 2 : start + 3]
    named = follows == "(" and text[start - 1 : start].islower()
    if text[start + 1 : start + 2] == " " and (follows.islower() or named):
        if text[max(0, start - 3) : start] == "v.v":
            return ","
        if _INITIAL.search(text[max(0, start - 3) : start]):
            return ""
    if _AGE.match(text, start + 1) and _PERSON.search(text[max(0, start - 12) : start]):
        return ","  # "ông Lò Văn P. 45 tuổi" goes on
    return "."


def dash(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a hyphen or a dash: "đến" in a range, nothing inside a compound, else a pause."""
    text = page.text
    end = start + 1
    while text[end : end + 1] == "-":
        end += 1
    before = page.before(start).rstrip()
    after = page.lower[end : end + 40].lstrip()
    if _is_minus(page, start, end):
        return one(start, end, "âm", "minus")
    if _joins_range(before, after) or (_HOUR_OF_PART_END.search(before) and _HOUR_AHEAD.match(after)):
        return one(start, end, "đến", "range")
    spaced = text[start - 1 : start] == " " or text[end : end + 1] == " "
    compound = text[:start].rstrip()[-1:].islower() and text[end : end + 2].strip()[:1].islower()
    apart = (spaced and not compound) or (after[:1].isdigit() and _LAST_UNIT.search(before))
    return one(start, end, "," if apart else "", "hyphen")


_HOUR_OF_PART_END = re.compile(r"[0-9]{1,2}(?:h[0-9]{0,2}|:[0-9]{2}| giờ) (?:sáng|trưa|chiều|tối|đêm)$")
_HOUR_AHEAD = re.compile(r"[0-9]{1,2}(?:h|:[0-9]{2}| giờ)")
"""A range of hours with their parts of the day, `7h sáng - 9h tối`."""
_ONE_EACH = re.compile(r" ?/ ?0?1(?= ?[^\W\d_])")
_PRICE_END = re.compile(r"[0-9][^,;()]{0,25}(?:đồng|đ|vnđ|vnd|triệu|tỷ|tỉ|nghìn|ngàn|kg|tấn|tạ|lít)$")


def slash(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a slash: "một" or "trên" before what something is counted by, "năm" before a year, else a pause."""
    counted = _day_of_hour(page, start) or _for_one(page, start) or _counted_by(page, start) or _of_all(page, start)
    if counted:
        return counted
    after_digit = page.text[start - 1 : start].isdigit()
    if _YEAR_AFTER.match(page.text, start) and not after_digit:
        return one(start, start + 1, "năm", "year_mark")
    if _PHONE_HEAD.match(page.text, start + 1) and _PHONE_END.search(page.before(start)):
        return one(start, start + 1, ",", "slash")
    if after_digit and page.text[start + 1 : start + 2].isdigit():
        return one(start, start + 1, "trên", "ratio", suspect_value("/", "giữa hai số chưa rõ nghĩa", "trên"))
    if after_digit is False and _WITHIN.match(page.lower, start) and _UNIT_END.search(page.before(start)):
        return one(start, start + 1, "trong", "per")
    return one(start, start + 1, ",", "slash")


def _day_of_hour(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `13h/05/9` as an hour of a day, as weather bulletins join them."""
    match = _DAY_AFTER.match(page.lower, start)
    if not match or not joins_hour_to_day(page.before(start) + "/"):
        return ()
    return one(start, start + 1, "" if match[1] else "ngày", "day_mark")


def _for_one(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `10 triệu đồng/01 hộ` as "một hộ", without a pause."""
    match = _ONE_EACH.match(page.text, start)
    return one(start, match.end(), "một", "per") if match and _PRICE_END.search(page.before(start)) else ()


def _of_all(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `2.300 con/2.500 con`: so many of so many of the same."""
    thing = _COUNTED_THING.search(page.before(start))
    if not thing or not re.match(rf"/ ?[0-9.]+ {re.escape(thing[1])}(?!\w)", page.lower[start : start + 40]):
        return ()
    return one(start, start + 1, "trên", "ratio")


def _counted_by(page: Page, start: int) -> tuple[Piece, ...]:
    count = PER_COUNT.match(page.text, start)
    if count and (_COUNTED_BEFORE.search(page.before(start)) or _GRADES_BEFORE.search(page.before(start))):
        return one(start, count.end(), per_count(count, page.say.cardinal), "per")
    match = PER.match(page.text, start)
    unit = _UNIT_BEFORE.search(page.text[max(0, start - 20) : start])
    if not match or not unit or not is_per_noun(match[1], unit[1]):
        return ()
    if unit[1].lower() not in {"đồng", "đ"} and not _COUNTED_BEFORE.search(page.before(start)):
        return ()
    return one(start, match.end(), f"{per_word(unit[1], match[1])} {unit_name(match[1])}", "per")


def _is_minus(page: Page, start: int, end: int) -> bool:
    free = start == 0 or page.text[start - 1] in " (\n:,"
    before = page.before(start)
    if not free or _NUMERIC_END.search(before.rstrip()):
        return False
    cold = _TEMPERATURE_BEFORE.search(before) and _MINUS.match(page.text, end + 1)
    return bool(_MINUS.match(page.text, end) or _DEGREES_FOLLOW.match(page.lower, end) or cold)


def _joins_range(before: str, after: str) -> bool:
    if _WEEKDAY_END.search(before):
        return _WEEKDAY_HEAD.match(after) is not None
    if _ROAD_POST_END.search(before) and after.startswith("km"):
        return True
    same = _NUMBERED_WORD.search(before)
    if same and re.match(rf"{same[1]} [0-9ivx]", after):
        return True
    if not re.match(r"\(?(?:dưới |hết )?[0-9]", after) or _PHONE_HEAD.match(after):
        return False
    last, first = _LAST_UNIT.search(before), _FIRST_UNIT.match(after)
    if last and first and not measures_alike(last[1], first[1]):
        return False
    return bool(_NUMERIC_END.search(before) or (_MONEY_END.search(before) and _NUMBER_BEFORE.search(before)))
