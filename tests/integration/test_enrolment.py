"""How a box becomes a machine: a one-use code, a request with its own key, a technician's yes, and what is noted."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import BadInputError, NotAllowedError, NotFoundError, TrustError, WrongStateError
from domain.machines import EnrolmentState
from domain.people import Role
from domain.playlist import to_ms
from player.trust import Signer
from scheduler.enrolment import _LETTERS
from scheduler.planning import replan
from store import enrolments, machines
from tests.fakes import START, ExampleStation, let_in

CLUSTER = "cum-san-thang"
MINUTE = timedelta(minutes=1)


def new_key() -> tuple[Ed25519PrivateKey, str]:
    key = Ed25519PrivateKey.generate()
    return key, base64.b64encode(key.public_key().public_bytes_raw()).decode()


def new_code(station: ExampleStation, area: str = CLUSTER) -> str:
    return station.office.new_code(station.person(Role.TECHNICIAN), area, "  Máy phát   bản San Thàng ")


def waiting(station: ExampleStation) -> tuple[str, Signer]:
    key, public = new_key()
    asked = station.office.enrol(new_code(station), public, "10.0.0.7")
    return asked.machine_id, Signer(asked.machine_id, key)


def acts(station: ExampleStation, *machine_ids: str) -> list[str]:
    with station.database.read() as connection:
        return [act.words for act, _name in enrolments.acts(connection, machine_ids)]


def test_a_code_is_eighty_bits_and_lets_one_box_ask_once(station: ExampleStation) -> None:
    code = new_code(station).replace("-", "")
    assert (len(code), len(set(_LETTERS))) == (16, 32)
    asked = station.office.enrol(code, new_key()[1])
    assert asked.machine_name == "Máy phát bản San Thàng"
    with pytest.raises(TrustError, match="đã dùng lúc"):
        station.office.enrol(code, new_key()[1])


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code} ".title()])
def test_a_code_may_be_typed_in_any_case_with_or_without_hyphens(station: ExampleStation, typed: Any) -> None:
    assert station.office.enrol(typed(new_code(station)), new_key()[1]).machine_id


def test_a_code_lives_fifteen_minutes(station: ExampleStation) -> None:
    first, second = new_code(station), new_code(station)
    station.clock.go(15 * MINUTE)
    assert station.office.enrol(first, new_key()[1]).machine_id
    station.clock.go(timedelta(milliseconds=1))
    with pytest.raises(TrustError, match="quá 15 phút, hết hạn lúc"):
        station.office.enrol(second, new_key()[1])


@pytest.mark.parametrize("code", ["", "----", "ABCD-EFGH-JKMN-PQRS", "ß" * 16, "A" * 100_000, "\x00"])
def test_a_wrong_code_lets_nobody_in(station: ExampleStation, code: str) -> None:
    new_code(station)
    with pytest.raises(TrustError):
        station.office.enrol(code, new_key()[1])
    with station.database.read() as connection:
        assert (machines.everything(connection), enrolments.waiting(connection)) == ((), ())


@pytest.mark.parametrize(
    "key",
    [
        "",
        "không phải khóa",
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode().rstrip("="),
        "-" + base64.b64encode(bytes(32)).decode(),
        "A" * 1_000_000,
    ],
)
def test_a_wrong_key_is_refused_and_the_code_stays_good(station: ExampleStation, key: str) -> None:
    code = new_code(station)
    with pytest.raises(BadInputError, match="Khóa của máy phát không đúng khuôn dạng"):
        station.office.enrol(code, key)
    assert station.office.enrol(code, new_key()[1]).machine_id


def test_a_key_that_is_known_already_is_refused_and_the_code_stays_good(station: ExampleStation) -> None:
    public = new_key()[1]
    station.office.enrol(new_code(station), public)
    code = new_code(station)
    with pytest.raises(BadInputError, match="đã được ghép trước đây"):
        station.office.enrol(code, public)
    assert station.office.enrol(code, new_key()[1]).machine_id


def test_letters_that_look_like_digits_are_read_as_digits(station: ExampleStation) -> None:
    code = new_code(station)
    assert station.office.enrol(code.replace("0", "O").replace("1", "l"), new_key()[1]).machine_id


@pytest.mark.parametrize(("area", "name"), [("khong-co", "Máy"), (CLUSTER, "  "), (CLUSTER, "\ud800"), ("", "\x00")])
def test_a_code_for_no_place_or_without_a_name_is_refused(station: ExampleStation, area: str, name: str) -> None:
    with pytest.raises(BadInputError):
        station.office.new_code(station.person(Role.TECHNICIAN), area, name)


def test_only_the_hash_of_a_code_is_kept(station: ExampleStation) -> None:
    plain = new_code(station).replace("-", "")
    station.database.close()
    kept_bytes = b"".join(file.read_bytes() for file in station.folder.glob("tiengloa.db*"))
    assert plain.encode() not in kept_bytes
    assert hashlib.sha256(plain.encode()).hexdigest().encode() in kept_bytes


def test_a_box_gets_nothing_until_a_technician_says_yes_and_then_is_planned_for(station: ExampleStation) -> None:
    machine_id, signer = waiting(station)
    headers = signer.headers("GET", "/api/v1/playlist", b"", to_ms(START))
    with pytest.raises(NotAllowedError, match="chờ kỹ thuật viên xác nhận"):
        station.office.identify("GET", "/api/v1/playlist", headers, b"")
    assert station.office.enrolment.state_of(machine_id) is EnrolmentState.WAITING
    assert machine_id not in replan(station.database, START).slots
    station.office.enrolment.confirm(station.person(Role.TECHNICIAN), machine_id, CLUSTER, "Máy cổng làng")
    machine = station.office.identify("GET", "/api/v1/playlist", headers, b"")
    assert (machine.id, machine.name, machine.area_id) == (machine_id, "Máy cổng làng", CLUSTER)
    assert station.office.enrolment.state_of(machine_id) is EnrolmentState.CONFIRMED
    assert machine_id in replan(station.database, START).slots


def test_the_place_may_be_chosen_at_the_yes_and_must_be(station: ExampleStation) -> None:
    technician = station.person(Role.TECHNICIAN)
    asked = station.office.enrol(station.office.new_code(technician, "", "Máy"), new_key()[1])
    for area in ("", "khong-co"):
        with pytest.raises(BadInputError, match="địa bàn"):
            station.office.enrolment.confirm(technician, asked.machine_id, area)
    station.office.enrolment.confirm(technician, asked.machine_id, CLUSTER)
    with station.database.read() as connection:
        assert machines.get(connection, asked.machine_id).area_id == CLUSTER


def test_a_refused_box_is_believed_no_more_and_cannot_be_confirmed_later(station: ExampleStation) -> None:
    technician = station.person(Role.TECHNICIAN)
    machine_id, signer = waiting(station)
    station.office.enrolment.refuse(technician, machine_id)
    assert station.office.enrolment.state_of(machine_id) is EnrolmentState.REFUSED
    headers = signer.headers("GET", "/api/v1/playlist", b"", to_ms(START))
    with pytest.raises(TrustError):
        station.office.identify("GET", "/api/v1/playlist", headers, b"")
    for act in (station.office.enrolment.refuse, lambda *who: station.office.enrolment.confirm(*who, CLUSTER)):
        with pytest.raises(WrongStateError, match="không còn chờ"):
            act(technician, machine_id)
    with station.database.read() as connection:
        assert machines.everything(connection) == ()


def test_only_a_technician_makes_codes_says_yes_and_refuses(station: ExampleStation) -> None:
    machine_id, _ = waiting(station)
    for role in set(Role) - {Role.TECHNICIAN, Role.ADMIN}:
        person = station.person(role)
        for act in (
            lambda who: station.office.new_code(who, CLUSTER, "Máy"),
            lambda who: station.office.enrolment.confirm(who, machine_id, CLUSTER),
            lambda who: station.office.enrolment.refuse(who, machine_id),
        ):
            with pytest.raises(NotAllowedError):
                act(person)
    assert station.office.enrolment.state_of(machine_id) is EnrolmentState.WAITING


def test_only_the_box_itself_is_told_how_far_it_has_come(station: ExampleStation) -> None:
    (one, _), (_, other) = waiting(station), waiting(station)
    path = "/api/v1/enrolment"
    headers = {**other.headers("GET", path, b"", to_ms(START)), "TL-Machine": one}
    with pytest.raises(TrustError):
        station.office.asks("GET", path, headers, b"")
    with pytest.raises(TrustError):
        station.office.asks("GET", path, {"TL-Machine": "khong-co"}, b"")


def test_every_step_is_noted_with_who_did_it_and_from_where(station: ExampleStation) -> None:
    machine_id, _ = waiting(station)
    station.office.enrolment.confirm(station.person(Role.TECHNICIAN, name="Tẩn A Phủ"), machine_id, CLUSTER)
    station.office.revoke(station.person(Role.TECHNICIAN), machine_id)
    with pytest.raises(TrustError):
        station.office.enrol("SAI", new_key()[1], "203.0.113.9")
    with station.database.read() as connection:
        told = enrolments.acts(connection, [machine_id])
        ((guess, _),) = enrolments.acts(connection, [enrolments.NOBODY])
    assert [act.words.split(",")[0].split(" «")[0] for act, _ in told] == [
        "Thu hồi quyền của máy",
        "Xác nhận đã so vân tay",
        "Máy",
    ]
    assert told[1][1] == "Tẩn A Phủ"
    assert told[2][0].address == "10.0.0.7"
    assert (guess.address, guess.words.split(".")[0]) == ("203.0.113.9", "Mã ghép máy không đúng")


def test_a_revoked_box_joins_again_with_a_new_key_and_the_old_machine_stays_in_history(
    station: ExampleStation,
) -> None:
    technician = station.person(Role.TECHNICIAN)
    old_key = new_key()[1]
    old = let_in(station.office, technician, CLUSTER, "Máy", old_key)
    station.office.revoke(technician, old)
    with pytest.raises(BadInputError, match="đã được ghép trước đây"):
        station.office.enrol(new_code(station), old_key)
    new = let_in(station.office, technician, CLUSTER, "Máy", new_key()[1])
    with station.database.read() as connection:
        assert {one.id for one in machines.everything(connection)} == {old, new}


def test_what_nobody_wanted_is_forgotten_in_time_and_what_was_done_to_machines_is_not(
    station: ExampleStation,
) -> None:
    machine_id, _ = waiting(station)
    refused, _ = waiting(station)
    station.office.enrolment.refuse(station.person(Role.TECHNICIAN), refused)
    with station.database.write() as connection:
        enrolments.purge(connection, START + timedelta(days=8))
    with pytest.raises(NotFoundError):
        station.office.enrolment.state_of(refused)
    assert station.office.enrolment.state_of(machine_id) is EnrolmentState.WAITING
    with station.database.write() as connection:
        enrolments.purge(connection, START + timedelta(days=31))
        assert enrolments.waiting(connection) == ()
    assert len(acts(station, machine_id, refused)) == 3
