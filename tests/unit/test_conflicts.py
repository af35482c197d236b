"""The conflict check: what an edit silences, once a pattern, with its reason and its ways out."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from domain.airtime import AirtimePolicy, ExclusionWindow
from domain.errors import BadInputError
from domain.timetable import Priority
from scheduler.conflicts import ConflictKind, Edit, OfferKind, Outlook, conflicts
from scheduler.fleet import plan_ahead
from scheduler.spans import in_words
from tests.fakes_plan import EVERY_WEEKDAY, MACHINES, MONDAY_NOON, ZONE, bulletin, inputs, programme, rule

MINUTES = {"a": 10.0, "b": 8.0, "c": 3.0}
PLAIN = inputs(
    rules=(rule("sang", "05:30"), rule("chieu", "17:00")),
    programmes=(programme("sang", "a"), programme("chieu", "b")),
    minutes=MINUTES,
)


def check(edit: Edit, given=PLAIN, days: int = 365):
    return conflicts(given, MACHINES, edit, MONDAY_NOON, Outlook(days))


def adding(*rules, programmes=(), removed=frozenset()) -> Edit:
    return Edit(tuple(rules), tuple(programmes), removed)


NEWS = programme("tin", "c")


def test_an_edit_that_clashes_with_nothing_has_no_conflicts() -> None:
    assert check(adding(rule("tin", "06:00"), programmes=[NEWS])) == ()


def test_a_weekly_clash_is_one_conflict_with_its_days_in_words() -> None:
    (found,) = check(adding(rule("tin", "05:35", weekdays=frozenset({1})), programmes=[NEWS]))
    assert found.kind is ConflictKind.CLASH
    assert found.loser.rule_id == "tin"
    assert found.winner is not None
    assert found.winner.rule_id == "sang"
    assert found.machine_ids == ("m1", "m2", "m3")
    assert found.area_ids == {"cum-1", "cum-2", "cum-3"}
    assert len(found.days) == 52
    assert found.sentence == (
        "«Chương trình tin» lúc 05:35 mỗi thứ hai từ ngày 30/11/2026 sẽ không phát tại Máy 1, Máy 2, Máy 3: "
        "trùng với «Chương trình sang» phát 05:30–05:40, được xếp trước."
    )


def test_what_was_silent_before_is_not_told_again() -> None:
    clashing = replace(PLAIN.shelf, rules={**PLAIN.shelf.rules, "tin": rule("tin", "05:35")})
    clashing = replace(clashing, programmes={**clashing.programmes, "tin": NEWS})
    given = replace(PLAIN, shelf=clashing)
    assert check(adding(rule("toi", "19:00", plays="tin")), given) == ()


def test_a_session_that_was_there_before_and_is_silenced_is_told() -> None:
    urgent = programme("gap", "c", priority=Priority.PRIORITY)
    (found,) = check(
        adding(rule("gap", "17:05", dates=frozenset({date(2026, 12, 1)}), weekdays=frozenset()), programmes=[urgent])
    )
    assert found.loser.rule_id == "chieu"
    assert found.days == (date(2026, 12, 1),)
    assert "có mức ưu tiên cao hơn" in found.sentence
    assert "ngày 01/12/2026" in found.sentence


def test_taking_a_session_out_can_silence_another() -> None:
    given = inputs(
        rules=(rule("x", "06:00"), rule("y", "06:05"), rule("z", "06:12")),
        programmes=(programme("x", "a", rank=0), programme("y", "a", rank=1), programme("z", "a", rank=2)),
        minutes=MINUTES,
    )
    found = check(adding(removed=frozenset({"x"})), given)
    assert [(one.loser.rule_id, one.winner and one.winner.rule_id) for one in found] == [("z", "y")]


def test_the_line_of_the_policy_is_named() -> None:
    policy = AirtimePolicy(day_limit=timedelta(minutes=20))
    given = replace(PLAIN, terms=replace(PLAIN.terms, policy=policy))
    (found,) = check(adding(rule("tin", "18:00"), programmes=[NEWS]), given)
    assert found.kind is ConflictKind.POLICY
    assert found.policy == "Trong ngày phát tổng cộng 21 phút, quá mức 20 phút mỗi ngày."
    assert found.sentence.endswith("trong ngày phát tổng cộng 21 phút, quá mức 20 phút mỗi ngày.")
    assert [one.kind for one in found.offers] == [OfferKind.SHORTEN]
    assert found.offers[0].length == timedelta(minutes=1)


def test_quiet_hours_are_a_line_of_the_policy_and_the_next_free_time_is_offered() -> None:
    (found,) = check(adding(rule("tin", "04:30", weekdays=frozenset({2})), programmes=[NEWS]))
    assert "giờ yên tĩnh 21:30–05:00" in found.policy
    move = found.offers[0]
    assert move.kind is OfferKind.MOVE
    assert move.starts_at == datetime(2026, 11, 24, 5, 0, tzinfo=ZONE)
    assert move.words == "Chuyển «Chương trình tin» sang 05:00, giờ trống gần nhất trong ngày."


def test_a_window_of_silence_is_told_only_where_it_holds() -> None:
    church = ExclusionWindow("w", "nhà thờ", frozenset({"cum-2"}), time(17, 50), time(18, 30), frozenset({7}))
    given = replace(PLAIN, terms=replace(PLAIN.terms, policy=AirtimePolicy(exclusions=(church,))))
    (found,) = check(adding(rule("tin", "18:00"), programmes=[NEWS]), given)
    assert found.machine_ids == ("m2",)
    assert {day.isoweekday() for day in found.days} == {7}
    assert found.offers[0].starts_at == datetime(2026, 11, 29, 18, 30, tzinfo=ZONE)


def test_the_next_free_time_breaks_no_policy_and_meets_nothing() -> None:
    (found,) = check(adding(rule("tin", "05:35"), programmes=[NEWS]))
    assert found.offers[0].starts_at == datetime(2026, 11, 24, 5, 40, tzinfo=ZONE)
    assert check(adding(rule("tin", "05:40"), programmes=[NEWS])) == ()


def test_of_two_priority_programmes_the_order_is_offered() -> None:
    given = inputs(
        rules=(rule("sang", "05:30"),),
        programmes=(programme("sang", "a", priority=Priority.PRIORITY, rank=4),),
        minutes=MINUTES,
    )
    late = programme("tin", "c", priority=Priority.PRIORITY, rank=7)
    (found,) = check(adding(rule("tin", "05:35"), programmes=[late]), given)
    order = next(one for one in found.offers if one.kind is OfferKind.ORDER)
    assert (order.programme_id, order.rank) == ("tin", 3)
    again = check(adding(rule("tin", "05:35"), programmes=[replace(late, rank=3)]), given)
    assert [one.loser.rule_id for one in again] == ["sang"]


def test_the_item_to_drop_is_offered() -> None:
    long = programme("tin", "c", "b")
    (found,) = check(adding(rule("tin", "16:50"), programmes=[long]))
    assert found.loser.rule_id == "chieu"
    shorten = next(one for one in found.offers if one.kind is OfferKind.SHORTEN)
    assert shorten.programme_id == "tin"
    assert shorten.length == timedelta(minutes=1)
    assert shorten.item == 0
    assert shorten.words == "Rút ngắn «Chương trình tin» ít nhất 1 phút, ví dụ bỏ «Bản tin c» (3 phút)."


def test_a_session_longer_or_shorter_than_its_place_is_told_in_minutes_and_seconds() -> None:
    booked = programme("tin", "c", booked=timedelta(minutes=2, seconds=15))
    (found,) = check(adding(rule("tin", "06:00"), programmes=[booked]))
    assert found.kind is ConflictKind.LENGTH
    assert "dài hơn chỗ đã dành 45 giây" in found.sentence
    (found,) = check(adding(rule("tin", "06:00"), programmes=[replace(booked, booked=timedelta(minutes=5))]))
    assert "ngắn hơn chỗ đã dành 2 phút" in found.sentence


def test_a_bulletin_whose_validity_ends_is_told_from_that_day() -> None:
    ending = bulletin("c", valid_until=date(2026, 12, 31))
    given = replace(PLAIN, shelf=replace(PLAIN.shelf, bulletins={**PLAIN.shelf.bulletins, "b-c": ending}))
    (found,) = check(adding(rule("tin", "06:00"), programmes=[NEWS]), given)
    assert found.kind is ConflictKind.CONTENT
    assert found.days[0] == date(2027, 1, 1)
    assert "hằng ngày từ ngày 01/01/2027 sẽ không phát" in found.sentence
    assert "bản tin hết hạn từ 01/01/2027" in found.sentence


def test_what_is_past_today_is_not_told() -> None:
    only_today = frozenset({MONDAY_NOON.date()})
    assert check(adding(rule("tin", "05:35", weekdays=frozenset(), dates=only_today), programmes=[NEWS])) == ()
    (found,) = check(adding(rule("tin", "17:05", weekdays=frozenset(), dates=only_today), programmes=[NEWS]))
    assert found.days == (MONDAY_NOON.date(),)


def test_only_the_machines_that_an_edit_reaches_are_told_of() -> None:
    (found,) = check(adding(rule("tin", "05:35", area="ban-1"), programmes=[NEWS]))
    assert found.machine_ids == ("m1", "m2")


def test_every_weekday_is_known_to_the_words() -> None:
    (found,) = check(adding(rule("tin", "05:35", weekdays=EVERY_WEEKDAY - {7}), programmes=[NEWS]))
    assert "các ngày thứ hai đến thứ bảy từ ngày 24/11/2026" in found.sentence


def test_days_are_said_as_people_say_them() -> None:
    first = date(2026, 11, 23)
    far = date(2027, 11, 22)
    weekly = [first + timedelta(days=7 * number) for number in range(10)]
    assert in_words(weekly, far) == "mỗi thứ hai từ ngày 23/11/2026 đến ngày 25/01/2027"
    assert in_words(weekly, date(2027, 1, 31)) == "mỗi thứ hai từ ngày 23/11/2026"
    assert in_words(weekly[:4] + weekly[5:], far) == "mỗi thứ hai từ ngày 23/11/2026 đến ngày 25/01/2027 (trừ 1 ngày)"
    assert in_words([first, date(2027, 3, 3)], far) == "ngày 23/11/2026, 03/03/2027"
    assert in_words([first + timedelta(days=40 * number) for number in range(5)], far).startswith("5 ngày từ ngày")


def test_a_year_out_of_reach_is_refused() -> None:
    with pytest.raises(BadInputError):
        conflicts(PLAIN, MACHINES, adding(rule("tin", "06:00"), programmes=[NEWS]), MONDAY_NOON, Outlook(500))
    with pytest.raises(BadInputError):
        conflicts(PLAIN, MACHINES, Edit(), datetime(9998, 1, 1, tzinfo=ZONE))


def test_a_rule_of_hostile_size_is_refused() -> None:
    every_second = tuple(f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(0, 86_400, 20))
    with pytest.raises(BadInputError, match="hơn 1"):
        check(adding(rule("tin", *every_second), programmes=[NEWS]))


def test_an_edit_of_nothing_finds_nothing() -> None:
    assert check(Edit()) == ()
    assert check(adding(removed=frozenset({"khong-co"}))) == ()


FULL = AirtimePolicy(sessions_per_day=3)


def test_a_session_that_was_never_asked_for_in_time_does_not_count_as_having_sounded() -> None:
    """At noon a rule is saved for 05:30, 06:00 and 07:00 too: today it will only sound from now on."""
    given = inputs((rule("sang", "05:30", "06:00", "07:00"),), (programme("sang", "a"),), MINUTES, FULL)
    edit = adding(rule("tin", "19:00", weekdays=frozenset(), dates=frozenset({MONDAY_NOON.date()})), programmes=[NEWS])
    assert check(edit, given) == ()
    midnight = MONDAY_NOON - timedelta(hours=12)
    begun = plan_ahead(given, MACHINES[:1], (midnight, MONDAY_NOON), midnight, {})["m1"]
    assert conflicts(given, MACHINES, edit, MONDAY_NOON, Outlook(begun=begun[:2])) == ()
    (found,) = conflicts(given, MACHINES, edit, MONDAY_NOON, Outlook(begun=begun))
    assert (found.kind, found.machine_ids) == (ConflictKind.POLICY, ("m1",))
    assert "quá mức 3" in found.sentence


def test_what_still_sounds_as_it_was_kept_is_met_by_its_own_name() -> None:
    now = MONDAY_NOON.replace(hour=17, minute=1)
    before = now - timedelta(minutes=2)
    (slot,) = plan_ahead(PLAIN, MACHINES[1:2], (before, now), before, {})["m2"]
    edit = adding(rule("tin", "17:05", weekdays=frozenset(), dates=frozenset({now.date()})), programmes=[NEWS])
    stopped = replace(PLAIN, shelf=replace(PLAIN.shelf, rules={}))
    assert conflicts(stopped, MACHINES, edit, now) == ()
    begun = (slot,)
    (found,) = conflicts(stopped, MACHINES, edit, now, Outlook(begun=begun))
    assert (found.kind, found.winner, found.machine_ids) == (ConflictKind.CLASH, begun[0], ("m2",))


def test_a_place_without_a_machine_is_checked_as_if_one_stood_there() -> None:
    edit = adding(rule("tin", "17:00:30", area="cum-1"), programmes=[NEWS])
    for machines in ((), MACHINES[1:]):
        (found,) = conflicts(PLAIN, machines, edit, MONDAY_NOON)
        assert found.kind is ConflictKind.CLASH
        assert (found.machine_ids, found.area_ids) == ((), {"cum-1"})
        assert "tại Cụm loa nhà văn hoá (chưa có máy phát): trùng với" in found.sentence
    (everywhere,) = conflicts(PLAIN, (), adding(rule("tin", "17:00:30"), programmes=[NEWS]), MONDAY_NOON)
    assert everywhere.area_ids == {"cum-1", "cum-2", "cum-3"}


def test_a_rule_that_machines_hear_is_not_held_up_by_a_place_without_one() -> None:
    given = inputs((rule("chieu", "17:00", area="cum-3"),), (programme("chieu", "b"),), MINUTES)
    assert conflicts(given, MACHINES[:1], adding(rule("tin", "17:00:30"), programmes=[NEWS]), MONDAY_NOON) == ()
