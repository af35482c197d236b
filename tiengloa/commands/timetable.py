"""`tiengloa timetable ...`: what will sound, why, and calendar files."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    timetable = family(commands, "timetable", "lịch phát")
    show = timetable.add_parser("show", help="in những gì sẽ phát ở một nơi")
    place = show.add_mutually_exclusive_group()
    place.add_argument("--area", metavar="TÊN", help="địa bàn (mặc định: địa bàn đầu tiên)")
    place.add_argument("--machine", metavar="TÊN", help="máy phát")
    show.add_argument("--day", default="", metavar="NGÀY", help="ngày đầu, ví dụ 24/11/2026 (mặc định: hôm nay)")
    show.add_argument("--days", default="1", metavar="SỐ", help="số ngày (mặc định 1)")
    show.add_argument("--json", action="store_true", help="in dạng JSON")
    show.set_defaults(command=_show)
    why = timetable.add_parser("why", help="in vì sao một nơi phát hay không phát vào một lúc")
    where = why.add_mutually_exclusive_group(required=True)
    where.add_argument("--machine", metavar="TÊN", help="máy phát")
    where.add_argument("--area", metavar="TÊN", help="địa bàn, như một máy đặt ở đó")
    why.add_argument("--at", required=True, metavar="LÚC", help="«05:30», «05:30 24/11/2026» hoặc 2026-11-24T05:30")
    why.add_argument("--json", action="store_true", help="in dạng JSON")
    why.set_defaults(command=_why)
    _declare_calendar_files(timetable)


def _declare_calendar_files(timetable: Commands) -> None:
    export = timetable.add_parser("export", help="ghi lịch của một nơi ra tệp iCalendar (.ics)")
    export.add_argument("--area", required=True, metavar="TÊN", help="địa bàn")
    export.add_argument("-o", "--output", required=True, metavar="TỆP", help="tệp .ics sẽ ghi")
    export.add_argument("--rules", action="store_true", help="ghi các dòng lịch lặp lại, thay cho từng buổi")
    export.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    export.set_defaults(command=_export)
    read = timetable.add_parser("import", help="nhập dòng lịch từ tệp iCalendar (.ics)")
    read.add_argument("file", metavar="TỆP", help="tệp .ics, nhiều nhất 1 MB")
    read.add_argument("--area", required=True, metavar="TÊN", help="địa bàn sẽ phát")
    what = read.add_mutually_exclusive_group(required=True)
    what.add_argument("--programme", metavar="TÊN", help="chương trình sẽ phát")
    what.add_argument("--bulletin", metavar="TÊN", help="bản tin đã duyệt sẽ phát")
    read.add_argument("--as", dest="login", metavar="TÊN_ĐĂNG_NHẬP", help="người xếp lịch (mặc định: người đầu tiên)")
    read.add_argument("--dry-run", action="store_true", help="chỉ in những gì sẽ nhập")
    read.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    read.set_defaults(command=_import)


def _show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.timetable import show

    return show(options, settings, terminal)


def _why(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.timetable import why

    return why(options, settings, terminal)


def _export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.calendar_files import export

    return export(options, settings, terminal)


def _import(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.calendar_files import import_

    return import_(options, settings, terminal)
