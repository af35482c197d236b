"""How the machine of a folder stands, for a person at the box: read from its files, whether it runs or not."""

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from domain.errors import TrustError
from domain.formats import decimal
from domain.machines import AiringOutcome
from domain.playlist import Playlist, from_ms
from player.box import box
from player.cabinet import read_identity
from player.on_air import NOTHING, OnAir, from_document
from player.pulse import RUNTIME, STATUS, is_ready, next_sessions, status_place
from player.trust import Identity, fingerprint, read_envelope

MOST_SESSIONS = 5
STALE_AFTER = timedelta(seconds=30)
CENTRE_LOST_AFTER = timedelta(seconds=100)
CLOCK_OFF = timedelta(seconds=2)
LEAST_FREE = 200 * 1000 * 1000
HOT = 80_000
"""Thousandths of a degree: beyond, small boards slow down."""
_DATABASE = "cabinet.db"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class NextSession:
    """A session ahead, and whether all its clips are on the disk."""

    title: str
    starts_at: datetime
    ready: bool


@dataclass(frozen=True, slots=True)
class LastAiring:
    """An item that sounded or should have."""

    title: str
    at: datetime
    outcome: AiringOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class Running:
    """What the running machine last put down of itself."""

    at: datetime
    pid: int
    running: timedelta
    sink: str
    why: str
    stand_in: bool
    sink_ok: bool
    faults: Mapping[str, str]
    clips: tuple[int, int]
    offset_ms: int
    reached_at: datetime | None
    checking: int = 0
    on_air: OnAir = NOTHING


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the status page tells; `told` is absent when the machine put nothing down."""

    identity: Identity
    machine_fingerprint: str
    now: datetime
    alive: bool
    revoked: bool
    told: Running | None
    playlist: Playlist | None
    distrust: str
    sessions: tuple[NextSession, ...]
    airings: tuple[LastAiring, ...]
    clips: tuple[int, int]
    free: int
    box: Mapping[str, object] = field(default_factory=dict)

    @property
    def on_air(self) -> OnAir:
        """What is on the air that no timetable tells; nothing when the machine does not say so just now."""
        told = self.told
        fresh = self.alive and told is not None and self.now - told.at <= STALE_AFTER
        return told.on_air if told and fresh else NOTHING

    @property
    def checking(self) -> int:
        """How many of the clips that are here the running machine is still to look at since its start."""
        return self.told.checking if self.told and self.alive else 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """What keeps the machine from being well, each in a sentence; empty when it is."""
        return tuple(dict.fromkeys((*_of_process(self), *_of_playlist(self), *_of_box(self))))


def look(folder: Path, now: datetime) -> Report:
    """Return how the machine of `folder` stands at `now`.

    Raises NotFoundError when it is not enrolled, StorageError when its files cannot be read.
    """
    identity, key = read_identity(folder)
    playlist, distrust = _playlist(folder, identity)

    def holds(clip_hash: str) -> bool:
        return (folder / "clips" / clip_hash[:2] / clip_hash).is_file()

    told = box(folder)
    wanted = playlist.clips if playlist else ()
    return Report(
        identity=identity,
        machine_fingerprint=fingerprint(key.public_key().public_bytes_raw()),
        now=now,
        alive=_is_running(folder),
        revoked=(folder / "revoked").exists(),
        told=_told(folder, identity.machine_id),
        playlist=playlist,
        distrust=distrust,
        sessions=tuple(
            NextSession(slot.title, slot.starts_at, is_ready(slot, holds))
            for slot in next_sessions(playlist, now, MOST_SESSIONS)
        ),
        airings=_airings(folder),
        clips=(sum(holds(ref.hash) for ref in wanted), len(wanted)),
        free=_free(folder),
        box=told,
    )


def _of_process(report: Report) -> Iterable[str]:
    told = report.told
    if report.revoked:
        yield "Máy đã bị trung tâm thu hồi quyền; muốn dùng lại phải ghép lại bằng mã mới (--again)."
    if not report.alive:
        yield "Máy phát không chạy. Hãy chạy: systemctl start tiengloa-machine (hoặc tiengloa machine run)."
        return
    if told is None or report.now - told.at > STALE_AFTER:
        yield "Máy phát đang chạy nhưng đã lâu không cho biết tình trạng; có thể bị treo."
        return
    yield from told.faults.values()
    if told.stand_in:
        yield "Không thấy thiết bị âm thanh: máy chỉ ghi ra tệp, loa không kêu. Kiểm tra thẻ âm thanh và dây USB."
    if not told.sink_ok:
        yield "Đường ra âm thanh không nhận tiếng."
    if told.reached_at is None or report.now - told.reached_at > CENTRE_LOST_AFTER:
        yield "Chưa liên lạc được với trung tâm; máy vẫn phát theo lịch đang giữ."
    if abs(told.offset_ms) > CLOCK_OFF / timedelta(milliseconds=1):
        yield f"Đồng hồ lệch {decimal(abs(told.offset_ms) / 1000)} giây so với trung tâm."


def _of_playlist(report: Report) -> Iterable[str]:
    if report.distrust:
        yield report.distrust
    elif report.playlist is None:
        yield "Chưa có danh sách phát: máy chưa được đồng ý ở trung tâm, hoặc chưa liên lạc được."
    elif report.playlist.expires_at <= report.now:
        yield "Danh sách phát đã hết hạn; máy im lặng cho tới khi liên lạc được với trung tâm."
    held, needed = report.clips
    if held < needed:
        yield f"Còn thiếu {needed - held} trong {needed} tệp âm thanh."


def _of_box(report: Report) -> Iterable[str]:
    if report.free < LEAST_FREE:
        yield "Ổ đĩa sắp đầy."
    heat = report.box.get("temperature")
    if isinstance(heat, int) and heat >= HOT:
        yield f"Máy quá nóng ({heat / 1000:.0f} °C)."


def _is_running(folder: Path) -> bool:
    """Tell whether a machine holds the folder's lock."""
    try:
        descriptor = os.open(folder / "machine.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _told(folder: Path, machine_id: str) -> Running | None:
    places = dict.fromkeys((status_place(folder), RUNTIME / STATUS, folder / STATUS))
    found = (_read_told(path, machine_id) for path in places)
    return max((one for one in found if one), key=lambda one: one.at, default=None)


def _read_told(path: Path, machine_id: str) -> Running | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        told: dict[str, Any] = json.loads(path.read_bytes())
        if told["machine"] == machine_id:
            return Running(
                at=from_ms(told["at"]),
                pid=told["pid"],
                running=timedelta(seconds=told["running"]),
                sink=told["sink"],
                why=told["why"],
                stand_in=told["stand_in"],
                sink_ok=told["sink_ok"],
                faults={str(area): str(sentence) for area, sentence in told["faults"].items()},
                clips=(told["clips"][0], told["clips"][1]),
                offset_ms=told["offset"],
                reached_at=None if told["reached"] is None else from_ms(told["reached"]),
                checking=told.get("checking", 0),
                on_air=from_document(told["on_air"]) if "on_air" in told else NOTHING,
            )
    return None


def _playlist(folder: Path, identity: Identity) -> tuple[Playlist | None, str]:
    rows = _read(folder, "SELECT envelope FROM playlist", lambda row: bytes(row[0]))
    if not rows:
        return None, ""
    try:
        return read_envelope(rows[0], identity), ""
    except TrustError as error:
        return None, error.sentence


def _airings(folder: Path) -> tuple[LastAiring, ...]:
    query = (
        "SELECT title, coalesce(started, planned), outcome, reason FROM airings"
        " WHERE (started IS NOT NULL OR outcome <> 'playing') ORDER BY planned DESC, position DESC LIMIT 5"
    )
    return _read(folder, query, lambda row: LastAiring(row[0], from_ms(row[1]), AiringOutcome(row[2]), row[3]))


def _read(folder: Path, query: str, of_row: Callable[[Any], _T]) -> tuple[_T, ...]:
    """Return what the machine's database tells without ever writing to it; nothing when it cannot be read."""
    path = folder / _DATABASE
    with suppress(sqlite3.Error, OSError, ValueError), closing(_opened(path)) as connection:
        return tuple(of_row(row) for row in connection.execute(query))
    return ()


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)


def _free(folder: Path) -> int:
    with suppress(OSError):
        told = os.statvfs(folder)
        return told.f_bavail * told.f_frsize
    return 0
