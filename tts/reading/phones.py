"""Telephone numbers and hotlines: digit by digit, in the groups they are written in."""

import re

from tts.reading.letters import spell
from tts.reading.page import Page, Piece, from_match
from tts.reading.wordsets import any_of, word_set

_GROUPS = r"(?:[ .-]{0,2}[0-9]{1,5}){0,5}"
_LOCAL = re.compile(rf"\(?0[0-9]{{1,10}}\)?{_GROUPS}")
_ABROAD = re.compile(rf"\(?\+[0-9]{{1,3}}\)?(?: ?\(0\))?{_GROUPS}")
_HOTLINE = re.compile(r"1[89]00(?:[ .-]?[0-9]{2,6}){1,2}(?![0-9])")
_AREA_AND_SHORT = re.compile(r"0[0-9]{2,3}[ .-](?:11[1-9]|1022|1080)(?![0-9]|[.,/ -]?[0-9])")
"""A short number asked for through the code of its province: `0213.1022`."""
_SHORT = re.compile(r"[0-9]{3,8}(?![0-9]|[.,/][0-9])")
_EMERGENCY = word_set("111 112 113 114 115 1022 1080 156 5656 1414 1900 19001000")
_CALLED = re.compile(
    any_of(
        "điện thoại, đt, sđt, đtdđ, nóng, hotline, tổng đài, số máy, gọi, di động, fax, tel, máy lẻ, bấm, quay số,"
        "liên hệ, đầu số, zalo"
    )
    + "(?:[ :.,;(/-]|[0-9]|"
    + any_of("số, theo, qua, là, tới, đến, máy, hoặc, và, khẩn cấp, cấp cứu, miễn phí, về, ngay, cho, nóng, tổng đài")
    + "|điện thoại)*$"
)
_CALLED_FAR = re.compile(
    any_of("điện thoại, nóng, hotline, tổng đài, gọi, cấp cứu, cứu hỏa, cảnh sát, lực lượng, đường dây")
    + r"[^.!?;\n]{0,40}$|"
    + any_of("công an, báo ngay, báo tin, báo cho, cứu thương, pc07, pccc, chữa cháy, bảo vệ trẻ em")
    + r"(?: (?:cho|tin|về|tới|đến|qua))?(?: số)?\W{1,3}$"
)
_SENT_BEFORE = re.compile(r"(?:^|\W)(?:gửi|gửi đến|gửi tới|gửi về|nhắn tin đến|nhắn tin tới|tổng đài|đầu số)(?: số)? $")
_SENT = re.compile(r"[1-9][0-9]{2,3}(?= ?(?:[.,;:)\n!?]|$|để(?!\w)))")
"""A short number that messages go to: `soạn tin gửi 8088`, with nothing counted behind it."""
_ASKED_AFTER = re.compile(r",? (?:ạ|nhé|nha|à|hả|nghen|chứ)(?!\w)")
"""What follows no count in a dialogue: `115 ạ?`."""
_AFTER_PHONE = re.compile(r"(?:0[0-9]{2,3}(?:[ .-]?[0-9]{2,4}){2,3}|1[89]00[ .]?[0-9]{2,6})(?:,| hoặc| và|;)(?: số)? $")
_MASKED = re.compile(
    r"(?=[0-9 .]{3,9}[xX*])(0[0-9]{2,3})[ .]?([0-9]{3}|[xX]{3}|\*{3})[ .]?([0-9]{3,4}|[xX]{3,4}|\*{3,4})(?!\w)"
)
"""A number of which a newspaper hides a part: `0912 345 xxx`."""
_UNEVEN = {8: (0, 4), 9: (0, 3, 6), 11: (0, 4, 7)}
"""Where the groups of a long run of digits begin, so that no digit is left alone."""
_COUNTED = re.compile(
    " (?:%|đ\\b|"
    + any_of(
        "cuộc, lượt, người, hộ, lần, tin, trường, ý, phản, kiến, câu, đồng, triệu, nghìn, khách, thuê, xã, phường,"
        "ngày, giờ, phút, hồ, máy, vụ"
    )
    + ")"
)


def phone(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a telephone number that its shape or the words before it give away."""
    special = _AREA_AND_SHORT.match(page.text, start)
    if special:
        return _said(page, special, special.group())
    match = _HOTLINE.match(page.text, start)
    if match and len(_digits(match.group())) in {6, 8, 9, 10}:
        return _said(page, match, match.group())
    masked = _MASKED.match(page.text, start)
    if masked:
        return from_match(masked, ", ".join(_masked_group(page, group) for group in masked.groups()), "phone")
    match = _LOCAL.match(page.text, start) or _ABROAD.match(page.text, start)
    if match:
        written = _trim(page, match)
        if written:
            end = start + len(written)
            said = ", ".join(_group(page, group) for group in re.findall(r"\+?[0-9]+", written))
            return (Piece(start, end, said, "phone"),)
    return _short(page, start)


def _short(page: Page, start: int) -> tuple[Piece, ...]:
    sent = _SENT.match(page.text, start) if _SENT_BEFORE.search(page.before(start)) else None
    if sent:
        return _said(page, sent, sent.group())
    match = _SHORT.match(page.text, start)
    if not match or _COUNTED.match(page.lower, match.end()):
        return ()
    before = page.before(start)
    shown = _CALLED_FAR.search(before) or _AFTER_PHONE.search(before) or _ASKED_AFTER.match(page.lower, match.end())
    known = match.group() in _EMERGENCY and shown
    if not known and not _CALLED.search(before):
        return ()
    return _said(page, match, match.group())


def _trim(page: Page, match: re.Match[str]) -> str:
    """Return the longest part of `match` that has as many digits as a telephone number, empty if none."""
    written = match.group()
    while written:
        count = len(_digits(written))
        follows = page.text[match.start() + len(written) : match.start() + len(written) + 2]
        stands_alone = not re.match(r"[0-9A-Za-z]|/(?!0)|[.,-][0-9]", follows)
        if 9 <= count <= (13 if "+" in written else 11) and stands_alone:
            return written
        if count < 9:
            return ""
        cut = re.sub(r"[ .-]{0,2}[0-9]+$", "", written)
        if cut == written:
            return ""
        written = cut
    return ""


def _said(page: Page, match: re.Match[str], written: str) -> tuple[Piece, ...]:
    return from_match(match, ", ".join(_group(page, group) for group in re.findall(r"[0-9]+", written)), "phone")


def _group(page: Page, group: str) -> str:
    digits = group.lstrip("+")
    sign = "cộng " if group.startswith("+") else ""
    parts = [digits]
    if len(digits) in _UNEVEN:
        begins = _UNEVEN[len(digits)]
        parts = [digits[begin:end] for begin, end in zip(begins, (*begins[1:], None), strict=True)]
    elif len(digits) > 6:
        parts = [digits[:4], *re.findall(r"[0-9]{1,3}", digits[4:])]
    return sign + ", ".join(map(page.say.spelled, parts))


def _masked_group(page: Page, group: str) -> str:
    return page.say.spelled(group) if group.isdigit() else " ".join(spell("x") for _ in group)


def _digits(written: str) -> str:
    return re.sub(r"[^0-9]", "", written)
