"""Units and measures that do not simply follow a number."""

import re

from tts.reading.evidence import names_product
from tts.reading.page import Page, Piece, one
from tts.reading.units import UNITS
from tts.reading.wordsets import word_set

_STANDALONE = word_set(
    "km km2 km² cm cm2 cm² mm m2 m² m3 m³ kg mg ml ha kWh MWh kW MW kV kVA MVA GB MB TB Mbps mmHg dB dBA VNĐ VND vnđ "
    "vnd USD EUR NDT kHz MHz GHz kcal"
)
_UNIT_WORD = re.compile(r"[^\W\d_]+[23²³]?(?![\w²³])")
_SCALED_BEFORE = re.compile(r"(?:[0-9]|nghìn|ngàn|triệu|tỷ|tỉ|trăm|chục|vạn) ?$")
_POST = re.compile(r"[Kk][Mm] ?([0-9]{1,4})(?:\+([0-9]{1,4}))?(?!\w)")


def unit_word(page: Page, start: int) -> tuple[Piece, ...]:
    """Read a unit that stands without a number of its own: `nghìn ha`, `tỷ USD`, `vài km`."""
    match = _UNIT_WORD.match(page.text, start)
    name = UNITS.get(match.group()) if match else None
    if not match or not name:
        return ()
    written = match.group()
    apart = written in _STANDALONE and written != "ha"
    if apart or (len(written) <= 2 and _SCALED_BEFORE.search(page.before(start, 8))):
        return one(start, match.end(), name, "unit")
    return ()


def degree_word(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `độ C`."""
    if re.match(r"độ C(?!\w)", page.text[start : start + 5], re.IGNORECASE):
        return one(start, start + 4, "độ xê", "unit")
    return ()


def kilometre_post(page: Page, start: int) -> tuple[Piece, ...]:
    """Read `Km 12+300`, a place on a road."""
    match = _POST.match(page.text, start)
    if not match or (page.text.startswith("KM", start) and names_product(page.before(start))):
        return ()
    said = f"ki lô mét {page.say.cardinal(match[1])}"
    said += f" cộng {page.say.cardinal(match[2])}" if match[2] else ""
    return one(start, match.end(), said, "kilometre_post")
