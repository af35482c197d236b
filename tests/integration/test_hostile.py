"""Every door of the panel and of the machine API, tried by everybody with junk: refused in words, nothing changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import BadInputError
from domain.formats import read_time
from tests.hostile import FORM, Call, form, unknown_path
from tests.hostile_town import ENDS_SESSION, Caller, HostileTown, hostile_town

MAY_ANYONE = frozenset(
    {"sign_in.enter", "sign_in.use_line", "sign_in.leave", "sign_in.change_password", "editor.read", "lexicon.hear"}
    | {"listening.preview"}
)
"""Forms that a viewer may send: one's own account, and what is only read or heard and kept nowhere."""


@pytest.fixture
def wild(tmp_path: Path) -> Iterator[HostileTown]:
    """A station where anything may happen."""
    with hostile_town(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileTown]:
    """A station where everything is refused, so that it stays as it is."""
    with hostile_town(tmp_path_factory.mktemp("dai")) as one:
        yield one


@pytest.fixture
def town(calm: HostileTown) -> HostileTown:
    """The calm station, of which nothing bad is known yet."""
    calm.broken.clear()
    calm.changed()
    return calm


def posts(town: HostileTown) -> list[tuple[str, bytes, bytes]]:
    """Return the endpoint of each form of people's, and its path to what is there and to what is not."""
    return [
        (rule.endpoint, town.attacker.true_path(rule), unknown_path(rule))
        for rule in town.rules
        if "POST" in (rule.methods or ()) and not rule.endpoint.startswith("api.") and rule.endpoint != ENDS_SESSION
    ]


def bodies(town: HostileTown, caller: Caller, endpoint: str) -> list[bytes]:
    """Return a form of an endpoint empty, full of junk, and as a page has it."""
    own = [(name, value.encode()) for name, value in town.forms.get(endpoint, ()) if name != "csrf_token"]
    token = ("csrf_token", caller.csrf.encode())
    return [form([token]), form([token, *((name, b"\xff\x00") for name, _ in own)]), form([token, *own])]


def test_no_junk_from_anybody_breaks_a_page_tells_a_secret_or_changes_anything_when_refused(wild: HostileTown) -> None:
    wild.walk("bước một")
    assert wild.broken == {}
    # The walk is worth something only when much was let in and much was turned away.
    assert {200, 303, 400, 401, 403, 404, 405, 413, 422} <= set(wild.statuses)


def test_who_may_not_do_a_thing_is_told_so_before_the_form_is_read(town: HostileTown) -> None:
    viewer, wrong = town.people["viewer"], []
    for endpoint, there, unknown in posts(town):
        for path in (there, unknown):
            for body in bodies(town, viewer, endpoint):
                answer = town.send(viewer, Call("POST", path, b"", body, FORM))
                if endpoint not in MAY_ANYONE and (answer.status not in {403, 404} or town.changed()):
                    wrong.append((endpoint, path, body[-60:], answer.status))
    assert wrong == []
    assert town.broken == {}


def test_what_never_was_is_not_found_by_whoever_may_do_everything(town: HostileTown) -> None:
    person, wrong = town.people["moiviec"], []
    for rule in town.rules:
        if "<" not in rule.rule or rule.endpoint.startswith("api."):
            continue
        calls = [Call("GET", unknown_path(rule))] if "GET" in (rule.methods or ()) else []
        if "POST" in (rule.methods or ()):
            calls = [Call("POST", unknown_path(rule), b"", one, FORM) for one in bodies(town, person, rule.endpoint)]
        answers = [town.send(person, call) for call in calls]
        wrong += [(rule.endpoint, answer.status) for answer in answers if answer.status != 404]
    assert wrong == []
    assert town.broken == {}


def test_nobody_comes_in_without_signing_in(town: HostileTown) -> None:
    public = {"assets", "ical", "open_lists", "sign_in"}
    for rule in town.rules:
        if rule.endpoint.partition(".")[0] in public or rule.endpoint.startswith("api."):
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = town.send(town.anyone, Call(method, town.attacker.true_path(rule)))
            assert answer.refused, rule.endpoint
            assert answer.status == (303 if method == "GET" else 401), rule.endpoint
    assert town.broken == {}


def test_only_a_machine_that_signs_well_is_let_in(town: HostileTown) -> None:
    true, false = town.machines
    for rule in town.rules:
        if not rule.endpoint.startswith("api.") or rule.endpoint == "api.enrol":
            continue
        call = Call("POST" if "POST" in (rule.methods or ()) else "GET", town.attacker.true_path(rule), body=b"{}")
        assert town.send(true, call).status in {200, 204, 404, 422}, rule.endpoint
        for caller in (false, town.anyone, town.people["moiviec"]):
            assert town.send(caller, call).status == 401, rule.endpoint
    assert town.broken == {}


def test_no_form_changes_anything_without_its_token(town: HostileTown) -> None:
    assert town.unguarded == []
    person = town.people["moiviec"]
    for endpoint, there, _ in posts(town):
        own = [(name, value.encode()) for name, value in town.forms.get(endpoint, ()) if name != "csrf_token"]
        for token in ([], [("csrf_token", b"")], [("csrf_token", town.people["viewer"].csrf.encode())]):
            answer = town.send(person, Call("POST", there, b"", form([*token, *own]), FORM))
            assert answer.status == 400, endpoint
            assert "mã bảo vệ" in answer.text
        assert not town.changed(), endpoint
    assert town.broken == {}


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (Call("POST", b"/dang-xuat", headers=(("Origin", "http://[::1"),)), 403),
        (Call("GET", b"/khong-co", headers=(("Referer", "http://[::1"),)), 404),
        (Call("POST", b"/khong-co", headers=(("Referer", "http://[::1"),)), 404),
        (Call("GET", b"/ban-tin", b"q=\xff\xfe&\xc3=1"), 200),
        (Call("GET", b"/ban-tin", headers=(("Host", "x" * 300),)), 400),
        (Call("GET", b"/ban-tin", headers=(("Host", "dai.vn/x?y"),)), 400),
        (Call("GET", b"/ban-tin", headers=(("Host", "dai.vn:8080"),)), 200),
        (Call("GET", b"/ban-tin", headers=(("Host", "[2405:4800::1]:8080"),)), 200),
        (Call("GET", b"//evil.vn/ban-tin", headers=(("Host", "evil.vn"),)), 404),
        (Call("GET", b"/icons.svg", headers=(("If-Match", '"a"'),)), 412),
    ],
    ids=lambda value: value.told() if isinstance(value, Call) else str(value),
)
def test_what_once_broke_a_page_is_answered_in_words(town: HostileTown, call: Call, status: int) -> None:
    assert town.send(town.people["moiviec"], call).status == status
    assert town.broken == {}


@pytest.mark.parametrize("hour", ["9" * 19 + ":00", "5h" + "9" * 25, "9" * 5_000])
def test_an_hour_too_large_for_any_clock_is_no_hour(hour: str) -> None:
    with pytest.raises(BadInputError, match="không phải là giờ"):
        read_time(hour)


@pytest.mark.parametrize(
    "next_", [b"//evil.vn", b"https://evil.vn/", b"/\\evil.vn", b"/\t/evil.vn", b"\t//evil.vn", b"x"]
)
def test_signing_in_leads_to_our_own_pages_only(town: HostileTown, next_: bytes) -> None:
    answer = town.send(town.people["viewer"], Call("GET", b"/dang-nhap", form([("next", next_)])))
    assert (answer.status, answer.headers["Location"]) == (303, "/")
