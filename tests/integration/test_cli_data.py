"""The data folder, doctor, the panel and the worker from the command line: refused in a sentence, nothing lost."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from domain.audio import ClipKind
from store import bulletins, clips, jobs
from store.engine import Database
from tests.commands import ESPEAK, ROOT, Here, environment, tiengloa
from tests.fakes import example_database, wait_for

# the data folder


def test_setup_and_people_from_nothing_to_a_sign_in_line(data: Path, here: Here) -> None:
    at = ("--data", str(data))
    here(*at, "user", "add", "an", "--name", "Lò Thị An", "--role", "editor").refused(2, "chưa được thiết lập")
    assert here(*at, "setup", "--name", "Đài phường Tân Phong").code == 0
    here(*at, "setup", "--name", "Đài khác").refused(2, "đã có một đài")
    added = here(*at, "user", "add", "An.1", "--name", "Lò  Thị An", "--role", "editor", "--role", "technician")
    assert added.code == 0
    assert "Lò Thị An (biên tập viên, kỹ thuật viên)" in added.out
    first = re.search(r"http://127\.0\.0\.1:8080/vao/\S{32}", added.out)
    again = tiengloa(*at, "user", "sign-in", "an.1")
    second = re.search(r"http://127\.0\.0\.1:8080/vao/\S{32}", again.out)
    assert first is not None
    assert second is not None
    assert first.group() != second.group()
    here(*at, "user", "add", "an.1", "--name", "Người khác", "--role", "viewer").refused(2, "đã có người dùng")
    here(*at, "user", "sign-in", "khong-co").refused(2, "Không có người dùng")


PEOPLE_REFUSALS: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown role": (("user", "add", "an", "--name", "An", "--role", "king"), "Không có vai trò «king»"),
    "letters with marks": (("user", "add", "ân", "--name", "An", "--role", "editor"), "chữ không dấu"),
    "no name": (("user", "add", "an", "--name", "  ", "--role", "editor"), "Họ tên"),
    "a name of no letters": (("user", "add", "an", "--name", "\udcff\udcfe", "--role", "editor"), "không ghi được"),
    "no role": (("user", "add", "an", "--name", "An"), "còn thiếu --role"),
    "short station": (("setup", "--name", "x"), "Tên đài dài từ 3"),
    "long station": (("setup", "--name", "x" * 121), "đến 120"),
}


@pytest.mark.parametrize("case", sorted(PEOPLE_REFUSALS))
def test_people_are_refused_in_one_sentence(case: str, example_data: Path, here: Here) -> None:
    arguments, words = PEOPLE_REFUSALS[case]
    here("--data", str(example_data), *arguments).refused(2, words)


WRITING = (("setup", "--name", "Đài thử"), ("serve", "--port", "0"), ("work",), ("user", "sign-in", "duyet"))


@pytest.mark.parametrize("command", WRITING, ids=[words[0] for words in WRITING])
def test_a_data_folder_that_may_not_be_written_is_refused(
    command: tuple[str, ...], tmp_path: Path, bound: tuple[str, ...]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    tiengloa("--data", str(closed), *command, before=bound).refused(5, "không có quyền", "--data")
    assert list(closed.iterdir()) == []


@pytest.mark.parametrize("command", WRITING, ids=[words[0] for words in WRITING])
def test_a_data_folder_that_is_a_file_is_refused_and_kept(command: tuple[str, ...], data: Path, here: Here) -> None:
    data.write_text("quan trọng")
    here("--data", str(data), *command).refused(5, "Không ghi được vào thư mục dữ liệu")
    assert data.read_text() == "quan trọng"


@pytest.mark.parametrize("command", WRITING, ids=[words[0] for words in WRITING])
def test_a_half_written_database_is_refused_and_kept(command: tuple[str, ...], example_data: Path, here: Here) -> None:
    database = example_data / "tiengloa.db"
    half = example_database()[: len(example_database()) // 2]
    database.write_bytes(half)
    here("--data", str(example_data), *command).refused(5, "bị hỏng hoặc mới ghi dở", "backups")
    assert database.read_bytes() == half


def test_a_database_that_may_not_be_written_is_refused(
    example_data: Path, bound: tuple[str, ...], tmp_path: Path
) -> None:
    for place in (example_data, example_data / "keys", example_data / "clips"):
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
    (example_data / "tiengloa.db").chmod(0o444)
    tiengloa("--data", str(example_data), "user", "sign-in", "duyet", before=bound).refused(5, "quyền")


def test_a_full_disk_is_refused_with_the_data_whole(small_disk: Path, here: Here) -> None:
    (small_disk / "tiengloa.db").write_bytes(example_database())
    with suppress(OSError):
        (small_disk / "ballast").write_bytes(bytes(4_000_000))
    for command in WRITING:
        here("--data", str(small_disk), *command).refused(5, "đầy")
    assert (small_disk / "tiengloa.db").read_bytes() == example_database()


# doctor


def test_doctor_tells_a_program_and_a_person_what_works(example_data: Path, here: Here) -> None:
    ran = tiengloa("--data", str(example_data), "doctor", "--json", **ESPEAK)
    findings = {finding["what"]: finding for finding in json.loads(ran.out)}
    assert ran.code == 0
    assert len(findings) == 11
    assert {finding["state"] for finding in findings.values()} <= {"tốt", "lưu ý"}
    assert "Đài truyền thanh mẫu Lai Châu" in findings["Cơ sở dữ liệu"]["sentence"]
    for_people = here("--data", str(example_data), "doctor", **ESPEAK)
    assert for_people.code == 0
    assert len(for_people.out.splitlines()) == 11
    assert all(line[0] in "✓!" for line in for_people.out.splitlines())


def test_doctor_names_what_is_broken_and_exits_1(example_data: Path, here: Here) -> None:
    (example_data / "tiengloa.db").write_bytes(b"no database")
    (example_data / "keys").mkdir()
    (example_data / "keys" / "station.key").write_bytes(bytes(32))
    (example_data / "keys" / "station.key").chmod(0o644)
    ran = here("--data", str(example_data), "doctor", "--json", **ESPEAK)
    broken = {one["what"]: one["sentence"] for one in json.loads(ran.out) if one["state"] == "hỏng"}
    assert ran.code == 1
    assert set(broken) == {"Cơ sở dữ liệu", "Khóa ký"}
    assert "bị hỏng" in broken["Cơ sở dữ liệu"]
    assert "chmod 600" in broken["Khóa ký"]


def test_doctor_of_a_folder_that_is_a_file_still_looks_at_the_rest(data: Path, here: Here) -> None:
    data.write_text("")
    ran = here("--data", str(data), "doctor", **ESPEAK)
    assert ran.code == 1
    assert "✗ Thư mục dữ liệu: Không ghi được" in ran.out
    assert "✓ Giọng ngoại tuyến" in ran.out


# serving and working


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a command; what still runs is killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"{len(started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tiengloa", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(**ESPEAK),
                cwd=ROOT,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text(), log.read_text()


def test_a_taken_port_is_refused_and_the_first_goes_on(example_data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        ran = tiengloa("--data", str(example_data), "serve", "--port", port)
        ran.refused(6, f"Cổng {port}", "--port")


def test_serve_says_its_address_answers_and_ends_in_order(example_data: Path, start: Start) -> None:
    process = start("--data", str(example_data), "serve", "--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    address = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    assert address is not None, line
    with closing(socket.create_connection(("127.0.0.1", int(address.group(1))), 5)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_second_worker_is_refused_and_the_first_ends_in_order(example_data: Path, start: Start) -> None:
    with closing(sqlite3.connect(example_data / "tiengloa.db")) as connection:
        connection.execute("UPDATE job SET state = 'done'")
        connection.commit()
    first = start("--data", str(example_data), "work")
    assert first.stdout is not None
    assert "sẵn sàng" in first.stdout.readline().decode()
    tiengloa("--data", str(example_data), "work").refused(6, "Đã có một tiến trình làm việc")
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0


def test_a_worker_without_a_station_is_refused(data: Path, here: Here) -> None:
    here("--data", str(data), "work").refused(2, "chưa được thiết lập")


def test_killed_in_mid_production_the_next_worker_does_each_job_once(example_data: Path, start: Start) -> None:
    database = Database(example_data / "tiengloa.db")
    with closing(database):
        first = start("--data", str(example_data), "work")
        wait_for(lambda: _any_running(database), what="a job in mid-work")
        first.kill()
        first.wait(10)
        assert _any_running(database), "the dead worker's job still says it runs"
        start("--data", str(example_data), "work")
        wait_for(lambda: not _unfinished(database), seconds=40, what="all jobs done")
        with database.read() as connection:
            made = [one.clip_hash for one in bulletins.everything(connection).values()]
            held = clips.everything(connection)
        files = [one for one in (example_data / "clips").rglob("*") if one.is_file()]
    assert len(made) == 3
    spoken = {one.hash for one in held.values() if one.kind is ClipKind.BULLETIN}
    assert set(made) == spoken
    assert set(held) == {one.name for one in files}
    assert len(spoken) == 3


def _any_running(database: Database) -> bool:
    with database.read() as connection:
        return any(job.state.value == "running" and job.done > 0 for job in jobs.unfinished(connection))


def _unfinished(database: Database) -> bool:
    with database.read() as connection:
        found = jobs.unfinished(connection)
    assert not [job.error for job in found if job.error]
    return bool(found)
