"""The library's desk: idents, announcements, beds and other sounds that people bring, and the station's own."""

import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from audio_library import ident as sounds
from audio_library.codec import decode
from audio_library.mastering import PLAIN, finished, levelled
from audio_library.measure import measure
from domain.audio import Clip, ClipKind, MasteredAudio
from domain.errors import AudioError, BadInputError, NotAllowedError
from domain.people import Role, User
from domain.ports import BlobStore, Clock
from store import clips
from store.engine import Database

TakeIn = Callable[[Path, timedelta], MasteredAudio]
"""Decodes and measures a stranger's file, at most so long. Raises BadInputError, AudioError, StorageError."""

LARGEST_FILE = 60_000_000
LONGEST = timedelta(minutes=30)
LONGEST_LEVELLED = timedelta(minutes=8)
"""A longer sound keeps its loudness: levelling it would hold the panel up for too long."""

SHORTEST = timedelta(seconds=0.5)
TITLE_LIMIT = 120
_FAINTEST_DBTP = -45.0
_ONE_AT_A_TIME = threading.Lock()
"""Half an hour of noise is some 150 MB of FLAC in memory: two at once would burst the bound of one request."""

KINDS = (ClipKind.IDENT, ClipKind.STING, ClipKind.ANNOUNCEMENT, ClipKind.BED, ClipKind.OTHER)
"""What people may bring; the sound of a bulletin comes only from an approved bulletin."""

_OWN = (
    ("Nhạc hiệu có sẵn", ClipKind.IDENT, sounds.ident),
    ("Nhạc kết có sẵn", ClipKind.STING, sounds.closing),
    ("Nhạc cắt có sẵn", ClipKind.STING, sounds.separator),
    ("Nhạc nền có sẵn", ClipKind.BED, sounds.bed),
    ("Hiệu báo động có sẵn", ClipKind.STING, sounds.alarm),
)


@dataclass(frozen=True, slots=True)
class Library:
    """Keeps sounds for programmes. Each act is refused with a sentence and nothing changed, or done whole."""

    database: Database
    clock: Clock
    blobs: BlobStore
    take_in: TakeIn

    def shelf(self) -> dict[ClipKind, tuple[Clip, ...]]:
        """Return the clips that programmes may use, by kind, each kind by title."""
        with self.database.read() as connection:
            held = sorted(clips.of_kinds(connection, KINDS).values(), key=lambda one: (one.title.casefold(), one.hash))
        return {kind: tuple(one for one in held if one.kind is kind) for kind in KINDS}

    def add(self, user: User, title: str, kind: ClipKind, file: Path) -> Clip:
        """Keep a person's file, brought to -16 LUFS when it is short enough and can be.

        Raises NotAllowedError, BadInputError, AudioError, StorageError.
        """
        require_librarian(user)
        with _ONE_AT_A_TIME:
            return self._added(self._checked(title, kind), kind, file)

    def _added(self, name: str, kind: ClipKind, file: Path) -> Clip:
        sound = _level(self.take_in(file, LONGEST))
        if sound.length < SHORTEST:
            raise BadInputError("Âm thanh quá ngắn, chưa tới nửa giây. Hãy chọn tệp khác.")
        if sound.loudness.true_peak_dbtp < _FAINTEST_DBTP:
            raise BadInputError("Tệp này không có tiếng. Hãy nghe lại tệp rồi gửi lại.")
        return self._keep(name, kind, sound)

    def stock(self) -> None:
        """Put the station's own sounds into the library, unless they are there."""
        with self.database.read() as connection:
            titles = {one.title for one in clips.everything(connection).values()}
        for title, kind, make in _OWN:
            if title not in titles:
                self._keep(title, kind, _own(make()))

    def _keep(self, title: str, kind: ClipKind, sound: MasteredAudio) -> Clip:
        clip = Clip(
            self.blobs.put(sound.data),
            len(sound.data),
            sound.media_type,
            sound.length,
            sound.loudness,
            kind,
            title,
            self.clock.now(),
        )
        with self.database.write() as connection:
            _refuse_same(clip, clips.everything(connection).values())
            clips.put(connection, clip)
        return clip

    def _checked(self, title: str, kind: ClipKind) -> str:
        name = " ".join(unicodedata.normalize("NFC", title).split())
        if not name:
            raise BadInputError("Hãy đặt tên cho âm thanh, ví dụ «Nhạc hiệu buổi sáng».")
        if len(name) > TITLE_LIMIT:
            raise BadInputError(f"Tên âm thanh dài quá {TITLE_LIMIT} ký tự.")
        if kind not in KINDS:
            raise BadInputError("Hãy chọn một loại âm thanh trong danh sách.")
        with self.database.read() as connection:
            held = clips.of_kinds(connection, KINDS).values()
        if any(one.title.casefold() == name.casefold() for one in held):
            raise BadInputError(f"Trong kho đã có âm thanh tên «{name}». Hãy đặt tên khác để không lẫn.")
        return name


def may_stock(user: User) -> bool:
    """Tell whether `user` may bring sounds into the library."""
    return user.may(Role.EDITOR, Role.SCHEDULER, Role.TECHNICIAN)


def require_librarian(user: User) -> None:
    """Refuse a person who may not bring sounds. Raises NotAllowedError."""
    if not may_stock(user):
        raise NotAllowedError("Tài khoản của bạn không có quyền thêm âm thanh vào kho. Chưa có gì thay đổi.")


def _refuse_same(clip: Clip, held: Iterable[Clip]) -> None:
    same = next((one for one in held if one.hash == clip.hash), None)
    if same is not None and same.title != clip.title:
        raise BadInputError(f"Âm thanh này đã có trong kho với tên «{same.title}». Chưa thêm gì.")


def _level(sound: MasteredAudio) -> MasteredAudio:
    """Return a sound at the loudness of everything else, or as it came when it is too long or too peaky for that."""
    if sound.length > LONGEST_LEVELLED or sound.loudness.true_peak_dbtp < _FAINTEST_DBTP:
        return sound
    try:
        return finished(*levelled(decode(sound.data), PLAIN))
    except AudioError:
        return sound


def _own(pcm: bytes) -> MasteredAudio:
    return _level(finished(pcm, measure(pcm)))
