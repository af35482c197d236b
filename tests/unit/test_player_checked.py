"""A clip is what its hash says for as long as it is read."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import TrustError
from player.cabinet import Cabinet
from player.checked import PIECE, CheckedFile
from player.decode import Reel
from player.pinned import Pinned
from tests.fakes_player import Sound, sound, wait_until

LONG = sound(30.0)


def checked(data: bytes) -> CheckedFile:
    return CheckedFile(io.BytesIO(data), Sound(LONG.samples, data).hash)


moves = st.lists(st.tuples(st.sampled_from(["read", "seek"]), st.integers(-5, 5 * PIECE), st.sampled_from([0, 1, 2])))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 4 * PIECE + 3), moves)
def test_it_reads_as_any_file_does(size: int, moved: list[tuple[str, int, int]]) -> None:
    data = LONG.data[:size]
    ours, plain = checked(data), io.BytesIO(data)
    for what, number, whence in moved:
        if what == "read":
            assert ours.read(number) == plain.read(max(number, -1))
        else:
            place = max({0: 0, 1: plain.tell(), 2: size}[whence] + number, 0)
            assert ours.seek(number, whence) == plain.seek(place)
        assert ours.tell() == plain.tell()


def test_other_bytes_are_refused_at_once() -> None:
    with pytest.raises(TrustError, match="mã băm"):
        CheckedFile(io.BytesIO(LONG.data[:-1] + b"x"), LONG.hash)


def test_what_is_changed_in_place_afterwards_is_not_given_out() -> None:
    stream = io.BytesIO(LONG.data)
    ours = CheckedFile(stream, LONG.hash)
    assert ours.read(PIECE) == LONG.data[:PIECE]
    stream.seek(PIECE * 3 + 17)
    stream.write(b"evil")
    assert ours.read(PIECE * 2) == LONG.data[PIECE : PIECE * 3]
    with pytest.raises(TrustError, match="trong lúc phát"):
        ours.read(1)


def test_a_file_exchanged_in_place_while_it_sounds_falls_silent_and_is_told(tmp_path: Path) -> None:
    path, evil = tmp_path / LONG.hash, sound(30.0, seed=9)
    path.write_bytes(LONG.data)
    reel = Reel(path, LONG.hash, "audio/wav", lambda: None)
    assert reel.ready.wait(10)
    path.write_bytes(evil.data)
    heard = []
    while not reel.exhausted:
        heard.append(reel.take(4800))
        if not len(heard[-1]):
            wait_until(lambda: reel.exhausted or reel._buffered)
    samples = np.concatenate(heard)
    assert len(samples) < len(LONG.samples)
    assert np.array_equal(samples, LONG.samples[: len(samples)])
    assert reel.damaged
    assert "trong lúc phát" in reel.failure


class Turncoat(io.BytesIO):
    """A file that is another one once it was read whole."""

    def __init__(self, first: bytes, then: bytes) -> None:
        super().__init__(first)
        self._then = then

    def seek(self, offset: int, whence: int = 0) -> int:
        if self._then and self.tell() == len(self.getbuffer()):
            self.getbuffer()[:] = self._then
        return super().seek(offset, whence)


def test_no_emergency_is_taken_into_memory_from_a_file_that_changes_after_it_was_hashed() -> None:
    other = sound(30.0, seed=2)
    path = SimpleNamespace(open=lambda _mode: Turncoat(LONG.data, other.data))
    cabinet = SimpleNamespace(holds=lambda _hash: True, clip_path=lambda _hash: path)
    damaged: list[str] = []
    pinned = Pinned(cast(Cabinet, cabinet), lambda: None, damaged.append)
    pinned.want((LONG.ref,))
    pinned.load()
    assert not pinned.in_memory(LONG.hash)
    assert damaged == [LONG.hash]
