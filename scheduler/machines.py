"""The centre's side of the machines: who is let in, who is believed, and what is kept of their reports."""

import base64
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.errors import BadInputError, NotAllowedError, NotFoundError, TrustError, WrongStateError
from domain.formats import decimal
from domain.machines import CODE_LIFE, EnrolmentState, Machine, MachineAct
from domain.people import Role, User
from domain.playlist import to_ms
from domain.ports import Clock
from scheduler.enrolment import Asked, EnrolmentDesk
from scheduler.planning import HORIZON
from scheduler.reports import RefusedRow, read_airings, read_heartbeat
from scheduler.signing import MACHINE_HEADER, ClockKey, key_id_of, verify_request
from store import airings, enrolments, machines, plans
from store.engine import Database

__all__ = ["CODE_LIFE", "MachineOffice", "Receipt", "RefusedRow", "fingerprint_of"]

_LOG = logging.getLogger(__name__)
MOST_AIRINGS = 500
LEAST_GAIN_DB, MOST_GAIN_DB = -30.0, 6.0
"""Softer than this nobody hears it; louder only makes the limiter work and the words worse."""
_NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The keys a machine need not send again, and which of them were refused."""

    acknowledged: tuple[str, ...]
    refused: tuple[RefusedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineOffice:
    """Lets machines in by one-use codes and a yes, knows them by their keys, and takes their reports."""

    database: Database
    clock: Clock
    clock_key: ClockKey | None = None

    @property
    def enrolment(self) -> EnrolmentDesk:
        """The desk at which boxes ask to join."""
        return EnrolmentDesk(self.database, self.clock)

    def new_code(self, user: User, area_id: str, machine_name: str) -> str:
        """Return a one-use code (80 bits) that lets one box ask to join. Raises NotAllowedError, BadInputError."""
        return self.enrolment.new_code(user, area_id, machine_name).code

    def enrol(self, code: str, public_key: str, address: str = "") -> Asked:
        """Use a code up; the box waits for a technician's yes from now on. Raises TrustError, BadInputError."""
        return self.enrolment.ask(code, public_key, address)

    def identify(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Machine:
        """Return the machine that signed a request.

        Raises TrustError, and NotAllowedError for a box that signed well but waits for its yes.
        """
        named = headers.get(MACHINE_HEADER, "")
        with self.database.read() as connection:
            machine = machines.find(connection, named)
            asked = enrolments.find(connection, named) if machine is None else None
        if asked is not None and asked.state is EnrolmentState.WAITING:
            verify_request(asked.public_key, method, path, headers, body, self.clock.now())
            raise NotAllowedError("Máy phát này đang chờ kỹ thuật viên xác nhận ở trang «Máy phát».")
        if machine is None or machine.revoked_at is not None:
            raise TrustError("Máy phát này chưa được ghép hoặc đã bị thu hồi quyền.")
        verify_request(machine.public_key, method, path, headers, body, self.clock.now())
        return machine

    def asks(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> EnrolmentState:
        """Return how far the box that signed a request has come on its way in. Raises TrustError."""
        named = headers.get(MACHINE_HEADER, "")
        with self.database.read() as connection:
            known = machines.find(connection, named) or enrolments.find(connection, named)
        if known is None:
            raise TrustError("Máy phát này chưa được ghép hoặc đã bị thu hồi quyền.")
        verify_request(known.public_key, method, path, headers, body, self.clock.now())
        return self.enrolment.state_of(named)

    def revoke(self, user: User, machine_id: str) -> None:
        """Take a machine's rights away: its playlist and what was still to come are gone; what has begun stays."""
        if not user.may(Role.TECHNICIAN):
            raise NotAllowedError("Chỉ kỹ thuật viên mới thu hồi được máy phát.")
        with self.database.write() as connection:
            now, known = self.clock.now(), machines.get(connection, machine_id)
            if known.revoked_at is not None:
                return
            machines.revoke(connection, known.id, now)
            plans.keep_slots(connection, known.id, now, now + 2 * HORIZON, ())
            machines.unpublish(connection, known.id)
            enrolments.note(connection, MachineAct(now, known.id, user.id, f"Thu hồi quyền của máy «{known.name}»."))

    def set_gain(self, user: User, machine_id: str, gain_db: float) -> None:
        """Set how much louder a machine's horns are than its clips, in dB.

        Raises NotAllowedError, BadInputError outside LEAST_GAIN_DB to MOST_GAIN_DB, WrongStateError when revoked.
        """
        if not user.may(Role.TECHNICIAN):
            raise NotAllowedError("Chỉ kỹ thuật viên mới chỉnh được âm lượng của máy phát.")
        if not LEAST_GAIN_DB <= gain_db <= MOST_GAIN_DB:
            raise BadInputError(
                f"Âm lượng phải từ {decimal(LEAST_GAIN_DB, 0)} đến {decimal(MOST_GAIN_DB, 0)} dB. Chưa có gì thay đổi."
            )
        with self.database.write() as connection:
            known = machines.get(connection, machine_id)
            if known.revoked_at is not None:
                raise WrongStateError("Máy phát này đã bị thu hồi; âm lượng không đổi nữa.")
            machines.set_gain(connection, known.id, round(gain_db * 100))
            before = f"trước là {decimal(known.gain_db)} dB"
            words = f"Đặt âm lượng của máy «{known.name}»: {decimal(gain_db)} dB ({before})."
            enrolments.note(connection, MachineAct(self.clock.now(), known.id, user.id, words))

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
        kept, refused = read_airings(machine.id, reports)
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
        """Keep what a machine says of itself and return the server's time; one heard before changes nothing.

        Raises BadInputError.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            before = machines.get(connection, machine.id).heartbeat
            told = read_heartbeat(report, before, now)
            if before is None or not before.is_replayed_by(told.boot, told.number):
                machines.keep_heartbeat(connection, machine.id, told)
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
