"""A folder on a stick (USB) that may mean harm: no link is followed, only plain files are opened, and all in bounds.

Every name is joined to an open folder, so nothing that is exchanged meanwhile leads anywhere else.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from domain.errors import NotFoundError, StorageError, StorageFullError, TrustError

_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 18
_MOST_NAMES = 10_000


class Stick:
    """An open folder; close it, or use it in a `with`."""

    def __init__(self, descriptor: int) -> None:
        self._folder = descriptor

    @classmethod
    def at(cls, folder: Path) -> "Stick":
        """Open the folder that a person or a setting names. Raises NotFoundError, StorageError."""
        try:
            with usb_errors():
                return cls(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except NotFoundError as error:
            raise NotFoundError(f"Không có thư mục {folder}. USB đã được cắm và gắn (mount) vào đó chưa?") from error

    def __enter__(self) -> "Stick":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._folder)

    def inside(self, name: str, *, make: bool = False) -> "Stick":
        """Open a folder in this one. Raises NotFoundError, TrustError when it is a link, StorageError."""
        with usb_errors():
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=self._folder)
            return Stick(os.open(name, os.O_RDONLY | os.O_DIRECTORY | _OPEN, dir_fd=self._folder))

    def names(self) -> tuple[str, ...]:
        """Return the names in the folder, in order. Raises StorageError."""
        with usb_errors(), os.scandir(self._folder) as entries:
            return tuple(sorted(entry.name for entry, _ in zip(entries, range(_MOST_NAMES), strict=False)))

    def size(self, name: str) -> int | None:
        """Return the size of a plain file, or None when there is none."""
        try:
            told = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return None
        return told.st_size if stat.S_ISREG(told.st_mode) else None

    def stamp(self, name: str) -> tuple[int, int, int]:
        """Return what changes when a file is written anew, zeros when there is none."""
        try:
            told = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return (0, 0, 0)
        return told.st_mtime_ns, told.st_size, told.st_ino

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Give a plain file to be read. Raises NotFoundError, TrustError when it is anything else, StorageError."""
        with usb_errors():
            # A pipe would make us wait for ever, a device could do anything.
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _OPEN, dir_fd=self._folder)
            with os.fdopen(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise TrustError("Trên USB có tệp không phải tệp thường; đã bỏ qua.")
                yield stream

    def read(self, name: str, most: int) -> bytes:
        """Return a file of at most `most` bytes. Raises NotFoundError, TrustError, StorageError."""
        with self.file(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise TrustError("Trên USB có tệp lớn bất thường; đã bỏ qua.")
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write a small file whole or not at all. Raises StorageError, StorageFullError."""
        self.put(name, lambda stream: stream.write(data))

    def put(self, name: str, pour: Callable[[BinaryIO], object]) -> None:
        """Write what `pour` gives beside `name`, flush it, then put it in place. Raises StorageError."""
        beside = f"{name}.new"
        with usb_errors():
            with suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=self._folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN
            descriptor = os.open(beside, flags, 0o644, dir_fd=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    pour(stream)
                    stream.flush()
                    os.fsync(stream.fileno())
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside, dir_fd=self._folder)
                raise
            os.replace(beside, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            with suppress(OSError):  # not every file system of a stick knows how
                os.fsync(self._folder)

    def remove(self, name: str) -> None:
        """Remove a file, if there is one. Raises StorageError."""
        with usb_errors(), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def free_bytes(self) -> int:
        """Return how many bytes are free on the stick. Raises StorageError."""
        with usb_errors():
            told = os.fstatvfs(self._folder)
        return told.f_bavail * told.f_frsize


def pour(source: BinaryIO, target: BinaryIO, size: int) -> None:
    """Copy `size` bytes and no more. Raises TrustError when there are fewer."""
    left = size
    while left and (chunk := _read(source, min(_CHUNK, left))):
        target.write(chunk)
        left -= len(chunk)
    if left:
        raise TrustError("Một tệp âm thanh bị thiếu mất phần cuối; đã bỏ qua.")


def _read(source: BinaryIO, count: int) -> bytes:
    with usb_errors():
        return source.read(count)


@contextmanager
def usb_errors() -> Iterator[None]:
    """Turn what a stick says into our errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError("Không thấy gói Tiếng Loa trên USB này.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFullError("USB đã đầy; phần đã chép còn dùng được. Hãy xóa bớt rồi chép lại.") from error
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise TrustError("Trên USB có đường dẫn trỏ đi nơi khác; đã bỏ qua.") from error
        raise StorageError(f"Không đọc hoặc ghi được USB ({error.strerror}). Hãy cắm lại rồi thử lại.") from error
