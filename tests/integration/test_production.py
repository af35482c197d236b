"""Jobs and production: one approved version becomes one clip, whatever becomes of the workers."""

import logging
from datetime import timedelta

import pytest

from bulletins.production import LEASE
from domain.bulletins import AcceptedReading, BulletinState
from domain.errors import AudioError, NoVoiceError, StorageFullError, TiengLoaError, VoiceUnavailableError
from domain.jobs import Job, JobState
from domain.people import Role
from store import clips, jobs
from store.bulletins import Draft
from store.jobs import MOST_ATTEMPTS
from tests.fakes import ExampleStation

SECOND = timedelta(seconds=1)


def claimed(station: ExampleStation, job_id: str) -> Job | None:
    with station.database.write() as connection:
        return jobs.claim(connection, job_id, station.clock.at, LEASE)


def held_clips(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return len(clips.everything(connection))


def test_an_approved_bulletin_becomes_exactly_one_clip(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    for _ in range(3):
        station.production.produce(job_id)
    kept, job = station.bulletin(bulletin_id), station.job(job_id)
    assert (job.state, job.attempts, job.error, job.lease_until) == (JobState.DONE, 1, "", None)
    assert (kept.clip_version, held_clips(station), len(station.speaker.texts)) == (1, 1, 1)
    assert kept.clip_hash is not None
    assert station.blobs.verify(kept.clip_hash)
    assert station.speaker.texts[0].startswith("Đài truyền thanh mẫu Lai Châu. Mời bà con nghe bản tin: Bản tin thử.")
    with station.database.read() as connection:
        clip = clips.get(connection, kept.clip_hash)
    assert (clip.title, clip.size) == ("Bản tin thử", len(station.blobs.held[clip.hash]))
    assert clip.voice is not None
    assert clip.voice.engine == "fake"


def test_of_two_claimers_one_gets_the_job(station: ExampleStation) -> None:
    _bulletin, job_id = station.approved()
    first, second = claimed(station, job_id), claimed(station, job_id)
    assert first is not None
    assert (first.state, first.attempts) == (JobState.RUNNING, 1)
    assert second is None
    assert job_id not in station.production.waiting()


def test_a_job_is_taken_again_only_after_its_lease(station: ExampleStation) -> None:
    _bulletin, job_id = station.approved()
    claimed(station, job_id)
    station.clock.go(LEASE)
    assert claimed(station, job_id) is None
    station.clock.go(SECOND)
    again = claimed(station, job_id)
    assert again is not None
    assert again.attempts == 2


def test_progress_renews_the_lease_and_is_told(station: ExampleStation) -> None:
    _bulletin, job_id = station.approved()
    job = claimed(station, job_id)
    assert job is not None
    station.clock.go(LEASE - SECOND)
    station.production.report(job, "Đọc bằng giọng Google", 3, 9)
    station.clock.go(LEASE - SECOND)
    seen = station.job(job_id)
    assert (seen.stage, seen.done, seen.total) == ("Đọc bằng giọng Google", 3, 9)
    assert claimed(station, job_id) is None


def test_a_worker_that_lost_its_lease_in_mid_work_stops_without_a_trace(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    taken: list[Job | None] = []

    def overtaken(number: int) -> None:
        station.clock.go(SECOND)
        if number == 1:
            station.clock.go(LEASE + SECOND)
            taken.append(claimed(station, job_id))

    station.speaker.on_sentence = overtaken
    station.production.produce(job_id)
    job = station.job(job_id)
    assert taken[0] is not None
    assert (job.state, job.attempts, job.error) == (JobState.RUNNING, 2, "")
    assert station.bulletin(bulletin_id).clip_hash is None
    assert held_clips(station) == 0


def test_a_worker_overtaken_at_the_very_end_attaches_nothing(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    put = station.blobs.put

    def slow_put(data: bytes) -> str:
        station.clock.go(LEASE + SECOND)
        claimed(station, job_id)
        return put(data)

    station.blobs.put = slow_put  # type: ignore[method-assign]
    station.production.produce(job_id)
    assert station.job(job_id).state is JobState.RUNNING
    assert station.bulletin(bulletin_id).clip_hash is None
    assert held_clips(station) == 0


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (NoVoiceError("Chưa có giọng nào đọc được."), True),
        (VoiceUnavailableError("Giọng đang vắng."), True),
        (StorageFullError("Ổ đĩa đã đầy."), True),
        (AudioError("Bản tin dài quá."), False),
    ],
)
def test_a_failure_is_told_and_tried_again_only_if_that_can_help(
    station: ExampleStation, error: TiengLoaError, retried: bool
) -> None:
    bulletin_id, job_id = station.approved()
    station.speaker.failures = [error]
    station.production.produce(job_id)
    job = station.job(job_id)
    assert job.error == error.sentence
    assert (job.state is JobState.FAILED) == (not retried)
    station.clock.go(timedelta(seconds=11))
    station.production.produce(job_id)
    assert (station.bulletin(bulletin_id).clip_hash is not None) == retried


def test_waits_between_tries_double_and_the_job_is_given_up_in_the_end(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    station.speaker.failures = [NoVoiceError("Chưa có giọng nào đọc được.")] * 99
    waits = []
    for _ in range(MOST_ATTEMPTS):
        station.production.produce(job_id)
        job = station.job(job_id)
        if job.lease_until is not None:
            waits.append((job.lease_until - station.clock.at).total_seconds())
            station.clock.go(timedelta(seconds=waits[-1]))
            station.production.produce(job_id)
            assert station.job(job_id).attempts == job.attempts, "not before its time"
            station.clock.go(SECOND)
    assert waits == [10, 20, 40, 80]
    job = station.job(job_id)
    assert (job.state, job.attempts, job.error) == (JobState.FAILED, 5, "Chưa có giọng nào đọc được.")
    assert job_id not in station.production.waiting()
    station.speaker.failures = []
    station.desk.produce_again(station.person(Role.TECHNICIAN), bulletin_id)
    station.production.produce(job_id)
    assert station.job(job_id).state is JobState.DONE


def test_a_job_whose_every_worker_died_ends_failed_and_can_be_asked_for_again(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    for _ in range(MOST_ATTEMPTS):
        assert claimed(station, job_id) is not None
        station.clock.go(LEASE + SECOND)
    station.production.produce(job_id)
    job = station.job(job_id)
    assert job.state is JobState.FAILED
    assert job.error.startswith("Tiến trình làm âm thanh đã dừng đột ngột 5 lần")
    assert job_id not in station.production.waiting()
    assert station.speaker.texts == []
    station.desk.produce_again(station.person(Role.EDITOR), bulletin_id)
    station.production.produce(job_id)
    assert station.bulletin(bulletin_id).clip_version == 1


@pytest.mark.parametrize("fault", [KeyError("nobody foresaw this"), MemoryError(), RecursionError()])
def test_a_fault_of_ours_is_logged_told_and_tried_again(
    station: ExampleStation, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bulletin_id, job_id = station.approved()
    station.speaker.failures = [fault]
    with caplog.at_level(logging.ERROR):
        station.production.produce(job_id)
    job = station.job(job_id)
    assert job.error.startswith("Phần làm âm thanh gặp lỗi ngoài dự kiến")
    assert type(fault).__name__ in caplog.text
    station.clock.go(timedelta(seconds=11))
    station.production.produce(job_id)
    assert station.bulletin(bulletin_id).clip_hash is not None


def test_a_bulletin_withdrawn_in_mid_work_gets_no_clip(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    editor = station.person(Role.EDITOR)

    def withdraw(number: int) -> None:
        if number == 1:
            station.desk.withdraw(editor, bulletin_id, "có sai sót")

    station.speaker.on_sentence = withdraw
    station.production.produce(job_id)
    kept = station.bulletin(bulletin_id)
    assert (kept.state, kept.clip_hash) == (BulletinState.WITHDRAWN, None)
    assert held_clips(station) == 0
    assert station.job(job_id).state is JobState.DONE


def test_a_bulletin_withdrawn_before_its_turn_is_not_spoken(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    station.desk.withdraw(station.person(Role.EDITOR), bulletin_id, "")
    station.production.produce(job_id)
    assert station.speaker.texts == []
    assert station.job(job_id).state is JobState.DONE


def test_a_disk_full_of_clips_is_told_and_mended_by_itself(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    station.blobs.failures = [StorageFullError("Ổ đĩa đã đầy, chưa lưu được âm thanh.")]
    station.production.produce(job_id)
    assert station.job(job_id).error == "Ổ đĩa đã đầy, chưa lưu được âm thanh."
    assert station.bulletin(bulletin_id).state is BulletinState.APPROVED
    station.clock.go(timedelta(seconds=11))
    station.production.produce(job_id)
    assert station.bulletin(bulletin_id).clip_hash is not None


def test_the_work_of_a_worker_known_to_be_gone_is_let_go_but_waits_stay(station: ExampleStation) -> None:
    _one, dead = station.approved()
    _two, waiting = station.approved("Bài khác")
    station.speaker.failures = [NoVoiceError("Chưa có giọng nào đọc được.")]
    station.production.produce(waiting)
    claimed(station, dead)
    before = station.job(waiting)
    with station.database.write() as connection:
        jobs.release(connection, station.clock.at)
    assert dead in station.production.waiting()
    assert station.job(waiting) == before
    assert waiting not in station.production.waiting()


def test_accepted_readings_are_said(station: ExampleStation) -> None:
    author, approver = station.person(Role.EDITOR), station.person(Role.APPROVER)
    draft = Draft("Tin", "Hội KHHGĐ họp", readings=(AcceptedReading("KHHGĐ", "kế hoạch hóa gia đình"),))
    bulletin_id = station.desk.write(author, draft)
    station.desk.submit(author, bulletin_id)
    station.production.produce(station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False))
    assert "Hội kế hoạch hóa gia đình họp" in station.speaker.texts[0]


def test_an_unknown_job_is_nobodys(station: ExampleStation) -> None:
    station.production.produce("khong-co")
    assert station.speaker.texts == []
