"""The whole machine under orders: from a signed sheet, or a press at the box, to what its virtual output heard."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.airtime import QuietHours
from domain.emergencies import Pattern
from domain.emergency_set import EmergencySet, ReadyMessage
from domain.errors import BadInputError, StorageFullError
from domain.order_sheet import ClearOrder, Order, OrderSheet, SoundOrder, StopOrder
from domain.playlist import Playlist, from_ms, to_ms
from domain.timetable import LatePolicy
from player.database import Database
from player.events import EmergencyBegan, EmergencyEnded, Fault, Finished, PlaylistAccepted, Sounding
from player.local_door import call
from player.machine import MachineSettings
from player.on_air import NOTHING, Urgent
from player.standing import look
from tests import fakes_machine
from tests.commands import Here, here
from tests.fakes_player import (
    MACHINE,
    STATION,
    Centre,
    Sound,
    Steps,
    heard,
    item,
    playlist,
    slot,
    sound,
    wait_until,
)

__all__ = ["here"]

SETTINGS = MachineSettings(poll=0.1, heartbeat=0.2, sink="virtual")
CHIME, FLOOD, OVER, NOTICE, NEWS = (sound(length, seed) for seed, length in enumerate((0.2, 0.4, 0.3, 0.25, 20.0), 11))
QUICK = Pattern(2, timedelta(), timedelta(hours=1), timedelta(hours=2))
FOR_EVER = Pattern(20, timedelta(), timedelta(hours=1), timedelta(hours=2))
READY = EmergencySet(
    NOTICE.hash,
    (
        ReadyMessage("lu", "Lũ quét", FLOOD.hash, FOR_EVER, CHIME.hash, OVER.hash, local=True),
        ReadyMessage("gio", "Gió mạnh", FLOOD.hash, QUICK, CHIME.hash, OVER.hash),
    ),
)
ALL_DAY = (QuietHours(time(), time(12)), QuietHours(time(12), time()))
HELD = (CHIME, FLOOD, OVER, NOTICE)
Run = Callable[..., "Running"]


class Running(fakes_machine.Running):
    """A machine that holds the four sounds of emergencies ready."""

    def holds_all(self) -> bool:
        return self.machine._pinned.held() == (4, 4)

    def sounded(self) -> list[np.ndarray]:
        """Return what is on the files so far, each run of sound as one array."""
        self.stop()
        return [samples for _, samples in heard(self.recordings)]


@pytest.fixture
def run() -> Iterator[Run]:
    with fakes_machine.machines(SETTINGS, Running) as start:
        yield start


def now() -> datetime:
    return datetime.now(UTC)


def quiet_list(*slots, clips: tuple[Sound, ...] = HELD, **changes: object) -> Playlist:
    return playlist(slots, clips, now(), **{"emergency": READY, "quiet": ALL_DAY, **changes})


def ready(centre: Centre, run: Run, folder: Path, clock: Steps | None = None, **changes: object) -> Running:
    """Return a machine that holds what is needed for an emergency in an empty, quiet day."""
    centre.publish(quiet_list(**changes), *HELD)
    running = run(centre.enrolled(folder), clock)
    wait_until(running.holds_all)
    return running


def sheet(*orders: Order, counter: int = 1, clips: tuple[Sound, ...] = HELD, **changes: object) -> OrderSheet:
    made = OrderSheet(
        STATION, MACHINE, 1, counter, now(), now() + timedelta(hours=3), tuple(c.ref for c in clips), orders
    )
    return replace(made, **changes)


def sounding(name: str = "e1", pattern: Pattern = QUICK, **changes: object) -> SoundOrder:
    made = SoundOrder(name, now(), now() + timedelta(hours=2), name, "Lũ quét", FLOOD.hash, pattern, CHIME.hash)
    return replace(made, **changes)


def stop(*names: str, order: str = "stop-1") -> StopOrder:
    return StopOrder(order, now(), now() + timedelta(hours=2), names)


def outcome(centre: Centre, slot_key: str, position: int) -> str:
    return str(centre.airings.get(f"{MACHINE}/{slot_key}/{position}", {}).get("outcome", ""))


def expected(*parts: Sound) -> np.ndarray:
    return np.concatenate([one.samples for one in parts])


def test_an_order_sounds_chime_and_message_as_often_as_its_pattern_says_whatever_the_hour(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    brief = quiet_list(expires_at=now() + timedelta(seconds=2))
    centre.publish(brief, *HELD)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.holds_all() and now() > brief.expires_at)
    centre.order(sheet(sounding()))
    wait_until(lambda: outcome(centre, "khan-e1-2", 1) == "played", 15)
    assert [outcome(centre, f"khan-e1-{turn}", part) for turn in (1, 2) for part in (0, 1)] == ["played"] * 4
    wait_until(lambda: centre.alerts.get("e1", {}).get("heard") == 2)
    first, *rest = running.sounded()
    both = np.concatenate([first, *rest])
    assert np.array_equal(both[both != 0][: len(CHIME.samples) + len(FLOOD.samples)], expected(CHIME, FLOOD))


def test_the_status_page_tells_of_a_drill_that_goes_on_and_no_more_once_it_is_over(
    centre: Centre, run: Run, here: Here, tmp_path: Path
) -> None:
    centre.publish(quiet_list(quiet=()), *HELD)
    running = run(centre.enrolled(tmp_path))
    wait_until(running.holds_all)
    assert look(tmp_path, now()).on_air == NOTHING
    call(tmp_path, {"do": "start", "what": "lu", "drill": True})

    def told() -> tuple[Urgent, ...]:
        return look(tmp_path, now()).on_air.urgent

    wait_until(lambda: told() and told()[0].heard)
    page = here("machine", "status", "--dir", str(tmp_path)).out
    assert re.search(
        r"⚠ DIỄN TẬP \(bấm tại máy\): Lũ quét, từ [\d:]+, đã phát \d+ lần(, lần sau lúc [\d:]+)?, tự dừng lúc", page
    )
    (document,) = json.loads(here("machine", "status", "--json", "--dir", str(tmp_path)).out)["on_air"]
    assert (document["kind"], document["title"], document["local"]) == ("drill", "Lũ quét", True)
    (alert,) = running.machine.emergencies.alerts
    for name, instant in (("began", alert.began), ("until", alert.until)):
        assert datetime.fromisoformat(document[name]) == from_ms(to_ms(instant))
    call(tmp_path, {"do": "stop"})
    wait_until(lambda: not told())
    running.machine.stop()
    assert "DIỄN TẬP" not in here("machine", "status", "--dir", str(tmp_path)).out


def test_a_stop_silences_a_message_in_its_middle_and_no_repeat_follows(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    centre.order(sheet(sounding(message=NEWS.hash), clips=(*HELD, NEWS)), NEWS)
    wait_until(lambda: centre.airings.get(f"{MACHINE}/khan-e1-1/1", {}).get("started"))
    centre.order(sheet(stop("e1"), counter=2))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "cut")
    assert centre.airings[f"{MACHINE}/khan-e1-1/1"]["reason"] == "Đã có lệnh DỪNG"
    wait_until(lambda: centre.alerts.get("e1", {}).get("ended") == "Đã có lệnh DỪNG")
    assert f"{MACHINE}/khan-e1-2/0" not in centre.airings
    assert sum(map(len, running.sounded())) < len(NEWS.samples)


def test_the_all_clear_ends_an_emergency_and_sounds_once_and_only_where_the_alarm_was_heard(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    centre.order(sheet(sounding(pattern=FOR_EVER)))
    wait_until(lambda: outcome(centre, "khan-e1-1", 0) == "played")
    hours = timedelta(hours=1)
    clears = [ClearOrder(f"yen-{name}", now(), now() + hours, name, "Lũ quét", OVER.hash) for name in ("e1", "e9")]
    centre.order(sheet(*clears, counter=2))
    wait_until(lambda: outcome(centre, "yen-yen-e1-1", 0) == "played")
    wait_until(lambda: bool(centre.alerts.get("yen-e1", {}).get("ended")))
    assert centre.alerts["e1"]["ended"] == "Đã báo yên"
    assert centre.airings[f"{MACHINE}/yen-yen-e1-1/0"]["title"] == "Báo yên: Lũ quét"
    assert not [key for key in centre.airings if "yen-e9" in key]
    last = np.concatenate(running.sounded())
    assert np.array_equal(last[last != 0][-len(OVER.samples) :], OVER.samples)


def test_a_session_that_an_emergency_interrupts_goes_on_by_its_late_policy(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    news = slot("a", now() + timedelta(seconds=1.0), item(NEWS), late_policy=LatePolicy.JOIN)
    centre.publish(quiet_list(news, clips=(*HELD, NEWS), quiet=()), *HELD, NEWS)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.holds_all() and outcome(centre, "a", 0) == "playing")
    centre.order(sheet(sounding(pattern=replace(QUICK, times=1))))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    wait_until(lambda: bool(running.machine._engine.played(f"{MACHINE}/a/0")))
    assert outcome(centre, "a", 0) == "playing"


def test_nothing_begins_anew_in_the_gaps_between_the_repeats_of_an_alarm(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    news = slot("a", now() + timedelta(seconds=1.5), item(NEWS))
    centre.publish(quiet_list(news, clips=(*HELD, NEWS), quiet=()), *HELD, NEWS)
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.holds_all() and bool(running.machine._engine.played(f"{MACHINE}/a/0")))
    centre.order(sheet(sounding(pattern=Pattern(3, timedelta(seconds=2), timedelta(), timedelta(hours=2)))))

    def sounded() -> list[str]:
        return [one.title for one in running.events if isinstance(one, Sounding)]

    wait_until(lambda: sounded().count("Bản tin") == 2, 20)
    assert sounded() == ["Bản tin", *["Hiệu báo động", "Lũ quét"] * 3, "Bản tin"]


def test_a_drill_says_before_and_after_that_it_is_one_and_a_real_emergency_ends_it(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    ready(centre, run, tmp_path, quiet=())
    drill = sounding("d1", replace(FOR_EVER, times=1), drill=True, notice=NOTICE.hash)
    centre.order(sheet(drill))
    wait_until(lambda: outcome(centre, "khan-d1-1", 3) == "played")
    titles = [centre.airings[f"{MACHINE}/khan-d1-1/{part}"]["title"] for part in range(4)]
    assert titles[0] == titles[3] == "Thông báo: đây là diễn tập"
    assert titles[2] == "Diễn tập: Lũ quét"
    centre.order(sheet(drill, sounding("e1"), counter=2))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    wait_until(lambda: "tình huống thật" in centre.alerts["d1"]["ended"])


def test_a_drill_wakes_nobody_in_quiet_hours(centre: Centre, run: Run, tmp_path: Path) -> None:
    ready(centre, run, tmp_path)
    centre.order(sheet(sounding("d1", drill=True, notice=NOTICE.hash), sounding("e1")))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    wait_until(lambda: "d1" in centre.alerts and centre.alerts["d1"]["ended"])
    assert not any("khan-d1" in key and one["rendered"] for key, one in centre.airings.items())


def test_an_emergency_goes_on_after_a_restart_without_the_centre_and_a_stopped_one_does_not(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    centre.order(sheet(sounding("e1", FOR_EVER), sounding("e2", FOR_EVER), stop("e2")))
    wait_until(lambda: centre.alerts.get("e1", {}).get("heard", 0) >= 1 and "e2" in centre.alerts)
    running.machine.stop()
    before = centre.alerts["e1"]["heard"]
    centre.stop()
    again = run(tmp_path)
    alerts = again.machine.emergencies
    wait_until(lambda: any(one.id == "e1" and one.running and one.heard > before for one in alerts.alerts))
    assert not [one for one in alerts.alerts if one.id == "e2" and one.running]
    journal = again.machine.journal
    wait_until(lambda: any("khan-e1-" in key and known.started for key, known in journal.known().items()))


def test_an_emergency_sounds_by_a_clock_that_woke_in_the_past_and_goes_on_when_it_is_set(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    clock = Steps()
    clock.shift = timedelta(days=-365 * 56)
    centre.clock_ahead_ms = 0
    running = ready(centre, run, tmp_path, clock=clock)
    centre.order(sheet(sounding("e1", FOR_EVER)))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    clock.shift = timedelta()
    heard_before = running.machine.emergencies.alerts[0].heard
    wait_until(lambda: running.machine.emergencies.alerts[0].heard > heard_before)
    assert running.machine.emergencies.alerts[0].running


def test_a_box_that_wakes_with_a_wrong_clock_obeys_by_the_time_that_the_centre_signs(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    centre.clock_key = Ed25519PrivateKey.generate()
    clock_key = centre.clock_key.public_key().public_bytes_raw().hex()
    centre.publish(quiet_list(clock_key=clock_key, issued_at=now() - timedelta(hours=12)), *HELD)
    first = run(centre.enrolled(tmp_path))
    wait_until(first.holds_all)
    first.machine.stop()
    ahead, behind = Steps(), Steps()
    ahead.shift, behind.shift = timedelta(hours=7), timedelta(hours=-11)
    over = sounding("e0", issued_at=now() - timedelta(hours=10), expires_at=now() - timedelta(hours=8))
    centre.order(sheet(over, issued_at=now() - timedelta(hours=10), expires_at=now() + timedelta(hours=14)))
    late = run(tmp_path, behind)
    wait_until(lambda: outcome(centre, "khan-e0-0", 0) == "missed")
    late.machine.stop()
    assert not heard(late.recordings)
    centre.order(sheet(sounding("e1"), counter=2))
    early = run(tmp_path, ahead)
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    assert not [
        one for one in early.events if isinstance(one, EmergencyEnded) and one.reason == "Đã hết thời gian phát khẩn"
    ]


def test_an_alarm_that_a_clock_hours_ahead_took_for_over_goes_on_once_that_is_set_right(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    centre.publish(quiet_list(), *HELD)
    first = run(centre.enrolled(tmp_path))
    wait_until(first.holds_all)
    centre.order(sheet(sounding("e1", FOR_EVER)))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    first.machine.stop()
    clock = Steps()
    clock.shift = timedelta(hours=7)
    centre.order(
        sheet(sounding("e1", FOR_EVER), sounding("e2", FOR_EVER), counter=2, expires_at=now() + timedelta(hours=23))
    )
    second = run(tmp_path, clock)
    journal = second.machine.journal
    wait_until(lambda: (entry := journal.entry(f"{MACHINE}/khan-e2-0/0")) and entry.outcome == "missed")
    assert [one["id"] for one in call(tmp_path, {"do": "list"})["running"]] == []
    clock.shift = timedelta()
    wait_until(lambda: {one["id"] for one in call(tmp_path, {"do": "list"})["running"]} == {"e1", "e2"})
    for key in ("khan-e1-2", "khan-e2-1"):
        wait_until(lambda key=key: outcome(centre, key, 1) == "played")


def test_a_drill_does_not_begin_while_something_real_sounds(centre: Centre, run: Run, tmp_path: Path) -> None:
    ready(centre, run, tmp_path, quiet=())
    centre.order(sheet(sounding("e1", FOR_EVER)))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
    with pytest.raises(BadInputError, match="phát khẩn thật"):
        call(tmp_path, {"do": "start", "what": "lu", "drill": True})
    centre.order(sheet(sounding("e1", FOR_EVER), sounding("d1", drill=True, notice=NOTICE.hash), counter=2))
    wait_until(lambda: outcome(centre, "khan-d1-0", 0) == "missed")
    assert [one["id"] for one in call(tmp_path, {"do": "list"})["running"]] == ["e1"]


def test_an_alarm_from_the_button_goes_on_when_its_message_leaves_the_playlist(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    name = call(tmp_path, {"do": "start", "what": "lu"})["emergency"]
    wait_until(lambda: outcome(centre, f"khan-{name}-1", 1) == "played")
    centre.publish(quiet_list(counter=2, emergency=EmergencySet(), clips=()))
    wait_until(lambda: PlaylistAccepted(2, 0) in running.events)
    wait_until(lambda: outcome(centre, f"khan-{name}-3", 1) == "played")
    rows = {key: row["outcome"] for key, row in centre.airings.items() if f"khan-{name}" in key}
    assert "cut" not in rows.values()


def test_a_missing_chime_does_not_hold_the_message_up(centre: Centre, run: Run, tmp_path: Path) -> None:
    centre.publish(quiet_list(), *HELD)
    del centre.files[CHIME.hash]
    running = run(centre.enrolled(tmp_path))
    wait_until(lambda: running.machine._pinned.held() == (3, 4))
    order = sheet(sounding(pattern=replace(QUICK, times=1)))
    centre.order(order)
    wait_until(lambda: outcome(centre, "khan-e1-1", 0) == "played")
    [samples] = running.sounded()
    assert np.array_equal(samples, FLOOD.samples)


def test_a_clip_that_is_not_in_the_set_is_fetched_for_the_order_that_names_it(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = run(centre.enrolled(tmp_path))  # and no playlist was ever accepted
    extra = sound(0.3, 40)
    centre.order(
        sheet(sounding(message=extra.hash, chime=None, pattern=replace(QUICK, times=1)), clips=(extra,)), extra
    )
    wait_until(lambda: outcome(centre, "khan-e1-1", 0) == "played")
    assert [one for one in running.events if isinstance(one, EmergencyBegan)]


def test_a_replayed_sheet_is_refused_and_what_was_obeyed_is_not_obeyed_again(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    centre.order(sheet(sounding("e1", replace(QUICK, times=1, every=timedelta()))))
    first = centre.orders
    wait_until(lambda: bool(centre.alerts.get("e1", {}).get("ended")))
    centre.order(sheet(sounding("e1"), counter=2))  # the same order in a newer sheet
    wait_until(lambda: running.machine.emergencies.book._held == (1, 2))
    centre.orders = first
    wait_until(lambda: any(isinstance(one, Fault) and "phát lại" in one.sentence for one in running.events))
    assert len([one for one in running.events if isinstance(one, EmergencyBegan)]) == 1


def test_people_at_the_machine_start_stop_and_clear_what_the_signed_set_lets_them_with_the_centre_down(
    centre: Centre, run: Run, tmp_path: Path
) -> None:
    running = ready(centre, run, tmp_path)
    centre.stop()
    journal = running.machine.journal
    with pytest.raises(BadInputError, match="không được phép"):
        call(tmp_path, {"do": "start", "what": "gio"})
    name = call(tmp_path, {"do": "start", "what": "lũ quét"})["emergency"]
    wait_until(lambda: (entry := journal.entry(f"{MACHINE}/khan-{name}-1/1")) and entry.outcome == "played")
    assert call(tmp_path, {"do": "start", "what": "lu"})["emergency"] == name
    assert call(tmp_path, {"do": "start", "what": "LU QUET"})["emergency"] == name
    assert [one["id"] for one in call(tmp_path, {"do": "list"})["running"]] == [name]
    assert call(tmp_path, {"do": "all-clear"})["emergency"] == name
    cleared = f"{MACHINE}/yen-"
    wait_until(lambda: any(key.startswith(cleared) and known.started for key, known in journal.known().items()))
    wait_until(lambda: not call(tmp_path, {"do": "list"})["running"])


def test_an_emergency_sounds_and_stops_while_the_disk_takes_nothing(
    centre: Centre, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = ready(centre, run, tmp_path)

    @contextmanager
    def full(_self: Database) -> Iterator[None]:
        raise StorageFullError("Ổ đĩa của máy phát đã đầy.")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", full)
        centre.order(sheet(sounding("e1", FOR_EVER)))
        wait_until(lambda: any(isinstance(one, Finished) and one.title == "Lũ quét" for one in running.events))
        centre.order(sheet(stop("e1"), counter=2))
        wait_until(lambda: any(isinstance(one, EmergencyEnded) for one in running.events))
    wait_until(lambda: outcome(centre, "khan-e1-1", 1) == "played")
