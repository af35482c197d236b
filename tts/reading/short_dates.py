"""A day and its month with a hyphen or a dot between, as newspapers write them: `19-3`, `30.7`, `30-4 - 1-5`.

The same signs stand in ranges (`5-7 hộ`) and in numbers of sections (`2.1`), so the words around decide, then the two
numbers themselves: a range never falls. What both readings fit is flagged.
"""

import re
from functools import lru_cache

from tts.reading import evidence
from tts.reading.calendar import HOLIDAYS, day_and_month, exists, key_of, month_tail
from tts.reading.page import Page, Piece, from_match, suspect_value

_D = r"([0-9]{1,2})"
_STOP = r"(?![0-9%]|[.,/:][0-9]|-[0-9]|[A-Za-zĐđ])"
_PAIR = re.compile(rf"{_D}([.-]){_D}{_STOP}")
_PAIR_TO_PAIR = re.compile(rf"{_D}(?:-{_D} - {_D}-{_D}|\.{_D} ?- ?{_D}\.{_D})(?:[.-]((?:19|20)[0-9]{{2}}))?{_STOP}")
_DAYS = re.compile(rf"{_D}(?: - {_D}-{_D}| ?- ?{_D}\.{_D})(?:[.-]((?:19|20)[0-9]{{2}}))?{_STOP}")
_TO = r"(?:,| và| đến| tới| -| hoặc|;|, đến)(?: hết)?(?: ngày| rạng sáng| sáng| chiều| tối| đêm)? ?"
_PAIR_BEFORE = re.compile(rf"(?<![0-9./-]){_D}([.-]){_D}(?:[.-](?:19|20)[0-9]{{2}})?{_TO}$")
_PAIR_AFTER = re.compile(rf"{_TO}{_D}([.-]){_D}(?![0-9%]|[.,/:][0-9](?![0-9]{{3}})|-[0-9](?![0-9]{{3}}))")
_DAY_LIST_BEFORE = re.compile(r"(?:(?<!\w)ngày|từ|sáng|đêm|trong) [0-9]{1,2}(?:, ?| và | đến | hoặc )(?:ngày )?$")
_LONGEST_RUN = 6
_FROM = re.compile(r"từ (?:ngày )?$")
_FROM_PAIR = re.compile(rf"(?:^|\W)từ (?:ngày )?{_D}[.-]{_D}(?: đến| tới)(?: hết)?(?: ngày)? $")
_MONTH_AFTER = re.compile(r" ?(?:(?:hằng |hàng |của |mỗi )?tháng|/)")
_CLEAR_STYLE = re.compile(
    rf"(?:ngày|sáng|chiều|tối|trưa|đêm|hôm|nay|qua|mai|giờ),? \(?{_D}-(1[0-2]|0?[1-9])(?![0-9%]|[.,/:-][0-9])"
)


def short_date(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `19-3` and `30.7` where they are a date; flag where they may be a range as well."""
    match = _PAIR.match(page.text, start)
    if not match or not _is_date(match[1], match[3]) or _MONTH_AFTER.match(page.lower, match.end()):
        return ()
    doubt = (_hyphen_doubt if match[2] == "-" else _dot_doubt)(page, match)
    if doubt is None:
        return ()
    said = day_and_month(page, start, match[1], match[3])
    flags = (suspect_value(match.group(), "có thể là một ngày hoặc một khoảng", said),) if doubt else ()
    return from_match(match, said, "day_month", *flags)


def short_date_range(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `30-4 - 1-5`, `1.11 - 10.12.2025` and `5 - 6-8`."""
    match = _PAIR_TO_PAIR.match(page.text, start)
    if match:
        d1, m1, d2, m2 = (group for group in match.groups()[:-1] if group)
        dotted = not match[2]
        if not (_is_date(d1, m1) and _is_date(d2, m2)) or (dotted and not _dots_are_dates(page, match)):
            return ()
        first = day_and_month(page, start, d1, m1)
        return from_match(match, f"{first} đến {page.say.day(d2)} {month_tail(page, m2, match[8])}", "date")
    match = _DAYS.match(page.text, start)
    if not match or _MONTH_AFTER.match(page.lower, match.end()):
        return ()
    d1, d2, month = (group for group in match.groups()[:-1] if group)
    if not (_is_date(d1, month) and _is_date(d2, month)) or int(d1) >= int(d2) or not _is_dated(page, match, match[6]):
        return ()
    first = page.say.day(d1)
    return from_match(match, f"{first} đến {page.say.day(d2)} {month_tail(page, month, match[6])}", "date")


def _is_date(day: str, month: str) -> bool:
    return int(month) <= 12 and exists(day, month)


def _is_dated(page: Page, match: re.Match[str], year: str | None) -> bool:
    """Tell whether a year, or a word before, shows that days stand here."""
    before = page.before(match.start())
    named = evidence.shows_day(before) or evidence.names_day(before) or evidence.may_open_day(before)
    counted = evidence.may_be_counted(page, match.end()) or evidence.is_counted(page, match.end())
    return bool(year) or ((named or before.endswith("ngày (")) and not counted)


def _dots_are_dates(page: Page, match: re.Match[str]) -> bool:
    return _is_dated(page, match, match[8])


def _hyphen_doubt(page: Page, match: re.Match[str]) -> bool | None:
    """Return whether a reading of `19-3` as a date is doubtful; None when it is none."""
    before, end = page.before(match.start()), match.end()
    beside = _stands_beside_date(page, match, before)
    kept = key_of(match[1], match[3]) in HOLIDAYS
    feast = kept and evidence.names_day(before) and page.lower.startswith(" người", end)
    if evidence.is_scored(before) or (evidence.is_counted(page, end) and not (kept and (beside or feast))):
        return None
    falls = int(match[1]) >= int(match[3])
    named = evidence.shows_day(before) or _DAY_LIST_BEFORE.search(before) is not None
    occasion = evidence.names_day(before) and (falls or feast or not evidence.may_be_counted(page, end))
    almanac = evidence.almanac_follows(page.after(end))
    if named or occasion or almanac or beside or (evidence.may_open_day(before) and falls):
        sure = falls or almanac or beside or _is_padded_once(match) or _cannot_be_range(page, match, before)
        return not sure and not _writes_dates_so(page.lower)
    if evidence.may_open_day(before):
        return None if evidence.may_be_counted(page, end) else not kept and not _writes_dates_so(page.lower)
    alone = before.endswith("(") and page.text[end : end + 1] == ")"
    if evidence.denies_day(before.rstrip("( ") + " ") or not (falls or alone):
        return None
    return int(match[1]) < 10 or not kept


def _dot_doubt(page: Page, match: re.Match[str]) -> bool | None:
    """Return whether a reading of `30.7` as a date is doubtful; None when it is a number."""
    before, end = page.before(match.start()), match.end()
    shown = evidence.shows_day(before) or evidence.almanac_follows(page.after(end))
    if evidence.is_counted(page, end) or (evidence.denies_day(before) and not shown):
        return None
    if shown or (_DAY_LIST_BEFORE.search(before) and not evidence.may_be_counted(page, end)):
        return False
    if _stands_beside_date(page, match, before):
        return evidence.may_be_counted(page, end) and key_of(match[1], match[3]) not in HOLIDAYS
    opened = evidence.names_day(before) or (evidence.may_open_day(before) and int(match[1]) > 12)
    if not opened or evidence.may_be_counted(page, end):
        return None
    return key_of(match[1], match[3]) not in HOLIDAYS


@lru_cache(maxsize=4)
def _writes_dates_so(lower: str) -> bool:
    """Tell whether the script has a date with a hyphen that can be nothing else, as a newspaper has throughout."""
    return any(_is_clear(day, month) for day, month in _CLEAR_STYLE.findall(lower))


def _stands_beside_date(page: Page, match: re.Match[str], before: str) -> bool:
    """Tell whether a date with the same sign stands next to it: `15-8 và 16-8`, `từ 1-8 đến 7-8`."""
    last, follows = _PAIR_BEFORE.search(before), _PAIR_AFTER.match(page.lower, match.end())
    if last and last[2] == match[2]:
        run, ahead = _run_before(before, match[2])
        pairs = [(pair[1], pair[3]) for pair in run]
        clear = _FROM_PAIR.search(before) or any(_is_clear(*pair) for pair in [*pairs, (match[1], match[3])])
        return bool(clear) and all(_is_date(*pair) for pair in pairs) and not _denied(ahead)
    if follows and follows[2] == match[2] and not evidence.is_counted(page, follows.end()):
        clear = _FROM.search(before) or _is_clear(follows[1], follows[3]) or _is_clear(match[1], match[3])
        return bool(clear) and _is_date(follows[1], follows[3]) and not _denied(before)
    return False


def _run_before(before: str, sign: str) -> tuple[list[re.Match[str]], str]:
    """Return the pairs with the same sign that stand in a row, last first, and what is before them."""
    run: list[re.Match[str]] = []
    pair = _PAIR_BEFORE.search(before)
    while pair and pair[2] == sign and len(run) < _LONGEST_RUN:
        run.append(pair)
        before = before[: pair.start()]
        pair = _PAIR_BEFORE.search(before)
    return run, before


def _is_clear(day: str, month: str) -> bool:
    return int(day) > int(month) and _is_date(day, month)


def _denied(before: str) -> bool:
    return evidence.denies_day(before) and not evidence.shows_day(before)


def _is_padded_once(match: re.Match[str]) -> bool:
    """Tell whether only one of the numbers has a leading zero, as no range has: `01-3`."""
    return match[1].startswith("0") != match[3].startswith("0")


def _cannot_be_range(page: Page, match: re.Match[str], before: str) -> bool:
    """Tell whether the words leave no room for a range that rises: `Chiều 5-8, `, `trước ngày 5-6`."""
    if before.endswith("ngày "):
        return evidence.is_one_day(before) or key_of(match[1], match[3]) in HOLIDAYS
    return not evidence.may_be_counted(page, match.end()) and not re.search(r"m[ùồ]ng $", before)
