"""The alarm clock of the worker and of the machine: one APScheduler job that fires at the next transition.

APScheduler is only the clock here, never the timetable: a single job with a custom trigger on a memory job
store, and housekeeping jobs declared in code. It waits by the wall clock, so every sleep is clamped and a job
that a backward clock step has left in the far future is drawn in again.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from domain.ports import Clock

LONGEST_SLEEP = 1.0
"""Seconds; a stepped clock is noticed no later than this."""
_SOONEST = 0.001
_TICK = "tick"
_LATE_AND_COALESCED = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}

OnError = Callable[[str, Exception], None]
"""Called with (name of the job, what it raised)."""


class Alarm:
    """Calls `act` at each transition, at least once a second, and at once when poked; never twice at a time.

    `next_transition` is asked, with the time of `clock`, for the next instant at which something is due, or
    None; `act` looks at the whole state, so that calling it once too often does nothing. What either raises goes
    to `on_error` (called from the alarm's thread) and never ends the alarm. `stop` must not be called from `act`.
    """

    def __init__(
        self,
        clock: Clock,
        next_transition: Callable[[datetime], datetime | None],
        act: Callable[[], None],
        on_error: OnError | None = None,
    ) -> None:
        self._clock = clock
        self._next_transition = next_transition
        self._act = act
        self._on_error = on_error or _log_error
        self._poked = threading.Event()
        self._scheduler = _ClampedScheduler(
            timezone=UTC,
            jobstores={"default": _SteadyStore(self._poked)},
            executors={"default": ThreadPoolExecutor(2), "inline": DebugExecutor()},
            job_defaults=_LATE_AND_COALESCED,
        )
        # Inline: the trigger is asked for the next transition only after `act` has seen to this one.
        self._add(_TICK, self._tick, _NextTransition(self._delay), "inline")

    def every(self, seconds: float, fn: Callable[[], object], name: str, first: float | None = None) -> None:
        """Call the housekeeping job `fn` each `seconds`, first after `first` (or `seconds`), in a thread of its own."""
        trigger = _Every(seconds, seconds if first is None else first)
        self._add(name, lambda: self._guard(name, fn), trigger, "default")

    def start(self) -> None:
        """Start the alarm's thread; `act` is called at once."""
        logging.getLogger("apscheduler.executors").setLevel(logging.WARNING)  # one line a second otherwise
        self._scheduler.start()
        self.poke()

    def poke(self) -> None:
        """Wake the alarm at once, from any thread; never waits."""
        self._poked.set()
        if self._scheduler.running:
            self._scheduler.wakeup()

    def stop(self) -> None:
        """End the alarm after the act that is running; does nothing when it is not running."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _add(self, name: str, fn: Callable[[], None], trigger: BaseTrigger, executor: str) -> None:
        self._scheduler.add_job(fn, trigger, id=name, name=name, executor=executor, replace_existing=True)

    def _tick(self) -> None:
        self._guard(_TICK, self._act)

    def _delay(self) -> float:
        try:
            now = self._clock.now()
            due = self._next_transition(now)
        except Exception as error:  # noqa: BLE001 - the alarm outlives whatever it wakes
            self._on_error(_TICK, error)
            return LONGEST_SLEEP
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - now).total_seconds(), _SOONEST), LONGEST_SLEEP)

    def _guard(self, name: str, fn: Callable[[], object]) -> None:
        try:
            fn()
        except Exception as error:  # noqa: BLE001 - the alarm outlives whatever it wakes
            self._on_error(name, error)


class _NextTransition(BaseTrigger):  # type: ignore[misc]
    """Fires after the delay that `delay` tells in seconds; reads the clock itself, since `now` may be stale."""

    def __init__(self, delay: Callable[[], float]) -> None:
        self.delay = delay
        self.furthest = LONGEST_SLEEP

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        # Never at or before `now`: APScheduler would loop for ever over the run times in between.
        return max(datetime.now(UTC) + timedelta(seconds=self.delay()), now + timedelta(seconds=_SOONEST))


class _Every(BaseTrigger):  # type: ignore[misc]
    """Fires `furthest` seconds after it was last asked, whatever the clock did meanwhile; once `first` of all."""

    def __init__(self, seconds: float, first: float) -> None:
        self.furthest = seconds
        self.first = first

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(seconds=self.first if previous is None else self.furthest)


class _SteadyStore(MemoryJobStore):  # type: ignore[misc]
    """A memory job store in which no job lies further ahead than its own interval, and a poke makes the tick due."""

    def __init__(self, poked: threading.Event) -> None:
        super().__init__()
        self._poked = poked

    def get_due_jobs(self, now: datetime) -> list[Any]:
        poked = self._poked.is_set()
        self._poked.clear()
        for job in self.get_all_jobs():
            latest = now + timedelta(seconds=job.trigger.furthest)
            # A tick that lies too far ahead means that the clock was set back: it is looked at again at once.
            is_tick = job.id == _TICK
            if job.next_run_time > latest or (poked and is_tick and job.next_run_time > now):
                job._modify(next_run_time=now if is_tick else latest)
                self.update_job(job)
        due: list[Any] = super().get_due_jobs(now)
        return due


class _ClampedScheduler(BackgroundScheduler):  # type: ignore[misc]
    """A background scheduler that never sleeps longer than LONGEST_SLEEP, even when the clock steps as it reckons."""

    def _process_jobs(self) -> float:
        wait: float | None = super()._process_jobs()
        return LONGEST_SLEEP if wait is None else min(wait, LONGEST_SLEEP)


def _log_error(name: str, error: Exception) -> None:
    logging.getLogger(__name__).error("alarm job %r failed", name, exc_info=error)
