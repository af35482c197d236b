"""One place where what went wrong becomes an HTTP status and one Vietnamese sentence."""

import logging

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from domain.errors import (
    AudioError,
    BadInputError,
    BusyError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    StorageError,
    StorageFullError,
    TiengLoaError,
    TrustError,
    VoiceError,
    WrongStateError,
)
from web.asked import split
from web.turns import OvertakenError

_LOG = logging.getLogger(__name__)

STATUSES: tuple[tuple[type[TiengLoaError], int], ...] = (
    (NotSignedInError, 401),
    (TrustError, 401),
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (WrongStateError, 409),
    (BadInputError, 422),
    (OvertakenError, 429),
    (AudioError, 422),
    (VoiceError, 503),
    (BusyError, 503),
    (StorageFullError, 507),
    (StorageError, 503),
)
"""The first class that fits decides."""

_SENTENCES = {
    400: "Yêu cầu gửi lên không đọc được. Hãy quay lại trang trước và làm lại.",
    401: "Hãy đăng nhập để tiếp tục.",
    403: "Tài khoản của bạn không có quyền làm việc này. Chưa có gì thay đổi.",
    404: "Không có trang này. Có thể địa chỉ gõ chưa đúng, hoặc nội dung đã được chuyển đi.",
    405: "Trang này không nhận kiểu yêu cầu vừa gửi. Hãy quay lại trang trước và làm lại.",
    413: "Nội dung gửi lên lớn quá mức cho phép nên chưa lưu. Hãy chia nhỏ rồi gửi lại.",
    429: "Có quá nhiều lần thử trong thời gian ngắn. Hãy đợi một lát rồi thử lại.",
    412: "Nội dung ở máy chủ khác với bản mà chương trình của bạn đang giữ nên chưa gửi. Hãy tải lại trang.",
    500: "Máy chủ gặp lỗi khi làm việc này. Dữ liệu đã lưu vẫn còn; hãy thử lại, nếu vẫn lỗi thì báo kỹ thuật viên.",
}
_TITLES = {
    401: "Cần đăng nhập",
    403: "Không có quyền",
    404: "Không tìm thấy",
    409: "Nội dung đã thay đổi",
    413: "Nội dung quá lớn",
    422: "Chưa làm được",
    429: "Xin đợi một lát",
    500: "Máy chủ gặp lỗi",
    503: "Tạm thời chưa làm được",
    507: "Ổ đĩa đã đầy",
}
_CSRF = (
    "Trang này đã mở từ lâu hoặc trình duyệt không gửi kèm mã bảo vệ nên chưa lưu gì. "
    "Hãy quay lại trang trước, tải lại rồi làm lại."
)


def status_of(error: TiengLoaError) -> int:
    """Return the HTTP status that tells of `error`."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def wants_json() -> bool:
    """Tell whether a program asks, a machine or our own script: it is answered in JSON."""
    return request.path.startswith("/api/") or wants_fragment()


def wants_fragment() -> bool:
    """Tell whether our own script asks for a piece of a page."""
    return "TL-Fragment" in request.headers


def refusal(status: int, sentence: str) -> tuple[Response | str, int]:
    """Return the page, or the JSON, that says `sentence`."""
    if wants_json():
        return jsonify(error=sentence), status
    title = _TITLES.get(status, "Chưa làm được")
    return render_template("error.html", status=status, title=title, sentence=sentence, back=_page_before()), status


def _page_before() -> str:
    """Return the path of our own page that sent a form, to go back to, or an empty string."""
    before = split(request.referrer or "")
    ours = request.method == "POST" and before.netloc == request.host and before.path.startswith("/")
    return before.path if ours and not before.path.startswith("//") else ""


def install(app: Flask) -> None:
    """Have every failure of `app` answered by a sentence, never by a stack trace."""
    app.register_error_handler(TiengLoaError, _on_refusal)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_fault)
    app.after_request(_give_words)


def _on_refusal(error: TiengLoaError) -> ResponseReturnValue:
    if isinstance(error, NotSignedInError) and request.method == "GET" and not wants_fragment():
        return redirect(url_for("sign_in.page", next=request.full_path.rstrip("?")), 303)
    return refusal(status_of(error), error.sentence)


def _on_csrf(error: CSRFError) -> ResponseReturnValue:
    return refusal(400, _CSRF)


def _on_http(error: HTTPException) -> ResponseReturnValue:
    status = error.code
    if status is None or status < 400:
        return error
    body, status = refusal(status, _SENTENCES.get(status, _SENTENCES[400]))
    return body, status, _kept_headers(error)


def _kept_headers(error: HTTPException) -> list[tuple[str, str]]:
    kept = {"allow", "retry-after", "content-range"}
    return [(name, value) for name, value in error.get_headers() if name.lower() in kept]


def _give_words(response: Response) -> Response:
    """Say a sentence where a view answers a condition of HTTP that does not hold, which it does without a word."""
    return make_response(*refusal(412, _SENTENCES[412])) if response.status_code == 412 else response


def _on_fault(error: Exception) -> ResponseReturnValue:
    _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
    return refusal(500, _SENTENCES[500])
