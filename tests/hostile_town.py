"""A station with something of everything, people of each role and machines, for hostile callers to walk through.

Each caller sends what `Attacker` makes; its answer is held to the promises, and a refused call must change nothing.
"""

import base64
import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.routing import Rule
from werkzeug.security import generate_password_hash

from domain.people import Role, User
from domain.playlist import to_ms
from scheduler.ordering import OrderWorker
from scheduler.planning import replan
from scheduler.publishing import publish
from scheduler.signing import MACHINE_HEADER, SIGNATURE_HEADER, TIME_HEADER, StationKey, request_bytes
from store import people
from tests.fakes_emergency import stocked
from tests.fakes_web import EDITOR, Panel, busy_day, csrf, machine, panel
from tests.hostile import Answer, Attacker, Call, Fields, send, wrongs
from web.api.orders import LEAVING

ROLES = tuple(User(f"user-{role}", role.value, f"Người {role}", frozenset({role})) for role in Role)
EVERYTHING = User("user-moi-viec", "moiviec", "Người mọi việc", frozenset(Role))
ENDS_SESSION = "sign_in.leave"
_TOKEN = "duong-vao-cua-nguoi-khac"
_PASSWORD = "mat-khau-cua-nguoi-khac"
_NOT_COUNTED = {
    "session": "when a person was last here",
    "sign_in_attempt": "guesses, which are slowed down",
    "listening_line": "when a player last asked",
    "machine_act": "a wrong code, which is written down",
}
"""Tables that a refused call may change, and what it notes there."""
_IDS = {
    "bulletin_id": "SELECT id FROM bulletin",
    "recording_id": "SELECT id FROM recording",
    "programme_id": "SELECT id FROM programme",
    "column_id": "SELECT id FROM news_column",
    "area_id": "SELECT id FROM area",
    "emergency_id": "SELECT id FROM emergency",
    "message_id": "SELECT id FROM standard_message",
    "clip_hash": "SELECT hash FROM clip",
    "rule_id": "SELECT id FROM rule",
    "key": "SELECT key FROM slot",
    "window_id": "SELECT id FROM exclusion_window",
    "day_id": "SELECT id FROM special_day",
    "daypart_id": "SELECT id FROM daypart",
    "machine_id": "SELECT id FROM machine",
    "enrolment_id": "SELECT id FROM enrolment",
    "code_id": "SELECT id FROM enrolment_code",
    "line_id": "SELECT id FROM listening_line",
    "entry_id": "SELECT id FROM lexicon_entry",
    "int:number": "SELECT number FROM timetable_change",
}


class _Page(HTMLParser):
    """The links of a page, and the fields of its forms that change something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._open: list[tuple[str, str]] | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if tag == "a" and had.get("href", "").startswith("/"):
            self.links.append(had["href"].partition("#")[0])
        if tag == "form":
            self._open = [] if had.get("method", "").lower() == "post" else None
            if self._open is not None:
                self.forms.append((had.get("action", ""), self._open))
        if self._open is not None:
            self._field(tag, had)

    def _field(self, tag: str, had: dict[str, str]) -> None:
        assert self._open is not None
        if had.get("formaction"):
            self.forms.append((had["formaction"], self._open))
        if tag == "select":
            self._select = had.get("name", "")
        elif tag == "option" and self._select:
            if "selected" in had or self._select not in dict(self._open):
                self._open.append((self._select, had.get("value", "")))
        elif tag in {"input", "button", "textarea"} and had.get("name"):
            self._open.append((had["name"], had.get("value", "Nội dung." if tag == "textarea" else "1")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a browser with its cookie and CSRF token, or a machine with a key, which may be a wrong one."""

    name: str
    cookie: str = ""
    csrf: str = ""
    machine_id: str = ""
    key: Ed25519PrivateKey | None = field(default=None, repr=False)

    def signed(self, call: Call, now_ms: int) -> Call:
        """Return `call` as this caller sends it."""
        if self.key is None:
            return call
        path = unquote_to_bytes(call.path).decode("utf-8", "replace")
        whole = f"{path}?{call.query.decode('latin-1')}" if call.query else path
        told = request_bytes(call.method, whole, now_ms, call.body) if whole.isascii() else b"cannot be signed"
        signature = base64.b64encode(self.key.sign(told)).decode()
        own = ((MACHINE_HEADER, self.machine_id), (TIME_HEADER, str(now_ms)), (SIGNATURE_HEADER, signature))
        return replace(call, headers=(*own, *call.headers))


class HostileTown:
    """The station, who calls, and what went wrong so far: `broken` holds each promise with the call that broke it."""

    def __init__(self, town: Panel, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.broken: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self._connection = sqlite3.connect(town.database.path)
        key = _fill(town, folder)
        self.people = {user.login: self._person(user) for user in (*ROLES, EVERYTHING)}
        self.anyone = Caller("ai đó")
        box = self._rows("SELECT id FROM machine WHERE name = 'Máy của kẻ phá'")[0]
        self.machines = (Caller("máy", "", "", box, key), Caller("máy giả", "", "", box, Ed25519PrivateKey.generate()))
        self.forms, self.unguarded = self._read_forms()
        known = {gap: self._rows(query) for gap, query in _IDS.items()} | {"kind": ("m3u8",), "suffix": ("wav",)}
        self.attacker = Attacker(self.forms, known)
        self._version, self._held = self._data_version(), self.dump()

    @property
    def rules(self) -> list[Rule]:
        """Every rule of the application but those of files that lie in the package."""
        found = [rule for rule in self.town.app.url_map.iter_rules() if not rule.endpoint.endswith("static")]
        return sorted(found, key=lambda rule: (rule.rule, rule.endpoint))

    @property
    def callers(self) -> tuple[Caller, ...]:
        """Everybody."""
        return (self.anyone, *self.people.values(), *self.machines)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What no answer may hold: the tokens of others and keys."""
        sessions = [caller.cookie.partition("tiengloa_phien=")[2][:43] for caller in self.people.values()]
        return (*(one.encode() for one in sessions), _TOKEN.encode(), _PASSWORD.encode(), b"scrypt:", b"k" * 32)

    def dump(self) -> dict[str, str]:
        """Return a hash of each table that a refused call must leave alone."""
        names = self._rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name: self._hash(name) for name in names if name not in _NOT_COUNTED}

    def send(self, caller: Caller, call: Call) -> Answer:
        """Send a call and hold its answer to the promises."""
        made = caller.signed(call, to_ms(self.town.clock.now()))
        answer = send(self.town.app, made, caller.cookie)
        self.statuses[answer.status] += 1
        found = wrongs(call, answer, self.secrets)
        changed = self.changed()
        if changed and (answer.refused or call.method in {"GET", "HEAD", "OPTIONS"}):
            found.append(f"{call.method} answered {answer.status} but changed {changed}")
        for one in found:
            self.broken.setdefault(f"{self._endpoint(call)}: {one}", f"{caller.name}: {call.told()}")
        return answer

    def changed(self) -> list[str]:
        """Return the tables that are others than when this was last asked."""
        if (version := self._data_version()) == self._version:
            return []
        before, self._held, self._version = self._held, self.dump(), version
        return sorted(name for name in before if before[name] != self._held[name])

    def walk(self, seed: str) -> None:
        """Let everybody try every door once."""
        for rule in self.rules:
            for caller in self.callers if rule.endpoint.startswith("api.") else self.callers[:-1]:
                if rule.endpoint != ENDS_SESSION:
                    self.attack(rule, caller, seed)

    def attack(self, rule: Rule, caller: Caller, seed: str) -> Answer:
        """Send the hostile call of a seed."""
        return self.send(caller, self.attacker.call(rule, f"{caller.name} {seed}", caller.csrf))

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _endpoint(self, call: Call) -> str:
        return unquote_to_bytes(call.path).decode("utf-8", "replace")[:40]

    def _person(self, user: User) -> Caller:
        browser = self.town.browser(user)
        token = csrf(browser, "/tai-khoan")
        names = ("tiengloa_bieu_mau", "tiengloa_phien")
        cookies = ((name, browser.get_cookie(name)) for name in names)
        return Caller(user.login, "; ".join(f"{name}={one.value}" for name, one in cookies if one), token)

    def _read_forms(self) -> tuple[dict[str, Fields], list[str]]:
        """Return the fields of each form by its endpoint, and the pages that have a form without a token."""
        found: dict[str, Fields] = {}
        unguarded: list[str] = []
        browser, rules = self.town.browser(EVERYTHING), self.town.app.url_map.bind("localhost")
        waiting, seen, looked = ["/"], {"/"}, Counter[str]()
        while waiting:
            path = waiting.pop()
            answer = browser.get(path)
            if "html" not in answer.headers.get("Content-Type", "") or answer.status_code != 200:
                continue
            page = _Page(answer.get_data(as_text=True))
            for action, fields in page.forms:
                if "csrf_token" not in dict(fields):
                    unguarded.append(path)
                target = (action or path).partition("?")[0].partition("#")[0]
                if not rules.test(target, "POST"):
                    continue  # A form that our script gives its address.
                endpoint = rules.match(target, "POST")[0]
                if len(fields) >= len(found.get(endpoint, ())):
                    found[endpoint] = tuple(fields)
            for link in page.links:
                kind = re.sub(r"[0-9a-f]{12,}.*", "", link.partition("?")[0])
                if link not in seen and looked[kind] < 8:
                    seen.add(link)
                    looked[kind] += 1
                    waiting.append(link)
        return found, unguarded

    def _rows(self, query: str) -> tuple[str, ...]:
        with closing(self._connection.execute(query)) as rows:
            return tuple(str(row[0]) for row in rows)

    def _hash(self, table: str) -> str:
        with closing(self._connection.execute(f'SELECT * FROM "{table}"')) as rows:
            return hashlib.sha256(repr(rows.fetchall()).encode("utf-8", "replace")).hexdigest()

    def _data_version(self) -> int:
        with closing(self._connection.execute("PRAGMA data_version")) as rows:
            return int(rows.fetchone()[0])


@contextmanager
def hostile_town(folder: Path) -> Iterator[HostileTown]:
    """Set the station up in `folder` and take it down again."""
    with panel(folder) as town:
        town.app.extensions[LEAVING].set()  # Nobody is kept waiting for news.
        made = HostileTown(town, folder)
        try:
            yield made
        finally:
            made.close()


def _fill(town: Panel, folder: Path) -> Ed25519PrivateKey:
    """Put something of everything into the station; return the key of one of its machines."""
    with town.database.write() as connection:
        for user in (*ROLES, EVERYTHING):
            people.add(connection, user)
    key = Ed25519PrivateKey.generate()
    busy_day(town)
    machine(town, "Máy của kẻ phá", "san-thang", key.public_key().public_bytes_raw())
    ready = stocked(town)
    _post_forms(town, f"mau:{ready.message.id}")
    with town.database.write() as connection:
        people.set_password_hash(connection, EDITOR.id, generate_password_hash(_PASSWORD))
        people.add_sign_in_token(connection, EDITOR.id, _TOKEN, town.clock.now().replace(year=2027))
    station_key = StationKey.load_or_create(folder / "station.key")
    publish(town.database, station_key, replan(town.database, town.clock.now()), town.clock.now())
    OrderWorker(town.database, station_key, town.clock).tick()
    return key


def _post_forms(town: Panel, message: str) -> None:
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("/khan-cap/that", {"message": message, "area": "tan-phong", "word": "that"}),
        ("/khan-cap/dien-tap", {"message": message, "area": "tan-phong"}),
        ("/nghe", {"name": "Loa kéo", "area": "san-thang", "days": ""}),
        ("/chuyen-muc", {"name": "Tin trong tuần"}),
        ("/may-phat/them", {"name": "Máy mới", "area": "san-thang"}),
        ("/lich/san-thang/duong-dan", {}),
    )
    for path, fields in forms:
        assert town.post(EDITOR, path, **fields).status_code in {200, 303}, path
    code = town.services.office.new_code(EDITOR, "san-thang", "Máy chờ")
    public = base64.b64encode(b"w" * 32).decode()
    assert town.visitor().post("/api/v1/enrol", json={"code": code, "public_key": public}).status_code == 200
