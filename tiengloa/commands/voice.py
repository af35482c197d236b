"""`tiengloa voice ...`: Piper voices that come as files."""

import argparse

from tiengloa.commands.parser import Commands, family
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    voice = family(commands, "voice", "giọng Piper thêm bằng tệp")
    add = voice.add_parser("add", help="thêm một giọng từ thư mục hoặc tệp .zip (.onnx và .onnx.json)")
    add.add_argument("path", metavar="ĐƯỜNG_DẪN")
    add.add_argument("--name", metavar="TÊN", help="tên của giọng (mặc định: tên tệp)")
    add.add_argument("--sha256", metavar="MÃ", help="mã SHA-256 phải khớp của tệp .zip hoặc tệp .onnx")
    add.add_argument("--speed", metavar="SỐ", help="tốc độ đọc từ 0.5 đến 2 (mặc định 1)")
    add.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    add.set_defaults(command=_add)
    voices = voice.add_parser("list", help="in các giọng đã thêm")
    voices.add_argument("--json", action="store_true", help="in dạng JSON")
    voices.set_defaults(command=_list)
    remove = voice.add_parser("remove", help="gỡ một giọng")
    remove.add_argument("name", metavar="TÊN")
    remove.set_defaults(command=_remove)
    attempt = voice.add_parser("try", help="nghe thử một giọng")
    attempt.add_argument("name", metavar="TÊN")
    attempt.add_argument("--text", required=True, metavar="VĂN_BẢN", help="văn bản, hoặc - để đọc từ đầu vào chuẩn")
    attempt.add_argument("-o", "--output", required=True, metavar="TỆP", help="tệp .wav hoặc .flac sẽ ghi")
    attempt.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    attempt.set_defaults(command=_try, file=None, finish=False, preset=None)


def _add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import add

    return add(options, settings, terminal)


def _list(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import show

    return show(options, settings, terminal)


def _remove(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import remove

    return remove(options, settings, terminal)


def _try(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import try_voice

    return try_voice(options, settings, terminal)
