"""Writes that the disk did not take yet: they are done later, in their order, so that nothing of them is lost."""

from collections import deque
from collections.abc import Callable

from domain.errors import StorageError
from player.faults import Faults

Write = Callable[[], None]


class Owed:
    """Does writes in order; while the disk refuses one, it and those after it wait, and the fault is told.

    `relieve` makes room on a full disk, once, and tells whether it could.
    """

    def __init__(self, faults: Faults, relieve: Callable[[], bool]) -> None:
        self._faults = faults
        self._relieve = relieve
        self._writes: deque[Write] = deque()

    def do(self, write: Write) -> bool:
        """Do `write`, or keep it for later; tell whether it is on the disk."""
        self._writes.append(write)
        return self.settle()

    def try_only(self, write: Write) -> bool:
        """Do `write` now or not at all; tell whether it is on the disk."""
        return self.settle() and self._attempt(write)

    def settle(self) -> bool:
        """Do what is still owed; tell whether nothing is."""
        while self._writes and self._attempt(self._writes[0]):
            self._writes.popleft()
        return not self._writes

    def _attempt(self, write: Write) -> bool:
        try:
            _with_relief(write, self._relieve)
        except StorageError as error:
            self._faults.set("disk", error.sentence)
            return False
        self._faults.set("disk", "")
        return True


def _with_relief(write: Write, relieve: Callable[[], bool]) -> None:
    try:
        write()
    except StorageError:
        if not relieve():
            raise
        write()
