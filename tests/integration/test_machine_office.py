"""The machines' office: who is let in, who is believed, and what is kept of their reports."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import BadInputError, NotAllowedError, TiengLoaError, TrustError
from domain.machines import BEAT_EVERY, Aired, AiringOutcome, Box, Coming, Heartbeat, Machine, MachineState
from domain.people import Role
from domain.playlist import to_ms
from domain.proof import Hearing, Level, Proof
from player.trust import Signer
from scheduler.reports import read_heartbeat
from store import airings, machines
from store.heartbeats import from_document, to_document
from tests.fakes import START, ExampleStation, let_in

CLUSTER = "cum-san-thang"
MINUTE = timedelta(minutes=1)


def new_key() -> tuple[Ed25519PrivateKey, str]:
    key = Ed25519PrivateKey.generate()
    return key, base64.b64encode(key.public_key().public_bytes_raw()).decode()


def new_code(station: ExampleStation) -> str:
    return station.office.new_code(station.person(Role.TECHNICIAN), CLUSTER, "  Máy phát   bản San Thàng ")


def enrolled(station: ExampleStation) -> tuple[Machine, Signer]:
    key, public = new_key()
    machine_id = let_in(station.office, station.person(Role.TECHNICIAN), CLUSTER, "Máy phát bản San Thàng", public)
    with station.database.read() as connection:
        return machines.get(connection, machine_id), Signer(machine_id, key)


def report(**changed: Any) -> dict[str, Any]:
    return {
        "key": "slot-1:0",
        "slot": "slot-1",
        "position": 0,
        "title": "Bản tin sáng",
        "clip": "a" * 64,
        "planned": to_ms(START),
        "outcome": "played",
        "started": to_ms(START) + 12,
        "ended": to_ms(START) + 60_000,
        "rendered": 59_988,
        "reason": "",
        **changed,
    }


def kept(station: ExampleStation) -> tuple[Any, ...]:
    with station.database.read() as connection:
        return airings.between(connection, START - MINUTE, START + MINUTE)


def test_only_a_technician_revokes(station: ExampleStation) -> None:
    machine, _signer = enrolled(station)
    for role in set(Role) - {Role.TECHNICIAN, Role.ADMIN}:
        person = station.person(role)
        with pytest.raises(NotAllowedError):
            station.office.revoke(person, machine.id)


def test_a_machine_is_known_by_its_signature_until_it_is_revoked(station: ExampleStation) -> None:
    machine, signer = enrolled(station)
    headers = signer.headers("GET", "/api/playlist?x=1", b"", to_ms(START))
    assert station.office.identify("GET", "/api/playlist?x=1", headers, b"") == machine
    for method, path, body in (
        ("POST", "/api/playlist?x=1", b""),
        ("GET", "/api/playlist?x=2", b""),
        ("GET", "/api/playlist?x=1", b"{}"),
    ):
        with pytest.raises(TrustError):
            station.office.identify(method, path, headers, body)
    station.office.revoke(station.person(Role.TECHNICIAN), machine.id)
    with pytest.raises(TrustError, match="thu hồi"):
        station.office.identify("GET", "/api/playlist?x=1", headers, b"")


def test_a_machine_cannot_speak_for_another(station: ExampleStation) -> None:
    (one, _), (_, other) = enrolled(station), enrolled(station)
    headers = {**other.headers("GET", "/api/playlist", b"", to_ms(START)), "TL-Machine": one.id}
    with pytest.raises(TrustError):
        station.office.identify("GET", "/api/playlist", headers, b"")


@pytest.mark.parametrize("name", ["", "khong-co", "' OR 1=1 --", "\x00", "x" * 10_000])
def test_an_unknown_machine_is_refused(station: ExampleStation, name: str) -> None:
    enrolled(station)
    with pytest.raises(TrustError, match="chưa được ghép"):
        station.office.identify("GET", "/", {"TL-Machine": name}, b"")


def test_airings_may_come_any_number_of_times(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    for _ in range(3):
        assert station.office.keep_airings(machine, [report(), report()]).acknowledged == ("slot-1:0",) * 2
    (airing,) = kept(station)
    assert (airing.outcome, airing.machine_id, airing.rendered) == (
        AiringOutcome.PLAYED,
        machine.id,
        timedelta(milliseconds=59_988),
    )


def test_what_a_machine_measured_is_kept_and_older_machines_need_not_say(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    measured = {"rms": -1820, "peak": -301, "dead": 2000, "clipped": 7, "hearing": "heard", "score": 930}
    station.office.keep_airings(machine, [report()])
    assert (kept(station)[0].level, kept(station)[0].proof) == (None, None)
    station.office.keep_airings(machine, [report(**measured)])
    assert kept(station)[0].level == Level(-1820, -301, timedelta(seconds=2), 7)
    assert kept(station)[0].proof == Proof(Hearing.HEARD, 930)


@pytest.mark.parametrize(
    "wrong", [{"rms": -1820}, {"rms": "loud", "peak": 0, "dead": 0, "clipped": 0}, {"hearing": "?"}]
)
def test_a_measurement_that_makes_no_sense_is_refused(station: ExampleStation, wrong: dict[str, object]) -> None:
    machine, _ = enrolled(station)
    assert station.office.keep_airings(machine, [report(**wrong)]).refused
    assert not kept(station)


def test_an_ending_takes_the_place_of_playing_and_never_the_other_way(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    playing = report(outcome="playing", ended=None, rendered=0)
    station.office.keep_airings(machine, [playing])
    station.office.keep_airings(machine, [report(outcome="cut", reason="mất điện")])
    station.office.keep_airings(machine, [playing])
    (airing,) = kept(station)
    assert (airing.outcome, airing.reason) == (AiringOutcome.CUT, "mất điện")


def test_a_machine_cannot_overwrite_what_another_said(station: ExampleStation) -> None:
    (one, _), (other, _) = enrolled(station), enrolled(station)
    station.office.keep_airings(one, [report()])
    station.office.keep_airings(other, [report(outcome="missed", started=None, ended=None, rendered=0)])
    assert {airing.machine_id: airing.outcome for airing in kept(station)} == {
        one.id: AiringOutcome.PLAYED,
        other.id: AiringOutcome.MISSED,
    }


BAD_ROWS: tuple[dict[str, Any], ...] = (
    {"outcome": "sung"},
    {"outcome": ["played"]},
    {"outcome": {}},
    {"position": -1},
    {"position": True},
    {"position": 1.5},
    {"planned": 10**30},
    {"rendered": -1},
    {"started": "hôm nay"},
    {"title": None},
    {"title": "x" * 1001},
    {"title": "\ud800"},
    {"key": "x" * 101},
    {"clip": 7},
    {"clip": "a" * 65},
)


@pytest.mark.parametrize("changed", BAD_ROWS, ids=[str(number) for number in range(len(BAD_ROWS))])
def test_a_bad_row_is_told_and_acknowledged_and_the_good_ones_are_kept(
    station: ExampleStation, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    machine, _ = enrolled(station)
    bad = report(**{"key": "hỏng", **changed})
    receipt = station.office.keep_airings(machine, [bad, report(key="tốt")])
    assert receipt.acknowledged == ("tốt", bad["key"])
    assert [one.key for one in receipt.refused] == [bad["key"]]
    assert [one.key for one in kept(station)] == ["tốt"]
    assert "was refused" in caplog.text


@pytest.mark.parametrize("row", [None, [], {}, 7, report(key=None), report(key=""), report(key="\udfff")], ids=str)
def test_a_row_without_a_key_is_ignored(station: ExampleStation, row: object) -> None:
    machine, _ = enrolled(station)
    receipt = station.office.keep_airings(machine, [row, report(key="tốt")])
    assert (receipt.acknowledged, receipt.refused) == (("tốt",), ())


@pytest.mark.parametrize("reports", [None, "text", {}, [report()] * 501], ids=["none", "text", "object", "too many"])
def test_what_is_no_list_of_rows_is_refused_whole(station: ExampleStation, reports: object) -> None:
    machine, _ = enrolled(station)
    with pytest.raises(BadInputError):
        station.office.keep_airings(machine, reports)
    assert kept(station) == ()


def beat(**changed: Any) -> dict[str, Any]:
    return {
        "counter": 3,
        "clips_held": 4,
        "clips_needed": 5,
        "sink": "wav",
        "sink_ok": True,
        "clock_offset": -20,
        "free": 10**9,
        "version": "0.1.0",
        "fault": "",
        **changed,
    }


def test_a_heartbeat_is_kept_with_the_centres_time_and_tells_the_state(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    assert machine.state_at(START) is MachineState.NEVER_SEEN
    assert station.office.keep_heartbeat(machine, beat()) == START
    with station.database.read() as connection:
        seen = machines.get(connection, machine.id)
    assert seen.heartbeat is not None
    assert (seen.heartbeat.at, seen.heartbeat.playlist_counter, seen.heartbeat.clock_offset_ms) == (START, 3, -20)
    assert seen.state_at(START) is MachineState.ONLINE
    assert seen.state_at(START + timedelta(seconds=101)) is MachineState.OFFLINE


def test_what_a_machine_is_still_checking_is_kept_and_an_older_one_checks_nothing(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    for told, kept in ((beat(clips_checking=1), 1), (beat(), 0), (beat(clips_checking="x"), 0)):
        station.office.keep_heartbeat(machine, told)
        with station.database.read() as connection:
            seen = machines.get(connection, machine.id)
        assert seen.heartbeat is not None
        assert (seen.heartbeat.clips_checking, seen.heartbeat.lacking) == (kept, 1 - kept)


@pytest.mark.parametrize(
    "bad", [None, [], {}, beat(counter=-1), beat(free=2**70), beat(sink=3), beat(fault="\ud800"), beat(version=None)]
)
def test_a_heartbeat_that_is_none_is_refused(station: ExampleStation, bad: object) -> None:
    machine, _ = enrolled(station)
    with pytest.raises(TiengLoaError):
        station.office.keep_heartbeat(machine, bad)


NEWER: dict[str, Any] = {
    "every": 60,
    "boot": "b1",
    "number": 1,
    "running": 86_400,
    "clock_trusted": True,
    "box": {
        "temperature": 48_312,
        "disk": 32 * 10**9,
        "uptime": 90_000,
        "network": "Wi-Fi",
        "system": "Debian GNU/Linux 12",
        "python": "3.11.7",
    },
    "next": {"title": "Bản tin trưa", "starts": to_ms(START) + 60_000, "ready": True},
    "last": {"title": "Bản tin sáng", "at": to_ms(START) - 60_000, "outcome": "played"},
}


def kept_beat(station: ExampleStation, machine: Machine, **told: Any) -> Heartbeat:
    station.office.keep_heartbeat(machine, beat(**told))
    with station.database.read() as connection:
        kept = machines.get(connection, machine.id).heartbeat
    assert kept is not None
    return kept


def test_a_heartbeat_of_a_newer_machine_tells_of_its_box_what_comes_and_what_came(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    told = kept_beat(station, machine, **NEWER)
    assert told.box == Box(48.312, 32 * 10**9, timedelta(seconds=90_000), "Wi-Fi", "Debian GNU/Linux 12", "3.11.7")
    assert told.coming == Coming("Bản tin trưa", START + MINUTE, ready=True)
    assert told.aired == Aired("Bản tin sáng", START - MINUTE, "played")
    assert (told.every, told.running, told.clock_trusted) == (MINUTE, timedelta(days=1), True)


def test_a_heartbeat_of_an_older_machine_leaves_out_what_it_cannot_tell(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    told = kept_beat(station, machine)
    assert (told.box, told.coming, told.aired, told.clock_trusted) == (Box(), None, None, None)
    assert told.every == BEAT_EVERY


JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
ODD = JUNK | st.dictionaries(st.sampled_from(["temperature", "uptime", "title", "starts", "at", "network"]), JUNK)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*NEWER, "strange"), ODD)))
def test_what_only_newer_machines_tell_never_makes_a_heartbeat_fail(told: dict[str, Any]) -> None:
    read = read_heartbeat(beat(**told), None, START)
    assert from_document(json.loads(json.dumps(to_document(read)))) == read


def test_a_heartbeat_played_again_does_not_make_a_dead_machine_look_alive(station: ExampleStation) -> None:
    machine, _ = enrolled(station)
    first, second = {"boot": "b1", "number": 1}, {"boot": "b1", "number": 2}
    kept_beat(station, machine, **first)
    kept_beat(station, machine, **second)
    station.clock.go(MINUTE)
    for again in (first, second):
        assert kept_beat(station, machine, **again).at == START
    anew = kept_beat(station, machine, boot="b2", number=1)
    assert anew.at == START + MINUTE
    station.clock.go(MINUTE)
    assert kept_beat(station, machine, **second).at == START + MINUTE
    assert kept_beat(station, machine, boot="b2", number=2).at == START + 2 * MINUTE


def test_what_was_kept_by_another_version_is_read(station: ExampleStation) -> None:
    first_version = {
        "at": to_ms(START),
        "playlist_counter": 1,
        "clips_held": 1,
        "clips_needed": 1,
        "sink": "x",
        "sink_ok": True,
        "clock_offset_ms": 0,
        "free_bytes": 1,
        "version": "0.1.0",
        "fault": "",
    }
    told = from_document(first_version)
    assert (told.at, told.box, told.every) == (START, Box(), BEAT_EVERY)
    assert from_document({**to_document(told), "of_tomorrow": 7, "box": {"colour": "đỏ"}}) == told
