"""The Piper engine: real synthesis measured from its samples, models that misbehave, children that die."""

import contextlib
import os
import resource
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BadInputError, VoiceError, VoiceUnavailableError
from domain.reading import SpokenText
from tests.fakes_audio import FakeClock, FakeVoice, quiet, spoken_text
from tests.fakes_children import breaks, command_lines, processes
from tests.fakes_piper import endless, installed, reaching_out, steady
from tiengloa.folder import Folder
from tiengloa.settings import Settings
from tiengloa.wiring import Centre, voice_chain
from tts.chain import VoiceChain
from tts.engines import piper
from tts.engines.piper import PiperVoice
from tts.engines.piper_card import CARD, CONFIG, MODEL, read_card, write_card
from tts.voices import checked

ENGLISH = "The committee announces the schedule of the meeting for this coming week."
SENTENCE = "Đề nghị bà con nhân dân chú ý theo dõi."


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("voices")
    installed(root, "joe")
    return root


def test_a_real_voice_speaks_at_its_rate_with_the_melody_of_speech(voices: Path) -> None:
    speech = PiperVoice(voices / "joe").speak(ENGLISH)
    samples = np.frombuffer(speech.pcm, dtype="<i2") / 32768
    assert speech.rate == 22_050
    assert 2.5 < speech.length.total_seconds() < 6
    assert 0.1 < np.abs(samples).max() <= 1
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency = np.fft.rfftfreq(samples.size, 1 / speech.rate)
    assert power[(frequency > 80) & (frequency < 4000)].sum() > 0.8 * power.sum()
    blocks = np.sqrt((samples[: samples.size // 441 * 441].reshape(-1, 441) ** 2).mean(axis=1))
    assert blocks.max() > 8 * np.quantile(blocks, 0.1), "speech rises and falls, noise does not"


def test_a_quicker_voice_takes_less_time_and_says_so_in_its_version(voices: Path) -> None:
    slow, quick = PiperVoice(voices / "joe", speed=0.8), PiperVoice(voices / "joe", speed=1.4)
    assert quick.speak(ENGLISH).length < slow.speak(ENGLISH).length * 0.75
    assert quick.version != slow.version


def test_a_long_sentence_is_spoken_in_parts_with_bounded_memory(voices: Path) -> None:
    words = "the people of the ward are invited to the meeting " * 12
    speech = PiperVoice(voices / "joe").speak(words)
    assert 20 < speech.length.total_seconds() < 80
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_000_000, "in kilobytes"


@pytest.mark.parametrize("odd", ["9" * 4000, "a" * 4000, "<speak><break/>xin</speak> [[h@'loU]]"])
def test_odd_text_is_spoken_or_refused_in_good_time(odd: str, voices: Path) -> None:
    started = time.monotonic()
    with contextlib.suppress(VoiceError):
        assert PiperVoice(voices / "joe").speak(odd).pcm
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("speed", [0.0, -1.0, 9.0, float("nan")])
def test_an_odd_speed_is_refused(speed: float, voices: Path) -> None:
    with pytest.raises(BadInputError, match="Tốc độ"):
        PiperVoice(voices / "joe", speed=speed)


def test_a_voice_that_is_not_there_is_unavailable_and_the_next_one_speaks(tmp_path: Path) -> None:
    absent = PiperVoice(tmp_path / "khong-co")
    assert absent.version == "chưa cài"
    with pytest.raises(VoiceUnavailableError, match="chưa cài, đã gỡ"):
        absent.speak(SENTENCE)
    spoken = VoiceChain([absent, FakeVoice()], FakeClock()).speak(spoken_text(SENTENCE), quiet)
    assert spoken.voice.engine == "fake"
    assert "«khong-co»" in spoken.voice.why


def test_a_missing_runtime_says_how_to_install_it(voices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piper, "RUNTIME", "no-such-runtime")
    voice = PiperVoice(voices / "joe")
    with pytest.raises(VoiceUnavailableError, match=r"pip install 'tiengloa\[piper\]'"):
        voice.speak(SENTENCE)


def test_a_model_or_configuration_that_changed_on_the_disk_does_not_speak(tmp_path: Path) -> None:
    folder = installed(tmp_path, "v", steady(0.1, 22_050))
    voice = PiperVoice(folder)
    (folder / MODEL).write_bytes(steady(0.2, 22_050))
    with pytest.raises(VoiceUnavailableError, match="bị đổi hoặc hỏng"):
        voice.speak(SENTENCE)
    (folder / CONFIG).write_text("{}")
    with pytest.raises(VoiceUnavailableError, match="bị đổi hoặc hỏng"):
        voice.speak(SENTENCE)
    (folder / CARD).write_text("{}")
    with pytest.raises(VoiceUnavailableError, match="vừa được thay"):
        voice.speak(SENTENCE)


FAULTS = {
    "silence": (steady(0.0, 60_000), "im lặng"),
    "not a number": (steady(float("nan"), 60_000), "âm thanh hỏng"),
    "infinite": (steady(float("inf"), 60_000), "âm thanh hỏng"),
    "too long for the sentence": (steady(0.5, 22_050 * 50), "không đáng tin"),
    "absurdly long": (steady(0.5, 22_050 * 70), "dài bất thường"),
    "too large for memory": (steady(0.5, 10**10), "giới hạn|không phải một giọng"),
    "nothing": (steady(0.5, 0), "im lặng"),
    "endless": (endless(), "không đọc được câu này trong giới hạn"),
    "wrong inputs": (steady(0.5, 60_000, ("x", "y")), "không phải một giọng Piper"),
    "text": (b"xin chao ba con " * 1000, "không phải một giọng Piper"),
    "empty": (b"", "không phải một giọng Piper"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_model_that_misbehaves_is_an_error_and_not_a_sound(fault: str, tmp_path: Path) -> None:
    model, sentence = FAULTS[fault]
    folder = installed(tmp_path, "v", model)
    started = time.monotonic()
    with pytest.raises(VoiceError, match=sentence):
        PiperVoice(folder, part_limit_s=3).speak(SENTENCE)
    assert time.monotonic() - started < 30
    assert str(folder) not in command_lines()


def test_the_tiny_model_of_these_tests_is_itself_sound(tmp_path: Path) -> None:
    assert PiperVoice(installed(tmp_path, "v", steady(0.1, 60_000))).speak(SENTENCE).pcm


@pytest.mark.parametrize("file", ["secret", "../here/secret", "{folder}/secret"])
def test_a_model_cannot_reach_for_a_file_of_the_disk(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "secret").write_bytes(np.full(60_000, 0.1, dtype="<f4").tobytes())
    folder = installed(tmp_path, "v", reaching_out(file.format(folder=here), 60_000))
    with pytest.raises(VoiceError, match=r"không phải một giọng Piper|không mở được"):
        PiperVoice(folder).speak(SENTENCE)


def test_a_child_that_is_killed_between_sentences_is_noticed_and_the_next_call_speaks(voices: Path) -> None:
    voice = PiperVoice(voices / "joe")
    speaking = voice.speak_many([ENGLISH, ENGLISH])
    first = next(speaking)
    for pid in _children(str(voices / "joe")):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(VoiceUnavailableError, match="dừng đột ngột"):
        next(speaking)
    assert voice.speak(ENGLISH) == first
    assert not _children(str(voices / "joe"))


READY = "import struct, sys; say = lambda s, n, b=b'': (sys.stdout.buffer.write(struct.pack('>BI', s, n) + b), "
READY += "sys.stdout.flush()); say(0, 0); sys.stdin.buffer.read(4); "
CHILDREN = {
    "crash": ("import os; os.abort()", VoiceError, "không mở được trong giới hạn"),
    "crash later": (READY + "import os; os.abort()", VoiceUnavailableError, "dừng đột ngột"),
    "hang": ("import threading; threading.Event().wait(60)", VoiceError, "không mở được trong giới hạn"),
    "hang later": (READY + "import threading; threading.Event().wait(60)", VoiceError, "không trả lời kịp"),
    "endless": (READY + "say(0, 2**31); sys.stdin.read()", VoiceError, "không trả lời kịp"),
    "cut": (READY + "say(0, 100, bytes(7))", VoiceUnavailableError, "dừng đột ngột"),
    "half a sample": (READY + "say(0, 3, bytes(3)); sys.stdin.read()", VoiceError, "không đọc được câu này"),
}


@pytest.mark.parametrize("fault", sorted(CHILDREN))
def test_a_broken_child_ends_in_its_sentence_and_leaves_no_process(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "child.py"
    monkeypatch.setattr(piper, "_SPEAKER", script)
    folder = installed(tmp_path, "v", steady(0.1, 60_000))
    breaks(CHILDREN[fault], script, lambda: PiperVoice(folder, part_limit_s=-1).speak(SENTENCE), 8)


def test_a_voice_whose_pronunciation_espeak_lacks_says_so(tmp_path: Path) -> None:
    folder = installed(tmp_path, "v", steady(0.1, 60_000), espeak="zzz")
    with pytest.raises(VoiceError, match="không có cách phát âm"):
        PiperVoice(folder).speak(SENTENCE)


def test_the_runtime_is_never_loaded_into_the_products_own_process() -> None:
    assert not any(name.startswith("onnxruntime") for name in sys.modules)


def test_the_second_presenter_of_a_dialogue_is_another_installed_voice_of_the_language(tmp_path: Path) -> None:
    for name, tongue in (("minh", "en-us"), ("anh", "vi"), ("lan", "en-us")):
        installed(tmp_path / "voices", name, espeak=tongue)
    slower = replace(read_card(tmp_path / "voices" / "minh"), speed=0.7)
    write_card(tmp_path / "voices" / "minh", slower)
    settings = Settings(tmp_path, voices=("piper:lan",))
    (sentence,) = spoken_text(ENGLISH).sentences
    dialogue = SpokenText((replace(sentence, presenter=2), sentence))
    spoken = voice_chain(settings, FakeClock(), None).speak(dialogue, quiet)
    (second, _), (first, _) = spoken.sentences
    assert first == checked(ENGLISH, PiperVoice(tmp_path / "voices" / "lan").speak(ENGLISH))
    assert second == checked(ENGLISH, PiperVoice(tmp_path / "voices" / "minh").speak(ENGLISH))
    assert second.length > first.length * 1.2
    assert (spoken.voice.voice, "giọng 2 «minh»" in spoken.voice.version) == ("lan", True)


def test_the_panel_names_who_speaks_for_the_second_presenter(tmp_path: Path) -> None:
    for name, tongue in (("minh", "vi"), ("lan", "vi"), ("joe", "en-us")):
        installed(tmp_path / "voices", name, steady(0.1, 60_000), espeak=tongue)
    engines = Centre(Settings(tmp_path, voices=("piper",)), Folder(tmp_path)).services.engines
    assert [(one.label, one.presenters, one.second) for one in engines] == [
        ("Piper joe", 1, ""),
        ("Piper lan", 2, "minh"),
        ("Piper minh", 2, "lan"),
    ]


def _children(word: str) -> list[int]:
    return [pid for pid, line in processes() if word in line and "piper_child" in line]
