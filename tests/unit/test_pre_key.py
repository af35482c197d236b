"""The switch of a transmitter: on before sound, off after it, no chatter, and no failure that touches the sound."""

import os
import sys
import termios
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInputError
from player.keying import Heard, keyed
from player.settings import MachineFile, PreKey, read_machine_file
from player.transmitter import COMMAND_S, CommandSwitch, GpioSwitch, SerialSwitch, Transmitter, switch_of
from tests.fakes_player import Still, wait_until

SETTINGS = PreKey(ahead=2.0, hold=1.0, bridge=10.0, gpio="x")


class Wire:
    """A switch that notes what it was told, and fails while `broken`."""

    def __init__(self) -> None:
        self.told: list[bool] = []
        self.broken = self.closed = False

    def set(self, *, up: bool) -> None:
        if self.broken:
            raise OSError(5, "đứt dây")
        self.told.append(up)

    def close(self) -> None:
        self.closed = True


class Station:
    """A transmitter with sound at given spans of seconds, looked at in steps of 50 ms."""

    def __init__(self, spans: list[tuple[float, float]], settings: PreKey = SETTINGS) -> None:
        self.clock, self.wire, self.words = Still(), Wire(), list[str]()
        self.origin = self.clock.now().timestamp()
        self.spans = spans
        self.transmitter = Transmitter(settings, self.wire, self.clock, self.words.append)
        self.transmitter.sounding = lambda: any(start <= self.at < end for start, end in spans)
        self.transmitter.next_at = lambda: min(
            (self.origin + start for start, end in spans if end > self.at and start - self.at < 30), default=None
        )
        self.history: list[tuple[float, bool]] = []

    @property
    def at(self) -> float:
        return round(self.clock.now().timestamp() - self.origin, 3)

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        for _ in range(round(seconds / 0.05)):
            before = len(self.wire.told)
            self.transmitter.look()
            self.history += [(self.at, up) for up in self.wire.told[before:]]
            each()
            self.clock.rest(0.05)


def test_it_is_switched_off_at_first_on_before_sound_and_off_after_the_hold() -> None:
    station = Station([(5.0, 8.0)])
    station.run(12)
    assert station.history == [(0.0, False), (3.0, True), (9.0, False)]


def test_short_gaps_do_not_make_it_chatter_and_long_ones_do_not_keep_it_on() -> None:
    station = Station([(5.0, 8.0), (14.0, 15.0), (40.0, 41.0)])
    station.run(45)
    assert [up for _, up in station.history] == [False, True, False, True, False]
    assert station.history[2:4] == [(16.0, False), (38.0, True)]


def test_a_session_that_is_taken_back_lets_it_fall() -> None:
    station = Station([(5.0, 8.0)])
    station.run(4)
    station.spans.clear()
    station.run(3)
    assert [up for _, up in station.history] == [False, True, False]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=3))
def test_sound_is_never_off_the_air_and_silence_never_long_on_it(gaps: list[tuple[int, int]]) -> None:
    spans: list[tuple[float, float]] = []
    at = 3.0
    for gap, length in gaps:
        spans.append((at + gap, at + gap + length))
        at += gap + length
    station, up = Station(spans), False

    def each() -> None:
        nonlocal up
        up = station.wire.told[-1] if station.wire.told else False
        near = any(start - SETTINGS.ahead <= station.at < end for start, end in spans)
        after = any(end <= station.at < end + max(SETTINGS.hold, SETTINGS.bridge) + 0.1 for _, end in spans)
        assert up or not near
        assert not up or near or after

    station.run(at + 5, each)


def test_a_clock_that_is_set_back_does_not_leave_it_on() -> None:
    station = Station([(1.0, 2.0), (1500.0, 1501.0)])
    station.transmitter.next_at = lambda: station.origin + 1500.0
    station.run(2.2)
    station.clock.wall -= timedelta(hours=1)
    station.origin -= 3600
    station.run(3)
    assert station.wire.told[-1] is False


def test_a_switch_that_fails_is_told_and_tried_again_each_second() -> None:
    station = Station([(5.0, 30.0)])
    station.wire.broken = True
    station.run(10)
    assert "đứt dây" in station.words[0]
    assert len(station.words) <= 11
    station.wire.broken = False
    station.run(2)
    assert station.wire.told == [True]
    assert station.words[-1] == ""


def test_the_end_of_the_machine_switches_it_off() -> None:
    station = Station([(0.0, 30.0)])
    station.run(1)
    station.transmitter.stop()
    assert station.wire.told == [True, False]
    assert station.wire.closed


def test_the_thread_looks_by_itself() -> None:
    station = Station([(0.0, 30.0)])
    station.transmitter.start()
    wait_until(lambda: station.wire.told == [True])
    station.transmitter.stop()


def test_a_command_is_run_for_each_way_and_its_failure_is_one_of_the_switch(tmp_path: Path) -> None:
    note = tmp_path / "note"
    told = (sys.executable, "-c", f"open({str(note)!r}, 'a').write('up')")
    switch = CommandSwitch(told, (sys.executable, "-c", "raise SystemExit(3)"))
    switch.set(up=True)
    assert note.read_text() == "up"
    with pytest.raises(OSError, match="báo lỗi 3"):
        switch.set(up=False)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.transmitter.COMMAND_S", 0.2)
    hangs = (sys.executable, "-c", "import time; time.sleep(60)")
    with pytest.raises(OSError, match="không xong"):
        CommandSwitch(hangs, hangs).set(up=True)
    assert COMMAND_S > 0.2


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        CommandSwitch((str(tmp_path / "khong-co"),), ("x",)).set(up=True)


def test_a_gpio_file_gets_its_value_and_is_never_made(tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("0\n")
    GpioSwitch(str(value)).set(up=True)
    assert value.read_text() == "1\n"
    with pytest.raises(FileNotFoundError):
        GpioSwitch(str(tmp_path / "other")).set(up=True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("line", "bit"), [("rts", termios.TIOCM_RTS), ("dtr", termios.TIOCM_DTR)])
def test_a_serial_line_is_raised_and_dropped(monkeypatch: pytest.MonkeyPatch, line: str, bit: int) -> None:
    master, slave = os.openpty()
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "player.transmitter.fcntl.ioctl",
        lambda _fd, request, packed: calls.append((request, int.from_bytes(packed, sys.byteorder))),
    )
    switch = switch_of(PreKey(serial=os.ttyname(slave), line=line))
    assert isinstance(switch, SerialSwitch)
    switch.set(up=True)
    switch.set(up=False)
    switch.close()
    os.close(master)
    os.close(slave)
    assert calls == [(termios.TIOCMBIS, bit), (termios.TIOCMBIC, bit)]


def test_a_port_without_such_lines_fails_and_is_let_go() -> None:
    master, slave = os.openpty()
    switch = SerialSwitch(os.ttyname(slave), "rts")
    with pytest.raises(OSError, match=r"."):
        switch.set(up=True)
    os.close(master)
    os.close(slave)


def test_no_sound_at_all_never_switches_it_on() -> None:
    assert not keyed(SETTINGS, 100.0, Heard(sounding=False), up=True)
    assert not keyed(SETTINGS, 100.0, Heard(sounding=False, next_at=103.0), up=False)
    assert keyed(SETTINGS, 101.5, Heard(sounding=False, next_at=103.0), up=False)


def test_the_file_says_what_it_says(tmp_path: Path) -> None:
    assert read_machine_file(tmp_path) == MachineFile()
    words = '[sound]\ngain_db = -3\n[relay]\nprivate_hosts = ["a"]\n[pre_key]\nserial = "/dev/ttyUSB0"\nahead = 2\n'
    (tmp_path / "machine.toml").write_text(words, "utf-8")
    told = read_machine_file(tmp_path)
    assert (told.gain_db, told.relay_hosts) == (-3.0, ("a",))
    assert told.pre_key == PreKey(ahead=2.0, serial="/dev/ttyUSB0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sound]\nvolume = 3\n", "không hiểu «volume» trong mục [sound]"),
        ("[sond]\n", "không hiểu «sond» ở ngoài cùng"),
        ("sound = 3\n", "phải là một mục"),
        ("[sound]\ngain_db = 99\n", "từ -60 đến 12"),
        ("[sound]\ngain_db = true\n", "từ -60 đến 12"),
        ('[relay]\nprivate_hosts = "a"\n', "danh sách chữ"),
        ('[pre_key]\nup = ["a"]\n', "cần cả «up» (bật) và «down» (tắt)"),
        ("[pre_key]\nahead = 1\n", "đúng một trong ba cách"),
        ('[pre_key]\ngpio = "a"\nserial = "b"\n', "đúng một trong ba cách"),
        ('[pre_key]\nserial = "b"\nline = "cts"\n', "rts hoặc dtr"),
        ("[pre_key]\nserial = 3\n", "ngoặc kép"),
        ("{", "machine.toml"),
        ("\xff", "machine.toml"),
    ],
)
def test_what_the_file_says_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "machine.toml").write_bytes(text.encode("latin-1" if text == "\xff" else "utf-8"))
    with pytest.raises(BadInputError, match="machine") as caught:
        read_machine_file(tmp_path)
    assert words in caught.value.sentence
