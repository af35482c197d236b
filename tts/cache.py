"""Sentences that were spoken before, so that after an edit only what changed is spoken again."""

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
import time
from pathlib import Path

from domain.audio import PLAIN, Manner, Speech
from domain.ports import VoiceEngine

_LOG = logging.getLogger(__name__)

_MAGIC = b"TLC1"
_HEAD = struct.Struct(">4sI32s")
"""Magic, frames a second, SHA-256 of the PCM that follows."""

_KEPT_AFTER_CLEANING = 0.9
_ABANDONED_AFTER_S = 3600.0
_COUNTED_ANEW_EVERY = 200
"""Other processes fill the same folder, so what it holds is counted again after so many sentences."""


class SentenceCache:
    """Keeps speech in files of `folder`, at most about `limit_bytes`; the least recently used go first.

    Nothing here is ever needed: what cannot be read, or is not whole, is spoken again; what cannot be written is
    logged and forgotten. Each file carries the hash of its sound, so a torn one is noticed without an fsync a sentence.
    """

    def __init__(self, folder: Path, limit_bytes: int = 500_000_000) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._held_bytes: int | None = None
        self._added = 0

    def get(self, engine: VoiceEngine, sentence: str, manner: Manner = PLAIN) -> Speech | None:
        """Return the speech of `sentence` by `engine` as it is set now, or None when it is not held whole."""
        file = self._file(engine, sentence, manner)
        try:
            speech = _parsed(file.read_bytes())
            if speech is None:
                file.unlink()
            else:
                os.utime(file)
        except OSError:
            return None
        return speech

    def put(self, engine: VoiceEngine, sentence: str, speech: Speech, manner: Manner = PLAIN) -> None:
        """Keep `speech`, and make room when there is too much."""
        data = _HEAD.pack(_MAGIC, speech.rate, hashlib.sha256(speech.pcm).digest()) + speech.pcm
        if len(data) > self._limit_bytes // 10:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(self._file(engine, sentence, manner), data)
            self._make_room(len(data))
        except OSError as error:
            _LOG.warning("sentence not cached: %s", error)

    def _file(self, engine: VoiceEngine, sentence: str, manner: Manner) -> Path:
        said = [] if manner == PLAIN else [manner.presenter, manner.slower]
        key = json.dumps([sentence, engine.name, engine.voice, engine.version, *said], ensure_ascii=False)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.pcm"

    def _write(self, target: Path, data: bytes) -> None:
        descriptor, beside = tempfile.mkstemp(prefix=".ghi-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise

    def _make_room(self, added: int) -> None:
        self._added += 1
        if self._held_bytes is not None:
            self._held_bytes += added
        stale = self._added % _COUNTED_ANEW_EVERY == 0
        if self._held_bytes is None or stale or self._held_bytes > self._limit_bytes:
            self._held_bytes = self._cleaned()

    def _cleaned(self) -> int:
        """Remove abandoned temporary files and, when over the limit, the least recently used; return what is held."""
        held, total = [], 0
        abandoned = time.time() - _ABANDONED_AFTER_S
        for entry in os.scandir(self._folder):
            with contextlib.suppress(OSError):
                state = entry.stat()
                if entry.name.startswith(".") and state.st_mtime < abandoned:
                    os.unlink(entry.path)
                elif not entry.name.startswith("."):
                    held.append((state.st_mtime_ns, state.st_size, entry.path))
                    total += state.st_size
        if total <= self._limit_bytes:
            return total
        return total - _removed(sorted(held), total - int(self._limit_bytes * _KEPT_AFTER_CLEANING))


def _removed(oldest_first: list[tuple[int, int, str]], excess: int) -> int:
    """Remove files until `excess` bytes are gone; return how many bytes went."""
    gone = 0
    for _used, size, path in oldest_first:
        if gone >= excess:
            break
        with contextlib.suppress(OSError):
            os.unlink(path)
            gone += size
    return gone


def _parsed(data: bytes) -> Speech | None:
    """Return the speech in a cache file, or None when the file is not whole."""
    if len(data) < _HEAD.size:
        return None
    magic, rate, digest = _HEAD.unpack_from(data)
    pcm = data[_HEAD.size :]
    if magic != _MAGIC or hashlib.sha256(pcm).digest() != digest:
        return None
    return Speech(pcm, int(rate))
