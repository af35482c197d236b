"""The logbook: what is known of each airing, from what the engine and the ear did; written down and told of.

Used by the alarm's thread alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from domain.audio import SAMPLE_RATE
from domain.errors import StorageError
from domain.machines import AiringOutcome
from domain.playlist import PlaylistItem, length_ms
from domain.ports import Clock
from domain.proof import Hearing, Level, Proof
from player.endings import Live
from player.engine import Began, Ended, EngineEvent, Hushed, SinkBack, SinkLost
from player.events import Finished, MachineEvent, Missed, Sounding
from player.faults import Faults
from player.journal import Journal
from player.orders import Close, Known, Miss
from player.owed import Owed

SILENT = "Bản tin đang phát không có tiếng (dưới −50 dBFS hơn 5 giây); kiểm tra tệp âm thanh và nguồn tiếp âm."
UNHEARD = "Micro kiểm chứng không nghe thấy bản tin vừa phát; kiểm tra âm-li, dây loa và nguồn điện của loa."
DISTORTED = "Bản tin vừa phát bị vỡ tiếng; giảm âm lượng của buổi phát hoặc của tệp âm thanh."
PROGRESS_EVERY_S = 5.0
SAME_START = timedelta(milliseconds=20)


@dataclass(frozen=True, slots=True)
class Proved:
    """Whether an ear heard the item of `key`."""

    key: str
    proof: Proof


class Witness(Protocol):
    """Somebody who listens from outside and is told what sounds."""

    def began(self, key: str, item: PlaylistItem, at: datetime, skip: timedelta) -> None:
        """Take note that an item sounds since `at`, from `skip` into its clip on."""

    def ended(self, key: str, rendered: int) -> None:
        """Take note that an item is over after `rendered` frames."""


class Logbook:
    """Notes each event into the journal; `tell` hears of it. `live` is what is armed or sounds, by its key."""

    def __init__(
        self, journal: Journal, owed: Owed, faults: Faults, tell: Callable[[MachineEvent], None], clock: Clock
    ) -> None:
        self._journal = journal
        self._owed = owed
        self._faults = faults
        self._tell = tell
        self._clock = clock
        self._progress_at = clock.monotonic()
        self._accounts: dict[str, str] = {}
        self.live: dict[str, Live] = {}
        self.known = journal.known()
        self.witness: Witness | None = None

    @property
    def last_bits(self) -> Iterator[datetime]:
        """Yield when the last bit begins of each item of which that is still to be noted."""
        return (live.last_bit_at for live in self.live.values() if not live.last_bit_noted)

    def note(self, event: EngineEvent | Proved) -> None:
        """Note what the engine or the ear did."""
        match event:
            case Began():
                self._began(event)
            case Ended():
                self._ended(event)
            case Hushed():
                self._faults.set("sound", SILENT if event.hushed else "")
            case SinkLost():
                self._faults.set("sink", event.sentence)
            case SinkBack():
                self._faults.set("sink", "")
            case Proved():
                self._proved(event)

    def close(self, close: Close) -> None:
        """Note that what was interrupted does not go on, and tell of it."""
        reason = ". ".join(one for one in (close.reason, self._accounts.pop(close.key, "")) if one)
        self._owed.do(lambda: self._journal.close(close.key, reason))
        rendered = length_ms(self.known[close.key].rendered)
        self._settle_as(close.key, self._title_of(close.key), AiringOutcome.CUT, rendered, reason)

    def move(self, step: timedelta) -> None:
        """Move what sounds along with a wall clock that stepped: its session goes on undisturbed."""
        for key, live in self.live.items():
            known = self.known[key]
            if known.started:
                self.known[key] = replace(known, base=known.base + step)
                live.start = replace(live.start, base=live.start.base + step)

    def miss(self, key: str, miss: Miss) -> None:
        """Note that the item of `key` did not sound, and tell of it."""
        now = self._clock.now()
        self._owed.do(lambda: self._journal.miss(key, miss.slot, miss.position, miss.reason, now))
        self.known[key] = Known(AiringOutcome.MISSED, None, miss.slot.starts_at, now)
        item = miss.slot.items[miss.position] if miss.slot.items else None
        planned = miss.slot.starts_at + (item.offset if item else timedelta())
        self._tell(Missed(item.title if item else miss.slot.title, planned, miss.reason))

    def _began(self, began: Began) -> None:
        start = self.live[began.key].start
        item = start.slot.items[start.position]
        base = began.at - item.offset - start.skip
        if start.follow or abs(base - start.base) < SAME_START:
            base = start.base
        self.known[began.key] = replace(self.known[began.key], base=base, started=True)
        self.live[began.key].start = replace(start, base=base)
        self._owed.do(lambda: self._journal.started(began.key, began.at, base))
        planned = start.slot.starts_at + item.offset
        self._tell(Sounding(item.title, start.slot.title, began.at, planned))
        if self.witness:
            self.witness.began(began.key, item, began.at, start.skip)

    def _proved(self, proved: Proved) -> None:
        self._owed.do(lambda: self._journal.proved(proved.key, proved.proof))
        if proved.proof.hearing is not Hearing.UNSURE:
            self._faults.set("proof", UNHEARD if proved.proof.hearing is Hearing.UNHEARD else "")

    def _measured(self, key: str, level: Level) -> None:
        self._owed.do(lambda: self._journal.measured(key, level))
        self._faults.set("sound", DISTORTED if level.is_clipped else "")

    def _ended(self, ended: Ended) -> None:
        live = self.live.pop(ended.key)
        if self.witness:
            self.witness.ended(ended.key, ended.rendered)
        account = "; ".join(one for one in (self._accounts.pop(ended.key, ""), ended.account) if one)
        if ended.level:
            self._measured(ended.key, ended.level)
        rendered = live.before_ms + round(ended.rendered * 1000 / SAMPLE_RATE)
        self.known[ended.key] = replace(self.known[ended.key], rendered=timedelta(milliseconds=rendered))
        preempted = live.is_preempted(ended)
        if live.may_go_on(ended, started=self.known[ended.key].started):
            self._owed.do(lambda: self._journal.interrupted(ended.key, ended.at, rendered, preempted=preempted))
            known = self.known[ended.key]
            self.known[ended.key] = replace(known, live=False, preempted=preempted, seen_at=ended.at)
            if account:
                self._accounts[ended.key] = account
            return
        outcome, why = live.outcome(ended, rendered)
        reason = ". ".join(one for one in (why, account) if one)
        self._owed.do(lambda: self._journal.finish(ended.key, outcome, ended.at, rendered, reason))
        self._settle_as(ended.key, live.item.title, outcome, rendered, reason)

    def _title_of(self, key: str) -> str:
        try:
            entry = self._journal.entry(key)
        except StorageError:  # a dead disk must not hold up what comes after
            entry = None
        return entry.title if entry else key

    def _settle_as(self, key: str, title: str, outcome: AiringOutcome, rendered: int, reason: str) -> None:
        """Take an item as done, and tell of it; what never sounded is missed."""
        known = self.known[key]
        self.known[key] = replace(known, outcome=outcome if known.started else AiringOutcome.MISSED, live=False)
        if known.started:
            self._tell(Finished(title, outcome, rendered, reason))
        else:
            self._tell(Missed(title, known.base, reason))

    def note_progress(self, played_of: Callable[[str], int]) -> None:
        """Commit now and then how far the sound has got, in frames by key: a power cut leaves an honest row."""
        now, wall = self._clock.monotonic(), self._clock.now()
        is_time = now - self._progress_at >= PROGRESS_EVERY_S
        if is_time:
            self._progress_at = now
        for key, live in self.live.items():
            played = played_of(key)
            ending = not live.last_bit_noted and wall >= live.last_bit_at
            if played and (is_time or ending):
                live.last_bit_noted |= ending
                rendered = live.before_ms + round(played * 1000 / SAMPLE_RATE)
                self._owed.try_only(partial(self._journal.progress, key, rendered, wall))
