"""Word lists in code: as sets, and as the alternatives of a regular expression."""


def word_set(words: str) -> frozenset[str]:
    """Return the words of `words`, which spaces part."""
    return frozenset(words.split())


def any_of(phrases: str) -> str:
    """Return a group that matches any of `phrases`, which commas part; they may hold regular expressions."""
    return "(?:" + "|".join(phrase.strip() for phrase in phrases.split(",") if phrase.strip()) + ")"
