"""Who may come in, and what every answer tells the browser: closed unless an endpoint is named public here."""

import secrets
from datetime import datetime, timedelta

from flask import Flask, Response, abort, g, request, session
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from domain.errors import NotSignedInError
from domain.people import User
from store import people
from web.asked import split
from web.context import EXTENSION, services

SESSION_COOKIE = "tiengloa_phien"
_TOUCH_EVERY = timedelta(minutes=1)
_YEAR = 365 * 24 * 3600

PUBLIC = frozenset(
    {
        "static",
        "bootstrap.static",
        "assets.icons",
        "assets.health",
        "sign_in.page",
        "sign_in.enter",
        "sign_in.line",
        "sign_in.use_line",
        "ical.feed",
        "open_lists.play_list",
        "open_lists.sound",
    }
)
"""What anyone may ask for. The machine API has its own gate: a signature, or a one-use code; so has a calendar."""

_WITHOUT_PERSON = frozenset(
    {
        "static",
        "bootstrap.static",
        "assets.icons",
        "assets.health",
        "ical.feed",
        "open_lists.play_list",
        "open_lists.sound",
    }
)

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
"""`blob:` only for sound: what a listener asked to hear before approval comes as the answer to a POST."""

MICROPHONE_POLICY = "microphone=(self), camera=(), geolocation=()"
"""For the one page where people record; every other page may not even ask."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(), camera=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask) -> CSRFProtect:
    """Put the gate before every view of `app` and the headers on every answer."""
    if app.extensions[EXTENSION].behind_proxy:
        # Only then: without a server in front, anyone could write these headers.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.before_request(_refuse_odd_hosts)
    app.before_request(_refuse_other_origins)
    app.before_request(_know_the_person)
    app.after_request(_add_headers)
    return CSRFProtect(app)


def is_machine_call() -> bool:
    """Tell whether the machine API is asked; panel sessions mean nothing there."""
    return request.blueprint == "api"


def begin_session(user: User, now: datetime) -> str:
    """Open a session for `user` and return the token for the browser's cookie."""
    token = secrets.token_urlsafe(32)
    with services().database.write() as connection:
        people.open_session(connection, user.id, token, now)
    return token


def give_cookie(response: BaseResponse, token: str) -> None:
    """Hand the session's token to the browser, out of reach of scripts and of other sites."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(people.SESSION_LONGEST.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=services().secure_cookies,
    )


def session_token() -> str:
    """Return the token the browser sent, or an empty string."""
    return request.cookies.get(SESSION_COOKIE, "")


def _refuse_odd_hosts() -> None:
    """Refuse a request to a host that cannot be, before an address is made of it."""
    if getattr(request, "odd_host", False):
        abort(400)


def _refuse_other_origins() -> None:
    """Refuse a change asked for by a page of another site, beside what the CSRF token already holds."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or is_machine_call():
        return
    origin = request.headers.get("Origin")
    if origin is not None and split(origin).netloc != request.host:
        abort(403)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)


def _know_the_person() -> None:
    endpoint = request.endpoint
    if is_machine_call() or endpoint in _WITHOUT_PERSON:
        return
    if not session.permanent:
        session.permanent = True  # The CSRF secret outlives a closed window, as the sign-in does.
    g.person = _living_session()
    if g.person is None and endpoint is not None and endpoint not in PUBLIC:
        raise NotSignedInError(_signed_out_sentence())


def _signed_out_sentence() -> str:
    if request.method == "GET":
        return "Phiên làm việc đã hết. Hãy đăng nhập lại."
    return (
        "Phiên làm việc đã hết nên chưa lưu gì. Hãy đăng nhập ở một thẻ mới, rồi quay lại thẻ này và tải lại trang "
        "để gửi lại nội dung vừa gõ."
    )


def _living_session() -> User | None:
    token = session_token()
    if not token:
        return None
    now, database = services().clock.now(), services().database
    with database.read() as connection:
        found = people.session_user(connection, token, now)
    if found is None:
        return None
    user, seen_at = found
    if now - seen_at > _TOUCH_EVERY:
        with database.write() as connection:
            people.touch_session(connection, token, now)
    return user


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint in {"static", "bootstrap.static"} and response.status_code == 200:
        # Every link to these carries the version of what it names.
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
