"""The desks of calendar, policy, programmes and places over a real database: who may, what is kept, what it does."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from domain.airtime import AirtimePolicy, ExclusionWindow, QuietHours
from domain.areas import Area
from domain.calendar import Daypart, DayType, MonthDay, Seasons, SpecialDay
from domain.errors import BadInputError, NotAllowedError
from domain.people import Role, User
from domain.timetable import ItemKind, Programme, ProgrammeItem
from scheduler.area_desk import AreaDesk
from scheduler.calendar_desk import CalendarDesk, with_day, with_daypart
from scheduler.effects import GONE
from scheduler.inputs import ZONE
from scheduler.planning import replan
from scheduler.policy_desk import PolicyDesk, Wanted
from scheduler.programme_desk import ProgrammeDesk, frozen_words
from scheduler.seeding import seed_holidays
from scheduler.signing import StationKey
from scheduler.worker import TimetableWorker
from store import calendar, changes, machines, places, plans, timetable
from store import station as own
from tests.fakes import ExampleStation, let_in

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.fixture
def scheduler(station: ExampleStation) -> User:
    return station.person(Role.SCHEDULER)


@pytest.fixture
def technician(station: ExampleStation) -> User:
    return station.person(Role.TECHNICIAN)


def produced(station: ExampleStation) -> None:
    """Give each bulletin of the example its sound."""
    with station.database.read() as connection:
        ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM job")]
    for job_id in ids:
        station.production.produce(job_id)


def newest_words(station: ExampleStation) -> tuple[str, str]:
    with station.database.read() as connection:
        one = changes.newest(connection, limit=1)[0]
    return one.user_name, one.words


def special(station: ExampleStation) -> dict[str, SpecialDay]:
    with station.database.read() as connection:
        return {one.id: one for one in calendar.special_days(connection)}


class TestHolidays:
    def test_a_new_station_has_three_years_of_them(self, station: ExampleStation) -> None:
        years = {one.first.year for one in special(station).values()}
        assert years == {2026, 2027, 2028}
        assert special(station)["vn-2027-02-06"].day_type is DayType.TET

    def test_seeding_again_never_changes_what_a_person_changed(self, station: ExampleStation, scheduler: User) -> None:
        desk = CalendarDesk(station.database, station.clock)
        held = special(station)
        moved = replace(held["vn-2027-09-02"], name="Quốc khánh, nghỉ dài", last=date(2027, 9, 5))
        desk.put_day(scheduler, moved)
        desk.switch_day(scheduler, "vn-2027-01-01", enabled=False)
        with station.database.write() as connection:
            assert seed_holidays(connection, TODAY) == 0
        now = special(station)
        assert now["vn-2027-09-02"] == moved
        assert not now["vn-2027-01-01"].enabled
        with pytest.raises(BadInputError, match="có sẵn"):
            desk.remove_day(scheduler, "vn-2027-01-01")

    def test_the_worker_adds_the_year_that_came_into_sight(self, station: ExampleStation) -> None:
        worker = TimetableWorker(station.database, StationKey.load_or_create(station.folder / "key"), station.clock)
        worker.seed()
        version = plan_version(station)
        worker.seed()
        assert plan_version(station) == version
        station.clock.go(timedelta(days=60))
        worker.seed()
        assert {one.first.year for one in special(station).values()} == {2026, 2027, 2028, 2029}


class TestCalendar:
    def test_only_a_scheduler_changes_days_and_hours(self, station: ExampleStation, technician: User) -> None:
        desk = CalendarDesk(station.database, station.clock)
        for act in (
            lambda: desk.put_day(technician, SpecialDay("x", "Tang", DayType.MOURNING, TODAY, TODAY)),
            lambda: desk.switch_day(technician, "vn-2027-01-01", enabled=False),
            lambda: desk.remove_day(technician, "vn-2027-01-01"),
            lambda: desk.put_daypart(technician, Daypart("x", "Tối", time(18), time(18))),
            lambda: desk.remove_daypart(technician, "sang"),
            lambda: desk.set_seasons(technician, Seasons()),
        ):
            with pytest.raises(NotAllowedError):
                act()

    def test_national_mourning_is_told_what_it_silences_and_then_does(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        produced(station)
        desk = CalendarDesk(station.database, station.clock)
        mourning = SpecialDay("tang", " Quốc  tang ", DayType.MOURNING, TODAY + DAY, TODAY + 2 * DAY)
        found = desk.effects_of(with_day(desk.get(), mourning))
        assert [(one.title, one.reason, one.count) for one in found] == [
            ("Buổi sáng", GONE, 2),
            ("Buổi chiều", GONE, 2),
        ]
        desk.put_day(scheduler, mourning)
        start = datetime.combine(TODAY, time(), ZONE)
        slots = station.timetable.will_sound("cum-san-thang", start, start + 4 * DAY)
        assert {one.starts_at.astimezone(ZONE).date() for one in slots} == {TODAY, TODAY + 3 * DAY}
        assert newest_words(station) == (
            scheduler.name,
            "thêm «Quốc tang» (quốc tang) 24/11/2026 – 25/11/2026",
        )
        desk.remove_day(scheduler, "tang")
        assert "tang" not in special(station)

    @pytest.mark.parametrize(
        ("day", "words"),
        [
            (SpecialDay("x", " ", DayType.EXAM, TODAY, TODAY), "đặt tên"),
            (SpecialDay("x", "Thi", DayType.EXAM, TODAY, TODAY - DAY), "Ngày cuối"),
            (SpecialDay("x", "Thi", DayType.EXAM, TODAY, TODAY + 200 * DAY), "dài nhất 120 ngày"),
            (SpecialDay("x", "Thi", DayType.EXAM, date(9999, 1, 1), date(9999, 1, 2)), "2000 đến 2099"),
        ],
    )
    def test_a_day_that_cannot_be_is_refused(
        self, station: ExampleStation, scheduler: User, day: SpecialDay, words: str
    ) -> None:
        with pytest.raises(BadInputError, match=words):
            CalendarDesk(station.database, station.clock).put_day(scheduler, day)

    def test_a_daypart_moves_the_sessions_that_name_it_and_stays_while_they_do(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        produced(station)
        desk = CalendarDesk(station.database, station.clock)
        with station.database.write() as connection:
            one = next(iter(timetable.rules(connection).values()))
            timetable.put_rule(connection, replace(one, times=(), daypart_ids=frozenset({"sang"})))
        moved = replace(desk.get().dayparts["sang"], winter=time(7))
        found = desk.effects_of(with_daypart(desk.get(), moved))
        assert {one.silences for one in found} == {True, False}
        desk.put_daypart(scheduler, moved)
        start = datetime.combine(TODAY + DAY, time(), ZONE)
        starts = {
            one.starts_at.astimezone(ZONE).time()
            for one in station.timetable.will_sound("cum-san-thang", start, start + DAY)
        }
        assert time(7) in starts
        with pytest.raises(BadInputError, match="đang dùng ở 1 dòng lịch"):
            desk.remove_daypart(scheduler, "sang")
        desk.remove_daypart(scheduler, "trua")
        with pytest.raises(BadInputError, match="Đã có khung giờ"):
            desk.put_daypart(scheduler, Daypart("moi", "chiều", time(18), time(18)))

    def test_the_seasons_begin_when_the_station_says(self, station: ExampleStation, scheduler: User) -> None:
        desk = CalendarDesk(station.database, station.clock)
        desk.set_seasons(scheduler, Seasons(MonthDay(4, 1), MonthDay(12, 1)))
        assert desk.get().seasons.is_summer(TODAY)
        with pytest.raises(BadInputError, match="hai ngày khác nhau"):
            desk.set_seasons(scheduler, Seasons(MonthDay(4, 1), MonthDay(4, 1)))


class TestPolicy:
    def test_a_change_is_told_line_by_line_with_the_sessions_that_it_refuses(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        produced(station)
        desk = PolicyDesk(station.database, station.clock)
        wanted = replace(desk.now(), policy=replace(desk.now().policy, quiet=(QuietHours(time(21), time(6)),)))
        told = desk.consequence(wanted)
        assert [(one.line, one.was, one.becomes) for one in told.lines] == [
            ("Giờ yên tĩnh", "không đặt", "21:00–06:00")
        ]
        assert [(one.title, one.reason, one.count) for one in told.effects] == [
            ("Buổi sáng", "Buổi phát chạm giờ yên tĩnh 21:00–06:00.", 13)
        ]
        assert desk.now().policy.quiet == ()
        desk.save(scheduler, wanted)
        assert desk.now() == wanted
        assert newest_words(station) == (scheduler.name, "Giờ yên tĩnh: không đặt → 21:00–06:00")
        again = desk.consequence(replace(wanted, policy=replace(wanted.policy, quiet=())))
        assert [one.silences for one in again.effects] == [False]

    def test_a_preset_changes_limits_and_days_and_keeps_all_else(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        desk = PolicyDesk(station.database, station.clock)
        quiet = (QuietHours(time(22), time(5)),)
        desk.save(scheduler, replace(desk.now(), policy=replace(desk.now().policy, quiet=quiet)))
        urban = desk.preset("urban").policy
        assert (urban.sessions_per_day, urban.allowed_weekdays) == (2, frozenset(range(1, 6)))
        assert (urban.session_limit, urban.quiet) == (timedelta(minutes=15), quiet)
        assert desk.preset("rural").policy.session_limit == timedelta(minutes=45)
        with pytest.raises(BadInputError, match="đô thị hoặc nông thôn"):
            desk.preset("khac")

    def test_a_window_of_silence_holds_at_its_places_only(self, station: ExampleStation, scheduler: User) -> None:
        produced(station)
        desk = PolicyDesk(station.database, station.clock)
        church = ExclusionWindow("le", " lễ  nhà thờ", frozenset({"san-thang"}), time(16, 30), time(18), frozenset({7}))
        (found,) = desk.window_effects(church)
        assert (found.title, found.count, found.area_ids) == ("Buổi chiều", 2, frozenset({"cum-san-thang"}))
        desk.put_window(scheduler, church)
        start = datetime.combine(date(2026, 11, 29), time(12), ZONE)
        (silent,) = station.timetable.will_sound("cum-san-thang", start, start + timedelta(hours=12))
        (heard,) = station.timetable.will_sound("cum-sung-phai", start, start + timedelta(hours=12))
        assert (silent.refusal, heard.refusal) == ("Buổi phát chạm giờ không phát 16:30–18:00 (lễ nhà thờ).", "")
        desk.remove_window(scheduler, "le")
        with station.database.read() as connection:
            assert calendar.exclusions(connection) == ()

    def test_many_places_that_hear_the_same_are_judged_once(self, station: ExampleStation) -> None:
        produced(station)
        desk = PolicyDesk(station.database, station.clock)
        (one, other) = desk.consequence(
            replace(desk.now(), policy=replace(desk.now().policy, allowed_weekdays=frozenset({1})))
        ).effects
        assert one.area_ids == other.area_ids
        assert len(one.area_ids) == 4

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"session_limit": timedelta()}, "Mỗi buổi"),
            ({"day_limit": timedelta(minutes=1)}, "ít hơn số phút mỗi buổi"),
            ({"allowed_weekdays": frozenset[int]()}, "ít nhất một ngày"),
            ({"quiet": (QuietHours(time(5), time(5)),)}, "không có độ dài"),
            ({"staggers": (("khong-co", timedelta(seconds=30)),)}, "không còn nữa"),
            ({"note": "x" * 600}, "dài quá 500"),
        ],
    )
    def test_a_policy_that_cannot_be_is_refused(
        self, station: ExampleStation, scheduler: User, change: dict[str, object], words: str
    ) -> None:
        desk = PolicyDesk(station.database, station.clock)
        wanted = Wanted(replace(AirtimePolicy(), **change), timedelta(minutes=20))  # type: ignore[arg-type]
        with pytest.raises(BadInputError, match=words):
            desk.save(scheduler, wanted)


class TestProgrammes:
    def test_one_edited_in_place_is_followed_by_its_sessions_except_what_is_frozen(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        produced(station)
        desk = ProgrammeDesk(station.database, station.clock)
        morning, machine_id = programme_of(station, "Buổi sáng"), a_machine(station)
        station.clock.at = datetime.combine(TODAY + DAY, time(5, 15), ZONE)
        replan(station.database, station.clock.now())
        changed = replace(morning, items=morning.items[:1])
        assert frozen_words(desk.too_late_for(morning.id), station.clock.now()) == (
            "Thay đổi lúc 05:15 chưa kịp buổi 05:30: máy phát đã nhận nội dung cũ."
        )
        desk.save(scheduler, changed)
        replan(station.database, station.clock.now())
        with station.database.read() as connection:
            slots = plans.slots(connection, station.clock.now(), station.clock.now() + 2 * DAY, machine_id)
        assert [len(one.items) for one in slots if one.title == "Buổi sáng"] == [2, 1]

    def test_saving_tells_first_which_sessions_would_be_refused(self, station: ExampleStation) -> None:
        produced(station)
        morning = programme_of(station, "Buổi sáng")
        pause = ProgrammeItem(kind=ItemKind.PAUSE, length=timedelta(minutes=20))
        preview = ProgrammeDesk(station.database, station.clock).preview(
            replace(morning, items=(morning.items[0], pause, morning.items[1]))
        )
        assert [one.title for one in preview.effects] == ["Buổi sáng"]
        assert "quá mức 15 phút mỗi buổi" in preview.effects[0].reason
        assert preview.length.least > timedelta(minutes=20)

    def test_a_copy_is_its_own_and_only_what_nothing_uses_is_removed(
        self, station: ExampleStation, scheduler: User
    ) -> None:
        desk = ProgrammeDesk(station.database, station.clock)
        morning = programme_of(station, "Buổi sáng")
        made = desk.duplicate(scheduler, morning.id)
        assert desk.get(made) == replace(morning, id=made, name="Buổi sáng (bản sao)")
        with pytest.raises(BadInputError, match="đang có trong lịch"):
            desk.remove(scheduler, morning.id)
        desk.remove(scheduler, made)
        assert newest_words(station) == (scheduler.name, "xóa chương trình «Buổi sáng (bản sao)»")

    def test_only_a_scheduler_makes_programmes(self, station: ExampleStation, technician: User) -> None:
        desk = ProgrammeDesk(station.database, station.clock)
        with pytest.raises(NotAllowedError):
            desk.save(technician, programme_of(station, "Buổi sáng"))


class TestAreas:
    def test_an_ended_area_leads_rules_to_its_heir(self, station: ExampleStation, technician: User) -> None:
        desk = AreaDesk(station.database, station.clock)
        desk.add(technician, Area("moi", "Phường  Mới", "xa-phuong", "lai-chau", "99999"))
        desk.end(technician, "tan-phong", TODAY - DAY, frozenset({"moi"}))
        desk.change(technician, replace(area(station, "san-thang"), parent_id="moi"))
        assert newest_words(station)[1] == "sửa địa bàn «Bản San Thàng»"
        with station.database.write() as connection:
            rule = next(one for one in timetable.rules(connection).values())
            timetable.put_rule(connection, replace(rule, area_ids=frozenset({"tan-phong"})))
        start = datetime.combine(TODAY + DAY, time(), ZONE)
        assert len(station.timetable.will_sound("cum-san-thang", start, start + DAY)) == 2
        assert desk.left_behind("tan-phong") == ()
        desk.go_on(technician, "tan-phong")
        assert area(station, "tan-phong").valid_until is None

    def test_a_split_leaves_places_for_a_person_to_move(self, station: ExampleStation, technician: User) -> None:
        desk = AreaDesk(station.database, station.clock)
        desk.end(technician, "tan-phong", TODAY, frozenset({"doan-ket", "lai-chau"}))
        assert {one.id for one in desk.left_behind("tan-phong")} == {"san-thang", "to-2-tan-phong"}

    def test_rings_and_nonsense_are_refused(self, station: ExampleStation, technician: User) -> None:
        desk = AreaDesk(station.database, station.clock)
        for act, words in (
            (
                lambda: desk.change(technician, replace(area(station, "tan-phong"), parent_id="san-thang")),
                "trong chính nó",
            ),
            (lambda: desk.end(technician, "tan-phong", TODAY, frozenset({"tan-phong"})), "thành vòng"),
            (lambda: desk.end(technician, "tan-phong", TODAY, frozenset({"cu-dong-phong"})), "thành vòng"),
            (lambda: desk.end(technician, "tan-phong", date(2000, 1, 1), frozenset()), "Ngày cuối"),
            (lambda: desk.add(technician, Area("x", "Bản San Thàng", "to-ban", "tan-phong")), "đã có rồi"),
            (lambda: desk.add(technician, Area("x", "Bản", "khong-co", None)), "chọn một cấp"),
        ):
            with pytest.raises(BadInputError, match=words):
                act()

    def test_only_technicians_and_administrators_change_places(self, station: ExampleStation, scheduler: User) -> None:
        desk = AreaDesk(station.database, station.clock)
        with pytest.raises(NotAllowedError):
            desk.end(scheduler, "tan-phong", TODAY, frozenset())
        desk.add(station.person(Role.ADMIN), Area("x", "Bản Mới", "to-ban", "tan-phong"))

    def test_the_example_knows_the_units_before_the_reform(self, station: ExampleStation) -> None:
        city = area(station, "cu-thanh-pho")
        assert (city.valid_until, city.successor_ids) == (date(2025, 6, 30), frozenset({"tan-phong", "doan-ket"}))
        with station.database.read() as connection:
            old = [one for one in places.areas(connection) if one.parent_id == city.id]
        assert len(old) == 7
        assert all(len(one.successor_ids) == 1 for one in old)


def area(station: ExampleStation, area_id: str) -> Area:
    with station.database.read() as connection:
        return {one.id: one for one in places.areas(connection)}[area_id]


def programme_of(station: ExampleStation, name: str) -> Programme:
    with station.database.read() as connection:
        return next(one for one in timetable.programmes(connection).values() if one.name == name)


def a_machine(station: ExampleStation) -> str:
    technician = station.person(Role.TECHNICIAN)
    machine_id = let_in(station.office, technician, "cum-san-thang", "Máy thử", "A" * 43 + "=")
    with station.database.read() as connection:
        assert [one.id for one in machines.everything(connection)] == [machine_id]
    return machine_id


def plan_version(station: ExampleStation) -> int:
    with station.database.read() as connection:
        return own.plan_version(connection)
