"""Reading beside its peers: right cases by category, and cases a second, on our own test set.

`python -m benchmarks.reading [--json] [--misses TOOL]`. Each peer lives in a virtual environment of its own under
`.venv-peers`, made here from `requirements-peers.txt` when it is missing. A peer that cannot be installed or run is
reported as such; it fails nothing. The set is ours and written to our house style, which no peer aims at: `heard`
forgives every tool what people say either way.
"""

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks.peers import HERE, ROOT, python_of
from benchmarks.reading_tool import TOOLS
from tts.reading.numbers import Numbers

RUN_SECONDS = 120

_ON_THE_LAST, _ON_THE_FIRST = (
    "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ",
    "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy",
)
_TONED = dict(zip(_ON_THE_LAST.split(), _ON_THE_FIRST.split(), strict=True))
_TONE_LAST = re.compile("(?<!q)(?:" + "|".join(_TONED) + r")\b")
_LETTERS = {
    "bê": "b", "bờ": "b", "xê": "c", "cờ": "c", "dê": "d", "dờ": "d", "đê": "d", "đờ": "d", "đ": "d", "ép": "f",
    "giê": "g", "gờ": "g", "hát": "h", "hắt": "h", "hờ": "h", "ca": "k", "e lờ": "l", "lờ": "l", "em mờ": "m",
    "em": "m", "mờ": "m", "en nờ": "n", "en": "n", "nờ": "n", "ô": "o", "pê": "p", "phê": "p", "pờ": "p", "quy": "q",
    "qui": "q", "cu": "q", "e rờ": "r", "rờ": "r", "ét sì": "s", "ét": "s", "sờ": "s", "tê": "t", "tờ": "t",
    "vê kép": "w", "vê": "v", "vờ": "v", "ích xì": "x", "ích": "x", "dét": "z", "zét": "z", "i dài": "y",
}  # fmt: skip
_DIGIT = "một|hai|ba|bốn|năm|sáu|bảy|tám|chín"
_NUMBER = "không|một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|tám|chín|mười|mươi|linh|trăm|nghìn|triệu|tỉ"
_RATES = (
    "ki lô gam|ki lô mét|ki lô oát giờ|héc ta|mét vuông|mét khối|lít|giờ|giây|phút|ngày|tuần|tháng|năm|quí|vụ|lần|buổi|"
    "người|hộ|khẩu|bộ|lượt|trẻ"
)
_KINDS = (
    "nghị|quyết|kế hoạch|thông|công|chỉ|báo cáo|tờ trình|chương trình|kết luận|hướng dẫn|giấy|luật|lệnh|uỷ|ủy|qui|văn"
)
_FORGIVEN: tuple[tuple[str, str], ...] = (
    # what a tool writes around a foreign word; punctuation, hyphens
    (r"</?[a-z]{2}>", " "),
    (r"[^\w\s]|_", " "),
    (r"\s+", " "),
    # i and y are one sound after these letters: tỷ and tỉ, kỹ and kĩ
    *((rf"\b(qu|[hklmst]){y}\b", rf"\1{i}") for y, i in zip("yỳýỷỹỵ", "iìíỉĩị", strict=True)),
    # words said either way
    (r"\blẻ\b", "linh"),
    (r"\bngàn\b", "nghìn"),
    (r"\btới\b", "đến"),
    (r"\bbẩy\b", "bảy"),
    (r"\bnhăm\b", "lăm"),
    (r"\b(mươi|linh|quí|phần|tháng) tư\b", r"\1 bốn"),
    (r"\btrừ (?=\w+ độ\b)", "âm "),
    (r"\bviệt nam đồng\b", "đồng"),
    (r"\busd\b", "đô la"),
    (r"\bđô la mĩ\b", "đô la"),
    (rf"(?<=\w) phần (?=(?:{_DIGIT}|mười)\b)", " trên "),
    # a nought before one digit of a count; a decimal point said as a point
    (r"\btháng không (?=một|hai|ba|bốn|năm|sáu|bảy|tám|chín)", "tháng "),
    (rf"(^|\b(?!(?:{_NUMBER}|phẩy|chấm)\b)\w+ )không (?=(?:{_DIGIT})\b(?! (?:{_NUMBER})\b))", r"\1"),
    (rf"\b({_NUMBER}) chấm (?=(?:{_NUMBER})\b)", r"\1 phẩy "),
    # spellings of units and signs
    (r"\bx[eă]ng? ti mét\b", "xen ti mét"),
    (r"\bk[ií] lô g(?:r?am)\b", "ki lô gam"),
    (r"\bmili ?", "mi li "),
    (r"\bh[eé][ck] ?ta\b", "héc ta"),
    (r"\bđộ xen xi ớt\b|\bđộ c\b", "độ xê"),
    (r"\bki ?lô ?oắ?t\b", "ki lô oát"),
    (r"\ba móc\b|\bat\b", "a còng"),
    (r"\bdot\b", "chấm"),
    (r"\bha\b", "héc ta"),
    (r"\b[ei] m(?:eo|êu|êi)\b|\bimeo\b", "i meo"),
    (r"\boép xai\b", "oép sai"),
    (r"\bcovid\b", "cô vít"),
    (r"\baids\b", "ết"),
    (r"\bmã (?:qr|(?:q|qui|cu) (?:r|e rờ|rờ))\b", "mã quy a"),
    (r"\bnê\b", "ne"),
    (r"\bwi fi\b", "oai phai"),
    (r"\bgigabyte\b", "gi ga bai"),
    (rf"\blớn hơn (?=(?:{_NUMBER})\b)", "trên "),
    (rf"\bnhỏ hơn (?=(?:{_NUMBER})\b)", "dưới "),
    # days: "mùng", "mồng", "ngày" or nothing; "từ ... đến" or "đến" alone
    (r"\bm[ùồ]ng ", ""),
    (rf"\bngày (?=(?:{_NUMBER})\b)", ""),
    (rf"\btừ (?=(?:tháng |quí )?(?:{_NUMBER})\b)", ""),
    # times: "phút" after the minutes or not; a full hour with its noughts or without
    (rf"\bgiờ không(?: không)?(?: phút)?\b(?! (?:{_DIGIT})\b)", "giờ"),
    (rf"\bgiờ không (?=(?:{_DIGIT})\b)", "giờ "),
    (rf"\bgiờ ((?:(?:{_NUMBER}) ){{1,3}})phút\b", r"giờ \1"),
    # a slash or hyphen: silent or named; a rate: "một", "trên", "mỗi"; the year of a document
    (r"\b(?:xuyệt|xoẹt|xẹt|sẹt|slash|dash|gạch(?: chéo| ngang| nối)?)\b", " "),
    (r"\s+", " "),
    (rf"\b((?!(?:{_NUMBER})\b)\w+) (?:trên|mỗi) (?=(?:{_RATES})\b)", r"\1 một "),
    (rf"\btrên (?=(?:{_KINDS})\b)", ""),
    (r"\b(?:năm|trên) (?=hai nghìn|một nghìn chín trăm)", ""),
)
_RULES = tuple((re.compile(pattern), said) for pattern, said in _FORGIVEN)


def heard(said: str) -> str:
    """Return `said` as the benchmark compares it: the one tolerance, the same for every tool and for what is expected.

    Forgiven: letter case; punctuation, pauses, all spaces and hyphens; where the tone mark stands (hoà, hòa) and i for
    y (tỉ, tỷ); linh or lẻ, nghìn or ngàn, đến or tới; tư or bốn where both are said; "mùng", "mồng", "ngày" or nothing
    before a day; "từ" before the first of a range; a nought before one digit; "phút" after the minutes, noughts after a
    full hour; a slash or hyphen silent or named, "trên" for "phần", and "trên", "một" or "mỗi" before what a rate
    counts; "năm" before a document's year; decimals digit by digit or as a number, "chấm" for "phẩy"; spelling of unit
    names; letters named bê or bờ, or left as letters; a loan word of our lexicon left as it is written (some tools
    leave it to their own phonemes).
    Not forgiven: a wrong or lost number, a wrong month, a lost "đến", an abbreviation spelt out or misread.
    """
    text = unicodedata.normalize("NFC", said).lower()
    text = _loans()[0].sub(lambda match: _loans()[1][match.group()], text)
    text = _TONE_LAST.sub(lambda match: _TONED[match.group()], text)
    for pattern, forgiven in _RULES:
        text = pattern.sub(forgiven, text)
    text = re.sub(r"(?<=phẩy )(\w+ )lăm\b", r"\1năm", text)
    text = re.sub(rf"(?<=phẩy )(?:(?:{_NUMBER}) ?)+", lambda match: _digits(match.group()), text)
    text = _LETTER_NAME.sub(lambda match: _LETTERS[match.group()], text)
    return "".join(text.split())


_LETTER_NAME = re.compile(r"\b(?:" + "|".join(sorted(_LETTERS, key=len, reverse=True)) + r")\b")


@cache
def _loans() -> tuple[re.Pattern[str], dict[str, str]]:
    lines = (ROOT / "tts" / "lexicon_data" / "loans.tsv").read_text(encoding="utf-8").splitlines()[1:]
    spoken = {written.lower(): said for written, said, *_ in (line.split("\t") for line in lines)}
    names = "|".join(re.escape(name) for name in sorted(spoken, key=len, reverse=True))
    return re.compile(rf"(?<![\w.@/])(?:{names})(?![\w@]|\.\w)"), spoken


@cache
def _decimals() -> dict[str, str]:
    numbers = Numbers()
    said = {numbers.cardinal(str(value)): numbers.spelled(str(value)) for value in range(999, 9, -1)}
    return {re.sub(r"(mươi|linh) tư", r"\1 bốn", name): digits for name, digits in said.items()}


def _digits(name: str) -> str:
    """Return the digits after the comma one by one: "bảy mươi lăm" -> "bảy năm"."""
    stripped = name.strip()
    for length in range(len(stripped.split()), 1, -1):
        head, tail = stripped.split()[:length], stripped.split()[length:]
        if " ".join(head) in _decimals():
            return " ".join([_decimals()[" ".join(head)].replace(",", ""), *tail, ""])
    return name


@dataclass(frozen=True, slots=True)
class Result:
    """What one tool did with the set; `error` when it could not run."""

    right: tuple[bool, ...] = ()
    said: tuple[str | None, ...] = ()
    first_per_s: float = 0.0
    cpu_per_s: float = 0.0
    wall_per_s: float = 0.0
    error: str = ""


def cases() -> tuple[tuple[str, str, str], ...]:
    """Return the set the unit tests read: category, written, expected."""
    spec = importlib.util.spec_from_file_location("reading_cases", ROOT / "tests" / "unit" / "reading_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.CASES)


def measure(tool: str, all_cases: tuple[tuple[str, str, str], ...]) -> Result:
    """Run one tool over the set in its own process and hold it against what is expected."""
    try:
        python = sys.executable if tool == "ours" else str(python_of(tool))
        run = subprocess.run(
            [python, str(HERE / "reading_tool.py"), tool],
            input=json.dumps([written for _, written, _ in all_cases]),
            capture_output=True, text=True, check=True, timeout=RUN_SECONDS,
            env={**os.environ, "PYTHONPATH": str(ROOT) if tool == "ours" else "", "PYTHONUTF8": "1"},
        )  # fmt: skip
        got = json.loads(run.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        return Result(error=(error.stderr or str(error)).strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        return Result(error=f"{type(error).__name__}: {error}")
    right = tuple(
        said is not None and heard(said) == heard(expected)
        for said, (_, _, expected) in zip(got["said"], all_cases, strict=True)
    )
    return Result(right, tuple(got["said"]), got["first_per_s"], got["cpu_per_s"], got["wall_per_s"])


def print_tables(all_cases: tuple[tuple[str, str, str], ...], results: dict[str, Result]) -> None:
    """Print right cases by category, then the speed."""
    total = Counter(category for category, _, _ in all_cases)
    print("| category | cases | " + " | ".join(results) + " |")
    print("|---|---|" + "---|" * len(results))
    for category, count in total.items():
        cells = [
            str(sum(ok for ok, case in zip(result.right, all_cases, strict=True) if case[0] == category))
            if not result.error else "-"
            for result in results.values()
        ]  # fmt: skip
        print(f"| {category} | {count} | " + " | ".join(cells) + " |")
    cells = [f"{sum(result.right)} ({sum(result.right) / len(all_cases):.1%})" if not result.error else "-"
             for result in results.values()]  # fmt: skip
    print(f"| **all** | {len(all_cases)} | " + " | ".join(cells) + " |\n")
    print("| tool | cases per CPU s | cases per s, wall | first pass, cases per CPU s |")
    print("|---|---|---|---|")
    for tool, result in results.items():
        if result.error:
            print(f"| {tool} | could not run: {result.error} | | |")
        else:
            print(f"| {tool} | {result.cpu_per_s:,.0f} | {result.wall_per_s:,.0f} | {result.first_per_s:,.0f} |")
    print()


def main(arguments: Sequence[str] = ()) -> None:
    """Measure every tool; the last line is one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading")
    parser.add_argument("--json", action="store_true", help="only the line of JSON")
    parser.add_argument("--misses", metavar="TOOL", choices=TOOLS, help="show what this tool has wrong")
    options = parser.parse_args(arguments)
    all_cases = cases()
    results = {tool: measure(tool, all_cases) for tool in TOOLS}
    if options.misses:
        shown = results[options.misses]
        for ok, said, (category, written, expected) in zip(shown.right, shown.said, all_cases, strict=False):
            if not ok:
                print(f"{category}: {written}\n  expected: {expected}\n  said:     {said}")
    if not options.json:
        print_tables(all_cases, results)
    line = {
        tool: {"error": result.error}
        if result.error
        else {"right": sum(result.right), "of": len(all_cases), "per_s": round(result.cpu_per_s)}
        for tool, result in results.items()
    }
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
