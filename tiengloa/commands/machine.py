"""`tiengloa machine ...`: a broadcast machine on this box."""

import argparse

from tiengloa.commands.parser import Commands, family, machine_folder
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    machine = family(commands, "machine", "máy phát thanh")
    _declare_enrol(machine)
    _declare_run(machine)
    _declare_courier(machine)
    _declare_status(machine)
    _declare_emergency(machine)


def _declare_enrol(machine: Commands) -> None:
    enrol = machine.add_parser("enrol", help="ghép máy này với trung tâm bằng mã dùng một lần")
    enrol.add_argument("--server", required=True, metavar="URL", help="địa chỉ trung tâm, ví dụ https://loa.example.vn")
    enrol.add_argument("--code", required=True, metavar="MÃ", help="mã ghép máy lấy ở trang «Máy phát»")
    machine_folder(enrol)
    enrol.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    enrol.add_argument("--no-wait", action="store_true", help="không chờ kỹ thuật viên đồng ý ở trang «Máy phát»")
    enrol.add_argument("--again", action="store_true", help="ghép lại một máy cũ bằng mã mới; danh tính cũ được cất")
    enrol.set_defaults(command=_enrol)


def _declare_run(machine: Commands) -> None:
    run = machine.add_parser("run", help="chạy máy phát đã ghép")
    machine_folder(run)
    run.add_argument("--json", action="store_true", help="in diễn biến dạng JSON, mỗi dòng một sự kiện")
    run.add_argument("--sink", default="", metavar="NƠI", help="đầu ra âm thanh, xem docs/outputs.md (mặc định: auto)")
    run.add_argument("--reserve", default="", metavar="NƠI", help="đầu ra dự phòng, viết như --sink")
    run.set_defaults(command=_run)


def _declare_courier(machine: Commands) -> None:
    visit = machine.add_parser("courier", help="nhận gói USB và ghi lượt phát lên USB (máy đang chạy cũng được)")
    visit.add_argument("folder", metavar="THƯ_MỤC", help="thư mục của USB, ví dụ /media/usb")
    machine_folder(visit)
    visit.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    visit.set_defaults(command=_courier)


def _declare_status(machine: Commands) -> None:
    status = machine.add_parser("status", help="cho biết máy phát đang thế nào; mã thoát 0: tốt, 1: có việc")
    machine_folder(status)
    status.add_argument("--json", action="store_true", help="in dạng JSON")
    status.add_argument("--watch", action="store_true", help="xem liên tục, Ctrl-C để thôi")
    status.set_defaults(command=_status)


def _declare_emergency(machine: Commands) -> None:
    urgent = family(machine, "emergency", "phát khẩn tại máy đang chạy, không cần trung tâm")
    listing = urgent.add_parser("list", help="thông điệp máy giữ sẵn và lần phát đang chạy")
    start = urgent.add_parser("start", help="phát một thông điệp được phép bấm tại máy")
    start.add_argument("what", metavar="THÔNG_ĐIỆP", help="mã hoặc tên thông điệp")
    start.add_argument("--drill", action="store_true", help="diễn tập: loa nói rõ đây là diễn tập")
    stop = urgent.add_parser("stop", help="DỪNG tất cả, hoặc một lần phát")
    clear = urgent.add_parser("all-clear", help="dừng và báo yên lần phát mới nhất, hoặc lần có mã này")
    for one in (stop, clear):
        one.add_argument("what", metavar="MÃ", nargs="?", default="", help="mã lần phát (xem list)")
    for name, one in (("list", listing), ("start", start), ("stop", stop), ("all-clear", clear)):
        machine_folder(one)
        one.add_argument("--json", action="store_true", help="in dạng JSON")
        one.set_defaults(command=_emergency, do=name)


def _enrol(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine import enrol

    return enrol(options, settings, terminal)


def _run(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine import run

    return run(options, settings, terminal)


def _courier(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_courier import visit

    return visit(options, settings, terminal)


def _status(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_status import status

    return status(options, settings, terminal)


def _emergency(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_emergency import emergency

    return emergency(options, settings, terminal)
