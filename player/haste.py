"""Which threads run before others: sound first, what can wait last."""

import os
import threading
from contextlib import suppress

_FIFO_PRIORITY = 10
_NICE = 10


def be_punctual() -> None:
    """Let this thread run before all others where the system allows it: a late block is a gap in the sound."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_FIFO_PRIORITY))


def be_usual() -> None:
    """Let this thread run as any other; a thread inherits the haste of the one that started it."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def be_patient() -> None:
    """Let this thread run after all others of the machine."""
    be_usual()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
