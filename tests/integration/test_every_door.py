"""What brings sessions back is looked at as what adds them: resuming, undoing, putting back, skipping."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from html import unescape
from pathlib import Path

import pytest

from domain.airtime import QuietHours
from domain.errors import BadInputError, WrongStateError
from domain.timetable import ExceptionKind, Priority, Rule
from scheduler.desk import NewSession
from scheduler.editing import Target
from scheduler.sessions import ZONE
from store import station
from tests.fakes_web import ADMIN, EDITOR, Panel, machine, panel

TEN = datetime(2026, 11, 23, 10, tzinfo=ZONE)
DAILY = frozenset(range(1, 8))
PAIR = "«{}» lúc {} {} sẽ không phát tại Máy bản: trùng với «{}»"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    with panel(tmp_path) as one:
        machine(one, "Máy bản", "san-thang", b"9" * 32)
        yield one


def add(town: Panel, name: str, moment: time = time(10), **fields: object) -> str:
    given = {"weekdays": DAILY, "area_ids": frozenset({"san-thang"}), **fields}
    return town.services.timetable.add(
        EDITOR, NewSession(name=name, bulletin_ids=(town.produced(f"Tin {name}"),), times=(moment,), **given)
    )


def rules(town: Panel) -> dict[str, Rule]:
    return town.services.timetable.inputs().shelf.rules


def key_of(rule_id: str, at: datetime = TEN) -> str:
    return f"{rule_id}@{round(at.timestamp() * 1000)}"


def sent(town: Panel, path: str, status: int, **fields: str) -> str:
    answer = town.post(EDITOR, path, **fields)
    text = unescape(answer.get_data(as_text=True))
    assert answer.status_code == status, text
    return text


def offer_in(text: str) -> str:
    found = re.search(r'name="offer" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def make_quiet(town: Panel, start: time, end: time) -> None:
    with town.database.write() as connection:
        policy = station.get(connection).policy
        station.set_policy(connection, replace(policy, quiet=(*policy.quiet, QuietHours(start, end))))


@pytest.fixture
def stopped(town: Panel) -> str:
    """A rule that is switched off, at whose time another session sounds now."""
    rule_id = add(town, "Cũ")
    town.services.timetable.stop(EDITOR, rule_id)
    add(town, "Mới")
    return rule_id


def test_a_rule_is_not_resumed_over_another_session_without_a_word(town: Panel, stopped: str) -> None:
    text = sent(town, f"/lich/{stopped}/phat-lai", 409)
    assert "trùng với" in text
    assert "«Cũ»" in text
    assert "«Mới»" in text
    assert "Vẫn lưu" not in text
    assert not rules(town)[stopped].enabled
    with pytest.raises(WrongStateError, match="làm buổi khác không phát"):
        town.services.timetable.resume(EDITOR, stopped)
    assert not rules(town)[stopped].enabled


def test_a_resumed_rule_goes_out_of_the_way_by_an_offer_in_one_change(town: Panel, stopped: str) -> None:
    before = rules(town)
    path = f"/lich/{stopped}/phat-lai"
    sent(town, path, 303, offer=offer_in(sent(town, path, 409)))
    after = rules(town)
    assert after[stopped].enabled
    assert sorted(one.times for one in after.values()) == [(time(10),), (time(10, 5),)]
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    assert change.action == "phát trở lại"
    assert "đồng thời dời mọi lần" in change.words
    town.services.timetable.undo(EDITOR, change.number)
    assert rules(town) == before


def test_a_resumed_rule_that_only_lower_ones_give_way_to_is_saved_at_the_second_press(town: Panel) -> None:
    rule_id = add(town, "Ưu tiên", priority=Priority.PRIORITY)
    town.services.timetable.stop(EDITOR, rule_id)
    add(town, "Thường")
    path = f"/lich/{rule_id}/phat-lai"
    text = sent(town, path, 409)
    assert PAIR.format("Thường", "10:00", "hằng ngày từ ngày 23/11/2026", "Ưu tiên") in text
    assert not rules(town)[rule_id].enabled
    seal = re.search(r'name="anyway" value="(\w+)"', text)
    assert seal is not None
    sent(town, path, 409, anyway="0" * 32)
    sent(town, path, 303, anyway=seal[1])
    assert rules(town)[rule_id].enabled


def test_a_resumed_rule_is_held_to_the_policy_of_today(town: Panel) -> None:
    rule_id = add(town, "Cũ")
    town.services.timetable.stop(EDITOR, rule_id)
    make_quiet(town, time(9, 50), time(10, 30))
    text = sent(town, f"/lich/{rule_id}/phat-lai", 422)
    assert "giờ yên tĩnh 09:50–10:30" in text
    assert f'href="/lich/{rule_id}/sua"' in text
    assert not rules(town)[rule_id].enabled
    with pytest.raises(BadInputError, match="giờ yên tĩnh 09:50–10:30"):
        town.services.timetable.resume(EDITOR, rule_id)


@pytest.mark.parametrize("away", ["skip", "move"])
def test_a_sounding_is_not_put_back_over_what_took_its_hour(town: Panel, away: str) -> None:
    first, second = add(town, "Một"), add(town, "Hai", time(15))
    desk = town.services.timetable
    drafting = desk.drafting(EDITOR)
    target = Target(TEN.date(), time(16))
    desk.save(
        EDITOR, drafting.skip(key_of(first)) if away == "skip" else drafting.move(key_of(first), target, always=False)
    )
    at_three = TEN.replace(hour=15)
    desk.save(EDITOR, desk.drafting(EDITOR).move(key_of(second, at_three), Target(TEN.date(), time(10)), always=False))
    path = f"/lich/buoi/{key_of(first)}/khoi-phuc"
    text = sent(town, path, 409)
    assert "trùng với" in text
    assert len(rules(town)[first].exceptions) == 1
    sent(town, path, 303, offer=offer_in(text))
    kept = [one for held in (first, second) for one in rules(town)[held].exceptions]
    assert ExceptionKind.SKIP not in {one.kind for one in kept}
    assert {one.to_time for one in kept} & {time(10, 5)}


def test_a_sounding_is_put_back_only_within_the_policy_of_today(town: Panel) -> None:
    rule_id = add(town, "Một")
    town.services.timetable.save(EDITOR, town.services.timetable.drafting(EDITOR).skip(key_of(rule_id)))
    make_quiet(town, time(9, 50), time(10, 30))
    assert "giờ yên tĩnh 09:50–10:30" in sent(town, f"/lich/buoi/{key_of(rule_id)}/khoi-phuc", 422)
    assert len(rules(town)[rule_id].exceptions) == 1


@pytest.mark.parametrize(("moved_to", "hours"), [(time(16), 2), (time(9, 45), 0.4)])
def test_a_sounding_is_not_put_back_into_the_past_nor_sounded_twice(town: Panel, moved_to: time, hours: float) -> None:
    rule_id = add(town, "Một")
    desk = town.services.timetable
    desk.save(EDITOR, desk.drafting(EDITOR).move(key_of(rule_id), Target(TEN.date(), moved_to), always=False))
    town.clock.go(timedelta(hours=hours))
    with pytest.raises(BadInputError, match="đã qua"):
        desk.drafting(EDITOR).restore(key_of(rule_id))
    assert "đã qua" in sent(town, f"/lich/buoi/{key_of(rule_id)}/khoi-phuc", 422)


def test_what_a_skipped_session_lets_sound_and_so_silences_is_told_first(town: Panel) -> None:
    add(town, "Cuối", time(10, 2))
    first = add(town, "Trước", priority=Priority.PRIORITY)
    desk = town.services.timetable
    between = NewSession("Giữa", (town.produced("Tin giữa"),), frozenset({"san-thang"}), (time(10, 1),), DAILY)
    draft = desk.drafting(EDITOR).session(between)
    desk.save(EDITOR, draft, desk.clashes(draft))
    for path in (f"/lich/buoi/{key_of(first)}/bo", f"/lich/{first}/dung"):
        text = sent(town, path, 409, note="đám tang")
        assert "«Cuối» lúc 10:02" in text
        assert "trùng với «Giữa»" in text
    assert rules(town)[first].exceptions == ()
    assert rules(town)[first].enabled
    assert 'name="note" value="đám tang"' in text


def test_an_undo_is_looked_at_when_others_have_changed_the_timetable_since(town: Panel, stopped: str) -> None:
    change = town.services.timetable.undoable(EDITOR)
    assert change is not None
    town.services.timetable.undo(EDITOR, change.number)
    desk = town.services.timetable
    desk.resume(EDITOR, stopped)
    number = desk.save(EDITOR, desk.drafting(EDITOR).switch(stopped, on=False))
    theirs = NewSession("Của bạn", (town.produced("Tin bạn"),), frozenset({"san-thang"}), (time(10),), DAILY)
    desk.add(ADMIN, theirs)
    text = sent(town, f"/lich/hoan-tac/{number}", 409)
    assert "«Của bạn»" in text
    assert "trùng với" in text
    assert 'name="offer"' not in text
    with pytest.raises(WrongStateError, match="làm buổi khác không phát"):
        desk.undo(EDITOR, number)
    assert not rules(town)[stopped].enabled


def test_an_undo_is_held_to_a_policy_that_became_stricter_meanwhile(town: Panel) -> None:
    rule_id = add(town, "Một")
    desk = town.services.timetable
    number = desk.save(EDITOR, desk.drafting(EDITOR).switch(rule_id, on=False))
    make_quiet(town, time(9, 50), time(10, 30))
    with pytest.raises(BadInputError, match="giờ yên tĩnh 09:50–10:30"):
        desk.undo(EDITOR, number)
    assert not rules(town)[rule_id].enabled


def test_an_undo_brings_back_what_was_there_a_moment_ago_without_a_question(town: Panel) -> None:
    add(town, "Thường")
    desk = town.services.timetable
    above = NewSession("Ưu tiên", (town.produced("Tin ưu"),), frozenset({"san-thang"}), (time(10),), DAILY)
    draft = desk.drafting(EDITOR).session(replace(above, priority=Priority.PRIORITY))
    desk.save(EDITOR, draft, desk.clashes(draft))
    number = desk.save(EDITOR, desk.drafting(EDITOR).switch(draft.subject_id, on=False))
    assert desk.undoing(EDITOR, number) is None
    sent(town, f"/lich/hoan-tac/{number}", 303)
    assert rules(town)[draft.subject_id].enabled


def test_a_new_order_of_priorities_is_saved_and_tells_what_gives_way(town: Panel) -> None:
    desk = town.services.timetable
    for name in ("Một", "Hai"):
        wanted = NewSession(name, (town.produced(name),), frozenset({"san-thang"}), (time(10),), DAILY)
        draft = desk.drafting(EDITOR).session(replace(wanted, priority=Priority.PRIORITY))
        desk.save(EDITOR, draft, desk.clashes(draft))
    assert "còn ngang bậc" in ranking(town)
    slots = desk.will_sound("san-thang", TEN, TEN + timedelta(hours=1))
    loser = next(slot for slot in slots if slot.refusal)
    above = shown_order(town)[0] == loser.title
    sent(town, "/lich/uu-tien", 303, programme=loser.programme_id, step="giu" if above else "len")
    text = ranking(town)
    assert shown_order(town)[0] == loser.title
    assert f"trùng với «{loser.title}»" in text
    assert "còn ngang bậc" not in text
    slots = desk.will_sound("san-thang", TEN, TEN + timedelta(hours=1))
    assert next(slot for slot in slots if slot.refusal).title != loser.title


def ranking(town: Panel) -> str:
    return unescape(town.browser(EDITOR).get("/lich/uu-tien").get_data(as_text=True))


def shown_order(town: Panel) -> list[str]:
    return re.findall(r'ranking-name">([^<]+)<', ranking(town))
