"""Push buttons beside the loudspeaker: a value file of a GPIO, a line of a serial port, or a key of an input device.

A button must be held for its time, so that a bounce, a spark or a passing hand starts nothing, and let go before it
counts again. One that is down when the machine starts does nothing until it was let go.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from domain.errors import TiengLoaError
from domain.ports import Clock

LOOK_EVERY_S = 0.02
_TRY_AGAIN_S = 2.0
_KEYS_BYTES = 96
_EVIOCGKEY = 0x80000000 | (_KEYS_BYTES << 16) | (ord("E") << 8) | 0x18
_TIOCMGET = 0x5415
SERIAL_LINES = {"cts": 0x020, "dsr": 0x100, "dcd": 0x040, "ri": 0x080}


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a technician wired it; `does` is start, stop or all-clear.

    `hold` is for how many seconds it must be down. Exactly one of `gpio`, `serial` and `device` says where it is.
    """

    name: str
    does: str
    message: str = ""
    drill: bool = False
    hold: float = 1.0
    gpio: str = ""
    pressed: str = "1"
    serial: str = ""
    line: str = "cts"
    device: str = ""
    key: int = 28


class Contact(Protocol):
    """Something that is closed or open."""

    def closed(self) -> bool:
        """Tell whether it is down now. Raises OSError."""
        ...


@dataclass(slots=True)
class Hold:
    """Tells when a contact has been closed long enough, once each time that it is."""

    length: float
    _since: float | None = None
    _spent: bool = True

    def pressed(self, now: float, *, closed: bool) -> bool:
        """Take a look at the monotonic instant `now`; tell whether the press counts from now."""
        if not closed:
            self._since, self._spent = None, False
            return False
        if self._since is None:
            self._since = now
        if self._spent or now - self._since < self.length:
            return False
        self._spent = True
        return True


class ButtonWatch:
    """A thread that looks at one button; `press` does what it is for and may raise TiengLoaError."""

    def __init__(
        self, button: Button, press: Callable[[Button], object], clock: Clock, on_fault: Callable[[str], None]
    ) -> None:
        self._button = button
        self._press = press
        self._clock = clock
        self._on_fault = on_fault
        self._hold = Hold(button.hold)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"button {button.name}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is running."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_TRY_AGAIN_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                contact = contact_of(self._button)
                self._on_fault("")
                self._watch(contact)
            except OSError as error:
                self._on_fault(
                    f"Không đọc được nút «{self._button.name}» ({error.strerror}); kiểm tra dây và thiết đặt."
                )
                self._stopping.wait(_TRY_AGAIN_S)

    def _watch(self, contact: Contact) -> None:
        self._hold = Hold(self._button.hold)  # nobody knows what it did while it could not be read
        while not self._stopping.wait(LOOK_EVERY_S):
            if self._hold.pressed(self._clock.monotonic(), closed=contact.closed()):
                try:
                    self._press(self._button)
                    self._on_fault("")
                except TiengLoaError as error:
                    self._on_fault(f"Nút «{self._button.name}»: {error.sentence}")
                except Exception as error:  # noqa: BLE001 - told: the next press must be seen too
                    self._on_fault(f"Nút «{self._button.name}» gặp lỗi ngoài dự kiến: {type(error).__name__}.")


def contact_of(button: Button) -> Contact:
    """Return what tells whether a button is down. Raises OSError when it is not there."""
    if button.gpio:
        return _ValueFile(button.gpio, button.pressed)
    if button.serial:
        return _SerialLine(button.serial, SERIAL_LINES[button.line])
    return _Key(button.device, button.key)


class _ValueFile:
    """A file whose text is the value of a GPIO line, as the kernel or a small script keeps it."""

    def __init__(self, path: str, pressed: str) -> None:
        self._path = path
        self._pressed = pressed.encode()
        self.closed()

    def closed(self) -> bool:
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            return os.read(descriptor, 16).strip() == self._pressed
        finally:
            os.close(descriptor)


class _Device:
    """A device that stays open."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._descriptor)


class _SerialLine(_Device):
    """An input line of a serial port, to which a bare switch is wired."""

    def __init__(self, path: str, mask: int) -> None:
        super().__init__(path)
        self._mask = mask

    def closed(self) -> bool:
        (lines,) = struct.unpack("I", fcntl.ioctl(self._descriptor, _TIOCMGET, b"\0\0\0\0"))
        return bool(lines & self._mask)


class _Key(_Device):
    """A key of an input device: its state is asked for, so that no event can be lost."""

    def __init__(self, path: str, key: int) -> None:
        super().__init__(path)
        self._key = key

    def closed(self) -> bool:
        down = fcntl.ioctl(self._descriptor, _EVIOCGKEY, bytes(_KEYS_BYTES))
        return bool(down[self._key // 8] >> self._key % 8 & 1)
