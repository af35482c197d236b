"""Why something sounds or does not: each reason in turn, from the code that plans."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy, VolumeBand
from domain.bulletins import BulletinState
from domain.calendar import Calendar, Daypart, DayType, LunarDay, NthWeekday, SpecialDay
from domain.timetable import ExceptionKind, Priority, Rule, RuleException
from scheduler.day_reasons import DayReason, asks_for, day_reasons
from scheduler.why import Explanation, Place, Verdict, explain
from tests.fakes_plan import MONDAY_NOON, ZONE, bulletin, inputs, programme, rule

HERE = Place("m1", "cum-1", "Máy chợ")
TUESDAY = date(2026, 11, 24)
TET = Calendar(special=(SpecialDay("t", "Tết Đinh Mùi", DayType.TET, date(2027, 2, 5), date(2027, 2, 11)),))
MINUTES = {"a": 10.0, "b": 8.0, "c": 3.0}


def at(clock: str, day: date = TUESDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZONE)


def ask(clock: str, *rules: Rule, day: date = TUESDAY, **more) -> Explanation:
    programmes = more.pop("programmes", ()) or (programme("sang", "a", "c"), programme("tin", "c"))
    town = inputs(rules, programmes, more.pop("minutes", MINUTES), **more)
    return explain(town, HERE, at(clock, day), MONDAY_NOON)


def only(found: Explanation, rule_id: str):
    (reason,) = [one for one in found.reasons if one.rule_id == rule_id]
    return reason


def test_the_item_that_sounds_is_named_with_the_time_into_it() -> None:
    found = ask("05:42", rule("sang", "05:30"))
    assert found.sounding is not None
    assert found.sounding.item is not None
    assert found.sounding.item.title == "Bản tin c"
    assert found.sounding.offset == timedelta(minutes=2)
    assert found.summary == (
        "Lúc 05:42 ngày 24/11/2026, Máy chợ phát «Bản tin c» trong «Chương trình sang» (bắt đầu 05:30)."
    )


def test_silence_names_the_session_before_and_the_one_after() -> None:
    found = ask("12:00", rule("sang", "05:30"), rule("tin", "17:00"))
    assert found.sounding is None
    assert "không có buổi nào được xếp vào lúc này" in found.summary
    assert found.before is not None
    assert found.before.rule_id == "sang"
    assert found.after is not None
    assert found.after.rule_id == "tin"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"weekdays": frozenset({1, 4})}, "chỉ phát thứ hai và thứ năm; hôm đó là thứ ba 24/11/2026"),
        ({"weekdays": frozenset({2}), "week_interval": 2, "valid_from": date(2026, 11, 16)}, "2 tuần một lần"),
        ({"valid_from": date(2026, 12, 1)}, "chỉ có hiệu lực từ ngày 01/12/2026"),
        ({"valid_until": date(2026, 11, 20)}, "chỉ có hiệu lực đến hết ngày 20/11/2026"),
        ({"except_dates": frozenset({TUESDAY})}, "ngày 24/11/2026 được bỏ ra"),
        ({"weekdays": frozenset(), "month_days": frozenset({-1})}, "ngày cuối hằng tháng"),
        ({"weekdays": frozenset(), "nth_weekdays": frozenset({NthWeekday(1, 2)})}, "thứ ba đầu tiên của tháng"),
        (
            {"weekdays": frozenset(), "lunar_days": frozenset({LunarDay(15)})},
            "rằm hằng tháng âm lịch; hôm đó là thứ ba 24/11/2026, tức 16/10 âm lịch",
        ),
        ({"weekdays": frozenset(), "dates": frozenset({date(2026, 12, 1)})}, "chỉ phát ngày 01/12/2026"),
        ({"day_types": frozenset({DayType.WEEKEND})}, "hôm đó là ngày thường, dòng lịch chỉ phát vào cuối tuần"),
    ],
)
def test_each_part_of_a_rule_that_keeps_it_from_a_day_is_named(changed: dict[str, object], words: str) -> None:
    reason = only(ask("05:30", rule("tin", "05:30", **changed)), "tin")
    assert reason.verdict is Verdict.DAY
    assert words in reason.words


def test_a_special_day_is_named() -> None:
    workdays = rule("tin", "05:30", day_types=frozenset({DayType.ORDINARY}))
    found = ask("05:30", workdays, day=date(2027, 2, 8), calendar=TET)
    assert found.special is not None
    assert "hôm đó là Tết (Tết Đinh Mùi)" in only(found, "tin").words
    assert found.summary.startswith(
        "Lúc 05:30 ngày 08/02/2027, Máy chợ không phát gì: «Chương trình tin» hôm đó là Tết"
    )


@pytest.mark.parametrize(
    ("exception", "verdict", "words"),
    [
        (RuleException(ExceptionKind.SKIP, TUESDAY, note="mất điện"), Verdict.SKIPPED, "bỏ buổi này (mất điện)"),
        (
            RuleException(ExceptionKind.MOVE, TUESDAY, to_day=date(2026, 11, 26), to_time=time(6)),
            Verdict.MOVED,
            "dời sang 06:00 ngày 26/11/2026",
        ),
    ],
)
def test_an_exception_is_named(exception: RuleException, verdict: Verdict, words: str) -> None:
    reason = only(ask("05:30", rule("tin", "05:30", exceptions=(exception,))), "tin")
    assert reason.verdict is verdict
    assert words in reason.words


def test_what_was_moved_here_says_from_when() -> None:
    moved = RuleException(ExceptionKind.MOVE, date(2026, 11, 25), to_day=TUESDAY, to_time=time(8))
    weekly = rule("tin", "05:30", weekdays=frozenset({3}), exceptions=(moved,))
    reason = only(ask("08:01", weekly), "tin")
    assert reason.verdict is Verdict.SOUNDS
    assert "dời từ 05:30 ngày 25/11/2026" in reason.words


def test_the_loser_names_its_winner() -> None:
    first = programme("sang", "a", priority=Priority.PRIORITY)
    found = ask("05:35", rule("sang", "05:30"), rule("tin", "05:35"), programmes=(first, programme("tin", "c")))
    reason = only(found, "tin")
    assert reason.verdict is Verdict.YIELDS
    assert reason.winner is not None
    assert reason.winner.rule_id == "sang"
    assert "trùng với «Chương trình sang» lúc 05:30" in reason.words


def test_the_line_of_the_policy_is_named() -> None:
    reason = only(ask("22:00", rule("tin", "22:00")), "tin")
    assert reason.verdict is Verdict.POLICY
    assert reason.words == "Buổi phát chạm giờ yên tĩnh 21:30–05:00"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": BulletinState.SUBMITTED}, "bản tin chưa được duyệt"),
        ({"valid_until": date(2026, 11, 20)}, "bản tin hết hạn từ 21/11/2026"),
        ({"clip_hash": None}, "bản tin chưa có âm thanh"),
    ],
)
def test_a_bulletin_that_cannot_sound_says_why(changed: dict[str, object], words: str) -> None:
    found = ask("05:30", rule("tin", "05:30"), minutes={"a": 10.0}, bulletins=(bulletin("c", **changed),))
    reason = only(found, "tin")
    assert reason.verdict is Verdict.CONTENT
    assert words in reason.words


def test_a_session_that_sounds_in_part_says_what_is_missing() -> None:
    found = ask("05:35", rule("sang", "05:30"), minutes={"a": 10.0}, bulletins=(bulletin("c", clip_hash=None),))
    reason = only(found, "sang")
    assert reason.verdict is Verdict.PARTLY
    assert reason.words == "phát 05:30–05:40, trừ «Bản tin c» bản tin chưa có âm thanh"


def test_stopped_rules_and_those_of_other_places_are_told() -> None:
    found = ask(
        "05:30",
        rule("tin", "05:30", enabled=False),
        rule("sang", "05:30", area="cum-2"),
        rule("khac", "05:30", except_area_ids=frozenset({"cum-1"}), plays="sang"),
    )
    assert only(found, "tin").verdict is Verdict.OFF
    assert only(found, "sang").words == "dòng lịch dành cho Cụm loa chợ"
    assert only(found, "khac").words == "dòng lịch trừ Cụm loa nhà văn hoá ra"


def test_volume_stagger_and_freeze_are_told() -> None:
    policy = AirtimePolicy(volume=(VolumeBand(time(5), time(6), -6.0),), staggers=(("cum-1", timedelta(seconds=20)),))
    town = replace(
        inputs((rule("tin", "05:30"),), (programme("tin", "c"),), MINUTES, policy), freeze=timedelta(minutes=20)
    )
    found = explain(town, HERE, at("05:31"), at("05:20"))
    assert found.gain_db == -6.0
    assert found.stagger == timedelta(seconds=20)
    words = only(found, "tin").words
    assert words.startswith("phát 05:30:20–05:33:20")
    assert "lùi 20 giây" in words
    assert "âm lượng −6 dB theo giờ" in words
    assert "thay đổi sau 05:20 chưa kịp" in words


def test_a_daypart_gives_the_hour_of_its_season() -> None:
    calendar = Calendar(dayparts={"sang": Daypart("sang", "Sáng", time(5, 30), time(6, 0))})
    reason = only(ask("06:01", rule("tin", daypart_ids=frozenset({"sang"})), calendar=calendar), "tin")
    assert reason.at == at("06:00")


DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
RULES = st.builds(
    Rule,
    id=st.just("r"),
    programme_id=st.just("p"),
    area_ids=st.just(frozenset({"xa"})),
    times=st.just((time(5, 30),)),
    weekdays=st.frozensets(st.integers(1, 7), max_size=3),
    dates=st.frozensets(DAYS, max_size=2),
    valid_from=st.none() | DAYS,
    valid_until=st.none() | DAYS,
    except_dates=st.frozensets(DAYS, max_size=2),
    week_interval=st.integers(1, 4),
    month_days=st.frozensets(st.sampled_from([1, 15, 29, 31, -1]), max_size=2),
    nth_weekdays=st.frozensets(st.builds(NthWeekday, st.sampled_from([1, 3, 5, -1]), st.integers(1, 7)), max_size=1),
    lunar_days=st.frozensets(st.builds(LunarDay, st.sampled_from([1, 15, -1])), max_size=1),
    day_types=st.frozensets(st.sampled_from(list(DayType)), max_size=6),
)


@given(RULES, DAYS)
def test_a_day_that_a_rule_does_not_ask_for_always_has_a_reason_and_one_that_it_does_has_none(
    one: Rule, day: date
) -> None:
    reasons = day_reasons(one, day, TET)
    assert bool(reasons) is not asks_for(one, day, TET)
    assert all(words for _, words in reasons)


@given(RULES, DAYS)
def test_a_rule_that_is_over_or_not_yet_valid_says_so(one: Rule, day: date) -> None:
    kinds = {reason for reason, _ in day_reasons(one, day, TET)}
    if DayReason.OVER in kinds:
        assert one.valid_until is not None
        assert one.valid_until < day
    if DayReason.NOT_YET in kinds:
        assert one.valid_from is not None
        assert day < one.valid_from
