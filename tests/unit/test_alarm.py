"""The alarm clock: on time, level-triggered, and deaf to clock steps and errors."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import alarm as alarm_module
from scheduler.alarm import LONGEST_SLEEP, Alarm
from tests.fakes_player import Steps, wait_until

Make = Callable[..., Alarm]


class Due:
    """A set of instants, and when `act` was called."""

    def __init__(self, *due: datetime) -> None:
        self.due = list(due)
        self.acted: list[datetime] = []

    def next(self, now: datetime) -> datetime | None:
        return min((instant for instant in self.due if instant > now), default=None)

    def act(self) -> None:
        self.acted.append(datetime.now(UTC))


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Alarm] = []

    def start(*parts: object, **named: object) -> Alarm:
        made.append(Alarm(*parts, **named))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for one in made:
        one.stop()


def test_it_acts_at_the_transition(make: Make) -> None:
    at = datetime.now(UTC) + timedelta(seconds=0.4)
    due = Due(at)
    make(Steps(), due.next, due.act).start()
    wait_until(lambda: len(due.acted) >= 2)
    assert abs((due.acted[1] - at).total_seconds()) < 0.1


def test_it_acts_at_once_when_started_and_when_poked(make: Make) -> None:
    due = Due()
    made = make(Steps(), due.next, due.act)
    made.start()
    wait_until(lambda: len(due.acted) == 1, 0.5)
    made.poke()
    wait_until(lambda: len(due.acted) == 2, 0.5)


def test_it_looks_again_within_a_second_even_when_nothing_is_due(make: Make) -> None:
    due = Due()
    make(Steps(), due.next, due.act).start()
    wait_until(lambda: len(due.acted) >= 2, 1.5)


def test_many_transitions_at_once_make_one_act(make: Make) -> None:
    at = datetime.now(UTC) + timedelta(seconds=0.3)
    due = Due(*[at] * 500)
    make(Steps(), due.next, due.act).start()
    wait_until(lambda: due.acted and due.acted[-1] >= at)
    assert len(due.acted) == 2


def test_acts_never_run_at_the_same_time(make: Make) -> None:
    running, most = 0, 0

    def act() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        threading.Event().wait(0.05)
        running -= 1

    made = make(Steps(), lambda now: now + timedelta(milliseconds=5), act)
    made.start()
    for _ in range(50):
        made.poke()
        threading.Event().wait(0.005)
    assert most == 1


def test_an_error_is_told_and_the_alarm_goes_on(make: Make) -> None:
    told: list[tuple[str, str]] = []
    calls: list[int] = []

    def act() -> None:
        calls.append(1)
        raise ValueError("hỏng")

    made = make(Steps(), lambda _now: None, act, on_error=lambda name, error: told.append((name, str(error))))
    made.start()
    wait_until(lambda: len(calls) >= 1)
    made.poke()
    wait_until(lambda: len(calls) >= 2)
    assert told[0] == ("tick", "hỏng")


def test_an_error_in_the_transition_is_told_and_the_alarm_goes_on(make: Make) -> None:
    due, told = Due(), []

    def broken(_now: datetime) -> datetime | None:
        raise OSError("đĩa")

    make(Steps(), broken, due.act, on_error=lambda name, error: told.append(error)).start()
    wait_until(lambda: len(due.acted) >= 2, 2.5)
    assert told


def test_housekeeping_repeats_and_its_errors_are_told(make: Make) -> None:
    told: list[str] = []
    calls: list[int] = []

    def sweep() -> None:
        calls.append(1)
        raise ValueError

    due = Due()
    made = make(Steps(), due.next, due.act, on_error=lambda name, _error: told.append(name))
    made.every(0.05, sweep, "sweep")
    made.start()
    wait_until(lambda: len(calls) >= 3)
    assert "sweep" in told


def test_slow_housekeeping_does_not_hold_up_the_tick(make: Make) -> None:
    due, release = Due(), threading.Event()
    made = make(Steps(), due.next, due.act)
    made.every(0.02, lambda: release.wait(5) and None, "slow")  # type: ignore[arg-type, func-returns-value]
    made.start()
    threading.Event().wait(0.1)
    count = len(due.acted)
    made.poke()
    wait_until(lambda: len(due.acted) > count, 0.5)
    release.set()


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(seconds=-90), timedelta(hours=3)])
def test_a_clock_step_is_noticed_within_a_second(make: Make, monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    """APScheduler itself would wait out the old difference: its own clock is stepped here, and the machine's too."""
    shift = timedelta()

    class Stepped(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def, override]
            return datetime.now(tz) + shift

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Stepped)
    monkeypatch.setattr(alarm_module, "datetime", Stepped)
    clock, due, swept = Steps(), Due(), []
    made = make(clock, due.next, due.act)
    made.every(0.3, lambda: swept.append(1), "sweep")
    made.start()
    wait_until(lambda: due.acted and swept)
    shift = clock.shift = step
    count, before = len(due.acted), len(swept)
    wait_until(lambda: len(due.acted) > count and len(swept) > before, 2.0)


def test_it_stops_and_may_be_stopped_twice(make: Make) -> None:
    due = Due()
    made = make(Steps(), due.next, due.act)
    made.stop()
    made.start()
    made.stop()
    made.stop()
    made.poke()
    count = len(due.acted)
    threading.Event().wait(0.05)
    assert len(due.acted) == count


def test_housekeeping_may_be_asked_for_sooner_the_first_time(make: Make) -> None:
    swept: list[int] = []
    made = make(Steps(), Due().next, lambda: None)
    made.every(3600.0, lambda: swept.append(1), "sweep", first=0.05)
    made.start()
    wait_until(lambda: swept == [1], 2.0)
    made.poke()
    threading.Event().wait(0.2)
    assert swept == [1]


@pytest.mark.parametrize("step", [timedelta(minutes=10), timedelta(days=1), timedelta(days=400)])
def test_what_a_forward_step_makes_due_is_acted_upon_within_a_second(
    make: Make, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    clock = _stepping(monkeypatch)
    due = Due(datetime.now(UTC) + step - timedelta(seconds=5))
    seen: list[datetime] = []
    made = make(clock, due.next, lambda: seen.append(clock.now()))
    made.start()
    wait_until(lambda: len(seen) >= 1)
    stepped_at = time.monotonic()
    clock.shift = step
    wait_until(lambda: seen[-1] >= due.due[0], 3.0)
    assert time.monotonic() - stepped_at < LONGEST_SLEEP + 0.3


def test_a_backward_step_in_mid_wait_neither_stops_the_tick_nor_makes_it_race(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _stepping(monkeypatch)
    due = Due(datetime.now(UTC) + timedelta(hours=1))
    made = make(clock, due.next, due.act)
    made.start()
    wait_until(lambda: len(due.acted) == 1)
    for back in (timedelta(seconds=-2), timedelta(days=-1), timedelta(days=-4000)):
        clock.shift, count = back, len(due.acted)
        wait_until(lambda count=count: len(due.acted) > count, LONGEST_SLEEP + 0.5)  # type: ignore[misc]
    count = len(due.acted)
    threading.Event().wait(0.5)
    assert len(due.acted) - count <= 2


def _stepping(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Return a clock whose steps the alarm's scheduler sees too, as it does on a real machine."""
    clock = Steps()

    class Stepped(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def, override]
            return datetime.now(tz) + clock.shift

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Stepped)
    monkeypatch.setattr(alarm_module, "datetime", Stepped)
    return clock
