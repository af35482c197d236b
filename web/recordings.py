"""People's recordings for a bulletin: sent in, listened to, taken away; and how its sound is finished."""

import os
import tempfile
from pathlib import Path

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from audio_library.intake import take_in
from bulletins.recordings import LARGEST_FILE, Booth, require_writer
from domain.audio import PRESET_LABELS
from domain.bulletins import Bulletin
from domain.errors import AudioError, BadInputError, StorageError, TiengLoaError, WrongStateError
from store import bulletins, recordings
from web.context import me, services
from web.listening import send_clip

blueprint = Blueprint("recordings", __name__)

_FORM_BYTES = 100_000
_TOO_LARGE = (
    f"Tệp thu âm nặng quá {LARGEST_FILE // 1_000_000} MB nên chưa nhận. "
    "Hãy thu ngắn hơn, hoặc lưu dạng MP3 rồi gửi lại. Các bản thu trước còn nguyên."
)


@blueprint.url_value_preprocessor
def _let_larger_forms_in(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Take a file where other forms are small; this comes before the form is read for its token."""
    request.max_content_length = LARGEST_FILE + _FORM_BYTES
    if (request.content_length or 0) > LARGEST_FILE + _FORM_BYTES:
        raise BadInputError(_TOO_LARGE)


@blueprint.errorhandler(BadInputError)
@blueprint.errorhandler(AudioError)
@blueprint.errorhandler(WrongStateError)
@blueprint.errorhandler(StorageError)
def _tell_where_it_was_asked(error: TiengLoaError) -> ResponseReturnValue:
    """Say at the sentence what became of its recording, on the page where everything else is as it was."""
    bulletin_id = (request.view_args or {}).get("bulletin_id", "")
    too_large = (request.content_length or 0) > LARGEST_FILE + _FORM_BYTES
    key = "" if too_large else request.form.get("key", "")
    if not (key.isascii() and key.replace("-", "").isalnum()):
        key = ""
    flash(error.sentence, f"problem {_anchor(key)}" if key else "problem")
    return _back_to(bulletin_id, key)


@blueprint.post("/<bulletin_id>/thu-am")
def record(bulletin_id: str) -> ResponseReturnValue:
    """Keep a file as the voice of a sentence, or of the whole version that the person saw."""
    bulletin = _as_seen(bulletin_id)
    sent = request.files.get("sound")
    if sent is None or not sent.filename:
        raise BadInputError("Chưa chọn tệp thu âm. Hãy chọn một tệp hoặc thu bằng điện thoại rồi gửi lại.")
    descriptor, name = tempfile.mkstemp(prefix="tiengloa-thu-")
    os.close(descriptor)
    try:
        sent.save(name)
        if Path(name).stat().st_size > LARGEST_FILE:
            raise BadInputError(_TOO_LARGE)
        made = booth().record(me(), bulletin, request.form.get("key", ""), Path(name))
    finally:
        sent.close()
        Path(name).unlink(missing_ok=True)
    flash("Đã nhận bản thu. Hãy nghe lại trước khi trình duyệt.", "success")
    return _back_to(bulletin_id, made.key)


@blueprint.get("/<bulletin_id>/thu-am/<recording_id>")
def listen(bulletin_id: str, recording_id: str) -> ResponseReturnValue:
    """Answer the sound of a recording, in ranges when asked."""
    with services().database.read() as connection:
        found = recordings.get(connection, bulletin_id, recording_id)
    return send_clip(found.blob_hash, "audio/flac")


@blueprint.post("/<bulletin_id>/thu-am/<recording_id>/bo")
def remove(bulletin_id: str, recording_id: str) -> ResponseReturnValue:
    """Give the words of a recording back to the voice."""
    booth().remove(me(), bulletin_id, recording_id)
    flash("Đã bỏ bản thu; chỗ này sẽ do giọng máy đọc.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/loai-loa")
def choose_preset(bulletin_id: str) -> ResponseReturnValue:
    """Choose the loudspeakers that the sound is finished for."""
    preset = request.form.get("preset", "")
    services().desk.choose_preset(me(), bulletin_id, preset)
    flash(f"Âm thanh sẽ được chỉnh cho {PRESET_LABELS[preset].lower()}.", "success")
    return _back_to(bulletin_id)


def booth() -> Booth:
    """Return where people record."""
    given = services()
    return Booth(given.database, given.desk.reader, given.clock, given.blobs, take_in)


def _as_seen(bulletin_id: str) -> Bulletin:
    """Return the bulletin in the version that the person, who may record, had open.

    Raises NotAllowedError, WrongStateError when it moved on.
    """
    with services().database.read() as connection:
        bulletin = bulletins.get(connection, bulletin_id)
    require_writer(me(), bulletin)
    if request.form.get("version", "") != str(bulletin.version):
        raise WrongStateError("Bản tin đã có phiên bản khác nên chưa nhận bản thu. Hãy mở lại trang rồi làm lại.")
    return bulletin


def _back_to(bulletin_id: str, key: str = "") -> ResponseReturnValue:
    anchor = _anchor(key) if key else "thu-am"
    return redirect(url_for("bulletins.voices", bulletin_id=bulletin_id, _anchor=anchor), 303)


def _anchor(key: str) -> str:
    """Return where on the page the sentence with this key stands."""
    return f"cau-{key[:12]}"
