"""`tiengloa machine emergency`: start, stop and clear at the machine itself, with the centre down or not."""

import argparse
from pathlib import Path
from typing import Any

from domain.formats import clock_s
from domain.playlist import from_ms
from player.local_door import call
from tiengloa import exits
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def emergency(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Hand a command to the machine that runs in the folder, and say what it answered."""
    folder = Path(options.dir) if options.dir else settings.data / "machine"
    asked = {"do": options.do, "what": getattr(options, "what", ""), "drill": getattr(options, "drill", False)}
    told = call(folder, asked)
    if options.json:
        terminal.document(told)
        return exits.OK
    for line in _lines(options.do, told):
        terminal.say(line)
    return exits.OK


def _lines(do: str, told: dict[str, Any]) -> list[str]:
    match do:
        case "start":
            return [f"Đã phát. Mã lần phát: {told['emergency']}", "Dừng bằng: tiengloa machine emergency stop"]
        case "stop":
            return [f"Đã DỪNG {told['stopped']} lần phát." if told["stopped"] else "Không có gì đang phát khẩn."]
        case "all-clear":
            return [f"Đã dừng và báo yên lần phát {told['emergency']}."]
    held = [f"  {_may(one)}  {one['title']}  (mã {one['id']})" for one in told["messages"]]
    running = [f"  {_kind(one)} {one['title']}, {_since(one)}  (mã {one['id']})" for one in told["running"]]
    return [
        "Đang phát:" if running else "Không có gì đang phát khẩn.",
        *running,
        "Thông điệp giữ sẵn:" if held else "Máy chưa giữ thông điệp mẫu nào.",
        *held,
    ]


def _may(message: dict[str, Any]) -> str:
    return "bấm được tại máy" if message["local"] else "chỉ trung tâm     "


def _kind(alert: dict[str, Any]) -> str:
    return "BÁO YÊN" if alert["clear"] else "DIỄN TẬP" if alert["drill"] else "PHÁT KHẨN"


def _since(alert: dict[str, Any]) -> str:
    return f"từ {clock_s(from_ms(alert['began']))}, đã phát {alert['heard']} lần"
