"""Document codes: number, year, kind, body; slashes and hyphens are short pauses."""

import re

from tts.reading.letters import spell
from tts.reading.page import Page, Piece, one, suspect_value, unknown_abbreviation
from tts.reading.syllables import is_syllable

_PART = r"[A-ZĐƯÂÊÔƠĂ][A-Za-zĐđƯưÂâÊêÔôƠơĂă&]{0,20}[0-9]{0,3}"
_SET_OFF = r"(?:- | [-])[A-ZĐ]{2,8}g?(?![\w-])"
"""A part with a space slipped in on one side of its hyphen: `76/NQ- CP`."""
_TAIL = rf"{_PART}(?:[-/.]{_PART}){{0,7}}(?:{_SET_OFF})?(?!\w)"
_CODE = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]{{1,2}})?)([A-Za-z]?) ?([-/]) ?(?:((?:19|20)[0-9]{{2}})(/) ?)?({_TAIL})")
_BARE = re.compile(rf"({_PART})[-/]({_PART})(?:[-/]{_PART}){{0,6}}(?!\w)")
_NUMBER_BEFORE = re.compile(r"số:? [0-9]{1,6} $")
"""The number of a code whose slash was forgotten: `số 2764 UBND-KGVX`."""
_SHORT = re.compile(r"([0-9]{1,4})(/)((?:19|20)[0-9]{2})(?![\w/])")
_KIND_NUMBER = re.compile(rf"({_PART})(?= (?:số|[0-9]{{2,}}|[0-9]+[/-]))")
_KIND_BEFORE = re.compile(
    r"(?:nghị định|thông tư|quyết định|nghị quyết|luật|chỉ thị|pháp lệnh|kế hoạch|hướng dẫn|công văn|đề án|"
    r"thông báo|kết luận|quy định|công điện|tờ trình|báo cáo|phiên họp|kỳ họp|tập san|tạp chí|bản tin|"
    r"(?<!\w)(?:tt|ct|nđ|qđ|nq|kl|hd|ttr|tb|bc|ttlt|thứ|số))"
    r"(?: liên tịch)?(?: thứ)?(?: số)?:? ?$"
)
_MEASURED_AFTER = re.compile(
    r" ?[0-9]+(?:[.,][0-9]+)?(?: ?(?:h|g|giờ|t|%)|[h:][0-9]{2}|/(?:500|1000|2000|5000|10\.?000))(?!\w)"
)
"""An hour, a measure or a scale, which no document has for a number: `CK 14h`, `TL 1/2000`."""
_STANDARD = re.compile(
    r"(QCVN|TCVN|QCĐP|TCCS|TCXDVN|TCXD)( ISO| IEC)? ?([0-9]{1,5})(?:-([0-9]{1,3}))? ?: ?((?:19|20)[0-9]{2})"
    rf"(?:/({_PART}))?(?!\w)"
)
_ISO = re.compile(r"ISO(?:/IEC)? ?([0-9]{3,5})(?:-([0-9]{1,3}))?(?: ?: ?((?:19|20)[0-9]{2}))?(?!\w)")
_NAMED_BEFORE = re.compile(r"((?:[^\W\d_]+ ){1,4})(?:số ?:? ?)?[0-9]{1,6}[a-zđ]? ?[-/] ?(?:[0-9]{4}/)?$")
_FORM = re.compile(r"([A-ZĐ]{1,3})([0-9]{1,3})([a-zđ]?)-([A-ZĐ]{1,5})(?![\w/-])")
_FORM_BEFORE = re.compile(r"(?:^|\W)(?:mẫu|mẫu biểu|biểu mẫu|biểu|tờ khai|danh sách|phụ lục|đơn)(?: số)?:? \(?$")
_NUMBERED_FORM = re.compile(r"([0-9]{1,3})([a-zđ]?)-([A-ZĐ]{1,5})(?![\w/-])")
_INSURANCE_FORMS = frozenset({"TS", "LT"})
_PROGRAMME = re.compile(r"CT ([0-9]{2,4})([a-zA-Z]?)(?![\w/-]|[.,][0-9])")
_PROGRAMMES = frozenset({"30a", "134", "135", "1719", "327", "661", "755", "2085", "2086"})
_FUNDED_BEFORE = re.compile(r"(?:^|\W)(?:vốn|nguồn|nguồn vốn|thuộc|dự án|hưởng|kinh phí|chương trình|diện)(?: vốn)? $")
_PIECES = re.compile(rf"(?P<part>{_PART})|(?P<mark>[-/.])")
_TERM = re.compile(r"(QH|UBTVQH|HĐND)([0-9]{1,2})")
_NUMBERED = re.compile(r"([^\W\d_]+?)([0-9]{1,3})")


def document_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `69/KH-UBND`, `61/2018/NĐ-CP`, `08-NQ/TU`."""
    match = _CODE.match(page.text, start)
    if not match or not _is_code(page, match):
        return ()
    number, letter, _, year, _, _ = match.groups()
    said = " chấm ".join(map(page.say.cardinal, number.split("."))) + (f" {spell(letter)}" if letter else "")
    pieces = [Piece(start, match.end(2), said, "document_number")]
    pieces.append(Piece(match.start(3), match.end(3), ",", "document_mark"))
    if year:
        pieces.append(Piece(match.start(4), match.end(4), f"năm {page.say.cardinal(year)}", "document_year"))
        pieces.append(Piece(match.start(5), match.end(5), ",", "document_mark"))
    return (*pieces, *_tail(page, match.start(6), match.end(6)))


def bare_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a code that stands without its number: `NĐ-CP`, `QĐ-TTg`."""
    match = _BARE.match(page.text, start)
    if not match:
        return ()
    numbered = match[1] in page.lexicon.bodies and _NUMBER_BEFORE.search(page.before(start))
    if not numbered and (match[1] not in page.lexicon.kinds or not _is_body(page, match[2])):
        return ()
    return tuple(_tail(page, start, match.end()))


def kind_before_number(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `QĐ số 15`, `NQ 57`: the initials of a kind of document before its number."""
    match = _KIND_NUMBER.match(page.text, start)
    said = page.lexicon.kinds.get(match[1]) if match else None
    measured = match and _MEASURED_AFTER.match(page.lower, match.end(1))
    return one(start, match.end(1), said, "document_part") if match and said and not measured else ()


def short_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `61/2018` after the name of a kind of document."""
    match = _SHORT.match(page.text, start)
    if not match or not _KIND_BEFORE.search(page.before(start)):
        return ()
    return (
        Piece(start, match.end(1), page.say.cardinal(match[1]), "document_number"),
        Piece(match.start(2), match.end(2), ",", "document_mark"),
        Piece(match.start(3), match.end(), f"năm {page.say.cardinal(match[3])}", "document_year"),
    )


def programme(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `CT 135` as the programme that people know by its number; doubt `vốn CT 16`, which may be a directive."""
    match = _PROGRAMME.match(page.text, start)
    if not match:
        return ()
    before = page.before(start)
    if match[1] + match[2].lower() in _PROGRAMMES:
        return one(start, start + 2, "" if before.endswith("chương trình ") else "chương trình", "document_part")
    if not _FUNDED_BEFORE.search(before):
        return ()
    doubt = suspect_value("CT", "có thể là chương trình hoặc chỉ thị", "chỉ thị")
    return one(start, start + 2, "chỉ thị", "document_part", doubt)


def form_code(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Mẫu D01-TS` and `TK1-TS`, the codes of forms, by letters and digits."""
    match = _FORM.match(page.text, start)
    if not match or not (match[4] in _INSURANCE_FORMS or _FORM_BEFORE.search(page.before(start))):
        return ()
    signs = (spell(match[1]), page.say.counted(match[2]), spell(match[3]), spell(match[4]))
    return one(start, match.end(), " ".join(sign for sign in signs if sign), "form_code")


def numbered_form(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Mẫu số 01-TS`: behind the number of a form its letters mean no office and no title."""
    match = _NUMBERED_FORM.match(page.text, start)
    if not match or not _FORM_BEFORE.search(page.before(start)):
        return ()
    signs = (page.say.cardinal(match[1]), spell(match[2]), spell(match[3]))
    return one(start, match.end(), " ".join(sign for sign in signs if sign), "form_code")


def standard(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a technical standard: `QCVN 26:2025/BNNMT`, `ISO 9001:2015`."""
    match = _STANDARD.match(page.text, start)
    if match:
        name, via, number, part, year, body = match.groups()
        head = page.reading_of(name) or spell(name)
        said = [f"{head}{' ' + spell(via.strip()) if via else ''} {page.say.cardinal(number)}"]
        said += [page.say.cardinal(part)] if part else []
        said.append(f"năm {page.say.cardinal(year)}")
        end = match.start(6) - 1 if body else match.end()
        pieces = one(start, end, ", ".join(said), "standard")
        return (
            (*pieces, Piece(end, end + 1, ",", "document_mark"), *_tail(page, end + 1, match.end())) if body else pieces
        )
    match = _ISO.match(page.text, start)
    if not match:
        return ()
    said = [f"{spell('ISO')} {page.say.cardinal(match[1])}"]
    said += [page.say.cardinal(match[2])] if match[2] else []
    said += [f"năm {page.say.cardinal(match[3])}"] if match[3] else []
    return one(start, match.end(), ", ".join(said), "standard")


def _is_code(page: Page, match: re.Match[str]) -> bool:
    first = re.split(r"[-/.]", match[6])[0]
    if match[3] == "-":
        return first in page.lexicon.kinds and (match[6] != first or len(first) > 1)
    known = first in page.lexicon.kinds or _body_of(page, first) is not None
    return known or sum(letter.isupper() for letter in first) >= 2


def _tail(page: Page, start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    first = True
    for match in _PIECES.finditer(page.text, start, end):
        if match["mark"]:
            pieces.append(Piece(match.start(), match.end(), ",", "document_mark"))
            continue
        pieces.append(_part(page, match, first=first))
        first = False
    return pieces


def _is_body(page: Page, written: str) -> bool:
    return written in page.lexicon.bodies or _TERM.fullmatch(written) is not None


def _part(page: Page, match: re.Match[str], *, first: bool) -> Piece:
    written = match.group()
    said = page.own.exact(written)
    if said is None and first:
        said = _kind_named_before(page, match) or page.lexicon.kinds.get(written)
    said = said or _body_of(page, written)
    if said:
        return Piece(match.start(), match.end(), said, "document_part")
    proposal = spell(written.rstrip("0123456789"))
    digits = written[len(written.rstrip("0123456789")) :]
    proposal += f" {page.say.cardinal(digits)}" if digits else ""
    return Piece(match.start(), match.end(), proposal, "document_part", (unknown_abbreviation(written, proposal),))


def _kind_named_before(page: Page, match: re.Match[str]) -> str | None:
    """Return the kind of document that the words before the code name, as "quy định" does for 22-QĐ/TW.

    Kinds share initials (quyết định, quy định; luật, lệnh), so the words that were written decide.
    """
    initials = "".join(letter for letter in match.group() if letter.isupper()).lower()
    named = _NAMED_BEFORE.search(page.before(match.start()))
    words = named[1].removesuffix("số ").split()[-len(initials) :] if named else []
    same = "".join(word[0] for word in words) == initials and all(map(is_syllable, words))
    return " ".join(words) if same else None


def _body_of(page: Page, written: str) -> str | None:
    lexicon = page.lexicon
    said = lexicon.bodies.get(written) or lexicon.offices.get(written) or page.reading_of(written)
    if said:
        return said
    term = _TERM.fullmatch(written)
    if term:
        return f"{lexicon.bodies.get(term[1], spell(term[1]))} khóa {page.say.cardinal(term[2])}"
    numbered = _NUMBERED.fullmatch(written)
    if numbered:
        base = page.reading_of(numbered[1] + "+") or _body_of(page, numbered[1])
        return f"{base} {page.say.counted(numbered[2])}" if base else None
    return None
