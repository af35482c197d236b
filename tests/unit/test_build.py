"""The plan of one machine: what is meant for it, what may sound, and the playlist made of it."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airtime import AirtimePolicy, QuietHours, VolumeBand
from domain.audio import Clip, ClipKind, Loudness, VoiceStamp
from domain.bulletins import Bulletin, BulletinState, Genre
from domain.errors import TrustError
from domain.playlist import MAX_ITEMS, MAX_LENGTH, MAX_SLOTS, Heading, Playlist, from_document, to_document
from domain.timetable import STATION_ZONE, ItemKind, Priority, Programme, ProgrammeItem, Rule, Slot
from scheduler.build import (
    MAX_TEXT,
    Listener,
    fingerprint,
    louder,
    playlist_of,
    reaches,
    slots_for,
)
from scheduler.expand import expand
from scheduler.items import Shelf, Terms, plan_item
from scheduler.policy import check_day, check_session

ZONE = ZoneInfo(STATION_ZONE)
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 3, tzinfo=ZONE)
ON = date(2026, 11, 3)
MINUTE = timedelta(minutes=1)
HERE = Listener("m1", frozenset({"cum", "ban", "xa", "tinh"}))
TERMS = Terms(AirtimePolicy())
ESPEAK = VoiceStamp("espeak", "vi", "1.52", backup=True, why="mất mạng")
GTTS = VoiceStamp("gtts", "vi", "2.5.4", backup=False)
ISSUED = datetime(2026, 11, 2, 20, tzinfo=UTC)
HEADING = Heading("tram", "m1", epoch=1, counter=7, issued_at=ISSUED, expires_at=ISSUED + timedelta(days=14))


def clip(mark: str, length: timedelta = 2 * MINUTE, kind: ClipKind = ClipKind.BULLETIN) -> Clip:
    voice = GTTS if kind is ClipKind.BULLETIN else None
    return Clip(mark * 64, 1000, "audio/mpeg", length, Loudness(-16, -2, 5), kind, f"Âm thanh {mark}", WRITTEN, voice)


def bulletin(mark: str) -> Bulletin:
    return Bulletin(
        id=f"b{mark}",
        title=f"Bản tin {mark}",
        script="Kính thưa bà con.",
        genre=Genre.NOTICE,
        state=BulletinState.APPROVED,
        version=3,
        author_ids=frozenset({"u1"}),
        author_name="Lan",
        updated_at=WRITTEN,
        approved_by="u2",
        clip_hash=mark * 64,
        clip_version=3,
    )


RULE = Rule("sang", "p1", frozenset({"xa"}), (time(5, 30),), frozenset(range(1, 8)))
MUSIC = ProgrammeItem(clip_hash="c" * 64, kind=ItemKind.CLIP)
PROGRAMME = Programme("p1", "Buổi sáng", (ProgrammeItem("ba"), MUSIC))


@dataclass(frozen=True, slots=True)
class Station:
    """A small station whose parts a test may swap."""

    rules: tuple[Rule, ...] = (RULE,)
    programmes: tuple[Programme, ...] = (PROGRAMME,)
    bulletins: tuple[Bulletin, ...] = (bulletin("a"), bulletin("b"))
    clips: tuple[Clip, ...] = (clip("a"), clip("b"), clip("c", MINUTE, ClipKind.STING))

    def shelf(self) -> Shelf:
        return Shelf(
            {one.id: one for one in self.rules},
            {one.id: one for one in self.programmes},
            {one.id: one for one in self.bulletins},
            {one.hash: one for one in self.clips},
        )

    def slots(self, days: int = 1, terms: Terms = TERMS, listener: Listener = HERE) -> tuple[Slot, ...]:
        occurrences = expand(self.rules, TUESDAY, TUESDAY + timedelta(days=days))
        return slots_for(listener, occurrences, self.shelf(), terms)

    def playlist(self, days: int = 1, terms: Terms = TERMS) -> Playlist:
        return playlist_of(self.slots(days, terms), HEADING, terms.policy, self.shelf().clips)


def refusal_of(changed: Bulletin, *clips: Clip, terms: Terms = TERMS) -> str:
    shelf = Station(bulletins=(changed,), clips=clips or (clip("a"),)).shelf()
    return plan_item(ProgrammeItem(changed.id), ON, shelf, terms).refusal


def test_an_approved_bulletin_with_its_own_sound_is_planned_at_its_length() -> None:
    (slot,) = Station().slots()
    assert (slot.key, slot.machine_id, slot.title, slot.refusal) == ("sang@1793658600000", "m1", "Buổi sáng", "")
    assert [(item.title, item.length, item.refusal) for item in slot.items] == [
        ("Bản tin a", 2 * MINUTE, ""),
        ("Âm thanh c", MINUTE, ""),
    ]
    assert slot.ends_at == datetime(2026, 11, 3, 5, 33, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"state": BulletinState.DRAFT}, "bản tin chưa được duyệt"),
        ({"state": BulletinState.SUBMITTED}, "bản tin chưa được duyệt"),
        ({"state": BulletinState.RETURNED}, "bản tin bị trả lại, chưa được duyệt"),
        ({"state": BulletinState.WITHDRAWN}, "bản tin đã bị thu hồi"),
        ({"state": BulletinState.EXPIRED}, "bản tin đã hết hạn"),
        ({"state": BulletinState.ARCHIVED}, "bản tin đã lưu trữ"),
        ({"clip_hash": None, "clip_version": None}, "bản tin chưa có âm thanh"),
        ({"clip_version": 2}, "bản tin chưa có âm thanh cho bản vừa duyệt"),
        ({"clip_hash": "f" * 64}, "không tìm thấy tệp âm thanh của bản tin"),
        ({"valid_until": date(2026, 10, 31)}, "bản tin hết hạn từ 01/11/2026"),
        ({"valid_until": ON}, ""),
        ({"valid_from": date(2026, 11, 4)}, "bản tin chỉ có hiệu lực từ 04/11/2026"),
        ({"valid_from": ON, "valid_until": date.max}, ""),
    ],
)
def test_a_bulletin_that_may_not_sound_says_why(change: dict[str, object], refusal: str) -> None:
    assert refusal_of(replace(bulletin("a"), **change)) == refusal  # type: ignore[arg-type]


def test_every_state_but_approved_is_refused() -> None:
    refused = {state for state in BulletinState if refusal_of(replace(bulletin("a"), state=state))}
    assert refused == set(BulletinState) - {BulletinState.APPROVED}


def test_validity_counts_by_the_local_date_of_the_session() -> None:
    last_day = replace(bulletin("a"), valid_until=date(2026, 11, 3))
    first, second = Station(bulletins=(last_day,)).slots(days=2)
    assert (first.items[0].refusal, second.items[0].refusal) == ("", "bản tin hết hạn từ 04/11/2026")


def test_a_backup_voice_waits_for_a_persons_yes_where_the_station_asks_for_it() -> None:
    spoken = replace(clip("a"), voice=ESPEAK)
    agreed = replace(bulletin("a"), backup_voice_ok_by="u2")
    assert refusal_of(bulletin("a"), spoken) == "giọng dự phòng chưa được đồng ý"
    assert refusal_of(agreed, spoken) == ""
    assert refusal_of(bulletin("a"), spoken, terms=Terms(AirtimePolicy(), backup_voice_needs_yes=False)) == ""


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"length": timedelta()}, "tệp âm thanh rỗng"),
        ({"size": 0}, "tệp âm thanh rỗng"),
        ({"length": timedelta(hours=30)}, "tệp âm thanh dài quá 6 giờ"),
    ],
)
def test_a_sound_that_a_machine_would_refuse_is_refused_alone(change: dict[str, object], refusal: str) -> None:
    assert refusal_of(bulletin("a"), replace(clip("a"), **change)) == refusal  # type: ignore[arg-type]


def test_the_sound_of_a_bulletin_cannot_be_aired_around_its_approval() -> None:
    item = plan_item(ProgrammeItem(clip_hash="a" * 64, kind=ItemKind.CLIP), ON, Station().shelf(), TERMS)
    assert item.refusal == "âm thanh của bản tin chỉ được phát qua bản tin đã duyệt"


@pytest.mark.parametrize(
    "item", [ProgrammeItem(), ProgrammeItem(clip_hash="f" * 64, kind=ItemKind.CLIP), ProgrammeItem("lạ")]
)
def test_an_item_that_is_gone_is_planned_with_the_reason(item: ProgrammeItem) -> None:
    planned = plan_item(item, ON, Station().shelf(), TERMS)
    assert planned.refusal
    assert planned.title
    assert planned.clip_hash is None


@pytest.mark.parametrize(
    ("areas", "less", "heard"),
    [
        ({"xa"}, set(), True),
        ({"cum"}, set(), True),
        ({"tinh"}, {"xã khác"}, True),
        ({"xã khác"}, set(), False),
        ({"tinh"}, {"ban"}, False),
        ({"cum", "xa"}, {"cum"}, False),
        (set(), set(), False),
    ],
)
def test_a_rule_reaches_an_area_and_all_below_it_less_its_exceptions(
    areas: set[str], less: set[str], *, heard: bool
) -> None:
    rule = replace(RULE, area_ids=frozenset(areas), except_area_ids=frozenset(less))
    assert reaches(rule, HERE.area_ids) is heard
    assert bool(Station(rules=(rule,)).slots()) is heard


def test_a_session_in_quiet_hours_is_refused_whatever_its_priority() -> None:
    loud = replace(PROGRAMME, priority=Priority.EMERGENCY)
    (slot,) = Station(rules=(replace(RULE, times=(time(4, 58),)),), programmes=(loud,)).slots()
    assert slot.refusal == "Buổi phát chạm giờ yên tĩnh 21:30–05:00."


def test_a_session_without_anything_to_say_gives_its_first_reason() -> None:
    draft = replace(bulletin("a"), state=BulletinState.DRAFT)
    only = replace(PROGRAMME, items=(ProgrammeItem("ba"),))
    (slot,) = Station(programmes=(only,), bulletins=(draft,)).slots()
    assert slot.refusal == "không có mục nào phát được: bản tin chưa được duyệt"


def test_one_refused_item_does_not_silence_the_others() -> None:
    draft = replace(bulletin("a"), state=BulletinState.DRAFT)
    (slot,) = Station(bulletins=(draft,)).slots()
    assert (slot.refusal, slot.length) == ("", MINUTE)
    (row,) = Station(bulletins=(draft,)).playlist().slots
    assert [(item.offset, item.length, item.refusal) for item in row.items] == [
        (timedelta(), timedelta(), "bản tin chưa được duyệt"),
        (timedelta(), MINUTE, ""),
    ]


@pytest.mark.parametrize(
    ("programmes", "refusal"),
    [
        ((), "chương trình đã bị xóa"),
        ((replace(PROGRAMME, items=()),), "chương trình chưa có mục nào"),
        ((replace(PROGRAMME, items=PROGRAMME.items * MAX_ITEMS),), "chương trình có quá 200 mục"),
    ],
)
def test_a_programme_that_cannot_be_sent_is_a_silent_slot(programmes: tuple[Programme, ...], refusal: str) -> None:
    station = Station(programmes=programmes)
    assert [slot.refusal for slot in station.slots()] == [refusal]
    assert from_document(to_document(station.playlist())) == station.playlist()


def test_a_session_longer_than_a_playlist_can_say_is_refused_even_where_policy_is_wide() -> None:
    wide = Terms(AirtimePolicy(quiet=(), session_limit=timedelta(days=2), day_limit=timedelta(days=2)))
    station = Station(
        programmes=(replace(PROGRAMME, items=(ProgrammeItem("ba"), ProgrammeItem("bb"))),),
        clips=(clip("a", MAX_LENGTH), clip("b", MINUTE)),
    )
    assert [slot.refusal for slot in station.slots(terms=wide)] == ["buổi phát dài quá 6 giờ"]
    assert from_document(to_document(station.playlist(terms=wide))) == station.playlist(terms=wide)


def test_an_occurrence_given_twice_or_of_a_vanished_rule_makes_no_slot_of_its_own() -> None:
    occurrences = expand([RULE, replace(RULE, id="lạ")], TUESDAY, TUESDAY + timedelta(days=1))
    assert len(slots_for(HERE, occurrences * 2, Station().shelf(), TERMS)) == 1


def test_offsets_never_start_an_item_upon_the_one_before_it() -> None:
    length = timedelta(seconds=10, microseconds=1)
    twice = replace(PROGRAMME, items=(ProgrammeItem("ba"), ProgrammeItem("ba")))
    (row,) = Station(programmes=(twice,), clips=(clip("a", length),)).playlist().slots
    assert [item.offset for item in row.items] == [timedelta(), timedelta(seconds=10, milliseconds=1)]


def test_the_playlist_names_each_clip_that_sounds_once_and_no_other() -> None:
    lunch = replace(RULE, id="trưa", times=(time(11),))
    night = replace(RULE, id="đêm", times=(time(23),), programme_id="p2")
    station = Station(
        rules=(lunch, RULE, night), programmes=(PROGRAMME, Programme("p2", "Đêm", (ProgrammeItem("bb"),)))
    )
    playlist = station.playlist(days=3)
    assert [one.hash[0] for one in playlist.clips] == ["a", "c"]
    assert [slot.starts_at for slot in playlist.slots] == sorted(slot.starts_at for slot in playlist.slots)
    assert {slot.refusal for slot in playlist.slots} == {"", "Buổi phát chạm giờ yên tĩnh 21:30–05:00."}
    assert (playlist.zone, playlist.quiet) == (STATION_ZONE, AirtimePolicy().quiet)


def test_long_titles_and_odd_grace_do_not_make_a_machine_refuse_the_playlist() -> None:
    odd = replace(PROGRAMME, name="dài " * 999, grace=timedelta(days=-1))
    playlist = Station(programmes=(odd,)).playlist()
    assert (len(playlist.slots[0].title), playlist.slots[0].grace) == (MAX_TEXT, timedelta())
    assert from_document(to_document(playlist)) == playlist


def test_the_earliest_slots_go_first_when_there_are_more_than_a_playlist_holds() -> None:
    (slot,) = Station().slots()
    many = [replace(slot, key=str(n), starts_at=slot.starts_at + n * MINUTE) for n in range(MAX_SLOTS + 5)]
    playlist = playlist_of(reversed(many), HEADING, TERMS.policy, Station().shelf().clips)
    assert (len(playlist.slots), playlist.slots[0].key) == (MAX_SLOTS, "0")


def test_a_machine_of_its_own_volume_gets_every_session_so_but_no_emergency() -> None:
    playlist = Station().playlist()
    [slot] = playlist.slots
    urgent = replace(slot, key="u", priority=Priority.EMERGENCY)
    soft = louder(replace(playlist, slots=(replace(slot, gain_mb=-300), urgent)), -450)
    assert [one.gain_mb for one in soft.slots] == [-750, 0]
    assert [one.gain_mb for one in louder(soft, 5000).slots] == [1200, 0]
    assert louder(playlist, 0) is playlist


def test_the_fingerprint_tells_a_new_plan_from_one_issued_again() -> None:
    playlist = Station().playlist()
    again = replace(playlist, counter=8, issued_at=ISSUED + MINUTE, expires_at=ISSUED + timedelta(days=15))
    changed = Station(programmes=(replace(PROGRAMME, grace=MINUTE),)).playlist()
    assert fingerprint(again) == fingerprint(playlist)
    assert fingerprint(changed) != fingerprint(playlist)
    assert fingerprint(replace(playlist, epoch=2)) != fingerprint(playlist)
    assert fingerprint(replace(playlist, quiet=())) != fingerprint(playlist)


TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 7, 30, 58]))
ITEMS = st.sampled_from([ProgrammeItem("ba"), ProgrammeItem("bb"), MUSIC, ProgrammeItem()])
PROGRAMMES = st.tuples(
    *(
        st.builds(
            Programme,
            id=st.just(name),
            name=st.just(name),
            items=st.lists(ITEMS, max_size=4).map(tuple),
            priority=st.sampled_from(Priority),
        )
        for name in ("p1", "p2")
    )
)
RULES = st.lists(
    st.builds(
        Rule,
        id=st.text("abcdef", min_size=1, max_size=3),
        programme_id=st.sampled_from(["p1", "p2", "p3"]),
        area_ids=st.frozensets(st.sampled_from(["xa", "ban", "khác"])),
        times=st.lists(TIMES, max_size=4).map(tuple),
        weekdays=st.frozensets(st.integers(1, 7), min_size=4),
        except_area_ids=st.frozensets(st.sampled_from(["cum", "khác"]), max_size=1),
    ),
    max_size=6,
    unique_by=lambda rule: rule.id,
).map(tuple)
POLICIES = st.builds(
    AirtimePolicy,
    quiet=st.lists(st.builds(QuietHours, TIMES, TIMES), max_size=2).map(tuple),
    session_limit=st.sampled_from([MINUTE, 15 * MINUTE, timedelta(hours=9)]),
    day_limit=st.sampled_from([10 * MINUTE, timedelta(hours=9)]),
    sessions_per_day=st.integers(0, 3),
)
STATIONS = st.builds(
    Station,
    rules=RULES,
    programmes=PROGRAMMES,
    bulletins=st.tuples(
        st.sampled_from([bulletin("a"), replace(bulletin("a"), valid_until=ON)]),
        st.sampled_from([bulletin("b"), replace(bulletin("b"), state=BulletinState.SUBMITTED)]),
    ),
    clips=st.sampled_from([2 * MINUTE, timedelta(hours=1, microseconds=1)]).map(
        lambda length: (clip("a", length), clip("b"), clip("c", MINUTE, ClipKind.STING))
    ),
)
TERMS_OF_ALL_KINDS = st.builds(Terms, POLICIES)


@given(STATIONS, TERMS_OF_ALL_KINDS)
def test_every_occurrence_meant_for_a_machine_is_kept_or_explained(station: Station, terms: Terms) -> None:
    meant = {
        occurrence.key
        for rule in station.rules
        if rule.area_ids & {"xa", "ban"} and "cum" not in rule.except_area_ids
        for occurrence in expand([rule], TUESDAY, TUESDAY + timedelta(days=2))
    }
    slots = station.slots(2, terms)
    assert sorted(slot.key for slot in slots) == sorted(meant)
    assert all(slot.length or slot.refusal for slot in slots)
    assert all(item.clip_hash or item.refusal for slot in slots for item in slot.items)


@given(STATIONS, TERMS_OF_ALL_KINDS)
def test_sounding_slots_neither_overlap_nor_break_the_policy(station: Station, terms: Terms) -> None:
    sounding = [slot for slot in station.slots(2, terms) if not slot.refusal]
    assert all(one.ends_at <= other.starts_at for one, other in itertools.pairwise(sounding))
    days: dict[date, list[tuple[datetime, timedelta]]] = {}
    for slot in sounding:
        assert check_session(terms.policy, slot.starts_at, slot.length) == ()
        days.setdefault(slot.starts_at.astimezone(ZONE).date(), []).append((slot.starts_at, slot.length))
    assert all(check_day(terms.policy, sessions) == () for sessions in days.values())


@given(STATIONS, TERMS_OF_ALL_KINDS)
def test_no_sounding_item_lies_in_a_quiet_minute(station: Station, terms: Terms) -> None:
    for slot in station.slots(2, terms):
        minutes = range(0 if slot.refusal else -(-slot.length // MINUTE))
        heard = ((slot.starts_at + minute * MINUTE).astimezone(ZONE).time() for minute in minutes)
        assert not any(span.covers(moment) for moment in heard for span in terms.policy.quiet)


@given(STATIONS, TERMS_OF_ALL_KINDS)
def test_the_same_timetable_gives_the_same_playlist_in_any_order(station: Station, terms: Terms) -> None:
    turned = replace(
        station,
        rules=station.rules[::-1],
        programmes=station.programmes[::-1],
        bulletins=station.bulletins[::-1],
        clips=station.clips[::-1],
    )
    assert turned.playlist(2, terms) == station.playlist(2, terms)


@given(STATIONS, TERMS_OF_ALL_KINDS)
def test_every_playlist_is_one_that_a_machine_accepts(station: Station, terms: Terms) -> None:
    playlist = station.playlist(2, terms)
    assert from_document(to_document(playlist)) == playlist


@pytest.mark.parametrize(("gain_db", "gain_mb"), [(-6.0, -600), (-3.456, -346), (0.0, 0), (99.0, 1200), (-99.0, -6000)])
def test_the_volume_of_the_hour_goes_into_the_signed_document(gain_db: float, gain_mb: int) -> None:
    terms = Terms(AirtimePolicy(volume=(VolumeBand(time(5), time(6), gain_db),)))
    playlist = Station().playlist(terms=terms)
    assert [slot.gain_mb for slot in playlist.slots] == [gain_mb]
    document = to_document(playlist)
    assert document["slots"][0].get("gain", 0) == gain_mb
    assert from_document(document) == playlist


def test_without_a_volume_the_document_is_the_one_that_older_machines_know() -> None:
    assert "gain" not in to_document(Station().playlist())["slots"][0]


def test_an_emergency_is_never_made_softer() -> None:
    programme = replace(PROGRAMME, priority=Priority.EMERGENCY)
    terms = Terms(AirtimePolicy(volume=(VolumeBand(time(5), time(6), -6.0),)))
    assert [slot.gain_mb for slot in Station(programmes=(programme,)).playlist(terms=terms).slots] == [0]


@pytest.mark.parametrize("gain", [-6001, 1201, 1.5, "0", None, True])
def test_a_volume_that_no_machine_obeys_is_refused(gain: object) -> None:
    document = to_document(Station().playlist())
    document["slots"][0]["gain"] = gain
    with pytest.raises(TrustError):
        from_document(document)
