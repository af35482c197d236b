"""Abbreviations with more than one meaning, and symbols of science, settled by the words right beside them."""

import re

from tts.reading.letters import CAPITALS, spell
from tts.reading.page import Page, Piece, one
from tts.reading.sense_table import SENSES
from tts.reading.wordlist import Reading
from tts.reading.wordsets import any_of

_SPEAKERS = {
    "BTV": "biên tập viên", "PV": "phóng viên", "MC": "em xê", "PTV": "phát thanh viên", "CB": "cán bộ",
}  # fmt: skip
"""Who speaks in a dialogue, by the initials before a colon at the head of a speech."""
SPEAKERS = frozenset(word.lower() for word in _SPEAKERS)
_SPEAKER = re.compile(rf"(?:{'|'.join(_SPEAKERS)})(?=: ?[^\W\d_])")
_SPEECH_BEFORE = re.compile(r"(?:^|[.!?…]\"? )(?:[-+*] ?)?$")
WORDS = frozenset(word.lower() for word in SENSES)
"""The abbreviations with senses, in small letters."""

_STANDING = re.compile(
    r"TTr?\.?(?= (?:Đảng ủy|Tỉnh ủy|Thành ủy|Huyện ủy|HĐND|BCH|Ban Chấp hành|UB ?MTTQ|MTTQ|TU|ĐU)(?!\w))"
)
_ARCHITECT = re.compile(rf"KTS(?= (?!Việt Nam)[{CAPITALS}][^\W\d_{CAPITALS}]+ [{CAPITALS}])")
_FORMULA = re.compile(
    r"(?:CO2?|SO2|NO[23x]|N2O|CH4|NH[34]|H2S|O3|PO4|SO4|PM10|HCl|NaCl|CaCO3|H2O2?|KNO3|P2O5|K2O|CaO|NaOH)(?!\w)"
)
_MEASURED = re.compile(
    r"(?:BOD5?|COD|TSS|TDS|TOC|MLSS|AQI|WQI|PCR|DNA|RNA|LDL|HDL|(?:DO|SS|EC)(?=[,;.)]|$| ?[0-9<>≤≥]))(?!\w)"
)
_SCIENCE_NEAR = re.compile(
    any_of(
        "nước, chỉ tiêu, chỉ số, mẫu, nồng độ, hàm lượng, xét nghiệm, quan trắc, môi trường, bụi, thông số, bod5?, cod,"
        "tss, ph, gen, đường huyết"
    )
    + r"\b"
)
_SIGN = re.compile(r"[A-Za-z]+|[0-9]+")


def sense(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `5 DN`, `CA xã`, `GĐ 2021-2025` where the words beside leave one meaning."""
    match = _SIGN_OR_LETTERS.match(page.text, start)
    meanings = SENSES.get(match.group()) if match else None
    if not match or not meanings:
        return ()
    before, after = page.before(start), page.after(match.end())
    shown = [each.spoken for each in meanings if each.before.search(before) or each.after.match(after)]
    return one(start, match.end(), shown[0], "sense") if len(set(shown)) == 1 else ()


def shows_other(page: Page, start: int, title: Reading) -> bool:
    """Tell whether the words before `DS.` show another meaning than that of the title with its dot."""
    meanings = SENSES.get(title.written.rstrip("."), ())
    before = page.before(start)
    shown = {each.spoken for each in meanings if each.before.search(before)}
    return bool(shown) and title.spoken not in shown


_SIGN_OR_LETTERS = re.compile(r"[^\W\d_]+(?!\w|[&/-][^\W\d_])")


def speaker(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `BTV: Kính thưa` as who speaks, in a dialogue; `BTV: 5 đồng chí` is none."""
    match = _SPEAKER.match(page.text, start)
    if not match or not _SPEECH_BEFORE.search(page.before(start)):
        return ()
    return one(start, match.end(), _SPEAKERS[match.group()], "sense")


def architect(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `KTS Lê Văn Bình` as the title of a person."""
    match = _ARCHITECT.match(page.text, start)
    return one(start, match.end(), "kiến trúc sư", "sense") if match else ()


def standing_body(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `TTr. Đảng ủy` and `TT. HĐND` as the standing body."""
    match = _STANDING.match(page.text, start)
    return one(start, match.end(), "thường trực", "sense") if match else ()


def acidity(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `pH`."""
    return one(start, start + 2, spell("ph"), "science") if re.match(r"pH(?!\w)", page.text[start : start + 3]) else ()


def science(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CO2`, and `BOD5` or `COD` where a sample or an index is spoken of, letter by letter."""
    match = _FORMULA.match(page.text, start)
    if not match or match.group() == "CO":
        match = _MEASURED.match(page.text, start) or match
        if not match or not _SCIENCE_NEAR.search(page.before(start)):
            return ()
    signs = (spell(sign) or page.say.cardinal(sign) for sign in _SIGN.findall(match.group()))
    return one(start, match.end(), " ".join(signs), "science")
