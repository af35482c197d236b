"""`tiengloa user ...`: people, and their one-use links."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    user = family(commands, "user", "người dùng")
    add = user.add_parser("add", help="thêm người dùng và in đường đăng nhập một lần")
    add.add_argument("login", metavar="TÊN_ĐĂNG_NHẬP")
    add.add_argument("--name", required=True, metavar="HỌ_TÊN")
    add.add_argument("--role", action="append", required=True, metavar="VAI_TRÒ", help="có thể ghi nhiều lần")
    add.set_defaults(command=_add)
    sign_in = user.add_parser("sign-in", help="in một đường đăng nhập dùng một lần")
    sign_in.add_argument("login", metavar="TÊN_ĐĂNG_NHẬP")
    sign_in.set_defaults(command=_sign_in)


def _add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import add

    return add(options, settings, terminal)


def _sign_in(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import sign_in

    return sign_in(options, settings, terminal)
