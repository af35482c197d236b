"""Takes in a relayed stream (tiếp âm) through a child process, again and again while it is wanted."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from domain.audio import SAMPLE_RATE
from player.tap import Tap

LEAST = SAMPLE_RATE
MOST = 6 * SAMPLE_RATE
"""A second is waited for before the stream sounds; six are held at most."""
DEAF_S = 10.0
"""How long a child may give nothing before it is ended."""
AHEAD_S = 30.0
"""How much more sound than time a stream may give at once: a longer one is no live stream, or a bomb."""
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_GOOD_RUN_S = 30.0
_CHUNK = 1 << 16
_MOST_WORDS = 300


class Relay:
    """Fills a tap from the stream at `url` until the tap is closed; `allowed` hosts may lie in a private net."""

    def __init__(self, url: str, allowed: Sequence[str], tap: Tap) -> None:
        self._url = url
        self._allowed = tuple(allowed)
        self._tap = tap
        self._child: subprocess.Popen[bytes] | None = None
        tap.on_close = self._let_go
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin to take the stream in, in a thread of its own."""
        self._thread.start()

    def _run(self) -> None:
        failures = 0
        while not self._tap.closed:
            began = time.monotonic()
            try:
                self._tap.trouble = self._take_in()
            except OSError as error:
                self._tap.trouble = f"không mở được tiến trình thu nguồn ({error.strerror})"
            failures = 1 if time.monotonic() - began > _GOOD_RUN_S else failures + 1
            self._rest(_BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1])

    def _rest(self, seconds: float) -> None:
        self._tap.closes_within(seconds)

    def _let_go(self) -> None:
        """End the child, so that whoever waits for its sound wakes; it comes from the thread that closes the tap."""
        child = self._child
        if child:
            with suppress(OSError):
                child.kill()

    def _take_in(self) -> str:
        """Run one child to its end, and return why it ended."""
        command = [sys.executable, "-m", "player.relay_child", self._url, *self._allowed]
        with subprocess.Popen(  # noqa: S603 - our own module; the address is checked by the child and no shell reads it
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            self._child = child  # before the tap is looked at: else one that closes meanwhile would end nobody
            try:
                deaf = self._pour(child)
            finally:
                with suppress(OSError):
                    child.kill()
                self._child = None
                _, words = child.communicate()
        return "nguồn không gửi tiếng" if deaf else _said(words)

    def _pour(self, child: subprocess.Popen[bytes]) -> bool:
        """Pour what the child gives into the tap; tell whether it gave nothing for too long."""
        assert child.stdout is not None
        began = heard_at = time.monotonic()
        frames, odd = 0, b""
        while not self._tap.closed:
            now = time.monotonic()
            ahead = frames / SAMPLE_RATE - (now - began) - AHEAD_S
            if ahead > 0:
                self._tap.closes_within(ahead)
                continue
            if not select.select([child.stdout], [], [], max(heard_at + DEAF_S - now, 0))[0]:
                return True
            piece = odd + os.read(child.stdout.fileno(), _CHUNK)
            if len(piece) == len(odd):
                return False
            odd = piece[len(piece) & ~1 :]
            sound = np.frombuffer(piece[: len(piece) & ~1], np.int16)
            frames += len(sound)
            self._tap.put(sound)
            self._tap.trouble = ""
            heard_at = time.monotonic()
        return False


def _said(words: bytes) -> str:
    lines = words.decode("utf-8", "replace").strip().splitlines()
    told = lines[-1].strip()[:_MOST_WORDS] if lines else "nguồn bị ngắt"
    return told[:1].lower() + told[1:]
