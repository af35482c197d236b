"""The panel and the machine API as one Flask application."""

import threading
from datetime import timedelta
from typing import Any

from flask import Flask
from flask_bootstrap import Bootstrap5

from domain.people import ROLE_LABELS
from domain.timetable import PRIORITY_LABELS
from tts.chain import LABELS as VOICE_LABELS
from web import (
    areas,
    assets,
    bulletins,
    calendar,
    campaign,
    clip_shelf,
    columns,
    editor,
    emergency,
    enrolment,
    errors,
    formats,
    ical,
    lexicon,
    listening,
    live,
    log,
    machines,
    messages,
    open_lists,
    play_now,
    policy,
    priorities,
    programmes,
    script_marks,
    security,
    sign_in,
    soundings,
    states,
    timetable,
    today,
    usb_pack,
    why,
)
from web.api import orders
from web.api import routes as api
from web.api.polls import QuickPolls
from web.asked import Asked
from web.context import EXTENSION, services, visitor
from web.emergency_view import bar
from web.services import Services

_PAGES = (
    assets,
    sign_in,
    today,
    editor,
    listening,
    bulletins,
    timetable,
    soundings,
    play_now,
    priorities,
    ical,
    machines,
    usb_pack,
    open_lists,
    enrolment,
    emergency,
    messages,
    log,
    live,
    campaign,
    lexicon,
    script_marks,
    why,
    calendar,
    policy,
    programmes,
    columns,
    clip_shelf,
    areas,
)
_MOST_FORM_BYTES = 4 * 1024 * 1024


def create_app(given: Services) -> Flask:
    """Return the application over the services `given`; it holds nothing that must outlive it."""
    app = Flask(__name__)
    app.request_class = Asked
    app.url_map.merge_slashes = False  # It would send people on, to whatever host the request names.
    app.config.update(
        SECRET_KEY=given.secret_key,
        SESSION_COOKIE_NAME="tiengloa_bieu_mau",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=given.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=31),
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=_MOST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_MOST_FORM_BYTES,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.extensions[EXTENSION] = given
    app.extensions[orders.LEAVING] = threading.Event()
    Bootstrap5(app)
    csrf = security.install(app)
    for module in _PAGES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.blueprint)
    csrf.exempt(api.blueprint)
    assets.install(app)
    errors.install(app)
    _teach_templates(app)
    app.wsgi_app = QuickPolls(app.wsgi_app, given)  # type: ignore[method-assign]
    return app


def _teach_templates(app: Flask) -> None:
    for show in formats.FILTERS:
        app.add_template_filter(show)
    app.add_template_global(states.bulletin_mark)
    app.context_processor(_common)


def _common() -> dict[str, Any]:
    """Return what every page may show."""
    return {
        "me": visitor(),
        "urgent_now": bar,
        "now": services().clock.now(),
        "role_labels": ROLE_LABELS,
        "voice_labels": VOICE_LABELS,
        "priority_labels": PRIORITY_LABELS,
    }
