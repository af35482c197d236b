"""The data folder: where each thing is, and whether it can be written."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.errors import BusyError, StorageError, StorageFullError

_LEAST_FREE = 50 * 1024 * 1024
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside one data folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The station's database."""
        return self.root / "tiengloa.db"

    @property
    def queue(self) -> Path:
        """The wake-up queue of production; it may be deleted when nothing runs."""
        return self.root / "queue.db"

    @property
    def clips(self) -> Path:
        """The content-addressed library."""
        return self.root / "clips"

    @property
    def speech(self) -> Path:
        """The cache of spoken sentences; it may be deleted."""
        return self.root / "speech-cache"

    @property
    def sessions(self) -> Path:
        """The sessions that were made to be heard in the panel; it may be deleted."""
        return self.root / "session-cache"

    @property
    def backups(self) -> Path:
        """Copies of the database made before an upgrade."""
        return self.root / "backups"

    @property
    def station_key(self) -> Path:
        """The private key that signs playlists; only the worker reads it."""
        return self.root / "keys" / "station.key"

    @property
    def clock_key(self) -> Path:
        """The private key with which the panel tells machines the time."""
        return self.root / "keys" / "clock.key"

    @property
    def panel_secret(self) -> Path:
        """The secret of the panel's form tokens."""
        return self.root / "keys" / "panel.secret"

    @property
    def broker_secret(self) -> Path:
        """The secret of which the passwords of nudges are made."""
        return self.root / "keys" / "broker.secret"

    def machine(self, name: str) -> Path:
        """The folder of a machine that runs beside the centre."""
        return self.root / "machines" / name


def prepare(root: Path) -> Folder:
    """Make the data folder and prove that it can be written. Raises StorageError, StorageFullError."""
    try:
        for part in (root, root / "keys", root / "clips"):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = root / f".probe-{secrets.token_hex(4)}"
        try:
            with probe.open("wb") as file:
                file.write(b"\0" * 65536)
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
        free = free_bytes(root)
    except OSError as error:
        raise storage_error(root, error) from error
    if free < _LEAST_FREE:
        raise StorageFullError(_full(root))
    return Folder(root)


def free_bytes(root: Path) -> int:
    """Return how many bytes are free where `root` is."""
    figures = os.statvfs(root)
    return figures.f_bavail * figures.f_frsize


def storage_error(root: Path, error: OSError) -> StorageError:
    """Return the error of the data folder in words."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(_full(root))
    return StorageError(
        f"Không ghi được vào thư mục dữ liệu «{root}» ({reason(error)}). "
        "Hãy kiểm tra quyền ghi hoặc chọn thư mục khác bằng --data."
    )


_REASONS = {
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.EEXIST: "đã có một tệp mang tên đó",
    errno.ENOTDIR: "trên đường dẫn có một tệp, không phải thư mục",
    errno.EISDIR: "đó là một thư mục",
    errno.ENOENT: "không có đường dẫn này",
    errno.ENAMETOOLONG: "tên quá dài",
    errno.ENOSPC: "ổ đĩa đã đầy",
    errno.EDQUOT: "đã hết phần ổ đĩa được cấp",
    errno.EIO: "ổ đĩa báo lỗi",
    errno.EMFILE: "mở quá nhiều tệp",
}


def reason(error: OSError) -> str:
    """Return why the system refused, in a few Vietnamese words where they are known."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def _full(root: Path) -> str:
    return (
        f"Ổ đĩa chứa thư mục dữ liệu «{root}» đã đầy. Dữ liệu cũ còn nguyên. Hãy giải phóng ít nhất 50 MB rồi chạy lại."
    )


def secret(path: Path) -> bytes:
    """Return the secret in `path`, made on first use and readable by its owner alone. Raises StorageError."""
    try:
        if not path.exists():
            _make_secret(path)
        found = path.read_bytes()
    except OSError as error:
        raise storage_error(path.parent, error) from error
    if len(found) != _SECRET_BYTES:
        raise StorageError(f"Tệp «{path}» bị hỏng. Hãy xóa tệp này rồi chạy lại; mọi người chỉ cần mở lại trang.")
    return found


def _make_secret(path: Path) -> None:
    """Write a secret beside, then link it to its name: whole or not there, and of two makers the first wins."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the block runs, waiting for whoever holds it. Raises StorageError."""
    with _lock_file(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def only_one(path: Path, sentence: str) -> Iterator[None]:
    """Hold the lock file `path` for as long as the block runs. Raises BusyError with `sentence`, StorageError."""
    with _lock_file(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(sentence) from error
        yield


def _lock_file(path: Path) -> BinaryIO:
    try:
        return path.open("ab")
    except OSError as error:
        raise storage_error(path.parent, error) from error
