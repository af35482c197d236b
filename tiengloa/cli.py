"""The command line. Parts are imported when a command needs them, so that a machine needs only its own."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from domain.audio import PRESET_LABELS
from domain.errors import BadInputError, TiengLoaError
from tiengloa import __version__, exits
from tiengloa.children import WITH_PARENT, end_with_parent
from tiengloa.settings import Settings, checked_port, checked_voices, from_environment
from tiengloa.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every failure is one Vietnamese sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Vietnamese letters still gets its sentence
    terminal = Terminal()
    try:
        options = _parser().parse_args(arguments)
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


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the words of a command in Vietnamese."""

    def error(self, message: str) -> NoReturn:
        from tiengloa.usage import in_vietnamese

        sys.stderr.write(self.format_usage().replace("usage:", "Cách dùng:", 1))
        self.exit(exits.BAD_INPUT, f"tiengloa: lệnh chưa đúng: {in_vietnamese(message)} Xem «{self.prog} --help».\n")


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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tiengloa", description="Tiếng Loa: xếp lịch phát thanh cơ sở, từ kịch bản đến loa.")
    parser.add_argument("--version", action="version", version=f"tiengloa {__version__}")
    parser.add_argument("--data", metavar="DIR", help="thư mục dữ liệu (mặc định: data, hoặc TIENGLOA_DATA)")
    parser.add_argument(WITH_PARENT, action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(metavar="LỆNH", required=True)
    _add_running(commands)
    _add_machine(commands)
    _add_courier(commands)
    _add_text(commands)
    _add_voices(commands)
    _add_timetable(commands)
    _add_upkeep(commands)
    return parser


def _add_running(commands: "argparse._SubParsersAction[_Parser]") -> None:
    run = commands.add_parser("run", help="chạy tất cả trong một cửa sổ, kèm đài mẫu")
    _address(run)
    run.set_defaults(command=_run)
    serve = commands.add_parser("serve", help="chạy trang điều hành")
    _address(serve)
    serve.set_defaults(command=_serve)
    work = commands.add_parser("work", help="chạy tiến trình làm âm thanh và danh sách phát")
    work.set_defaults(command=_work)
    broker = commands.add_parser("broker", help="kênh báo nhanh tới máy phát (MQTT)").add_subparsers(
        metavar="VIỆC", required=True
    )
    broker.add_parser("run", help="chạy broker kèm sẵn").set_defaults(command=_broker_run)
    written = broker.add_parser("accounts", help="ghi tài khoản và luật cho một broker Mosquitto riêng")
    written.add_argument("-o", "--output", required=True, metavar="DIR", help="thư mục sẽ ghi passwords và acl")
    written.set_defaults(command=_broker_accounts)


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="ĐỊA_CHỈ", help="địa chỉ lắng nghe (mặc định 127.0.0.1)")
    parser.add_argument("--port", metavar="CỔNG", help="cổng (mặc định 8080)")


def _add_machine(commands: "argparse._SubParsersAction[_Parser]") -> None:
    machine = commands.add_parser("machine", help="máy phát thanh").add_subparsers(metavar="VIỆC", required=True)
    enrol = machine.add_parser("enrol", help="ghép máy này với trung tâm bằng mã dùng một lần")
    enrol.add_argument("--server", required=True, metavar="URL", help="địa chỉ trung tâm, ví dụ https://loa.example.vn")
    enrol.add_argument("--code", required=True, metavar="MÃ", help="mã ghép máy lấy ở trang «Máy phát»")
    enrol.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
    enrol.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    enrol.add_argument("--no-wait", action="store_true", help="không chờ kỹ thuật viên đồng ý ở trang «Máy phát»")
    enrol.add_argument("--again", action="store_true", help="ghép lại một máy cũ bằng mã mới; danh tính cũ được cất")
    enrol.set_defaults(command=_machine_enrol)
    run = machine.add_parser("run", help="chạy máy phát đã ghép")
    run.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
    run.add_argument("--json", action="store_true", help="in diễn biến dạng JSON, mỗi dòng một sự kiện")
    run.add_argument("--sink", default="", metavar="NƠI", help="đầu ra âm thanh, xem docs/outputs.md (mặc định: auto)")
    run.add_argument("--reserve", default="", metavar="NƠI", help="đầu ra dự phòng, viết như --sink")
    run.set_defaults(command=_machine_run)
    _add_machine_courier(machine)
    _add_machine_status(machine)
    _add_machine_emergency(machine)


def _add_machine_emergency(machine: "argparse._SubParsersAction[_Parser]") -> None:
    urgent = machine.add_parser("emergency", help="phát khẩn tại máy đang chạy, không cần trung tâm").add_subparsers(
        metavar="VIỆC", required=True
    )
    listing = urgent.add_parser("list", help="thông điệp máy giữ sẵn và lần phát đang chạy")
    start = urgent.add_parser("start", help="phát một thông điệp được phép bấm tại máy")
    start.add_argument("what", metavar="THÔNG_ĐIỆP", help="mã hoặc tên thông điệp")
    start.add_argument("--drill", action="store_true", help="diễn tập: loa nói rõ đây là diễn tập")
    stop = urgent.add_parser("stop", help="DỪNG tất cả, hoặc một lần phát")
    clear = urgent.add_parser("all-clear", help="dừng và báo yên lần phát mới nhất, hoặc lần có mã này")
    for one in (stop, clear):
        one.add_argument("what", metavar="MÃ", nargs="?", default="", help="mã lần phát (xem list)")
    for name, one in (("list", listing), ("start", start), ("stop", stop), ("all-clear", clear)):
        one.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
        one.add_argument("--json", action="store_true", help="in dạng JSON")
        one.set_defaults(command=_machine_emergency, do=name)


def _add_machine_courier(machine: "argparse._SubParsersAction[_Parser]") -> None:
    visit = machine.add_parser("courier", help="nhận gói USB và ghi lượt phát lên USB (máy đang chạy cũng được)")
    visit.add_argument("folder", metavar="THƯ_MỤC", help="thư mục của USB, ví dụ /media/usb")
    visit.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
    visit.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    visit.set_defaults(command=_machine_courier)


def _add_machine_status(machine: "argparse._SubParsersAction[_Parser]") -> None:
    status = machine.add_parser("status", help="cho biết máy phát đang thế nào; mã thoát 0: tốt, 1: có việc")
    status.add_argument("--dir", metavar="DIR", help="thư mục của máy (mặc định: <data>/machine)")
    status.add_argument("--json", action="store_true", help="in dạng JSON")
    status.add_argument("--watch", action="store_true", help="xem liên tục, Ctrl-C để thôi")
    status.set_defaults(command=_machine_status)


def _add_courier(commands: "argparse._SubParsersAction[_Parser]") -> None:
    courier = commands.add_parser("courier", help="gói USB cho máy phát không có mạng").add_subparsers(
        metavar="VIỆC", required=True
    )
    export = courier.add_parser("export", help="chép danh sách phát và âm thanh ra USB")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--machine", action="append", metavar="TÊN", help="máy phát; có thể ghi nhiều lần")
    which.add_argument("--all", action="store_true", help="mọi máy phát đang dùng")
    export.add_argument("--to", required=True, metavar="THƯ_MỤC", help="thư mục của USB, ví dụ /media/usb")
    export.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    export.set_defaults(command=_courier_export)
    home = courier.add_parser("import", help="nhận lượt phát mà USB mang về")
    home.add_argument("folder", metavar="THƯ_MỤC", help="thư mục của USB")
    home.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    home.set_defaults(command=_courier_import)
    restored = commands.add_parser("restored", help="sau khi khôi phục từ bản sao lưu: để máy phát tin lịch mới")
    restored.set_defaults(command=_restored)


def _add_text(commands: "argparse._SubParsersAction[_Parser]") -> None:
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


def _add_voices(commands: "argparse._SubParsersAction[_Parser]") -> None:
    voice = commands.add_parser("voice", help="giọng Piper thêm bằng tệp").add_subparsers(metavar="VIỆC", required=True)
    add = voice.add_parser("add", help="thêm một giọng từ thư mục hoặc tệp .zip (.onnx và .onnx.json)")
    add.add_argument("path", metavar="ĐƯỜNG_DẪN")
    add.add_argument("--name", metavar="TÊN", help="tên của giọng (mặc định: tên tệp)")
    add.add_argument("--sha256", metavar="MÃ", help="mã SHA-256 phải khớp của tệp .zip hoặc tệp .onnx")
    add.add_argument("--speed", metavar="SỐ", help="tốc độ đọc từ 0.5 đến 2 (mặc định 1)")
    add.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    add.set_defaults(command=_voice_add)
    voices = voice.add_parser("list", help="in các giọng đã thêm")
    voices.add_argument("--json", action="store_true", help="in dạng JSON")
    voices.set_defaults(command=_voice_list)
    remove = voice.add_parser("remove", help="gỡ một giọng")
    remove.add_argument("name", metavar="TÊN")
    remove.set_defaults(command=_voice_remove)
    attempt = voice.add_parser("try", help="nghe thử một giọng")
    attempt.add_argument("name", metavar="TÊN")
    attempt.add_argument("--text", required=True, metavar="VĂN_BẢN", help="văn bản, hoặc - để đọc từ đầu vào chuẩn")
    attempt.add_argument("-o", "--output", required=True, metavar="TỆP", help="tệp .wav hoặc .flac sẽ ghi")
    attempt.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    attempt.set_defaults(command=_voice_try, file=None, finish=False, preset=None)


def _add_timetable(commands: "argparse._SubParsersAction[_Parser]") -> None:
    timetable = commands.add_parser("timetable", help="lịch phát").add_subparsers(metavar="VIỆC", required=True)
    show = timetable.add_parser("show", help="in những gì sẽ phát ở một nơi")
    place = show.add_mutually_exclusive_group()
    place.add_argument("--area", metavar="TÊN", help="địa bàn (mặc định: địa bàn đầu tiên)")
    place.add_argument("--machine", metavar="TÊN", help="máy phát")
    show.add_argument("--day", default="", metavar="NGÀY", help="ngày đầu, ví dụ 24/11/2026 (mặc định: hôm nay)")
    show.add_argument("--days", default="1", metavar="SỐ", help="số ngày (mặc định 1)")
    show.add_argument("--json", action="store_true", help="in dạng JSON")
    show.set_defaults(command=_timetable_show)
    why = timetable.add_parser("why", help="in vì sao một nơi phát hay không phát vào một lúc")
    where = why.add_mutually_exclusive_group(required=True)
    where.add_argument("--machine", metavar="TÊN", help="máy phát")
    where.add_argument("--area", metavar="TÊN", help="địa bàn, như một máy đặt ở đó")
    why.add_argument("--at", required=True, metavar="LÚC", help="«05:30», «05:30 24/11/2026» hoặc 2026-11-24T05:30")
    why.add_argument("--json", action="store_true", help="in dạng JSON")
    why.set_defaults(command=_timetable_why)
    _add_calendar_files(timetable)


def _add_calendar_files(timetable: "argparse._SubParsersAction[_Parser]") -> None:
    export = timetable.add_parser("export", help="ghi lịch của một nơi ra tệp iCalendar (.ics)")
    export.add_argument("--area", required=True, metavar="TÊN", help="địa bàn")
    export.add_argument("-o", "--output", required=True, metavar="TỆP", help="tệp .ics sẽ ghi")
    export.add_argument("--rules", action="store_true", help="ghi các dòng lịch lặp lại, thay cho từng buổi")
    export.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    export.set_defaults(command=_timetable_export)
    read = timetable.add_parser("import", help="nhập dòng lịch từ tệp iCalendar (.ics)")
    read.add_argument("file", metavar="TỆP", help="tệp .ics, nhiều nhất 1 MB")
    read.add_argument("--area", required=True, metavar="TÊN", help="địa bàn sẽ phát")
    what = read.add_mutually_exclusive_group(required=True)
    what.add_argument("--programme", metavar="TÊN", help="chương trình sẽ phát")
    what.add_argument("--bulletin", metavar="TÊN", help="bản tin đã duyệt sẽ phát")
    read.add_argument("--as", dest="login", metavar="TÊN_ĐĂNG_NHẬP", help="người xếp lịch (mặc định: người đầu tiên)")
    read.add_argument("--dry-run", action="store_true", help="chỉ in những gì sẽ nhập")
    read.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    read.set_defaults(command=_timetable_import)


def _add_upkeep(commands: "argparse._SubParsersAction[_Parser]") -> None:
    doctor = commands.add_parser("doctor", help="kiểm tra máy và dữ liệu")
    doctor.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    doctor.set_defaults(command=_doctor)
    setup = commands.add_parser("setup", help="thiết lập đài thật (không có dữ liệu mẫu)")
    setup.add_argument("--name", required=True, metavar="TÊN", help="tên đài, được đọc trước mỗi bản tin")
    setup.set_defaults(command=_setup)
    area = commands.add_parser("area", help="địa bàn").add_subparsers(metavar="VIỆC", required=True)
    place = area.add_parser("add", help="thêm một địa bàn")
    place.add_argument("name", metavar="TÊN")
    place.add_argument("--level", required=True, metavar="CẤP", help="tinh, xa-phuong, to-ban hoặc cum-loa")
    place.add_argument("--in", dest="parent", metavar="TÊN", help="địa bàn chứa nó")
    place.set_defaults(command=_area_add)
    place.add_argument("--code", metavar="MÃ", help="mã đơn vị hành chính")
    place.add_argument("--from", dest="since", metavar="NGÀY", help="có từ ngày nào, ví dụ 01/07/2025")
    ended = area.add_parser("end", help="kết thúc một địa bàn, kèm nơi thay thế")
    ended.add_argument("name", metavar="TÊN")
    ended.add_argument("--on", required=True, metavar="NGÀY", help="ngày cuối cùng còn địa bàn này, ví dụ 30/06/2025")
    ended.add_argument("--to", dest="heirs", action="append", metavar="TÊN", help="nơi thay thế; có thể ghi nhiều lần")
    ended.set_defaults(command=_area_end)
    places = area.add_parser("list", help="in cây địa bàn")
    places.add_argument("--json", action="store_true", help="in dạng JSON")
    places.set_defaults(command=_area_list)
    user = commands.add_parser("user", help="người dùng").add_subparsers(metavar="VIỆC", required=True)
    add = user.add_parser("add", help="thêm người dùng và in đường đăng nhập một lần")
    add.add_argument("login", metavar="TÊN_ĐĂNG_NHẬP")
    add.add_argument("--name", required=True, metavar="HỌ_TÊN")
    add.add_argument("--role", action="append", required=True, metavar="VAI_TRÒ", help="có thể ghi nhiều lần")
    add.set_defaults(command=_user_add)
    sign_in = user.add_parser("sign-in", help="in một đường đăng nhập dùng một lần")
    sign_in.add_argument("login", metavar="TÊN_ĐĂNG_NHẬP")
    sign_in.set_defaults(command=_user_sign_in)


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


def _broker_run(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.broker import run

    return run(options, settings, terminal)


def _broker_accounts(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.broker import accounts

    return accounts(options, settings, terminal)


def _machine_enrol(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine import enrol

    return enrol(options, settings, terminal)


def _machine_status(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_status import status

    return status(options, settings, terminal)


def _machine_emergency(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_emergency import emergency

    return emergency(options, settings, terminal)


def _machine_run(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine import run

    return run(options, settings, terminal)


def _machine_courier(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.machine_courier import visit

    return visit(options, settings, terminal)


def _courier_export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import export

    return export(options, settings, terminal)


def _courier_import(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import take_home

    return take_home(options, settings, terminal)


def _restored(_options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.courier import restored

    return restored(settings, terminal)


def _read(options: argparse.Namespace, _settings: Settings, terminal: Terminal) -> int:
    from tiengloa.speech import read

    return read(options, terminal)


def _speak(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.speech import speak

    return speak(options, settings, terminal)


def _voice_add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import add

    return add(options, settings, terminal)


def _voice_list(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import show

    return show(options, settings, terminal)


def _voice_remove(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import remove

    return remove(options, settings, terminal)


def _voice_try(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.voices import try_voice

    return try_voice(options, settings, terminal)


def _timetable_show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.timetable import show

    return show(options, settings, terminal)


def _timetable_why(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.timetable import why

    return why(options, settings, terminal)


def _timetable_export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.calendar_files import export

    return export(options, settings, terminal)


def _timetable_import(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.calendar_files import import_

    return import_(options, settings, terminal)


def _doctor(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.doctor import doctor

    return doctor(options, settings, terminal)


def _setup(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import setup

    return setup(options, settings, terminal)


def _user_add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import add

    return add(options, settings, terminal)


def _user_sign_in(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.people import sign_in

    return sign_in(options, settings, terminal)


def _area_add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import add

    return add(options, settings, terminal)


def _area_end(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import end

    return end(options, settings, terminal)


def _area_list(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    from tiengloa.places import show

    return show(options, settings, terminal)
