"""The desk of emergencies: two different people start one, one starts a drill, and anyone of them stops it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.audio import Clip
from domain.bulletins import BulletinState
from domain.emergencies import CONFIRM_WITHIN, Emergency, EmergencyState, Pattern
from domain.errors import BadInputError, NotAllowedError, WrongStateError
from domain.formats import local
from domain.people import Role, User
from domain.ports import Clock
from store import bulletins, clips, emergencies, places, station
from store.emergencies import Act
from store.engine import Database, new_id

ASKING = (Role.EDITOR, Role.SCHEDULER, Role.APPROVER)
STOPPING = (Role.EDITOR, Role.SCHEDULER, Role.APPROVER, Role.TECHNICIAN)
CHIME_TITLE = "Hiệu báo động có sẵn"
NOTICE_TITLE = "Lời báo diễn tập có sẵn"
ALL_CLEAR_TITLE = "Lời báo yên có sẵn"
_NO_NOTICE = "Chưa có lời báo «đây là diễn tập» nên chưa diễn tập được; máy chủ đang làm, hãy thử lại sau ít phút."


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for: a standard message or an approved bulletin, where, and whether it is a drill."""

    message_id: str
    bulletin_id: str
    area_ids: frozenset[str]
    except_area_ids: frozenset[str]
    drill: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What is to sound, as it was found: its title, clips and pattern."""

    title: str
    message_hash: str
    chime_hash: str | None
    all_clear_hash: str | None
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class EmergencyDesk:
    """Starts, stops and clears. Each act is refused with a sentence and nothing changed, or done and written down."""

    database: Database
    clock: Clock

    def find(self, ask: Ask) -> Said:
        """Return what is to sound. Raises NotFoundError, BadInputError when it may not or cannot."""
        with self.database.read() as connection:
            return self._said(connection, ask)

    def ask(self, user: User, ask: Ask) -> Emergency:
        """Ask for an emergency, which waits for a second person; a drill starts at once.

        Raises NotAllowedError, BadInputError, NotFoundError.
        """
        if not may_ask(user):
            raise NotAllowedError("Tài khoản của bạn không có quyền phát khẩn. Hãy gọi người có quyền.")
        now = self.clock.now()
        with self.database.write() as connection:
            if ask.drill:
                _check_quiet(connection, now)
                _check_nothing_real(connection, now)
            said = self._said(connection, ask)
            _check_places(connection, ask)
            notice = own_sound(connection, NOTICE_TITLE)
            if ask.drill and notice is None:
                raise WrongStateError(_NO_NOTICE)
            one = Emergency(
                id=new_id(),
                title=said.title,
                message_hash=said.message_hash,
                chime_hash=said.chime_hash,
                all_clear_hash=said.all_clear_hash,
                pattern=said.pattern,
                area_ids=ask.area_ids,
                except_area_ids=ask.except_area_ids,
                drill=ask.drill,
                asked_by=user.id,
                asked_at=now,
                drill_hash=notice.hash if ask.drill and notice else None,
                started_at=now if ask.drill else None,
            )
            emergencies.put(connection, one)
            _note(connection, now, user, one, "diễn tập" if ask.drill else "đề nghị phát khẩn")
        return one

    def confirm(self, user: User, emergency_id: str) -> Emergency:
        """Start what another person asked for. Raises NotAllowedError, WrongStateError, NotFoundError."""
        if not user.may(Role.APPROVER):
            raise NotAllowedError("Chỉ người duyệt mới đồng ý cho phát khẩn được.")

        def started(one: Emergency, now: datetime) -> Emergency:
            if one.state_at(now) is not EmergencyState.ASKED:
                raise WrongStateError(_too_late(one, now))
            if one.asked_by == user.id:
                raise NotAllowedError("Người đề nghị không tự đồng ý được: phát khẩn cần hai người khác nhau.")
            return replace(one, confirmed_by=user.id, started_at=now)

        return self._change(user, emergency_id, "đồng ý phát khẩn", started)

    def decline(self, user: User, emergency_id: str) -> Emergency:
        """Take a request off the desk: whoever asked takes it back, or an approver says no."""

        def declined(one: Emergency, now: datetime) -> Emergency:
            if not (user.may(Role.APPROVER) or one.asked_by == user.id):
                raise NotAllowedError("Chỉ người duyệt hoặc người đã đề nghị mới bỏ được đề nghị này.")
            if one.state_at(now) is not EmergencyState.ASKED:
                raise WrongStateError(_too_late(one, now))
            return replace(one, declined_by=user.id)

        return self._change(user, emergency_id, "bỏ đề nghị", declined)

    def stop(self, user: User, emergency_id: str) -> Emergency:
        """Stop an emergency or a drill, wherever it was started; one that is stopped already stays so."""
        _require_stopper(user)

        def stopped(one: Emergency, now: datetime) -> Emergency:
            if one.started_at is None:
                raise WrongStateError("Lần phát khẩn này chưa bắt đầu nên không có gì để dừng.")
            return one if one.stopped_at else replace(one, stopped_by=user.id, stopped_at=now)

        return self._change(user, emergency_id, "DỪNG", stopped)

    def stop_all(self, user: User) -> int:
        """Stop whatever runs and return how much that was."""
        _require_stopper(user)
        now = self.clock.now()
        with self.database.read() as connection:
            running = [one for one in emergencies.at_hand(connection, now) if one.started_at]
        for one in running:
            self.stop(user, one.id)
        return len(running)

    def all_clear(self, user: User, emergency_id: str) -> Emergency:
        """Stop an emergency and have its all-clear sound where it was heard, once."""
        if not may_ask(user):
            raise NotAllowedError("Tài khoản của bạn không có quyền báo yên. Hãy gọi người có quyền.")

        def cleared(one: Emergency, now: datetime) -> Emergency:
            if one.started_at is None or one.cleared_at is not None:
                raise WrongStateError("Lần phát khẩn này chưa bắt đầu, hoặc đã báo yên rồi.")
            clip = one.all_clear_hash
            if clip is None:
                raise WrongStateError("Lần phát khẩn này không có lời báo yên kèm theo; hãy bấm DỪNG.")
            one = replace(one, cleared_by=user.id, cleared_at=now)
            return one if one.stopped_at else replace(one, stopped_by=user.id, stopped_at=now)

        return self._change(user, emergency_id, "BÁO YÊN", cleared)

    def _change(
        self, user: User, emergency_id: str, act: str, become: Callable[[Emergency, datetime], Emergency]
    ) -> Emergency:
        now = self.clock.now()
        with self.database.write() as connection:
            before = emergencies.get(connection, emergency_id)
            after = become(before, now)
            if after != before:
                emergencies.put(connection, after)
                _note(connection, now, user, after, act)
        return after

    def _said(self, connection: Connection, ask: Ask) -> Said:
        if ask.message_id:
            held = emergencies.message(connection, ask.message_id)
            if not held.sounds:
                raise BadInputError(f"Thông điệp «{held.title}» chưa có người thứ hai đồng ý nên chưa dùng được.")
            return Said(held.title, held.message_hash, held.chime_hash, held.all_clear_hash, held.pattern)
        if not ask.bulletin_id:
            raise BadInputError("Hãy chọn một thông điệp mẫu hoặc một bản tin đã duyệt.")
        clip_hash, title = approved_clip(connection, ask.bulletin_id)
        chime, clear = own_sound(connection, CHIME_TITLE), own_sound(connection, ALL_CLEAR_TITLE)
        chime_hash, clear_hash = (one.hash if one else None for one in (chime, clear))
        return Said(title, clip_hash, chime_hash, clear_hash, Pattern())


def may_ask(user: User) -> bool:
    """Tell whether a person may ask for an emergency, start a drill and give the all-clear."""
    return user.may(*ASKING)


def may_stop(user: User) -> bool:
    """Tell whether a person may stop an emergency."""
    return user.may(*STOPPING)


def approved_clip(connection: Connection, bulletin_id: str) -> tuple[str, str]:
    """Return the clip and the title of an approved bulletin. Raises NotFoundError, BadInputError."""
    found = bulletins.get(connection, bulletin_id)
    if found.state is not BulletinState.APPROVED or not found.clip_hash:
        raise BadInputError(f"Bản tin «{found.title}» chưa được duyệt hoặc chưa có âm thanh nên chưa dùng được.")
    return found.clip_hash, found.title


def own_sound(connection: Connection, title: str) -> Clip | None:
    """Return one of the station's own sounds by its title, the newest of them, or None."""
    return next(iter(clips.titled(connection, title)), None)


def _require_stopper(user: User) -> None:
    if not may_stop(user):
        raise NotAllowedError("Tài khoản của bạn chỉ được xem. Hãy gọi ngay người có quyền dừng.")


def _check_places(connection: Connection, ask: Ask) -> None:
    known = {one.id for one in places.areas(connection)}
    if not ask.area_ids:
        raise BadInputError("Hãy chọn ít nhất một địa bàn.")
    if not (ask.area_ids | ask.except_area_ids) <= known:
        raise BadInputError("Có địa bàn không còn trong danh sách. Hãy chọn lại.")


def _check_quiet(connection: Connection, now: datetime) -> None:
    moment = local(now).time()
    span = next((one for one in station.get(connection).policy.quiet if one.covers(moment)), None)
    if span is not None:
        raise WrongStateError(
            f"Đang trong giờ yên tĩnh ({span.start:%H:%M} đến {span.end:%H:%M}) nên không diễn tập, để bà con ngủ. "
            "Chưa có gì phát ra; hãy diễn tập ngoài giờ này."
        )


def _check_nothing_real(connection: Connection, now: datetime) -> None:
    running = (one for one in emergencies.at_hand(connection, now) if one.started_at and not one.drill)
    if any(running):
        raise WrongStateError(
            "Đang có đợt phát khẩn thật nên không diễn tập, kẻo bà con tưởng đợt ấy cũng là diễn tập. "
            "Chưa có gì phát ra; hãy diễn tập khi đợt ấy đã dừng."
        )


def _too_late(one: Emergency, now: datetime) -> str:
    if one.state_at(now) is EmergencyState.LAPSED:
        minutes = CONFIRM_WITHIN // timedelta(minutes=1)
        return f"Đề nghị này đã quá {minutes} phút. Nếu vẫn cần, hãy đề nghị lại."
    return "Đề nghị này đã có người xử lý. Hãy xem lại trang «Khẩn cấp»."


def _note(connection: Connection, now: datetime, user: User, one: Emergency, act: str) -> None:
    kind = "diễn tập" if one.drill else "tình huống thật"
    emergencies.note(connection, Act(now, user.id, None, one.id, act, f"{one.title} ({kind})"))
