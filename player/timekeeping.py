"""Which clock the machine goes by: the system's, held against what the centre signs and against the monotonic clock.

Whoever sits on the line can forge NTP, which is not signed, and any answer that is not; he can hold back and repeat
what is. So nothing that is not signed by a key that the signed playlist names moves this clock, a signed time counts
only when it answers a number that was drawn for this one question, and one that was long on its way is dropped. Once
the system's clock and the centre have agreed, a step of either alone is not followed: the agreed time goes on by the
monotonic clock, which never steps.
"""

import base64
import binascii
import ctypes
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import TrustError
from domain.playlist import from_ms, to_ms
from domain.ports import Clock
from domain.signed_time import time_statement
from player.clock import wall_offset
from player.line import Answer

SLACK_S = 2.0
"""How far two clocks may be apart and still count as one."""
SURE_S = 0.25
"""By how much a clock that was wrong must be right again to be followed."""
DRIFT = 200e-6
"""By how much of the time since they agreed they may have gone apart: a bad crystal's worth."""
LONGEST_WAY_S = 5.0
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_TIMEDATED_S = 3.0
_STATUS_AT = 5 * ctypes.sizeof(ctypes.c_long)
_RTC_CLASS = Path("/sys/class/rtc")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A time to go by: `offset` is wall seconds less monotonic seconds, true at the monotonic instant `at`.

    `agreed` tells that the system's clock and the centre have said the same.
    """

    offset: float
    at: float
    agreed: bool

    def allows(self, offset: float, at: float, spread: float = 0.0) -> bool:
        """Tell whether a clock that says `offset` at `at`, give or take `spread`, is the same as this one."""
        return abs(offset - self.offset) <= SLACK_S + spread + max(at - self.at, 0.0) * DRIFT


def weighed(anchor: Anchor | None, system: float, centre: float, at: float, spread: float) -> Anchor:
    """Return what to go by once the centre has signed a time; all are offsets, `spread` is the error of the centre's.

    When both agree it is the system's clock, which is the finer one. When they do not, whichever of them has kept to
    what was agreed before; and the centre when neither has, or nothing ever was.
    """
    if abs(system - centre) <= SLACK_S + spread:
        return Anchor(system, at, agreed=True)
    if anchor and anchor.agreed and anchor.allows(system, at):
        return anchor
    if anchor and anchor.allows(centre, at, spread):
        return replace(anchor, at=at)
    return Anchor(centre, at, agreed=False)


class Timekeeper:
    """The machine's clock: `system` as long as nothing speaks against it, else the anchored time.

    `kept` tells whether anything keeps the system's clock while the box is off or by NTP; nothing routine is started
    by a clock that nothing keeps before the centre has signed a time.
    """

    def __init__(self, system: Clock, kept: Callable[[], bool] | None = None) -> None:
        self._system = system
        self._kept = kept or system_clock_is_kept
        self._is_kept = self._kept()
        self._anchor: Anchor | None = None
        self._astray = False

    def now(self) -> datetime:
        """Return the time to go by as aware UTC."""
        anchor, wall = self._anchor, self._system.now()
        if anchor is None:
            return wall
        ticks = self._system.monotonic()
        # What was found wrong must be right by more than the jitter of a reading, else the time would leap to and fro.
        self._astray = not anchor.allows(wall.timestamp() - ticks, ticks, -SURE_S if self._astray else 0.0)
        if not self._astray:
            return wall
        return datetime.fromtimestamp(anchor.offset + ticks, UTC)

    def monotonic(self) -> float:
        """Return seconds of a clock that never steps."""
        return self._system.monotonic()

    def trusted(self) -> bool:
        """Tell whether routine sessions may start by this clock."""
        return self._anchor is not None or self._is_kept

    @property
    def was_told(self) -> bool:
        """Tell whether the centre has signed a time since the start."""
        return self._anchor is not None

    def look(self) -> None:
        """Look again whether anything keeps the system's clock; this may wait for other programs."""
        self._is_kept = self._kept()

    def learn(self, centre_ms: int, asked_at: float, answered_at: float) -> None:
        """Take a time that the centre signed for a question asked and answered at these monotonic instants."""
        if answered_at - asked_at > LONGEST_WAY_S:
            return
        centre = from_ms(centre_ms).timestamp() - (asked_at + answered_at) / 2
        spread = (answered_at - asked_at) / 2
        self._anchor = weighed(self._anchor, wall_offset(self._system), centre, answered_at, spread)

    def fault(self) -> str:
        """Tell how far the system's clock is from the time that is gone by, or return an empty string."""
        off = (self._system.now() - self.now()).total_seconds()
        if abs(off) <= SLACK_S:
            return ""
        return f"Đồng hồ hệ điều hành lệch {off:+.0f} giây; máy phát đang theo giờ đã ký của trung tâm."


class Ask(Protocol):
    """Asks the centre, as `player.line.Line.get` does."""

    def __call__(self, path: str, headers: dict[str, str]) -> Answer:
        """Return its answer. Raises ServerUnreachableError."""
        ...


def ask_time(keeper: Timekeeper, ask: Ask, machine_id: str, clock_key: str) -> None:
    """Ask the centre what time it is, and let `keeper` learn it once the signature of `clock_key` (hex) holds.

    A centre that signs no time is no fault. Raises ServerUnreachableError, TrustError.
    """
    if not clock_key:
        return
    nonce = secrets.token_hex(16)
    asked_at = keeper.monotonic()
    answer = ask(f"/api/v1/time?nonce={nonce}", {})
    answered_at = keeper.monotonic()
    if answer.status != 200:
        return
    told = answer.document()
    centre_ms, signature = told.get("server_time"), told.get("signature")
    if not isinstance(centre_ms, int) or isinstance(centre_ms, bool) or not 0 <= centre_ms < to_ms(_LAST):
        raise TrustError(_FORGED)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(clock_key))
        key.verify(base64.b64decode(str(signature), validate=True), time_statement(machine_id, nonce, centre_ms))
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise TrustError(_FORGED) from error
    keeper.learn(centre_ms, asked_at, answered_at)


_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_FORGED = "Giờ của máy chủ không có chữ ký đúng (nghi bị giả mạo); máy phát không theo giờ ấy."


def system_clock_is_kept() -> bool:
    """Tell whether NTP keeps the system's clock, or a clock of the box did while it was off.

    Where the kernel tells of no kind of hardware clock at all, as in a container, the host is taken to keep it.
    """
    try:
        has_rtc = any(_RTC_CLASS.iterdir())
    except OSError:
        return True
    return has_rtc or _synchronised()


def _synchronised() -> bool:
    """Ask the kernel, as adjtimex(2) does, whether its clock is synchronised; reading it needs no rights.

    Where a sandbox forbids even that (systemd's ProtectClock=), timedated is asked, which asks the kernel.
    """
    state = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(state)
    except (OSError, AttributeError):
        answer = -1
    if answer < 0:
        return _timedated_says_so()
    return not ctypes.c_int.from_buffer(state, _STATUS_AT).value & _STA_UNSYNC


def _timedated_says_so() -> bool:
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEDATED_S)  # noqa: S603 - our own
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.strip() == b"yes"
