"""Memory that a machine holds and does not use: on a small box it is given back to the system.

Sound comes and goes in large pieces on many threads, of which glibc keeps what it calls an arena each; without this a
machine grows by tens of megabytes in a day of many sessions. Where the C library or the system is another, nothing is
done.
"""

import ctypes
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_M_ARENA_MAX = -8
_MOST_ARENAS = 2
_MADV_DONTNEED = 4
_MAPPING = re.compile(r"^(?=[0-9a-f]+-[0-9a-f]+ )", re.MULTILINE)
_OF_A_FILE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +/")
_OWN = re.compile(r"^(?:Anonymous|Swap): +[1-9]", re.MULTILINE)


def spare() -> None:
    """Have the threads share a few arenas; to be asked for before they begin."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _MOST_ARENAS)


def give_back() -> None:
    """Give free memory back to the system; it takes some milliseconds, so not while something sounds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def let_go_of_libraries() -> None:
    """Hold no page of a library that only loading it has read; to be asked for before any thread begins.

    Libraries are read all over when they are loaded, and most of what was read is never used again: a third of what
    a machine holds. The pages stay in the system's cache, so that one which is used comes back in microseconds.
    """
    with suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for start, size in file_pages(Path("/proc/self/smaps").read_text("utf-8", "replace")):
            advise(start, size, _MADV_DONTNEED)


def file_pages(smaps: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the size in bytes of each mapping that is of a file, and the same as the file for good.

    What can be written is left out, and what was written before it was locked, as a library's addresses are: those
    pages are in no file.
    """
    for mapping in _MAPPING.split(smaps):
        found = _OF_A_FILE.match(mapping)
        if found and not _OWN.search(mapping):
            start = int(found[1], 16)
            yield start, int(found[2], 16) - start
