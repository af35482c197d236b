"""The desk of standard messages: one person proposes or asks to remove, another one agrees."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from domain.emergencies import MessageState, Pattern, StandardMessage
from domain.emergency_set import MOST_MESSAGES, EmergencySet, ReadyMessage
from domain.errors import BadInputError, NotAllowedError, WrongStateError
from domain.people import Role, User
from domain.ports import Clock
from scheduler.emergency_desk import ALL_CLEAR_TITLE, ASKING, CHIME_TITLE, NOTICE_TITLE, approved_clip, own_sound
from store import emergencies
from store.emergencies import Act
from store.engine import Database, new_id

_MOST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Proposal:
    """A standard message as somebody proposes it: the words are an approved bulletin's."""

    title: str
    bulletin_id: str
    all_clear_bulletin_id: str
    chime: bool
    pattern: Pattern
    local: bool


@dataclass(frozen=True, slots=True)
class MessageDesk:
    """Keeps the standard messages. Each act is refused with a sentence and nothing changed, or done."""

    database: Database
    clock: Clock

    def propose(self, user: User, proposal: Proposal) -> StandardMessage:
        """Put a message before a second person. Raises NotAllowedError, BadInputError, NotFoundError."""
        require_proposer(user)
        title = " ".join(unicodedata.normalize("NFC", proposal.title).split())
        if not title or len(title) > _MOST_TITLE:
            raise BadInputError(f"Hãy đặt tên cho thông điệp, từ 1 đến {_MOST_TITLE} ký tự, ví dụ «Lũ quét».")
        now = self.clock.now()
        with self.database.write() as connection:
            held = emergencies.messages(connection)
            if len(held) >= MOST_MESSAGES:
                raise BadInputError(f"Đã có {MOST_MESSAGES} thông điệp mẫu. Hãy bỏ bớt trước khi thêm.")
            if any(one.title.casefold() == title.casefold() for one in held):
                raise BadInputError(f"Đã có thông điệp tên «{title}». Hãy đặt tên khác, hoặc bỏ thông điệp cũ trước.")
            message = self._message(connection, title, proposal, (user, now))
            emergencies.put_message(connection, message)
            _note(connection, now, user, message, "đề nghị thông điệp mẫu")
        return message

    def agree(self, user: User, message_id: str) -> StandardMessage:
        """Agree to what another person proposed: that a message comes, or goes."""

        def agreed(one: StandardMessage, now: datetime) -> StandardMessage:
            if one.state is MessageState.PROPOSED:
                _require_other(user, one.proposed_by)
                return replace(one, state=MessageState.IN_FORCE, agreed_by=user.id, agreed_at=now)
            if one.state is MessageState.LEAVING:
                _require_other(user, one.leaving_by or "")
                return replace(one, state=MessageState.RETIRED)
            raise WrongStateError("Thông điệp này không chờ ai đồng ý.")

        return self._change(user, message_id, "đồng ý", agreed)

    def refuse(self, user: User, message_id: str) -> StandardMessage:
        """Say no to what was proposed, or take one's own proposal back."""

        def refused(one: StandardMessage, _now: datetime) -> StandardMessage:
            if one.state is MessageState.PROPOSED:
                return replace(one, state=MessageState.REFUSED)
            if one.state is MessageState.LEAVING:
                return replace(one, state=MessageState.IN_FORCE, leaving_by=None)
            raise WrongStateError("Thông điệp này không chờ ai đồng ý.")

        return self._change(user, message_id, "không đồng ý", refused)

    def remove(self, user: User, message_id: str) -> StandardMessage:
        """Ask that a message goes; machines hold it until a second person has agreed."""

        def leaving(one: StandardMessage, _now: datetime) -> StandardMessage:
            if one.state is not MessageState.IN_FORCE:
                raise WrongStateError("Thông điệp này chưa dùng, hoặc đã có người đề nghị bỏ.")
            return replace(one, state=MessageState.LEAVING, leaving_by=user.id)

        return self._change(user, message_id, "đề nghị bỏ", leaving)

    def _message(
        self, connection: Connection, title: str, proposal: Proposal, by: tuple[User, datetime]
    ) -> StandardMessage:
        user, now = by
        message_hash, _ = approved_clip(connection, proposal.bulletin_id)
        chime = own_sound(connection, CHIME_TITLE) if proposal.chime else None
        if proposal.all_clear_bulletin_id:
            clear_hash: str | None = approved_clip(connection, proposal.all_clear_bulletin_id)[0]
        else:
            own = own_sound(connection, ALL_CLEAR_TITLE)
            clear_hash = own.hash if own else None
        return StandardMessage(
            id=new_id(),
            title=title,
            message_hash=message_hash,
            chime_hash=chime.hash if chime else None,
            all_clear_hash=clear_hash,
            pattern=proposal.pattern,
            local=proposal.local,
            proposed_by=user.id,
            proposed_at=now,
        )

    def _change(
        self, user: User, message_id: str, act: str, become: Callable[[StandardMessage, datetime], StandardMessage]
    ) -> StandardMessage:
        if not user.may(*ASKING):
            raise NotAllowedError("Tài khoản của bạn không có quyền quản lý thông điệp mẫu.")
        now = self.clock.now()
        with self.database.write() as connection:
            message = become(emergencies.message(connection, message_id), now)
            emergencies.put_message(connection, message)
            _note(connection, now, user, message, act)
        return message


def require_proposer(user: User) -> None:
    """Refuse whoever may propose no message. Raises NotAllowedError."""
    if not user.may(*ASKING):
        raise NotAllowedError("Tài khoản của bạn không có quyền đề nghị thông điệp mẫu. Chưa có gì thay đổi.")


def ready_set(connection: Connection) -> EmergencySet:
    """Return what every machine holds ready."""
    notice = own_sound(connection, NOTICE_TITLE)
    ready = tuple(
        ReadyMessage(
            id=one.id,
            title=one.title,
            message=one.message_hash,
            pattern=one.pattern,
            chime=one.chime_hash,
            all_clear=one.all_clear_hash,
            local=one.local,
        )
        for one in emergencies.messages(connection)
        if one.sounds
    )
    return EmergencySet(notice.hash if notice and ready else None, ready)


def _require_other(user: User, proposed_by: str) -> None:
    if not user.may(Role.APPROVER):
        raise NotAllowedError("Chỉ người duyệt mới đồng ý được.")
    if user.id == proposed_by:
        raise NotAllowedError("Người đề nghị không tự đồng ý được: cần hai người khác nhau.")


def _note(connection: Connection, now: datetime, user: User, message: StandardMessage, act: str) -> None:
    emergencies.note(connection, Act(now, user.id, None, message.id, act, message.title))
