"""The library (kho âm thanh): what programmes may use, to listen to, with length and level; and bringing more."""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audio_library.intake import take_in
from audio_library.library import LARGEST_FILE, LONGEST, Library, may_stock, require_librarian
from domain.audio import TARGET_LUFS, ClipKind
from domain.errors import AudioError, BadInputError
from web.clip_kinds import CLIP_KIND_LABELS
from web.context import me, services

blueprint = Blueprint("clip_shelf", __name__, url_prefix="/kho")

_FORM_BYTES = 100_000
_TOO_LARGE = f"Tệp nặng quá {LARGEST_FILE // 1_000_000} MB nên chưa nhận. Hãy lưu dạng MP3 rồi gửi lại."


@dataclass(frozen=True, slots=True)
class ClipForm:
    """The fields as typed, and a sentence for each that cannot be used."""

    title: str = ""
    kind: str = ClipKind.IDENT.value
    problems: dict[str, str] = field(default_factory=dict)


@blueprint.url_value_preprocessor
def _let_larger_forms_in(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Take a file where other forms are small; this comes before the form is read for its token."""
    request.max_content_length = LARGEST_FILE + _FORM_BYTES
    if (request.content_length or 0) > LARGEST_FILE + _FORM_BYTES:
        raise BadInputError(_TOO_LARGE)


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Show what the library holds."""
    return _page(ClipForm())


@blueprint.post("")
def add() -> ResponseReturnValue:
    """Take a sound in."""
    require_librarian(me())
    form = ClipForm(request.form.get("title", ""), request.form.get("kind", ""))
    sent = request.files.get("sound")
    if sent is None or not sent.filename:
        return _refused(form, "sound", "Hãy chọn một tệp âm thanh.")
    descriptor, name = tempfile.mkstemp(prefix="tiengloa-kho-")
    os.close(descriptor)
    try:
        sent.save(name)
        kind = ClipKind(form.kind) if form.kind in set(ClipKind) else ClipKind.BULLETIN
        clip = _library().add(me(), form.title, kind, Path(name))
    except (BadInputError, AudioError) as error:
        return _refused(form, _field_of(error.sentence), error.sentence)
    finally:
        sent.close()
        Path(name).unlink(missing_ok=True)
    flash(f"Đã thêm «{clip.title}» vào kho.", "success")
    return redirect(url_for("clip_shelf.page", _anchor=f"loai-{clip.kind.value}"), 303)


def _refused(form: ClipForm, name: str, sentence: str) -> ResponseReturnValue:
    return _page(ClipForm(form.title, form.kind, {name: sentence}), 422)


def _field_of(sentence: str) -> str:
    if "đặt tên" in sentence or "Tên âm thanh" in sentence:
        return "title"
    return "kind" if "một loại" in sentence else "sound"


def _page(form: ClipForm, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "clip_shelf.html",
        form=form,
        shelf=_library().shelf(),
        labels=CLIP_KIND_LABELS,
        target=TARGET_LUFS,
        largest_mb=LARGEST_FILE // 1_000_000,
        longest_minutes=round(LONGEST.total_seconds() / 60),
        may_stock=may_stock(me()),
    ), status


def _library() -> Library:
    given = services()
    return Library(given.database, given.clock, given.blobs, take_in)
