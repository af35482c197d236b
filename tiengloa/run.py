"""`tiengloa run`: panel, worker and one example machine in one terminal, and what is on the air."""

import errno
import json
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from domain.errors import BadInputError, BusyError, ServerUnreachableError, StorageError, TiengLoaError
from domain.jobs import Job, JobState
from domain.timetable import STATION_ZONE
from player.cabinet import read_identity
from store import airings, bulletins, clips, jobs, machines, people, plans, station, timetable
from tiengloa import exits
from tiengloa.centre import open_centre
from tiengloa.children import Child
from tiengloa.example import load as example
from tiengloa.example.places import EXAMPLE_CLUSTER
from tiengloa.folder import only_one, reason
from tiengloa.people import sign_in_line
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import Centre

MACHINE = "mau"
_LAST_PORT = 65535
_LEAD = timedelta(seconds=20)
_NEAR = timedelta(minutes=15)
"""No session of the example station is longer."""
_PRODUCTION_PATIENCE_S = 70.0
_START_PATIENCE_S = 60.0
_ZONE = ZoneInfo(STATION_ZONE)
_FORGIVEN_AFTER_S = 300.0
_RESTART_PAUSE_S = (1.0, 3.0, 10.0, 30.0)


def run(settings: Settings, terminal: Terminal) -> int:
    """Start everything, tell what is on the air until Ctrl-C, then stop all in order."""
    terminal.say("Tiếng Loa đang khởi động ...")
    centre = open_centre(settings, terminal.say)
    taken = f"Tiếng Loa đang chạy sẵn với thư mục «{settings.data}». Hãy dùng cửa sổ đang chạy, hoặc --data khác."
    with ExitStack() as stack:
        stack.enter_context(closing(centre.database))
        stack.enter_context(only_one(centre.folder.root / "run.lock", taken))
        refuse_taken_port(settings.host, settings.port)
        refuse_no_voice(centre)
        _load_example_once(centre, terminal)
        station_ = _Running(centre, terminal)
        stack.callback(station_.stop)
        for number in (signal.SIGTERM, signal.SIGINT):  # a shell starts background jobs deaf to SIGINT
            signal.signal(number, _interrupt)
        try:
            station_.start()
            station_.watch()
        except KeyboardInterrupt:
            terminal.live("")
            terminal.say("Đang dừng theo thứ tự: máy phát, tiến trình làm việc, trang điều hành ...")
    terminal.say("Đã dừng. Dữ liệu được giữ trong " + str(settings.data))
    return exits.OK


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def refuse_taken_port(host: str, port: int) -> None:
    """Raise BusyError when something already listens at the address."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise BadInputError(
                    f"Không dùng được địa chỉ {host}:{port} ({reason(error)}). Hãy chọn --host hoặc --port khác."
                ) from error
            free = port + 1 if port < _LAST_PORT else 8081
            raise BusyError(
                f"Cổng {port} trên {host} đang có chương trình khác dùng. Hãy dừng chương trình đó, hoặc chọn cổng "
                f"khác: TIENGLOA_PORT={free} make run (không dùng make: .venv/bin/tiengloa run --port {free})"
            ) from error


def refuse_no_voice(centre: Centre) -> None:
    """Raise NoVoiceError when no voice is chosen, before anything is started."""
    centre.speaker.health()


def _load_example_once(centre: Centre, terminal: Terminal) -> None:
    with centre.database.write() as connection:
        if station.exists(connection):
            return
        example.load(connection, centre.clock.now())
    terminal.say("Đã nạp đài mẫu: kế hoạch cải cách hành chính 2023, 2 phường, 4 tổ dân phố và bản, 3 bản tin.")


@dataclass
class _Running:
    """The processes of one run, in the order they are started; they stop in the reverse."""

    centre: Centre
    terminal: Terminal
    children: list[Child] = field(default_factory=list)
    failures: dict[str, tuple[int, float]] = field(default_factory=dict)
    stopping: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Panel, worker, sign-in lines, machine, clips, and a session soon."""
        self._start_child("serve", "--host", self.centre.settings.host, "--port", str(self.centre.settings.port))
        if self.centre.settings.broker.is_embedded:
            self._start_child("broker", "run")
        self._start_child("work")
        self._await_ready()
        self._greet()
        with self.centre.database.read() as connection:
            is_example = station.get(connection).example
        if is_example:
            self._join_machine()
            self._start_machine()
            self._await_clips()
            self._sound_soon()

    def watch(self) -> None:
        """Show what is on the air, once a second, and start again whatever fell over."""
        while True:
            self._mend()
            try:
                self.terminal.live(self._on_air())
            except StorageError as error:  # the loudspeakers go on without this line
                self.terminal.live(f"Chưa đọc được trạng thái: {error.sentence}")
            time.sleep(1)  # the pace of a line that a person reads

    def stop(self) -> None:
        """Stop every process, the last started first."""
        self.stopping = True
        for child in reversed(self.children):
            child.stop()

    def _start_child(self, *arguments: str) -> None:
        data = str(self.centre.settings.data.resolve())
        log = self.centre.folder.root / "logs" / f"{arguments[0]}.log"
        self.children.append(Child(("--data", data, *arguments), log, self._heard))

    def _heard(self, line: str) -> None:
        """Take a line of a child: the machine's are JSON events, others are for people who read logs."""
        if not line.startswith("{"):
            return
        event = json.loads(line)
        if event.get("say"):
            self.terminal.say(event["say"])

    def _await_ready(self) -> None:
        settings, deadline = self.centre.settings, time.monotonic() + _START_PATIENCE_S
        while time.monotonic() < deadline:
            self._refuse_dead_children()
            with self.centre.database.read() as connection:
                has_key = bool(station.get(connection).public_key)
            if has_key and _answers(settings.host, settings.port):
                return
            time.sleep(0.05)  # the pace of asking whether the children are up
        raise ServerUnreachableError(
            f"Trang điều hành chưa trả lời sau một phút. Hãy xem {self.centre.folder.root}/logs rồi chạy lại."
        )

    def _refuse_dead_children(self) -> None:
        for child in self.children:
            if child.code() is not None:
                raise TiengLoaError(
                    f"Một tiến trình dừng ngay khi khởi động. Hãy xem lý do trong {self.centre.folder.root}/logs."
                )

    def _greet(self) -> None:
        settings, say = self.centre.settings, self.terminal.say
        say(f"Trang điều hành: http://{settings.host}:{settings.port}")
        with self.centre.database.read() as connection:
            own = station.get(connection)
            known = {user.login: user for user in people.everyone(connection)}
        if not own.example:
            return
        say("Đăng nhập một lần (mỗi dòng chỉ dùng được một lần):")
        for login, role in ((example.EDITOR_LOGIN, "biên tập viên"), (example.APPROVER_LOGIN, "người duyệt")):
            if login in known:
                say(f"  {role:<15} {sign_in_line(self.centre, login)}")
        say(own.policy.note)

    def _join_machine(self) -> None:
        folder = self.centre.folder.machine(MACHINE)
        if (folder / "identity.json").exists():
            return
        with self.centre.database.read() as connection:
            editor = people.by_login(connection, example.EDITOR_LOGIN)
        if editor is None:
            return
        code = self.centre.office.new_code(editor[0], EXAMPLE_CLUSTER, "Máy phát mẫu Bản San Thàng")
        settings = self.centre.settings
        server = f"http://{settings.host}:{settings.port}"
        asking = ("machine", "enrol", "--no-wait", "--server", server, "--code", code, "--dir", str(folder.resolve()))
        if self._run_once(*asking) != exits.OK:
            raise TiengLoaError(f"Máy phát mẫu chưa ghép được. Hãy xem {self.centre.folder.root}/logs/machine.log.")
        # The box is this computer: its own folder says which one asked, so nobody need compare fingerprints.
        identity, _key = read_identity(folder)
        self.centre.office.enrolment.confirm(editor[0], identity.machine_id, EXAMPLE_CLUSTER)
        self.terminal.say("Đã ghép máy phát mẫu của Bản San Thàng bằng mã dùng một lần.")

    def _run_once(self, *arguments: str) -> int | None:
        data = str(self.centre.settings.data.resolve())
        log = self.centre.folder.root / "logs" / f"{arguments[0]}.log"
        child = Child(("--data", data, *arguments), log, lambda _line: None)
        code = child.wait(30)
        child.stop()
        return code

    def _start_machine(self) -> None:
        folder = self.centre.folder.machine(MACHINE)
        self._start_child("machine", "run", "--json", "--dir", str(folder.resolve()))

    def _await_clips(self) -> None:
        deadline, told = time.monotonic() + _PRODUCTION_PATIENCE_S, set[str]()
        while time.monotonic() < deadline:
            with self.centre.database.read() as connection:
                waiting = [job for job in jobs.unfinished(connection) if job.state is not JobState.FAILED]
            self._tell_finished(told)
            if not waiting:
                break
            self._show(waiting)
            time.sleep(0.2)  # the pace of a progress bar
        self.terminal.end_progress()
        with self.centre.database.read() as connection:
            failed = [job for job in jobs.unfinished(connection) if job.error]
        for job in failed:
            self.terminal.say(f"Chưa làm được âm thanh: {job.error}")

    def _show(self, waiting: list[Job]) -> None:
        job = waiting[0]
        self.terminal.progress(f"Đang làm âm thanh, còn {len(waiting)} bản tin: {job.stage}", job.done, job.total)

    def _tell_finished(self, told: set[str]) -> None:
        with self.centre.database.read() as connection:
            ready = [one for one in bulletins.newest(connection) if one.clip_hash and one.id not in told]
            known = clips.everything(connection)
        for bulletin in ready:
            told.add(bulletin.id)
            clip = known[bulletin.clip_hash or ""]
            voice = "" if clip.voice is None else clip.voice.engine + (" (dự phòng)" if clip.voice.backup else "")
            self.terminal.end_progress()
            self.terminal.say(
                f"✓ «{bulletin.title}»: {spoken_length(clip.length)}, giọng {voice}, "
                f"{clip.loudness.integrated_lufs:.1f} LUFS"
            )

    def _sound_soon(self) -> None:
        soonest = (self.centre.clock.now() + _LEAD).replace(microsecond=0)
        with self.centre.database.write() as connection:
            near = plans.slots(connection, soonest - _NEAR, soonest + _NEAR)
            starts_at = example.free_instant(near, soonest)
            soon = example.sound_soon(connection, starts_at, len(timetable.rules(connection)))
        self.terminal.say(f"Sẽ phát lúc {starts_at.astimezone(_ZONE):%H:%M:%S}: {soon.title}. Ctrl-C để dừng.")

    def _mend(self) -> None:
        for child in tuple(self.children):
            if child.code() is None or self.stopping:
                continue
            self.terminal.say(f"Tiến trình «{child.name}» vừa dừng bất thường; đang chạy lại.")
            count, last = self.failures.get(child.name, (0, 0.0))
            if time.monotonic() - last > _FORGIVEN_AFTER_S:
                count = 0
            self.failures[child.name] = (count + 1, time.monotonic())
            time.sleep(_RESTART_PAUSE_S[min(count, len(_RESTART_PAUSE_S) - 1)])
            place = self.children.index(child)
            child.stop()
            self.children[place] = child.again()

    def _recording(self) -> str:
        """Return the newest file of the machine's virtual output; empty when a real device sounds."""
        folder = self.centre.folder.machine(MACHINE) / "recordings"
        return max((str(path) for path in folder.glob("*.wav")), default="")

    def _on_air(self) -> str:
        now = self.centre.clock.now()
        with self.centre.database.read() as connection:
            playing = airings.on_air(connection, now, now - timedelta(hours=6))
            ahead = plans.slots(connection, now, now + timedelta(days=1))
            names = {one.id: one.name for one in machines.everything(connection)}
        local = f"{now.astimezone(_ZONE):%H:%M:%S}"
        if playing:
            one = playing[0]
            since = now - (one.started_at or now)
            wav = self._recording()
            heard = f"  Nghe tệp: {wav}" if wav else ""
            return f"● ĐANG PHÁT {names.get(one.machine_id, '')}: {one.title}  {spoken_length(since)}{heard}"
        sounding = [slot for slot in ahead if not slot.refusal]
        if sounding:
            starts = sounding[0].starts_at.astimezone(_ZONE)
            return f"○ Im lặng. Buổi tới lúc {starts:%H:%M:%S}: {sounding[0].title}  bây giờ {local}"
        return f"○ Im lặng. Chưa có buổi phát nào trong 24 giờ tới  bây giờ {local}"


def spoken_length(length: timedelta) -> str:
    """Return a length as minutes and seconds, 1:05."""
    seconds = int(length.total_seconds())
    return f"{seconds // 60}:{seconds % 60:02}"


def _answers(host: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
