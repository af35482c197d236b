"""The desk: who may do what to a bulletin, and when."""

import unicodedata
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bulletins import seals
from bulletins.checks import refuse_doubtful_opening, refuse_malformed_marks
from bulletins.inserts import refuse_missing_inserts
from bulletins.recordings import cast_of, parts
from domain.audio import PRESET_LABELS
from domain.bulletins import EDITABLE, SCRIPT_LIMIT, AcceptedReading, Bulletin, BulletinState
from domain.errors import BadInputError, FlaggedReadingError, NotAllowedError, WrongStateError
from domain.people import Role, User
from domain.ports import Clock, JobBell, Reader
from domain.reading import LexiconEntry, SpokenText
from domain.text import tidy
from store import bulletins as shelf
from store import jobs, recordings, station
from store.bulletins import Act, Draft
from store.engine import Database, new_id

_WRITERS = (Role.CONTRIBUTOR, Role.EDITOR)
TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """Drafting and review of bulletins.

    Every method takes the person who acts and raises NotAllowedError, BadInputError, FlaggedReadingError or
    WrongStateError with a sentence for that person; then nothing was changed.
    """

    database: Database
    reader: Reader
    clock: Clock
    bell: JobBell

    def read(self, script: str, readings: tuple[AcceptedReading, ...] = ()) -> SpokenText:
        """Return how a script will be read with the readings accepted for it."""
        return self.reader.read(script, tuple(LexiconEntry(one.written, one.spoken) for one in readings))

    def write(self, user: User, draft: Draft) -> str:
        """Keep a new draft and return its id."""
        _require(user, *_WRITERS)
        clean, bulletin_id = _checked(draft), new_id()
        with self.database.write() as connection:
            act = Act(user, self.clock.now())
            shelf.add(connection, bulletin_id, clean, act)
            shelf.note(connection, shelf.get(connection, bulletin_id), act, "viết bản thảo")
        return bulletin_id

    def revise(self, user: User, bulletin_id: str, version: int, draft: Draft) -> None:
        """Keep a new version over `version`, which the author had open."""
        _require(user, *_WRITERS)
        clean = _checked(draft)
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_state(bulletin, *EDITABLE)
            act = Act(user, self.clock.now())
            shelf.revise(connection, replace(bulletin, version=version), clean, act)
            shelf.note(connection, shelf.get(connection, bulletin_id), act, "sửa")

    def refuse_faults(self, bulletin: Bulletin) -> None:
        """Refuse what only its writer can mend: malformed marks, a doubtful opening, clips that it cannot insert."""
        with self.database.read() as connection:
            self._refuse_faults(connection, bulletin)

    def submit(self, user: User, bulletin_id: str) -> None:
        """Ask for approval; refused while a reading is in doubt or the words have a fault."""
        _require(user, *_WRITERS)
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_state(bulletin, *EDITABLE)
            if not bulletin.script:
                raise BadInputError("Bản tin chưa có nội dung nên chưa trình duyệt được. Hãy viết nội dung trước.")
            self._refuse_faults(connection, bulletin)
            body = self._refuse_doubts(bulletin)
            _refuse_wordless(body)
            refuse_missing_inserts(connection, body)
            act = Act(user, self.clock.now())
            shelf.change_state(connection, bulletin, BulletinState.SUBMITTED, act.at, return_note="")
            shelf.note(connection, bulletin, act, "trình duyệt")

    def require_approver(self, user: User, bulletin_id: str) -> None:
        """Refuse whoever may not decide on a bulletin. Raises NotAllowedError, NotFoundError."""
        with self.database.read() as connection:
            _require_approver(user, shelf.get(connection, bulletin_id))

    def approve(
        self, user: User, bulletin_id: str, version: int, *, backup_voice_ok: bool, seal: str | None = None
    ) -> str:
        """Approve `version`, as the approver read it, and have it produced; return the job's id.

        `seal` is that of the words, the recordings and the preset that the approver was shown; it is kept, and only
        what it stands for is ever spoken.
        """
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_approver(user, bulletin)
            _require_state(bulletin, BulletinState.SUBMITTED)
            self._refuse_faults(connection, bulletin)
            self._refuse_doubts(bulletin)
            heard = self._seal(connection, bulletin)
            if seal is not None and seal != heard:
                raise WrongStateError(
                    "Cách đọc, bản thu hoặc loại loa vừa được thay đổi nên chưa duyệt. Hãy mở lại trang và nghe lại."
                )
            act = Act(user, self.clock.now())
            shelf.change_state(
                connection,
                replace(bulletin, version=version),
                BulletinState.APPROVED,
                act.at,
                approved_by=user.id,
                approved_at=act.at,
                backup_voice_ok_by=user.id if backup_voice_ok else None,
                approved_seal=heard,
            )
            shelf.note(connection, bulletin, act, "duyệt")
            job_id = jobs.add(connection, bulletin_id, bulletin.version, act.at)
        self.bell.ring(job_id)
        return job_id

    def return_(self, user: User, bulletin_id: str, version: int, note: str) -> None:
        """Give a submitted bulletin back to its author with a note."""
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_approver(user, bulletin)
            _require_state(bulletin, BulletinState.SUBMITTED)
            if not note.strip():
                raise BadInputError("Hãy ghi lý do trả lại để người viết biết cần sửa gì.")
            act = Act(user, self.clock.now())
            shelf.change_state(
                connection,
                replace(bulletin, version=version),
                BulletinState.RETURNED,
                act.at,
                return_note=note.strip(),
            )
            shelf.note(connection, bulletin, act, "trả lại", note.strip())

    def withdraw(self, user: User, bulletin_id: str, note: str) -> None:
        """Take an approved bulletin off the air, from now on."""
        _require(user, Role.EDITOR, Role.APPROVER)
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_state(bulletin, BulletinState.APPROVED, BulletinState.SUBMITTED)
            act = Act(user, self.clock.now())
            shelf.change_state(connection, bulletin, BulletinState.WITHDRAWN, act.at)
            shelf.note(connection, bulletin, act, "thu hồi", note.strip())

    def accept_backup_voice(self, user: User, bulletin_id: str) -> None:
        """Say yes to the backup voice of an approved bulletin."""
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_approver(user, bulletin)
            _require_state(bulletin, BulletinState.APPROVED)
            act = Act(user, self.clock.now())
            shelf.accept_backup_voice(connection, bulletin, user.id)
            shelf.note(connection, bulletin, act, "đồng ý cho phát giọng dự phòng")

    def choose_preset(self, user: User, bulletin_id: str, preset: str) -> None:
        """Choose how the sound is finished: its writers while they write, the approver while it waits."""
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            if bulletin.state is BulletinState.SUBMITTED:
                _require_approver(user, bulletin)
            else:
                _require(user, *_WRITERS)
                _require_state(bulletin, *EDITABLE)
            if preset not in PRESET_LABELS:
                raise BadInputError("Không có loại loa này. Hãy chọn một loại trong danh sách.")
            if preset != bulletin.preset:
                shelf.choose_preset(connection, bulletin, preset)
                act = Act(user, self.clock.now())
                shelf.note(connection, bulletin, act, f"chọn {PRESET_LABELS[preset].lower()}")

    def cancel(self, user: User, bulletin_id: str) -> None:
        """Stop the production that waits or runs; it can be queued again."""
        _require(user, Role.EDITOR, Role.APPROVER, Role.TECHNICIAN)
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            job = jobs.of_bulletin(connection, bulletin_id, bulletin.version)
            if job is None or not jobs.cancel(connection, job.id):
                raise WrongStateError(
                    "Việc làm âm thanh đã kết thúc nên không còn gì để dừng. Hãy mở lại trang để xem."
                )
            shelf.note(connection, bulletin, Act(user, self.clock.now()), "dừng làm âm thanh")

    def produce_again(self, user: User, bulletin_id: str) -> None:
        """Queue a failed or cancelled production again."""
        _require(user, Role.EDITOR, Role.APPROVER, Role.TECHNICIAN)
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            job = jobs.of_bulletin(connection, bulletin_id, bulletin.version)
            if job is None:
                raise WrongStateError("Bản tin này chưa được duyệt nên chưa có việc làm âm thanh.")
            jobs.retry(connection, job.id)
        self.bell.ring(job.id)

    def accept_reading(self, user: User, bulletin_id: str, seal: str) -> None:
        """Say yes to how an approved bulletin is read now, as the approver was shown it, and have it produced."""
        with self.database.write() as connection:
            bulletin = shelf.get(connection, bulletin_id)
            _require_approver(user, bulletin)
            _require_state(bulletin, BulletinState.APPROVED)
            self._refuse_doubts(bulletin)
            if seal != self._seal(connection, bulletin):
                raise WrongStateError("Cách đọc lại vừa được thay đổi. Hãy mở lại trang và xem lại.")
            shelf.seal(connection, bulletin, seal)
            shelf.note(connection, bulletin, Act(user, self.clock.now()), "đồng ý cách đọc mới")
            job = jobs.of_bulletin(connection, bulletin_id, bulletin.version)
            if job is not None:
                jobs.retry(connection, job.id)
        if job is not None:
            self.bell.ring(job.id)

    def _refuse_faults(self, connection: Connection, bulletin: Bulletin) -> None:
        opening, body = parts(self.reader, bulletin, station.get(connection).name)
        refuse_malformed_marks(body)
        refuse_doubtful_opening(opening)
        refuse_missing_inserts(connection, opening)

    def _refuse_doubts(self, bulletin: Bulletin) -> SpokenText:
        """Return how the script is said, none of it in doubt."""
        body = self.read(bulletin.script, bulletin.readings)
        _refuse_flags(body)
        _refuse_title(self.read(bulletin.title, bulletin.readings))
        return body

    def _seal(self, connection: Connection, bulletin: Bulletin) -> str:
        texts = parts(self.reader, bulletin, station.get(connection).name)
        cast = cast_of(bulletin, texts, recordings.of_bulletin(connection, bulletin.id))
        return seals.seal(connection, bulletin, cast)


def may_approve(user: User, bulletin: Bulletin) -> bool:
    """Tell whether `user` may approve: an approver who neither wrote any of the text nor reads it aloud."""
    return Role.APPROVER in user.roles and user.id not in bulletin.author_ids


def _require(user: User, *roles: Role) -> None:
    if not user.may(*roles):
        raise NotAllowedError("Tài khoản của bạn không có quyền làm việc này. Chưa có gì thay đổi.")


def _require_approver(user: User, bulletin: Bulletin) -> None:
    if user.id in bulletin.author_ids:
        raise NotAllowedError("Người viết không được tự duyệt bản tin của mình. Hãy nhờ một người duyệt khác.")
    if Role.APPROVER not in user.roles:
        raise NotAllowedError("Chỉ người duyệt mới làm được việc này. Chưa có gì thay đổi.")


def _require_state(bulletin: Bulletin, *states: BulletinState) -> None:
    if bulletin.state not in states:
        raise WrongStateError(
            "Bản tin đã chuyển sang trạng thái khác nên không làm được việc này. Hãy mở lại trang để xem."
        )


def _refuse_wordless(text: SpokenText) -> None:
    if not text.syllables and not any(sentence.clip for sentence in text.sentences):
        raise BadInputError("Nội dung không có chữ nào để đọc nên chưa trình duyệt được. Hãy viết nội dung trước.")


def _refuse_title(title: SpokenText) -> None:
    """Refuse a title in doubt: it is read aloud before the bulletin."""
    if title.flagged:
        words = ", ".join(dict.fromkeys(f"«{token.source[:40]}»" for token in title.flagged[:5]))
        raise FlaggedReadingError(
            f"Tiêu đề cũng được đọc lên, mà còn chỗ chưa chắc cách đọc: {words}. Hãy viết rõ chỗ ấy trong tiêu đề."
        )


def _refuse_flags(text: SpokenText) -> None:
    flagged = text.flagged
    if flagged:
        words = ", ".join(dict.fromkeys(f"«{token.source[:40]}»" for token in flagged[:5]))
        raise FlaggedReadingError(
            f"Còn {len(flagged)} chỗ chưa chắc cách đọc: {words}. Hãy chọn cách đọc cho từng chỗ rồi trình duyệt."
        )


def _checked(draft: Draft) -> Draft:
    title = tidy(draft.title)
    script = unicodedata.normalize("NFC", draft.script).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not title:
        raise BadInputError("Hãy đặt tiêu đề cho bản tin.")
    if len(title) > TITLE_LIMIT:
        raise BadInputError(f"Tiêu đề dài {len(title)} ký tự; tối đa {TITLE_LIMIT} ký tự.")
    if not script:
        raise BadInputError("Bản tin chưa có nội dung. Hãy viết nội dung rồi lưu.")
    if len(script) > SCRIPT_LIMIT:
        length, limit = f"{len(script):,}".replace(",", "."), f"{SCRIPT_LIMIT:,}".replace(",", ".")
        raise BadInputError(
            f"Nội dung dài {length} ký tự; tối đa {limit} ký tự. Chưa lưu; hãy chia thành nhiều bản tin."
        )
    if draft.valid_from and draft.valid_until and draft.valid_until < draft.valid_from:
        raise BadInputError("Ngày hết hiệu lực phải từ ngày bắt đầu hiệu lực trở đi.")
    return replace(draft, title=title, script=script)
