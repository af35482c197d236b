"""Cancel: a production is stopped at its next step, without a trace, and can be asked for again; progress moves."""

from dataclasses import replace

import pytest

from bulletins.production import LEASE
from domain.audio import SpokenAudio
from domain.errors import NotAllowedError, WrongStateError
from domain.jobs import JobState
from domain.people import Role
from domain.ports import Progress
from domain.reading import SpokenText
from store import clips, jobs
from tests.fakes import ExampleStation, FakeSpeaker

LONG = "\n".join(f"Câu thứ {number}" for number in range(40))


def held_clips(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return len(clips.everything(connection))


def test_a_running_production_stops_at_its_next_step_without_a_trace(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved(LONG)
    editor = station.person(Role.EDITOR)
    spoken: list[int] = []

    def sentence(number: int) -> None:
        spoken.append(number)
        station.clock.seconds += 1
        if number == 7:
            station.desk.cancel(editor, bulletin_id)

    station.speaker.on_sentence = sentence
    station.production.produce(job_id)
    job = station.job(job_id)
    assert (job.state, job.error, job.lease_until) == (JobState.CANCELLED, "", None)
    assert max(spoken) == 7
    assert (station.bulletin(bulletin_id).clip_hash, held_clips(station)) == (None, 0)
    assert job_id not in station.production.waiting()
    assert station.bulletin(bulletin_id).history[-1].action == "dừng làm âm thanh"

    station.speaker.on_sentence = lambda _number: None
    station.desk.produce_again(editor, bulletin_id)
    station.production.produce(job_id)
    assert (station.job(job_id).state, station.bulletin(bulletin_id).clip_version) == (JobState.DONE, 1)


def test_a_cancelled_worker_never_takes_the_job_that_was_queued_again_for_its_own(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    editor = station.person(Role.EDITOR)
    with station.database.write() as connection:
        old = jobs.claim(connection, job_id, station.clock.at, LEASE)
    assert old is not None
    station.desk.cancel(editor, bulletin_id)
    station.desk.produce_again(editor, bulletin_id)
    with station.database.write() as connection:
        new = jobs.claim(connection, job_id, station.clock.at, LEASE)
        assert new is not None
        assert new.attempts == old.attempts == 1
        assert not jobs.progress(connection, old, station.clock.at + LEASE, ("đọc", 1, 2))
        assert not jobs.fail(connection, old, "lỗi cũ", None)
        assert not jobs.finish(connection, old, station.clock.at, 1.0, 1.0)
        assert jobs.finish(connection, new, station.clock.at, 1.0, 1.0)


def test_a_waiting_production_is_cancelled_too_and_a_finished_one_is_not(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    editor = station.person(Role.EDITOR)
    station.desk.cancel(editor, bulletin_id)
    station.production.produce(job_id)
    assert station.speaker.texts == []
    with pytest.raises(WrongStateError, match="đã kết thúc"):
        station.desk.cancel(editor, bulletin_id)
    station.desk.produce_again(editor, bulletin_id)
    station.production.produce(job_id)
    with pytest.raises(WrongStateError, match="đã kết thúc"):
        station.desk.cancel(editor, bulletin_id)
    assert station.job(job_id).state is JobState.DONE


def test_who_may_cancel(station: ExampleStation) -> None:
    bulletin_id, job_id = station.approved()
    with pytest.raises(NotAllowedError):
        station.desk.cancel(station.person(Role.VIEWER), bulletin_id)
    assert station.job(job_id).state is JobState.QUEUED


def test_progress_is_seen_sentence_by_sentence_and_stage_by_stage(station: ExampleStation) -> None:
    _bulletin, job_id = station.approved(LONG)
    seen: list[tuple[str, int, int]] = []

    class Watched(FakeSpeaker):
        def speak(self, text: SpokenText, progress: Progress) -> SpokenAudio:
            def told(stage: str, done: int, total: int) -> None:
                station.clock.seconds += 0.1
                progress(stage, done, total)
                job = station.job(job_id)
                seen.append((job.stage, job.done, job.total))

            return super().speak(text, told)

    replace(station.production, speaker=Watched()).produce(job_id)
    steps = list(dict.fromkeys(seen))
    assert 10 <= len(steps) <= 20, "every third sentence of forty-one, at a tenth of a second each"
    assert steps == sorted(steps, key=lambda step: step[1])
    assert {total for _stage, _done, total in steps} == {41}
