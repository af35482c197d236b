"""The Piper voices of a station: one folder each, added whole or not at all, and never before they have spoken."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.errors import (
    BadInputError,
    NotFoundError,
    StorageError,
    StorageFullError,
    VoiceError,
    VoiceUnavailableError,
)
from domain.ports import Progress
from tts.engines.piper import PiperVoice
from tts.engines.piper_card import (
    CARD,
    CONFIG,
    LICENCE,
    MODEL,
    UNKNOWN_LICENCE,
    VoiceCard,
    checked_speed,
    read_card,
    write_card,
)
from tts.engines.piper_config import CONFIG_LIMIT_BYTES, PiperConfig, parsed_config
from tts.engines.piper_package import MODEL_LIMIT_BYTES, TEXT_LIMIT_BYTES, Package, opened, read_whole

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENCE_LINE = re.compile(r"^[\s*#>-]*licen[sc]e\W*[:=]\W*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_TRIAL_S = 10
_BLOCK_BYTES = 1_000_000
_ABANDONED_AFTER_S = 3600.0
_BEING_ADDED, _BEING_REMOVED = ".them-", ".go-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked to add, and when; an empty `name` means the model's own, an empty `sha256` none is known."""

    path: Path
    at: datetime
    name: str = ""
    sha256: str = ""
    speed: float = 1.0


def try_out(folder: Path) -> None:
    """Have the voice in `folder` say a few numbers, which every language has. Raises VoiceError."""
    PiperVoice(folder, part_limit_s=_TRIAL_S).speak("1 2 3")


class VoiceStore:
    """Keeps voices in folders of `root`; `trial` is what a voice must pass to be kept."""

    def __init__(self, root: Path, trial: Callable[[Path], None] = try_out) -> None:
        self._root = root
        self._trial = trial

    def folder(self, name: str) -> Path:
        """Return where the voice `name` is, or would be. Raises BadInputError for an odd name."""
        if not _NAME.fullmatch(name):
            raise BadInputError(
                f"Tên giọng «{name[:64]}» không hợp lệ. Hãy dùng chữ không dấu, số, dấu - và _, tối đa 64 ký tự."
            )
        return self._root / name

    def cards(self) -> tuple[VoiceCard, ...]:
        """Return the voices that are whole, by name."""
        found = []
        for name in self._names():
            with contextlib.suppress(NotFoundError):
                found.append(read_card(self._root / name))
        return tuple(found)

    def second(self, name: str) -> str:
        """Return the voice that speaks for the second presenter beside `name`: the first other one of its language.

        Empty when there is none, or when `name` is not a whole voice.
        """
        cards = self.cards()
        language = next((_tongue(card) for card in cards if card.name == name), None)
        return next((card.name for card in cards if card.name != name and _tongue(card) == language), "")

    def broken(self) -> tuple[str, ...]:
        """Return the names of folders that hold no whole voice."""
        whole = {card.name for card in self.cards()}
        return tuple(name for name in self._names() if name not in whole)

    def card(self, name: str) -> VoiceCard:
        """Return the card of one voice. Raises NotFoundError, BadInputError."""
        return read_card(self.folder(name))

    def add(self, wanted: Wanted, progress: Progress) -> VoiceCard:
        """Add a voice from a folder or zip and return its card.

        Raises BadInputError when it is not a voice that can speak, VoiceUnavailableError when the runtime to try it
        is missing, StorageError, StorageFullError. Nothing is kept then.
        """
        expected = wanted.sha256.strip().lower()
        if expected and not _SHA256.fullmatch(expected):
            raise BadInputError("Mã --sha256 phải gồm đúng 64 chữ số thập lục phân.")
        with opened(wanted.path) as package, _disk_errors(self._root):
            target = self._free_place(wanted.name or _plain(package.stem))
            config = parsed_config(read_whole(package.config, CONFIG_LIMIT_BYTES))
            with self._staging() as staging:
                card = _copied(package, config, wanted, staging / target.name, progress)
                if expected and expected not in {card.model_sha256, _zip_hash(wanted.path)}:
                    raise BadInputError("Mã SHA-256 không khớp: tệp đã bị đổi hoặc tải thiếu. Chưa giữ lại gì.")
                progress("Đọc thử", 0, 1)
                self._tried(staging / target.name)
                progress("Đọc thử", 1, 1)
                _settle(staging / target.name, target)
        return card

    def remove(self, name: str) -> None:
        """Remove a voice, whole or broken. Raises NotFoundError, BadInputError, StorageError."""
        folder = self.folder(name)
        if not folder.is_dir():
            raise NotFoundError(f"Không có giọng «{name}». Xem «tiengloa voice list».")
        with _disk_errors(self._root):
            leaving = self._root / f"{_BEING_REMOVED}{secrets.token_hex(6)}"
            folder.rename(leaving)
            _sync(self._root)
            shutil.rmtree(leaving)

    def _names(self) -> list[str]:
        try:
            return sorted(
                entry.name for entry in os.scandir(self._root) if entry.is_dir() and _NAME.fullmatch(entry.name)
            )
        except FileNotFoundError:
            return []

    def _free_place(self, name: str) -> Path:
        target = self.folder(name)
        if target.exists():
            raise BadInputError(
                f"Đã có giọng «{name}». Hãy gỡ nó trước (tiengloa voice remove {name}) hoặc đặt tên khác bằng --name."
            )
        return target

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Give a folder beside the voices that is gone afterwards, and clear what a killed process left."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_abandoned()
        staging = self._root / f"{_BEING_ADDED}{secrets.token_hex(6)}"
        staging.mkdir(mode=0o700)
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _clear_abandoned(self) -> None:
        for entry in self._root.iterdir():
            ours = entry.name.startswith((_BEING_ADDED, _BEING_REMOVED))
            if ours and entry.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
                shutil.rmtree(entry, ignore_errors=True)

    def _tried(self, folder: Path) -> None:
        """Hold the trial; a voice that fails it is the giver's mistake, a missing runtime is not."""
        try:
            self._trial(folder)
        except VoiceUnavailableError:
            raise
        except VoiceError as error:
            raise BadInputError(f"Giọng không đọc thử được: {error.sentence} Chưa giữ lại gì.") from error


def _copied(package: Package, config: PiperConfig, wanted: Wanted, folder: Path, progress: Progress) -> VoiceCard:
    """Copy the voice into `folder`, hashing on the way, and write its card."""
    folder.mkdir(mode=0o700)
    model_hash, model_size = _copy_model(package, folder / MODEL, progress)
    config_bytes = read_whole(package.config, CONFIG_LIMIT_BYTES)
    (folder / CONFIG).write_bytes(config_bytes)
    licence, text = _licence(package)
    if text:
        (folder / LICENCE).write_bytes(text)
    card = VoiceCard(
        name=folder.name,
        language=config.language,
        quality=config.quality,
        rate=config.rate,
        licence=licence,
        size=model_size + len(config_bytes),
        model_sha256=model_hash,
        config_sha256=hashlib.sha256(config_bytes).hexdigest(),
        added_at=wanted.at,
        source=_one_line(wanted.path.name),
        speed=checked_speed(wanted.speed),
    )
    write_card(folder, card)
    return card


def _copy_model(package: Package, target: Path, progress: Progress) -> tuple[str, int]:
    """Copy the model and return (SHA-256 in hex, bytes)."""
    digest, size, total = hashlib.sha256(), 0, package.model.size
    with package.model.open() as source, target.open("xb") as file:
        while block := source.read(_BLOCK_BYTES):
            size += len(block)
            if size > MODEL_LIMIT_BYTES:
                raise BadInputError(f"Model lớn quá {MODEL_LIMIT_BYTES // 1_000_000} MB. Chưa giữ lại gì.")
            digest.update(block)
            file.write(block)
            progress("Chép model", size, max(size, total))
    return digest.hexdigest(), size


def _settle(staged: Path, target: Path) -> None:
    """Bring a whole voice to the disk, then to its name. Raises BadInputError when another took the name."""
    for file in (MODEL, CONFIG, CARD):
        _sync(staged / file)
    _sync(staged)
    try:
        staged.rename(target)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        raise BadInputError(f"Đã có giọng «{target.name}». Hãy đặt tên khác bằng --name.") from error
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _licence(package: Package) -> tuple[str, bytes]:
    """Return the licence's name as it was given, and the text that gave it."""
    for file in package.texts:
        data = read_whole(file, TEXT_LIMIT_BYTES)
        text = data.decode("utf-8", "replace")
        named = _LICENCE_LINE.search(text)
        is_card = file.name.lower().startswith("model_card")
        line = named[1] if named else "" if is_card else next(filter(str.strip, text.splitlines()), "")
        if line.strip():
            return _one_line(line), data
    return UNKNOWN_LICENCE, b""


def _tongue(card: VoiceCard) -> str:
    """Return the language of a voice without its country: `vi` of `vi_VN`."""
    return re.split(r"[-_]", card.language)[0].lower()


def _one_line(text: str) -> str:
    return "".join(letter for letter in text[:200] if letter.isprintable()).strip(" *_#")


def _plain(stem: str) -> str:
    """Return a voice's name made from the name of its file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:64] or "giong"


def _zip_hash(path: Path) -> str:
    """Return the SHA-256 of a zip as it was given; a folder has none."""
    if path.is_dir():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(
                "Ổ đĩa đã đầy, chưa giữ lại gì. Hãy giải phóng chỗ trống rồi thêm lại giọng."
            ) from error
        raise StorageError(f"Không ghi được vào «{root}» ({error.strerror}). Hãy kiểm tra quyền ghi.") from error
