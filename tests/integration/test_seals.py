"""What was approved is what is spoken, whatever becomes of the lexicon, the recordings and the library meanwhile."""

import pytest

from bulletins.seals import READING_CHANGED
from domain.errors import BadInputError, FlaggedReadingError, NotAllowedError, WrongStateError
from domain.jobs import JobState
from domain.people import Role
from domain.reading import LexiconEntry, SpokenText
from tests.fakes import ExampleStation, FakeReader

SCRIPT = "Kính thưa bà con\nXYZ họp bản"


class LexiconReader(FakeReader):
    """The fake reader with a lexicon that somebody may change."""

    def __init__(self) -> None:
        self.entries: tuple[LexiconEntry, ...] = (LexiconEntry("XYZ", "xã ta"),)

    def read(self, script: str, readings: tuple[LexiconEntry, ...] = ()) -> SpokenText:  # type: ignore[override]
        return super().read(script, (*self.entries, *readings))


@pytest.fixture
def reader(station: ExampleStation) -> LexiconReader:
    reader = LexiconReader()
    for part in (station.desk, station.production):
        object.__setattr__(part, "reader", reader)
    return reader


def test_words_that_changed_after_the_approval_are_not_spoken(station: ExampleStation, reader: LexiconReader) -> None:
    bulletin_id, job_id = station.approved(SCRIPT)
    reader.entries = (LexiconEntry("XYZ", "một câu hoàn toàn khác"),)
    station.production.produce(job_id)
    job = station.job(job_id)
    assert (job.state, job.error) == (JobState.FAILED, READING_CHANGED)
    assert station.bulletin(bulletin_id).clip_hash is None
    assert station.speaker.texts == []


def test_an_approver_may_agree_to_the_words_as_they_are_now(station: ExampleStation, reader: LexiconReader) -> None:
    bulletin_id, job_id = station.approved(SCRIPT)
    reader.entries = (LexiconEntry("XYZ", "xã mình"),)
    station.production.produce(job_id)
    with station.database.read() as connection:
        now = station.desk._seal(connection, station.bulletin(bulletin_id))
    approver = station.person(Role.APPROVER)
    with pytest.raises(WrongStateError, match="vừa được thay đổi"):
        station.desk.accept_reading(approver, bulletin_id, "0" * 16)
    with pytest.raises(NotAllowedError):
        station.desk.accept_reading(station.person(Role.EDITOR), bulletin_id, now)
    station.desk.accept_reading(approver, bulletin_id, now)
    station.production.produce(job_id)
    assert station.job(job_id).state is JobState.DONE
    assert "xã mình" in station.speaker.texts[-1]


def test_words_in_doubt_again_are_never_agreed_to(station: ExampleStation, reader: LexiconReader) -> None:
    bulletin_id, job_id = station.approved(SCRIPT)
    reader.entries = ()
    station.production.produce(job_id)
    assert station.job(job_id).state is JobState.FAILED
    with pytest.raises(FlaggedReadingError):
        station.desk.accept_reading(station.person(Role.APPROVER), bulletin_id, "x")


def test_an_approval_of_words_that_changed_while_the_page_was_open_is_refused(
    station: ExampleStation, reader: LexiconReader
) -> None:
    author, approver = station.person(Role.CONTRIBUTOR), station.person(Role.APPROVER)
    bulletin_id = station.written(author, SCRIPT)
    station.desk.submit(author, bulletin_id)
    with station.database.read() as connection:
        shown = station.desk._seal(connection, station.bulletin(bulletin_id))
    reader.entries = (LexiconEntry("XYZ", "một câu hoàn toàn khác"),)
    with pytest.raises(WrongStateError, match="Cách đọc"):
        station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False, seal=shown)
    assert station.bulletin(bulletin_id).approved_by is None


def test_a_bulletin_without_a_word_is_not_submitted(station: ExampleStation) -> None:
    author = station.person(Role.CONTRIBUTOR)
    bulletin_id = station.written(author, "… (…) !!!")
    with pytest.raises(BadInputError, match="không có chữ nào để đọc"):
        station.desk.submit(author, bulletin_id)
