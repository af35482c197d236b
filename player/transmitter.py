"""Switches a transmitter or amplifier on before sound and off after it (pre-key), in a thread of its own.

A switch that fails is told as a fault and tried again; the sound never waits for it. It is switched off when the
machine starts and when it ends. A process that is killed lets a serial line fall by itself; for a command or a GPIO
file the service that runs the machine must do it (docs/machine-toml.md).
"""

import fcntl
import os
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from domain.ports import Clock
from player.clock import wall_offset
from player.keying import Heard, keyed
from player.settings import PreKey

COMMAND_S = 3.0
LOOK_EVERY_S = 0.05
AGAIN_S = 1.0
_STOP_S = COMMAND_S + 1.0
_LINES = {"rts": termios.TIOCM_RTS, "dtr": termios.TIOCM_DTR}


class SwitchError(OSError):
    """The switch did not do as it was told; `strerror` says what happened."""


class Switch(Protocol):
    """Something that lets the sound on the air."""

    def set(self, *, up: bool) -> None:
        """Switch on or off. Raises OSError, SwitchError among them."""

    def close(self) -> None:
        """Let go of what is held."""


class CommandSwitch:
    """Runs one program to switch on and another to switch off."""

    def __init__(self, up: tuple[str, ...], down: tuple[str, ...]) -> None:
        self._commands = {True: up, False: down}

    def set(self, *, up: bool) -> None:
        """Run the program, at most COMMAND_S."""
        try:
            ran = subprocess.run(  # noqa: S603 - named by who set this box up, and no shell reads it
                self._commands[up], stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise SwitchError(0, f"lệnh «{self._commands[up][0]}» không xong trong {COMMAND_S:.0f} giây") from error
        if ran.returncode:
            raise SwitchError(0, f"lệnh «{self._commands[up][0]}» báo lỗi {ran.returncode}")

    def close(self) -> None:
        """Do nothing: nothing is held."""


class SerialSwitch:
    """Raises RTS or DTR of a serial port, which falls by itself when the process dies."""

    def __init__(self, device: str, line: str) -> None:
        self._device = device
        self._line = struct.pack("I", _LINES[line])
        self._descriptor: int | None = None

    def set(self, *, up: bool) -> None:
        """Raise or drop the line, opening the port first when it is not; a port that was pulled out is let go."""
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            fcntl.ioctl(self._descriptor, termios.TIOCMBIS if up else termios.TIOCMBIC, self._line)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the port."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class GpioSwitch:
    """Writes 1 or 0 to the value file of a GPIO line."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def set(self, *, up: bool) -> None:
        """Write the value; the file must be there already."""
        with self._path.open("r+b", buffering=0) as stream:
            stream.write(b"1\n" if up else b"0\n")

    def close(self) -> None:
        """Do nothing: nothing is held."""


def switch_of(settings: PreKey) -> Switch:
    """Return the switch that is set up."""
    if settings.serial:
        return SerialSwitch(settings.serial, settings.line)
    return GpioSwitch(settings.gpio) if settings.gpio else CommandSwitch(settings.up, settings.down)


class Transmitter:
    """Keeps the switch as the sound asks for it.

    `sounding` and `next_at` (wall clock seconds) tell what sounds now and next; `tell` takes what is wrong, in
    Vietnamese, or an empty string.
    """

    def __init__(self, settings: PreKey, switch: Switch, clock: Clock, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._switch = switch
        self._clock = clock
        self._tell = tell
        self._up: bool | None = None
        self._wanted = False
        self._silent_since: float | None = None
        self._tried_at = -AGAIN_S
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pre-key", daemon=True)
        self.sounding: Callable[[], bool] = lambda: False
        self.next_at: Callable[[], float | None] = lambda: None

    def start(self) -> None:
        """Switch off, whatever was left on, and begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Switch off, and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._set(up=False)
        self._switch.close()

    def look(self) -> None:
        """Switch as is asked for at this moment, if it is not so."""
        # By the clock that never steps: a wall clock set back must not leave a transmitter on.
        now, sounding, wall = round(self._clock.monotonic(), 3), self.sounding(), self.next_at()
        next_at = None if wall is None else round(wall - wall_offset(self._clock), 3)
        if sounding:
            self._silent_since = None
        elif self._wanted and self._silent_since is None:
            self._silent_since = now
        heard = Heard(sounding, next_at, self._silent_since)
        self._wanted = keyed(self._settings, now, heard, up=self._wanted)
        waited = self._clock.monotonic() - self._tried_at >= AGAIN_S
        if self._wanted != self._up and (waited or self._up is not None):
            self._set(up=self._wanted)

    def _run(self) -> None:
        while not self._ending.wait(LOOK_EVERY_S):
            self.look()

    def _set(self, *, up: bool) -> None:
        self._tried_at = self._clock.monotonic()
        try:
            self._switch.set(up=up)
        except OSError as error:
            self._up = None
            act = "bật" if up else "tắt"
            self._tell(f"Chưa {act} được máy phát sóng/âm-li ({error.strerror}); tiếng vẫn phát, máy thử lại.")
        else:
            self._up = up
            self._tell("")
