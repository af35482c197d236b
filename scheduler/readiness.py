"""Looking ahead at what will not sound as planned, and back at what nobody reported. Pure.

A centre that is told hours before the air can still mend it; one that is told at the minute cannot.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.checks import Check, Finding, Tone
from domain.machines import LACK_WORDS, Lack, Machine, MachineState, Shortfall
from domain.timetable import STATION_ZONE, Slot
from scheduler.reconcile import LineOutcome, LogLine

AHEAD = timedelta(hours=24)
MOST_FINDINGS = 200
_FETCH_DELAY = timedelta(minutes=2)
"""How long after it was published a machine in contact may take to fetch a playlist."""
_CLIP_DELAY = timedelta(minutes=15)
"""How long after its playlist was published a machine may still be fetching clips; on a thin line one takes minutes."""
_URGENT = timedelta(hours=1)
_MOST_NAMES = 3
_ADVICE = {
    Lack.CLIP: "Máy vẫn đang tải; nếu lâu không xong, hãy kiểm tra đường truyền của máy.",
    Lack.DAMAGED: "Máy đang tải lại; nếu còn lặp lại, thẻ nhớ hoặc ổ đĩa của máy có thể sắp hỏng.",
    Lack.DISK: "Hãy dọn hoặc thay ổ đĩa của máy.",
    Lack.CLOCK: "Máy chỉ phát khẩn cho tới khi có giờ đúng; hãy kiểm tra kết nối và pin đồng hồ của máy.",
    Lack.EXPIRED: "Hãy cho máy kết nối để nhận danh sách phát mới.",
}
_ZONE = ZoneInfo(STATION_ZONE)


@dataclass(frozen=True, slots=True)
class Given:
    """What a machine was given: since which counter each of its slots is told, and when the newest was issued."""

    since: Mapping[str, int]
    issued_at: datetime


def look_ahead(
    slots: Iterable[Slot], machines: Iterable[Machine], given: Mapping[str, Given], now: datetime
) -> tuple[Finding, ...]:
    """Return what of `slots`, those that begin within AHEAD of `now`, is not ready to sound.

    Sessions of one programme that are refused for one reason, whole or in part, are told together. A machine that is
    out of contact, or does not hold the playlist that tells it of a session, is told with its sessions, and so is one
    that says itself that it is not ready for some.
    """
    known = {one.id: one for one in machines if one.revoked_at is None}
    ahead = [one for one in slots if now < one.starts_at <= now + AHEAD and one.machine_id in known]
    found = [
        *_refused(ahead, known, now),
        *_out_of_contact(ahead, known, given, now),
        *_not_ready(ahead, known, given, now),
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.key))[:MOST_FINDINGS])


def look_back(lines: Iterable[LogLine], machines: Iterable[Machine], now: datetime) -> tuple[Finding, ...]:
    """Return for each machine the sessions of `lines`, the station log, of which it should have spoken and has not."""
    known = {one.id: one for one in machines}
    silent: dict[str, dict[str, LogLine]] = {}
    for line in lines:
        if line.outcome is LineOutcome.UNREPORTED and line.machine_id in known:
            silent.setdefault(line.machine_id, {}).setdefault(line.slot_key, line)
    found = [_unreported(list(held.values()), known[machine_id], now) for machine_id, held in silent.items()]
    return tuple(sorted(found, key=lambda one: (one.at, one.key))[:MOST_FINDINGS])


def _refused(slots: Iterable[Slot], known: Mapping[str, Machine], now: datetime) -> Iterator[Finding]:
    alike: dict[tuple[str, str, bool], list[Slot]] = {}
    for slot in slots:
        if words := _refusals(slot):
            silent = bool(slot.refusal) or not any(item.span for item in slot.items)
            alike.setdefault((slot.title, words, silent), []).append(slot)
    for (title, words, silent), held in alike.items():
        first = min(held, key=lambda one: one.starts_at)
        how = "Sẽ không phát" if silent else "Sẽ phát không đủ"
        yield Finding(
            key=_key(Check.READINESS, title, f"{words}|{silent}"),
            check=Check.READINESS,
            tone=Tone.BAD if silent else Tone.WARN,
            title=f"{how} {_when({one.starts_at for one in held}, first.starts_at)}: {title}",
            detail=f"{_names(known[one.machine_id].name for one in held)}: {words.rstrip('.')}.",
            at=first.starts_at,
            first_seen=now,
        )


def _refusals(slot: Slot) -> str:
    """Return in words what of a slot will not sound, or an empty string."""
    if slot.refusal:
        return slot.refusal
    return "; ".join(dict.fromkeys(f"«{one.title}» {one.refusal}" for one in slot.items if one.refusal))


def _out_of_contact(
    slots: Iterable[Slot], known: Mapping[str, Machine], given: Mapping[str, Given], now: datetime
) -> Iterator[Finding]:
    own: dict[str, list[Slot]] = {}
    for slot in slots:
        if not slot.refusal:
            own.setdefault(slot.machine_id, []).append(slot)
    for machine_id, held in own.items():
        held.sort(key=lambda one: (one.starts_at, one.key))
        found = _of_machine(known[machine_id], held, given.get(machine_id), now)
        if found is not None:
            yield found


def _of_machine(machine: Machine, slots: list[Slot], given: Given | None, now: datetime) -> Finding | None:
    """Return what is wrong between a machine and its `slots`, the nearest first."""
    lost = machine.state_at(now) in (MachineState.OFFLINE, MachineState.NEVER_SEEN)
    lacking = _lacking(machine, slots, given) if lost or _had_time(given, now) else []
    if not lost and not lacking:
        return None
    told = lacking or slots
    contact = _contact(machine) if lost else "Máy có kết nối nhưng không lấy danh sách phát"
    if lacking:
        title = f"{machine.name} chưa nhận lịch của {_sessions(lacking)}"
        advice = "Nếu máy không lấy được danh sách trước giờ, buổi này không phát hoặc phát theo lịch cũ."
    else:
        title = f"{machine.name} mất kết nối, còn {_sessions(slots)}"
        advice = "Máy đã giữ lịch và tự phát được nếu có điện, nhưng không nhận thay đổi mới."
    return Finding(
        key=_key(Check.CONTACT, machine.id, "lacking" if lacking else "lost"),
        check=Check.CONTACT,
        tone=Tone.BAD,
        title=title,
        detail=f"{contact}. {advice}",
        at=told[0].starts_at,
        first_seen=now,
        machine_id=machine.id,
    )


def _not_ready(
    slots: Iterable[Slot], known: Mapping[str, Machine], given: Mapping[str, Given], now: datetime
) -> Iterator[Finding]:
    """Yield what machines in contact say of themselves: for which sessions they are not ready, and why."""
    by_key = {(one.machine_id, one.key): one for one in slots if not one.refusal}
    for machine in known.values():
        beat = machine.heartbeat
        if beat is None or machine.state_at(now) is MachineState.OFFLINE:
            continue
        alike: dict[Lack, list[tuple[Slot, Shortfall]]] = {}
        for one in beat.shortfalls:
            slot = by_key.get((machine.id, one.slot_key))
            if slot is not None and _is_worth_telling(one, slot, given.get(machine.id), now):
                alike.setdefault(one.lack, []).append((slot, one))
        for lack, held in alike.items():
            yield _unready(machine, lack, held, now)


def _is_worth_telling(one: Shortfall, slot: Slot, given: Given | None, now: datetime) -> bool:
    """Tell whether a session lacks something that does not come by itself within minutes."""
    if one.lack is not Lack.CLIP or slot.starts_at - now <= _URGENT:
        return given is None or now - given.issued_at >= _FETCH_DELAY
    return given is None or now - given.issued_at >= _CLIP_DELAY


def _unready(machine: Machine, lack: Lack, held: list[tuple[Slot, Shortfall]], now: datetime) -> Finding:
    held.sort(key=lambda pair: (pair[0].starts_at, pair[0].key))
    slots, clips = [slot for slot, _ in held], held[0][1].clips
    words = LACK_WORDS[lack] + (f" ({clips} tệp của buổi gần nhất)" if clips else "")
    return Finding(
        key=_key(Check.NOT_READY, machine.id, lack.value),
        check=Check.NOT_READY,
        tone=Tone.BAD if slots[0].starts_at - now <= _URGENT else Tone.WARN,
        title=f"{machine.name} chưa sẵn sàng cho {_sessions(slots)}",
        detail=f"{words[0].upper()}{words[1:]}. {_ADVICE[lack]}",
        at=slots[0].starts_at,
        first_seen=now,
        machine_id=machine.id,
    )


def _had_time(given: Given | None, now: datetime) -> bool:
    return given is not None and now - given.issued_at >= _FETCH_DELAY


def _lacking(machine: Machine, slots: list[Slot], given: Given | None) -> list[Slot]:
    """Return the slots of which the machine has fetched no playlist that tells them as they are now."""
    fetched = machine.heartbeat.playlist_counter if machine.heartbeat else 0
    if given is None:
        return [] if fetched else slots
    return [one for one in slots if given.since.get(one.key, 0) > fetched]


def _unreported(lines: list[LogLine], machine: Machine, now: datetime) -> Finding:
    state, last = machine.state_at(now), max(lines, key=lambda one: one.planned_start)
    if state in (MachineState.OFFLINE, MachineState.NEVER_SEEN):
        why = f"{_contact(machine)}. Máy sẽ báo khi có mạng lại; hãy hỏi địa bàn xem loa có phát không."
    elif state is MachineState.REVOKED:
        why = "Máy đã bị thu hồi quyền nên không báo nữa."
    else:
        why = "Máy có kết nối nhưng không báo. Hãy kiểm tra máy phát."
    title = last.slot_title or last.title
    return Finding(
        key=_key(Check.UNREPORTED, machine.id, last.slot_key),
        check=Check.UNREPORTED,
        tone=Tone.WARN,
        title=f"{machine.name} chưa báo cáo {_when({one.planned_start for one in lines}, last.planned_start)}: {title}",
        detail=why,
        at=last.planned_start,
        first_seen=now,
        machine_id=machine.id,
    )


def _when(instants: set[datetime], nearest: datetime) -> str:
    """Return “buổi 05:30 ngày 23/11”, or how many there are and when the nearest is."""
    if len(instants) == 1:
        return f"buổi {_moment(nearest)}"
    return f"{len(instants)} buổi, gần nhất {_moment(nearest)}"


def _contact(machine: Machine) -> str:
    if machine.heartbeat is None:
        return "Máy chưa kết nối lần nào"
    return f"Máy mất kết nối từ {_moment(machine.heartbeat.at)}"


def _sessions(slots: list[Slot]) -> str:
    first = slots[0]
    if len(slots) == 1:
        return f"buổi {_moment(first.starts_at)} «{first.title}»"
    return f"{len(slots)} buổi trong 24 giờ tới, gần nhất {_moment(first.starts_at)} «{first.title}»"


def _names(names: Iterable[str]) -> str:
    every = sorted(set(names))
    more = f" và {len(every) - _MOST_NAMES} máy khác" if len(every) > _MOST_NAMES else ""
    return ", ".join(every[:_MOST_NAMES]) + more


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(_ZONE):%H:%M ngày %d/%m}"


def _key(check: Check, subject: str, words: str) -> str:
    return f"{check.value}:{hashlib.sha256(f'{subject}|{words}'.encode()).hexdigest()[:32]}"
