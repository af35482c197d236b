"""Abbreviations that need more than the lexicon: with digits, in filing lines, by what is near."""

import re

from tts.reading.evidence import names_product
from tts.reading.letters import CAPITALS, spell
from tts.reading.page import Page, Piece, one, unknown_abbreviation

_LETTERS_DIGITS = re.compile(r"([A-ZĐ]{1,6})[.-]?([0-9]{1,9})([A-ZĐ]{0,2}[0-9]{0,3})(?!\w)")
_IN_BRACKETS = re.compile(rf'\("?([{CAPITALS}][{CAPITALS}&-]{{0,10}}[{CAPITALS}])"?\)')
_ROAD = re.compile(r"(ĐT|TL|ĐH|ĐX|HL|QL) ([0-9]{1,3})([A-ZĐ]?)(?![ .]?[0-9]|\w)")
_ROAD_NEAR = re.compile(
    r"(?:^|\W)(?:đường|tuyến|trên|qua|dọc|các|km ?[0-9]+(?:\+[0-9]+)?|đoạn|nút giao|ngã ba)[ ,]{1,2}$"
)
_CALL_NUMBER = re.compile("11[1-5]|156")
"""The only telephone numbers of three digits."""
_SLASHED = re.compile(r"[A-ZĐ]/[a-zđ](?!\w)")
_COMRADE = re.compile(
    r"Đ/C(?!\w)(?! ?:)(?: ((?!(?:Tổ|Số|Thôn|Bản|Khu|Đường|Phố|Xã|Phường|Ngõ|Tiểu) )"
    rf"[{CAPITALS}][^\W\d_]+ [{CAPITALS}]))?"
)
_OFFICE = re.compile(r"[A-ZĐ]{2,8}(?!\w)")
_FILED = re.compile(r"(?:^|\W)lưu(?: tại)?(?: ?:| (?=vt\b|văn thư\b|vp\b|$))[^.;]*$")
_SUNDAY_NEAR = re.compile(
    r"(?:t[2-7]|thứ|bảy|sáng|chiều|tối|trưa|ngày|đêm)\W[^.;]{0,20}$"
    r"|(?:[0-9]{1,2}[hg:](?:[0-9]{2})?|giờ|phút)[ ,(]{1,3}$"
)
_DATE_AFTER = re.compile(r",? ?\(?(?:ngày )?[0-9]{1,2}[/.-][0-9]{1,2}(?![0-9])")


def said_again(page: Page, start: int) -> tuple[Piece, ...]:
    """Keep silent over `(UBND)` right behind the very words that it stands for."""
    match = _IN_BRACKETS.match(page.text, start)
    if not match or page.own.exact(match[1]):
        return ()
    found = page.meanings.at(page.text, page.lower, start + 1, page.lower[start + 1 : match.end(1)])
    said = found.spoken if found and found.written == match[1] else page.reading_of(match[1])
    just_said = said is not None and re.search(rf"(?:^|\W){re.escape(said.lower())} $", page.before(start, 150))
    return one(start, match.end(), "", "said_again") if just_said else ()


def letters_with_digits(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `QL4D`, `ĐT.128`, `A1`, `PM2`: what the lexicon calls the letters, then the number."""
    match = _LETTERS_DIGITS.match(page.text, start)
    if not match or page.lexicon.words.exact(match.group()):
        return ()
    letters, digits, tail = match.groups()
    glued, product = page.text[match.end(1)].isdigit(), names_product(page.before(start))
    # The initials of a body may open the name of a thing as well: DN100 is a pipe, BC15 a rice.
    name = page.reading_of(letters + "+") or (page.reading_of(letters) if glued and len(letters) > 2 else None)
    name = None if product or letters.endswith("TV") else name
    if not name and not glued:
        return ()
    just_said = name is not None and page.before(start).endswith(name + " ")
    if name and page.before(start).endswith(name.split()[0] + " "):
        name = name.partition(" ")[2]  # "đường ĐT129" is not said "đường đường tỉnh"
    number = page.say.spelled(digits) if len(digits) > 4 else page.say.counted(digits)
    said = number if just_said else f"{name or spell(letters)} {number}"  # "cao tốc CT.05" says it once
    tail_letters = tail.rstrip("0123456789")
    said += f" {spell(tail_letters)}" if tail_letters else ""
    said += f" {page.say.cardinal(tail[len(tail_letters) :])}" if len(tail) > len(tail_letters) else ""
    sure = name or product or letters.endswith("TV") or len(letters) == 1 or len(digits) > 5
    flags = () if sure else (unknown_abbreviation(match.group(), said),)
    return one(start, match.end(), said, "letters_with_digits", *flags)


def road(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `tuyến ĐT 128`, where ĐT alone could be a telephone."""
    match = _ROAD.match(page.text, start)
    name = page.reading_of(match[1] + "+") if match else None
    short = match is not None and len(match[2]) == 3 and _is_named_road(match[1], match[2])
    if not match or not name or not (short or _ROAD_NEAR.search(page.before(start))):
        return ()
    if page.before(start).endswith(name.split()[0] + " "):
        name = name.partition(" ")[2]
    return one(start, match.end(), f"{name} {page.say.cardinal(match[2])} {spell(match[3])}".strip(), "road")


def _is_named_road(letters: str, digits: str) -> bool:
    """Tell whether three digits behind these letters name a road of the province and nothing else."""
    return letters == "TL" or (letters == "ĐT" and not _CALL_NUMBER.fullmatch(digits))


def office(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the initials of an office where a text is filed: `Lưu: VT, NV`."""
    match = _OFFICE.match(page.text, start)
    said = page.lexicon.offices.get(match.group()) if match else None
    if not match or not said or not _FILED.search(page.before(start)):
        return ()
    return one(start, match.end(), said, "office")


def sunday(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CN` as Sunday where a weekday or a time of day is near."""
    near = _SUNDAY_NEAR.search(page.before(start, 30)) or _DATE_AFTER.match(page.text, start + 2)
    if not near or not re.match(r"CN(?!\w)", page.text[start : start + 3]):
        return ()
    return one(start, start + 2, "chủ nhật", "weekday")


def slashed(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `B/c` as the lexicon's `b/c`, and `Đ/C` before a name as a comrade, not an address."""
    match = _COMRADE.match(page.text, start)
    if match and (match[1] or re.search(r"(?:^|\W)(?:các|của|do|có) $", page.before(start))):
        return one(start, start + 3, "đồng chí", "lexicon")
    match = _SLASHED.match(page.text, start)
    said = page.reading_of(match.group().lower()) if match else None
    return one(start, start + 3, said, "lexicon") if said else ()


def and_so_on(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `v.v`; the dots after it are punctuation of the sentence."""
    return one(start, start + 3, "vân vân", "lexicon") if re.match(r"v\.v(?!\w)", page.text[start : start + 4]) else ()
