"""How soon an emergency is heard over a session on the air: from a nudge at the machine to the first sample."""

import os
import sys
import threading
import time
from datetime import UTC, datetime

from benchmarks.playout_graph import Graph, recording, wait_for
from benchmarks.playout_hearing import score
from benchmarks.playout_ours import CLIP_S, OurMachine, bed, tone, urgent

_BED_S, _BED_LEVEL = 600.0, 0.02
_APART_S = 1.2


def measure(where: Graph, count: int) -> dict[str, object]:
    """Return the times from a nudge until its emergency is heard."""
    base, clip = tone(_BED_S, _BED_LEVEL), tone(CLIP_S)
    load = os.getloadavg()[0]
    with recording(where, "preemption") as heard:
        machine = OurMachine(where, "preemption", "alsa:port_ours")
        try:
            on_air = bed(base, datetime.now(UTC))
            machine.publish([on_air], base, clip)
            machine.start("-m", "benchmarks.playout_preempt", str(machine.folder), "alsa:port_ours")
            machine.wait_for_playlist()
            wait_for(lambda: machine.events("Sounding"), 20, lambda: "the bed")
            commands = []
            for number in range(count):
                time.sleep(_APART_S)
                machine.publish([on_air, urgent(number, clip, datetime.now(UTC))], base, clip)
                commands.append(time.time())
                machine.process.stdin.write(b"\n")
                machine.process.stdin.flush()
            time.sleep(_APART_S)
        finally:
            machine.stop()
    return {**score(commands, heard.onsets("ours"), 0, _APART_S).document(), "load_before": round(load, 2)}


def main() -> None:
    """Run the machine of a folder; each line on standard input nudges it to ask for its playlist at once."""
    from pathlib import Path

    from player import running
    from player.machine import Machine, MachineSettings
    from tiengloa.machine import _as_json
    from tiengloa.terminal import Terminal

    settings = MachineSettings(sink=sys.argv[2])

    class Nudged(Machine):
        def start(self) -> None:
            super().start()
            threading.Thread(target=self._listen, daemon=True).start()

        def _listen(self) -> None:
            for _ in sys.stdin:
                if self._errands:
                    self._errands.polling.nudge()

    running.Machine = Nudged
    running.run_machine(Path(sys.argv[1]), settings, _as_json(Terminal()))


if __name__ == "__main__":
    main()
