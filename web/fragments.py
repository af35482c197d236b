"""Pieces of pages that our script fetches again and again, answered with 304 while nothing changed."""

import hashlib
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf


def fragment(template: str, **values: Any) -> ResponseReturnValue:
    """Return a piece of a page with an ETag of what it shows; its CSRF token, new each second, does not count."""
    body = render_template(template, **values)
    response = Response(body, mimetype="text/html")
    response.set_etag(hashlib.sha256(body.replace(generate_csrf(), "").encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
