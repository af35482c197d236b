"""What an approver said yes to, as one seal: made where it is shown, kept at approval, and held at production."""

from sqlalchemy import Connection

from bulletins.inserts import inserted_hashes
from bulletins.recordings import Cast, seal_of
from domain.bulletins import Bulletin
from domain.errors import TiengLoaError

READING_CHANGED = (
    "Cách đọc, bản thu hoặc âm thanh chèn đã khác so với lúc duyệt nên chưa làm âm thanh. Bản tin còn nguyên; "
    "nhờ người duyệt xem lại cách đọc rồi bấm «Đồng ý cách đọc này»."
)


class ReadingChangedError(TiengLoaError):
    """What would be spoken is no longer what was approved."""


def seal(connection: Connection, bulletin: Bulletin, cast: Cast) -> str:
    """Return the seal of all that would be heard of `bulletin` now."""
    sentences = tuple(line.sentence for line in (*cast.opening, *cast.body))
    return seal_of(bulletin, cast, inserted_hashes(connection, sentences))


def require_sealed(connection: Connection, bulletin: Bulletin, cast: Cast) -> None:
    """Let only what was approved be spoken; bulletins approved before seals were kept pass. ReadingChangedError."""
    if bulletin.approved_seal and bulletin.approved_seal != seal(connection, bulletin, cast):
        raise ReadingChangedError(READING_CHANGED)
