"""The deck: clips that are soon to sound, checked and decoded ahead of their instant."""

from collections.abc import Callable

from domain.playlist import ClipRef, Playlist
from player.cabinet import Cabinet
from player.decode import Loop, Reel
from player.pinned import Pinned
from player.volume import Sound

MOST_REELS = 4
LOADING = "Chưa kịp nạp tệp âm thanh"
NOT_HELD = "Chưa tải được tệp âm thanh về máy"
NOT_NAMED = "Tệp âm thanh không có trong danh sách phát đã ký"


class Deck:
    """Holds at most MOST_REELS decoded beginnings; used by the alarm's thread alone.

    A clip that the playlist does not name is never opened. `on_damage` is told the hash of a file that is not what
    its name says, which is tried again for as long as it is there; `on_ready` is called when a reel has become ready.
    """

    def __init__(self, cabinet: Cabinet, on_ready: Callable[[], None], on_damage: Callable[[str], None]) -> None:
        self._cabinet = cabinet
        self._on_ready = on_ready
        self._on_damage = on_damage
        self._refs: dict[str, ClipRef] = {}
        self._reels: dict[str, Reel] = {}
        self._loops: dict[str, Loop] = {}
        self.pinned = Pinned(cabinet, on_ready, on_damage)

    def allow(self, playlist: Playlist) -> None:
        """Open only the clips of `playlist` from now on."""
        self._refs = {ref.hash: ref for ref in playlist.clips}
        self._loops = {name: loop for name, loop in self._loops.items() if name in self._refs}

    def prepare(self, hashes: tuple[str, ...]) -> None:
        """Have these clips ready, and let go of all others."""
        wanted = tuple(one for one in hashes if not self.pinned.in_memory(one))[:MOST_REELS]
        for clip_hash in set(self._reels) - set(wanted):
            self._reels.pop(clip_hash).close()
        for clip_hash in wanted:
            reel = self._reels.get(clip_hash)
            if reel and reel.damaged and not reel.reported:
                reel.reported = True
                self._on_damage(clip_hash)
            if (reel is None or reel.damaged) and clip_hash in self._refs and self._cabinet.holds(clip_hash):
                self._reels[clip_hash] = self._open(clip_hash, 0.0)

    def unready(self, clip_hash: str) -> str:
        """Tell why a clip cannot sound now, or an empty string when it can."""
        if clip_hash not in self._refs:
            return NOT_NAMED
        if self.pinned.in_memory(clip_hash):
            return ""
        reel = self._reels.get(clip_hash)
        if reel is None:
            return LOADING if self._cabinet.holds(clip_hash) else NOT_HELD
        return reel.failure if reel.ready.is_set() else LOADING

    def take(self, clip_hash: str, skip_s: float) -> Sound | None:
        """Give away the sound of a clip that is ready, from `skip_s` seconds on, or None when it is not."""
        if self.unready(clip_hash):
            return None
        if memory := self.pinned.sound(clip_hash, skip_s):
            return memory
        reel = self._reels.pop(clip_hash)
        if skip_s == 0:
            return reel
        reel.close()
        return self._open(clip_hash, skip_s)

    def loop(self, clip_hash: str) -> Loop | None:
        """Begin to decode a clip that stands in for a source, over and over; None when it is not named or not here."""
        last = self._loops.get(clip_hash)
        if last and last.damaged and not last.reported:
            last.reported = True
            self._on_damage(clip_hash)
        if clip_hash not in self._refs or not self._cabinet.holds(clip_hash):
            return None
        self._loops[clip_hash] = made = Loop(
            self._cabinet.clip_path(clip_hash), clip_hash, self._refs[clip_hash].media_type, self._on_ready
        )
        return made

    def clear(self) -> None:
        """Let go of everything."""
        self.prepare(())

    def _open(self, clip_hash: str, skip_s: float) -> Reel:
        path = self._cabinet.clip_path(clip_hash)
        return Reel(path, clip_hash, self._refs[clip_hash].media_type, self._on_ready, skip_s)
