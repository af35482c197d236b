"""Opens a source from outside for the tuner: a relay by its child process, a microphone by the line to the centre."""

from collections.abc import Callable, Sequence

from domain.playlist import Playlist
from domain.sources import Source, SourceKind
from player.line import Line
from player.live import LiveTaker, source_in
from player.relay import Relay
from player.tap import Tap
from player.tuner import OpenSource


def opener(line: Line, playlist: Callable[[], Playlist | None], private_hosts: Sequence[str]) -> OpenSource:
    """Return what opens sources; `playlist` is the one in force, and `private_hosts` may lie in a private net."""

    heard: dict[str, int] = {}

    def open_source(key: str, source: Source, tap: Tap) -> None:
        if source.kind is SourceKind.RELAY:
            Relay(source.url, private_hosts, tap).start()
        else:
            LiveTaker(line, lambda: source_in(playlist(), key), tap, heard).start()

    return open_source
