"""Numbers that name a card, an account, a vehicle or a file: said sign by sign, in groups a listener can write down."""

import re

from tts.reading.letters import spell
from tts.reading.page import Page, Piece, from_match, leftover_digits
from tts.reading.quantities import is_money
from tts.reading.wordsets import any_of

_PLATE = re.compile(
    r"([1-9][0-9])(?: ?- ?(?=[A-ZĐ]{1,2}[0-9]? ?[- ] ?[0-9]{3}\.))?([A-ZĐ]{1,2}[0-9]?)"
    r"(?: ?- ?([0-9]{3})\.?| ([0-9]{3})\.)([0-9]{2})(?![0-9])"
)
_LOOSE_PLATE = re.compile(r"([1-9][0-9])[ -]{0,3}([A-ZĐ]{1,2}[0-9]?)[ -]{1,3}([0-9]{3})[. ]?([0-9]{2})(?![0-9])")
"""A plate with its parts set apart anyhow, `29-K1 12345`, where one is named before it."""
_OLD_PLATE = re.compile(r"([1-9][0-9])([A-Z]{1,2}[0-9]?) ?- ?([0-9]{4})(?![0-9])")
_PLATE_BEFORE = re.compile(
    r"(?:^|\W)(?:bks|biển số|biển số xe|biển kiểm soát|biển|xe máy|mô tô|ô tô|và|xe)(?: là)?:? ?$"
)
_ID_BEFORE = re.compile(
    any_of(
        "cccd, cmnd, cmt, định danh, tài khoản, stk, mã số, mã, thẻ, seri, sê ri, tk, bhyt, bhxh, mst, số thuế, hồ sơ,"
        "hộ chiếu, bảo hiểm, vận đơn, imei, otp, id, mật khẩu, password, passcode, mã pin"
    )
    + r"(?: (?:số|công dân|cá nhân|y tế|xã hội|là|của|ngân hàng|hồ sơ|thuế|thẻ|hộ|phòng|phòng họp|cuộc họp|zoom))"
    + r"{0,3}(?: (?:gồm )?[0-9]{1,2} (?:chữ )?số)?(?: là)?\W{0,3}$"
)
_CERTIFICATE_BEFORE = re.compile(
    any_of("chứng nhận, sổ đỏ, sổ hồng, giấy phép, số hiệu, số phôi, phôi bằng, vào sổ, ký hiệu")
    + r"(?: số| quyền sử dụng đất){0,2}\W{0,3}$"
)
_IDENTITY = re.compile(r"[0-9]{1,6}(?:[ .][0-9]{1,9}){2,8}(?![0-9])|[0-9]{4,}(?![.,]?[0-9])")
_LONGEST_PHONE = 11
_HYPHENED = re.compile(r"[0-9]{1,6}(?:-[0-9]{1,6}){2,6}(?![\w/]|[.,-][0-9])")
_FEWEST_DIGITS = 7
_DOSSIER = re.compile(r"(?=[0-9.-]{1,20}[A-Z])[0-9]{1,6}(?:[.-][0-9A-Z]{1,8}){3,8}(?!\w)")
_IDENTITY_CODE = re.compile(r"([A-ZĐ]{1,4})[ .-]?[0-9][0-9A-ZĐ]{0,20}(?:[ .-][0-9A-ZĐ]{1,20}){0,6}(?!\w)")
_INSURANCE_CARD = re.compile(r"[A-ZĐ]{2} ?[1-5] ?[0-9]{2}(?: ?[0-9]){10}")
"""A card of health insurance: who is insured, the share that is paid, the province, the person."""
_SERIAL = re.compile(r"[A-ZĐ]{1,2} ?(?:[0-9]{5,8}|0[0-9]{3,7})")
_CRAFT = re.compile(r"([A-ZĐ]{1,3})[ -]([0-9]{1,4})(?![\w.,]*[0-9])(?!\w)")
_CRAFT_BEFORE = re.compile(
    any_of("tàu, xuồng, ca nô, máy bay, trực thăng, phà, sà lan, xe tăng, tiêm kích") + r"(?: số)? $"
)
_NUMBERED_BEFORE = re.compile(r"(?:^|\W)(?:số|seri|sê ri):? $")
"""The serial number of a certificate, `số BK 045127`."""


def plate(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a number plate digit by digit: `25A-123.45`, and `36P4-9450` where a plate is named."""
    match = _PLATE.match(page.text, start)
    if not match and _PLATE_BEFORE.search(page.before(start)):
        match = _OLD_PLATE.match(page.text, start) or _LOOSE_PLATE.match(page.text, start)
    if not match:
        return ()
    series = " ".join(spell(sign) or page.say.cardinal(sign) for sign in match[2])
    groups = ", ".join(page.say.spelled(group) for group in match.groups()[2:] if group)
    return from_match(match, f"{page.say.spelled(match[1])} {series}, {groups}", "plate")


def long_identity(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a named number of twelve digits and more in groups, `CCCD 012 095 001 234`, longer than any telephone's."""
    match = _IDENTITY.match(page.text, start)
    long = match and sum(map(str.isdigit, match.group())) > _LONGEST_PHONE
    return identity_number(page, start) if long else ()


def hyphened_groups(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `12-105-03421-007` digit by digit: no range has three ends; doubted where nothing names it."""
    match = _HYPHENED.match(page.text, start)
    if not match or sum(map(str.isdigit, match.group())) < _FEWEST_DIGITS:
        return ()
    said = ", ".join(map(page.say.spelled, match.group().split("-")))
    named = _ID_BEFORE.search(page.before(start))
    return from_match(match, said, "identity_number", *(() if named else (leftover_digits(match.group(), said),)))


def identity_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the digits of a card, an account or a code one by one, in groups a listener can write down."""
    dossier = _DOSSIER.match(page.text, start)
    if dossier and sum(map(str.isdigit, dossier.group())) >= 8:
        return _sign_by_sign(page, dossier)
    match = _IDENTITY.match(page.text, start)
    if not match or not _ID_BEFORE.search(page.before(start)) or is_money(page, match.end()):
        return ()
    groups = re.findall(r"[0-9]+", match.group())
    if len(groups) == 1:
        groups = re.findall(r"[0-9]{1,3}", groups[0]) if len(groups[0]) > 4 else groups
    return from_match(match, ", ".join(map(page.say.spelled, groups)), "identity_number")


def identity_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `H35.12-250315-0042` sign by sign where a card, a file or a code is named before it."""
    match = _IDENTITY_CODE.match(page.text, start)
    if not match or sum(map(str.isdigit, match.group())) < 4:
        return ()
    before = page.before(start)
    serial = _SERIAL.fullmatch(match.group()) and _NUMBERED_BEFORE.search(before)
    card = _INSURANCE_CARD.fullmatch(match.group()) is not None
    named = _ID_BEFORE.search(before) and (card or not page.reading_of(match[1]))
    return _sign_by_sign(page, match) if serial or named or _CERTIFICATE_BEFORE.search(before) else ()


def craft_name(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `tàu CN-09` and `máy bay SU-30` by letters and digits."""
    match = _CRAFT.match(page.text, start)
    if not match or not _CRAFT_BEFORE.search(page.before(start)):
        return ()
    digits = page.say.spelled(match[2]) if match[2].startswith("0") else page.say.cardinal(match[2])
    return from_match(match, f"{spell(match[1])} {digits}", "identity_number")


def _sign_by_sign(page: Page, match: re.Match[str]) -> tuple[Piece, ...]:
    groups = re.findall(r"[A-ZĐ]+|[0-9]+", match.group())
    return from_match(match, ", ".join(spell(group) or _digits(page, group) for group in groups), "identity_number")


def _digits(page: Page, digits: str) -> str:
    """Return `digits` one by one; a long run in threes, the last of them four rather than one alone."""
    threes = re.findall(r"[0-9]{4}$|[0-9]{1,3}", digits) if len(digits) > 8 else [digits]
    return ", ".join(map(page.say.spelled, threes))
