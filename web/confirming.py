"""A form that was shown what it would do, and comes back unchanged to be saved."""

import hashlib

from flask import request
from werkzeug.datastructures import MultiDict

from scheduler.noting import stamp_of

_NOT_PART = frozenset({"csrf_token", "confirmed", "action"})


def digest(form: MultiDict[str, str]) -> str:
    """Return a short hash of all that a form asks for."""
    told = sorted(
        (name, value.replace("\r\n", "\n")) for name, value in form.items(multi=True) if name not in _NOT_PART
    )
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:24]


def digest_of(meaning: object) -> str:
    """Return a short hash of what a form means, for one that may be typed in several ways."""
    return hashlib.sha256(repr(meaning).encode("utf-8", "replace")).hexdigest()[:24]


def is_confirmed(meaning: object = None) -> bool:
    """Tell whether the form that came, or what it means, is what a person was shown the effect of."""
    wanted = digest(request.form) if meaning is None else digest_of(meaning)
    return request.form.get("confirmed", "") == wanted


def stamp_seen() -> str | None:
    """Return the stamp of what the person had open when the form was first shown; None when the form brings none."""
    return request.form.get("seen") or None


def is_stale(value: object) -> bool:
    """Tell whether `value` is another than what the person had open."""
    return stamp_seen() not in {None, stamp_of(value)}


def stamp_for(value: object) -> str:
    """Return the stamp that a form of `value` carries: a form that comes back keeps the one it was first shown with."""
    return stamp_seen() or stamp_of(value)
