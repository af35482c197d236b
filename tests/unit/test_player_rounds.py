"""Rounds: again and again, whatever happens, and at once when nudged."""

import threading
from collections.abc import Callable, Iterator

import pytest

from domain.errors import ServerUnreachableError
from player.rounds import Rounds, jitter_of
from tests.fakes_player import wait_until


class Step:
    """A step that counts itself and fails as it is told."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.count += 1
        if self.error:
            raise self.error


@pytest.fixture
def make() -> Iterator[Callable[[Step, float], tuple[Rounds, list[str]]]]:
    made: list[Rounds] = []

    def start(step: Step, interval: float) -> tuple[Rounds, list[str]]:
        told: list[str] = []
        made.append(Rounds("test", step, interval, 0.5, told.append))
        made[-1].start()
        return made[-1], told

    yield start
    for one in made:
        one.stop()


Make = Callable[[Step, float], tuple[Rounds, list[str]]]


def test_it_goes_on_for_ever(make: Make) -> None:
    step = Step()
    make(step, 0.01)
    wait_until(lambda: step.count >= 5)


def test_a_nudge_does_not_wait_for_the_interval(make: Make) -> None:
    step = Step()
    rounds, _ = make(step, 3600)
    wait_until(lambda: step.count == 1)
    rounds.nudge()
    wait_until(lambda: step.count == 2)


@pytest.mark.parametrize("error", [ServerUnreachableError("Mất mạng."), ValueError("lạ"), KeyError("lạ")])
def test_no_error_ends_it_and_each_is_told(make: Make, error: Exception) -> None:
    step = Step()
    step.error = error
    rounds, told = make(step, 0.01)
    wait_until(lambda: step.count >= 2)
    step.error = None
    rounds.nudge()
    wait_until(lambda: told[-1] == "")
    assert "Mất mạng." in told[0] or "lạ" in told[0]


def test_failures_make_it_slower_and_a_success_quick_again() -> None:
    step = Step()
    rounds = Rounds("test", step, 5.0, 0.5, lambda _sentence: None)
    pauses = []
    step.error = ServerUnreachableError("x")
    for _ in range(6):
        rounds._go()
        pauses.append(rounds._pause())
    assert pauses == [10.0, 20.0, 30.0, 30.0, 30.0, 30.0]
    step.error = None
    rounds._go()
    assert rounds._pause() == 5.0


def test_jitter_is_the_same_for_a_machine_and_spread_over_many() -> None:
    assert jitter_of("may-1") == jitter_of("may-1")
    spread = sorted(jitter_of(f"may-{number}") for number in range(1000))
    assert spread[0] < 0.02
    assert 0.45 < spread[500] < 0.55
    assert spread[-1] > 0.98


def test_stopping_does_not_wait_for_ever_for_a_step_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.rounds._STOP_TIMEOUT_S", 0.05)
    release = threading.Event()
    rounds = Rounds("test", lambda: release.wait(5) and None, 1.0, 0.5, lambda _sentence: None)  # type: ignore[func-returns-value]
    rounds.start()
    rounds.stop()
    assert rounds.stopping
    release.set()


def test_many_that_hang_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.rounds._STOP_TIMEOUT_S", 0.2)
    release = threading.Event()
    many = [Rounds("test", lambda: release.wait(30) and None, 1.0, 0.5, lambda _told: None) for _ in range(10)]  # type: ignore[func-returns-value]
    waited: list[float] = []
    join = threading.Thread.join

    def noted(thread: threading.Thread, timeout: float | None = None) -> None:
        waited.append(timeout or 0.0)
        join(thread, timeout)

    for one in many:
        one.start()
    monkeypatch.setattr(threading.Thread, "join", noted)
    for one in many:
        one.leave_off()
    for one in many:
        one.stop()
    release.set()
    assert sum(waited) < 3 * 0.2
