"""The reviewed lexicon that ships with the product, and the reader that uses it."""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from domain.reading import LexiconEntry, SpokenText
from tts.reading import Lexicon, Reading, Style, WordIndex, read
from tts.reading.normalise import clean_word

_FILES = ("state", "party", "services", "education", "loans", "names")
_ANY_CASE = frozenset({"loan"})
_JOINT = re.compile(r"[-&]")


@cache
def reviewed_lexicon() -> Lexicon:
    """Return the lexicon of the package, read once."""
    codes: dict[str, dict[str, str]] = {"kind": {}, "body": {}, "office": {}, "signature": {}, "place_head": {}}
    for name in ("codes", "signatures"):
        for row in _rows(name):
            codes[row["category"]][clean_word(row["written"])] = row["spoken"]
    return Lexicon(
        words=WordIndex.of(_readings()),
        kinds=codes["kind"],
        bodies=codes["body"],
        offices=codes["office"],
        signatures=codes["signature"],
        place_heads=codes["place_head"],
    )


def reviewed_entries() -> tuple[LexiconEntry, ...]:
    """Return the reviewed readings that hold anywhere in a text, for showing and for listening."""
    return tuple(
        LexiconEntry(row["written"], row["spoken"], row["category"], row["category"] not in _ANY_CASE)
        for name in _FILES
        for row in _rows(name)
    )


class LexiconReader:
    """The Reader of the product: the reviewed lexicon with a site's own entries on top."""

    def __init__(self, site_entries: Iterable[LexiconEntry] = (), style: Style | None = None) -> None:
        self._site_entries = tuple(site_entries)
        self._style = style or Style()

    def read(self, script: str, readings: Iterable[LexiconEntry] = ()) -> SpokenText:
        """Return `script` as it will be said; `readings` win over the site's entries, those over the lexicon."""
        return read(script, reviewed_lexicon(), (*self._site_entries, *readings), self._style)


def _readings() -> Iterator[Reading]:
    rows = [row for name in _FILES for row in _rows(name)]
    for row in rows:
        written = clean_word(row["written"])
        for other in _other_joins(written):
            yield Reading(other, row["spoken"], unsure=row["note"] == "unsure")
    for row in rows:
        written, unsure = clean_word(row["written"]), row["note"] == "unsure"
        yield Reading(written, row["spoken"], row["category"] not in _ANY_CASE, unsure)
        if _is_titled(written):
            yield Reading(_small_first(written), _small_first(row["spoken"]), unsure=unsure)


def _other_joins(written: str) -> set[str]:
    """Return the other ways to join the same initials: `KT-XH` is also typed `KT - XH`, `GD&ĐT` `GD và ĐT`."""
    parts = _JOINT.split(written)
    if len(parts) == 1 or not all(len(part) > 1 and part.isalpha() and part.isupper() for part in parts):
        return set()
    with_spaces = _JOINT.sub(r" \g<0> ", written)
    return {with_spaces, written.replace("-", " - "), written.replace("&", " & "), written.replace("&", " và ")}


def _is_titled(written: str) -> bool:
    """Tell whether an entry begins with an ordinary word that may also stand in the middle of a sentence."""
    return " " in written and written[0].isupper() and written[1].islower()


def _small_first(words: str) -> str:
    return words[0].lower() + words[1:]


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("tts") / "lexicon_data" / f"{name}.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
