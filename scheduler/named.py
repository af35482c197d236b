"""What decides the plan, of the bulletins and clips only those that the timetable names: for pages, to be quick.

It comes to the same plan as all of them: what no programme names, and what can be no column's newest, sounds nowhere.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from domain.bulletins import Bulletin
from domain.timetable import ItemKind, Programme, ProgrammeItem
from scheduler.inputs import Inputs
from scheduler.items import OFF_BED, Shelf, Terms, is_of, mix_key
from store import bulletins, calendar, clips, mixes, places, station, timetable


def load_named(
    connection: Connection, bulletin_ids: Iterable[str] = (), programmes: Iterable[Programme] = ()
) -> Inputs:
    """Read what decides the plan, and besides the bulletins asked for and what other `programmes` name."""
    own, held = station.get(connection), timetable.programmes(connection)
    every = (*held.values(), *programmes)
    items = frozenset(item for one in every for item in one.items)
    texts = _bulletins(connection, items, bulletin_ids)
    mixed = mixes.some(connection, frozenset(_mix_keys(every, texts)))
    sounds = {one.clip_hash for one in items} | {one.clip_hash for one in texts.values()} | set(mixed.values())
    return Inputs(
        version=station.plan_version(connection),
        shelf=Shelf(
            rules=timetable.rules(connection),
            programmes=held,
            bulletins=texts,
            clips=clips.some(connection, (one for one in sounds if one)),
            mixes=mixed,
        ),
        terms=Terms(replace(own.policy, exclusions=calendar.exclusions(connection)), own.backup_voice_needs_yes),
        areas=places.areas(connection),
        calendar=calendar.get(connection),
        freeze=own.freeze,
    )


def _bulletins(
    connection: Connection, items: Collection[ProgrammeItem], bulletin_ids: Iterable[str]
) -> dict[str, Bulletin]:
    latest = [one for one in items if one.kind is ItemKind.LATEST]
    found: dict[str, Bulletin] = {}
    for column_id in {one.column_id for one in latest if one.column_id is not None}:
        found |= bulletins.latest_of_column(connection, column_id)
    for topic_id in {one.topic_id for one in latest if one.column_id is None and one.topic_id is not None}:
        found |= bulletins.latest_of_topic(connection, topic_id)
    named = {one.bulletin_id for one in items if one.bulletin_id is not None}
    return found | bulletins.some(connection, named | set(bulletin_ids))


def _mix_keys(programmes: Iterable[Programme], texts: Mapping[str, Bulletin]) -> Iterator[str]:
    """Yield the keys of the mixes that programmes with a bed of music may sound."""
    for programme in programmes:
        bed = next((one for one in programme.items if one.kind is ItemKind.BED), None)
        for item in programme.items if bed is not None else ():
            if item.kind not in OFF_BED:
                yield from (mix_key(bed, one) for one in _sounds_of(item, texts) if bed is not None)


def _sounds_of(item: ProgrammeItem, texts: Mapping[str, Bulletin]) -> Iterator[str]:
    if item.clip_hash is not None:
        yield item.clip_hash
    own = texts.get(item.bulletin_id or "")
    may_be = [one for one in texts.values() if is_of(one, item)] if item.kind is ItemKind.LATEST else []
    yield from (one.clip_hash for one in (*may_be, *([own] if own else [])) if one.clip_hash is not None)
