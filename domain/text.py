"""Words that people type, made clean before they are kept."""

import unicodedata


def tidy(text: str) -> str:
    """Return a name or a line composed (Unicode NFC) and with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())
