"""`tiengloa read` and `tiengloa speak`: the reader and the voices from the command line."""

import argparse
import io
import sys
import unicodedata
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audio_library.mastering import PRESETS, HornMastering
from domain.audio import SAMPLE_RATE, SpokenAudio
from domain.bulletins import SCRIPT_LIMIT
from domain.errors import BadInputError
from domain.ports import Progress
from domain.reading import SpokenText, Token
from player.clock import SystemClock
from tiengloa import exits
from tiengloa.files import refuse_unwritable, write_whole
from tiengloa.folder import reason
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import voice_chain
from tts.lexicon import LexiconReader

_LONGEST_TOLD = 60


def read(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print how a text will be read; exit 3 when a person has to confirm something."""
    text = _given(options.text)
    spoken = LexiconReader().read(text)
    if options.json:
        terminal.document(_document(text, spoken))
    else:
        terminal.say(spoken.spoken)
        _warn_of_flags(spoken, terminal)
    return exits.FLAGGED if spoken.flagged else exits.OK


def speak(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write a text as speech to a file, with a bar on the way."""
    output = Path(options.output)
    if options.preset and not options.finish:
        raise BadInputError("--preset chỉ dùng cùng --finish.")
    write = _format_of(output, options.preset or "horn" if options.finish else "")
    text = _given(options.text) if options.text is not None else _file(options.file)
    refuse_unwritable(output)
    spoken = LexiconReader().read(text)
    _warn_of_flags(spoken, terminal)
    _refuse_wordless(spoken, terminal)
    audio = voice_chain(settings, SystemClock(), None).speak(spoken, terminal.progress)
    data, seconds = write(audio, terminal.progress)
    terminal.end_progress()
    write_whole(output, data)
    if options.json:
        terminal.document(
            {
                "file": str(output),
                "seconds": round(seconds, 3),
                "engine": audio.voice.engine,
                "voice": audio.voice.voice,
                "backup": audio.voice.backup,
                "why": audio.voice.why,
                "flagged": len(spoken.flagged),
            }
        )
    else:
        note = f" (giọng dự phòng: {audio.voice.why})" if audio.voice.backup and audio.voice.why else ""
        terminal.say(f"Đã ghi {output} dài {seconds:.1f} giây, giọng {audio.voice.engine}{note}.")
    return exits.OK


def _given(text: str) -> str:
    return _checked(_decoded(sys.stdin.buffer.read(4 * SCRIPT_LIMIT + 4)) if text == "-" else text)


def _file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return _checked(_decoded(file.read(4 * SCRIPT_LIMIT + 4)))
    except OSError as error:
        raise BadInputError(f"Không đọc được tệp «{name}» ({reason(error)}).") from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(data) > 4 * SCRIPT_LIMIT:
            return "x" * (SCRIPT_LIMIT + 1)
        raise BadInputError("Văn bản không phải mã UTF-8 nên không đọc được. Hãy lưu lại tệp theo UTF-8.") from error


def _checked(text: str) -> str:
    if not text.strip():
        raise BadInputError("Văn bản trống, chưa có gì để đọc.")
    if len(unicodedata.normalize("NFC", text)) > SCRIPT_LIMIT:
        raise BadInputError("Văn bản dài quá 20.000 ký tự. Hãy chia thành nhiều phần.")
    # A lone surrogate (bytes that were no UTF-8 on the command line) can be neither printed nor spoken.
    return text.encode("utf-8", "replace").decode("utf-8")


def _warn_of_flags(spoken: SpokenText, terminal: Terminal) -> None:
    for token in spoken.flagged:
        for flag in token.flags:
            source, spoken_as, why = (_clipped(words) for words in (token.source, token.spoken, flag.sentence))
            terminal.warn(f"Cần xem lại «{source}» → «{spoken_as}»: {why}")


def _clipped(words: str) -> str:
    """Return `words` short enough for a line of a terminal; `--json` holds the whole."""
    return words if len(words) <= _LONGEST_TOLD else f"{words[:_LONGEST_TOLD]}…"


def _refuse_wordless(spoken: SpokenText, terminal: Terminal) -> None:
    if not spoken.syllables:
        raise BadInputError("Văn bản không có chữ nào để đọc, nên chưa ghi tệp nào.")
    inserted = [sentence.clip for sentence in spoken.sentences if sentence.clip]
    if inserted:
        names = ", ".join(f"«{_clipped(name)}»" for name in inserted)
        terminal.warn(f"Lệnh này không chèn âm thanh trong kho: bỏ qua {names}.")


def _document(text: str, spoken: SpokenText) -> dict[str, Any]:
    return {
        "text": text,
        "spoken": spoken.spoken,
        "flagged": len(spoken.flagged),
        "sentences": [
            {
                "start": sentence.start,
                "end": sentence.end,
                "spoken": sentence.spoken,
                "pause_ms": sentence.pause_ms,
                "tokens": [_token(token) for token in sentence.tokens],
            }
            for sentence in spoken.sentences
        ],
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "start": token.start,
        "end": token.end,
        "source": token.source,
        "spoken": token.spoken,
        "rule": token.rule,
        "pause_ms": token.pause_ms,
        "flags": [{"kind": flag.kind.value, "sentence": flag.sentence} for flag in token.flags],
    }


_Writer = Callable[[SpokenAudio, Progress], tuple[bytes, float]]


def _format_of(output: Path, preset: str) -> _Writer:
    """Return what writes `output`: finished by `preset`, or the bare speech when that is empty."""
    suffix = output.suffix.lower()
    if suffix not in {".wav", ".flac"}:
        raise BadInputError(f"Chỉ ghi được tệp .wav hoặc .flac, không ghi được «{output.name}».")
    if preset and suffix != ".flac":
        raise BadInputError("Bản hoàn thiện cho loa được ghi dạng .flac. Hãy đặt tên tệp kết thúc bằng .flac.")
    if preset:
        return lambda audio, progress: _finished(audio, progress, preset)
    return _wav if suffix == ".wav" else _flac


def _wav(audio: SpokenAudio, _progress: Progress) -> tuple[bytes, float]:
    rate = _rate(audio)
    pcm = _joined(audio)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return buffer.getvalue(), len(pcm) / 2 / rate


def _flac(audio: SpokenAudio, _progress: Progress) -> tuple[bytes, float]:
    from audio_library.codec import encode_flac
    from audio_library.filters import at_clip_rate

    rate = _rate(audio)
    pcm = _joined(audio)
    return encode_flac(at_clip_rate(pcm, rate)), len(pcm) / 2 / rate


def _finished(audio: SpokenAudio, progress: Progress, preset: str) -> tuple[bytes, float]:
    done = HornMastering(PRESETS[preset]).master(audio, None, progress)
    return done.data, done.length.total_seconds()


def _joined(audio: SpokenAudio) -> bytes:
    rate = _rate(audio)
    return b"".join(speech.pcm + b"\0\0" * (rate * pause // 1000) for speech, pause in audio.sentences)


def _rate(audio: SpokenAudio) -> int:
    """Return the rate of the voice; a sentence without sound has one of its own, which says nothing."""
    return next((speech.rate for speech, _pause in audio.sentences if speech.pcm), SAMPLE_RATE)
