"""Steps of the machine's clock: told to the centre, and not forgotten before it has heard of them."""

from domain.ports import Clock
from player.faults import Faults

TOLD_STEP_S = 2.0
FORGET_AFTER_S = 600.0
_AREA = "step"


class Steps:
    """Keeps the last step over TOLD_STEP_S as a fault until FORGET_AFTER_S have passed and a heartbeat came through."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._at = 0.0
        self._told = True

    def stepped(self, seconds: float) -> None:
        """Note that the clock has stepped."""
        if abs(seconds) > TOLD_STEP_S:
            self._at, self._told = self._clock.monotonic(), False
            self._faults.set(_AREA, f"Đồng hồ máy vừa nhảy {seconds:+.0f} giây.")

    def heard(self, fault: str) -> None:
        """Note that a heartbeat with these faults came through."""
        self._told = self._told or self._faults.get(_AREA) in fault

    def forget(self) -> None:
        """Take the fault back once it is old and was told."""
        if self._told and self._clock.monotonic() - self._at >= FORGET_AFTER_S:
            self._faults.set(_AREA, "")
