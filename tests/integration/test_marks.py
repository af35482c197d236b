"""From a script with marks to samples: what was asked for is what is heard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_library.codec import FLAC, decode, encode_flac
from audio_library.mastering import PLAIN as PLAIN_PRESET
from audio_library.mastering import HornMastering
from bulletins.inserts import inserts_of, missing_inserts
from domain.audio import AGAIN_AFTER_MS, SAMPLE_RATE, Clip, ClipKind, Loudness, Manner, SpokenAudio
from domain.errors import BadInputError, NotFoundError
from domain.jobs import JobState
from domain.people import Role
from domain.ports import VoiceEngine
from store import clips
from tests.fakes import ExampleStation, FakeMastering, example_station
from tests.fakes_audio import FakeClock, FakeVoice, quiet
from tts.cache import SentenceCache
from tts.chain import VoiceChain
from tts.engines.espeak import EspeakVoice
from tts.lexicon import LexiconReader

READER = LexiconReader()
Samples = NDArray[np.float64]


def spoken(script: str, voice: VoiceEngine) -> SpokenAudio:
    return VoiceChain([voice], FakeClock()).speak(READER.read(script), quiet)


def finished(script: str, voice: VoiceEngine) -> Samples:
    """Return the finished sound of a script."""
    return samples(decode(HornMastering(PLAIN_PRESET).master(spoken(script, voice), None, quiet).data))


def samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)


def silences(sound: Samples, at_least_s: float = 0.15) -> list[float]:
    """Return how many seconds each stretch of silence lasts."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (np.abs(sound) > 30).astype(int), [0]))))
    gaps = (edges[2::2] - edges[1:-1:2]) / SAMPLE_RATE
    return [float(gap) for gap in gaps if gap >= at_least_s]


@pytest.mark.parametrize("seconds", ["0,6", "1,5", "3"])
def test_a_pause_is_heard_as_long_as_it_is_written(seconds: str) -> None:
    usual, marked = (
        silences(finished(script, FakeVoice()))
        for script in ("Kính thưa bà con. Xin cảm ơn.", f"Kính thưa bà con. [nghỉ {seconds} giây] Xin cảm ơn.")
    )
    wanted = float(seconds.replace(",", "."))
    assert any(abs(gap - wanted) <= 0.02 for gap in marked)
    assert len(marked) == len(usual)


def test_a_pause_by_the_offline_voice_differs_by_what_was_asked() -> None:
    one, three = (finished(f"Kính thưa bà con. [nghỉ {n} giây] Xin cảm ơn.", EspeakVoice()) for n in (1, 3))
    assert (three.size - one.size) / SAMPLE_RATE == pytest.approx(2, abs=0.02)


def test_a_repeated_sentence_is_the_same_speech_to_the_last_bit() -> None:
    (once, _pause), (thrice, _after) = (
        spoken(f"Số máy là 113. {mark}", EspeakVoice()).sentences[0] for mark in ("", "[đọc lại 2 lần]")
    )
    gap = bytes(2 * round(AGAIN_AFTER_MS * once.rate / 1000))
    assert thrice.pcm == gap.join([once.pcm] * 3)


def test_slower_speech_lasts_longer() -> None:
    usual, slower = (
        spoken(script, EspeakVoice()).sentences[0][0].length
        for script in ("Xin gọi số máy ở trụ sở ủy ban.", "[chậm] Xin gọi số máy ở trụ sở ủy ban. [hết chậm]")
    )
    assert 1.15 <= slower / usual <= 1.4


def test_the_second_presenter_sounds_otherwise() -> None:
    first, second = (
        speech for speech, _pause in spoken("Chào bà con. [giọng 2] Chào bà con.", EspeakVoice()).sentences
    )
    assert first.pcm != second.pcm
    assert _pitch(second.pcm, second.rate) > 1.2 * _pitch(first.pcm, first.rate)


def test_the_cache_tells_manners_apart(tmp_path: Path) -> None:
    voice, cache = FakeVoice(), SentenceCache(tmp_path)
    chain = VoiceChain([voice], FakeClock(), cache)
    script = "Xin chào. [giọng 2] Xin chào. [chậm] Xin chào. [hết chậm]"
    first = chain.speak(READER.read(script), quiet)
    assert len({speech.pcm for speech, _pause in first.sentences}) == 3
    voice.away = True
    assert chain.speak(READER.read(script), quiet) == first
    assert cache.get(voice, "Xin chào.", Manner(2)) == first.sentences[1][0]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[ExampleStation]:
    with example_station(tmp_path) as station:
        station.reader = READER  # type: ignore[assignment]
        station.desk = replace(station.desk, reader=READER)
        yield station


def held(station: ExampleStation, title: str, kind: ClipKind = ClipKind.STING, seed: int = 1) -> tuple[Clip, bytes]:
    """Put a second of noise in the library; return its clip and its PCM."""
    rough = np.convolve(np.random.default_rng(seed).normal(size=SAMPLE_RATE), np.ones(12) / 12, "same")
    pcm = np.round(rough / np.abs(rough).max() * 20_000).astype("<i2").tobytes()
    data = encode_flac(pcm)
    length, measured = timedelta(seconds=1), Loudness(-16.0, -2.0, 1.0)
    clip = Clip(station.blobs.put(data), len(data), FLAC, length, measured, kind, title, station.clock.at)
    with station.database.write() as connection:
        clips.put(connection, clip)
    return clip, pcm


def found_in(sound: Samples, clip: Samples) -> float:
    """Return the highest normalised correlation of `clip` with any stretch of `sound`."""
    size = 1 << (sound.size + clip.size).bit_length()
    crossed = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(clip, size)), size)[: sound.size - clip.size]
    power = np.concatenate(([0.0], np.cumsum(sound**2)))
    energy = power[clip.size :] - power[: -clip.size]
    return float(np.max(crossed / np.sqrt((energy[: crossed.size] + 1.0) * np.sum(clip**2))))


@pytest.mark.parametrize("called", ["nhạc hiệu – xã", "NHẠC  HIỆU - XÃ", "hash", "prefix"])
def test_an_inserted_clip_is_heard_in_the_finished_bulletin(station: ExampleStation, called: str) -> None:
    clip, pcm = held(station, "Nhạc hiệu – xã")
    _other, other_pcm = held(station, "Nhạc khác", seed=2)
    name = {"hash": clip.hash, "prefix": clip.hash[:8]}.get(called, called)
    bulletin_id, job_id = station.approved(f"Kính thưa bà con. [chèn: {name}] Xin cảm ơn.")
    production = replace(
        station.production,
        reader=READER,
        speaker=VoiceChain([EspeakVoice()], FakeClock()),
        mastering=HornMastering(PLAIN_PRESET),
        decode=decode,
    )
    production.produce(job_id)
    assert station.job(job_id).state is JobState.DONE
    made = station.bulletin(bulletin_id).clip_hash
    assert made is not None
    sound = samples(decode(station.blobs.held[made]))
    assert found_in(sound, samples(pcm)) > 0.7
    assert found_in(sound, samples(other_pcm)) < 0.3


def test_a_script_that_inserts_what_is_not_there_is_refused(station: ExampleStation) -> None:
    author = station.person(Role.CONTRIBUTOR)
    bulletin_id = station.written(author, "Kính thưa bà con. [chèn: Không có]")
    with pytest.raises(BadInputError, match="không có âm thanh «Không có»"):
        station.desk.submit(author, bulletin_id)


def test_a_bulletin_an_unclear_name_and_a_short_hash_are_not_inserted(station: ExampleStation) -> None:
    bulletin, _pcm = held(station, "Bản tin cũ", ClipKind.BULLETIN)
    for seed in (3, 4):
        held(station, "Nhạc trùng", seed=seed)
    sting, _pcm = held(station, "Nhạc", seed=5)
    names = ("Bản tin cũ", bulletin.hash, "Nhạc trùng", sting.hash[:7], "Nhạc")
    text = READER.read("\n".join(f"[chèn: {name}]" for name in names))
    with station.database.read() as connection:
        assert tuple(missing_inserts(connection, text)) == names[:-1]
        with pytest.raises(NotFoundError, match="là một bản tin"):
            inserts_of(connection, text.sentences[:1])
        with pytest.raises(NotFoundError, match="2 âm thanh tên"):
            inserts_of(connection, text.sentences[2:3])


def test_a_clip_that_has_gone_since_approval_fails_the_job_with_what_to_do(station: ExampleStation) -> None:
    held(station, "Nhạc hiệu")
    _bulletin, job_id = station.approved("Kính thưa bà con. [chèn: Nhạc hiệu]")
    held(station, "Nhạc hiệu", seed=9)
    replace(station.production, reader=READER, mastering=FakeMastering(), decode=decode).produce(job_id)
    job = station.job(job_id)
    assert job.state is JobState.FAILED
    assert "Hãy ghi mã của âm thanh" in job.error


def _pitch(pcm: bytes, rate: int) -> float:
    """Return the median pitch of the voiced parts in hertz."""
    sound, found = samples(pcm), []
    for start in range(0, sound.size - 2048, 1024):
        part = sound[start : start + 2048]
        if np.mean(part**2) > 1e6:
            alike = np.correlate(part, part, "full")[2047:]
            lowest, highest = rate // 400, rate // 60
            found.append(rate / (lowest + int(np.argmax(alike[lowest:highest]))))
    return float(np.median(found))
