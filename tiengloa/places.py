"""`tiengloa area`: the places of a real station, from the command line."""

import argparse

from domain.areas import Area, AreaLevel
from domain.errors import BadInputError
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
    name = " ".join(options.name.split())
    if not name or len(name) > 120:
        raise BadInputError("Tên địa bàn không được trống và dài tối đa 120 ký tự.")
    centre = open_centre(settings)
    with centre.database.write() as connection:
        station.get(connection)
        codes = [level.code for level in places.levels(connection)]
        if options.level not in codes:
            raise BadInputError(f"Không có cấp «{options.level}». Các cấp: {', '.join(codes)}.")
        known = places.areas(connection)
        parent = None if options.parent is None else _named(known, options.parent).id
        if any(area.name == name and area.parent_id == parent for area in known):
            raise BadInputError(f"«{name}» đã có rồi. Chưa có gì thay đổi.")
        places.add_areas(connection, (Area(new_id(), name, options.level, parent),))
        station.plan_changed(connection)
    terminal.say(f"Đã thêm «{name}».")
    return exits.OK


def show(options: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print the places as a tree."""
    centre = open_centre(settings)
    with centre.database.read() as connection:
        known = places.areas(connection)
    if options.json:
        terminal.document([{"id": a.id, "name": a.name, "level": a.level, "parent": a.parent_id} for a in known])
    else:
        _print_below(known, None, 0, terminal)
    return exits.OK


def _print_below(known: tuple[Area, ...], parent_id: str | None, depth: int, terminal: Terminal) -> None:
    for area in known:
        if area.parent_id == parent_id:
            terminal.say("  " * depth + area.name)
            _print_below(known, area.id, depth + 1, terminal)


def _named(known: tuple[Area, ...], name: str) -> Area:
    found = [area for area in known if area.name.casefold() == name.casefold() or area.id == name]
    if len(found) != 1:
        which = "Không có" if not found else "Có nhiều"
        raise BadInputError(f"{which} địa bàn tên «{name}». Xem danh sách bằng: tiengloa area list --json")
    return found[0]
