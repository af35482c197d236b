"""The courier pack: a stick between a centre and a machine that never meet over any line."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.courier import airings_document, machine_folder, read_airings
from domain.errors import NotFoundError, TiengLoaError, TrustError
from domain.people import Role
from player import errands
from player.clock import SystemClock
from player.courier import Courier, Watch
from player.events import Finished, PlaylistAccepted
from player.line import Line
from player.machine import Machine, MachineSettings
from player.stick import Stick
from player.sync import Sync
from player.trust import read_sealed, seal
from scheduler.courier import CourierDesk
from store import enrolments
from tests.commands import Here
from tests.fakes_courier import CLIPS, Between
from tests.fakes_player import heard, item, signed, slot, sound, wait_until
from tiengloa import exits
from web.usb_pack import zipped

THIEF = Ed25519PrivateKey.generate()


@pytest.fixture
def between(tmp_path: Path) -> Iterator[Between]:
    made = Between(tmp_path)
    yield made
    made.close()


@pytest.fixture
def centre(between: Between, here: Here) -> Callable[..., list[dict[str, object]]]:
    """Run a courier command at the centre and return what it says."""

    def run(*words: str, code: int = exits.OK) -> list[dict[str, object]]:
        done = here("--data", str(between.data), "courier", *words, "--json")
        assert done.code == code, done.err
        return json.loads(done.out) if done.out else []

    return run


def export(between: Between, centre: Callable[..., list[dict[str, object]]]) -> dict[str, object]:
    [one] = centre("export", "--machine", "Máy bản San Thàng", "--to", str(between.usb))
    return one


def test_the_whole_way_there_and_back_with_no_network_at_all(between: Between, here: Here, centre) -> None:
    between.publish(between.planned(1))
    assert export(between, centre) == {
        "machine": "Máy bản San Thàng",
        "counter": 1,
        "copied": 2,
        "lying": 0,
        "size": sum(len(clip.data) for clip in CLIPS),
    }
    between.missed("x", "y")
    told = here("machine", "courier", str(between.usb), "--dir", str(between.hut), "--json")
    assert told.code == exits.OK, told.err
    visit = json.loads(told.out)
    assert (visit["counter"], visit["is_new"], visit["brought"], visit["lacking"]) == (1, True, 2, 0)
    assert (visit["taken"], visit["acknowledged"]) == (2, 0)
    assert [between.cabinet.clip_path(clip.hash).read_bytes() == clip.data for clip in CLIPS] == [True, True]
    for _ in range(2):
        assert centre("import", str(between.usb)) == [{"machine": "Máy bản San Thàng", "airings": 2, "problem": ""}]
    assert between.known_at_the_centre() == {"x", "y"}
    with between.station.database.read() as connection:
        [(act, _), *_] = enrolments.acts(connection, [between.machine_id])
    assert "2 lượt phát từ USB" in act.words
    between.missed("z")
    export(between, centre)
    visit = between.visit()
    assert (visit.is_new, visit.acknowledged, visit.taken) == (False, 2, 1)
    assert [entry.slot for entry in between.journal.unsent()] == ["z"]


def test_what_lies_on_the_stick_is_not_copied_again_and_half_a_pack_goes_on(between: Between, centre) -> None:
    between.publish(between.planned(1))
    shelf = between.usb / "TIENGLOA" / "clips"
    shelf.mkdir(parents=True)
    (shelf / CLIPS[0].hash).write_bytes(CLIPS[0].data)
    (shelf / f"{CLIPS[1].hash}.new").write_bytes(CLIPS[1].data[:100])
    assert (export(between, centre)["copied"], export(between, centre)["copied"]) == (1, 0)
    assert sorted(path.name for path in shelf.iterdir()) == sorted(clip.hash for clip in CLIPS)


def test_a_pack_is_whole_before_it_has_a_playlist(between: Between, centre, monkeypatch: pytest.MonkeyPatch) -> None:
    between.publish(between.planned(1))
    real = Stick.put

    def pulled(stick: Stick, name: str, pour: Callable[..., object]) -> None:
        if name == CLIPS[1].hash:
            raise OSError(5, "Input/output error")
        real(stick, name, pour)

    with monkeypatch.context() as patch:
        patch.setattr(Stick, "put", pulled)
        centre("export", "--all", "--to", str(between.usb), code=exits.FAULT)
    assert not (between.own / "playlist.json").exists()
    export(between, centre)
    assert between.visit().brought == 2


def test_names_on_the_stick_are_such_as_fat_keeps(between: Between, centre) -> None:
    between.publish(between.planned(1))
    between.missed("x")
    export(between, centre)
    between.visit()
    names = [name for _, folders, files in os.walk(between.usb) for name in (*folders, *files)]
    assert all(name.isascii() and len(name) <= 64 and not set(name) & set('<>:"|?*\\') for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert machine_folder("MAY/../x").startswith("may-")
    assert ".." not in machine_folder("MAY/../x")


def test_without_room_nothing_is_begun(between: Between, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    between.publish(between.planned(1))
    monkeypatch.setattr(Stick, "free_bytes", lambda _stick: 1000)
    done = here("--data", str(between.data), "courier", "export", "--all", "--to", str(between.usb))
    assert done.code != exits.OK
    assert "Chưa chép gì" in done.err
    assert not between.own.exists()


def test_an_unknown_machine_is_told_with_the_known_ones(between: Between, here: Here) -> None:
    done = here("--data", str(between.data), "courier", "export", "--machine", "Máy lạ", "--to", str(between.usb))
    assert done.code == exits.BAD_INPUT
    assert "«Máy bản San Thàng»" in done.err


@pytest.mark.parametrize("typed", ["may ban san thang", "MÁY  Bản San Thàng"])
def test_the_name_of_a_machine_needs_no_tone_marks(typed: str, between: Between, centre) -> None:
    between.publish(between.planned(1))
    [one] = centre("export", "--machine", typed, "--to", str(between.usb))
    assert one["machine"] == "Máy bản San Thàng"


def test_a_stick_never_rolls_a_machine_back(between: Between, centre) -> None:
    between.publish(between.planned(4))
    export(between, centre)
    old = (between.own / "playlist.json").read_bytes()
    between.publish(between.planned(5))
    export(between, centre)
    between.visit()
    (between.own / "playlist.json").write_bytes(old)
    visit = between.visit()
    assert (visit.counter, visit.is_new) == (5, False)
    assert "cũ hơn" in visit.note


def test_a_revoked_machine_takes_nothing_and_still_tells_what_sounded(between: Between, centre) -> None:
    between.publish(between.planned(1))
    export(between, centre)
    between.missed("x")
    between.cabinet.revoke()
    visit = between.visit()
    assert "thu hồi" in visit.note
    assert visit.taken == 1
    assert between.cabinet.playlist() is None


Harm = Callable[[Between], None]


def forged(between: Between) -> None:
    (between.own / "playlist.json").write_bytes(signed(between.planned(9), THIEF))


def of_another(between: Between) -> None:
    made = replace(between.planned(9), machine_id="may-khac")
    (between.own / "playlist.json").write_bytes(between.key.sign(made))


def linked(name: str) -> Harm:
    def harm(between: Between) -> None:
        (between.own / name).unlink(missing_ok=True)
        (between.own / name).symlink_to(between.root / "victim")

    return harm


def linked_folder(between: Between) -> None:
    real = between.own.rename(between.root / "elsewhere")
    between.own.symlink_to(real)


def linked_pack(between: Between) -> None:
    real = (between.usb / "TIENGLOA").rename(between.root / "elsewhere")
    (between.usb / "TIENGLOA").symlink_to(real)


def piped(between: Between) -> None:
    (between.own / "playlist.json").unlink()
    os.mkfifo(between.own / "playlist.json")


def enormous(between: Between) -> None:
    os.truncate(between.own / "playlist.json", 8 << 30)


def enormous_held(between: Between) -> None:
    os.truncate(between.own / "held.json", 8 << 30)


def held_by_a_thief(between: Between) -> None:
    (between.own / "held.json").write_bytes(seal({"format": "tiengloa-held"}, THIEF))


def held_of_another(between: Between) -> None:
    told = read_sealed((between.own / "held.json").read_bytes(), between.key.public_key)
    assert isinstance(told, dict)
    (between.own / "held.json").write_bytes(between.key.seal({**told, "machine": "may-khac"}))


HARMS: dict[str, tuple[Harm, str]] = {
    "a playlist of a thief": (forged, "Chữ ký"),
    "a playlist of another machine": (of_another, "máy khác"),
    "a link in place of the playlist": (linked("playlist.json"), "USB chưa có"),
    "a link in place of the acknowledgements": (linked("held.json"), ""),
    "a link in place of the machine's folder": (linked_folder, "trỏ đi nơi khác"),
    "a link in place of the pack": (linked_pack, "trỏ đi nơi khác"),
    "a pipe in place of the playlist": (piped, "USB chưa có"),
    "an enormous playlist": (enormous, "lớn bất thường"),
    "enormous acknowledgements": (enormous_held, "lớn bất thường"),
    "acknowledgements of a thief": (held_by_a_thief, "Chữ ký"),
    "acknowledgements of another machine": (held_of_another, "máy khác"),
}


@pytest.mark.parametrize(("harm", "words"), HARMS.values(), ids=HARMS.keys())
def test_a_hostile_stick_changes_nothing_it_should_not(between: Between, centre, harm: Harm, words: str) -> None:
    between.publish(between.planned(1))
    export(between, centre)
    between.visit()
    between.missed("x")
    between.publish(between.planned(2))
    export(between, centre)
    (between.root / "victim").write_bytes(b"untouched")
    harm(between)
    try:
        said = between.visit().note
    except TiengLoaError as error:
        said = error.sentence
    assert words in said
    held = between.cabinet.playlist()
    assert held is not None
    assert held.counter == (1 if words else 2)
    assert (between.root / "victim").read_bytes() == b"untouched"
    assert [entry.slot for entry in between.journal.unsent()] == ["x"]


def test_hostile_clips_are_left_where_they_lie(between: Between, centre) -> None:
    good, evil, longer, piped_, linked_, folder = (sound(0.1, seed=seed) for seed in range(20, 26))
    every = (good, evil, longer, piped_, linked_, folder)
    made = between.planned(1, slot("a", datetime.now(UTC) + timedelta(days=1), *map(item, every)), clips=every)
    between.publish(made, every)
    export(between, centre)
    shelf = between.usb / "TIENGLOA" / "clips"
    (shelf / evil.hash).write_bytes(good.data)
    (shelf / longer.hash).write_bytes(longer.data + b"x" * 100)
    for clip in (piped_, linked_, folder):
        (shelf / clip.hash).unlink()
    os.mkfifo(shelf / piped_.hash)
    (shelf / linked_.hash).symlink_to(between.blobs.path(linked_.hash))
    (shelf / folder.hash).mkdir()
    (shelf / "khong-ai-goi-ten").write_bytes(b"x")
    visit = between.visit()
    assert (visit.brought, visit.lacking) == (1, 5)
    kept = [path.name for path in between.cabinet.clips.rglob("*") if path.is_file()]
    assert kept == [good.hash]


def test_what_is_written_onto_a_stick_follows_no_link(between: Between, centre) -> None:
    between.publish(between.planned(1))
    export(between, centre)
    victim = between.root / "victim"
    victim.write_bytes(b"untouched")
    for name in ("airings-001.json", "airings-001.json.new"):
        (between.own / name).symlink_to(victim)
    (between.own / "airings-007.json").write_bytes(b"old")
    between.missed("x")
    between.visit()
    assert victim.read_bytes() == b"untouched"
    assert sorted(path.name for path in between.own.glob("airings*")) == ["airings-001.json"]
    assert not (between.own / "airings-001.json").is_symlink()


def test_the_centre_believes_only_the_machine_itself(between: Between, centre) -> None:
    other = between.enrol("Máy khác", THIEF)
    between.publish(between.planned(1))
    export(between, centre)
    between.missed("x")
    between.visit()
    path = between.own / "airings-001.json"
    true = path.read_bytes()
    part = read_airings(read_sealed(true, between.machine_key.public_key().public_bytes_raw()))
    as_other = seal(airings_document(replace(part, machine_id=other)), between.machine_key)
    for hostile in (seal(airings_document(part), THIEF), true.replace(b"x", b"y"), as_other, b"{}", b""):
        path.write_bytes(hostile)
        [home] = centre("import", str(between.usb), code=exits.FAULT)
        assert home["airings"] == 0
        assert home["problem"]
    assert between.known_at_the_centre() == set()
    path.write_bytes(true)
    between.station.office.revoke(between.station.person(Role.TECHNICIAN), between.machine_id)
    [home] = centre("import", str(between.usb), code=exits.FAULT)
    assert "thu hồi" in str(home["problem"])
    assert between.known_at_the_centre() == set()


def test_thousands_of_airings_go_home_in_parts(between: Between, centre) -> None:
    between.publish(between.planned(1))
    export(between, centre)
    between.missed(*(f"s{number}" for number in range(503)))
    assert between.visit().taken == 503
    assert len(list(between.own.glob("airings-*.json"))) == 2
    assert centre("import", str(between.usb))[0]["airings"] == 503
    export(between, centre)
    assert between.visit().acknowledged == 503
    assert not list(between.own.glob("airings-*.json"))


def test_a_restored_centre_is_believed_after_a_new_epoch(between: Between, here: Here) -> None:
    between.cabinet.accept(between.key.sign(between.planned(900)), "", datetime.now(UTC))
    lower = between.planned(2)
    with pytest.raises(TrustError, match="cũ hơn"):
        between.cabinet.accept(between.key.sign(lower), "", datetime.now(UTC))
    told = [here("--data", str(between.data), "restored").out for _ in range(2)]
    epochs = [int(one.split("kỳ ")[1].split(".")[0]) for one in told]
    assert 1 < epochs[0] < epochs[1]
    taken = between.cabinet.accept(between.key.sign(replace(lower, epoch=epochs[0])), "", datetime.now(UTC))
    assert taken.counter == 2


@pytest.mark.parametrize("by_hand", [True, False], ids=["by the command", "by itself"])
def test_a_running_machine_takes_up_what_a_stick_brings_and_sounds_it(
    between: Between, centre, here: Here, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    monkeypatch.setattr(errands, "LOOK_EVERY_S", 0.1)
    if not by_hand:
        (between.hut / "machine.toml").write_text(f'[usb]\nfolders = ["{between.root}"]\n')
    events: list[object] = []
    between.cabinet.close()
    running = Machine(between.hut, MachineSettings(poll=0.5, heartbeat=1.0, sink="virtual"), events.append)
    running.start()
    try:
        at = datetime.now(UTC) + timedelta(seconds=2)
        between.publish(between.planned(3, slot("a", at, item(CLIPS[0]), item(CLIPS[1], 0.3))))
        export(between, centre)
        if by_hand:
            told = here("machine", "courier", str(between.usb), "--dir", str(between.hut))
            assert told.code == exits.OK, told.err
        wait_until(lambda: [event for event in events if isinstance(event, PlaylistAccepted)])
        wait_until(lambda: sum(isinstance(event, Finished) for event in events) == 2)
    finally:
        running.stop()
    rest = b"".join(samples.tobytes() for _, samples in heard(between.hut / "recordings"))
    for clip in CLIPS:  # whole, and at once or a moment apart when the box was busy
        assert rest.count(clip.samples.tobytes()) == 1
        rest = rest.replace(clip.samples.tobytes(), b"")
    assert not any(rest)


def test_the_panels_zip_unpacks_to_a_pack_that_a_machine_takes(between: Between, tmp_path: Path) -> None:
    between.publish(between.planned(7))
    desk = CourierDesk(between.station.database, between.station.clock, between.station.office)
    whole = io.BytesIO(b"".join(zipped(desk.pack(between.machine_id), between.blobs.path)))
    with zipfile.ZipFile(whole) as packed:
        assert packed.testzip() is None
        assert packed.namelist()[-1].endswith("playlist.json")
        packed.extractall(between.usb)
    visit = between.visit()
    assert (visit.counter, visit.is_new, visit.brought, visit.lacking) == (7, True, 2, 0)


def test_a_stick_with_the_packs_of_other_machines_alone_says_so(between: Between, here: Here) -> None:
    (between.usb / "TIENGLOA" / "may-0000000000000000").mkdir(parents=True)
    done = here("machine", "courier", str(between.usb), "--dir", str(between.hut))
    assert done.code == exits.code_of(NotFoundError(""))
    assert "không có gói của «" in done.err


def test_a_folder_that_is_not_there_is_named(between: Between, here: Here) -> None:
    done = here("machine", "courier", str(between.usb / "none"), "--dir", str(between.hut))
    assert done.code == exits.code_of(NotFoundError(""))
    assert f"Không có thư mục {between.usb / 'none'}" in done.err


def test_a_folder_without_a_pack_says_so(between: Between, here: Here) -> None:
    done = here("machine", "courier", str(between.usb), "--dir", str(between.hut))
    assert done.code == exits.code_of(NotFoundError(""))
    assert "Không thấy gói Tiếng Loa" in done.err


def test_what_another_process_brought_does_not_take_a_revocation_back(between: Between) -> None:
    taken: list[int] = []
    line = cast(Line, None)
    sync = Sync(between.cabinet, line, SystemClock(), lambda value: taken.append(value.counter))
    watch = Watch(between.cabinet, sync, cast(Courier, None), SystemClock(), ())
    between.cabinet.accept(between.key.sign(between.planned(3)), "", datetime.now(UTC))
    between.cabinet.revoke()
    watch.look()
    assert taken == []
    between.cabinet.restore()
    watch.look()
    assert taken == [3]
