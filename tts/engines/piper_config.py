"""What a Piper voice's JSON file says, checked; and text turned into the parts its model is given. Pure.

The format is that of Piper 1.x voices: `audio.sample_rate`, `espeak.voice`, `inference`, `phoneme_id_map`. Between a
mark that opens (^) and one that closes ($) each phoneme is followed by a blank (_).
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from domain.errors import BadInputError, VoiceError

CONFIG_LIMIT_BYTES = 1_000_000

LONGEST_PART = 200
"""Phonemes the model is given at once, some eight seconds: its memory grows with the length of a part."""

MOST_PHONEMES = 8_000
"""Phonemes of one sentence, some five minutes."""

OPENS, CLOSES, BLANK = "^", "$", "_"

_MOST_SYMBOLS = 4_096
_MARKS = ".,;:!?"
_AFTER_A_MARK = re.compile(r"(?<=[.,;:!?…])\s+")
_LANGUAGE_SWITCH = re.compile(r"\([^)]+\)")
_ESPEAK_VOICE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,12}){0,4}")


@dataclass(frozen=True, slots=True)
class PiperConfig:
    """How a voice wants to be spoken with; `rate` is in frames a second, `length` stretches time."""

    rate: int
    espeak_voice: str
    language: str
    quality: str
    noise: float
    length: float
    noise_w: float
    speakers: int
    ids: dict[str, tuple[int, ...]]


def parsed_config(data: bytes) -> PiperConfig:
    """Return the configuration in `data`. Raises BadInputError when it is not one of a Piper voice."""
    if len(data) > CONFIG_LIMIT_BYTES:
        raise _bad("tệp lớn quá 1 MB")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad("không phải JSON") from error
    if not isinstance(document, dict):
        raise _bad("không phải JSON của một giọng")
    if document.get("phoneme_type", "espeak") != "espeak" or document.get("vowel_clusters"):
        raise _bad("giọng dùng cách phiên âm khác eSpeak, chưa dùng được")
    audio, inference = _part(document, "audio"), _part(document, "inference")
    espeak_voice = _text(_part(document, "espeak").get("voice"))
    if not _ESPEAK_VOICE.fullmatch(espeak_voice):
        raise _bad("thiếu tên giọng eSpeak («espeak.voice»)")
    return PiperConfig(
        rate=int(_number(audio.get("sample_rate"), 8_000, 48_000, "tần số mẫu («audio.sample_rate»)", whole=True)),
        espeak_voice=espeak_voice,
        language=_text(_part(document, "language").get("code")) or espeak_voice,
        quality=_text(audio.get("quality")),
        noise=_number(inference.get("noise_scale", 0.667), 0, 2, "«noise_scale»"),
        length=_number(inference.get("length_scale", 1), 0.2, 5, "«length_scale»"),
        noise_w=_number(inference.get("noise_w", 0.8), 0, 2, "«noise_w»"),
        speakers=int(_number(document.get("num_speakers", 1), 1, 10_000, "«num_speakers»", whole=True)),
        ids=_checked_ids(document.get("phoneme_id_map")),
    )


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise _bad(f"mục «{name}» sai dạng")
    return part


def _text(value: object) -> str:
    """Return `value` as one short printable line, empty when it is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value[:60] if letter.isprintable()).strip()


def _number(value: object, least: float, most: float, name: str, *, whole: bool = False) -> float:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        raise _bad(f"{name} phải là một số từ {least} đến {most}")
    return value


def _checked_ids(value: object) -> dict[str, tuple[int, ...]]:
    if not isinstance(value, dict) or not 3 < len(value) <= _MOST_SYMBOLS:
        raise _bad("thiếu bảng phiên âm («phoneme_id_map»)")
    ids = {phoneme: tuple(numbers) for phoneme, numbers in value.items() if isinstance(numbers, list)}
    if len(ids) != len(value) or not all(_are_ids(numbers) for numbers in ids.values()):
        raise _bad("bảng phiên âm («phoneme_id_map») có số sai")
    if not {OPENS, CLOSES, BLANK} <= ids.keys():
        raise _bad("bảng phiên âm («phoneme_id_map») thiếu các dấu ^, $ và _")
    return ids


def _are_ids(numbers: tuple[object, ...]) -> bool:
    return 0 < len(numbers) <= 8 and all(type(number) is int and 0 <= number < _MOST_SYMBOLS for number in numbers)


def _bad(what: str) -> BadInputError:
    return BadInputError(f"Tệp cấu hình giọng (.onnx.json) không dùng được: {what}. Chưa giữ lại gì.")


def clauses(sentence: str) -> tuple[str, ...]:
    """Return `sentence` cut after each mark that is followed by a space."""
    return tuple(_AFTER_A_MARK.split(sentence))


def clause_phonemes(clause: str, spoken: str) -> str:
    """Return the phonemes of a clause as the model knows them, from eSpeak NG's answer `spoken`.

    The mark that ends the clause stays, for its melody; a name of another language in brackets goes.
    """
    mark = clause[-1:].replace("…", ".")
    ending = mark if mark in _MARKS else ""
    return unicodedata.normalize("NFD", _LANGUAGE_SWITCH.sub("", spoken).strip() + ending)


def parts(phonemes: list[str]) -> tuple[str, ...]:
    """Return clauses joined into as few parts as the model's memory allows; a long clause is cut between words.

    Raises VoiceError when there are too many phonemes for one sentence.
    """
    if sum(map(len, phonemes)) > MOST_PHONEMES:
        raise VoiceError("Câu quá dài đối với giọng Piper. Hãy tách thành nhiều câu.")
    packed: list[str] = []
    for piece in (piece for clause in phonemes for piece in _pieces(clause)):
        if packed and len(packed[-1]) + 1 + len(piece) <= LONGEST_PART:
            packed[-1] += f" {piece}"
        else:
            packed.append(piece)
    return tuple(packed)


def _pieces(clause: str) -> list[str]:
    """Return `clause` whole when it is short, else cut between words (or, for a monstrous word, anywhere)."""
    pieces, rest = [], clause
    while len(rest) > LONGEST_PART:
        cut = rest.rfind(" ", 1, LONGEST_PART + 1)
        cut = cut if cut > 0 else LONGEST_PART
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [piece for piece in (*pieces, rest) if piece]


def phoneme_ids(config: PiperConfig, part: str) -> list[int]:
    """Return the model's input for `part`; what the voice never learned is left out.

    Raises VoiceError when nothing is left.
    """
    known = [config.ids[phoneme] for phoneme in part if phoneme in config.ids]
    if not any(phoneme.isalpha() and phoneme in config.ids for phoneme in part):
        raise VoiceError("Giọng Piper này không có âm nào để đọc câu này.")
    blank = config.ids[BLANK]
    spoken = [number for ids in known for number in (*ids, *blank)]
    return [*config.ids[OPENS], *blank, *spoken, *config.ids[CLOSES]]
