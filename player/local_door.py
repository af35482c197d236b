"""The door for people at the machine: a socket file in the machine's folder, open to its owner alone; no network.

A caller writes one line of JSON and reads one line of JSON.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from domain.errors import BadInputError, ServerUnreachableError, StorageError, TiengLoaError

NAME = "machine.sock"
_MOST_LINE = 4096
_MOST_ANSWER = 1 << 18
_PATIENCE_S = 5.0
_AGAIN_S = 0.2
_REFUSED = "refused"
_AWAY = "Máy phát trong thư mục này không chạy nên không nhận lệnh. Hãy chạy: tiengloa machine run"


class LocalDoor:
    """Answers callers, one at a time, in a thread of its own; `answer` may raise TiengLoaError."""

    def __init__(self, folder: Path, answer: Callable[[object], dict[str, Any]]) -> None:
        self._folder = folder
        self._answer = answer
        self._socket: socket.socket | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local door", daemon=True)

    def open(self) -> None:
        """Make the socket file and begin to answer. Raises StorageError."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(listening.fileno(), 0o600)  # before it has a name: nobody else is ever let in
            with _short(self._folder) as folder:
                (self._folder / NAME).unlink(missing_ok=True)
                listening.bind(f"{folder}/{NAME}")
            listening.listen(4)
        except OSError as error:
            listening.close()
            raise StorageError(f"Không mở được cửa lệnh tại máy ({error.strerror}).") from error
        self._socket = listening
        self._thread.start()

    def close(self) -> None:
        """End after the caller at hand, and remove the socket file."""
        if self._socket is None:
            return
        self._closing.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_PATIENCE_S)
        self._socket.close()
        with suppress(OSError):
            (self._folder / NAME).unlink(missing_ok=True)

    def _run(self) -> None:
        assert self._socket is not None
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                if self._closing.wait(_AGAIN_S):
                    return
                continue
            with caller, suppress(OSError):
                caller.settimeout(_PATIENCE_S)
                caller.sendall(json.dumps(self._answered(_line(caller, _MOST_LINE)), ensure_ascii=False).encode())

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            return self._answer(json.loads(line))
        except TiengLoaError as error:
            return {_REFUSED: error.sentence}
        except (ValueError, RecursionError):
            return {_REFUSED: "Yêu cầu không đúng khuôn dạng."}
        except Exception as error:  # noqa: BLE001 - told to the caller: the door must stay open
            return {_REFUSED: f"Lỗi ngoài dự kiến: {type(error).__name__}"}


def call(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask the machine that runs in `folder` and return its answer.

    Raises ServerUnreachableError when none runs, BadInputError with its own sentence when it refuses.
    """
    with ExitStack() as stack:
        line = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(f"{stack.enter_context(_short(folder))}/{NAME}")
            line.sendall(json.dumps(asked).encode() + b"\n")
            told = json.loads(_line(line, _MOST_ANSWER))
        except (OSError, ValueError) as error:
            raise ServerUnreachableError(_AWAY) from error
    if not isinstance(told, dict) or _REFUSED in told:
        raise BadInputError(str(told.get(_REFUSED)) if isinstance(told, dict) else _AWAY)
    return told


def _line(stream: socket.socket, most: int) -> bytes:
    """Read up to a line feed or the end, at most `most` bytes."""
    read = bytearray()
    while len(read) < most and not read.endswith(b"\n"):
        chunk = stream.recv(min(4096, most - len(read)))
        if not chunk:
            break
        read += chunk
    return bytes(read)


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give a short path of `folder`: the name of a socket may have no more than 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
