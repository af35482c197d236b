"""Sync with the centre: the playlist and its clips come down, airings and heartbeats go up. Nothing here sounds.

Each method is one step for a thread of its own, so that a slow clip never delays a new playlist or a report.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from domain.errors import ServerUnreachableError, StorageFullError, TiengLoaError, TrustError
from domain.machines import Lack, Shortfall
from domain.playlist import ClipRef, Playlist, to_ms
from domain.ports import Clock
from domain.timetable import Priority
from player.cabinet import Cabinet, disk_errors, file_hash
from player.journal import Journal
from player.line import TIMEOUT_S, Answer, Line, etag_of
from player.trust import MAX_ENVELOPE_BYTES

CLIP_DEADLINE_S = 900.0
VERIFY_EVERY_S = 24 * 3600.0
KEEP_UNNAMED_S = 2 * 24 * 3600.0
SPARE_BYTES = 16 << 20
"""Left free on the disk when a clip is fetched: the journal must always have room."""
STILL_S = TIMEOUT_S / 2
GOT_ON_BYTES = 4096
"""A download that broke off is taken up again at once when it brought this much, and later when it did not."""


class Sync:
    """Brings down what the machine is to hold; `on_playlist` is called with each playlist that is accepted.

    Whoever takes up what another has put into the cabinet holds `taking` meanwhile: else both would.
    """

    def __init__(self, cabinet: Cabinet, line: Line, clock: Clock, on_playlist: Callable[[Playlist], None]) -> None:
        self._cabinet = cabinet
        self._line = line
        self._clock = clock
        self._on_playlist = on_playlist
        self._verified: dict[str, float] = {}
        self._stuck: frozenset[str] = frozenset()
        self._got_at = 0.0
        self._bringing: set[str] = set()
        self._claiming = threading.Lock()
        self._wanting: dict[str, Lack] = {}
        self.playlist: Playlist | None = None
        self.taking = threading.RLock()
        self.stopping: Callable[[], bool] = lambda: False
        self.on_clip: Callable[[], None] = lambda: None

    def poll(self) -> None:
        """Ask for a newer playlist and take it up. Raises ServerUnreachableError, TrustError, StorageError."""
        etag = self._cabinet.etag()
        answer = self._line.get("/api/v1/playlist", {"If-None-Match": etag} if etag else {}, MAX_ENVELOPE_BYTES)
        if answer.status in (304, 404):
            return
        _expect_ok(answer)
        with self.taking:
            self.take_up(self._cabinet.accept(answer.body, etag_of(answer), self._clock.now()))

    def take_up(self, playlist: Playlist) -> None:
        """Bring down from now on what an accepted playlist names, and tell of it."""
        self.playlist = playlist
        self._on_playlist(playlist)

    def fetch(self) -> None:
        """Bring every clip that the playlist names onto the shelf, the soonest needed first.

        One that fails does not hold up the others: after one that stood still, those are asked for first that did
        not. Raises the first error in the end.
        """
        playlist = self.playlist
        if playlist is None:
            return
        failures: list[TiengLoaError] = []
        cut_off = False
        for ref in sorted(by_need(playlist, self._clock), key=lambda ref: ref.hash in self._stuck):
            if self.stopping() or self.playlist is not playlist:
                return
            if cut_off and not self._cabinet.holds(ref.hash):
                continue  # what is here already is still looked at: it may have come by courier
            try:
                self.bring(ref)
            except _PutOffError:
                return
            except TiengLoaError as error:
                failures.append(error)
                if isinstance(error, ServerUnreachableError):
                    self._stuck |= {ref.hash}
                cut_off = cut_off or isinstance(error, (ServerUnreachableError, StorageFullError))
        if not cut_off:
            self._stuck = frozenset()
        named = frozenset(ref.hash for ref in playlist.clips)
        self._cabinet.sweep(named, self._clock.now(), KEEP_UNNAMED_S)
        if failures:
            raise failures[0]

    def held(self) -> tuple[int, int]:
        """Return how many clips of the playlist are on the shelf, and how many it names."""
        clips = self.playlist.clips if self.playlist else ()
        return sum(ref.hash in self._verified and self._cabinet.holds(ref.hash) for ref in clips), len(clips)

    def checking(self) -> int:
        """Return how many clips of the playlist lie on the shelf and are still to be looked at since the start."""
        clips = self.playlist.clips if self.playlist else ()
        return sum(self._is_unchecked(ref.hash) for ref in clips)

    def lacking(self) -> int:
        """Return how many clips of the playlist have no file on the shelf, looked at or not."""
        return sum(not self._cabinet.holds(ref.hash) for ref in self.playlist.clips) if self.playlist else 0

    def lack_of(self, clip_hash: str) -> Lack | None:
        """Return why a clip is not ready to sound, or None when it is on the shelf, and nothing is known against it."""
        if (clip_hash in self._verified and self._cabinet.holds(clip_hash)) or self._is_unchecked(clip_hash):
            return None
        return self._wanting.get(clip_hash, Lack.CLIP)

    def doubt(self, clip_hash: str) -> None:
        """Have the next fetch check a clip anew, and bring it again when it is damaged."""
        self._wanting[clip_hash] = Lack.DAMAGED
        self._verified.pop(clip_hash, None)

    def bring(self, ref: ClipRef) -> None:
        """Have one clip on the shelf, whole and checked within the last day; from any thread.

        A clip that another thread is bringing is left to it. Raises ServerUnreachableError, TrustError, StorageError.
        """
        with self._claiming:
            if ref.hash in self._bringing:
                return
            self._bringing.add(ref.hash)
        try:
            self._have(ref)
        except StorageFullError:
            self._wanting[ref.hash] = Lack.DISK
            raise
        finally:
            self._bringing.discard(ref.hash)

    def _is_unchecked(self, clip_hash: str) -> bool:
        known = clip_hash in self._verified or clip_hash in self._wanting
        return not known and self._cabinet.holds(clip_hash)

    def _have(self, ref: ClipRef) -> None:
        now = self._clock.monotonic()
        if self._cabinet.holds(ref.hash):
            if now - self._verified.get(ref.hash, -VERIFY_EVERY_S) < VERIFY_EVERY_S:
                return
            if file_hash(self._cabinet.clip_path(ref.hash)) == ref.hash:
                self._verified[ref.hash] = now
                self._wanting.pop(ref.hash, None)
                return
            self._verified.pop(ref.hash, None)
            self._cabinet.discard(ref.hash)
            self._wanting[ref.hash] = Lack.DAMAGED
        self._download(ref)
        self._verified[ref.hash] = self._clock.monotonic()
        self._stuck -= {ref.hash}
        self._wanting.pop(ref.hash, None)
        self.on_clip()

    def _download(self, ref: ClipRef) -> None:
        partial = self._cabinet.partial_path(ref.hash)
        with disk_errors():
            start = partial.stat().st_size if partial.exists() else 0
        if self._cabinet.free_bytes() < ref.size - start + SPARE_BYTES:
            raise StorageFullError("Ổ đĩa của máy phát gần đầy, chưa tải được tệp âm thanh mới.")
        try:
            while start < ref.size:
                start = self._got_on(ref, partial, start)
            self._cabinet.shelve(ref.hash)
        except TrustError:
            partial.unlink(missing_ok=True)
            raise

    def _got_on(self, ref: ClipRef, partial: Path, start: int) -> int:
        """Fetch from byte `start` on and return how far it got, though the line broke, if that is worth going on.

        A line that stood still is left alone for a while: others may be waiting.
        """
        try:
            self._pour(ref, partial, start)
        except _PutOffError:
            raise
        except ServerUnreachableError:
            with disk_errors():
                reached = partial.stat().st_size
            stood_still = self._clock.monotonic() - self._got_at >= STILL_S
            if stood_still or reached - start < GOT_ON_BYTES:
                raise
            return reached
        return ref.size

    def _pour(self, ref: ClipRef, partial: Path, start: int) -> None:
        playlist = self.playlist
        self._got_at = self._clock.monotonic()
        with disk_errors(), partial.open("r+b" if start else "wb") as stream:
            for offset, chunk in self._line.download(f"/api/v1/clips/{ref.hash}", start, CLIP_DEADLINE_S):
                if offset + len(chunk) > ref.size:
                    raise TrustError("Tệp âm thanh tải về dài hơn đã báo; đã bỏ, sẽ tải lại.")
                self._got_at = self._clock.monotonic()
                stream.seek(offset)
                stream.write(chunk)
                stream.truncate()
                if self.stopping() or self.playlist is not playlist:
                    raise _PutOffError("Việc tải được tiếp tục sau.")  # something more urgent may be in the new one
            stream.flush()
            os.fsync(stream.fileno())


class _PutOffError(ServerUnreachableError):
    """A download was left for later, for a good reason."""


class Reporter:
    """Tells the centre what sounded and how the machine is."""

    def __init__(self, line: Line, journal: Journal, clock: Clock) -> None:
        self._line = line
        self._journal = journal
        self._clock = clock

    def report(self) -> None:
        """Send airings until none is left, marking those the centre acknowledges. Raises ServerUnreachableError."""
        while entries := self._journal.unsent():
            answer = self._line.post("/api/v1/airings", {"airings": [entry.document() for entry in entries]})
            _expect_ok(answer)
            echoed = answer.document().get("acknowledged")
            keys = frozenset(key for key in echoed if isinstance(key, str)) if isinstance(echoed, list) else frozenset()
            taken = tuple(entry for entry in entries if entry.key in keys)
            if not taken:
                raise ServerUnreachableError("Máy chủ chưa xác nhận lượt phát nào; máy phát giữ lại và sẽ gửi tiếp.")
            self._journal.acknowledge(taken)

    def heartbeat(self, state: "State") -> None:
        """Send how the machine is, and how far its clock is from the server's. Raises ServerUnreachableError."""
        _expect_ok(self._line.post("/api/v1/heartbeat", state.document(*self._line.clock_offset())))


@dataclass(frozen=True, slots=True)
class State:
    """How the machine is: what a heartbeat says."""

    counter: int
    clips_held: int
    clips_needed: int
    sink: str
    sink_ok: bool
    free: int
    fault: str
    emergency_held: int = 0
    emergency_needed: int = 0
    shortfalls: tuple[Shortfall, ...] = ()
    nudged: bool = False
    more: Mapping[str, object] = field(default_factory=dict)

    def document(self, clock_offset: int, clock_error: int) -> dict[str, object]:
        """Return the JSON object of the heartbeat; the clock's offset and its error in milliseconds.

        `more` is what only newer centres understand.
        """
        return {
            **self.more,
            "counter": self.counter,
            "clips_held": self.clips_held,
            "clips_needed": self.clips_needed,
            "sink": self.sink,
            "sink_ok": self.sink_ok,
            "clock_offset": clock_offset,
            "clock_error": clock_error,
            "free": self.free,
            "version": product_version(),
            "fault": self.fault,
            "emergency_held": self.emergency_held,
            "emergency_needed": self.emergency_needed,
            "unready": [
                {"slot": one.slot_key, "starts": to_ms(one.starts_at), "lack": one.lack.value, "clips": one.clips}
                for one in self.shortfalls
            ],
            "nudged": self.nudged,
        }


def product_version() -> str:
    """Return the version of the installed product, or "0" when it runs from its source."""
    try:
        return version("tiengloa")
    except PackageNotFoundError:
        return "0"


def _expect_ok(answer: Answer) -> None:
    answer.check_welcome()
    if answer.status == 401:
        raise ServerUnreachableError("Máy chủ không nhận máy phát này (đã bị thu hồi?); báo kỹ thuật viên.")
    if answer.status != 200:
        raise ServerUnreachableError(f"Máy chủ đang gặp lỗi (mã {answer.status}); máy phát sẽ thử lại.")


def by_need(playlist: Playlist, clock: Clock) -> list[ClipRef]:
    """Return the clips of `playlist`: those of the weightiest session first, then by when they are next needed."""
    now = clock.now() - timedelta(hours=1)
    order: dict[str | None, tuple[bool, int, float]] = {}
    for slot in playlist.slots:
        need = (slot.starts_at < now, -int(slot.priority) if slot.starts_at >= now else 0, slot.starts_at.timestamp())
        for item in slot.items:
            order[item.clip_hash] = min(order.get(item.clip_hash, need), need)
    order.update(dict.fromkeys(playlist.emergency.hashes, (False, -int(Priority.EMERGENCY), 0.0)))
    return sorted(playlist.clips, key=lambda ref: order.get(ref.hash, (True, 0, 0.0)))
