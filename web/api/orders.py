"""The machine API of emergencies: orders, kept back until there is news, and what became of them."""

import threading
import time

from flask import Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from store import emergencies
from store.emergencies import PublishedOrders
from store.engine import Database
from web.api.identity import caller
from web.api.routes import blueprint
from web.asked import posted_object
from web.context import services

LEAVING = "tiengloa-leaving"
"""The app's event that is set when its server is about to stop, so that whoever waits is answered."""
LONGEST_WAIT_S = 25.0
MOST_WAITING = 12
"""So many threads of the server's may be kept by waiting machines; the others are answered at once and ask again."""
_LOOK_S = 0.05
_seats = threading.BoundedSemaphore(MOST_WAITING)


class _Lookout:
    """Reads for all that wait which sheet was signed last, at most once each _LOOK_S seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: tuple[Database | None, float, int] = (None, 0.0, 0)

    def signed(self, database: Database) -> int:
        """Return the number of the sheet signed last."""
        with self._lock:
            whose, at, number = self._read
            if whose is not database or time.monotonic() - at >= _LOOK_S:
                with database.read() as connection:
                    _, number = emergencies.versions(connection)
                self._read = database, time.monotonic(), number
            return number


_lookout = _Lookout()


@blueprint.get("/orders")
def orders() -> ResponseReturnValue:
    """Answer the signed orders of the machine that asks; with `wait`, not before there is something new, if it can."""
    sheet = _sheet()
    if not _is_news(sheet) and (patience := _patience()) and _seats.acquire(blocking=False):
        try:
            sheet = _awaited(patience)
        finally:
            _seats.release()
    if sheet is None:
        return Response(status=204, headers={"Cache-Control": "no-cache"})
    headers = {"ETag": sheet.etag, "Cache-Control": "no-cache"}
    if not _is_news(sheet):
        return Response(status=304, headers=headers)
    return Response(sheet.body, mimetype="application/json", headers=headers)


@blueprint.post("/alerts")
def keep_alerts() -> ResponseReturnValue:
    """Keep what became of orders on a machine, and what people started there."""
    services().alert_reports.keep(caller(), posted_object().get("alerts"))
    return jsonify({})


def _awaited(patience: float) -> PublishedOrders | None:
    deadline, database = time.monotonic() + patience, services().database
    leaving: threading.Event = current_app.extensions[LEAVING]
    seen = _lookout.signed(database)
    sheet = _sheet()
    while not _is_news(sheet) and time.monotonic() < deadline and not leaving.wait(_LOOK_S):
        if (number := _lookout.signed(database)) != seen:
            seen, sheet = number, _sheet()
    return sheet


def _sheet() -> PublishedOrders | None:
    """Return the sheet of the machine that asks, unless it is over."""
    with services().database.read() as connection:
        found = emergencies.published(connection, caller().id)
    return found if found is not None and services().clock.now() < found.expires_at else None


def _is_news(sheet: PublishedOrders | None) -> bool:
    return sheet is not None and not request.if_none_match.contains_weak(sheet.etag.strip('"'))


def _patience() -> float:
    asked = request.args.get("wait", "0")
    return min(float(asked), LONGEST_WAIT_S) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0.0
