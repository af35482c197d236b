"""The peers beside us: each the way its users would have a clip start on the instant, with settings in its favour.

All sound into the same JACK graph, at the same instants, the same WAV clip, with the niceness that we give ourselves.

- mpd: the clip is queued (`single 1`) and MPD stopped; at T a client whose connection is open, its thread in
  SCHED_FIFO, sends `play 0`. MPD's own JACK output, connected all the time (`always_on`): it cannot set the periods of
  ALSA's JACK plug.
- liquidsoap: a switch whose predicate asks the time, `track_sensitive=false`, between `single(clip)`, which Liquidsoap
  decodes ahead, and silence; frames of 10 ms instead of 40, its own JACK output, which is unbuffered (ALSA's JACK plug
  works only with a buffer of seconds).
- ffplay: an APScheduler job at T spawns `ffplay -nodisp -autoexit`; SDL sounds through ALSA as we do, with the buffer
  that ffplay chooses.
"""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.playout_graph import SERVER, Graph, wait_for
from benchmarks.playout_recorder import CLIENT

_MPD = """
music_directory "{folder}"
bind_to_address "{folder}/socket"
state_file "{folder}/state"
auto_update "no"
zeroconf_enabled "no"
audio_output {{
  type "jack"
  name "bench"
  client_name "mpd"
  server_name "{server}"
  destination_ports "{recorder}:mpd"
  mixer_type "none"
  always_on "yes"
}}
"""
_LIQUIDSOAP = """
settings.init.allow_root.set(true)
settings.log.file.set(false)
settings.log.stdout.set(true)
settings.log.level.set(2)
settings.frame.audio.samplerate.set(48000)
settings.frame.audio.channels.set(1)
settings.frame.video.framerate.set(100)
settings.frame.duration.set(0.01)
instants = [{instants}]
due = fun () -> begin
  now = time()
  list.exists(fun (at) -> now >= at and now < at + {window}, instants)
end
clip = single("{clip}")
output.jack(id="liquidsoap", server="{server}", switch(track_sensitive=false, [(due, clip), ({{true}}, blank())]))
"""


class Mpd:
    """MPD with a queued clip, told to play at T."""

    name = "mpd"

    def __init__(self, where: Graph, clip: Path, name: str) -> None:
        self._where = where
        self._folder = where.folder / f"{name}-mpd"
        self._clip = clip
        self._line: socket.socket | None = None

    def start(self, instants: Sequence[float]) -> None:
        """Start MPD, queue the clip, and wait for the instants in a thread."""
        self._folder.mkdir()
        (self._folder / self._clip.name).write_bytes(self._clip.read_bytes())
        settings = self._folder / "mpd.conf"
        settings.write_text(_MPD.format(folder=self._folder, server=SERVER, recorder=CLIENT), "utf-8")
        self.process = self._where.start("mpd", ["mpd", "--no-daemon", "--stderr", str(settings)])
        place = self._folder / "socket"
        wait_for(place.exists, 15, lambda: f"mpd; {self._where.tail('mpd')}")
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(place))
        self._read = self._line.makefile("r", encoding="utf-8")
        self._read.readline()
        self._ask(f'add "file://{self._folder / self._clip.name}"')
        self._ask("single 1")
        self._ask("play 0")  # once, so that its output is open as ours is
        time.sleep(1)
        self._thread = at_each(instants, lambda: self._ask("play 0"))

    def _ask(self, command: str) -> None:
        self._line.sendall(f"{command}\n".encode())
        while (answer := self._read.readline().strip()) != "OK":
            if answer.startswith("ACK") or not answer:
                raise OSError(f"mpd: {answer}")

    def stop(self) -> None:
        """End it."""
        self._thread.join(5)
        self._read.close()
        self._line.close()
        self._where.stop(self.process)


class Liquidsoap:
    """A switch between the clip and silence by a predicate on time."""

    name = "liquidsoap"

    def __init__(self, where: Graph, clip: Path, name: str) -> None:
        self._where = where
        self._clip = clip
        self._script = where.folder / f"{name}.liq"

    def start(self, instants: Sequence[float]) -> None:
        """Start it with the instants in its script."""
        script = self._script
        times = ", ".join(f"{at:.3f}" for at in instants)
        told = _LIQUIDSOAP.format(instants=times, clip=self._clip, window=0.4, server=SERVER)
        script.write_text(told, "utf-8")
        self.process = self._where.start("liquidsoap", ["liquidsoap", str(script)])
        wait_for(self._connected, 20, lambda: f"liquidsoap; {self._where.tail('liquidsoap')}")

    def _connected(self) -> bool:
        command = ["jack_connect", "liquidsoap:out_0", f"{CLIENT}:liquidsoap"]
        return subprocess.run(command, env=self._where.environment, capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        """End it."""
        self._where.stop(self.process)


class Ffplay:
    """APScheduler spawning ffplay at T."""

    name = "ffplay"

    def __init__(self, where: Graph, clip: Path, name: str) -> None:
        self._where = where
        self._clip = clip
        self._name = f"{name}-ffplay"
        self._players: list[subprocess.Popen] = []

    def start(self, instants: Sequence[float]) -> None:
        """Give APScheduler a job for each instant."""
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for at in instants:
            self._scheduler.add_job(self._play, "date", run_date=datetime.fromtimestamp(at, UTC), misfire_grace_time=60)
        self._scheduler.start()

    def _play(self) -> None:
        environment = {**self._where.environment, "SDL_AUDIODRIVER": "alsa", "AUDIODEV": "port_ffplay"}
        command = ["ffplay", "-nodisp", "-autoexit", "-loglevel", "error", str(self._clip)]
        self._players = [one for one in self._players if one.poll() is None]
        self._players.append(self._where.start(self._name, command, env=environment))

    def stop(self) -> None:
        """End the scheduler and what still plays."""
        self._scheduler.shutdown(wait=True)
        for player in self._players:
            self._where.stop(player)


PEERS = (Mpd, Liquidsoap, Ffplay)


def at_each(instants: Sequence[float], act: Callable[[], None]) -> threading.Thread:
    """Call `act` at each instant (seconds since 1970), in a thread as punctual as ours may be."""

    def run() -> None:
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
        for at in instants:
            time.sleep(max(at - time.time(), 0))
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
