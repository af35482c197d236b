"""`tiengloa read` and `speak`: a text as it will be read, written or aloud."""

import argparse

from domain.audio import PRESET_LABELS
from tiengloa.commands.parser import Commands
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal


def declare(commands: Commands) -> None:
    """Declare these commands, in the order of the help."""
    read = commands.add_parser("read", help="in văn bản như sẽ được đọc lên")
    read.add_argument("text", metavar="VĂN_BẢN", help="văn bản, hoặc - để đọc từ đầu vào chuẩn")
    read.add_argument("--json", action="store_true", help="in từng từ với vị trí, quy tắc và cảnh báo")
    read.set_defaults(command=_read)
    speak = commands.add_parser("speak", help="đọc văn bản thành tệp âm thanh")
    source = speak.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", metavar="VĂN_BẢN", help="văn bản, hoặc - để đọc từ đầu vào chuẩn")
    source.add_argument("--file", metavar="TỆP", help="tệp văn bản UTF-8")
    speak.add_argument("-o", "--output", required=True, metavar="TỆP", help="tệp .wav hoặc .flac sẽ ghi")
    speak.add_argument("--voices", metavar="TÊN,...", help="thứ tự giọng đọc, ví dụ espeak hoặc gtts,espeak")
    speak.add_argument("--finish", action="store_true", help="thêm nhạc hiệu, nhạc kết và chỉnh âm cho loa")
    speak.add_argument("--preset", choices=tuple(PRESET_LABELS), help="loại loa: horn (loa nén, mặc định) hoặc plain")
    speak.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    speak.set_defaults(command=_speak)


def _read(options: argparse.Namespace, _settings: Settings, terminal: Terminal) -> int:
    from tiengloa.speech import read

    return read(options, terminal)


def _speak(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.speech import speak

    return speak(options, settings, terminal)
