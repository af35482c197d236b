"""One flipped bit anywhere in what the machine keeps: it starts, plays what verifies, and takes a newer playlist."""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import TrustError
from domain.machines import AiringOutcome
from player.cabinet import Cabinet, open_cabinet, write_identity
from player.journal import Journal
from player.trust import Identity
from tests.fakes_player import MACHINE, STATION, item, playlist, signed, slot, sound

KEY = Ed25519PrivateKey.generate()
CLIP = sound(0.05)
NOW = datetime(2026, 11, 23, 22, tzinfo=UTC)
FLIPS = 100


def envelope(counter: int) -> bytes:
    slots = [slot(f"s{number}", NOW + timedelta(minutes=number), item(CLIP)) for number in range(30)]
    return signed(playlist(slots, [CLIP], NOW, counter=counter), KEY)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a playlist and the journal of twenty airings."""
    folder = tmp_path_factory.mktemp("kept")
    identity = Identity(MACHINE, "Loa", STATION, "http://127.0.0.1:9", KEY.public_key().public_bytes_raw())
    write_identity(folder, identity, Ed25519PrivateKey.generate())
    cabinet = open_cabinet(folder)
    cabinet.accept(envelope(5), '"5"', NOW)
    journal = Journal(cabinet.database)
    for number in range(20):
        one = slot(f"s{number}", NOW + timedelta(minutes=number), item(CLIP))
        key = f"{MACHINE}/s{number}/0"
        journal.claim(key, one, 0, one.starts_at, NOW)
        journal.started(key, NOW, one.starts_at)
        if number % 3:
            journal.finish(key, AiringOutcome.PLAYED if number % 2 else AiringOutcome.CUT, NOW, 50, "Vì sao")
    cabinet.close()
    return folder


def flipped(path: Path, dice: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["cabinet.db", "floor.json"])
def test_a_machine_bears_a_flipped_bit(name: str, kept: Path, tmp_path: Path) -> None:
    dice = random.Random(name)
    for number in range(FLIPS):
        folder = tmp_path / str(number)
        shutil.copytree(kept, folder)
        flipped(folder / name, dice)
        cabinet = open_cabinet(folder)
        bears(cabinet)
        cabinet.close()
        shutil.rmtree(folder)


def bears(cabinet: Cabinet) -> None:
    journal = Journal(cabinet.database)
    assert len(journal.known()) == len([key for key in journal.known() if isinstance(key, str)])
    assert all(entry.document() for entry in journal.unsent())
    try:
        held = cabinet.playlist()
        assert held is None or held.counter == 5
    except TrustError:
        cabinet.forget_etag()
    assert cabinet.accept(envelope(6), '"6"', NOW).counter == 6
