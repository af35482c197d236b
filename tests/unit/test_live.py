"""Live chunks: packed, signed, and heard only when the key that the playlist names has signed them."""

import io
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import AudioError, BadInputError, ServerUnreachableError, TrustError
from domain.live import MEDIA, Chunk, message_of, pack, unpack
from domain.sources import Source, SourceKind
from player.line import Answer, Line
from player.live import LEAST, LONGEST_CHUNK, MOST, Ear, LiveTaker, source_in
from player.sources import opener
from player.tap import Tap
from tests.fakes_player import MACHINE, item, playlist, slot, sound, wait_until
from tests.fakes_stream import RATE, encoded, tone
from tests.unit.test_outside import share_of, steepest

KEY = Ed25519PrivateKey.generate()
SOURCE = Source(SourceKind.LIVE, session="buoi-1", key=KEY.public_key().public_bytes_raw().hex())
L16, L48 = MEDIA[0], MEDIA[1]


def spoken(sequence: int, data: bytes, media: str = L48, session: str = "buoi-1", by: Ed25519PrivateKey = KEY) -> Chunk:
    """Return a chunk as who speaks signs it."""
    return Chunk(sequence, media, by.sign(message_of(session, sequence, media, data)), data)


@given(
    st.lists(
        st.builds(
            Chunk,
            st.integers(0, 2**31),
            st.sampled_from(MEDIA),
            st.binary(min_size=64, max_size=64),
            st.binary(min_size=1),
        )
    )
)
def test_chunks_come_back_as_they_were_packed(chunks: list[Chunk]) -> None:
    assert list(unpack(b"".join(map(pack, chunks)))) == chunks


@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with pytest.raises(BadInputError):
        list(unpack(data))


def test_bare_samples_pass_bit_for_bit() -> None:
    samples = tone(1.0)
    assert np.array_equal(Ear(SOURCE).frames_of(spoken(1, samples.tobytes())), samples)


def test_a_slower_rate_is_joined_across_chunks_without_a_click() -> None:
    ear, low = Ear(SOURCE), np.rint(np.sin(np.arange(32_000) * 2 * np.pi * 200 / 16_000) * 8000).astype("<i2")
    pieces = [ear.frames_of(spoken(number + 1, low[number * 8000 :][:8000].tobytes(), L16)) for number in range(4)]
    heard = np.concatenate(pieces)
    assert abs(len(heard) - 2 * RATE) < 200
    assert share_of(heard[4800:], 200) > 0.98
    assert steepest(heard) < 300


@pytest.mark.parametrize(("kind", "media"), [("flac", "audio/flac"), ("ogg", "audio/ogg")])
def test_small_files_are_heard(kind: str, media: str) -> None:
    heard = Ear(SOURCE).frames_of(spoken(1, encoded(tone(1.0), kind), media))
    assert len(heard) == pytest.approx(RATE, abs=1000)
    assert share_of(heard[9600:38_400], 400) > 0.9


def test_the_order_never_goes_back_and_no_chunk_is_heard_twice() -> None:
    ear, data = Ear(SOURCE), tone(0.1).tobytes()
    assert len(ear.frames_of(spoken(5, data)))
    assert not len(ear.frames_of(spoken(5, data)))
    assert not len(ear.frames_of(spoken(4, data)))
    assert len(ear.frames_of(spoken(9, data)))


DATA = tone(0.1).tobytes()
TRUE = spoken(1, DATA)


@pytest.mark.parametrize(
    "forged",
    [
        spoken(1, DATA, by=Ed25519PrivateKey.generate()),
        spoken(1, DATA, session="buoi-2"),
        replace(TRUE, sequence=2),
        replace(TRUE, media_type=L16),
        replace(TRUE, data=DATA[:-2] + b"\0\1"),
        replace(TRUE, signature=bytes(64)),
    ],
    ids=["another key", "another session", "another place", "another kind", "another sound", "no signature"],
)
def test_what_is_not_signed_by_who_speaks_is_not_heard(forged: Chunk) -> None:
    ear = Ear(SOURCE)
    with pytest.raises(TrustError):
        ear.frames_of(forged)
    assert len(ear.frames_of(TRUE))


def test_a_chunk_is_never_longer_than_it_may_be() -> None:
    bomb = encoded(np.zeros(600 * RATE, np.int16), "flac")
    assert len(Ear(SOURCE).frames_of(spoken(1, bomb[: 256 * 1024], "audio/flac"))) <= LONGEST_CHUNK


def test_rubbish_that_is_signed_is_an_error_of_sound() -> None:
    with pytest.raises(AudioError):
        Ear(SOURCE).frames_of(spoken(1, io.BytesIO(b"x" * 1000).getvalue(), "audio/flac"))


class Answers:
    """A line that answers one thing after another, and then nothing."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def get(self, path: str, _headers: object, _most: int) -> Answer:
        self.asked.append(path)
        told = self.answers.pop(0) if self.answers else Answer(204, {}, b"")
        if isinstance(told, Exception):
            raise told
        return told if isinstance(told, Answer) else Answer(200, {}, cast(bytes, told))


def taken(line: Answers, source: Source | None = SOURCE) -> tuple[Tap, LiveTaker]:
    tap = Tap(LEAST, MOST, lively=True)
    taker = LiveTaker(cast(Line, line), lambda: source, tap)
    taker.start()
    return tap, taker


def test_chunks_are_asked_for_after_the_last_and_one_bad_one_stops_nothing() -> None:
    good = tone(0.5).tobytes()
    forged = spoken(2, good, by=Ed25519PrivateKey.generate())
    line = Answers(
        pack(spoken(1, good)),
        ServerUnreachableError("Mất mạng."),
        b"TLL1 cut",
        Answer(404, {}, b"{}"),
        pack(forged) + pack(spoken(3, good)),
    )
    tap, _ = taken(line)
    wait_until(lambda: tap.held >= RATE)
    tap.close()
    assert line.asked[0].endswith("/live/buoi-1?after=0")
    assert line.asked[1].endswith("?after=1")


class Parrot:
    """A line that gives everything that was ever said, whatever it is asked for."""

    def __init__(self, *chunks: Chunk) -> None:
        self.said = list(chunks)

    def get(self, *_asked: object) -> Answer:
        time.sleep(0.01)
        return Answer(200, {}, b"".join(map(pack, self.said)))


def test_what_was_heard_before_an_emergency_is_not_heard_again_after_it_whatever_the_centre_sends() -> None:
    clip, now = sound(0.1), datetime.now(UTC)
    made = playlist([slot("noi", now, replace(item(clip), source=SOURCE))], [clip], now)
    line = Parrot(spoken(1, tone(1.0).tobytes()), spoken(2, tone(1.0).tobytes()))
    open_source = opener(cast(Line, line), lambda: made, ())
    before, after = (Tap(LEAST, MOST, lively=True) for _ in range(2))
    open_source(f"{MACHINE}/noi/0", SOURCE, before)
    wait_until(lambda: before.held == 2 * RATE)
    before.close()
    line.said.append(spoken(3, tone(0.5).tobytes()))
    open_source(f"{MACHINE}/noi/0", SOURCE, after)
    wait_until(lambda: after.held)
    assert after.held == RATE // 2
    after.close()


@pytest.mark.parametrize("source", [None, Source(SourceKind.LIVE)])
def test_nothing_is_asked_for_while_nobody_has_opened_the_session(source: Source | None) -> None:
    line = Answers()
    tap, _ = taken(line, source)
    wait_until(lambda: tap.trouble == "buổi trực tiếp chưa được mở")
    tap.close()
    assert line.asked == []


def test_what_lags_behind_is_left_out() -> None:
    tap = Tap(LEAST, MOST, lively=True)
    for _ in range(20):
        tap.put(tone(0.5))
        tap.take(480)
    assert tap.held <= MOST


def test_the_source_is_that_of_the_playlist_in_force() -> None:
    clip, now = sound(0.1), datetime.now(UTC)
    named = replace(item(clip), source=SOURCE)
    made = playlist([slot("a/1", now, item(clip), named)], [clip], now)
    assert source_in(made, f"{MACHINE}/a/1/1") == SOURCE
    assert source_in(made, f"{MACHINE}/a/1/0") is None
    assert source_in(made, f"{MACHINE}/b/1/1") is None
    assert source_in(made, f"{MACHINE}/a/1/7") is None
    assert source_in(None, f"{MACHINE}/a/1/1") is None
    refused = replace(made, slots=(replace(made.slots[0], refusal="dừng"),))
    assert source_in(refused, f"{MACHINE}/a/1/1") is None
