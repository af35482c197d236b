"""Made anew: a backup voice's clip is spoken again by itself once a better voice is back, and never for the worse."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bulletins.desk import Desk
from bulletins.production import Production
from bulletins.remake import PROBE, Remaking
from domain.audio import PLAIN, Clip, Manner, Speech
from domain.bulletins import Bulletin
from domain.errors import AudioError
from domain.jobs import JobState
from domain.people import Role
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.machines import MachineOffice
from store import bulletins, clips, jobs, places, plans
from store import station as own
from tests.fakes import ExampleStation, FakeMastering, let_in, need_tool
from tests.fakes_audio import FakeVoice, quiet, spoken_text, stand_in
from tiengloa.jobs import keep_health, kept_health
from tiengloa.wiring import _Cache
from tts.chain import LABELS, VoiceChain
from tts.engines.espeak import EspeakVoice
from tts.engines.google import GoogleVoice, Limits

SCRIPT = "Kính thưa bà con\nHôm nay họp bản"


class HighVoice(FakeVoice):
    """A voice that can be told from the backup."""

    def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
        return super().speak(sentence, replace(manner, presenter=2))


@dataclass
class Town:
    """A station whose best voice comes and goes."""

    station: ExampleStation
    best: FakeVoice
    backup: FakeVoice

    def __post_init__(self) -> None:
        clock = self.station.clock
        self.chain = VoiceChain([self.best, self.backup], clock, _Cache(self.station.folder / "speech"))
        self.production: Production = replace(self.station.production, speaker=self.chain, voice_labels=LABELS)
        self.remaking = Remaking(self.station.database, clock, self.chain, self.station.bell)

    def made_by_backup(self, **more: date) -> tuple[str, str]:
        self.best.away = True
        bulletin_id, job_id = self.station.approved(SCRIPT, **more)
        self.production.produce(job_id)
        assert self.voice(bulletin_id) == "espeak"
        self.station.bell.rung.clear()
        return bulletin_id, job_id

    def bulletin(self, bulletin_id: str) -> Bulletin:
        return self.station.bulletin(bulletin_id)

    def clip(self, bulletin_id: str) -> Clip:
        with self.station.database.read() as connection:
            return clips.get(connection, self.bulletin(bulletin_id).clip_hash or "")

    def voice(self, bulletin_id: str) -> str:
        voice = self.clip(bulletin_id).voice
        assert voice is not None
        return voice.engine

    def plan_version(self) -> int:
        with self.station.database.read() as connection:
            return own.plan_version(connection)

    def pass_and_work(self) -> list[str]:
        """Run the worker's pass and whatever it rang for; return those jobs."""
        self.station.bell.rung.clear()
        self.remaking.run()
        for job_id in self.station.bell.rung:
            self.production.produce(job_id)
        return self.station.bell.rung

    def airs_in(self, bulletin_id: str, ahead: timedelta, length: timedelta = timedelta(minutes=5)) -> None:
        at = self.station.clock.at + ahead
        office, folder = MachineOffice(self.station.database, self.station.clock), self.station.database
        with folder.read() as connection:
            area = places.areas(connection)[0].id
        machine_id = let_in(office, self.station.person(Role.TECHNICIAN), area, "Máy", "A" * 43 + "=")
        item = PlannedItem("Tin", self.bulletin(bulletin_id).clip_hash, length, bulletin_id)
        slot = Slot("buoi", machine_id, at, "Buổi", Priority.NORMAL, LatePolicy.SKIP, timedelta(), (item,))
        with folder.write() as connection:
            plans.keep_slots(connection, machine_id, at, at + timedelta(seconds=1), [slot])


@pytest.fixture
def town(station: ExampleStation) -> Town:
    return Town(station, HighVoice("gtts"), FakeVoice("espeak", backup=True))


def test_a_better_voice_that_is_back_takes_over_and_says_so(town: Town) -> None:
    bulletin_id, job_id = town.made_by_backup()
    before, version = town.clip(bulletin_id), town.plan_version()
    town.best.away = False
    assert town.pass_and_work() == [job_id]
    after = town.clip(bulletin_id)
    assert after.voice is not None
    assert (after.voice.engine, after.voice.backup, after.hash != before.hash) == ("gtts", False, True)
    assert town.plan_version() > version
    step = town.bulletin(bulletin_id).history[-1]
    assert (step.user_name, step.action) == ("Máy tự động", "làm lại bằng giọng Google, thay giọng dự phòng")
    with town.station.database.read() as connection:
        shown = bulletins.done_by_itself(connection, town.station.clock.at - timedelta(days=1))
        assert [(one.id, done) for one, done in shown] == [(bulletin_id, step)]
        assert bulletins.done_by_itself(connection, town.station.clock.at) == ()
    assert town.pass_and_work() == []
    assert town.best.asked.count(PROBE) == 1, "nothing left to make anew, so nobody is asked"


def test_while_the_better_voice_is_away_it_is_asked_once_a_pass_and_nothing_changes(town: Town) -> None:
    first, _job = town.made_by_backup()
    town.made_by_backup()
    before = town.clip(first)
    asked: list[str] = []
    speak = town.best.speak

    def counted(sentence: str, manner: Manner = PLAIN) -> Speech:
        asked.append(sentence)
        return speak(sentence, manner)

    town.best.speak = counted  # type: ignore[method-assign]
    assert town.pass_and_work() == []
    assert asked == [PROBE]
    assert town.clip(first) == before


def test_a_probe_is_never_answered_from_the_cache(town: Town) -> None:
    town.made_by_backup()
    town.best.away = False
    town.chain.speak(spoken_text(PROBE), quiet)
    town.best.away = True
    assert town.pass_and_work() == []


def test_the_backup_never_replaces_the_backup_and_then_rests_an_hour(town: Town) -> None:
    bulletin_id, job_id = town.made_by_backup()
    before = town.clip(bulletin_id)
    town.best.away = False
    town.best.fails_on["Hôm nay họp bản"] = AudioError("câu này không đọc được")
    assert town.pass_and_work() == [job_id]
    job = town.station.job(job_id)
    assert (job.state, job.stage, job.error) == (JobState.DONE, jobs.KEPT_OLD, "")
    assert town.clip(bulletin_id) == before
    town.best.fails_on.clear()
    assert town.pass_and_work() == []
    town.station.clock.go(timedelta(hours=1))
    assert town.pass_and_work() == [job_id]
    assert town.voice(bulletin_id) == "gtts"


@pytest.mark.parametrize("fault", [AudioError("Âm thanh hỏng."), KeyError("nobody foresaw this")])
def test_a_failure_of_the_new_sound_leaves_the_old_one_and_troubles_nobody(town: Town, fault: Exception) -> None:
    bulletin_id, job_id = town.made_by_backup()
    before = town.clip(bulletin_id)
    town.best.away = False

    class Broken(FakeMastering):
        def master(self, *_given: object) -> None:  # type: ignore[override]
            raise fault

    town.production = replace(town.production, mastering=Broken())
    town.pass_and_work()
    assert (town.clip(bulletin_id), town.station.job(job_id).state) == (before, JobState.DONE)
    with town.station.database.read() as connection:
        assert job_id not in [job.id for job in jobs.unfinished(connection)]


@pytest.mark.parametrize(
    ("ahead", "made"),
    [(timedelta(minutes=11), True), (timedelta(minutes=10), False), (timedelta(minutes=-2), False)],
    ids=["in 11 minutes", "in 10 minutes", "sounds now"],
)
def test_what_airs_within_the_freeze_is_left_alone(town: Town, ahead: timedelta, made: bool) -> None:
    bulletin_id, job_id = town.made_by_backup()
    town.airs_in(bulletin_id, ahead)
    town.best.away = False
    assert town.pass_and_work() == ([job_id] if made else [])
    assert town.voice(bulletin_id) == ("gtts" if made else "espeak")


def test_a_new_sound_that_comes_too_late_is_not_put_in(town: Town) -> None:
    bulletin_id, job_id = town.made_by_backup()
    town.airs_in(bulletin_id, timedelta(minutes=11))
    town.best.away = False
    town.remaking.run()
    town.station.clock.go(timedelta(minutes=2))
    town.production.produce(job_id)
    assert town.voice(bulletin_id) == "espeak"
    assert town.station.job(job_id).stage == jobs.KEPT_OLD


def test_an_expired_withdrawn_or_cancelled_one_is_not_made_anew(town: Town) -> None:
    town.made_by_backup(valid_until=town.station.clock.at.date() - timedelta(days=1))
    withdrawn, _job = town.made_by_backup()
    editor = town.station.person(Role.EDITOR)
    town.station.desk.withdraw(editor, withdrawn, "")
    cancelled, _job = town.made_by_backup()
    town.best.away = False
    town.remaking.run()
    desk: Desk = town.station.desk
    desk.cancel(editor, cancelled)
    assert town.pass_and_work() == []
    assert town.voice(cancelled) == "espeak"


def test_a_bulletin_that_is_edited_meanwhile_gets_no_stale_sound(town: Town) -> None:
    bulletin_id, job_id = town.made_by_backup()
    town.best.away = False
    town.remaking.run()
    town.station.desk.withdraw(town.station.person(Role.EDITOR), bulletin_id, "sai")
    before = town.clip(bulletin_id)
    town.production.produce(job_id)
    assert town.clip(bulletin_id) == before
    assert town.station.job(job_id).state is JobState.DONE


def test_the_worker_tells_the_panel_how_its_voices_are(town: Town, tmp_path: Path) -> None:
    assert kept_health(tmp_path) == ()
    town.made_by_backup()
    keep_health(tmp_path, town.chain.health())
    written = (tmp_path / "voice-health.json").stat().st_mtime_ns
    best, backup = kept_health(tmp_path)
    assert (best.label, best.ok, best.since) == ("Google", False, town.station.clock.at)
    assert (backup.label, backup.ok, backup.backup) == ("eSpeak NG", True, True)
    keep_health(tmp_path, town.chain.health())
    assert (tmp_path / "voice-health.json").stat().st_mtime_ns == written, "no news is not written"
    for rubbish in (b"", b"{}", b"[1]", b'[{"name": 1}]', b"\xff\xfe", b'[{"since": "never"}]'):
        (tmp_path / "voice-health.json").write_bytes(rubbish)
        assert kept_health(tmp_path) == ()


def test_google_goes_away_and_comes_back(station: ExampleStation) -> None:
    """The real chain, the real guards, and a stand-in for the service on the loopback."""
    espeak = EspeakVoice()
    need_tool(can(espeak.speak), "eSpeak NG")
    limits = Limits(connect_s=2.0, read_s=5.0, whole_answer_s=5.0, interval_s=0.0, rest_s=60.0)
    with stand_in("forbidden", "well") as server:
        google = GoogleVoice(
            limits, endpoint=server.endpoint, monotonic=station.clock.monotonic, wait=lambda _seconds: None
        )
        chain = VoiceChain([google, espeak], station.clock, _Cache(station.folder / "speech"))
        production = replace(station.production, speaker=chain, voice_labels=LABELS)
        remaking = Remaking(station.database, station.clock, chain, station.bell)
        bulletin_id, job_id = station.approved("Kính thưa bà con.\nHôm nay họp bản lúc bảy giờ tối.")
        production.produce(job_id)
        first = clip_of(station, bulletin_id)
        assert first.voice is not None
        assert (first.voice.engine, first.voice.backup) == ("espeak", True)
        assert "mã 403" in first.voice.why
        asked = len(server.texts)
        station.bell.rung.clear()
        station.clock.go(timedelta(minutes=15))
        remaking.run()
        assert station.bell.rung == [job_id]
        assert server.texts[asked:] == [PROBE], "one short sentence tells"
        production.produce(job_id)
    second = clip_of(station, bulletin_id)
    assert second.voice is not None
    assert (second.voice.engine, second.voice.backup, second.voice.why) == ("gtts", False, "")


def clip_of(station: ExampleStation, bulletin_id: str) -> Clip:
    with station.database.read() as connection:
        return clips.get(connection, station.bulletin(bulletin_id).clip_hash or "")


def can(speak: Callable[[str], object]) -> bool:
    try:
        speak("Xin chào bà con.")
    except Exception:  # noqa: BLE001 - whatever is missing, the tool is not there
        return False
    return True
