"""What the box's own file says of its sound: volume and constant latency, within bounds."""

from pathlib import Path

import pytest

from domain.errors import BadInputError
from player.settings import FILE, Outputs, read_machine_file


def test_a_box_without_the_file_has_no_latency_of_its_own(tmp_path: Path) -> None:
    assert read_machine_file(tmp_path).latency_ms == 0.0


def test_a_box_says_its_volume_and_its_latency(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[sound]\ngain_db = -3\nlatency_ms = 10.667\n", "utf-8")
    told = read_machine_file(tmp_path)
    assert (told.gain_db, told.latency_ms) == (-3.0, 10.667)


@pytest.mark.parametrize("value", ["-1", "501", "true", '"10"', "nan"])
def test_a_latency_that_cannot_be_is_refused_with_its_name(tmp_path: Path, value: str) -> None:
    (tmp_path / FILE).write_text(f"[sound]\nlatency_ms = {value}\n", "utf-8")
    with pytest.raises(BadInputError, match="latency_ms"):
        read_machine_file(tmp_path)


def test_a_box_says_where_it_sounds_and_what_listens(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[output]\nsink = "alsa:hw:0"\nreserve = "silent"\nlisten = "alsa:hw:1"\n', "utf-8")
    assert read_machine_file(tmp_path).outputs == Outputs("alsa:hw:0", "silent", "alsa:hw:1")


def test_a_box_that_says_nothing_takes_what_it_finds(tmp_path: Path) -> None:
    assert read_machine_file(tmp_path).outputs == Outputs("auto", "", "")


@pytest.mark.parametrize("line", ["sink = 3", "password = 'x'", "listen = ['a']"])
def test_an_output_that_makes_no_sense_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"[output]\n{line}\n", "utf-8")
    with pytest.raises(BadInputError, match=FILE):
        read_machine_file(tmp_path)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"[sound]\ngain_db 3\n", "ở dòng 2, cột"),
        (b"[sound", "ở cuối tệp"),
        (b'[output]\nsink = "lo\xff"\n', "không phải chữ UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_in_vietnamese(tmp_path: Path, written: bytes, told: str) -> None:
    (tmp_path / FILE).write_bytes(written)
    with pytest.raises(BadInputError, match=told):
        read_machine_file(tmp_path)
