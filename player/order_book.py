"""What the machine keeps of its orders: the newest sheet it believed, ids obeyed, and alerts through a restart."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain.errors import TiengLoaError, TrustError
from domain.order_sheet import MAX_SHEET_BYTES, OrderSheet, SoundOrder, order_document, order_from, sheet_from
from domain.playlist import ClipRef, PlaylistItem, clip_document, from_ms, length_ms, read_clip, to_ms
from player.alerting import Alert, Turn, resumed
from player.database import Database
from player.trust import Identity, read_sealed

MAX_ENVELOPE_BYTES = MAX_SHEET_BYTES + 4096
_KEEP_IDS = timedelta(days=8)
Heading = tuple[str, str, int, int, int]
"""Of a sheet: ETag, digest, epoch, counter, when it was issued in milliseconds."""


def read_sheet(raw: bytes, identity: Identity) -> OrderSheet:
    """Return the sheet inside the envelope `raw` once its signature and its addressee hold. Raises TrustError."""
    try:
        document = read_sealed(raw, identity.station_key, MAX_ENVELOPE_BYTES)
    except TrustError as error:
        raise TrustError("Lệnh khẩn không mang đúng chữ ký của đài hoặc sai khuôn dạng; máy bỏ qua.") from error
    sheet = sheet_from(document)
    if sheet.machine_id != identity.machine_id or sheet.station_id != identity.station_id:
        raise TrustError("Lệnh khẩn là của máy khác hoặc đài khác; máy bỏ qua.")
    return sheet


class OrderBook:
    """Checks sheets against what was believed before, and keeps what must outlive the process.

    What is believed counts at once, in memory; the writes are given away to be done when the disk takes them, because
    an emergency must sound on a full disk too.
    """

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._identity = identity
        rows = database.read("SELECT etag, digest, epoch, counter, issued FROM orders")
        etag, digest, epoch, counter, issued = rows[0] if rows else ("", "", 0, 0, 0)
        self.etag = str(etag)
        self.newest = from_ms(int(issued))  # type: ignore[call-overload]
        self.damaged = 0
        self._digest = str(digest)
        self._held = (int(epoch), int(counter))  # type: ignore[call-overload]
        self._obeyed = {str(row[0]) for row in database.read("SELECT id FROM obeyed")}

    def believe(self, raw: bytes, etag: str, now: datetime) -> OrderSheet:
        """Verify a sheet and take it as the newest; `now` is the latest that is known of the time. Raises TrustError.

        A lower (epoch, counter) is refused, and so is another sheet of the same; nothing changes then.
        """
        sheet = read_sheet(raw, self._identity)
        digest = hashlib.sha256(raw).hexdigest()
        number = (sheet.epoch, sheet.counter)
        if number < self._held or (number == self._held and digest != self._digest):
            raise TrustError("Lệnh khẩn cũ hơn lệnh máy đã nhận (nghi bị phát lại); máy bỏ qua.")
        if sheet.expires_at <= now:
            raise TrustError("Lệnh khẩn đã hết hạn; máy bỏ qua. Kiểm tra đồng hồ của máy và máy chủ.")
        self._held, self._digest, self.etag = number, digest, etag
        self.newest = max(self.newest, sheet.issued_at)
        return sheet

    def first_time(self, order_id: str) -> bool:
        """Tell whether an order was never obeyed before; from now on it was."""
        if order_id in self._obeyed:
            return False
        self._obeyed.add(order_id)
        return True

    @property
    def heading(self) -> Heading:
        """Return what is kept of the newest sheet."""
        return (self.etag, self._digest, *self._held, to_ms(self.newest))

    def writing_sheet(self, row: Heading, ids: tuple[str, ...], now: datetime) -> Callable[[], None]:
        """Return the write that keeps the heading of a sheet that was obeyed, and the ids obeyed at `now`.

        Never that of a newer one: its orders would be lost with the power.
        """

        def write() -> None:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO orders (id, etag, digest, epoch, counter, issued)"
                    " VALUES (1, ?, ?, ?, ?, ?)",
                    row,
                )
                connection.executemany("INSERT OR IGNORE INTO obeyed VALUES (?, ?)", [(one, to_ms(now)) for one in ids])
                connection.execute("DELETE FROM obeyed WHERE at < ?", (to_ms(now - _KEEP_IDS),))

        return write

    def writing_alert(self, alert: Alert, refs: tuple[ClipRef, ...], now: datetime) -> Callable[[], None]:
        """Return the write that keeps `alert` as it stands at `now`, with the clips that it needs."""
        told = {**alert_document(alert, now), "clips": [clip_document(ref) for ref in refs]}
        document = json.dumps(told, ensure_ascii=False)
        ended = to_ms(alert.ended_at) if alert.ended_at else None

        def write() -> None:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO alerts (key, document, ended) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                    " document = excluded.document, ended = excluded.ended, version = version + 1",
                    (alert.id, document, ended),
                )

        return write

    def alerts(self, now: datetime, *, trusted: bool) -> tuple[tuple[Alert, ...], tuple[ClipRef, ...]]:
        """Return the kept alerts as they go on at `now`, and their clips.

        A clock that is not `trusted` cannot tell how long they have lasted. What cannot be read is left out and
        counted in `damaged`.
        """
        alerts: list[Alert] = []
        refs: dict[str, ClipRef] = {}
        for row in self._database.read("SELECT document FROM alerts ORDER BY key"):
            try:  # one that rotted on the disk must not take the others with it
                told = json.loads(str(row[0]))
                alert, left = alert_from(told)
                refs |= {ref.hash: ref for ref in map(read_clip, told["clips"])}
            except (KeyError, TypeError, ValueError, OverflowError, TiengLoaError):
                self.damaged += 1
            else:
                alerts.append(resumed(alert, now, left, trusted=trusted))
        return tuple(alerts), tuple(refs.values())

    def untold(self) -> tuple[tuple[str, int, dict[str, Any]], ...]:
        """Return (key, version, document) of the alerts whose newest state the centre does not know."""
        rows = self._database.read(
            "SELECT key, version, document FROM alerts WHERE told < version ORDER BY key LIMIT 50"
        )
        return tuple((str(key), int(version), json.loads(str(told))) for key, version, told in rows)  # type: ignore[call-overload]

    def told(self, key: str, version: int, before: datetime) -> None:
        """Note that the centre knows this state; alerts that ended long `before` are forgotten."""
        with self._database.write() as connection:
            connection.execute("UPDATE alerts SET told = max(told, ?) WHERE key = ?", (version, key))
            connection.execute("DELETE FROM alerts WHERE told >= version AND ended < ?", (to_ms(before),))


def alert_document(alert: Alert, now: datetime) -> dict[str, Any]:
    """Return the JSON object of an alert as it stands at `now`."""
    return {
        "order": order_document(alert.order),
        "began": to_ms(alert.began),
        "until": to_ms(alert.until),
        "left": max(length_ms(alert.until - now), 0),
        "due": _maybe_ms(alert.due),
        "local": alert.local,
        "clear": alert.clear,
        "heard": alert.heard,
        "turn": _turn_document(alert.turn),
        "ended": alert.ended,
        "ended_at": _maybe_ms(alert.ended_at),
    }


def alert_from(told: dict[str, Any]) -> tuple[Alert, timedelta]:
    """Return the alert of its own JSON object, and how long it still had. Raises ValueError, TypeError, KeyError."""
    document = told["order"]
    named = frozenset(one for one in (document["message"], document["chime"], document["notice"]) if one)
    order = order_from(document, named)
    if not isinstance(order, SoundOrder):
        raise TypeError("order")
    alert = Alert(
        order=order,
        began=from_ms(told["began"]),
        until=from_ms(told["until"]),
        due=_maybe_instant(told["due"]),
        local=bool(told["local"]),
        clear=bool(told["clear"]),
        heard=int(told["heard"]),
        turn=_turn_from(told["turn"]),
        ended=str(told["ended"]),
        ended_at=_maybe_instant(told["ended_at"]),
    )
    return alert, timedelta(milliseconds=told["left"])


def _turn_document(turn: Turn | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    items = [[one.clip_hash, length_ms(one.offset), length_ms(one.length), one.title] for one in turn.items]
    return {"number": turn.number, "starts": to_ms(turn.starts_at), "items": items}


def _turn_from(told: dict[str, Any] | None) -> Turn | None:
    if told is None:
        return None
    items = tuple(
        PlaylistItem(clip, timedelta(milliseconds=offset), timedelta(milliseconds=length), title)
        for clip, offset, length, title in told["items"]
    )
    return Turn(told["number"], from_ms(told["starts"]), items)


def _maybe_ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)


def _maybe_instant(told: int | None) -> datetime | None:
    return None if told is None else from_ms(told)
