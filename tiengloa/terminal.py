"""What the terminal shows: sentences, progress bars, one live line."""

import json
import shutil
import sys
import unicodedata
from typing import Any, TextIO

_BAR = 24


class Terminal:
    """Writes for a person on a terminal, plain lines into a file or pipe; progress goes to the error stream."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._live = ""

    def say(self, sentence: str = "") -> None:
        """Print a line, above the live line if there is one."""
        if not self._out.isatty():
            self._out.write(sentence + "\n")
            self._out.flush()
            return
        live, self._live = self._live, ""
        if live:
            self._out.write("\r\x1b[K")
        self._out.write(sentence + "\n")
        if live:
            self.live(live)
        self._out.flush()

    def live(self, sentence: str) -> None:
        """Replace the live line; into a pipe it is printed only when it says something new."""
        if not self._out.isatty():
            if sentence and sentence.split("  ", maxsplit=1)[0] != self._live.split("  ")[0]:
                self._out.write(sentence + "\n")
                self._out.flush()
            self._live = sentence
            return
        self._live = sentence
        self._out.write("\r\x1b[K" + clipped(sentence, shutil.get_terminal_size().columns - 1))
        self._out.flush()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Draw a bar on the error stream when a person is watching."""
        if not self._err.isatty():
            return
        filled = _BAR * done // total if total else 0
        self._err.write(f"\r\x1b[K[{'█' * filled}{'·' * (_BAR - filled)}] {stage}")
        self._err.flush()

    def end_progress(self) -> None:
        """Remove the bar."""
        if self._err.isatty():
            self._err.write("\r\x1b[K")
            self._err.flush()

    def warn(self, sentence: str) -> None:
        """Print a line on the error stream."""
        self._err.write(sentence + "\n")
        self._err.flush()

    def document(self, value: Any) -> None:
        """Print a value as JSON for a program."""
        json.dump(value, self._out, ensure_ascii=False, indent=2)
        self._out.write("\n")
        self._out.flush()


def clipped(text: str, columns: int) -> str:
    """Return as much of `text` as fits in `columns` of a terminal."""
    width = 0
    for index, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 0 if unicodedata.combining(letter) else 1
        if width > columns:
            return text[:index]
    return text
