"""The online voice against a stand-in that misbehaves in every way we know of."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from domain.errors import VoiceError, VoiceUnavailableError
from tests.fakes_audio import FakeClock, quiet, self_signed, spoken_text, stand_in
from tts.chain import VoiceChain
from tts.engines.espeak import EspeakVoice
from tts.engines.google import ENDPOINT, GoogleVoice, Limits

SENTENCE = "Đề nghị bà con nhân dân chú ý theo dõi."
PATIENT = Limits(connect_s=5.0, read_s=5.0, whole_answer_s=8.0, answer_bytes=1_000_000)
QUICK = {"read_s": 0.3, "whole_answer_s": 0.5}  # for what is meant to be too slow


def voice_at(endpoint: str, waits: list[float], clock: FakeClock | None = None, **changes: Any) -> GoogleVoice:
    limits = Limits(**{**{name: getattr(PATIENT, name) for name in PATIENT.__slots__}, **changes})
    monotonic = clock.monotonic if clock else time.monotonic
    return GoogleVoice(limits, endpoint=endpoint, monotonic=monotonic, wait=waits.append)


FAULTS = [
    ("blocked", VoiceUnavailableError, "Google tạm chặn vì nhận quá nhiều yêu cầu.", 3),
    ("broken", VoiceUnavailableError, "Máy chủ Google báo lỗi 500.", 3),
    ("forbidden", VoiceUnavailableError, "Google từ chối yêu cầu (mã 403).", 1),
    ("moved", VoiceUnavailableError, "Google từ chối yêu cầu (mã 302).", 1),
    ("junk", VoiceError, "Google trả lời không dùng được: không có âm thanh.", 3),
    ("no_audio", VoiceError, "Google trả lời không dùng được: không có âm thanh.", 3),
    ("not_mp3", VoiceError, "Google trả lời không dùng được: Âm thanh MP3 không có khung nào dùng được.", 3),
    ("cut_mp3", VoiceError, "Google trả lời không dùng được: Âm thanh MP3 bị cụt.", 3),
    ("short_mp3", VoiceError, "không đáng tin.", 3),
    ("silent_mp3", VoiceError, "không có âm thanh.", 3),
    ("huge", VoiceError, "Google gửi câu trả lời lớn bất thường.", 1),
    ("cut_body", VoiceError, "Google ngắt giữa chừng.", 3),
    ("slow", VoiceUnavailableError, "Google trả lời quá chậm.", 1),
    ("hanging", VoiceUnavailableError, "Google trả lời quá chậm.", 1),
]


@pytest.mark.parametrize(("mood", "error", "sentence", "requests"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_each_fault_ends_in_its_sentence_after_capped_tries(
    mood: str, error: type[VoiceError], sentence: str, requests: int
) -> None:
    waits: list[float] = []
    with stand_in(mood) as server:
        patience = QUICK if mood in ("slow", "hanging") else {}
        voice = voice_at(server.endpoint, waits, interval_s=0.0, **patience)
        with pytest.raises(error) as raised:
            voice.speak(SENTENCE)
    assert raised.value.sentence.endswith(sentence)
    assert len(server.texts) == requests
    assert waits == [1.0, 3.0][: requests - 1]


@pytest.mark.parametrize("mood", ["blocked", "broken", "junk", "cut_mp3", "cut_body"])
def test_a_passing_fault_is_tried_again_and_leaves_no_trace(mood: str) -> None:
    waits: list[float] = []
    with stand_in(mood, "well") as server:
        speech = voice_at(server.endpoint, waits, interval_s=0.0).speak(SENTENCE)
    assert 1.5 < speech.length.total_seconds() < 8
    assert waits == [1.0]


@pytest.mark.parametrize("mood", ["well", "well_chunked", "well_gzip"])
def test_a_good_answer_is_understood_however_it_is_sent(mood: str) -> None:
    with stand_in(mood) as server:
        speech = voice_at(server.endpoint, [], interval_s=0.0).speak(SENTENCE)
    assert 1.5 < speech.length.total_seconds() < 8
    assert server.texts == [SENTENCE]


def test_nobody_listening_fails_at_once_and_is_not_asked_again_for_a_minute() -> None:
    clock = FakeClock()
    with stand_in() as server:
        endpoint = server.endpoint
    voice = voice_at(endpoint, [], clock)
    for _ in range(2):
        with pytest.raises(VoiceUnavailableError, match="Google không kết nối được"):
            voice.speak(SENTENCE)
    clock.seconds += 61
    with pytest.raises(VoiceUnavailableError):
        voice.speak(SENTENCE)


def test_a_name_that_never_resolves_costs_the_connect_time_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()

    def never(*_arguments: object, **_options: object) -> None:
        stuck.wait(20)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", never)
    voice = GoogleVoice(Limits(connect_s=0.2), wait=lambda _seconds: None)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(VoiceUnavailableError, match="Google không kết nối được"):
            voice.speak(SENTENCE)
    stuck.set()
    assert time.monotonic() - started < 2


def test_a_block_leaves_the_service_alone_for_ten_minutes() -> None:
    clock, waits = FakeClock(), []
    with stand_in("blocked") as server:
        voice = voice_at(server.endpoint, waits, clock, interval_s=0.0, backoff_s=())
        for _ in range(3):
            with pytest.raises(VoiceUnavailableError, match="tạm chặn"):
                voice.speak(SENTENCE)
        assert len(server.texts) == 1
        clock.seconds += 601
        server.moods[:] = ["well"]
        assert voice.speak(SENTENCE).pcm


def test_three_bad_texts_in_a_row_open_the_breaker() -> None:
    clock = FakeClock()
    with stand_in("broken") as server:
        voice = voice_at(server.endpoint, [], clock, interval_s=0.0, backoff_s=())
        for _ in range(5):
            with pytest.raises(VoiceUnavailableError, match="báo lỗi 500"):
                voice.speak(SENTENCE)
        assert len(server.texts) == 3


def test_requests_are_an_interval_apart_whoever_sends_them() -> None:
    clock, waits = FakeClock(), []
    with stand_in() as server:
        for _ in range(2):
            list(voice_at(server.endpoint, waits, clock, interval_s=0.4).speak_many([SENTENCE, SENTENCE]))
    assert waits[-3:] == pytest.approx([0.4, 0.4, 0.4])


def test_a_long_sentence_goes_in_whole_clauses_of_at_most_100_characters() -> None:
    sentence = (
        "Thực hiện Kế hoạch số sáu mươi chín của Ủy ban nhân dân thành phố Lai Châu về cải cách hành chính, "
        "phường Đoàn Kết thông báo đến toàn thể bà con lịch tiếp công dân; đề nghị bà con chú ý theo dõi."
    )
    with stand_in() as server:
        speech = voice_at(server.endpoint, [], interval_s=0.0).speak(sentence)
    assert " ".join(server.texts) == sentence
    assert all(len(text) <= 100 for text in server.texts)
    assert server.texts[0].endswith("hành chính,")
    assert speech.rate == 24_000


def test_the_host_is_fixed_and_neither_proxy_nor_ca_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ENDPOINT.startswith("https://translate.google.com/")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with stand_in() as server:
        assert voice_at(server.endpoint, [], interval_s=0.0).speak(SENTENCE).pcm


def test_a_server_without_a_trusted_certificate_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(VoiceUnavailableError, match="Chứng chỉ của máy chủ Google không đúng")
    with stand_in(tls=self_signed(tmp_path)) as server, refused:
        voice_at(server.endpoint, [], interval_s=0.0).speak(SENTENCE)
    assert server.texts == []


@pytest.mark.parametrize("mood", ["hanging", "blocked", "junk"])
def test_a_bulletin_falls_whole_to_the_offline_voice_and_says_why(mood: str) -> None:
    text = spoken_text(SENTENCE, "Xin nhắc lại.", SENTENCE)
    with stand_in("well", mood) as server:
        google = voice_at(server.endpoint, [], interval_s=0.0, **(QUICK if mood == "hanging" else {}))
        spoken = VoiceChain([google, EspeakVoice()], FakeClock()).speak(text, quiet)
    assert (spoken.voice.engine, spoken.voice.backup) == ("espeak", True)
    assert spoken.voice.why.startswith("Google ")
    assert spoken.voice.why.endswith(" lúc 09:31")
    assert {speech.rate for speech, _pause in spoken.sentences} == {22_050}
