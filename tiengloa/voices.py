"""`tiengloa voice add | list | remove | try`: Piper voices that come as files."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.errors import BadInputError, VoiceUnavailableError
from player.clock import SystemClock
from tiengloa import exits
from tiengloa.folder import prepare
from tiengloa.settings import Settings
from tiengloa.speech import speak
from tiengloa.terminal import Terminal
from tiengloa.wiring import voice_store
from tts.engines.piper import runtime_version
from tts.engines.piper_card import UNKNOWN_LICENCE, VoiceCard
from tts.voice_store import Wanted

_LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Add a voice from a folder or zip, once it has spoken, and say what it is."""
    runtime_version()
    prepare(settings.data)
    wanted = Wanted(
        Path(options.path), SystemClock().now(), options.name or "", options.sha256 or "", _speed(options.speed)
    )
    card = voice_store(settings).add(wanted, terminal.progress)
    terminal.end_progress()
    if options.json:
        terminal.document(_document(card))
        return exits.OK
    terminal.say(f"Đã thêm giọng {_line(card)}.")
    if card.licence == UNKNOWN_LICENCE:
        terminal.warn("Gói giọng không nói rõ giấy phép. Hãy hỏi nơi cung cấp trước khi phát công cộng.")
    terminal.say(f"Nghe thử: tiengloa voice try {card.name} --text 'Xin chào bà con' -o thu.wav")
    terminal.say("Nếu Tiếng Loa đang chạy, hãy khởi động lại để dùng giọng mới.")
    return exits.OK


def show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print the installed voices, and the broken ones."""
    store = voice_store(settings)
    cards, broken = store.cards(), store.broken()
    if options.json:
        terminal.document({"voices": [_document(card) for card in cards], "broken": list(broken)})
        return exits.OK
    for card in cards:
        terminal.say(_line(card))
    if not cards:
        terminal.say("Chưa có giọng Piper nào. Thêm bằng: tiengloa voice add THƯ_MỤC_HOẶC_ZIP")
    for name in broken:
        terminal.warn(f"Giọng «{name}» bị hỏng. Hãy gỡ (tiengloa voice remove {name}) rồi thêm lại.")
    try:
        runtime_version()
    except VoiceUnavailableError as error:
        terminal.warn(error.sentence)
    return exits.OK


def remove(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Remove a voice; clips that it spoke stay."""
    voice_store(settings).remove(options.name)
    terminal.say(f"Đã gỡ giọng «{options.name}». Các bản tin đã làm bằng giọng này vẫn còn nguyên.")
    return exits.OK


def try_voice(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write a text as speech of one voice, with its second presenter where the text asks for one."""
    card = voice_store(settings).card(options.name)
    return speak(options, replace(settings, voices=(f"piper:{card.name}",)), terminal)


def _speed(text: str | None) -> float:
    try:
        return float((text or "1").replace(",", "."))
    except ValueError as error:
        raise BadInputError("Tốc độ --speed phải là một số, ví dụ 0.9.") from error


def _line(card: VoiceCard) -> str:
    """Return a voice in one line: what a person asks before putting it on the air."""
    parts = [
        card.language,
        f"chất lượng {card.quality or 'chưa rõ'}",
        f"{card.rate} Hz",
        f"{card.size / 1_000_000:.1f} MB",
        f"giấy phép: {card.licence}",
        f"thêm ngày {card.added_at.astimezone(_LOCAL):%d/%m/%Y}",
    ]
    if card.speed != 1:
        parts.append(f"tốc độ {card.speed:g}")
    return f"«{card.name}»: {', '.join(parts)}"


def _document(card: VoiceCard) -> dict[str, object]:
    return asdict(card) | {"added_at": card.added_at.isoformat()}
