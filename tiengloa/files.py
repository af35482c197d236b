"""Writing a file whole or not at all."""

import os
import secrets
from pathlib import Path

from domain.errors import StorageError
from tiengloa.folder import storage_error


def write_whole(target: Path, data: bytes) -> None:
    """Write `data` beside `target`, then put it in its place. Raises StorageError; an older file stays whole."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _named(target, error) from error


def _named(target: Path, error: OSError) -> StorageError:
    if isinstance(error, FileNotFoundError):
        return StorageError(f"Không có thư mục «{target.parent}» để ghi tệp. Hãy tạo thư mục rồi chạy lại.")
    if isinstance(error, IsADirectoryError):
        return StorageError(f"«{target}» là một thư mục, không ghi đè được. Hãy đặt tên tệp khác.")
    return storage_error(target.parent, error)
