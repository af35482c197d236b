"""Turns: one request of a visitor at a time, and of those that wait only the newest."""

import threading

import pytest

from domain.errors import BusyError
from web.turns import OvertakenError, Turns


class Visit:
    """A request in its own thread, held until it is let go."""

    def __init__(self, turns: Turns, visitor: str = "mai") -> None:
        self.begun, self.over, self.let_go = (threading.Event() for _ in range(3))
        self.overtaken = False
        self._turns, self._visitor = turns, visitor
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            with self._turns.take(self._visitor):
                self.begun.set()
                self.let_go.wait(10)
        except OvertakenError:
            self.overtaken = True
        self.over.set()

    def end(self) -> None:
        self.let_go.set()
        self.thread.join(10)


def test_the_newest_of_what_waits_comes_next_and_the_others_are_answered_at_once() -> None:
    turns = Turns()
    first = Visit(turns)
    assert first.begun.wait(10)
    second = Visit(turns)
    while turns._newest["mai"] < 2:
        second.over.wait(0.001)
    third = Visit(turns)
    assert second.over.wait(10)
    assert second.overtaken
    assert not third.begun.is_set()
    first.end()
    assert third.begun.wait(10)
    third.end()
    with turns.take("mai"):
        pass


def test_visitors_do_not_wait_for_each_other() -> None:
    turns = Turns()
    one, other = Visit(turns), Visit(turns, "sơn")
    assert one.begun.wait(10)
    assert other.begun.wait(10)
    one.end()
    other.end()


def test_a_turn_that_does_not_come_is_told_and_a_failure_gives_it_back() -> None:
    turns = Turns(patience_seconds=0.01)
    holder = Visit(turns)
    assert holder.begun.wait(10)
    with pytest.raises(BusyError), turns.take("mai"):
        pass
    holder.end()
    with pytest.raises(ZeroDivisionError), turns.take("mai"):
        raise ZeroDivisionError
    with turns.take("mai"):
        pass
