"""Punctuation and signs: pauses, words for the few signs that are said, doubt for the rest."""

import re
import unicodedata

from tts.reading.page import Page, Piece, one, suspect_value, unreadable
from tts.reading.units import PER, is_per_noun, per_word, unit_name

PAUSES = {",": ",", ";": ",", ":": ",", "(": ",", ")": ",", "[": ",", "]": ",", "{": ",", "}": ",", "|": ",", "?": "?", "!": "!"}
SILENT = frozenset("\"'_^`•·▪●◦■□")
SAID = {
    "%": "phần trăm", "‰": "phần nghìn", "&": "và", "=": "bằng", "≥": "lớn hơn hoặc bằng", "≤": "nhỏ hơn hoặc bằng",
    ">": "lớn hơn", "<": "nhỏ hơn", "±": "cộng trừ", "°": "độ", "@": "a còng", "#": "thăng", "~": "khoảng", "≈": "khoảng",
    "$": "đô la Mỹ", "€": "ơ rô", "₫": "đồng", "¥": "yên", "£": "bảng Anh", "÷": "chia", "½": "một phần hai",
    "¼": "một phần tư", "¾": "ba phần tư", "⅓": "một phần ba", "⅔": "hai phần ba", "²": "bình phương", "³": "lập phương",
    "√": "căn", "§": "mục", "+": "cộng",
}  # fmt: skip
_DOTS = re.compile(r"(?:\. ?){2,}|…[.…]*")
_END_MARK = re.compile(r"\./\.?(?!\w)|/\.(?![\w.])")
_RUN = re.compile(r"[^\w\s]+|[^\W\d_]+", re.UNICODE)
_NUMERIC_END = re.compile(
    r"(?:[0-9%]|[0-9] ?(?:nghìn|ngàn|triệu|tỷ|tỉ|tấn|tạ|kg|ha|h|km|m|đồng|độ|tuổi|lít|giờ|tháng|ngày|năm|%|người|hộ|cm|mm|°c"
    r"|triệu đồng|tỷ đồng|nghìn đồng)) ?$"
)
_SAME_WORD = re.compile(r"(?:^|\W)(ngày|tháng|quý|năm|thứ|tổ|lớp|điều|khoản|chương|khu|thôn|bản|số|mục|câu|cấp|bậc|hạng)(?: hằng tuần)? [\w/.]+ ?$")
_WEEKDAY_WORDS = re.compile(r"(?:^|\W)thứ (?:hai|ba|tư|năm|sáu|bảy) ?$")
_MONEY_END = re.compile(r"(?:đồng|triệu|tỷ|nghìn|ngàn|usd|vnđ|vnd|tấn|tạ|lít|kg|người|hộ|suất|bữa|lượt|m2|ha|hồ sơ|%)$")


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
        return one(start, start + 1, ".", "punctuation")
    glued = after.isupper() and text[start - 1 : start].islower()
    return one(start, start + 1, "." if glued else "", "punctuation")


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
    if _joins_range(before, after):
        return one(start, end, "đến", "range")
    spaced = text[start - 1 : start] == " " or text[end : end + 1] == " "
    compound = text[:start].rstrip()[-1:].islower() and text[end : end + 2].strip()[:1].islower()
    return one(start, end, "," if spaced and not compound else "", "hyphen")


def slash(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a slash: "một" or "trên" before what something is counted by, else a pause."""
    before = page.before(start)
    match = PER.match(page.text, start)
    if match and is_per_noun(match[1]):
        unit = re.search(r"([^\W\d_]+[23²³]?) ?$", page.text[max(0, start - 20) : start])
        if unit and (unit[1].lower() in {"đồng", "đ"} or re.search(r"[0-9][^,;()]{0,25}$", before)):
            said = f"{per_word(unit[1], match[1])} {unit_name(match[1])}"
            return one(start, match.end(), said, "per")
    if re.match(r"/(?:19|20)[0-9]{2}(?![0-9])", page.text[start : start + 6]) and not page.text[start - 1 : start].isdigit():
        return one(start, start + 1, "năm", "year_mark")
    if page.text[start - 1 : start].isdigit() and page.text[start + 1 : start + 2].isdigit():
        return one(start, start + 1, "trên", "ratio", suspect_value("/", "giữa hai số chưa rõ nghĩa", "trên"))
    return one(start, start + 1, ",", "slash")


def sign(page: Page, start: int) -> tuple[Piece, ...]:
    """Read any other sign; what has no reading is flagged, never guessed."""
    char = page.text[start]
    if char in PAUSES:
        return one(start, start + 1, PAUSES[char], "punctuation")
    if char in SILENT:
        return one(start, start + 1, "", "punctuation")
    if char in SAID:
        return one(start, start + 1, SAID[char], "symbol")
    if char == "*":
        return _star(page, start)
    return unreadable_run(page, start)


def unreadable_run(page: Page, start: int) -> tuple[Piece, ...]:
    """Doubt a run of signs that nobody can read aloud; a digit among them is kept."""
    end = start
    while end < len(page.text) and _cannot_be_read(page.text[end]):
        end += 1
    end = max(end, start + 1)
    written = page.text[start:end]
    values = [unicodedata.digit(char) for char in written if unicodedata.digit(char, -1) >= 0]  # type: ignore[call-overload]
    return one(start, end, page.say.spelled("".join(map(str, values))), "unreadable", unreadable(written))


def _cannot_be_read(char: str) -> bool:
    known = char in PAUSES or char in SILENT or char in SAID or char in " \n.-/*,…" or char.isdecimal()
    return not known and not is_vietnamese_letter(char)


def is_vietnamese_letter(char: str) -> bool:
    """Tell whether `char` is a Latin letter that Vietnamese texts use, names from abroad included."""
    return char.isalpha() and (char < "\xaa" or "\xc0" <= char <= "\xff" or char in "ĂăĐđĨĩŨũƠơƯư" or "Ạ" <= char <= "ỹ")


def _star(page: Page, start: int) -> tuple[Piece, ...]:
    if re.match(r"\*[0-9]", page.text[start : start + 2]) or page.text[start - 1 : start].isdigit():
        return one(start, start + 1, "sao", "symbol")
    return one(start, start + 1, "", "punctuation")


def _is_minus(page: Page, start: int, end: int) -> bool:
    free = start == 0 or page.text[start - 1] in " (\n:,"
    return free and bool(re.match(r"[0-9]+(?:,[0-9]+)? ?(?:°|độ|%)", page.text[end : end + 12]))


def _joins_range(before: str, after: str) -> bool:
    if _WEEKDAY_WORDS.search(before):
        return bool(re.match(r"thứ (?:hai|ba|tư|năm|sáu|bảy)|chủ nhật|cn\b", after))
    same = _SAME_WORD.search(before)
    if same and re.match(rf"{same[1]} [0-9ivx]", after):
        return True
    if not re.match(r"\(?[0-9]", after) or re.match(r"\(?0[0-9]{2}", after):
        return False
    return bool(_NUMERIC_END.search(before) or (_MONEY_END.search(before) and re.search(r"[0-9][^,;.]{0,20}$", before)))
