"""Where the machine's sound goes: the output that was chosen, whether it takes sound, and a device that comes late."""

from domain.errors import SinkError
from domain.ports import AudioSink, Clock
from player.engine import Engine
from player.faults import Faults
from player.sinks.choose import Choice, Place, sound_device, trouble_of

BLOCKED_AFTER_S = 5.0
BLOCKED = "Thiết bị âm thanh không nhận tiếng; kiểm tra dây, nguồn và âm-li."


class Outlet:
    """Watches the output of `engine`; `choice` is what it feeds, or is about to."""

    def __init__(self, choice: Choice, engine: Engine, clock: Clock, faults: Faults) -> None:
        self.choice = choice
        self._engine = engine
        self._clock = clock
        self._faults = faults
        self._device: AudioSink | None = None
        self._frames, self._frames_at = 0, clock.monotonic()

    @property
    def name(self) -> str:
        """Return the name of the output."""
        return self.choice.sink.name

    @property
    def is_well(self) -> bool:
        """Tell whether it takes sound."""
        return self._engine.sink_ok and not self._faults.get("sink")

    @property
    def frames(self) -> int:
        """Return how many frames it has taken."""
        return self._engine.frames

    def watch(self) -> None:
        """Notice an output that is lost, and one that takes nothing: it hangs, so only the count of frames can tell."""
        self._faults.set("output", trouble_of(self.choice.sink))
        now, frames = self._clock.monotonic(), self._engine.frames
        if frames != self._frames:
            self._frames, self._frames_at = frames, now
            if self._faults.get("sink") == BLOCKED:
                self._faults.set("sink", "")
        elif now - self._frames_at > BLOCKED_AFTER_S and not self._faults.get("sink"):
            self._faults.set("sink", BLOCKED)

    def look_for_device(self, place: Place) -> bool:
        """Change over to a sound device that has appeared since the start, and tell so; at boot the disk is quicker.

        It is one object that is tried each time, so that a device which hangs leaves a few threads behind and no more.
        """
        if not self.choice.stand_in:
            return False
        device = self._device = self._device or sound_device(place)
        try:
            device.open()
        except SinkError:
            return False
        self.choice = Choice(device, "Đã thấy thiết bị âm thanh")
        self._engine.use(device)
        return True
