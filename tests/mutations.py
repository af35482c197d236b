"""Changed envelopes by the million: what a hostile line could send in place of a true signed playlist.

Every mutation comes from a seed, so that a find can be made again. Whatever is accepted must be the true document.
"""

import base64
import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from player.trust import key_id

_SPECIAL: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 - 1, 2**53, 2**63, 10**30, 1.5, 1e308, "", "a", "\x00", "\ud83d\ude00",
    "../../etc/passwd", "f" * 64, "F" * 64, [], {}, [[]], {"a": {}}, "2026-11-23", "x" * 1001,
)  # fmt: skip
Document = dict[str, Any]


class Mutator:
    """Makes a hostile envelope of each seed, from a true one and older true ones."""

    def __init__(self, true: bytes, older: tuple[bytes, ...], thief: Ed25519PrivateKey) -> None:
        self.true = true
        self.older = older
        self.thief = thief
        self._signatures, _, self._signed = true.partition(b',"signed":')
        self._ways: tuple[Callable[[Random], bytes], ...] = (
            self._flipped, self._flipped, self._cut, self._grown, self._swapped_parts, self._resigned,
            self._resigned, self._kept_signature, self._kept_signature, self._renamed, self._spliced,
            self._other_layout, self._repeated,
        )  # fmt: skip

    def mutated(self, seed: int) -> bytes:
        """Return the envelope of a seed."""
        random = Random(seed)
        return random.choice(self._ways)(random)

    def _flipped(self, random: Random) -> bytes:
        raw = bytearray(self.true)
        for _ in range(random.choice((1, 1, 1, 2, 8))):
            raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        return bytes(raw)

    def _cut(self, random: Random) -> bytes:
        start, end = sorted(random.randrange(len(self.true) + 1) for _ in range(2))
        return random.choice((self.true[:start], self.true[end:], self.true[:start] + self.true[end:]))

    def _grown(self, random: Random) -> bytes:
        place = random.randrange(len(self.true) + 1)
        more = random.choice(
            (b" ", b"\n", b"{}", b'"a":1,', b"\xef\xbb\xbf", b"\x00", self.true[: random.randrange(200)])
        )
        return self.true[:place] + more + self.true[place:]

    def _swapped_parts(self, random: Random) -> bytes:
        a, b, c = sorted(random.randrange(len(self.true)) for _ in range(3))
        return self.true[:a] + self.true[b:c] + self.true[a:b] + self.true[c:]

    def _resigned(self, random: Random) -> bytes:
        """A changed document, signed by the thief, under his own name or the station's."""
        envelope = _sealed(self._changed(random), self.thief)
        return self._under_the_stations_name(envelope) if random.random() < 0.5 else envelope

    def _kept_signature(self, random: Random) -> bytes:
        """A changed document in its canonical form, under the true signature."""
        return self._signatures + b',"signed":' + _canonical(self._changed(random)) + b"}"

    def _renamed(self, random: Random) -> bytes:
        """The true document, its signature's entry changed."""
        entry = json.loads(self._signatures[len(b'{"signatures":') :])[0]
        entry[random.choice(("key_id", "signature", "more"))] = random.choice(
            (entry["signature"] + "=", entry["signature"].rstrip("="), entry["key_id"][::-1], *_SPECIAL[:12])
        )
        entries = [entry] * random.choice((0, 1, 2, 9))
        return b'{"signatures":' + json.dumps(entries, separators=(",", ":")).encode() + b',"signed":' + self._signed

    def _spliced(self, random: Random) -> bytes:
        """One true document under the signature of another, or with a piece of it put in."""
        other = random.choice(self.older)
        signatures, _, signed = other.partition(b',"signed":')
        if random.random() < 0.4:
            pair = random.choice(((self._signatures, signed), (signatures, self._signed)))
            return pair[0] + b',"signed":' + pair[1]
        place, length = random.randrange(min(len(self._signed), len(signed))), random.randrange(1, 400)
        mixed = self._signed[:place] + signed[place : place + length] + self._signed[place + length :]
        return self._signatures + b',"signed":' + mixed

    def _other_layout(self, random: Random) -> bytes:
        indent = random.choice((None, 1))
        return json.dumps(json.loads(self.true), indent=indent, sort_keys=random.random() < 0.5).encode()

    def _repeated(self, random: Random) -> bytes:
        key = random.choice((b'"counter":', b'"epoch":', b'"slots":', b'"machine":', b'"signed":', b'"signatures":'))
        return self.true.replace(key, key + random.choice((b"1,", b'"x",', b"[],")) + key, 1)

    def _under_the_stations_name(self, envelope: bytes) -> bytes:
        station = json.loads(self._signatures[len(b'{"signatures":') :])[0]["key_id"].encode()
        return envelope.replace(key_id(self.thief.public_key().public_bytes_raw()).encode(), station)

    def _changed(self, random: Random) -> Document:
        document: Document = json.loads(self._signed[:-1])
        for _ in range(random.choice((1, 1, 1, 3))):
            _change(random, document)
        return document


def _change(random: Random, document: Document) -> None:
    """Change one value somewhere in a document."""
    holder: Any = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = random.choice(keys)
        inner = holder[key]
        if not isinstance(inner, (dict, list)) or not inner or random.random() < 0.2:
            break
        holder = inner
    match random.randrange(4):
        case 0 if isinstance(inner, int) and not isinstance(inner, bool):
            holder[key] = inner + random.choice((-1, 1, 1000, -(10**6)))
        case 1:
            del holder[key]
        case 2 if isinstance(holder, dict):
            holder[f"{key}x"] = inner
        case _:
            holder[key] = copy.deepcopy(random.choice(_SPECIAL))


def _canonical(document: Document) -> bytes:
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, ValueError):
        return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _sealed(document: Document, key: Ed25519PrivateKey) -> bytes:
    signed = _canonical(document)
    named = [
        {
            "key_id": key_id(key.public_key().public_bytes_raw()),
            "signature": base64.b64encode(key.sign(signed)).decode(),
        }
    ]
    return b'{"signatures":' + rfc8785.dumps(named) + b',"signed":' + signed + b"}"
