"""People, their one-use sign-in lines and their sessions."""

from datetime import timedelta

import pytest

from domain.errors import BadInputError
from domain.people import Role, User
from store import people, tables
from store.people import SESSION_IDLE, SESSION_LONGEST
from tests.fakes import START, ExampleStation

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def user(station: ExampleStation) -> User:
    return station.person(Role.VIEWER)


def test_a_login_belongs_to_one_person(station: ExampleStation, user: User) -> None:
    with pytest.raises(BadInputError, match="đã có người dùng"), station.database.write() as connection:
        people.add(connection, User("khac", user.login, "Người khác", frozenset()))


def test_a_sign_in_token_is_used_once(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.add_sign_in_token(connection, user.id, "bí mật", START + HOUR)
        assert people.peek_sign_in_token(connection, "bí mật", START) == user
        assert people.use_sign_in_token(connection, "bí mật", START) == user
        assert people.use_sign_in_token(connection, "bí mật", START) is None
        assert people.peek_sign_in_token(connection, "bí mật", START) is None


def test_a_token_ends_at_its_instant_and_an_unknown_one_is_nobodys(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.add_sign_in_token(connection, user.id, "cũ", START + HOUR)
        assert people.use_sign_in_token(connection, "lạ", START) is None
        assert people.peek_sign_in_token(connection, "cũ", START + HOUR - SECOND) == user
        assert people.use_sign_in_token(connection, "cũ", START + HOUR) is None
        assert people.use_sign_in_token(connection, "cũ", START) is None, "an expired token is used up by the try"


def test_a_token_of_a_person_who_has_left_opens_nothing(station: ExampleStation) -> None:
    with station.database.write() as connection:
        gone = User("cu", "cu", "Người đã nghỉ", frozenset({Role.ADMIN}), active=False)
        people.add(connection, gone)
        people.add_sign_in_token(connection, gone.id, "còn giữ", START + HOUR)
        assert people.peek_sign_in_token(connection, "còn giữ", START) is None
        assert people.use_sign_in_token(connection, "còn giữ", START) is None
        assert people.by_login(connection, "cu") is None


def test_only_hashes_of_secrets_are_kept(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.add_sign_in_token(connection, user.id, "mã-đăng-nhập-123", START + HOUR)
        people.open_session(connection, user.id, "mã-phiên-456", START)
    station.database.close()
    kept = b"".join(file.read_bytes() for file in station.folder.glob("tiengloa.db*"))
    assert "mã-đăng-nhập-123".encode() not in kept
    assert "mã-phiên-456".encode() not in kept


def test_only_the_newest_line_works_after_the_others_are_dropped(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.add_sign_in_token(connection, user.id, "một", START + HOUR)
        people.drop_sign_in_tokens(connection, user.id)
        people.add_sign_in_token(connection, user.id, "hai", START + HOUR)
        assert people.peek_sign_in_token(connection, "một", START) is None
        assert people.peek_sign_in_token(connection, "hai", START) == user


def test_a_session_ends_when_idle_and_use_prolongs_it(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.open_session(connection, user.id, "phiên", START)
        assert people.session_user(connection, "phiên", START + SESSION_IDLE - SECOND) == (user, START)
        assert people.session_user(connection, "phiên", START + SESSION_IDLE) is None
        people.touch_session(connection, "phiên", START + HOUR)
        assert people.session_user(connection, "phiên", START + SESSION_IDLE) == (user, START + HOUR)


def test_no_use_prolongs_a_session_beyond_the_longest(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        people.open_session(connection, user.id, "phiên", START)
        end = START + SESSION_LONGEST
        people.touch_session(connection, "phiên", end - SECOND)
        assert people.session_user(connection, "phiên", end - SECOND) is not None
        assert people.session_user(connection, "phiên", end) is None


def test_a_closed_session_is_over_and_others_go_on(station: ExampleStation, user: User) -> None:
    with station.database.write() as connection:
        for token in ("văn phòng", "điện thoại", "máy cũ"):
            people.open_session(connection, user.id, token, START)
        people.close_session(connection, "máy cũ")
        assert people.session_user(connection, "máy cũ", START) is None
        assert people.session_user(connection, "điện thoại", START) is not None
        people.close_other_sessions(connection, user.id, "văn phòng")
        assert people.session_user(connection, "điện thoại", START) is None
        assert people.session_user(connection, "văn phòng", START) is not None


def test_failed_sign_ins_are_counted_by_subject_and_time(station: ExampleStation) -> None:
    with station.database.write() as connection:
        for minutes in (0, 1, 2):
            people.note_failed_sign_in(connection, "duyet", START + timedelta(minutes=minutes))
        people.note_failed_sign_in(connection, "bientap", START)
        assert people.failed_sign_ins(connection, "duyet", START) == 2
        people.forget_failed_sign_ins(connection, "duyet", START + timedelta(minutes=1))
        assert people.failed_sign_ins(connection, "duyet", START - SECOND) == 1


def test_cleaning_removes_what_is_over_and_nothing_else(station: ExampleStation, user: User) -> None:
    late = START + SESSION_LONGEST
    with station.database.write() as connection:
        people.open_session(connection, user.id, "quá dài", START)
        people.touch_session(connection, "quá dài", late - SECOND)
        people.open_session(connection, user.id, "bỏ quên", late - SESSION_IDLE)
        people.open_session(connection, user.id, "đang dùng", late - HOUR)
        people.add_sign_in_token(connection, user.id, "cũ", late - SECOND)
        people.add_sign_in_token(connection, user.id, "mới", late + HOUR)
        people.note_failed_sign_in(connection, "ai", START)
        people.purge(connection, late)
        assert len(connection.execute(tables.session.select()).all()) == 1
        assert people.session_user(connection, "đang dùng", late) is not None
        assert people.peek_sign_in_token(connection, "mới", late) == user
        assert len(connection.execute(tables.sign_in_token.select()).all()) == 1
        assert connection.execute(tables.sign_in_attempt.select()).all() == []


def test_an_administrator_holds_every_role_but_approval() -> None:
    chief = User("a", "a", "A", frozenset({Role.ADMIN}))
    assert all(chief.may(role) for role in Role if role is not Role.APPROVER)
    assert not chief.may(Role.APPROVER)
    assert chief.may(Role.EDITOR, Role.APPROVER)
    assert not User("b", "b", "B", frozenset({Role.VIEWER})).may(Role.EDITOR, Role.APPROVER)
