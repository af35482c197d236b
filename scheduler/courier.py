"""The courier at the centre: what a machine's pack holds, and what is kept of the airings that it brings home."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.courier import AiringsPart, Held, airing_digest
from domain.errors import NotFoundError, TrustError
from domain.machines import Airing, Machine, MachineAct
from domain.playlist import to_ms
from domain.ports import Clock
from scheduler.machines import MachineOffice
from store import airings, enrolments, machines, station
from store.engine import Database

REMEMBERED = timedelta(days=91)
"""How far back a pack tells which airings the station has: as long as a machine keeps them, and a day."""


@dataclass(frozen=True, slots=True)
class PackedClip:
    """A sound that a pack holds: `size` in bytes."""

    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Pack:
    """What one machine is brought: its signed playlist as published, the sounds it names, and what the station has."""

    machine: Machine
    station_name: str
    envelope: bytes
    counter: int
    expires_at: datetime
    clips: tuple[PackedClip, ...]
    held: Held

    def contents(self) -> dict[str, object]:
        """Return the JSON object that lists what the pack holds."""
        return {
            "machine": self.machine.id,
            "name": self.machine.name,
            "counter": self.counter,
            "expires": self.expires_at.isoformat(),
            "clips": [{"hash": clip.hash, "size": clip.size} for clip in self.clips],
        }


@dataclass(frozen=True, slots=True)
class CourierDesk:
    """Packs what goes out, and takes in what comes home."""

    database: Database
    clock: Clock
    office: MachineOffice

    def pack(self, machine_id: str) -> Pack:
        """Return the pack of a machine as it is now. Raises NotFoundError when it has no playlist yet."""
        now = self.clock.now()
        with self.database.read() as connection:
            machine = machines.get(connection, machine_id)
            published = machines.published(connection, machine_id)
            own = station.get(connection)
            kept = airings.between(connection, now - REMEMBERED, now + REMEMBERED, machine_id)
        if published is None:
            raise NotFoundError(f"Máy «{machine.name}» chưa có danh sách phát. Hãy chạy «tiengloa work» rồi thử lại.")
        named = json.loads(published.body)["signed"]["clips"]
        return Pack(
            machine=machine,
            station_name=own.name,
            envelope=published.body,
            counter=published.counter,
            expires_at=published.expires_at,
            clips=tuple(PackedClip(one["hash"], one["size"]) for one in named),
            held=Held(own.id, machine.id, now, frozenset(airing_digest(_told(one)) for one in kept)),
        )

    def machine(self, machine_id: str) -> Machine:
        """Return a machine whose reports are taken. Raises NotFoundError, TrustError when it was revoked."""
        with self.database.read() as connection:
            machine = machines.get(connection, machine_id)
        if machine.revoked_at is not None:
            raise TrustError(f"Máy «{machine.name}» đã bị thu hồi quyền; lượt phát trên USB không được nhận.")
        return machine

    def take_home(self, machine: Machine, parts: tuple[AiringsPart, ...]) -> int:
        """Keep what a machine's signed files say became of its slots, however often; return how many airings.

        Raises TrustError when a part is of another machine or station.
        """
        with self.database.read() as connection:
            own = station.get(connection).id
        if any((part.station_id, part.machine_id) != (own, machine.id) for part in parts):
            raise TrustError("Tệp lượt phát trên USB là của máy khác hoặc đài khác; chưa nhận gì.")
        receipts = [self.office.keep_airings(machine, list(part.rows)) for part in parts]
        count = sum(len(receipt.acknowledged) - len(receipt.refused) for receipt in receipts)
        with self.database.write() as connection:
            words = f"Nhận {count} lượt phát từ USB; máy đang giữ danh sách số {max(one.counter for one in parts)}."
            enrolments.note(connection, MachineAct(self.clock.now(), machine.id, None, words))
        return count


def _told(airing: Airing) -> dict[str, object]:
    """Return an airing as its machine told it."""
    return {
        "key": airing.key,
        "slot": airing.slot_key,
        "position": airing.position,
        "title": airing.title,
        "clip": airing.clip_hash,
        "planned": to_ms(airing.planned_start),
        "outcome": airing.outcome.value,
        "started": to_ms(airing.started_at) if airing.started_at else None,
        "ended": to_ms(airing.ended_at) if airing.ended_at else None,
        "rendered": airing.rendered // timedelta(milliseconds=1),
        "reason": airing.reason,
    }
