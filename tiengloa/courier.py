"""`tiengloa courier export | import` at the centre, and `tiengloa restored`."""

import argparse
import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from domain import courier
from domain.courier import AiringsPart, held_document, read_airings
from domain.errors import BadInputError, NotFoundError, StorageFullError, TiengLoaError
from domain.formats import day, decimal, plain
from domain.machines import Machine
from player.stick import Stick, pour
from player.trust import read_sealed
from scheduler.courier import CourierDesk, Pack, PackedClip
from scheduler.signing import StationKey
from store import machines, station
from tiengloa import exits
from tiengloa.centre import opened
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import Centre

SPARE_BYTES = 8 << 20
_MOST_README = 4000


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for one machine: clips copied now, and those that lay on the stick already."""

    machine: str
    counter: int
    copied: int
    lying: int
    size: int


@dataclass(frozen=True, slots=True)
class Home:
    """What came home of one machine's folder on a stick, or why nothing did."""

    machine: str
    airings: int = 0
    problem: str = ""


def export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write the packs of some machines, each whole or not at all; a second run goes on where the first stopped."""
    with opened(settings) as centre, Stick.at(Path(options.to)) as root:
        desk = CourierDesk(centre.database, centre.clock, centre.office)
        packs = [desk.pack(one.id) for one in _chosen(centre, options)]
        writer = Writer(centre, root, terminal)
        written = writer.write(packs)
    if options.json:
        terminal.document([_document(one) for one in written])
        return exits.OK
    for one in written:
        terminal.say(
            f"{one.machine}: danh sách số {one.counter}, {one.copied + one.lying} tệp âm thanh "
            f"({decimal(one.size / 1e6)} MB), chép mới {one.copied}."
        )
    terminal.say(f"Đã chép xong vào {Path(options.to) / courier.FOLDER}. Hãy tháo USB an toàn (umount) trước khi rút.")
    return exits.OK


def take_home(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Take in what every machine has written onto a stick; what is not truly a machine's is told and left out."""
    with opened(settings) as centre, Stick.at(Path(options.folder)) as root, root.inside(courier.FOLDER) as pack:
        found = list(_homecomings(centre, pack))
    if options.json:
        terminal.document([{"machine": one.machine, "airings": one.airings, "problem": one.problem} for one in found])
    else:
        for one in found:
            terminal.say(f"{one.machine}: {one.problem or f'nhận {one.airings} lượt phát.'}")
        if not found:
            terminal.say("USB chưa có lượt phát nào: hãy cắm vào máy phát trước (tiengloa machine courier THƯ_MỤC).")
    return exits.FAULT if any(one.problem for one in found) else exits.OK


def restored(settings: Settings, terminal: Terminal) -> int:
    """Begin a new epoch, so that machines believe a centre that was restored from a copy."""
    with opened(settings) as centre, centre.database.write() as connection:
        epoch = station.raise_epoch(connection, centre.clock.now())
    terminal.say(f"Đã sang kỳ {epoch}. Tiến trình làm việc sẽ ký lại danh sách; máy phát nhận ở lần hỏi tiếp theo.")
    return exits.OK


class Writer:
    """Writes packs onto a stick: sounds first, the playlist last, so that half a pack never passes for a whole one."""

    def __init__(self, centre: Centre, root: Stick, terminal: Terminal) -> None:
        self._centre = centre
        self._root = root
        self._terminal = terminal
        self._key: StationKey = centre.station_key

    def write(self, packs: Iterable[Pack]) -> list[Written]:
        """Write each pack. Raises StorageError, StorageFullError before anything is written when there is no room."""
        every = list(packs)
        with self._root.inside(courier.FOLDER, make=True) as folder, folder.inside(courier.CLIPS, make=True) as shelf:
            self._check_room({clip.hash: clip for pack in every for clip in pack.clips}.values(), shelf)
            folder.write(courier.README, _readme(every).encode())
            return [self._write_one(pack, folder, shelf) for pack in every]

    def _check_room(self, clips: Iterable[PackedClip], shelf: Stick) -> None:
        wanted = sum(clip.size for clip in clips if shelf.size(clip.hash) != clip.size)
        free = self._root.free_bytes()
        if wanted + SPARE_BYTES > free:
            raise StorageFullError(
                f"USB còn {free / 1e6:.0f} MB, cần {(wanted + SPARE_BYTES) / 1e6:.0f} MB. Chưa chép gì; hãy xóa "
                "bớt hoặc chọn ít máy hơn."
            )

    def _write_one(self, pack: Pack, folder: Stick, shelf: Stick) -> Written:
        copied = 0
        for number, clip in enumerate(pack.clips):
            self._terminal.progress(f"Chép cho {pack.machine.name}", number, len(pack.clips))
            if shelf.size(clip.hash) != clip.size:
                self._copy(clip, shelf)
                copied += 1
        self._terminal.end_progress()
        with folder.inside(courier.machine_folder(pack.machine.id), make=True) as own:
            own.write(courier.HELD, self._key.seal(held_document(pack.held)))
            own.write(courier.PACK, json.dumps(pack.contents(), ensure_ascii=False, indent=1).encode())
            own.write(courier.PLAYLIST, pack.envelope)
        size = sum(clip.size for clip in pack.clips)
        return Written(pack.machine.name, pack.counter, copied, len(pack.clips) - copied, size)

    def _copy(self, clip: PackedClip, shelf: Stick) -> None:
        with self._centre.blobs.path(clip.hash).open("rb") as source:
            shelf.put(clip.hash, lambda target: pour(source, target, clip.size))


def _chosen(centre: Centre, options: argparse.Namespace) -> list[Machine]:
    with centre.database.read() as connection:
        used = [one for one in machines.everything(connection) if one.revoked_at is None]
        published = set(machines.given(connection))
    if options.all:
        ready = [one for one in used if one.id in published]
        if not ready:
            raise NotFoundError("Chưa có máy phát nào có danh sách phát. Hãy ghép máy và chạy «tiengloa work» trước.")
        return ready
    return [_named(name, used) for name in options.machine]


def _named(name: str, used: list[Machine]) -> Machine:
    """Return the machine of that name or id; tone marks need not be typed where that leaves no doubt."""
    exact = [one for one in used if name in (one.name, one.id)]
    found = exact or [one for one in used if plain(one.name) == plain(name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"«{one.name}»" for one in used[:20]) or "chưa có"
    if found:
        raise BadInputError(f"Có {len(found)} máy phát cùng tên «{name}»; hãy gõ mã của máy. Các máy: {known}.")
    raise BadInputError(f"Không có máy phát nào tên «{name}». Hãy gõ đủ tên. Các máy: {known}.")


def _homecomings(centre: Centre, pack: Stick) -> Iterable[Home]:
    desk = CourierDesk(centre.database, centre.clock, centre.office)
    with centre.database.read() as connection:
        by_folder = {courier.machine_folder(one.id): one for one in machines.everything(connection)}
    for name in pack.names():
        machine = by_folder.get(name)
        if machine is None:
            continue
        try:
            with pack.inside(name) as own:
                parts = _parts(own, base64.b64decode(machine.public_key))
            if parts:
                yield Home(machine.name, desk.take_home(desk.machine(machine.id), parts))
        except NotFoundError:
            continue
        except TiengLoaError as error:
            yield Home(machine.name, problem=error.sentence)


def _parts(own: Stick, key: bytes) -> tuple[AiringsPart, ...]:
    names = [name for name in own.names() if courier.AIRINGS.fullmatch(name)][: courier.MOST_PARTS]
    raw = (own.read(name, courier.MOST_PART_BYTES) for name in names)
    return tuple(read_airings(read_sealed(one, key, courier.MOST_PART_BYTES)) for one in raw)


def _document(one: Written) -> dict[str, object]:
    return {
        "machine": one.machine,
        "counter": one.counter,
        "copied": one.copied,
        "lying": one.lying,
        "size": one.size,
    }


def _readme(packs: list[Pack]) -> str:
    rows = [
        f"- {one.machine.name}: thư mục {courier.machine_folder(one.machine.id)}, danh sách số {one.counter}, "
        f"dùng đến hết {day(one.expires_at)}"
        for one in packs
    ]
    station_name = packs[0].station_name if packs else ""
    told = (
        f"GÓI USB CỦA {station_name}\n\nTại máy phát: cắm USB, chạy  tiengloa machine courier THƯ_MỤC_USB\n"
        "Xong thì mang USB về trung tâm, chạy  tiengloa courier import THƯ_MỤC_USB\n"
        "Đừng đổi tên hay sửa tệp nào: máy phát chỉ tin tệp có chữ ký của đài.\n\n"
    )
    return (told + "\n".join(rows) + "\n")[:_MOST_README].replace("\n", "\r\n")
