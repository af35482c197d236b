"""A broadcast machine needs only its own few packages: the centre's may be absent."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import environment
from tests.fakes_player import MACHINE, Centre, item, playlist, slot, sound, wait_until

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


_TELL_WHAT_IT_LOADED = """
import json, sys
from pathlib import Path
from tiengloa.cli import main
code = main(sys.argv[2:])
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
Path(sys.argv[1]).write_text(json.dumps(files))
sys.exit(code)
"""
_FOREIGN = {"apscheduler", "av", "cryptography", "numpy", "rfc8785", "tzlocal"}
_SELDOM = (
    "ears",
    "enrol",
    "keying",
    "listening",
    "proof",
    "proving",
    "sinks.encoding",
    "sinks.g711",
    "sinks.icecast",
    "sinks.portaudio",
    "sinks.resample",
    "sinks.rtp",
    "transmitter",
)


def test_a_machine_that_has_sounded_holds_no_code_that_it_did_not_need(tmp_path: Path) -> None:
    centre, clip = Centre(), sound(0.3)
    at = datetime.now(UTC) + timedelta(seconds=4)
    centre.publish(playlist([slot("a", at, item(clip))], [clip], datetime.now(UTC)), clip)
    folder, loaded = centre.enrolled(tmp_path / "machine"), tmp_path / "loaded.json"
    arguments = (str(loaded), "machine", "run", "--dir", str(folder), "--sink", "virtual")
    command = [sys.executable, "-c", _TELL_WHAT_IT_LOADED, *arguments]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: centre.airings.get(f"{MACHINE}/a/0", {}).get("outcome") == "played", 60)
        finally:
            process.terminate()
            process.wait(30)
            centre.stop()
    files = json.loads(loaded.read_text())
    foreign = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
    assert {name for name in foreign if not name.startswith("_")} <= _FOREIGN
    assert {name for name in files if name.startswith("scheduler.")} == {"scheduler.alarm"}
    assert not {"bulletins", "store", "tts", "audio_library", "web"} & set(files)
    assert not {f"player.{name}" for name in _SELDOM} & set(files)
