"""The switchboard's small parts: settings, exit codes, terminal, folder, files, words of the command line, the bell."""

import errno
import fcntl
import io
import json
import logging
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from domain import errors
from domain.errors import BadInputError, BusyError, StorageError, StorageFullError, TiengLoaError, VoiceError
from tests.fakes import FakeClock
from tiengloa import exits, logs
from tiengloa.files import refuse_unwritable, write_whole
from tiengloa.folder import Folder, in_turn, only_one, prepare, reason, secret, storage_error
from tiengloa.jobs import Bell
from tiengloa.settings import Settings, checked_port, checked_voices, from_environment
from tiengloa.terminal import Terminal, clipped
from tiengloa.usage import in_vietnamese
from tiengloa.wiring import chosen_voices


def test_nothing_set_gives_the_usual_settings() -> None:
    settings = from_environment({"PATH": "/bin", "HOME": "/root"})
    assert (settings.data, settings.host, settings.port) == (Path("data"), "127.0.0.1", 8080)
    assert settings.voices == ("gtts", "piper", "espeak")
    assert not settings.secure_cookies


def test_settings_come_from_the_environment() -> None:
    settings = from_environment(
        {
            "TIENGLOA_DATA": "/srv/loa",
            "TIENGLOA_PORT": "9000",
            "TIENGLOA_VOICES": " espeak , gtts ,",
            "TIENGLOA_SECURE_COOKIES": "1",
        }
    )
    assert (settings.data, settings.port, settings.secure_cookies) == (Path("/srv/loa"), 9000, True)
    assert settings.voices == ("espeak", "gtts")


def test_an_unknown_setting_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match=r"TIENGLOA_VOISES\. Có phải bạn muốn dùng TIENGLOA_VOICES\?"):
        from_environment({"TIENGLOA_VOISES": "espeak"})
    with pytest.raises(BadInputError, match=r"Không có thiết lập TIENGLOA_XYZW\.$"):
        from_environment({"TIENGLOA_XYZW": ""})


@pytest.mark.parametrize("port", ["", "-1", "65536", "8080a", "٨٠٨٠", "9" * 5000, "1e3", " 80"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(BadInputError, match="không hợp lệ"):
        checked_port(port)


def test_an_unknown_voice_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInputError, match=r"«siri»\. Các giọng có sẵn: gtts, piper, espeak"):
        checked_voices("espeak,siri")
    assert checked_voices(" , ") == ()


def test_every_error_of_the_product_has_an_exit_code_and_the_codes_differ() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TiengLoaError)]
    assert {exits.code_of(kind("x")) for kind in kinds} <= {1, 2, 4, 5, 6, 7, 8}
    assert exits.code_of(BadInputError("x")) == 2
    assert exits.code_of(VoiceError("x")) == 4
    assert exits.code_of(StorageFullError("x")) == 5
    assert exits.code_of(BusyError("x")) == 6
    assert exits.code_of(TiengLoaError("x")) == exits.FAULT
    named = [exits.OK, exits.FAULT, exits.BAD_INPUT, exits.FLAGGED, exits.NO_VOICE, exits.STORAGE, exits.BUSY]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("phát", 10, "phát"),
        ("đang phát", 4, "đang"),
        ("Ca\u0301nh", 3, "Ca\u0301n"),
        ("日本語", 5, "日本"),
        ("日本語", 1, ""),
        ("", 5, ""),
        ("phát", 0, ""),
    ],
)
def test_a_line_is_clipped_to_the_columns_it_takes(text: str, columns: int, shown: str) -> None:
    assert clipped(text, columns) == shown


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_for_a_person_and_never_into_a_pipe() -> None:
    pipe, screen = io.StringIO(), Screen()
    Terminal(pipe, pipe).progress("đọc", 1, 2)
    assert pipe.getvalue() == ""
    terminal = Terminal(pipe, screen)
    terminal.progress("đọc", 1, 2)
    terminal.progress("ghép", 0, 0)
    terminal.end_progress()
    assert "█" * 12 + "·" * 12 + "] đọc" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_the_live_line_stays_below_what_is_said() -> None:
    screen = Screen()
    terminal = Terminal(screen, screen)
    terminal.live("● ĐANG PHÁT")
    terminal.say("Đã ghép máy phát.")
    assert screen.getvalue().index("ghép") < screen.getvalue().rindex("● ĐANG PHÁT")


def test_a_document_is_json_with_vietnamese_letters_as_they_are() -> None:
    pipe = io.StringIO()
    Terminal(pipe, pipe).document({"câu": "xin chào"})
    assert json.loads(pipe.getvalue()) == {"câu": "xin chào"}
    assert "xin chào" in pipe.getvalue()


def test_a_data_folder_is_made_private_and_proved_writable(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "a" / "b")
    assert folder.root.is_dir()
    assert stat.S_IMODE((folder.root / "keys").stat().st_mode) == 0o700
    assert sorted(one.name for one in folder.root.iterdir()) == ["clips", "keys"]
    assert prepare(folder.root) == folder


def test_a_file_in_the_place_of_the_folder_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("quan trọng")
    for root in (tmp_path / "data", tmp_path / "data" / "in"):
        with pytest.raises(StorageError, match="Không ghi được vào thư mục dữ liệu") as refusal:
            prepare(root)
        assert not refusal.value.sentence.isascii()
        assert "exists" not in refusal.value.sentence
    assert (tmp_path / "data").read_text() == "quan trọng"


def test_a_full_disk_is_an_error_that_passes() -> None:
    full = storage_error(Path("/srv"), OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(full, StorageFullError)
    assert full.can_retry
    assert "đã đầy" in full.sentence
    assert reason(OSError(errno.EACCES, "Permission denied")) == "không có quyền"
    assert reason(OSError("rare")) == "rare"


def test_a_secret_is_made_once_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "panel.secret"
    made: set[bytes] = set()
    hands = [threading.Thread(target=lambda: made.add(secret(path))) for _ in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(made) == 1
    assert len(secret(path)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["panel.secret"]


@pytest.mark.parametrize("damage", [b"", b"x" * 31])
def test_a_damaged_secret_is_refused_never_used(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "panel.secret"
    path.write_bytes(damage)
    with pytest.raises(StorageError, match="bị hỏng"):
        secret(path)
    assert path.read_bytes() == damage


def test_only_one_holds_a_lock_and_the_next_may_after(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with only_one(path, "Đang chạy."):
        with pytest.raises(BusyError, match="Đang chạy"), only_one(path, "Đang chạy."):
            pass
        with path.open("ab") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with only_one(path, "Đang chạy."), in_turn(tmp_path / "other.lock"):
        pass
    with pytest.raises(StorageError), only_one(tmp_path / "no" / "folder.lock", "Đang chạy."):
        pass


def test_a_file_is_written_whole_over_an_older_one(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 250 + ".wav")
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [target]


def test_where_a_file_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").write_text("")
    for target, sentence in (
        (tmp_path / "no" / "a.wav", "Không có thư mục"),
        (tmp_path / "folder.wav", "là một thư mục"),
        (tmp_path / "file" / "a.wav", "không phải thư mục"),
        (tmp_path / ("x" * 300 + ".wav"), "tên quá dài"),
    ):
        for act in (refuse_unwritable, lambda where: write_whole(where, b"x")):
            with pytest.raises(StorageError, match=sentence):
                act(target)
    refuse_unwritable(tmp_path / "fine.wav")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder.wav"]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "argument LỆNH: invalid choice: 'rnu' (choose from 'run', 'serve')",
            "không có LỆNH «rnu». Có phải bạn muốn dùng «run»?",
        ),
        ("argument LỆNH: invalid choice: 'x' (choose from run, serve)", "không có LỆNH «x». Có thể dùng: run, serve."),
        ("the following arguments are required: -o/--output", "còn thiếu -o/--output."),
        ("unrecognized arguments: --x y", "không hiểu «--x y»."),
        ("unrecognized arguments: --data x", "«--data x» phải đứng trước tên lệnh: tiengloa --data THƯ_MỤC LỆNH."),
        ("argument --port: expected one argument", "sau --port phải có một giá trị."),
        ("one of the arguments --text --file is required", "cần một trong các mục: --text --file."),
        ("something rare", "something rare."),
    ],
)
def test_a_mistyped_command_is_explained_in_vietnamese(message: str, said: str) -> None:
    assert in_vietnamese(message) == said


def test_a_ring_wakes_the_listener(tmp_path: Path) -> None:
    heard, done = [], threading.Event()

    def produce(job_id: str) -> None:
        heard.append(job_id)
        done.set()

    Bell(tmp_path / "queue.db").ring("job-1")
    listener = Bell(tmp_path / "queue.db", produce).listener()
    listener.start()
    assert done.wait(10)
    listener.stop()
    assert heard == ["job-1"]


@pytest.mark.parametrize("damage", [b"", b"text, no database\n" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_queue_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    queue = tmp_path / "queue.db"
    queue.write_bytes(damage)
    Bell(queue).ring("job-1")
    with closing(sqlite3.connect(queue)) as connection:
        assert connection.execute("SELECT count(*) FROM task").fetchone() == (1,)


def test_a_ring_that_cannot_be_given_is_logged_and_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queue = tmp_path / "queue.db"
    bell = Bell(queue)
    with closing(sqlite3.connect(queue)) as connection:
        connection.execute("DROP TABLE task").close()
    bell.ring("job-1")
    assert "could not ring for job job-1" in caplog.text


def test_a_queue_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "queue.db").mkdir()
    with pytest.raises(StorageError):
        Bell(tmp_path / "queue.db")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a process would write to its log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(logs.Seldom())
    for name in ("tiengloa.logs", "test.log"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [handler])
    return stream


def test_a_trouble_is_logged_once_until_it_changes_or_goes_on(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(logs.time, "monotonic", clock.monotonic)
    for _ in range(5):
        logs.complain("tick", StorageFullError("Ổ đĩa đã đầy."))
        logs.complain("reconcile", StorageFullError("Ổ đĩa đã đầy."))
    assert log.getvalue().splitlines() == ["tick: Ổ đĩa đã đầy.", "reconcile: Ổ đĩa đã đầy."]
    clock.go(timedelta(minutes=10))
    logs.complain("tick", StorageFullError("Ổ đĩa đã đầy."))
    assert log.getvalue().count("tick: Ổ đĩa đã đầy.") == 2


def test_only_a_fault_of_ours_keeps_its_trace(log: io.StringIO) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    logging.getLogger("test.log").error("Error reading from queue", exc_info=full)
    assert log.getvalue() == "Error reading from queue: database or disk is full\n"
    logs.complain("tick", KeyError("a fault"))
    assert "tick: KeyError('a fault')" in log.getvalue()
    assert log.getvalue().rstrip().endswith("KeyError: 'a fault'")


def test_a_folder_knows_where_each_thing_is() -> None:
    folder = Folder(Path("/srv"))
    places = [folder.database, folder.queue, folder.clips, folder.speech, folder.backups, folder.station_key]
    assert len({*places, folder.panel_secret, folder.machine("a")}) == 8


def test_the_accents_of_the_offline_voice_are_chosen_by_region() -> None:
    settings = Settings(Path("data"), voices=checked_voices("espeak:nam, espeak:trung,espeak"))
    assert [one.voice for one in chosen_voices(settings)] == ["vi-vn-x-south", "vi-vn-x-central", "vi"]
    with pytest.raises(BadInputError, match="espeak:nam"):
        checked_voices("espeak:tay")
