"""What is usually written first: APScheduler fires a job for each session, and the job starts ffplay.

Not wholly careless: it keeps the list and the files for the time when its server is away, looks for new ones every
five seconds with a time-out, and lets a session begin up to five minutes late.
"""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.schedulers.blocking import BlockingScheduler

GRACE_S = 300
TIMEOUT_S = 10


class Player:
    """Downloads into `folder`, plays from there, and notes in `heard` when it started each ffplay."""

    def __init__(self, server: str, folder: Path, heard: Path) -> None:
        self.server, self.folder, self.heard = server, folder, heard
        self.alarm = BlockingScheduler(timezone=UTC)
        self.known: set[str] = set()

    def run(self) -> None:
        """Play for ever."""
        self.take_up()
        self.alarm.add_job(self.look, "interval", seconds=5, next_run_time=datetime.now(UTC))
        self.alarm.start()

    def look(self) -> None:
        """Bring the list and the files that are not here yet."""
        try:
            (self.folder / "list.json").write_bytes(self.get("/api/v1/playlist"))
        except (OSError, http.client.HTTPException):
            return
        self.take_up()
        for clip in self.listed()["clips"]:
            path = self.folder / clip["hash"]
            if not path.exists():
                try:
                    path.write_bytes(self.get(f"/api/v1/clips/{clip['hash']}"))
                except (OSError, http.client.HTTPException):
                    continue

    def get(self, path: str) -> bytes:
        """Fetch one thing."""
        with urllib.request.urlopen(self.server + path, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read())

    def listed(self) -> dict[str, list[dict[str, object]]]:
        """Return the list that is kept."""
        path = self.folder / "list.json"
        return json.loads(path.read_text("utf-8"))["signed"] if path.exists() else {"slots": [], "clips": []}

    def take_up(self) -> None:
        """Schedule the sessions that are new."""
        for slot in self.listed()["slots"]:
            if slot["key"] not in self.known:
                self.known.add(str(slot["key"]))
                at = datetime.fromtimestamp(int(str(slot["starts"])) / 1000, UTC)
                self.alarm.add_job(self.play, "date", run_date=at, args=[slot], misfire_grace_time=GRACE_S)

    def play(self, slot: dict[str, list[dict[str, str]]]) -> None:
        """Play one session."""
        for item in slot["items"]:
            record = self.heard / f"{time.monotonic():.6f}.raw"
            own = {**os.environ, "SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(record)}
            own.pop("LD_PRELOAD", None)
            command = ["ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet", str(self.folder / item["clip"])]
            subprocess.run(command, env=own, check=False, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    Player(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])).run()
