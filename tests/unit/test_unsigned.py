"""Orders that could not be signed, in words."""

from datetime import UTC, datetime

from domain.checks import Check, Tone
from scheduler.unsigned import unsigned

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
NAMES = {str(number): f"Máy {number}" for number in range(6)}


def test_machines_with_one_reason_are_told_together_and_only_some_by_name() -> None:
    (told,) = unsigned(dict.fromkeys(NAMES, "Có quá nhiều lệnh."), NAMES, NOW)
    assert told.title == (
        "Lệnh khẩn mới chưa gửi được tới Máy 0, Máy 1, Máy 2 và 3 máy khác: máy chủ không ký được lệnh"
    )
    assert told.detail.startswith("Có quá nhiều lệnh. ")
    assert (told.check, told.tone, told.machine_id) == (Check.UNSIGNED, Tone.BAD, "")


def test_each_reason_is_told_by_itself_and_under_the_same_name_the_next_time() -> None:
    why = {"0": "Có quá nhiều lệnh.", "1": "Tên có chữ lạ."}
    first, second = unsigned(why, NAMES, NOW)
    assert (first.machine_id, second.machine_id) == ("0", "1")
    assert [one.key for one in unsigned(why, NAMES, NOW)] == [first.key, second.key]
    assert first.key != second.key


def test_nothing_refused_is_nothing_told() -> None:
    assert unsigned({}, NAMES, NOW) == ()
