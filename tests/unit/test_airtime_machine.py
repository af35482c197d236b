"""The machine holds itself to the airtime of its playlist, and never refuses what its centre planned."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.airtime import Airtime, SilentWindow
from domain.machines import AiringOutcome
from domain.playlist import Heading, Playlist, PlaylistItem, PlaylistSlot, from_document, to_document
from domain.timetable import Priority
from player import orders
from player.cue import OVERRUN, cue
from player.orders import Close, Cut, Known, Miss, Start, airing_key
from scheduler.build import playlist_of
from scheduler.policy import airtime_of, along
from tests.fakes_player import MACHINE, NIGHT, item, playlist, slot, sound
from tests.timetables import FIRST, PATHS, Timetable, timetable
from tests.unit.test_cue_model import EVENING, TICK, Sounding, Stage, sessions

CLIP = sound(0.01)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)  # a Monday, 12:00 in Vietnam
WIDE = Airtime(session=60 * MINUTE, day=600 * MINUTE)


def part(minutes: float, offset: float = 0.0):
    return replace(item(CLIP, offset * 60), length=minutes * MINUTE)


def held_to(airtime: Airtime, *slots: PlaylistSlot) -> Playlist:
    return playlist(slots, [CLIP], NOON - timedelta(hours=2), airtime=airtime)


def aired(base: datetime, minutes: float) -> Known:
    return Known(AiringOutcome.PLAYED, CLIP.hash, base, base, started=True, rendered=minutes * MINUTE)


def reasons(made: Playlist, now: datetime, done: dict[str, Known] | None = None) -> list[str]:
    return [one.reason for one in cue(made, now, done or {}).actions if isinstance(one, Miss)]


def starts(made: Playlist, now: datetime, done: dict[str, Known] | None = None) -> list[Start]:
    return [one for one in cue(made, now, done or {}).actions if isinstance(one, Start)]


def test_within_its_limits_a_session_starts() -> None:
    assert len(starts(held_to(WIDE, slot("a", NOON, part(10))), NOON)) == 1


def test_a_session_longer_than_is_allowed_does_not_begin() -> None:
    made = held_to(replace(WIDE, session=15 * MINUTE), slot("a", NOON, part(10), part(6, 10)))
    assert reasons(made, NOON) == [orders.SESSION_LIMIT] * 2
    assert starts(made, NOON) == []


def test_what_sounded_today_counts_and_what_sounded_yesterday_does_not() -> None:
    made = held_to(replace(WIDE, day=30 * MINUTE), slot("a", NOON, part(10)))
    earlier = {f"{MACHINE}/x/0": aired(NOON - timedelta(hours=5), 21)}
    yesterday = {f"{MACHINE}/x/0": aired(NOON - timedelta(hours=13), 21)}
    assert reasons(made, NOON, earlier) == [orders.DAY_LIMIT]
    assert len(starts(made, NOON, yesterday)) == 1


def test_the_number_of_sessions_a_day_is_kept() -> None:
    made = held_to(replace(WIDE, sessions=2), slot("a", NOON, part(1)))
    done = {f"{MACHINE}/{key}/0": aired(NOON - timedelta(hours=3), 1) for key in "xy"}
    assert reasons(made, NOON, done) == [orders.SESSIONS]
    missed = {key: replace(known, started=False, outcome=AiringOutcome.MISSED) for key, known in done.items()}
    assert len(starts(made, NOON, missed)) == 1


def test_on_a_day_that_is_not_allowed_nothing_begins() -> None:
    made = held_to(replace(WIDE, weekdays=frozenset({2, 3})), slot("a", NOON, part(1)))
    assert reasons(made, NOON) == [orders.WEEKDAY]


@pytest.mark.parametrize(
    ("window", "silent"),
    [
        (SilentWindow(time(11, 30), time(12, 30)), True),
        (SilentWindow(time(12, 0), time(12, 0)), True),
        (SilentWindow(time(20, 0), time(12, 30)), True),
        (SilentWindow(time(12, 0, 1), time(12, 30)), False),
        (SilentWindow(time(11, 0), time(12, 0)), False),
        (SilentWindow(time(11, 30), time(12, 30), frozenset({2})), False),
        (SilentWindow(time(20, 0), time(12, 30), frozenset({7})), True),
        (SilentWindow(time(11, 30), time(12, 30), first=NOON.date() + timedelta(days=1)), False),
        (SilentWindow(time(11, 30), time(12, 30), last=NOON.date()), True),
    ],
    ids=str,
)
def test_a_window_of_silence_is_kept_on_the_days_it_opens(window: SilentWindow, silent: bool) -> None:
    made = held_to(replace(WIDE, windows=(window,)), slot("a", NOON, part(0.01)))
    assert reasons(made, NOON) == ([orders.SILENCE] if silent else [])


def test_what_sounds_ends_where_a_window_opens_and_says_so() -> None:
    made = held_to(replace(WIDE, windows=(SilentWindow(time(12, 5), time(13)),)), slot("a", NOON, part(10)))
    [start] = starts(made, NOON)
    assert (start.until, start.edge) == (NOON + 5 * MINUTE, orders.SILENCE_EDGE)


def test_an_emergency_is_above_every_limit_and_takes_nothing_from_the_day() -> None:
    none = Airtime(timedelta(), timedelta(), 1, frozenset(), (SilentWindow(time(0), time(0)),))
    loud = slot("khan", NOON, part(10), priority=Priority.EMERGENCY)
    assert len(starts(held_to(none, loud), NOON)) == 1
    calm = slot("a", NOON + 20 * MINUTE, part(10))
    made = held_to(replace(WIDE, day=15 * MINUTE, sessions=1), loud, calm)
    assert len(starts(made, calm.starts_at, {f"{MACHINE}/khan/0": aired(NOON, 10)})) == 1


def test_a_file_that_goes_on_beyond_its_signed_length_is_cut() -> None:
    made = held_to(WIDE, slot("a", NOON, part(1)))
    live = {f"{MACHINE}/a/0": Known(AiringOutcome.PLAYING, CLIP.hash, NOON, NOON, started=True, live=True)}
    late = NOON + MINUTE + OVERRUN
    assert cue(made, late, live).actions == ()
    [cut] = cue(made, late + timedelta(milliseconds=1), live).actions
    assert isinstance(cut, Cut)
    assert cut.reason == orders.OVERRUN


def test_the_limits_are_signed_and_read_back() -> None:
    window = SilentWindow(time(7), time(9), frozenset({1, 2}), NOON.date(), None)
    made = held_to(Airtime(15 * MINUTE, 30 * MINUTE, 2, frozenset({1, 5}), (window,)), slot("a", NOON, part(1)))
    assert from_document(to_document(made)) == made
    assert "airtime" not in to_document(replace(made, airtime=None))


limits = st.builds(
    Airtime,
    session=st.integers(0, 12).map(lambda minutes: minutes * MINUTE),
    day=st.integers(0, 25).map(lambda minutes: minutes * MINUTE),
    sessions=st.integers(0, 4),
    weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset({1}), frozenset({2, 7})]),
    windows=st.lists(
        st.builds(
            SilentWindow,
            start=st.builds(time, st.just(21), st.integers(0, 59)),
            end=st.builds(time, st.sampled_from([20, 21, 22]), st.integers(0, 59)),
            weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset({1}), frozenset({3})]),
        ),
        max_size=2,
    ).map(tuple),
)
pasts = st.lists(st.tuples(st.integers(1, 1300), st.integers(0, 10)), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), limits, pasts, st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=4))
def test_whatever_is_planned_and_was_heard_nothing_sounds_above_the_limits(
    slots: tuple[PlaylistSlot, ...],
    airtime: Airtime,
    past: list[tuple[int, int]],
    stops: list[tuple[int, bool]],
) -> None:
    made = playlist(slots, [sound(0.01, seed=seed) for seed in range(3)], EVENING - timedelta(hours=24))
    stage = Stage(replace(made, quiet=NIGHT, airtime=airtime), EVENING - timedelta(seconds=60))
    for number, (ago, minutes) in enumerate(past):
        stage.known[f"{MACHINE}/past{number}/0"] = aired(EVENING - ago * MINUTE, minutes)
    before = dict(stage.known)
    for after, long in stops:
        stage.run(timedelta(seconds=after))
        stage.die()
        gone = timedelta(seconds=200 if long else 2)
        stage.wall += gone
        stage.elapsed += gone
    stage.run(timedelta(hours=2))
    assert list(excesses(stage, airtime, before)) == []


def excesses(stage: Stage, airtime: Airtime, before: dict[str, Known]) -> Iterator[object]:
    """Yield whatever a plain sum over what was heard finds above the limits."""
    urgent = {f"{MACHINE}/{one.key}" for one in stage.made.slots if one.priority is Priority.EMERGENCY}
    sounded: dict[str, timedelta] = defaultdict(timedelta)
    days = defaultdict(set)
    for key, known in before.items():
        sounded[key.rpartition("/")[0]] += known.rendered
        days[known.base.astimezone(ZONE).date()].add(key.rpartition("/")[0])
    for one in stage.heard:
        session = one.key.rpartition("/")[0]
        if session in urgent:
            continue
        length = (one.ends or stage.elapsed) - one.begins
        if not length:
            continue
        sounded[session] += length
        days[EVENING.astimezone(ZONE).date()].add(session)  # two hours before midnight
        yield from silences_broken(one, length, airtime)
        if sounded[session] > airtime.session + timedelta(seconds=1) + TICK:
            yield "session", session, sounded[session]
    today = days[EVENING.astimezone(ZONE).date()]
    heard_today = {one.key.rpartition("/")[0] for one in stage.heard} - urgent
    if heard_today and airtime.sessions and len(today) > airtime.sessions:
        yield "sessions", today
    if heard_today and sum((sounded[one] for one in today), timedelta()) > airtime.day + timedelta(seconds=1) + TICK:
        yield "day", today
    if heard_today and 1 not in airtime.weekdays:
        yield "weekday", heard_today


def silences_broken(one: Sounding, length: timedelta, airtime: Airtime) -> Iterator[object]:
    begins = one.wall.astimezone(ZONE)
    for window in airtime.windows:
        for ago in (0, 1):
            opens, closes = window.span_on(begins.date() - timedelta(days=ago), ZONE)
            met = opens + TICK < begins + length and begins < closes
            if window.opens_on(opens.date()) and met:
                yield "window", window, one.key, begins


NOTHING = PlaylistItem(None, timedelta(), timedelta(), "")


@dataclass
class Perfect:
    """A machine on which nothing ever goes wrong, from one instant that matters to the next."""

    made: Playlist
    now: datetime
    known: dict[str, Known] = field(default_factory=dict)
    begins: dict[str, datetime] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
    whole: dict[str, datetime] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def run(self) -> None:
        while self.now is not None:
            self._follow()
            for _ in range(8):
                decided = cue(self.made, self.now, self.known)
                for action in decided.actions:
                    self._do(action)
                if not decided.actions:
                    break
            due = (one.starts_at + entry.offset for one in self.made.slots for entry in one.items or (NOTHING,))
            events = [decided.next_at, *self.begins.values(), *self.ends.values(), *due]
            self.now = min((one for one in events if one and one > self.now), default=None)

    def _follow(self) -> None:
        for key, at in list(self.begins.items()):
            if at <= self.now:
                del self.begins[key]
                self.known[key] = replace(self.known[key], started=True)
        for key, at in list(self.ends.items()):
            if at <= self.now:
                del self.ends[key]
                self.known[key] = replace(self.known[key], outcome=AiringOutcome.PLAYED, live=False)
                if self.whole[key] - at > timedelta(seconds=1):
                    self.cut.append(key)

    def _do(self, action: Start | Miss | Cut | Close) -> None:
        match action:
            case Start():
                key = airing_key(self.made, action.slot, action.position)
                length = action.slot.items[action.position].length
                self.known[key] = Known(
                    AiringOutcome.PLAYING,
                    action.slot.items[action.position].clip_hash,
                    action.base,
                    self.now,
                    live=True,
                    rendered=length,
                )
                self.begins[key], self.whole[key] = action.at, action.at + length
                self.ends[key] = min(action.until or self.whole[key], self.whole[key])
            case Miss():
                key = airing_key(self.made, action.slot, action.position)
                self.missed[key] = action.reason
                self.known[key] = Known(AiringOutcome.MISSED, None, action.slot.starts_at, self.now)
            case Cut():
                self.cut.append(action.key)
            case Close():
                raise AssertionError(action)


def playlists(made: Timetable) -> Iterator[Playlist]:
    begin = datetime.combine(FIRST, time(), ZONE)
    for number, (path, slots) in enumerate(made.slots().items()):
        heading = Heading("dai-1", f"m{number}", 1, 1, begin, begin + timedelta(days=14))
        yield playlist_of(slots, heading, along(made.terms.policy, [path]), made.shelf.clips)


@pytest.mark.parametrize("first", range(0, 100, 50))
def test_what_the_centre_planned_the_machine_never_refuses(first: int) -> None:
    sounding = 0
    for seed in range(first, first + 50):
        for made in playlists(timetable(seed)):
            assert made.airtime is not None
            perfect = Perfect(made, made.issued_at)
            perfect.run()
            told = {
                airing_key(made, one, position): one.refusal or entry.refusal
                for one in made.slots
                for position, entry in enumerate(one.items)
                if one.refusal or entry.refusal
            }
            told |= {airing_key(made, one, 0): one.refusal for one in made.slots if not one.items}
            assert perfect.missed == told, seed
            assert perfect.cut == [], seed
            sounding += sum(not one.refusal for one in made.slots)
    assert sounding > 50


def test_a_place_is_held_only_to_windows_that_hold_on_all_its_paths() -> None:
    policy = timetable(1).terms.policy
    window = policy.exclusions[0]
    assert PATHS[0] - window.area_ids
    inside = frozenset(window.area_ids)
    assert airtime_of(along(policy, [inside])).windows
    assert airtime_of(along(policy, [inside, frozenset({"elsewhere"})])).windows == ()
