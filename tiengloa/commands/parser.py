"""The parser of every command, and what a command is."""

import argparse
import re
import sys
from typing import Any, NoReturn, TypeAlias

from tiengloa import exits

_HEADINGS = {"usage:": "Cách dùng:", "positional arguments:": "Gồm có:", "options:": "Tùy chọn:"}
_HEADING = re.compile("^(" + "|".join(_HEADINGS) + ")", re.MULTILINE)


class Parser(argparse.ArgumentParser):
    """Says how a command is written, and what is wrong with its words, in Vietnamese."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named, add_help=False)
        self.add_argument("-h", "--help", action="help", help="in hướng dẫn này rồi thoát")

    def format_usage(self) -> str:
        """Return the line that says how the command is written."""
        return _in_vietnamese(super().format_usage())

    def format_help(self) -> str:
        """Return what the command is and what may stand after it."""
        return _in_vietnamese(super().format_help())

    def error(self, message: str) -> NoReturn:
        from tiengloa.usage import in_vietnamese

        sys.stderr.write(self.format_usage())
        self.exit(exits.BAD_INPUT, f"tiengloa: lệnh chưa đúng: {in_vietnamese(message)} Xem «{self.prog} --help».\n")


def _in_vietnamese(text: str) -> str:
    return _HEADING.sub(lambda found: _HEADINGS[found[0]], text)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def family(commands: Commands, name: str, meaning: str) -> Commands:
    """Declare a command that has commands of its own, and return where they are declared."""
    return commands.add_parser(name, help=meaning).add_subparsers(metavar="VIỆC", required=True)


def machine_folder(parser: Parser) -> None:
    """Declare the option that says which machine on this box is meant."""
    parser.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
