"""Bulletins: the list, one bulletin as its reader may see it, and the steps of its review."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, get_flashed_messages, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bulletins import seals
from bulletins.desk import may_approve
from bulletins.recordings import LONGEST_SENTENCE, LONGEST_WHOLE, may_record, whole_key
from domain.audio import PRESET_LABELS, Clip
from domain.bulletins import EDITABLE, Bulletin, BulletinState
from domain.errors import BadInputError, NotFoundError
from domain.jobs import Job, JobState
from domain.people import Role
from store import bulletins, campaigns, clips, jobs, people
from web import recordings
from web.airtime import air_time
from web.attention import needs_yes
from web.context import me, services
from web.editor import form_page
from web.editor_form import of_bulletin
from web.formats import plain
from web.fragments import fragment
from web.heard import shown
from web.security import MICROPHONE_POLICY
from web.states import WRITERS

blueprint = Blueprint("bulletins", __name__, url_prefix="/ban-tin")
blueprint.register_blueprint(recordings.blueprint)

_LISTED = 1000
_PAGE = 30


@blueprint.get("")
def page() -> ResponseReturnValue:
    """List bulletins, of one state when asked, whose titles hold the words searched for."""
    state = _state(request.args.get("state", ""))
    words = request.args.get("q", "").strip()[:100]
    with services().database.read() as connection:
        found = bulletins.newest(connection, (state,) if state else (), _LISTED)
        counts = bulletins.counts(connection)
    if words:
        found = tuple(one for one in found if plain(words) in plain(one.title))
    number = _page_number(len(found))
    shown = found[(number - 1) * _PAGE : number * _PAGE]
    with services().database.read() as connection:
        shelf = clips.some(connection, [one.clip_hash for one in shown if one.clip_hash])
    return render_template(
        "bulletins.html",
        bulletins=shown,
        shelf=shelf,
        waits=frozenset(one.id for one in shown if needs_yes(one, shelf.get(one.clip_hash or ""))),
        state=state,
        words=words,
        counts={one: counts[one] for one in BulletinState if one in counts},
        number=number,
        pages=max(1, -(-len(found) // _PAGE)),
        may_write=me().may(*WRITERS),
    )


@blueprint.get("/<bulletin_id>")
def show(bulletin_id: str) -> ResponseReturnValue:
    """Show a bulletin: in the editor to whoever may change it now, else to be read."""
    bulletin = _bulletin(bulletin_id)
    if bulletin.state in EDITABLE and me().may(*WRITERS):
        return form_page(bulletin, of_bulletin(bulletin))
    return _read_page(bulletin)


@blueprint.get("/<bulletin_id>/thu-am")
def voices(bulletin_id: str) -> ResponseReturnValue:
    """Show a bulletin to be read aloud: who speaks what, and for which loudspeakers."""
    answer = make_response(_read_page(_bulletin(bulletin_id)))
    answer.headers["Permissions-Policy"] = MICROPHONE_POLICY
    return answer


@blueprint.get("/<bulletin_id>/am-thanh")
def sound(bulletin_id: str) -> ResponseReturnValue:
    """Answer the piece about how far the sound is, or the finished sound."""
    return fragment("_sound.html", **_sound(_bulletin(bulletin_id)))


@blueprint.post("/<bulletin_id>/duyet")
def approve(bulletin_id: str) -> ResponseReturnValue:
    """Approve the version that the approver had open."""
    services().desk.require_approver(me(), bulletin_id)
    services().desk.approve(
        me(),
        bulletin_id,
        _version(),
        backup_voice_ok="backup_voice_ok" in request.form,
        seal=request.form.get("seal"),
    )
    flash("Đã duyệt.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/tra-lai")
def return_(bulletin_id: str) -> ResponseReturnValue:
    """Give the bulletin back with a note."""
    services().desk.require_approver(me(), bulletin_id)
    note = request.form.get("note", "")
    try:
        services().desk.return_(me(), bulletin_id, _version(), note[:1000])
    except BadInputError as error:
        return _read_page(_bulletin(bulletin_id), 422, {"note": error.sentence})
    flash("Đã trả lại cho người viết.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/thu-hoi")
def withdraw(bulletin_id: str) -> ResponseReturnValue:
    """Take the bulletin off the air."""
    services().desk.withdraw(me(), bulletin_id, request.form.get("note", "")[:1000])
    flash("Đã thu hồi. Bản tin này sẽ không phát nữa.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/giong-du-phong")
def accept_backup_voice(bulletin_id: str) -> ResponseReturnValue:
    """Let the clip go on air although a backup voice speaks it."""
    services().desk.accept_backup_voice(me(), bulletin_id)
    flash("Đã đồng ý cho phát bằng giọng dự phòng.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/cach-doc")
def accept_reading(bulletin_id: str) -> ResponseReturnValue:
    """Let the bulletin be read as it would be now."""
    services().desk.accept_reading(me(), bulletin_id, request.form.get("seal", ""))
    flash("Đã đồng ý cách đọc này. Âm thanh đang được làm lại.", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/dung")
def cancel(bulletin_id: str) -> ResponseReturnValue:
    """Stop the production that waits or runs."""
    services().desk.cancel(me(), bulletin_id)
    flash("Đã dừng làm âm thanh. Khi cần, bấm «Làm lại».", "success")
    return _back_to(bulletin_id)


@blueprint.post("/<bulletin_id>/lam-lai")
def produce_again(bulletin_id: str) -> ResponseReturnValue:
    """Try a failed or stopped production again."""
    services().desk.produce_again(me(), bulletin_id)
    flash("Đã yêu cầu làm lại âm thanh.", "success")
    return _back_to(bulletin_id)


def _read_page(bulletin: Bulletin, status: int = 200, problems: dict[str, str] | None = None) -> ResponseReturnValue:
    user = me()
    reading = shown(bulletin.title, bulletin.script, bulletin.readings)
    waits = bulletin.state in {*EDITABLE, BulletinState.SUBMITTED}
    cast = recordings.booth().cast(bulletin)
    with services().database.read() as connection:
        seal = seals.seal(connection, bulletin, cast)
    return render_template(
        "bulletin.html",
        reading=reading,
        editable=False,
        airtime=air_time() if waits else None,
        topic=_topic_name(bulletin),
        approver=_name_of(bulletin.approved_by),
        own_text=Role.APPROVER in user.roles and user.id in bulletin.author_ids,
        may_withdraw=user.may(Role.EDITOR, Role.APPROVER)
        and bulletin.state in {BulletinState.APPROVED, BulletinState.SUBMITTED},
        problems=problems or {},
        cast=cast,
        seal=seal,
        reading_changed=bulletin.state is BulletinState.APPROVED and bulletin.approved_seal not in {"", seal},
        whole_key=whole_key(bulletin.version),
        longest_sentence=int(LONGEST_SENTENCE.total_seconds()),
        longest_whole=int(LONGEST_WHOLE.total_seconds()),
        told=dict(_told_at_sentences()),
        may_record=may_record(user, bulletin),
        may_choose=may_record(user, bulletin)
        or (bulletin.state is BulletinState.SUBMITTED and may_approve(user, bulletin)),
        preset_labels=PRESET_LABELS,
        voice_health=services().voices(),
        **_sound(bulletin),
    ), status


def _told_at_sentences() -> Iterator[tuple[str, str]]:
    """Yield the refusals that belong to one sentence, by where on the page they are told."""
    for one in get_flashed_messages(with_categories=True):
        place = one[0].partition(" ")[2]
        if place:
            yield place, one[1]


def _sound(bulletin: Bulletin) -> dict[str, object]:
    with services().database.read() as connection:
        job = jobs.of_bulletin(connection, bulletin.id, bulletin.version)
        clip = None
        if bulletin.clip_hash and bulletin.clip_version == bulletin.version:
            clip = clips.get(connection, bulletin.clip_hash)
    user = me()
    return {
        "bulletin": bulletin,
        "job": job,
        "retry": _retry(job),
        "clip": clip,
        "working": bulletin.state is BulletinState.APPROVED and _is_going_on(job, clip),
        "preset_label": PRESET_LABELS.get(clip.preset, "") if clip else "",
        "waits": needs_yes(bulletin, clip),
        "yes_by": _name_of(bulletin.backup_voice_ok_by),
        "may_approve": may_approve(user, bulletin),
        "may_retry": user.may(Role.EDITOR, Role.APPROVER, Role.TECHNICIAN),
        "may_schedule": user.may(Role.SCHEDULER),
    }


@dataclass(frozen=True, slots=True)
class Retry:
    """When a production that failed is tried again, and the how manieth of how many tries that is."""

    at: datetime
    number: int
    most: int


def _retry(job: Job | None) -> Retry | None:
    """Return the next try of a job that waits for it: one that runs has no error."""
    if job is None or job.state is not JobState.RUNNING or not job.error or job.lease_until is None:
        return None
    return Retry(job.lease_until, job.attempts + 1, jobs.MOST_ATTEMPTS)


def _is_going_on(job: Job | None, clip: Clip | None) -> bool:
    """Tell whether a sound is being made, for the first time or anew; a job just done has its clip a moment later."""
    if job is None:
        return False
    return job.state in {JobState.QUEUED, JobState.RUNNING} or (job.state is JobState.DONE and clip is None)


def _bulletin(bulletin_id: str) -> Bulletin:
    with services().database.read() as connection:
        return bulletins.get(connection, bulletin_id)


def _name_of(user_id: str | None) -> str:
    if user_id is None:
        return ""
    with services().database.read() as connection:
        return people.get(connection, user_id).name


def _topic_name(bulletin: Bulletin) -> str:
    with services().database.read() as connection:
        every = campaigns.everything(connection)
    names = {topic.id: topic.name for campaign in every for topic in campaign.topics}
    return names.get(bulletin.topic_id or "", "")


def _version() -> int:
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInputError("Trang gửi lên thiếu số phiên bản. Hãy mở lại bản tin rồi làm lại.")
    return int(text)


def _state(text: str) -> BulletinState | None:
    if not text:
        return None
    try:
        return BulletinState(text)
    except ValueError as error:
        raise NotFoundError("Không có trạng thái này.") from error


def _page_number(found: int) -> int:
    text = request.args.get("page", "1")
    last = max(1, -(-found // _PAGE))
    return min(max(1, int(text)), last) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _back_to(bulletin_id: str) -> ResponseReturnValue:
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id), 303)
