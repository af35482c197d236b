"""The line of the orders: a small signed sheet that the centre keeps back until there is something new.

Beside the playlist and in threads of its own, so that nothing slow stands before an emergency.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.errors import ServerUnreachableError, TiengLoaError
from domain.playlist import ClipRef
from domain.ports import Clock
from player.emergencies import Emergencies
from player.line import Line, etag_of
from player.order_book import MAX_ENVELOPE_BYTES, OrderBook
from player.pinned import Pinned

WAIT_S = 25
_SLACK_S = 10.0
_FORGET_AFTER = timedelta(days=8)
_REFUSED = frozenset({400, 422})

Untold = tuple[str, int, dict[str, Any]]
"""The key, the version and the document of an alert."""


class OrderLine:
    """Asks for orders and takes them up; `stopping` tells whether to leave off.

    `set_clock` is called before orders are obeyed: what has expired is judged by the time that the centre signs, if
    it can be had, and not by a clock that woke hours away from it.
    """

    def __init__(self, line: Line, emergencies: Emergencies, clock: Clock) -> None:
        self._line = line
        self._emergencies = emergencies
        self._clock = clock
        self.stopping: Callable[[], bool] = lambda: False
        self.set_clock: Callable[[], None] = lambda: None

    def ask(self) -> None:
        """Ask again and again for as long as the centre keeps its answer back until there is news.

        Raises ServerUnreachableError, TrustError.
        """
        while not self.stopping():
            begun = self._clock.monotonic()
            if not self._ask() and self._clock.monotonic() - begun < WAIT_S / 2:
                return

    def _ask(self) -> bool:
        etag = self._emergencies.book.etag
        headers = {"If-None-Match": etag} if etag else {}
        path = f"/api/v1/orders?wait={WAIT_S}"
        answer = self._line.wait_for(path, headers, MAX_ENVELOPE_BYTES, WAIT_S + _SLACK_S)
        if answer.status == 200:
            self.set_clock()
            before = self._emergencies.book.heading
            self._emergencies.accept(answer.body, etag_of(answer))
            return self._emergencies.book.heading != before  # a proxy that strips the ETag must not make us spin
        answer.check_welcome()
        if answer.status not in (204, 304, 404):
            raise ServerUnreachableError(f"Máy chủ chưa cho biết lệnh khẩn (mã {answer.status}); máy phát sẽ hỏi lại.")
        return False


class ClipKeeper:
    """Brings what emergencies need onto the shelf and into memory, those of a running one first."""

    def __init__(self, bring: Callable[[ClipRef], None], emergencies: Emergencies, pinned: Pinned) -> None:
        self._bring = bring
        self._emergencies = emergencies
        self._pinned = pinned

    def keep(self) -> None:
        """Load what is there, bring what is not, and load that too. Raises the first error in the end."""
        failures: list[TiengLoaError] = []
        self._pinned.load()
        for ref in self._emergencies.needed:
            try:
                self._bring(ref)
            except TiengLoaError as error:
                failures.append(error)
            self._pinned.load()
        if failures:
            raise failures[0]


class AlertReporter:
    """Tells the centre what became of each order here, and what people started at the machine."""

    def __init__(self, line: Line, book: OrderBook, clock: Clock) -> None:
        self._line = line
        self._book = book
        self._clock = clock

    def report(self) -> None:
        """Send the alerts whose newest state the centre does not know; one that it refuses holds up no other.

        Raises ServerUnreachableError.
        """
        untold = self._book.untold()
        if untold and not self._sent(untold):
            for one in untold:
                self._sent((one,))

    def _sent(self, untold: tuple[Untold, ...]) -> bool:
        """Send some alerts; tell whether nothing of them was refused. One refused alone would be refused for ever."""
        told = [{"id": key, "version": version, "alert": document} for key, version, document in untold]
        answer = self._line.post("/api/v1/alerts", {"alerts": told})
        if answer.status == 404:  # a centre of the first version does not ask
            return True
        answer.check_welcome()
        refused = answer.status in _REFUSED
        if answer.status != 200 and not refused:
            raise ServerUnreachableError(f"Máy chủ chưa nhận báo cáo phát khẩn (mã {answer.status}).")
        if not refused or len(untold) == 1:
            for key, version, _ in untold:
                self._book.told(key, version, self._clock.now() - _FORGET_AFTER)
        return not refused
