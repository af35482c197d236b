"""People's recordings: taken in safely, bound to the words they were made for, and heard in place of the voice."""

import io
import wave
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audio_library.codec import decode, encode_flac
from audio_library.intake import take_in
from audio_library.mastering import HornMastering
from audio_library.measure import integrated
from bulletins.production import Production
from bulletins.recordings import Booth, Cast, key_of, levelled, seal_of, trimmed, whole_key
from domain.audio import RECORDED, Clip, Speech
from domain.bulletins import Bulletin, Recording
from domain.errors import AudioError, BadInputError, NotAllowedError, NotFoundError, NoVoiceError, WrongStateError
from domain.jobs import JobState
from domain.people import Role, User
from store import clips, recordings
from store.bulletins import Draft
from tests.fakes import ExampleStation
from tests.fakes_audio import tone

SCRIPT = "Kính thưa bà con\nHôm nay họp bản"


def wav(folder: Path, seconds: float = 2.0, level: float = 0.3, rate: int = 44_100, pitch: float = 500.0) -> Path:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(seconds, level=level, rate=rate, pitch=pitch))
    place = folder / f"thu-{seconds}-{level}-{pitch}.wav"
    place.write_bytes(held.getvalue())
    return place


class Room:
    """A bulletin at a writer's desk, with a booth beside it."""

    def __init__(self, station: ExampleStation) -> None:
        self.station = station
        self.booth = Booth(station.database, station.reader, station.clock, station.blobs, take_in)
        self.author = station.person(Role.CONTRIBUTOR, name="Lò Văn Viết")
        self.approver = station.person(Role.APPROVER)
        self.id = station.written(self.author, SCRIPT)

    @property
    def bulletin(self) -> Bulletin:
        return self.station.bulletin(self.id)

    @property
    def cast(self) -> Cast:
        return self.booth.cast(self.bulletin)

    def key(self, words: str) -> str:
        return next(one.key for one in (*self.cast.opening, *self.cast.body) if words in one.sentence.spoken)

    def record(self, words: str, file: Path, user: User | None = None) -> Recording:
        key = self.key(words) if words else whole_key(self.bulletin.version)
        return self.booth.record(user or self.author, self.bulletin, key, file)

    def produced(self) -> Clip:
        """Return the clip after submission, approval and production with what really decodes."""
        station = self.station
        station.desk.submit(self.author, self.id)
        seal = seal_of(self.bulletin, self.cast)
        job_id = station.desk.approve(self.approver, self.id, self.bulletin.version, backup_voice_ok=False, seal=seal)
        self.production().produce(job_id)
        job = station.job(job_id)
        assert (job.state, job.error) == (JobState.DONE, "")
        with station.database.read() as connection:
            return clips.get(connection, self.bulletin.clip_hash or "")

    def production(self) -> Production:
        return replace(self.station.production, decode=decode)


@pytest.fixture
def room(station: ExampleStation) -> Room:
    return Room(station)


def test_a_sentence_read_by_a_person_is_heard_in_place_of_the_voice(room: Room, tmp_path: Path) -> None:
    made = room.record("họp bản", wav(tmp_path))
    assert (made.sentence, made.made_by_name, made.length) == ("Hôm nay họp bản", "Lò Văn Viết", timedelta(seconds=2))
    clip = room.produced()
    assert "họp bản" not in "".join(room.station.speaker.texts)
    assert "Kính thưa bà con" in room.station.speaker.texts[0]
    assert clip.voice is not None
    assert (clip.voice.engine, clip.voice.recorded, clip.voice.backup) == ("fake", 1, False)
    assert clip.length > timedelta(seconds=2)


def test_a_whole_bulletin_read_by_a_person_needs_no_voice_and_is_never_a_backup(room: Room, tmp_path: Path) -> None:
    room.station.speaker.backup = True
    room.station.speaker.failures = [NoVoiceError("không giọng nào")]
    room.record("", wav(tmp_path, 6.0))
    clip = room.produced()
    assert clip.voice is not None
    assert (clip.voice.engine, clip.voice.voice, clip.voice.backup) == (RECORDED, "Lò Văn Viết", False)
    assert room.station.speaker.texts == []


def test_every_sentence_read_by_people_is_wholly_by_people(room: Room, tmp_path: Path) -> None:
    room.station.speaker.backup = True
    second = room.station.person(Role.EDITOR, name="Vàng A Đọc")
    for number, line in enumerate((*room.cast.opening, *room.cast.body)):
        user = second if number else room.author
        room.booth.record(user, room.bulletin, line.key, wav(tmp_path, 1.0, pitch=400.0 + number))
    clip = room.produced()
    assert clip.voice is not None
    assert (clip.voice.engine, clip.voice.voice, clip.voice.backup) == (RECORDED, "Lò Văn Viết, Vàng A Đọc", False)
    assert room.station.speaker.texts == []


def test_an_edit_drops_the_recording_of_that_sentence_and_keeps_the_others(room: Room, tmp_path: Path) -> None:
    room.record("Kính thưa", wav(tmp_path, 1.0))
    room.record("họp bản", wav(tmp_path, 2.0))
    room.station.desk.revise(room.author, room.id, 1, Draft("Bản tin thử", "Kính thưa bà con\nNgày mai họp bản"))
    assert [one.sentence for one in room.cast.used] == ["Kính thưa bà con"]
    assert [one.sentence for one in room.cast.dropped] == ["Hôm nay họp bản"]
    room.station.desk.revise(room.author, room.id, 2, Draft("Bản tin thử", SCRIPT))
    assert len(room.cast.used) == 2, "undoing the edit brings it back"


def test_a_recording_of_the_whole_is_for_its_version_alone(room: Room, tmp_path: Path) -> None:
    room.record("", wav(tmp_path, 4.0))
    assert room.cast.whole is not None
    room.station.desk.revise(room.author, room.id, 1, Draft("Bản tin thử", SCRIPT + " hai"))
    assert (room.cast.whole, room.cast.used, len(room.cast.dropped)) == (None, (), 1)
    clip = room.produced()
    assert clip.voice is not None
    assert (clip.voice.engine, clip.voice.recorded) == ("fake", 0)


def test_a_new_recording_replaces_the_one_before_and_can_be_taken_away(room: Room, tmp_path: Path) -> None:
    first = room.record("họp bản", wav(tmp_path, 1.0))
    second = room.record("họp bản", wav(tmp_path, 2.0))
    assert [one.id for one in room.cast.used] == [second.id]
    assert room.station.blobs.verify(first.blob_hash), "the sound itself is not thrown away"
    room.booth.remove(room.author, room.id, second.id)
    assert room.cast.used == ()
    with pytest.raises(NotFoundError):
        room.booth.remove(room.author, room.id, second.id)


def test_only_writers_record_and_only_before_submission(room: Room, tmp_path: Path) -> None:
    kept = room.record("họp bản", wav(tmp_path))
    for role in (Role.VIEWER, Role.APPROVER, Role.SCHEDULER):
        with pytest.raises(NotAllowedError):
            room.record("họp bản", wav(tmp_path), room.station.person(role))
    room.station.desk.submit(room.author, room.id)
    for act in (
        lambda: room.record("họp bản", wav(tmp_path)),
        lambda: room.record("", wav(tmp_path)),
        lambda: room.booth.remove(room.author, room.id, kept.id),
    ):
        with pytest.raises(WrongStateError, match="đã trình duyệt"):
            act()
    assert [one.id for one in room.cast.used] == [kept.id]


def test_who_lends_the_voice_cannot_approve(room: Room, tmp_path: Path) -> None:
    both = room.station.person(Role.EDITOR, Role.APPROVER)
    room.record("họp bản", wav(tmp_path), both)
    room.station.desk.submit(room.author, room.id)
    with pytest.raises(NotAllowedError, match="không được tự duyệt"):
        room.station.desk.approve(both, room.id, 1, backup_voice_ok=False)


def test_an_approver_who_heard_something_else_is_asked_to_listen_again(room: Room, tmp_path: Path) -> None:
    room.record("họp bản", wav(tmp_path, 1.0))
    room.station.desk.submit(room.author, room.id)
    heard = seal_of(room.bulletin, room.cast)
    room.station.desk.return_(room.approver, room.id, 1, "thu lại")
    room.record("họp bản", wav(tmp_path, 2.0))
    room.station.desk.submit(room.author, room.id)
    with pytest.raises(WrongStateError, match="nghe lại"):
        room.station.desk.approve(room.approver, room.id, 1, backup_voice_ok=False, seal=heard)
    seal = seal_of(room.bulletin, room.cast)
    room.station.desk.approve(room.approver, room.id, 1, backup_voice_ok=False, seal=seal)


def refused(folder: Path) -> list[tuple[Path, str]]:
    text = folder / "trang.mp3"
    text.write_bytes(b"<html>khong phai am thanh</html>" * 40)
    broken = folder / "hong.flac"
    broken.write_bytes(encode_flac(tone(1.0, rate=48_000))[:60])
    empty = folder / "rong.wav"
    empty.write_bytes(b"")
    return [
        (text, "Chỉ nhận tệp âm thanh"),
        (empty, "Chỉ nhận tệp âm thanh"),
        (broken, "hỏng"),
        (wav(folder, 0.2), "quá ngắn"),
        (wav(folder, 3.0, level=0.0), "không có tiếng"),
        (wav(folder, 181.0), "dài quá 3 phút"),
    ]


def test_what_is_no_use_is_refused_in_words_and_nothing_is_lost(room: Room, tmp_path: Path) -> None:
    kept = room.record("họp bản", wav(tmp_path))
    blobs = dict(room.station.blobs.held)
    for file, words in refused(tmp_path):
        with pytest.raises((BadInputError, AudioError), match=words):
            room.record("họp bản", file)
    assert [one.id for one in room.cast.used] == [kept.id]
    assert room.station.blobs.held == blobs


def test_a_sentence_that_was_edited_meanwhile_takes_no_recording(room: Room, tmp_path: Path) -> None:
    seen, key = room.bulletin, room.key("họp bản")
    room.station.desk.revise(room.author, room.id, 1, Draft("Bản tin thử", "Kính thưa bà con\nNgày mai họp bản"))
    with pytest.raises(WrongStateError):
        room.booth.record(room.author, seen, key, wav(tmp_path))
    with pytest.raises(WrongStateError, match="vừa được sửa"):
        room.booth.record(room.author, room.bulletin, key, wav(tmp_path))
    with pytest.raises(WrongStateError):
        room.booth.record(room.author, room.bulletin, whole_key(1), wav(tmp_path))
    with room.station.database.read() as connection:
        assert recordings.of_bulletin(connection, room.id) == ()


def test_a_recording_whose_file_is_gone_is_told_and_the_bulletin_stays(room: Room, tmp_path: Path) -> None:
    made = room.record("họp bản", wav(tmp_path))
    room.station.desk.submit(room.author, room.id)
    job_id = room.station.desk.approve(room.approver, room.id, 1, backup_voice_ok=False)
    del room.station.blobs.held[made.blob_hash]
    room.production().produce(job_id)
    job = room.station.job(job_id)
    assert (job.state, job.error) == (JobState.FAILED, "Tệp âm thanh này không còn trong kho.")


@pytest.mark.parametrize("level", [0.01, 0.9], ids=["faint", "loud"])
def test_a_persons_sentence_is_as_loud_as_the_voices(level: float) -> None:
    voice = levelled([Speech(tone(2.0, level=0.3), 22_050), Speech(tone(1.0, level=0.2), 22_050)])
    person = levelled([Speech(tone(2.0, level=level, rate=48_000), 48_000)])[0]
    assert abs(integrated(person.pcm, 48_000) - integrated(voice[0].pcm, 22_050)) < 2.0
    assert len(person.pcm) == 2 * 96_000


def test_the_quiet_around_a_recording_is_cut_but_not_its_breath() -> None:
    quiet, words = bytes(2 * 48_000), tone(1.0, rate=48_000)
    cut = len(trimmed(quiet + words + quiet)) / 2 / 48_000
    assert 1.1 <= cut <= 1.2
    assert trimmed(b"") == b""
    assert trimmed(quiet) == quiet


def test_a_recording_at_another_rate_is_mastered_with_the_voice(room: Room, tmp_path: Path) -> None:
    room.record("họp bản", wav(tmp_path, 2.0, rate=8_000))
    room.station.desk.submit(room.author, room.id)
    job_id = room.station.desk.approve(room.approver, room.id, 1, backup_voice_ok=False)
    replace(room.production(), mastering=HornMastering()).produce(job_id)
    with room.station.database.read() as connection:
        clip = clips.get(connection, room.bulletin.clip_hash or "")
    assert abs(clip.loudness.integrated_lufs + 16) <= 0.5
    assert clip.loudness.true_peak_dbtp <= -2


def test_a_key_is_the_hash_of_what_is_said(room: Room) -> None:
    lines = room.cast.body
    assert len({line.key for line in lines}) == len(lines)
    assert all(len(line.key) == 64 and line.key == key_of(line.sentence) for line in lines)
