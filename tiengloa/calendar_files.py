"""`tiengloa timetable export | import`: the timetable as iCalendar files, out and in."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.bulletins import BulletinState
from domain.errors import BadInputError, StorageError
from domain.people import Role, User
from scheduler.conflicts import Conflict
from scheduler.ical.desk import CalendarDesk, ImportDraft, What, draft_import
from scheduler.ical.rules import Imported, read_rules
from scheduler.ical.text import MOST_BYTES
from scheduler.inputs import Inputs
from scheduler.stopping import held_up, may_save
from scheduler.words import outermost, rule_words
from store import people
from tiengloa import exits
from tiengloa.centre import opened
from tiengloa.files import refuse_unwritable, write_whole
from tiengloa.folder import reason
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal
from tiengloa.wiring import Centre

_MOST_TOLD = 20


def export(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write what will sound at a place, or the rules behind it, into an iCalendar file."""
    target = Path(options.output)
    refuse_unwritable(target)
    with opened(settings) as centre:
        desk = CalendarDesk(centre.database, centre.clock, b"")
        area_id = _only("địa bàn", options.area, ((one.id, one.name) for one in centre.timetable.inputs().areas))
        body, unsaid = desk.rules(area_id) if options.rules else (desk.sessions(area_id), ())
    write_whole(target, body)
    count = body.count(b"BEGIN:VEVENT")
    if options.json:
        left_out = [{"title": one.title, "reason": one.reason} for one in unsaid]
        terminal.document({"file": str(target), "events": count, "left_out": left_out})
        return exits.OK
    terminal.say(f"Đã ghi {count} sự kiện vào {target}.")
    for one in unsaid:
        terminal.warn(f"Chưa xuất «{one.title}»: {one.reason} (iCalendar không nói được).")
    return exits.OK


def import_(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Read rules out of an iCalendar file and add them, all or none; `--dry-run` only tells what would be added."""
    imported = read_rules(_read(Path(options.file)))
    if imported.refusals:
        return _refuse(imported, options, terminal)
    with opened(settings) as centre:
        user = _person(centre, options.login)
        drafting = centre.timetable.drafting(user)
        area_id = _only("địa bàn", options.area, ((one.id, one.name) for one in drafting.inputs.areas))
        made = draft_import(drafting, imported, _what(options, drafting.inputs), frozenset({area_id}))
        clashes = centre.timetable.clashes(made.draft)
        if not options.dry_run:
            _refuse_clashes(clashes)
        change = None if options.dry_run else centre.timetable.save(user, made.draft, clashes)
        _tell(made, clashes, (drafting.inputs, change), options, terminal)
    return exits.OK


def _read(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StorageError(f"Không đọc được tệp «{source}» ({reason(error)}). Chưa nhập gì.") from error


def _refuse(imported: Imported, options: argparse.Namespace, terminal: Terminal) -> int:
    if options.json:
        told = [{"event": one.title, "sentence": one.sentence} for one in imported.refusals]
        terminal.document({"saved": False, "events": imported.events, "rules": [], "refusals": told})
        return exits.BAD_INPUT
    for one in imported.refusals[:_MOST_TOLD]:
        terminal.warn(one.sentence)
    terminal.warn(f"tiengloa: {len(imported.refusals)} sự kiện lịch phát không nói được nên chưa nhập gì.")
    return exits.BAD_INPUT


def _refuse_clashes(clashes: Iterable[Conflict]) -> None:
    """Refuse what the form of a session refuses: to silence a session that need not give way."""
    held = held_up(clashes)
    if not may_save(held):
        told = " ".join(dict.fromkeys(one.sentence for one in held[:_MOST_TOLD]))
        raise BadInputError(f"Chưa nhập gì: {told} Hãy sửa giờ trong tệp, hoặc dời buổi đang có, rồi nhập lại.")


def _tell(
    made: ImportDraft,
    clashes: Iterable[Conflict],
    state: tuple[Inputs, int | None],
    options: argparse.Namespace,
    terminal: Terminal,
) -> None:
    inputs, change = state
    names = {area.id: area.name for area in inputs.areas}
    lines = [rule_words(outermost(rule, inputs.areas), inputs.calendar, names) for rule in made.rules]
    sentences = list(dict.fromkeys(one.sentence for one in clashes))
    if options.json:
        rules: list[Any] = [{"id": rule.id, "words": words} for rule, words in zip(made.rules, lines, strict=True)]
        terminal.document(
            {"saved": change is not None, "change": change, "rules": rules, "over": made.over, "clashes": sentences}
        )
        return
    for line in lines:
        terminal.say(f"  {line}")
    for sentence in sentences[:_MOST_TOLD]:
        terminal.warn(sentence)
    over = f" {made.over} dòng lịch đã qua hết nên bỏ qua." if made.over else ""
    done = "Sẽ nhập" if change is None else "Đã nhập"
    terminal.say(f"{done} {len(lines)} dòng lịch.{over}")


def _what(options: argparse.Namespace, inputs: Inputs) -> What:
    if options.programme is not None:
        known = ((one.id, one.name) for one in inputs.shelf.programmes.values())
        return What(programme_id=_only("chương trình", options.programme, known))
    approved = [one for one in inputs.shelf.bulletins.values() if one.state is BulletinState.APPROVED]
    return What(bulletin_ids=(_only("bản tin đã duyệt", options.bulletin, ((one.id, one.title) for one in approved)),))


def _person(centre: Centre, login: str | None) -> User:
    """Return who imports: the person named, else the first who may."""
    with centre.database.read() as connection:
        every = [one for one in people.everyone(connection) if one.active]
    if login is not None:
        every = [one for one in every if one.login == login.strip().lower()]
    found = next((one for one in every if one.may(Role.SCHEDULER)), None)
    if found is None:
        raise BadInputError("Không có người dùng nào được xếp lịch với tên này. Xem --as, hoặc: tiengloa user add")
    return found


def _only(what: str, name: str, known: Iterable[tuple[str, str]]) -> str:
    pairs = tuple(known)
    found = [key for key, _ in pairs if key == name] or [
        key for key, called in pairs if called.casefold() == name.casefold()
    ]
    if len(found) != 1:
        raise BadInputError(f"{'Có nhiều' if found else 'Không có'} {what} tên «{name}». Hãy ghi mã thay cho tên.")
    return found[0]
