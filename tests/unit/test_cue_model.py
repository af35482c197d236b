"""The cue over whole days that Hypothesis makes up: late boots, clock steps, restarts, overlaps, missing clips."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, Priority
from player.cue import HANDOVER, cue
from player.orders import Close, Cut, Known, Miss, Start, airing_key
from player.session import TOLERANCE
from tests.fakes_player import NIGHT, item, playlist, slot, sound

CLIPS = [sound(0.01, seed=seed) for seed in range(3)]
EVENING = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 21:00 in Vietnam; quiet from 21:30
TICK = timedelta(seconds=0.5)
IDLE_TICK = timedelta(seconds=20)


@dataclass
class Sounding:
    """A stretch of sound, in seconds that no clock step moves; `ends` is None while it lasts."""

    key: str
    start: Start
    begins: timedelta
    over: timedelta
    wall: datetime
    ends: timedelta | None = None
    cut: Cut | None = None


@dataclass
class Stage:
    """Carries out cues with a clock of its own, as the machine does, and notes what would be heard."""

    made: Playlist
    wall: datetime
    missing: frozenset[str] = frozenset()
    elapsed: timedelta = timedelta()
    known: dict[str, Known] = field(default_factory=dict)
    armed: dict[str, Start] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    heard: list[Sounding] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)

    def run(self, span: timedelta) -> None:
        until = self.elapsed + span
        while self.elapsed < until:
            self._sound()
            acted = self._decide()
            idle = not acted and all(known.outcome is not AiringOutcome.PLAYING for known in self.known.values())
            pace = IDLE_TICK if idle and not self._soon() else TICK
            self.elapsed += pace
            self.wall += pace

    def _soon(self) -> bool:
        """Tell whether a session starts before the next idle tick."""
        return any(timedelta() < one.starts_at - self.wall < IDLE_TICK * 2 for one in self.made.slots)

    def step(self, by: timedelta) -> None:
        self.wall += by
        for one in self._sounding():
            known = self.known[one.key]
            self.known[one.key] = replace(known, base=known.base + by)

    def die(self) -> None:
        for one in self._sounding():
            one.ends = self.elapsed
            self._note_rendered(one.key)
        self.armed.clear()
        self.cuts.clear()
        self.known = {key: replace(known, live=False) for key, known in self.known.items()}

    def _sounding(self) -> list[Sounding]:
        return [one for one in self.heard if one.ends is None]

    def _sound(self) -> None:
        for one in self._sounding():
            limits = [limit for limit in (one.start.until, one.cut.at if one.cut else None) if limit]
            if self.elapsed >= one.over:
                self._end(one, AiringOutcome.PLAYED, one.over)
            elif limits and self.wall >= min(limits):
                at = self.elapsed - max(self.wall - min(limits), timedelta())
                preempted = bool(one.cut and one.cut.preempted)
                self._end(one, AiringOutcome.PLAYING if preempted else AiringOutcome.CUT, max(at, one.begins))
            else:
                self.known[one.key] = replace(self.known[one.key], seen_at=self.wall)
        for key, start in list(self.armed.items()):
            self._begin(key, start)

    def _begin(self, key: str, start: Start) -> None:
        if key in self.cuts:
            cut = self.cuts.pop(key)
            del self.armed[key]
            outcome = AiringOutcome.PLAYING if cut.preempted else AiringOutcome.MISSED
            self.known[key] = replace(self.known[key], outcome=outcome, live=False)
        elif self.wall - start.at > TOLERANCE:
            del self.armed[key]
            self.known[key] = replace(self.known[key], live=False)
        elif self.wall >= start.at and all(one.cut for one in self._sounding()):  # the engine waits for the other
            del self.armed[key]
            late = self.wall - start.at
            length = start.slot.items[start.position].length - start.skip
            freed = [one.ends for one in self.heard if one.ends is not None and one.cut is None]
            begins = max([self.elapsed - late, *freed])
            self.heard.append(Sounding(key, start, begins, begins + length, start.at))
            self.known[key] = replace(self.known[key], started=True, seen_at=self.wall)

    def _end(self, one: Sounding, outcome: AiringOutcome, at: timedelta) -> None:
        one.ends = at
        preempted = outcome is AiringOutcome.PLAYING
        known = self.known[one.key]
        self.known[one.key] = replace(known, outcome=outcome, live=False, preempted=preempted, seen_at=self.wall)
        self._note_rendered(one.key)

    def _note_rendered(self, key: str) -> None:
        parts = (one.ends - one.begins for one in self.heard if one.key == key and one.ends is not None)
        self.known[key] = replace(self.known[key], rendered=sum(parts, timedelta()))

    def _decide(self) -> bool:
        for passed in range(4):
            decided = cue(self.made, self.wall, self.known, lambda hash_: "Thiếu tệp" if hash_ in self.missing else "")
            if not decided.actions:
                return passed > 0
            for action in decided.actions:
                self._do(action)
        return True

    def _do(self, action: Start | Miss | Cut | Close) -> None:
        match action:
            case Start():
                key = airing_key(self.made, action.slot, action.position)
                before = self.known.get(key)
                assert before is None or (before.outcome is AiringOutcome.PLAYING and not before.live)
                started = bool(before and before.started)
                item = action.slot.items[action.position]
                assert item.clip_hash not in self.missing
                sounded = before.rendered if before else timedelta()
                self.known[key] = Known(
                    AiringOutcome.PLAYING,
                    item.clip_hash,
                    action.base,
                    self.wall,
                    started,
                    live=True,
                    rendered=sounded + item.length - action.skip,
                )
                self.armed[key] = action
                self.claims.append(key)
            case Miss():
                key = airing_key(self.made, action.slot, action.position)
                assert key not in self.known
                self.reasons[key] = action.reason
                self.known[key] = Known(AiringOutcome.MISSED, None, action.slot.starts_at, self.wall)
            case Close():
                assert not self.known[action.key].live
                self.known[action.key] = replace(self.known[action.key], outcome=AiringOutcome.CUT)
            case Cut():
                assert self.known[action.key].live
                for one in self._sounding():
                    if one.key == action.key:
                        one.cut = action
                if action.key in self.armed and action.at <= self.wall + TICK:
                    self.cuts[action.key] = action


@st.composite
def sessions(draw: st.DrawFn) -> tuple[PlaylistSlot, ...]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        starts = EVENING + timedelta(seconds=draw(st.integers(0, 2400)))
        items: list[PlaylistItem] = []
        offset = 0
        for _ in range(draw(st.integers(1, 3))):
            length = draw(st.sampled_from([4, 20, 59, 61, 180, 400]))
            refusal = draw(st.sampled_from(["", "", "", "", "Chưa duyệt"]))
            clip = CLIPS[draw(st.integers(0, 2))]
            items.append(replace(item(clip, offset, refusal=refusal), length=timedelta(seconds=length)))
            offset += 0 if refusal else length
        made.append(
            slot(
                f"s{number}",
                starts,
                *items,
                title=draw(st.sampled_from(["Thời sự", "Nông nghiệp"])),
                priority=draw(st.sampled_from([Priority.FILLER, *[Priority.NORMAL] * 3, Priority.EMERGENCY])),
                late_policy=draw(st.sampled_from(list(LatePolicy))),
                grace=timedelta(seconds=draw(st.sampled_from([0, 60, 300]))),
            )
        )
    return tuple(made)


happenings = st.lists(
    st.tuples(
        st.integers(1, 900),
        st.one_of(st.just("restart"), st.just("down"), st.integers(-7200, 7200), st.sampled_from([-90, -3, 3, 90])),
    ),
    max_size=5,
)


def staged(slots: tuple[PlaylistSlot, ...], missing: int = 0, **changes: object) -> Stage:
    made = playlist(slots, CLIPS, EVENING - timedelta(hours=24), quiet=NIGHT, **changes)
    return Stage(made, EVENING - timedelta(seconds=60), frozenset(clip.hash for clip in CLIPS[:missing]))


def nothing_overlaps(stage: Stage) -> None:
    whole = sorted(stage.heard, key=lambda one: one.begins)
    for earlier, later in pairwise(whole):
        end = earlier.ends if earlier.ends is not None else stage.elapsed
        assert end - later.begins <= HANDOVER + TICK, (earlier, later)


def quiet_is_kept(stage: Stage) -> None:
    for one in stage.heard:
        if one.start.slot.priority is not Priority.EMERGENCY:
            local = one.wall.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
            edge = local.replace(hour=21, minute=30, second=0, microsecond=0)
            assert not NIGHT[0].covers(local.time())
            assert one.ends is not None
            assert local.hour < 21 or local + (one.ends - one.begins) <= edge + TICK


def every_item_has_one_final_row(stage: Stage) -> None:
    for one in stage.made.slots:
        for position in range(len(one.items)):
            known = stage.known.get(airing_key(stage.made, one, position))
            assert known is not None, (one.key, position)
            assert known.outcome is not AiringOutcome.PLAYING
            assert not known.live


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), st.integers(0, 2))
def test_on_a_quiet_day_every_item_ends_in_one_row_and_starts_once(
    slots: tuple[PlaylistSlot, ...], missing: int
) -> None:
    stage = staged(slots, missing)
    stage.run(timedelta(hours=2))
    nothing_overlaps(stage)
    every_item_has_one_final_row(stage)
    quiet_is_kept(stage)
    preempting = any(one.priority is not Priority.NORMAL for one in slots)
    if not preempting:
        assert len(stage.claims) == len(set(stage.claims))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), happenings)
def test_whatever_clock_and_power_do_nothing_overlaps_and_no_row_is_undone(
    slots: tuple[PlaylistSlot, ...], happened: list[tuple[int, object]]
) -> None:
    stage = staged(slots)
    for after, what in happened:
        stage.run(timedelta(seconds=after))
        finals = {k: known.outcome for k, known in stage.known.items() if known.outcome is not AiringOutcome.PLAYING}
        if what == "restart":
            stage.die()
        elif what == "down":
            stage.die()
            stage.wall += timedelta(seconds=240)
            stage.elapsed += timedelta(seconds=240)
        elif isinstance(what, int):
            stage.step(timedelta(seconds=what))
        stage.run(timedelta(seconds=5))
        assert all(stage.known[key].outcome is outcome for key, outcome in finals.items())
    stage.wall = max(stage.wall, EVENING)
    stage.run(timedelta(hours=5))
    nothing_overlaps(stage)
    every_item_has_one_final_row(stage)


@given(st.integers(-60, 1500), st.sampled_from(list(LatePolicy)), st.sampled_from([0, 60, 300]))
@settings(max_examples=300, deadline=None)
def test_a_lone_session_does_what_its_policy_says_however_late_the_machine_boots(
    late: int, policy: LatePolicy, grace: int
) -> None:
    lengths = (30, 120, 400)
    offsets = (0, 30, 150)
    items = [
        replace(item(CLIPS[0], offset), length=timedelta(seconds=length))
        for offset, length in zip(offsets, lengths, strict=True)
    ]
    one = slot("a", EVENING, *items, late_policy=policy, grace=timedelta(seconds=grace))
    stage = staged((one,))
    stage.wall = EVENING + timedelta(seconds=late)
    stage.run(timedelta(seconds=3000))
    found = [
        (one.start.position, (one.wall - EVENING) / timedelta(seconds=1), one.start.skip / timedelta(seconds=1))
        for one in stage.heard
    ]
    assert found == expected(late, policy, grace, list(zip(offsets, lengths, strict=True)))


def expected(late: int, policy: LatePolicy, grace: int, items: list[tuple[int, int]]) -> list[tuple[int, float, float]]:
    """Say in the plainest way what a session heard from `late` seconds after its start should sound like."""
    if late <= 1 or (policy is LatePolicy.CATCH_UP and late <= grace):
        shift = max(late, 0)
        return [(number, offset + shift, 0) for number, (offset, _) in enumerate(items)]
    if policy is not LatePolicy.JOIN:
        return []
    sounding = [(number, pair) for number, pair in enumerate(items) if sum(pair) - late >= 1]
    behind = late - sounding[0][1][0] if sounding else 0
    if 0 < behind <= 1:  # too little to join by: it starts from the beginning, and what follows keeps its distance
        return [(number, offset + behind, 0) for number, (offset, _) in sounding]
    return [(number, max(offset, late), late - offset if late - offset > 1 else 0) for number, (offset, _) in sounding]
