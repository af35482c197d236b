"""Which clips are made anew: those of a backup voice that may still air, and never so late that one could be missed."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bulletins.remake import FREEZE, wanted
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.bulletins import Bulletin, BulletinState, Genre

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def clip(number: int, *, backup: bool | None) -> Clip:
    voice = None if backup is None else VoiceStamp("espeak" if backup else "gtts", "vi", "1", backup)
    length, loudness = timedelta(seconds=60), Loudness(-16.0, -2.0, 4.0)
    return Clip(f"{number:064x}", 9, "audio/flac", length, loudness, ClipKind.BULLETIN, "Tin", NOW, voice)


def bulletin(
    key: str,
    clip_hash: str | None,
    state: BulletinState = BulletinState.APPROVED,
    clip_version: int | None = 1,
    valid_until: date | None = None,
) -> Bulletin:
    return Bulletin(
        id=key,
        title="Tin",
        script="Lời",
        genre=Genre.NEWS,
        state=state,
        version=1,
        author_ids=frozenset(),
        author_name="Mai",
        updated_at=NOW,
        valid_until=valid_until,
        clip_hash=clip_hash,
        clip_version=clip_version,
    )


BACKUP, BETTER, UNKNOWN = clip(1, backup=True), clip(2, backup=False), clip(3, backup=None)
SHELF = {one.hash: one for one in (BACKUP, BETTER, UNKNOWN)}

bulletins = st.lists(
    st.builds(
        bulletin,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from([None, "f" * 64, *SHELF]),
        st.sampled_from(BulletinState),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([None, NOW.date() - timedelta(days=1), NOW.date()]),
    ),
    unique_by=lambda one: one.id,
)
airings = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.integers(-400, 400).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)


@given(bulletins, airings, st.timedeltas(timedelta(), timedelta(hours=2)))
def test_only_an_approved_clip_of_a_backup_voice_outside_the_freeze_is_wanted(
    every: list[Bulletin], next_airings: dict[str, datetime], freeze: timedelta
) -> None:
    by_id = {one.id: one for one in every}
    found = wanted(every, SHELF, next_airings, NOW, freeze)
    assert len(set(found)) == len(found)
    for one in (by_id[key] for key in found):
        assert one.state is BulletinState.APPROVED
        assert (one.clip_hash, one.clip_version) == (BACKUP.hash, one.version)
        assert one.id not in next_airings or next_airings[one.id] > NOW + freeze
    for one in (by_id[key] for key in by_id.keys() - set(found)):
        assert (
            one.state is not BulletinState.APPROVED
            or one.clip_hash != BACKUP.hash
            or one.clip_version != one.version
            or (one.valid_until is not None and one.valid_until < NOW.date())
            or (one.id in next_airings and next_airings[one.id] <= NOW + freeze)
        )


@given(bulletins, airings, st.timedeltas(timedelta(), timedelta(hours=1)))
def test_a_longer_freeze_never_wants_more_and_order_is_by_airing(
    every: list[Bulletin], next_airings: dict[str, datetime], more: timedelta
) -> None:
    usual = wanted(every, SHELF, next_airings, NOW)
    assert set(wanted(every, SHELF, next_airings, NOW, FREEZE + more)) <= set(usual)
    times = [next_airings.get(key, datetime.max.replace(tzinfo=UTC)) for key in usual]
    assert times == sorted(times)
    assert wanted(reversed(every), SHELF, next_airings, NOW) == usual


def test_ten_minutes_before_air_the_clip_is_frozen_and_a_moment_earlier_it_is_not() -> None:
    one = bulletin("a", BACKUP.hash)
    assert wanted([one], SHELF, {"a": NOW + FREEZE}, NOW) == ()
    assert wanted([one], SHELF, {"a": NOW + FREEZE + timedelta(milliseconds=1)}, NOW) == ("a",)
    assert wanted([one], SHELF, {"a": NOW - timedelta(minutes=1)}, NOW) == (), "it sounds now"
    assert wanted([one], SHELF, {}, NOW) == ("a",)
