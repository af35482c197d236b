"""A centre's data folder, a machine of it and a stick between them, all real."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audio_library.blobs import FolderBlobStore
from domain.people import Role
from domain.playlist import Playlist, PlaylistSlot
from player.cabinet import Cabinet, open_cabinet, write_identity
from player.clock import SystemClock
from player.courier import Courier, Visit
from player.journal import Journal
from player.trust import Identity
from scheduler.signing import StationKey
from store import airings, machines
from store import station as own
from store.machines import Published
from tests.fakes import ExampleStation, let_in
from tests.fakes_player import Sound, item, playlist, slot, sound

CLIPS = (sound(0.3, seed=1), sound(0.3, seed=2))


@dataclass
class Between:
    """The centre in `data`, the machine in `hut`, and the stick."""

    root: Path
    server: str = "http://127.0.0.1:9"

    def __post_init__(self) -> None:
        for name in ("data", "hut", "usb"):
            (self.root / name).mkdir()
        self.data, self.hut, self.usb = (self.root / name for name in ("data", "hut", "usb"))
        self.station = ExampleStation(self.data)
        self.station.clock.at = datetime.now(UTC)
        self.key = StationKey.load_or_create(self.data / "keys" / "station.key")
        self.blobs = FolderBlobStore(self.data / "clips")
        with self.station.database.write() as connection:
            own.set_public_key(connection, base64.b64encode(self.key.public_key).decode())
            self.station_id = own.get(connection).id
        self.machine_key = Ed25519PrivateKey.generate()
        self.machine_id = self.enrol("Máy bản San Thàng", self.machine_key)
        identity = Identity(self.machine_id, "Máy bản San Thàng", self.station_id, self.server, self.key.public_key)
        write_identity(self.hut, identity, self.machine_key)
        self.cabinet: Cabinet = open_cabinet(self.hut)
        self.journal = Journal(self.cabinet.database)
        self.courier = Courier(self.cabinet, self.journal, SystemClock())

    def enrol(self, name: str, key: Ed25519PrivateKey) -> str:
        """Let a machine in and return its id."""
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        return let_in(self.station.office, self.station.person(Role.TECHNICIAN), "cum-san-thang", name, public)

    def planned(self, counter: int, *slots: PlaylistSlot, clips: Iterable[Sound] = CLIPS) -> Playlist:
        """Return a playlist of the machine, by default of a session tomorrow."""
        now = datetime.now(UTC)
        given = slots or (slot("a", now + timedelta(days=1), *(item(clip, at) for at, clip in enumerate(CLIPS))),)
        return playlist(
            given, clips, now, station_id=self.station_id, machine_id=self.machine_id, counter=counter, epoch=1
        )

    def publish(self, made: Playlist, clips: Iterable[Sound] = CLIPS) -> bytes:
        """Have the centre publish a playlist, and return its signed bytes."""
        for clip in clips:
            self.blobs.put(clip.data)
        body = self.key.sign(made)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        one = Published(made.machine_id, made.counter, "f", etag, body, made.issued_at, made.expires_at)
        with self.station.database.write() as connection:
            machines.publish(connection, one)
        return body

    def visit(self) -> Visit:
        """Have the stick visit the machine."""
        return self.courier.visit(self.usb)

    def missed(self, *keys: str) -> None:
        """Have the machine write down sessions that did not sound."""
        for key in keys:
            at = datetime.now(UTC)
            self.journal.miss(f"{self.machine_id}/{key}/0", slot(key, at, item(CLIPS[0])), 0, "Mất điện", at)

    def known_at_the_centre(self) -> set[str]:
        """Return the slots of which the centre knows what became."""
        now = datetime.now(UTC)
        with self.station.database.read() as connection:
            kept = airings.between(connection, now - timedelta(days=1), now + timedelta(days=1), self.machine_id)
        return {one.slot_key for one in kept}

    @property
    def own(self) -> Path:
        """The machine's folder on the stick."""
        return self.usb / "TIENGLOA" / f"may-{self.machine_id}"

    def close(self) -> None:
        self.cabinet.close()
        self.station.close()
