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
        """Note what is wrong in `area`; an empty sentence means that it is well.

        One cause that shows in several areas by the same sentence is told once, and its end once.
        """
        with self._lock:
            before = self._sentences.get(area, "")
            self._sentences[area] = sentence
            elsewhere = [told for other, told in self._sentences.items() if other != area]
        if before != sentence and (sentence or before) not in elsewhere:
            self._on_change(area, sentence)

    def get(self, area: str) -> str:
        """Return what is wrong in `area`, or an empty string."""
        return self._sentences.get(area, "")

    def areas(self) -> dict[str, str]:
        """Return every fault by its area."""
        with self._lock:
            return {area: sentence for area, sentence in self._sentences.items() if sentence}

    def all(self) -> str:
        """Return every fault once, in one line, for the heartbeat."""
        with self._lock:
            return " ".join(dict.fromkeys(sentence for sentence in self._sentences.values() if sentence))[:MOST_TEXT]
