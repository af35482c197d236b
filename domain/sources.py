"""Sources from outside (tiếp âm, phát trực tiếp) that a signed playlist may name for an item, and their JSON form.

Left out of an item that has none. `{"kind": "relay", "url": ...}` is a stream that the machine takes in by itself;
`{"kind": "live"}` is a microphone, with `"session"` and `"key"` once somebody has opened it: the public half of a key
that lives as long as the broadcast and signs each of its chunks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

MOST_URL = 500
_SESSION = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_KEY = re.compile(r"[0-9a-f]{64}")


class SourceKind(StrEnum):
    """Where the sound of an item comes from."""

    RELAY = "relay"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Source:
    """A stream at `url`, or a microphone whose chunks the raw Ed25519 key `key` (hex) signs in the session `session`.

    A LIVE source that nobody has opened has neither session nor key, and is silent.
    """

    kind: SourceKind
    url: str = ""
    session: str = ""
    key: str = ""


def to_source_document(source: Source) -> dict[str, str]:
    """Return the JSON object of `source`."""
    if source.kind is SourceKind.RELAY:
        return {"kind": source.kind.value, "url": source.url}
    opened = {"session": source.session, "key": source.key} if source.key else {}
    return {"kind": source.kind.value, **opened}


def read_source(document: object) -> Source:
    """Return the source of a JSON object. Raises TypeError or ValueError for whatever is not exactly of the form."""
    if not isinstance(document, Mapping) or not all(isinstance(value, str) for value in document.values()):
        raise TypeError("source")
    kind = SourceKind(document.get("kind", ""))
    names = set(document) - {"kind"}
    if kind is SourceKind.RELAY:
        if names != {"url"} or not is_stream_url(document["url"]):
            raise ValueError("source: url")
        return Source(kind, url=document["url"])
    if not names:
        return Source(kind)
    if names != {"session", "key"} or not _SESSION.fullmatch(document["session"]):
        raise ValueError("source: session")
    if not _KEY.fullmatch(document["key"]):
        raise ValueError("source: key")
    return Source(kind, session=document["session"], key=document["key"])


def is_stream_url(url: str) -> bool:
    """Tell whether `url` is an http or https address that a machine may be told to take a stream from."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False
    plain = url.isprintable() and " " not in url and len(url) <= MOST_URL
    return plain and named and parts.scheme in {"http", "https"}
