"""The sound of a whole session: the right clip at the right sample, silence in the pauses, the level of its hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from audio_library import session_audio
from audio_library.codec import decode, encode_flac
from audio_library.session_audio import SessionAudio
from domain.errors import BadInputError, NotFoundError
from domain.playlist import PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.build import playlist_slot
from tests.fakes import MemoryBlobs

AT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9000, 9000, round(seconds * 48_000)).astype("<i2")


FIRST, SECOND_CLIP = noise(1.5, 1), noise(2.25, 2)


@pytest.fixture
def blobs() -> Iterator[MemoryBlobs]:
    held = MemoryBlobs()
    yield held
    held.close()


def slot(blobs: MemoryBlobs, *, gain_db: float = 0.0, refusal: str = "") -> PlaylistSlot:
    first, second = (blobs.put(encode_flac(one.tobytes())) for one in (FIRST, SECOND_CLIP))
    items = (
        PlannedItem("Nhạc hiệu", first, timedelta(seconds=1.5)),
        PlannedItem("Không có", None, timedelta(seconds=9), refusal="bản tin chưa được duyệt"),
        PlannedItem("Bản tin", second, timedelta(seconds=2.25), lead=2 * SECOND),
        PlannedItem("Nhắc lại", first, timedelta(seconds=1.5), lead=0.5 * SECOND),
    )
    planned = Slot(
        "k", "m", AT, "Sáng", Priority.NORMAL, LatePolicy.SKIP, SECOND, items, refusal=refusal, gain_db=gain_db
    )
    return playlist_slot(planned)


def heard(place: Path) -> np.ndarray:
    return np.frombuffer(decode(place.read_bytes()), dtype="<i2")


def test_each_clip_lies_at_its_sample_and_the_pauses_are_silent(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sound = heard(SessionAudio(blobs, tmp_path / "s").file_of(slot(blobs)))
    assert sound.size == round(7.75 * 48_000)
    assert np.array_equal(sound[:72_000], FIRST)
    assert not sound[72_000:168_000].any()
    assert np.array_equal(sound[168_000:276_000], SECOND_CLIP)
    assert not sound[276_000:300_000].any()
    assert np.array_equal(sound[300_000:], FIRST)


def test_the_volume_of_the_hour_is_heard(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sound = heard(SessionAudio(blobs, tmp_path).file_of(slot(blobs, gain_db=-6.0)))
    level = 20 * np.log10(np.std(sound[168_000:276_000]) / np.std(SECOND_CLIP))
    assert level == pytest.approx(-6.0, abs=0.01)


def test_what_is_made_too_loud_is_cut_off_and_never_wraps(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sound = heard(SessionAudio(blobs, tmp_path).file_of(slot(blobs, gain_db=12.0)))[:72_000]
    assert np.array_equal(np.sign(sound), np.sign(FIRST))
    assert sound.max() == 32767


def test_a_clip_is_cut_at_the_length_of_its_item_and_silence_follows_a_short_one(
    tmp_path: Path, blobs: MemoryBlobs
) -> None:
    name = blobs.put(encode_flac(FIRST.tobytes()))
    items = (PlaylistItem(name, timedelta(), SECOND, "cắt"), PlaylistItem(name, SECOND, 2 * SECOND, "ngắn"))
    given = PlaylistSlot("k", AT, "Sáng", Priority.NORMAL, LatePolicy.SKIP, SECOND, items)
    sound = heard(SessionAudio(blobs, tmp_path).file_of(given))
    assert np.array_equal(sound[:48_000], FIRST[:48_000])
    assert np.array_equal(sound[48_000:120_000], FIRST)
    assert not sound[120_000:144_000].any()
    assert sound.size == 144_000


def test_the_same_content_is_made_once(tmp_path: Path, blobs: MemoryBlobs) -> None:
    made = SessionAudio(blobs, tmp_path)
    place = made.file_of(slot(blobs))
    place.write_bytes(b"kept")
    assert made.file_of(slot(blobs)).read_bytes() == b"kept"
    assert made.file_of(slot(blobs, gain_db=-3.0)) != place
    assert not list(tmp_path.glob(".*"))


def test_the_folder_stays_within_its_bound(tmp_path: Path, blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_audio, "MOST_KEPT_BYTES", 1_000_000)
    made = SessionAudio(blobs, tmp_path)
    places = [made.file_of(slot(blobs, gain_db=-gain)) for gain in range(6)]
    assert places[-1].is_file()
    assert not places[0].is_file()
    assert sum(one.stat().st_size for one in tmp_path.glob("*.flac")) <= 1_000_000


def test_a_silent_session_and_one_of_many_hours_are_refused(tmp_path: Path, blobs: MemoryBlobs) -> None:
    with pytest.raises(BadInputError, match="không phát"):
        SessionAudio(blobs, tmp_path).file_of(slot(blobs, refusal="giờ yên tĩnh"))
    name = blobs.put(encode_flac(FIRST.tobytes()))
    items = (PlaylistItem(name, timedelta(hours=2), SECOND, "dài"),)
    given = PlaylistSlot("k", AT, "Sáng", Priority.NORMAL, LatePolicy.SKIP, SECOND, items)
    with pytest.raises(BadInputError, match="quá 2 giờ"):
        SessionAudio(blobs, tmp_path).file_of(given)


def test_a_missing_clip_is_told_and_leaves_no_file(tmp_path: Path, blobs: MemoryBlobs) -> None:
    given = slot(blobs)
    blobs.held.clear()
    with pytest.raises(NotFoundError):
        SessionAudio(blobs, tmp_path).file_of(given)
    assert list(tmp_path.iterdir()) == []
