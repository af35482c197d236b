"""The machine's emergencies: orders come in from the line or from people at the box, slots for the cue go out.

Orders may be handed in by any thread; everything else happens in the alarm's thread, in the conductor's act.
"""

import queue
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.emergency_set import NO_SET, EmergencySet
from domain.machines import AiringOutcome
from domain.order_sheet import Order, OrderSheet
from domain.playlist import ClipRef, Playlist, PlaylistSlot
from domain.ports import Clock
from domain.timetable import STATION_ZONE
from player import alerting
from player.alerting import Alert, Shelf
from player.cabinet import Cabinet
from player.clock import wall_offset
from player.events import EmergencyBegan, EmergencyEnded, MachineEvent
from player.faults import Faults
from player.order_book import Heading, OrderBook
from player.orders import Known
from player.owed import Owed
from player.pinned import Pinned
from player.session import CLOCK_SLACK

_STEP_S = 0.5
_AREA = "emergency"
_DAMAGED = "Có lần phát khẩn ghi trên máy bị hỏng, không đọc lại được; hãy kiểm tra trang «Khẩn cấp» của trung tâm."
_PATIENCE = timedelta(seconds=2)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Told:
    """Orders to obey; those of a sheet bring its clips and its heading, those of people at the machine neither."""

    orders: tuple[Order, ...]
    clips: tuple[ClipRef, ...] = ()
    heading: Heading | None = None


class Emergencies:
    """What is ordered at once on this machine; `tell` hears of what begins and ends.

    `poke` wakes the alarm, `nudge_clips` whoever brings and loads clips, `nudge_report` whoever tells the centre.
    """

    def __init__(
        self, cabinet: Cabinet, clock: Clock, pinned: Pinned, faults: Faults, tell: Callable[[MachineEvent], None]
    ) -> None:
        self._clock = clock
        self._identity = cabinet.identity
        self._pinned = pinned
        self._faults = faults
        self._tell = tell
        self.book = OrderBook(cabinet.database, cabinet.identity)
        self._inbox: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        self._writes: list[Callable[[], None]] = []
        self._playlist: Playlist | None = None
        self._laid: tuple[Playlist | None, tuple[PlaylistSlot, ...], tuple[ClipRef, ...], Playlist] | None = None
        self._offset = wall_offset(clock)
        self.alerts: tuple[Alert, ...] = ()
        self._ordered: dict[str, ClipRef] = {}
        self._begun: dict[str, ClipRef] = {}
        self._restored = False
        self._doubted: frozenset[str] = frozenset()
        self._written = self.book.heading
        self.poke: Callable[[], None] = lambda: None
        self.nudge_clips: Callable[[], None] = lambda: None
        self.nudge_report: Callable[[], None] = lambda: None

    @property
    def held(self) -> EmergencySet:
        """Return the messages that are held ready."""
        return self._playlist.emergency if self._playlist else NO_SET

    @property
    def needed(self) -> tuple[ClipRef, ...]:
        """Return the clips that emergencies need: those of running ones first, then those held ready."""
        return self._needed(self._playlist)

    def accept(self, raw: bytes, etag: str) -> OrderSheet:
        """Believe a sheet of the centre, or refuse it whole. Raises TrustError."""
        sheet = self.book.believe(raw, etag, self._latest())
        self._inbox.put(_Told(sheet.orders, sheet.clips, self.book.heading))
        self.poke()
        return sheet

    def command(self, order: Order) -> None:
        """Obey an order of people at the machine."""
        self._inbox.put(_Told((order,)))
        self.poke()

    def overlay(self, playlist: Playlist | None, known: Mapping[str, Known]) -> Playlist | None:
        """Return `playlist` with the slots of what is ordered at once."""
        self._playlist = playlist
        now = self._clock.now()
        self._follow_clock()
        self._restore(now)
        self._obey(now)
        self._advance(now, known)
        shown = ((*alerting.slots_of(one, now), *alerting.coming_of(one, now)) for one in self.alerts)
        slots = tuple(slot for slots in shown for slot in slots)
        clips = self._needed(playlist)
        if self._pinned.want(clips):
            self.nudge_clips()
        return self._lay(playlist, slots, clips)

    def keep(self, owed: Owed) -> None:
        """Write down what has changed, now or as soon as the disk takes it."""
        if not self._writes:
            return
        writes, self._writes = self._writes, []
        for write in writes:
            owed.do(write)
        self.nudge_report()

    def _latest(self) -> datetime:
        """Return the latest instant that is known to have come: a clock without a battery wakes in 1970."""
        issued = self._playlist.issued_at if self._playlist else _LONG_AGO
        return max(self._clock.now(), issued, self.book.newest)

    def _restore(self, now: datetime) -> None:
        if self._restored:
            return
        self._restored = True
        alerts, refs = self.book.alerts(now, trusted=now >= self._latest() - CLOCK_SLACK)
        self.alerts = alerts
        self._doubt(one for one in alerts if one.ended_at == now)
        self._faults.set(f"{_AREA} kept", _DAMAGED if self.book.damaged else "")
        self._ordered = {**{ref.hash: ref for ref in refs}, **self._ordered}

    def _follow_clock(self) -> None:
        """Move everything along when the wall clock steps: an emergency lasts as long as it lasts."""
        offset = wall_offset(self._clock)
        step, self._offset = offset - self._offset, offset
        if abs(step) >= _STEP_S:
            by, now, doubted = timedelta(seconds=step), self._clock.now(), self._doubted if step < 0 else frozenset()
            self._doubted = frozenset()
            self._change(
                (alerting.revived(one, now) if one.id in doubted else alerting.moved(one, by) for one in self.alerts),
                now,
            )

    def _doubt(self, found: Iterable[Alert]) -> None:
        """Note what is over only if the clock is right: the next time that it is set back, that is looked at again."""
        self._doubted |= {one.id for one in found if one.ended == alerting.EXPIRED}

    def _obey(self, now: datetime) -> None:
        while True:
            try:
                told = self._inbox.get_nowait()
            except queue.Empty:
                return
            self._take(told, now)

    def _take(self, told: "_Told", now: datetime) -> None:
        if told.heading:
            running = {one for alert in self.alerts for one in _hashes(alert)}
            kept = {name: ref for name, ref in self._ordered.items() if name in running}
            self._ordered = {**kept, **{ref.hash: ref for ref in told.clips}}
        begun = {alert.order.id for alert in self.alerts}  # an alert may be on the disk though its order is not yet
        fresh = tuple(order for order in told.orders if self.book.first_time(order.id))
        local = told.heading is None  # given by this very clock, however wrong it is
        known = now if local else self._latest()
        for order in (one for one in fresh if one.id not in begun):
            self._change(alerting.obey(self.alerts, order, now, local=local, known=known), now)
            self._doubt(one for one in self.alerts if one.order.id == order.id)
        if fresh or told.heading not in (None, self._written):
            self._written = told.heading or self._written
            self._writes.append(self.book.writing_sheet(self._written, tuple(order.id for order in fresh), now))

    def _advance(self, now: datetime, known: Mapping[str, Known]) -> None:
        refs = {ref.hash: ref for ref in self._needed(self._playlist)}
        shelf = Shelf(refs, self._pinned.ready)

        def settled(slot_key: str, items: int) -> bool:
            keys = (f"{self._identity.machine_id}/{slot_key}/{position}" for position in range(items))
            return all((one := known.get(key)) and one.outcome is not AiringOutcome.PLAYING for key in keys)

        alerts = alerting.hushed(self.alerts, now) if self._is_quiet(now) else self.alerts
        self._change(tuple(alerting.advance(one, now, shelf, settled) for one in alerts), now)
        waiting = any(one.running and one.due and now - one.due > _PATIENCE for one in self.alerts)
        self._faults.set(_AREA, alerting.NOT_HERE if waiting else "")

    def _is_quiet(self, now: datetime) -> bool:
        playlist = self._playlist
        if playlist is None:
            return False
        moment = now.astimezone(ZoneInfo(playlist.zone)).time()
        return any(span.covers(moment) for span in playlist.quiet)

    def _change(self, alerts: Iterable[Alert], now: datetime) -> None:
        before = {one.id: one for one in self.alerts}
        self.alerts = alerting.kept(alerts, now)
        # What has begun goes on though a new playlist may no longer name its message.
        wanted = {name for alert in self.alerts for name in _hashes(alert)}
        self._begun = {ref.hash: ref for ref in self._needed(self._playlist) if ref.hash in wanted}
        for alert in self.alerts:
            old = before.get(alert.id)
            if alert == old:
                continue
            self._writes.append(self.book.writing_alert(alert, self._refs_of(alert), now))
            if old is None:
                self._tell(EmergencyBegan(alert.order.title, alert.order.drill, alert.local, alert.clear))
            if alert.ended and not (old and old.ended):
                self._tell(EmergencyEnded(alert.order.title, alert.ended))

    def _refs_of(self, alert: Alert) -> tuple[ClipRef, ...]:
        wanted = {alert.order.message, alert.order.chime, alert.order.notice}
        return tuple(ref for ref in self._needed(self._playlist) if ref.hash in wanted)

    def _needed(self, playlist: Playlist | None) -> tuple[ClipRef, ...]:
        now = self._clock.now()
        shown = (alert for alert in self.alerts if alert.shown_at(now))
        running = {one for alert in shown for one in _hashes(alert)}
        refs = {ref.hash: ref for ref in playlist.clips} if playlist else {}
        refs = {**self._begun, **self._ordered, **refs}
        held = playlist.emergency.hashes if playlist else frozenset()
        wanted = [*sorted(running), *sorted((held | set(self._ordered)) - running)]
        return tuple(refs[one] for one in wanted if one in refs)

    def _lay(
        self, playlist: Playlist | None, slots: tuple[PlaylistSlot, ...], clips: tuple[ClipRef, ...]
    ) -> Playlist | None:
        if not slots:
            self._laid = None
            return playlist
        if self._laid and (self._laid[0] is playlist and self._laid[1] == slots and self._laid[2] == clips):
            return self._laid[3]
        under = playlist or self._nothing()
        named = {ref.hash for ref in under.clips}
        more = tuple(ref for ref in clips if ref.hash not in named)
        laid = replace(under, clips=(*under.clips, *more), slots=(*under.slots, *slots))
        self._laid = playlist, slots, clips, laid
        return laid

    def _nothing(self) -> Playlist:
        """Return the playlist of a machine that never had one."""
        identity = self._identity
        return Playlist(
            identity.station_id, identity.machine_id, 1, 1, _LONG_AGO, _LONG_AGO, STATION_ZONE, (), clips=(), slots=()
        )


def _hashes(alert: Alert) -> tuple[str, ...]:
    order = alert.order
    return tuple(one for one in (order.message, order.chime, order.notice) if one)
