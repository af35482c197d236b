"""`tiengloa machine status`: a page for the person at the box, and an exit code for a program."""

import argparse
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.formats import clock, clock_s, day, decimal
from domain.machines import OUTCOME_LABELS
from domain.sources import SourceKind
from player.clock import SystemClock
from player.on_air import OnAir, Urgent
from player.standing import Report, Running, look
from player.sync import product_version
from player.trust import fingerprint
from tiengloa import exits
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal

_EVERY_S = 1.0
_SOURCES = {SourceKind.RELAY: "TIẾP ÂM", SourceKind.LIVE: "TRỰC TIẾP"}
_CLEAR = "\x1b[H\x1b[2J"


def status(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Tell how the machine stands: exit code 0 when it is well, 1 when it is not."""
    folder = Path(options.dir) if options.dir else settings.data / "machine"
    clock_, pausing = SystemClock(), threading.Event()
    while True:
        report = look(folder, clock_.now())
        if options.json:
            terminal.document(document(report))
        else:
            terminal.say((_CLEAR if options.watch else "") + "\n".join(lines(report)))
        if not options.watch:
            return exits.FAULT if report.troubles else exits.OK
        pausing.wait(_EVERY_S)


def lines(report: Report) -> list[str]:
    """Return the page, line by line."""
    identity, told = report.identity, report.told
    return [
        f"{identity.machine_name}   {day(report.now)} {clock_s(report.now)}",
        "TỐT" if not report.troubles else f"CÓ {len(report.troubles)} VIỆC CẦN XEM",
        *(f"  ! {sentence}" for sentence in report.troubles),
        *on_air_lines(report.on_air),
        "",
        f"Tiến trình    {_process(report)}",
        f"Trung tâm     {identity.server}, {_reached(told, report.now)}",
        f"Danh sách     {_playlist(report)}",
        f"Âm thanh      giữ {report.clips[0]}/{report.clips[1]} tệp{_checking(report)}",
        f"Đường ra      {_sink(told)}",
        f"Đồng hồ       {_clock(told)}",
        f"Ổ đĩa         còn trống {decimal(report.free / 1e9)} GB{_heat(report)}",
        f"Phiên bản     {product_version()}",
        f"Vân tay máy        {report.machine_fingerprint}",
        f"Vân tay trung tâm  {fingerprint(identity.station_key)}",
        "",
        "Sắp phát:" if report.sessions else "Sắp phát: không có buổi nào.",
        *(f"  {_when(one.starts_at)}  {_ready(ready=one.ready)}  {one.title}" for one in report.sessions),
        "Vừa phát:" if report.airings else "Vừa phát: chưa có.",
        *(
            f"  {_when(one.at)}  {OUTCOME_LABELS[one.outcome]}  {one.title}{': ' + one.reason if one.reason else ''}"
            for one in report.airings
        ),
    ]


def document(report: Report) -> dict[str, Any]:
    """Return the page as values for a program; instants in ISO 8601, lengths in seconds."""
    told, playlist = report.told, report.playlist
    return {
        "healthy": not report.troubles,
        "troubles": list(report.troubles),
        "at": report.now.isoformat(),
        "machine": report.identity.machine_id,
        "name": report.identity.machine_name,
        "server": report.identity.server,
        "version": product_version(),
        "running": report.alive,
        "revoked": report.revoked,
        "process": None if told is None else _process_document(told),
        "playlist": None
        if playlist is None
        else {
            "counter": playlist.counter,
            "issued": playlist.issued_at.isoformat(),
            "expires": playlist.expires_at.isoformat(),
        },
        "clips": {"held": report.clips[0], "needed": report.clips[1], "checking": report.checking},
        "on_air": _on_air_document(report.on_air),
        "next": [
            {"title": one.title, "starts": one.starts_at.isoformat(), "ready": one.ready} for one in report.sessions
        ],
        "last": [
            {"title": one.title, "at": one.at.isoformat(), "outcome": one.outcome.value, "reason": one.reason}
            for one in report.airings
        ],
        "free": report.free,
        "box": dict(report.box),
    }


def on_air_lines(on_air: OnAir) -> list[str]:
    """Return a line for each emergency, drill, relay and live broadcast that goes on."""
    return [
        *(f"  ⚠ {urgent_kind(one)}: {one.title}, {_repeats(one)}" for one in on_air.urgent),
        *(
            f"  ▶ {_SOURCES[one.kind]}: {one.title}, từ {clock_s(one.began)}, đến {clock_s(one.until)}"
            for one in on_air.outside
        ),
    ]


def urgent_kind(one: Urgent) -> str:
    """Return what kind of order goes on, in capitals, and whether people at the machine gave it."""
    kind = "BÁO YÊN" if one.clear else "DIỄN TẬP" if one.drill else "PHÁT KHẨN"
    return f"{kind} (bấm tại máy)" if one.local else kind


def _repeats(one: Urgent) -> str:
    following = f", lần sau lúc {clock_s(one.due)}" if one.due else ""
    ending = "" if one.clear else f", tự dừng lúc {clock_s(one.until)}"
    return f"từ {clock_s(one.began)}, đã phát {one.heard} lần{following}{ending}"


def _on_air_document(on_air: OnAir) -> list[dict[str, Any]]:
    urgent = (
        {
            "kind": "all-clear" if one.clear else "drill" if one.drill else "emergency",
            "title": one.title,
            "local": one.local,
            "began": one.began.isoformat(),
            "until": one.until.isoformat(),
            "heard": one.heard,
            "due": one.due.isoformat() if one.due else None,
        }
        for one in on_air.urgent
    )
    outside = (
        {
            "kind": one.kind.value,
            "title": one.title,
            "began": one.began.isoformat(),
            "until": one.until.isoformat(),
        }
        for one in on_air.outside
    )
    return [*urgent, *outside]


def _checking(report: Report) -> str:
    checking, needed = report.checking, report.clips[1]
    return f", đang kiểm sau khi khởi động: xong {max(needed - checking, 0)}/{needed}" if checking else ""


def _process_document(told: Running) -> dict[str, Any]:
    return {
        "told": told.at.isoformat(),
        "pid": told.pid,
        "running": told.running.total_seconds(),
        "sink": told.sink,
        "sink_ok": told.sink_ok,
        "faults": dict(told.faults),
        "clock_offset_ms": told.offset_ms,
        "centre_reached": told.reached_at.isoformat() if told.reached_at else None,
    }


def _process(report: Report) -> str:
    if not report.alive:
        return "không chạy"
    if report.told is None:
        return "đang chạy, chưa cho biết tình trạng"
    return f"đang chạy, số {report.told.pid}, được {_length(report.told.running)}"


def _reached(told: Running | None, now: datetime) -> str:
    if told is None or told.reached_at is None:
        return "chưa liên lạc được"
    return f"liên lạc {_length(now - told.reached_at)} trước"


def _playlist(report: Report) -> str:
    playlist = report.playlist
    if playlist is None:
        return "chưa có"
    age = _length(report.now - playlist.issued_at)
    return f"số {playlist.counter}, ký {age} trước, dùng được đến {_when(playlist.expires_at)}"


def _sink(told: Running | None) -> str:
    if told is None:
        return "chưa biết"
    return f"{told.sink}, {'đang nhận tiếng' if told.sink_ok else 'KHÔNG NHẬN TIẾNG'}"


def _clock(told: Running | None) -> str:
    if told is None:
        return "chưa so được với trung tâm"
    trusted = "" if "clock" not in told.faults else ", CHƯA TIN ĐƯỢC"
    return f"lệch {told.offset_ms} ms so với trung tâm{trusted}"


def _heat(report: Report) -> str:
    heat = report.box.get("temperature")
    return f", nhiệt độ {heat / 1000:.0f} °C" if isinstance(heat, int) else ""


def _ready(*, ready: bool) -> str:
    return "đủ âm thanh  " if ready else "THIẾU ÂM THANH"


def _when(instant: datetime) -> str:
    return f"{clock(instant)} {day(instant)}"


def _length(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((86_400, "ngày"), (3_600, "giờ"), (60, "phút")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} giây"
