"""People's own voices: a recording takes the place of the voice for a sentence, or for a whole bulletin."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from domain.audio import SAMPLE_RATE, MasteredAudio, Speech
from domain.bulletins import EDITABLE, Bulletin, Recording
from domain.errors import BadInputError, NotAllowedError, WrongStateError
from domain.people import Role, User
from domain.ports import BlobStore, Clock, Reader
from domain.reading import LexiconEntry, SpokenSentence, SpokenText
from store import bulletins, recordings, station
from store.bulletins import Act
from store.engine import Database, new_id

TakeIn = Callable[[Path, timedelta], MasteredAudio]
"""Decodes and measures a stranger's file, at most so long. Raises BadInputError, AudioError, StorageError."""

LARGEST_FILE = 20_000_000
LONGEST_SENTENCE = timedelta(minutes=3)
LONGEST_WHOLE = timedelta(minutes=30)
SHORTEST = timedelta(seconds=0.4)

_FAINTEST_DBTP = -45.0
_LEVEL_DBFS = -24.0
"""Mean power of the sounding parts that a person's and an engine's sentences are both brought to."""

_BREATH_S = 0.08
_NOISE_BELOW_DB = 30.0
_BLOCK = 480


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that will be heard, and the recording that takes its place, if there is one.

    The key is empty where nobody says anything: a pause, or a clip of the library.
    """

    sentence: SpokenSentence
    key: str
    recording: Recording | None


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks what: one person the whole of it, or `opening` and `body` line by line.

    `dropped` are recordings of words that are no longer in the text; nobody will hear them.
    """

    whole: Recording | None
    opening: tuple[Line, ...]
    body: tuple[Line, ...]
    dropped: tuple[Recording, ...]

    @property
    def used(self) -> tuple[Recording, ...]:
        """Return the recordings that will be heard."""
        if self.whole is not None:
            return (self.whole,)
        return tuple(line.recording for line in (*self.opening, *self.body) if line.recording is not None)


@dataclass(frozen=True, slots=True)
class Booth:
    """Where people record. Each act is refused with a sentence and nothing changed, or done whole."""

    database: Database
    reader: Reader
    clock: Clock
    blobs: BlobStore
    take_in: TakeIn

    def cast(self, bulletin: Bulletin) -> Cast:
        """Return who will speak what of `bulletin` as it stands."""
        with self.database.read() as connection:
            held = recordings.of_bulletin(connection, bulletin.id)
            announced_by = station.get(connection).name
        return cast_of(bulletin, parts(self.reader, bulletin, announced_by), held)

    def record(self, user: User, bulletin: Bulletin, key: str, file: Path) -> Recording:
        """Keep `file` as the voice of the sentence `key`, or of all of `bulletin` as the person saw it.

        Raises NotAllowedError, WrongStateError, BadInputError, AudioError, StorageError.
        """
        require_writer(user, bulletin)
        whole = key == whole_key(bulletin.version)
        sentence = "" if whole else self._sentence(bulletin, key)
        sound = self.take_in(file, LONGEST_WHOLE if whole else LONGEST_SENTENCE)
        _refuse_useless(sound)
        made = Recording(
            id=new_id(),
            bulletin_id=bulletin.id,
            key=key,
            sentence=sentence,
            blob_hash=self.blobs.put(sound.data),
            length=sound.length,
            made_by=user.id,
            made_by_name=user.name,
            made_at=self.clock.now(),
        )
        with self.database.write() as connection:
            _require_same(bulletin, bulletins.get(connection, bulletin.id))
            recordings.keep(connection, made)
            what = "thu giọng cho cả bài" if whole else "thu giọng cho một câu"
            bulletins.note(connection, bulletin, Act(user, made.made_at), what, sentence)
        return made

    def remove(self, user: User, bulletin_id: str, recording_id: str) -> None:
        """Give the words of a recording back to the voice."""
        with self.database.write() as connection:
            bulletin = bulletins.get(connection, bulletin_id)
            require_writer(user, bulletin)
            recording = recordings.get(connection, bulletin_id, recording_id)
            recordings.remove(connection, recording)
            bulletins.note(connection, bulletin, Act(user, self.clock.now()), "bỏ một bản thu", recording.sentence)

    def _sentence(self, bulletin: Bulletin, key: str) -> str:
        cast = self.cast(bulletin)
        for line in (*cast.opening, *cast.body):
            if key and line.key == key:
                return line.sentence.spoken
        raise WrongStateError(
            "Câu này vừa được sửa nên chưa nhận bản thu. Hãy mở lại trang để xem câu mới rồi thu lại."
        )


def may_record(user: User, bulletin: Bulletin) -> bool:
    """Tell whether `user` may change the recordings of `bulletin` now."""
    return user.may(Role.CONTRIBUTOR, Role.EDITOR) and bulletin.state in EDITABLE


def seal_of(bulletin: Bulletin, cast: Cast, inserted: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a short hash of all that an approver hears: the words as they are said, who says them, and the preset.

    `inserted` is the hash of each clip by the name that the script calls it. A lexicon that has changed since the
    approval, a clip of the library that another has taken the name of, or another recording changes the seal.
    """
    lines = [[_said(line, inserted) for line in part] for part in (cast.opening, cast.body)]
    heard = json.dumps([bulletin.preset, [one.blob_hash for one in cast.used], lines], ensure_ascii=False)
    return hashlib.sha256(heard.encode("utf-8", "replace")).hexdigest()[:16]


def _said(line: Line, inserted: Mapping[str, str]) -> list[object]:
    one = line.sentence
    clip = inserted.get(one.clip, one.clip)
    return [one.spoken, one.presenter, one.slower, one.times, clip]


def key_of(sentence: SpokenSentence) -> str:
    """Return what binds a recording to a sentence: the SHA-256 of how it is said."""
    return hashlib.sha256(sentence.spoken.encode("utf-8", "replace")).hexdigest()


def whole_key(version: int) -> str:
    """Return what binds a recording to all of a version."""
    return f"version-{version}"


def announcement(station_name: str, title: str) -> str:
    """Return the line spoken before a bulletin."""
    return f"{station_name}. Mời bà con nghe bản tin: {title.rstrip('.')}."


def parts(reader: Reader, bulletin: Bulletin, announced_by: str) -> tuple[SpokenText, SpokenText]:
    """Return how a bulletin is announced and how its script is said."""
    readings = tuple(LexiconEntry(one.written, one.spoken) for one in bulletin.readings)
    opening = reader.read(announcement(announced_by, bulletin.title), readings)
    return opening, reader.read(bulletin.script, readings)


def cast_of(bulletin: Bulletin, texts: tuple[SpokenText, SpokenText], held: Sequence[Recording]) -> Cast:
    """Return who speaks what, from the recordings `held` of the bulletin."""
    by_key = {one.key: one for one in held}
    opening, body = (_lines(text, by_key) for text in texts)
    heard = {line.key for line in (*opening, *body)} | {whole_key(bulletin.version)}
    dropped = tuple(one for one in held if one.key not in heard)
    return Cast(by_key.get(whole_key(bulletin.version)), opening, body, dropped)


def _lines(text: SpokenText, by_key: dict[str, Recording]) -> tuple[Line, ...]:
    keys = [key_of(one) if any(map(str.isalnum, one.spoken)) else "" for one in text.sentences]
    return tuple(
        Line(one, key, by_key.get(key) if key else None) for one, key in zip(text.sentences, keys, strict=True)
    )


def require_writer(user: User, bulletin: Bulletin) -> None:
    if not user.may(Role.CONTRIBUTOR, Role.EDITOR):
        raise NotAllowedError("Chỉ cộng tác viên và biên tập viên mới thu giọng được. Chưa có gì thay đổi.")
    if bulletin.state not in EDITABLE:
        raise WrongStateError(
            "Bản tin đã trình duyệt nên không đổi được bản thu: người duyệt phải nghe đúng những gì sẽ phát. "
            "Nếu cần đổi, hãy nhờ người duyệt trả lại."
        )


def _require_same(seen: Bulletin, now: Bulletin) -> None:
    if (now.version, now.state) != (seen.version, seen.state):
        raise WrongStateError(
            "Bản tin vừa được người khác thay đổi nên chưa nhận bản thu. Hãy mở lại trang rồi làm lại."
        )


def _refuse_useless(sound: MasteredAudio) -> None:
    if sound.length < SHORTEST:
        raise BadInputError("Bản thu quá ngắn, chưa tới nửa giây. Hãy thu lại trọn câu.")
    if sound.loudness.true_peak_dbtp < _FAINTEST_DBTP:
        raise BadInputError("Bản thu không có tiếng. Hãy kiểm tra micro rồi thu lại.")


def trimmed(pcm: bytes) -> bytes:
    """Return a recording at the rate of clips without the quiet before its first and after its last word."""
    power = _powers(pcm)
    if not power.size:
        return pcm
    loud = np.flatnonzero(power > _mean_of_loud(power) / 10 ** (_NOISE_BELOW_DB / 10))
    if not loud.size:
        return pcm
    breath = int(_BREATH_S * SAMPLE_RATE)
    start = max(0, int(loud[0]) * _BLOCK - breath)
    return pcm[2 * start : 2 * (int(loud[-1] + 1) * _BLOCK + breath)]


def levelled(speeches: Sequence[Speech]) -> tuple[Speech, ...]:
    """Return speeches of one speaker, all with the one gain that brings them to the level at which speakers meet."""
    powers = [power for one in speeches if (power := _powers(one.pcm)).size]
    mean = _mean_of_loud(np.concatenate(powers)) if powers else 0.0
    if mean <= 0:
        return tuple(speeches)
    gain = 10 ** (_LEVEL_DBFS / 20) / mean**0.5
    return tuple(Speech(_amplified(one.pcm, gain), one.rate) for one in speeches)


def _powers(pcm: bytes) -> NDArray[np.float64]:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    whole = samples[: samples.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    return np.asarray(np.mean(whole * whole, axis=1))


def _mean_of_loud(power: NDArray[np.float64]) -> float:
    loud = power[power > np.mean(power) / 10]
    return float(np.mean(loud)) if loud.size else 0.0


def _amplified(pcm: bytes, gain: float) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) * gain
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
