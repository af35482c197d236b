"""Which letter strings can be a Vietnamese syllable, by its structure and not by a list of words."""

import re
import unicodedata
from functools import lru_cache

from tts.reading.wordsets import word_set

_RIMES = word_set(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu êng êc
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc uê uêch uên uênh uêt uêu ui um un ung uơ up ut uy uya uych uyên uyêt uyn uynh uyp uyt uyu
    uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    y yêm yên yêng yêt yêu
    """
)
_AFTER_QU = word_set(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât âu ây e en eo et ê êch ên ênh êt
    i ich it o ôc ơ y ych yên yêt yn ynh yt yu
    """
)
_ONSET = re.compile(r"ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnprstvx]|")
_TONES = str.maketrans("", "", "\u0300\u0301\u0303\u0309\u0323")
_STOPPED_NEEDS = ("\u0301", "\u0323")


@lru_cache(maxsize=8192)
def is_syllable(word: str) -> bool:
    """Tell whether `word` (any case) is built like a Vietnamese syllable: onset, rime and a tone that fits."""
    small = word.lower()
    if not 0 < len(small) <= 7:
        return False
    apart = unicodedata.normalize("NFD", small)
    tones = [mark for mark in apart if ord(mark) in _TONES]
    if len(tones) > 1:
        return False
    bare = unicodedata.normalize("NFC", apart.translate(_TONES))
    stopped = bare.endswith(("p", "t", "c", "ch"))
    return (not stopped or (bool(tones) and tones[0] in _STOPPED_NEEDS)) and _onset_fits_rime(bare)


def _onset_fits_rime(bare: str) -> bool:
    match = _ONSET.match(bare)
    assert match is not None
    onset, rime = match.group(), bare[match.end() :]
    if onset == "gi":
        return rime == "" or "i" + rime in _RIMES or (rime in _RIMES and rime[0] not in "iy")
    if onset == "qu":
        return rime in _AFTER_QU
    if rime not in _RIMES or (rime[0] == "y" and len(rime) > 1 and onset != ""):
        return False
    front = rime[0] in "eêiy"
    if onset in {"k", "gh", "ngh"}:
        return front
    return not (front and onset in {"c", "ng"})


def splits_into_syllables(letters: str) -> bool:
    """Tell whether plain ASCII letters can be cut into toneless Vietnamese syllables, as in "dichvucong"."""
    reachable = {0}
    for end in range(1, len(letters) + 1):
        if any(_is_toneless(letters[start:end]) for start in reachable if end - start <= 6):
            reachable.add(end)
    return len(letters) in reachable


_FLAT = str.maketrans("ăâêôơưđ", "aaeooud")
_FLAT_RIMES = frozenset(rime.translate(_FLAT) for rime in _RIMES)
_FLAT_AFTER_QU = frozenset(rime.translate(_FLAT) for rime in _AFTER_QU)


@lru_cache(maxsize=8192)
def _is_toneless(letters: str) -> bool:
    match = _ONSET.match(letters)
    assert match is not None
    onset, rime = match.group(), letters[match.end() :]
    if onset == "gi":
        return rime == "" or rime in _FLAT_RIMES
    return rime in (_FLAT_AFTER_QU if onset == "qu" else _FLAT_RIMES)
