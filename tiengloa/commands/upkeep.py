"""`tiengloa doctor` and `setup`: the check of a station, and its beginning."""

import argparse

from tiengloa.commands.parser import Commands
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    doctor = commands.add_parser("doctor", help="kiểm tra máy và dữ liệu")
    doctor.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    doctor.set_defaults(command=_doctor)
    setup = commands.add_parser("setup", help="thiết lập đài thật (không có dữ liệu mẫu)")
    setup.add_argument("--name", required=True, metavar="TÊN", help="tên đài, được đọc trước mỗi bản tin")
    setup.set_defaults(command=_setup)


def _doctor(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.doctor import doctor

    return doctor(options, settings, terminal)


def _setup(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import setup

    return setup(options, settings, terminal)
