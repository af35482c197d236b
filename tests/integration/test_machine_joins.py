"""A box on its way in, over real HTTP: it waits for the yes, joins again, and talks TLS without a clock."""

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.errors import BadInputError, BusyError, NotAllowedError, WrongStateError
from domain.machines import EnrolmentState
from player.alone import alone_in
from player.cabinet import open_cabinet, read_identity
from player.clock import SystemClock
from player.connect import connect
from player.enrol import await_answer, enrol
from player.line import parsed_server
from tests.commands import Here, here
from tests.fakes_web import EDITOR, Panel, panel
from web.server import address_of, make_server

__all__ = ["here"]


@dataclass
class Town:
    """A panel behind the real server."""

    panel: Panel
    address: str
    troubles: list[str] = field(default_factory=list)

    def code(self, area: str = "san-thang") -> str:
        return self.panel.services.office.new_code(EDITOR, area, "Máy bản")

    def yes(self, machine_id: str, name: str = "") -> None:
        self.panel.services.office.enrolment.confirm(EDITOR, machine_id, "san-thang", name)

    def answer(self, folder: Path, tries: int = 1) -> EnrolmentState:
        left = iter(range(tries - 1))
        return await_answer(folder, SystemClock(), lambda: next(left, None) is not None, self.troubles.append)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with panel(tmp_path) as one:
        one.clock.at = dt.datetime.now(dt.UTC)
        server = make_server(one.app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield Town(one, address_of(server))
        server.stop()
        thread.join()


def test_a_box_waits_for_the_yes_and_takes_the_name_it_was_given(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "may"
    joined = enrol(folder, town.address, town.code())
    assert (folder / "machine.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "identity.json").stat().st_mode & 0o777 == 0o600
    assert town.answer(folder, 2) is EnrolmentState.WAITING
    town.yes(joined.machine_id, "Máy cổng làng")
    assert town.answer(folder) is EnrolmentState.CONFIRMED
    assert read_identity(folder)[0].machine_name == "Máy cổng làng"


def test_the_fingerprints_at_the_box_are_those_on_the_page(town: Town, tmp_path: Path) -> None:
    joined = enrol(tmp_path / "may", town.address, town.code())
    page = town.panel.browser(EDITOR).get(f"/may-phat/cho-xac-nhan/{joined.machine_id}").get_data(as_text=True)
    assert f"<dd>{joined.machine_fingerprint}</dd>" in page
    assert f"<dd>{joined.station_fingerprint}</dd>" in page


def test_the_command_waits_and_tells_the_yes_and_the_no(
    town: Town, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiengloa.machine._ASK_EVERY_S", 0.01)
    for number, answer in enumerate((town.yes, lambda one: town.panel.services.office.enrolment.refuse(EDITOR, one))):
        folder = str(tmp_path / f"may-{number}")
        hand = threading.Thread(target=_answers_soon, args=(town, answer))
        hand.start()
        ran = here("machine", "enrol", "--server", town.address, "--code", town.code(), "--dir", folder)
        hand.join()
        assert "Vân tay khóa của máy:" in ran.out
        if number == 0:
            assert (ran.code, "Đã được đồng ý: máy này là «Máy bản»" in ran.out) == (0, True)
        else:
            assert (ran.code, "đã từ chối máy này" in ran.err) == (8, True)
            assert not (tmp_path / "may-1" / "identity.json").exists()
            assert (tmp_path / "may-1" / "old-1" / "identity.json").exists()


def _answers_soon(town: Town, answer: object) -> None:
    from store import enrolments
    from tests.fakes_player import wait_until

    def waiting() -> tuple[object, ...]:
        with town.panel.database.read() as connection:
            return enrolments.waiting(connection)

    wait_until(waiting)
    answer(waiting()[0].id)  # type: ignore[operator, attr-defined]


def test_nobody_answering_is_said_with_an_exit_code_of_its_own(
    town: Town, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiengloa.machine._PATIENCE_S", 0.0)
    monkeypatch.setattr("tiengloa.machine._ASK_EVERY_S", 0.01)
    ran = here("machine", "enrol", "--server", town.address, "--code", town.code(), "--dir", str(tmp_path / "may"))
    assert (ran.code, "Chưa có ai đồng ý" in ran.out) == (9, True)


@pytest.mark.parametrize(("code", "words"), [("SAI", "không đúng"), (None, "đã dùng lúc")])
def test_a_code_that_is_not_taken_says_why_and_leaves_nothing(
    town: Town, tmp_path: Path, here: Here, code: str | None, words: str
) -> None:
    if code is None:
        code = town.code()
        enrol(tmp_path / "khac", town.address, code)
    folder = tmp_path / "may"
    here("machine", "enrol", "--server", town.address, "--code", code, "--dir", str(folder)).refused(8, words)
    assert not folder.exists()


def test_a_box_joins_again_with_a_new_key_and_keeps_its_clips(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "may"
    first = enrol(folder, town.address, town.code())
    town.yes(first.machine_id)
    open_cabinet(folder).close()
    clip = folder / "clips" / "ab" / "abcd"
    clip.parent.mkdir()
    clip.write_bytes(b"tieng")
    with pytest.raises(WrongStateError, match="--again"):
        enrol(folder, town.address, town.code())
    town.panel.services.office.revoke(EDITOR, first.machine_id)
    with pytest.raises(NotAllowedError, match="không đúng"):
        enrol(folder, town.address, "SAI", again=True)
    assert read_identity(folder)[0].machine_id == first.machine_id
    second = enrol(folder, town.address, town.code(), again=True)
    assert second.machine_id != first.machine_id
    assert second.machine_fingerprint != first.machine_fingerprint
    assert read_identity(folder)[0].machine_id == second.machine_id
    cabinet = open_cabinet(folder)
    assert (cabinet.playlist(), cabinet.is_revoked()) == (None, False)
    cabinet.close()
    assert clip.read_bytes() == b"tieng"
    assert read_identity(folder / "old-1")[0].machine_id == first.machine_id
    names = {path.name for path in folder.iterdir()}
    assert names <= {"clips", "old-1", "machine.lock", "identity.json", "machine.key", "cabinet.db"}


def test_a_running_machine_is_not_changed_under_its_feet(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "may"
    enrol(folder, town.address, town.code())
    with alone_in(folder), pytest.raises(BusyError):
        enrol(folder, town.address, town.code(), again=True)


def test_a_box_that_the_centre_forgot_is_told_to_join_again(town: Town, tmp_path: Path) -> None:
    folder = tmp_path / "may"
    joined = enrol(folder, town.address, town.code())
    with town.panel.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM enrolment WHERE id = ?", (joined.machine_id,))
    with pytest.raises(NotAllowedError, match="--again"):
        town.answer(folder)


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args: object) -> None:
        pass


def _certified(folder: Path, begins: dt.datetime, ends: dt.datetime, name: str = "127.0.0.1") -> Path:
    """Write a self-signed certificate and its key into one file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(begins).not_valid_after(ends)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    path = folder / "cert.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("begins", "ends", "name", "trusted", "welcome"),
    [
        (1, 9, "127.0.0.1", True, True),  # from the future: so it looks to a box in 1970
        (-1, 9, "127.0.0.1", True, True),
        (-9, -1, "127.0.0.1", True, False),
        (1, 9, "127.0.0.2", True, False),
        (1, 9, "127.0.0.1", False, False),
    ],
    ids=["not yet valid", "valid", "expired", "another name", "unknown"],
)
def test_a_certificate_from_the_future_is_taken_but_for_its_dates(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begins: int,
    ends: int,
    name: str,
    trusted: bool,
    welcome: bool,
) -> None:
    now, year = dt.datetime.now(dt.UTC), dt.timedelta(days=365)
    certificate = _certified(tmp_path, now + begins * year, now + ends * year, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate if trusted else tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with ExitStack() as stack:
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        url = parsed_server(f"https://127.0.0.1:{server.server_address[1]}")
        if not welcome:
            with pytest.raises(ssl.SSLError):
                connect(url, 5)
            return
        connection = connect(url, 5)
        stack.callback(connection.close)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"


def test_an_address_copied_with_its_page_is_named_as_the_fault_and_the_code_stays_good(
    town: Town, tmp_path: Path
) -> None:
    code = town.code()
    with pytest.raises(BadInputError, match="không có trung tâm Tiếng Loa"):
        enrol(tmp_path / "box", town.address + "/may-phat", code)
    assert not (tmp_path / "box").exists()
    assert enrol(tmp_path / "box", town.address, code).machine_name == "Máy bản"
