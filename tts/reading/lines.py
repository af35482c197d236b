"""Line breaks: which end a sentence, and which only came from a narrow page that was pasted in."""

import re

from tts.reading.wordsets import word_set

_MARKER = re.compile(
    r"[-+*•▪●◦■□➢✓❖\uf0b7](?!\w)|\(?[0-9]{1,2}(?:[.)](?![0-9])|/ )|[0-9]{1,2}(?:\.[0-9]{1,2})+\.? "
    r"|\(?[^\W\d_][.)](?!\w)|[IVX]+[./)] |(?:Điều|Chương|Phần|Mục|Phụ lục) [0-9IVX]+|Nơi nhận|Kính gửi"
)
"""How a list item, a heading or a block of its own begins."""

_LEADS_ON = word_set(
    "số năm tháng ngày quý điều khoản điểm và của các những tại với cho về do từ đến hoặc giữa xã phường tỉnh huyện "
    "phố ông bà theo trên là bằng trong ở gồm thứ khóa tổ bản thôn khu chí phòng sở bộ ban"
)
_SHORT_CAPITALS = re.compile(r"[A-ZĐ]{1,2}(?: *\n|$)")
"""The rest of an abbreviation that a narrow column of a table has cut in two."""

_WRAPPED_LINE = 60
"""A line this long that stops in mid-sentence was wrapped by the page."""


def is_soft_break(line: str, after: str, breaks: int) -> bool:
    """Tell whether the break between `line` and the text `after` it is only a wrapped line."""
    if not line or not after or line[-1] in ".!?:;…" or _MARKER.match(after):
        return False
    if line.isupper() and len(line) <= 3 and _SHORT_CAPITALS.match(after):
        return True
    if after[0].islower() or line[-1] in ",-/(":
        return True
    if line.rsplit(" ", 1)[-1].lower() in _LEADS_ON and not line.isupper():
        return True
    return breaks <= 2 and len(line) >= _WRAPPED_LINE and not line.isupper()
