"""One machine alone runs in a folder: it holds the folder's lock for as long as it runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import BusyError
from player.cabinet import disk_errors


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises BusyError when another machine runs in it, StorageError."""
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "machine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(f"Một máy phát khác đang chạy trong thư mục {folder}.") from error
        yield
    finally:
        os.close(descriptor)
