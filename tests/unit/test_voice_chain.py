"""The chain of voices and the cache of sentences."""

from dataclasses import replace
from pathlib import Path

import pytest

from domain.audio import PLAIN, Manner, Speech
from domain.errors import NoVoiceError, VoiceError
from domain.reading import SpokenText
from tests.fakes_audio import BatchFakeVoice, FakeClock, FakeVoice, quiet, spoken_text, tone
from tts.cache import SentenceCache
from tts.chain import VoiceChain
from tts.pair import Pair
from tts.voices import BREATH_LIMIT, breaths, trimmed

TEXT = spoken_text("Xin chào bà con.", "Đây là bản tin sáng.", "Xin cảm ơn.")


def test_the_first_voice_that_can_speaks_the_whole_text() -> None:
    best, backup = FakeVoice("gtts"), FakeVoice("espeak", backup=True)
    spoken = VoiceChain([best, backup], FakeClock()).speak(TEXT, quiet)
    assert (spoken.voice.engine, spoken.voice.backup, spoken.voice.why) == ("gtts", False, "")
    assert [pause for _speech, pause in spoken.sentences] == [400, 400, 400]
    assert backup.asked == []


def test_a_failure_in_mid_text_gives_the_whole_text_to_the_next_voice() -> None:
    best, backup = FakeVoice("gtts"), FakeVoice("espeak", backup=True)
    best.fails_on["Xin cảm ơn."] = VoiceError("Google không kết nối được.")
    spoken = VoiceChain([best, backup], FakeClock()).speak(TEXT, quiet)
    assert spoken.voice.engine == "espeak"
    assert spoken.voice.backup
    assert spoken.voice.why == "Google không kết nối được lúc 09:31"
    assert len(backup.asked) == 3


def test_a_voice_that_breaks_down_in_an_unforeseen_way_is_passed_over() -> None:
    best, backup = BatchFakeVoice("gtts"), FakeVoice("espeak", backup=True)
    best.fails_on["Xin cảm ơn."] = ZeroDivisionError()
    spoken = VoiceChain([best, backup], FakeClock()).speak(TEXT, quiet)
    assert spoken.voice.why == "Giọng Google gặp lỗi lạ lúc 09:31"


@pytest.mark.parametrize(
    "pcm", [b"", bytes(44_100), tone(0.1), tone(30.0)], ids=["nothing", "silence", "too short", "too long"]
)
def test_rubbish_does_not_count_as_speech(pcm: bytes) -> None:
    class Rubbish(FakeVoice):
        def speak(self, sentence: str, manner: Manner = PLAIN) -> Speech:
            return Speech(pcm, 22_050)

    spoken = VoiceChain([Rubbish("gtts"), FakeVoice("espeak")], FakeClock()).speak(TEXT, quiet)
    assert spoken.voice.engine == "espeak"


def test_no_voice_is_said_with_every_reason() -> None:
    best, backup = FakeVoice("gtts"), FakeVoice("espeak", backup=True)
    best.away = backup.away = True
    with pytest.raises(NoVoiceError, match=r"vắng lúc 09:31; .*vắng lúc 09:31\. Bản tin còn nguyên") as raised:
        VoiceChain([best, backup], FakeClock()).speak(TEXT, quiet)
    assert raised.value.can_retry
    with pytest.raises(NoVoiceError, match="chưa cài giọng nào"):
        VoiceChain([], FakeClock()).speak(TEXT, quiet)


def test_progress_moves_a_sentence_at_a_time_and_its_cancel_passes_through() -> None:
    seen: list[tuple[str, int, int]] = []
    VoiceChain([FakeVoice("espeak")], FakeClock()).speak(TEXT, lambda *step: seen.append(step))
    assert seen == [("Đọc bằng giọng eSpeak NG", done, 3) for done in range(4)]

    def cancel(_stage: str, done: int, _total: int) -> None:
        if done == 1:
            raise KeyError("cancel")

    with pytest.raises(KeyError, match="cancel"):
        VoiceChain([FakeVoice("gtts"), FakeVoice("espeak")], FakeClock()).speak(TEXT, cancel)


def test_a_sentence_said_twice_is_spoken_once_and_one_without_words_is_silent() -> None:
    voice = FakeVoice()
    text = spoken_text("Xin nhắc lại.", "…", "Xin nhắc lại.")
    spoken = VoiceChain([voice], FakeClock()).speak(text, quiet)
    assert voice.asked == ["Xin nhắc lại."]
    assert [bool(speech.pcm) for speech, _pause in spoken.sentences] == [True, False, True]


def test_health_tells_who_fails_why_and_since_when() -> None:
    clock, best, backup = FakeClock(), FakeVoice("gtts"), FakeVoice("espeak", backup=True)
    chain = VoiceChain([best, backup], clock)
    assert [health.ok for health in chain.health()] == [None, None]
    best.away = True
    chain.speak(TEXT, quiet)
    failed_at = clock.at
    clock.at = clock.at.replace(hour=5)
    chain.speak(TEXT, quiet)
    first, second = chain.health()
    assert (first.ok, first.label, first.sentence, first.since) == (False, "Google", "Giọng thử đang vắng.", failed_at)
    assert (second.ok, second.sentence) == (True, "")
    best.away = False
    chain.speak(TEXT, quiet)
    assert (chain.health()[0].ok, chain.health()[0].since) == (True, clock.at)


def test_after_an_edit_only_the_changed_sentence_is_spoken_again(tmp_path: Path) -> None:
    voice = FakeVoice()
    chain = VoiceChain([voice], FakeClock(), SentenceCache(tmp_path))
    first = chain.speak(TEXT, quiet)
    voice.asked.clear()
    edited = replace(TEXT, sentences=(TEXT.sentences[0], *spoken_text("Đây là bản tin chiều.").sentences))
    second = chain.speak(edited, quiet)
    assert voice.asked == ["Đây là bản tin chiều."]
    assert second.sentences[0] == first.sentences[0]


def test_a_text_held_whole_needs_no_engine_and_another_version_holds_nothing(tmp_path: Path) -> None:
    voice = FakeVoice()
    chain = VoiceChain([voice], FakeClock(), SentenceCache(tmp_path))
    chain.speak(TEXT, quiet)
    voice.away = True
    assert chain.speak(TEXT, quiet).voice.engine == "fake"
    newer = FakeVoice(version="2")
    newer.away = True
    with pytest.raises(NoVoiceError):
        VoiceChain([newer], FakeClock(), SentenceCache(tmp_path)).speak(TEXT, quiet)


def test_a_torn_file_in_the_cache_is_spoken_again(tmp_path: Path) -> None:
    voice, cache = FakeVoice(), SentenceCache(tmp_path)
    cache.put(voice, "Xin chào.", Speech(tone(1.0), 22_050))
    (file,) = tmp_path.glob("*.pcm")
    for torn in (file.read_bytes()[:-10], b"", b"TLC1", b"X" * 500):
        file.write_bytes(torn)
        assert cache.get(voice, "Xin chào.") is None
    assert not file.exists()


def test_the_least_recently_used_sentences_go_first(tmp_path: Path) -> None:
    voice, speech = FakeVoice(), Speech(tone(0.5), 22_050)
    cache = SentenceCache(tmp_path, limit_bytes=22 * len(speech.pcm))
    for number in range(20):
        cache.put(voice, f"Câu {number}", speech)
    assert cache.get(voice, "Câu 0") == speech
    for number in range(20, 24):
        cache.put(voice, f"Câu {number}", speech)
    assert cache.get(voice, "Câu 0") == speech
    assert cache.get(voice, "Câu 1") is None
    assert cache.get(voice, "Câu 23") == speech
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 22 * len(speech.pcm)


def test_a_cache_that_cannot_be_written_keeps_nobody_from_speaking(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    chain = VoiceChain([FakeVoice()], FakeClock(), SentenceCache(in_the_way / "cache"))
    assert chain.speak(TEXT, quiet).sentences


def test_a_writer_who_forgets_every_full_stop_is_still_heard() -> None:
    voice = FakeVoice()
    endless = spoken_text(", ".join(f"đề nghị bà con tổ {number} chú ý theo dõi" for number in range(300)))
    ((speech, _pause),) = VoiceChain([voice], FakeClock()).speak(endless, quiet).sentences
    assert len(voice.asked) >= 2
    assert all(len(asked) <= BREATH_LIMIT for asked in voice.asked)
    assert " ".join(voice.asked).split() == endless.spoken.split()
    assert len(speech.pcm) == sum(len(trimmed(FakeVoice().speak(asked)).pcm) for asked in voice.asked)


@pytest.mark.parametrize("sentence", ["", "   ", "a" * 10_000, "x " * 5_000, "Một câu ngắn."])
def test_breaths_keep_every_letter_and_their_limit(sentence: str) -> None:
    pieces = breaths(sentence)
    assert "".join("".join(pieces).split()) == "".join(sentence.split())
    assert all(0 < len(piece) <= BREATH_LIMIT for piece in pieces)


def test_a_voice_that_is_back_is_known_without_a_bulletin_to_speak() -> None:
    clock, best, backup = FakeClock(), FakeVoice("gtts"), FakeVoice("espeak", backup=True)
    chain = VoiceChain([best, backup], clock)
    chain.look_again(TEXT)
    assert best.asked == backup.asked == []
    best.away = True
    chain.speak(TEXT, quiet)
    chain.look_again(TEXT)
    assert chain.health()[0].ok is False
    best.away = False
    chain.look_again(TEXT)
    assert chain.health()[0].ok is True


def test_two_voices_of_one_engine_have_a_health_each() -> None:
    north, south = FakeVoice("piper"), FakeVoice("piper")
    north.voice, south.voice = "bac", "nam"
    north.away = True
    chain = VoiceChain([north, south], FakeClock())
    chain.speak(TEXT, quiet)
    assert [(one.voice, one.ok) for one in chain.health()] == [("bac", False), ("nam", True)]


def test_what_other_processes_put_into_the_cache_counts_too(tmp_path: Path) -> None:
    voice, ours, theirs = FakeVoice(), SentenceCache(tmp_path, 2_000_000), SentenceCache(tmp_path, 2_000_000)
    sound = Speech(tone(1.0), 22_050)
    ours.put(voice, "Câu đầu.", sound)
    for number in range(200):
        (theirs if number % 2 else ours).put(voice, f"Câu {number}.", sound)
    held = sum(file.stat().st_size for file in tmp_path.glob("*.pcm"))
    for number in range(200):
        ours.put(voice, f"Thêm {number}.", sound)
    assert held <= 4_000_000
    assert sum(file.stat().st_size for file in tmp_path.glob("*.pcm")) <= 2_000_000 + len(sound.pcm) * 3


def dialogue() -> SpokenText:
    asked, answered = TEXT.sentences[:2]
    return SpokenText((replace(asked, presenter=2), answered))


def test_in_a_dialogue_each_of_a_pair_speaks_its_own_part() -> None:
    lan, minh = FakeVoice("piper"), BatchFakeVoice("piper")
    spoken = VoiceChain([Pair(lan, minh)], FakeClock()).speak(dialogue(), quiet)
    assert (minh.asked, lan.asked) == (["Xin chào bà con."], ["Đây là bản tin sáng."])
    assert (spoken.voice.engine, spoken.voice.voice) == ("piper", "tone")
    assert "giọng 2 «tone»" in spoken.voice.version


def test_a_second_presenter_that_fails_gives_the_whole_dialogue_to_the_next_voice_and_says_why() -> None:
    lan, minh, backup = FakeVoice("piper"), FakeVoice("piper"), FakeVoice("espeak", backup=True)
    minh.away = True
    spoken = VoiceChain([Pair(lan, minh), backup], FakeClock()).speak(dialogue(), quiet)
    assert (spoken.voice.engine, spoken.voice.why) == ("espeak", "Giọng thử đang vắng lúc 09:31")
    assert len(backup.asked) == 2


def test_a_new_second_presenter_leaves_what_the_first_has_said_in_the_cache(tmp_path: Path) -> None:
    cache, lan = SentenceCache(tmp_path), FakeVoice("piper")
    for second in (FakeVoice("piper", version="b"), FakeVoice("piper", version="c")):
        VoiceChain([Pair(lan, second)], FakeClock(), cache).speak(dialogue(), quiet)
        assert second.asked == ["Xin chào bà con."]
    assert lan.asked == ["Đây là bản tin sáng."]
