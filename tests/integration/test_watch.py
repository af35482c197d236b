"""The worker's watch and its chores over a real database, and what the panel shows of them."""

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from domain.checks import Check, Chore, Tone
from domain.errors import StorageError
from scheduler.planning import HORIZON, midnight, replan
from scheduler.publishing import publish
from scheduler.signing import StationKey
from scheduler.watch import KEEP_PLANS, Watch
from scheduler.worker import TimetableWorker
from store import airings, checks, machines, plans
from tests.fakes import START, ExampleStation
from tests.fakes_web import VIEWER, Panel, beat, busy_day
from tiengloa.backup import KEPT, Backups

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def look(town: Panel) -> list[str]:
    Watch(town.database, town.clock).look()
    with town.database.read() as connection:
        return [one.title for one in checks.findings(connection)]


def today(town: Panel) -> str:
    return town.browser(VIEWER).get("/").get_data(as_text=True)


def test_what_will_not_sound_is_on_the_page_of_today_until_it_is_mended(town: Panel) -> None:
    busy_day(town)
    assert "Sẽ không phát 3 buổi" not in today(town)
    titles = look(town)
    assert any(title == "Sẽ không phát 3 buổi, gần nhất 11:15 ngày 23/11: Tiếp công dân" for title in titles)
    assert "Sẽ không phát 3 buổi, gần nhất 11:15 ngày 23/11" in today(town)
    town.clock.go(timedelta(hours=2))
    assert "Sẽ không phát 3 buổi, gần nhất 11:15 ngày 23/11" not in today(town)


def test_a_session_that_nobody_reported_is_on_the_page_of_today(town: Panel) -> None:
    busy_day(town)
    assert any("chưa báo cáo buổi 06:00" in title for title in look(town))
    assert "chưa báo cáo buổi 06:00" in today(town)


def test_a_second_look_finds_the_same_and_remembers_when_it_was_first_seen(
    town: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    busy_day(town)
    with caplog.at_level(logging.WARNING, "scheduler.watch"):
        look(town)
        told = len(caplog.records)
        first = {one.key: one.first_seen for one in _findings(town)}
        town.clock.go(10 * MINUTE)
        look(town)
    assert told > 0
    again = {one.key: one.first_seen for one in _findings(town)}
    kept = first.keys() & again.keys()
    assert kept
    assert all(first[key] == again[key] for key in kept)
    assert len(caplog.records) == told + len(again.keys() - first.keys())


def test_a_machine_that_fetches_its_list_is_no_matter_any_more(town: Panel, tmp_path: Path) -> None:
    ids = busy_day(town)
    key = StationKey.load_or_create(tmp_path / "station.key")
    publish(town.database, key, replan(town.database, town.clock.now()), town.clock.now())
    town.clock.go(5 * MINUTE)
    with town.database.read() as connection:
        mine = machines.get(connection, ids["machine"])
    beat(town, mine, playlist_counter=0)
    title = f"{mine.name} chưa nhận lịch"
    assert any(one.startswith(title) for one in look(town))
    beat(town, mine, playlist_counter=1)
    assert not any(one.startswith(title) for one in look(town))


def test_a_lost_machine_is_told_once_with_its_sessions(town: Panel) -> None:
    busy_day(town)
    assert "Máy phát tổ dân phố số 2: mất kết nối từ" in today(town)
    look(town)
    page = today(town)
    assert "Máy phát tổ dân phố số 2: mất kết nối từ" not in page
    assert "Máy phát tổ dân phố số 2 mất kết nối, còn" in page


def test_a_worker_that_stands_still_is_told(town: Panel) -> None:
    assert "Tiến trình làm việc không chạy" not in today(town)
    look(town)
    assert "Tiến trình làm việc không chạy" not in today(town)
    town.clock.go(31 * MINUTE)
    assert "Tiến trình làm việc không chạy từ" in today(town)


def _findings(town: Panel):  # type: ignore[no-untyped-def]
    with town.database.read() as connection:
        return checks.findings(connection)


def test_the_horizon_moves_on_each_day_without_anybody_opening_a_page(station: ExampleStation, tmp_path: Path) -> None:
    worker = TimetableWorker(station.database, StationKey.load_or_create(tmp_path / "key"), station.clock)
    for number in range(5):
        station.clock.at = START + number * DAY
        worker.tick()
        with station.database.read() as connection:
            end = midnight(station.clock.at) + HORIZON + DAY
            kept = plans.occurrences(connection, station.clock.at, end + 10 * DAY)
        assert end - DAY <= kept[-1].starts_at < end
        assert len({one.key for one in kept}) == len(kept)


def test_old_plans_are_forgotten_and_what_was_aired_never_is(town: Panel) -> None:
    busy_day(town)
    with town.database.read() as connection:
        aired = airings.between(connection, START - DAY, START + DAY)
    watch = Watch(town.database, town.clock)
    watch.tidy()
    with town.database.read() as connection:
        assert plans.occurrences(connection, START - DAY, START + DAY)
    town.clock.go(KEEP_PLANS + 30 * DAY)
    watch.tidy()
    with town.database.read() as connection:
        assert plans.occurrences(connection, START - DAY, START + 30 * DAY) == ()
        assert plans.slots(connection, START - DAY, START + 30 * DAY) == ()
        assert airings.between(connection, START - DAY, START + DAY) == aired != ()
        assert checks.chores(connection)[Chore.UPKEEP].done_at == town.clock.now()


def test_a_copy_is_kept_for_each_of_the_last_days(station: ExampleStation, tmp_path: Path) -> None:
    backups = Backups(station.database, tmp_path / "backups", station.clock)
    for number in range(KEPT + 3):
        station.clock.at = START + number * DAY
        backups.keep_today()
        backups.keep_today()
    names = [one.name for one in backups.every()]
    assert len(names) == KEPT
    assert names[-1] == "hang-ngay-20261209.db"
    with closing(sqlite3.connect(backups.every()[-1])) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM rule").fetchone()[0] > 0
    with station.database.read() as connection:
        run = checks.chores(connection)[Chore.BACKUP]
    assert (run.done_at, run.sentence) == (START + (KEPT + 1) * DAY, "") or run.sentence == ""


def test_a_copy_that_a_power_cut_ended_is_cleared_away_a_day_later(station: ExampleStation, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / ".hang-ngay-20200101.db.abcd.new").write_bytes(b"half")
    backups = Backups(station.database, folder, station.clock)
    station.clock.at = START + 3650 * DAY
    backups.keep_today()
    assert [one.name for one in folder.iterdir()] == [backups.every()[0].name]


def test_a_copy_that_cannot_be_made_is_told_in_the_panel_and_those_that_are_there_stay(
    town: Panel, tmp_path: Path
) -> None:
    backups = Backups(town.database, tmp_path / "backups", town.clock)
    backups.keep_today()
    town.clock.go(DAY)
    blocked = Backups(town.database, tmp_path / "backups" / backups.every()[0].name, town.clock)
    with pytest.raises(StorageError, match="Không sao lưu được"):
        blocked.keep_today()
    assert len(backups.every()) == 1
    page = today(town)
    assert "Chưa sao lưu được cơ sở dữ liệu hôm nay" in page
    assert "Bản sao gần nhất: 09:30" in page
    backups.keep_today()
    assert "Chưa sao lưu được" not in today(town)


def test_findings_of_one_check_leave_those_of_others(town: Panel) -> None:
    busy_day(town)
    look(town)
    before = _findings(town)
    with town.database.write() as connection:
        checks.keep_findings(connection, (Check.READINESS,), ())
    assert [one for one in before if one.check is not Check.READINESS] == list(_findings(town))
    assert any(one.tone is Tone.BAD for one in before)


def test_two_watches_and_two_backups_at_once_leave_what_one_leaves(town: Panel, tmp_path: Path) -> None:
    busy_day(town)
    expected = Watch(town.database, town.clock).look()
    backups = Backups(town.database, tmp_path / "backups", town.clock)
    troubles: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(3):
                Watch(town.database, town.clock).look()
                backups.keep_today()
        except Exception as error:  # noqa: BLE001 - told below, not swallowed
            troubles.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert sorted(_findings(town), key=lambda one: one.key) == sorted(expected, key=lambda one: one.key)
    assert [one.name for one in backups.folder.iterdir()] == ["hang-ngay-20261123.db"]
