"""`tiengloa machine enrol` and `tiengloa machine run`: a broadcast machine on this box."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.machines import OUTCOME_LABELS
from domain.timetable import STATION_ZONE
from player.enrol import enrol as enrol_machine
from player.events import Fault, Finished, MachineEvent, Missed, PlaylistAccepted, Ready, Sounding
from player.machine import MachineSettings, run_machine
from tiengloa import exits
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal

_ZONE = ZoneInfo(STATION_ZONE)


def enrol(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Join the centre with a one-use code and print the fingerprints to compare."""
    done = enrol_machine(_folder(options, settings), options.server, options.code)
    if options.json:
        terminal.document(asdict(done))
        return exits.OK
    terminal.say(f"Đã ghép «{done.machine_name}».")
    terminal.say(f"Vân tay khóa của máy:      {done.machine_fingerprint}")
    terminal.say(f"Vân tay khóa của trung tâm: {done.station_fingerprint}")
    terminal.say("Hãy so hai vân tay này với trang «Máy phát». Chạy máy: tiengloa machine run")
    return exits.OK


def run(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Run the machine until it is told to stop."""
    tell = _as_json(terminal) if options.json else _as_lines(terminal)
    run_machine(_folder(options, settings), MachineSettings(sink=options.sink, reserve=options.reserve), tell)
    return exits.OK


def _folder(options: argparse.Namespace, settings: Settings) -> Path:
    return Path(options.dir) if options.dir else settings.data / "machine"


def _as_lines(terminal: Terminal) -> Callable[[MachineEvent], None]:
    return lambda event: terminal.say(sentence(event))


def _as_json(terminal: Terminal) -> Callable[[MachineEvent], None]:
    def tell(event: MachineEvent) -> None:
        terminal.say(json.dumps(_document(event), ensure_ascii=False))

    return tell


def _document(event: MachineEvent) -> dict[str, Any]:
    fields = asdict(event)
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in fields.items()}
    return {"event": type(event).__name__, "say": sentence(event), **plain}


def sentence(event: MachineEvent) -> str:
    """Return an event as a Vietnamese line for the person at the box."""
    match event:
        case Ready():
            return (
                f"Máy «{event.machine_name}» sẵn sàng, giữ {event.slots} buổi phát. Đầu ra: {event.sink}. {event.why}"
            )
        case Sounding():
            began = f"{event.at.astimezone(_ZONE):%H:%M:%S.%f}"[:-3]
            return f"▶ {began} (lệch {event.late_ms} ms) {event.title}"
        case Finished():
            reason = f": {event.reason}" if event.reason else ""
            return f"■ {OUTCOME_LABELS[event.outcome]} {event.rendered_ms / 1000:.1f} giây, {event.title}{reason}"
        case Missed():
            return f"✗ {event.planned.astimezone(_ZONE):%H:%M:%S} không phát {event.title}: {event.reason}"
        case PlaylistAccepted():
            return f"Đã nhận danh sách phát số {event.counter}, {event.slots} buổi."
        case Fault():
            return f"! {event.area}: {event.sentence or 'đã trở lại bình thường'}"
