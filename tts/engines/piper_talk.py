"""Talking with a child of Piper, which answers one request at a time."""

import struct
import time

from tts.engines.child import Child, ChildLostError

_REQUEST = struct.Struct(">I")
_ANSWER = struct.Struct(">BI")
_LONGEST_ANSWER = 16 * 1024 * 1024
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""A second thread of the mathematics library would not survive the child's forks."""


class Talk(Child):
    """The conversation with one child, whose first answer says that it is ready; `patience_s` bounds each answer."""

    def __init__(self, command: list[str], patience_s: float) -> None:
        super().__init__(command, _ONE_THREAD)
        self._patience_s = patience_s

    def ready(self) -> None:
        """Wait until the child is ready. Raises ChildLostError."""
        self._answer()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return (status, answer) for `request`. Raises ChildLostError."""
        self.send(_REQUEST.pack(len(request)) + request)
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._patience_s
        status, size = _ANSWER.unpack(self.receive(_ANSWER.size, deadline))
        if size > _LONGEST_ANSWER:
            raise ChildLostError(None)
        return int(status), self.receive(size, deadline)
