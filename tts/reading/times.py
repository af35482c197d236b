"""Hours of the day and the days of the week."""

import re

from tts.reading.page import Page, Piece, from_match, suspect_value

_NO_DAY = r"(?![0-9]|[-/.][0-9]{1,2}(?![0-9hHg:]| ?giờ))"
"""After minutes that a space sets off: they would be the day of `15 giờ 23-10`."""
_LETTERED = (
    rf"([0-9]{{1,2}}) ?(?:h|H|giờ)(?:(?: (?=[0-9]{{2}}{_NO_DAY}))?([0-9]{{2}})(?![0-9])(?: ?(phút|ph|p|'))?)?"
    r"(?![^\W\d_])"
)
_SOUTHERN = r"([0-9]{1,2})g([0-9]{2})(?![0-9])()(?![^\W\d_])"
_COLON = r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?![0-9]|[:.,][0-9]| ?%)( ?(?:h|giờ)\b)?"
_TIME = re.compile(rf"{_LETTERED}|{_SOUTHERN}|{_COLON}")
_HOUR_G = re.compile(r"([0-9]{1,2})g()()(?!\w)")
_AT = re.compile(r"(?:lúc|từ|hồi|đến|trước|sau) $")
_SECONDS = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9]):([0-5][0-9])(?![0-9]|:[0-9])")
_TO = re.compile(r" ?- ?")
_SHORT_RANGE = re.compile(r"([0-9]{1,2}) ?- ?(?=[0-9]{1,2} ?(?:h|giờ)(?![^\W\d_]))")
_NOT_TIME = re.compile(r"(?:tỷ lệ|tỉ lệ|tỷ số|tỉ số|mác|chia|số) $")
_WEEKDAY_TO = re.compile(r"([2-7])(?: ?- ?)(?:(thứ |t)?([2-7])(?![\w/])|(cn|chủ nhật)(?!\w))")
_ORDINAL = re.compile(r"([0-9]{1,3})(?:/([0-9]{1,3}))?(?![0-9]|[.,/][0-9])")
_WEEKDAY_LIST_BEFORE = re.compile(r"(?<!\w)thứ [2-7](?:, ?| và | hoặc )(?:[2-7](?:, ?| và | hoặc )){0,5}$")
_WEEKDAYS = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
_T_DAY = re.compile(r"T([2-7])(?![/\w])(?:( ?- ?)(?:T([2-7])|(CN))(?!\w))?")
_T_DAYS = re.compile(r"T([2-7](?:[-,]T?[2-7]){2,5})(?![\w/])")
_DAYS_IN_ROW = re.compile(r"([2-7](?:-[2-7]){2,5})(?![\w/])")
_Q_NUMBER = re.compile(r"Q([1-4])(?: ?- ?Q?([1-4]))?(?:[/.]((?:19|20)[0-9]{2}))?(?!\w|[/.,-][0-9])")
_Q_BEFORE = re.compile(
    r"(?:^|\W)(?:hết|cuối|đầu|giữa|trong|kết thúc|báo cáo|bc|kế hoạch|kh|kết quả|số liệu|tổng kết|sơ kết|ước) $"
)
_DISTRICT_AFTER = re.compile(r",? (?:tp|thành phố|hcm|hà nội)")
_T_MONTHS = re.compile(r"T(1[0-2]|[1-9])(?!\w)(?:( ?- ?)T?(1[0-2]|[1-9])(?![\w:]|[.,][0-9]))?")
_T_SAID_AFTER = re.compile(r"(?:(?:, ?| và | đến )T[2-7])*(?:, ?| và | đến )T(?:1[0-2]|[189])(?![\w-])")
_T_SAID_BEFORE = re.compile(
    r"(?:^|\W)(?:(?:lũy kế|luỹ kế|số liệu|quyết toán|ước)(?: đến| hết| cuối)?|lương)(?: đến)? $"
    r"|(?<!\w)t(?:1[0-2]|[189])(?:, ?| và | đến )$"
)
"""What leaves no weekday: `lũy kế T5`, `T6, T8`."""
_T_YEAR_AFTER = re.compile(r"(?:(?:, ?| và | - ?|-)T(?:1[0-2]|[1-9])){1,11}/(?:19|20)[0-9]{2}(?![0-9])")
_T_MONTH_BEFORE = re.compile(
    r"(?:^|\W)(?:lũy kế|luỹ kế|báo cáo|kết quả|kế hoạch|số liệu|ước|cuối|đầu|giữa|hết|lương|kỳ|so với|quyết toán|"
    r"t(?:1[0-2]|[1-9])(?:, ?| và | đến )) ?$|t(?:1[0-2]|[1-9])(?:,| và| đến) $"
)
_T_PLACE_BEFORE = re.compile(
    r"(?:^|\W)(?:ga|nhà ga|ga hành khách|ga quốc nội|ga quốc tế|tòa|toà|tòa nhà|toà nhà|tháp|cửa|trục|tuyến|lô) $"
)
"""What the letter T numbers like any other: `Ga T3`."""
_ENGLISH_TIME = re.compile(r"(1[0-2]|0?[1-9])(?:[:h]([0-5][0-9]))? ?([AaPp])(?:M|m|\.M\.|\.m\.)(?!\w)")
_PARTS_OF_DAY = {"a": ((12, "sáng"),), "p": ((6, "chiều"), (10, "tối"), (12, "đêm"))}
_T_MONTH = re.compile(r"T([0-9]{1,2})/((?:19|20)[0-9]{2})(?![0-9])")


def time_of_day(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `17h30`, `17:30`, `7g30`, `7h`, and ranges of them."""
    if _NOT_TIME.search(page.before(start, 8)):
        return ()
    match = _SECONDS.match(page.text, start)
    if match:
        hours, minutes, seconds = (page.say.cardinal(part) for part in match.groups())
        return from_match(match, f"{hours} giờ {minutes} phút {seconds} giây", "time")
    match = _SHORT_RANGE.match(page.text, start)
    if match:
        return from_match(match, f"{page.say.cardinal(match[1])} đến", "time_range")
    match = _TIME.match(page.text, start) or _bare_southern(page, start)
    if not match:
        return ()
    pieces = _one_time(page, match)
    to = _TO.match(page.text, match.end())
    if to and _TIME.match(page.text, to.end()):
        pieces += (Piece(to.start() + to.group().index("-"), to.end(), "đến", "time_range"),)
    return pieces


def _bare_southern(page: Page, start: int) -> re.Match[str] | None:
    """Match `16g`, which is grams unless a word for a point in time stands before it."""
    return _HOUR_G.match(page.text, start) if _AT.search(page.before(start, 12)) else None


def weekday_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the number after "thứ": a weekday, a range of weekdays, or an ordinal."""
    before = page.before(start, 20)
    listed = _WEEKDAY_LIST_BEFORE.search(before) is not None
    if not listed and not re.search(r"(?<!\w)thứ $", before):
        return ()
    in_row = _DAYS_IN_ROW.match(page.text, start)
    if in_row:
        return from_match(in_row, _each_weekday(in_row[1]).removeprefix("thứ "), "weekday_list")
    match = _WEEKDAY_TO.match(page.lower, start)
    if match:
        word = "" if match[4] else "thứ " if match[2] else ""
        last = "chủ nhật" if match[4] else _WEEKDAYS[match[3]]
        return from_match(match, f"{_WEEKDAYS[match[1]]} đến {word}{last}", "weekday_range")
    match = _ORDINAL.match(page.text, start)
    if not match or (listed and match.group() not in _WEEKDAYS):
        return ()
    of_all = f" trên {page.say.cardinal(match[2])}" if match[2] else ""
    return from_match(match, page.say.ordinal(match[1]) + of_all, "ordinal")


def english_time(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `7:30AM` and `5 PM` with the part of the day instead of foreign letters."""
    match = _ENGLISH_TIME.match(page.text, start)
    if not match or (not match[2] and match[3].islower() and match.group()[-3:-2] == " "):
        return ()
    hour, half = int(match[1]) % 12, match[3].lower()
    part = next(name for until, name in _PARTS_OF_DAY[half] if hour < until)
    part = {("a", 0): "đêm", ("p", 0): "trưa"}.get((half, hour), part)
    minutes = f" {page.say.cardinal(match[2])}" if match[2] and int(match[2]) else ""
    return from_match(match, f"{page.say.cardinal(match[1])} giờ{minutes} {part}", "time")


def short_month(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `T8`, `T1-T12` and `T5, T6/2025` as months; a month that no word shows is doubted."""
    match = _T_MONTHS.match(page.text, start)
    if not match or page.text.startswith("/", match.end(1)):
        return ()
    dated = _T_YEAR_AFTER.match(page.text, match.end(1))
    numbers = [number for number in (match[1], match[3]) if number]
    before = page.before(start, 30)
    shown = dated or _T_SAID_AFTER.match(page.text, match.end(1)) or _T_SAID_BEFORE.search(before)
    if not shown and all(number in _WEEKDAYS for number in numbers):
        return ()
    if match[3] and (int(match[1]) >= int(match[3]) or page.text.startswith("/", match.end())):
        numbers = numbers[:1]
    said = " đến ".join(f"tháng {page.say.month(number)}" for number in numbers)
    end = match.end() if len(numbers) > 1 else match.end(1)
    written = page.text[start:end]
    sure = shown or written.count("T") > 1 or _T_MONTH_BEFORE.search(before)
    flags = () if sure else (suspect_value(written, "có thể là tháng hoặc một ký hiệu", said),)
    return (Piece(start, end, said, "month", flags),)


def short_quarter(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Q4/2026` and `Q1-Q3` as quarters, `Q1, TP.HCM` as a district; doubt what no word shows."""
    match = _Q_NUMBER.match(page.text, start)
    if not match:
        return ()
    numbers = [page.say.cardinal(number) for number in (match[1], match[2]) if number]
    if not match[2] and not match[3] and _DISTRICT_AFTER.match(page.lower, match.end()):
        return from_match(match, f"quận {numbers[0]}", "place_head")
    said = " đến ".join(f"quý {number}" for number in numbers)
    said += f" năm {page.say.cardinal(match[3])}" if match[3] else ""
    sure = match[2] or match[3] or _Q_BEFORE.search(page.before(start))
    flags = () if sure else (suspect_value(match.group(), "có thể là quý hoặc quận", said),)
    return from_match(match, said, "quarter", *flags)


def short_weekday(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `T7`, `T2-T6`, and `T3/2024` for a month."""
    match = _T_MONTH.match(page.text, start)
    if match and 1 <= int(match[1]) <= 12:
        return from_match(match, f"tháng {page.say.month(match[1])} năm {page.say.cardinal(match[2])}", "month_of_year")
    listed = _T_DAYS.match(page.text, start)
    if listed:
        return from_match(listed, _each_weekday(listed[1]), "weekday_list")
    match = _T_DAY.match(page.text, start)
    if not match:
        return ()
    if not match[2] and _T_PLACE_BEFORE.search(page.before(start)):
        return from_match(match, f"tê {page.say.cardinal(match[1])}", "letters_with_digits")
    said = f"thứ {_WEEKDAYS[match[1]]}"
    if match[2]:
        said += " đến " + ("chủ nhật" if match[4] else f"thứ {_WEEKDAYS[match[3]]}")
    return from_match(match, said, "weekday")


def _each_weekday(written: str) -> str:
    """Return each of `3-5-7`, which no range can be."""
    return ", ".join(f"thứ {_WEEKDAYS[number]}" for number in re.findall("[2-7]", written))


def _one_time(page: Page, match: re.Match[str]) -> tuple[Piece, ...]:
    hour, minute, minute_word = next(
        (match[n], match[n + 1], match[n + 2]) for n in range(1, len(match.groups()), 3) if match[n] is not None
    )
    said = f"{page.say.cardinal(hour)} giờ"
    if minute and int(minute):
        said += f" {page.say.cardinal(minute)}"
        spoken_minutes = minute_word in {"phút", "ph", "p", "'"} or minute.startswith("0")
        said += " phút" if spoken_minutes else ""
    if minute and (int(hour) > 24 or int(minute) > 59):
        return from_match(match, said, "time", suspect_value(match.group(), "không phải giờ có thật", said))
    return from_match(match, said, "time")
