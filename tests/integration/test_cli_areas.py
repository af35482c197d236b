"""`tiengloa area` and `tiengloa setup`: places with dates and successors, and what a new station begins with."""

import json
from contextlib import closing
from pathlib import Path

from store import calendar, changes, places
from store.engine import Database
from tests.commands import Here
from tiengloa import exits


def area(here: Here, folder: Path, *words: str):
    return here("--data", str(folder), "area", *words)


def station(here: Here, folder: Path) -> None:
    assert here("--data", str(folder), "setup", "--name", "Đài phường Tân Phong").code == exits.OK
    for words in (
        ("add", "Tỉnh Lai Châu", "--level", "tinh", "--code", "12"),
        ("add", "Phường Đông Phong", "--level", "xa-phuong", "--in", "Tỉnh Lai Châu"),
        ("add", "Bản San Thàng", "--level", "to-ban", "--in", "Phường Đông Phong"),
        ("add", "Phường Tân Phong", "--level", "xa-phuong", "--in", "Tỉnh Lai Châu", "--from", "01/07/2025"),
    ):
        assert area(here, folder, *words).code == exits.OK


def test_a_new_station_has_its_holidays_and_dayparts(here: Here, tmp_path: Path) -> None:
    station(here, tmp_path / "data")
    with closing(Database(tmp_path / "data" / "tiengloa.db")) as database, database.read() as connection:
        held = calendar.get(connection)
    assert [one.name for one in held.dayparts.values()] == ["Sáng", "Trưa", "Chiều"]
    assert len({one.first.year for one in held.special}) == 3


def test_a_ward_is_ended_with_its_heir_and_the_tree_tells_so(here: Here, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    station(here, folder)
    done = area(here, folder, "end", "Phường Đông Phong", "--on", "30/06/2025", "--to", "Phường Tân Phong")
    assert done.out == "«Phường Đông Phong» kết thúc sau ngày 30/06/2025, thay bằng «Phường Tân Phong».\n"
    listed = area(here, folder, "list").out
    assert "  Phường Đông Phong (đến 30/06/2025, nay là Phường Tân Phong)\n    Bản San Thàng\n" in listed
    by_name = {one["name"]: one for one in json.loads(area(here, folder, "list", "--json").out)}
    assert by_name["Phường Đông Phong"]["successors"] == [by_name["Phường Tân Phong"]["id"]]
    assert by_name["Phường Tân Phong"]["valid_from"] == "2025-07-01"
    assert by_name["Tỉnh Lai Châu"]["code"] == "12"
    with closing(Database(folder / "tiengloa.db")) as database, database.read() as connection:
        assert len(places.areas(connection)) == 4
        assert changes.newest(connection, limit=1)[0].user_name == "Dòng lệnh"


def test_a_split_says_which_places_a_person_must_move(here: Here, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    station(here, folder)
    done = area(here, folder, "end", "Phường Đông Phong", "--on", "30/06/2025")
    assert done.code == exits.OK
    assert "Còn «Bản San Thàng» nằm trong «Phường Đông Phong»" in done.err


def test_what_cannot_be_is_refused_in_one_sentence(here: Here, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    station(here, folder)
    area(here, folder, "add", "X", "--level", "huyen").refused(exits.BAD_INPUT, "Không có cấp")
    area(here, folder, "add", "Phường Tân Phong", "--level", "to-ban", "--in", "Tỉnh Lai Châu").refused(
        exits.BAD_INPUT, "đã có rồi"
    )
    area(here, folder, "add", "X", "--level", "to-ban", "--from", "32/13/2025").refused(
        exits.BAD_INPUT, "không phải là ngày"
    )
    ring = ("end", "Phường Tân Phong", "--on", "30/06/2026", "--to", "Phường Tân Phong")
    area(here, folder, *ring).refused(exits.BAD_INPUT, "thành vòng")
    area(here, folder, "end", "Không Có", "--on", "30/06/2026").refused(exits.BAD_INPUT, "Không có địa bàn")
    area(here, folder, "end", "Phường Tân Phong", "--on", "1/1/2000").refused(exits.BAD_INPUT, "Ngày cuối")
