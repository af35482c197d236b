"""Digits as no rule of writing has them: read one by one or group by group, and doubted, never run together."""

import re

from tts.reading.page import Page, Piece, from_match, leftover_digits, one, suspect_value, unreadable
from tts.reading.wordsets import any_of

_ISO_DATE = re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?![\w-])")
_GROUPS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){2,9}(?![0-9])")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_FOOTNOTE = re.compile(r"\[[0-9]{1,3}\]")
_EARTH = re.compile(r"([0-9]{1,3}(?:,[0-9]{1,2})?) ?°? ?([NEBĐ])(?!\w)")
_EARTH_PAIR = re.compile(
    r"([0-9]{1,2}(?:[.,][0-9]{1,2})?) ?°? ?([NB])( ?[-,;/] ?)([0-9]{2,3}(?:[.,][0-9]{1,2})?) ?°? ?([EĐ])(?!\w)"
)
_EARTH_BEFORE = re.compile(
    r"(?:vĩ|kinh|vĩ tuyến|kinh tuyến|vĩ độ|kinh độ|độ vĩ|độ kinh|tọa độ)[ :]*(?:khoảng )?[^.;]{0,20}$"
)
_COORDINATE = re.compile(
    r"([0-9]{1,3}) ?° ?([0-9]{1,2}) ?' ?(?:([0-9]{1,2})(?:[.,]([0-9]{1,4}))? ?(?:\"|'') ?)?(?:([NEBĐSW])(?!\w))?"
)
_PLACE_POINT = re.compile(r"((?:[89]|1[0-9]|2[0-4])|10[2-9]|110)\.([0-9]{3,8})(?![0-9]|[.,][0-9])")
_PLACE_BEFORE = re.compile(r"(?:tọa độ|toạ độ|vĩ độ|kinh độ|gps)[^\w\n]{1,3}(?:[\w.,;:=(° -]{0,40}[ (:=])?$")
_WINDS = {"N": "Bắc", "B": "Bắc", "E": "Đông", "Đ": "Đông", "S": "Nam", "W": "Tây"}
_COMMA_GROUP = r"[1-9][0-9]{0,2},[0-9]{3}"
_COMMA_THOUSANDS = re.compile(rf"({_COMMA_GROUP})(?: ?- ?({_COMMA_GROUP}))?(?![0-9]|[.,/-][0-9])")
_WHOLE_AFTER = re.compile(
    r" ?(?:đồng|đ|vnđ|vnd)(?!\w)| "
    + any_of(
        "người, hộ, nhân khẩu, khẩu, con, cây, cái, chiếc, em, cháu, trẻ, học sinh, sinh viên, đại biểu, lượt, hồ sơ,"
        "suất, trường hợp, căn, nhà, cuốn, quyển, bộ, phần quà, cử tri, đảng viên, đoàn viên, hội viên, liều, mũi,"
        "vé, tờ, lao động, công nhân, cán bộ, chiến sĩ, gia đình, giống, bao, gốc, quả, thẻ, phiếu, xe, sản phẩm,"
        "doanh nghiệp, bệnh nhân, gia súc, gia cầm, ngày công, công, bản, xã, thôn, tin, bài, trang, chỗ, giường"
    )
    + r"(?!\w)"
)
_SIDES = {"N": "vĩ Bắc", "B": "vĩ Bắc", "E": "kinh Đông", "Đ": "kinh Đông"}
_BETWEEN = re.compile(r"[\^_*]+(?=[0-9])")
_AND_PART = re.compile(r"([0-9]{1,4}) ?([½¼¾⅓⅔])")
_PARTS = {"½": "một phần hai", "¼": "một phần tư", "¾": "ba phần tư", "⅓": "một phần ba", "⅔": "hai phần ba"}
_SIGNS = {"^": "mũ", "_": "gạch dưới", "*": "nhân"}


def iso_date(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `2024-01-05` as the date it is to machines and to nobody else."""
    match = _ISO_DATE.match(page.text, start)
    if not match:
        return ()
    said = f"{page.say.day(match[3])} tháng {page.say.month(match[2])} năm {page.say.cardinal(match[1])}"
    return from_match(match, said, "date")


def odd_groups(page: Page, start: int) -> tuple[Piece, ...]:
    """Doubt `1.234.56` and `192.168.1.1`: neither thousands nor the number of a section."""
    match = _GROUPS.match(page.text, start)
    if not match or _THOUSANDS.fullmatch(match.group()):
        return ()
    said = " chấm ".join(page.say.spelled(group) for group in match.group().split("."))
    return from_match(match, said, "leftover", leftover_digits(match.group(), said))


def whole_and_part(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `1½` as one and a half."""
    match = _AND_PART.match(page.text, start)
    return from_match(match, f"{page.say.cardinal(match[1])} và {_PARTS[match[2]]}", "fraction") if match else ()


def sign_between_digits(page: Page, start: int) -> tuple[Piece, ...]:
    """Doubt `10^3`, `5_3` and `5*3`, whose numbers must not be heard as one."""
    match = _BETWEEN.match(page.text, start)
    if not match or not page.text[start - 1 : start].isdigit() or start == 0:
        return ()
    said = _SIGNS[page.text[start]]
    doubt = suspect_value(match.group(), "giữa hai số, chưa rõ nghĩa", said)
    return one(start, match.end(), said, "symbol", doubt)


def footnote(page: Page, start: int) -> tuple[Piece, ...]:
    """Propose to leave out the mark of a footnote, `sự kiện[1]`, which sends the eye to the foot of a page.

    A digit is never dropped without a person's word, so it is flagged.
    """
    match = _FOOTNOTE.match(page.text, start)
    glued = start > 0 and (page.text[start - 1].isalnum() or page.text[start - 1] in ')"%')
    return from_match(match, "", "footnote", unreadable(match.group())) if match and glued else ()


def coordinate(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `22°23'N` and `103°27'30"Đ`: degrees and minutes of the earth, never minutes of an hour."""
    match = _COORDINATE.match(page.text, start)
    if not match:
        return ()
    degrees, minutes, seconds, part, side = match.groups()
    said = f"{page.say.cardinal(degrees)} độ {page.say.cardinal(minutes)} phút"
    if seconds:
        said += f" {page.say.decimal(seconds, part) if part else page.say.cardinal(seconds)} giây"
    return from_match(match, f"{said} {_WINDS[side]}" if side else said, "quantity")


def place_point(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `tọa độ 22.386, 103.458`, decimal degrees that look like thousands, digit by digit."""
    match = _PLACE_POINT.match(page.text, start)
    if not match or not _PLACE_BEFORE.search(page.before(start)):
        return ()
    return from_match(match, f"{page.say.cardinal(match[1])} chấm {page.say.spelled(match[2])}", "quantity")


def comma_thousands(page: Page, start: int) -> tuple[Piece, ...]:
    """Doubt `1,500 hộ` and `2,000 đồng`: three digits behind a comma before what has no parts are thousands."""
    match = _COMMA_THOUSANDS.match(page.text, start)
    if not match or (start and page.text[start - 1] in "0123456789,./-"):
        return ()
    if not _WHOLE_AFTER.match(page.lower, match.end()):
        return ()
    said = " đến ".join(page.say.cardinal(side.replace(",", "")) for side in match.groups() if side)
    doubt = suspect_value(match.group(), "có thể là hàng nghìn hoặc số thập phân", said)
    return from_match(match, said, "number", doubt)


def degrees_of_earth(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `vĩ tuyến 18,5N` and `112,4E`: degrees north and east."""
    pair = _EARTH_PAIR.match(page.text, start)
    if pair:
        return from_match(pair, f"{_degrees(page, pair[1], pair[2])}, {_degrees(page, pair[4], pair[5])}", "quantity")
    match = _EARTH.match(page.text, start)
    if not match or not _EARTH_BEFORE.search(page.before(start)):
        return ()
    return from_match(match, _degrees(page, match[1], match[2]), "quantity")


def _degrees(page: Page, written: str, side: str) -> str:
    whole, _, part = written.replace(".", ",").partition(",")
    number = page.say.decimal(whole, part, "phẩy") if part else page.say.cardinal(whole)
    return f"{number} độ {_SIDES[side]}"
