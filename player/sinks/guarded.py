"""An output that is watched, and a reserve that takes its place: the mixer never hangs on a device.

The first output is noticed to be lost when it raises, takes nothing, or takes too little; the reserve sounds at once,
in the middle of the item, while the first is opened again and again in the background. It comes back at the next
silent moment after it has taken a second of silence at its proper pace. Each try makes a new object: nothing may touch
a device in which another thread still hangs.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

from domain.audio import SAMPLE_RATE
from domain.errors import SinkError, TiengLoaError
from domain.ports import AudioSink, Clock
from domain.timetable import Priority
from player.haste import be_patient
from player.output import SLOWEST, BackOff, Duty, Patience
from player.sinks.hand import Hand, Told

MOST_HANGING = 4
_PROBE_BLOCK = bytes(480 * 2)
Make = Callable[[], AudioSink]


class GuardedSink:
    """Feeds the output that `first` makes, or that of `reserve` while the first is lost; `duty` tells which."""

    rate = SAMPLE_RATE

    def __init__(self, first: Make, reserve: Make | None, clock: Clock, patience: Patience | None = None) -> None:
        self._makers = (first, reserve)
        self._clock = clock
        self._patience = patience or Patience()
        self._back_off = BackOff(self._patience)
        self._hand: Hand | None = None
        self._left: list[Hand] = []
        self._mended: tuple[Hand, float] | None = None
        self._ending = threading.Event()
        self._mender: threading.Thread | None = None
        self._told: Told = (None, "")
        self._frames = 0
        self._changing = threading.Lock()
        self._first_name = first().name
        self.duty = Duty(self._first_name)

    @property
    def name(self) -> str:
        """Return the name of the output that sounds."""
        return self.duty.name

    def open(self) -> None:
        """Open the first output, or the reserve when that fails. Raises SinkError when neither opens."""
        self.close()
        self._ending = threading.Event()  # a mender that still hangs keeps the old one
        self._frames = 0
        self.duty = replace(self.duty, name=self._first_name, on_reserve=False)  # what was wrong is so until it opens
        try:
            self._hand = self._opened(self._makers[0])
            self.duty = Duty(self._hand.name)
            self._back_off.well(self._clock.monotonic())
        except Exception as error:  # noqa: BLE001 - whatever its driver raises, the reserve is what is left
            self._fall_back(error)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame sounds. Raises SinkError when not open."""
        return self._live().next_frame_at()

    def told(self, priority: Priority | None, title: str) -> None:
        """Pass on what sounds to an output that cares."""
        self._told = (priority, title)
        if self._hand:
            self._hand.told(self._told)

    def write(self, block: bytes) -> None:
        """Hand one block to the output that works. Raises SinkError when none does."""
        self._live()
        self._come_back(block)
        try:
            self._live().write(block)
        except Exception as error:  # noqa: BLE001 - raised again when there is no reserve
            self._let_go()
            self._fall_back(error)
            self._live().write(block)
        self._frames += len(block) // 2

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`, by whichever output."""
        return self._frames

    def close(self) -> None:
        """Let what was written sound, and release every output."""
        with self._changing:
            self._ending.set()
            mended, self._mended = self._mended, None
        mender, self._mender = self._mender, None
        if mender:
            mender.join(self._patience.closing)
        if mended:
            mended[0].leave()
        if self._hand:
            self._hand.close()
            self._let_go()

    def _live(self) -> Hand:
        if self._hand is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return self._hand

    def _opened(self, make: Make) -> Hand:
        self._left = [hand for hand in self._left if hand.alive]
        if len(self._left) >= MOST_HANGING:
            raise SinkError("Đầu ra âm thanh vẫn treo; cần kiểm tra thiết bị hoặc khởi động lại máy.")
        hand = Hand(make(), self._clock, self._patience)
        try:
            hand.open()
        except Exception:
            hand.leave()
            self._left.append(hand)
            raise
        return hand

    def _let_go(self) -> None:
        hand, self._hand = self._hand, None
        if hand:
            hand.leave()
            self._left.append(hand)

    def _fall_back(self, error: Exception) -> None:
        """Sound through the output that is left, and begin to mend the first; raises when there is none."""
        self._back_off.failed(self._clock.monotonic())
        reserve = self._makers[1]
        if self.duty.on_reserve and self._mended:
            self._change_over(self._mended[0])
            return
        if reserve is None or self.duty.on_reserve:
            self.duty = replace(self.duty, on_reserve=False, sentence=_sentence(error))
            raise error
        try:
            self._hand = self._opened(reserve)
        except Exception as second:  # noqa: BLE001 - told together with the first
            raise SinkError(f"{_sentence(error)} Đầu ra dự phòng cũng hỏng: {_sentence(second)}") from error
        self._hand.told(self._told)
        told = f"{_sentence(error)} Đang phát qua đầu ra dự phòng «{self._hand.name}»; máy tự thử lại đầu ra chính."
        self.duty = Duty(self._hand.name, on_reserve=True, sentence=told)
        self._mender = threading.Thread(target=self._mend, args=(self._ending,), name="mend-output", daemon=True)
        self._mender.start()

    def _come_back(self, block: bytes) -> None:
        """Change over to the mended first output in a silent moment, or when that does not come."""
        if self._mended is None:
            return
        mended, since = self._mended
        if not any(block) or self._clock.monotonic() - since >= self._patience.settle:
            self._let_go()
            self._change_over(mended)

    def _change_over(self, mended: Hand) -> None:
        self._mended = None
        self._hand = mended
        mended.told(self._told)
        self.duty = Duty(mended.name)
        self._back_off.well(self._clock.monotonic())

    def _mend(self, ending: threading.Event) -> None:
        be_patient()
        while not ending.wait(self._back_off.next_wait()):
            try:
                hand = self._opened(self._makers[0])
            except Exception:  # noqa: BLE001, S112 - it is still broken, as `duty` says; tried again
                continue
            mended = self._takes_silence(hand, ending)
            with self._changing:
                if mended and not ending.is_set():
                    self._mended = (hand, self._clock.monotonic())
                    return
            hand.leave()
            self._left.append(hand)

    def _takes_silence(self, hand: Hand, ending: threading.Event) -> bool:
        began = self._clock.monotonic()
        try:
            for _ in range(round(self._patience.probe * self.rate / (len(_PROBE_BLOCK) // 2))):
                if ending.is_set():
                    return False
                hand.write(_PROBE_BLOCK)
        except Exception:  # noqa: BLE001 - not mended yet
            return False
        took = self._clock.monotonic() - began
        return took <= self._patience.probe / SLOWEST + self._patience.tick


def _sentence(error: Exception) -> str:
    return error.sentence if isinstance(error, TiengLoaError) else f"Đầu ra âm thanh lỗi: {type(error).__name__}."
