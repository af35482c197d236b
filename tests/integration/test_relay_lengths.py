"""A relay of five minutes with a short stand-in is five minutes long wherever a length is told."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from audio_library.intake import take_in
from audio_library.library import Library
from domain.audio import ClipKind
from domain.playlist import PlaylistSlot
from domain.sources import Source, SourceKind
from domain.timetable import ItemKind, Programme, ProgrammeItem
from scheduler.build import playlist_slot
from scheduler.desk import NewSession
from scheduler.programme_desk import ProgrammeDesk
from store import changes
from tests.commands import Here
from tests.fakes_web import EDITOR, Panel, machine, panel
from web.formats import ZONE

EVERY_DAY = frozenset(range(1, 8))
DAY = date(2026, 11, 24)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        library = Library(one.database, one.clock, one.blobs, take_in)
        library.stock()
        ident = library.shelf()[ClipKind.IDENT][0]
        relay = ProgrammeItem(
            clip_hash=ident.hash,
            kind=ItemKind.RELAY,
            stream_url="https://vov.example.vn/1",
            length=timedelta(minutes=5),
        )
        ProgrammeDesk(one.database, one.clock).save(EDITOR, Programme("tiep-am", "Tiếp âm VOV", (relay,)))
        wanted = NewSession("?", (), frozenset({"tan-phong"}), (time(5, 30),), EVERY_DAY, programme_id="tiep-am")
        one.services.timetable.add(EDITOR, wanted)
        yield one


def text_of(town: Panel, path: str) -> str:
    return town.browser(EDITOR).get(path).get_data(as_text=True)


def told_to_machines(town: Panel) -> PlaylistSlot:
    start = datetime.combine(DAY, time(), ZONE)
    (slot,) = town.services.timetable.will_sound("san-thang", start, start + timedelta(days=1))
    return playlist_slot(slot)


def test_every_page_the_playlist_and_the_command_line_say_the_same(town: Panel, tmp_path: Path, here: Here) -> None:
    form = text_of(town, "/chuong-trinh/tiep-am")
    assert '<strong class="num" data-whole>5 phút</strong>' in form
    assert "Máy phát tự thu nguồn này đúng giờ" in form
    dry_run = text_of(town, f"/lich/nghe-truoc?may=dia-ban:san-thang&ngay={DAY:%d/%m/%Y}")
    assert dry_run.count("Tiếp âm (khi mất nguồn:") == 1
    assert dry_run.count(">05:00<") >= 3
    assert "đến giờ máy phát thu nguồn thật" in dry_run
    assert text_of(town, f"/lich?area=san-thang&day={DAY}").count('<span class="num quiet">05:00</span>') >= 1
    (item,) = told_to_machines(town).items
    assert item.length == timedelta(minutes=5)
    assert item.source == Source(SourceKind.RELAY, url="https://vov.example.vn/1")
    ran = here("--data", str(tmp_path), "timetable", "show", "--area", "san-thang", "--day", "24/11/2030", "--json")
    ((session,),) = [one["sessions"] for one in json.loads(ran.out)]
    assert (session["length_s"], [one["length_s"] for one in session["items"]]) == (300, [300])


def test_a_session_in_the_place_of_a_relay_is_found_to_clash_with_it(town: Panel) -> None:
    machine(town, "Máy chợ", "san-thang", b"1" * 32)
    wanted = NewSession("Xen vào", (town.produced(),), frozenset({"tan-phong"}), (time(5, 34),), EVERY_DAY)
    desk = town.services.timetable
    assert desk.clashes(desk.drafting(EDITOR).session(wanted))
    assert not desk.clashes(desk.drafting(EDITOR).session(replace(wanted, times=(time(5, 35),))))


def test_a_new_address_is_written_into_the_change_log_once(town: Panel) -> None:
    desk = ProgrammeDesk(town.database, town.clock)
    held = desk.get("tiep-am")
    desk.save(EDITOR, replace(held, name="Tiếp âm sáng"))
    moved = replace(held.items[0], stream_url="https://dai.example.vn/2")
    desk.save(EDITOR, replace(held, items=(moved,)))
    with town.database.read() as connection:
        words = [one.words for one in changes.newest(connection, "tiep-am")]
    assert sum("nguồn mới: https://vov.example.vn/1" in one for one in words) == 1
    assert sum("nguồn mới: https://dai.example.vn/2" in one for one in words) == 1
