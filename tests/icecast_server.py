"""A real Icecast server on a port of this host, for as long as a test needs it."""

import getpass
import html
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.fakes import need_tool
from tests.fakes_player import wait_until
from tests.ports import free_port

PASSWORD = "mat-khau-thu-nghiem"
_CONFIG = """<icecast>
<limits><clients>20</clients><sources>4</sources><burst-on-connect>0</burst-on-connect>
<header-timeout>5</header-timeout><source-timeout>10</source-timeout></limits>
<authentication><source-password>{password}</source-password><admin-user>admin</admin-user>
<admin-password>{password}</admin-password></authentication>
<hostname>localhost</hostname>
<listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<fileserve>0</fileserve>
<paths><logdir>{folder}</logdir><webroot>{web}/web</webroot><adminroot>{web}/admin</adminroot></paths>
<logging><errorlog>error.log</errorlog><accesslog>access.log</accesslog><loglevel>2</loglevel></logging>
<security><chroot>0</chroot></security>
</icecast>
"""


class Icecast:
    """The server: it may be started, killed, started again on the same port, and asked what it shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        config = _CONFIG.format(password=PASSWORD, port=self.port, folder=folder, web="/usr/share/icecast2")
        (folder / "icecast.xml").write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["icecast2", "-c", str(self.folder / "icecast.xml")]
        if getpass.getuser() == "root":  # it refuses to run as root
            command = ["setpriv", "--reuid=nobody", "--clear-groups", *command]
        for _ in range(5):  # Icecast 2.4.4 dies of SIGSEGV at its first request once in some hundred starts
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: self._answers() or self._died())
            if not self._died():
                return
        raise AssertionError(f"icecast2 ended by itself: {self._process and self._process.returncode}")

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def shown(self) -> dict[str, Any]:
        """Return what the server shows of its only mount, or nothing."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as asking:
            asking.request("GET", "/status-json.xsl")
            answer = asking.getresponse().read()
        if b'"source"' not in answer:  # without a source its JSON is malformed
            return {}
        source = json.loads(answer)["icestats"]["source"]
        return {name: html.unescape(value) if isinstance(value, str) else value for name, value in source.items()}

    def _died(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _answers(self) -> bool:
        """Whether it answers two whole requests in a row."""
        try:
            return all(self.shown() == {} for _ in range(2))
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def icecast() -> Iterator[Icecast]:
    """Give a running server whose files anyone may read: it does not run as root."""
    need_tool(shutil.which("icecast2") is not None, "icecast2")
    folder = Path(tempfile.mkdtemp(prefix="icecast-"))
    os.chmod(folder, 0o777)
    server = Icecast(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
