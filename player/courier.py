"""The courier's visit to a machine: a stick brings a playlist and its clips, and takes home what sounded.

The same rules as over the line: `Cabinet.accept` decides, a clip is taken only when the playlist names it and its
bytes match. It is safe beside a running machine, which looks at its own database for what came (`Watch`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from domain import courier
from domain.courier import AiringsPart
from domain.errors import NotFoundError, StorageFullError, TiengLoaError, TrustError
from domain.playlist import ClipRef, Playlist
from domain.ports import Clock
from player.cabinet import Cabinet, disk_errors
from player.journal import Entry, Journal
from player.stick import Stick, pour
from player.sync import SPARE_BYTES, Sync, by_need
from player.trust import MAX_ENVELOPE_BYTES, check_newer, read_envelope, read_sealed, seal

LOOK_EVERY_S = 5.0
AGAIN_AFTER_S = 60.0
_OLDER = "danh sách trên USB cũ hơn bản máy đang giữ; máy giữ bản mới hơn"

_NOT_MINE = "USB này có gói Tiếng Loa nhưng không có gói của «{}». Hãy chép gói của máy này ở trung tâm."


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit brought and took.

    `counter` is that of the playlist held afterwards, `is_new` whether it came now; `note` says why one on the stick
    was not taken. `brought` clips came, `lacking` are named but neither here nor on the stick. `acknowledged` airings
    the centre has; `taken` were written for it, 0 when they lie there already.
    """

    counter: int
    is_new: bool = False
    note: str = ""
    brought: int = 0
    lacking: int = 0
    acknowledged: int = 0
    taken: int = 0


class Courier:
    """Does what a stick is brought for."""

    def __init__(self, cabinet: Cabinet, journal: Journal, clock: Clock) -> None:
        self._cabinet = cabinet
        self._journal = journal
        self._clock = clock
        self._identity = cabinet.identity
        self._written: dict[Path, tuple[str, ...]] = {}

    def visit(self, folder: Path) -> Visit:
        """Take in what the pack in `folder` has for this machine, and write what the machine has for the centre.

        Raises NotFoundError when it has nothing, TrustError, StorageError; what was taken before stays.
        """
        with Stick.at(folder) as root, root.inside(courier.FOLDER) as pack, self._own(pack) as own:
            acknowledged = self._heed_held(own)
            try:
                visit = self._take_in(pack, own)
            finally:  # a bad playlist is no reason to keep back what sounded
                taken = self._write_airings(own, folder)
        return replace(visit, acknowledged=acknowledged, taken=taken)

    def _own(self, pack: Stick) -> Stick:
        try:
            return pack.inside(courier.machine_folder(self._identity.machine_id))
        except NotFoundError as error:
            raise NotFoundError(_NOT_MINE.format(self._identity.machine_name)) from error

    def _take_in(self, pack: Stick, own: Stick) -> Visit:
        held = self._cabinet.held_pair()
        if self._cabinet.is_revoked():
            return Visit(held[1], note="máy đã bị thu hồi quyền, không nhận danh sách phát từ USB")
        if own.size(courier.PLAYLIST) is None:
            return Visit(held[1], note="USB chưa có danh sách phát cho máy này (chép dở?)")
        envelope = own.read(courier.PLAYLIST, MAX_ENVELOPE_BYTES)
        playlist = read_envelope(envelope, self._identity)
        number = (playlist.epoch, playlist.counter)
        if number < held:
            return Visit(held[1], note=_OLDER)
        check_newer(playlist, held, self._clock.now())
        brought, lacking = self._bring_clips(pack, playlist)
        is_new = number > self._cabinet.stored_pair()
        if is_new:
            self._cabinet.accept(envelope, "", self._clock.now())
        return Visit(playlist.counter, is_new, "", brought, lacking)

    def _bring_clips(self, pack: Stick, playlist: Playlist) -> tuple[int, int]:
        """Bring the clips that are not here, and return how many came and how many are still lacking."""
        missing = [ref for ref in by_need(playlist, self._clock) if not self._cabinet.holds(ref.hash)]
        if not missing:
            return 0, 0
        brought = 0
        try:
            with pack.inside(courier.CLIPS) as shelf:
                brought = sum(self._bring(shelf, ref) for ref in missing)
        except NotFoundError:
            pass
        return brought, len(missing) - brought

    def _bring(self, shelf: Stick, ref: ClipRef) -> bool:
        """Copy one clip and tell whether it came; one that is not what it should be is left out."""
        if shelf.size(ref.hash) != ref.size:
            return False
        if self._cabinet.free_bytes() < ref.size + SPARE_BYTES:
            raise StorageFullError("Ổ đĩa của máy phát gần đầy, chưa chép được tệp âm thanh từ USB.")
        beside = self._cabinet.clips / "partial" / f"{ref.hash}.usb"
        try:
            with shelf.file(ref.hash) as source, disk_errors(), beside.open("wb") as target:
                pour(source, target, ref.size)
            self._cabinet.shelve(ref.hash, beside)
        except TrustError:
            return False
        finally:
            beside.unlink(missing_ok=True)
        return True

    def _heed_held(self, own: Stick) -> int:
        """Mark what the station says it has, and return how many airings that were."""
        if own.size(courier.HELD) is None:
            return 0
        raw = own.read(courier.HELD, courier.MOST_HELD_BYTES)
        told = courier.read_held(read_sealed(raw, self._identity.station_key, courier.MOST_HELD_BYTES))
        if (told.station_id, told.machine_id) != (self._identity.station_id, self._identity.machine_id):
            raise TrustError("Tệp xác nhận trên USB là của máy khác hoặc đài khác; đã bỏ qua.")
        had = [one for one in self._journal.all_unsent() if courier.airing_digest(one.document()) in told.digests]
        self._journal.acknowledge(tuple(had))
        return len(had)

    def _write_airings(self, own: Stick, folder: Path) -> int:
        """Write what the centre has not acknowledged, unless it lies there already; return how many airings."""
        state: list[str] = []
        entries = self._journal.all_unsent()
        parts: list[list[dict[str, object]]] = []
        while rows := list(islice(entries, courier.ROWS_IN_A_PART)):
            state += [_state(entry) for entry in rows]
            parts.append([entry.document() for entry in rows])
            if len(parts) == courier.MOST_PARTS:
                break
        names = [courier.airings_name(number) for number in range(1, len(parts) + 1)]
        lying = [name for name in own.names() if courier.AIRINGS.fullmatch(name)]
        if tuple(state) == self._written.get(folder) and lying == names:
            return 0
        for name, rows_told in zip(names, parts, strict=True):
            own.write(name, seal(courier.airings_document(self._part(rows_told)), self._cabinet.key))
        for name in set(lying) - set(names):
            own.remove(name)
        self._written[folder] = tuple(state)
        return len(state)

    def _part(self, rows: list[dict[str, object]]) -> AiringsPart:
        identity, counter = self._identity, self._cabinet.held_pair()[1]
        return AiringsPart(identity.station_id, identity.machine_id, self._clock.now(), counter, tuple(rows))


def _state(entry: Entry) -> str:
    return f"{entry.key} {entry.version}"


class Watch:
    """Looks for sticks in the folders of `machine.toml`, and for what a command beside the machine has brought."""

    def __init__(self, cabinet: Cabinet, sync: Sync, courier_: Courier, clock: Clock, folders: tuple[str, ...]) -> None:
        self._cabinet = cabinet
        self._sync = sync
        self._courier = courier_
        self._clock = clock
        self._folders = tuple(map(Path, folders))
        self._seen: dict[Path, tuple[object, float]] = {}
        self._lacking = 0

    def look(self) -> None:
        """Take in every stick that is new, was changed, or was last visited a while ago. Raises the first error."""
        failures: list[TiengLoaError] = []
        for root in self._roots():
            try:
                self._visit(root)
            except NotFoundError:
                continue
            except TiengLoaError as error:
                failures.append(error)
        self._notice()
        if failures:
            raise failures[0]

    def _visit(self, root: Path) -> None:
        stamp, now = self._stamp(root), self._clock.monotonic()
        before = self._seen.get(root)
        if before is not None and before[0] == stamp and now - before[1] < AGAIN_AFTER_S:
            return
        try:
            visit = self._courier.visit(root)
        finally:
            self._seen[root] = (self._stamp(root), now)
        if visit.brought:
            self._sync.on_clip()

    def _stamp(self, root: Path) -> object:
        own = courier.machine_folder(self._cabinet.identity.machine_id)
        with Stick.at(root) as stick, stick.inside(courier.FOLDER) as pack, pack.inside(own) as folder:
            return folder.stamp(courier.PLAYLIST), folder.stamp(courier.HELD)

    def _roots(self) -> Iterator[Path]:
        """Yield each folder that is watched, and the folders in it, two deep: as desktops and servers mount sticks."""
        for folder in self._folders:
            for pattern in (courier.FOLDER, f"*/{courier.FOLDER}", f"*/*/{courier.FOLDER}"):
                yield from (found.parent for found in islice(folder.glob(pattern), 16))

    def _notice(self) -> None:
        """Take up a playlist that another process has put into the cabinet, and look at the clips that it brought."""
        with self._sync.taking:
            held = self._sync.playlist
            newer = self._cabinet.stored_pair() > ((held.epoch, held.counter) if held else (0, 0))
            if newer and not self._cabinet.is_revoked():  # only the line takes a revocation back
                playlist = self._cabinet.playlist()
                if playlist is not None:
                    self._sync.take_up(playlist)
        lacking = self._sync.lacking()
        if lacking < self._lacking:
            self._sync.on_clip()
        self._lacking = lacking
