"""A large station: pages read only what they show, and it comes to the same as everything would."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from domain.areas import Area
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.bulletins import BulletinState, NewsColumn
from domain.machines import AiringOutcome
from domain.timetable import (
    ItemKind,
    LatePolicy,
    PlannedItem,
    Priority,
    Programme,
    ProgrammeItem,
    Rule,
    Slot,
)
from scheduler import planning
from scheduler.items import mix_key, plan_items
from scheduler.named import load_named
from store import bulletins, clips, columns, mixes, places, timetable
from store.bulletins import Act, Draft
from tests.fakes_web import APPROVER, EDITOR, START, Panel, aired, beat, busy_day, machine, panel

_DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(60)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        yield one


def _clip(number: int, chance: random.Random) -> Clip:
    voice = VoiceStamp("espeak", "vi", "1", backup=True) if chance.random() < 0.3 else None
    length = timedelta(seconds=chance.choice((0, 60, 90, 30_000)))
    kind = ClipKind.BED if number == 0 else ClipKind.BULLETIN
    return Clip(f"{number:064}", 100, "audio/flac", length, Loudness(-16, -2, 4), kind, f"c{number}", START, voice)


def _write_some(town: Panel, chance: random.Random) -> None:
    """Put thirty bulletins of two columns and two topics into the store, in all ways in which they may stand."""
    with town.database.write() as connection:
        for number in range(2):
            columns.put(connection, NewsColumn(f"cot-{number}", f"Cột {number}"))
        for number in range(30):
            clips.put(connection, _clip(number, chance))
            draft = Draft(
                f"Bản tin {number}",
                "Kính thưa bà con.",
                column_id=chance.choice(("cot-0", "cot-1", None)),
                topic_id=chance.choice(("dvc", "mot-cua", None)),
                valid_from=chance.choice((None, None, None, chance.choice(_DAYS))),
                valid_until=chance.choice((None, None, None, chance.choice(_DAYS))),
            )
            bulletins.add(connection, f"b{number}", draft, Act(EDITOR, START))
            state = chance.choice((*[BulletinState.APPROVED] * 4, BulletinState.WITHDRAWN))
            bulletins.change_state(
                connection,
                bulletins.get(connection, f"b{number}"),
                state,
                START,
                approved_at=START - timedelta(hours=chance.randrange(20)),
                approved_by=APPROVER.id,
                clip_hash=chance.choice((f"{number:064}", f"{number:064}", None)),
                clip_version=chance.choice((1, 1, 1, 0)),
                backup_voice_ok_by=chance.choice((None, APPROVER.id)),
            )


def _programmes() -> list[Programme]:
    bed = ProgrammeItem(clip_hash=f"{0:064}", kind=ItemKind.BED)
    latest = [ProgrammeItem(kind=ItemKind.LATEST, column_id=f"cot-{number}") for number in range(2)]
    latest += [ProgrammeItem(kind=ItemKind.LATEST, topic_id=topic_id) for topic_id in ("dvc", "mot-cua")]
    named = [ProgrammeItem(f"b{number}") for number in (3, 7, 11)]
    return [Programme("moi-nhat", "Mới nhất", tuple(latest)), Programme("nen", "Nền", (bed, latest[0], *named))]


@pytest.mark.parametrize("seed", range(25))
def test_every_programme_comes_to_the_same_items_as_from_everything(town: Panel, seed: int) -> None:
    chance = random.Random(seed)
    _write_some(town, chance)
    bed = ProgrammeItem(clip_hash=f"{0:064}", kind=ItemKind.BED)
    with town.database.write() as connection:
        for one in _programmes():
            timetable.put_programme(connection, one)
        for number in range(0, 30, 2):
            mixes.add(connection, mix_key(bed, f"{number:064}"), f"{29 - number:064}")
    with town.database.read() as connection:
        whole, named = planning.load(connection), load_named(connection)
    assert len(named.shelf.bulletins) < len(whole.shelf.bulletins)
    for yes in (True, False):
        terms = replace(whole.terms, backup_voice_needs_yes=yes)
        for programme in whole.shelf.programmes.values():
            for on in _DAYS:
                said = plan_items(programme, on, named.shelf, terms)
                assert said == plan_items(programme, on, whole.shelf, terms), (programme.id, on)


def test_what_is_asked_for_besides_is_known_with_its_sound(town: Panel) -> None:
    bulletin_id = town.produced()
    programme = Programme("moi", "Mới", (ProgrammeItem(bulletin_id),))
    with town.database.read() as connection:
        assert load_named(connection).shelf.bulletins == {}
        for inputs in (load_named(connection, (bulletin_id,)), load_named(connection, programmes=(programme,))):
            assert set(inputs.shelf.bulletins) == {bulletin_id}
            assert set(inputs.shelf.clips) == {inputs.shelf.bulletins[bulletin_id].clip_hash}


def test_pages_of_the_timetable_ask_no_more_often_for_more_bulletins(town: Panel) -> None:
    busy_day(town)
    few = [_asked(town, path) for path in ("/lich", "/lich/moi", "/chuong-trinh", "/kho")]
    _write_some(town, random.Random(1))
    assert [_asked(town, path) for path in ("/lich", "/lich/moi", "/chuong-trinh", "/kho")] == few


def _asked(town: Panel, path: str) -> int:
    """Return how many statements a page takes, from the second time on."""
    return len(_statements(town, path))


def _statements(town: Panel, path: str) -> list[str]:
    """Return the statements that a page takes, from the second time on."""
    browser, said = town.browser(EDITOR), list[str]()
    assert browser.get(path).status_code == 200

    def tell(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(town.database._engine, "before_cursor_execute", tell)
    browser.get(path)
    event.remove(town.database._engine, "before_cursor_execute", tell)
    return said


def test_pages_read_the_timetable_and_the_areas_no_more_often_than_they_must(town: Panel) -> None:
    bulletin_id = busy_day(town)["produced"]
    rule_id = next(iter(town.services.timetable.inputs().shelf.rules))
    told = {
        "/lich": (1, 2),
        "/lich/moi": (1, 1),
        f"/lich/moi?bulletin={bulletin_id}": (1, 1),
        f"/lich/{rule_id}/sua": (1, 1),
        "/chuong-trinh": (1, 1),
        "/dia-ban": (1, 2),
        f"/lich/phat-ngay?bulletin={bulletin_id}&area=tan-phong": (1, 2),
    }
    assert {path: (_read(town, path, "rule"), _read(town, path, "area")) for path in told} == told


def _read(town: Panel, path: str, table: str) -> int:
    """Return how often a page reads every row of a table, from the second time on."""
    return sum(bool(re.search(rf"FROM {table}\s*(ORDER|$)", one)) for one in _statements(town, path))


_PLANS = {
    "SELECT * FROM airing WHERE outcome = 'missed' AND planned_start >= 1 AND planned_start < 9 "
    "ORDER BY planned_start DESC LIMIT 20": "ix_airing_outcome_planned",
    "SELECT * FROM bulletin WHERE state IN ('returned') ORDER BY updated_at DESC LIMIT 20": "ix_bulletin_state_updated",
    "SELECT approved_at FROM bulletin WHERE column_id = 'c' AND state = 'approved' ORDER BY approved_at DESC LIMIT 1": (
        "ix_bulletin_column_approved"
    ),
    "SELECT approved_at FROM bulletin WHERE topic_id = 't' AND state = 'approved' ORDER BY approved_at DESC LIMIT 1": (
        "ix_bulletin_topic_approved"
    ),
    "SELECT * FROM clip WHERE kind IN ('ident', 'bed')": "ix_clip_kind",
}


@pytest.mark.parametrize(("query", "index"), _PLANS.items())
def test_what_pages_ask_of_large_tables_goes_by_an_index_and_sorts_nothing(town: Panel, query: str, index: str) -> None:
    with town.database.read() as connection:
        steps = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any(index in step for step in steps), steps
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in steps), steps


def test_a_day_of_many_machines_is_paged_with_those_in_trouble_first_and_each_on_one_page(town: Panel) -> None:
    busy_day(town)
    boxes = [machine(town, f"Máy {number:02}", "san-thang", bytes([number + 100]) * 32) for number in range(40, 65)]
    items = (PlannedItem("Tin", "a" * 64, timedelta(seconds=8)),)
    then = town.clock.now() - timedelta(minutes=50)
    for number, one in enumerate(boxes):
        slot = Slot("r@1", one.id, then, "Tin", Priority.NORMAL, LatePolicy.SKIP, timedelta(), items)
        aired(town, one, slot, AiringOutcome.MISSED if number == 24 else AiringOutcome.PLAYED)
    browser = town.browser(EDITOR)
    pages = [browser.get(f"/nhat-ky?trang={number}").get_data(as_text=True) for number in (1, 2, 3)]
    held = [set(re.findall(r'data-label="Máy phát">([^<]+)<', page)) for page in pages]
    assert "Máy 64" in held[0]
    assert sum(map(len, held)) == len(set().union(*held)) >= 25
    assert "máy báo có lượt không phát hoặc bị cắt" in pages[0]
    assert "Trang sau" in pages[0]
    assert "Trang sau" not in pages[2]
    assert "Máy 64" in browser.get("/nhat-ky/xuat.csv").get_data(as_text=True)
    assert browser.get("/nhat-ky?trang=99").status_code == browser.get("/nhat-ky?trang=x").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/hom-nay/may-phat", "/may-phat", "/nhat-ky", "/lich", "/lich?xem=ngay&area=lai-chau", "/khan-cap"]
)
def test_pages_ask_no_more_often_for_more_machines(town: Panel, path: str) -> None:
    busy_day(town)
    for number in range(40, 54):
        machine(town, f"Máy {number}", "san-thang", bytes([number + 100]) * 32)
    few = _asked(town, path)
    for number in range(54, 70):
        beat(town, machine(town, f"Máy {number}", "san-thang", bytes([number + 100]) * 32))
    assert _asked(town, path) == few


def test_a_day_of_many_places_and_many_rules_are_paged(town: Panel) -> None:
    with town.database.write() as connection:
        places.add_areas(connection, [Area(f"b{number}", f"Bản {number}", "to", "doan-ket") for number in range(45)])
        for number in range(45):
            timetable.put_programme(connection, Programme(f"p{number}", f"Chương trình {number:02}", ()))
            every_day = frozenset(range(1, 8))
            timetable.put_rule(
                connection, Rule(f"r{number}", f"p{number}", frozenset({"doan-ket"}), (time(6),), every_day)
            )
    for number in range(45):
        machine(town, f"Máy {number}", f"b{number}", bytes([number + 100]) * 32)
    browser = town.browser(EDITOR)
    pages = [browser.get(f"/lich?area=doan-ket&xem=ngay&trang={n}&dong={n}").get_data(as_text=True) for n in (1, 2, 3)]
    tables = [page[page.index("<table") : page.index("</table>")] for page in pages]
    shown = [set(re.findall(r"Bản \d+", one)) for one in tables]
    assert [len(one) for one in shown] == [20, 20, 5]
    assert len(set().union(*shown)) == 45
    assert [page.count('class="rule-name"') for page in pages] == [40, 5, 5]
