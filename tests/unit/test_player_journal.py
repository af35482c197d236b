"""The journal of airings: one row an item, claimed before sound, kept until acknowledged."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.machines import AiringOutcome
from domain.proof import Hearing, Level, Proof
from player.database import Database
from player.journal import BATCH, Journal
from tests.fakes_player import item, slot, sound

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
CLIP = sound(0.01)
SLOT = slot("a", NOW, item(CLIP), item(CLIP, 60, title="Tin thứ hai"))
KEY = "may-1/a/0"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    database = Database(tmp_path / "cabinet.db")
    yield Journal(database)
    database.close()


def test_a_claim_is_on_the_disk_before_any_sound(tmp_path: Path) -> None:
    database = Database(tmp_path / "cabinet.db")
    Journal(database).claim(KEY, SLOT, 0, NOW, NOW)
    other = Database(tmp_path / "cabinet.db")
    known = Journal(other).known()[KEY]
    assert (known.outcome, known.started, known.live) == (AiringOutcome.PLAYING, False, False)
    database.close()
    other.close()


def test_an_airing_tells_its_whole_story(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW + timedelta(milliseconds=3), NOW)
    journal.progress(KEY, 5000, NOW + timedelta(seconds=5))
    journal.finish(KEY, AiringOutcome.PLAYED, NOW + timedelta(seconds=60), 60_000, "")
    [entry] = journal.unsent()
    start = round(NOW.timestamp() * 1000)
    assert entry.document() == {
        "key": KEY,
        "slot": "a",
        "position": 0,
        "title": "Bản tin",
        "clip": CLIP.hash,
        "planned": start,
        "outcome": "played",
        "started": start + 3,
        "ended": start + 60_000,
        "rendered": 60_000,
        "reason": "",
    }


def test_a_final_row_never_changes(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW, NOW)
    journal.finish(KEY, AiringOutcome.CUT, NOW, 10, "Nhường")
    before = journal.entry(KEY)
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW + timedelta(seconds=9), NOW)
    journal.finish(KEY, AiringOutcome.PLAYED, NOW, 99, "")
    journal.miss(KEY, SLOT, 0, "muộn", NOW)
    journal.close(KEY, "khác")
    assert journal.entry(KEY) == before


def test_what_never_sounded_is_missed_and_not_cut(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.close(KEY, "Ngắt")
    entry = journal.entry(KEY)
    assert entry is not None
    assert (entry.outcome, entry.started, entry.ended) == ("missed", None, None)


def test_an_interrupted_airing_keeps_its_first_start_and_its_length(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW, NOW)
    journal.interrupted(KEY, NOW + timedelta(seconds=10), 10_000, preempted=True)
    assert journal.known()[KEY].preempted
    journal.claim(KEY, SLOT, 0, NOW + timedelta(seconds=30), NOW + timedelta(seconds=30))
    journal.started(KEY, NOW + timedelta(seconds=30), NOW + timedelta(seconds=30))
    entry = journal.entry(KEY)
    assert entry is not None
    assert (entry.started, entry.rendered) == (round(NOW.timestamp() * 1000), 10_000)
    assert not journal.known()[KEY].preempted


def test_only_what_the_centre_has_is_no_longer_sent(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    [claimed] = journal.unsent()
    journal.started(KEY, NOW, NOW)
    journal.acknowledge((claimed,))
    [started] = journal.unsent()
    assert started.started is not None
    journal.acknowledge((started,))
    assert journal.unsent() == ()
    journal.finish(KEY, AiringOutcome.PLAYED, NOW, 10, "")
    assert [entry.outcome for entry in journal.unsent()] == ["played"]
    assert KEY in journal.known()


def test_a_session_without_items_has_a_row_too(journal: Journal) -> None:
    journal.miss("may-1/b/0", slot("b", NOW), 0, "Buổi phát không có nội dung", NOW)
    [entry] = journal.unsent()
    assert (entry.title, entry.clip, entry.outcome) == ("Chương trình b", None, "missed")


def test_a_long_silence_of_the_centre_is_made_up_in_batches(journal: Journal) -> None:
    for number in range(BATCH + 5):
        journal.miss(f"k{number:05}", SLOT, 0, "x", NOW)
    first = journal.unsent()
    assert len(first) == BATCH
    journal.acknowledge(first)
    assert len(journal.unsent()) == 5


def test_after_a_long_silence_what_sounded_last_is_told_first(journal: Journal) -> None:
    for number in range(3 * BATCH):
        journal.miss(f"k{number:05}", replace(SLOT, starts_at=NOW + timedelta(minutes=number)), 0, "x", NOW)
    told: list[str] = []
    while entries := journal.unsent():
        told += [entry.key for entry in entries]
        journal.acknowledge(entries)
    assert told[0] == f"k{3 * BATCH - 1:05}"
    assert f"k{0:05}" in told[:BATCH], "the oldest wait for ever"
    assert sorted(told) == [f"k{number:05}" for number in range(3 * BATCH)], "each is told once"


def test_a_report_is_never_more_than_the_centre_takes(journal: Journal) -> None:
    for number in range(BATCH):
        journal.miss(f"k{number:05}", SLOT, 0, "đ" * 5000, NOW)
    told = 0
    while entries := journal.unsent():
        body = json.dumps({"airings": [entry.document() for entry in entries]}, ensure_ascii=False).encode()
        assert len(body) < 1_000_000
        told += len(entries)
        journal.acknowledge(entries)
    assert told == BATCH


def test_rows_are_kept_ninety_days(journal: Journal) -> None:
    journal.miss(KEY, SLOT, 0, "x", NOW)
    journal.purge(NOW + timedelta(days=89))
    assert journal.entry(KEY)
    journal.purge(NOW + timedelta(days=91))
    assert journal.entry(KEY) is None


def test_what_was_measured_of_an_airing_is_told_with_it(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW, NOW)
    journal.measured(KEY, Level(-1820, -301, timedelta(seconds=2), 7))
    journal.finish(KEY, AiringOutcome.PLAYED, NOW + timedelta(seconds=60), 60_000, "")
    [entry] = journal.unsent()
    told = {"rms": -1820, "peak": -301, "dead": 2000, "clipped": 7}
    assert entry.document().items() >= told.items()
    assert not {"hearing", "score"} & set(entry.document())


def test_a_proof_that_comes_later_is_reported_again(journal: Journal) -> None:
    journal.claim(KEY, SLOT, 0, NOW, NOW)
    journal.started(KEY, NOW, NOW)
    journal.finish(KEY, AiringOutcome.PLAYED, NOW + timedelta(seconds=60), 60_000, "")
    journal.acknowledge(journal.unsent())
    journal.proved(KEY, Proof(Hearing.HEARD, 930))
    [entry] = journal.unsent()
    assert entry.document().items() >= {"hearing": "heard", "score": 930, "outcome": "played"}.items()


def test_the_file_of_a_machine_that_measured_nothing_is_taken_over(tmp_path: Path) -> None:
    database = Database(tmp_path / "cabinet.db")
    Journal(database).claim(KEY, SLOT, 0, NOW, NOW)
    with database.write() as connection:
        for column in ("rms", "peak", "dead", "clipped", "hearing", "score"):
            connection.execute(f"ALTER TABLE airings DROP COLUMN {column}")
    database.close()
    database = Database(tmp_path / "cabinet.db")
    Journal(database).measured(KEY, Level(-1820, -301))
    [entry] = Journal(database).unsent()
    assert entry.rms == -1820
    database.close()
