"""How a box becomes a machine: a one-use code, a request with its own key, and a technician's yes."""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.errors import BadInputError, NotAllowedError, NotFoundError, TrustError, WrongStateError
from domain.formats import clock as time_of_day
from domain.machines import CODE_LIFE, Enrolment, EnrolmentCode, EnrolmentState, Machine, MachineAct
from domain.people import Role, User
from domain.ports import Clock
from store import enrolments, machines, places, station
from store.engine import Database, hash_secret, new_id

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: sixteen of them are 80 bits, and none is mistaken for another when it is read out."""
_READ_AS = str.maketrans("OIL", "011")
_LONGEST_ADDRESS = 64
_NOT_WAITING = "Máy này không còn chờ xác nhận. Chưa có gì thay đổi; hãy xem lại trang «Máy phát»."
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code as it is shown once; `id` names it afterwards and is no secret."""

    id: str
    code: str
    machine_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a box is told when its code was taken: who it will be, and which key it is to obey."""

    machine_id: str
    machine_name: str
    station_id: str
    station_key: str


@dataclass(frozen=True, slots=True)
class EnrolmentDesk:
    """Gives codes out, takes boxes' requests, and asks a technician for a yes before anything is sent to them."""

    database: Database
    clock: Clock

    def new_code(self, user: User, area_id: str, machine_name: str) -> NewCode:
        """Return a one-use code that lets one box ask to join; `area_id` may be empty: it is asked at the yes.

        Raises NotAllowedError, BadInputError.
        """
        only_a_technician(user, "thêm")
        name = checked_name(machine_name)
        code = "".join(secrets.choice(_LETTERS) for _ in range(16))
        now = self.clock.now()
        with self.database.write() as connection:
            if area_id:
                _check_area(connection, area_id)
            kept = EnrolmentCode(new_id(), hash_secret(code), area_id or None, name, user.id, now, now + CODE_LIFE)
            enrolments.add_code(connection, kept)
            enrolments.note(connection, MachineAct(now, kept.id, user.id, f"Tạo mã ghép máy cho «{name}»."))
        shown = "-".join(code[start : start + 4] for start in range(0, 16, 4))
        return NewCode(kept.id, shown, name, kept.expires_at)

    def ask(self, code: str, public_key: str, address: str = "") -> Asked:
        """Use a code up for the box whose raw Ed25519 key in base64 is `public_key`; it waits from now on.

        Raises BadInputError on a bad key, TrustError when the code is wrong, used or too old: that is written down.
        """
        key, now = _checked_key(public_key), self.clock.now()
        came_from = _CONTROL.sub("", address)[:_LONGEST_ADDRESS]
        with self.database.write() as connection:
            found = enrolments.code_by_hash(connection, hash_secret(_plain(code)))
            refusal = _why_refused(found, now)
            if found is None or refusal:
                act = MachineAct(now, found.id if found else enrolments.NOBODY, None, refusal, came_from)
                enrolments.note(connection, act)
            else:
                asked = Enrolment(new_id(), found.id, found.machine_name, found.area_id, key, now, came_from)
                enrolments.add(connection, asked)
                enrolments.use_code(connection, found.id, now)
                words = f"Máy «{asked.name}» đã dùng mã và chờ xác nhận."
                enrolments.note(connection, MachineAct(now, asked.id, None, words, came_from))
            own = station.get(connection)
        if refusal:
            raise TrustError(refusal)
        return Asked(asked.id, asked.name, own.id, own.public_key)

    def state_of(self, machine_id: str) -> EnrolmentState:
        """Return how far a box has come. Raises NotFoundError when it never asked, or was forgotten."""
        with self.database.read() as connection:
            if machines.find(connection, machine_id) is not None:
                return EnrolmentState.CONFIRMED
            found = enrolments.find(connection, machine_id)
        if found is None:
            raise NotFoundError("Không có máy nào đang chờ với mã này. Hãy ghép lại bằng mã mới.")
        return found.state

    def confirm(self, user: User, enrolment_id: str, area_id: str, machine_name: str = "") -> None:
        """Make a waiting box the machine of an area, once a technician has compared the keys' fingerprints.

        Raises NotAllowedError, BadInputError on a bad place or name, WrongStateError when it does not wait any more.
        """
        only_a_technician(user, "xác nhận")
        now = self.clock.now()
        with self.database.write() as connection:
            asked = enrolments.find(connection, enrolment_id)
            if asked is None or asked.state is not EnrolmentState.WAITING:
                raise WrongStateError(_NOT_WAITING)
            name = checked_name(machine_name or asked.name)
            area = _check_area(connection, area_id)
            enrolments.confirm(connection, enrolment_id, now)
            machines.add(connection, Machine(asked.id, name, area_id, asked.public_key, now))
            words = f"Xác nhận đã so vân tay, cho máy «{name}» vào {area}."
            enrolments.note(connection, MachineAct(now, asked.id, user.id, words))

    def refuse(self, user: User, enrolment_id: str) -> None:
        """Send a waiting box away. Raises NotAllowedError, NotFoundError, WrongStateError when it waits no more."""
        only_a_technician(user, "từ chối")
        now = self.clock.now()
        with self.database.write() as connection:
            if enrolments.find(connection, enrolment_id) is None:
                raise NotFoundError("Không có máy này đang chờ xác nhận: mã sai, hoặc máy đã chờ quá lâu.")
            if not enrolments.refuse(connection, enrolment_id, now):
                raise WrongStateError(_NOT_WAITING)
            enrolments.note(connection, MachineAct(now, enrolment_id, user.id, "Từ chối, máy không được ghép."))


def checked_name(machine_name: str) -> str:
    """Return the name of a machine without needless spaces. Raises BadInputError when there is none or it is odd."""
    name = " ".join(machine_name.split())[:80]
    if not name or _CONTROL.search(name):
        raise BadInputError("Hãy đặt tên cho máy phát, ví dụ «Máy phát bản San Thàng».")
    return name


def only_a_technician(user: User, act: str) -> None:
    """Refuse whoever may not `act`, a Vietnamese verb, upon machines. Raises NotAllowedError."""
    if not user.may(Role.TECHNICIAN):
        raise NotAllowedError(f"Chỉ kỹ thuật viên mới {act} được máy phát.")


def _check_area(connection: Connection, area_id: str) -> str:
    names = {area.id: area.name for area in places.areas(connection)}
    if area_id not in names:
        raise BadInputError("Hãy chọn địa bàn mà máy phát này phục vụ.")
    return names[area_id]


def _why_refused(code: EnrolmentCode | None, now: datetime) -> str:
    if code is None:
        return "Mã ghép máy không đúng. Hãy gõ lại từng nhóm bốn chữ, hoặc lấy mã mới ở trang «Máy phát»."
    if code.used_at is not None:
        return (
            f"Mã này đã dùng lúc {time_of_day(code.used_at)}; mỗi mã chỉ ghép được một máy. "
            "Hãy lấy mã mới ở trang «Máy phát». Nếu không phải bạn đã dùng, hãy từ chối máy đang chờ ở đó."
        )
    if code.expires_at < now:
        return f"Mã này đã quá 15 phút, hết hạn lúc {time_of_day(code.expires_at)}. Hãy lấy mã mới ở trang «Máy phát»."
    return ""


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum()).translate(_READ_AS)


def _checked_key(public_key: str) -> str:
    try:
        raw = base64.b64decode(public_key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInputError("Khóa của máy phát không đúng khuôn dạng.") from error
    if len(raw) != 32:
        raise BadInputError("Khóa của máy phát không đúng khuôn dạng.")
    return base64.b64encode(raw).decode()
