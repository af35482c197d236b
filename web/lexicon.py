"""The site's lexicon (từ điển): search it and the reviewed one; add, change, take away, the effect shown first."""

from dataclasses import dataclass, field
from functools import cache

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bulletins.lexicon import (
    NOTE_LIMIT,
    SPOKEN_LIMIT,
    WRITTEN_LIMIT,
    Effect,
    NoteError,
    SpokenError,
    WrittenError,
    may_change,
    require_lexicographer,
)
from domain.errors import BadInputError, NotFoundError
from domain.reading import LexiconEntry
from store import lexicon
from store.lexicon import SiteEntry
from tts.lexicon import reviewed_entries
from web.context import me, services
from web.formats import plain
from web.listening import as_sound

blueprint = Blueprint("lexicon", __name__, url_prefix="/tu-dien")

_MOST_FOUND = 50
_SHOWN = 200
CATEGORIES = {
    "app": "ứng dụng", "defence": "quốc phòng, an ninh", "education": "giáo dục", "ethnic": "dân tộc",
    "everyday": "đời sống", "health": "y tế", "identity": "giấy tờ", "index": "chỉ số", "insurance": "bảo hiểm",
    "land": "đất đai", "loan": "từ mượn", "mass": "đoàn thể", "party": "Đảng", "place": "địa danh",
    "reform": "cải cách hành chính", "sign": "ký hiệu", "state": "cơ quan nhà nước", "title": "chức danh",
    "world": "quốc tế",
}  # fmt: skip
"""What the reviewed lexicon's categories are called."""


@dataclass(frozen=True, slots=True)
class LexiconForm:
    """The fields as typed, and a sentence for each that cannot be used."""

    written: str = ""
    spoken: str = ""
    note: str = ""
    match_case: bool = True
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def reading(self) -> LexiconEntry:
        """What the form asks for."""
        return LexiconEntry(self.written, self.spoken, self.note, self.match_case)

    @property
    def seen(self) -> str:
        """What decides the effect, to tell whether the effect shown is that of the form saved."""
        return "\n".join((self.written.strip(), self.spoken.strip(), str(self.match_case)))


@blueprint.get("")
def page() -> ResponseReturnValue:
    """List the site's entries and look words up in the reviewed lexicon."""
    words = request.args.get("q", "").strip()[:100]
    with services().database.read() as connection:
        every = lexicon.everything(connection)
    found = tuple(one for one in every if plain(words) in plain(f"{one.reading.written} {one.reading.spoken}"))
    reviewed = _looked_up(words) if words else ()
    return render_template(
        "lexicon.html",
        words=words,
        entries=found[:_SHOWN],
        found=len(found),
        every=len(every),
        reviewed=reviewed[:_MOST_FOUND],
        reviewed_found=len(reviewed),
        reviewed_every=len(_reviewed()),
        own={one.reading.written for one in every},
        categories=CATEGORIES,
        may_change=may_change(me()),
    )


@blueprint.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form of a new entry, filled in when a page sent its reader here with a word."""
    require_lexicographer(me())
    written, spoken = (request.args.get(name, "")[:SPOKEN_LIMIT] for name in ("written", "spoken"))
    return _form_page(None, LexiconForm(written, spoken))


@blueprint.post("/moi")
def add() -> ResponseReturnValue:
    """Show what a new entry does, then keep it."""
    require_lexicographer(me())
    return _act(None)


@blueprint.get("/<entry_id>")
def show(entry_id: str) -> ResponseReturnValue:
    """Show an entry in its form."""
    require_lexicographer(me())
    entry = _entry(entry_id)
    own = entry.reading
    return _form_page(entry, LexiconForm(own.written, own.spoken, own.note, own.match_case))


@blueprint.post("/<entry_id>")
def change(entry_id: str) -> ResponseReturnValue:
    """Show what a change does, then keep it."""
    require_lexicographer(me())
    return _act(_entry(entry_id))


@blueprint.get("/<entry_id>/bo")
def ask_to_remove(entry_id: str) -> ResponseReturnValue:
    """Show what taking an entry away does."""
    require_lexicographer(me())
    entry = _entry(entry_id)
    return render_template("lexicon_remove.html", entry=entry, effect=services().lexicon.effect(None, entry_id))


@blueprint.post("/<entry_id>/bo")
def remove(entry_id: str) -> ResponseReturnValue:
    """Take an entry away."""
    gone = services().lexicon.remove(me(), entry_id)
    flash(f"Đã bỏ «{gone.reading.written}» khỏi từ điển. Lịch sử còn lưu; muốn lấy lại thì thêm lại.", "success")
    return redirect(url_for("lexicon.page"), 303)


@blueprint.get("/lich-su")
def history() -> ResponseReturnValue:
    """List who changed what, the latest first."""
    written = request.args.get("written", "")[:WRITTEN_LIMIT]
    with services().database.read() as connection:
        changes = lexicon.history(connection, written)
    return render_template("lexicon_history.html", changes=changes, written=written, may_change=may_change(me()))


@blueprint.post("/nghe")
def hear() -> ResponseReturnValue:
    """Answer how the spoken form sounds, before it is saved."""
    spoken = request.form.get("spoken", "").strip()
    if not spoken:
        raise BadInputError("Hãy ghi cách đọc rồi bấm nghe.")
    if len(spoken) > SPOKEN_LIMIT:
        raise BadInputError(f"Cách đọc dài {len(spoken)} ký tự; tối đa {SPOKEN_LIMIT} ký tự.")
    return as_sound(services().desk.read(spoken))


def _act(entry: SiteEntry | None) -> ResponseReturnValue:
    """Save when the effect of exactly this was on the screen; else show it."""
    form = _as_typed()
    desk, entry_id = services().lexicon, entry.id if entry else ""
    try:
        clean = desk.checked(form.reading, entry_id)
    except BadInputError as error:
        return _form_page(entry, _with_problem(form, error), 422)
    form = LexiconForm(clean.written, clean.spoken, clean.note, clean.match_case)
    if request.form.get("action") != "save" or request.form.get("seen", "").replace("\r\n", "\n") != form.seen:
        return _form_page(entry, form, effect=desk.effect(clean, entry_id))
    if entry is None:
        desk.add(me(), clean)
    else:
        desk.change(me(), entry.id, clean)
    flash(f"Đã lưu: «{clean.written}» đọc là «{clean.spoken}».", "success")
    return redirect(url_for("lexicon.page"), 303)


def _form_page(
    entry: SiteEntry | None, form: LexiconForm, status: int = 200, effect: Effect | None = None
) -> ResponseReturnValue:
    page_text = render_template(
        "lexicon_entry.html",
        entry=entry,
        form=form,
        effect=effect,
        reviewed=_reviewed_reading(form.written),
        written_limit=WRITTEN_LIMIT,
        spoken_limit=SPOKEN_LIMIT,
        note_limit=NOTE_LIMIT,
    )
    return page_text, status


def _as_typed() -> LexiconForm:
    return LexiconForm(
        request.form.get("written", ""),
        request.form.get("spoken", ""),
        request.form.get("note", ""),
        "any_case" not in request.form,
    )


def _with_problem(form: LexiconForm, error: BadInputError) -> LexiconForm:
    fields = {WrittenError: "written", SpokenError: "spoken", NoteError: "note"}
    name = fields.get(type(error), "written")
    return LexiconForm(form.written, form.spoken, form.note, form.match_case, {name: error.sentence})


def _entry(entry_id: str) -> SiteEntry:
    if len(entry_id) > 40:
        raise NotFoundError("Không có từ này trong từ điển của đài.")
    with services().database.read() as connection:
        return lexicon.get(connection, entry_id)


@cache
def _reviewed() -> tuple[tuple[str, LexiconEntry], ...]:
    """Return the reviewed entries, each with the plain words by which it is found."""
    return tuple((plain(f"{one.written} {one.spoken}"), one) for one in reviewed_entries())


def _looked_up(words: str) -> tuple[LexiconEntry, ...]:
    """Return the reviewed entries that hold `words`, those written just so first."""
    wanted = plain(words)
    found = [one for key, one in _reviewed() if wanted in key]
    return tuple(
        sorted(found, key=lambda one: (plain(one.written) != wanted, not plain(one.written).startswith(wanted)))
    )


def _reviewed_reading(written: str) -> str:
    return next((one.spoken for _, one in _reviewed() if one.written == written), "")
