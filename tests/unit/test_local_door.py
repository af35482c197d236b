"""The door and the buttons at the machine: who gets in, what is let through, and what a bounce does not start."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInputError, NotAllowedError, ServerUnreachableError
from player.button import LOOK_EVERY_S, Button, ButtonWatch, Hold
from player.clock import SystemClock
from player.local_door import NAME, LocalDoor, call
from player.settings import read_machine_file
from tests.fakes_player import Still, wait_until


def answered(asked: object) -> dict[str, object]:
    if not isinstance(asked, dict) or asked.get("do") == "refuse":
        raise NotAllowedError("Không được phép.")
    if asked.get("do") == "break":
        raise KeyError("x")
    return {"asked": asked}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    deep = tmp_path / ("d" * 90)  # a socket's name may have no more than 107 bytes
    deep.mkdir()
    with closing(LocalDoor(deep, answered)) as door:
        door.open()
        yield deep


def test_a_command_goes_in_and_its_answer_comes_out(folder: Path) -> None:
    assert call(folder, {"do": "list"}) == {"asked": {"do": "list"}}


def test_only_the_owner_of_the_folder_may_knock(folder: Path) -> None:
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def test_a_refusal_is_its_sentence_and_the_door_stays_open(folder: Path) -> None:
    for what in ("refuse", "break"):
        with pytest.raises(BadInputError):
            call(folder, {"do": what})
    assert call(folder, {"do": "list"})["asked"]


@pytest.mark.parametrize("line", [b"\n", b"[" * 5000, b"\xff\n", b'{"do"\n', b"x" * 10_000])
def test_rubbish_at_the_door_gets_an_answer_and_breaks_nothing(folder: Path, line: bytes) -> None:
    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(5)
        caller.connect(f"/proc/self/fd/{here}/{NAME}")
        os.close(here)
        try:
            caller.sendall(line)
            assert b"refused" in caller.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            pass  # hung up on before it had said everything
    assert call(folder, {"do": "list"})["asked"]


def test_a_machine_that_does_not_run_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ServerUnreachableError, match="không chạy"):
        call(tmp_path, {"do": "list"})


def test_a_door_is_opened_again_after_a_power_cut_left_its_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "may").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "may" / NAME))
    with closing(LocalDoor(tmp_path / "may", answered)) as door:
        door.open()
        assert call(tmp_path / "may", {"do": "list"})["asked"]


@given(st.lists(st.tuples(st.floats(0.001, 0.4), st.booleans()), max_size=60))
def test_a_press_counts_once_and_only_when_it_was_held(looks: list[tuple[float, bool]]) -> None:
    hold, now, since, let_go = Hold(1.0), 0.0, None, False
    for wait, closed in looks:
        now += wait
        since = (now if since is None else since) if closed else None
        counted = hold.pressed(now, closed=closed)
        if counted:
            assert let_go
            assert since is not None
            assert now - since >= 1.0
            let_go = False
        if not closed:
            let_go = True


def test_a_held_button_presses_once_and_one_that_is_down_at_the_start_must_be_let_go_first(tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("1\n")
    pressed: list[Button] = []
    button = Button("lu", "start", "Lũ quét", hold=0.1, gpio=str(value))
    watch = ButtonWatch(button, pressed.append, SystemClock(), lambda _sentence: None)
    watch.start()
    try:
        wait_until(lambda: watch._hold._since is not None)
        since = watch._hold._since
        assert since is not None
        wait_until(lambda: SystemClock().monotonic() > since + 0.1 + 3 * LOOK_EVERY_S)
        assert pressed == []
        value.write_text("0\n")
        wait_until(lambda: watch._hold._since is None)
        value.write_text("1\n")
        wait_until(lambda: bool(pressed))
        value.write_text("0\n")
    finally:
        watch.stop()
    assert pressed == [button]


def test_a_button_that_is_not_there_is_a_fault_and_is_looked_for_again(tmp_path: Path) -> None:
    told: list[str] = []
    watch = ButtonWatch(Button("x", "stop", gpio=str(tmp_path / "value")), print, SystemClock(), told.append)
    watch.start()
    try:
        wait_until(lambda: any("Không đọc được nút" in one for one in told))
    finally:
        watch.stop()


def test_the_file_of_the_machine_names_its_buttons(tmp_path: Path) -> None:
    (tmp_path / "machine.toml").write_text(
        '[button.lu]\ndoes = "start"\nmessage = "Lũ quét"\nhold = 2\ngpio = "/sys/class/gpio/gpio17/value"\n'
        '[button.dung]\ndoes = "stop"\nserial = "/dev/ttyS0"\nline = "dsr"\n'
    )
    lu, dung = read_machine_file(tmp_path).buttons
    assert (lu.message, lu.hold, dung.does, dung.line) == ("Lũ quét", 2.0, "stop", "dsr")


@pytest.mark.parametrize(
    "bad",
    [
        '[button.a]\ndoes = "sing"\ngpio = "x"\n',
        '[button.a]\ndoes = "start"\ngpio = "x"\n',
        '[button.a]\ndoes = "stop"\n',
        '[button.a]\ndoes = "stop"\ngpio = "x"\nserial = "y"\n',
        '[button.a]\ndoes = "stop"\ngpio = "x"\nhold = 0\n',
        '[button.a]\ndoes = "stop"\ngpio = "x"\nloud = 1\n',
        "[button]\na = 1\n",
    ],
)
def test_a_button_that_is_described_wrongly_stops_the_machine_at_its_start(tmp_path: Path, bad: str) -> None:
    (tmp_path / "machine.toml").write_text(bad)
    with pytest.raises(BadInputError, match=r"machine\.toml"):
        read_machine_file(tmp_path)


def test_a_button_whose_wire_comes_back_closed_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[bool | None] = [False, True, None, *[True] * 5]
    clock, seen, pressed = Still(), threading.Event(), list[Button]()

    class Loose:
        def closed(self) -> bool:
            clock.rest(2.0)
            look = looks.pop(0) if looks else seen.set()
            if look is None and not seen.is_set():
                raise OSError(5, "đứt dây")
            return bool(look)

    monkeypatch.setattr("player.button.contact_of", lambda _button: Loose())
    monkeypatch.setattr("player.button._TRY_AGAIN_S", 0.01)
    watch = ButtonWatch(Button("lu", "start", hold=1.0, gpio="x"), pressed.append, clock, lambda _sentence: None)
    watch.start()
    assert seen.wait(10)
    watch.stop()
    assert pressed == []


def test_a_press_that_fails_as_nobody_knew_is_told_and_the_next_one_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [False, True, True, False, True, True]
    clock, presses, told = Still(), list[Button](), list[str]()

    class Contact:
        def closed(self) -> bool:
            clock.rest(2.0)
            return looks.pop(0) if looks else False

    def press(button: Button) -> None:
        presses.append(button)
        raise KeyError("x")

    monkeypatch.setattr("player.button.contact_of", lambda _button: Contact())
    watch = ButtonWatch(Button("lu", "start", hold=1.0, gpio="x"), press, clock, told.append)
    watch.start()
    wait_until(lambda: len(presses) == 2)
    watch.stop()
    assert "KeyError" in told[-1]
