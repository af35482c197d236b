"""The child process in which a Piper model runs: the model is foreign data, and may crash, hang or eat memory.

Started as a plain file by a bare interpreter, so it imports nothing of the product. Arguments: folders of NumPy and
ONNX Runtime (joined by the path separator), model file, its SHA-256, frames a second, noise, length, noise of
lengths, number of speakers, seconds a part may take. Standard input carries parts (big-endian length, phoneme ids
as little-endian 64 bit numbers); standard output carries for each one an answer (status byte, length, bytes): mono
16 bit PCM when the status is zero. The first answer says that the model is open.

Before the model is opened the process loses the right to open any file or socket: a model can then neither read
the disk ("external data") nor speak to the network.

A Piper model draws random numbers, from a generator that goes on from sentence to sentence. The model is
therefore opened once with a fixed seed and one thread, and each part is spoken by a fork of that fresh state: the
same text gives the same bytes, in any order, with the liveliness its maker chose and without loading it again.
"""

import hashlib
import mmap
import os
import resource
import signal
import struct
import sys
from typing import Any

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">BI")

FAILED, NOT_A_NUMBER, TOO_LONG = 1, 2, 3
"""Statuses of an answer without sound."""

NO_RUNTIME, CHANGED, NOT_A_VOICE = 3, 4, 5
"""Exit codes."""

LONGEST_S = 60
"""The longest speech of one part."""

_SEED = 20_260_101
_LOAD_S = 25
_MEMORY_BYTES = 1536 * 1024 * 1024
_INPUTS = {"input", "input_lengths", "scales"}
_COUNT = struct.Struct(">I")


class _Model:
    """An opened Piper model."""

    def __init__(self, data: bytes, scales: tuple[float, ...], speakers: int) -> None:
        import numpy
        import onnxruntime

        self._numpy = numpy
        self._scales = scales
        self._speakers = speakers
        onnxruntime.set_seed(_SEED)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads do not survive a fork
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        names = {one.name for one in self._session.get_inputs()}
        if names - {"sid"} != _INPUTS or ("sid" in names) != (speakers > 1):
            raise ValueError(f"inputs are {sorted(names)}")

    def speak(self, ids: bytes) -> Any:
        """Return the speech of phoneme ids as floats, a flat array."""
        numpy = self._numpy
        numbers = numpy.frombuffer(ids, dtype="<i8").astype(numpy.int64)
        feed = {
            "input": numbers[None, :],
            "input_lengths": numpy.array([numbers.size], dtype=numpy.int64),
            "scales": numpy.array(self._scales, dtype=numpy.float32),
        }
        if self._speakers > 1:
            feed["sid"] = numpy.array([0], dtype=numpy.int64)
        return self._session.run(None, feed)[0].reshape(-1)

    def pcm(self, ids: bytes, most: int) -> tuple[int, bytes]:
        """Return (0, PCM) of phoneme ids, or why there is none; `most` is the highest number of frames."""
        numpy = self._numpy
        sound = self.speak(ids)
        if sound.size > most:
            return TOO_LONG, b""
        if sound.dtype.kind != "f" or not numpy.isfinite(sound).all():
            return NOT_A_NUMBER, b""
        return 0, numpy.round(numpy.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def _limit() -> None:
    """Keep the model from eating the machine: no core file, no disk, bounded memory, a bounded time to open."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    signal.alarm(_LOAD_S)


def _with_runtime(folders: str) -> None:
    sys.path.extend(folders.split(os.pathsep))
    try:
        import numpy
        import onnxruntime  # noqa: F401
    except ImportError:
        sys.exit(NO_RUNTIME)
    numpy.round(numpy.clip(numpy.zeros(1), -1, 1))  # whatever is imported late is imported before files are barred


def _opened(file: str, digest: str, scales: tuple[float, ...], speakers: int) -> _Model:
    with open(file, "rb") as model:
        data = model.read()
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(CHANGED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    try:
        return _Model(data, scales, speakers)
    except Exception:  # noqa: BLE001 - the runtime raises many kinds for a bad model, and all mean the same here
        sys.exit(NOT_A_VOICE)


def _speak_and_leave(model: _Model, ids: bytes, seconds: int, board: mmap.mmap) -> None:
    """In the fork: write the speech on the board and end. The alarm kills a hang, the limit a busy loop."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(seconds)
    status, pcm = model.pcm(ids, (len(board) - _COUNT.size) // 2)
    board[: _COUNT.size + len(pcm)] = _COUNT.pack(len(pcm)) + pcm
    os._exit(status)


def _spoken(model: _Model, ids: bytes, seconds: int, board: mmap.mmap) -> tuple[int, bytes]:
    """Return (0, PCM) of phoneme ids, or (status, nothing). The board is shared memory: no file can be opened."""
    child = os.fork()
    if child == 0:
        try:
            _speak_and_leave(model, ids, seconds, board)
        finally:
            os._exit(FAILED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        return (code if code in {NOT_A_NUMBER, TOO_LONG} else FAILED), b""
    size = _COUNT.unpack_from(board)[0]
    return 0, board[_COUNT.size : _COUNT.size + size]


def main(arguments: list[str]) -> None:
    """Open the model, then speak each part until standard input ends."""
    folders, file, digest, rate, noise, length, noise_w, speakers, seconds = arguments
    _limit()
    _with_runtime(folders)
    model = _opened(file, digest, (float(noise), float(length), float(noise_w)), int(speakers))
    signal.alarm(0)
    board = mmap.mmap(-1, _COUNT.size + 2 * LONGEST_S * int(rate))
    _answer(0, b"")
    while len(head := sys.stdin.buffer.read(REQUEST.size)) == REQUEST.size:
        ids = sys.stdin.buffer.read(REQUEST.unpack(head)[0])
        _answer(*_spoken(model, ids, int(seconds), board))


def _answer(status: int, body: bytes) -> None:
    sys.stdout.buffer.write(ANSWER.pack(status, len(body)) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
