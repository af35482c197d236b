"""The conductor between cue, engine and journal, with the disk and the engine under the test's hand."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from domain.errors import StorageError, StorageFullError
from domain.machines import AiringOutcome
from domain.playlist import Playlist
from domain.sources import Source, SourceKind
from domain.timetable import Priority
from player import orders
from player.cabinet import Cabinet, open_cabinet
from player.conductor import Conductor, Desk
from player.deck import Deck
from player.engine import Began, Ended, Engine
from player.events import Finished, MachineEvent, Missed, Sounding
from player.faults import Faults
from player.journal import Journal
from player.mixing import Stop, Voice
from player.owed import Owed
from player.tap import Tap
from player.tuner import Tuner
from tests.fakes_player import MACHINE, Centre, Still, item, playlist, slot, sound, wait_until

CLIP = sound(1.0)
KEY = f"{MACHINE}/a/0"


class FullDisk(Journal):
    """A journal whose disk is full while `full`."""

    full = False
    dead = False

    def __getattribute__(self, name: str) -> object:
        if name == "entry" and self.dead:
            raise StorageError("Không đọc được ổ đĩa của máy phát.")
        if name in ("claim", "started", "interrupted", "finish", "close", "miss", "progress") and self.full:
            raise StorageFullError("Ổ đĩa của máy phát đã đầy.")
        return super().__getattribute__(name)


class QuietEngine:
    """An engine that only notes what it is told to do."""

    def __init__(self) -> None:
        self.voices: list[Voice] = []
        self.cuts: list[str] = []

    def arm(self, voice: Voice) -> None:
        self.voices.append(voice)

    def cut(self, key: str, _at: object) -> None:
        self.cuts.append(key)

    def played(self, _key: str) -> int:
        return 24_000


class Room:
    """A conductor with everything around it."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.clock = Still()
        self.events: list[MachineEvent] = []
        self.faults = Faults(lambda _area, _sentence: None)
        self.journal = FullDisk(cabinet.database)
        self.deck = Deck(cabinet, lambda: None, lambda _hash: None)
        self.engine = QuietEngine()
        desk = Desk(self.journal, Owed(self.faults, self.relieve), self.deck, self.faults)
        self.conductor = Conductor(desk, self.clock, self.events.append)
        self.conductor.engine = cast(Engine, self.engine)

    def relieve(self) -> bool:
        return False

    def play(self, made: Playlist) -> None:
        self.conductor.take_up(made)
        self.act_until(lambda: bool(self.engine.voices))

    def act_until(self, done: object) -> None:
        def acted() -> bool:
            self.conductor.act()
            return bool(done())  # type: ignore[operator]

        wait_until(acted, 5)

    def outcome(self, key: str = KEY) -> str:
        entry = self.journal.entry(key)
        return entry.outcome if entry else ""


def stocked(stack: ExitStack, folder: Path, data: bytes) -> Cabinet:
    """Return the cabinet of an enrolled machine with `data` on its shelf as CLIP."""
    centre = Centre()
    stack.callback(centre.stop)
    cabinet = open_cabinet(centre.enrolled(folder))
    stack.callback(cabinet.close)
    shelf = cabinet.clip_path(CLIP.hash)
    shelf.parent.mkdir()
    shelf.write_bytes(data)
    return cabinet


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        made = Room(stocked(stack, tmp_path, CLIP.data))
        stack.callback(lambda: [voice.reel.close() for voice in made.engine.voices])
        stack.callback(made.deck.clear)
        yield made


def plan(room: Room, **changes: object) -> Playlist:
    return playlist([slot("a", room.clock.now(), item(CLIP), **changes)], [CLIP], room.clock.now())


def finish(room: Room, stop: Stop = Stop.DONE) -> None:
    now = room.clock.now()
    room.conductor.post(Began(KEY, now))
    room.conductor.post(Ended(KEY, now + timedelta(seconds=1), 48_000, stop))
    room.conductor.act()


def test_a_start_is_claimed_before_the_engine_hears_of_it(room: Room) -> None:
    room.play(plan(room))
    assert room.outcome() == "playing"
    finish(room)
    assert room.outcome() == "played"
    assert [type(event) for event in room.events] == [Sounding, Finished]


def test_on_a_full_disk_a_routine_session_waits_and_then_sounds(room: Room) -> None:
    room.conductor.take_up(plan(room))
    room.journal.full = True
    room.act_until(lambda: room.faults.get("disk"))
    assert room.engine.voices == []
    room.journal.full = False
    room.act_until(lambda: room.engine.voices)
    assert room.faults.get("disk") == ""


def test_on_a_full_disk_an_emergency_sounds_all_the_same_and_is_noted_later(room: Room) -> None:
    room.journal.full = True
    room.play(plan(room, priority=Priority.EMERGENCY))
    finish(room)
    assert room.outcome() == ""
    assert isinstance(room.events[-1], Finished)
    room.journal.full = False
    room.conductor.act()
    assert room.outcome() == "played"
    assert len(room.engine.voices) == 1


def test_an_emergency_that_lost_its_output_sounds_again_though_the_disk_is_dead(room: Room) -> None:
    room.play(plan(room, priority=Priority.EMERGENCY))
    room.journal.full = room.journal.dead = True
    now = room.clock.now()
    room.conductor.post(Began(KEY, now))
    room.conductor.post(Ended(KEY, now, 9_600, Stop.SINK))
    room.act_until(lambda: len(room.engine.voices) == 2)
    room.conductor.post(Began(KEY, now))
    room.conductor.post(Ended(KEY, now + timedelta(seconds=0.9), 43_200, Stop.SINK))
    room.conductor.act()  # too little is left: it is closed, and holds up nothing that comes after it
    assert room.events[-1] == Finished(KEY, AiringOutcome.CUT, 1100, orders.INTERRUPTED)


def test_an_end_that_the_disk_did_not_take_is_not_forgotten(room: Room) -> None:
    room.play(plan(room))
    room.journal.full = True
    finish(room)
    assert room.outcome() == "playing"
    room.journal.full = False
    room.conductor.act()
    assert room.outcome() == "played"


def test_a_withdrawn_session_is_cut_even_when_the_disk_is_full(room: Room) -> None:
    made = plan(room)
    room.play(made)
    room.conductor.post(Began(KEY, room.clock.now()))
    room.journal.full = True
    room.conductor.take_up(replace(made, slots=(), counter=2))
    room.conductor.act()
    assert room.engine.cuts == [KEY]


def test_a_voice_that_the_stop_caught_before_its_start_stays_open(room: Room) -> None:
    room.play(plan(room))
    room.conductor.post(Ended(KEY, room.clock.now(), 0, Stop.CUT))
    room.conductor.settle()
    assert room.outcome() == "playing"
    assert room.journal.known()[KEY].started is False


def test_a_clip_whose_decoding_failed_is_missed_with_the_reason(room: Room) -> None:
    room.play(plan(room))
    room.conductor.post(Ended(KEY, room.clock.now(), 0, Stop.DONE, "Tệp âm thanh không giải mã được"))
    room.conductor.act()
    entry = room.journal.entry(KEY)
    assert entry is not None
    assert (entry.outcome, entry.reason) == ("missed", "Tệp âm thanh không giải mã được")
    assert isinstance(room.events[-1], Missed)


@pytest.mark.parametrize(
    ("rendered_s", "failure", "outcome", "reason"),
    [
        (9.0, "", "played", ""),
        (8.9, "", "cut", "Chỉ phát được 8.9 trên 10.0 giây"),
        (3.0, "Giải mã bị dừng", "cut", "Giải mã bị dừng; chỉ phát được 3.0 trên 10.0 giây"),
    ],
)
def test_only_what_sounded_almost_to_its_end_is_played(
    room: Room, rendered_s: float, failure: str, outcome: str, reason: str
) -> None:
    now = room.clock.now()
    room.play(playlist([slot("a", now, replace(item(CLIP), length=timedelta(seconds=10)))], [CLIP], now))
    room.conductor.post(Began(KEY, now))
    room.conductor.post(Ended(KEY, now, round(rendered_s * 48_000), Stop.DONE, failure))
    room.conductor.act()
    entry = room.journal.entry(KEY)
    assert entry is not None
    assert (entry.outcome, entry.reason) == (outcome, reason)


def test_how_far_it_got_is_committed_as_it_sounds(room: Room) -> None:
    room.play(plan(room))
    room.conductor.post(Began(KEY, room.clock.now()))
    room.conductor.act()
    room.clock.rest(6)
    room.conductor.act()
    entry = room.journal.entry(KEY)
    assert entry is not None
    assert entry.rendered == 500


def test_a_clock_step_moves_the_session_that_sounds_along(room: Room) -> None:
    made = playlist(
        [slot("a", room.clock.now(), replace(item(CLIP), length=timedelta(seconds=60)), item(CLIP, 60))],
        [CLIP],
        room.clock.now() - timedelta(days=1),
    )
    room.play(made)
    room.conductor.post(Began(KEY, room.clock.now()))
    room.conductor.act()
    room.clock.wall += timedelta(hours=2)
    room.clock.rest(30)
    room.conductor.act()
    assert "nhảy" in room.faults.get("step")
    assert room.events == [event for event in room.events if not isinstance(event, Missed)]
    room.clock.rest(29)
    room.act_until(lambda: len(room.engine.voices) == 2)
    assert room.engine.voices[1].at == pytest.approx(room.clock.now().timestamp() + 1, abs=0.01)


def test_a_revoked_machine_misses_routine_sessions_and_sounds_emergencies(room: Room) -> None:
    now = room.clock.now()
    room.conductor.revoke(revoked=True)
    routine, urgent = slot("b", now, item(CLIP)), slot("a", now, item(CLIP), priority=Priority.EMERGENCY)
    room.play(playlist([routine, urgent], [CLIP], now))
    assert [voice.key for voice in room.engine.voices] == [KEY]
    entry = room.journal.entry(f"{MACHINE}/b/0")
    assert entry is not None
    assert (entry.outcome, entry.reason) == ("missed", orders.REVOKED)
    assert room.faults.get("revoked") == orders.REVOKED


def test_what_sounds_is_cut_when_the_machine_is_revoked_and_later_sessions_sound_once_it_is_not(room: Room) -> None:
    now = room.clock.now()
    later = slot("b", now + timedelta(seconds=20), item(CLIP))
    room.play(playlist([slot("a", now, item(CLIP)), later], [CLIP], now))
    room.conductor.post(Began(KEY, now))
    room.conductor.revoke(revoked=True)
    room.conductor.act()
    assert room.engine.cuts == [KEY]
    room.conductor.post(Ended(KEY, now, 10, Stop.CUT))
    room.conductor.revoke(revoked=False)
    room.clock.rest(20)
    room.act_until(lambda: len(room.engine.voices) == 2)


def test_sessions_from_before_the_journal_was_lost_are_left_alone(room: Room) -> None:
    room.conductor.forget_before(room.clock.now() + timedelta(seconds=1))
    room.conductor.take_up(plan(room))
    room.conductor.act()
    room.conductor.act()
    assert room.engine.voices == []
    assert room.journal.unsent() == ()


def test_one_cause_in_many_places_is_told_once() -> None:
    told: list[tuple[str, str]] = []
    faults = Faults(lambda area, sentence: told.append((area, sentence)))
    for area in ("line", "playlist", "report", "line"):
        faults.set(area, "Mất mạng.")
    faults.set("sink", "Mất loa.")
    assert faults.all() == "Mất mạng. Mất loa."
    for area in ("playlist", "line", "report"):
        faults.set(area, "")
    assert told == [("line", "Mất mạng."), ("sink", "Mất loa."), ("report", "")]


def test_a_reserve_makes_room_for_the_journal_once() -> None:
    tries: list[int] = []
    reserves = [True]

    def write() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StorageFullError("đầy")

    owed = Owed(Faults(lambda _area, _sentence: None), lambda: bool(reserves and reserves.pop()))
    assert owed.do(write)
    assert len(tries) == 2


def test_a_clip_is_decoded_long_before_it_sounds(room: Room) -> None:
    made = playlist([slot("a", room.clock.now() + timedelta(seconds=29), item(CLIP))], [CLIP], room.clock.now())
    room.conductor.take_up(made)
    room.act_until(lambda: not room.deck.unready(CLIP.hash))  # the clock stands still at 29 seconds before
    assert room.engine.voices == []


def test_without_a_playlist_what_was_ordered_is_written_down_all_the_same(room: Room) -> None:
    acts: list[Owed] = []
    room.conductor.after_act = acts.append
    room.conductor.act()
    assert len(acts) == 1


def test_what_the_journal_has_forgotten_is_forgotten_and_what_sounds_is_not(room: Room) -> None:
    room.play(plan(room))
    room.conductor._known["may-1/old/0"] = replace(room.conductor._known[KEY], live=False)
    room.conductor.forget_airings(frozenset({"may-1/old/0", KEY}))
    room.conductor.act()
    assert list(room.conductor._known) == [KEY]


def test_a_stand_in_that_is_damaged_on_the_disk_is_told_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        cabinet = stocked(stack, tmp_path, CLIP.data[:-2] + b"xx")
        damaged: list[str] = []
        deck = Deck(cabinet, lambda: None, damaged.append)
        deck.allow(playlist([], [CLIP], Still().now()))
        for _ in range(2):
            loop = deck.loop(CLIP.hash)
            assert loop is not None
            assert loop.ready.wait(5)
        assert damaged == [CLIP.hash]


def test_no_source_is_opened_again_and_again_while_the_disk_refuses_its_claim(room: Room) -> None:
    opened: list[Tap] = []
    tuner = Tuner(lambda _key, _source, tap: opened.append(tap))
    room.conductor._tuner = tuner
    relayed = replace(item(CLIP), source=Source(SourceKind.RELAY, url="http://dai.example/1"))
    made = playlist([slot("a", room.clock.now(), relayed)], [CLIP], room.clock.now())
    room.journal.full = True
    room.conductor.take_up(made)
    for _ in range(3):
        room.conductor.act()
    assert len(opened) <= 1
    assert not any(tap.closed for tap in opened)
    room.journal.full = False
    room.act_until(lambda: room.engine.voices)
    tuner.clear()
