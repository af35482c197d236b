"""The card of an installed Piper voice: `voice.json` beside its model, written once when the voice was added."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import BadInputError, NotFoundError

MODEL, CONFIG, CARD, LICENCE = "model.onnx", "model.onnx.json", "voice.json", "licence.txt"
"""Files of a voice's folder; the last one is there only when the voice came with a text about its licence."""

SLOWEST, FASTEST = 0.5, 2.0
"""How many times as fast as its maker set it a voice may speak."""

UNKNOWN_LICENCE = "chưa rõ giấy phép"

_CARD_LIMIT_BYTES = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """What is known of an installed voice; `size` in bytes, `rate` in frames a second, hashes SHA-256 in hex.

    `speed` is how many times as fast as its maker set it the voice speaks here.
    """

    name: str
    language: str
    quality: str
    rate: int
    licence: str
    size: int
    model_sha256: str
    config_sha256: str
    added_at: datetime
    source: str
    speed: float = 1.0


def write_card(folder: Path, card: VoiceCard) -> None:
    """Write `card` into `folder`. Raises OSError."""
    document = asdict(card) | {"added_at": card.added_at.astimezone(UTC).isoformat(timespec="milliseconds")}
    (folder / CARD).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_card(folder: Path) -> VoiceCard:
    """Return the card of the voice in `folder`. Raises NotFoundError when there is none, or it is not whole."""
    try:
        with (folder / CARD).open("rb") as file:
            fields = json.loads(file.read(_CARD_LIMIT_BYTES))
        card = VoiceCard(**fields | {"added_at": datetime.fromisoformat(fields["added_at"])})
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _missing(folder) from error
    texts = (card.name, card.language, card.quality, card.licence, card.source)
    numbers = (card.rate, card.size)
    hashes = (card.model_sha256, card.config_sha256)
    sound = (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int and number > 0 for number in numbers)
        and all(isinstance(digest, str) and _SHA256.fullmatch(digest) for digest in hashes)
        and type(card.speed) in {int, float}
        and SLOWEST <= card.speed <= FASTEST
    )
    if not sound or card.name != folder.name or card.added_at.tzinfo is None:
        raise _missing(folder)
    return card


def checked_speed(speed: float) -> float:
    """Return `speed`. Raises BadInputError when no voice should speak so."""
    if not SLOWEST <= speed <= FASTEST:
        raise BadInputError(f"Tốc độ đọc phải từ {SLOWEST:g} đến {FASTEST:g} (1 là tốc độ gốc của giọng).")
    return speed


def _missing(folder: Path) -> NotFoundError:
    return NotFoundError(f"Giọng «{folder.name}» chưa cài hoặc đã hỏng. Xem «tiengloa voice list».")
