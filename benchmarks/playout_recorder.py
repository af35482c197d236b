"""A JACK client that listens: `python -m benchmarks.playout_recorder FOLDER PORT...`, until its standard input closes.

It writes to FOLDER the first frame of each block and when it was seen (`blocks.bin`, see BLOCK_TYPE), and of each port
the blocks that are not silent (`PORT.bin`, see sound_type). A process of its own, so that nothing of the bench delays
it; libjack by ctypes, so that no package is needed.
"""

import ctypes
import gc
import sys
import threading
import time
from collections import deque
from pathlib import Path

import numpy as np

CLIENT = "rec"
BLOCK_TYPE = np.dtype([("frame", "<u4"), ("seen", "<f8")])
READY = "recording"
_NO_START_SERVER, _USE_EXACT_NAME, _IS_INPUT = 1, 2, 1
_SILENT = 0.005
_EVERY_S = 0.1
_PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)
_XRUN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def sound_type(period: int) -> np.dtype:
    """Return the type of a block of sound of `period` frames."""
    return np.dtype([("frame", "<u4"), ("samples", "<f4", (period,))])


class Recorder:
    """Listens on some input ports; its callback only copies, a second thread writes."""

    def __init__(self, folder: Path, ports: list[str]) -> None:
        self._jack = jack = _library()
        self._client = jack.jack_client_open(CLIENT.encode(), _NO_START_SERVER | _USE_EXACT_NAME, None)
        if not self._client:
            raise OSError("no JACK server")
        sound = b"32 bit float mono audio"
        self._ports = [jack.jack_port_register(self._client, port.encode(), sound, _IS_INPUT, 0) for port in ports]
        self._files = [(folder / f"{port}.bin").open("wb") for port in ports]
        self._blocks = (folder / "blocks.bin").open("wb")
        self._taken: deque[tuple[int, float, list[bytes]]] = deque()
        self.xruns = 0
        self._on_process, self._on_xrun = _PROCESS(self._process), _XRUN(self._count_xrun)
        jack.jack_set_process_callback(self._client, self._on_process, None)
        jack.jack_set_xrun_callback(self._client, self._on_xrun, None)

    def run(self, until: threading.Event) -> None:
        """Record until told to stop."""
        if self._jack.jack_activate(self._client):
            raise OSError("JACK refuses the recorder")
        print(READY, flush=True)
        while not until.wait(_EVERY_S):
            self._write()
        self._jack.jack_deactivate(self._client)
        self._write()
        self._jack.jack_client_close(self._client)
        for file in (self._blocks, *self._files):
            file.close()

    def _process(self, count: int, _argument: object) -> int:
        seen = time.monotonic()
        frame = self._jack.jack_last_frame_time(self._client)
        read, get = ctypes.string_at, self._jack.jack_port_get_buffer
        self._taken.append((frame, seen, [read(get(port, count), 4 * count) for port in self._ports]))
        return 0

    def _count_xrun(self, _argument: object) -> int:
        self.xruns += 1
        return 0

    def _write(self) -> None:
        while self._taken:
            frame, seen, sounds = self._taken.popleft()
            self._blocks.write(np.array((frame, seen), BLOCK_TYPE).tobytes())
            for file, data in zip(self._files, sounds, strict=True):
                samples = np.frombuffer(data, "<f4")
                if np.abs(samples).max() > _SILENT:
                    file.write(np.array((frame, samples), sound_type(len(samples))).tobytes())
        for file in (self._blocks, *self._files):
            file.flush()


def _library() -> ctypes.CDLL:
    jack = ctypes.CDLL("libjack.so.0")
    jack.jack_client_open.restype = ctypes.c_void_p
    jack.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    jack.jack_port_register.restype = ctypes.c_void_p
    jack.jack_port_register.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_ulong,
        ctypes.c_ulong,
    ]
    jack.jack_set_process_callback.argtypes = [ctypes.c_void_p, _PROCESS, ctypes.c_void_p]
    jack.jack_set_xrun_callback.argtypes = [ctypes.c_void_p, _XRUN, ctypes.c_void_p]
    jack.jack_last_frame_time.restype = ctypes.c_uint32
    jack.jack_port_get_buffer.restype = ctypes.c_void_p
    jack.jack_port_get_buffer.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    for name in ("jack_activate", "jack_deactivate", "jack_client_close", "jack_last_frame_time"):
        getattr(jack, name).argtypes = [ctypes.c_void_p]
    return jack


def main() -> None:
    """Record until standard input closes; the last line is the number of xruns."""
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
    recorder = Recorder(Path(sys.argv[1]), sys.argv[2:])
    gc.disable()
    recorder.run(ending)
    print(recorder.xruns, flush=True)


if __name__ == "__main__":
    main()
