"""Child processes of voices that break, and what is left of them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import TiengLoaError

Breaks = tuple[str, type[TiengLoaError], str]
"""The program of a child, and the error and the words in which it must end."""


def breaks(case: Breaks, script: Path, speak: Callable[[], object], within_s: float) -> None:
    """Have `speak` run the child of `case` as `script`: it ends in its sentence in time and leaves no process."""
    code, error, sentence = case
    script.write_text(code)
    started = time.monotonic()
    with pytest.raises(error, match=sentence):
        speak()
    assert time.monotonic() - started < within_s
    assert str(script) not in command_lines()


def command_lines() -> str:
    """Return the command line of every process."""
    return "\n".join(line for _pid, line in processes())


def processes() -> list[tuple[int, str]]:
    """Return the id and the command line of every process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((int(entry.name), (entry / "cmdline").read_bytes().decode(errors="replace")))
            except OSError:
                continue
    return found
