"""What pages are made of besides HTML: icons cut out of the wheel's sprite, versioned links, and a sign of life."""

import hashlib
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, g, request, url_for
from flask.typing import ResponseReturnValue

from store import station
from web.context import services

blueprint = Blueprint("assets", __name__)

ICONS = (
    "archive arrow-down arrow-up arrow-repeat arrow-return-left book box-arrow-right broadcast calendar-plus "
    "calendar-week calendar-x check2 check-circle-fill chevron-left chevron-right clock clock-history cone-striped "
    "diagram-3 download exclamation-triangle-fill hdd file-earmark-text hourglass-split house-door info-circle "
    "journal-text key megaphone-fill mic pause-circle pencil person-circle play-fill plug plus-lg "
    "question-circle scissors search send shield-x slash-circle speaker stop-circle three-dots volume-up wifi-off "
    "x-octagon"
)
"""The icons our pages use; the whole sprite of the wheel is over a megabyte."""

_SYMBOL = re.compile(r'<symbol\b[^>]*\bid="(?P<name>[a-z0-9-]+)"[^>]*>.*?</symbol>', re.DOTALL)
_STATIC = Path(__file__).parent / "static"


@cache
def sprite() -> bytes:
    """Return an SVG with the symbols of ICONS, taken from Bootstrap-Flask's wheel."""
    source = files("flask_bootstrap") / "static/bootstrap5/icons/bootstrap-icons.svg"
    symbols = {found["name"]: found[0] for found in _SYMBOL.finditer(source.read_text("utf-8"))}
    body = "".join(symbols[name] for name in ICONS.split())
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'.encode()


@cache
def fingerprint(name: str) -> str:
    """Return a short hash of one of our static files, for a link that may be cached for ever."""
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


@blueprint.get("/icons.svg")
def icons() -> ResponseReturnValue:
    """Answer the sprite."""
    response = Response(sprite(), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(hashlib.sha256(sprite()).hexdigest()[:16])
    return response.make_conditional(request)


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """Answer "ok" while the database can be read."""
    with services().database.read() as connection:
        station.exists(connection)
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


def icon_sheet() -> str:
    """Return the address of the sprite, made once for each request: a page may show a thousand icons."""
    if "icon_sheet" not in g:
        g.icon_sheet = url_for("assets.icons")
    return cast(str, g.icon_sheet)


def install(app: Flask) -> None:
    """Give every link to a static file the version of what it names."""
    bootstrap_version = version("bootstrap-flask")
    app.add_template_global(icon_sheet)

    @app.url_defaults
    def _versioned(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values["v"] = fingerprint(str(values["filename"]))
        elif endpoint == "bootstrap.static":
            values["v"] = bootstrap_version
        elif endpoint == "assets.icons":
            values["v"] = hashlib.sha256(sprite()).hexdigest()[:10]
