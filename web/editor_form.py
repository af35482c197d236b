"""What the editor's form holds: kept as it was typed, whatever is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from werkzeug.datastructures import MultiDict

from bulletins.desk import TITLE_LIMIT
from bulletins.lexicon import Effect, Kept
from domain.bulletins import SCRIPT_LIMIT, AcceptedReading, Bulletin, Genre, NewsColumn
from domain.campaign import Campaign
from domain.errors import BadInputError
from store.bulletins import Draft
from web.formats import day, read_day

MOST_READINGS = 500
_READING_LIMIT = 300


@dataclass(frozen=True, slots=True)
class EditorForm:
    """The fields as typed, and a sentence for each that cannot be used."""

    title: str = ""
    script: str = ""
    genre: str = Genre.NEWS.value
    topic_id: str = ""
    column_id: str = ""
    valid_from: str = ""
    valid_until: str = ""
    version: int = 0
    readings: tuple[AcceptedReading, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    def with_problem(self, name: str, sentence: str) -> "EditorForm":
        """Return the form with a sentence at the field `name`."""
        return replace(self, problems={**self.problems, name: sentence})


def blank() -> EditorForm:
    """Return the form of a new bulletin."""
    return EditorForm()


def of_bulletin(bulletin: Bulletin) -> EditorForm:
    """Return the form that shows `bulletin`."""
    return EditorForm(
        title=bulletin.title,
        script=bulletin.script,
        genre=bulletin.genre.value,
        topic_id=bulletin.topic_id or "",
        column_id=bulletin.column_id or "",
        valid_from="" if bulletin.valid_from is None else day(bulletin.valid_from),
        valid_until="" if bulletin.valid_until is None else day(bulletin.valid_until),
        version=bulletin.version,
        readings=bulletin.readings,
    )


def as_typed(form: MultiDict[str, str]) -> EditorForm:
    """Return what came with a POST, readings included: those accepted before and the one accepted now."""
    version = form.get("version", "")
    return EditorForm(
        title=form.get("title", ""),
        script=form.get("script", "").replace("\r\n", "\n"),
        genre=form.get("genre", Genre.NEWS.value),
        topic_id=form.get("topic", ""),
        column_id=form.get("column", ""),
        valid_from=form.get("valid_from", ""),
        valid_until=form.get("valid_until", ""),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
        readings=_readings(form),
    )


def to_draft(
    form: EditorForm, campaigns: Sequence[Campaign], columns: Sequence[NewsColumn] = ()
) -> tuple[Draft | None, EditorForm]:
    """Return the draft the form asks for, or `None` and the form with what is wrong."""
    checked, start = _date(form, "valid_from", form.valid_from)
    checked, end = _date(checked, "valid_until", form.valid_until)
    if form.genre not in set(Genre):
        checked = checked.with_problem("genre", "Hãy chọn một thể loại trong danh sách.")
    campaign_of = {topic.id: campaign.id for campaign in campaigns for topic in campaign.topics}
    if form.topic_id and form.topic_id not in campaign_of:
        checked = checked.with_problem("topic", "Chủ đề này không còn trong kế hoạch. Hãy chọn chủ đề khác.")
    if form.column_id and form.column_id not in {one.id for one in columns}:
        checked = checked.with_problem("column", "Chuyên mục này không còn nữa. Hãy chọn chuyên mục khác.")
    if checked.problems:
        return None, checked
    draft = Draft(
        title=form.title,
        script=form.script,
        genre=Genre(form.genre),
        topic_id=form.topic_id or None,
        campaign_id=campaign_of.get(form.topic_id),
        readings=form.readings,
        valid_from=start,
        valid_until=end,
        column_id=form.column_id or None,
    )
    return draft, checked


def refused_field(form: EditorForm) -> str:
    """Return the field that a refusal of the desk is about."""
    if not form.title.strip() or len(form.title) > TITLE_LIMIT:
        return "title"
    if not form.script.strip() or len(form.script) > SCRIPT_LIMIT:
        return "script"
    return "valid_until"


def says_the_same(draft: Draft, bulletin: Bulletin) -> bool:
    """Tell whether saving `draft` would change nothing, so that no new version is made and no author added."""
    kept = Draft(
        bulletin.title,
        bulletin.script,
        bulletin.genre,
        bulletin.topic_id,
        bulletin.campaign_id,
        bulletin.readings,
        bulletin.valid_from,
        bulletin.valid_until,
        bulletin.column_id,
    )
    return replace(draft, title=draft.title.strip(), script=draft.script.strip()) == kept


def asked_for_always(form: MultiDict[str, str]) -> AcceptedReading | None:
    """Return the reading that a POST asks to have in the site's lexicon, if it asks for one."""
    return _doubt_at(form, form.get("always", ""))


def seen(asked: AcceptedReading) -> str:
    """Return what tells that exactly this reading was asked for a second time, its effect on the screen."""
    return f"{asked.written}={asked.spoken}"


def kept_before(form: MultiDict[str, str]) -> Kept:
    """Return the reading that an earlier press put into the site's lexicon; its written form is empty without one."""
    written, spoken, before = (
        form.get(f"kept_{name}", "")[:_READING_LIMIT] for name in ("written", "spoken", "before")
    )
    return Kept(written, spoken, before, Effect())


def _date(form: EditorForm, name: str, text: str) -> tuple[EditorForm, date | None]:
    try:
        return form, read_day(text)
    except BadInputError as error:
        return form.with_problem(name, error.sentence), None


def _readings(form: MultiDict[str, str]) -> tuple[AcceptedReading, ...]:
    """Return the readings of the form, one a written word; an emptied one is taken away."""
    pairs = list(zip(form.getlist("written"), form.getlist("spoken"), strict=False))
    accepted = _doubt_at(form, form.get("accept", ""))
    if accepted is not None:
        pairs.append((accepted.written, accepted.spoken))
    dropped = form.get("drop", "")
    kept: dict[str, str] = {}
    for written, spoken in pairs[:MOST_READINGS]:
        clean = " ".join(spoken.split())[:_READING_LIMIT]
        if written and clean and written != dropped:
            kept[written[:_READING_LIMIT]] = clean
    return tuple(AcceptedReading(written, spoken) for written, spoken in kept.items())


def _doubt_at(form: MultiDict[str, str], number: str) -> AcceptedReading | None:
    """Return the doubt that a button with this number answers, with the reading typed for it."""
    doubts = list(zip(form.getlist("doubt_written"), form.getlist("doubt_spoken"), strict=False))
    if not (number.isascii() and number.isdigit() and int(number[:6]) < len(doubts)):
        return None
    return AcceptedReading(*doubts[int(number[:6])])
