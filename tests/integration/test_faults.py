"""Each fault that a machine has to bear, brought about on a real machine process and judged by what was heard.

All are played at the same time, since a machine mostly waits; what is random has its seed in the scene. `make soak` has
more of the random ones, and `python -m benchmarks.faults` tells the figures.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fakes import need_tool
from tests.faults.disks import can_mount
from tests.faults.scenes import SCENES, play
from tests.faults.shim import can_shift
from tests.faults.verdict import Outcome

_AT_ONCE = 8
_STAGGER_S = 0.4
_LEFT_TO_THE_BENCH = {"server_failing", "clock_plus_2_h_and_back_alone"}
_MAY_CUT_ONE = {"kill_9", "power_cut", "sink_blocks", "sink_vanishes"}
"""Faults that strike in the middle of an item, which then may be told to be cut: near its end it is not begun again."""
_LONGEST_FIRST = ("kill_9", "stalled_download", "link_down_three_days", "power_cut", "boot_in_1970_alone")
_PLAYED = (*_LONGEST_FIRST, *(name for name in SCENES if name not in {*_LONGEST_FIRST, *_LEFT_TO_THE_BENCH}))


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Future[Outcome]]]:
    need_tool(can_shift(), "gcc, to step the clock of a process")
    able = can_mount()
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def staggered(number: int, name: str) -> Outcome:
            time.sleep(number * _STAGGER_S if number < _AT_ONCE else 0)  # not all processes start in one second
            return play(name)

        wanted = [name for name in _PLAYED if able or not SCENES[name].mounts]
        yield {name: pool.submit(staggered, number, name) for number, name in enumerate(wanted)}


@pytest.mark.parametrize("name", _PLAYED)
def test_every_session_is_heard_once_and_accounted_for_through(name: str, outcomes: dict[str, Future[Outcome]]) -> None:
    need_tool(name in outcomes, "root, to mount disks that fail")
    outcome = outcomes[name].result()
    assert outcome.broken == ()
    assert outcome.heard >= outcome.of - (name in _MAY_CUT_ONE)
