"""Light script marks: words in square brackets that say how a script is to be spoken, never spoken themselves.

A bracket is a mark when it begins with a mark's words, marks of tone left out or not. A mark that cannot be obeyed is
flagged with what was expected; any other bracket is left to the punctuation.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from domain.reading import Flag, FlagKind
from tts.reading.letters import spelt
from tts.reading.page import Piece
from tts.reading.syllables import is_syllable

PAUSE = "mark:pause"
AGAIN = "mark:again"
SPELL = "mark:spell"
SLOW = "mark:slow"
SLOW_END = "mark:slow_end"
PRESENTER = "mark:presenter"
INSERT = "mark:insert"
READING = "mark:reading"
MALFORMED = "mark"
"""The rules that tokens of marks carry."""

PAUSE_MS = (200, 1_000, 10_000)
"""The shortest pause, the one without a number, and the longest."""

MOST_AGAIN = 3
PRESENTERS = 2


@dataclass(frozen=True, slots=True)
class MarkHelp:
    """What the panel tells about a mark: a short name, an example to insert, one sentence on what it does."""

    label: str
    example: str
    explanation: str


MARKS = (
    MarkHelp("Nghỉ", "[nghỉ 2 giây]", "Im lặng từ 0,2 đến 10 giây; viết [nghỉ] là 1 giây."),
    MarkHelp("Đọc lại", "[đọc lại]", "Đọc lại câu đứng ngay trước; [đọc lại 2 lần] là thêm 2 lần, tối đa 3."),
    MarkHelp("Đánh vần", "[đánh vần: UBND]", "Đọc từng chữ cái, từng chữ số."),
    MarkHelp("Đọc chậm", "[chậm] 0912 345 678 [hết chậm]", "Đọc chậm phần ở giữa hai dấu."),
    MarkHelp("Đổi giọng", "[giọng 2]", "Chuyển sang người đọc thứ hai cho tới khi gặp [giọng 1]."),
    MarkHelp("Chèn âm thanh", "[chèn: Nhạc hiệu]", "Phát một âm thanh trong kho, ghi bằng tên hoặc mã của nó."),
    MarkHelp("Đọc là", "[đọc: 69/KH | sáu chín ca hát]", "Chỉ ở chỗ này, đọc theo cách ghi bên phải dấu |."),
)
"""All marks, in the order the panel offers them."""

_HELP = dict(zip((PAUSE, AGAIN, SPELL, SLOW, PRESENTER, INSERT, READING), MARKS, strict=True))
_HELP[SLOW_END] = _HELP[SLOW]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a mark is written: its words, then what may follow them, without tones; `takes_words` after a colon."""

    rule: str
    words: str
    rest: re.Pattern[str]
    takes_words: bool = False


_NUMBER = r" ?:? ?(?:([0-9]{1,6}) ?(?:lan)? ?)?"
_WORDS = r" ?: ?([^|]{0,200}[^| ]) ?"
_FORMS = (
    _Form(AGAIN, "đọc lại", re.compile(_NUMBER)),
    _Form(SPELL, "đánh vần", re.compile(_WORDS), takes_words=True),
    _Form(SLOW_END, "hết chậm", re.compile(" ?")),
    _Form(PAUSE, "nghỉ", re.compile(r" ?:? ?(?:([0-9]{1,6}(?:[.,][0-9]{1,6})?) ?(?:giay|s)? ?)?")),
    _Form(SLOW, "chậm", re.compile(" ?")),
    _Form(PRESENTER, "giọng", re.compile(r" ?:? ?([0-9]{1,6}) ?")),
    _Form(INSERT, "chèn", re.compile(_WORDS), takes_words=True),
    _Form(READING, "đọc", re.compile(_WORDS + r"\|([^|]{1,200})"), takes_words=True),
)
_WISHES = {
    **dict.fromkeys(("dừng", "tạm dừng", "ngừng", "tạm nghỉ", "ngắt", "im lặng"), PAUSE),
    **dict.fromkeys(("nhắc lại", "lặp lại", "nói lại"), AGAIN),
    **dict.fromkeys(("nhanh", "hết", "hết đọc chậm"), SLOW),
    **dict.fromkeys(("hết giọng", "đổi giọng"), PRESENTER),
    **dict.fromkeys(("nhạc", "phát", "âm thanh"), INSERT),
    "đọc là": READING,
}
"""What people write when they mean a mark that is called otherwise."""

_LONGEST = 420
_BRACKET = re.compile(rf"\[([^\[\]\n]{{0,{_LONGEST}}})(\]?)")
_WRITTEN_HEAD = re.compile(r" ?([a-z]{2,9}(?: [a-z]{2,9}){0,2})")
_WISHED_REST = re.compile(r" ?:? ?(?:[0-9]{1,6}(?:[.,][0-9]{1,6})? ?(?:giay|lan|s)?)? ?")
_UNCLOSED_NUMBER = re.compile(r" ?:? ?[0-9]{1,6}(?:[.,][0-9]{1,6})?(?: ?(?:giay|lan|s)\b)?|")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_STROKE = "\u0335"


def _plain(words: str) -> str:
    """Return `words` in small letters without any mark on them; the offsets stay."""
    return "".join(_letter(char)[0] for char in words)


def _letter(char: str) -> str:
    """Return a letter in small and the marks on it, the stroke of đ as one of them."""
    if char in "đĐ":
        return "d" + _STROKE
    return unicodedata.normalize("NFD", char.lower()) or char


_HEAD = re.compile(" ?(?:" + "|".join(f"({_plain(form.words).replace(' ', ' ?')})" for form in _FORMS) + ")(?![a-z])")
"""How each form begins, in their order."""


def marks_of(text: str) -> tuple[dict[int, Piece], frozenset[int]]:
    """Return the marks of clean `text` by where they begin, and the offsets where a line begins behind its marks."""
    found = {mark.start: mark for mark in _each(text)}
    _pair_slow(text, found)
    heads: set[int] = set()
    for mark in found.values():
        at_head = mark.start == 0 or text[mark.start - 1] == "\n" or mark.start in heads
        if at_head and mark.rule not in {SPELL, READING}:
            heads.add(mark.end + (text[mark.end : mark.end + 1] == " "))
    return found, frozenset(heads)


def misplaced_again(mark: Piece, written: str) -> Piece:
    """Return the mark to say again as malformed: no sentence of words stands right before it."""
    return _flagged(mark.start, mark.end, AGAIN, written, "cần đứng ngay sau câu muốn đọc lại, một lần")


def silent_reading(text: str, mark: Piece) -> Piece:
    """Return a given reading as malformed: there is nothing to say in it."""
    return _flagged(mark.start, mark.end, READING, text[mark.start : mark.end], "bên phải dấu | chưa có chữ để đọc")


def _each(text: str) -> Iterator[Piece]:
    for bracket in _BRACKET.finditer(text):
        mark = _mark(text, bracket)
        if mark:
            yield mark


def _pair_slow(text: str, found: dict[int, Piece]) -> None:
    """Flag each beginning of slow reading that has no end, and each end that has no beginning."""
    opened: Piece | None = None
    for mark in list(found.values()):
        written = text[mark.start : mark.end]
        if mark.rule == SLOW and opened:
            found[mark.start] = _flagged(mark.start, mark.end, SLOW, written, "đang đọc chậm rồi, cần [hết chậm] trước")
        elif mark.rule == SLOW:
            opened = mark
        elif mark.rule == SLOW_END and not opened:
            found[mark.start] = _flagged(mark.start, mark.end, SLOW, written, "trước đó không có [chậm]")
        elif mark.rule == SLOW_END:
            opened = None
    if opened:
        written = text[opened.start : opened.end]
        found[opened.start] = _flagged(opened.start, opened.end, SLOW, written, "thiếu [hết chậm] ở sau")


def _mark(text: str, bracket: re.Match[str]) -> Piece | None:
    """Return the mark in `bracket`, or None when it is an ordinary bracket."""
    plain = _plain(bracket[1])
    head = _HEAD.match(plain)
    if head and head.lastindex:
        return _by_form(_FORMS[head.lastindex - 1], bracket, plain, head.end())
    return _nearly(bracket, plain)


def _by_form(form: _Form, bracket: re.Match[str], plain: str, head: int) -> Piece | None:
    written, closed = bracket[1][:head].strip().lower(), bool(bracket[2])
    fit = form.rest.fullmatch(plain, head) if closed else None
    rest = plain[head:].lstrip()
    if written != form.words and not _lacks_tones(written, form.words):
        return _in_bracket(bracket, form.rule, f"có lẽ bạn muốn viết “{form.words}”") if fit else None
    if _is_ordinary(written, form, rest, fit):
        return None
    if not closed:
        end = bracket.end() if form.takes_words else _unclosed_end(bracket, plain, head)
        return _flagged(bracket.start(), end, form.rule, bracket[0][: end - bracket.start()], "thiếu dấu ] ở cuối")
    if not fit:
        return _in_bracket(bracket, form.rule, "viết chưa đúng mẫu")
    return _MAKERS[form.rule](bracket, form.rule, *(bracket[1][slice(*fit.span(group))] for group in _groups(fit)))


def _groups(fit: re.Match[str]) -> range:
    return range(1, fit.re.groups + 1)


def _is_ordinary(written: str, form: _Form, rest: str, fit: re.Match[str] | None) -> bool:
    """Tell whether words that only look like a mark without its tones go on as other words: "[nghi thức]"."""
    return written.replace(" ", "") != form.words.replace(" ", "") and not fit and bool(re.match("[a-z]", rest))


def _unclosed_end(bracket: re.Match[str], plain: str, head: int) -> int:
    """Return where a mark without its last bracket ends: behind its words and number; the rest is the script's."""
    number = _UNCLOSED_NUMBER.match(plain, head)
    assert number is not None
    return bracket.start(1) + number.end()


def _nearly(bracket: re.Match[str], plain: str) -> Piece | None:
    """Flag what is close to a mark: another word for it, or its words with a letter wrong."""
    head = _WRITTEN_HEAD.match(plain) if bracket[2] else None
    if not head:
        return None
    written = bracket[1][slice(*head.span(1))].lower()
    if _WISHED_REST.fullmatch(plain, head.end()) or plain[head.end() :].lstrip()[:1] == ":":
        for wish, rule in _WISHES.items():
            if written == wish or (written == head[1] and written == _plain(wish)):
                return _in_bracket(bracket, rule, "không có dấu này")
    if all(map(is_syllable, written.split())):
        return None
    for form in _FORMS:
        if get_close_matches(head[1], [_plain(form.words)], 1, 0.75) and form.rest.fullmatch(plain, head.end()):
            return _in_bracket(bracket, form.rule, f"có lẽ bạn muốn viết “{form.words}”")
    return None


def _pause(bracket: re.Match[str], rule: str, number: str) -> Piece:
    shortest, usual, longest = PAUSE_MS
    length = round(float(number.replace(",", ".")) * 1000) if number else usual
    if not shortest <= length <= longest:
        return _in_bracket(bracket, rule, "chỉ nghỉ được từ 0,2 đến 10 giây")
    return Piece(bracket.start(), bracket.end(), "", rule, amount=length)


def _again(bracket: re.Match[str], rule: str, number: str) -> Piece:
    times = int(number) if number else 1
    if not 1 <= times <= MOST_AGAIN:
        return _in_bracket(bracket, rule, f"chỉ đọc lại được từ 1 đến {MOST_AGAIN} lần")
    return Piece(bracket.start(), bracket.end(), "", rule, amount=times)


def _presenter(bracket: re.Match[str], rule: str, number: str) -> Piece:
    if not 1 <= int(number) <= PRESENTERS:
        return _in_bracket(bracket, rule, "chỉ có giọng 1 và giọng 2")
    return Piece(bracket.start(), bracket.end(), "", rule, amount=int(number))


def _spell(bracket: re.Match[str], rule: str, letters: str) -> Piece:
    said = spelt(letters)
    if said is None:
        return _in_bracket(bracket, rule, "chỉ đánh vần được chữ cái, chữ số và . - / _ @ &")
    return Piece(bracket.start(), bracket.end(), said, rule, named=letters)


def _slow(bracket: re.Match[str], rule: str) -> Piece:
    return Piece(bracket.start(), bracket.end(), "", rule)


def _insert(bracket: re.Match[str], rule: str, name: str) -> Piece:
    return Piece(bracket.start(), bracket.end(), "", rule, named=name)


def _reading(bracket: re.Match[str], rule: str, _written: str, said: str) -> Piece:
    return Piece(bracket.start(), bracket.end(), "", rule, named=said.strip())


_MAKERS: dict[str, Callable[..., Piece]] = {
    PAUSE: _pause,
    AGAIN: _again,
    SPELL: _spell,
    SLOW: _slow,
    SLOW_END: _slow,
    PRESENTER: _presenter,
    INSERT: _insert,
    READING: _reading,
}


def _in_bracket(bracket: re.Match[str], rule: str, why: str) -> Piece:
    return _flagged(bracket.start(), bracket.end(), rule, bracket[0], why)


def _flagged(start: int, end: int, rule: str, written: str, why: str) -> Piece:
    """Return a mark that is not obeyed: silent, with what is wrong and an example."""
    shown = written if len(written) <= 40 else written[:40] + "…"
    sentence = f"Dấu “{shown}”: {why}. Ví dụ đúng: {_HELP[rule].example}. Dấu này sẽ không được đọc lên."
    return Piece(start, end, "", MALFORMED, (Flag(FlagKind.MALFORMED_MARK, sentence),))


def _lacks_tones(written: str, words: str) -> bool:
    """Tell whether `written` is `words` with some or all marks left out, or with the tone on another letter."""
    given, right = written.replace(" ", ""), words.replace(" ", "")
    pairs = [(set(_letter(one)[1:]), set(_letter(other)[1:])) for one, other in zip(given, right, strict=True)]
    tones = set().union(*(one for one, _other in pairs)) & _TONES
    return all(one - _TONES <= other for one, other in pairs) and tones <= set().union(*(right for _g, right in pairs))
