"""Processes that `tiengloa run` starts: each ends when it is told to, or when its parent is gone."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

WITH_PARENT = "--with-parent"
_PATIENCE_S = 15.0


class Child:
    """One process of the product; its lines go to `on_line`, its errors into `log`."""

    def __init__(self, arguments: tuple[str, ...], log: Path, on_line: Callable[[str], None]) -> None:
        self.name = next(word for word in arguments[2:] if not word.startswith("-"))
        self._made_from = (arguments, log, on_line)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no word of it comes from a user
                [sys.executable, "-m", "tiengloa", WITH_PARENT, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def again(self) -> "Child":
        """Start the same process anew."""
        return Child(*self._made_from)

    def code(self) -> int | None:
        """Return the exit code, or `None` while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end, at most so long, and return the exit code if it came."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ask it to end and wait; a deaf one is killed."""
        if self._process.poll() is None:
            self._process.terminate()
        if self.wait(_PATIENCE_S) is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reader.join(2)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, on_line: Callable[[str], None]) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            on_line(line.rstrip("\n"))


def end_with_parent() -> None:
    """Ask this process to end when the one that started it is gone, however it went."""
    threading.Thread(target=_await_parent, name="lifeline", daemon=True).start()


def _await_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
