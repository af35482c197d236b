"""Faults of the clock: it is stepped while the machine runs, or wrong from the start."""

import time
from datetime import UTC, datetime, timedelta

from domain.timetable import Priority
from tests.faults.rig import Rig, wait_for
from tests.faults.verdict import Hopes, Outcome, judge

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stepped(rig: Rig, step: timedelta) -> Outcome:
    """The system's clock is stepped between two sessions; the centre's signed time says that it is wrong."""
    rig.line_up(7, first=6)
    rig.publish()
    rig.start()
    rig.child.until("Finished", 2)
    rig.clock.step_to(step)
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(told=("Đồng hồ hệ điều hành lệch",)))


def stepped_and_back(rig: Rig, step: timedelta) -> Outcome:
    """The centre is gone when the clock is stepped, and soon set right: nothing is heard twice or at a wrong time."""
    rig.line_up(7, first=6)
    rig.publish()
    rig.start()
    rig.synced()
    wait_for(lambda: rig.centre.times_told, 15, "the signed time")
    rig.centre.stop()
    rig.child.until("Finished", 2)
    rig.clock.step_to(step)
    rig.child.until("Finished", 4)
    rig.clock.step_to(timedelta())
    rig.child.until("Finished", 7)
    rig.centre.start()
    rig.until_settled()
    rig.end()
    return judge(rig)


def boot_in_1970(rig: Rig) -> Outcome:
    """A box without a clock of its own boots in 1970: it goes by the time that the centre signs."""
    rig.line_up(6, first=6)
    rig.publish()
    rig.clock.step_to(EPOCH + timedelta(minutes=5) - datetime.now(UTC))
    rig.start()
    rig.until_settled()
    rig.end()
    return judge(rig, Hopes(told=("Đồng hồ hệ điều hành lệch",)))


def boot_in_1970_alone(rig: Rig) -> Outcome:
    """The same with no centre: an emergency sounds, all else is held until NTP sets the clock, and then sounds."""
    rig.line_up(3, first=10)
    urgent = rig.plan(rig.now(), priority=Priority.EMERGENCY)
    rig.stock(first=12, signed_late=True)
    rig.centre.stop()
    right = rig.clock.shift
    rig.clock.step_to(EPOCH + timedelta(minutes=5) - datetime.now(UTC))
    rig.start()
    rig.child.until("Finished", 1)
    wait_for(lambda: time.time() > rig.slots[0].starts_at.timestamp() - 2, 20, "the time of the others")
    early = len(rig.child.told("Sounding"))
    rig.clock.step_to(right)
    rig.child.until("Finished", 4)
    rig.centre.start()
    rig.until_settled()
    rig.end()
    found = judge(rig, Hopes(early=14))
    first = rig.runs[1].told("Sounding")[0]["title"]
    wrong = () if (early, first) == (1, urgent) else (f"{early} sessions were started by an untrusted clock",)
    return Outcome(found.heard, found.of, (*found.broken, *wrong))


def three_days_alone(rig: Rig, days: int = 3) -> Outcome:
    """The line is down for three days; nights and noons are stepped over, the order of what sounds stays.

    In the machine's time: two sessions a day, twelve hours apart. Each is told to the centre once the line is back.
    """
    begin = rig.now() + timedelta(seconds=7)
    for half in range(2 * days):
        rig.plan(begin + timedelta(hours=12 * half))
    rig.stock(first=8)
    rig.centre.stop()
    rig.start()
    for number, one in enumerate(rig.slots):
        if number:
            rig.clock.step_to(one.starts_at - datetime.now(UTC) - timedelta(seconds=2.5))
        rig.child.until("Finished", number + 1)
    rig.centre.clock_ahead_ms = round(rig.clock.shift.total_seconds() * 1000)
    rig.centre.start()
    rig.until_settled()
    rig.end()
    late = [event["say"] for event in rig.child.told("Sounding") if abs(_late_s(event)) > 1]
    found = judge(rig, Hopes(stepped=True))
    return Outcome(found.heard, found.of, (*found.broken, *late))


def fifteen_days_alone(rig: Rig) -> Outcome:
    """The line is down for fifteen days: what was signed for fourteen is over, so it falls silent and says why."""
    begin = rig.now() + timedelta(seconds=7)
    early = rig.plan(begin)
    late = rig.plan(begin + timedelta(days=14, hours=1))
    rig.stock(first=8)
    rig.centre.stop()
    rig.start()
    rig.child.until("Finished", 1)
    rig.clock.step_to(rig.slots[1].starts_at - datetime.now(UTC) - timedelta(seconds=3))
    rig.child.until("Missed", 1)
    wait_for(lambda: any("hết hạn" in event["sentence"] for event in rig.child.told("Fault")), 15, "an alarm")
    rig.centre.clock_ahead_ms = round(rig.clock.shift.total_seconds() * 1000)
    rig.centre.start()
    rig.until_settled(keys={early, late})
    wait_for(lambda: rig.centre.told("hết hạn"), 15, "word of what is over")
    rig.end()
    return judge(rig, Hopes(silent=frozenset({late}), stepped=True, told=("hết hạn",)))


def _late_s(event: dict[str, str]) -> float:
    return (datetime.fromisoformat(event["at"]) - datetime.fromisoformat(event["planned"])).total_seconds()
