"""Clips over a bed of music, made ahead by the worker: which, once only, and never a way around approval."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from audio_library.bedding import lay
from audio_library.blobs import FolderBlobStore
from audio_library.codec import decode, encode_flac
from audio_library.intake import take_in
from audio_library.library import Library
from audio_library.measure import measure
from bulletins.columns import ColumnDesk
from domain.audio import TARGET_LUFS, Clip, ClipKind, MasteredAudio
from domain.bulletins import BulletinState
from domain.errors import AudioError, BadInputError, NotAllowedError
from domain.people import Role
from domain.timetable import ItemKind, Programme, ProgrammeItem
from scheduler import planning
from scheduler.inputs import ZONE
from scheduler.items import mix_key
from scheduler.mixing import Mixing, wanted
from store import bulletins, clips, mixes, timetable
from store.bulletins import Draft
from tests.fakes import ExampleStation
from tests.unit.test_bedding import speech, tone

TODAY = date(2026, 11, 23)
EVENING = datetime.combine(TODAY, time(17), ZONE)


@pytest.fixture
def blobs(station: ExampleStation) -> FolderBlobStore:
    return FolderBlobStore(station.folder / "clips")


@pytest.fixture
def library(station: ExampleStation, blobs: FolderBlobStore) -> Library:
    return Library(station.database, station.clock, blobs, take_in)


@pytest.fixture
def mixing(station: ExampleStation, blobs: FolderBlobStore) -> Mixing:
    return Mixing(station.database, station.clock, blobs, decode, lay)


def on_a_bed(station: ExampleStation, blobs: FolderBlobStore, library: Library) -> tuple[Programme, Clip]:
    """Have the afternoon's programme be one bulletin of real sound over the station's own bed."""
    library.stock()
    (bed,) = library.shelf()[ClipKind.BED]
    data = encode_flac(speech())
    clip = Clip(
        blobs.put(data),
        len(data),
        "audio/flac",
        timedelta(seconds=20),
        measure(speech()),
        ClipKind.BULLETIN,
        "Tin",
        TODAY_AT,
    )
    with station.database.write() as connection:
        clips.put(connection, clip)
        bulletins.attach_clip(connection, "mau-mot-cua", 1, clip.hash)
        old = next(one for one in timetable.programmes(connection).values() if one.name == "Buổi chiều")
        items = (
            ProgrammeItem(kind=ItemKind.IDENT, clip_hash=library.shelf()[ClipKind.IDENT][0].hash),
            ProgrammeItem(kind=ItemKind.BED, clip_hash=bed.hash, duck_db=20.0),
            ProgrammeItem(bulletin_id="mau-mot-cua"),
        )
        timetable.put_programme(connection, replace(old, items=items))
    return replace(old, items=items), clip


TODAY_AT = EVENING.astimezone(ZONE)


def heard(station: ExampleStation) -> list[str | None]:
    (slot,) = station.timetable.will_sound("cum-san-thang", EVENING, EVENING + timedelta(minutes=1))
    return [one.clip_hash for one in slot.items]


def test_the_plain_clip_sounds_until_the_mix_is_there_and_then_the_mix_of_the_same_length(
    station: ExampleStation, blobs: FolderBlobStore, library: Library, mixing: Mixing
) -> None:
    programme, clip = on_a_bed(station, blobs, library)
    ident = programme.items[0].clip_hash
    assert heard(station) == [ident, clip.hash]
    mixing.run()
    with station.database.read() as connection:
        made = mixes.everything(connection)
        mixed = clips.get(connection, made[mix_key(programme.items[1], clip.hash)])
    assert list(made) == [mix_key(programme.items[1], clip.hash)]
    assert heard(station) == [ident, mixed.hash]
    assert (mixed.length, mixed.title, mixed.kind) == (clip.length, "Tin", ClipKind.BULLETIN)
    figures = measure(decode(blobs.path(mixed.hash).read_bytes()))
    assert figures == mixed.loudness
    assert figures.integrated_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert figures.true_peak_dbtp <= -2.0


def test_a_mix_is_made_once_even_by_another_worker(
    station: ExampleStation, blobs: FolderBlobStore, library: Library, mixing: Mixing
) -> None:
    on_a_bed(station, blobs, library)
    mixing.run()
    laid: list[float] = []

    def counted(words: bytes, bed: bytes, duck_db: float):
        laid.append(duck_db)
        return lay(words, bed, duck_db)

    Mixing(station.database, station.clock, blobs, decode, counted).run()
    assert laid == []


def test_a_withdrawn_bulletin_is_silent_over_its_bed_too(
    station: ExampleStation, blobs: FolderBlobStore, library: Library, mixing: Mixing
) -> None:
    on_a_bed(station, blobs, library)
    mixing.run()
    with station.database.write() as connection:
        one = bulletins.get(connection, "mau-mot-cua")
        bulletins.change_state(connection, one, BulletinState.WITHDRAWN, station.clock.now())
    (slot,) = station.timetable.will_sound("cum-san-thang", EVENING, EVENING + timedelta(minutes=1))
    assert slot.items[-1].refusal == "bản tin đã bị thu hồi"
    with station.database.read() as connection:
        inputs = planning.load(connection)
    assert wanted(inputs.shelf, inputs.terms, [TODAY]) == ()


def test_what_cannot_be_mixed_plays_plain_and_is_not_tried_again_at_once(
    station: ExampleStation, blobs: FolderBlobStore, library: Library
) -> None:
    _, clip = on_a_bed(station, blobs, library)
    tried: list[int] = []

    def broken(_words: bytes, _bed: bytes, _duck_db: float):
        tried.append(1)
        raise AudioError("Không ghép được.")

    mixing = Mixing(station.database, station.clock, blobs, decode, broken)
    mixing.run()
    mixing.run()
    assert tried == [1]
    assert heard(station)[-1] == clip.hash
    station.clock.go(timedelta(hours=1, minutes=1))
    mixing.run()
    assert tried == [1, 1]


def sound_file(folder: Path, pcm: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "tep.flac"
    file.write_bytes(encode_flac(pcm))
    return file


def test_a_sound_that_a_person_brings_is_levelled_and_named_once(
    station: ExampleStation, library: Library, tmp_path: Path
) -> None:
    person = station.person(Role.EDITOR)
    file = sound_file(tmp_path, tone(800, 6, 0.05))
    made = library.add(person, "  Nhạc   chiều ", ClipKind.BED, file)
    assert made.title == "Nhạc chiều"
    assert made.loudness.integrated_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert library.shelf()[ClipKind.BED] == (made,)
    for title, kind, words in (
        ("nhạc chiều", ClipKind.IDENT, "đã có âm thanh tên"),
        ("Khác", ClipKind.BED, "với tên «Nhạc chiều»"),
        ("Khác", ClipKind.BULLETIN, "một loại"),
        (" ", ClipKind.BED, "đặt tên"),
    ):
        with pytest.raises(BadInputError, match=words):
            library.add(person, title, kind, file)


def test_two_sounds_that_come_at_once_are_decoded_one_after_the_other(
    station: ExampleStation, blobs: FolderBlobStore, tmp_path: Path
) -> None:
    person, at_work, together = station.person(Role.EDITOR), [], []
    never = threading.Event()

    def slowly(file: Path, longest: timedelta) -> MasteredAudio:
        at_work.append(file)
        together.append(len(at_work))
        never.wait(0.3)  # time enough for the other to come in, if it may
        made = take_in(file, longest)
        at_work.remove(file)
        return made

    library = Library(station.database, station.clock, blobs, slowly)
    files = [sound_file(tmp_path / name, tone(pitch, 1.0, 0.2)) for name, pitch in (("a", 500), ("b", 800))]
    with ThreadPoolExecutor(2) as people:
        kept = people.map(lambda file: library.add(person, file.parent.name, ClipKind.OTHER, file), files)
    assert {one.title for one in kept} == {"a", "b"}
    assert together == [1, 1]


def test_useless_and_hostile_files_are_refused(station: ExampleStation, library: Library, tmp_path: Path) -> None:
    person = station.person(Role.EDITOR)
    playlist = tmp_path / "danh-sach.mp3"
    playlist.write_text("#EXTM3U\nhttp://127.0.0.1/x\n")
    with pytest.raises(BadInputError, match="Chỉ nhận tệp âm thanh"):
        library.add(person, "Một", ClipKind.IDENT, playlist)
    with pytest.raises(BadInputError, match="không có tiếng"):
        library.add(person, "Hai", ClipKind.IDENT, sound_file(tmp_path, bytes(96_000)))
    with pytest.raises(BadInputError, match="quá ngắn"):
        library.add(person, "Ba", ClipKind.IDENT, sound_file(tmp_path, tone(800, 0.3, 0.2)))
    with pytest.raises(NotAllowedError):
        library.add(station.person(Role.VIEWER), "Bốn", ClipKind.IDENT, playlist)
    assert not any(library.shelf().values())


def test_the_stations_own_sounds_are_put_in_once(library: Library) -> None:
    library.stock()
    held = library.shelf()
    library.stock()
    assert library.shelf() == held
    assert {kind: len(found) for kind, found in held.items() if found} == {
        ClipKind.IDENT: 1,
        ClipKind.STING: 3,  # the alarm of emergencies among them
        ClipKind.BED: 1,
    }
    assert all(abs(one.loudness.integrated_lufs - TARGET_LUFS) <= 1.0 for found in held.values() for one in found)


def test_the_newest_bulletin_of_a_column_sounds_and_gives_way_to_a_newer_one(station: ExampleStation) -> None:
    writer, approver = station.person(Role.EDITOR, Role.SCHEDULER), station.person(Role.APPROVER)
    column_id = ColumnDesk(station.database).put(writer, "Gương điển hình")
    with station.database.write() as connection:
        old = next(one for one in timetable.programmes(connection).values() if one.name == "Buổi chiều")
        timetable.put_programme(
            connection, replace(old, items=(ProgrammeItem(kind=ItemKind.LATEST, column_id=column_id),))
        )
    for title in ("Người thứ nhất", "Người thứ hai"):
        bulletin_id = station.desk.write(writer, Draft(title, "Việc tốt của bà con", column_id=column_id))
        station.desk.submit(writer, bulletin_id)
        station.clock.go(timedelta(minutes=1))
        job_id = station.desk.approve(approver, bulletin_id, 1, backup_voice_ok=False)
        station.production.produce(job_id)
        (slot,) = station.timetable.will_sound("cum-san-thang", EVENING, EVENING + timedelta(minutes=1))
        assert [(one.title, one.refusal) for one in slot.items] == [(title, "")]
