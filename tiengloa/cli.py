"""The command line: one command, its settings, and its exit code. The commands are in `tiengloa/commands/`."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from domain.errors import BadInputError, TiengLoaError
from tiengloa import __version__, exits
from tiengloa.children import WITH_PARENT, end_with_parent
from tiengloa.commands import declare
from tiengloa.commands.parser import Parser
from tiengloa.settings import Settings, checked_port, checked_voices, from_environment
from tiengloa.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every failure is one Vietnamese sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Vietnamese letters still gets its sentence
    terminal = Terminal()
    try:
        options = parser().parse_args(arguments)
        if options.with_parent:
            end_with_parent()
        return int(options.command(options, _settings(options), terminal))
    except TiengLoaError as error:
        terminal.end_progress()
        terminal.warn(f"tiengloa: {error.sentence}")
        return exits.code_of(error)
    except KeyboardInterrupt:
        return exits.STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except Exception as error:  # noqa: BLE001 - the edge of the process: no stack trace reaches a person
        return _unexpected(error, terminal)


def _unexpected(error: Exception, terminal: Terminal) -> int:
    if "TIENGLOA_TRACE" in os.environ:
        raise error
    terminal.end_progress()
    terminal.warn(
        f"tiengloa: lỗi ngoài dự kiến ({type(error).__name__}: {error}). Dữ liệu đã lưu vẫn còn. "
        "Hãy chạy lại với TIENGLOA_TRACE=1 và gửi kết quả cho người bảo trì."
    )
    return exits.FAULT


def _settings(options: argparse.Namespace) -> Settings:
    settings = from_environment()
    if options.data == "":
        raise BadInputError("Hãy ghi tên thư mục dữ liệu sau --data.")
    if options.data is not None:
        settings = replace(settings, data=Path(options.data))
    if getattr(options, "host", None) is not None:
        settings = replace(settings, host=options.host)
    if getattr(options, "port", None) is not None:
        settings = replace(settings, port=checked_port(options.port))
    if getattr(options, "voices", None) is not None:
        settings = replace(settings, voices=checked_voices(options.voices))
    return settings


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = Parser(prog="tiengloa", description="Tiếng Loa: xếp lịch phát thanh cơ sở, từ kịch bản đến loa.")
    whole.add_argument("--version", action="version", version=f"tiengloa {__version__}", help="in phiên bản rồi thoát")
    whole.add_argument("--data", metavar="DIR", help="thư mục dữ liệu (mặc định: data, hoặc TIENGLOA_DATA)")
    whole.add_argument(WITH_PARENT, action="store_true", help=argparse.SUPPRESS)
    declare(whole.add_subparsers(metavar="LỆNH", required=True))
    return whole
