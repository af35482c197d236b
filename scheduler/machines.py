"""The centre's side of the machines: enrolment, identity, what they fetch and what they report."""

import base64
import binascii
import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import BadInputError, NotAllowedError, NotFoundError, TrustError
from domain.machines import Airing, AiringOutcome, EnrolmentCode, Heartbeat, Machine
from domain.people import Role, User
from domain.playlist import from_ms, to_ms
from domain.ports import Clock
from domain.proof import QUIETEST_MB, Hearing, Level, Proof
from scheduler.planning import HORIZON
from scheduler.signing import MACHINE_HEADER, ClockKey, key_id_of, verify_request
from store import airings, machines, places, plans, station
from store.engine import Database, hash_secret, new_id

_LOG = logging.getLogger(__name__)
CODE_LIFE = timedelta(minutes=15)
MOST_AIRINGS = 500
_NONCE = re.compile(r"[0-9a-f]{32}")
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_TEXT_LIMIT = 1000
_YEAR_2200 = 7_258_118_400_000


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a machine is told once, when it joins."""

    machine_id: str
    machine_name: str
    station_id: str
    station_key: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a report that cannot be used, and why."""

    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The keys a machine need not send again, and which of them were refused."""

    acknowledged: tuple[str, ...]
    refused: tuple[RefusedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineOffice:
    """Lets machines in by one-use codes, knows them by their keys, and takes their reports."""

    database: Database
    clock: Clock
    clock_key: ClockKey | None = None

    def new_code(self, user: User, area_id: str, machine_name: str) -> str:
        """Return a one-use code of 16 letters and digits (about 78 bits) that lets one machine join."""
        if not user.may(Role.TECHNICIAN):
            raise NotAllowedError("Chỉ kỹ thuật viên mới thêm được máy phát.")
        name = " ".join(machine_name.split())[:80]
        if not name:
            raise BadInputError("Hãy đặt tên cho máy phát, ví dụ «Máy phát bản San Thàng».")
        code = "".join(secrets.choice(_LETTERS) for _ in range(16))
        with self.database.write() as connection:
            if area_id not in {area.id for area in places.areas(connection)}:
                raise BadInputError("Hãy chọn địa bàn mà máy phát này phục vụ.")
            machines.add_code(connection, EnrolmentCode(hash_secret(code), area_id, name, self.clock.now() + CODE_LIFE))
        return "-".join(code[start : start + 4] for start in range(0, 16, 4))

    def enrol(self, code: str, public_key: str) -> Enrolled:
        """Use a code up and enrol the machine whose raw Ed25519 key in base64 is `public_key`."""
        key = _checked_key(public_key)
        with self.database.write() as connection:
            found = machines.use_code(connection, _plain(code), self.clock.now())
            own = station.get(connection)
            if found is not None:
                machine = Machine(new_id(), found.machine_name, found.area_id, key, self.clock.now())
                machines.add(connection, machine)
        if found is None:
            raise TrustError("Mã ghép máy không đúng, đã dùng hoặc đã quá 15 phút. Hãy tạo mã mới ở trang «Máy phát».")
        return Enrolled(machine.id, machine.name, own.id, own.public_key)

    def identify(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Machine:
        """Return the enrolled machine that signed a request. Raises TrustError."""
        with self.database.read() as connection:
            machine = machines.find(connection, headers.get(MACHINE_HEADER, ""))
        if machine is None or machine.revoked_at is not None:
            raise TrustError("Máy phát này chưa được ghép hoặc đã bị thu hồi quyền.")
        verify_request(machine.public_key, method, path, headers, body, self.clock.now())
        return machine

    def revoke(self, user: User, machine_id: str) -> None:
        """Take a machine's rights away: its playlist and what was still to come are gone; what has begun stays."""
        if not user.may(Role.TECHNICIAN):
            raise NotAllowedError("Chỉ kỹ thuật viên mới thu hồi được máy phát.")
        with self.database.write() as connection:
            now, known = self.clock.now(), machines.get(connection, machine_id).id
            machines.revoke(connection, known, now)
            plans.keep_slots(connection, known, now, now + 2 * HORIZON, ())
            machines.unpublish(connection, known)

    def is_revoked(self, machine_id: str) -> bool:
        """Tell whether a machine was known once and is no longer; that is no secret."""
        with self.database.read() as connection:
            machine = machines.find(connection, machine_id)
        return machine is not None and machine.revoked_at is not None

    def keep_airings(self, machine: Machine, reports: object) -> Receipt:
        """Keep what a machine says became of its slots, and tell what it need not send again.

        A row that cannot be used is told, logged and acknowledged too: else it would hold up every later one. A row
        without a key cannot be answered and is ignored. Raises BadInputError when `reports` is no list of rows.
        """
        if not isinstance(reports, list) or len(reports) > MOST_AIRINGS:
            raise BadInputError(f"Báo cáo lượt phát phải là một danh sách, tối đa {MOST_AIRINGS} dòng.")
        kept, refused = _sorted_out(machine.id, reports)
        with self.database.write() as connection:
            airings.keep(connection, kept, self.clock.now())
        for one in refused:
            _LOG.warning("airing %r of machine %s was refused: %s", one.key, machine.id, one.sentence)
        return Receipt((*(airing.key for airing in kept), *(one.key for one in refused)), refused)

    def signed_time(self, machine: Machine, nonce: str) -> tuple[int, str]:
        """Return the server's time in ms since 1970, and its signature in answer to `nonce` of this machine.

        Raises BadInputError, and NotFoundError when this centre signs no time.
        """
        if self.clock_key is None:
            raise NotFoundError("Trung tâm này không ký giờ cho máy phát.")
        now_ms = to_ms(self.clock.now())
        return now_ms, self.clock_key.signed_time(machine.id, checked_nonce(nonce), now_ms)

    def keep_heartbeat(self, machine: Machine, report: object) -> datetime:
        """Keep what a machine says of itself and return the server's time."""
        now = self.clock.now()
        with self.database.write() as connection:
            machines.keep_heartbeat(connection, machine.id, _heartbeat(report, now))
        return now


def checked_nonce(nonce: str) -> str:
    """Return the number that a machine drew for one question. Raises BadInputError."""
    if not _NONCE.fullmatch(nonce):
        raise BadInputError("Câu hỏi giờ của máy phát thiếu số ngẫu nhiên.")
    return nonce


def fingerprint_of(public_key: str) -> str:
    """Return the name of a raw key in base64 in groups of four, as the machine prints it; empty for no key."""
    digits = key_id_of(base64.b64decode(public_key)) if public_key else ""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _checked_key(public_key: str) -> str:
    try:
        raw = base64.b64decode(public_key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInputError("Khóa của máy phát không đúng khuôn dạng.") from error
    if len(raw) != 32:
        raise BadInputError("Khóa của máy phát không đúng khuôn dạng.")
    return base64.b64encode(raw).decode()


def _sorted_out(machine_id: str, reports: Iterable[object]) -> tuple[tuple[Airing, ...], tuple[RefusedRow, ...]]:
    kept, refused = [], []
    for report in reports:
        try:
            kept.append(_airing(machine_id, report))
        except BadInputError as error:
            key = report.get("key") if isinstance(report, dict) else None
            if isinstance(key, str) and 0 < len(key) <= _TEXT_LIMIT and _is_text(key):
                refused.append(RefusedRow(key, error.sentence))
    return tuple(kept), tuple(refused)


def _airing(machine_id: str, report: object) -> Airing:
    fields = _object(report)
    if not fields.get("key"):
        raise BadInputError("Báo cáo lượt phát không có mã.")
    try:
        outcome = AiringOutcome(fields.get("outcome", ""))
    except (ValueError, TypeError) as error:
        raise BadInputError("Báo cáo lượt phát có kết quả lạ.") from error
    clip = fields.get("clip")
    return Airing(
        key=_text(fields, "key", 100),
        machine_id=machine_id,
        slot_key=_text(fields, "slot", 80),
        position=_whole(fields, "position", 0, 10_000),
        title=_text(fields, "title"),
        clip_hash=None if clip is None else _text(fields, "clip", 64),
        planned_start=from_ms(_whole(fields, "planned", 0, _YEAR_2200)),
        outcome=outcome,
        started_at=_maybe_instant(fields, "started"),
        ended_at=_maybe_instant(fields, "ended"),
        rendered=timedelta(milliseconds=_whole(fields, "rendered", 0, 86_400_000)),
        reason=_text(fields, "reason"),
        level=_level(fields),
        proof=_proof(fields),
    )


def _level(fields: Mapping[str, Any]) -> Level | None:
    """Return how loud the item was; machines of the first version do not say."""
    if fields.get("rms") is None:
        return None
    return Level(
        rms_mb=_whole(fields, "rms", QUIETEST_MB, 0),
        peak_mb=_whole(fields, "peak", QUIETEST_MB, 0),
        dead=timedelta(milliseconds=_whole(fields, "dead", 0, 86_400_000)),
        clipped_ppm=_whole(fields, "clipped", 0, 1_000_000),
    )


def _proof(fields: Mapping[str, Any]) -> Proof | None:
    if fields.get("hearing") is None:
        return None
    try:
        hearing = Hearing(_text(fields, "hearing", 20))
    except ValueError as error:
        raise BadInputError("Báo cáo lượt phát có kết quả kiểm chứng lạ.") from error
    return Proof(hearing, _whole(fields, "score", 0, 1000))


def _heartbeat(report: object, now: datetime) -> Heartbeat:
    fields = _object(report)
    return Heartbeat(
        at=now,
        playlist_counter=_whole(fields, "counter", 0, 2**53),
        clips_held=_whole(fields, "clips_held", 0, 10**7),
        clips_needed=_whole(fields, "clips_needed", 0, 10**7),
        sink=_text(fields, "sink", 200),
        sink_ok=fields.get("sink_ok") is True,
        clock_offset_ms=_whole(fields, "clock_offset", -_YEAR_2200, _YEAR_2200),
        free_bytes=_whole(fields, "free", 0, 2**63 - 1),
        version=_text(fields, "version", 40),
        fault=_text(fields, "fault"),
    )


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInputError("Báo cáo của máy phát không đúng khuôn dạng.")
    return value


def _text(fields: Mapping[str, Any], name: str, most: int = _TEXT_LIMIT) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most or not _is_text(value):
        raise BadInputError(f"Báo cáo của máy phát thiếu hoặc sai mục «{name}».")
    return value


def _is_text(value: str) -> bool:
    # JSON can carry half of a surrogate pair, which no database or page can.
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadInputError(f"Báo cáo của máy phát thiếu hoặc sai mục «{name}».")
    return value


def _maybe_instant(fields: Mapping[str, Any], name: str) -> datetime | None:
    return None if fields.get(name) is None else from_ms(_whole(fields, name, 0, _YEAR_2200))
