"""Lists for ordinary players: M3U and XSPF as text. Pure."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from xml.etree import ElementTree

from domain.formats import clock, day
from scheduler.listening import Heard, Listing

M3U, XSPF = "audio/x-mpegurl", "application/xspf+xml"
KINDS = {"m3u8": M3U, "m3u": M3U, "xspf": XSPF}
_NAMESPACE = "http://xspf.org/ns/0/"


@dataclass(frozen=True, slots=True)
class Station:
    """Who tells a list, and how a player finds a sound."""

    name: str
    address: Callable[[Heard], str]


def as_text(kind: str, listing: Listing, station: Station) -> bytes:
    """Return the list as a file of a kind, in UTF-8."""
    return _xspf(listing, station) if kind == "xspf" else _m3u(listing, station)


def heading(listing: Listing) -> str:
    """Return the title of a list; between sessions it says when the next begins."""
    if listing.sounds:
        return _plain(listing.title)
    if listing.next_at is None:
        return "Chưa có buổi phát nào trong ba ngày tới"
    return f"Chưa đến giờ phát. Buổi tới: {clock(listing.next_at)} ngày {day(listing.next_at)}, " + _plain(
        listing.next_title
    )


def _m3u(listing: Listing, station: Station) -> bytes:
    lines = ["#EXTM3U", f"#PLAYLIST:{heading(listing)}"]
    for one in listing.sounds:
        seconds = -(-one.clip.length // timedelta(seconds=1))
        lines += [f"#EXTINF:{seconds},{_plain(one.title)}", station.address(one)]
    return ("\n".join(lines) + "\n").encode()


def _xspf(listing: Listing, station: Station) -> bytes:
    ElementTree.register_namespace("", _NAMESPACE)
    root = ElementTree.Element(f"{{{_NAMESPACE}}}playlist", {"version": "1"})
    _add(root, "title", heading(listing))
    _add(root, "creator", _plain(station.name))
    if listing.starts_at is not None:
        _add(root, "date", listing.starts_at.isoformat(timespec="seconds"))
    tracks = _add(root, "trackList")
    for one in listing.sounds:
        track = _add(tracks, "track")
        _add(track, "location", station.address(one))
        _add(track, "title", _plain(one.title))
        _add(track, "creator", _plain(station.name))
        _add(track, "duration", str(one.clip.length // timedelta(milliseconds=1)))
    told: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    made.text = text
    return made


def _plain(text: str) -> str:
    """Return `text` on one line, without letters that XML or a player cannot take."""
    kept = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
    return " ".join("".join(kept).split())
