"""`tiengloa doctor`: what works here, what does not, and what to do about it."""

import argparse
import ctypes.util
import platform
import socket
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import TiengLoaError
from tiengloa import exits
from tiengloa.folder import Folder, free_bytes, prepare, reason
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal

_ENOUGH = 2 * 1024**3
_BUILT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `state` is "tốt", "lưu ý" or "hỏng"."""

    what: str
    state: str
    sentence: str


def doctor(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Look at everything and print it; exit 1 when something that is needed is broken."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _data_folder,
        _disk,
        _database,
        _keys,
        _clock,
        _port,
        _voices,
        _offline_voice,
        _online_voice,
        _sound,
    )
    findings = tuple(_looked(check, settings) for check in checks)
    if options.json:
        terminal.document([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = {"tốt": "✓", "lưu ý": "!", "hỏng": "✗"}[finding.state]
            terminal.say(f"{mark} {finding.what}: {finding.sentence}")
    return exits.FAULT if any(finding.state == "hỏng" for finding in findings) else exits.OK


def _looked(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except TiengLoaError as error:
        return Finding(_NAMES[check.__name__], "hỏng", error.sentence)
    except OSError as error:
        return Finding(_NAMES[check.__name__], "hỏng", f"{reason(error)}.")


_NAMES = {
    "_python": "Python",
    "_data_folder": "Thư mục dữ liệu",
    "_disk": "Chỗ trống",
    "_database": "Cơ sở dữ liệu",
    "_keys": "Khóa ký",
    "_clock": "Đồng hồ",
    "_port": "Cổng",
    "_voices": "Giọng đọc",
    "_offline_voice": "Giọng ngoại tuyến",
    "_online_voice": "Giọng trực tuyến",
    "_sound": "Thiết bị âm thanh",
}


def _python(_settings: Settings) -> Finding:
    return Finding("Python", "tốt", f"{platform.python_version()} trên {platform.machine()}.")


def _data_folder(settings: Settings) -> Finding:
    if not settings.data.exists():
        return Finding("Thư mục dữ liệu", "lưu ý", f"chưa có {settings.data}; được tạo khi chạy lần đầu.")
    prepare(settings.data)
    return Finding("Thư mục dữ liệu", "tốt", f"{settings.data.resolve()}, ghi được.")


def _disk(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.data.absolute(), *settings.data.absolute().parents) if folder.exists())
    free = free_bytes(place)
    state = "tốt" if free > _ENOUGH else "lưu ý"
    return Finding("Chỗ trống", state, f"còn {free / 1024**3:.1f} GB.")


def _database(settings: Settings) -> Finding:
    from store import station
    from tiengloa.centre import open_centre

    missing = "chưa có đài nào; chạy «tiengloa run» (mẫu) hoặc «tiengloa setup»."
    if not Folder(settings.data).database.exists():
        return Finding("Cơ sở dữ liệu", "lưu ý", missing)
    centre = open_centre(settings)
    with closing(centre.database), centre.database.read() as connection:
        if not station.exists(connection):
            return Finding("Cơ sở dữ liệu", "lưu ý", missing)
        return Finding("Cơ sở dữ liệu", "tốt", f"đài «{station.get(connection).name}», nguyên vẹn.")


def _keys(settings: Settings) -> Finding:
    key = settings.data / "keys" / "station.key"
    if not key.exists():
        return Finding("Khóa ký", "lưu ý", "chưa có; được tạo khi tiến trình làm việc chạy lần đầu.")
    if stat.S_IMODE(key.stat().st_mode) & 0o077:
        return Finding("Khóa ký", "hỏng", f"người khác đọc được. Hãy chạy: chmod 600 {key}")
    return Finding("Khóa ký", "tốt", "chỉ chủ sở hữu đọc được.")


def _clock(_settings: Settings) -> Finding:
    now = datetime.now(UTC)
    if now < _BUILT:
        return Finding("Đồng hồ", "hỏng", f"đang chỉ {now:%d/%m/%Y}, sớm hơn ngày làm ra phần mềm. Hãy bật NTP.")
    synced = Path("/run/systemd/timesync/synchronized").exists() or Path("/var/lib/chrony/drift").exists()
    note = "có đồng bộ thời gian" if synced else "chưa thấy dịch vụ đồng bộ thời gian (NTP)"
    return Finding("Đồng hồ", "tốt" if synced else "lưu ý", f"{now:%Y-%m-%d %H:%M:%S} UTC, {note}.")


def _port(settings: Settings) -> Finding:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((settings.host, settings.port)) == 0
    note = "đang có chương trình trả lời (có thể là chính Tiếng Loa)" if taken else "còn trống"
    return Finding("Cổng", "lưu ý" if taken else "tốt", f"{settings.host}:{settings.port} {note}.")


def _voices(settings: Settings) -> Finding:
    from player.clock import SystemClock
    from tiengloa.wiring import voice_chain
    from tts.lexicon import LexiconReader

    spoken = voice_chain(settings, SystemClock(), None).speak(LexiconReader().read("Xin chào."), lambda *_: None)
    state = "lưu ý" if spoken.voice.backup else "tốt"
    why = f" {spoken.voice.why}" if spoken.voice.why else ""
    return Finding("Giọng đọc", state, f"hiện sẽ đọc bằng giọng {spoken.voice.engine}.{why}")


def _offline_voice(settings: Settings) -> Finding:
    from tts.engines.espeak import EspeakVoice

    if "espeak" not in settings.voices:
        return Finding("Giọng ngoại tuyến", "lưu ý", "không dùng, theo thiết lập TIENGLOA_VOICES.")
    speech = EspeakVoice().speak("xin chào bà con")
    return Finding("Giọng ngoại tuyến", "tốt", f"eSpeak NG đọc được {speech.length.total_seconds():.1f} giây.")


def _online_voice(settings: Settings) -> Finding:
    from tts.engines.google import GoogleVoice

    if "gtts" not in settings.voices:
        return Finding("Giọng trực tuyến", "lưu ý", "không dùng, theo thiết lập TIENGLOA_VOICES.")
    try:
        GoogleVoice().speak("xin chào")
    except TiengLoaError as error:
        return Finding("Giọng trực tuyến", "lưu ý", f"{error.sentence} Giọng dự phòng sẽ đọc thay.")
    return Finding("Giọng trực tuyến", "tốt", "Google trả lời.")


def _sound(_settings: Settings) -> Finding:
    cards = Path("/proc/asound/cards")
    has_card = cards.exists() and "no soundcards" not in cards.read_text()
    if not has_card:
        return Finding("Thiết bị âm thanh", "lưu ý", "máy này không có; máy phát mẫu sẽ ghi tệp WAV để nghe.")
    if ctypes.util.find_library("asound") is None:
        return Finding("Thiết bị âm thanh", "lưu ý", "có card âm thanh nhưng thiếu thư viện libasound2.")
    return Finding("Thiết bị âm thanh", "tốt", "có card âm thanh và thư viện ALSA.")
