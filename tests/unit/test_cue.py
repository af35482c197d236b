"""What the machine decides at an instant, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.machines import AiringOutcome
from domain.playlist import Playlist, PlaylistItem, PlaylistSlot
from domain.timetable import LatePolicy, Priority
from player import orders
from player.cue import cue
from player.orders import Close, Cut, Known, Miss, Start, airing_key
from player.session import LEAD
from tests.fakes_player import NIGHT, Sound, item, playlist, slot, sound

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)  # 12:00 in Vietnam
SHORT, LONG = sound(0.1, seed=2), sound(0.1, seed=3)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def long_item(length: float = 120.0, offset: float = 0.0, clip: Sound = LONG, refusal: str = "") -> PlaylistItem:
    return replace(item(clip, offset, refusal=refusal), length=seconds(length))


def plan(*slots: PlaylistSlot, **changes: object) -> Playlist:
    return playlist(slots, [SHORT, LONG], NOON - seconds(3600), **changes)


def playing(made: Playlist, index: int = 0, position: int = 0, **changes: object) -> dict[str, Known]:
    chosen = made.slots[index]
    usual: dict[str, object] = {
        "outcome": AiringOutcome.PLAYING,
        "clip_hash": chosen.items[position].clip_hash,
        "base": chosen.starts_at,
        "seen_at": chosen.starts_at,
        "started": True,
        "live": True,
    }
    return {airing_key(made, chosen, position): Known(**{**usual, **changes})}  # type: ignore[arg-type]


def test_nothing_is_done_before_the_lead() -> None:
    made = plan(slot("a", NOON, long_item()))
    decided = cue(made, NOON - LEAD - seconds(1), {})
    assert decided.actions == ()
    assert decided.next_at == NOON - LEAD


def test_a_clip_is_prepared_half_a_minute_ahead() -> None:
    made = plan(slot("a", NOON, long_item()))
    assert cue(made, NOON - seconds(40), {}).prepare == ()
    assert cue(made, NOON - seconds(29), {}).prepare == (LONG.hash,)


def test_a_start_is_armed_for_its_exact_instant() -> None:
    made = plan(slot("a", NOON, long_item()))
    assert cue(made, NOON - LEAD, {}).actions == (Start(made.slots[0], 0, NOON, NOON),)


def test_what_is_live_is_not_started_again() -> None:
    made = plan(slot("a", NOON, long_item()))
    assert cue(made, NOON + seconds(5), playing(made)).actions == ()


@pytest.mark.parametrize("outcome", [AiringOutcome.PLAYED, AiringOutcome.CUT, AiringOutcome.MISSED])
def test_a_clock_set_back_never_replays_what_is_done(outcome: AiringOutcome) -> None:
    made = plan(slot("a", NOON, long_item()))
    assert cue(made, NOON, playing(made, outcome=outcome, live=False)).actions == ()


def test_the_second_item_is_armed_while_the_first_still_sounds() -> None:
    made = plan(slot("a", NOON, long_item(), long_item(60, offset=120, clip=SHORT)))
    [start] = cue(made, NOON + seconds(119), playing(made)).actions
    assert start == Start(made.slots[0], 1, NOON + seconds(120), NOON)


def test_items_of_a_late_session_keep_their_distance() -> None:
    made = plan(slot("a", NOON, long_item(), long_item(60, offset=120, clip=SHORT)))
    known = playing(made, base=NOON + seconds(30))
    assert cue(made, NOON + seconds(120), known).actions == ()
    [start] = cue(made, NOON + seconds(149), known).actions
    assert isinstance(start, Start)
    assert start.at == NOON + seconds(150)


def test_catching_up_starts_from_the_beginning_within_the_grace() -> None:
    made = plan(slot("a", NOON, long_item()))
    [start] = cue(made, NOON + seconds(200), {}).actions
    assert start == Start(made.slots[0], 0, NOON + seconds(200), NOON + seconds(200))


def test_beyond_the_grace_the_whole_session_is_missed() -> None:
    made = plan(slot("a", NOON, long_item(), long_item(60, offset=120)))
    actions = cue(made, NOON + seconds(301), {}).actions
    assert actions == tuple(Miss(made.slots[0], position, orders.TOO_LATE) for position in (0, 1))


def test_joining_starts_where_the_clock_says() -> None:
    made = plan(slot("a", NOON, long_item(), late_policy=LatePolicy.JOIN))
    [start] = cue(made, NOON + seconds(90), {}).actions
    assert start == Start(made.slots[0], 0, NOON + seconds(90), NOON, skip=seconds(90), follow=True)


def test_joining_passes_over_items_whose_time_is_gone() -> None:
    made = plan(slot("a", NOON, long_item(), long_item(60, offset=120), late_policy=LatePolicy.JOIN))
    missed, start = cue(made, NOON + seconds(130), {}).actions
    assert missed == Miss(made.slots[0], 0, orders.PASSED)
    assert isinstance(start, Start)
    assert (start.position, start.skip) == (1, seconds(10))


def test_skipping_misses_a_late_session() -> None:
    made = plan(slot("a", NOON, long_item(), late_policy=LatePolicy.SKIP))
    assert cue(made, NOON + seconds(2), {}).actions == (Miss(made.slots[0], 0, orders.SKIPPED),)


def test_a_second_of_lateness_needs_no_policy() -> None:
    made = plan(slot("a", NOON, long_item(), late_policy=LatePolicy.SKIP))
    [start] = cue(made, NOON + seconds(0.9), {}).actions
    assert isinstance(start, Start)


def test_only_the_newest_session_of_a_programme_is_caught_up() -> None:
    made = plan(
        slot("a", NOON, long_item(), title="Thời sự", grace=seconds(3600)),
        slot("b", NOON + seconds(600), long_item(), title="Thời sự", grace=seconds(3600)),
    )
    missed, start = cue(made, NOON + seconds(900), {}).actions
    assert missed == Miss(made.slots[0], 0, orders.COALESCED)
    assert isinstance(start, Start)
    assert start.slot.key == "b"


def test_nothing_routine_starts_in_quiet_hours() -> None:
    night = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 22:00 in Vietnam
    made = plan(slot("a", night, long_item()), quiet=NIGHT)
    assert cue(made, night - seconds(1), {}).actions == ()
    assert cue(made, night, {}).actions == (Miss(made.slots[0], 0, orders.QUIET),)


def test_an_emergency_passes_quiet_hours() -> None:
    night = datetime(2026, 11, 23, 15, tzinfo=UTC)
    made = plan(slot("a", night, long_item(), priority=Priority.EMERGENCY), quiet=NIGHT)
    [start] = cue(made, night, {}).actions
    assert isinstance(start, Start)
    assert start.until is None


def test_a_session_that_would_run_into_quiet_hours_ends_at_their_edge() -> None:
    at = datetime(2026, 11, 23, 14, 29, tzinfo=UTC)  # 21:29 in Vietnam
    made = plan(slot("a", at, long_item()), quiet=NIGHT)
    [start] = cue(made, at, {}).actions
    assert isinstance(start, Start)
    assert start.until == at + seconds(60)


def test_a_session_is_armed_for_the_end_of_quiet_hours() -> None:
    at = datetime(2026, 11, 23, 22, tzinfo=UTC)  # 05:00 in Vietnam
    made = plan(slot("a", at, long_item()), quiet=NIGHT)
    [start] = cue(made, at - seconds(1), {}).actions
    assert isinstance(start, Start)
    assert cue(made, at - seconds(0.5), playing(made, started=False)).actions == ()


def test_what_still_sounds_in_quiet_hours_is_cut() -> None:
    at = datetime(2026, 11, 23, 14, 29, tzinfo=UTC)
    made = plan(slot("a", at, long_item()), quiet=NIGHT)
    [cut] = cue(made, at + seconds(61), playing(made)).actions
    assert cut == Cut(airing_key(made, made.slots[0], 0), at + seconds(61), orders.QUIET_EDGE)


def test_nothing_routine_starts_from_an_expired_playlist() -> None:
    made = plan(slot("a", NOON, long_item()), expires_at=NOON)
    assert cue(made, NOON, {}).actions == (Miss(made.slots[0], 0, orders.EXPIRED),)


def test_before_the_newest_signed_time_routine_sessions_are_held_and_not_missed() -> None:
    made = plan(slot("a", NOON, long_item()), issued_at=NOON + seconds(3600))
    decided = cue(made, NOON + seconds(600), {})
    assert decided.actions == ()
    assert decided.held == orders.HELD_CLOCK


def test_an_emergency_sounds_even_by_an_untrusted_clock() -> None:
    made = plan(slot("a", NOON, long_item(), priority=Priority.EMERGENCY), issued_at=NOON + seconds(3600))
    assert [type(action) for action in cue(made, NOON, {}).actions] == [Start]


def test_a_refused_item_is_missed_with_its_reason_and_the_next_sounds() -> None:
    made = plan(slot("a", NOON, long_item(refusal="Bản tin chưa duyệt"), long_item(60, clip=SHORT)))
    missed, start = cue(made, NOON, {}).actions
    assert missed == Miss(made.slots[0], 0, "Bản tin chưa duyệt")
    assert isinstance(start, Start)
    assert start.position == 1


def test_a_refused_session_is_missed_at_its_time_and_not_before() -> None:
    made = plan(slot("a", NOON, long_item(), refusal="Trùng giờ"))
    assert cue(made, NOON - seconds(1), {}).actions == ()
    assert cue(made, NOON, {}).actions == (Miss(made.slots[0], 0, "Trùng giờ"),)


def test_a_session_without_items_is_missed_once() -> None:
    made = plan(slot("a", NOON))
    [missed] = cue(made, NOON, {}).actions
    assert missed == Miss(made.slots[0], 0, orders.NO_CONTENT)
    known = {airing_key(made, made.slots[0], 0): Known(AiringOutcome.MISSED, None, NOON, NOON)}
    assert cue(made, NOON, known).actions == ()


def test_a_weightier_session_cuts_the_other_at_its_own_instant() -> None:
    later = NOON + seconds(60)
    made = plan(slot("a", NOON, long_item()), slot("b", later, long_item(clip=SHORT), priority=Priority.EMERGENCY))
    actions = cue(made, later - seconds(1), playing(made)).actions
    assert Start(made.slots[1], 0, later, later) in actions
    cut = Cut(airing_key(made, made.slots[0], 0), later, orders.PREEMPTED, preempted=True)
    assert cut in actions


def test_an_equal_session_waits_until_the_other_is_over() -> None:
    made = plan(slot("a", NOON, long_item()), slot("b", NOON + seconds(60), long_item(clip=SHORT)))
    assert cue(made, NOON + seconds(61), playing(made)).actions == ()
    over = playing(made, outcome=AiringOutcome.PLAYED, live=False)
    [start] = cue(made, NOON + seconds(120), over).actions
    assert isinstance(start, Start)
    assert start.slot.key == "b"


def test_a_session_that_waited_too_long_says_that_the_loudspeaker_was_taken() -> None:
    made = plan(
        slot("a", NOON, long_item(900)),
        slot("b", NOON + seconds(60), long_item(clip=SHORT), grace=seconds(120)),
    )
    assert cue(made, NOON + seconds(200), playing(made)).actions == (Miss(made.slots[1], 0, orders.OCCUPIED),)


def test_what_gave_way_catches_up_once_and_is_cut_when_it_gives_way_again() -> None:
    made = plan(slot("a", NOON, long_item(), late_policy=LatePolicy.CATCH_UP))
    once = playing(made, live=False, preempted=True, seen_at=NOON + seconds(30), rendered=seconds(30))
    [start] = cue(made, NOON + seconds(100), once).actions
    assert isinstance(start, Start)
    again = playing(
        made,
        live=False,
        preempted=True,
        base=NOON + seconds(100),
        seen_at=NOON + seconds(120),
        rendered=seconds(50),
    )
    [action] = cue(made, NOON + seconds(130), again).actions
    assert action == Close(airing_key(made, made.slots[0], 0), orders.PREEMPTED)


def test_nothing_begins_just_before_an_emergency_repeats() -> None:
    repeat = slot("khan-e1-2", NOON + seconds(20), priority=Priority.EMERGENCY)
    made = plan(slot("a", NOON, long_item()), repeat)
    assert cue(made, NOON, {}).actions == ()
    far = plan(slot("a", NOON, long_item()), replace(repeat, starts_at=NOON + seconds(90)))
    [start] = cue(far, NOON, {}).actions
    assert isinstance(start, Start)


def test_a_session_right_after_another_is_armed_before_that_is_over() -> None:
    made = plan(slot("a", NOON, long_item()), slot("b", NOON + seconds(120), long_item(clip=SHORT)))
    [start] = cue(made, NOON + seconds(119), playing(made)).actions
    assert isinstance(start, Start)
    both = {**playing(made), **playing(made, index=1, base=NOON + seconds(120), started=False)}
    assert cue(made, NOON + seconds(119.5), both).actions == ()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(LatePolicy.CATCH_UP, seconds(0)), (LatePolicy.JOIN, seconds(40)), (LatePolicy.SKIP, None)],
)
def test_a_preempted_item_follows_its_late_policy(policy: LatePolicy, expected: timedelta | None) -> None:
    made = plan(slot("a", NOON, long_item(), late_policy=policy))
    known = playing(made, live=False, preempted=True, seen_at=NOON + seconds(30))
    [action] = cue(made, NOON + seconds(40), known).actions
    if expected is None:
        assert action == Close(airing_key(made, made.slots[0], 0), orders.PREEMPTED)
    else:
        assert isinstance(action, Start)
        assert action.skip == expected


def test_after_a_restart_a_long_clip_goes_on_where_the_clock_says() -> None:
    made = plan(slot("a", NOON, long_item()))
    [start] = cue(made, NOON + seconds(50), playing(made, live=False, seen_at=NOON + seconds(30))).actions
    assert isinstance(start, Start)
    assert (start.skip, start.follow) == (seconds(50), True)


def test_after_a_restart_a_short_clip_starts_again() -> None:
    made = plan(slot("a", NOON, long_item(45)))
    [start] = cue(made, NOON + seconds(40), playing(made, live=False, seen_at=NOON + seconds(30))).actions
    assert isinstance(start, Start)
    assert start.skip == seconds(0)


def test_after_a_restart_beyond_the_grace_the_item_stays_cut() -> None:
    made = plan(slot("a", NOON, long_item(900)))
    known = playing(made, live=False, seen_at=NOON + seconds(30))
    assert cue(made, NOON + seconds(331), known).actions == (
        Close(airing_key(made, made.slots[0], 0), orders.INTERRUPTED),
    )


def test_an_interrupted_item_is_not_replayed_by_a_clock_set_back() -> None:
    made = plan(slot("a", NOON, long_item()))
    known = playing(made, live=False, seen_at=NOON + seconds(30))
    [action] = cue(made, NOON - seconds(20), known).actions
    assert action == Close(airing_key(made, made.slots[0], 0), orders.CLOCK_BACK)


def test_a_live_item_is_cut_when_the_playlist_no_longer_names_it() -> None:
    made = plan(slot("a", NOON, long_item()))
    known = playing(made)
    [key] = known
    for after in (plan(), replace(made, clips=(SHORT.ref,))):
        assert Cut(key, NOON + seconds(9), orders.WITHDRAWN) in cue(after, NOON + seconds(9), known).actions
    stopped = plan(slot("a", NOON, long_item(), refusal="Đã dừng theo lệnh"))
    assert cue(stopped, NOON + seconds(9), known).actions == (Cut(key, NOON + seconds(9), "Đã dừng theo lệnh"),)


def test_a_missing_clip_is_waited_for_within_the_grace_then_missed_for_what_it_is() -> None:
    made = plan(slot("a", NOON, long_item()))
    assert cue(made, NOON + seconds(10), {}, lambda _hash: "Chưa tải được").actions == ()
    assert [type(a) for a in cue(made, NOON + seconds(20), {}).actions] == [Start]
    late = cue(made, NOON + seconds(301), {}, lambda _hash: "Chưa tải được").actions
    assert late == (Miss(made.slots[0], 0, "Chưa tải được"),)


def test_a_missing_clip_gives_way_to_the_next_item_in_its_time() -> None:
    made = plan(slot("a", NOON, long_item(), long_item(60, offset=120, clip=SHORT)))

    def unready(clip_hash: str) -> str:
        return "Tệp hỏng" if clip_hash == LONG.hash else ""

    for early in (60, 119):
        assert cue(made, NOON + seconds(early), {}, unready).actions == ()
    missed, start = cue(made, NOON + seconds(119.8), {}, unready).actions
    assert missed == Miss(made.slots[0], 0, "Tệp hỏng")
    assert isinstance(start, Start)
    assert start.at == NOON + seconds(120)


def test_sessions_older_than_the_journal_are_left_alone() -> None:
    made = plan(slot("a", NOON - timedelta(days=91), long_item()))
    assert cue(made, NOON, {}).actions == ()


def test_by_a_clock_that_cannot_be_right_an_emergency_sounds_when_it_was_due_as_it_was_signed() -> None:
    boot = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    urgent = slot("a", NOON, long_item(), long_item(60, offset=120), priority=Priority.EMERGENCY)
    made = plan(urgent, slot("b", NOON, long_item()), issued_at=NOON + seconds(2))
    [start] = cue(made, boot, {}).actions
    assert start == Start(made.slots[0], 0, boot, boot)
    [second] = cue(made, boot + seconds(119), playing(made, base=boot)).actions
    assert isinstance(second, Start)
    assert second.at == boot + seconds(120)
    over = playing(made, base=boot, outcome=AiringOutcome.PLAYED, live=False)
    over |= playing(made, position=1, base=boot, outcome=AiringOutcome.PLAYED, live=False)
    assert cue(made, boot + seconds(300), over).actions == ()
