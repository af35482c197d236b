"""The process of a machine: from its start to the signal that ends it."""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from player import memory
from player.machine import Machine, MachineSettings, OnEvent

_NICENESS = -10
_TURN_S = 0.001
"""How long the sound thread waits, at most, for another Python thread to stand aside; by default it is 5 ms."""


def run_machine(folder: Path, settings: MachineSettings | None = None, on_event: OnEvent | None = None) -> None:
    """Run the machine of `folder` until SIGTERM or SIGINT, then end it in order.

    Raises NotFoundError when the folder is not enrolled, BusyError, StorageError, and SinkError when there is no
    output, or when the sound broke down again and again: its supervisor is to start it anew.
    """
    stopping = threading.Event()
    handled = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_signal: stopping.set()) for number in handled]
    memory.spare()
    memory.let_go_of_libraries()
    machine = Machine(folder, settings, on_event)
    machine.on_give_up = stopping.set
    sys.setswitchinterval(_TURN_S)
    with suppress(OSError):  # threads inherit it; only the sound thread gets more
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    try:
        machine.start()
        stopping.wait()
        machine.check()
    finally:
        machine.stop()
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
