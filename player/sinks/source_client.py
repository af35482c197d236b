"""One Icecast source over HTTP: PUT with Expect: 100-continue, or SOURCE where a server knows nothing newer.

The password is sent in a header and told nowhere else. A peer that vanishes without a word is noticed by TCP itself
within TIMEOUT_S, since little is buffered on the way.
"""

import base64
import http.client
import socket
import ssl
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from domain.errors import SinkError

TIMEOUT_S = 5.0
_BUFFER = 16_384
_MOST_ANSWER = 8192
_AGENT = "TiengLoa"
_REFUSALS = {
    401: "sai tài khoản hoặc mật khẩu",
    403: "điểm phát (mount) đang có nguồn khác hoặc không cho phép",
    404: "không có điểm phát (mount) này",
}


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a source goes and how it calls itself; `password` is never shown."""

    host: str
    port: int
    path: str
    user: str
    password: str
    tls: bool = False
    ca_file: str = ""
    name: str = ""
    description: str = ""

    def __repr__(self) -> str:
        return f"Mount({self.host}:{self.port}{self.path})"


class _RefusedError(SinkError):
    """The server answered, and would not have it."""

    def __init__(self, status: int) -> None:
        why = _REFUSALS.get(status, f"mã {status}")
        super().__init__(f"Máy chủ Icecast từ chối nguồn phát: {why}.")
        self.status = status


def connected(mount: Mount, media_type: str, bitrate: int) -> socket.socket:
    """Return a connection on which a stream may now be sent. Raises SinkError."""
    try:
        return _asked(mount, _put_head(mount, media_type, bitrate))
    except _RefusedError as error:
        if error.status not in (400, 405, 501, 505):
            raise
    return _asked(mount, _source_head(mount, media_type, bitrate))


def send(line: socket.socket, data: bytes) -> None:
    """Send a piece of the stream. Raises SinkError when the server is gone."""
    try:
        line.sendall(data)
    except OSError as error:
        raise SinkError(f"Mất kết nối với máy chủ Icecast ({_reason(error)}).") from error


def set_title(mount: Mount, title: str) -> None:
    """Tell the server what is on the air, for formats that carry no titles of their own. Raises SinkError."""
    line = f"/admin/metadata?mode=updinfo&charset=UTF-8&mount={quote(mount.path)}&song={quote(title)}"
    asking = (
        http.client.HTTPSConnection(mount.host, mount.port, timeout=TIMEOUT_S, context=_trust(mount))
        if mount.tls
        else http.client.HTTPConnection(mount.host, mount.port, timeout=TIMEOUT_S)
    )
    try:
        asking.request("GET", line, headers={"Authorization": _credentials(mount), "User-Agent": _AGENT})
        status = asking.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise SinkError("Không gửi được tên bản tin cho máy chủ Icecast.") from error
    finally:
        asking.close()
    if status != 200:
        raise _RefusedError(status)


def _asked(mount: Mount, head: bytes) -> socket.socket:
    line: socket.socket | None = None
    try:
        line = _dialled(mount)
        line.sendall(head)
        status = _status(line)
        if status not in (100, 200):
            raise _RefusedError(status)
    except OSError as error:
        if line:
            line.close()
        raise SinkError(f"Không nối được máy chủ Icecast {mount.host}:{mount.port} ({_reason(error)}).") from error
    except SinkError:
        if line:
            line.close()
        raise
    return line


def _dialled(mount: Mount) -> socket.socket:
    line = socket.create_connection((mount.host, mount.port), TIMEOUT_S)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, AttributeError):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(TIMEOUT_S * 1000))
        return _trust(mount).wrap_socket(line, server_hostname=mount.host) if mount.tls else line
    except BaseException:
        line.close()
        raise


def _trust(mount: Mount) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=mount.ca_file or None)


def _put_head(mount: Mount, media_type: str, bitrate: int) -> bytes:
    first = f"PUT {mount.path} HTTP/1.1"
    return _head(first, {"Host": f"{mount.host}:{mount.port}", "Expect": "100-continue"}, mount, media_type, bitrate)


def _source_head(mount: Mount, media_type: str, bitrate: int) -> bytes:
    return _head(f"SOURCE {mount.path} HTTP/1.0", {}, mount, media_type, bitrate)


def _head(first: str, more: Mapping[str, str], mount: Mount, media_type: str, bitrate: int) -> bytes:
    # For anything but Ogg, Icecast takes headers for Latin 1: there a name without marks is better than a broken one.
    shown = _one_line if media_type == "audio/ogg" else _unmarked
    fields = {
        **more,
        "Authorization": _credentials(mount),
        "User-Agent": _AGENT,
        "Content-Type": media_type,
        "Ice-Public": "0",
        "Ice-Name": shown(mount.name),
        "Ice-Description": shown(mount.description),
        "Ice-Bitrate": str(bitrate // 1000),
    }
    lines = [first, *(f"{name}: {_one_line(value)}" for name, value in fields.items() if value)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _credentials(mount: Mount) -> str:
    return "Basic " + base64.b64encode(f"{mount.user}:{mount.password}".encode()).decode()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _unmarked(text: str) -> str:
    apart = unicodedata.normalize("NFD", _one_line(text).replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _status(line: socket.socket) -> int:
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < _MOST_ANSWER:
        piece = line.recv(1024)
        if not piece:
            break
        answer += piece
    words = answer.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        raise SinkError("Máy chủ Icecast trả lời không đúng khuôn dạng.")
    return int(words[1])


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "chứng chỉ của máy chủ không hợp lệ"
    if isinstance(error, TimeoutError):
        return "quá thời gian chờ"
    return error.strerror or type(error).__name__
