"""A panel over a small station in a temporary folder: real rooms, a fake voice, and a clock that a test moves."""

import base64
import hashlib
import math
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audio_library.session_audio import SessionAudio
from bulletins.desk import Desk
from bulletins.lexicon import LexiconDesk, SiteReader
from domain.airtime import AirtimePolicy
from domain.areas import Area, AreaLevel
from domain.audio import Clip, ClipKind, Loudness, Speech, SpokenAudio, VoiceStamp
from domain.campaign import Campaign, Channel, PolicyDocument, Task, Topic
from domain.errors import BadInputError, NotFoundError
from domain.machines import Airing, AiringOutcome, Heartbeat, Machine
from domain.people import Role, User
from domain.ports import Progress, Reader
from domain.proof import Hearing, Level, Proof
from domain.reading import Flag, FlagKind, LexiconEntry, SpokenSentence, SpokenText, Token
from domain.timetable import Slot
from scheduler.alert_reports import AlertReports
from scheduler.desk import NewSession, TimetableDesk
from scheduler.emergency_desk import EmergencyDesk
from scheduler.machines import MachineOffice
from scheduler.message_desk import MessageDesk
from scheduler.planning import replan
from store import airings, bulletins, campaigns, clips, jobs, machines, people, places, plans, station
from store.bulletins import Draft
from store.engine import Database
from store.migrate import upgrade
from store.station import Station
from tests.fakes import FakeClock, RingingBell, let_in
from web.app import create_app
from web.services import Services, VoiceHealth

START = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
"""A Monday, 09:30 at the station."""

_WORD = re.compile(r"\S+")
_KNOWN = {"CCHC": "cải cách hành chính", "UBND": "ủy ban nhân dân"}


class FakeReader:
    """Reads two abbreviations, doubts every other word in capitals, and says the rest as written."""

    def read(self, script: str, readings: Iterable[LexiconEntry] = ()) -> SpokenText:
        """Return a sentence a line."""
        known = {**_KNOWN, **{one.written: one.spoken for one in readings}}
        sentences, start = [], 0
        for line in script.splitlines(keepends=True):
            tokens = tuple(_token(found, start, known) for found in _WORD.finditer(line))
            if tokens:
                sentences.append(SpokenSentence(tokens, 300))
            start += len(line)
        return SpokenText(tuple(sentences))


def _token(found: re.Match[str], start: int, known: dict[str, str]) -> Token:
    word = found[0].rstrip(".,")
    spoken = known.get(word)
    if spoken is None and len(word) > 1 and word.isupper():
        flag = Flag(FlagKind.UNKNOWN_ABBREVIATION, f"Chưa biết «{word}» đọc thế nào.")
        return Token(start + found.start(), start + found.start() + len(word), word, " ".join(word), "fake", (flag,))
    end = start + found.end()
    return Token(start + found.start(), end, found[0] if spoken is None else word, spoken or found[0], "fake")


class FakeSpeaker:
    """Says each sentence as a tone, longer for more words; keeps what it was asked to say."""

    def __init__(self, *, backup: bool = False) -> None:
        self.backup = backup
        self.asked: list[str] = []

    def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
        """Return 8 kHz tones."""
        self.asked.append(text.spoken)
        voice = VoiceStamp("fake", "vi", "1", self.backup, "không có mạng" if self.backup else "")
        return SpokenAudio(tuple((_tone(one.spoken), one.pause_ms) for one in text.sentences), voice)


def _tone(words: str) -> Speech:
    frames = 400 * len(words.split())
    return Speech(b"".join(struct.pack("<h", round(8000 * math.sin(i / 4))) for i in range(frames)), 8000)


class FakeBlobs:
    """Keeps sounds in one flat folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Store `data` under its hash."""
        name = hashlib.sha256(data).hexdigest()
        (self.folder / name).write_bytes(data)
        return name

    def path(self, blob_hash: str) -> Path:
        """Return the file, as the real store does."""
        if not re.fullmatch(r"[0-9a-f]{64}", blob_hash):
            raise BadInputError("Mã tệp âm thanh không hợp lệ.")
        place = self.folder / blob_hash
        if not place.is_file():
            raise NotFoundError("Tệp âm thanh này không còn trong kho.")
        return place

    def verify(self, blob_hash: str) -> bool:
        """Tell whether the file still is what its name says."""
        return hashlib.sha256(self.path(blob_hash).read_bytes()).hexdigest() == blob_hash


def _user(login: str, name: str, *roles: Role) -> User:
    return User(f"user-{login}", login, name, frozenset(roles))


EDITOR = _user("bientap", "Lò Thị Mai", Role.EDITOR, Role.SCHEDULER, Role.TECHNICIAN)
APPROVER = _user("duyet", "Vàng Văn Sơn", Role.APPROVER)
BOTH = _user("haivai", "Tẩn A Phủ", Role.EDITOR, Role.APPROVER)
VIEWER = _user("xem", "Nguyễn Thị Hòa", Role.VIEWER)
ADMIN = _user("quantri", "Phạm Quang Huy", Role.ADMIN)
PEOPLE = (EDITOR, APPROVER, BOTH, VIEWER, ADMIN)

LEVELS = (AreaLevel("tinh", "tỉnh", 1), AreaLevel("xa", "xã, phường", 2), AreaLevel("to", "tổ dân phố, bản", 3))
AREAS = (
    Area("lai-chau", "Tỉnh Lai Châu", "tinh", None),
    Area("tan-phong", "Phường Tân Phong", "xa", "lai-chau"),
    Area("san-thang", "Bản San Thàng", "to", "tan-phong"),
    Area("doan-ket", "Phường Đoàn Kết", "xa", "lai-chau"),
    Area("to-2", "Tổ dân phố số 2", "to", "doan-ket"),
)
CAMPAIGN = Campaign(
    id="cchc-2023",
    name="Kế hoạch tuyên truyền cải cách hành chính năm 2023",
    document_number="12/KH-UBND",
    owner="UBND thành phố Lai Châu",
    year=2023,
    basis=(PolicyDocument("69/KH-UBND", date(2023, 1, 9), "UBND tỉnh Lai Châu", "Kế hoạch tuyên truyền CCHC 2023"),),
    topics=(Topic("dvc", "DVC", "Dịch vụ công trực tuyến"), Topic("mot-cua", "MC", "Cơ chế một cửa")),
    tasks=(Task(1, "Tuyên truyền trên hệ thống loa", ("Phòng Nội vụ",), ("UBND các xã, phường",), "Quý I"),),
    channels=(Channel.WIRELESS_SPEAKER, Channel.WEBSITE),
)


@dataclass
class Panel:
    """A running panel without a server, and what it stands on."""

    app: Flask
    services: Services
    clock: FakeClock
    speaker: FakeSpeaker
    blobs: FakeBlobs
    bell: RingingBell
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """The station's database."""
        return self.services.database

    def visitor(self) -> FlaskClient:
        """Return a browser that nobody signed in with."""
        return self.app.test_client()

    def browser(self, user: User) -> FlaskClient:
        """Return the browser of `user`, signed in by a one-time line the first time."""
        if user.login not in self.clients:
            client = self.clients[user.login] = self.visitor()
            assert client.get(self.sign_in_line(user)).status_code == 200
            assert client.post(self._last_line, data={"csrf_token": csrf(client, self._last_line)}).status_code == 303
        return self.clients[user.login]

    def sign_in_line(self, user: User) -> str:
        """Return the path of a new one-time line of `user`."""
        token = f"token-{user.login}-{self.clock.now().timestamp()}"
        with self.database.write() as connection:
            people.drop_sign_in_tokens(connection, user.id)
            people.add_sign_in_token(connection, user.id, token, self.clock.now() + timedelta(hours=12))
        self._last_line = f"/vao/{token}"
        return self._last_line

    def post(self, user: User, path: str, **fields: object) -> TestResponse:
        """Post a form as the person's browser would, CSRF token included."""
        client = self.browser(user)
        return client.post(path, data={"csrf_token": csrf(client, "/tai-khoan"), **fields})

    def write(self, title: str = "Giờ làm việc mới", script: str = "Từ nay làm việc buổi sáng.") -> str:
        """Keep a draft by EDITOR and return its id."""
        return self.services.desk.write(EDITOR, Draft(title, script))

    def submitted(self, title: str = "Giờ làm việc mới", script: str = "Từ nay làm việc buổi sáng.") -> str:
        """Return a bulletin that waits for approval."""
        bulletin_id = self.write(title, script)
        self.services.desk.submit(EDITOR, bulletin_id)
        return bulletin_id

    def approved(self, title: str = "Giờ làm việc mới", *, backup_ok: bool = False) -> str:
        """Return a bulletin that APPROVER approved."""
        bulletin_id = self.submitted(title)
        self.services.desk.approve(APPROVER, bulletin_id, 1, backup_voice_ok=backup_ok)
        return bulletin_id

    def produced(self, title: str = "Giờ làm việc mới", *, backup: bool = False, backup_ok: bool = False) -> str:
        """Return an approved bulletin with its finished clip."""
        bulletin_id = self.approved(title, backup_ok=backup_ok)
        data = b"RIFF" + title.encode() * 500
        voice = VoiceStamp("espeak", "vi", "1.52", backup, "Google: không có mạng") if backup else None
        clip = Clip(
            self.blobs.put(data),
            len(data),
            "audio/mpeg",
            timedelta(seconds=95),
            Loudness(-16.0, -2.1, 4.0),
            ClipKind.BULLETIN,
            title,
            self.clock.now(),
            voice or VoiceStamp("gtts", "vi", "2.5", backup=False),
        )
        with self.database.write() as connection:
            clips.put(connection, clip)
            bulletins.attach_clip(connection, bulletin_id, 1, clip.hash)
            job = jobs.of_bulletin(connection, bulletin_id, 1)
            assert job is not None
            taken = jobs.claim(connection, job.id, self.clock.now(), timedelta(seconds=90))
            assert taken is not None
            jobs.finish(connection, taken, self.clock.now(), 2.0, 1.5)
        return bulletin_id


def csrf(client: FlaskClient, path: str) -> str:
    """Return the CSRF token of a page, as a browser would send it back."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found is not None, path
    return found[1]


@contextmanager
def panel(
    folder: Path, *, voices: tuple[VoiceHealth, ...] = (), backup: bool = False, reader: Reader | None = None
) -> Iterator[Panel]:
    """Set a panel up in `folder` and take it down again."""
    clock, speaker, bell = FakeClock(START), FakeSpeaker(backup=backup), RingingBell()
    (folder / "tiengloa.db").write_bytes(_station_file())
    database = Database(folder / "tiengloa.db")
    try:
        blobs = FakeBlobs(folder / "clips")
        site_reader = SiteReader(database, reader or FakeReader())
        services = Services(
            database=database,
            clock=clock,
            desk=Desk(database, site_reader, clock, bell),
            lexicon=LexiconDesk(database, site_reader, clock),
            timetable=TimetableDesk(database, clock),
            office=MachineOffice(database, clock),
            emergencies=EmergencyDesk(database, clock),
            messages=MessageDesk(database, clock),
            alert_reports=AlertReports(database, clock),
            blobs=blobs,
            sessions=SessionAudio(blobs, folder / "sessions"),
            speaker=speaker,
            secret_key=b"k" * 32,
            voices=lambda: voices,
        )
        app = create_app(services)
        app.testing = False
        yield Panel(app, services, clock, speaker, blobs, bell)
    finally:
        database.close()


@cache
def _station_file() -> bytes:
    """Return the database of the station before anything happened, made once for all tests."""
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "tiengloa.db")
        upgrade(database, Path(folder) / "backups", START)
        _fill(database)
        database.close()
        return database.path.read_bytes()


def _fill(database: Database) -> None:
    policy = replace(AirtimePolicy(), note="Đài mẫu phát được cả ngày để nghe thử; đài thật có giờ yên tĩnh.")
    own = Station("dai-mau", "Đài truyền thanh phường Tân Phong", "A" * 43 + "=", 1, policy, True, True)
    with database.write() as connection:
        station.put(connection, own)
        for user in PEOPLE:
            people.add(connection, user)
        places.add_levels(connection, LEVELS)
        places.add_areas(connection, AREAS)
        campaigns.add(connection, CAMPAIGN)


def machine(town: Panel, name: str, area_id: str, key: bytes) -> Machine:
    """Enrol a machine whose raw public key is `key`."""
    machine_id = let_in(town.services.office, EDITOR, area_id, name, base64.b64encode(key).decode())
    with town.database.read() as connection:
        return machines.get(connection, machine_id)


def beat(town: Panel, one: Machine, ago: timedelta = timedelta(seconds=12), **changed: object) -> None:
    """Have a machine say how it is, some time ago."""
    said = Heartbeat(town.clock.now() - ago, 7, 4, 4, "ALSA default", True, 3, 12_400_000_000, "0.1.0")
    with town.database.write() as connection:
        machines.keep_heartbeat(connection, one.id, replace(said, **changed))


def aired(town: Panel, one: Machine, slot: Slot, outcome: AiringOutcome, reason: str = "") -> None:
    """Have a machine report the first item of a slot."""
    item, silent = slot.items[0], outcome is AiringOutcome.MISSED
    started = None if silent else slot.starts_at + timedelta(milliseconds=7)
    over = started is not None and outcome is not AiringOutcome.PLAYING
    report = Airing(
        key=f"{slot.key}:0",
        machine_id=one.id,
        slot_key=slot.key,
        position=0,
        title=item.title,
        clip_hash=item.clip_hash,
        planned_start=slot.starts_at,
        outcome=outcome,
        started_at=started,
        ended_at=started + item.length if started and over else None,
        rendered=item.length if over else timedelta(),
        reason=reason,
        level=Level(-1820, -150) if over else None,
        proof=Proof(Hearing.HEARD, 900) if over else None,
    )
    with town.database.write() as connection:
        airings.keep(connection, [report], town.clock.now())


def busy_day(town: Panel) -> dict[str, str]:
    """Fill the station with a day as operators know it; return ids by what they are."""
    now = town.clock.now()
    town.clock.at = now - timedelta(hours=5)
    first, second, third = (machine(town, *one) for one in _MACHINES)
    ids = {
        "produced": town.produced("Dịch vụ công trực tuyến: nộp hồ sơ tại nhà"),
        "backup": town.produced("Lịch tiếp công dân tháng 12", backup=True),
        "failed": town.approved("Thông báo tạm ngừng cấp nước"),
        "draft": town.write("Hướng dẫn làm căn cước cho trẻ em", SCRIPT),
        "submitted": town.submitted("Kết quả cải cách hành chính tháng này", "Năm nay CCHC tiến bộ.\nMời bà con nghe."),
    }
    for title, bulletin_id in (("Bản tin sáng", ids["produced"]), ("Tiếp công dân", ids["backup"])):
        for moment, area in ((time(6, 0), "lai-chau"), (time(9, 29), "san-thang"), (time(11, 15), "tan-phong")):
            wanted = NewSession(title, (bulletin_id,), frozenset({area}), (moment,), frozenset(range(1, 8)))
            town.services.timetable.add(EDITOR, wanted)
    replan(town.database, town.clock.now())
    town.clock.at = now
    _fail(town, ids["failed"])
    _report(town, first, now)
    beat(town, first)
    beat(town, second, timedelta(minutes=37))
    beat(
        town,
        third,
        clips_held=3,
        sink_ok=False,
        fault="Không mở được thiết bị âm thanh «default»",
        clock_offset_ms=-4200,
    )
    return {**ids, "machine": first.id}


_MACHINES = (
    ("Máy phát bản San Thàng", "san-thang", b"1" * 32),
    ("Máy phát tổ dân phố số 2", "to-2", b"2" * 32),
    ("Máy phát phường Tân Phong", "tan-phong", b"3" * 32),
)
SCRIPT = (
    "Thực hiện Kế hoạch số 69/KH-UBND ngày 09/01/2023 của UBND tỉnh về CCHC.\n"
    "Tỷ lệ hồ sơ đúng hạn đạt 98,7%.\nBà con gọi QWZX để được hướng dẫn.\n"
)


def _fail(town: Panel, bulletin_id: str) -> None:
    with town.database.write() as connection:
        job = jobs.of_bulletin(connection, bulletin_id, 1)
        assert job is not None
        taken = jobs.claim(connection, job.id, town.clock.now(), timedelta(seconds=90))
        assert taken is not None
        jobs.fail(connection, taken, "Chưa có giọng nào đọc được. Bản tin còn nguyên, hãy thử lại sau.", None)


def _report(town: Panel, one: Machine, now: datetime) -> None:
    with town.database.read() as connection:
        slots = plans.slots(connection, now - timedelta(hours=12), now, one.id)
    for slot in slots:
        if slot.items[0].refusal or slot.refusal:
            aired(town, one, slot, AiringOutcome.MISSED, slot.refusal or slot.items[0].refusal)
        else:
            over = slot.ends_at < now
            aired(town, one, slot, AiringOutcome.PLAYED if over else AiringOutcome.PLAYING)
