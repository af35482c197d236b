"""`tiengloa broker ...`: the broker of nudges, and accounts for another one."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    broker = family(commands, "broker", "kênh báo nhanh tới máy phát (MQTT)")
    broker.add_parser("run", help="chạy broker kèm sẵn").set_defaults(command=_run)
    written = broker.add_parser("accounts", help="ghi tài khoản và luật cho một broker Mosquitto riêng")
    written.add_argument("-o", "--output", required=True, metavar="DIR", help="thư mục sẽ ghi passwords và acl")
    written.set_defaults(command=_accounts)


def _run(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.broker import run

    return run(options, settings, terminal)


def _accounts(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.broker import accounts

    return accounts(options, settings, terminal)
