"""Edits of the timetable: judged, noted, taken back, and sent urgently when machines were given something else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from domain.airtime import QuietHours
from domain.calendar import LAST, Daypart, LunarDay, NthWeekday
from domain.errors import BadInputError, NotAllowedError, NotFoundError, WrongStateError
from domain.timetable import ItemKind, Layer, Priority, Programme, ProgrammeItem, Rule
from scheduler.desk import Draft, NewSession
from scheduler.drafts import stamp_of
from scheduler.editing import Target
from scheduler.inputs import Inputs
from scheduler.planning import replan
from scheduler.sessions import ZONE
from store import calendar, changes, plans, station, timetable
from tests.fakes_web import ADMIN, EDITOR, VIEWER, Panel, machine, panel

MONDAY = date(2026, 11, 23)
"""The day of the fake clock, 09:30."""
DAY = timedelta(days=1)
TEN = datetime.combine(MONDAY, time(10), ZONE)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        machine(one, "Máy bản", "san-thang", b"9" * 32)
        yield one


def wanted(town: Panel, **fields: object) -> NewSession:
    given = {
        "name": "Buổi sáng",
        "bulletin_ids": (town.produced(),),
        "area_ids": frozenset({"san-thang"}),
        "times": (time(10),),
        "weekdays": frozenset(range(1, 8)),
    }
    return NewSession(**{**given, **fields})


def add(town: Panel, **fields: object) -> str:
    return town.services.timetable.add(EDITOR, wanted(town, **fields))


def inputs(town: Panel) -> Inputs:
    return town.services.timetable.inputs()


def rule_of(town: Panel, rule_id: str) -> Rule:
    return inputs(town).shelf.rules[rule_id]


def key_at(rule_id: str, instant: datetime) -> str:
    return f"{rule_id}@{round(instant.timestamp() * 1000)}"


def save(town: Panel, draft: Draft) -> int:
    return town.services.timetable.save(EDITOR, draft)


def save_knowingly(town: Panel, draft: Draft) -> int:
    return town.services.timetable.save(EDITOR, draft, town.services.timetable.clashes(draft))


def move(town: Panel, key: str, day: date, moment: time, *, always: bool = False) -> Draft:
    return town.services.timetable.drafting(EDITOR).move(key, Target(day, moment), always=always)


def replaced(town: Panel, key: str, title: str) -> Draft:
    other = town.produced(title)
    return town.services.timetable.drafting(EDITOR).replace(key, other)


def edited(town: Panel, rule_id: str, **fields: object) -> Draft:
    session = wanted(town, **fields)
    return town.services.timetable.drafting(EDITOR).session(session, rule_id)


def starts(town: Panel, day: date) -> list[str]:
    start = datetime.combine(day, time(), ZONE)
    slots = town.services.timetable.will_sound("san-thang", start, start + DAY)
    return [f"{slot.starts_at.astimezone(ZONE):%H:%M}" for slot in slots]


def kept(town: Panel) -> list[tuple[str, Layer]]:
    now = town.clock.now()
    with town.database.read() as connection:
        slots = plans.slots(connection, now, now + timedelta(hours=3))
    return [(f"{slot.starts_at.astimezone(ZONE):%H:%M}", slot.layer) for slot in slots]


def test_a_rule_is_kept_with_every_way_of_naming_its_days(town: Panel) -> None:
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("sang", "Sáng", time(5, 30), time(6)))
    ways = {
        "week_interval": 2,
        "month_days": frozenset({1, LAST}),
        "nth_weekdays": frozenset({NthWeekday(LAST, 5)}),
        "lunar_days": frozenset({LunarDay(15), LunarDay(1, 1)}),
        "daypart_ids": frozenset({"sang"}),
        "valid_from": MONDAY,
        "except_area_ids": frozenset({"to-2"}),
        "area_ids": frozenset({"lai-chau"}),
        "dates": frozenset({MONDAY + 9 * DAY}),
    }
    kept_rule = rule_of(town, add(town, **ways))
    assert {name: getattr(kept_rule, name) for name in ways} == ways


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "unknown daypart": ({"daypart_ids": frozenset({"khong-co"})}, "Khung giờ"),
    "a day 32": ({"month_days": frozenset({32})}, "từ 1 đến 31"),
    "a sixth Friday": ({"nth_weekdays": frozenset({NthWeekday(6, 5)})}, "lần thứ 1 đến 5"),
    "a lunar month 13": ({"lunar_days": frozenset({LunarDay(1, 13)})}, "âm lịch"),
    "every 53 weeks": ({"week_interval": 53}, "từ 1 đến 52"),
    "no weeks between": ({"week_interval": 0}, "từ 1 đến 52"),
    "a thousand dates": ({"dates": frozenset(MONDAY + n * DAY for n in range(1000))}, "nhiều nhất 366 ngày"),
    "a grace of a day": ({"grace": timedelta(days=1)}, "6 giờ"),
    "a place of 30 hours": ({"booked": timedelta(hours=30)}, "6 giờ"),
    "a place of nothing": ({"booked": timedelta()}, "dài hơn 0 giây"),
    "no kind of day": ({"day_types": frozenset()}, "loại ngày"),
    "all left out": ({"except_area_ids": frozenset({"tan-phong"})}, "bị trừ hết"),
    "an unknown place left out": ({"except_area_ids": frozenset({"khong-co"})}, "cần trừ"),
    "an unknown programme": ({"programme_id": "khong-co"}, "không còn"),
    "a rank out of sight": ({"rank": 10**9}, "Thứ tự ưu tiên"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_no_timetable_can_hold_is_refused_and_nothing_changes(town: Panel, case: str) -> None:
    fields, sentence = REFUSED[case]
    with pytest.raises(BadInputError, match=sentence):
        add(town, **fields)
    assert not inputs(town).shelf.rules


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ((), "dài 0 giây"),
        ((ProgrammeItem(kind=ItemKind.RELAY, stream_url="http://vov", length=timedelta(hours=30)),), "quá mức 15 phút"),
    ],
)
def test_a_programme_of_nothing_or_of_thirty_hours_is_refused(town: Panel, items, sentence: str) -> None:
    with town.database.write() as connection:
        timetable.put_programme(connection, Programme("p", "Lạ", items))
    with pytest.raises(BadInputError, match=sentence):
        add(town, programme_id="p", bulletin_ids=())


def test_a_rule_is_changed_whole_and_its_programme_with_it(town: Panel) -> None:
    rule_id = add(town)
    before = rule_of(town, rule_id)
    save(town, edited(town, rule_id, name="Buổi khác", times=(time(11),), priority=Priority.PRIORITY))
    after = rule_of(town, rule_id)
    assert (after.programme_id, after.times) == (before.programme_id, (time(11),))
    programme = inputs(town).shelf.programmes[after.programme_id]
    assert (programme.name, programme.priority) == ("Buổi khác", Priority.PRIORITY)


def test_a_programme_that_others_sound_too_is_not_changed_under_them(town: Panel) -> None:
    first = add(town)
    shared = rule_of(town, first).programme_id
    second = add(town, programme_id=shared, bulletin_ids=(), times=(time(15),))
    assert rule_of(town, second).programme_id == shared
    save(town, edited(town, first, name="Riêng"))
    assert rule_of(town, first).programme_id != shared
    assert inputs(town).shelf.programmes[shared].name == "Buổi sáng"


def test_what_was_opened_before_someone_else_saved_is_not_saved_over_it(town: Panel) -> None:
    rule_id = add(town)
    stamp = stamp_of(inputs(town), rule_id)
    town.services.timetable.stop(ADMIN, rule_id)
    with pytest.raises(WrongStateError, match="vừa được người khác sửa"):
        town.services.timetable.drafting(EDITOR).session(wanted(town), rule_id, stamp)
    draft = move(town, key_at(rule_id, TEN), MONDAY, time(11))
    town.services.timetable.resume(ADMIN, rule_id)
    with pytest.raises(WrongStateError, match="vừa được người khác sửa"):
        save(town, draft)


def test_each_change_is_noted_with_what_was_before(town: Panel) -> None:
    rule_id = add(town)
    save(town, move(town, key_at(rule_id, TEN), MONDAY, time(11)))
    with town.database.read() as connection:
        moved, added = changes.newest(connection, rule_id)
    assert (added.action, added.before["rules"]) == ("thêm buổi phát", {rule_id: None})
    assert moved.action == "dời một buổi"
    assert moved.words == "«Buổi sáng»: buổi 10:00 ngày 23/11/2026 dời sang lúc 11:00"
    assert moved.user_name == EDITOR.name
    assert moved.before["rules"][rule_id]["exceptions"] == []


def undo(town: Panel) -> None:
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)


ACTS: dict[str, Callable[[Panel, str], Draft]] = {
    "move": lambda town, key: move(town, key, MONDAY, time(11)),
    "move always": lambda town, key: move(town, key, MONDAY, time(11), always=True),
    "skip": lambda town, key: town.services.timetable.drafting(EDITOR).skip(key),
    "replace": lambda town, key: replaced(town, key, "Khác"),
    "stop": lambda town, key: town.services.timetable.drafting(EDITOR).switch(key.split("@")[0], on=False),
    "edit": lambda town, key: edited(town, key.split("@")[0], name="Khác", times=(time(16),)),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_whatever_was_done_is_undone_whole_even_after_it_was_planned(town: Panel, act: str) -> None:
    rule_id = add(town, times=(time(12),))
    before = inputs(town).shelf
    save(town, ACTS[act](town, key_at(rule_id, TEN + timedelta(hours=2))))
    assert (inputs(town).shelf.rules, inputs(town).shelf.programmes) != (before.rules, before.programmes)
    replan(town.database, town.clock.now())
    undo(town)
    after = inputs(town).shelf
    assert (after.rules, after.programmes) == (before.rules, before.programmes)


def test_an_added_session_is_undone_and_nothing_of_it_is_left(town: Panel) -> None:
    add(town)
    replan(town.database, town.clock.now())
    undo(town)
    shelf = inputs(town).shelf
    assert (shelf.rules, shelf.programmes) == ({}, {})
    replan(town.database, town.clock.now())
    assert kept(town) == []


def test_an_added_session_that_has_begun_is_stopped_and_stays_for_the_log(town: Panel) -> None:
    rule_id = add(town, times=(time(9, 30, 20),), weekdays=frozenset(), dates=frozenset({MONDAY}))
    replan(town.database, town.clock.now())
    town.clock.go(timedelta(seconds=40))
    undo(town)
    assert not rule_of(town, rule_id).enabled


def test_a_change_is_undone_once_in_time_by_its_maker_and_only_if_nobody_built_on_it(town: Panel) -> None:
    desk = town.services.timetable
    rule_id = add(town)
    number = save(town, move(town, key_at(rule_id, TEN), MONDAY, time(11)))
    with pytest.raises(NotAllowedError, match="Chỉ người vừa sửa"):
        desk.undo(ADMIN, number)
    with pytest.raises(NotAllowedError, match="không có quyền"):
        desk.undo(VIEWER, number)
    with pytest.raises(NotFoundError):
        desk.undo(EDITOR, number + 99)
    desk.stop(ADMIN, rule_id)
    with pytest.raises(WrongStateError, match="được sửa tiếp"):
        desk.undo(EDITOR, number)
    desk.resume(ADMIN, rule_id)
    town.clock.go(timedelta(seconds=61))
    with pytest.raises(WrongStateError, match="quá một phút"):
        desk.undo(EDITOR, number)
    town.clock.go(timedelta(seconds=-1))
    desk.undo(EDITOR, number)
    with pytest.raises(WrongStateError, match="đã được hoàn tác rồi"):
        desk.undo(EDITOR, number)
    assert rule_of(town, rule_id).exceptions == ()


def test_undo_is_offered_to_whoever_made_the_newest_change(town: Panel) -> None:
    rule_id = add(town)
    assert town.services.timetable.undoable(ADMIN) is None
    town.services.timetable.stop(ADMIN, rule_id)
    assert town.services.timetable.undoable(EDITOR) is None
    offered = town.services.timetable.undoable(ADMIN, timedelta(seconds=10))
    assert offered is not None
    assert offered.action == "dừng"
    town.clock.go(timedelta(seconds=10))
    assert town.services.timetable.undoable(ADMIN, timedelta(seconds=10)) is None


def test_a_moved_session_is_held_to_the_policy_where_it_goes(town: Panel) -> None:
    rule_id = add(town)
    for always in (False, True):
        with pytest.raises(BadInputError, match="giờ yên tĩnh 21:30–05:00"):
            move(town, key_at(rule_id, TEN), MONDAY, time(22), always=always)


def test_only_a_scheduler_drafts_and_saves(town: Panel) -> None:
    draft = move(town, key_at(add(town), TEN), MONDAY, time(11))
    with pytest.raises(NotAllowedError):
        town.services.timetable.drafting(VIEWER)
    with pytest.raises(NotAllowedError):
        town.services.timetable.save(VIEWER, draft)


def test_priority_programmes_are_put_in_order_and_the_first_wins(town: Panel) -> None:
    drafts = [drafted(town, name=name, priority=Priority.PRIORITY) for name in ("Một", "Hai")]
    for draft in drafts:
        save_knowingly(town, draft)
    ids = [draft.subject_id for draft in drafts]
    programmes = [rule_of(town, one).programme_id for one in ids]
    for order in (programmes, programmes[::-1]):
        save_knowingly(town, town.services.timetable.drafting(EDITOR).order(order))
        slots = town.services.timetable.will_sound("san-thang", TEN, TEN + DAY / 2)
        assert [slot.programme_id for slot in slots if not slot.refusal] == order[:1]
    undo(town)
    assert [inputs(town).shelf.programmes[one].rank for one in programmes] == [1, 2]
    for strange in ([], ["khong-co"]):
        with pytest.raises(BadInputError, match="chương trình ưu tiên"):
            town.services.timetable.drafting(EDITOR).order(strange)


def test_what_machines_were_given_stays_is_said_and_is_sent_urgently(town: Panel) -> None:
    rule_id = add(town)
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    key = key_at(rule_id, TEN)
    assert town.services.timetable.late() == ()
    assert len(town.services.timetable.sounding(key).given) == 1
    save(town, move(town, key, MONDAY, time(10, 30)))
    replan(town.database, town.clock.now())
    assert kept(town) == [("10:00", Layer.WEEKLY)]
    (late,) = town.services.timetable.late()
    assert late.sentence == "Thay đổi sau 09:40 chưa kịp buổi 10:00 «Buổi sáng»."
    save(town, town.services.timetable.drafting(EDITOR).urgent(key))
    replan(town.database, town.clock.now())
    assert kept(town) == [("10:30", Layer.URGENT)]
    assert town.services.timetable.late() == ()
    undo(town)
    assert len(inputs(town).shelf.rules) == 1


def test_another_programme_for_what_machines_hold_is_late_too_but_a_skipped_session_is_not(town: Panel) -> None:
    rule_id = add(town)
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    key = key_at(rule_id, TEN)
    save(town, replaced(town, key, "Tin gấp"))
    assert [one.slot.key for one in town.services.timetable.late()] == [key]
    save(town, town.services.timetable.drafting(EDITOR).skip(key))
    assert town.services.timetable.late() == ()
    replan(town.database, town.clock.now())
    assert kept(town) == []


def test_a_session_is_late_only_within_the_freeze(town: Panel) -> None:
    rule_id = add(town, times=(time(12),))
    replan(town.database, town.clock.now())
    save(town, move(town, key_at(rule_id, TEN + timedelta(hours=2)), MONDAY, time(13)))
    assert town.services.timetable.late() == ()


def test_an_urgent_sending_whose_time_has_passed_is_refused(town: Panel) -> None:
    rule_id = add(town)
    save(town, move(town, key_at(rule_id, TEN), MONDAY, time(9, 31)))
    town.clock.go(timedelta(minutes=2))
    with pytest.raises(BadInputError, match="đã qua nên không gửi gấp"):
        town.services.timetable.drafting(EDITOR).urgent(key_at(rule_id, TEN))


def test_an_approved_bulletin_is_played_now_in_a_minute_and_before_an_equal(town: Panel) -> None:
    add(town, name="Ưu tiên", times=(time(9, 31),), priority=Priority.PRIORITY)
    bulletin_id = town.produced("Khẩn")
    draft = town.services.timetable.drafting(EDITOR).play_now(bulletin_id, frozenset({"san-thang"}))
    save(town, draft)
    (rule,) = [one for one in inputs(town).shelf.rules.values() if one.urgent]
    assert (rule.times, rule.dates) == ((time(9, 31),), {MONDAY})
    replan(town.database, town.clock.now())
    now = town.clock.now()
    with town.database.read() as connection:
        slots = plans.slots(connection, now, now + timedelta(minutes=5))
    assert [slot.title for slot in slots if not slot.refusal] == ["Khẩn"]


def test_quiet_hours_refuse_to_play_now_with_their_line(town: Panel) -> None:
    bulletin_id = town.produced()
    town.clock.at = datetime.combine(MONDAY, time(21, 29), ZONE)
    with pytest.raises(BadInputError, match="giờ yên tĩnh 21:30–05:00"):
        town.services.timetable.drafting(EDITOR).play_now(bulletin_id, frozenset({"san-thang"}))
    town.clock.at = TEN
    draft_id = town.write()
    with pytest.raises(BadInputError, match="chưa được duyệt"):
        town.services.timetable.drafting(EDITOR).play_now(draft_id, frozenset({"san-thang"}))


def test_the_week_shows_a_move_where_it_went(town: Panel) -> None:
    rule_id = add(town, times=(time(12),))
    save(town, move(town, key_at(rule_id, TEN + timedelta(hours=2)), MONDAY + DAY, time(15)))
    assert starts(town, MONDAY) == []
    assert starts(town, MONDAY + DAY) == ["12:00", "15:00"]
    held = town.services.timetable.sounding(key_at(rule_id, TEN + timedelta(hours=2)))
    assert held.stands is not None
    assert replace(held.stands, layer=Layer.WEEKLY).moved_from == held.asked.starts_at


@pytest.fixture
def given(town: Panel) -> str:
    """Return the key of a session at 10:00 that machines hold already."""
    rule_id = add(town)
    town.clock.go(timedelta(minutes=15))
    replan(town.database, town.clock.now())
    return key_at(rule_id, TEN)


def test_a_move_is_sent_urgently_as_one_change_that_is_undone_whole(town: Panel, given: str) -> None:
    before = inputs(town).shelf
    draft = town.services.timetable.drafting(EDITOR).move(
        given, Target(MONDAY, time(10, 30)), always=False, urgent=True
    )
    assert draft.action == "dời và gửi gấp"
    assert "10:30" in draft.words
    save(town, draft)
    replan(town.database, town.clock.now())
    assert kept(town) == [("10:30", Layer.URGENT)]
    undo(town)
    after = inputs(town).shelf
    assert (after.rules, after.programmes) == (before.rules, before.programmes)


@pytest.mark.parametrize("moment", [time(9, 58), time(10), time(10, 0, 2)])
def test_what_is_sent_urgently_sounds_in_the_place_of_what_it_takes_off_the_machines(
    town: Panel, given: str, moment: time
) -> None:
    """They would meet, but the old one is not sounded any more."""
    other = town.produced("Tin gấp")
    drafting = town.services.timetable.drafting(EDITOR)
    if moment == time(10):
        draft = drafting.replace(given, other, urgent=True)
    else:
        draft = drafting.move(given, Target(MONDAY, moment), always=False, urgent=True)
    save(town, draft)
    replan(town.database, town.clock.now())
    with town.database.read() as connection:
        slots = plans.slots(connection, town.clock.now(), TEN + timedelta(hours=1))
    assert [(slot.starts_at.astimezone(ZONE).time(), slot.layer, slot.refusal) for slot in slots] == [
        (moment, Layer.URGENT, "")
    ]


def test_what_was_sent_urgently_or_skipped_is_not_said_to_be_too_late(town: Panel, given: str) -> None:
    drafting = town.services.timetable.drafting(EDITOR)
    save(town, drafting.move(given, Target(MONDAY, time(10, 30)), always=False, urgent=True))
    with pytest.raises(WrongStateError, match="đã được gửi gấp rồi"):
        town.services.timetable.drafting(EDITOR).urgent(given)
    undo(town)
    save(town, town.services.timetable.drafting(EDITOR).skip(given))
    with pytest.raises(WrongStateError, match="đã được bỏ"):
        town.services.timetable.drafting(EDITOR).urgent(given)
    undo(town)
    town.services.timetable.stop(EDITOR, given.split("@", maxsplit=1)[0])
    with pytest.raises(BadInputError, match="đang dừng"):
        town.services.timetable.drafting(EDITOR).urgent(given)


def test_a_session_that_was_never_kept_does_not_count_against_the_day(town: Panel) -> None:
    """Five times of this morning are past when the rule is saved: none of them sounded."""
    desk = town.services.timetable
    add(town, times=tuple(time(hour) for hour in (5, 6, 7, 8, 9)))
    replan(town.database, town.clock.now())
    other = town.produced("Tin gấp")
    draft = desk.drafting(EDITOR).play_now(other, frozenset({"san-thang"}))
    assert desk.clashes(draft) == ()
    save(town, draft)
    replan(town.database, town.clock.now())
    now = town.clock.now()
    with town.database.read() as connection:
        assert [one.refusal for one in plans.slots(connection, now, now + timedelta(minutes=5))] == [""]


def drafted(town: Panel, **fields: object) -> Draft:
    session = wanted(town, **fields)
    return town.services.timetable.drafting(EDITOR).session(session)


def colleague_saves(town: Panel, **fields: object) -> str:
    return town.services.timetable.add(ADMIN, wanted(town, **fields))


def test_what_clashes_since_it_was_looked_at_is_told_and_not_saved(town: Panel) -> None:
    desk = town.services.timetable
    draft = drafted(town, name="Của tôi", times=(time(19),))
    found = desk.clashes(draft)
    assert found == ()
    colleague_saves(town, name="Của bạn", times=(time(18, 59, 59),))
    with pytest.raises(WrongStateError, match=r"vừa được người khác sửa nên chưa lưu.*«Của tôi» lúc 19:00.*«Của bạn»"):
        desk.save(EDITOR, draft, found)
    assert len(inputs(town).shelf.rules) == 1
    desk.save(EDITOR, draft, desk.clashes(draft))
    assert len(inputs(town).shelf.rules) == 2


def test_clashes_with_what_a_colleague_saved_since_the_timetable_was_read_are_told(town: Panel) -> None:
    desk = town.services.timetable
    session = wanted(town, name="Của tôi", times=(time(19),))
    drafting = desk.drafting(EDITOR, session.bulletin_ids)
    draft = drafting.session(session)
    assert desk.clashes(draft, drafting.inputs) == ()
    colleague_saves(town, name="Của bạn", times=(time(18, 59, 59),))
    found = desk.clashes(draft, drafting.inputs)
    assert [one.loser.title for one in found] == ["Của tôi"]
    assert found == desk.clashes(draft)


def test_what_a_colleague_changed_elsewhere_does_not_keep_an_edit_from_being_saved(town: Panel) -> None:
    desk = town.services.timetable
    draft = drafted(town, times=(time(19),))
    colleague_saves(town, times=(time(7),))
    desk.save(EDITOR, draft, desk.clashes(draft))
    assert len(inputs(town).shelf.rules) == 2


def test_a_policy_that_was_made_stricter_meanwhile_is_held_to(town: Panel) -> None:
    desk = town.services.timetable
    draft = drafted(town, times=(time(19),))
    with town.database.write() as connection:
        held = station.get(connection).policy
        station.set_policy(connection, replace(held, quiet=(QuietHours(time(18), time(5)),)))
    with pytest.raises(BadInputError, match="giờ yên tĩnh 18:00–05:00"):
        desk.save(EDITOR, draft)
    assert inputs(town).shelf.rules == {}


@pytest.mark.parametrize("gone", ["programme", "daypart"])
def test_what_was_removed_meanwhile_is_said_and_nothing_is_saved(town: Panel, gone: str) -> None:
    with town.database.write() as connection:
        calendar.put_daypart(connection, Daypart("sang", "Sáng", time(6), time(6)))
        items = (ProgrammeItem(kind=ItemKind.LIVE, length=timedelta(minutes=2)),)
        timetable.put_programme(connection, Programme("p", "Trực tiếp", items))
    fields = {"daypart_ids": frozenset({"sang"}), "times": ()}
    if gone == "programme":
        fields = {"programme_id": "p", "bulletin_ids": ()}
    draft = drafted(town, **fields)
    with town.database.write() as connection:
        calendar.remove_daypart(connection, "sang")
        timetable.remove_programme(connection, "p")
    with pytest.raises(WrongStateError, match="vừa bị xóa nên chưa lưu"):
        save(town, draft)
    assert inputs(town).shelf.rules == {}


def test_a_programme_that_a_colleague_schedules_stays_when_its_maker_takes_the_session_back(town: Panel) -> None:
    rule_id = add(town)
    programme_id = rule_of(town, rule_id).programme_id
    other = colleague_saves(town, programme_id=programme_id, bulletin_ids=(), times=(time(15),))
    undo(town)
    shelf = inputs(town).shelf
    assert (set(shelf.rules), set(shelf.programmes)) == ({other}, {programme_id})


def test_a_change_is_not_taken_back_when_what_it_would_bring_back_is_gone(town: Panel) -> None:
    """A rule went over to a new programme; the old one, used no longer, was removed."""
    first, second = add(town), add(town, name="Buổi khác", times=(time(15),))
    shared = rule_of(town, second).programme_id
    old = rule_of(town, first).programme_id
    number = save(town, edited(town, first, programme_id=shared, bulletin_ids=()))
    with town.database.write() as connection:
        timetable.remove_programme(connection, old)
    assert town.services.timetable.undoable(EDITOR) is None
    with pytest.raises(WrongStateError, match="được sửa tiếp"):
        town.services.timetable.undo(EDITOR, number)
    assert rule_of(town, first).programme_id == shared


def test_undo_stays_when_a_colleague_saves_something_else(town: Panel) -> None:
    rule_id = add(town, times=(time(12),))
    town.services.timetable.stop(EDITOR, rule_id)
    other = colleague_saves(town, times=(time(15),))
    offered = town.services.timetable.undoable(EDITOR)
    assert offered is not None
    assert (offered.action, offered.subject_id) == ("dừng", rule_id)
    town.services.timetable.undo(EDITOR, offered.number)
    assert rule_of(town, rule_id).enabled
    assert other in inputs(town).shelf.rules
