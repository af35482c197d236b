"""Emergencies: a second person's yes to the first sample, STOP to silence, and an order believed to its first sample.

The first two run through the real processes over loopback (desk, database, signing worker, server, machine), without a
broker; times are those of the first and last sample by the virtual device's clock, as the machine reports them. The
third is one machine in this process with a routine session sounding, which the order interrupts.
"""

import json
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from town import Town, tone, town, wait_for

from audio_library.codec import encode_flac
from domain.audio import Clip, ClipKind, Loudness
from domain.emergencies import Pattern
from domain.emergency_set import EmergencySet, ReadyMessage
from domain.order_sheet import OrderSheet, SoundOrder, StopOrder, sheet_document
from domain.playlist import to_ms
from domain.timetable import LatePolicy
from player.cabinet import read_identity
from player.events import MachineEvent, Sounding
from player.machine import Machine, MachineSettings
from scheduler.emergency_desk import Ask
from scheduler.message_desk import Proposal
from store import airings, bulletins, clips, machines
from tests.fakes_player import MACHINE, STATION, Centre, item, playlist, sealed, slot, sound, wait_until
from tiengloa.example import load as example

TIMES = 30
_PATTERN = Pattern(1, timedelta(seconds=10), timedelta(minutes=30), timedelta(hours=1))


def main() -> None:
    """Print the three rows, then one line of JSON."""
    found = {}
    yes, stops = _through_the_processes()
    found["yes_to_sound"], found["stop_to_silence"] = _told("yes to sound", yes), _told("stop to silence", stops)
    found["order_to_first_sample"] = _told("order to first sample", _on_the_machine())
    print(json.dumps(found))


def _told(name: str, row: list[float]) -> dict[str, float]:
    """Print a row as soon as it is there, and return it."""
    figures = _figures(row)
    told = ", ".join(f"{which} {value:g}" for which, value in figures.items())
    print(f"{name:<22} {told}", flush=True)
    return figures


def _figures(row: list[float]) -> dict[str, float]:
    ordered = sorted(row)
    place = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    return {
        "n": len(ordered),
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[place], 1),
        "p99_ms": round(ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))], 1),
        "max_ms": round(ordered[-1], 1),
    }


def _through_the_processes() -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder, town(Path(folder)) as place:
        machine = place.start_all()
        message_id = _message(place)
        machine_id = read_identity(machine)[0].machine_id
        _await_ready(place, machine_id)
        yes, stops = [], []
        for _ in range(TIMES):
            started, stopped = _once(place, message_id, machine_id)
            yes.append(started)
            stops.append(stopped)
        return yes, stops


def _message(place: Town) -> str:
    """Put a message of a minute into the station, as two people would; return its id."""
    editor, approver = place.person(example.EDITOR_LOGIN), place.person(example.APPROVER_LOGIN)
    bulletin_id = place.approve("Lũ quét", "Lũ quét.")
    place.await_clip(bulletin_id)
    samples = tone(660, 60)
    data = encode_flac(samples.tobytes())
    clip = Clip(
        place.centre.blobs.put(data),
        len(data),
        "audio/flac",
        timedelta(seconds=60),
        Loudness(-16, -3, 1),
        ClipKind.BULLETIN,
        "Lũ quét",
        datetime.now(UTC),
    )
    with place.centre.database.write() as connection:
        clips.put(connection, clip)
        bulletins.attach_clip(connection, bulletin_id, 1, clip.hash)
    desk = place.centre.services.messages
    proposal = Proposal("Lũ quét", bulletin_id, "", chime=False, pattern=_PATTERN, local=True)
    message = desk.propose(editor, proposal)
    desk.agree(approver, message.id)
    return message.id


def _await_ready(place: Town, machine_id: str) -> None:
    def ready() -> bool | None:
        with place.centre.database.read() as connection:
            beat = machines.get(connection, machine_id).heartbeat
        return (
            beat is not None and bool(beat.emergency_needed) and beat.emergency_held == beat.emergency_needed
        ) or None

    wait_for(ready, 120, "the machine to hold the emergency set")


def _once(place: Town, message_id: str, machine_id: str) -> tuple[float, float]:
    desk = place.centre.services.emergencies
    editor, approver = place.person(example.EDITOR_LOGIN), place.person(example.APPROVER_LOGIN)
    one = desk.ask(editor, Ask(message_id, "", frozenset({"lai-chau"}), frozenset(), drill=False))
    yes_at = to_ms(datetime.now(UTC))
    desk.confirm(approver, one.id)
    key = f"{machine_id}/khan-{one.id}-1/0"
    started = wait_for(lambda: _airing(place, machine_id, key, "started_at"), 20, f"the sound; {place.log('machine')}")
    time.sleep(0.5)  # a listener hears it for a moment
    stop_at = to_ms(datetime.now(UTC))
    desk.stop(editor, one.id)
    ended = wait_for(lambda: _airing(place, machine_id, key, "ended_at"), 20, f"the silence; {place.log('machine')}")
    return to_ms(started) - yes_at, to_ms(ended) - stop_at


def _airing(place: Town, machine_id: str, key: str, what: str) -> datetime | None:
    now = datetime.now(UTC)
    with place.centre.database.read() as connection:
        found = airings.between(connection, now - timedelta(minutes=5), now + timedelta(minutes=5), machine_id)
    return next((getattr(one, what) for one in found if one.key == key), None)


def _on_the_machine() -> list[float]:
    centre, events, came = Centre(), [], threading.Event()
    message, bed, now = sound(3.0, 5), sound(600.0, 6), datetime.now(UTC)
    ready = EmergencySet(None, (ReadyMessage("lu", "Lũ quét", message.hash, _PATTERN),))
    with tempfile.TemporaryDirectory() as folder:
        # It joins: what catches up does so once, not after each of many alarms.
        session = slot("a", now + timedelta(seconds=3), item(bed), late_policy=LatePolicy.JOIN)
        centre.publish(playlist([session], [message, bed], now, emergency=ready), message, bed)

        def tell(event: MachineEvent) -> None:
            if isinstance(event, Sounding) and event.title == "Lũ quét":
                events.append(event)
                came.set()

        machine = Machine(centre.enrolled(Path(folder)), MachineSettings(poll=30, sink="virtual"), tell)
        machine.start()
        try:
            wait_until(lambda: machine._pinned.held() == (1, 1), 20)
            wait_until(lambda: machine._engine.played(f"{MACHINE}/a/0"), 20)
            return [_order(machine, centre, number, (events, came)) for number in range(TIMES)]
        finally:
            machine.stop()
            centre.stop()


def _order(machine: Machine, centre: Centre, number: int, heard: tuple[list[Sounding], threading.Event]) -> float:
    events, came = heard
    now, until = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    ref = machine.emergencies.needed[0]
    sounding = SoundOrder(f"e{number}", now, until, f"e{number}", "Lũ quét", ref.hash, _PATTERN)
    stop = StopOrder(f"s{number}", now, until, (f"e{number}",))
    sheets = [
        OrderSheet(STATION, MACHINE, 1, 2 * number + 1 + more, now, until, (ref,), orders)
        for more, orders in enumerate(((sounding,), (sounding, stop)))
    ]
    given, taken = (sealed(sheet_document(one), centre.key) for one in sheets)
    came.clear()
    accepted = time.time()
    machine.emergencies.accept(given, "")
    assert came.wait(5), "nothing sounded"
    machine.emergencies.accept(taken, "")
    wait_until(lambda: not [one for one in machine.emergencies.alerts if one.running], 5)
    wait_until(lambda: machine._engine.played(f"{MACHINE}/a/0"), 10)
    time.sleep(0.3)  # the session that gave way is on the air again
    return (events[-1].at.timestamp() - accepted) * 1000


if __name__ == "__main__":
    main()
