"""Making ahead the clips that lie over a bed of music, for the programmes that sound within the horizon.

A mix that is missing silences nothing: the plain clip plays until it is there.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from domain.audio import Clip, ClipKind, MasteredAudio
from domain.errors import AudioError, NotFoundError
from domain.ports import BlobStore, Clock
from domain.timetable import ItemKind, Programme, ProgrammeItem
from scheduler import planning
from scheduler.items import OFF_BED, Shelf, Terms, mix_key, plan_item
from scheduler.planning import HORIZON, Inputs
from store import clips, mixes, station
from store.engine import Database

_LOG = logging.getLogger(__name__)
_AGAIN_AFTER = timedelta(hours=1)
_AT_ONCE = 4

Decode = Callable[[bytes], bytes]
Lay = Callable[[bytes, bytes, float], MasteredAudio]
"""Lays speech over a bed, both PCM, so many dB below. Raises AudioError."""


@dataclass(frozen=True, slots=True)
class WantedMix:
    """A clip that is to lie over a bed of music."""

    key: str
    clip: Clip
    bed: Clip
    duck_db: float


@dataclass(slots=True)
class Mixing:
    """The worker's pass that makes the mixes. Two of them are harmless: a mix is named by what it is made of."""

    database: Database
    clock: Clock
    blobs: BlobStore
    decode: Decode
    lay: Lay
    _failed: dict[str, datetime] = field(default_factory=dict, init=False)
    _seen: tuple[int, date] | None = field(default=None, init=False)

    def run(self) -> None:
        """Make the mixes that are wanted and missing, a few at a time; the next pass goes on."""
        now = self.clock.now()
        today = planning.local_date(now)
        with self.database.read() as connection:
            seen = (station.plan_version(connection), today)
            if seen == self._seen and not self._failed:
                return
            inputs = planning.load(connection)
        for one in self._missing(inputs, today, now)[:_AT_ONCE]:
            self._make(one, now)
        self._seen = seen

    def _missing(self, inputs: Inputs, today: date, now: datetime) -> tuple[WantedMix, ...]:
        days = [today + timedelta(days=number) for number in range(HORIZON.days + 1)]
        self._failed = {key: at for key, at in self._failed.items() if now - at < _AGAIN_AFTER}
        return tuple(one for one in wanted(inputs.shelf, inputs.terms, days) if one.key not in self._failed)

    def _make(self, one: WantedMix, now: datetime) -> None:
        try:
            speech, bed = (self.decode(self.blobs.path(clip.hash).read_bytes()) for clip in (one.clip, one.bed))
            sound = self.lay(speech, bed, one.duck_db)
        except (AudioError, NotFoundError, OSError) as error:
            self._failed[one.key] = now
            _LOG.error("no mix of %s over %s: %s", one.clip.hash[:12], one.bed.hash[:12], error)
            return
        self._keep(one, sound)

    def _keep(self, one: WantedMix, sound: MasteredAudio) -> None:
        # Of the kind of a bulletin, so that nobody can air or insert it but through what it was made from.
        clip = replace(
            one.clip,
            hash=self.blobs.put(sound.data),
            size=len(sound.data),
            media_type=sound.media_type,
            length=sound.length,
            loudness=sound.loudness,
            kind=ClipKind.BULLETIN,
            created_at=self.clock.now(),
        )
        with self.database.write() as connection:
            clips.put(connection, clip)
            mixes.add(connection, one.key, clip.hash)


def wanted(shelf: Shelf, terms: Terms, days: Iterable[date]) -> tuple[WantedMix, ...]:
    """Return the mixes that the programmes in use want on `days` and that are not there."""
    asked = {rule.programme_id for rule in shelf.rules.values() if rule.enabled}
    asked |= {one.programme_id for rule in shelf.rules.values() for one in rule.exceptions if one.programme_id}
    held, dates = {key for key, clip_hash in shelf.mixes.items() if clip_hash in shelf.clips}, tuple(days)
    found: dict[str, WantedMix] = {}
    for programme_id in sorted(asked & shelf.programmes.keys()):
        for one in _of_programme(shelf.programmes[programme_id], shelf, terms, dates):
            found.setdefault(one.key, one)
    return tuple(one for key, one in found.items() if key not in held)


def _of_programme(programme: Programme, shelf: Shelf, terms: Terms, days: tuple[date, ...]) -> Iterator[WantedMix]:
    bed = next((one for one in programme.items if one.kind is ItemKind.BED), None)
    music = None if bed is None else shelf.clips.get(bed.clip_hash or "")
    if bed is None or music is None:
        return
    for item in programme.items:
        for clip in _clips_of(item, shelf, terms, days):
            yield WantedMix(mix_key(bed, clip.hash), clip, music, bed.duck_db)


def _clips_of(item: ProgrammeItem, shelf: Shelf, terms: Terms, days: tuple[date, ...]) -> Iterator[Clip]:
    if item.kind in OFF_BED:
        return
    for day in days:
        planned = plan_item(item, day, shelf, terms)
        if planned.clip_hash is not None and not planned.refusal:
            yield shelf.clips[planned.clip_hash]
