"""Our own test set of reading: category, what is written, what must be said.

The cases stand in `reading_cases.tsv`; characters that cannot be seen are written there as `\\u00a0`.
"""

import re
from pathlib import Path


def _seen(written: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), written)


def _load() -> tuple[tuple[str, str, str], ...]:
    lines = Path(__file__).with_suffix(".tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return tuple((category, _seen(written), spoken) for category, written, spoken in rows)


CASES = _load()
