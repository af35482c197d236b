"""Where peers live: a virtual environment for each under `.venv-peers`, made from `requirements-peers.txt`."""

import os
import re
import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = ROOT / ".venv-peers"
LOCK = HERE / "requirements-peers.txt"
INSTALL_SECONDS = 180


def python_of(peer: str, needs: tuple[str, ...] = ()) -> Path:
    """Return the interpreter of a peer's environment, made and filled from the lock when it is new.

    `needs` are the packages that the peer cannot do without; nothing that is not in the lock is installed. Raises
    OSError or CalledProcessError when it cannot be made.
    """
    folder = PEERS / peer
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    locked = "".join(_locked(one) for one in (peer, *needs))
    ready = folder / "installed.txt"
    if not ready.exists() or ready.read_text(encoding="utf-8") != locked:
        venv.create(folder, with_pip=True, clear=True)
        (PEERS / ".gitignore").write_text("*\n", encoding="utf-8")
        wanted = folder / "wanted.txt"
        wanted.write_text(locked, encoding="utf-8")
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
        ]
        subprocess.run([*pip, "-r", str(wanted)], check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        wanted.rename(ready)
    return python


def _locked(package: str) -> str:
    """Return the lines of the lock that belong to one package."""
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ ]+.*\n)*", LOCK.read_text(encoding="utf-8"), re.M)
    if not found:
        raise OSError(f"{package} is not in {LOCK.name}")
    return found.group()
