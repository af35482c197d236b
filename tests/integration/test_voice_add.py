"""Adding voices: what strangers pack is refused whole, what is good is kept whole, and the command line shows it."""

import hashlib
import io
import json
import os
import resource
import stat
import struct
import time
import wave
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BadInputError, NotFoundError, StorageFullError, VoiceUnavailableError
from tests.commands import tiengloa
from tests.fakes_audio import quiet
from tests.fakes_piper import NOW, REAL_CARD, REAL_CONFIG, REAL_MODEL, config, endless, package, steady
from tiengloa.settings import Settings, checked_voices
from tiengloa.wiring import voice_chain
from tts import voice_store
from tts.engines import piper_package
from tts.engines.piper import PiperVoice
from tts.engines.piper_card import CARD
from tts.voice_store import VoiceStore, Wanted

GOOD = steady(0.1, 30_000)
MODEL, CONFIG = "v.onnx", "v.onnx.json"
CONFIG_TEXT = json.dumps(config()).encode()


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "data" / "voices")


def nothing_kept(store: VoiceStore) -> bool:
    root = store.folder("x").parent
    return not root.exists() or not any(root.iterdir())


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def special(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (kind | 0o644) << 16
    return entry


def test_a_zip_of_a_real_voice_is_kept_with_its_card_and_speaks(tmp_path: Path, store: VoiceStore) -> None:
    archive = tmp_path / "giọng joe.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (REAL_MODEL, REAL_CONFIG, REAL_CARD):
            file.write(path, f"en_US-joe-medium/{path.name}")
    steps: list[tuple[str, int, int]] = []
    card = store.add(Wanted(archive, NOW), lambda *step: steps.append(step))
    assert store.cards() == (card,)
    assert (card.name, card.language, card.quality, card.rate) == ("en_US-joe-medium", "en_US", "medium", 22_050)
    assert (card.licence, card.source, card.added_at, card.speed) == ("CC0", "giọng joe.zip", NOW, 1.0)
    assert card.size == REAL_MODEL.stat().st_size + REAL_CONFIG.stat().st_size
    assert card.model_sha256 == hashlib.sha256(REAL_MODEL.read_bytes()).hexdigest()
    assert len(steps) > 30
    assert all(done <= total for _stage, done, total in steps)
    folder = store.folder(card.name)
    assert {entry.name for entry in folder.iterdir()} == {"model.onnx", "model.onnx.json", "voice.json", "licence.txt"}
    assert not [entry for entry in folder.parent.iterdir() if entry != folder]
    assert PiperVoice(folder).speak("This is a real voice.").rate == 22_050
    store.remove(card.name)
    assert nothing_kept(store)


LICENCES = {
    "card": ({"MODEL_CARD": b"# Model card\n\n* Language: vi\n* License: CC BY 4.0\n"}, "CC BY 4.0"),
    "bold": ({"MODEL_CARD.md": b"**Licence**: MIT"}, "MIT"),
    "file": ({"LICENSE": b"\n\nApache License\nVersion 2.0\n"}, "Apache License"),
    "card first": ({"LICENSE": b"MIT License", "MODEL_CARD": b"License: CC0"}, "CC0"),
    "card says nothing": ({"MODEL_CARD": b"# A voice"}, "chưa rõ giấy phép"),
    "none": ({}, "chưa rõ giấy phép"),
    "escapes": ({"LICENSE": b"\x1b[31mMIT\x00"}, "[31mMIT"),
}


@pytest.mark.parametrize("case", sorted(LICENCES))
def test_the_licence_is_read_from_what_came_with_the_voice(case: str, tmp_path: Path, store: VoiceStore) -> None:
    texts, licence = LICENCES[case]
    folder = package(tmp_path / "v", GOOD)
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    assert store.add(Wanted(folder, NOW, "v"), quiet).licence == licence


BOMB = bytes(piper_package.MODEL_LIMIT_BYTES + 10)
Entries = list[tuple[str | zipfile.ZipInfo, bytes]]
FINE: Entries = [(MODEL, GOOD), (CONFIG, CONFIG_TEXT)]
ZIPS: dict[str, tuple[Callable[[], Entries], str]] = {
    "climbing": (lambda: [("../v.onnx", GOOD), (CONFIG, CONFIG_TEXT)], "đường dẫn lạ"),
    "climbing later": (lambda: [("a/../../v.onnx", GOOD), (CONFIG, CONFIG_TEXT)], "đường dẫn lạ"),
    "absolute": (lambda: [("/etc/v.onnx", GOOD), (CONFIG, CONFIG_TEXT)], "đường dẫn lạ"),
    "backslash": (lambda: [("a\\..\\v.onnx", GOOD), (CONFIG, CONFIG_TEXT)], "đường dẫn lạ"),
    "drive": (lambda: [("C:v.onnx", GOOD), (CONFIG, CONFIG_TEXT)], "đường dẫn lạ"),
    "deep": (lambda: [("a/b/v.onnx", GOOD), ("a/b/v.onnx.json", CONFIG_TEXT)], "đường dẫn lạ"),
    "two places": (lambda: [("a/v.onnx", GOOD), ("b/v.onnx.json", CONFIG_TEXT)], "cùng một chỗ"),
    "link": (lambda: [(special(MODEL, stat.S_IFLNK), b"/etc/passwd"), (CONFIG, CONFIG_TEXT)], "liên kết"),
    "pipe": (lambda: [(special(MODEL, stat.S_IFIFO), b""), (CONFIG, CONFIG_TEXT)], "liên kết"),
    "bomb": (lambda: [(MODEL, BOMB), (CONFIG, CONFIG_TEXT)], "lớn quá 200 MB"),
    "bomb beside": (lambda: [*FINE, ("LICENSE", BOMB)], "lớn quá 64 KB"),
    "bomb as configuration": (lambda: [(MODEL, GOOD), (CONFIG, BOMB)], "lớn quá 1000 KB"),
    "many files": (lambda: [*FINE, *((f"{number}.txt", b"") for number in range(70))], "quá 64 tệp"),
    "very many files": (lambda: [*FINE, *((f"{number}.txt", b"") for number in range(70_000))], "quá 64 tệp"),
    "no model": (lambda: [(CONFIG, CONFIG_TEXT)], "đúng một tệp .onnx, ở đây có 0"),
    "two models": (lambda: [*FINE, ("w.onnx", GOOD)], "đúng một tệp .onnx, ở đây có 2"),
    "no configuration": (lambda: [(MODEL, GOOD)], "Thiếu tệp «v.onnx.json»"),
    "other configuration": (lambda: [(MODEL, GOOD), ("w.onnx.json", CONFIG_TEXT)], "Thiếu tệp «v.onnx.json»"),
    "text as a model": (lambda: [(MODEL, b"xin chao"), (CONFIG, CONFIG_TEXT)], "không phải một giọng Piper"),
    "text as JSON": (lambda: [(MODEL, GOOD), (CONFIG, b"xin chao")], "không phải JSON"),
    "torn model": (
        lambda: [(MODEL, REAL_MODEL.read_bytes()[:5_000_000]), (CONFIG, CONFIG_TEXT)],
        "không phải một giọng",
    ),
    "silent model": (lambda: [(MODEL, steady(0, 30_000)), (CONFIG, CONFIG_TEXT)], "im lặng"),
    "endless model": (lambda: [(MODEL, endless()), (CONFIG, CONFIG_TEXT)], "giới hạn"),
}


@pytest.mark.parametrize("fault", sorted(ZIPS))
def test_a_hostile_zip_is_refused_in_a_sentence_and_nothing_is_kept(
    fault: str, tmp_path: Path, store: VoiceStore
) -> None:
    entries, sentence = ZIPS[fault]
    archive = zipped(tmp_path / "v.zip", *entries())
    started = time.monotonic()
    with pytest.raises(BadInputError, match=sentence):
        store.add(Wanted(archive, NOW), quiet)
    assert time.monotonic() - started < 30
    assert nothing_kept(store)
    assert {entry.name for entry in tmp_path.iterdir()} <= {"v.zip", "data"}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_000_000, "in kilobytes"


def _lying_size(data: bytearray) -> None:
    """Declare in the list that the model is tiny."""
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 10)


def _encrypted(data: bytearray) -> None:
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1


def _odd_method(data: bytearray) -> None:
    at = data.index(b"PK\1\2")
    data[at + 10 : at + 12] = struct.pack("<H", 14)


def _flipped(data: bytearray) -> None:
    data[len(data) // 4] ^= 0xFF


def _endless_list(data: bytearray) -> None:
    at = data.rindex(b"PK\5\6")
    data[at + 12 : at + 16] = struct.pack("<I", 2**31)


def _cut(data: bytearray) -> None:
    del data[-10:]


def _emptied(data: bytearray) -> None:
    data.clear()


def _wide(data: bytearray) -> None:
    at = data.rindex(b"PK\5\6")
    data[at:at] = b"PK\6\7" + bytes(16)


DAMAGE = (_lying_size, _encrypted, _odd_method, _flipped, _endless_list, _cut, _emptied, _wide)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_zip_is_refused_in_a_sentence_and_nothing_is_kept(
    damage: Callable[[bytearray], None], tmp_path: Path, store: VoiceStore
) -> None:
    archive = zipped(tmp_path / "v.zip", (MODEL, os.urandom(50_000)), (CONFIG, CONFIG_TEXT))
    data = bytearray(archive.read_bytes())
    damage(data)
    archive.write_bytes(data)
    with pytest.raises(BadInputError) as refused:
        store.add(Wanted(archive, NOW), quiet)
    assert not refused.value.sentence.isascii()
    assert nothing_kept(store)


def _linked(folder: Path) -> None:
    (folder / "vi_VN-thu-low.onnx").rename(folder.parent / "elsewhere")
    (folder / "vi_VN-thu-low.onnx").symlink_to(folder.parent / "elsewhere")


def _piped(folder: Path) -> None:
    (folder / "vi_VN-thu-low.onnx").unlink()
    os.mkfifo(folder / "vi_VN-thu-low.onnx")


def _nested(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "vi_VN-thu-low.onnx").rename(folder / "in" / "vi_VN-thu-low.onnx")


def _crowded(folder: Path) -> None:
    for number in range(100):
        (folder / str(number)).touch()


@pytest.mark.parametrize("damage", [_linked, _piped, _nested, _crowded], ids=lambda damage: damage.__name__)
def test_a_hostile_folder_is_refused_in_a_sentence_and_nothing_is_kept(
    damage: Callable[[Path], None], tmp_path: Path, store: VoiceStore
) -> None:
    folder = package(tmp_path / "v", GOOD)
    damage(folder)
    with pytest.raises(BadInputError):
        store.add(Wanted(folder, NOW), quiet)
    assert nothing_kept(store)


@pytest.mark.parametrize("path", ["khong-co", "khong-co.zip", "v.rar", "a\0b"])
def test_what_is_neither_folder_nor_zip_is_refused(path: str, tmp_path: Path, store: VoiceStore) -> None:
    (tmp_path / "v.rar").write_bytes(b"Rar!")
    with pytest.raises(BadInputError, match="không phải thư mục hay tệp"):
        store.add(Wanted(tmp_path / path, NOW), quiet)


def test_a_hash_is_of_the_model_or_of_the_zip_and_a_wrong_one_keeps_nothing(tmp_path: Path, store: VoiceStore) -> None:
    archive = zipped(tmp_path / "v.zip", *FINE)
    with pytest.raises(BadInputError, match="SHA-256 không khớp"):
        store.add(Wanted(archive, NOW, sha256="0" * 64), quiet)
    with pytest.raises(BadInputError, match="64 chữ số"):
        store.add(Wanted(archive, NOW, sha256="abc"), quiet)
    assert nothing_kept(store)
    store.add(Wanted(archive, NOW, "one", hashlib.sha256(GOOD).hexdigest().upper()), quiet)
    store.add(Wanted(archive, NOW, "two", hashlib.sha256(archive.read_bytes()).hexdigest()), quiet)
    assert [card.name for card in store.cards()] == ["one", "two"]


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "giọng", "-x", ".x", "x" * 65, "a b", "a,b", "a:b", "a\n"])
def test_an_odd_name_is_refused(name: str, tmp_path: Path, store: VoiceStore) -> None:
    with pytest.raises(BadInputError, match="không hợp lệ"):
        store.add(Wanted(package(tmp_path / "v", GOOD), NOW, name), quiet)
    with pytest.raises(BadInputError, match="không hợp lệ"):
        store.remove(name)


def test_a_name_is_taken_once_even_by_two_at_the_same_time(tmp_path: Path, store: VoiceStore) -> None:
    given = package(tmp_path / "v", GOOD)
    root = store.folder("v").parent

    def meanwhile(_folder: Path) -> None:
        if not store.folder("v").exists():
            VoiceStore(root).add(Wanted(given, NOW, "v"), quiet)

    with pytest.raises(BadInputError, match="Đã có giọng «v»"):
        VoiceStore(root, trial=meanwhile).add(Wanted(given, NOW, "v"), quiet)
    with pytest.raises(BadInputError, match="Đã có giọng «v»"):
        store.add(Wanted(given, NOW, "v"), quiet)
    assert [card.name for card in store.cards()] == ["v"]
    assert [entry.name for entry in root.iterdir()] == ["v"]


def test_a_missing_runtime_or_a_full_disk_keeps_nothing(
    tmp_path: Path, store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, root = package(tmp_path / "v", GOOD), store.folder("v").parent

    def missing(_folder: Path) -> None:
        raise VoiceUnavailableError("Chưa cài.")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(VoiceUnavailableError):
        VoiceStore(root, trial=missing).add(Wanted(given, NOW), quiet)
    monkeypatch.setattr(voice_store, "write_card", full)
    with pytest.raises(StorageFullError, match="chưa giữ lại gì"):
        store.add(Wanted(given, NOW), quiet)
    assert nothing_kept(store)


def test_what_a_killed_process_left_is_cleared_and_never_listed(tmp_path: Path, store: VoiceStore) -> None:
    root = store.folder("v").parent
    old, new = root / ".them-old", root / ".them-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    store.add(Wanted(package(tmp_path / "v", GOOD), NOW, "v"), quiet)
    assert (old.exists(), new.exists()) == (False, True)
    assert [card.name for card in store.cards()] == ["v"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"name": 1}', "[" * 9999, "\x00"])
def test_a_broken_card_is_told_and_can_be_removed(text: str, tmp_path: Path, store: VoiceStore) -> None:
    store.add(Wanted(package(tmp_path / "v", GOOD), NOW, "v"), quiet)
    (store.folder("v") / CARD).write_text(text)
    assert (store.cards(), store.broken()) == ((), ("v",))
    with pytest.raises(NotFoundError, match="đã hỏng"):
        store.card("v")
    store.remove("v")
    assert (store.broken(), nothing_kept(store)) == ((), True)


def test_piper_stands_for_every_installed_voice_between_the_online_and_the_backup_one(tmp_path: Path) -> None:
    store = VoiceStore(tmp_path / "voices")
    for name in ("b", "a"):
        store.add(Wanted(package(tmp_path / name, GOOD), NOW, name), quiet)
    chain = voice_chain(Settings(tmp_path), None, None)  # type: ignore[arg-type]
    assert [health.name for health in chain.health()] == ["gtts", "piper", "piper", "espeak"]
    assert checked_voices("piper:a,espeak") == ("piper:a", "espeak")
    for odd in ("piper:", "piper:../a", "espeak:a", "piper:a:b"):
        with pytest.raises(BadInputError, match="Không có giọng đọc"):
            checked_voices(odd)


def test_the_command_line_adds_lists_tries_and_removes_a_real_voice(tmp_path: Path) -> None:
    here = partial(tiengloa, "--data", "data", folder=tmp_path)
    package(tmp_path / "goi", espeak={"voice": "vi"}, language={"code": "vi_VN"})
    (tmp_path / "goi" / "MODEL_CARD").write_text("* License: CC0\n")
    added = here("voice", "add", "goi", "--name", "thu", "--speed", "0,9")
    assert (added.code, added.err) == (0, "")
    line = "«thu»: vi_VN, chất lượng medium, 22050 Hz, 63.2 MB, giấy phép: CC0"
    assert line in added.out
    assert line in here("voice", "list").out
    listed = json.loads(here("voice", "list", "--json").out)
    assert (listed["voices"][0]["name"], listed["voices"][0]["speed"], listed["broken"]) == ("thu", 0.9, [])
    tried = here("voice", "try", "thu", "--text", "Mời bà con họp lúc 7h30 ngày 12/5.", "-o", "thu.wav")
    assert (tried.code, tried.err) == (0, "")
    with wave.open(io.BytesIO((tmp_path / "thu.wav").read_bytes())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert 3 < samples.size / 22_050 < 30
    assert np.abs(samples).max() > 3_000
    spoken = here("speak", "--text", "Xin chào bà con.", "-o", "a.wav", "--json", TIENGLOA_VOICES="piper:thu,espeak")
    assert (json.loads(spoken.out)["engine"], json.loads(spoken.out)["backup"]) == ("piper", False)
    assert here("voice", "remove", "thu").code == 0
    assert "Chưa có giọng Piper nào" in here("voice", "list").out
    fallen = here("speak", "--text", "Xin chào bà con.", "-o", "a.wav", "--json", TIENGLOA_VOICES="piper:thu,espeak")
    assert json.loads(fallen.out)["engine"] == "espeak"
    assert "«thu»" in json.loads(fallen.out)["why"]


def test_the_command_line_refuses_with_the_right_exit_code(tmp_path: Path) -> None:
    here = partial(tiengloa, "--data", "data", folder=tmp_path)
    package(tmp_path / "goi", GOOD)
    here("voice", "add", "khong-co").refused(2, "không phải thư mục")
    here("voice", "add", "goi", "--sha256", "0" * 64).refused(2, "không khớp")
    here("voice", "add", "goi", "--speed", "nhanh").refused(2, "phải là một số")
    here("voice", "add", "goi", "--speed", "9").refused(2, "từ 0.5 đến 2")
    here("voice", "try", "x", "--text", "a", "-o", "a.wav").refused(2, "chưa cài")
    here("voice", "remove", "x").refused(2, "Không có giọng «x»")
    here("speak", "--text", "xin chào", "-o", "a.wav", TIENGLOA_VOICES="piper").refused(4, "voice add")
    here("speak", "--text", "xin chào", "-o", "a.wav", TIENGLOA_VOICES="piper:x").refused(4, "«x»")
    assert not (tmp_path / "data" / "voices").exists() or not any((tmp_path / "data" / "voices").iterdir())


def test_a_voice_of_unknown_licence_is_kept_with_a_warning(tmp_path: Path) -> None:
    package(tmp_path / "goi", GOOD)
    added = tiengloa("--data", "data", "voice", "add", "goi", folder=tmp_path)
    assert added.code == 0
    assert "chưa rõ giấy phép" in added.out
    assert "hỏi nơi cung cấp" in added.err
