"""The conductor: carries out what the cue decides, and has the logbook note what the engine did.

All of it happens in the alarm's thread, one call of `act` at a time; other threads only hand in a playlist or an
engine event, and poke.
"""

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.machines import AiringOutcome
from domain.playlist import LEAST_GAIN_MB, MOST_GAIN_MB, Playlist, length_ms
from domain.ports import Clock
from domain.timetable import Priority
from player import orders
from player.clock import wall_offset
from player.cue import cue, goes_under
from player.deck import Deck
from player.endings import Live
from player.engine import Engine, EngineEvent
from player.events import MachineEvent
from player.faults import Faults
from player.journal import Journal
from player.logbook import Logbook, Proved, Witness
from player.mixing import Voice
from player.orders import Action, Close, Cue, Cut, Known, Miss, Start, airing_key
from player.owed import Owed
from player.steps import Steps
from player.tuner import Tuned, Tuner
from player.volume import Sound, at_gain

Overlay = Callable[[Playlist | None, Mapping[str, Known]], Playlist | None]
"""Lays what is ordered at once over the playlist, given what is known of each airing."""

STEP_S = 0.5
_MOST_PASSES = 4


@dataclass(frozen=True, slots=True)
class Desk:
    """What the conductor has at hand; `trim_mb` is the volume set on this machine, in hundredths of a dB."""

    journal: Journal
    owed: Owed
    deck: Deck
    faults: Faults
    tuner: Tuner | None = None
    trim_mb: int = 0


class Conductor:
    """Plays the playlist through `engine`; `tell` hears of everything that happens."""

    def __init__(self, desk: Desk, clock: Clock, tell: Callable[[MachineEvent], None]) -> None:
        self._journal = desk.journal
        self._owed = desk.owed
        self._deck = desk.deck
        self._faults = desk.faults
        self._tuner = desk.tuner
        self._trim_mb = desk.trim_mb
        self._clock = clock
        self._events: queue.SimpleQueue[EngineEvent | Proved] = queue.SimpleQueue()
        self._log = Logbook(desk.journal, desk.owed, desk.faults, tell, clock)
        self._live, self._known = self._log.live, self._log.known
        self._next_at: datetime | None = None
        self._offset = wall_offset(clock)
        self._playlist: Playlist | None = None
        self._allowed: Playlist | None = None
        self._revoked = False
        self._narrowed: tuple[Playlist, Playlist] | None = None
        self._floor: datetime | None = None
        self._forgotten: frozenset[str] = frozenset()
        self.sounds_at: datetime | None = None
        self.engine: Engine | None = None
        self.steps = Steps(desk.faults, clock)
        self.clock_is_trusted: Callable[[], bool] = lambda: True
        self.poke: Callable[[], None] = lambda: None
        self.overlay: Overlay = lambda playlist, _known: playlist
        self.after_act: Callable[[Owed], None] = lambda _owed: None

    @property
    def sounding(self) -> tuple[Live, ...]:
        """Return the items that have begun to sound; from any thread."""
        return tuple(live for key, live in tuple(self._live.items()) if self._known[key].started)

    def call(self, witness: Witness) -> None:
        """Have a witness told of each item that sounds; before the first does."""
        self._log.witness = witness

    def post(self, event: EngineEvent | Proved) -> None:
        """Take an event of the engine, from its thread, and never wait."""
        self._events.put(event)
        self.poke()

    def take_up(self, playlist: Playlist) -> None:
        """Obey `playlist` from the next act on; from any thread."""
        floor = self._floor
        if floor:
            playlist = replace(playlist, slots=tuple(slot for slot in playlist.slots if slot.starts_at >= floor))
        self._playlist = playlist
        self.poke()

    def revoke(self, *, revoked: bool) -> None:
        """Sound nothing but emergencies while `revoked`; from any thread."""
        self._revoked = revoked
        self._faults.set("revoked", orders.REVOKED if revoked else "")
        self.poke()

    def forget_before(self, instant: datetime) -> None:
        """Leave alone sessions from before `instant`: the journal that knew whether they sounded is lost."""
        self._floor = instant

    def forget_airings(self, keys: frozenset[str]) -> None:
        """Forget, at the next act, airings that the journal has forgotten; from any thread."""
        self._forgotten |= keys

    def _forget(self) -> None:
        keys, self._forgotten = self._forgotten, frozenset()
        for key in keys - set(self._live):
            self._known.pop(key, None)

    def next_transition(self, _now: datetime) -> datetime | None:
        """Return when there is next something to do, as the last act saw it."""
        return min((at for at in (self._next_at, *self._log.last_bits) if at), default=None)

    def act(self) -> None:
        """Note what the engine did, then do what the cue decides."""
        self._follow_clock()
        self._owed.settle()
        self._drain()
        self._forget()
        playlist, engine = self.overlay(self._in_force(), self._known), self.engine
        if playlist is not None and engine is not None:
            self._conduct(playlist, engine)
        self.after_act(self._owed)

    def _conduct(self, playlist: Playlist, engine: Engine) -> None:
        if playlist is not self._allowed:
            self._deck.allow(playlist)
            self._allowed = playlist
        for _ in range(_MOST_PASSES):
            decided = cue(playlist, self._clock.now(), self._known, self._unready, kept=self.clock_is_trusted())
            self._faults.set("clock", decided.held)
            over = self._playlist is not None and self._clock.now() >= playlist.expires_at
            self._faults.set("expired", orders.NOTHING_LEFT if over else "")
            for action in decided.actions:
                self._carry_out(playlist, engine, action)
            self._deck.prepare(decided.prepare)
            self._tune(playlist, decided)
            self._next_at = decided.next_at
            if not decided.actions:
                break
        self._log.note_progress(engine.played)

    def _in_force(self) -> Playlist | None:
        taken = self._playlist
        if taken is None or not self._revoked:
            return taken
        if self._narrowed is None or self._narrowed[0] is not taken:
            self._narrowed = taken, orders.emergencies_only(taken, orders.REVOKED)
        return self._narrowed[1]

    def settle(self) -> None:
        """Note how everything ended, once the engine has stopped."""
        self._drain()
        self._owed.settle()
        self._deck.clear()
        if self._tuner:
            self._tuner.clear()

    def _unready(self, clip_hash: str) -> str:
        return self._faults.get("sink") or (self._deck.unready(clip_hash) if clip_hash else "")

    def _carry_out(self, playlist: Playlist, engine: Engine, action: Action) -> None:
        match action:
            case Start():
                self._start(airing_key(playlist, action.slot, action.position), engine, action)
            case Miss():
                self._log.miss(airing_key(playlist, action.slot, action.position), action)
            case Cut():
                live = self._live.get(action.key)
                if live and action.reason == orders.OVERRUN and not live.overran(engine.played(action.key)):
                    return  # the output stood still in its midst: the clock says more than was sounded
                if live and (live.cut is None or action.at < live.cut.at):
                    live.cut = action
                    engine.cut(action.key, action.at)
            case Close():
                self._log.close(action)

    def _tune(self, playlist: Playlist, decided: Cue) -> None:
        self.sounds_at = decided.sounds_at
        if self._tuner:
            keyed = ((airing_key(playlist, slot, position), slot.items[position]) for slot, position in decided.tune)
            self._tuner.tune((Tuned(key, item) for key, item in keyed), self._deck.loop)
            self._faults.set("source", self._tuner.trouble)

    def _sound(self, key: str, start: Start) -> Sound | None:
        """Return what an item sounds, at its volume, or None when it is not ready."""
        item = start.slot.items[start.position]
        sound: Sound | None
        if item.source and self._tuner:
            sound = self._tuner.take(Tuned(key, item), self._deck.loop, start.skip)
        else:
            sound = self._deck.take(item.clip_hash or "", start.skip.total_seconds())
        gain_mb = start.slot.gain_mb + item.gain_mb + self._trim_mb
        return sound and at_gain(sound, min(max(gain_mb, LEAST_GAIN_MB), MOST_GAIN_MB))

    def _start(self, key: str, engine: Engine, start: Start) -> None:
        item = start.slot.items[start.position]
        now = self._clock.now()

        def claim() -> None:
            self._journal.claim(key, start.slot, start.position, start.base, now)

        # Claimed on the disk before it sounds, so that it starts once. An emergency waits for no disk, full or slow:
        # it is claimed right after, and a power cut in between makes it sound again, from the beginning.
        urgent = start.slot.priority is Priority.EMERGENCY
        outside = item.source is not None and self._tuner is not None
        claimed = urgent or (outside and self._owed.try_only(claim))
        if outside and not claimed:
            return  # before its source is given away: each would be a new process, as long as the disk refuses
        sound = self._sound(key, start)
        if sound is None:
            return
        if not claimed and not self._owed.try_only(claim):
            sound.close()
            return
        before = self._known.get(key)
        self._live[key] = Live(start, length_ms(before.rendered) if before else 0)
        begun = before is not None and before.started
        whole = timedelta(milliseconds=self._live[key].before_ms) + item.length - start.skip
        self._known[key] = Known(
            AiringOutcome.PLAYING, item.clip_hash, start.base, now, begun, live=True, rendered=whole
        )
        until = start.until.timestamp() if start.until else None
        voice = Voice(key, sound, start.at.timestamp(), until, start.follow, fade_in=bool(start.skip))
        voice.priority, voice.title = start.slot.priority, item.title
        voice.over = float(10 ** (-start.slot.duck_mb / 2000))
        voice.under = goes_under(start.slot, start.position) and voice.over == 1
        engine.arm(voice)
        if urgent:
            self._owed.do(claim)

    def _drain(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            self._log.note(event)

    def _follow_clock(self) -> None:
        """Move what is sounding along when the wall clock steps: its session goes on undisturbed."""
        offset = wall_offset(self._clock)
        step, self._offset = offset - self._offset, offset
        if abs(step) >= STEP_S:
            self.steps.stepped(step)
            self._log.move(timedelta(seconds=step))
