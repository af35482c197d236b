"""The offline voice: eSpeak NG from `espeakng-loader`, in a child process.

Source of the choices (Northern voice, about 110 words a minute, a fresh state for each sentence): two speech
recognisers scored it so on official sentences, and no other Vietnamese voice comes in a registry package.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import espeakng_loader

from domain.audio import PLAIN, Manner, Speech
from domain.errors import BadInputError, VoiceError, VoiceUnavailableError
from tts.engines import espeak_child
from tts.engines.child import Child, ChildLostError, ChildSilentError
from tts.voices import SLOWER, speakable

VOICES = {"vi": "miền Bắc", "vi-vn-x-central": "miền Trung", "vi-vn-x-south": "miền Nam"}
"""The voices of the library and the region each speaks for."""

SLOWEST, FASTEST = 80, 200

_SECOND_PRESENTER = "+f4"
"""The library's variant of a voice for the second presenter: the same accent, higher.

Variants with breath are out: their noise is another each time.
"""

_CHILD = Path(espeak_child.__file__)
_LONGEST_ANSWER = 60 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EspeakFiles:
    """Where the library and its data lie."""

    library: Path
    data: Path


def packaged_files() -> EspeakFiles:
    """Return the files of the `espeakng-loader` package. Raises VoiceUnavailableError when they are missing."""
    folder = Path(espeakng_loader.__file__).parent
    files = EspeakFiles(Path(espeakng_loader.get_library_path()), folder / "espeak-ng-data")
    if not files.library.is_file() or not (files.data / "phontab").is_file():
        raise VoiceUnavailableError("Giọng ngoại tuyến eSpeak NG chưa được cài đủ. Hãy chạy lại lệnh cài đặt.")
    return files


class EspeakVoice:
    """Speaks with eSpeak NG, offline; the same sentence always gives the same bytes.

    `rate` is in words a minute; `time_limit_s` is how long one sentence may take.
    Raises BadInputError when made with an unknown voice or an odd rate.
    """

    name = "espeak"
    backup = True

    def __init__(
        self, voice: str = "vi", rate: int = 110, *, time_limit_s: int = 8, files: EspeakFiles | None = None
    ) -> None:
        if voice not in VOICES:
            raise BadInputError(f"Không có giọng eSpeak tên là “{voice}”. Hãy chọn: {', '.join(VOICES)}.")
        if not SLOWEST <= rate <= FASTEST:
            raise BadInputError(f"Tốc độ đọc phải từ {SLOWEST} đến {FASTEST} từ mỗi phút.")
        self.voice = voice
        self.version = f"{metadata.version('espeakng-loader')}; {rate} từ/phút"
        self._rate = rate
        self._time_limit_s = time_limit_s
        self._files = files

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        """Return the speech of one sentence in `manner`. Raises VoiceError, VoiceUnavailableError."""
        return next(self.speak_many([sentence], manner))

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        """Yield the speech of each sentence in `manner`, in order, from one child process.

        The library speaks no slower than 80 words a minute.

        Raises VoiceError at the sentence that cannot be spoken, VoiceUnavailableError when the child cannot run.
        """
        lines = [speakable(sentence) for sentence in sentences]
        with _started(self._command(manner)) as child:
            for line in lines:
                yield _spoken(child, line, self._time_limit_s + 2)

    def _command(self, manner: Manner) -> list[str]:
        files = self._files or packaged_files()
        voice = self.voice if manner.presenter == 1 else self.voice + _SECOND_PRESENTER
        rate = max(SLOWEST, round(self._rate * SLOWER)) if manner.slower else self._rate
        options = [str(files.library), str(files.data), voice, str(rate), str(self._time_limit_s)]
        return [sys.executable, "-I", "-S", str(_CHILD), *options]


def _started(command: list[str]) -> Child:
    try:
        return Child(command)
    except OSError as error:
        raise VoiceUnavailableError("Không khởi động được giọng ngoại tuyến eSpeak NG.") from error


def _spoken(child: Child, line: str, patience_s: float) -> Speech:
    """Return the speech of `line`. Raises VoiceError, VoiceUnavailableError."""
    try:
        rate, answer = _answered(child, line.encode(), time.monotonic() + patience_s)
    except ChildSilentError as error:
        raise VoiceError("Giọng eSpeak NG không trả lời kịp, đã dừng.") from error
    except ChildLostError as error:
        raise VoiceUnavailableError("Giọng ngoại tuyến eSpeak NG dừng đột ngột hoặc không mở được.") from error
    if not answer:
        raise VoiceError(f"Giọng eSpeak NG không đọc được câu “{line[:40]}…”.")
    return Speech(answer, rate)


def _answered(child: Child, text: bytes, deadline: float) -> tuple[int, bytes]:
    """Return frames a second and PCM, which is empty when the child could not speak `text`."""
    child.send(espeak_child.REQUEST.pack(len(text)) + text)
    status, rate, size = espeak_child.ANSWER.unpack(child.receive(espeak_child.ANSWER.size, deadline))
    if size > _LONGEST_ANSWER:
        raise VoiceError("Giọng eSpeak NG trả về âm thanh dài bất thường, đã bỏ.")
    answer = child.receive(size, deadline)
    return int(rate), answer if status == 0 else b""
