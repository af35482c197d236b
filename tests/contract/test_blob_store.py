"""What a content-addressed store promises, held against the folder and against a dictionary."""

import errno
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audio_library.blobs import FolderBlobStore
from domain.errors import BadInputError, NotFoundError, StorageError, StorageFullError
from domain.ports import BlobStore
from tests.fakes_audio import FakeBlobStore

DATA = b"fLaC" + bytes(range(256)) * 100
HASH = hashlib.sha256(DATA).hexdigest()
ABSENT = "0" * 64


@pytest.fixture(params=[FolderBlobStore, FakeBlobStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    made: BlobStore = request.param(tmp_path / "audio")
    return made


def test_what_is_put_is_found_by_its_hash(store: BlobStore) -> None:
    assert isinstance(store, BlobStore)
    assert store.put(DATA) == HASH
    assert store.path(HASH).read_bytes() == DATA
    assert store.verify(HASH)
    assert store.put(b"") == hashlib.sha256(b"").hexdigest()


def test_putting_twice_keeps_one_file(store: BlobStore) -> None:
    store.put(DATA)
    before = store.path(HASH).stat()
    assert store.put(DATA) == HASH
    assert store.path(HASH).stat().st_mtime_ns == before.st_mtime_ns


def test_what_is_not_held_is_not_found(store: BlobStore) -> None:
    with pytest.raises(NotFoundError, match="không còn trong kho"):
        store.path(ABSENT)
    assert not store.verify(ABSENT)


@pytest.mark.parametrize(
    "name", ["", "abc", "../" * 20 + "etc/passwd", HASH.upper(), HASH + "\n", HASH[:-1] + "/", HASH + HASH, "é" * 64]
)
def test_a_name_that_is_no_hash_never_reaches_the_disk(store: BlobStore, name: str) -> None:
    with pytest.raises(BadInputError, match="không hợp lệ"):
        store.path(name)
    with pytest.raises(BadInputError, match="không hợp lệ"):
        store.verify(name)


def test_damage_is_noticed_and_repaired_by_putting_again(store: BlobStore) -> None:
    store.put(DATA)
    file = store.path(HASH)
    file.write_bytes(DATA[:-1] + b"!")
    assert not store.verify(HASH)
    store.put(DATA)
    assert store.verify(HASH)


def test_files_lie_in_two_levels_of_folders_and_can_be_read_by_others(tmp_path: Path) -> None:
    store = FolderBlobStore(tmp_path / "a" / "b")
    store.put(DATA)
    assert store.path(HASH) == tmp_path / "a" / "b" / HASH[:2] / HASH[2:4] / HASH
    assert store.path(HASH).stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [HASH]


@pytest.mark.parametrize("step", ["fsync", "replace", "fchmod"])
@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, StorageFullError), (errno.EIO, StorageError)])
def test_an_error_of_the_disk_leaves_no_torn_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, error: type[StorageError]
) -> None:
    store = FolderBlobStore(tmp_path)
    kept = store.put(b"what was there before")

    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(f"audio_library.blobs.os.{step}", fail)
        with pytest.raises(error):
            store.put(DATA)
    assert store.verify(kept)
    assert not store.verify(HASH)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_a_full_disk_keeps_the_old_data_whole_and_removes_the_rest(tmp_path: Path) -> None:
    """The limit on file size makes the kernel cut the write in the middle, as a full disk does."""
    store = FolderBlobStore(tmp_path)
    kept = store.put(b"what was there before")
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from audio_library.blobs import FolderBlobStore; from domain.errors import StorageFullError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: FolderBlobStore(Path(sys.argv[1])).put(bytes(200_000))\n"
        "except StorageFullError as error: print(error.sentence)"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, env=environment, timeout=30, check=True
    )
    assert "Ổ đĩa đã đầy" in ran.stdout.decode()
    assert store.verify(kept)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Không ghi được vào kho âm thanh"):
        FolderBlobStore(tmp_path / "file" / "audio").put(DATA)


def test_many_hands_at_once_make_one_whole_file(tmp_path: Path) -> None:
    store = FolderBlobStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(store.put, [DATA] * 40)) == {HASH}
    assert store.verify(HASH)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [HASH]
