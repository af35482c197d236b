"""Small disks that the test fills, freezes, and cuts the power of. All need root."""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
_FREEZE, _THAW = 0xC0045877, 0xC0045878


def can_mount() -> bool:
    """Tell whether disks can be mounted here: by root alone, and not in every sandbox."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory(prefix="probe-") as folder, suppress(OSError, subprocess.CalledProcessError):
        with memory_disk(Path(folder) / "disk", "1m"):
            pass
        return True
    return False


@contextmanager
def memory_disk(place: Path, size: str) -> Iterator[Path]:
    """Give a disk in memory at `place`."""
    place.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


def fill(folder: Path) -> Path:
    """Take every free byte of the disk that `folder` is on, and return the file that holds them."""
    filler = folder / "filler"
    with filler.open("ab") as stream, suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(stream.fileno(), bytes(size))
    return filler


class PowerDisk:
    """An ext4 disk in a file; `cut` loses whatever was not flushed to it, as pulling the plug does."""

    def __init__(self, folder: Path, megabytes: int = 48) -> None:
        self.image = folder / "disk.img"
        self.place = folder / "disk"
        self.place.mkdir(parents=True)
        with self.image.open("wb") as stream:
            stream.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Mount it; ext4 recovers from its journal.

        As long as a mount namespace that somebody has made meanwhile holds the old mount, that one would come back,
        dead; then what is on the disk is mounted from a copy.
        """
        _run("mount", "-o", "loop", str(self.image), str(self.place))
        if self._is_alive():
            return
        self.unmount()
        copy = self.image.with_suffix(self.image.suffix + "+")
        shutil.copyfile(self.image, copy)
        self.image = copy
        _run("mount", "-o", "loop", str(copy), str(self.place))

    def _is_alive(self) -> bool:
        try:
            (self.place / "alive").write_bytes(b"")
        except OSError:
            return False
        return True

    def cut(self) -> None:
        """Cut the power: from now on the disk takes and gives nothing, and what lay in memory is lost."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Take the disk away; whoever still has a file on it open keeps that."""
        _run("umount", str(self.place))

    def freeze(self, *, frozen: bool) -> None:
        """Let every writer wait, or go on."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _FREEZE if frozen else _THAW, 0)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Take the disk away for good."""
        if os.path.ismount(self.place):
            _run("umount", "-l", str(self.place))


@contextmanager
def power_disk(folder: Path, megabytes: int = 48) -> Iterator[PowerDisk]:
    """Give an ext4 disk whose power can be cut."""
    disk = PowerDisk(folder, megabytes)
    try:
        yield disk
    finally:
        disk.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
