"""The pages of the calendar, the policy, programmes, the library, columns and places, as people use them."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from audio_library.codec import encode_flac
from audio_library.intake import take_in
from audio_library.library import Library
from domain.areas import Area
from domain.audio import ClipKind
from domain.timetable import ItemKind
from scheduler.desk import NewSession
from scheduler.emergency_desk import CHIME_TITLE
from scheduler.seeding import seed_dayparts, seed_holidays
from store import calendar, clips, columns, places, station, timetable
from tests.fakes_web import ADMIN, APPROVER, EDITOR, VIEWER, Panel, busy_day, csrf, panel
from tests.unit.test_bedding import tone
from web.formats import ZONE

TODAY = date(2026, 11, 23)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        with one.database.write() as connection:
            seed_dayparts(connection)
            seed_holidays(connection, TODAY)
        yield one


def text_of(town: Panel, path: str, user=EDITOR) -> str:
    return town.browser(user).get(path).get_data(as_text=True)


def confirmed(page: str) -> str:
    found = re.search(r'name="confirmed" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sounding(town: Panel, area: str, day: date) -> list[str]:
    start = datetime.combine(day, time(), ZONE)
    slots = town.services.timetable.will_sound(area, start, start + timedelta(days=1))
    return [one.title for one in slots if not one.refusal]


def test_the_year_is_listed_with_lunar_dates(town: Panel) -> None:
    page = text_of(town, "/lich/ngay?year=2027", VIEWER)
    assert "1/1 âm lịch" in page
    assert "Quốc khánh" in page
    assert "Thêm ngày đặc biệt" not in page
    assert "Tết Nguyên Đán" in page
    assert text_of(town, "/lich/ngay?year=9999").count("special-when") == 15


def test_mourning_is_shown_with_what_it_silences_and_saved_at_the_second_press(town: Panel) -> None:
    busy_day(town)
    fields = {"name": "Quốc tang", "kind": "mourning", "first": "25/11/2026", "last": ""}
    first = town.post(EDITOR, "/lich/ngay/moi", **fields)
    page = first.get_data(as_text=True)
    assert first.status_code == 200
    assert "Sẽ thôi phát nếu lưu" in page
    assert "Không còn trong lịch" in page
    assert sounding(town, "san-thang", date(2026, 11, 25))
    other = town.post(EDITOR, "/lich/ngay/moi", **{**fields, "first": "26/11/2026"}, confirmed=confirmed(page))
    assert "Sẽ thôi phát nếu lưu" in other.get_data(as_text=True)
    assert town.post(EDITOR, "/lich/ngay/moi", **fields, confirmed=confirmed(page)).status_code == 303
    assert sounding(town, "san-thang", date(2026, 11, 25)) == []
    assert "quốc tang" in text_of(town, "/lich/ngay")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "first": "25/11/2026"}, "đặt tên"),
        ({"name": "Thi", "first": ""}, "Hãy ghi ngày"),
        ({"name": "Thi", "first": "31/02/2026"}, "không phải là ngày"),
        ({"name": "Thi", "first": "25/11/2026", "last": "24/11/2026"}, "Ngày cuối"),
        ({"name": "Thi", "first": "25/11/2026", "kind": "khac"}, "một loại ngày"),
        ({"name": "Thi", "first": "01/01/9999"}, "2000 đến 2099"),
    ],
)
def test_a_day_that_cannot_be_keeps_what_was_typed(town: Panel, fields: dict[str, str], words: str) -> None:
    answer = town.post(EDITOR, "/lich/ngay/moi", **{"kind": "exam", "last": "", **fields})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert words in page
    assert f'value="{fields["first"]}"' in page


def test_a_holiday_is_switched_off_and_on_and_not_removed(town: Panel) -> None:
    assert town.post(EDITOR, "/lich/ngay/vn-2027-01-01/tat").status_code == 303
    with town.database.read() as connection:
        assert not calendar.special_day(connection, "vn-2027-01-01").enabled
    assert town.post(EDITOR, "/lich/ngay/vn-2027-01-01/xoa").status_code == 422
    assert town.post(EDITOR, "/lich/ngay/vn-2027-01-01/bat").status_code == 303
    assert town.post(VIEWER, "/lich/ngay/vn-2027-01-01/tat").status_code == 403
    assert town.browser(EDITOR).get("/lich/ngay/khong-co").status_code == 404


def test_dayparts_and_seasons_are_kept(town: Panel) -> None:
    assert town.post(EDITOR, "/lich/ngay/khung-gio", name="Tối", summer="18h30", winter="18:00").status_code == 303
    bad = town.post(EDITOR, "/lich/ngay/khung-gio", name="Khuya", summer="25:00", winter="")
    assert (bad.status_code, "không phải là giờ" in bad.get_data(as_text=True)) == (422, True)
    for summer in ("1/4", "29/2", ""):
        assert town.post(VIEWER, "/lich/ngay/mua", summer_from=summer, winter_from="15/10").status_code == 403
    assert town.post(EDITOR, "/lich/ngay/mua", summer_from="1/4", winter_from="15/10").status_code == 303
    assert town.post(EDITOR, "/lich/ngay/mua", summer_from="29/2", winter_from="15/10").status_code == 422
    with town.database.read() as connection:
        held = calendar.get(connection)
    assert {one.name for one in held.dayparts.values()} == {"Sáng", "Trưa", "Chiều", "Tối"}
    assert (held.seasons.summer_from.month, held.seasons.winter_from.day) == (4, 15)


def policy_fields(page: str) -> dict[str, str | list[str]]:
    """Return what a browser would send of the policy's form as it is."""
    form = page[page.index('id="chinh-sach"') :]
    form = form[: form.index("</form>")]
    fields = dict(re.findall(r'<input class="[^"]*"(?: id="[^"]*")? name="([^"]+)" value="([^"]*)"', form))
    fields.pop("weekday", None)
    days = re.findall(r'name="weekday" id="weekday-(\d)" value="\d" checked', form)
    note = re.search(r'name="note"[^>]*>([^<]*)<', form)
    assert note is not None
    return {**fields, "weekday": days, "note": note[1]}


def test_a_preset_shows_its_changes_and_is_saved_in_one_more_press(town: Panel) -> None:
    busy_day(town)
    answer = town.post(EDITOR, "/lich/chinh-sach/bo-quy-dinh", preset="urban")
    page = answer.get_data(as_text=True)
    assert "<del>mọi ngày</del>" in page
    assert "<ins>T2, T3, T4, T5, T6</ins>" in page
    assert "Không phải ngày được phát của đài" in page
    with town.database.read() as connection:
        assert station.get(connection).policy.sessions_per_day == 0
    fields = policy_fields(page)
    saved = town.post(EDITOR, "/lich/chinh-sach", **fields, confirmed=confirmed(page))
    assert saved.status_code == 303, saved.get_data(as_text=True)
    with town.database.read() as connection:
        policy = station.get(connection).policy
    assert (policy.sessions_per_day, policy.allowed_weekdays) == (2, frozenset(range(1, 6)))
    assert policy.quiet
    assert "Lò Thị Mai" in text_of(town, "/lich/chinh-sach")


def test_rows_are_added_by_typing_into_empty_ones(town: Panel) -> None:
    fields = policy_fields(text_of(town, "/lich/chinh-sach"))
    fields |= {
        "quiet-1-from": "11:30",
        "quiet-1-to": "13:00",
        "volume-0-from": "05:00",
        "volume-0-to": "6h",
        "volume-0-gain": "−6",
        "stagger-0-area": "san-thang",
        "stagger-0-length": "0:30",
        "freeze": "10",
    }
    page = town.post(EDITOR, "/lich/chinh-sach", **fields).get_data(as_text=True)
    assert "21:30–05:00, 11:30–13:00" in page
    assert "05:00–06:00 −6,0 dB" in page
    assert "Bản San Thàng chậm 30 giây" in page
    assert town.post(EDITOR, "/lich/chinh-sach", **fields, confirmed=confirmed(page)).status_code == 303
    with town.database.read() as connection:
        own = station.get(connection)
    assert (own.freeze, len(own.policy.quiet), own.policy.volume[0].gain_db) == (timedelta(minutes=10), 2, -6.0)
    assert own.policy.staggers == (("san-thang", timedelta(seconds=30)),)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("quiet-1-from", "26:00", "không phải là giờ"),
        ("quiet-1-to", "13:00", "cả giờ bắt đầu"),
        ("session", "abc", "không phải là thời lượng"),
        ("day", "1:00", "ít hơn số phút mỗi buổi"),
        ("sessions", "-1", "không phải là số"),
        ("volume-0-gain", "inf", "không phải là số"),
        ("stagger-0-length", "0:30", "chọn địa bàn lệch giờ"),
        ("weekday", "", "ít nhất một ngày"),
    ],
)
def test_a_policy_that_cannot_be_is_told_at_its_field(town: Panel, field: str, value: str, words: str) -> None:
    fields = policy_fields(text_of(town, "/lich/chinh-sach"))
    if field.startswith("volume"):
        fields |= {"volume-0-from": "05:00", "volume-0-to": "06:00"}
    answer = town.post(EDITOR, "/lich/chinh-sach", **{**fields, field: value})
    assert (answer.status_code, words in answer.get_data(as_text=True)) == (422, True)


def test_a_window_of_silence_is_shown_with_its_effect(town: Panel) -> None:
    busy_day(town)
    fields = {
        "reason": "đám tang", "start": "05:00", "end": "07:00", "weekday": list("1234567"),
        "first": "24/11/2026", "last": "25/11/2026", "area": ["tan-phong"],
    }  # fmt: skip
    page = town.post(EDITOR, "/lich/chinh-sach/khoang-lang/moi", **fields).get_data(as_text=True)
    assert "Buổi phát chạm giờ không phát 05:00–07:00 (đám tang)" in page
    done = town.post(EDITOR, "/lich/chinh-sach/khoang-lang/moi", **fields, confirmed=confirmed(page))
    assert done.status_code == 303
    with town.database.read() as connection:
        (window,) = calendar.exclusions(connection)
    assert "đám tang" in text_of(town, f"/lich/chinh-sach/khoang-lang/{window.id}")
    none = town.post(EDITOR, "/lich/chinh-sach/khoang-lang/moi", **{**fields, "area": []})
    assert none.status_code == 422
    assert town.post(EDITOR, f"/lich/chinh-sach/khoang-lang/{window.id}/xoa").status_code == 303
    assert town.post(VIEWER, "/lich/chinh-sach/khoang-lang/moi", **fields).status_code == 403


def item(number: int, kind: ItemKind, **parts: str) -> dict[str, str]:
    return {f"{number}-{name}": value for name, value in {"kind": kind.value, **parts}.items()}


def shelf(town: Panel) -> dict[ClipKind, str]:
    library = Library(town.database, town.clock, town.blobs, take_in)
    library.stock()
    usual = {kind: [one for one in held if one.title != CHIME_TITLE] for kind, held in library.shelf().items()}
    return {kind: held[0].hash for kind, held in usual.items() if held}


def test_a_programme_of_every_kind_is_put_together_and_told_in_minutes(town: Panel) -> None:
    bulletin_id, clip = town.produced(), shelf(town)
    with town.database.write() as connection:
        columns.put(connection, column := columns.NewsColumn("cm", "Hỏi đáp"))
    fields = {
        "name": "Thời sự", "priority": "NORMAL", "late": "join", "grace": "3:00", "booked": "12:00",
        "count": "9",
        **item(0, ItemKind.IDENT, clip=clip[ClipKind.IDENT]),
        **item(1, ItemKind.BED, clip=clip[ClipKind.BED], duck="20,5"),
        **item(2, ItemKind.BULLETIN, bulletin=bulletin_id, repeat="2", gap="0:05"),
        **item(3, ItemKind.LATEST, source=f"column:{column.id}"),
        **item(4, ItemKind.PAUSE, length="0:02"),
        **item(5, ItemKind.RELAY, url="https://vov.example.vn/1", length="10:00", clip=clip[ClipKind.BED]),
        **item(6, ItemKind.LIVE, length="2:00", clip=clip[ClipKind.BED]),
        **item(7, ItemKind.ANNOUNCEMENT, clip=clip[ClipKind.STING]),
        **item(8, ItemKind.LATEST, source="topic:dvc"),
    }  # fmt: skip
    told = town.post(EDITOR, "/chuong-trinh/do-dai", **fields).get_data(as_text=True)
    assert "khoảng 15 phút 22 giây" in told
    assert "dài hơn chỗ 3 phút 22 giây" in told
    assert town.post(EDITOR, "/chuong-trinh/moi", **fields, do="save").status_code == 303
    with town.database.read() as connection:
        (one,) = timetable.programmes(connection).values()
    assert [each.kind for each in one.items] == [ItemKind(fields[f"{number}-kind"]) for number in range(9)]
    assert (one.items[1].duck_db, one.items[2].repeat, one.items[2].gap) == (20.5, 2, timedelta(seconds=5))
    assert (one.booked, one.late_policy.value) == (timedelta(minutes=12), "join")
    page = text_of(town, "/chuong-trinh", VIEWER)
    assert "dài hơn chỗ 3 phút 22 giây" in page
    assert "chưa dùng" in page


def test_items_move_by_buttons_without_being_saved(town: Panel) -> None:
    clip = shelf(town)
    fields = {
        "name": "Thử",
        "count": "2",
        **item(0, ItemKind.IDENT, clip=clip[ClipKind.IDENT]),
        **item(1, ItemKind.PAUSE),
    }

    def kinds(do: str, add: str = "") -> list[str]:
        page = town.post(EDITOR, "/chuong-trinh/moi", **fields, do=do, add=add).get_data(as_text=True)
        return re.findall(r'name="\d+-kind" value="(\w+)"', page)

    assert kinds("up-1") == kinds("down-0") == ["pause", "ident"]
    assert kinds("up-0") == kinds("down-1") == kinds("drop-9") == kinds("up-x") == ["ident", "pause"]
    assert kinds("drop-0") == ["pause"]
    assert kinds("add", "relay") == ["ident", "pause", "relay"]
    assert kinds("add", "bomb") == ["ident", "pause"]
    with town.database.read() as connection:
        assert timetable.programmes(connection) == {}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"count": "0"}, "chưa có mục nào"),
        ({"count": "99999999"}, "chưa có mục nào"),
        ({"count": "1", **item(0, ItemKind.RELAY, url="javascript:alert(1)", length="1:00")}, "http://"),
        ({"count": "1", **item(0, ItemKind.RELAY, url="https://a:b@vov.example.vn/1", length="1:00")}, "mật khẩu"),
        ({"count": "1", **item(0, ItemKind.RELAY, url="https://vov.example.vn/1.M3U8?x", length="1:00")}, "danh sách"),
        ({"count": "1", **item(0, ItemKind.BULLETIN, bulletin="khong", repeat="1")}, "chọn một bản tin"),
        ({"count": "1", **item(0, ItemKind.PAUSE, length="9999:00")}, "chưa có mục nào"),
        ({"count": "1", **item(0, ItemKind.IDENT, repeat="nhiều")}, "không phải là số"),
        ({"name": "", "count": "1", **item(0, ItemKind.IDENT)}, "đặt tên"),
    ],
)
def test_a_programme_that_cannot_be_is_told_at_its_field(town: Panel, fields: dict[str, str], words: str) -> None:
    base = {"name": "Thử", "priority": "NORMAL", "late": "skip", "do": "save"}
    answer = town.post(EDITOR, "/chuong-trinh/moi", **{**base, **fields})
    assert (answer.status_code, words in answer.get_data(as_text=True)) == (422, True)


def test_a_programme_in_use_is_edited_in_place_after_its_effect_was_shown(town: Panel) -> None:
    busy_day(town)
    with town.database.read() as connection:
        rule = next(one for one in timetable.rules(connection).values() if time(11, 15) in one.times)
        old = timetable.programmes(connection)[rule.programme_id]
    path, bulletin_id = f"/chuong-trinh/{old.id}", old.items[0].bulletin_id or ""
    assert "Đang dùng ở 1 dòng lịch" in text_of(town, path)
    fields = {
        "name": old.name, "priority": "NORMAL", "late": "catch_up", "grace": "5:00", "count": "2", "do": "save",
        **item(0, ItemKind.BULLETIN, bulletin=bulletin_id, repeat="1"), **item(1, ItemKind.PAUSE, length="20:00"),
        **item(2, ItemKind.BULLETIN, bulletin=bulletin_id, repeat="1"),
    }  # fmt: skip
    fields["count"] = "3"
    shown = town.post(EDITOR, path, **fields)
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "quá mức 15 phút mỗi buổi" in page
    assert town.post(EDITOR, path, **fields, confirmed=confirmed(page)).status_code == 303
    with town.database.read() as connection:
        assert len(timetable.programmes(connection)[old.id].items) == 3
    assert town.post(EDITOR, f"{path}/xoa").status_code == 422
    assert town.post(EDITOR, f"{path}/nhan-doi").status_code == 303
    assert town.post(VIEWER, f"{path}/nhan-doi").status_code == 403


def test_the_newest_of_a_column_sounds_from_the_editor_to_the_plan(town: Panel) -> None:
    assert town.post(EDITOR, "/chuyen-muc", name=" Gương  điển hình ").status_code == 303
    with town.database.read() as connection:
        (column,) = columns.everything(connection)
    assert column.name == "Gương điển hình"
    written = town.post(
        EDITOR, "/ban-tin/moi", title="Người tốt", script="Việc tốt.", genre="tin", column=column.id, action="submit"
    )
    bulletin_id = written.headers["Location"].rsplit("/", 1)[-1]
    assert "selected" in text_of(town, f"/ban-tin/{bulletin_id}") or "Gương điển hình" in text_of(town, "/ban-tin/moi")
    town.services.desk.approve(APPROVER, bulletin_id, 1, backup_voice_ok=False)
    fields = {"name": "Gương", "priority": "NORMAL", "late": "skip", "count": "1", "do": "save"}
    latest = item(0, ItemKind.LATEST, source=f"column:{column.id}", repeat="1")
    assert town.post(EDITOR, "/chuong-trinh/moi", **fields, **latest).status_code == 303
    with town.database.read() as connection:
        (programme,) = timetable.programmes(connection).values()
    page = text_of(town, f"/chuong-trinh/{programme.id}")
    assert "bản tin chưa có âm thanh" in page
    assert town.post(EDITOR, f"/chuyen-muc/{column.id}/xoa").status_code == 422
    assert town.post(EDITOR, f"/chuyen-muc/{column.id}", name="Điển hình").status_code == 303
    assert town.post(VIEWER, f"/chuyen-muc/{column.id}", name="X").status_code == 403
    gone = town.post(EDITOR, "/ban-tin/moi", title="A", script="B.", genre="tin", column="khong", action="save")
    assert gone.status_code == 422


def send(town: Panel, data: bytes, user=EDITOR, **fields: str):
    client = town.browser(user)
    form = {"csrf_token": csrf(client, "/tai-khoan"), "title": "Nhạc chiều", "kind": "bed", **fields}
    return client.post("/kho", data={**form, "sound": (io.BytesIO(data), "nhac.flac")})


def test_a_sound_is_brought_listed_and_listened_to(town: Panel) -> None:
    assert send(town, encode_flac(tone(800, 5, 0.05))).status_code == 303
    with town.database.read() as connection:
        (clip,) = clips.everything(connection).values()
    page = text_of(town, "/kho", VIEWER)
    assert "Nhạc chiều" in page
    assert "−16,0 LUFS" in page
    with town.browser(VIEWER).get(f"/kho/{clip.hash}") as heard:
        assert heard.status_code == 200
    assert send(town, b"#EXTM3U\nhttp://127.0.0.1/", title="Khác").status_code == 422
    assert send(town, b"RIFF\0\0\0\0WAVE" + b"\xff" * 500, title="Khác").status_code == 422
    assert send(town, encode_flac(tone(800, 5, 0.05)), title="").status_code == 422
    assert send(town, b"", VIEWER).status_code == 403


def area(town: Panel, area_id: str) -> Area:
    with town.database.read() as connection:
        return {one.id: one for one in places.areas(connection)}[area_id]


def test_a_merged_ward_is_shown_with_what_took_its_place_and_the_rules_that_still_name_it(town: Panel) -> None:
    busy_day(town)
    fields = {"name": "Phường Mới", "level": "xa", "parent": "lai-chau", "code": "03386", "valid_from": "01/11/2026"}
    assert town.post(EDITOR, "/dia-ban/moi", **fields).status_code == 303
    with town.database.read() as connection:
        made = next(one for one in places.areas(connection) if one.name == "Phường Mới")
    ended = town.post(EDITOR, "/dia-ban/tan-phong/ket-thuc", last_day="22/11/2026", heir=[made.id])
    assert ended.status_code == 303
    page = text_of(town, "/dia-ban", VIEWER)
    assert "«Phường Tân Phong» không còn từ 23/11/2026, nay là «Phường Mới»." in page
    assert "Từ: Phường Tân Phong" in page
    assert "mã 03386" in page
    tree = page[page.index("area-tree") : page.index("Đã kết thúc")]
    assert tree.index("Phường Mới") < tree.index("Bản San Thàng")
    assert "Thay cho: Phường Tân Phong" in text_of(town, f"/dia-ban/{made.id}")
    assert sounding(town, "san-thang", date(2026, 11, 24))
    assert town.post(EDITOR, "/dia-ban/tan-phong/con").status_code == 303
    assert area(town, "tan-phong").valid_until is None


def test_places_that_cannot_be_are_refused_at_their_field(town: Panel) -> None:
    ring = {"name": "Phường Tân Phong", "level": "xa", "parent": "san-thang"}
    assert town.post(EDITOR, "/dia-ban/tan-phong", **ring).status_code == 422
    assert town.post(EDITOR, "/dia-ban/moi", name="", level="xa").status_code == 422
    assert town.post(EDITOR, "/dia-ban/moi", name="A", level="khong").status_code == 422
    assert town.post(EDITOR, "/dia-ban/moi", name="A", level="xa", valid_from="hôm qua").status_code == 422
    assert town.post(EDITOR, "/dia-ban/tan-phong/ket-thuc", last_day="").status_code == 422
    assert town.post(EDITOR, "/dia-ban/tan-phong/ket-thuc", last_day="1/1/2026", heir="tan-phong").status_code == 422
    assert town.post(EDITOR, "/dia-ban/moi", name="A", level="xa", parent="khong-co").status_code == 404
    assert town.post(VIEWER, "/dia-ban/moi", name="A", level="xa").status_code == 403
    assert area(town, "tan-phong") == Area("tan-phong", "Phường Tân Phong", "xa", "lai-chau")


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_what_another_person_changed_meanwhile_is_not_overwritten(town: Panel) -> None:
    clip = shelf(town)
    fields = {"name": "Thử", "priority": "NORMAL", "late": "skip", "count": "1", "do": "save"}
    ident = item(0, ItemKind.IDENT, clip=clip[ClipKind.IDENT], repeat="1")
    assert town.post(EDITOR, "/chuong-trinh/moi", **fields, **ident).status_code == 303
    with town.database.read() as connection:
        (one,) = timetable.programmes(connection).values()
    opened = seen(text_of(town, f"/chuong-trinh/{one.id}"))
    assert town.post(ADMIN, f"/chuong-trinh/{one.id}", **{**fields, "name": "Khác"}, **ident).status_code == 303
    late = town.post(EDITOR, f"/chuong-trinh/{one.id}", **fields, **ident, seen=opened)
    assert late.status_code == 409
    assert "vừa được người khác sửa" in late.get_data(as_text=True)

    page = text_of(town, "/lich/chinh-sach")
    form = {**policy_fields(page), "seen": seen(page), "sessions": "3"}
    shown = town.post(EDITOR, "/lich/chinh-sach", **form).get_data(as_text=True)
    with town.database.write() as connection:
        station.set_freeze(connection, timedelta(minutes=7))
    assert town.post(EDITOR, "/lich/chinh-sach", **form, confirmed=confirmed(shown)).status_code == 409
    with town.database.read() as connection:
        assert station.get(connection).policy.sessions_per_day == 0


def test_a_rule_on_an_abolished_place_is_marked_in_the_timetable_with_its_heirs(town: Panel) -> None:
    busy_day(town)
    town.post(EDITOR, "/dia-ban/moi", name="Phường Mới", level="xa", parent="lai-chau")
    with town.database.read() as connection:
        made = next(one for one in places.areas(connection) if one.name == "Phường Mới")
    assert "không còn từ" not in text_of(town, "/lich")
    town.post(EDITOR, "/dia-ban/tan-phong/ket-thuc", last_day="22/11/2026", heir=[made.id])
    assert "«Phường Tân Phong» không còn từ 23/11/2026, nay là «Phường Mới»." in text_of(town, "/lich")


def test_a_programme_that_was_played_once_is_put_away_when_it_is_over(town: Panel) -> None:
    bulletin_id = town.produced()
    wanted = NewSession("Một lần", (bulletin_id,), frozenset({"lai-chau"}), (time(18),), dates=frozenset({TODAY}))
    town.services.timetable.add(EDITOR, wanted)
    assert "đã phát xong" not in text_of(town, "/chuong-trinh")
    town.clock.go(timedelta(hours=11))
    page = text_of(town, "/chuong-trinh")
    assert "1 chương trình đã phát xong" in page
    assert page.index("đã phát xong") < page.index("Một lần")
