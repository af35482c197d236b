"""Talking with a child process that answers one request at a time, and never waiting for it longer than agreed."""

import contextlib
import os
import select
import signal
import struct
import subprocess
import time
from types import TracebackType
from typing import Self

_REQUEST = struct.Struct(">I")
_ANSWER = struct.Struct(">BI")
_LONGEST_ANSWER = 16 * 1024 * 1024
_FAREWELL_S = 2.0


class ChildLostError(Exception):
    """The child ended, fell silent or answered nonsense.

    `code` is its exit code, negative for a signal, or None when it had to be stopped.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"child ended with {code}")
        self.code = code


class Talk:
    """A running child and the conversation with it; its first answer says that it is ready.

    `patience_s` bounds each answer. Used as a context manager: at its end the child and its forks are gone.
    Raises OSError when the child cannot be started.
    """

    def __init__(self, command: list[str], patience_s: float) -> None:
        self._patience_s = patience_s
        self._process = subprocess.Popen(  # noqa: S603 - our own file and checked words
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            # A second thread of the mathematics library would not survive the child's forks.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the child and the forks it may have left, at once."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._kill()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def ready(self) -> None:
        """Wait until the child is ready. Raises ChildLostError."""
        self._answer()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return (status, answer) for `request`. Raises ChildLostError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(_REQUEST.pack(len(request)) + request)
        except OSError as error:
            raise self._lost() from error
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._patience_s
        status, size = _ANSWER.unpack(self._receive(_ANSWER.size, deadline))
        if size > _LONGEST_ANSWER:
            raise ChildLostError(None)
        return int(status), self._receive(size, deadline)

    def _receive(self, size: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        pipe, parts = self._process.stdout.fileno(), bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise ChildLostError(None)
            part = os.read(pipe, size - len(parts))
            if not part:
                raise self._lost()
            parts += part
        return bytes(parts)

    def _lost(self) -> ChildLostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return ChildLostError(self._process.wait(_FAREWELL_S))
        return ChildLostError(None)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
