"""What every voice engine promises, held against each of them; then what only the offline one does."""

import subprocess
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.audio import Manner
from domain.errors import BadInputError, VoiceError, VoiceUnavailableError
from domain.ports import VoiceEngine
from tests.fakes_audio import BatchFakeVoice, FakeVoice, stand_in
from tests.fakes_children import breaks
from tests.fakes_piper import installed
from tts.engines import espeak, espeak_child
from tts.engines.espeak import EspeakFiles, EspeakVoice
from tts.engines.google import GoogleVoice, Limits
from tts.engines.piper import PiperVoice
from tts.pair import Pair
from tts.voices import BatchVoice, checked

SENTENCES = (
    "Đề nghị bà con nhân dân chú ý theo dõi.",
    "Ủy ban nhân dân phường Đoàn Kết thông báo lịch tiếp công dân,",
    "Xin nhắc lại: bảy giờ ba mươi phút sáng thứ hai!",
)


@pytest.fixture(scope="module")
def piper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real Piper model that is given Vietnamese phonemes."""
    return installed(tmp_path_factory.mktemp("voices"), "joe", espeak="vi")


@pytest.fixture(params=["espeak", "gtts", "piper", "pair", "fake", "batch fake"])
def engine(request: pytest.FixtureRequest) -> Iterator[VoiceEngine]:
    if request.param == "piper":
        yield PiperVoice(request.getfixturevalue("piper_folder"))
        return
    if request.param == "pair":
        yield Pair(PiperVoice(request.getfixturevalue("piper_folder")), EspeakVoice())
        return
    if request.param == "gtts":
        with stand_in() as server:
            yield GoogleVoice(Limits(interval_s=0.0, backoff_s=()), endpoint=server.endpoint)
        return
    yield {"espeak": EspeakVoice, "fake": FakeVoice, "batch fake": BatchFakeVoice}[request.param]()


def test_it_is_an_engine_that_says_who_it_is(engine: VoiceEngine) -> None:
    assert isinstance(engine, VoiceEngine)
    assert all((engine.name, engine.voice, engine.version))
    assert engine.backup in (True, False)


def test_a_sentence_becomes_mono_16_bit_speech_of_a_plausible_length(engine: VoiceEngine) -> None:
    for sentence in SENTENCES:
        speech = engine.speak(sentence)
        assert speech.rate >= 16_000
        assert len(speech.pcm) % 2 == 0
        assert checked(sentence, speech).pcm


def test_the_same_sentence_gives_the_same_bytes_in_any_order(engine: VoiceEngine) -> None:
    first = [engine.speak(sentence) for sentence in SENTENCES]
    again = [engine.speak(sentence) for sentence in reversed(SENTENCES)]
    assert first == again[::-1]


def test_speaking_many_gives_what_speaking_one_by_one_gives(engine: VoiceEngine) -> None:
    if not isinstance(engine, BatchVoice):
        pytest.skip("this engine speaks one by one")
    assert list(engine.speak_many(SENTENCES)) == [engine.speak(sentence) for sentence in SENTENCES]


@pytest.mark.parametrize("manner", [Manner(2), Manner(slower=True), Manner(2, slower=True)], ids=str)
def test_every_manner_is_spoken_and_always_the_same(engine: VoiceEngine, manner: Manner) -> None:
    first = [engine.speak(sentence, manner) for sentence in SENTENCES]
    assert all(checked(sentence, speech).pcm for sentence, speech in zip(SENTENCES, first, strict=True))
    assert [engine.speak(sentence, manner) for sentence in reversed(SENTENCES)] == first[::-1]
    if isinstance(engine, BatchVoice):
        assert list(engine.speak_many(SENTENCES, manner)) == first


def test_decomposed_letters_and_control_characters_change_nothing(engine: VoiceEngine) -> None:
    odd = unicodedata.normalize("NFD", SENTENCES[0]).replace(" ", "\u200b \t\u202e", 1) + "\x00\x07"
    assert engine.speak(odd) == engine.speak(SENTENCES[0])


@pytest.mark.parametrize("nothing", ["", "   ", "… !?", "🔔📢", "\x00"])
def test_nothing_to_say_is_refused(engine: VoiceEngine, nothing: str) -> None:
    with pytest.raises(VoiceError, match="không có chữ nào"):
        engine.speak(nothing)


def test_an_endless_sentence_is_refused(engine: VoiceEngine) -> None:
    with pytest.raises(VoiceError, match="quá dài"):
        engine.speak("xin chào " * 1000)


@pytest.mark.parametrize("voice", sorted(espeak.VOICES))
def test_each_offline_voice_speaks_at_22050(voice: str) -> None:
    assert EspeakVoice(voice).speak(SENTENCES[0]).rate == 22_050


def test_a_higher_rate_is_quicker() -> None:
    slow, quick = EspeakVoice(rate=90).speak(SENTENCES[0]), EspeakVoice(rate=150).speak(SENTENCES[0])
    assert quick.length < slow.length * 0.85
    assert EspeakVoice(rate=90).version != EspeakVoice(rate=150).version


@pytest.mark.parametrize(("voice", "rate"), [("en", 110), ("../vi", 110), ("vi", 20), ("vi", 999)])
def test_unknown_voices_and_odd_rates_are_refused(voice: str, rate: int) -> None:
    with pytest.raises(BadInputError):
        EspeakVoice(voice, rate)


@pytest.mark.parametrize("odd", ["9" * 4000, "0123456789" * 50, "a" * 4000, "<speak><break/>xin</speak> [[h@'loU]]"])
def test_odd_text_never_freezes_the_offline_voice(odd: str) -> None:
    assert EspeakVoice().speak(odd).pcm


def test_a_missing_library_makes_the_offline_voice_unavailable(tmp_path: Path) -> None:
    files = EspeakFiles(tmp_path / "libespeak-ng.so", tmp_path)
    with pytest.raises(VoiceUnavailableError, match="dừng đột ngột hoặc không mở được"):
        EspeakVoice(files=files).speak(SENTENCES[0])


ANSWER = "import struct, sys; sys.stdout.buffer.write(struct.pack('>BII', {}) + {}); sys.stdout.flush(); {}"
CHILDREN = {
    "crash": ("import os; os.abort()", VoiceUnavailableError, "dừng đột ngột"),
    "hang": ("import threading; threading.Event().wait(60)", VoiceError, "không trả lời kịp"),
    "endless": (ANSWER.format("0, 22050, 2**31", "b''", "sys.stdin.read()"), VoiceError, "dài bất thường"),
    "cut": (ANSWER.format("0, 22050, 100", "bytes(7)", "sys.exit()"), VoiceUnavailableError, "dừng đột ngột"),
    "sorry": (ANSWER.format("1, 22050, 2", "b'no'", "sys.stdin.read()"), VoiceError, "không đọc được câu"),
}


@pytest.mark.parametrize("fault", sorted(CHILDREN))
def test_a_broken_child_ends_in_its_sentence_and_leaves_no_process(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "child.py"
    monkeypatch.setattr(espeak, "_CHILD", script)
    breaks(CHILDREN[fault], script, lambda: EspeakVoice(time_limit_s=-1).speak(SENTENCES[0]), 5)


def test_a_fork_that_hangs_is_killed_and_the_next_sentence_is_spoken() -> None:
    program = f"""
        import importlib.util, threading
        spec = importlib.util.spec_from_file_location("child", {espeak_child.__file__!r})
        child = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(child)
        class Stuck:
            def speak(self, text):
                threading.Event().wait(60) if text == b"stuck" else None
                return text
        print(child._spoken(Stuck(), b"stuck", 1), child._spoken(Stuck(), b"fine", 1))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    assert said.strip() == "(1, b'speaking ended with -14') (0, b'fine')"
