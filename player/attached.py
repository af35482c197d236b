"""What hangs on the box beside its outputs, where its technician named it: an ear, and what lets a transmitter go on.

Few boxes have either, so the code of each is imported when it is there: all that is imported stays in memory.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.ports import Clock
from player.logbook import Proved, Witness
from player.settings import PreKey

FindClip = Callable[[str], tuple[Path, str] | None]
"""Tells where the clip of a hash is, and of which kind; None when the playlist does not name it."""
Told = Callable[[str], Callable[[str], None]]
"""Gives what takes a fault's sentence, for the area of a name."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Starts what is attached; `undo` ends it again."""

    clock: Clock
    notes: Told
    undo: ExitStack

    def start_ear(self, listen: str, post: Callable[[Proved], None], find: FindClip) -> Witness | None:
        """Listen from outside at the ear that is named, if one is, and return what is to be told of items."""
        if not listen:
            return None
        from player.ears import ear_of
        from player.listening import Recorder
        from player.proving import ClipFile, Prover
        from player.proving import Witness as Teller

        def clip_file(clip_hash: str) -> ClipFile | None:
            found = find(clip_hash)
            return ClipFile(*found) if found else None

        prover = Prover(Recorder(ear_of(listen, self.clock), self.clock, self.notes("listen")), post)
        prover.start()
        self.undo.callback(prover.stop)
        return Teller(prover, self.clock, clip_file)

    def start_transmitter(
        self, settings: PreKey | None, sounding: Callable[[], bool], next_at: Callable[[], datetime | None]
    ) -> None:
        """Switch the transmitter as `settings` say, if there is one: on before what sounds next, off after it."""
        if settings is None:
            return
        from player.transmitter import Transmitter, switch_of

        transmitter = Transmitter(settings, switch_of(settings), self.clock, self.notes("transmitter"))
        transmitter.sounding = sounding
        transmitter.next_at = lambda: instant.timestamp() if (instant := next_at()) else None
        transmitter.start()
        self.undo.callback(transmitter.stop)
