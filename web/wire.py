"""What the HTTP server does with a request that never reaches the application, and with a body that nobody reads.

What it refuses by itself it says in Vietnamese. A body is let go of piece by piece: cheroot would read all of it into
memory, and a browser that is cut off while it sends never shows the sentence.
"""

import time
from contextlib import suppress

from cheroot.server import HTTPConnection, HTTPRequest

_PIECE = 64 * 1024
_PATIENCE_SECONDS = 20.0
_MOST_LET_GO = 512 * 1024 * 1024
_SENTENCES = {
    "405": "Máy chủ này không chuyển tiếp yêu cầu cho ai.",
    "408": "Yêu cầu gửi lên quá chậm nên máy chủ thôi đợi. Hãy kiểm tra đường mạng rồi gửi lại.",
    "413": "Nội dung gửi lên lớn quá mức cho phép nên chưa lưu. Hãy chia nhỏ, hoặc lưu âm thanh dạng MP3, rồi gửi lại.",
    "414": "Địa chỉ gửi lên quá dài nên máy chủ không đọc. Hãy mở lại trang từ đầu.",
    "500": "Máy chủ gặp lỗi khi làm việc này. Dữ liệu đã lưu vẫn còn; hãy thử lại.",
}
_UNREADABLE = "Yêu cầu gửi lên không đúng khuôn dạng HTTP nên máy chủ không đọc được. Chưa có gì thay đổi."
_GUARDS = (
    "Content-Type: text/plain; charset=utf-8",
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    "Referrer-Policy: same-origin",
    "Cache-Control: no-store",
    "Connection: close",
)


class Request(HTTPRequest):
    """A request whose refusals are sentences, and whose body never lies in memory whole."""

    def read_request_headers(self) -> bool:
        """Read the headers; tell whether the request goes on."""
        if not super().read_request_headers():  # type: ignore[no-untyped-call]
            return False
        length = self.inheaders.get(b"Content-Length", b"0")
        if not length.isdigit():
            self.simple_response("400 Bad Request")
            return False
        return True

    def respond(self) -> None:
        """Have the request answered; what is left of a large body is let go of after that, so that it is heard."""
        super().respond()
        if (left := self._left()) > 0:
            self._let_go(left)

    def send_headers(self) -> None:
        """Send the head of an answer; the connection ends with it when much of a body was left."""
        if self.chunked_read or self._left() > _PIECE:
            # A chunked body ends where only its reader knows; no next request may begin within it.
            self.close_connection = True
        super().send_headers()

    def simple_response(self, status: str | int, msg: str = "") -> None:
        """Refuse the request by a sentence in place of cheroot's `msg`, and end the connection."""
        code, _, name = str(status).partition(" ")
        if code in {"501", "505"}:  # Nothing is wrong with this server.
            code, name = "400", "Bad Request"
        body = (_SENTENCES.get(code, _UNREADABLE) + "\n").encode()
        head = "\r\n".join((f"HTTP/1.1 {code} {name}", f"Content-Length: {len(body)}", *_GUARDS, "", ""))
        self.close_connection = True
        with suppress(OSError):
            self.conn.wfile.write(head.encode("ascii") + body)
        length = self.inheaders.get(b"Content-Length", b"")
        if code == "413" and length.isdigit():
            self._let_go(int(length[:15]))

    def _left(self) -> int:
        return int(getattr(self.rfile, "remaining", 0))

    def _let_go(self, count: int) -> None:
        """Read `count` bytes of a body and forget them, as long as they come in time."""
        until, left = time.monotonic() + _PATIENCE_SECONDS, min(count, _MOST_LET_GO)
        with suppress(OSError):
            self.conn.wfile.flush()
            while left > 0 and time.monotonic() < until and (piece := self.conn.rfile.read(min(left, _PIECE))):
                left -= len(piece)


class Connection(HTTPConnection):
    """A connection that reads such requests."""

    RequestHandlerClass = Request
