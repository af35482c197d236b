"""Neural voices dropped in as files: models in Piper's format, run by ONNX Runtime in a child process.

ONNX Runtime is an optional part (`pip install tiengloa[piper]`). Phonemes come from the eSpeak NG library that the
offline voice already brings, in a child of its own, so no second copy of it and no torch is needed.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata, util
from pathlib import Path

from domain.audio import PLAIN, Manner, Speech
from domain.errors import BadInputError, NotFoundError, VoiceError, VoiceUnavailableError
from tts.engines import piper_child, piper_phonemes
from tts.engines.child import ChildLostError
from tts.engines.espeak import packaged_files
from tts.engines.piper_card import CONFIG, MODEL, VoiceCard, checked_speed, read_card
from tts.engines.piper_config import (
    CONFIG_LIMIT_BYTES,
    PiperConfig,
    clause_phonemes,
    clauses,
    parsed_config,
    parts,
    phoneme_ids,
)
from tts.engines.piper_talk import Talk
from tts.voices import SLOWER, checked, speakable

RUNTIME = "onnxruntime"

_INSTALL = (
    "Chưa cài phần chạy giọng Piper. Hãy chạy: pip install 'tiengloa[piper]' "
    "(trong thư mục mã nguồn: .venv/bin/pip install -r requirements-piper.txt)."
)
_CHANGED = "Tệp giọng Piper đã bị đổi hoặc hỏng. Hãy gỡ giọng này rồi thêm lại."
_READER = Path(piper_phonemes.__file__)
_SPEAKER = Path(piper_child.__file__)
_PART_S = 30
_CLAUSE_S = 5
_PATIENCE_S = 2.0


def runtime_version() -> str:
    """Return the version of ONNX Runtime. Raises VoiceUnavailableError, saying how to install it."""
    try:
        return metadata.version(RUNTIME)
    except metadata.PackageNotFoundError as error:
        raise VoiceUnavailableError(_INSTALL) from error


class PiperVoice:
    """Speaks with the Piper voice in `folder`; the same sentence always gives the same bytes on one kind of machine.

    `speed` is how many times as fast as the voice's maker set it; None means as its card says. A voice that has
    gone, or a missing runtime, is told when it is asked to speak: the station starts and another voice takes over.
    Raises BadInputError when made with an odd speed.
    """

    name = "piper"
    backup = False

    def __init__(self, folder: Path, *, speed: float | None = None, part_limit_s: int = _PART_S) -> None:
        self.voice = folder.name
        self._folder = folder
        self._part_limit_s = part_limit_s
        self._card = _card_or_none(folder)
        own = self._card.speed if self._card else 1.0
        self._speed = own if speed is None else checked_speed(speed)
        self.version = _version(self._card, self._speed)

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        """Return the speech of one sentence in `manner`. Raises VoiceError, VoiceUnavailableError."""
        return next(self.speak_many([sentence], manner))

    def speak_many(self, sentences: Sequence[str], manner: Manner = PLAIN) -> Iterator[Speech]:
        """Yield the speech of each sentence in `manner`, in order, from one model that is opened once.

        A voice has one presenter, who speaks for all.
        Raises VoiceError at the sentence that cannot be spoken, VoiceUnavailableError when the voice has gone, has
        changed, or cannot run here.
        """
        lines = [speakable(sentence) for sentence in sentences]
        config = self._config()
        reading, speaking = self._reader_command(config), self._speaker_command(config, manner)
        try:
            with (
                Talk(reading, _CLAUSE_S + _PATIENCE_S) as reader,
                Talk(speaking, self._part_limit_s + _PATIENCE_S) as speaker,
            ):
                _ready(reader, speaker)
                for line in lines:
                    yield checked(line, _speech(line, config, reader, speaker))
        except OSError as error:
            raise VoiceUnavailableError("Không khởi động được giọng Piper.") from error

    def _config(self) -> PiperConfig:
        """Return the voice's configuration, once it is sure that the voice is the one this engine was made for."""
        if self._card is None or _card_or_none(self._folder) != self._card:
            raise VoiceUnavailableError(
                f"Giọng Piper «{self.voice}» chưa cài, đã gỡ hoặc vừa được thay. Hãy khởi động lại Tiếng Loa."
            )
        try:
            with (self._folder / CONFIG).open("rb") as file:
                data = file.read(CONFIG_LIMIT_BYTES + 1)
        except OSError as error:
            raise VoiceUnavailableError(_CHANGED) from error
        if hashlib.sha256(data).hexdigest() != self._card.config_sha256:
            raise VoiceUnavailableError(_CHANGED)
        try:
            return parsed_config(data)
        except BadInputError as error:
            raise VoiceError(error.sentence) from error

    def _reader_command(self, config: PiperConfig) -> list[str]:
        files = packaged_files()
        options = [str(files.library), str(files.data), config.espeak_voice, str(_CLAUSE_S)]
        return [sys.executable, "-I", "-S", str(_READER), *options]

    def _speaker_command(self, config: PiperConfig, manner: Manner) -> list[str]:
        assert self._card is not None
        speed = self._speed * SLOWER if manner.slower else self._speed
        scales = (config.noise, config.length / speed, config.noise_w)
        options = [
            _folders_of(RUNTIME, "numpy"),
            str(self._folder / MODEL),
            self._card.model_sha256,
            str(config.rate),
            *map(str, scales),
            str(config.speakers),
            str(self._part_limit_s),
        ]
        return [sys.executable, "-I", "-S", str(_SPEAKER), *options]


def _card_or_none(folder: Path) -> VoiceCard | None:
    try:
        return read_card(folder)
    except NotFoundError:
        return None


def _version(card: VoiceCard | None, speed: float) -> str:
    """Return all that decides the sound: the model, what reads the text, what runs the model, the speed."""
    if card is None:
        return "chưa cài"
    try:
        runtime = runtime_version()
    except VoiceUnavailableError:
        runtime = "chưa cài"
    reader = metadata.version("espeakng-loader")
    files = f"{card.model_sha256[:12]}-{card.config_sha256[:6]}"
    return f"{files}; onnxruntime {runtime}; eSpeak NG {reader}; tốc độ {speed:g}"


def _folders_of(*packages: str) -> str:
    """Return the folders that hold `packages`, for a child that looks nowhere else."""
    runtime_version()
    folders: list[str] = []
    for package in packages:
        found = util.find_spec(package)
        if found is None or found.origin is None:
            raise VoiceUnavailableError(_INSTALL)
        folders.append(str(Path(found.origin).parent.parent))
    return os.pathsep.join(dict.fromkeys(folders))


def _ready(reader: Talk, speaker: Talk) -> None:
    """Wait until both children are ready, or say which is not and why."""
    try:
        reader.ready()
    except ChildLostError as error:
        if error.code == piper_phonemes.NO_VOICE:
            raise VoiceError("eSpeak NG không có cách phát âm mà giọng Piper này cần.") from error
        raise VoiceUnavailableError("Không mở được eSpeak NG để phiên âm cho giọng Piper.") from error
    try:
        speaker.ready()
    except ChildLostError as error:
        raise _not_opened(error.code) from error


def _not_opened(code: int | None) -> VoiceError:
    if code == piper_child.NO_RUNTIME:
        return VoiceUnavailableError(_INSTALL)
    if code == piper_child.CHANGED:
        return VoiceUnavailableError(_CHANGED)
    if code == piper_child.NOT_A_VOICE:
        return VoiceError("Tệp .onnx không phải một giọng Piper dùng được, hoặc đã hỏng.")
    return VoiceError("Giọng Piper không mở được trong giới hạn thời gian và bộ nhớ.")


def _speech(line: str, config: PiperConfig, reader: Talk, speaker: Talk) -> Speech:
    """Return the speech of `line` as the model gave it."""
    try:
        phonemes = [_read(clause, reader) for clause in clauses(line)]
        sounds = [_part(phoneme_ids(config, part), speaker) for part in parts(phonemes)]
    except ChildLostError as error:
        if error.code is None:
            raise VoiceError("Giọng Piper không trả lời kịp, đã dừng.") from error
        raise VoiceUnavailableError("Giọng Piper dừng đột ngột.") from error
    return Speech(b"".join(sounds), config.rate)


def _read(clause: str, reader: Talk) -> str:
    status, phonemes = reader.ask(clause.encode())
    if status != 0:
        raise VoiceError(f"eSpeak NG không phiên âm được câu “{clause[:40]}…”.")
    return clause_phonemes(clause, phonemes.decode("utf-8", "replace"))


_FAULTS = {
    piper_child.NOT_A_NUMBER: "Giọng Piper trả về âm thanh hỏng, đã bỏ.",
    piper_child.TOO_LONG: "Giọng Piper trả về âm thanh dài bất thường, đã bỏ.",
}


def _part(ids: list[int], speaker: Talk) -> bytes:
    status, pcm = speaker.ask(b"".join(number.to_bytes(8, "little") for number in ids))
    if status != 0 or len(pcm) % 2:
        raise VoiceError(_FAULTS.get(status, "Giọng Piper không đọc được câu này trong giới hạn thời gian và bộ nhớ."))
    return pcm
