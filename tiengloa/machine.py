"""`tiengloa machine enrol` and `tiengloa machine run`: a broadcast machine on this box."""

import argparse
import json
import shlex
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import NotAllowedError
from domain.machines import OUTCOME_LABELS, EnrolmentState
from domain.timetable import STATION_ZONE
from player.clock import SystemClock
from player.events import (
    EmergencyBegan,
    EmergencyEnded,
    Fault,
    Finished,
    MachineEvent,
    Missed,
    PlaylistAccepted,
    Ready,
    Sounding,
)
from player.machine import MachineSettings
from player.running import run_machine
from tiengloa import exits
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal

_ZONE = ZoneInfo(STATION_ZONE)
_PATIENCE_S = 1800.0
_ASK_EVERY_S = 3.0


def enrol(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Ask to join the centre with a one-use code, print the fingerprints to compare, and wait for the yes."""
    from player.enrol import enrol as enrol_machine  # as late as here: a machine that runs needs none of it

    folder = _folder(options, settings)
    done = enrol_machine(folder, options.server, options.code, again=options.again)
    if options.json:
        terminal.document(asdict(done))
        return exits.OK if options.no_wait else _wait(folder, terminal, "")
    terminal.say(f"Trung tâm đã nhận yêu cầu của «{done.machine_name}».")
    terminal.say()
    terminal.say(f"  Vân tay khóa của máy:       {done.machine_fingerprint}")
    terminal.say(f"  Vân tay khóa của trung tâm: {done.station_fingerprint}")
    terminal.say()
    terminal.say("Hãy so từng nhóm của cả hai dòng với trang «Máy phát». Giống hết thì bấm «Đồng ý» ở đó; khác thì bấm")
    terminal.say("«Từ chối» và báo quản trị.")
    command = "tiengloa machine run" + (f" --dir {shlex.quote(str(options.dir))}" if options.dir else "")
    if options.no_wait:
        terminal.say(f"Máy chỉ nhận được lịch sau khi có người đồng ý. Chạy máy: {command}")
        return exits.OK
    terminal.say("Đang chờ kỹ thuật viên đồng ý ... (Ctrl-C để thôi chờ; yêu cầu vẫn còn)")
    return _wait(folder, terminal, command)


def _wait(folder: Path, terminal: Terminal, command: str) -> int:
    """Wait for the answer; what happens is said with the `command` that runs the machine, or not at all without."""
    from player.enrol import await_answer, enrolled, forget

    say = terminal.say if command else (lambda _sentence: None)
    deadline, pausing = time.monotonic() + _PATIENCE_S, threading.Event()

    def pause() -> bool:
        return not pausing.wait(_ASK_EVERY_S) and time.monotonic() < deadline

    state = await_answer(folder, SystemClock(), pause, terminal.warn)
    if state is EnrolmentState.CONFIRMED:
        say(f"Đã được đồng ý: máy này là «{enrolled(folder).machine_name}». Chạy máy: {command}")
        return exits.OK
    if state is EnrolmentState.REFUSED:
        forget(folder)
        raise NotAllowedError("Kỹ thuật viên đã từ chối máy này. Hãy lấy mã mới rồi ghép lại.")
    say(f"Chưa có ai đồng ý. Yêu cầu vẫn còn ở trang «Máy phát»; cứ chạy: {command}")
    return exits.WAITING


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


def sentence(event: MachineEvent) -> str:  # noqa: PLR0911 - one line for each kind of event
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
        case EmergencyBegan() | EmergencyEnded():
            return _emergency(event)
        case Fault():
            return f"! {event.sentence}" if event.sentence else f"✓ Đã trở lại bình thường: {_area(event.area)}."


_AREAS = {
    "playlist": "danh sách phát",
    "clips": "tải âm thanh",
    "time": "hỏi giờ trung tâm",
    "report": "báo lượt phát",
    "line": "liên lạc với trung tâm",
    "orders": "nghe lệnh khẩn",
    "emergency clips": "âm thanh khẩn",
    "alerts": "báo tin phát khẩn",
    "emergency": "phát khẩn",
    "emergency kept": "sổ phát khẩn",
    "disk": "ổ đĩa",
    "usb": "gói USB",
    "revoked": "quyền của máy",
    "clock": "đồng hồ",
    "expired": "hạn của danh sách phát",
    "source": "nguồn tiếp âm",
    "sound": "tiếng phát ra",
    "sink": "đường ra",
    "proof": "micro kiểm chứng",
    "listen": "micro kiểm chứng",
    "cabinet": "tủ máy",
    "transmitter": "công tắc máy phát sóng",
}


def _area(area: str) -> str:
    return _AREAS.get(area) or area.removeprefix("task ")


def _emergency(event: EmergencyBegan | EmergencyEnded) -> str:
    if isinstance(event, EmergencyEnded):
        return f"⚠ Đã thôi phát: {event.title}. {event.reason}."
    kind = "BÁO YÊN" if event.clear else "DIỄN TẬP" if event.drill else "PHÁT KHẨN"
    where = " (bấm tại máy)" if event.local else ""
    return f"⚠ {kind}{where}: {event.title}"
