"""Listening: what is not approved yet, spoken for the panel only, and finished clips of the library."""

import io
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from bulletins.desk import TITLE_LIMIT
from bulletins.inserts import inserts_of, refuse_missing_inserts
from domain.audio import SpokenAudio
from domain.bulletins import SCRIPT_LIMIT
from domain.errors import BadInputError, BusyError, NotAllowedError
from domain.people import Role
from domain.reading import SpokenText
from store import clips
from web.context import me, services
from web.editor_form import as_typed
from web.heard import opening_of
from web.states import WRITERS

blueprint = Blueprint("listening", __name__)

_AT_ONCE = threading.BoundedSemaphore(2)
_LONGEST_SYLLABLES = 1_500
"""About ten minutes of speech, some 27 MB as a WAV file: all that one listener may ask the server to hold."""
_PATIENCE_SECONDS = 20
_OPENING = "mo-"
_QUIET_RATE = 8000


@blueprint.post("/ban-tin/nghe-thu")
def preview() -> ResponseReturnValue:
    """Answer the script as typed, or one sentence of it, as a WAV file."""
    if not me().may(*WRITERS, Role.APPROVER):
        raise NotAllowedError("Chỉ người viết và người duyệt mới nghe thử được bản tin chưa duyệt.")
    form = as_typed(request.form)
    if len(form.script) > SCRIPT_LIMIT:
        raise BadInputError("Nội dung quá dài nên chưa nghe thử được. Hãy chia thành nhiều bản tin.")
    body = services().desk.read(form.script, form.readings)
    text = _chosen(opening_of(form.title[:TITLE_LIMIT], form.readings), body, request.form.get("sentence", ""))
    if request.form.get("sentence") and not text.syllables:
        return _wordless(text)
    return as_sound(text, request.form.get("engine", ""))


def _wordless(text: SpokenText) -> Response:
    """Answer a sentence without words: the clip that stands in its place, else its silence. Raises BadInputError."""
    (sentence,) = text.sentences
    if not sentence.clip:
        pause_ms = sentence.pause_ms + sum(token.pause_ms for token in sentence.tokens)
        return Response(_wav_of(bytes(2 * (_QUIET_RATE * pause_ms // 1000)), _QUIET_RATE), mimetype="audio/wav")
    with services().database.read() as connection:
        refuse_missing_inserts(connection, text)
        found = inserts_of(connection, text.sentences)[sentence.clip]
    return send_clip(found.hash, found.media_type)


def as_sound(text: SpokenText, engine: str = "") -> Response:
    """Answer `text` as a WAV file by the chain of voices, or by the one named `engine`. Raises NoVoiceError."""
    if not text.syllables:
        raise BadInputError("Chưa có chữ nào để đọc. Hãy viết nội dung rồi nghe thử.")
    if text.syllables > _LONGEST_SYLLABLES:
        raise BadInputError("Phần này dài hơn mười phút nên không nghe được một lần. Hãy nghe từng câu.")
    with turn():
        spoken = services().preview(text, engine)
    answer = Response(_wav(spoken), mimetype="audio/wav")
    answer.headers["TL-Voice"] = "backup" if spoken.voice.backup and not engine else "main"
    answer.headers["Content-Disposition"] = 'inline; filename="nghe-thu.wav"'
    return answer


@blueprint.get("/kho/<clip_hash>")
def clip(clip_hash: str) -> ResponseReturnValue:
    """Answer a clip of the library, in ranges when asked."""
    with services().database.read() as connection:
        found = clips.get(connection, clip_hash)
    return send_clip(found.hash, found.media_type)


def send_clip(clip_hash: str, media_type: str) -> Response:
    """Return the file of a clip, which never changes under its hash; ranges and If-Range are obeyed."""
    answer = send_file(
        services().blobs.path(clip_hash), mimetype=media_type, conditional=True, etag=clip_hash, last_modified=None
    )
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _chosen(opening: SpokenText, body: SpokenText, name: str) -> SpokenText:
    """Return the sentence called `name`, such as 3, or mo-0 in the opening; everything when it is empty."""
    if not name:
        return SpokenText((*opening.sentences, *body.sentences))
    part, number = (opening, name.removeprefix(_OPENING)) if name.startswith(_OPENING) else (body, name)
    if not (number.isascii() and number.isdigit() and len(number) < 6 and int(number) < len(part.sentences)):
        raise BadInputError("Không có câu này trong bản tin. Hãy tải lại phần «Sẽ đọc là» rồi nghe lại.")
    return SpokenText((part.sentences[int(number)],))


@contextmanager
def turn() -> Iterator[None]:
    """Let a few listen at once: speaking is the heaviest thing a visitor can ask for."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
        raise BusyError("Đang có nhiều người nghe thử cùng lúc. Hãy thử lại sau vài giây.")
    try:
        yield
    finally:
        _AT_ONCE.release()


def _wav(spoken: SpokenAudio) -> bytes:
    rate = next((speech.rate for speech, _ in spoken.sentences if speech.pcm), 0)
    if not rate:
        raise BadInputError("Chưa có chữ nào để đọc. Hãy viết nội dung rồi nghe thử.")
    return _wav_of(
        b"".join(speech.pcm + bytes(2 * (rate * pause_ms // 1000)) for speech, pause_ms in spoken.sentences), rate
    )


def _wav_of(pcm: bytes, rate: int) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return held.getvalue()
