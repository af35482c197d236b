"""A broadcast machine needs only its own few packages: the centre's may be absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ABSENT = ("flask", "sqlalchemy", "alembic", "gtts", "pydub", "huey", "cheroot", "requests", "espeakng_loader")

_RUN = f"""
import sys
for name in {_ABSENT!r}:
    sys.modules[name] = None
from tiengloa.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_a_machine_that_is_not_enrolled_says_so_without_the_centres_packages(tmp_path: Path) -> None:
    done = run("machine", "run", "--dir", str(tmp_path / "machine"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "tiengloa machine enrol" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("status",), 2, "tiengloa machine enrol"),
        (("courier", "."), 2, "tiengloa machine enrol"),
        (("emergency", "list"), 7, "tiengloa machine run"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_is_asked_beside_a_machine_needs_none_of_the_centres_packages(
    tmp_path: Path, words: tuple[str, ...], code: int, hint: str
) -> None:
    done = run("machine", *words, "--dir", str(tmp_path / "machine"))
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_enrolment_without_a_server_says_so_without_the_centres_packages(tmp_path: Path) -> None:
    arguments = ("machine", "enrol", "--server", "http://127.0.0.1:9", "--code", "AAAA", "--dir", str(tmp_path / "m"))
    done = run(*arguments)
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "m" / "identity.json").exists()
