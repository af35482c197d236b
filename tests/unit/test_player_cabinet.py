"""The machine's folder: whole or not at all, and verified anew each time."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import BusyError, NotFoundError, StorageError, StorageFullError, TrustError
from player.alone import alone_in
from player.cabinet import Cabinet, disk_errors, open_cabinet, read_identity, write_identity
from player.trust import Identity
from tests.fakes_player import MACHINE, STATION, item, playlist, signed, slot, sound

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
CLIP = sound(0.01)
GOOD = playlist([slot("a", NOW, item(CLIP))], [CLIP], NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    identity = Identity(MACHINE, "Loa", STATION, "http://x", KEY.public_key().public_bytes_raw())
    write_identity(tmp_path, identity, Ed25519PrivateKey.generate())
    return tmp_path


@pytest.fixture
def cabinet(folder: Path) -> Iterator[Cabinet]:
    made = open_cabinet(folder)
    yield made
    made.close()


def test_keys_and_identity_are_for_their_owner_alone(folder: Path) -> None:
    assert (folder / "machine.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "identity.json").stat().st_mode & 0o777 == 0o600
    assert len((folder / "machine.key").read_bytes()) == 32


def test_a_folder_that_was_never_enrolled_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="machine enrol"):
        open_cabinet(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"machine": 1'])
def test_a_damaged_identity_is_one_clear_sentence(folder: Path, content: bytes) -> None:
    (folder / "identity.json").write_bytes(content)
    with pytest.raises(StorageError, match="danh tính"):
        read_identity(folder)


def test_an_accepted_playlist_is_there_after_opening_again(cabinet: Cabinet, folder: Path) -> None:
    assert cabinet.playlist() is None
    cabinet.accept(signed(GOOD, KEY), '"v1"', NOW)
    cabinet.close()
    again = open_cabinet(folder)
    assert again.playlist() == GOOD
    assert again.etag() == '"v1"'
    again.close()


def test_a_refused_playlist_changes_nothing(cabinet: Cabinet) -> None:
    cabinet.accept(signed(replace(GOOD, counter=5), KEY), '"v5"', NOW)
    flipped = bytearray(signed(replace(GOOD, counter=6), KEY))
    flipped[len(flipped) // 2] ^= 1
    for envelope in (bytes(flipped), signed(replace(GOOD, counter=4), KEY), b""):
        with pytest.raises(TrustError):
            cabinet.accept(envelope, '"v6"', NOW)
    held = cabinet.playlist()
    assert held is not None
    assert held.counter == 5
    assert cabinet.etag() == '"v5"'


def test_a_playlist_that_rotted_on_the_disk_is_not_obeyed(cabinet: Cabinet) -> None:
    envelope = signed(GOOD, KEY)
    cabinet.accept(envelope, '"v1"', NOW)
    with cabinet.database.write() as connection:
        connection.execute("UPDATE playlist SET envelope = ?", (envelope.replace(b"Ch", b"Xh"),))
    with pytest.raises(TrustError):
        cabinet.playlist()
    cabinet.forget_etag()
    assert cabinet.etag() == ""


def test_even_then_an_older_playlist_is_refused(cabinet: Cabinet) -> None:
    cabinet.accept(signed(replace(GOOD, counter=5), KEY), '"v5"', NOW)
    with cabinet.database.write() as connection:
        connection.execute("UPDATE playlist SET envelope = x'00'")
    with pytest.raises(TrustError, match="cũ hơn"):
        cabinet.accept(signed(replace(GOOD, counter=4), KEY), '"v4"', NOW)


def test_a_clip_is_shelved_only_when_its_bytes_match_its_name(cabinet: Cabinet) -> None:
    partial = cabinet.partial_path(CLIP.hash)
    partial.write_bytes(CLIP.data[:-1] + b"\0")
    with pytest.raises(TrustError):
        cabinet.shelve(CLIP.hash)
    assert not partial.exists()
    assert not cabinet.holds(CLIP.hash)
    partial.write_bytes(CLIP.data)
    cabinet.shelve(CLIP.hash)
    assert cabinet.clip_path(CLIP.hash).read_bytes() == CLIP.data


def test_clips_no_longer_named_are_swept_after_their_grace(cabinet: Cabinet) -> None:
    hashes = []
    for seed in (1, 2):
        clip = sound(0.01, seed)
        cabinet.partial_path(clip.hash).write_bytes(clip.data)
        cabinet.shelve(clip.hash)
        hashes.append(clip.hash)
    named = frozenset(hashes[:1])
    now = datetime.now(UTC)
    cabinet.sweep(named, now, 3600)
    assert all(cabinet.holds(each) for each in hashes)
    cabinet.sweep(named, now + timedelta(seconds=3700), 3600)
    assert [cabinet.holds(each) for each in hashes] == [True, False]


def test_a_named_clip_is_not_written_to_at_each_sweep(cabinet: Cabinet) -> None:
    cabinet.partial_path(CLIP.hash).write_bytes(CLIP.data)
    cabinet.shelve(CLIP.hash)
    path, now = cabinet.clip_path(CLIP.hash), datetime.now(UTC)
    before = path.stat().st_mtime_ns
    cabinet.sweep(frozenset({CLIP.hash}), now + timedelta(minutes=5), 3600)
    assert path.stat().st_mtime_ns == before
    cabinet.sweep(frozenset({CLIP.hash}), now + timedelta(hours=2), 3600)
    assert path.stat().st_mtime_ns > before
    cabinet.sweep(frozenset({CLIP.hash}), now, 3600)
    assert path.stat().st_mtime <= now.timestamp()


def test_a_full_disk_is_said_so_and_can_be_retried() -> None:
    with pytest.raises(StorageFullError) as caught, disk_errors():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.can_retry


def test_a_half_written_database_is_put_aside_and_the_machine_goes_on(folder: Path) -> None:
    open_cabinet(folder).close()
    database = folder / "cabinet.db"
    data = database.read_bytes()
    database.write_bytes(data[:100] + os.urandom(len(data) // 2))
    cabinet = open_cabinet(folder)
    assert "hỏng" in cabinet.mended
    assert cabinet.playlist() is None
    assert len(list(folder.glob("cabinet.db.hong-*"))) == 1
    cabinet.close()


def test_a_folder_runs_one_machine(folder: Path) -> None:
    with alone_in(folder), pytest.raises(BusyError, match="đang chạy"), alone_in(folder):
        pass
    with alone_in(folder):
        pass


def test_the_database_is_written_through_to_the_disk(cabinet: Cabinet) -> None:
    assert cabinet.database.read("PRAGMA synchronous") == [(2,)]
    assert cabinet.database.read("PRAGMA journal_mode") == [("wal",)]


def write_badly(cabinet: Cabinet) -> None:
    with cabinet.database.write() as connection:
        connection.execute(
            "INSERT INTO playlist (id, envelope, etag, epoch, counter, accepted) VALUES (1, x'00', '', 1, 1, 1)"
        )
        connection.execute("INSERT INTO no_such_table VALUES (1)")


def test_a_failed_transaction_leaves_nothing(cabinet: Cabinet) -> None:
    with pytest.raises(StorageError):
        write_badly(cabinet)
    assert cabinet.database.read("SELECT count(*) FROM playlist") == [(0,)]


def test_two_playlists_of_one_number_are_not_both_believed(cabinet: Cabinet) -> None:
    cabinet.accept(signed(replace(GOOD, counter=5), KEY), '"v5"', NOW)
    with pytest.raises(TrustError, match="cùng một số"):
        cabinet.accept(signed(replace(GOOD, counter=5, slots=()), KEY), '"x"', NOW)
    assert cabinet.accept(signed(replace(GOOD, counter=5), KEY), '"v5"', NOW).slots == GOOD.slots


def test_a_lost_database_lets_no_older_playlist_in(cabinet: Cabinet, folder: Path) -> None:
    newest = signed(replace(GOOD, counter=5), KEY)
    cabinet.accept(newest, '"v5"', NOW)
    cabinet.close()
    for path in folder.glob("cabinet.db*"):
        path.unlink()
    again = open_cabinet(folder)
    with pytest.raises(TrustError, match="cũ hơn"):
        again.accept(signed(replace(GOOD, counter=4), KEY), '"v4"', NOW)
    assert again.accept(newest, '"v5"', NOW).counter == 5
    again.close()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"epoch":true,"counter":1}', b'{"epoch":-1,"counter":1}'])
def test_a_damaged_floor_is_no_floor_and_is_mended_by_the_next_playlist(
    cabinet: Cabinet, folder: Path, content: bytes
) -> None:
    (folder / "floor.json").write_bytes(content)
    cabinet.accept(signed(replace(GOOD, counter=5), KEY), '"v5"', NOW)
    assert cabinet.held_pair() == (1, 5)
    assert b'"counter": 5' in (folder / "floor.json").read_bytes()


def test_of_two_playlists_that_come_at_once_the_newest_stays(cabinet: Cabinet, folder: Path) -> None:
    other = open_cabinet(folder)
    with ThreadPoolExecutor(2) as pool:
        for counter in range(2, 40, 2):
            pair = [
                pool.submit(which.accept, signed(replace(GOOD, counter=number), KEY), "", NOW)
                for which, number in ((cabinet, counter + 1), (other, counter))
            ]
            for done in pair:
                with suppress(TrustError):
                    done.result()
            held = cabinet.playlist()
            assert held is not None
            assert held.counter == counter + 1
    other.close()
