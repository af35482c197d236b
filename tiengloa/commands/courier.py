"""`tiengloa courier ...` and `restored`: sticks for machines without a line, and the way back from a backup."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    courier = family(commands, "courier", "gói USB cho máy phát không có mạng")
    export = courier.add_parser("export", help="chép danh sách phát và âm thanh ra USB")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--machine", action="append", metavar="TÊN", help="máy phát; có thể ghi nhiều lần")
    which.add_argument("--all", action="store_true", help="mọi máy phát đang dùng")
    export.add_argument("--to", required=True, metavar="THƯ_MỤC", help="thư mục của USB, ví dụ /media/usb")
    export.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    export.set_defaults(command=_export)
    home = courier.add_parser("import", help="nhận lượt phát mà USB mang về")
    home.add_argument("folder", metavar="THƯ_MỤC", help="thư mục của USB")
    home.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    home.set_defaults(command=_import)
    restored = commands.add_parser("restored", help="sau khi khôi phục từ bản sao lưu: để máy phát tin lịch mới")
    restored.set_defaults(command=_restored)


def _export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import export

    return export(options, settings, terminal)


def _import(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import take_home

    return take_home(options, settings, terminal)


def _restored(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import restored

    return restored(settings, terminal)
