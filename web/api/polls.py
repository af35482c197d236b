"""The question that machines ask most often, and its commonest answer: has my playlist changed? No.

Thousands of them come each second at a large station, so this one answer is given before Flask is woken. Whatever is
not exactly this - a wrong signature, a machine unknown or revoked, a new playlist - goes the long way, and is
answered or refused there.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from domain.errors import TiengLoaError
from domain.playlist import to_ms
from scheduler.signing import MACHINE_HEADER, SIGNATURE_HEADER, TIME_HEADER, verify_request
from store import machines
from web.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH = "/api/v1/playlist"
_SIGNED = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in (MACHINE_HEADER, TIME_HEADER, SIGNATURE_HEADER)}


class QuickPolls:
    """Answers "unchanged" by itself and hands everything else to the application."""

    def __init__(self, application: "WSGIApplication", services: Services) -> None:
        self._application = application
        self._services = services

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == _PATH and environ["REQUEST_METHOD"] == "GET" and not environ.get("QUERY_STRING"):
            etag = self._unchanged(environ.get)
            if etag:
                now = str(to_ms(self._services.clock.now()))
                # No word more than is needed: a machine on a phone card pays for each.
                start_response("304 NOT MODIFIED", [("ETag", etag), ("TL-Server-Time", now)])
                return ()
        return self._application(environ, start_response)

    def _unchanged(self, header: Callable[[str, str], Any]) -> str:
        """Return the ETag of the caller's playlist if it signed well and holds that one already, else nothing."""
        held = header("HTTP_IF_NONE_MATCH", "")
        if not held or header("CONTENT_LENGTH", "") not in ("", "0") or header("HTTP_TRANSFER_ENCODING", ""):
            return ""
        signed = {name: header(variable, "") for name, variable in _SIGNED.items()}
        try:
            with self._services.database.read() as connection:
                found = machines.polled(connection, signed[MACHINE_HEADER])
            if found is None or held != found.etag:
                return ""
            verify_request(found.public_key, "GET", _PATH, signed, b"", self._services.clock.now())
        except TiengLoaError:
            return ""
        return found.etag
