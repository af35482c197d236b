"""Cleans pasted text without losing the place: every clean character knows where it came from in the script."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from tts.reading.lines import is_soft_break

_SPACES = "\t\x0b\x0c\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufe0e\ufe0f\ufeff"
_SWAPS = {
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_INVISIBLE, ""),
    **dict.fromkeys("\r\x85\u2028\u2029", "\n"),
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("º˚", "°"),
    **dict.fromkeys("ÐƉ", "Đ"),
    "ð": "đ", "µ": "μ", "℃": "°C", "İ": "I", "×": "x", "﹪": "%", "№": "số",
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{chr(code): f"{code - 0x245F}) " for code in range(0x2460, 0x2474)},
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x3380, 0x33DE)},
}  # fmt: skip
"""What pasted text uses for plain signs: Word's quotes and dashes, spaces that do not break, look-alike letters."""

_CELL = r"(?<=[\w)%])(\t+)(?=[\w(])"
"""The edge of a table's cell, pasted: a pause, or numbers side by side would be heard as one."""
_SPLIT = rf"(?<=[0-9])([{re.escape(_INVISIBLE)}]+)(?=[0-9])"
"""What nobody sees between two digits: the numbers stay two."""
_ODD = re.compile(_CELL + "|" + _SPLIT + "|[" + re.escape("".join(_SWAPS)) + r"]|(?![0-9])\d")
_GAP = re.compile(r" *\n[ \n]*|  +")


@dataclass(frozen=True, slots=True)
class Clean:
    """Clean text; `starts[i]` and `ends[i]` bound, in the script as given, what became character `i`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the script of the clean characters from `start` to `end`."""
        return self.starts[start], self.ends[end - 1]


def clean(script: str) -> Clean:
    """Return `script` in NFC with plain signs, single spaces, and a line break only where a sentence breaks."""
    return _lay_out(_plain_signs(_composed(script)))


def clean_word(written: str) -> str:
    """Return a lexicon form cleaned the way scripts are."""
    return " ".join(_plain_signs(_composed(written)).text.split())


def _composed(script: str) -> Clean:
    if unicodedata.is_normalized("NFC", script):
        return Clean(script, range(len(script)), range(1, len(script) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(script):
        piece = unicodedata.normalize("NFC", script[start:end])
        pieces.append(piece)
        starts += [start] * len(piece)
        ends += [end] * len(piece)
    return Clean("".join(pieces), starts, ends)


def _clusters(script: str) -> list[tuple[int, int]]:
    edges = [index for index, char in enumerate(script) if not _leans_back(char)]
    if edges[:1] != [0]:
        edges.insert(0, 0)
    return list(zip(edges, [*edges[1:], len(script)], strict=True))


def _leans_back(char: str) -> bool:
    return unicodedata.combining(char) != 0 or "\u1160" <= char <= "\u11ff"


def _plain_signs(given: Clean) -> Clean:
    return _rewritten(given, [(m.start(), m.end(), _in_place_of(m)) for m in _ODD.finditer(given.text)])


def _in_place_of(match: re.Match[str]) -> str:
    if match[1]:
        return "; "
    return " " if match[2] else _swap(match.group())


def _swap(char: str) -> str:
    return _SWAPS[char] if char in _SWAPS else str(unicodedata.digit(char))


def _lay_out(given: Clean) -> Clean:
    changes: list[tuple[int, int, str]] = []
    line_start = 0
    for match in _GAP.finditer(given.text):
        gap = match.group()
        if "\n" in gap:
            line = given.text[line_start : match.start()].strip()
            after = given.text[match.end() : match.end() + 40]
            mark = " " if is_soft_break(line, after, gap.count("\n")) else "\n"
            line_start = match.end()
        else:
            mark = " "
        if gap != mark:
            changes.append((match.start(), match.end(), mark))
    return _rewritten(given, changes)


def _rewritten(given: Clean, changes: list[tuple[int, int, str]]) -> Clean:
    if not changes:
        return given
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for start, end, new in changes:
        pieces += (given.text[done:start], new)
        starts += given.starts[done:start]
        ends += given.ends[done:start]
        starts += [given.starts[start]] * len(new)
        ends += [given.ends[end - 1]] * len(new)
        done = end
    pieces.append(given.text[done:])
    starts += given.starts[done:]
    ends += given.ends[done:]
    return Clean("".join(pieces), starts, ends)
