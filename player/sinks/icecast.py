"""An Icecast mount as output: our own source client, kept connected by a thread that the mixer never waits for.

The mixer keeps time by the monotonic clock. While the server is away its blocks are dropped and counted, and the
thread connects again with growing pauses; an output that stays away longer than PATIENCE_S is lost.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.audio import SAMPLE_RATE
from domain.errors import BadInputError, SinkError
from domain.ports import Clock
from domain.timetable import Priority
from player.haste import be_usual
from player.sinks import source_client
from player.sinks.address import read_address
from player.sinks.encoding import FORMATS, Encoder
from player.sinks.pacing import Pace, rest
from player.sinks.source_client import Mount

PATIENCE_S = 4.0
OPENING_S = 4.0
PASSWORD_FILE = "icecast.password"  # noqa: S105 - the name of the file
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_MOST_WAITING = 200
"""Blocks that may wait for the line: two seconds."""
_RETITLE_S = 0.5
_OPTIONS = "format bitrate name description delay ca"
_PORT = 8000


@dataclass(frozen=True, slots=True)
class IcecastPlan:
    """Where to stream and how; `delay` is how far listeners are behind, in seconds."""

    mount: Mount
    form: str
    bitrate: int
    delay: float


def read_icecast(written: str, own: Path) -> IcecastPlan:
    """Read `icecast://HOST:PORT/MOUNT?...` as `docs/outputs.md` tells; the password is in a file of `own`.

    Raises BadInputError.
    """
    address = read_address(written, _OPTIONS, _PORT)
    if len(address.path) < 2:
        raise BadInputError("Địa chỉ Icecast thiếu điểm phát, ví dụ icecast://may-chu:8000/loa.opus.")
    form = address.one_of("format", "opus", "mp3")
    mount = Mount(
        host=address.host,
        port=address.port,
        path=address.path,
        user=address.user or "source",
        password=read_password(own / PASSWORD_FILE),
        tls=address.scheme == "icecasts",
        ca_file=address.text("ca"),
        name=address.text("name", "Tiếng Loa"),
        description=address.text("description"),
    )
    kilobits = address.number("bitrate", 32 if form == "opus" else 64, 8, 320)
    return IcecastPlan(mount, form, kilobits * 1000, address.number("delay", 0, 0, 60_000) / 1000)


def read_password(path: Path) -> str:
    """Return the first line of a file that only its owner can read. Raises BadInputError."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadInputError(f"Tệp mật khẩu {path} đang mở cho người khác đọc; hãy chạy: chmod 600 {path}")
        told = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"Chưa đọc được mật khẩu Icecast; hãy ghi mật khẩu vào {path} (quyền 600).") from error
    if not told or not told[0].strip():
        raise BadInputError(f"Tệp mật khẩu {path} đang trống.")
    return told[0].strip()


class IcecastSink:
    """Streams to an Icecast mount; `dropped` counts blocks that no listener got, `connections` how often it joined."""

    rate = SAMPLE_RATE

    def __init__(self, plan: IcecastPlan, clock: Clock, sleep: Callable[[float], None] = rest) -> None:
        mount = plan.mount
        self.name = f"Icecast {mount.host}:{mount.port}{mount.path}"
        self._plan = plan
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None
        self._feeder: _Feeder | None = None
        self._title = ""

    def open(self) -> None:
        """Join the server. Raises SinkError when it does not take the stream."""
        self._release()
        self._feeder = _Feeder(self._plan, self._clock)
        self._feeder.title = self._title
        self._feeder.start()
        if not self._feeder.joined.wait(OPENING_S):
            trouble = self._feeder.trouble or "Máy chủ Icecast chưa trả lời."
            self._release()
            raise SinkError(trouble)
        self._pace = Pace(self._clock, self._sleep, self.rate)

    def next_frame_at(self) -> float:
        """Return the monotonic instant at which the next frame is heard, as far as `delay` tells."""
        return self._opened().next_frame_at() + self._plan.delay

    def told(self, priority: Priority | None, title: str) -> None:
        """Show listeners what sounds."""
        del priority
        self._title = title
        if self._feeder:
            self._feeder.title = title

    def write(self, block: bytes) -> None:
        """Take one block at its time. Raises SinkError when the server has been away for too long."""
        pace, feeder = self._opened(), self._feeder
        assert feeder is not None
        pace.wait_for_room(len(block) // 2)
        feeder.give(block)
        if feeder.away_for() > PATIENCE_S:
            raise SinkError(feeder.trouble or "Mất kết nối với máy chủ Icecast.")

    @property
    def frames(self) -> int:
        """Return how many frames were taken since `open`."""
        return self._pace.frames if self._pace else 0

    @property
    def dropped(self) -> int:
        """Return how many blocks were dropped since `open`."""
        return self._feeder.dropped if self._feeder else 0

    @property
    def connections(self) -> int:
        """Return how often the server was joined since `open`."""
        return self._feeder.connections if self._feeder else 0

    def close(self) -> None:
        """Let what was taken be sent, and leave the server."""
        if self._pace and self._feeder:
            self._pace.drain()
        self._release()

    def _opened(self) -> Pace:
        if self._pace is None or self._feeder is None:
            raise SinkError("Đầu ra âm thanh chưa được mở.")
        return self._pace

    def _release(self) -> None:
        feeder, self._feeder, self._pace = self._feeder, None, None
        if feeder:
            feeder.stop()


class _Feeder:
    """The thread that connects, encodes and sends, again and again, until it is stopped."""

    def __init__(self, plan: IcecastPlan, clock: Clock) -> None:
        self.title = ""
        self.trouble = ""
        self.dropped = 0
        self.connections = 0
        self.joined = threading.Event()
        self._plan = plan
        self._clock = clock
        self._blocks: deque[bytes] = deque()
        self._some = threading.Condition()
        self._away_since: float | None = clock.monotonic()
        self._to_show = ""
        self._showing = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="icecast", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        with self._some:
            self._some.notify()
        self._thread.join(1.0)

    def give(self, block: bytes) -> None:
        """Take a block, or drop it when nobody is there to send it; never waits."""
        with self._some:
            if self._away_since is not None or len(self._blocks) >= _MOST_WAITING:
                self.dropped += 1
                return
            self._blocks.append(block)
            self._some.notify()

    def away_for(self) -> float:
        """Return for how many seconds the server has been away."""
        since = self._away_since
        return 0.0 if since is None else self._clock.monotonic() - since

    def _run(self) -> None:
        be_usual()
        tries = 0
        while not self._ending.is_set():
            try:
                with source_client.connected(self._plan.mount, self._media_type, self._plan.bitrate) as line:
                    self._joined()
                    tries = 0
                    self._stream(line)
            except SinkError as error:
                self._lost(error.sentence)
            except Exception as error:  # noqa: BLE001 - told, and tried again: a dead thread would be silence
                self._lost(f"Luồng Icecast gặp lỗi ngoài dự kiến: {type(error).__name__}.")
            self._ending.wait(_BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)])
            tries += 1

    @property
    def _media_type(self) -> str:
        return FORMATS[self._plan.form].media_type

    def _joined(self) -> None:
        with self._some:
            self._away_since = None
            self.trouble = ""
        self.connections += 1
        self.joined.set()

    def _lost(self, sentence: str) -> None:
        with self._some:
            self.dropped += len(self._blocks)
            self._blocks.clear()
            self.trouble = sentence
            if self._away_since is None:
                self._away_since = self._clock.monotonic()

    def _stream(self, line: socket.socket) -> None:
        plan, shown = self._plan, self.title
        encoder = Encoder(FORMATS[plan.form], plan.bitrate, {"artist": plan.mount.name}, shown)
        self._show(shown)
        while (block := self._next()) is not None:
            if self.title != shown:
                shown = self.title
                source_client.send(line, encoder.retitle(shown))
                self._show(shown)
            source_client.send(line, encoder.encoded(block))
        source_client.send(line, encoder.close())

    def _show(self, title: str) -> None:
        """Tell the server the title beside the stream, where the stream cannot carry it; in a thread of its own."""
        if FORMATS[self._plan.form].carries_titles:
            return
        with self._some:
            self._to_show = title
            if not self._showing:
                self._showing = True
                threading.Thread(target=self._show_newest, name="icecast-title", daemon=True).start()

    def _show_newest(self) -> None:
        """Tell the newest title, again while the server does not take it; one by one, so that none comes late."""
        shown: str | None = None
        while True:
            with self._some:
                if self._to_show == shown or self._ending.is_set() or self._away_since is not None:
                    self._showing = False
                    return
                title = self._to_show
            try:
                source_client.set_title(self._plan.mount, title)
                shown = title
            except SinkError:  # the stream itself sounds on; its own troubles are told
                self._ending.wait(_RETITLE_S)

    def _next(self) -> bytes | None:
        with self._some:
            self._some.wait_for(lambda: self._blocks or self._ending.is_set())
            return self._blocks.popleft() if self._blocks else None
