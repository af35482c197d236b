"""A guarded fetch of a stream: one address, looked up once; nothing of ours is reached, and nothing leads elsewhere.

HTTP/1.0 of our own, on purpose: no chunks, no compression, no cookies, no proxy of the environment, and every length
and time is bounded. The answer's body is read as it comes and never kept.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from domain.errors import BadInputError, ServerUnreachableError, TrustError
from domain.sources import is_stream_url

CONNECT_S = 5.0
SILENT_S = 5.0
ANSWER_S = 10.0
"""How long the whole head of an answer may take, however slowly it drips."""
MOST_HEAD = 16_384
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out; `is_global` alone calls the site-local fec0::/10 global."""
_DEAF = "Nguồn tiếp âm không trả lời"
_STRANGE = "Nguồn tiếp âm trả lời không đúng khuôn dạng HTTP"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer; `headers` have lower-case names."""

    status: int
    headers: dict[str, str]


class Stream:
    """The body of an answer, to be read piece by piece."""

    def __init__(self, connection: socket.socket, kind: str, begun: bytes) -> None:
        self._connection = connection
        self._begun = begun
        self.kind = kind

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes, none at the end. Raises ServerUnreachableError when nothing comes."""
        if self._begun:
            given, self._begun = self._begun[:count], self._begun[count:]
            return given
        try:
            return self._connection.recv(min(count, 65_536))
        except OSError as error:
            raise ServerUnreachableError("Nguồn tiếp âm ngừng gửi tiếng") from error

    def unread(self, data: bytes) -> None:
        """Give bytes back, to be read again."""
        self._begun = data + self._begun

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def open_stream(url: str, allowed: Collection[str] = ()) -> Stream:
    """Return the body of the stream at `url`.

    `allowed` are names of hosts that may lie in a private net, by a setting of the machine. Raises BadInputError for
    what is no http or https address, TrustError for an address that is none of the open internet, a redirect to
    another host or a certificate that is not right, ServerUnreachableError when there is no answer.
    """
    host, address, ports = "", "", set[int]()
    for _ in range(MOST_REDIRECTS + 1):
        if not is_stream_url(url):
            raise BadInputError("Địa chỉ nguồn tiếp âm không đúng")
        parts = urlsplit(url)
        if host and (parts.hostname != host or _port(parts) not in ports):
            raise TrustError("Nguồn tiếp âm chuyển hướng sang máy chủ khác; không theo")
        if not address:
            host, address = parts.hostname or "", _address(parts.hostname or "", allowed)
            ports = {_port(parts), 443}
        head, stream = _ask(parts, address)
        if head.status == 200:
            return stream
        stream.close()
        if head.status not in _REDIRECTS or not head.headers.get("location"):
            raise ServerUnreachableError(f"Nguồn tiếp âm chưa phát (mã {head.status})")
        url = urljoin(url, head.headers["location"])
    raise ServerUnreachableError("Nguồn tiếp âm chuyển hướng quá nhiều lần")


def _address(host: str, allowed: Collection[str]) -> str:
    """Return the one address of `host` that is used from here on: what the name says later is not asked."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServerUnreachableError("Không tìm thấy máy chủ của nguồn tiếp âm") from error
    addresses = [str(one[4][0]) for one in found]
    trusted = host in allowed
    if not addresses or not all(is_fit(one, trusted=trusted) for one in addresses):
        raise TrustError("Nguồn tiếp âm nằm ở địa chỉ nội bộ hoặc đặc biệt; không kết nối")
    return addresses[0]


def is_fit(address: str, *, trusted: bool = False) -> bool:
    """Tell whether a stream may be taken from `address`: on the open internet, or in a private net when `trusted`."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1] or _nat64(parsed)
        if inner is not None:
            return is_fit(str(inner), trusted=trusted)
    if parsed.is_multicast or parsed.is_unspecified or parsed.is_link_local:  # the cloud's metadata is link-local
        return False
    if trusted:
        return parsed.is_global or parsed.is_private
    given_out = parsed in _GIVEN_OUT or parsed.version == 4
    return parsed.is_global and not parsed.is_reserved and given_out


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    within = address in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if within else None


def _ask(parts: SplitResult, address: str) -> tuple[Head, Stream]:
    secure = parts.scheme == "https"
    try:
        connection = socket.create_connection((address, _port(parts)), timeout=CONNECT_S)
    except OSError as error:
        raise ServerUnreachableError(_DEAF) from error
    try:
        if secure:
            connection = _secured(connection, parts.hostname or "")
        connection.sendall(_request(parts))
        head, rest = _head(connection)
    except OSError as error:
        connection.close()
        raise ServerUnreachableError(_DEAF) from error
    except BaseException:
        connection.close()
        raise
    connection.settimeout(SILENT_S)
    return head, Stream(connection, head.headers.get("content-type", "").partition(";")[0].strip().lower(), rest)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _secured(connection: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except ssl.SSLError as error:
        raise TrustError("Chứng chỉ TLS của nguồn tiếp âm không hợp lệ") from error


def _request(parts: SplitResult) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    # No Icy-MetaData: titles between the sound are of no use to a loudspeaker.
    lines = (f"GET {path} HTTP/1.0", f"Host: {host}", "User-Agent: TiengLoa", "Accept: audio/*, application/ogg")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _head(connection: socket.socket) -> tuple[Head, bytes]:
    deadline = time.monotonic() + ANSWER_S
    told = b""
    while b"\r\n\r\n" not in told:
        left = deadline - time.monotonic()
        if left <= 0 or len(told) > MOST_HEAD:
            raise ServerUnreachableError(_DEAF if left <= 0 else _STRANGE)
        connection.settimeout(min(left, SILENT_S))
        piece = connection.recv(4096)
        if not piece:
            raise ServerUnreachableError(_STRANGE)
        told += piece
    head, _, rest = told.partition(b"\r\n\r\n")
    return _parsed(head.decode("latin-1")), rest


def _parsed(text: str) -> Head:
    first, *lines = text.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not (words[0].startswith("HTTP/1.") or words[0] == "ICY") or not _is_code(words[1]):
        raise ServerUnreachableError(_STRANGE)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "chunked" in headers.get("transfer-encoding", "").lower() or headers.get("content-encoding", ""):
        raise ServerUnreachableError(_STRANGE)
    return Head(int(words[1]), headers)


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdigit()
