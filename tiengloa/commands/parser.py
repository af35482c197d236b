"""The parser of every command, and what a command is."""

import argparse
import sys
from typing import NoReturn, TypeAlias

from tiengloa import exits


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the words of a command in Vietnamese."""

    def error(self, message: str) -> NoReturn:
        from tiengloa.usage import in_vietnamese

        sys.stderr.write(self.format_usage().replace("usage:", "Cách dùng:", 1))
        self.exit(exits.BAD_INPUT, f"tiengloa: lệnh chưa đúng: {in_vietnamese(message)} Xem «{self.prog} --help».\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def family(commands: Commands, name: str, meaning: str) -> Commands:
    """Declare a command that has commands of its own, and return where they are declared."""
    return commands.add_parser(name, help=meaning).add_subparsers(metavar="VIỆC", required=True)


def machine_folder(parser: Parser) -> None:
    """Declare the option that says which machine on this box is meant."""
    parser.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
