"""Judges one session at an instant: what of it must be recorded, and which item wishes to sound. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.airtime import QuietHours
from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, Priority
from player import orders
from player.limits import Limits
from player.orders import Action, Close, Known, Miss, Unready, airing_key

LEAD = timedelta(milliseconds=1500)
"""How long before its instant a start is claimed and armed."""
PREPARE_AHEAD = timedelta(seconds=30)
TUNE_AHEAD = timedelta(seconds=10)
"""How long before its instant a source from outside is opened."""
TOLERANCE = timedelta(seconds=1)
"""Lateness that needs no policy: the item simply starts."""
HURRY = timedelta(milliseconds=300)
"""How long before its instant an item starts without the one before it, whose clip is not there yet."""
SHORT_CLIP = timedelta(seconds=60)
LEAST_JOIN = timedelta(seconds=1)
CLOCK_SLACK = timedelta(seconds=60)
OLDEST = timedelta(days=90)


class Scene:
    """The question as it was asked, and what the study of every session needs to know of it."""

    def __init__(
        self, playlist: Playlist, now: datetime, done: Mapping[str, Known], unready: Unready, *, kept: bool = True
    ) -> None:
        self.playlist = playlist
        self.now = now
        self.done = done
        self.unready = unready
        self.trusted = kept and now >= playlist.issued_at - CLOCK_SLACK
        self.zone = ZoneInfo(playlist.zone)
        self.named = {clip.hash for clip in playlist.clips}
        self.unsettled = {key: known for key, known in done.items() if known.outcome is AiringOutcome.PLAYING}
        self.limits = Limits(playlist, playlist.airtime, now, done) if playlist.airtime else None
        self._newest: dict[str, datetime] = {}
        for slot in playlist.slots:
            if slot.starts_at <= now:
                self._newest[slot.title] = max(slot.starts_at, self._newest.get(slot.title, slot.starts_at))

    def concerns(self, slot: PlaylistSlot) -> bool:
        """Tell whether `slot` is near enough to matter and may be judged by this clock."""
        near = self.now - OLDEST <= slot.starts_at <= self.now + PREPARE_AHEAD + LEAD
        return near if self.trusted else slot.priority is Priority.EMERGENCY and (near or self.due_when_signed(slot))

    def due_when_signed(self, slot: PlaylistSlot) -> bool:
        """Tell whether `slot` was due when the playlist was signed: all that a clock before that time can know."""
        late = self.playlist.issued_at - slot.starts_at
        return not self.trusted and -TOLERANCE <= late <= slot.grace

    def known(self, slot: PlaylistSlot, position: int) -> Known | None:
        """Return what is known of one item."""
        return self.done.get(airing_key(self.playlist, slot, position))

    def barred(self, slot: PlaylistSlot, at: datetime) -> str:
        """Tell why nothing of `slot` may start at `at`, or an empty string."""
        if slot.priority is Priority.EMERGENCY:
            return ""
        if at >= self.playlist.expires_at:
            return orders.EXPIRED
        moment = at.astimezone(self.zone).time()
        if any(span.covers(moment) for span in self.playlist.quiet):
            return orders.QUIET
        return orders.SILENCE if self.limits and self.limits.is_silent(at) else ""

    def over(self, slot: PlaylistSlot, wish: "Wish") -> str:
        """Tell which limit of airtime a wish of `slot` would break, or an empty string."""
        if self.limits is None or slot.priority is Priority.EMERGENCY:
            return ""
        return self.limits.over(slot, wish.position, wish.base, wish.skip)

    def take(self, slot: PlaylistSlot, wish: "Wish") -> None:
        """Count a wish that is granted, for what is judged after it at the same instant."""
        if self.limits and slot.priority is not Priority.EMERGENCY:
            self.limits.take(slot, wish.position, wish.base, wish.skip)

    def edge(self, slot: PlaylistSlot, wish: "Wish") -> tuple[datetime | None, str]:
        """Return the instant by which a wish of `slot` must be over, and why; None when only its own end ends it."""
        if slot.priority is Priority.EMERGENCY:
            return None, orders.QUIET_EDGE
        over_at = wish.base + end_of(slot.items[wish.position])
        quiet = (_next_start(wish.at, span, self.zone) for span in self.playlist.quiet if span.start != span.end)
        edges = [(at, orders.QUIET_EDGE) for at in quiet if at < over_at]
        if self.limits:
            silent = self.limits.next_silence(wish.at)
            edges += [(silent, orders.SILENCE_EDGE)] if silent and silent < over_at else []
        return min(edges, default=(None, orders.QUIET_EDGE))

    def superseded(self, slot: PlaylistSlot) -> bool:
        """Tell whether a newer session of the same programme is already due."""
        return self._newest.get(slot.title, slot.starts_at) > slot.starts_at

    def occupied(self, slot: PlaylistSlot) -> bool:
        """Tell whether another session is on the air."""
        own = airing_key(self.playlist, slot, 0)[:-1]
        return any(known.live and not key.startswith(own) for key, known in self.unsettled.items())


@dataclass(frozen=True, slots=True)
class Wish:
    """An item that is to sound at `at` if nothing weightier does."""

    position: int
    at: datetime
    base: datetime
    skip: timedelta = timedelta()
    follow: bool = False
    again: bool = False


@dataclass(slots=True)
class Study:
    """One session under the eye: what it asks to record, which items are live, what it wishes, what it lacks."""

    slot: PlaylistSlot
    base: datetime
    begun: bool
    live: list[int] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    lacking: list[int] = field(default_factory=list)
    wish: Wish | None = None

    @property
    def acts_at(self) -> datetime | None:
        """Return when the wish is to be acted upon, or None when there is none."""
        return self.wish.at - (HURRY if self.lacking else LEAD) if self.wish else None

    @property
    def starts_at(self) -> datetime:
        """Return when what is live started or will, or when the wish will."""
        if self.live:
            return self.base + self.slot.items[self.live[0]].offset
        return self.wish.at if self.wish else self.base

    @property
    def ends_at(self) -> datetime:
        """Return when the session is over if it goes on as it stands."""
        base = self.wish.base if self.wish and not self.live else self.base
        return base + max((end_of(item) for item in self.slot.items if not item.refusal), default=timedelta())

    @property
    def free_at(self) -> datetime:
        """Return when the last of its live items is over."""
        return self.base + max((end_of(self.slot.items[position]) for position in self.live), default=timedelta())


def end_of(item: PlaylistItem) -> timedelta:
    """Return where in its session an item ends."""
    return item.offset + item.length


def study(scene: Scene, slot: PlaylistSlot) -> Study:
    """Judge `slot`: the first item that can sound becomes the wish, and items that never will are recorded."""
    held = [known for position in range(len(slot.items)) if (known := scene.known(slot, position))]
    aired = [known for known in held if known.outcome is not AiringOutcome.MISSED]
    planned = scene.now if scene.due_when_signed(slot) else slot.starts_at
    result = Study(slot, aired[-1].base if aired else planned, any(k.started or k.live for k in aired))
    if not slot.items and slot.starts_at <= scene.now and scene.known(slot, 0) is None:
        result.actions.append(Miss(slot, 0, slot.refusal or orders.NO_CONTENT))
    doom = ""
    for position, item in enumerate(slot.items):
        known = scene.known(slot, position)
        if known and known.outcome is not AiringOutcome.PLAYING:
            continue
        if known and known.live:
            result.live.append(position)
            continue
        verdict = doom or _judge(scene, result, position, item, known)
        if isinstance(verdict, Wish):
            if not _lacks(scene, item):
                result.wish = verdict
                break
            result.lacking.append(position)
        elif verdict:
            result.actions.append(_record(scene, slot, position, known, _why(scene, slot, item, verdict)))
            doom = verdict if verdict in _DOOMS and not result.begun else ""
    _give_up_lacking(scene, result)
    return result


_DOOMS = frozenset(
    {
        orders.TOO_LATE,
        orders.SKIPPED,
        orders.COALESCED,
        orders.WEEKDAY,
        orders.SESSIONS,
        orders.SESSION_LIMIT,
        orders.DAY_LIMIT,
    }
)
"""Reasons that end a whole session which has not begun."""


def _judge(scene: Scene, result: Study, position: int, item: PlaylistItem, known: Known | None) -> Wish | str:
    """Return a wish, a reason to record, or an empty string when it is too early to tell."""
    slot = result.slot
    refusal = slot.refusal or item.refusal
    if refusal:
        return refusal if slot.starts_at + item.offset <= scene.now else ""
    if known and known.started:
        verdict = _judge_interrupted(scene.now, slot, position, item, known)
    else:
        verdict = _judge_pending(scene, result, position, item)
    if isinstance(verdict, Wish) and (bar := scene.barred(slot, verdict.at) or scene.over(slot, verdict)):
        return bar if verdict.at <= scene.now else ""
    return verdict


def _judge_pending(scene: Scene, result: Study, position: int, item: PlaylistItem) -> Wish | str:
    slot, now = result.slot, scene.now
    due = result.base + item.offset
    late = now - due
    if late <= TOLERANCE or result.live:
        at = max(due, now)
        return Wish(position, at, at - item.offset)
    if slot.late_policy is LatePolicy.SKIP:
        return orders.SKIPPED
    if slot.late_policy is LatePolicy.JOIN or item.source:  # what comes from outside waits for nobody
        return (
            Wish(position, now, result.base, late, follow=True) if item.length - late >= LEAST_JOIN else orders.PASSED
        )
    if late > slot.grace:
        return orders.TOO_LATE
    if not result.begun and scene.superseded(slot):
        return orders.COALESCED
    return Wish(position, now, now - item.offset)


def _judge_interrupted(
    now: datetime, slot: PlaylistSlot, position: int, item: PlaylistItem, known: Known
) -> Wish | str:
    """Judge an item that sounded and stopped: by its late policy when it was pre-empted, else by the clock.

    A clip under SHORT_CLIP starts again; a longer one goes on where the clock says it would be. What gave way catches
    up once: else an alarm with many repeats would be followed by the same opening words each time.
    """
    began = known.base + item.offset
    if began - now > TOLERANCE:
        return orders.CLOCK_BACK
    stopped = orders.PREEMPTED if known.preempted else orders.INTERRUPTED
    almost_over = began + item.length - known.seen_at < LEAST_JOIN
    again = known.rendered - (known.seen_at - began) > LEAST_JOIN  # more than since its last beginning
    skipping = known.preempted and (
        slot.late_policy is LatePolicy.SKIP or (slot.late_policy is LatePolicy.CATCH_UP and again)
    )
    if almost_over or skipping or now - known.seen_at > slot.grace:
        return stopped
    catching_up = slot.late_policy is LatePolicy.CATCH_UP if known.preempted else item.length < SHORT_CLIP
    if catching_up and not item.source:
        return Wish(position, now, now - item.offset, again=True)
    skip = max(now - began, timedelta())
    if item.length - skip < LEAST_JOIN:
        return stopped
    return Wish(position, now, known.base, skip, follow=True, again=True)


def _lacks(scene: Scene, item: PlaylistItem) -> bool:
    # What comes from outside needs no clip, only an output: its stand-in is taken when it is there.
    return bool(scene.unready("" if item.source else item.clip_hash or ""))


def _why(scene: Scene, slot: PlaylistSlot, item: PlaylistItem, verdict: str) -> str:
    """Return the reason to record: a clip that was not there, or an occupied loudspeaker, says more than "late"."""
    if verdict not in (orders.TOO_LATE, orders.SKIPPED, orders.PASSED):
        return verdict
    if scene.occupied(slot):
        return orders.OCCUPIED
    return scene.unready(item.clip_hash or "") or verdict


def _record(scene: Scene, slot: PlaylistSlot, position: int, known: Known | None, reason: str) -> Action:
    if known:
        return Close(airing_key(scene.playlist, slot, position), reason)
    return Miss(slot, position, reason)


def _give_up_lacking(scene: Scene, result: Study) -> None:
    """Record the items whose clip is not there once a later item of the session must take its turn."""
    if result.wish is None or result.wish.at > scene.now + HURRY:
        return
    for position in result.lacking:
        reason = scene.unready(result.slot.items[position].clip_hash or "")
        known = scene.known(result.slot, position)
        result.actions.append(_record(scene, result.slot, position, known, reason))
    result.lacking.clear()


def _next_start(after: datetime, span: QuietHours, zone: ZoneInfo) -> datetime:
    local = after.astimezone(zone)
    start = local.replace(
        hour=span.start.hour, minute=span.start.minute, second=span.start.second, microsecond=span.start.microsecond
    )
    if start <= local:
        start = (start + timedelta(days=1)).replace(fold=0)
    return start.astimezone(after.tzinfo)
