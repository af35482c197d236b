"""Who calls the machine API: every call but the first is signed, and only a confirmed machine gets anything."""

from dataclasses import dataclass
from typing import cast

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from domain.machines import EnrolmentState, Machine
from domain.playlist import to_ms
from scheduler.signing import MACHINE_HEADER, SIGNATURE_HEADER, TIME_HEADER
from web.context import services

BODY_LIMITS = {"api.keep_airings": 1024 * 1024, "api.keep_heartbeat": 64 * 1024, "api.keep_alerts": 512 * 1024}
_SMALL = 8 * 1024
REVOKED_HEADER = "TL-Revoked"
_REVOKED = "Máy phát này đã bị thu hồi quyền. Muốn dùng lại, hãy ghép lại bằng mã mới ở trang «Máy phát»."
UNSIGNED = frozenset({"api.enrol"})
WAITING_TOO = frozenset({"api.enrolment"})
"""What a box may ask while it waits for a technician's yes."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """A box that asks how far it has come on its way in."""

    id: str
    state: EnrolmentState


def know_the_machine() -> ResponseReturnValue | None:
    """Refuse a call that no enrolled machine signed, and tell a revoked one so. Raises TrustError."""
    request.max_content_length = BODY_LIMITS.get(request.endpoint or "", _SMALL)
    body = request.get_data(cache=True)
    if request.endpoint not in UNSIGNED:
        if services().office.is_revoked(request.headers.get(MACHINE_HEADER, "")):
            return jsonify(error=_REVOKED, revoked=True), 401, {REVOKED_HEADER: "1"}
        headers = _signed_headers()
        if request.endpoint in WAITING_TOO:
            state = services().office.asks(request.method, _signed_path(), headers, body)
            g.applicant = Applicant(headers[MACHINE_HEADER], state)
        else:
            g.machine = services().office.identify(request.method, _signed_path(), headers, body)
    return None


def applicant() -> Applicant:
    """Return the box that asks how far it has come."""
    return cast(Applicant, g.applicant)


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
