"""Memory that the C library keeps after it was freed: on a small box it is given back to the system.

Sound comes and goes in large pieces on many threads, of which glibc keeps what it calls an arena each; without this a
machine grows by tens of megabytes in a day of many sessions. Where the C library is another, nothing is done.
"""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8
_MOST_ARENAS = 2


def spare() -> None:
    """Have the threads share a few arenas; to be asked for before they begin."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _MOST_ARENAS)


def give_back() -> None:
    """Give free memory back to the system; it takes some milliseconds, so not while something sounds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
