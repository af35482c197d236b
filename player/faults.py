"""What is wrong with the machine at the moment, one sentence for each area."""

import threading
from collections.abc import Callable

MOST_TEXT = 500


class Faults:
    """The current faults by area; a change is told once to `on_change` (area, sentence)."""

    def __init__(self, on_change: Callable[[str, str], None]) -> None:
        self._on_change = on_change
        self._lock = threading.Lock()
        self._sentences: dict[str, str] = {}

    def set(self, area: str, sentence: str) -> None:
        """Note what is wrong in `area`; an empty sentence means that it is well."""
        with self._lock:
            if self._sentences.get(area, "") == sentence:
                return
            self._sentences[area] = sentence
        self._on_change(area, sentence)

    def get(self, area: str) -> str:
        """Return what is wrong in `area`, or an empty string."""
        return self._sentences.get(area, "")

    def all(self) -> str:
        """Return every fault in one line, for the heartbeat."""
        with self._lock:
            return " ".join(sentence for sentence in self._sentences.values() if sentence)[:MOST_TEXT]
