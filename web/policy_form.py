"""What the forms of the policy and of a window of silence hold: rows as typed, and what they ask for."""

from dataclasses import dataclass, field
from datetime import time, timedelta

from werkzeug.datastructures import MultiDict

from domain.airtime import EVERY_WEEKDAY, AirtimePolicy, ExclusionWindow, QuietHours, VolumeBand
from scheduler.policy_desk import MOST_SPANS, Wanted
from web.formats import day
from web.typed import Typed, length_typed

SPARE_ROWS = 2
"""Empty rows under those in use, so that one can be added without a script."""


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """The fields as typed; each of `quiet`, `volume` and `staggers` is rows of words."""

    quiet: tuple[tuple[str, str], ...] = ()
    session: str = ""
    day: str = ""
    sessions: str = ""
    repeats: str = ""
    weekdays: frozenset[int] = EVERY_WEEKDAY
    volume: tuple[tuple[str, str, str], ...] = ()
    staggers: tuple[tuple[str, str], ...] = ()
    freeze: str = ""
    note: str = ""
    problems: dict[str, str] = field(default_factory=dict)


def of_policy(wanted: Wanted) -> PolicyForm:
    """Return the form that shows a policy."""
    policy = wanted.policy
    return PolicyForm(
        quiet=tuple((f"{one.start:%H:%M}", f"{one.end:%H:%M}") for one in policy.quiet),
        session=length_typed(policy.session_limit),
        day=length_typed(policy.day_limit),
        sessions=str(policy.sessions_per_day or ""),
        repeats=str(policy.repeat_limit or ""),
        weekdays=policy.allowed_weekdays,
        volume=tuple((f"{one.start:%H:%M}", f"{one.end:%H:%M}", f"{one.gain_db:g}") for one in policy.volume),
        staggers=tuple((area_id, length_typed(length)) for area_id, length in policy.staggers),
        freeze=length_typed(wanted.freeze),
        note=policy.note,
    )


def to_policy(form: MultiDict[str, str]) -> tuple[Wanted, PolicyForm]:
    """Return what came with a POST as a policy and as typed; when problems are held the policy is not to be used."""
    typed = Typed(form)
    policy = AirtimePolicy(
        quiet=tuple(QuietHours(start, end) for start, end, _ in _spans(typed, "quiet")),
        session_limit=typed.length("session"),
        day_limit=typed.length("day"),
        note=typed.text("note"),
        sessions_per_day=typed.whole("sessions"),
        repeat_limit=typed.whole("repeats"),
        allowed_weekdays=typed.weekdays("weekday"),
        volume=tuple(
            VolumeBand(start, end, typed.decimal(f"volume-{number}-gain"))
            for start, end, number in _spans(typed, "volume")
        ),
        staggers=_staggers(typed),
    )
    wanted = Wanted(policy, typed.length("freeze"))
    shown = PolicyForm(
        quiet=tuple((start, end) for start, end, *_ in _rows(typed, "quiet", "from", "to")),
        session=typed.text("session"),
        day=typed.text("day"),
        sessions=typed.text("sessions"),
        repeats=typed.text("repeats"),
        weekdays=policy.allowed_weekdays,
        volume=tuple((a, b, c) for a, b, c in _rows(typed, "volume", "from", "to", "gain")),
        staggers=tuple((a, b) for a, b in _rows(typed, "stagger", "area", "length")),
        freeze=typed.text("freeze"),
        note=typed.text("note"),
        problems=typed.problems,
    )
    return wanted, shown


def _rows(typed: Typed, name: str, *parts: str) -> list[tuple[str, ...]]:
    """Return the rows of a name in which anything was typed."""
    rows = (tuple(typed.text(f"{name}-{number}-{part}") for part in parts) for number in range(MOST_SPANS + SPARE_ROWS))
    return [row for row in rows if any(one.strip() for one in row)]


def _spans(typed: Typed, name: str) -> list[tuple[time, time, int]]:
    """Return (start, end, number of the row) of the rows of a name; half a row is a problem."""
    found = []
    for number in range(MOST_SPANS + SPARE_ROWS):
        keys = (f"{name}-{number}-from", f"{name}-{number}-to")
        start, end = (typed.time(key) for key in keys)
        if start is not None and end is not None:
            found.append((start, end, number))
        elif (start is None) != (end is None) and not typed.problems.keys() & set(keys):
            typed.problems[keys[0] if start is None else keys[1]] = "Hãy ghi cả giờ bắt đầu và giờ kết thúc."
    return found


def _staggers(typed: Typed) -> tuple[tuple[str, timedelta], ...]:
    found: dict[str, timedelta] = {}
    for number in range(MOST_SPANS + SPARE_ROWS):
        area_id, length = typed.text(f"stagger-{number}-area"), typed.length(f"stagger-{number}-length")
        if area_id and length:
            found[area_id] = length
        elif length:
            typed.problems[f"stagger-{number}-area"] = "Hãy chọn địa bàn lệch giờ."
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class WindowForm:
    """The fields of a window of silence as typed."""

    reason: str = ""
    area_ids: frozenset[str] = frozenset()
    start: str = ""
    end: str = ""
    weekdays: frozenset[int] = EVERY_WEEKDAY
    first: str = ""
    last: str = ""
    problems: dict[str, str] = field(default_factory=dict)


def of_window(window: ExclusionWindow) -> WindowForm:
    """Return the form that shows a window of silence."""
    return WindowForm(
        window.reason,
        window.area_ids,
        f"{window.start:%H:%M}",
        f"{window.end:%H:%M}",
        window.weekdays,
        "" if window.first is None else day(window.first),
        "" if window.last is None else day(window.last),
    )


def to_window(form: MultiDict[str, str], window_id: str) -> tuple[ExclusionWindow | None, WindowForm]:
    """Return the window that a POST asks for, or None and the form with what is wrong."""
    typed = Typed(form)
    start, end, first, last = typed.time("start"), typed.time("end"), typed.day("first"), typed.day("last")
    for name, read in (("start", start), ("end", end)):
        if read is None and name not in typed.problems:
            typed.problems[name] = "Hãy ghi giờ, ví dụ 05:30."
    areas = frozenset(form.getlist("area"))
    if not areas:
        typed.problems["area"] = "Hãy chọn ít nhất một địa bàn hoặc cụm loa cần giữ yên lặng."
    shown = WindowForm(
        typed.text("reason"),
        areas,
        typed.text("start"),
        typed.text("end"),
        typed.weekdays("weekday"),
        typed.text("first"),
        typed.text("last"),
        typed.problems,
    )
    if typed.problems or start is None or end is None:
        return None, shown
    return ExclusionWindow(window_id, shown.reason, areas, start, end, shown.weekdays, first, last), shown
