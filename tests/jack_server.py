"""A JACK server with a dummy driver: a sound device that keeps real time where there is no sound card."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tests.fakes import need_tool

DEVICE = "system"
_NAME = "tiengloa-test"


@contextmanager
def jack() -> Iterator[str]:
    """Run the server and give the name under which PortAudio knows it."""
    need_tool(shutil.which("jackd") is not None, "jackd (Debian: jackd2)")
    need_tool(find_spec("sounddevice") is not None, "sounddevice")
    need_tool(_has_portaudio(), "libportaudio2")
    import sounddevice

    folder = tempfile.mkdtemp(prefix="jack-")
    wanted = {"XDG_RUNTIME_DIR": folder, "JACK_DEFAULT_SERVER": _NAME, "JACK_NO_AUDIO_RESERVATION": "1"}
    kept = {name: os.environ.get(name) for name in wanted}
    os.environ |= wanted
    haste = ["-R", "-P", "60"] if os.geteuid() == 0 else ["-r"]
    command = ["jackd", "-n", _NAME, *haste, "-d", "dummy", "-r", "48000", "-p", "512"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        # Asked by another program: a client library that meets a server half started may take its process down.
        subprocess.run(["jack_wait", "-s", _NAME, "-w", "-t", "20"], stdout=subprocess.DEVNULL, check=True)
        sounddevice._terminate()
        sounddevice._initialize()
        assert any(one["name"] == DEVICE for one in sounddevice.query_devices())
        yield DEVICE
    finally:
        sounddevice._terminate()
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _has_portaudio() -> bool:
    try:
        import sounddevice  # noqa: F401
    except OSError:
        return False
    return True
