"""`tiengloa run`, `serve` and `work`: the processes of a station."""

import argparse

from tiengloa import exits
from tiengloa.commands.parser import Commands, Parser
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    run = commands.add_parser("run", help="chạy tất cả trong một cửa sổ, kèm đài mẫu")
    _address(run)
    run.set_defaults(command=_run)
    serve = commands.add_parser("serve", help="chạy trang điều hành")
    _address(serve)
    serve.set_defaults(command=_serve)
    work = commands.add_parser("work", help="chạy tiến trình làm âm thanh và danh sách phát")
    work.set_defaults(command=_work)


def _address(parser: Parser) -> None:
    parser.add_argument("--host", metavar="ĐỊA_CHỈ", help="địa chỉ lắng nghe (mặc định 127.0.0.1)")
    parser.add_argument("--port", metavar="CỔNG", help="cổng (mặc định 8080)")


def _run(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.run import run

    return run(settings, terminal)


def _serve(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.centre import serve

    serve(settings, lambda address: terminal.say(f"Trang điều hành: {address}"))
    return exits.OK


def _work(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.centre import work

    work(settings, lambda: terminal.say("Tiến trình làm việc đã sẵn sàng."))
    return exits.OK
