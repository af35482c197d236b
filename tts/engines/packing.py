"""Cuts a sentence into the few pieces that an online voice takes, where a reader would breathe."""

from dataclasses import dataclass

_LINK_WORDS = (
    "và hoặc nhưng mà thì là của cho với về trong theo để tại do từ đến khi nếu vì nên trên dưới bằng qua "
    "nhằm sau trước giữa cùng như được bị đã sẽ đang các những"
)
_LINKS = frozenset(_LINK_WORDS.split())
"""Words before which a reader may breathe."""

_NUMBER_WORDS = (
    "không một hai ba bốn năm sáu bảy tám chín mười mươi mốt tư lăm linh lẻ trăm nghìn ngàn triệu tỷ tỉ phẩy phần"
)
_NUMBERS = frozenset(_NUMBER_WORDS.split())

_COST_REQUEST = 4.0
_COST_LINK = 3.0
_COST_SPACE = 8.0
_COST_NUMBER = 16.0
_COST_NAME = 25.0
_COST_STUB = 5.0
_STUB = 20
"""A piece under this many characters sounds chopped off."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The cheapest way to cut the first words: what it costs, and where its last piece begins."""

    cost: float
    start: int


def packed(sentence: str, limit: int = 100) -> tuple[str, ...]:
    """Return `sentence` in pieces of at most `limit` characters: few, at clause ends, outside names and numbers.

    A shortest-path search over the words: each piece costs a request, each cut costs by how badly it would sound.
    """
    words = [piece for word in sentence.split() for piece in _chopped(word, limit)]
    ways = [_Way(0.0, 0)]
    for end in range(1, len(words) + 1):
        ways.append(_cheapest(words, ways, end, limit))
    pieces: list[str] = []
    end = len(words)
    while end > 0:
        pieces.append(" ".join(words[ways[end].start : end]))
        end = ways[end].start
    return tuple(reversed(pieces))


def _cheapest(words: list[str], ways: list[_Way], end: int, limit: int) -> _Way:
    best = _Way(float("inf"), end - 1)
    length = -1
    for start in range(end - 1, -1, -1):
        length += 1 + len(words[start])
        if length > limit:
            break
        stub = _COST_STUB if length < _STUB else 0.0
        cost = ways[start].cost + _COST_REQUEST + stub + _cut_cost(words, end)
        if cost < best.cost:
            best = _Way(cost, start)
    return best


def _cut_cost(words: list[str], at: int) -> float:
    """Return how badly a cut before word `at` would sound."""
    if at == len(words) or words[at - 1][-1] in ",;:.!?…":
        return 0.0
    before, after = words[at - 1], words[at]
    if before[0].isupper() and after[0].isupper():
        return _COST_NAME
    if before.lower() in _NUMBERS and after.lower().rstrip(",.;:") in _NUMBERS:
        return _COST_NUMBER
    return _COST_LINK if after in _LINKS else _COST_SPACE


def _chopped(word: str, limit: int) -> list[str]:
    return [word[start : start + limit] for start in range(0, len(word), limit)]
