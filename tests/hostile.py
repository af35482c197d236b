"""Hostile requests, each from a seed: what a person who means harm, or a broken program, could send.

`Call` is one request as it would be on the wire, `Attacker` makes them, `wrongs` tells which promise an answer broke.
"""

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule
from werkzeug.test import run_wsgi_app

from tests.hostile_junk import BODIES, EVIL, HEADERS, NAMES, PATH_PARTS, TEXTS, TYPES

OTHER_METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
FORM = "application/x-www-form-urlencoded"
GUARDS = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control")
_TRACES = ("Traceback (most recent", 'File "', "sqlalchemy", "sqlite3.", "werkzeug.exceptions", "<listcomp>")
_VIETNAMESE = re.compile(r"[ạảãàáâậầấẩẫăắằặẳẵóòọõỏôộổỗồốơờớợởỡéèẻẹẽêếềệểễúùụủũưựữửừứíìịỉĩýỳỷỵỹđ]", re.IGNORECASE)
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` and `query` are raw, as they stand in its first line, and it comes from `address`."""

    method: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    address: str = "127.0.0.1"

    def told(self) -> str:
        """Return the call in a line."""
        said = (self.method, self.path[:80], self.query[:60], self.content_type[:40], self.body[:90])
        return f"{said} {[(name, value[:40]) for name, value in self.headers]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def refused(self) -> bool:
        """Whether nothing was to be done."""
        return self.status >= 400 or self.headers.get("Location", "").startswith("/dang-nhap")


def send(app: Flask, call: Call, cookie: str = "") -> Answer:
    """Have `app` answer a call as its server would hand it over."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(call.path).decode("latin-1"),
        "QUERY_STRING": call.query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": call.address,
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(call.body)),
        "CONTENT_TYPE": call.content_type,
        **({"HTTP_COOKIE": cookie} if cookie else {}),
    }
    for name, value in call.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
    pieces, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Answer(int(status.split()[0]), headers, b"".join(pieces))


def form(fields: Iterable[tuple[str, bytes]]) -> bytes:
    """Return fields as the body of a form."""
    return b"&".join(f"{quote(name)}={quote_from_bytes(value)}".encode() for name, value in fields)


def multipart(fields: Iterable[tuple[str, bytes]], file: tuple[str, bytes, bytes]) -> bytes:
    """Return fields and a file (field, file name, content) as a body with the boundary `bien`."""
    field, called, content = file
    parts = [b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), value) for name, value in fields]
    head = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: audio/wav'
    parts.append(head % (field.encode(), called.replace(b'"', b"")) + b"\r\n\r\n" + content)
    return b"".join(b"--bien\r\n%s\r\n" % part for part in parts) + b"--bien--\r\n"


class Attacker:
    """Makes hostile calls; `forms` are fields by endpoint as true pages hold them, `known` true values by gap."""

    def __init__(self, forms: Mapping[str, Fields], known: Mapping[str, tuple[str, ...]]) -> None:
        self.forms, self.known = forms, known
        self._every = tuple(one for fields in forms.values() for one in fields)
        self._names = tuple(sorted({value for values in known.values() for value in values}))

    def call(self, rule: Rule, seed: str, csrf: str = "") -> Call:
        """Return the call of a seed."""
        random = Random(f"{rule.rule} {seed}")
        methods = sorted(rule.methods or ())
        method = random.choice(OTHER_METHODS if random.random() < 0.15 else methods)
        has_body = method not in {"GET", "HEAD"} or random.random() < 0.05
        content_type, body = self._body(random, rule.endpoint, csrf) if has_body else ("", b"")
        token = (("X-CSRFToken", csrf),) if csrf and random.random() < 0.9 else ()
        return Call(
            method,
            self.path(rule, random),
            self._query(random) if random.random() < 0.5 else b"",
            body,
            content_type,
            (*token, *random.sample(HEADERS, random.choice((0, 0, 1, 1, 2)))),
            f"10.{random.randrange(256)}.{random.randrange(256)}.7",
        )

    def path(self, rule: Rule, random: Random) -> bytes:
        """Return a path of a rule with junk, or things that exist, in its gaps."""
        return b"".join(self._gap(random, text) if gap else text.encode() for gap, text in _pieces(rule.rule))

    def true_path(self, rule: Rule) -> bytes:
        """Return a path of a rule to things that exist, as far as any do."""
        return b"".join(
            quote(next(iter(self.known.get(text, ())), "khong-co")).encode() if gap else text.encode()
            for gap, text in _pieces(rule.rule)
        )

    def _gap(self, random: Random, name: str) -> bytes:
        there = self.known.get(name, ()) if random.random() < 0.8 else self._names
        return quote(random.choice(there)).encode() if there and random.random() < 0.6 else random.choice(PATH_PARTS)

    def _query(self, random: Random) -> bytes:
        pairs = [(random.choice(NAMES), self._value(random)) for _ in range(random.randrange(1, 5))]
        return random.choice((form(pairs), form(pairs), b"%", b"&&==", b"a" * 5_000, b"\xff=\xff", b"%ED%A0%80=%00"))

    def _value(self, random: Random) -> bytes:
        return random.choice(self._names).encode() if self._names and random.random() < 0.25 else random.choice(TEXTS)

    def _body(self, random: Random, endpoint: str, csrf: str) -> tuple[str, bytes]:
        if endpoint.startswith("api.") or random.random() < 0.2:
            return random.choice(TYPES), random.choice(BODIES)
        own = self.forms.get(endpoint) or random.sample(self._every, min(6, len(self._every)))
        fields = [(name, value.encode()) for name, value in own for _ in range(random.choice((0, 1, 1, 1, 1, 2)))]
        for _ in range(random.randrange(1, 4) if fields else 0):
            place = random.randrange(len(fields))
            fields[place] = (fields[place][0], self._value(random))
        fields = [("csrf_token", csrf.encode()), *(pair for pair in fields if pair[0] != "csrf_token")]
        if random.random() < 0.2:
            file = (random.choice(("sound", "file")), random.choice(TEXTS[:30]), random.choice(BODIES))
            return "multipart/form-data; boundary=bien", multipart(fields, file)
        return FORM, form(fields)


def unknown_path(rule: Rule) -> bytes:
    """Return a path of a rule to things that never were."""
    return b"".join(
        (b"999999999" if "int:" in text else b"m3u8" if "any(" in text else b"khong-co") if gap else text.encode()
        for gap, text in _pieces(rule.rule)
    )


def wrongs(call: Call, answer: Answer, secrets: Iterable[bytes] = ()) -> list[str]:
    """Return which promises an answer broke, each in a few words."""
    found = [f"status {answer.status}"] if answer.status >= 500 else []
    found += [f"is without {name}" for name in GUARDS if name not in answer.headers]
    found += [f"echoes the secret {secret[:6]!r}..." for secret in secrets if secret in answer.body]
    found += [f"tells {trace}" for trace in _TRACES if trace in answer.text]
    if EVIL in answer.text and "html" in answer.headers.get("Content-Type", ""):
        found.append("puts a stranger's script into the page")
    target = answer.headers.get("Location", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        found.append(f"sends people to {target}")
    if answer.status >= 400 and call.method != "HEAD" and not _VIETNAMESE.search(_sentence(answer)):
        found.append(f"status {answer.status} without a sentence")
    return found


def _sentence(answer: Answer) -> str:
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        return str(json.loads(answer.body).get("error", ""))
    return answer.text


def _pieces(rule: str) -> list[tuple[bool, str]]:
    """Return the parts of a rule, each with whether it is a gap."""
    return [(bool(index % 2), text) for index, text in enumerate(re.split(r"<([^>]+)>", rule)) if text]
