"""Dates, months, years and their ranges."""

import re

from tts.reading import evidence
from tts.reading.calendar import HOLIDAYS, day_at, exists, key_of, month_tail
from tts.reading.letters import CAPITALS
from tts.reading.page import Page, Piece, from_match, suspect_value
from tts.reading.shares import is_share

_D = r"([0-9]{1,2})"
_Y = r"((?:1[89]|20|21)[0-9]{2})"
_TO = r" ?- ?"
_STOP = r"(?![0-9]|[/][0-9A-Za-zĐ]|[.,][0-9]|-[0-9])"
_FULL = re.compile(rf"{_D}([/.-]){_D}\2([0-9]{{4}}){_STOP}")
_FULL_SHORT_YEAR = re.compile(rf"{_D}/{_D}/([0-9]{{2}}){_STOP}")
_FULL_TO_FULL = re.compile(rf"{_D}/{_D}/{_Y}{_TO}{_D}/{_D}/{_Y}{_STOP}")
_DAY_TO_DAY_MONTH = re.compile(rf"{_D}{_TO}{_D}/{_D}(?:/{_Y})?{_STOP}")
_DM_TO_DM = re.compile(rf"{_D}/{_D}{_TO}{_D}/{_D}(?:/{_Y})?{_STOP}")
_MONTH_YEAR = re.compile(rf"{_D}([/.-]){_Y}{_STOP}")
_PERIOD_YEAR = re.compile(rf"([0-9]{{1,2}})/{_Y}{_STOP}")
_PERIOD_BEFORE = re.compile(
    r"(?:^|\W)(?:tuần|đợt|kỳ|học kỳ|vụ|lần|tập|khóa|khoá|lớp) (?:thứ )?(?:[0-9]{1,2}(?:, ?| và ))*$"
)
_SCALE_BEFORE = re.compile(
    r"(?:tỷ lệ|tỉ lệ|(?<!\w)(?:tl|qh|qhct|qhpk|bđ)|phân khu|quy hoạch chi tiết|bản đồ)(?: xây dựng)?(?: tỷ lệ)? $"
)
_MY_TO_MY = re.compile(rf"{_D}/{_Y}{_TO}{_D}/{_Y}{_STOP}")
_MONTHS_YEAR = re.compile(rf"{_D}{_TO}{_D}[/.-]{_Y}{_STOP}")
_DAY_MONTH = re.compile(rf"{_D}/{_D}{_STOP}")
_DAY_DASH_MONTH = re.compile(rf"{_D}-{_D}{_STOP}")
_JOINED = re.compile(rf"([0-9]{{1,2}}(?:,[0-9]{{1,2}}){{1,12}})/([0-9]{{1,2}}|[0-9]{{4}})(?:/([0-9]{{4}}))?{_STOP}")
_PLAIN = re.compile(r"([0-9]{1,2})(?![0-9]|[.,/:][0-9]|%)")
_PLAIN_RANGE = re.compile(rf"{_D}{_TO}{_D}(?![0-9]|[.,/:][0-9]|%)")

_AFTER_QUARTER = re.compile(r"quý (?:[0-9]{1,2}(?:, ?| và | đến | hoặc | ?- ?))*$")
_AFTER_MONTH = re.compile(r"tháng (?:(?:[0-9]{1,2}|giêng|chạp)(?:, ?| và | đến | hoặc | ?- ?))*$")
_AFTER_DAY = re.compile(r"(?<!mỗi )(?<!một )(?<!hằng )(?<!hàng )(?<![0-9] )(?<!\w)ngày $")
_NAMED_DAY = re.compile(rf"[Nn]gày (?:[Hh]ội |[Vv]ì )?[{CAPITALS}][^\W\d_]+(?: [^\W\d_]+){{1,8}} \(?$")
"""A day that has a name, `Ngày Chuyển đổi số quốc gia 10/10`."""
_IN_DAY_LIST = re.compile(r"(?<!\w)ngày (?:[0-9]{1,2}(?:, ?| và | đến | hoặc | ?- ?))+$")
_LIST_GOES_ON = re.compile(
    r"(?:(?:, ?| và | đến | hoặc | ?- ?)(?:ngày )?[0-9]{1,2}){0,12}"
    r"(?:[/.-][0-9]{1,2}(?![0-9])| ?tháng (?:[0-9]|giêng|chạp)| (?:hằng|hàng|mỗi) tháng)"
)
_DAY_THEN_DATE = re.compile(
    r"(?:,| và| đến| hoặc)(?: (?:ngày|rạng sáng|sáng|trưa|chiều|tối|đêm)){0,2} [0-9]{1,2}([/.-])[0-9]{1,2}(?![0-9%])"
)
_OPENS_DAYS = re.compile(r"(?:^|\W)(?:từ|các|trong|ngày|vào|sáng|trưa|chiều|tối|đêm) $")
_SPAN_OF_MONTH = re.compile(r" tháng (?:giêng|chạp|(?:1[0-2]|0?[1-9])(?![0-9]))(?! (?:ngày|tuần)(?! [0-9]))")
_COUNTED = re.compile(
    r" (?:lần|viên|buổi|bữa|ca|lượt|liều|giờ|gói|ml|kg|lít|triệu|nghìn|người|chuyến|đêm|công|tiếng|phút|cốc|ly)\b"
)
_MAYBE_DATE_BEFORE = re.compile(
    r"(?:^|\W)(?:từ|đến|tới|hết|trước|sau|vào|thành lập|đầu|bắt đầu|kể|tính|lao động|việt nam|thống nhất|chiến thắng|"
    r"phụ nữ|sinh)[,:]? ?\(?$|(?<![0-9/])[0-9]{1,2}/(?:0?[1-9]|1[0-2])(?:,| và| hoặc| đến|;) ?(?:ngày )?$"
)
_DAYS_AFTER = re.compile(r" (?:ngày|tuần|giờ)\b(?! [0-9])")


def date_range(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `10-12/5/2024`, `28/4-3/5`, `01/01/2023 - 31/12/2023`."""
    match = _FULL_TO_FULL.match(page.text, start)
    if match:
        d1, m1, y1, d2, m2, y2 = match.groups()
        return _said(page, match, f"{_date(page, start, d1, m1, y1)} đến {_date(page, None, d2, m2, y2)}",
                     ((d1, m1), (d2, m2)))  # fmt: skip
    match = _DM_TO_DM.match(page.text, start)
    if match and _is_month(match[2]) and _is_month(match[4]):
        d1, m1, d2, m2, year = match.groups()
        joint = "," if (d1, m1, d2, m2) in {("30", "4", "1", "5"), ("30", "04", "01", "05")} else " đến"
        said = f"{_date(page, start, d1, m1, None)}{joint} {_date(page, None, d2, m2, year)}"
        return _said(page, match, said, ((d1, m1), (d2, m2)))
    match = _DAY_TO_DAY_MONTH.match(page.text, start)
    if match and _is_month(match[3]) and 0 < int(match[1]) < int(match[2]) <= 31:
        d1, d2, month, year = match.groups()
        said = f"{_days(page, start, d1, d2)} {month_tail(page, month, year)}"
        return _said(page, match, said, ((d1, month), (d2, month)))
    return ()


def full_date(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `09/01/2023`, `9-1-2023`, `9.1.2023`, `9/1/23`."""
    match = _FULL.match(page.text, start)
    if match:
        day, _, month, year = match.groups()
        return _said(page, match, _date(page, start, day, month, year), ((day, month, year),))
    match = _FULL_SHORT_YEAR.match(page.text, start)
    if match and _is_month(match[2]) and 1 <= int(match[1]) <= 31:
        day, month, year = match.groups()
        return _said(page, match, _date(page, start, day, month, f"20{year}"), ((day, month, f"20{year}"),))
    return ()


def month_of_year(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `12/2023`, `3-6/2024`, `tháng 3/2023 - 6/2024`."""
    before = page.before(start)
    if _SCALE_BEFORE.search(before):
        return ()
    return _quarter_of_year(page, start) if _AFTER_QUARTER.search(before) else _months(page, start, before)


def _months(page: Page, start: int, before: str) -> tuple[Piece, ...]:
    word = "" if _AFTER_MONTH.search(before) else "tháng "
    match = _MY_TO_MY.match(page.text, start)
    if match and _is_month(match[1]) and _is_month(match[3]):
        first = f"{word}{_month_year(page, match[1], match[2])}"
        return from_match(match, f"{first} đến tháng {_month_year(page, match[3], match[4])}", "month_range")
    match = _MONTHS_YEAR.match(page.text, start)
    if match and _is_month(match[1]) and _is_month(match[2]) and int(match[1]) < int(match[2]):
        last = _month_year(page, match[2], match[3])
        return from_match(match, f"{word}{page.say.month(match[1])} đến tháng {last}", "month_range")
    match = _PERIOD_YEAR.match(page.text, start) if _PERIOD_BEFORE.search(before) else None
    if match:
        return from_match(match, f"{page.say.cardinal(match[1])} năm {page.say.cardinal(match[2])}", "period_of_year")
    match = _MONTH_YEAR.match(page.text, start)
    if match and _is_month(match[1]) and (not word or _names_month(page, match)):
        return from_match(match, word + _month_year(page, match[1], match[3]), "month_of_year")
    return ()


def _names_month(page: Page, match: re.Match[str]) -> bool:
    """Tell whether `3-2026` is no range and `01.2026` no decimal, without "tháng" before."""
    if match[2] == "/" or match[1].startswith("0"):
        return True
    opened = match[2] == "-" or evidence.may_open_day(page.before(match.start()))
    return opened and not evidence.is_counted(page, match.end())


def _quarter_of_year(page: Page, start: int) -> tuple[Piece, ...]:
    match = re.compile(rf"([1-4])(?:{_TO}([1-4]))?[/.-]{_Y}{_STOP}").match(page.text, start)
    if not match:
        return ()
    said = page.say.cardinal(match[1]) + (f" đến quý {page.say.cardinal(match[2])}" if match[2] else "")
    return from_match(match, f"{said} năm {page.say.cardinal(match[3])}", "quarter")


def month_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the numbers after "tháng": `tháng 4`, `tháng 3, 4`, `tháng 4-6`."""
    before = page.before(start)
    if not _AFTER_MONTH.search(before):
        return ()
    match = _PLAIN_RANGE.match(page.text, start)
    if match and _is_month(match[1]) and _is_month(match[2]):
        said = f"{page.say.month(match[1])} đến tháng {page.say.month(match[2])}"
        return from_match(match, said, "month_range")
    match = _PLAIN.match(page.text, start)
    if not match or not _is_month(match[1]) or (not before.endswith("tháng ") and _counts(page, match.end())):
        return ()
    return from_match(match, page.say.month(match[1]), "month")


def day_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a day whose month is written elsewhere: `ngày 09 tháng 01`, `ngày 5, 6/7`, `từ 5 đến 10/6`."""
    match = _PLAIN.match(page.text, start)
    if not match or not 1 <= int(match[1]) <= 31:
        return ()
    before = page.before(start)
    span = _PLAIN_RANGE.match(page.text, start)
    counted = _COUNTED.match(page.text, match.end()) or (span and _COUNTED.match(page.text, span.end()))
    single = _AFTER_DAY.search(before) and not counted
    listed = _IN_DAY_LIST.search(before) and _LIST_GOES_ON.match(page.lower, match.end())
    spanned = span and _SPAN_OF_MONTH.match(page.lower, span.end())
    opened = _OPENS_DAYS.search(before) and (spanned or _date_follows(page, match.end()))
    if not (single or listed or opened):
        return ()
    if span and int(span[1]) < int(span[2]) <= 31:
        return _day_span(page, span)
    if span and single and _DAY_DASH_MONTH.match(page.text, start):
        return ()
    return from_match(match, day_at(page, start, match[1]), "day")


def _date_follows(page: Page, end: int) -> bool:
    follows = _DAY_THEN_DATE.match(page.lower, end)
    return follows is not None and (follows[1] == "/" or not evidence.may_be_counted(page, follows.end()))


def joined_list(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `ngày 5,6/6` and `tháng 8,9/2024`, lists without spaces."""
    match = _JOINED.match(page.text, start)
    if not match:
        return ()
    before, numbers = page.before(start), match[1].split(",")
    if _AFTER_DAY.search(before) and _is_month(match[2]):
        said = ", ".join(page.say.day(number) for number in numbers)
        return from_match(match, f"{said} {month_tail(page, match[2], match[3])}", "day_list")
    if _AFTER_MONTH.search(before) and len(match[2]) == 4:
        said = ", ".join(page.say.month(number) for number in numbers)
        return from_match(match, f"{said} năm {page.say.cardinal(match[2])}", "month_list")
    return ()


def day_month(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `9/1` where the words before it, or the calendar of anniversaries, show that it is a date."""
    match = _DAY_MONTH.match(page.text, start)
    if not match:
        return ()
    before = page.before(start)
    if not _is_month(match[2]) or not 1 <= int(match[1]) <= 31:
        return _no_day(page, match, before)
    if _DAYS_AFTER.match(page.after(match.end())):
        return ()
    shown = evidence.shows_day(before) or evidence.names_day(before)
    shown = shown or evidence.almanac_follows(page.after(match.end())) or _is_padded(page, match, before)
    shown = shown or _is_of_named_day(page, match)
    if not shown and not _may_be_date(page, match, before):
        return ()
    return _said(page, match, _date(page, start, match[1], match[2], None), ((match[1], match[2]),))


def _is_of_named_day(page: Page, match: re.Match[str]) -> bool:
    named = _NAMED_DAY.search(page.text[max(0, match.start() - 70) : match.start()])
    return named is not None and not evidence.may_be_counted(page, match.end())


def _no_day(page: Page, match: re.Match[str], before: str) -> tuple[Piece, ...]:
    """Doubt `ngày 00/5` and `ngày 15/13`, which no calendar has."""
    if not _AFTER_DAY.search(before) or int(match[1]) == int(match[2]) > 0 or is_share(page.after(match.end())):
        return ()
    said = _date(page, match.start(), match[1], match[2], None)
    if 0 < int(match[1]) <= int(match[2]):
        said = f"{page.say.cardinal(match[1])} trên {page.say.cardinal(match[2])}"
    return from_match(match, said, "date", suspect_value(match.group(), "không có trong lịch", said))


def _is_padded(page: Page, match: re.Match[str], before: str) -> bool:
    """Tell whether a zero before the day or the month shows a date, as in `01/01`, where nothing is counted."""
    padded = len(match[1]) == len(match[2]) == 2 and "0" in (match[1][0], match[2][0])
    return padded and not evidence.denies_day(before) and not is_share(page.after(match.end()))


def _may_be_date(page: Page, match: re.Match[str], before: str) -> bool:
    key = key_of(match[1], match[2])
    if int(match[1]) > int(match[2]) and _MAYBE_DATE_BEFORE.search(before):
        return key != "24/7"  # more than all of them cannot be counted
    if is_share(page.after(match.end())) or key in {"24/7", "1/1"}:
        return False
    if _IN_DAY_LIST.search(before) or _MAYBE_DATE_BEFORE.search(before):
        return True
    some = int(match[1]) <= int(match[2]) and evidence.may_be_counted(page, match.end())
    same = int(match[1]) == int(match[2])
    return key in HOLIDAYS and not some and not same and not evidence.denies_day(before)


def _day_span(page: Page, span: re.Match[str]) -> tuple[Piece, ...]:
    said = _days(page, span.start(), span[1], span[2])
    month_follows = re.match(r" ?(?:(?:hằng |hàng |của |mỗi )?tháng|/)", page.lower[span.end() : span.end() + 12])
    if month_follows or not _is_month(span[2]):
        return from_match(span, said, "day_range")
    if key_of(span[1], span[2]) in HOLIDAYS:
        return from_match(span, _date(page, span.start(), span[1], span[2], None), "day_month")
    said = _date(page, span.start(), span[1], span[2], None)
    return from_match(
        span, said, "day_month", suspect_value(span.group(), "có thể là một ngày hoặc một khoảng ngày", said)
    )


def _said(page: Page, match: re.Match[str], said: str, dates: tuple[tuple[str, ...], ...]) -> tuple[Piece, ...]:
    if all(exists(*date) for date in dates):
        return from_match(match, said, "date")
    return from_match(match, said, "date", suspect_value(match.group(), "không có trong lịch", said))


def _date(page: Page, start: int | None, day: str, month: str, year: str | None) -> str:
    said_day = page.say.day(day) if start is None else day_at(page, start, day)
    return f"{said_day} {month_tail(page, month, year)}"


def _days(page: Page, start: int, first: str, last: str) -> str:
    """Return a range of days; from the tenth on it goes without "mùng": "mười đến mười hai"."""
    if int(first) >= 10:
        return f"{page.say.cardinal(first)} đến {page.say.cardinal(last)}"
    return f"{day_at(page, start, first)} đến {page.say.day(last)}"


def _month_year(page: Page, month: str, year: str) -> str:
    return f"{page.say.month(month)} năm {page.say.cardinal(year)}"


def _counts(page: Page, end: int) -> bool:
    return bool(re.match(r" [^\W\d_]", page.text[end : end + 2])) and not re.match(
        r" (?:năm|và|đến|hoặc|tới|này|vừa|sẽ|dự|hằng|hàng)\b", page.lower[end : end + 8]
    )


def _is_month(digits: str) -> bool:
    return 1 <= int(digits) <= 12
