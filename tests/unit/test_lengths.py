"""How long a programme is, item by item, and how that stands to the place it was booked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy
from domain.audio import Clip, ClipKind, Loudness
from domain.bulletins import Bulletin, BulletinState, Genre
from domain.errors import BadInputError
from domain.timetable import ItemKind, Priority, Programme, ProgrammeItem
from scheduler.items import Shelf, Terms
from scheduler.lengths import Span, against, in_words, item_lengths, length_of
from scheduler.programme_checks import checked

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
TODAY = date(2026, 11, 23)
TERMS = Terms(AirtimePolicy())


def clip(name: str, seconds: float, kind: ClipKind = ClipKind.IDENT) -> Clip:
    length = timedelta(seconds=seconds)
    return Clip(name * 64, 1000, "audio/flac", length, Loudness(-16, -2, 3), kind, f"clip {name}", NOW)


def bulletin(name: str, clip_name: str = "", words: int = 300, column: str | None = None) -> Bulletin:
    return Bulletin(
        id=name,
        title=name,
        script="từ " * words,
        genre=Genre.NEWS,
        state=BulletinState.APPROVED,
        version=1,
        author_ids=frozenset(),
        author_name="",
        updated_at=NOW,
        approved_at=NOW,
        clip_hash=clip_name * 64 or None,
        clip_version=1 if clip_name else None,
        column_id=column,
    )


HELD = (bulletin("ngan", "a"), bulletin("cho"), bulletin("x", "a", column="c"), bulletin("y", "b", column="c"))
SHELF = Shelf(
    {},
    {},
    {
        one.id: one
        for one in (
            bulletin("ngan", "a"),
            bulletin("cho"),
            bulletin("x", "a", column="c"),
            bulletin("y", "b", column="c"),
        )
    },
    {one.hash: one for one in (clip("1", 3.6), clip("a", 60, ClipKind.BULLETIN), clip("b", 90, ClipKind.BULLETIN))},
)


def item(kind: ItemKind, **more: object) -> ProgrammeItem:
    return ProgrammeItem(kind=kind, **more)  # type: ignore[arg-type]


IDENT = item(ItemKind.IDENT, clip_hash="1" * 64)
LATEST = item(ItemKind.LATEST, column_id="c")


def of(*items: ProgrammeItem) -> Programme:
    return Programme("p", "Chương trình", items)


def span(*items: ProgrammeItem) -> Span:
    return length_of(item_lengths(of(*items), TODAY, SHELF, TERMS))


def test_a_length_is_the_sum_of_items_repeats_and_gaps() -> None:
    said = item(ItemKind.BULLETIN, bulletin_id="ngan", repeat=3, gap=timedelta(seconds=5))
    pause = item(ItemKind.PAUSE, length=timedelta(seconds=2))
    assert span(IDENT, pause, said) == Span(timedelta(seconds=195.6), timedelta(seconds=195.6))


def test_the_newest_of_a_column_is_bounded_by_those_that_may_be_it() -> None:
    assert span(LATEST) == Span(timedelta(seconds=60), timedelta(seconds=90))
    assert in_words(span(LATEST)) == "từ 1 phút đến 1 phút 30 giây"


def test_a_bulletin_without_sound_is_guessed_by_its_words() -> None:
    assert span(item(ItemKind.BULLETIN, bulletin_id="cho")) == Span(timedelta(minutes=2), timedelta(minutes=2), True)
    assert in_words(span(item(ItemKind.BULLETIN, bulletin_id="cho"))) == "khoảng 2 phút"


@pytest.mark.parametrize(
    ("seconds", "most", "booked", "words"),
    [
        (1030, 1030, 900, "dài hơn chỗ 2 phút 10 giây"),
        (800, 1030, 900, "có thể dài hơn chỗ 2 phút 10 giây"),
        (800, 800, 900, "ngắn hơn chỗ 1 phút 40 giây"),
        (900, 900.4, 900, ""),
        (900, 900, None, ""),
    ],
)
def test_too_long_and_too_short_are_told_in_minutes_and_seconds(
    seconds: float, most: float, booked: float | None, words: str
) -> None:
    place = None if booked is None else timedelta(seconds=booked)
    assert against(Span(timedelta(seconds=seconds), timedelta(seconds=most)), place) == words


ITEMS = st.lists(
    st.sampled_from(
        [IDENT, LATEST, item(ItemKind.BULLETIN, bulletin_id="cho"), item(ItemKind.BULLETIN, bulletin_id="ngan")]
    ),
    max_size=6,
)


@given(ITEMS, ITEMS)
def test_two_programmes_one_after_the_other_are_as_long_as_both(
    first: list[ProgrammeItem], second: list[ProgrammeItem]
) -> None:
    assert span(*first, *second) == span(*first).plus(span(*second))
    assert span(*first).least <= span(*first).most


RELAY = item(ItemKind.RELAY, stream_url="https://vov.example.vn/1", length=timedelta(minutes=10), clip_hash="1" * 64)
REFUSED = {
    "no name": (replace(of(IDENT), name=" "), "đặt tên"),
    "nothing that sounds": (of(item(ItemKind.PAUSE, length=timedelta(seconds=1))), "chưa có mục nào phát ra tiếng"),
    "no item": (of(), "chưa có mục nào"),
    "too many": (of(*[IDENT] * 41), "nhiều nhất 40 mục"),
    "two beds": (of(IDENT, *[item(ItemKind.BED, clip_hash="1" * 64)] * 2), "chỉ có một nhạc nền"),
    "a file address": (of(replace(RELAY, stream_url="file:///etc/passwd")), "http://"),
    "an address with a name and password": (of(replace(RELAY, stream_url="http://a:b@x.vn/")), "http://"),
    "an address that is none": (of(replace(RELAY, stream_url="http://[::1")), "http://"),
    "a relay of no length": (of(replace(RELAY, length=timedelta())), "thời lượng cố định"),
    "a relay of 30 hours": (of(replace(RELAY, length=timedelta(hours=30))), "thời lượng cố định"),
    "a relay without a stand-in": (of(replace(RELAY, clip_hash=None)), "âm thanh thay thế"),
    "ten hours in all": (of(*[replace(RELAY, length=timedelta(hours=5))] * 2), "dài quá 6 giờ"),
    "said 0 times": (of(replace(IDENT, repeat=0)), "Số lần phát"),
    "said a million times": (of(replace(IDENT, repeat=1_000_000)), "Số lần phát"),
    "said 20 times, 20 times": (of(*[replace(IDENT, repeat=20)] * 20), "nhiều nhất 200 lượt"),
    "a long gap": (of(replace(IDENT, gap=timedelta(hours=1))), "Nghỉ giữa"),
    "a bulletin's sound as a clip": (of(item(ItemKind.CLIP, clip_hash="a" * 64)), "trong kho"),
    "the newest of nothing": (of(item(ItemKind.LATEST)), "chuyên mục hoặc một chủ đề"),
    "the newest of both": (of(item(ItemKind.LATEST, column_id="c", topic_id="t")), "chuyên mục hoặc một chủ đề"),
    "a bulletin that is none": (of(item(ItemKind.BULLETIN, bulletin_id="khong")), "chọn một bản tin"),
    "an emergency": (replace(of(IDENT), priority=Priority.EMERGENCY), "khẩn cấp"),
    "a place of 30 hours": (replace(of(IDENT), booked=timedelta(hours=30)), "Chỗ trong lịch"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_programme_that_could_never_sound_as_asked_is_refused_in_a_sentence(case: str) -> None:
    programme, words = REFUSED[case]
    with pytest.raises(BadInputError, match=words):
        checked(programme, SHELF)


def test_a_whole_programme_is_taken_with_its_name_made_clean() -> None:
    bed = item(ItemKind.BED, clip_hash="1" * 64)
    whole = of(IDENT, bed, LATEST, RELAY, item(ItemKind.PAUSE, length=timedelta(seconds=3)))
    assert checked(replace(whole, name="  Thời   sự "), SHELF).name == "Thời sự"
