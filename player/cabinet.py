"""The machine's folder (tủ máy): identity and keys, the accepted playlist, airings, and clips by their hash."""

import base64
import binascii
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import NotFoundError, StorageError, StorageFullError, TrustError
from domain.playlist import Playlist, to_ms
from player.database import DamagedDatabaseError, Database
from player.floor import Floor
from player.trust import Identity, check_newer, read_envelope
from player.whole import sync_folder, write_whole

_CHUNK = 1 << 18
_DATABASE = "cabinet.db"
_RESERVE = "reserve"
_STARTER = "starter"
_TOUCH_EVERY_S = 3600.0
_REVOKED = "revoked"
_OF_THE_BOX = frozenset({"clips", "recordings", "machine.lock", "machine.toml", "icecast.password", _RESERVE, _STARTER})
"""What stays when a box joins anew: what a technician set on it, and what is named by its content."""
RESERVE_BYTES = 16 << 20
STARTER_BYTES = 512 << 10
"""Enough for what SQLite writes beside its file when it is opened: a box whose disk is full must still start."""


class Cabinet:
    """What one machine keeps on disk; every write is whole or not at all.

    `mended` is a sentence when a damaged database had to be put aside on opening, else empty.
    """

    def __init__(self, folder: Path, identity: Identity, key: Ed25519PrivateKey, database: Database) -> None:
        self.folder = folder
        self.identity = identity
        self.key = key
        self.database = database
        self.clips = folder / "clips"
        self._floor = Floor(folder / "floor.json")
        self.mended = ""

    def playlist(self) -> Playlist | None:
        """Return the stored playlist after verifying it anew, or None when none was ever accepted.

        Raises TrustError when what lies on disk no longer verifies.
        """
        rows = self.database.read("SELECT envelope FROM playlist")
        return read_envelope(bytes(rows[0][0]), self.identity) if rows else None  # type: ignore[call-overload]

    def etag(self) -> str:
        """Return the ETag of the stored playlist, or an empty string."""
        rows = self.database.read("SELECT etag FROM playlist")
        return str(rows[0][0]) if rows else ""

    def accept(self, envelope: bytes, etag: str, now: datetime) -> Playlist:
        """Verify `envelope`, then store it in place of the one held, in one transaction.

        Threads and processes may do so at once: the newest wins. Raises TrustError, StorageError.
        """
        playlist = read_envelope(envelope, self.identity)
        with self.database.write() as connection:
            held = self.held_pair()
            check_newer(playlist, held, now)
            if (playlist.epoch, playlist.counter) == held:
                self._check_same(playlist)
            with disk_errors():
                self._floor.raise_to(playlist.epoch, playlist.counter)
            connection.execute(
                "INSERT OR REPLACE INTO playlist (id, envelope, etag, epoch, counter, accepted)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (envelope, etag, playlist.epoch, playlist.counter, to_ms(now)),
            )
        return playlist

    def held_pair(self) -> tuple[int, int]:
        """Return the newest (epoch, counter) ever accepted, (0, 0) before the first."""
        try:  # as it was signed: a bit that flips in a column must not shut newer playlists out
            held = self.playlist()
        except TrustError:
            held = None
        return max((held.epoch, held.counter) if held else (0, 0), self._floor.pair())

    def stored_pair(self) -> tuple[int, int]:
        """Return the (epoch, counter) that the stored playlist is noted with, (0, 0) when there is none."""
        rows = self.database.read("SELECT epoch, counter FROM playlist")
        return (rows[0][0], rows[0][1]) if rows else (0, 0)  # type: ignore[return-value]

    def _check_same(self, playlist: Playlist) -> None:
        """Check that a playlist of the number held says what that one says. Raises TrustError."""
        try:
            held = self.playlist()
        except TrustError:  # it rotted on the disk: the same number may bring it anew
            return
        if held is not None and (held.epoch, held.counter) == (playlist.epoch, playlist.counter) and held != playlist:
            raise TrustError(
                "Có hai danh sách phát khác nhau mang cùng một số; máy giữ bản đã nhận. Báo kỹ thuật viên."
            )

    def forget_etag(self) -> None:
        """Make the next poll fetch the playlist whole, because the stored one no longer verifies."""
        with self.database.write() as connection:
            connection.execute("UPDATE playlist SET etag = ''")

    def is_revoked(self) -> bool:
        """Tell whether the centre has revoked this machine and no playlist was accepted since."""
        return (self.folder / _REVOKED).exists()

    def revoke(self) -> None:
        """Remember that the machine is revoked, and ask for the playlist whole from now on. Raises StorageError."""
        with disk_errors():
            write_whole(self.folder / _REVOKED, b"")
        self.forget_etag()

    def restore(self) -> None:
        """Forget that the machine was revoked. Raises StorageError."""
        with disk_errors():
            (self.folder / _REVOKED).unlink(missing_ok=True)

    def clip_path(self, clip_hash: str) -> Path:
        """Return where the clip of `clip_hash` lies, or would lie."""
        return self.clips / clip_hash[:2] / clip_hash

    def partial_path(self, clip_hash: str) -> Path:
        """Return where the clip lies while it is being fetched."""
        return self.clips / "partial" / clip_hash

    def holds(self, clip_hash: str) -> bool:
        """Tell whether the file of the clip is there; its content is checked when it is prepared."""
        return self.clip_path(clip_hash).is_file()

    def shelve(self, clip_hash: str, partial: Path | None = None) -> None:
        """Move a wholly fetched clip onto the shelf once its bytes match its name.

        It lies at `partial`, by default where it is fetched to. Raises TrustError after discarding it when they do not.
        """
        partial = partial or self.partial_path(clip_hash)
        if file_hash(partial) != clip_hash:
            partial.unlink(missing_ok=True)
            raise TrustError("Tệp âm thanh tải về không khớp mã băm; đã bỏ, sẽ tải lại.")
        final = self.clip_path(clip_hash)
        with disk_errors():
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial, final)
            sync_folder(final.parent)

    def discard(self, clip_hash: str) -> None:
        """Remove a clip that is damaged or no longer named."""
        with suppress(OSError):
            self.clip_path(clip_hash).unlink(missing_ok=True)

    def sweep(self, named: frozenset[str], now: datetime, grace_s: float) -> None:
        """Remove clips that have not been named by the playlist for `grace_s` seconds."""
        for path in [*self.clips.glob("??/*"), *self.clips.glob("partial/*")]:
            if path.name in named:
                with suppress(OSError):
                    if abs(now.timestamp() - path.stat().st_mtime) > _TOUCH_EVERY_S:  # each touch wears the card
                        os.utime(path, (now.timestamp(), now.timestamp()))
            elif _older(path, now, grace_s):
                path.unlink(missing_ok=True)

    def keep_reserve(self) -> None:
        """Hold RESERVE_BYTES of the disk back for the journal and STARTER_BYTES for a start, while there is plenty."""
        self._hold_back(_STARTER, STARTER_BYTES)
        self._hold_back(_RESERVE, RESERVE_BYTES)

    def _hold_back(self, name: str, size: int) -> None:
        held = self.folder / name
        if held.exists() or self.free_bytes() < 4 * size:
            return
        with suppress(OSError), held.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, size)

    def free_reserve(self) -> bool:
        """Give the reserve up so that the journal can be written on a full disk; tell whether there was one."""
        try:
            (self.folder / _RESERVE).unlink()
        except OSError:
            return False
        return True

    def free_bytes(self) -> int:
        """Return how many bytes of the disk are free, 0 when that cannot be told."""
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:
            return 0

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def open_cabinet(folder: Path) -> Cabinet:
    """Open the folder of an enrolled machine, putting aside a database that is beyond use.

    An unattended machine must speak again after a power cut, so a torn file is no reason to stay silent.
    Raises NotFoundError when it was never enrolled, StorageError when a file of it cannot be used.
    """
    identity, key = read_identity(folder)
    with disk_errors():
        for part in ("clips", "clips/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
    try:
        return Cabinet(folder, identity, key, _opened(folder))
    except DamagedDatabaseError:
        aside = _put_aside(folder)
        cabinet = Cabinet(folder, identity, key, _opened(folder))
        cabinet.mended = f"Cơ sở dữ liệu trên máy bị hỏng, đã cất thành {aside}; lượt phát chưa gửi có thể bị mất."
        return cabinet


def visit_cabinet(folder: Path) -> Cabinet:
    """Open the folder of an enrolled machine that may be running; nothing is put aside or mended.

    Raises NotFoundError, StorageError.
    """
    identity, key = read_identity(folder)
    return Cabinet(folder, identity, key, Database(folder / _DATABASE))


def _opened(folder: Path) -> Database:
    """Open the database; when the disk does not take even what that needs, with what was held back for it."""
    try:
        return Database(folder / _DATABASE)
    except DamagedDatabaseError:
        raise
    except StorageError:
        held = [folder / name for name in (_STARTER, _RESERVE) if (folder / name).exists()]
        if not held:
            raise
    with disk_errors():
        held[0].unlink()
    return _opened(folder)


def _put_aside(folder: Path) -> str:
    """Rename the damaged database and drop what belongs to it; return its new name."""
    number = 1
    while (aside := folder / f"{_DATABASE}.hong-{number}").exists():
        number += 1
    with disk_errors():
        os.replace(folder / _DATABASE, aside)
        for companion in ("-wal", "-shm"):
            (folder / f"{_DATABASE}{companion}").unlink(missing_ok=True)
        sync_folder(folder)
    return aside.name


def read_identity(folder: Path) -> tuple[Identity, Ed25519PrivateKey]:
    """Return who the machine is and its private key. Raises NotFoundError, StorageError."""
    try:
        told = json.loads((folder / "identity.json").read_text("utf-8"))
        raw_key = (folder / "machine.key").read_bytes()
        identity = Identity(
            machine_id=str(told["machine"]),
            machine_name=str(told["machine_name"]),
            station_id=str(told["station"]),
            server=str(told["server"]),
            station_key=base64.b64decode(told["station_key"], validate=True),
        )
        Ed25519PublicKey.from_public_bytes(identity.station_key)
        return identity, Ed25519PrivateKey.from_private_bytes(raw_key)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"Thư mục {folder} chưa có máy phát nào được ghép; hãy chạy «tiengloa machine enrol» trước."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise StorageError(f"Không đọc được danh tính máy phát trong {folder} ({error}); hãy ghép lại.") from error


def write_identity(folder: Path, identity: Identity, key: Ed25519PrivateKey) -> None:
    """Keep the machine's key, then its identity, readable by its owner alone. Raises StorageError."""
    told = {
        "machine": identity.machine_id,
        "machine_name": identity.machine_name,
        "station": identity.station_id,
        "server": identity.server,
        "station_key": base64.b64encode(identity.station_key).decode(),
    }
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "machine.key", key.private_bytes_raw())
        write_whole(folder / "identity.json", json.dumps(told, ensure_ascii=False, indent=1).encode())


def put_aside(folder: Path) -> Path:
    """Move all that belongs to the identity of a folder into a folder of its own, and return that folder.

    What is the box's own stays (_OF_THE_BOX). The key goes last of all, so that a power cut leaves
    the old machine or none. Raises StorageError.
    """
    number = 1
    while (aside := folder / f"old-{number}").exists():
        number += 1
    with disk_errors():
        owned = [path for path in folder.iterdir() if path.name not in _OF_THE_BOX and path.name[:4] != "old-"]
        aside.mkdir(mode=0o700)
        for path in sorted(owned, key=lambda one: (one.name == "machine.key", one.name == "identity.json", one.name)):
            os.replace(path, aside / path.name)
        sync_folder(aside)
        sync_folder(folder)
    return aside


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file in hex, or an empty string when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the disk says into StorageError or StorageFullError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError("Ổ đĩa của máy phát đã đầy; dữ liệu cũ còn nguyên. Hãy giải phóng ổ đĩa.") from error
        raise StorageError(f"Không ghi được vào thư mục của máy phát ({error.strerror}).") from error


def _older(path: Path, now: datetime, grace_s: float) -> bool:
    try:
        return now.timestamp() - path.stat().st_mtime > grace_s
    except OSError:
        return False
