"""What the machine looks after now and then: each task has a fault of its own, taken back when it succeeds again."""

from collections.abc import Callable

from domain.errors import TiengLoaError
from player.faults import Faults
from scheduler.alarm import Alarm

_MOST_TEXT = 300


class Housework:
    """Has tasks done by `alarm`; `name` is what a task is called in Vietnamese."""

    def __init__(self, alarm: Alarm, faults: Faults) -> None:
        self._alarm = alarm
        self._faults = faults

    def every(self, seconds: float, task: Callable[[], object], name: str, first: float | None = None) -> None:
        """Do `task` each `seconds`, first after `first` (or `seconds`)."""
        self._alarm.every(seconds, lambda: self.do(task, name), name, first)

    def do(self, task: Callable[[], object], name: str) -> None:
        """Do `task` once, and tell when it fails."""
        try:
            task()
        except Exception as error:  # noqa: BLE001 - told, and done again next time
            self._faults.set(f"task {name}", f"Không {name} được: {said(error)}"[:_MOST_TEXT])
        else:
            self._faults.set(f"task {name}", "")


def said(error: Exception) -> str:
    """Return what an error says: its sentence, or its name when it is none of ours."""
    return error.sentence if isinstance(error, TiengLoaError) else f"{type(error).__name__}: {error}"
