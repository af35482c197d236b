"""`tiengloa area ...`: the places of the station."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    area = family(commands, "area", "địa bàn")
    place = area.add_parser("add", help="thêm một địa bàn")
    place.add_argument("name", metavar="TÊN")
    place.add_argument("--level", required=True, metavar="CẤP", help="tinh, xa-phuong, to-ban hoặc cum-loa")
    place.add_argument("--in", dest="parent", metavar="TÊN", help="địa bàn chứa nó")
    place.add_argument("--code", metavar="MÃ", help="mã đơn vị hành chính")
    place.add_argument("--from", dest="since", metavar="NGÀY", help="có từ ngày nào, ví dụ 01/07/2025")
    place.set_defaults(command=_add)
    ended = area.add_parser("end", help="kết thúc một địa bàn, kèm nơi thay thế")
    ended.add_argument("name", metavar="TÊN")
    ended.add_argument("--on", required=True, metavar="NGÀY", help="ngày cuối cùng còn địa bàn này, ví dụ 30/06/2025")
    ended.add_argument("--to", dest="heirs", action="append", metavar="TÊN", help="nơi thay thế; có thể ghi nhiều lần")
    ended.set_defaults(command=_end)
    places = area.add_parser("list", help="in cây địa bàn")
    places.add_argument("--json", action="store_true", help="in dạng JSON")
    places.set_defaults(command=_list)


def _add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import add

    return add(options, settings, terminal)


def _end(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import end

    return end(options, settings, terminal)


def _list(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import show

    return show(options, settings, terminal)
