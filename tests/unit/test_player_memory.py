"""Which pages of libraries a machine lets go of: those that are in their files, and no others."""

import ctypes
import mmap
import os
import subprocess
import sys
from pathlib import Path

from player.memory import file_pages

_ROOT = Path(__file__).parents[2]


def mapping(span: str, rights: str, name: str = "", own: int = 0, swapped: int = 0) -> str:
    """Return a mapping as Linux writes it into smaps."""
    return (
        f"{span} {rights} 00000000 fe:00 1234 {name:>30}\n"
        f"Size:   64 kB\nRss:    64 kB\nAnonymous:   {own:8} kB\nAnonHugePages:   0 kB\nSwap:     {swapped:8} kB\n"
        "SwapPss:       0 kB\nVmFlags: rd ex mr mw me\n"
    )


def test_the_code_and_the_constants_of_a_library_are_let_go_of() -> None:
    smaps = mapping("1000-3000", "r-xp", "/lib/a.so") + mapping("3000-4000", "r--p", "/lib/a.so")
    assert list(file_pages(smaps)) == [(0x1000, 0x2000), (0x3000, 0x1000)]


def test_pages_that_are_in_no_file_stay() -> None:
    written = mapping("1000-2000", "r--p", "/lib/a.so", own=4)
    swapped = mapping("2000-3000", "r--p", "/lib/a.so", swapped=4)
    writable = mapping("3000-4000", "rw-p", "/lib/a.so")
    shared = mapping("4000-5000", "r--s", "/dev/shm/a")
    nameless = mapping("5000-6000", "r-xp")
    heap = mapping("6000-7000", "rw-p", "[heap]", own=64)
    own = mapping("7000-8000", "r-xp", "[vdso]")
    assert not list(file_pages(written + swapped + writable + shared + nameless + heap + own))


def test_what_follows_a_mapping_says_nothing_of_it() -> None:
    written = mapping("1000-2000", "r--p", "/lib/a.so", own=4)
    assert not list(file_pages(written + mapping("2000-3000", "rw-p")))
    assert list(file_pages(mapping("1000-2000", "r-xp", "/lib/a.so") + mapping("2000-3000", "rw-p", own=8)))


def test_in_the_smaps_of_this_very_process_no_page_of_its_own_is_named() -> None:
    with mmap.mmap(-1, mmap.PAGESIZE) as memory:
        memory[0] = 1
        at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        spans = list(file_pages(Path("/proc/self/smaps").read_text("utf-8")))
        assert spans
        assert not any(start <= at < start + size for start, size in spans)


def test_a_process_that_let_go_of_its_libraries_goes_on_and_holds_less() -> None:
    script = """
import hashlib, sqlite3, ssl, av, numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from player import memory
held = lambda: int(open("/proc/self/statm").read().split()[2])
before = held()
memory.let_go_of_libraries()
after = held()
key = Ed25519PrivateKey.generate()
key.public_key().verify(key.sign(b"x"), b"x")
ssl.create_default_context()
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert sqlite3.connect(":memory:").execute("SELECT 6 * 7").fetchone() == (42,)
assert float(np.arange(1000, dtype=np.float32).sum()) == 499500.0
av.audio.resampler.AudioResampler(format="s16", layout="mono", rate=48000)
print(before, after)
"""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    before, after = (int(pages) for pages in run.stdout.split())
    assert after < before / 2
