"""The Icecast output against a real server: joined, titled in Vietnamese, killed, joined again."""

import http.client
import logging
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import BadInputError, SinkError
from domain.timetable import Priority
from player.clock import SystemClock
from player.sinks import source_client
from player.sinks.icecast import PASSWORD_FILE, IcecastSink, read_icecast
from player.sinks.source_client import Mount
from tests.fakes_player import wait_until
from tests.icecast_server import PASSWORD, Icecast, icecast

TITLE = "Bản tin sáng: phòng chống lụt bão ở xã Tân Phong"
BLOCK = 480


@pytest.fixture
def server() -> Iterator[Icecast]:
    with icecast() as made:
        yield made


def sink_to(port: int, folder: Path, more: str = "", password: str = PASSWORD) -> IcecastSink:
    secret = folder / PASSWORD_FILE
    secret.write_text(password + "\n")
    secret.chmod(0o600)
    return IcecastSink(read_icecast(f"icecast://127.0.0.1:{port}/loa?{more}", folder), SystemClock())


class Playing:
    """Feeds a tone to a sink in a thread, as the mixer does, and remembers the longest that it was held up."""

    def __init__(self, sink: IcecastSink) -> None:
        self.sink = sink
        self.longest = 0.0
        self.lost = ""
        self._ending = False
        sink.open()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        tone = (np.sin(np.arange(BLOCK) * 2 * np.pi * 1000 / 48_000) * 9000).astype(np.int16).tobytes()
        while not self._ending and not self.lost:
            began = time.monotonic()
            try:
                self.sink.write(tone)
            except SinkError as error:
                self.lost = error.sentence
            self.longest = max(self.longest, time.monotonic() - began)

    def stop(self) -> None:
        self._ending = True
        self._thread.join(10)
        self.sink.close()


def form_of(stream: http.client.HTTPResponse) -> str:
    return "mp3" if stream.headers["Content-Type"] == "audio/mpeg" else "ogg"


def heard(port: int, seconds: float) -> tuple[str, np.ndarray]:
    """Return the title that a listener is shown, and what is decoded of the mount."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/loa", timeout=10) as stream:
        frames, count = [], 0
        haste = {"probesize": "4096", "analyzeduration": "0"}
        with av.open(stream, "r", format=form_of(stream), options=haste, buffer_size=1024) as container:
            title = container.streams.audio[0].metadata.get("title", "")
            for frame in container.decode(audio=0):
                frames.append(frame.to_ndarray().reshape(-1).astype(np.float64))
                count += frame.samples
                if count > seconds * 48_000:
                    break
    return title, np.concatenate(frames)


@pytest.mark.parametrize("form", ["opus", "mp3"])
def test_listeners_hear_it_and_see_its_title_in_vietnamese(form: str, server: Icecast, tmp_path: Path) -> None:
    """MP3 titles are shown by the server; Opus carries them itself, and Icecast 2.4 shows none of its own."""
    sink = sink_to(server.port, tmp_path, f"format={form}&name=Đài%20truyền%20thanh&description=Xã%20Tân%20Phong")
    sink.told(Priority.NORMAL, "Nhạc hiệu")
    playing = Playing(sink)
    sink.told(Priority.NORMAL, TITLE)
    if form == "mp3":
        wait_until(lambda: server.shown().get("title") == TITLE)
    else:
        wait_until(lambda: heard(server.port, 0.0)[0] == TITLE)
    names = ("Đài truyền thanh", "Xã Tân Phong") if form == "opus" else ("Dai truyen thanh", "Xa Tan Phong")
    wait_until(lambda: (server.shown().get("server_name"), server.shown().get("server_description")) == names)
    assert server.shown()["server_type"] == ("audio/mpeg" if form == "mp3" else "audio/ogg")
    _, samples = heard(server.port, 0.5)
    playing.stop()
    spectrum = np.abs(np.fft.rfft(samples[-19_200:]))
    assert np.argmax(spectrum) * 48_000 / 19_200 == pytest.approx(1000, abs=10)
    assert not playing.lost


def test_a_server_that_is_killed_is_joined_again_and_the_mixer_never_waits(server: Icecast, tmp_path: Path) -> None:
    playing = Playing(sink_to(server.port, tmp_path))
    wait_until(server.shown)
    server.kill()
    wait_until(lambda: playing.sink.dropped > 20)
    server.start()
    wait_until(lambda: playing.sink.connections == 2)
    wait_until(server.shown)
    dropped = playing.sink.dropped
    playing.stop()
    assert not playing.lost
    assert playing.sink.dropped == 0
    assert dropped < 600
    assert playing.longest < 1.0


def test_a_server_that_stays_away_is_a_lost_output(
    server: Icecast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.sinks.icecast.PATIENCE_S", 0.2)
    playing = Playing(sink_to(server.port, tmp_path))
    server.kill()
    wait_until(lambda: playing.lost)
    assert "Icecast" in playing.lost
    playing.stop()


def test_a_wrong_password_is_told_and_never_shown(
    server: Icecast, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("player.sinks.icecast.OPENING_S", 0.2)
    sink = sink_to(server.port, tmp_path, password="sai-mat-khau")
    with pytest.raises(SinkError, match="mật khẩu") as caught:
        sink.open()
    told = caplog.text + caught.value.sentence + repr(sink._plan)
    assert "sai-mat-khau" not in told


def test_a_mount_that_is_taken_says_so(server: Icecast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("player.sinks.icecast.OPENING_S", 0.2)
    playing = Playing(sink_to(server.port, tmp_path))
    with pytest.raises(SinkError, match="nguồn khác"):
        sink_to(server.port, tmp_path).open()
    playing.stop()


@pytest.mark.parametrize("old", [405, 501])
def test_an_old_server_is_asked_in_the_old_way(old: int) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        asked: list[bytes] = []

        def serve() -> None:
            for answer in (f"HTTP/1.0 {old} No\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"):
                with listener.accept()[0] as peer:
                    asked.append(peer.recv(4096))
                    peer.sendall(answer.encode())

        serving = threading.Thread(target=serve)
        serving.start()
        mount = Mount("127.0.0.1", listener.getsockname()[1], "/loa", "source", "x", name="a\r\nInjected: 1")
        source_client.connected(mount, "audio/ogg", 32_000).close()
        serving.join(5)
    assert asked[0].startswith(b"PUT /loa HTTP/1.1\r\n")
    assert b"Expect: 100-continue" in asked[0]
    assert asked[1].startswith(b"SOURCE /loa HTTP/1.0\r\n")
    assert b"\r\nInjected" not in asked[1]


@pytest.mark.parametrize(
    "written",
    ["icecast://may-chu", "icecast://may-chu/", "icecast://u:mat-khau@may-chu/loa", "icecast://may-chu/loa?format=aac"],
)
def test_an_address_that_makes_no_sense_is_refused_in_a_sentence(written: str, tmp_path: Path) -> None:
    (tmp_path / PASSWORD_FILE).write_text("x")
    os.chmod(tmp_path / PASSWORD_FILE, 0o600)
    with pytest.raises(BadInputError) as caught:
        read_icecast(written, tmp_path)
    assert "mat-khau" not in caught.value.sentence


@pytest.mark.parametrize(("text", "mode", "words"), [("x", 0o644, "chmod 600"), ("", 0o600, "trống"), (None, 0, "ghi")])
def test_the_password_is_only_taken_from_a_file_of_its_own(
    text: str | None, mode: int, words: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / PASSWORD_FILE).write_text(text)
        os.chmod(tmp_path / PASSWORD_FILE, mode)
    with pytest.raises(BadInputError, match=words):
        read_icecast("icecast://may-chu/loa", tmp_path)
