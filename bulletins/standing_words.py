"""The words that are always at hand: that a drill is one, and that all is well again; spoken by the voice chain."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.audio import Clip, ClipKind, MasteredAudio, SpokenAudio
from domain.ports import BlobStore, Clock, Reader, Speaker
from store import clips, station
from store.engine import Database

WORDS = (
    (
        "Lời báo diễn tập có sẵn",
        "Đây là diễn tập. Xin nhắc lại: đây là diễn tập, không phải tình huống thật. Đề nghị bà con bình tĩnh.",
    ),
    (
        "Lời báo yên có sẵn",
        "Xin thông báo: tình huống khẩn cấp đã kết thúc. Bà con trở lại sinh hoạt bình thường.",
    ),
)
"""(title in the library, what is said)."""


@dataclass(frozen=True, slots=True)
class StandingWords:
    """Has each of WORDS spoken once; `finish` makes a finished sound of speech alone."""

    database: Database
    clock: Clock
    reader: Reader
    speaker: Speaker
    finish: Callable[[SpokenAudio], MasteredAudio]
    blobs: BlobStore

    def make(self) -> None:
        """Make what is missing. Raises NoVoiceError, AudioError, StorageError; it is tried again later."""
        with self.database.read() as connection:
            missing = [(title, words) for title, words in WORDS if not clips.titled(connection, title)]
        for title, words in missing:
            self._make(title, words)

    def _make(self, title: str, words: str) -> None:
        spoken = self.speaker.speak(self.reader.read(words), lambda _stage, _done, _total: None)
        sound = self.finish(spoken)
        clip = Clip(
            hash=self.blobs.put(sound.data),
            size=len(sound.data),
            media_type=sound.media_type,
            length=sound.length,
            loudness=sound.loudness,
            kind=ClipKind.ANNOUNCEMENT,
            title=title,
            created_at=self.clock.now(),
            voice=spoken.voice,
        )
        with self.database.write() as connection:
            clips.put(connection, clip)
            station.plan_changed(connection)
