"""What is live, and how it ended: whole, cut short, or only interrupted, and the reason to write down. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.audio import SAMPLE_RATE
from domain.machines import AiringOutcome
from domain.playlist import PlaylistItem
from player.engine import Ended
from player.mixing import Stop
from player.orders import Cut, Start

STOPPED = "Máy phát được dừng"
LAST_BIT = timedelta(milliseconds=750)
"""Before the end of an item that this is left is committed: a process killed in it does not start the item again."""
SHORT_OF = timedelta(seconds=1)
"""How much of an item may be missing for it to count as played."""


@dataclass(slots=True)
class Live:
    """An item armed or sounding: how it was started, what had sounded of it before, and how it is to be cut."""

    start: Start
    before_ms: int
    cut: Cut | None = None
    last_bit_noted: bool = False

    @property
    def item(self) -> PlaylistItem:
        """Return what sounds."""
        return self.start.slot.items[self.start.position]

    @property
    def last_bit_at(self) -> datetime:
        """Return when the last bit of it begins."""
        return self.start.base + self.item.offset + self.item.length - LAST_BIT

    def overran(self, frames: int) -> bool:
        """Tell whether more has sounded of it than was signed."""
        return timedelta(seconds=frames / SAMPLE_RATE) > self.item.length - self.start.skip

    def is_preempted(self, ended: Ended) -> bool:
        """Tell whether it gave way to a weightier session."""
        return ended.stop is Stop.CUT and self.cut is not None and self.cut.preempted

    def may_go_on(self, ended: Ended, *, started: bool) -> bool:
        """Tell whether the cue is to judge anew what becomes of it."""
        unheard = self.cut is None and not started
        lost = ended.stop in (Stop.LATE, Stop.SINK)
        return lost or self.is_preempted(ended) or (unheard and not ended.failure)

    def outcome(self, ended: Ended, rendered_ms: int) -> tuple[AiringOutcome, str]:
        """Return how it ended and why; `rendered_ms` is all that ever sounded of it."""
        heard = rendered_ms if self.start.skip else rendered_ms - self.before_ms  # from the beginning: this run alone
        enough = timedelta(milliseconds=heard) >= self.item.length - SHORT_OF
        whole = ended.stop is Stop.DONE and not ended.failure and enough
        return (AiringOutcome.PLAYED, "") if whole else (AiringOutcome.CUT, self._reason(ended, heard))

    def _reason(self, ended: Ended, heard_ms: int) -> str:
        if ended.stop is Stop.DONE:
            planned = self.item.length.total_seconds()
            reached = f"chỉ phát được {heard_ms / 1000:.1f} trên {planned:.1f} giây" if heard_ms else ""
            told = "; ".join(part for part in (ended.failure, reached) if part)
            return told[:1].upper() + told[1:]
        if ended.stop is Stop.EDGE:
            return self.start.edge
        return self.cut.reason if self.cut else STOPPED
