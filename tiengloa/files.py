"""Writing a file whole or not at all."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from domain.errors import StorageError, StorageFullError
from tiengloa.folder import reason


def refuse_unwritable(target: Path) -> None:
    """Raise StorageError when `target` could not be written, before long work is done for it."""
    beside = _beside(target)
    try:
        if target.is_dir():
            raise IsADirectoryError
        beside.touch()
    except OSError as error:
        raise _named(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def write_whole(target: Path, data: bytes) -> None:
    """Write `data` beside `target`, then put it in its place. Raises StorageError; an older file stays whole."""
    beside = _beside(target)
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise _named(target, error) from error


def _beside(target: Path) -> Path:
    return target.with_name(f".{secrets.token_hex(8)}.tiengloa")


def _named(target: Path, error: OSError) -> StorageError:
    if isinstance(error, FileNotFoundError):
        return StorageError(f"Không có thư mục «{target.parent}» để ghi tệp. Hãy tạo thư mục rồi chạy lại.")
    if isinstance(error, IsADirectoryError):
        return StorageError(f"«{target}» là một thư mục, không ghi đè được. Hãy đặt tên tệp khác.")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(f"Ổ đĩa đã đầy nên chưa ghi được «{target}». Hãy giải phóng chỗ trống rồi chạy lại.")
    return StorageError(f"Không ghi được tệp «{target}» ({reason(error)}). Hãy kiểm tra quyền ghi hoặc chọn nơi khác.")
