"""A child process that one talks with over its standard input and output, never waiting longer than agreed."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

_FAREWELL_S = 2.0


class ChildLostError(Exception):
    """The child ended, fell silent or answered nonsense.

    `code` is its exit code, negative for a signal, or None when it had to be stopped.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"child ended with {code}")
        self.code = code


class ChildSilentError(ChildLostError):
    """The child did not answer in time."""

    def __init__(self) -> None:
        super().__init__(None)


class Child:
    """A running child and the line to it.

    Used as a context manager: at its end the child and its forks are gone. `environment` comes on top of our own.
    Raises OSError when the child cannot be started.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own file and checked words
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def send(self, data: bytes) -> None:
        """Write `data` to the child. Raises ChildLostError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except OSError as error:
            raise self._lost() from error

    def receive(self, size: int, deadline: float) -> bytes:
        """Return `size` bytes that the child writes until the monotonic instant `deadline`.

        Raises ChildSilentError when they have not come by then, ChildLostError when it ended first.
        """
        assert self._process.stdout is not None
        pipe, parts = self._process.stdout.fileno(), bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise ChildSilentError
            part = os.read(pipe, size - len(parts))
            if not part:
                raise self._lost()
            parts += part
        return bytes(parts)

    def _lost(self) -> ChildLostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return ChildLostError(self._process.wait(_FAREWELL_S))
        return ChildLostError(None)
