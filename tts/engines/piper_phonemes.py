"""The child process that turns words into phonemes with eSpeak NG, as Piper's voices were trained on them.

Started as a plain file by a bare interpreter, so it imports nothing of the product and little of Python.
Arguments: library file, data folder, eSpeak voice, seconds a clause may take.
Standard input carries clauses (big-endian length, UTF-8 text); standard output carries for each one an answer
(status byte, length, UTF-8 bytes): International Phonetic Alphabet when the status is zero.

Each clause is read by a fork of the fresh state: the same clause gives the same phonemes in any order, and a clause
on which the library crashes or freezes costs only itself.
"""

import ctypes
import os
import resource
import signal
import struct
import sys

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">BI")

NO_LIBRARY, NO_VOICE = 3, 4
"""Exit codes."""

_RETRIEVAL = 1
_CHARS_UTF8 = 1
_IPA = 2
_MEMORY_BYTES = 512 * 1024 * 1024


class _Library:
    """The opened eSpeak NG library with its voice chosen."""

    def __init__(self, library: str, data: str, voice: str) -> None:
        self._library = ctypes.CDLL(library)
        if self._library.espeak_Initialize(_RETRIEVAL, 0, os.fsencode(data), 0) <= 0:
            sys.exit(NO_LIBRARY)
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            sys.exit(NO_VOICE)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]

    def phonemes(self, text: bytes) -> bytes:
        """Return the phonemes of `text`; the library may take it in several bites."""
        held = ctypes.create_string_buffer(text)
        at = ctypes.c_void_p(ctypes.addressof(held))
        parts = []
        while at.value:
            parts.append(self._library.espeak_TextToPhonemes(ctypes.byref(at), _CHARS_UTF8, _IPA) or b"")
        return b" ".join(part for part in parts if part)


def _limit() -> None:
    """Keep the library from eating the machine: no core file, no disk, bounded memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _read_and_leave(library: _Library, text: bytes, seconds: int, out: int) -> None:
    """In the fork: write the phonemes to `out` and end. The alarm kills a hang, the limit a busy loop."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(seconds)
    with os.fdopen(out, "wb") as pipe:
        pipe.write(library.phonemes(text))
    os._exit(0)


def _read(library: _Library, text: bytes, seconds: int) -> tuple[int, bytes]:
    """Return (0, phonemes) of `text`, or (1, nothing)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _read_and_leave(library, text, seconds, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        phonemes = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (0, phonemes) if code == 0 else (1, b"")


def main(arguments: list[str]) -> None:
    """Answer that the voice is open, then each clause until standard input ends."""
    library_file, data, voice, seconds = arguments
    _limit()
    library = _Library(library_file, data, voice)
    _answer(0, b"")
    while len(head := sys.stdin.buffer.read(REQUEST.size)) == REQUEST.size:
        _answer(*_read(library, sys.stdin.buffer.read(REQUEST.unpack(head)[0]), int(seconds)))


def _answer(status: int, body: bytes) -> None:
    sys.stdout.buffer.write(ANSWER.pack(status, len(body)) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
