"""The JSON file of a Piper voice, as strangers write it; and text cut into what the model is given."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInputError, VoiceError
from tests.fakes_piper import REAL_CONFIG, config
from tts.engines.piper_config import (
    LONGEST_PART,
    MOST_PHONEMES,
    clause_phonemes,
    clauses,
    parsed_config,
    parts,
    phoneme_ids,
)

REAL = parsed_config(REAL_CONFIG.read_bytes())
MAP = config()["phoneme_id_map"]


def test_a_real_configuration_is_understood() -> None:
    assert (REAL.rate, REAL.espeak_voice, REAL.language, REAL.quality) == (22_050, "en-us", "en_US", "medium")
    assert (REAL.noise, REAL.length, REAL.noise_w, REAL.speakers) == (0.667, 1, 0.8, 1)


ODD: dict[str, dict[str, Any]] = {
    "no rate": {"audio": {}},
    "negative rate": {"audio": {"sample_rate": -22_050}},
    "zero rate": {"audio": {"sample_rate": 0}},
    "huge rate": {"audio": {"sample_rate": 10**12}},
    "rate in words": {"audio": {"sample_rate": "22050"}},
    "rate that is true": {"audio": {"sample_rate": True}},
    "broken rate": {"audio": {"sample_rate": 22_050.5}},
    "audio is a list": {"audio": [22_050]},
    "no eSpeak voice": {"espeak": {}},
    "eSpeak voice with a path": {"espeak": {"voice": "../../etc/passwd"}},
    "eSpeak voice as an option": {"espeak": {"voice": "-v"}},
    "other phonemes": {"phoneme_type": "pinyin"},
    "clusters": {"vowel_clusters": [["a", "b"]]},
    "no map": {"phoneme_id_map": None},
    "empty map": {"phoneme_id_map": {}},
    "map without marks": {"phoneme_id_map": {letter: [1] for letter in "abcdef"}},
    "negative ids": {"phoneme_id_map": MAP | {"a": [-1]}},
    "huge ids": {"phoneme_id_map": MAP | {"a": [10**9]}},
    "ids in words": {"phoneme_id_map": MAP | {"a": ["14"]}},
    "no ids": {"phoneme_id_map": MAP | {"a": []}},
    "id without a list": {"phoneme_id_map": MAP | {"a": 14}},
    "endless map": {"phoneme_id_map": MAP | {str(number): [1] for number in range(5000)}},
    "not a number": {"inference": {"noise_scale": float("nan")}},
    "infinite length": {"inference": {"length_scale": float("inf")}},
    "negative length": {"inference": {"length_scale": -1}},
    "no speaker": {"num_speakers": 0},
    "speakers in words": {"num_speakers": "one"},
}


@pytest.mark.parametrize("fault", sorted(ODD))
def test_an_odd_configuration_is_refused_in_a_sentence(fault: str) -> None:
    with pytest.raises(BadInputError, match="không dùng được"):
        parsed_config(json.dumps(config(**ODD[fault])).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b" " * 1_000_001],
    ids=str,
)
def test_what_is_no_configuration_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(BadInputError, match="không dùng được"):
        parsed_config(data)


def test_language_and_quality_are_shown_as_one_short_line() -> None:
    shown = parsed_config(
        json.dumps(
            config(language={"code": "vi\n\x1b[31mVN"}, audio={"sample_rate": 16_000, "quality": "x" * 999})
        ).encode()
    )
    assert shown.language == "vi[31mVN"
    assert len(shown.quality) == 60


def test_clauses_keep_their_marks_and_numbers_stay_whole() -> None:
    assert clauses("Kính gửi: bà con, 1.000 hộ… Xin hết!") == ("Kính gửi:", "bà con,", "1.000 hộ…", "Xin hết!")


def test_the_mark_of_a_clause_stays_and_the_name_of_a_language_goes() -> None:
    assert clause_phonemes("Zalo,", "(en)zˈeɪloʊ(vi)") == "zˈeɪloʊ,"
    assert clause_phonemes("hết…", " hˈe5t ") == "hˈe5t."
    assert clause_phonemes("ç", "ç") == "c\u0327"


def test_each_phoneme_is_followed_by_a_blank_between_the_marks() -> None:
    assert phoneme_ids(REAL, "ab") == [1, 0, 14, 0, 15, 0, 2]
    assert phoneme_ids(REAL, "a☃b") == phoneme_ids(REAL, "ab")


@pytest.mark.parametrize("nothing", ["", " ", "...", "☃"])
def test_a_part_without_a_sound_is_refused(nothing: str) -> None:
    with pytest.raises(VoiceError, match="không có âm nào"):
        phoneme_ids(REAL, nothing)


@given(st.lists(st.text("abc ,.", min_size=1, max_size=600), max_size=8))
def test_parts_are_short_and_lose_nothing(phonemes: list[str]) -> None:
    packed = parts(phonemes)
    assert all(0 < len(part) <= LONGEST_PART for part in packed)
    assert "".join("".join(packed).split()) == "".join("".join(phonemes).split())


def test_an_endless_sentence_is_refused() -> None:
    with pytest.raises(VoiceError, match="quá dài"):
        parts(["a" * (MOST_PHONEMES + 1)])
