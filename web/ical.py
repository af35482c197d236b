"""Calendars: the link a phone subscribes to, the rules as a file, and rules out of a file, looked at before saving."""

import base64
import binascii
from contextlib import closing
from dataclasses import dataclass, field

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.bulletins import Bulletin, BulletinState
from domain.errors import BadInputError, NotAllowedError, TiengLoaError
from domain.people import Role
from domain.timetable import Programme
from scheduler.conflicts import Conflict
from scheduler.drafts import Draft
from scheduler.ical.desk import CalendarDesk, What, draft_import
from scheduler.ical.rules import Imported, read_rules
from scheduler.ical.text import MOST_BYTES
from scheduler.stopping import held_up, may_save
from scheduler.words import rule_words
from store import bulletins, places, timetable
from store.calendar_links import CalendarLink
from web.area_tree import Branch, flat, tree
from web.clashes import seal_of
from web.context import me, services
from web.formats import local

blueprint = Blueprint("ical", __name__, url_prefix="/lich")
_MOST_CLASHES = 10
_CLASHES = "Chưa nhập gì: lịch trong tệp trùng với lịch khác hoặc vượt mức cho phép. Hãy xem các chỗ trùng bên dưới."
_NO_CALENDAR = "Không có lịch này: đường dẫn sai, hoặc đã bị thu hồi. Hãy xin đường dẫn mới ở trang «Lịch phát».\n"


@dataclass(frozen=True, slots=True)
class PhoneLink:
    """The link of an area as the page shows it."""

    link: CalendarLink
    address: str

    @property
    def opener(self) -> str:
        """Return the address that a phone opens with its calendar."""
        return "webcal:" + self.address.partition(":")[2]


@dataclass(frozen=True, slots=True)
class ImportForm:
    """The fields as chosen; `content` is the file in base64 once it was sent, so that it is sent once."""

    area_id: str = ""
    what: str = ""
    content: str = ""
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come in: the edit, its rules in words, how many are over, and what it would silence.

    `clashes` are the first sentences of all that was `found`. `seal` names those to be looked at first, as in the
    form of a session; it is empty without.
    """

    draft: Draft
    lines: tuple[str, ...]
    over: int
    clashes: tuple[str, ...]
    found: tuple[Conflict, ...] = ()
    seal: str = ""
    may_save: bool = True


@blueprint.get("/<area_id>.ics")
def feed(area_id: str) -> ResponseReturnValue:
    """Answer the calendar of an area to whoever has its token; nobody is signed in."""
    held = request.if_none_match.as_set() if request.if_none_match else ()
    found = _desk().feed(area_id, request.args.get("khoa", ""), held)
    if found is None:
        return Response(_NO_CALENDAR, 404, mimetype="text/plain")
    response = Response(found.body, 200 if found.body else 304, mimetype="text/calendar")
    response.set_etag(found.etag)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/<area_id>/dong-lich.ics")
def rules_file(area_id: str) -> ResponseReturnValue:
    """Answer the rules that reach an area as a file of repeating events."""
    body, _ = _desk().rules(area_id)
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = "attachment; filename=dong-lich.ics"
    return response


@blueprint.post("/<area_id>/duong-dan")
def make_link(area_id: str) -> ResponseReturnValue:
    """Give an area a link."""
    _desk().make_link(me(), area_id)
    flash("Đã tạo đường dẫn. Ai có đường dẫn này đều xem được lịch của địa bàn.", "success")
    return _back_to(area_id)


@blueprint.post("/<area_id>/duong-dan/thu-hoi")
def revoke_link(area_id: str) -> ResponseReturnValue:
    """Take the link of an area away."""
    _desk().revoke_link(me(), area_id)
    flash("Đã thu hồi đường dẫn. Điện thoại đã đăng ký bằng đường dẫn cũ không còn xem được.", "success")
    return _back_to(area_id)


@blueprint.get("/nhap")
def import_page() -> ResponseReturnValue:
    """Show the form of an import."""
    _require_scheduler()
    return _import_page(ImportForm(area_id=request.args.get("area", "")))


@blueprint.post("/nhap")
def import_file() -> ResponseReturnValue:
    """Show what a file would bring in, or bring it in when it was looked at."""
    _require_scheduler()
    form, data = _sent()
    if data is None:
        return _import_page(form, status=422)
    try:
        imported = read_rules(data)
    except BadInputError as error:
        return _import_page(_with(form, "file", error.sentence, forget=True), status=422)
    if imported.refusals:
        return _import_page(_with(form, "", "", forget=True), imported, status=422)
    try:
        preview = _preview(form, imported)
    except TiengLoaError as error:
        return _import_page(_with(form, "import", error.sentence), imported, status=422)
    if "save" not in request.form:
        return _import_page(form, imported, preview)
    return _import(form, imported, preview)


def _import(form: ImportForm, imported: Imported, preview: Preview) -> ResponseReturnValue:
    """Bring a file in, unless it would silence what nobody has looked at or what need not give way."""
    if preview.seal and not (preview.may_save and request.form.get("anyway") == preview.seal):
        return _import_page(_with(form, "import", _CLASHES), imported, preview, status=409)
    try:
        services().timetable.save(me(), preview.draft, preview.found)
    except TiengLoaError as error:
        return _import_page(_with(form, "import", error.sentence), imported, status=422)
    flash(f"Đã nhập {len(preview.lines)} dòng lịch. Máy phát sẽ nhận lịch mới trong ít giây.", "success")
    return redirect(url_for("timetable.page", area=form.area_id) + "#dong-lich", 303)


@blueprint.app_template_global()
def phone_link(area_id: str) -> PhoneLink | None:
    """Return the link of an area for the page of the timetable, or None."""
    desk = _desk()
    link = desk.link(area_id)
    if link is None:
        return None
    path = url_for("ical.feed", area_id=area_id, khoa=desk.token(link))
    return PhoneLink(link, (services().public_address or request.host_url.rstrip("/")) + path)


def _desk() -> CalendarDesk:
    return CalendarDesk(services().database, services().clock, services().secret_key)


def _back_to(area_id: str) -> ResponseReturnValue:
    return redirect(url_for("timetable.page", area=area_id) + "#dien-thoai", 303)


def _sent() -> tuple[ImportForm, bytes | None]:
    """Return the form that was sent and the file in it, or None and a problem in the form."""
    form = ImportForm(request.form.get("area", ""), request.form.get("what", ""), request.form.get("content", ""))
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        with closing(sent):
            data = sent.stream.read(MOST_BYTES + 1)
        return ImportForm(form.area_id, form.what, base64.b64encode(data).decode()), data
    if not form.content:
        return _with(form, "file", "Hãy chọn tệp .ics."), None
    try:
        return form, base64.b64decode(form.content, validate=True)
    except (binascii.Error, ValueError):
        return _with(form, "file", "Tệp gửi lên bị hỏng. Hãy chọn lại tệp .ics.", forget=True), None


def _with(form: ImportForm, name: str, sentence: str, *, forget: bool = False) -> ImportForm:
    problems = {name: sentence} if name else {}
    return ImportForm(form.area_id, form.what, "" if forget else form.content, problems)


def _preview(form: ImportForm, imported: Imported) -> Preview:
    desk = services().timetable
    what = _what(form)
    drafting = desk.drafting(me(), what.bulletin_ids)
    names = {area.id: area.name for area in drafting.inputs.areas}
    if form.area_id not in names:
        raise BadInputError("Hãy chọn địa bàn để phát.")
    made = draft_import(drafting, imported, what, frozenset({form.area_id}))
    found = desk.clashes(made.draft)
    held = held_up(found)
    clashes = tuple(dict.fromkeys(one.sentence for one in (*held, *found)))[:_MOST_CLASHES]
    lines = tuple(rule_words(rule, drafting.inputs.calendar, names) for rule in made.rules)
    return Preview(made.draft, lines, made.over, clashes, found, seal_of(held) if held else "", may_save(held))


def _what(form: ImportForm) -> What:
    kind, _, key = form.what.partition(":")
    if kind == "programme" and key:
        return What(programme_id=key)
    if kind == "bulletin" and key:
        return What(bulletin_ids=(key,))
    raise BadInputError("Hãy chọn chương trình hoặc bản tin để phát.")


def _import_page(
    form: ImportForm, imported: Imported | None = None, preview: Preview | None = None, status: int = 200
) -> ResponseReturnValue:
    return render_template(
        "ical_import.html",
        form=form,
        problems=form.problems,
        imported=imported,
        preview=preview,
        areas=_areas(),
        programmes=_programmes(),
        approved=_approved(),
    ), status


def _areas() -> tuple[Branch, ...]:
    today = local(services().clock.now()).date()
    with services().database.read() as connection:
        return flat(tree(places.areas(connection), places.levels(connection), today))


def _programmes() -> list[Programme]:
    with services().database.read() as connection:
        return [one for one in timetable.programmes(connection).values() if one.items]


def _approved() -> tuple[Bulletin, ...]:
    with services().database.read() as connection:
        return bulletins.newest(connection, (BulletinState.APPROVED,))


def _require_scheduler() -> None:
    if not me().may(Role.SCHEDULER):
        raise NotAllowedError("Tài khoản của bạn không có quyền xếp lịch. Chưa có gì thay đổi.")
