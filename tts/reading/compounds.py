"""Abbreviations made of known parts: `VH-DL`, `KT-NS`, `NS&VSMTNT`."""

import re
from itertools import pairwise

from tts.reading.page import Page, Piece, one
from tts.reading.wordlist import Reading

_PART = r"[A-ZĐƯ]{2,10}"
_COMPOUND = re.compile(rf"{_PART}(?: ?[&,/-] ?{_PART}){{1,5}}(?![\w&])")
_PIECES = re.compile(rf"({_PART})| ?([&,/-]) ?")
_SECTORS = {
    "KT": "kinh tế", "XH": "xã hội", "VH": "văn hóa", "DL": "du lịch", "TM": "thương mại", "DV": "dịch vụ",
    "CN": "công nghiệp", "NN": "nông nghiệp", "XD": "xây dựng", "QP": "quốc phòng", "AN": "an ninh", "CT": "chính trị",
    "GD": "giáo dục", "YT": "y tế", "LĐ": "lao động", "MT": "môi trường", "TC": "tài chính", "SX": "sản xuất",
    "KD": "kinh doanh", "DS": "dân số", "GT": "giao thông", "LN": "lâm nghiệp", "TL": "thủy lợi",
}  # fmt: skip
"""What two letters mean among the sectors that a compound names together."""

_TOGETHER = {
    ("KT", "NS"): ("kinh tế", "ngân sách"),
    ("NS", "VSMTNT"): ("nước sạch", "vệ sinh môi trường nông thôn"),
    ("NS", "VSMT"): ("nước sạch", "vệ sinh môi trường"),
    ("CN", "TY"): ("chăn nuôi", "thú y"),
    ("TC", "KH"): ("tài chính", "kế hoạch"),
    ("KH", "TC"): ("kế hoạch", "tài chính"),
    ("KH", "ĐT"): ("kế hoạch", "đầu tư"),
    ("KH", "CN"): ("khoa học", "công nghệ"),
    ("HT", "ĐT"): ("hạ tầng", "đô thị"),
    ("TN", "MT"): ("tài nguyên", "môi trường"),
    ("GD", "ĐT"): ("giáo dục", "đào tạo"),
    ("TT", "BVTV"): ("trồng trọt", "bảo vệ thực vật"),
    ("TT", "DL"): ("thể thao", "du lịch"),
    ("TT", "TT"): ("thông tin", "truyền thông"),
    ("TC", "CB"): ("tổ chức", "cán bộ"),
    ("TC", "HC"): ("tổ chức", "hành chính"),
}
"""Neighbours that settle each other."""

_JOINTS = {"&": " và ", ",": ", ", "/": ", ", "-": " "}
_LONGEST_GUESS = 12


def compound(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a compound whose every part has one meaning there; the lexicon keeps the compounds that it has."""
    match = _COMPOUND.match(page.text, start)
    if not match or page.reading_of(match.group()) or ("," in match.group() and "&" not in match.group()):
        return ()
    parts = [part[1] for part in _PIECES.finditer(match.group()) if part[1]]
    said = _meanings(parts)
    if not all(said) or all(_sure(page, part) for part in parts):
        return ()
    joints = [_JOINTS[joint[2]] for joint in _PIECES.finditer(match.group()) if joint[2]]
    spoken = "".join(word + joint for word, joint in zip(said, [*joints, ""], strict=True))
    return one(start, match.end(), spoken, "compound")


def guess(page: Page, written: str) -> str:
    """Return a proposal for unknown letters that can be cut in just one way into two known abbreviations."""
    if not 5 <= len(written) <= _LONGEST_GUESS:
        return ""
    cuts = [(_sure(page, written[:cut]), _sure(page, written[cut:])) for cut in range(2, len(written) - 1)]
    whole = [f"{first} {last}" for first, last in cuts if first and last]
    return whole[0] if len(whole) == 1 else ""


def _meanings(parts: list[str]) -> list[str]:
    said = [_SECTORS.get(part, "") for part in parts]
    for at, pair in enumerate(pairwise(parts)):
        if pair in _TOGETHER:
            said[at : at + 2] = _TOGETHER[pair]
    return said


def _sure(page: Page, part: str) -> str:
    found: Reading | None = page.lexicon.words.longest(part, part.lower(), 0, part.lower())
    return found.spoken if found and found.written == part and not found.unsure else ""
