"""The content-addressed store in a folder: `ab/cd/abcd...` holds the bytes whose SHA-256 is its name."""

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from pathlib import Path

from domain.errors import BadInputError, NotFoundError, StorageError, StorageFullError

_HASH = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK = 1024 * 1024


class FolderBlobStore:
    """Keeps sounds in `folder`, which is made when it is missing. Safe for many processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store `data` whole or not at all and return its hash. Raises StorageError, StorageFullError.

        What is already held and whole is not written again; a damaged copy is replaced.
        """
        blob_hash = hashlib.sha256(data).hexdigest()
        if self.verify(blob_hash):
            return blob_hash
        target = self._place(blob_hash)
        try:
            self._make_folder(target.parent)
            _write_whole(target, data)
        except OSError as error:
            raise _storage_error(error) from error
        return blob_hash

    def path(self, blob_hash: str) -> Path:
        """Return the file of `blob_hash`. Raises NotFoundError when it is not held, BadInputError on a bad hash."""
        place = self._place(blob_hash)
        if not place.is_file():
            raise NotFoundError("Tệp âm thanh này không còn trong kho.")
        return place

    def verify(self, blob_hash: str) -> bool:
        """Tell whether the file is held and its bytes still match its name. Raises BadInputError on a bad hash."""
        digest = hashlib.sha256()
        try:
            with self._place(blob_hash).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == blob_hash

    def _place(self, blob_hash: str) -> Path:
        if not _HASH.fullmatch(blob_hash):
            raise BadInputError("Mã tệp âm thanh không hợp lệ.")
        return self._folder / blob_hash[:2] / blob_hash[2:4] / blob_hash

    def _make_folder(self, folder: Path) -> None:
        """Make `folder` and put its name on the disk, as far up as it was missing."""
        if folder.is_dir():
            return
        if folder != self._folder:
            self._make_folder(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        _fsync_folder(folder.parent)


def _write_whole(target: Path, data: bytes) -> None:
    """Write beside, flush, replace: after a power cut the name holds all of `data` or what it held before."""
    descriptor, beside = tempfile.mkstemp(prefix=".ghi-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    _fsync_folder(target.parent)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _storage_error(error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageFullError("Ổ đĩa đã đầy, chưa lưu được âm thanh; dữ liệu cũ còn nguyên. Hãy dọn bớt rồi thử lại.")
    return StorageError(f"Không ghi được vào kho âm thanh ({error.strerror}). Hãy kiểm tra quyền và ổ đĩa.")
