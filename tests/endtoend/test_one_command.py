"""`tiengloa run`: one command starts the example station, something sounds soon, and SIGINT ends all in order."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from town import heard, wait_for

from tests.ports import free_port

pytestmark = pytest.mark.timeout(240)


class Run:
    """A running `tiengloa run` and what it has printed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / "run.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tiengloa", "--data", "data", "run", "--port", str(self.port)],
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, "TIENGLOA_VOICES": "espeak"},
            )

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def await_words(self, pattern: str, seconds: float) -> re.Match[str]:
        return wait_for(lambda: re.search(pattern, self.printed()), seconds, f"{pattern} in {self.printed()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Run]:
    one = Run(tmp_path)
    yield one
    if one.process.poll() is None:
        one.stop()


def test_the_example_station_sounds_within_two_minutes_and_stops_in_order(running: Run) -> None:
    lines = running.await_words(r"biên tập viên +(http://\S+/vao/\S+)\n +người duyệt +(http://\S+/vao/\S+)", 60)
    assert lines[1] != lines[2]
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    running.await_words(r"giờ yên tĩnh", 10)
    running.await_words(r"Sẽ phát lúc \d\d:\d\d:\d\d", 60)
    running.await_words(r"ĐANG PHÁT .*\.wav", 60)
    children = psutil.Process(running.process.pid).children()
    assert len(children) == 4, "the panel, the broker, the worker and the machine"

    assert running.stop() == 0
    assert "Traceback" not in running.printed()
    assert not any(child.is_running() for child in children)
    sounded = heard(running.folder / "data" / "machines" / "mau")
    assert len(sounded) == 1
    assert abs(sounded[0].samples).max() > 1000


def test_a_second_run_on_the_same_folder_is_refused_in_a_sentence(running: Run) -> None:
    running.await_words(r"Trang điều hành", 60)
    second = subprocess.run(
        [sys.executable, "-m", "tiengloa", "--data", "data", "run", "--port", str(free_port())],
        cwd=running.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 6
    assert "đang chạy sẵn" in second.stderr
    assert "Traceback" not in second.stderr


def test_the_processes_end_when_the_one_that_started_them_is_killed(running: Run) -> None:
    running.await_words(r"Sẽ phát lúc", 90)
    children = psutil.Process(running.process.pid).children()
    running.process.kill()
    running.process.wait(10)
    wait_for(lambda: not any(child.is_running() for child in children) or None, 30, "the end of the children")
