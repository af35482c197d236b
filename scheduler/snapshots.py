"""Rules and programmes as documents, so that what was before a change can be kept and put back. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any

from domain.calendar import DayType, LunarDay, NthWeekday
from domain.timetable import (
    ExceptionKind,
    ItemKind,
    LatePolicy,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    RuleException,
)
from scheduler.conflicts import Edit

_SECOND = timedelta(seconds=1)


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of a document: two that say the same have the same."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def snapshot(
    rules: Mapping[str, Rule],
    programmes: Mapping[str, Programme],
    rule_ids: Iterable[str],
    programme_ids: Iterable[str],
) -> dict[str, Any]:
    """Return some rules and programmes as documents by id: None for what is not there."""
    return {
        "rules": {one: rule_document(rules[one]) if one in rules else None for one in sorted(rule_ids)},
        "programmes": {
            one: programme_document(programmes[one]) if one in programmes else None for one in sorted(programme_ids)
        },
    }


def of_edit(rules: Mapping[str, Rule], programmes: Mapping[str, Programme], edit: Edit) -> dict[str, Any]:
    """Return all that `edit` would change, as it is in `rules` and `programmes`."""
    rule_ids = {one.id for one in edit.rules} | edit.removed
    return snapshot(rules, programmes, rule_ids, {one.id for one in edit.programmes})


def programmes_of(rule: Rule) -> frozenset[str]:
    """Return the ids of the programmes that a rule sounds, in its exceptions too."""
    return frozenset({rule.programme_id}) | {one.programme_id for one in rule.exceptions if one.programme_id}


def rule_document(rule: Rule) -> dict[str, Any]:
    """Return a rule with its exceptions as a document of plain JSON."""
    return {
        "id": rule.id,
        "programme": rule.programme_id,
        "areas": sorted(rule.area_ids),
        "except_areas": sorted(rule.except_area_ids),
        "times": [one.isoformat() for one in rule.times],
        "dayparts": sorted(rule.daypart_ids),
        "weekdays": sorted(rule.weekdays),
        "week_interval": rule.week_interval,
        "month_days": sorted(rule.month_days),
        "nth_weekdays": [[one.nth, one.weekday] for one in sorted(rule.nth_weekdays)],
        "lunar_days": [[one.day, one.month] for one in sorted(rule.lunar_days)],
        "dates": sorted(one.isoformat() for one in rule.dates),
        "except_dates": sorted(one.isoformat() for one in rule.except_dates),
        "valid_from": _iso(rule.valid_from),
        "valid_until": _iso(rule.valid_until),
        "day_types": sorted(one.value for one in rule.day_types),
        "enabled": rule.enabled,
        "urgent": rule.urgent,
        "created_by": rule.created_by,
        "exceptions": [_exception_document(one) for one in rule.exceptions],
    }


def rule_from(document: Mapping[str, Any]) -> Rule:
    """Return the rule that `rule_document` made a document of."""
    return Rule(
        id=document["id"],
        programme_id=document["programme"],
        area_ids=frozenset(document["areas"]),
        times=tuple(map(time.fromisoformat, document["times"])),
        weekdays=frozenset(document["weekdays"]),
        dates=frozenset(map(date.fromisoformat, document["dates"])),
        valid_from=_day(document["valid_from"]),
        valid_until=_day(document["valid_until"]),
        except_dates=frozenset(map(date.fromisoformat, document["except_dates"])),
        except_area_ids=frozenset(document["except_areas"]),
        enabled=document["enabled"],
        created_by=document["created_by"],
        week_interval=document["week_interval"],
        month_days=frozenset(document["month_days"]),
        nth_weekdays=frozenset(NthWeekday(nth, weekday) for nth, weekday in document["nth_weekdays"]),
        lunar_days=frozenset(LunarDay(day, month) for day, month in document["lunar_days"]),
        daypart_ids=frozenset(document["dayparts"]),
        day_types=frozenset(map(DayType, document["day_types"])),
        exceptions=tuple(map(_exception_from, document["exceptions"])),
        urgent=document["urgent"],
    )


def programme_document(programme: Programme) -> dict[str, Any]:
    """Return a programme with its items as a document of plain JSON; lengths are seconds."""
    return {
        "id": programme.id,
        "name": programme.name,
        "priority": int(programme.priority),
        "late_policy": programme.late_policy.value,
        "grace": programme.grace / _SECOND,
        "booked": None if programme.booked is None else programme.booked / _SECOND,
        "rank": programme.rank,
        "items": [_item_document(one) for one in programme.items],
    }


def programme_from(document: Mapping[str, Any]) -> Programme:
    """Return the programme that `programme_document` made a document of."""
    booked = document["booked"]
    return Programme(
        id=document["id"],
        name=document["name"],
        items=tuple(map(_item_from, document["items"])),
        priority=Priority(document["priority"]),
        late_policy=LatePolicy(document["late_policy"]),
        grace=document["grace"] * _SECOND,
        booked=None if booked is None else booked * _SECOND,
        rank=document["rank"],
    )


def _item_document(item: ProgrammeItem) -> dict[str, Any]:
    return {
        "kind": item.kind.value,
        "bulletin": item.bulletin_id,
        "clip": item.clip_hash,
        "topic": item.topic_id,
        "column": item.column_id,
        "stream_url": item.stream_url,
        "length": item.length / _SECOND,
        "repeat": item.repeat,
        "gap": item.gap / _SECOND,
        "duck_db": item.duck_db,
    }


def _item_from(document: Mapping[str, Any]) -> ProgrammeItem:
    return ProgrammeItem(
        bulletin_id=document["bulletin"],
        clip_hash=document["clip"],
        kind=ItemKind(document["kind"]),
        topic_id=document["topic"],
        column_id=document["column"],
        stream_url=document["stream_url"],
        length=document["length"] * _SECOND,
        repeat=document["repeat"],
        gap=document["gap"] * _SECOND,
        duck_db=document["duck_db"],
    )


def _exception_document(one: RuleException) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "on": one.on.isoformat(),
        "at": _iso(one.at),
        "to_day": _iso(one.to_day),
        "to_time": _iso(one.to_time),
        "programme": one.programme_id,
        "note": one.note,
    }


def _exception_from(document: Mapping[str, Any]) -> RuleException:
    return RuleException(
        kind=ExceptionKind(document["kind"]),
        on=date.fromisoformat(document["on"]),
        at=_time(document["at"]),
        to_day=_day(document["to_day"]),
        to_time=_time(document["to_time"]),
        programme_id=document["programme"],
        note=document["note"],
    )


def _iso(value: date | time | None) -> str | None:
    return None if value is None else value.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _time(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)
