"""Commands run as a person or a program runs them, for the tests of the command line."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes import example_database, need_tool
from tiengloa import cli

ROOT = Path(__file__).parents[1]
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
    need_tool(can(*words, "true"), "setpriv, to bind root to the modes of files")
    return words


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    able = os.geteuid() == 0 and can("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place))
    need_tool(able, "root, to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def can(*command: str) -> bool:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False
