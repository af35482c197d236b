"""What the small plug points promise, held against the real thing and against its fake alike."""

import threading
import unicodedata
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from audio_library.mastering import HornMastering
from domain.audio import Speech, SpokenAudio, VoiceStamp
from domain.errors import BadInputError, NotFoundError, NoVoiceError
from domain.ports import BlobStore, Clock, JobBell, Mastering, Reader, Speaker
from domain.reading import LexiconEntry
from player.clock import SystemClock
from tests.fakes import FakeClock, FakeMastering, FakeReader, FakeSpeaker, MemoryBlobs, RingingBell
from tests.fakes_audio import FakeVoice, quiet, spoken_text, tone
from tiengloa.jobs import Bell
from tts.chain import VoiceChain
from tts.lexicon import LexiconReader

TEXTS = (
    "Kính thưa bà con!\nHôm nay họp bản lúc 7h30, mời đủ.",
    "Quyết định số 12/QĐ-UBND ngày 5/6/2026.",
    "",
    "   \n\n",
    "…!?",
    "🔔\u200b\u202e\x00",
    unicodedata.normalize("NFD", "Phường Đoàn Kết"),
    "a" * 20_000,
)


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=lambda one: type(one).__name__)
def test_a_clock_tells_aware_utc_and_a_side_that_never_steps_back(clock: Clock) -> None:
    assert isinstance(clock, Clock)
    assert clock.now().tzinfo is UTC
    seen = [clock.monotonic() for _ in range(100)]
    assert seen == sorted(seen)


@pytest.fixture(params=[LexiconReader, FakeReader])
def reader(request: pytest.FixtureRequest) -> Reader:
    made: Reader = request.param()
    return made


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_reader_takes_any_text_and_points_into_it(reader: Reader, text: str) -> None:
    assert isinstance(reader, Reader)
    read = reader.read(text)
    assert read == reader.read(text), "the same text is read the same"
    ends = 0
    for token in read.tokens:
        assert text[token.start : token.end] == token.source
        assert token.start >= ends
        ends = token.end
    assert all(sentence.tokens for sentence in read.sentences)


def test_an_accepted_reading_wins_and_takes_the_doubt_away(reader: Reader) -> None:
    assert reader.read("Hội XQZKT họp").flagged
    accepted = reader.read("Hội XQZKT họp", [LexiconEntry("XQZKT", "xê quy")])
    assert "xê quy" in accepted.spoken
    assert not accepted.flagged


@pytest.fixture(params=["chain", "fake"])
def speakers(request: pytest.FixtureRequest) -> tuple[Speaker, Speaker]:
    """A speaker that can speak, and one that cannot."""
    if request.param == "fake":
        return FakeSpeaker(), FakeSpeaker(failures=[NoVoiceError("Chưa có giọng nào đọc được.")])
    away = FakeVoice()
    away.away = True
    return VoiceChain([FakeVoice()], FakeClock()), VoiceChain([away], FakeClock())


def test_a_speaker_gives_the_speech_and_pause_of_every_sentence(speakers: tuple[Speaker, Speaker]) -> None:
    speaker, silent = speakers
    assert isinstance(speaker, Speaker)
    told: list[tuple[str, int, int]] = []
    spoken = speaker.speak(spoken_text("một hai", "ba"), lambda *step: told.append(step))
    assert [pause for _speech, pause in spoken.sentences] == [400, 400]
    assert all(speech.pcm and len(speech.pcm) % 2 == 0 for speech, _pause in spoken.sentences)
    assert spoken.voice.engine == "fake"
    assert told
    assert all(0 <= done <= total == 2 for _stage, done, total in told)
    with pytest.raises(NoVoiceError):
        silent.speak(spoken_text("một"), quiet)


@pytest.mark.parametrize("mastering", [HornMastering(), FakeMastering()], ids=lambda one: type(one).__name__)
def test_mastering_gives_one_sound_with_its_figures_always_the_same(mastering: Mastering) -> None:
    assert isinstance(mastering, Mastering)
    voice = VoiceStamp("fake", "tone", "1", backup=False)
    speech = SpokenAudio(((Speech(tone(1.5), 22_050), 300),), voice)
    opening = SpokenAudio(((Speech(tone(0.5, pitch=500), 22_050), 100),), voice)
    told: list[int] = []
    first = mastering.master(speech, opening, lambda _stage, done, _total: told.append(done))
    assert first == mastering.master(speech, opening, quiet)
    assert first.data
    assert first.length.total_seconds() >= 1.9
    assert first != mastering.master(speech, None, quiet)
    assert told == sorted(told)


@pytest.fixture
def blobs() -> Iterator[MemoryBlobs]:
    made = MemoryBlobs()
    yield made
    made.close()


def test_the_store_in_memory_keeps_what_the_store_on_disk_promises(blobs: MemoryBlobs) -> None:
    assert isinstance(blobs, BlobStore)
    kept = blobs.put(b"sound")
    assert blobs.put(b"sound") == kept
    assert blobs.path(kept).read_bytes() == b"sound"
    assert blobs.verify(kept)
    assert not blobs.verify("0" * 64)
    with pytest.raises(NotFoundError):
        blobs.path("0" * 64)
    with pytest.raises(BadInputError):
        blobs.path("../../etc/passwd")


def test_a_bell_never_waits_and_never_fails(tmp_path: Path) -> None:
    for bell in (Bell(tmp_path / "queue.db"), RingingBell()):
        assert isinstance(bell, JobBell)
        hands = [threading.Thread(target=bell.ring, args=(f"job-{number}",)) for number in range(8)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join(10)
        assert not any(hand.is_alive() for hand in hands)
