"""What the worker tells a person hours before the air, and after it when nobody reported."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.checks import Check, Finding, Tone
from domain.machines import Heartbeat, Lack, Machine, Shortfall
from domain.timetable import LatePolicy, PlannedItem, Priority, Slot
from scheduler.readiness import AHEAD, MOST_FINDINGS, Given, look_ahead, look_back
from scheduler.reconcile import day_report

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BEAT = Heartbeat(NOW, 7, 4, 4, "ALSA", True, 3, 10**9, "0.1.0")
MACHINE = Machine("m1", "Máy bản San Thàng", "to-1", "k", NOW - 30 * HOUR, heartbeat=BEAT)
OTHER = replace(MACHINE, id="m2", name="Máy tổ 2")
LOST = replace(MACHINE, heartbeat=replace(BEAT, at=NOW - HOUR))
NEWS, REFUSED = PlannedItem("Tin", "a" * 64, MINUTE), PlannedItem("Họp", None, MINUTE, refusal="chưa được duyệt")
SLOT = Slot("sang@1", "m1", NOW + HOUR, "Buổi sáng", Priority.NORMAL, LatePolicy.CATCH_UP, 5 * MINUTE, (NEWS,))
GIVEN = {"m1": Given({"sang@1": 7}, NOW - HOUR)}


def ahead(*slots: Slot, machine: Machine = MACHINE, given: dict[str, Given] | None = None) -> tuple[Finding, ...]:
    return look_ahead(slots, (machine, OTHER), GIVEN if given is None else given, NOW)


def back(*slots: Slot, machine: Machine = MACHINE, now: datetime = NOW) -> tuple[Finding, ...]:
    return look_back(day_report(slots, (), now), (machine,), now)


def test_a_session_that_is_ready_is_no_matter() -> None:
    assert ahead(SLOT) == ()


def test_a_refused_session_is_told_once_for_all_its_machines() -> None:
    silent = replace(SLOT, refusal="chạm giờ yên tĩnh.")
    (found,) = ahead(silent, replace(silent, machine_id="m2"))
    assert (found.check, found.tone, found.at) == (Check.READINESS, Tone.BAD, SLOT.starts_at)
    assert found.title == "Sẽ không phát buổi 10:30 ngày 23/11: Buổi sáng"
    assert found.detail == "Máy bản San Thàng, Máy tổ 2: chạm giờ yên tĩnh."


def test_sessions_of_one_programme_that_are_refused_for_one_reason_are_told_together() -> None:
    silent = replace(SLOT, refusal="x")
    later = replace(silent, key="sang@2", starts_at=SLOT.starts_at + 3 * HOUR)
    (found,) = ahead(later, silent)
    assert (found.title, found.at) == ("Sẽ không phát 2 buổi, gần nhất 10:30 ngày 23/11: Buổi sáng", SLOT.starts_at)
    assert len(ahead(silent, replace(later, refusal="y"))) == 2


def test_a_session_of_which_one_item_is_refused_is_told_as_incomplete() -> None:
    (found,) = ahead(replace(SLOT, items=(NEWS, REFUSED)))
    assert (found.tone, found.title) == (Tone.WARN, "Sẽ phát không đủ buổi 10:30 ngày 23/11: Buổi sáng")
    assert "«Họp» chưa được duyệt" in found.detail
    assert ahead(replace(SLOT, items=(REFUSED,)))[0].tone is Tone.BAD


def test_only_the_next_day_is_looked_at_and_only_machines_in_use() -> None:
    refused = replace(SLOT, refusal="x")
    assert ahead(replace(refused, starts_at=NOW + AHEAD + MINUTE)) == ()
    assert ahead(replace(refused, starts_at=NOW)) == ()
    assert ahead(replace(refused, starts_at=NOW + AHEAD)) != ()
    assert ahead(refused, machine=replace(MACHINE, revoked_at=NOW)) == ()


def test_a_machine_in_contact_that_does_not_fetch_the_list_is_told() -> None:
    newer = {"m1": Given({"sang@1": 8}, NOW - HOUR)}
    (found,) = ahead(SLOT, given=newer)
    assert (found.check, found.tone) == (Check.CONTACT, Tone.BAD)
    assert found.title == "Máy bản San Thàng chưa nhận lịch của buổi 10:30 ngày 23/11 «Buổi sáng»"
    assert "không lấy danh sách phát" in found.detail


def test_a_list_that_was_just_published_is_given_its_time() -> None:
    assert ahead(SLOT, given={"m1": Given({"sang@1": 8}, NOW - MINUTE)}) == ()


def test_a_newer_list_that_tells_the_session_as_the_old_one_did_is_no_matter() -> None:
    assert ahead(SLOT, given={"m1": Given({"sang@1": 5}, NOW - HOUR)}) == ()


def test_a_lost_machine_that_holds_its_list_is_told_as_one_that_plays_on() -> None:
    later = replace(SLOT, key="trua@2", starts_at=NOW + 2 * HOUR)
    given = {"m1": Given({"sang@1": 7, "trua@2": 7}, NOW)}
    (found,) = ahead(later, SLOT, machine=LOST, given=given)
    assert (found.tone, found.machine_id) == (Tone.BAD, "m1")
    assert "mất kết nối, còn 2 buổi trong 24 giờ tới, gần nhất 10:30" in found.title
    assert "tự phát được" in found.detail


def test_a_lost_machine_is_told_at_once_of_what_it_never_fetched() -> None:
    (found,) = ahead(SLOT, machine=LOST, given={"m1": Given({"sang@1": 8}, NOW)})
    assert found.tone is Tone.BAD
    assert "từ 08:30 ngày 23/11" in found.detail


def test_a_machine_that_never_came_is_told_with_its_first_session() -> None:
    (found,) = ahead(SLOT, machine=replace(MACHINE, heartbeat=None), given={})
    assert found.tone is Tone.BAD
    assert "chưa kết nối lần nào" in found.detail


def test_silence_about_a_session_is_told_once_its_grace_and_the_delay_are_over() -> None:
    slot = replace(SLOT, starts_at=NOW - 9 * MINUTE, items=(NEWS, NEWS))
    settled = slot.ends_at + slot.grace + 2 * MINUTE
    assert back(slot, now=settled - MINUTE * 1.5) == ()
    (found,) = back(slot, now=settled)
    assert (found.check, found.tone, found.at) == (Check.UNREPORTED, Tone.WARN, slot.starts_at)
    assert found.title == "Máy bản San Thàng chưa báo cáo buổi 09:21 ngày 23/11: Buổi sáng"
    assert "không báo" in found.detail
    assert "khi có mạng lại" in back(slot, machine=LOST, now=settled)[0].detail


def test_the_silence_of_a_machine_is_told_once_with_the_latest_session() -> None:
    first = replace(SLOT, key="dem@1", starts_at=NOW - 9 * HOUR, title="Buổi đêm")
    (found,) = back(replace(SLOT, starts_at=NOW - 2 * HOUR), first)
    assert found.title == "Máy bản San Thàng chưa báo cáo 2 buổi, gần nhất 07:30 ngày 23/11: Buổi sáng"


def test_what_was_refused_is_not_awaited() -> None:
    assert back(replace(SLOT, starts_at=NOW - 10 * HOUR, refusal="chạm giờ yên tĩnh")) == ()


def test_the_same_finding_has_the_same_key_at_the_next_look() -> None:
    refused = replace(SLOT, refusal="x")
    again = look_ahead([refused], [MACHINE], GIVEN, NOW + 10 * MINUTE)
    assert [one.key for one in ahead(refused)] == [one.key for one in again]


def test_a_flood_of_findings_is_bounded() -> None:
    many = [replace(SLOT, key=f"s@{n}", refusal=f"lý do {n}") for n in range(MOST_FINDINGS + 50)]
    assert len(ahead(*many)) == MOST_FINDINGS


def short(lack: Lack, *slots: Slot, clips: int = 0) -> Machine:
    told = tuple(Shortfall(one.key, one.starts_at, lack, clips) for one in slots)
    return replace(MACHINE, heartbeat=replace(BEAT, shortfalls=told))


LATER = replace(SLOT, key="chieu@1", starts_at=NOW + 8 * HOUR, title="Buổi chiều")
HELD = {"m1": Given({"sang@1": 7, "chieu@1": 7}, NOW - HOUR)}


def test_a_machine_that_lacks_a_clip_is_told_hours_before_the_air() -> None:
    (found,) = ahead(LATER, machine=short(Lack.CLIP, LATER, clips=2), given=HELD)
    assert (found.check, found.tone, found.machine_id) == (Check.NOT_READY, Tone.WARN, "m1")
    assert found.title == "Máy bản San Thàng chưa sẵn sàng cho buổi 17:30 ngày 23/11 «Buổi chiều»"
    assert found.detail.startswith("Thiếu tệp âm thanh (2 tệp của buổi gần nhất). Máy vẫn đang tải")


def test_what_is_near_is_worse_and_each_reason_is_told_once() -> None:
    near = replace(SLOT, starts_at=NOW + 20 * MINUTE)
    for lack in Lack:
        (found,) = ahead(LATER, near, machine=short(lack, LATER, near), given=HELD)
        assert found.tone is Tone.BAD
        assert "2 buổi" in found.title
        assert found.at == near.starts_at


def test_a_machine_is_given_time_to_fetch_clips_but_not_to_mend_its_disk() -> None:
    just = {"m1": Given({"chieu@1": 7}, NOW - 5 * MINUTE)}
    assert ahead(LATER, machine=short(Lack.CLIP, LATER), given=just) == ()
    assert ahead(LATER, machine=short(Lack.DISK, LATER), given=just) != ()


def test_what_a_machine_says_of_sessions_that_are_no_longer_planned_or_while_it_is_lost_is_not_told() -> None:
    assert ahead(SLOT, machine=short(Lack.CLIP, LATER), given=HELD) == ()
    assert ahead(replace(LATER, refusal="x"), machine=short(Lack.DISK, LATER), given=HELD)[0].check is Check.READINESS
    lost = replace(short(Lack.DISK, LATER), heartbeat=replace(short(Lack.DISK, LATER).heartbeat, at=NOW - HOUR))  # type: ignore[type-var]
    assert Check.NOT_READY not in {one.check for one in ahead(LATER, machine=lost, given=HELD)}
