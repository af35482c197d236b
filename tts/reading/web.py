"""Addresses of pages and mailboxes, as a person says them."""

import re

from tts.reading.letters import spell
from tts.reading.page import Page, Piece
from tts.reading.syllables import splits_into_syllables
from tts.reading.wordsets import word_set

_TLD = r"(?:vn|com|net|org|edu|gov|info|asia|app|io|biz|me|tv|link)"
_WEB = re.compile(
    rf"(?:https?://|ftp://)?(?:[A-Za-z0-9._%+-]{{1,64}}@)?(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}{_TLD}(?![\w-]|\.[A-Za-z0-9])"
    r"(?::[0-9]{1,5})?(?:[/?][A-Za-z0-9._~/?#@!$&'*+,;=%:-]{0,300})?"
    r"|https?://[A-Za-z0-9.-]{1,200}(?::[0-9]{1,5})?(?:[/?][A-Za-z0-9._~/?#@!$&'*+,;=%:-]{0,300})?"
)
_SIGNS = {
    ".": "chấm", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới", "@": "a còng", ":": "hai chấm",
    "?": "hỏi chấm", "=": "bằng", "&": "và", "#": "thăng", "%": "phần trăm", "+": "cộng", "~": "ngã", "!": "chấm than",
    "$": "đô la", "'": "nháy", "*": "sao", ",": "phẩy", ";": "chấm phẩy",
}  # fmt: skip
_DIGIT_HEAD = re.compile(r"[0-9]{1,10}(?:[A-Za-z-]|\.[a-z]|@)[A-Za-z0-9.@-]*\.[a-z]")
_OFFICE_HEAD = re.compile(
    "ubnd|hdnd|ubmttq|mttq|vpubnd|bqlda|ttvh|ttyt|thcs|thpt|vnpt|bhxh|pccc|cskh|dvc|hcc|tthcc|snv|syt"
)
"""Initials with which the address of an office begins."""
_RUN = re.compile(r"[A-Za-z]+|[0-9]+|.")
_AS_WRITTEN = word_set(
    "com net org edu gov info mail web online shop app store portal news blog home gmail yahoo hotmail io"
)


def web_address(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a URL, a domain or an e-mail address; the scheme is not said."""
    match = _WEB.match(page.text, start)
    if not match:
        return ()
    written = match.group().rstrip(".,;:!?'")
    said = re.sub(r"^[a-z]+://", "", written).rstrip("/")
    words = [_run(page, run) for run in _RUN.findall(said)]
    return (Piece(start, start + len(written), " ".join(words), "web_address"),)


def web_address_from_digit(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a domain that begins with a digit: `24h.com.vn`."""
    return web_address(page, start) if _DIGIT_HEAD.match(page.text, start) else ()


def _run(page: Page, run: str) -> str:
    if run[0] in _SIGNS:
        return _SIGNS[run]
    if run.isdigit():
        return page.say.spelled(run)
    small = run.lower()
    known = page.reading_of(small)
    if known or small in _AS_WRITTEN:
        return known or small
    head = _OFFICE_HEAD.match(small)
    if head and len(small) - head.end() > 3 and splits_into_syllables(small[head.end() :]):
        return f"{spell(head.group())} {small[head.end() :]}"  # ubndxatanphong
    if small == "www" or not (splits_into_syllables(small) or _can_be_said(small)):
        return spell(small)
    return small


def _can_be_said(letters: str) -> bool:
    return (
        len(letters) > 4
        and not re.search(r"[^aeiouy]{4,}|^[^aeiouy]{3}", letters)
        and bool(re.search(r"[aeiou]", letters))
    )
