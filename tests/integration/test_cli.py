"""`tiengloa read` and `speak`, and mistyped commands: sentences, exit codes, files, and no stack trace."""

import io
import json
import re
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.commands import ESPEAK, ROOT, Here, environment, tiengloa

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


@pytest.mark.parametrize("silent", ["...", "[nghỉ]", "***"])
def test_a_silent_first_sentence_does_not_change_the_voice(silent: str, tmp_path: Path) -> None:
    plain, after_silence = tmp_path / "plain.wav", tmp_path / "after.wav"
    tiengloa("speak", "--text", "Xin chào bà con.", "-o", str(plain), **ESPEAK)
    assert tiengloa("speak", "--text", f"{silent}\nXin chào bà con.", "-o", str(after_silence), **ESPEAK).code == 0
    (rate, samples), (same_rate, more) = sound(plain), sound(after_silence)
    assert rate == same_rate
    assert len(more) >= len(samples)


def test_a_warning_about_ten_thousand_digits_is_a_line_that_can_be_read(tmp_path: Path) -> None:
    ran = tiengloa("read", "7" * 10_000)
    assert ran.code == 3
    assert all(len(line) < 400 for line in ran.err.splitlines())


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
    "no word": (("--text", "… (…) !", "-o", "out.wav"), 2, "không có chữ nào để đọc"),
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


def test_a_full_disk_refuses_a_sound_file_and_leaves_none(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(3 * 1024 * 1024 - 8192))
    text = "Kính thưa bà con. " * 20
    tiengloa("speak", "--text", text, "-o", str(small_disk / "out.wav"), **ESPEAK).refused(5, "đã đầy")
    assert [one.name for one in small_disk.iterdir()] == ["ballast"]


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


@pytest.mark.parametrize("words", [(), ("machine",), ("machine", "enrol"), ("user", "add"), ("courier", "export")])
def test_the_help_of_every_command_has_no_english_heading(words: tuple[str, ...], here: Here) -> None:
    shown = here(*words, "--help").out
    assert shown.startswith("Cách dùng: tiengloa")
    assert "in hướng dẫn này rồi thoát" in shown
    for english in ("usage", "options:", "positional", "show this", "show program"):
        assert english not in shown


def test_help_and_version_are_exit_0(here: Here) -> None:
    assert "read" in here("--help").out
    assert here("speak", "--help").code == 0
    assert re.fullmatch(r"tiengloa \d+\.\d+\.\d+\n", here("--version").out)
