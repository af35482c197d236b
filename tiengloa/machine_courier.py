"""`tiengloa machine courier`: a stick at the box, whether the machine runs or not."""

import argparse
import os
import pwd
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from domain.errors import NotAllowedError
from player.cabinet import Cabinet, visit_cabinet
from player.clock import SystemClock
from player.courier import Courier, Visit
from player.journal import Journal
from tiengloa import exits
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def visit(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Take in a courier pack and write what sounded onto the stick.

    It works on the machine's own folder beside the running machine, which finds what came within seconds.
    """
    folder = Path(options.dir) if options.dir else settings.data / "machine"
    _refuse_strangers(folder)
    cabinet = visit_cabinet(folder)
    try:
        done = _visit(cabinet, Path(options.folder))
    finally:
        cabinet.close()
    if options.json:
        terminal.document(asdict(done))
        return exits.OK
    for line in lines(done):
        terminal.say(line)
    return exits.OK


def _refuse_strangers(folder: Path) -> None:
    """Refuse to work on a folder of another user: files left there by root would keep the machine from its own.

    Raises NotAllowedError.
    """
    with suppress(FileNotFoundError, KeyError):
        owner = folder.stat().st_uid
        if owner != os.geteuid():
            name = pwd.getpwuid(owner).pw_name
            raise NotAllowedError(
                f"Thư mục máy phát là của «{name}». Hãy chạy: sudo -u {name} tiengloa machine courier …"
            )


def _visit(cabinet: Cabinet, stick: Path) -> Visit:
    return Courier(cabinet, Journal(cabinet.database), SystemClock()).visit(stick)


def lines(done: Visit) -> list[str]:
    """Return what a visit did, for the person at the box."""
    told = [f"Đã nhận danh sách phát số {done.counter} từ USB."] if done.is_new else []
    if not done.is_new:
        told.append(f"Máy giữ danh sách phát số {done.counter}{f': {done.note}' if done.note else ', như trên USB'}.")
    told.append(f"Chép từ USB vào máy: {done.brought} tệp âm thanh.")
    if done.lacking:
        told.append(f"Còn thiếu {done.lacking} tệp âm thanh, không có trên USB. Hãy chép lại USB ở trung tâm.")
    told.append(f"Trung tâm đã xác nhận: {done.acknowledged} lượt phát. Ghi lên USB: {done.taken} lượt phát.")
    told.append("Có thể rút USB (umount trước) và mang về trung tâm: tiengloa courier import THƯ_MỤC")
    return told
