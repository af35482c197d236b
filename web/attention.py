"""What needs a person now (việc cần xử lý): each with one sentence and one link."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import url_for

from bulletins.desk import may_approve
from domain.audio import Clip
from domain.bulletins import Bulletin, BulletinState
from domain.checks import Check, Chore, Finding
from domain.emergencies import MessageState
from domain.jobs import JobState
from domain.machines import Machine, MachineState
from domain.people import Role, User
from scheduler.planning import midnight
from store import airings, bulletins, checks, clips, emergencies, enrolments, jobs
from web.context import own_station, services
from web.formats import clock, clock_gap, moment
from web.machine_list import NOT_READY, every_machine
from web.states import WRITERS

_CLOCK_OFF = timedelta(seconds=2)
_MOST = 20
_MOST_ALIKE = 4
"""Up to so many machines with one trouble, or bulletins to review, are told one by one."""
_STANDING = frozenset({Check.UNREPORTED, Check.UNSIGNED})
"""Findings that are about what was; those about what is ahead are told until its instant has come."""
_SHOWN_FOR = timedelta(days=1)
_STILL_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to see to; the worst come first (bad, warn, calm)."""

    tone: str
    icon: str
    title: str
    detail: str
    link: str
    button: str


def matters(user: User, now: datetime) -> tuple[Matter, ...]:
    """Return what needs a person, as far as `user` can see to it or should know of it."""
    findings = _findings(now)
    told = frozenset(one.machine_id for one in findings if one.check is Check.CONTACT)
    found = [
        *_of_reviews(user),
        *_of_messages(user),
        *_of_checks(findings),
        *_of_chores(now),
        *_of_waiting(user),
        *_of_machines(now, told),
        *_of_productions(),
        *_missed(now),
        *_of_voices(),
        *_of_remade(now),
    ]
    order = {"bad": 0, "warn": 1, "calm": 2}
    return tuple(sorted(found, key=lambda matter: order[matter.tone]))


def needs_yes(bulletin: Bulletin, clip: Clip | None) -> bool:
    """Tell whether a finished clip waits for a yes because a backup voice speaks it."""
    return (
        own_station().backup_voice_needs_yes
        and bulletin.state is BulletinState.APPROVED
        and bulletin.clip_version == bulletin.version
        and clip is not None
        and clip.voice is not None
        and clip.voice.backup
        and bulletin.backup_voice_ok_by is None
    )


def _of_reviews(user: User) -> Iterator[Matter]:
    with services().database.read() as connection:
        waiting = bulletins.newest(connection, (BulletinState.SUBMITTED,), _MOST)
        returned = bulletins.newest(connection, (BulletinState.RETURNED,), _MOST) if user.may(*WRITERS) else ()
        authors = bulletins.authors_of(connection, [one.id for one in (*waiting, *returned)])
    own = [one for one in waiting if may_approve(user, replace(one, author_ids=authors[one.id]))]
    for one in own[:_MOST_ALIKE]:
        detail = f"{one.author_name} trình duyệt lúc {moment(one.updated_at)}."
        yield Matter("warn", "hourglass-split", f"Chờ duyệt: {one.title}", detail, _open(one), "Đọc và duyệt")
    if rest := len(own[_MOST_ALIKE:]):
        some = f"Còn {rest}" if len(waiting) < _MOST else "Còn nhiều"
        link = url_for("bulletins.page", state=BulletinState.SUBMITTED.value)
        yield Matter("warn", "hourglass-split", f"{some} bản tin khác chờ duyệt", "", link, "Xem tất cả")
    for one in returned:
        if user.id in authors[one.id]:
            yield Matter("warn", "arrow-return-left", f"Bị trả lại: {one.title}", one.return_note, _open(one), "Sửa")


def _of_messages(user: User) -> Iterator[Matter]:
    """Yield the standard messages that wait for a second person, to those who can be that person."""
    if not user.may(Role.APPROVER):
        return
    with services().database.read() as connection:
        known = emergencies.messages(connection)
    for one in known:
        words = {MessageState.PROPOSED: one.proposed_by, MessageState.LEAVING: one.leaving_by}
        if words.get(one.state, user.id) == user.id:
            continue
        leaving = one.state is MessageState.LEAVING
        title = f"{'Chờ đồng ý bỏ' if leaving else 'Chờ đồng ý'} thông điệp khẩn: {one.title}"
        detail = "Máy phát vẫn giữ tới khi có người đồng ý." if leaving else "Máy phát chưa giữ thông điệp này."
        yield Matter("warn", "hourglass-split", title, detail, url_for("messages.page"), "Xem và quyết định")


def _of_productions() -> Iterator[Matter]:
    with services().database.read() as connection:
        approved = {one.id: one for one in bulletins.newest(connection, (BulletinState.APPROVED,))}
        failed = [job for job in jobs.unfinished(connection) if job.state is JobState.FAILED]
        shelf = clips.some(connection, [one.clip_hash for one in approved.values() if one.clip_hash])
    for job in failed:
        bulletin = approved.get(job.bulletin_id)
        if bulletin is not None and bulletin.version == job.version and bulletin.clip_version != job.version:
            title = f"Chưa làm được âm thanh: {bulletin.title}"
            yield Matter("bad", "x-octagon", title, job.error, _open(bulletin), "Xem và làm lại")
    for bulletin in approved.values():
        if needs_yes(bulletin, shelf.get(bulletin.clip_hash or "")):
            title = f"Giọng dự phòng chờ đồng ý: {bulletin.title}"
            yield Matter(
                "warn",
                "mic",
                title,
                "Chưa được phát cho tới khi có người nghe và đồng ý.",
                _open(bulletin),
                "Nghe và quyết định",
            )


def _of_machines(now: datetime, told: frozenset[str]) -> Iterator[Matter]:
    """Yield what is wrong with machines; that one is lost is not told again where it was told with its sessions."""
    ailing: dict[str, list[tuple[Machine, Matter]]] = {}
    for machine in every_machine():
        lost = machine.state_at(now) in (MachineState.OFFLINE, MachineState.NEVER_SEEN)
        troubles = [] if lost and machine.id in told else list(_troubles(machine, now))
        if troubles:
            tone, icon, first = troubles[0]
            detail = _capital("; ".join(words for _, _, words in troubles[1:]))
            link = url_for("machines.show", machine_id=machine.id)
            matter = Matter(tone, icon, f"{machine.name}: {first}", detail, link, "Xem máy phát")
            ailing.setdefault(icon, []).append((machine, matter))
    for icon, alike in ailing.items():
        yield from (matter for _, matter in alike) if len(alike) <= _MOST_ALIKE else (_told_together(icon, alike),)


def _told_together(icon: str, alike: list[tuple[Machine, Matter]]) -> Matter:
    """Return one matter for many machines that have the same trouble."""
    words, state = _TOGETHER[icon]
    names = ", ".join(machine.name for machine, _ in alike[:3])
    detail = f"{names} và {len(alike) - 3} máy khác."
    link = url_for("machines.page", t=state or None)
    return Matter(alike[0][1].tone, icon, f"{len(alike)} máy phát {words}", detail, link, "Xem máy phát")


_TOGETHER = {
    "plug": ("chưa kết nối lần nào", "chua-ket-noi"),
    "wifi-off": ("mất kết nối", "mat-ket-noi"),
    "exclamation-triangle-fill": ("báo hỏng", "hong"),
    "speaker": ("không thấy thiết bị âm thanh", ""),
    "download": ("còn thiếu âm thanh", NOT_READY),
    "clock": ("có đồng hồ lệch", ""),
}


def _of_waiting(user: User) -> Iterator[Matter]:
    """Yield the boxes that wait for a technician's yes, to those who can give it."""
    if not user.may(Role.TECHNICIAN):
        return
    with services().database.read() as connection:
        waiting = enrolments.waiting(connection)
    for one in waiting[:_MOST]:
        link = url_for("enrolment.compare", enrolment_id=one.id)
        detail = f"Máy hỏi vào lúc {moment(one.asked_at)}; chưa nhận được gì."
        yield Matter("warn", "hourglass-split", f"Máy phát chờ xác nhận: {one.name}", detail, link, "So vân tay")


def _troubles(machine: Machine, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a machine as (tone, icon, words), the worst first."""
    state, heartbeat = machine.state_at(now), machine.heartbeat
    if state is MachineState.NEVER_SEEN:
        yield "warn", "plug", "đã ghép nhưng chưa kết nối lần nào"
    if heartbeat is None or state is MachineState.REVOKED:
        return
    if state is MachineState.OFFLINE:
        yield "bad", "wifi-off", f"mất kết nối từ {moment(heartbeat.at)}"
        return
    if state is MachineState.FAULTY:
        yield "bad", "exclamation-triangle-fill", heartbeat.fault or "đường ra âm thanh không hoạt động"
    if heartbeat.stand_in and not own_station().example:  # the example station is heard through its files
        yield "bad", "speaker", "không thấy thiết bị âm thanh, chỉ ghi ra tệp"
    if heartbeat.lacking:
        yield "warn", "download", f"chưa sẵn sàng, còn thiếu {heartbeat.lacking} tệp âm thanh"
    if abs(heartbeat.clock_offset_ms) > _CLOCK_OFF / timedelta(milliseconds=1):
        yield "warn", "clock", f"đồng hồ {clock_gap(heartbeat.clock_offset_ms)} so với máy chủ"


def _missed(now: datetime) -> Iterator[Matter]:
    start = midnight(now)
    with services().database.read() as connection:
        silent = airings.silent(connection, start, now, _MOST)
    link = url_for("log.page")
    for airing in silent:
        title = f"Không phát lúc {clock(airing.planned_start)}: {airing.title}"
        yield Matter("warn", "x-octagon", title, _capital(airing.reason), link, "Xem nhật ký")


def _findings(now: datetime) -> list[Finding]:
    """Return what the worker found when it last looked; what is ahead only until its instant has come."""
    with services().database.read() as connection:
        found = checks.findings(connection)
    standing = [one for one in found if one.check in _STANDING or one.at > now]
    return sorted(standing, key=lambda one: one.check is not Check.UNSIGNED)[:_MOST]


def _of_checks(findings: Iterable[Finding]) -> Iterator[Matter]:
    for one in findings:
        icon, page, button = _CHECKS[one.check]
        yield Matter(one.tone, icon, one.title, one.detail, url_for(page), button)


_CHECKS = {
    Check.READINESS: ("calendar-x", "timetable.page", "Xem lịch"),
    Check.CONTACT: ("wifi-off", "machines.page", "Xem máy phát"),
    Check.NOT_READY: ("download", "machines.page", "Xem máy phát"),
    Check.UNSIGNED: ("exclamation-triangle-fill", "emergency.page", "Xem phát khẩn"),
    Check.UNREPORTED: ("question-circle", "log.page", "Xem nhật ký"),
}


def _of_chores(now: datetime) -> Iterator[Matter]:
    """Yield what the worker could not do by itself, and that it does nothing when it has been still for long."""
    with services().database.read() as connection:
        runs = checks.chores(connection)
    looked, backup = runs.get(Chore.READINESS), runs.get(Chore.BACKUP)
    link = url_for("timetable.page")
    if looked is not None and now - looked.tried_at > _STILL_AFTER:
        title = f"Tiến trình làm việc không chạy từ {moment(looked.tried_at)}"
        detail = "Lịch mới chưa được gửi tới máy phát. Hãy chạy lại «tiengloa work» trên máy chủ."
        yield Matter("bad", "exclamation-triangle-fill", title, detail, link, "Xem lịch")
    if backup is not None and backup.sentence:
        last = f"Bản sao gần nhất: {moment(backup.done_at)}." if backup.done_at else "Chưa có bản sao nào."
        title = "Chưa sao lưu được cơ sở dữ liệu hôm nay"
        yield Matter("warn", "hdd", title, f"{backup.sentence} {last}", link, "Xem lịch")


def _of_remade(now: datetime) -> Iterator[Matter]:
    with services().database.read() as connection:
        found = bulletins.done_by_itself(connection, now - _SHOWN_FOR)
    for bulletin, step in found[:_MOST]:
        title = f"Đã {step.action}: {bulletin.title}"
        yield Matter("calm", "arrow-repeat", title, f"Tự động lúc {moment(step.at)}.", _open(bulletin), "Nghe bản mới")


def _of_voices() -> Iterator[Matter]:
    for voice in services().voices():
        if not voice.ok:
            tone = "warn" if voice.backup else "calm"
            yield Matter(
                tone,
                "mic",
                f"Giọng đọc {voice.name} tạm thời không dùng được",
                voice.sentence,
                url_for("bulletins.page"),
                "Xem bản tin",
            )


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _open(bulletin: Bulletin) -> str:
    return url_for("bulletins.show", bulletin_id=bulletin.id)
