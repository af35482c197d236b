"""The line to the centre and what comes over it: trust nothing, resume everything, report until heard."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import (
    BadInputError,
    NotAllowedError,
    NotFoundError,
    ServerUnreachableError,
    TrustError,
    WrongStateError,
)
from domain.machines import Lack
from domain.playlist import Playlist
from player.cabinet import Cabinet, open_cabinet, read_identity
from player.clock import SystemClock
from player.enrol import enrol
from player.journal import Journal
from player.line import Line, parsed_server
from player.revocation import Revocation
from player.sync import Reporter, State, Sync
from player.trust import Signer, fingerprint
from tests.fakes_player import MACHINE, Centre, Still, item, playlist, slot, sound

CLIP = sound(2.0)
STATE = State(1, 0, 0, "x", sink_ok=True, free=1, fault="")


class Desk:
    """The sync of one machine, its steps called by hand."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        self.centre = centre
        self.cabinet: Cabinet = open_cabinet(centre.enrolled(folder))
        identity = self.cabinet.identity
        clock = SystemClock()
        self.line = Line(identity.server, Signer(MACHINE, self.cabinet.key), clock)
        self.taken: list[Playlist] = []
        self.sync = Sync(self.cabinet, self.line, clock, self.taken.append)
        self.journal = Journal(self.cabinet.database)
        self.reporter = Reporter(self.line, self.journal, clock)

    def publish(self, counter: int = 1) -> None:
        now = datetime.now(UTC)
        self.centre.publish(playlist([slot("a", now, item(CLIP))], [CLIP], now, counter=counter), CLIP)


@pytest.fixture
def desk(centre: Centre, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(centre, tmp_path)
    yield made
    made.cabinet.close()


def test_a_playlist_is_fetched_once_and_then_only_asked_for(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.sync.poll()
    assert len(desk.taken) == 1
    assert len(desk.centre.asked) == 2


def test_a_centre_without_a_playlist_is_no_fault(desk: Desk) -> None:
    desk.sync.poll()
    assert desk.taken == []


def test_a_machine_with_a_wrong_clock_learns_the_time_and_is_heard(desk: Desk) -> None:
    desk.centre.clock_ahead_ms = 3 * 24 * 3600 * 1000
    desk.publish()
    with pytest.raises(ServerUnreachableError):
        Line("http://127.0.0.1:9", desk.line._signer, SystemClock()).get("/", {})
    desk.sync.poll()
    assert len(desk.taken) == 1
    assert abs(desk.line.offset_ms - desk.centre.clock_ahead_ms) < 2000


def test_a_revoked_machine_says_so_and_does_not_ask_for_ever(desk: Desk) -> None:
    desk.centre.machine_key = None
    with pytest.raises(ServerUnreachableError, match="thu hồi"):
        desk.sync.poll()
    assert len(desk.centre.asked) == 1


class Ward:
    """A revocation on a clock that the test moves, and what it told."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.clock = Still()
        self.told: list[bool] = []
        self.revocation = Revocation(cabinet, self.clock, self.obey)

    def obey(self, *, revoked: bool) -> None:
        self.told.append(revoked)

    def hear(self, *answers: bool, apart: float = 30.0) -> None:
        for revoked in answers:
            self.revocation.heard(revoked=revoked)
            self.clock.rest(apart)


def test_a_revocation_takes_effect_once_it_has_been_said_for_a_minute(desk: Desk) -> None:
    ward = Ward(desk.cabinet)
    ward.hear(True, True)
    assert ward.told == []
    ward.hear(True, True)
    assert ward.told == [True]
    assert desk.cabinet.is_revoked()
    assert Revocation(desk.cabinet, ward.clock, ward.obey).in_force


def test_one_other_answer_between_makes_a_revocation_begin_anew(desk: Desk) -> None:
    ward = Ward(desk.cabinet)
    ward.hear(True, True, False, True, True)
    assert ward.told == []
    assert not desk.cabinet.is_revoked()


def test_an_accepted_playlist_lifts_a_revocation_even_when_it_is_the_one_held(desk: Desk) -> None:
    ward = Ward(desk.cabinet)
    desk.line.on_answer = lambda revoked: ward.revocation.heard(revoked=revoked)
    desk.publish()
    desk.sync.poll()
    desk.centre.revoking = True
    for _ in range(2):
        with pytest.raises(ServerUnreachableError, match="thu hồi"):
            desk.sync.poll()
        ward.clock.rest(61)
    assert ward.told == [True]
    desk.centre.revoking = False
    desk.sync.poll()
    assert len(desk.taken) == 2
    ward.revocation.lift()
    assert ward.told == [True, False]
    assert not desk.cabinet.is_revoked()


def test_a_flipped_byte_is_refused_and_the_old_playlist_kept(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.publish(counter=2)
    whole = desk.centre.envelope
    desk.centre.envelope = whole.replace(b'"counter":2', b'"counter":3')
    with pytest.raises(TrustError):
        desk.sync.poll()
    assert desk.sync.playlist is not None
    assert desk.sync.playlist.counter == 1
    desk.centre.envelope = whole
    desk.sync.poll()
    assert desk.sync.playlist.counter == 2


def test_an_endless_playlist_is_given_up(desk: Desk) -> None:
    desk.centre.envelope = b" " * (6 << 20)
    with pytest.raises(ServerUnreachableError, match="quá dài"):
        desk.sync.poll()


def test_clips_are_fetched_and_counted(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    assert desk.sync.held() == (0, 1)
    desk.sync.fetch()
    desk.sync.fetch()
    assert desk.sync.held() == (1, 1)
    assert desk.centre.ranges == [""]
    assert desk.cabinet.clip_path(CLIP.hash).read_bytes() == CLIP.data


def test_a_broken_download_is_resumed_where_it_stopped(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.centre.cut_downloads_after = 100
    with pytest.raises(ServerUnreachableError):
        desk.sync.fetch()
    desk.centre.cut_downloads_after = None
    desk.sync.fetch()
    assert desk.centre.ranges == ["", "bytes=100-"]
    assert desk.sync.held() == (1, 1)


def test_a_download_that_broke_off_after_getting_on_is_taken_up_at_once(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.centre.cut_downloads_after = len(CLIP.data) // 3
    desk.sync.fetch()
    third = len(CLIP.data) // 3
    assert desk.centre.ranges[:3] == ["", f"bytes={third}-", f"bytes={2 * third}-"]
    assert desk.sync.held() == (1, 1)


def test_after_a_download_that_stood_still_the_others_are_asked_for_first(desk: Desk) -> None:
    other, now = sound(0.1, seed=9), datetime.now(UTC)
    slots = [slot("a", now, item(CLIP)), slot("b", now + timedelta(hours=1), item(other))]
    desk.centre.publish(playlist(slots, [CLIP, other], now), CLIP, other)
    desk.sync.poll()
    desk.centre.cut_downloads_after = 10
    with pytest.raises(ServerUnreachableError):
        desk.sync.fetch()
    desk.centre.asked.clear()
    desk.centre.cut_downloads_after = None
    desk.sync.fetch()
    assert [path.rpartition("/")[2] for _, path in desk.centre.asked] == [other.hash, CLIP.hash]


def test_a_byte_flipped_on_the_way_is_noticed_and_the_clip_fetched_again(desk: Desk) -> None:
    desk.publish()
    desk.centre.files[CLIP.hash] = CLIP.data[:-1] + bytes([CLIP.data[-1] ^ 1])
    desk.sync.poll()
    with pytest.raises(TrustError, match="mã băm"):
        desk.sync.fetch()
    assert desk.sync.held() == (0, 1)
    desk.centre.files[CLIP.hash] = CLIP.data
    desk.sync.fetch()
    assert desk.sync.held() == (1, 1)
    assert desk.centre.ranges == ["", ""]


def test_a_clip_longer_than_it_was_said_to_be_is_cut_off(desk: Desk) -> None:
    desk.publish()
    desk.centre.files[CLIP.hash] = CLIP.data + bytes(10 << 20)
    desk.sync.poll()
    with pytest.raises(TrustError, match="dài hơn"):
        desk.sync.fetch()
    assert not desk.cabinet.holds(CLIP.hash)


def test_a_clip_that_rotted_on_the_disk_is_fetched_again(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.sync.fetch()
    desk.cabinet.clip_path(CLIP.hash).write_bytes(b"rot")
    desk.sync.doubt(CLIP.hash)
    desk.sync.fetch()
    assert desk.cabinet.clip_path(CLIP.hash).read_bytes() == CLIP.data


def test_after_a_restart_clips_on_the_shelf_are_being_checked_and_not_missing(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    assert (desk.sync.held(), desk.sync.checking(), desk.sync.lack_of(CLIP.hash)) == ((0, 1), 0, Lack.CLIP)
    desk.sync.fetch()
    restarted = Sync(desk.cabinet, desk.line, SystemClock(), lambda _playlist: None)
    restarted.playlist = desk.sync.playlist
    assert (restarted.held(), restarted.checking(), restarted.lack_of(CLIP.hash)) == ((0, 1), 1, None)
    restarted.fetch()
    assert (restarted.held(), restarted.checking(), restarted.lack_of(CLIP.hash)) == ((1, 1), 0, None)


def test_a_clip_in_doubt_is_damaged_until_it_was_looked_at_and_not_merely_unchecked(desk: Desk) -> None:
    desk.publish()
    desk.sync.poll()
    desk.sync.fetch()
    desk.sync.doubt(CLIP.hash)
    assert (desk.sync.held(), desk.sync.checking(), desk.sync.lack_of(CLIP.hash)) == ((0, 1), 0, Lack.DAMAGED)
    desk.sync.fetch()
    assert (desk.sync.held(), desk.sync.checking(), desk.sync.lack_of(CLIP.hash)) == ((1, 1), 0, None)


def test_a_missing_clip_does_not_hold_up_the_others(desk: Desk) -> None:
    other, now = sound(0.1, seed=9), datetime.now(UTC)
    slots = [slot("a", now, item(CLIP)), slot("b", now + timedelta(hours=1), item(other))]
    desk.centre.publish(playlist(slots, [CLIP, other], now), other)
    desk.sync.poll()
    with pytest.raises(NotFoundError):
        desk.sync.fetch()
    assert desk.sync.held() == (1, 2)


def test_airings_are_sent_until_they_are_acknowledged(desk: Desk) -> None:
    desk.journal.miss(f"{MACHINE}/a/0", slot("a", datetime.now(UTC), item(CLIP)), 0, "Muộn", datetime.now(UTC))
    desk.centre.acknowledging = False
    with pytest.raises(ServerUnreachableError):
        desk.reporter.report()
    desk.centre.acknowledging = True
    desk.reporter.report()
    desk.reporter.report()
    assert [airing["reason"] for airing in desk.centre.received] == ["Muộn", "Muộn"]


def test_a_heartbeat_measures_the_clock_offset(desk: Desk) -> None:
    desk.centre.clock_ahead_ms = 7000
    desk.reporter.heartbeat(STATE)
    desk.reporter.heartbeat(STATE)
    assert abs(desk.centre.heartbeats[1]["clock_offset"] - 7000) < 500


def test_enrolment_makes_the_key_on_the_box_and_pins_the_stations(centre: Centre, tmp_path: Path) -> None:
    done = enrol(tmp_path / "may", centre.url, " DUNG-MA ")
    identity, key = read_identity(tmp_path / "may")
    assert centre.machine_key is not None
    assert key.public_key().public_bytes_raw() == centre.machine_key.public_bytes_raw()
    assert identity.station_key == centre.public_key
    assert done.station_fingerprint == fingerprint(centre.public_key)
    with pytest.raises(WrongStateError):
        enrol(tmp_path / "may", centre.url, "DUNG-MA")


def test_a_wrong_code_enrols_nothing_and_says_why(centre: Centre, tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError, match="hết hạn"):
        enrol(tmp_path / "may", centre.url, "SAI")
    assert not (tmp_path / "may").exists()


def test_enrolment_without_a_server_says_so(tmp_path: Path) -> None:
    with pytest.raises(ServerUnreachableError, match="127"):
        enrol(tmp_path / "may", "http://127.0.0.1:9", "X")


@pytest.mark.parametrize(
    "server", ["", "loa.vn", "ftp://loa.vn", "http://", "http://a:b@c", "http://x:99999", "file:///etc"]
)
def test_a_bad_address_is_refused_with_an_example(server: str) -> None:
    with pytest.raises(BadInputError, match="ví dụ"):
        parsed_server(server)
