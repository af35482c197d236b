"""`tiengloa area`: the places of a real station, from the command line."""

import argparse
from datetime import date
from typing import Any

from domain.areas import Area, AreaLevel
from domain.errors import BadInputError
from domain.formats import read_day
from store import places, station
from store.engine import new_id
from tiengloa import exits
from tiengloa.centre import open_centre
from tiengloa.settings import Settings
from tiengloa.terminal import Terminal

PROVINCE, COMMUNE, HAMLET, CLUSTER = "tinh", "xa-phuong", "to-ban", "cum-loa"

LEVELS = (
    AreaLevel(PROVINCE, "Tỉnh", 1),
    AreaLevel(COMMUNE, "Xã, phường", 2),
    AreaLevel(HAMLET, "Tổ dân phố, bản", 3),
    AreaLevel(CLUSTER, "Cụm loa", 4),
)
"""The levels since 1 July 2025; they are data, and a station may hold others."""


def add(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Add a place, below the place named by `--in`."""
    centre = open_centre(settings)
    with centre.database.read() as connection:
        station.get(connection)
        codes = [level.code for level in places.levels(connection)]
        known = places.areas(connection)
    if options.level not in codes:
        raise BadInputError(f"Không có cấp «{options.level}». Các cấp: {', '.join(codes)}.")
    parent = None if options.parent is None else _named(known, options.parent).id
    code, since = options.code or "", _day(options.since)
    centre.areas.add(None, Area(new_id(), options.name, options.level, parent, code, since))
    terminal.say(f"Đã thêm «{' '.join(options.name.split())}».")
    return exits.OK


def end(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """End a place after the day `--on`, with the places that take its place."""
    centre = open_centre(settings)
    with centre.database.read() as connection:
        known = places.areas(connection)
    own, last_day = _named(known, options.name), _day(options.on)
    if last_day is None:
        raise BadInputError("Hãy ghi ngày cuối sau --on, ví dụ --on 30/06/2025.")
    heirs = [_named(known, name) for name in options.heirs or ()]
    centre.areas.end(None, own.id, last_day, frozenset(one.id for one in heirs))
    then = f", thay bằng {', '.join(f'«{one.name}»' for one in heirs)}" if heirs else ""
    terminal.say(f"«{own.name}» kết thúc sau ngày {last_day:%d/%m/%Y}{then}.")
    for one in centre.areas.left_behind(own.id):
        terminal.warn(f"Còn «{one.name}» nằm trong «{own.name}». Hãy chuyển nơi này ở trang «Địa bàn».")
    return exits.OK


def show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print the places as a tree, each that is over with what took its place."""
    centre = open_centre(settings)
    with centre.database.read() as connection:
        known = places.areas(connection)
    if options.json:
        terminal.document([_document(one) for one in known])
    else:
        _print_below(known, None, 0, terminal)
    return exits.OK


def _document(area: Area) -> dict[str, Any]:
    return {
        "id": area.id,
        "name": area.name,
        "level": area.level,
        "parent": area.parent_id,
        "code": area.official_code,
        "valid_from": area.valid_from and area.valid_from.isoformat(),
        "valid_until": area.valid_until and area.valid_until.isoformat(),
        "successors": sorted(area.successor_ids),
    }


def _day(text: str | None) -> date | None:
    return None if text is None else read_day(text)


def _print_below(known: tuple[Area, ...], parent_id: str | None, depth: int, terminal: Terminal) -> None:
    for area in known:
        if area.parent_id == parent_id:
            terminal.say("  " * depth + area.name + _ended(area, known))
            _print_below(known, area.id, depth + 1, terminal)


def _ended(area: Area, known: tuple[Area, ...]) -> str:
    if area.valid_until is None:
        return ""
    heirs = ", ".join(one.name for one in known if one.id in area.successor_ids)
    return f" (đến {area.valid_until:%d/%m/%Y}{', nay là ' + heirs if heirs else ''})"


def _named(known: tuple[Area, ...], name: str) -> Area:
    found = [area for area in known if area.name.casefold() == name.casefold() or area.id == name]
    if len(found) != 1:
        which = "Không có" if not found else "Có nhiều"
        raise BadInputError(f"{which} địa bàn tên «{name}». Xem danh sách bằng: tiengloa area list --json")
    return found[0]
