"""What stands at the head of a line: bullets, numbered points, headings, signature blocks."""

import re

from tts.reading.letters import CAPITALS, point_name, spell
from tts.reading.page import Page, Piece, one
from tts.reading.punctuation import full_stop
from tts.reading.roman import roman_value
from tts.reading.syllables import is_syllable
from tts.reading.units import UNIT
from tts.reading.wordsets import any_of

_BULLET = re.compile(r"(?:[-+*•▪●◦■□➢➤✓✔❖►▶→⇒★☆◆◇○§\uf0a7\uf0b7\uf0d8\uf02d·]+)(?= |[^\W\d_]|[0-9\"(])")
_LETTER = re.compile(r"\(?([a-zđA-GĐ])([.)/])(?= \S)")
_LETTER_COMMA = re.compile(rf"([b-hk-np-tvxđ])(,)(?= [{CAPITALS}])")
_NUMBER = re.compile(r"([0-9]{1,3})(?:([.)])(?= |[^\W\d_])|(/)(?= ))")
_SECTION = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,2})+)(\.|\)|)(?= [^\W\d_])")
_ROMAN = re.compile(r"([IVX]{1,6})(\.|\)|/| ?-)(?= )")
_PERSON = re.compile(r"(Ch|Gi|Kh|Ng|Nh|Ph|Qu|Th|Tr)(?=\.(?!\w))")
_PERSON_BEFORE = re.compile(
    "(?:^|\\W)"
    + any_of(
        "ông, bà, anh, chị, em, cháu, bé, cô, chú, bác, dì, cậu, đối tượng, nạn nhân, bị can, bị cáo, nghi phạm, tên,"
        "nữ sinh, nam sinh, học sinh, đồng chí, vợ chồng, tài xế, lái xe"
    )
    + " $"
)
_DEPUTIES = {"CT": "phó chủ tịch", "GĐ": "phó giám đốc", "BT": "phó bí thư", "HT": "phó hiệu trưởng"}
_DEPUTY = re.compile(
    r"P\. ?(?:(CT|GĐ|BT|HT)(?!\w)|(?=(?:Chủ tịch|Bí thư|Trưởng|Giám đốc|Hiệu trưởng|Chánh|Tổng|Chủ nhiệm)(?!\w)))"
)
_NUMBERED_PLACE = re.compile(r"([QPĐ])\. ?([1-9][0-9]?)(?![\w.,]*[0-9])(?!\w)")
_ROOM = re.compile(r"P\. ?([1-9][0-9]{2}[A-Z]?)(?![\w.,]*[0-9])(?!\w)")
_NUMBERED_PLACES = {"Q": "quận", "P": "phường"}
_CLAUSE_BEFORE = re.compile(r"(?:khoản|điểm) \w+,? $")
_PLACE = re.compile(rf"([A-ZĐ])\.(?= ?[{CAPITALS}][^\W\d_])")
_NAME_BEFORE = re.compile(rf"([{CAPITALS}][^\W\d_]*) $")
_SIGNED = re.compile(rf"(?:(TM|KT|TL|TUQ|TUN|Q)\.|(T/M|K/T|T/L)\.?) ?(?=[{CAPITALS}]{{2}}|[{CAPITALS}][^\W\d_])")


def bullet(page: Page, start: int) -> tuple[Piece, ...]:
    """Keep silent over the sign of a bullet list."""
    match = _BULLET.match(page.text, start) if page.at_line_start(start) else None
    if not match or (
        match.group() in {"+", "-"} and page.text[match.end()].isdigit() and _is_signed(page, match.end())
    ):
        return ()
    return one(start, match.end(), "", "bullet")


def numbered_point(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `1.`, `2)`, `1.1.`, `II.`, `a)` at the head of a line as a number and a pause."""
    if not page.at_line_start(start) and not _after_bullet(page, start):
        return ()
    match = _ROMAN.match(page.text, start)
    if match and roman_value(match[1]):
        return _point(match, page.say.cardinal(str(roman_value(match[1]))), "heading")
    match = _SECTION.match(page.text, start)
    if match and not UNIT.match(page.text, match.end()):
        said = " chấm ".join(map(page.say.cardinal, match[1].split(".")))
        return _point(match, said, "heading")
    match = _NUMBER.match(page.text, start)
    if match:
        return _point(match, page.say.cardinal(match[1]), "heading")
    match = _LETTER.match(page.text, start) or _LETTER_COMMA.match(page.text, start)
    return _point(match, point_name(match[1]), "list_letter") if match else ()


def signature_head(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `TM.`, `KT.`, `TL.`, `TUQ.` before the body or the office that signs."""
    match = _SIGNED.match(page.text, start)
    if not match:
        return ()
    said = page.lexicon.signatures.get(match[1] or match[2])
    return one(start, start + len(match.group().rstrip()), said, "signature") if said else ()


def person_initial(page: Page, start: int) -> tuple[Piece, ...]:
    """Read the two letters that stand for a person's name: `chị Th.`, `em Tr.`."""
    match = _PERSON.match(page.text, start)
    if not match or not _PERSON_BEFORE.search(page.before(start, 16)):
        return ()
    return (*one(start, match.end(), spell(match[1]), "initial"), *full_stop(page, match.end()))


def numbered_place(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Q.1`, `P. 5` and `Đ.15` behind a clause: a ward, a district or an article that has a number for a name."""
    room = _ROOM.match(page.text, start)
    if room:
        return one(start, room.start(1), "" if page.before(start).endswith("phòng ") else "phòng", "place_head")
    match = _NUMBERED_PLACE.match(page.text, start)
    if not match:
        return ()
    said = None if _follows_name(page, start) else _NUMBERED_PLACES.get(match[1])
    if match[1] == "Đ":
        said = "điều" if _CLAUSE_BEFORE.search(page.before(start)) else None
    if said is None:
        return ()
    return one(start, match.end(), f"{said} {page.say.cardinal(match[2])}", "place_head")


def place_head(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `P. Đoàn Kết`, `H.Sìn Hồ`: one letter before a place or a title; after a name it is an initial."""
    deputy = _DEPUTY.match(page.text, start)
    if deputy:
        return one(start, deputy.end(1) if deputy[1] else start + 2, _DEPUTIES.get(deputy[1], "phó"), "title")
    match = _PLACE.match(page.text, start)
    said = page.lexicon.place_heads.get(match[1]) if match else None
    if not match or not said or _follows_name(page, start):
        return ()
    return one(start, match.end(), said, "place_head")


def _follows_name(page: Page, start: int) -> bool:
    """Tell whether a name stands right before; the initials of a body, as in `BCH P. Tân Phong`, are none."""
    match = _NAME_BEFORE.search(page.text[max(0, start - 12) : start])
    return match is not None and not (len(match[1]) > 1 and match[1].isupper() and not is_syllable(match[1]))


def _point(match: re.Match[str], said: str, rule: str) -> tuple[Piece, ...]:
    number = Piece(match.start(), match.end(1), said, rule)
    if not match[2]:
        return (number,)
    return (number, Piece(match.start(2), match.end(2), ",", "point_mark"))


def _after_bullet(page: Page, start: int) -> bool:
    return bool(re.search(r"(?:^|\n)[-+*•] ?$", page.text[max(0, start - 3) : start]))


def _is_signed(page: Page, end: int) -> bool:
    return bool(
        re.match(r"[0-9]+(?:[.,][0-9]+)? ?(?:°|%|độ)|[0-9]{2,3}[ )]?[0-9]{2,4}[ .][0-9]{3}", page.text[end : end + 20])
    )
