"""Small real implementations of the ports, and a whole station in a temporary folder."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from bulletins.desk import Desk
from bulletins.production import Production
from domain.audio import CEILING_DBTP, TARGET_LUFS, Loudness, MasteredAudio, Speech, SpokenAudio, VoiceStamp
from domain.bulletins import Bulletin
from domain.errors import BadInputError, NotFoundError
from domain.jobs import Job
from domain.people import Role, User
from domain.ports import Progress
from domain.reading import Flag, FlagKind, LexiconEntry, SpokenSentence, SpokenText, Token
from scheduler.desk import TimetableDesk
from scheduler.machines import MachineOffice
from store import bulletins, jobs, people
from store.bulletins import Draft
from store.engine import Database
from store.migrate import upgrade
from tests.fakes_audio import tone
from tiengloa.example import load as example

START = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)
"""A Monday, 09:31 in the ward."""

T = TypeVar("T")


def wait_for(probe: Callable[[], T | None], seconds: float = 20.0, what: str = "the expected state") -> T:
    """Return the first true answer of `probe`, asked often; fail when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)  # the pace of asking, not the wait


def need_tool(present: bool, what: str) -> None:
    """Skip the test that calls it when `what` is missing; fail where tools are required."""
    if present:
        return
    if os.environ.get("TIENGLOA_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{what} is required here")
    pytest.skip(f"needs {what}")


class FakeClock:
    """A clock that moves only when it is told to; the wall may step without the monotonic side."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def go(self, length: timedelta) -> datetime:
        """Let time pass."""
        self.at += length
        self.seconds += length.total_seconds()
        return self.at

    def step(self, length: timedelta) -> None:
        """Set the wall clock otherwise, as NTP does."""
        self.at += length


class FakeReader:
    """Reads each line as it is written; a word in capitals is an abbreviation it knows only from `readings`."""

    def read(self, script: str, readings: Iterable[LexiconEntry] = ()) -> SpokenText:
        known = {entry.written: entry.spoken for entry in readings}
        sentences, at = [], 0
        for line in script.split("\n"):
            tokens = tuple(self._tokens(line, at, known))
            if tokens:
                sentences.append(SpokenSentence(tokens, 300))
            at += len(line) + 1
        return SpokenText(tuple(sentences))

    def _tokens(self, line: str, at: int, known: dict[str, str]) -> Iterator[Token]:
        start = 0
        for word in line.split():
            start = line.index(word, start)
            flags: tuple[Flag, ...] = ()
            if len(word) > 1 and word.isupper() and word not in known:
                flags = (Flag(FlagKind.UNKNOWN_ABBREVIATION, f"Chưa biết «{word}» đọc thế nào."),)
            yield Token(at + start, at + start + len(word), word, known.get(word, word), "fake", flags)
            start += len(word)


@dataclass
class FakeSpeaker:
    """Speaks each sentence as a short tone, reporting progress; first raises what `failures` holds, one a text."""

    failures: list[BaseException] = field(default_factory=list)
    on_sentence: Callable[[int], None] = lambda _number: None
    backup: bool = False
    texts: list[str] = field(default_factory=list)

    def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
        if self.failures:
            raise self.failures.pop(0)
        self.texts.append(text.spoken)
        spoken = []
        for number, sentence in enumerate(text.sentences):
            self.on_sentence(number)
            progress("đọc thử", number, len(text.sentences))
            pitch = 300.0 + sum(sentence.spoken.encode()) % 400
            spoken.append((Speech(tone(0.05, pitch=pitch), 22_050), sentence.pause_ms))
        return SpokenAudio(tuple(spoken), VoiceStamp("fake", "tone", "1", backup=self.backup, why=""))


class FakeMastering:
    """Joins the speech as it is, behind a mark of where the announcement ends."""

    def master(self, speech: SpokenAudio, announcement: SpokenAudio | None, progress: Progress) -> MasteredAudio:
        progress("ghép thử", 0, 1)
        parts = [part for part in (announcement, speech) if part is not None]
        pcm = b"|".join(b"".join(words.pcm for words, _pause in part.sentences) for part in parts)
        seconds = len(pcm) / 2 / 22_050
        return MasteredAudio(pcm, "audio/x-fake", timedelta(seconds=seconds), Loudness(TARGET_LUFS, CEILING_DBTP, 3.0))


class MemoryBlobs:
    """Keeps bytes by their hash in memory; a path is written out only when it is asked for."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.failures: list[Exception] = []
        self._folder = tempfile.TemporaryDirectory(prefix="tiengloa-blobs-")

    def put(self, data: bytes) -> str:
        if self.failures:
            raise self.failures.pop(0)
        blob_hash = hashlib.sha256(data).hexdigest()
        self.held[blob_hash] = data
        return blob_hash

    def path(self, blob_hash: str) -> Path:
        if len(blob_hash) != 64 or set(blob_hash) - set("0123456789abcdef"):
            raise BadInputError("Mã tệp âm thanh không hợp lệ.")
        if blob_hash not in self.held:
            raise NotFoundError("Tệp âm thanh này không còn trong kho.")
        place = Path(self._folder.name) / blob_hash
        place.write_bytes(self.held[blob_hash])
        return place

    def verify(self, blob_hash: str) -> bool:
        data = self.held.get(blob_hash)
        return data is not None and hashlib.sha256(data).hexdigest() == blob_hash

    def close(self) -> None:
        self._folder.cleanup()


class RingingBell:
    """Remembers who was rung for."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, job_id: str) -> None:
        self.rung.append(job_id)


@cache
def example_database() -> bytes:
    """Return the file of the example station as it is just after it was loaded at START."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "station.db")
        with closing(database):
            upgrade(database, Path(folder) / "backups", START)
            with database.write() as connection:
                example.load(connection, START)
        return database.path.read_bytes()


def let_in(office: MachineOffice, technician: User, area_id: str, name: str, key: str) -> str:
    """Enrol a box whose raw key in base64 is `key`, say yes to it, and return the machine's id."""
    asked = office.enrol(office.new_code(technician, area_id, name), key)
    office.enrolment.confirm(technician, asked.machine_id, area_id)
    return asked.machine_id


@dataclass
class ExampleStation:
    """The example station over a real SQLite file, with fakes for everything that takes time or sounds."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    bell: RingingBell = field(default_factory=RingingBell)
    reader: FakeReader = field(default_factory=FakeReader)
    speaker: FakeSpeaker = field(default_factory=FakeSpeaker)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)

    def __post_init__(self) -> None:
        path = self.folder / "tiengloa.db"
        path.write_bytes(example_database())
        self.database = Database(path)
        self.desk = Desk(self.database, self.reader, self.clock, self.bell)
        self.timetable = TimetableDesk(self.database, self.clock)
        self.office = MachineOffice(self.database, self.clock)
        self.production = self.new_production()

    def new_production(self) -> Production:
        """Return a worker's production, as another process would have its own."""
        return Production(self.database, self.clock, self.reader, self.speaker, FakeMastering(), self.blobs)

    def person(self, *roles: Role, name: str = "Người Thử") -> User:
        """Add a person with `roles`."""
        with self.database.write() as connection:
            number = len(people.everyone(connection))
            user = User(f"nguoi-{number}", f"nguoi{number}", name, frozenset(roles))
            people.add(connection, user)
        return user

    def written(self, author: User, script: str = "Kính thưa bà con\nHôm nay họp bản", **more: date) -> str:
        """Write a draft and return its id."""
        return self.desk.write(author, Draft("Bản tin thử", script, **more))

    def approved(self, script: str = "Kính thưa bà con\nHôm nay họp bản", **more: date) -> tuple[str, str]:
        """Write, submit and approve a bulletin; return (its id, the id of its job)."""
        author, approver = self.person(Role.CONTRIBUTOR), self.person(Role.APPROVER)
        bulletin_id = self.written(author, script, **more)
        self.desk.submit(author, bulletin_id)
        return bulletin_id, self.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)

    def bulletin(self, bulletin_id: str) -> Bulletin:
        """Return a bulletin as it stands."""
        with self.database.read() as connection:
            return bulletins.get(connection, bulletin_id)

    def job(self, job_id: str) -> Job:
        """Return a job as it stands."""
        with self.database.read() as connection:
            return jobs.get(connection, job_id)

    def close(self) -> None:
        self.database.close()
        self.blobs.close()


@contextmanager
def example_station(folder: Path) -> Iterator[ExampleStation]:
    """Give the example station in `folder`, and close it after."""
    station = ExampleStation(folder)
    try:
        yield station
    finally:
        station.close()
