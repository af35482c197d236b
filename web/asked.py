"""What was asked, as far as it can be read: no address, header or body may break a view."""

import json
import re
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from flask import Request, request

from domain.errors import BadInputError

_KEPT = "".join(map(chr, range(0x21, 0x7F)))


_HOST = re.compile(r"(?=.{1,253}(:|$))([\w-]{1,63}(\.[\w-]{1,63})*\.?|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?", re.ASCII)


class Asked(Request):
    """A request whose query is ASCII, what stands there as raw bytes written as a browser would have.

    `odd_host` tells that its Host is none that could be; then the server's own name stands in for it.
    """

    def __init__(self, environ: dict[str, Any], *more: Any, **named: Any) -> None:
        self.odd_host = bool(environ.get("HTTP_HOST")) and not _HOST.fullmatch(environ["HTTP_HOST"])
        if self.odd_host:
            environ["HTTP_HOST"] = environ["SERVER_NAME"]
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query.encode("latin-1", "replace"), safe=_KEPT)
        super().__init__(environ, *more, **named)


def split(address: str) -> SplitResult:
    """Return the parts of an address that a header told; none of one that is not an address."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def posted_object(*, whole: bool = True) -> dict[str, Any]:
    """Return the JSON object of the body; `whole`: with no letter in it that cannot be kept.

    Raises BadInputError for anything else, however it was made.
    """
    try:
        value = json.loads(request.get_data())
        if whole:
            # A lone surrogate can be written in JSON but not kept in any file.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadInputError("Nội dung gửi lên không phải là JSON hợp lệ.") from error
    if not isinstance(value, dict):
        raise BadInputError("Nội dung gửi lên phải là một đối tượng JSON.")
    return value
