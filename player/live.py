"""Takes in a live broadcast (phát trực tiếp): signed chunks by long polls, into a tap that hides the jitter.

The centre only hands them on. Each must be signed by the key that the station's signed playlist names for the very
item that is on the air, in an order that never goes back: what the server sends beside that is not heard.
"""

import io
import threading
import time
from collections.abc import Callable

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.audio import SAMPLE_RATE
from domain.errors import AudioError, TiengLoaError, TrustError
from domain.live import MOST_DATA, Chunk, message_of, unpack
from domain.playlist import Playlist
from domain.sources import Source, SourceKind
from player.decode import Frames, decoded
from player.line import Line
from player.tap import Tap

LEAST = SAMPLE_RATE * 7 // 10
MOST = 3 * SAMPLE_RATE
"""Seven tenths of a second are waited for; three seconds behind, some is left out."""
LONGEST_CHUNK = 5 * SAMPLE_RATE
MOST_ANSWER = 16 * MOST_DATA
_AGAIN_S = 0.5
_AT_ONCE_S = 0.5
_NOT_OPEN = "buổi trực tiếp chưa được mở"


class Ear:
    """Checks and decodes the chunks of one session, in their order."""

    def __init__(self, source: Source, after: int = 0) -> None:
        self._source = source
        self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(source.key))
        self._resampler: AudioResampler | None = None
        self._rate = 0
        self.sequence = after

    def frames_of(self, chunk: Chunk) -> Frames:
        """Return the sound of a chunk, or none for one that was heard before. Raises TrustError, AudioError."""
        if chunk.sequence <= self.sequence:
            return np.zeros(0, np.int16)
        message = message_of(self._source.session, chunk.sequence, chunk.media_type, chunk.data)
        try:
            self._key.verify(chunk.signature, message)
        except InvalidSignature as error:
            raise TrustError("Đoạn tiếng trực tiếp không mang chữ ký của người đang nói; không phát") from error
        self.sequence = chunk.sequence
        if chunk.media_type.startswith("audio/l16;"):
            return self._bare(chunk)
        whole = list(_bounded(chunk))
        return np.concatenate(whole)[:LONGEST_CHUNK]

    def _bare(self, chunk: Chunk) -> Frames:
        rate = int(chunk.media_type.rpartition("=")[2])
        samples = np.frombuffer(chunk.data[: len(chunk.data) & ~1], "<i2").astype(np.int16)
        if rate == SAMPLE_RATE:
            return samples[:LONGEST_CHUNK]
        if self._resampler is None or rate != self._rate:
            self._resampler, self._rate = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE), rate
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        made = [one.to_ndarray().reshape(-1) for one in self._resampler.resample(frame)]
        return np.concatenate(made).astype(np.int16)[:LONGEST_CHUNK] if made else np.zeros(0, np.int16)


def _bounded(chunk: Chunk) -> list[Frames]:
    taken: list[Frames] = []
    for frames in decoded(io.BytesIO(chunk.data), chunk.media_type):
        taken.append(frames)
        if sum(len(one) for one in taken) >= LONGEST_CHUNK:
            break
    return taken


class LiveTaker:
    """Fills `tap` until it is closed; `source` tells what the playlist in force names at the moment.

    `heard` keeps by session the last sequence that was heard: what goes on after an emergency says no word again.
    """

    def __init__(
        self, line: Line, source: Callable[[], Source | None], tap: Tap, heard: dict[str, int] | None = None
    ) -> None:
        self._heard = {} if heard is None else heard
        self._line = line
        self._source = source
        self._tap = tap
        self._ear: Ear | None = None
        self._session = ""
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to take chunks in, in a thread of its own."""
        self._thread.start()

    def _run(self) -> None:
        while not self._tap.closed:
            try:
                more = self._step()
            except TiengLoaError as error:
                self._tap.trouble, more = _small(error.sentence), False
            except Exception as error:  # noqa: BLE001 - a broadcast goes on after one bad chunk
                self._tap.trouble, more = f"lỗi khi nhận tiếng trực tiếp: {type(error).__name__}", False
            if not more:
                self._tap.closes_within(_AGAIN_S)

    def _step(self) -> bool:
        """Ask once, and tell whether to ask again at once."""
        source = self._source()
        if source is None or not source.key:
            self._tap.trouble = _NOT_OPEN
            return False
        if self._ear is None or self._session != source.session:
            self._ear, self._session = Ear(source, self._heard.get(source.session, 0)), source.session
        path = f"/api/v1/live/{source.session}?after={self._ear.sequence}"
        asked_at = time.monotonic()
        answer = self._line.get(path, {}, MOST_ANSWER)
        if answer.status not in (200, 204):
            self._tap.trouble = "máy chủ chưa có tiếng của buổi trực tiếp"
            return False
        self.take(answer.body)
        # The centre answers at once, without a wait, when too many machines wait there already.
        return bool(answer.body) or time.monotonic() - asked_at > _AT_ONCE_S

    def take(self, packed: bytes) -> None:
        """Put the sound of chunks into the tap. Raises TrustError, AudioError, BadInputError."""
        assert self._ear is not None
        for chunk in unpack(packed):
            try:
                if self._tap.put(self._ear.frames_of(chunk)):
                    self._heard[self._session] = self._ear.sequence
                self._tap.trouble = ""
            except (AudioError, TrustError) as error:  # the next one may be right
                self._tap.trouble = _small(error.sentence)


def source_in(playlist: Playlist | None, key: str) -> Source | None:
    """Return the source that `playlist` names for the airing of `key`, or None when it names none."""
    if playlist is None:
        return None
    slot_key, _, position = key.removeprefix(f"{playlist.machine_id}/").rpartition("/")
    slot = next((one for one in playlist.slots if one.key == slot_key), None)
    items = slot.items if slot and not slot.refusal else ()
    found = items[int(position)] if position.isdigit() and int(position) < len(items) else None
    named = found.source if found and not found.refusal else None
    return named if named and named.kind is SourceKind.LIVE else None


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
