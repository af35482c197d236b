"""A wall clock of a child process that the test steps at will: `rtshift.c`, compiled when it is first needed."""

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("rtshift.c")


def can_shift() -> bool:
    """Tell whether there is a compiler for the shim."""
    return shutil.which("gcc") is not None


@cache
def library() -> Path:
    """Return the compiled shim. Raises CalledProcessError."""
    folder = Path(tempfile.mkdtemp(prefix="rtshift-"))
    made = folder / "rtshift.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(made), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return made


class ShiftedClock:
    """The wall clock of the processes that run in `environment`: the real one and `shift`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "rtshift"
        self._path.write_bytes(struct.pack("<q", 0))
        descriptor = os.open(self._path, os.O_RDWR)
        self._page = mmap.mmap(descriptor, 8)
        os.close(descriptor)
        self.shift = timedelta()

    @property
    def environment(self) -> dict[str, str]:
        """Return what to set for a process that is to have this clock."""
        return {"LD_PRELOAD": str(library()), "RTSHIFT_FILE": str(self._path)}

    def step_to(self, shift: timedelta) -> None:
        """Let the clock be the real one and `shift` from now on."""
        self.shift = shift
        self._page[:] = struct.pack("<q", round(shift.total_seconds() * 1e9))
