"""A Piper voice as people pass it on: a folder or a zip of one model, its JSON file, maybe a text about its licence.

What is given comes from strangers. Nothing is unpacked: the few files that are wanted are found by name, checked,
and read as streams that stop at a cap, so a bomb or a path that climbs has nothing to act on.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from domain.errors import BadInputError

MODEL_LIMIT_BYTES = 200_000_000
"""The largest model: the best quality that Piper offers is some 115 MB."""

TEXT_LIMIT_BYTES = 64_000

_ZIP_LIMIT_BYTES = MODEL_LIMIT_BYTES + 2_000_000
_MOST_FILES = 64
_TAIL_BYTES = 65_557
_TEXTS = ("model_card", "model_card.md", "model_card.txt", "license", "licence", "license.md", "license.txt")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)

Open = Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file of a package; `size` in bytes is as declared and may be a lie."""

    name: str
    size: int
    open: Open


@dataclass(frozen=True, slots=True)
class Package:
    """The files of one voice; `texts` are those that may name its licence."""

    model: PackagedFile
    config: PackagedFile
    texts: tuple[PackagedFile, ...]

    @property
    def stem(self) -> str:
        """The model's name without its ending."""
        return PurePosixPath(self.model.name).stem


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Give the voice in the folder or zip file `path`.

    Raises BadInputError, also for what turns out to be broken while the block reads it.
    """
    try:
        with _files_of(path) as files:
            yield _sorted_out(files)
    except _BROKEN as error:
        raise BadInputError(f"Không đọc được «{path}»: tệp bị hỏng hoặc thiếu quyền đọc. Chưa giữ lại gì.") from error


@contextmanager
def _files_of(path: Path) -> Iterator[list[PackagedFile]]:
    if path.is_dir():
        yield _in_folder(path)
        return
    if path.suffix.lower() != ".zip" or not path.is_file():
        raise BadInputError(f"«{path}» không phải thư mục hay tệp .zip của một giọng Piper. Chưa giữ lại gì.")
    _refuse_monstrous(path)
    with zipfile.ZipFile(path) as archive:
        yield _in_zip(archive)


def read_whole(file: PackagedFile, limit_bytes: int) -> bytes:
    """Return the bytes of a small file. Raises BadInputError when there are more than `limit_bytes`."""
    with file.open() as stream:
        data = stream.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise BadInputError(f"Tệp «{file.name}» lớn quá {limit_bytes // 1000} KB. Chưa giữ lại gì.")
    return data


def _sorted_out(files: list[PackagedFile]) -> Package:
    models = [file for file in files if file.name.lower().endswith(".onnx")]
    if len(models) != 1:
        raise BadInputError(f"Cần đúng một tệp .onnx, ở đây có {len(models)}. Chưa giữ lại gì.")
    model = models[0]
    configs = [file for file in files if file.name == f"{model.name}.json"]
    if len(configs) != 1:
        raise BadInputError(f"Thiếu tệp «{model.name}.json» đi cùng model. Chưa giữ lại gì.")
    if model.size > MODEL_LIMIT_BYTES:
        raise BadInputError(f"Model lớn quá {MODEL_LIMIT_BYTES // 1_000_000} MB. Chưa giữ lại gì.")
    texts = sorted(
        (file for file in files if file.name.lower() in _TEXTS), key=lambda one: _TEXTS.index(one.name.lower())
    )
    return Package(model, configs[0], tuple(texts))


def _in_folder(folder: Path) -> list[PackagedFile]:
    files = []
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries, start=1):
            if count > _MOST_FILES:
                raise _too_many()
            if entry.is_symlink():
                raise BadInputError(f"«{entry.name}» là liên kết, không nhận. Hãy chép tệp thật vào thư mục.")
            if entry.is_file():
                path = Path(entry.path)
                files.append(PackagedFile(entry.name, entry.stat().st_size, partial(_opened_file, path)))
    return files


def _opened_file(path: Path) -> IO[bytes]:
    """Open a plain file and nothing else: it may have become a link or a pipe since it was looked at."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInputError(f"«{path.name}» không phải tệp thường. Chưa giữ lại gì.")
    return os.fdopen(descriptor, "rb")


def _refuse_monstrous(path: Path) -> None:
    """Refuse a zip that is too large or lists too many files, before `zipfile` reads its whole list into memory.

    Source: the end record of a zip (PKWARE APPNOTE 4.3.16); the 64 bit one is for sizes no voice has.
    """
    size = path.stat().st_size
    if size > _ZIP_LIMIT_BYTES:
        raise BadInputError(f"Tệp .zip lớn quá {_ZIP_LIMIT_BYTES // 1_000_000} MB. Chưa giữ lại gì.")
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("no end record")
    if b"PK\6\7" in tail[max(0, at - 20) : at]:
        raise _too_many()
    listed, list_bytes = (
        int.from_bytes(tail[at + 10 : at + 12], "little"),
        int.from_bytes(tail[at + 12 : at + 16], "little"),
    )
    if listed > _MOST_FILES or list_bytes > _TAIL_BYTES:
        raise _too_many()


def _in_zip(archive: zipfile.ZipFile) -> list[PackagedFile]:
    """Return the plain files of `archive`, which lie at its top or all in one folder."""
    entries = archive.infolist()
    if len(entries) > _MOST_FILES:
        raise _too_many()
    for entry in entries:
        _refuse_odd(entry)
    plain = [entry for entry in entries if not entry.is_dir()]
    if len({PurePosixPath(entry.filename).parent for entry in plain}) > 1:
        raise BadInputError("Các tệp trong .zip phải nằm cùng một chỗ. Chưa giữ lại gì.")
    return [
        PackagedFile(PurePosixPath(entry.filename).name, entry.file_size, partial(archive.open, entry))
        for entry in plain
    ]


def _refuse_odd(entry: zipfile.ZipInfo) -> None:
    name, path = entry.filename, PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or len(path.parts) > 2:
        raise BadInputError("Tệp .zip có đường dẫn lạ bên trong, không nhận. Chưa giữ lại gì.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadInputError("Tệp .zip chứa liên kết hoặc tệp đặc biệt, không nhận. Chưa giữ lại gì.")
    if entry.flag_bits & 1:
        raise BadInputError("Tệp .zip có mật khẩu, không mở được. Chưa giữ lại gì.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadInputError("Tệp .zip nén kiểu lạ. Hãy nén lại theo kiểu thường (deflate). Chưa giữ lại gì.")


def _too_many() -> BadInputError:
    return BadInputError(f"Có quá {_MOST_FILES} tệp. Một giọng Piper chỉ có vài tệp. Chưa giữ lại gì.")
