"""Who calls the machine API: every call but enrolment is signed by an enrolled machine."""

from typing import cast

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from domain.machines import Machine
from domain.playlist import to_ms
from scheduler.signing import MACHINE_HEADER, SIGNATURE_HEADER, TIME_HEADER
from web.context import services

BODY_LIMITS = {"api.keep_airings": 1024 * 1024, "api.keep_heartbeat": 64 * 1024}
_SMALL = 8 * 1024
REVOKED_HEADER = "TL-Revoked"
_REVOKED = "Máy phát này đã bị thu hồi quyền. Muốn dùng lại, hãy ghép lại bằng mã mới ở trang «Máy phát»."
UNSIGNED = frozenset({"api.enrol"})


def know_the_machine() -> ResponseReturnValue | None:
    """Refuse a call that no enrolled machine signed, and tell a revoked one so. Raises TrustError."""
    request.max_content_length = BODY_LIMITS.get(request.endpoint or "", _SMALL)
    body = request.get_data(cache=True)
    if request.endpoint not in UNSIGNED:
        if services().office.is_revoked(request.headers.get(MACHINE_HEADER, "")):
            return jsonify(error=_REVOKED, revoked=True), 401, {REVOKED_HEADER: "1"}
        g.machine = services().office.identify(request.method, _signed_path(), _signed_headers(), body)
    return None


def caller() -> Machine:
    """Return the machine that calls."""
    return cast(Machine, g.machine)


def server_time() -> int:
    """Return the server's clock in milliseconds since 1970, which a machine may set itself by."""
    return to_ms(services().clock.now())


def _signed_headers() -> dict[str, str]:
    return {name: request.headers.get(name, "") for name in (MACHINE_HEADER, TIME_HEADER, SIGNATURE_HEADER)}


def _signed_path() -> str:
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path
