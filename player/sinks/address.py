"""Outputs written as addresses: what a technician types, read strictly, with a sentence for each mistake."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from domain.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Address:
    """`scheme://user@host:port/path?options` taken apart."""

    scheme: str
    host: str
    port: int
    user: str
    path: str
    options: Mapping[str, str]

    def text(self, name: str, usual: str = "") -> str:
        """Return an option as it is written."""
        return self.options.get(name, usual)

    def number(self, name: str, usual: int, least: int, most: int) -> int:
        """Return an option as a whole number. Raises BadInputError."""
        told = self.options.get(name, str(usual))
        if not told.isascii() or not told.isdigit() or not least <= int(told) <= most:
            raise BadInputError(f"Địa chỉ đầu ra: «{name}» phải là số từ {least} đến {most}, không phải «{told}».")
        return int(told)

    def one_of(self, name: str, *choices: str) -> str:
        """Return an option that must be one of `choices`, the first of which is usual. Raises BadInputError."""
        told = self.options.get(name, choices[0])
        if told not in choices:
            raise BadInputError(f"Địa chỉ đầu ra: «{name}» phải là {', '.join(choices)}, không phải «{told}».")
        return told


def read_address(written: str, allowed: str, usual_port: int) -> Address:
    """Take an address apart; options other than `allowed` are refused. Raises BadInputError."""
    try:
        url = urlsplit(written)
        port = url.port or usual_port
        options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    except ValueError as error:
        raise BadInputError(f"Địa chỉ đầu ra «{_safe(written)}» viết chưa đúng.") from error
    if not url.hostname:
        raise BadInputError(f"Địa chỉ đầu ra «{_safe(written)}» thiếu tên máy.")
    if url.password is not None:
        raise BadInputError("Đừng viết mật khẩu trong địa chỉ đầu ra; hãy để mật khẩu trong tệp riêng của máy.")
    strange = sorted(set(options) - set(allowed.split()))
    if strange:
        raise BadInputError(f"Địa chỉ đầu ra: không hiểu «{strange[0]}»; chỉ có {', '.join(allowed.split())}.")
    return Address(url.scheme, url.hostname, port, url.username or "", _path(url), options)


def host_and_port(written: str, usual_port: int) -> tuple[str, int]:
    """Return `host:port` taken apart. Raises BadInputError."""
    address = read_address(f"any://{written}", "", usual_port)
    return address.host, address.port


def _path(url: SplitResult) -> str:
    return url.path or "/"


def _safe(written: str) -> str:
    """Return an address without what stands before its @, which may be a password."""
    return written.rpartition("@")[2][:200]
