"""The editor of a bulletin: write, see how it will be read, save, submit."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bulletins.desk import TITLE_LIMIT
from bulletins.lexicon import Effect, Kept, may_change, require_lexicographer
from bulletins.recordings import parts
from domain.bulletins import EDITABLE, SCRIPT_LIMIT, AcceptedReading, Bulletin, Genre, NewsColumn
from domain.campaign import Campaign
from domain.errors import BadInputError, NotAllowedError, WrongStateError
from store import bulletins, campaigns, columns
from store.bulletins import Draft
from tts.reading.marks import MARKS
from web.airtime import air_time
from web.context import me, own_station, services
from web.editor_form import (
    EditorForm,
    as_typed,
    asked_for_always,
    blank,
    kept_before,
    refused_field,
    says_the_same,
    seen,
    to_draft,
)
from web.formats import duration
from web.fragments import fragment
from web.heard import shown
from web.reading_view import view
from web.security import session_token
from web.states import WRITERS
from web.turns import Turns

blueprint = Blueprint("editor", __name__, url_prefix="/ban-tin")

_TURNS = Turns()


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show an empty editor."""
    _require_writer()
    topic = request.args.get("topic", "")
    return form_page(None, replace(blank(), topic_id=topic))


@blueprint.post("/moi")
def create() -> ResponseReturnValue:
    """Do what a button of a new bulletin's form asks."""
    _require_writer()
    return _act(None)


@blueprint.post("/<bulletin_id>")
def save(bulletin_id: str) -> ResponseReturnValue:
    """Do what a button of a bulletin's form asks."""
    _require_writer()
    return _act(_bulletin(bulletin_id))


@blueprint.post("/doc-thu")
def read() -> ResponseReturnValue:
    """Answer how the script as typed will be read; a reading asked for always goes into the site's lexicon first."""
    with _TURNS.take(session_token()):
        form, answer = as_typed(request.form), _keep_always()
        if len(form.script) > SCRIPT_LIMIT:
            return fragment("_reading_too_long.html", length=len(form.script), limit=SCRIPT_LIMIT)
        return fragment("_reading.html", **_reading(form, answer))


@dataclass(frozen=True, slots=True)
class _Always:
    """What became of a reading for the site's lexicon: kept, refused with a sentence, or to be asked for once more.

    `asks` is what it would do to approved bulletins; `earlier` tells that it was kept by an earlier press.
    """

    reading: AcceptedReading
    refusal: str = ""
    asks: Effect | None = None
    kept: Kept | None = None
    earlier: bool = False


def _keep_always() -> _Always | None:
    """Do what the form asks about the site's lexicon, if it asks anything. Raises NotAllowedError, BadInputError."""
    if "take_back" in request.form:
        back = kept_before(request.form)
        services().lexicon.take_back(me(), back.written, back.spoken, back.before)
        return None
    asked = asked_for_always(request.form)
    if asked is None:
        return _kept_earlier()
    require_lexicographer(me())
    try:
        effect = services().lexicon.always_effect(asked.written, asked.spoken)
        if effect.approved and request.form.get("always_seen") != seen(asked):
            return _Always(asked, asks=effect)
        return _Always(asked, kept=services().lexicon.always(me(), asked.written, asked.spoken))
    except BadInputError as error:
        return _Always(asked, error.sentence)


def _kept_earlier() -> _Always | None:
    """Return what an earlier press kept, so that it can be taken back while the page is open."""
    back = kept_before(request.form)
    if not back.written or not may_change(me()):
        return None
    return _Always(AcceptedReading(back.written, back.spoken), kept=back, earlier=True)


def _reading(form: EditorForm, always: _Always | None = None) -> dict[str, Any]:
    """Return what the piece «Sẽ đọc là» shows."""
    script = form.script if len(form.script) <= SCRIPT_LIMIT else ""
    return {
        "reading": shown(form.title[:TITLE_LIMIT], script, form.readings),
        "editable": True,
        "always": always,
        "may_always": may_change(me()),
        "airtime": air_time(),
        "longer_ok": "longer_ok" in request.form,
        "voices": services().engines,
    }


def form_page(
    bulletin: Bulletin | None,
    form: EditorForm,
    status: int = 200,
    problem: str = "",
    always: _Always | None = None,
) -> ResponseReturnValue:
    """Show the editor with what was typed."""
    page = render_template(
        "editor.html",
        bulletin=bulletin,
        form=form,
        page_problem=problem,
        conflict=status == 409,
        marks=MARKS,
        genres=tuple(Genre),
        campaigns=_campaigns(),
        columns=_columns(),
        title_limit=TITLE_LIMIT,
        script_limit=SCRIPT_LIMIT,
        **_reading(form, always),
    )
    return page, status


def _act(bulletin: Bulletin | None) -> ResponseReturnValue:
    form, action = as_typed(request.form), request.form.get("action", "")
    if action not in {"save", "submit"}:
        return form_page(bulletin, form, always=_keep_always())
    draft, form = to_draft(form, _campaigns(), _columns())
    if draft is None:
        return form_page(bulletin, form, 422)
    try:
        kept = _keep(bulletin, form, draft)
    except BadInputError as error:
        return form_page(bulletin, form.with_problem(refused_field(form), error.sentence), 422)
    except WrongStateError as error:
        return form_page(bulletin, form, 409, f"{error.sentence} Nội dung bạn gõ còn nguyên trong ô bên dưới.")
    return _kept(kept, action)


def _keep(bulletin: Bulletin | None, form: EditorForm, draft: Draft) -> str:
    """Keep what was typed, unless it is there already, and return the bulletin's id."""
    desk = services().desk
    if bulletin is None:
        return desk.write(me(), draft)
    if bulletin.state not in EDITABLE or form.version != bulletin.version or not says_the_same(draft, bulletin):
        desk.revise(me(), bulletin.id, form.version, draft)
    return bulletin.id


def _kept(bulletin_id: str, action: str) -> ResponseReturnValue:
    """Go on with what is kept at its own address, whatever comes of it: loading that again writes nothing twice."""
    try:
        if action == "submit":
            _submit(_bulletin(bulletin_id))
        flash(_DONE[action], "success")
    except (BadInputError, WrongStateError) as error:
        flash(f"Đã lưu bản thảo. {error.sentence}", "problem")
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id), 303)


def _submit(bulletin: Bulletin) -> None:
    desk = services().desk
    desk.refuse_faults(bulletin)
    opening, body = parts(desk.reader, bulletin, own_station().name)
    beyond = air_time().beyond_session(view(body, opening=opening).length)
    if beyond and "longer_ok" not in request.form:
        raise BadInputError(
            f"Bản tin dài hơn một buổi phát khoảng {duration(beyond)}. "
            "Hãy rút ngắn, hoặc đánh dấu vào ô «Vẫn trình duyệt dù dài hơn một buổi phát» rồi trình duyệt."
        )
    desk.submit(me(), bulletin.id)


_DONE = {
    "save": "Đã lưu bản thảo.",
    "submit": "Đã trình duyệt. Người duyệt sẽ thấy bản tin này ở trang «Hôm nay».",
}


def _bulletin(bulletin_id: str) -> Bulletin:
    with services().database.read() as connection:
        return bulletins.get(connection, bulletin_id)


def _campaigns() -> tuple[Campaign, ...]:
    with services().database.read() as connection:
        return campaigns.everything(connection)


def _columns() -> tuple[NewsColumn, ...]:
    with services().database.read() as connection:
        return columns.everything(connection)


def _require_writer() -> None:
    if not me().may(*WRITERS):
        raise NotAllowedError("Chỉ cộng tác viên và biên tập viên mới viết được bản tin. Chưa có gì thay đổi.")
