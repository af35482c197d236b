"""The command line as a person or a program meets it: real processes, exit codes, sentences, and no stack trace."""

import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from store import bulletins, clips, jobs
from store.engine import Database
from tests.fakes import example_database, need_tool, wait_for
from tiengloa import cli

ROOT = Path(__file__).parents[2]
ESPEAK = {"TIENGLOA_VOICES": "espeak"}


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIENGLOA_", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **more}


class Ran:
    """What a command answered."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        for text in (self.out, self.err):
            assert "Traceback" not in text, text
            assert 'File "' not in text, text

    def refused(self, code: int, *words: str) -> None:
        """Hold it to one Vietnamese sentence on the error stream and the exit code."""
        assert (self.code, self.out) == (code, ""), (self.code, self.out, self.err)
        lines = self.err.strip().splitlines()
        assert lines[-1].startswith("tiengloa: ")
        assert not lines[-1].isascii()
        for word in words:
            assert word in lines[-1], self.err


def tiengloa(
    *arguments: str | bytes, given: bytes = b"", before: tuple[str, ...] = (), folder: Path | None = None, **more: str
) -> Ran:
    command = [*before, sys.executable, "-m", "tiengloa", *arguments]
    done = subprocess.run(
        command, input=given, capture_output=True, env=environment(**more), cwd=folder or ROOT, timeout=60, check=False
    )
    return Ran(done)


Here = Callable[..., Ran]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    """Give a function that runs a command in this process, for refusals that need no process of their own."""

    def run(*arguments: str, folder: Path | None = None, **more: str) -> Ran:
        for name in [name for name in os.environ if name.startswith("TIENGLOA_")]:
            monkeypatch.delenv(name)
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        if folder is not None:
            monkeypatch.chdir(folder)
        try:
            code = cli.main(arguments)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        said = capsys.readouterr()
        return Ran(subprocess.CompletedProcess(arguments, code, said.out.encode(), said.err.encode()))

    return run


@pytest.fixture
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What to set so that a process finds no host on the internet, as without a line."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "sitecustomize.py").write_text(
        "import socket\n"
        "def getaddrinfo(*_, **__):\n"
        "    raise socket.gaierror(socket.EAI_AGAIN, 'Temporary failure in name resolution')\n"
        "socket.getaddrinfo = getaddrinfo\n"
    )
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def example_data(data: Path) -> Path:
    data.mkdir()
    (data / "tiengloa.db").write_bytes(example_database())
    return data


@pytest.fixture
def bound() -> tuple[str, ...]:
    """The words that bind a command to the modes of files; none are needed but for root, who may write anywhere."""
    if os.geteuid() != 0:
        return ()
    words = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")
    need_tool(_can(*words, "true"), "setpriv, to bind root to the modes of files")
    return words


# reading


def test_read_prints_the_spoken_form() -> None:
    ran = tiengloa("read", "Họp lúc 7h30 ngày 20/11/2026 tại UBND phường.")
    assert (ran.code, ran.err) == (0, "")
    assert "bảy giờ ba mươi" in ran.out
    assert "ủy ban nhân dân phường" in ran.out.lower()


def test_read_takes_a_text_from_standard_input_with_or_without_a_mark() -> None:
    plain = tiengloa("read", "-", given="Kính thưa bà con!\r\nXin mời.".encode())
    marked = tiengloa("read", "-", given=b"\xef\xbb\xbf" + "Kính thưa bà con!\r\nXin mời.".encode())
    assert plain.code == 0
    assert plain.out == marked.out
    assert plain.out.startswith("Kính thưa bà con")


def test_read_as_json_points_into_the_text_as_it_was_given() -> None:
    text = "Quyết định số 12/QĐ-UBND ngày 5/6/2026."
    ran = tiengloa("read", text, "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["text"], document["flagged"]) == (0, text, 0)
    tokens = [token for sentence in document["sentences"] for token in sentence["tokens"]]
    assert tokens
    assert all(text[token["start"] : token["end"]] == token["source"] for token in tokens)
    assert document["spoken"] == "\n".join(sentence["spoken"] for sentence in document["sentences"])


def test_read_exits_3_when_a_reading_is_in_doubt_and_says_where() -> None:
    ran = tiengloa("read", "Hội XQZKT họp.")
    assert ran.code == 3
    assert ran.out.strip()
    assert "Cần xem lại «XQZKT»" in ran.err
    as_json = tiengloa("read", "Hội XQZKT họp.", "--json")
    assert as_json.code == 3
    flags = [
        token["flags"]
        for sentence in json.loads(as_json.out)["sentences"]
        for token in sentence["tokens"]
        if token["flags"]
    ]
    assert flags[0][0]["sentence"]


@pytest.mark.parametrize("given", [b"", b" \n\t ", "\u00a0\u3000".encode(), b"\xef\xbb\xbf"])
def test_an_empty_text_is_refused(given: bytes) -> None:
    tiengloa("read", "-", given=given).refused(2, "Văn bản trống")


def test_a_text_over_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    tiengloa("read", "-", given=("ạ" * 20_001).encode()).refused(2, "20.000 ký tự")
    tiengloa("read", "-", given=("ạ" * 100_000).encode()).refused(2, "20.000 ký tự")
    fits = tiengloa("read", "-", given=("Xin chào bà con.\n" * 1176).encode())
    assert fits.code == 0


@pytest.mark.parametrize("given", [b"\xff\xfe" + "chào".encode("utf-16-le"), "chào".encode("cp1258"), b"\xe1\xba"])
def test_a_text_that_is_no_utf_8_is_refused(given: bytes) -> None:
    tiengloa("read", "-", given=given).refused(2, "UTF-8")


def test_odd_letters_on_the_command_line_do_no_harm() -> None:
    ran = tiengloa("read", "Xin chào \u202e\u200b\x07 bà con 🔔".encode() + b" \xff")
    assert ran.code in {0, 3}
    assert "Xin chào" in ran.out


def test_a_terminal_without_vietnamese_letters_gets_its_line_all_the_same() -> None:
    ran = tiengloa("read", "Kính thưa bà con", PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert "K?nh th?a b? con" in ran.out


def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = f"{sys.executable} -m tiengloa read - --json | head -c 10"
    text = "Xin chào bà con.\n" * 1000
    done = subprocess.run(
        ["/bin/sh", "-c", command], input=text.encode(), capture_output=True, env=environment(), cwd=ROOT, check=False
    )
    assert done.stderr == b""


# speaking


def sound(file: Path | io.BytesIO) -> tuple[int, np.ndarray]:
    with wave.open(file if isinstance(file, io.BytesIO) else str(file)) as opened:
        assert (opened.getnchannels(), opened.getsampwidth()) == (1, 2)
        frames = opened.readframes(opened.getnframes())
        assert len(frames) == 2 * opened.getnframes()
        return opened.getframerate(), np.frombuffer(frames, "<i2")


def test_speak_writes_a_wav_that_plays(tmp_path: Path) -> None:
    file = tmp_path / "out.wav"
    ran = tiengloa("speak", "--text", "Kính thưa bà con. Mời bà con nghe tin.", "-o", str(file), **ESPEAK)
    assert ran.code == 0
    rate, samples = sound(file)
    seconds = len(samples) / rate
    assert rate == 22_050
    assert 2 < seconds < 10
    assert np.abs(samples).max() > 3000
    assert f"dài {seconds:.1f} giây, giọng espeak" in ran.out
    assert ran.err == ""


def test_speak_tells_a_program_what_it_wrote(tmp_path: Path) -> None:
    text = tmp_path / "bản tin.txt"
    text.write_text("\ufeffHọp lúc 7h30.", encoding="utf-8")
    file = tmp_path / "bản tin.flac"
    ran = tiengloa("speak", "--file", str(text), "-o", str(file), "--voices", "espeak", "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["file"], document["engine"], document["flagged"]) == (0, str(file), "espeak", 0)
    assert document["backup"] is True
    assert file.read_bytes()[:4] == b"fLaC"


def test_speak_finishes_for_the_horn_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "out.flac"
    ran = tiengloa("speak", "--text", "Xin chào bà con.", "-o", str(file), "--finish", "--json", **ESPEAK)
    assert ran.code == 0
    assert json.loads(ran.out)["seconds"] > 4
    assert file.read_bytes()[:4] == b"fLaC"


SPEAK_REFUSALS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "bad suffix": (("--text", "xin chào", "-o", "out.mp3"), 2, ".wav hoặc .flac"),
    "no suffix": (("--text", "xin chào", "-o", "out"), 2, ".wav hoặc .flac"),
    "finish as wav": (("--text", "xin chào", "-o", "out.wav", "--finish"), 2, ".flac"),
    "missing folder": (("--text", "xin chào", "-o", "no/out.wav"), 5, "Không có thư mục"),
    "a folder": (("--text", "xin chào", "-o", "folder.wav"), 5, "là một thư mục"),
    "missing text file": (("--file", "no.txt", "-o", "out.wav"), 2, "Không đọc được tệp «no.txt» (không có đường dẫn"),
    "text file is a folder": (("--file", "folder.wav", "-o", "out.wav"), 2, "đó là một thư mục"),
    "empty text": (("--text", "  ", "-o", "out.wav"), 2, "Văn bản trống"),
    "unknown voice": (("--text", "xin chào", "-o", "out.wav", "--voices", "siri"), 2, "«siri»"),
    "no voice": (("--text", "xin chào", "-o", "out.wav", "--voices", ""), 4, "Chưa chọn giọng đọc"),
    "no output": (("--text", "xin chào"), 2, "còn thiếu -o/--output"),
    "no text": (("-o", "out.wav"), 2, "cần một trong các mục: --text --file"),
    "two texts": (("--text", "a", "--file", "b", "-o", "out.wav"), 2, "không đi cùng"),
}


@pytest.mark.parametrize("case", sorted(SPEAK_REFUSALS))
def test_speak_refuses_in_one_sentence_and_leaves_no_file(case: str, tmp_path: Path, here: Here) -> None:
    arguments, code, words = SPEAK_REFUSALS[case]
    (tmp_path / "folder.wav").mkdir()
    here("speak", *arguments, folder=tmp_path, **ESPEAK).refused(code, words)
    assert [one.name for one in tmp_path.iterdir()] == ["folder.wav"]


def test_no_voice_named_by_the_settings_is_refused(tmp_path: Path, here: Here) -> None:
    here("speak", "--text", "xin chào", "-o", "out.wav", folder=tmp_path, TIENGLOA_VOICES="").refused(
        4, "Chưa chọn giọng đọc"
    )
    assert list(tmp_path.iterdir()) == []


def test_without_the_internet_the_online_voice_alone_is_refused_within_seconds(
    tmp_path: Path, offline: dict[str, str]
) -> None:
    started = time.monotonic()
    arguments = ("speak", "--text", "xin chào", "-o", str(tmp_path / "out.wav"))
    tiengloa(*arguments, TIENGLOA_VOICES="gtts", **offline).refused(4, "Chưa có giọng nào đọc được")
    assert time.monotonic() - started < 10
    assert list(tmp_path.iterdir()) == []


def test_without_the_internet_the_offline_voice_speaks_and_says_why(tmp_path: Path, offline: dict[str, str]) -> None:
    file = tmp_path / "out.wav"
    ran = tiengloa("speak", "--text", "xin chào bà con", "-o", str(file), "--json", **offline)
    document = json.loads(ran.out)
    assert (ran.code, document["engine"], document["backup"]) == (0, "espeak", True)
    assert document["why"]
    sound(file)


def test_a_folder_that_may_not_be_written_is_said_before_speaking(tmp_path: Path, bound: tuple[str, ...]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    ran = tiengloa("speak", "--text", "xin chào", "-o", str(closed / "out.wav"), before=bound, **ESPEAK)
    ran.refused(5, "không có quyền")
    assert list(closed.iterdir()) == []


def test_an_older_file_stays_whole_when_no_voice_can_speak(tmp_path: Path, here: Here) -> None:
    file = tmp_path / "out.wav"
    file.write_bytes(b"the older sound")
    here("speak", "--text", "xin chào", "-o", str(file), "--voices", "").refused(4)
    assert file.read_bytes() == b"the older sound"


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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    able = os.geteuid() == 0 and _can("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place))
    need_tool(able, "root, to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_refused_with_the_data_whole(small_disk: Path, here: Here) -> None:
    (small_disk / "tiengloa.db").write_bytes(example_database())
    with suppress(OSError):
        (small_disk / "ballast").write_bytes(bytes(4_000_000))
    for command in WRITING:
        here("--data", str(small_disk), *command).refused(5, "đầy")
    assert (small_disk / "tiengloa.db").read_bytes() == example_database()


def test_a_full_disk_refuses_a_sound_file_and_leaves_none(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(3 * 1024 * 1024 - 8192))
    text = "Kính thưa bà con. " * 20
    tiengloa("speak", "--text", text, "-o", str(small_disk / "out.wav"), **ESPEAK).refused(5, "đã đầy")
    assert [one.name for one in small_disk.iterdir()] == ["ballast"]


# doctor


def test_doctor_tells_a_program_and_a_person_what_works(example_data: Path, here: Here) -> None:
    ran = tiengloa("--data", str(example_data), "doctor", "--json", **ESPEAK)
    findings = {finding["what"]: finding for finding in json.loads(ran.out)}
    assert ran.code == 0
    assert len(findings) == 10
    assert {finding["state"] for finding in findings.values()} <= {"tốt", "lưu ý"}
    assert "Đài truyền thanh mẫu Lai Châu" in findings["Cơ sở dữ liệu"]["sentence"]
    for_people = here("--data", str(example_data), "doctor", **ESPEAK)
    assert for_people.code == 0
    assert len(for_people.out.splitlines()) == 10
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


# mistyped


MISTYPED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "unknown command": (("phat",), {}, "không có LỆNH «phat»"),
    "nearly a command": (("serv",), {}, "Có phải bạn muốn dùng «serve»?"),
    "no command": ((), {}, "còn thiếu LỆNH"),
    "unknown option": (("read", "x", "--loud"), {}, "không hiểu «--loud»"),
    "bad port": (("serve", "--port", "70000"), {}, "Cổng «70000» không hợp lệ"),
    "bad setting": (("read", "x"), {"TIENGLOA_VOICE": "espeak"}, "Có phải bạn muốn dùng TIENGLOA_VOICES?"),
    "bad voice setting": (("read", "x"), {"TIENGLOA_VOICES": "siri"}, "Không có giọng đọc «siri»"),
}


@pytest.mark.parametrize("case", sorted(MISTYPED))
def test_a_mistyped_command_is_exit_2_and_a_vietnamese_sentence(case: str, here: Here) -> None:
    arguments, more, words = MISTYPED[case]
    here(*arguments, **more).refused(2, words)


def test_a_mistyped_command_is_refused_by_the_real_process_too() -> None:
    tiengloa("phat").refused(2, "không có LỆNH «phat»")


def test_help_and_version_are_exit_0(here: Here) -> None:
    assert "read" in here("--help").out
    assert here("speak", "--help").code == 0
    assert re.fullmatch(r"tiengloa \d+\.\d+\.\d+\n", here("--version").out)


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
    assert set(made) == set(held) == {one.name for one in files}
    assert len(held) == 3


def _any_running(database: Database) -> bool:
    with database.read() as connection:
        return any(job.state.value == "running" and job.done > 0 for job in jobs.unfinished(connection))


def _unfinished(database: Database) -> bool:
    with database.read() as connection:
        found = jobs.unfinished(connection)
    assert not [job.error for job in found if job.error]
    return bool(found)


def _can(*command: str) -> bool:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False
