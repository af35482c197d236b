"""The child process in which eSpeak NG runs: it may crash or hang without harm to anyone.

Started as a plain file by a bare interpreter, so it imports nothing of the product and little of Python.
Arguments: library file, data folder, voice, words a minute, seconds a sentence may take.
Standard input carries requests (big-endian length, UTF-8 text); standard output carries for each one an
answer (status byte, frames a second, length, bytes), where the bytes are mono 16 bit PCM or, when the status is
not zero, the reason in English.

The library's sound depends on what it has spoken before. The library is therefore opened once and each
sentence is spoken by a fork of that fresh state: the same text gives the same bytes, in any order, for about
7 ms a sentence instead of the 50 ms of a new process.
"""

import ctypes
import os
import resource
import signal
import struct
import sys

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">BII")

_SYNCHRONOUS = 2
_RATE = 1
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_MEMORY_BYTES = 512 * 1024 * 1024

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Library:
    """The opened eSpeak NG library with its voice chosen."""

    def __init__(self, library: str, data: str, voice: str, words_a_minute: int) -> None:
        self._chunks: list[bytes] = []
        self._callback = _Callback(self._take)
        self._library = ctypes.CDLL(library)
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), 0)
        if self.rate <= 0:
            sys.exit(3)
        self._library.espeak_SetSynthCallback(self._callback)
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            sys.exit(4)
        if self._library.espeak_SetParameter(_RATE, words_a_minute, 0) != 0:
            sys.exit(5)

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0

    def speak(self, text: bytes) -> bytes:
        """Return mono 16 bit PCM of `text`."""
        buffer = text + b"\0"
        failed = self._library.espeak_Synth(buffer, len(buffer), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        if failed:
            os._exit(6)
        return b"".join(self._chunks)


def _limit() -> None:
    """Keep the library from eating the machine: no core file, no disk, bounded memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _speak_and_leave(library: _Library, text: bytes, seconds: int, out: int) -> None:
    """In the fork: write the speech to `out` and end. The alarm kills a hang, the limit a busy loop."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(seconds)
    with os.fdopen(out, "wb") as pipe:
        pipe.write(library.speak(text))
    os._exit(0)


def _spoken(library: _Library, text: bytes, seconds: int) -> tuple[int, bytes]:
    """Return (0, PCM) of `text`, or (1, reason)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _speak_and_leave(library, text, seconds, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        pcm = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (0, pcm) if code == 0 else (1, f"speaking ended with {code}".encode())


def _received(size: int) -> bytes:
    """Return exactly `size` bytes of standard input, or fewer at its end."""
    return sys.stdin.buffer.read(size)


def main(arguments: list[str]) -> None:
    """Speak each request until standard input ends."""
    library_file, data, voice, words_a_minute, seconds = arguments
    _limit()
    library = _Library(library_file, data, voice, int(words_a_minute))
    while len(head := _received(REQUEST.size)) == REQUEST.size:
        text = _received(REQUEST.unpack(head)[0])
        status, answer = _spoken(library, text, int(seconds))
        sys.stdout.buffer.write(ANSWER.pack(status, library.rate, len(answer)) + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
