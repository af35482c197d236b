"""Reads a script: clean it, walk over it chunk by chunk, let the longest reading win, join sentences."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from domain.reading import LexiconEntry, SpokenText
from tts.reading import (
    abbreviations,
    compounds,
    dates,
    documents,
    identities,
    lookalikes,
    marks,
    measures,
    oddities,
    phones,
    punctuation,
    quantities,
    roman,
    senses,
    shares,
    short_dates,
    structure,
    symbols,
    times,
    web,
    words,
)
from tts.reading.meanings import meanings_of
from tts.reading.normalise import clean
from tts.reading.numbers import Numbers, Style
from tts.reading.page import Page, Piece, Rule, suspect_value
from tts.reading.sentences import sentences_of
from tts.reading.syllables import is_syllable
from tts.reading.wordlist import CHUNK, Lexicon, Reading, index_entries

_DIGIT_RULES: tuple[Rule, ...] = (
    structure.numbered_point,
    web.web_address_from_digit,
    identities.long_identity,
    phones.phone,
    identities.identity_number,
    documents.numbered_form,
    documents.document_code,
    identities.plate,
    dates.date_range,
    dates.full_date,
    dates.joined_list,
    oddities.iso_date,
    oddities.coordinate,
    oddities.place_point,
    oddities.degrees_of_earth,
    short_dates.short_date_range,
    short_dates.short_date,
    documents.short_code,
    dates.month_of_year,
    times.english_time,
    times.time_of_day,
    times.weekday_number,
    dates.month_number,
    dates.day_number,
    dates.day_month,
    quantities.section_number,
    oddities.odd_groups,
    identities.hyphened_groups,
    oddities.whole_and_part,
    lookalikes.months_or_tonnes,
    oddities.comma_thousands,
    quantities.triple,
    quantities.minutes_mark,
    quantities.listed_numbers,
    shares.ratio,
    quantities.dimensions,
    quantities.metres_and,
    quantities.millions_and,
    quantities.number_with_letters,
    quantities.number,
)
_WORD_RULES: dict[str, tuple[Rule, ...]] = {
    "độ": (measures.degree_word,),
    "km": (measures.kilometre_post,),
    "v": (abbreviations.and_so_on,),
    **dict.fromkeys(senses.WORDS, (senses.sense,)),
    **dict.fromkeys(senses.SPEAKERS, (senses.speaker, senses.sense)),
    **dict.fromkeys(("tt", "ttr"), (senses.standing_body, senses.sense)),
    "cn": (identities.craft_name, abbreviations.sunday, senses.sense),
    "kts": (senses.sense, senses.architect),
    "ph": (senses.acidity,),
    "q": (times.short_quarter,),
    "t": (times.short_month, times.short_weekday),
    **dict.fromkeys(("qcvn", "tcvn", "qcđp", "tccs", "tcxdvn", "tcxd", "iso"), (documents.standard,)),
}
_BEFORE_SIGN_RULES: tuple[Rule, ...] = (
    structure.numbered_place,
    structure.signature_head,
    structure.person_initial,
    structure.place_head,
    structure.numbered_point,
    web.web_address,
)
_CAPITAL_RULES: tuple[Rule, ...] = (
    documents.form_code,
    identities.identity_code,
    lookalikes.code_after_word,
    lookalikes.road_or_form,
    lookalikes.circular,
    identities.craft_name,
    roman.roman_number,
    documents.bare_code,
    abbreviations.road,
    documents.programme,
    documents.kind_before_number,
    abbreviations.office,
    abbreviations.slashed,
    compounds.compound,
    senses.science,
    abbreviations.letters_with_digits,
    measures.unit_word,
)
_SYMBOL_RULES: dict[str, tuple[Rule, ...]] = {
    ".": (punctuation.end_mark, punctuation.dots, punctuation.full_stop),
    "…": (punctuation.dots,),
    "-": (symbols.arrow, structure.bullet, punctuation.dash),
    "=": (symbols.arrow, structure.bullet),
    "/": (punctuation.end_mark, punctuation.slash),
    "(": (structure.numbered_point, phones.phone, abbreviations.said_again),
    "+": (structure.bullet, phones.phone),
    "[": (oddities.footnote,),
    **dict.fromkeys("<>", (symbols.comparison,)),
    **dict.fromkeys("^_", (oddities.sign_between_digits,)),
    "*": (symbols.short_code, oddities.sign_between_digits),
    **dict.fromkeys("$€₫£¥", (quantities.foreign_money,)),
}


_GOES_ON = re.compile(r" ?[^\W_]|[^\w\s]")
"""What follows a shortened word, and no end of a line."""
_GIVEN = frozenset({"own_reading", "meaning"})
"""Readings that a person or the script itself gives; they win over a rule for the same letters."""


def read(
    script: str, lexicon: Lexicon, readings: Iterable[LexiconEntry] = (), style: Style | None = None
) -> SpokenText:
    """Return `script` as it will be said; `readings` win over the lexicon. Never raises on any text."""
    cleaned = clean(script)
    found, heads = marks.marks_of(cleaned.text)
    own = index_entries(tuple(readings))
    told = meanings_of(cleaned.text)
    page = Page(cleaned.text, cleaned.text.lower(), lexicon, own, Numbers(style or Style()), found, heads, told)
    return SpokenText(sentences_of(script, cleaned, _pieces(page)))


def _pieces(page: Page) -> Iterator[Piece]:
    text = page.text
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        found = _read_at(page, at)
        yield from found
        at = found[-1].end


def _read_at(page: Page, start: int) -> tuple[Piece, ...]:
    chunk = CHUNK.match(page.text, start)
    assert chunk is not None
    first = page.text[start]
    if first == "\n":
        return (Piece(start, start + 1, "", "break"),)
    known = _known(page, start, chunk.end())
    if start in page.marks:
        found = _mark(page, page.marks[start])
    elif first.isalpha():
        found = _word_rules(page, start, chunk.end())
    elif first.isdigit() and first.isascii():
        found = _first(page, start, _DIGIT_RULES)
    else:
        found = _first(page, start, _SYMBOL_RULES.get(first, (structure.bullet,))) or symbols.sign(page, start)
    if known and (not found or known.end > found[-1].end or (known.rule in _GIVEN and known.end == found[-1].end)):
        return (known,)
    if found:
        return found
    return words.word(page, start, chunk.end()) if first.isalpha() else symbols.unreadable_run(page, start)


def _mark(page: Page, mark: Piece) -> tuple[Piece, ...]:
    """Return `mark`; the words of a reading given in it are read as any others, as one sentence."""
    if mark.rule != marks.READING:
        return (mark,)
    words = clean(mark.named)
    inner = replace(page, text=words.text, lower=words.text.lower(), marks={}, heads=frozenset())
    said = SpokenText(sentences_of(mark.named, words, _pieces(inner)))
    lines = [line for sentence in said.sentences if (line := sentence.spoken.rstrip(" ,.?!"))]
    flags = tuple(flag for token in said.flagged for flag in token.flags)
    said_so = replace(mark, spoken=", ".join(lines), flags=flags)
    return (said_so if lines else marks.silent_reading(page.text, mark),)


def _first(page: Page, start: int, rules: tuple[Rule, ...]) -> tuple[Piece, ...]:
    for rule in rules:
        found = rule(page, start)
        if found:
            return found
    return ()


def _known(page: Page, start: int, end: int) -> Piece | None:
    head = page.lower[start:end]
    own = page.own.longest(page.text, page.lower, start, head)
    told = page.meanings.at(page.text, page.lower, start, head) if page.meanings.since else None
    shared = _shared(page, start, head)
    if shared and _is_plain_capitals(page, start, shared):
        shared = None
    if own and (not shared or len(own.written) >= len(shared.written)):
        return Piece(start, start + len(own.written), own.spoken, "own_reading")
    if told and (not shared or len(told.written) >= len(shared.written)):
        return Piece(start, start + len(told.written), told.spoken, "meaning")
    if not shared:
        return None
    end = start + len(shared.written)
    flags = (suspect_value(shared.written, "có nhiều cách hiểu", shared.spoken),) if shared.unsure else ()
    return Piece(start, end, shared.spoken, "lexicon", flags)


def _shared(page: Page, start: int, head: str) -> Reading | None:
    """Return the lexicon's reading; a title with a dot, as `BS.`, only before a name, else the dot ends a sentence."""
    found = page.lexicon.words.longest(page.text, page.lower, start, head)
    if not found or not found.written.endswith("."):
        return found
    end = start + len(found.written)
    bare = page.lexicon.words.longest(page.text[: end - 1], page.lower, start, head)
    if not _GOES_ON.match(page.text, end):
        return bare
    return lookalikes.dotted(page, found, end, bare, other=senses.shows_other(page, start, found))


def _is_plain_capitals(page: Page, start: int, reading: Reading) -> bool:
    """Tell whether an abbreviation such as TU is an ordinary word of a line in capitals."""
    written = reading.written
    return is_syllable(written) and written.isupper() and words.in_capitals(page, start, start + len(written))


def _word_rules(page: Page, start: int, end: int) -> tuple[Piece, ...]:
    text = page.text
    follows = text[end : end + 1]
    special = _first(page, start, _WORD_RULES.get(page.lower[start:end], ()))
    if special:
        return special
    if follows in {".", "@", ":", "-", "_"} or follows.isdigit() or follows == "+":
        found = _first(page, start, _BEFORE_SIGN_RULES)
        if found:
            return found
    if follows in {")", "/", ","}:
        found = _first(page, start, (structure.signature_head, structure.numbered_point))
        if found:
            return found
    return _first(page, start, _CAPITAL_RULES) if text[start].isupper() else measures.unit_word(page, start)
