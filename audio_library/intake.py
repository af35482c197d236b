"""Takes in a sound that a person gives: decoded in a child process, measured, and kept as FLAC."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from audio_library.codec import FLAC, demuxer_of
from domain.audio import SAMPLE_RATE, Loudness, MasteredAudio
from domain.errors import AudioError, BadInputError, StorageError

LARGEST_FILE = 200_000_000
LONGEST = timedelta(hours=2)

CPU_S = 30
"""Twice what an hour of MP3 takes, and four times the longest sound that a page takes."""
_PATIENCE_S = 120.0
_TOO_SLOW = "Tệp âm thanh mất quá nhiều thời gian để đọc, đã dừng. Hãy lưu lại dạng MP3 hoặc WAV rồi gửi lại."
_ROOT = Path(__file__).resolve().parent.parent


def take_in(file: Path, longest: timedelta = LONGEST) -> MasteredAudio:
    """Return a person's WAV, MP3, FLAC or OGG file as mono 48 kHz FLAC with its figures; its loudness is left as it is.

    The kind is told from the first bytes, never from the name, so that no playlist or page can make FFmpeg open
    anything else. Raises BadInputError on another kind, a file over 200 MB or a sound over `longest`, AudioError on a
    broken one, StorageError when `file` cannot be read.
    """
    try:
        with file.open("rb") as source, tempfile.TemporaryFile() as target:
            demuxer = _checked(source)
            figures = _converted(source, target, demuxer, longest)
            target.seek(0)
            data = target.read()
    except OSError as error:
        raise StorageError(f"Không đọc được tệp âm thanh ({error.strerror}).") from error
    loudness = Loudness(figures["lufs"], figures["peak"], figures["range"])
    return MasteredAudio(data, FLAC, timedelta(seconds=figures["samples"] / SAMPLE_RATE), loudness)


def _checked(source: IO[bytes]) -> str:
    """Return FFmpeg's name of the container. Raises BadInputError when the file is of another kind or too large."""
    size = os.fstat(source.fileno()).st_size
    if size > LARGEST_FILE:
        raise BadInputError(f"Tệp nặng {size / 1e6:.0f} MB, chỉ nhận tối đa {LARGEST_FILE / 1e6:.0f} MB.")
    return demuxer_of(os.pread(source.fileno(), 16, 0))


def _converted(source: IO[bytes], target: IO[bytes], demuxer: str, longest: timedelta) -> dict[str, float]:
    """Return the figures of the sound, written to `target` by the child. Raises BadInputError, AudioError."""
    bounds = (str(int(longest.total_seconds())), str(CPU_S))
    command = [sys.executable, "-m", "audio_library.intake_child", demuxer, *bounds]
    environment = {"PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"}
    try:
        child = subprocess.run(  # noqa: S603 - our own module; of the stranger's file it gets the open descriptor
            command,
            stdin=source,
            stdout=target,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AudioError(_TOO_SLOW) from error
    if child.returncode == -signal.SIGXCPU:
        raise AudioError(_TOO_SLOW)
    answer = _answer(child.stderr)
    if answer.get("refused") == "long":
        raise BadInputError(f"Âm thanh dài quá {longest.total_seconds() / 60:.0f} phút.")
    if child.returncode != 0 or "samples" not in answer or not answer["samples"]:
        raise AudioError("Tệp âm thanh bị hỏng hoặc không đúng định dạng, không giải mã được.")
    return answer


def _answer(said: bytes) -> dict[str, Any]:
    """Return the child's last line, or nothing when it died before saying one."""
    lines = said.decode(errors="replace").strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
