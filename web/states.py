"""How states look: an icon and a word for each, and a tone that only repeats what the word says."""

from dataclasses import dataclass

from domain.bulletins import STATE_LABELS, BulletinState
from domain.machines import OUTCOME_LABELS, AiringOutcome, MachineState
from domain.people import Role
from scheduler.reconcile import LINE_LABELS, LineOutcome


@dataclass(frozen=True, slots=True)
class Mark:
    """An icon, a word and a tone (calm, good, warn, bad, quiet)."""

    icon: str
    word: str
    tone: str


def bulletin_mark(state: BulletinState) -> Mark:
    """Return how a bulletin's state looks."""
    icon, tone = {
        BulletinState.DRAFT: ("pencil", "calm"),
        BulletinState.SUBMITTED: ("hourglass-split", "warn"),
        BulletinState.APPROVED: ("check-circle-fill", "good"),
        BulletinState.RETURNED: ("arrow-return-left", "warn"),
        BulletinState.WITHDRAWN: ("slash-circle", "quiet"),
        BulletinState.EXPIRED: ("calendar-x", "quiet"),
        BulletinState.ARCHIVED: ("archive", "quiet"),
    }[state]
    return Mark(icon, STATE_LABELS[state], tone)


def machine_mark(state: MachineState) -> Mark:
    """Return how a machine's state looks."""
    icon, tone = {
        MachineState.NEVER_SEEN: ("plug", "warn"),
        MachineState.ONLINE: ("check-circle-fill", "good"),
        MachineState.LATE: ("clock", "warn"),
        MachineState.OFFLINE: ("wifi-off", "bad"),
        MachineState.FAULTY: ("exclamation-triangle-fill", "bad"),
        MachineState.REVOKED: ("shield-x", "quiet"),
    }[state]
    return Mark(icon, state.value, tone)


def airing_mark(outcome: AiringOutcome) -> Mark:
    """Return how the outcome of an airing looks."""
    icon, tone = {
        AiringOutcome.PLAYED: ("check-circle-fill", "good"),
        AiringOutcome.PLAYING: ("broadcast", "good"),
        AiringOutcome.CUT: ("scissors", "warn"),
        AiringOutcome.MISSED: ("x-octagon", "bad"),
    }[outcome]
    return Mark(icon, OUTCOME_LABELS[outcome], tone)


def line_mark(outcome: LineOutcome) -> Mark:
    """Return how a line of the station log looks."""
    icon, tone = {
        LineOutcome.PLAYED: ("check-circle-fill", "good"),
        LineOutcome.PLAYING: ("broadcast", "good"),
        LineOutcome.CUT: ("scissors", "warn"),
        LineOutcome.MISSED: ("x-octagon", "bad"),
        LineOutcome.AWAITED: ("clock", "calm"),
        LineOutcome.UNREPORTED: ("info-circle", "warn"),
    }[outcome]
    return Mark(icon, LINE_LABELS[outcome], tone)


WRITERS = (Role.CONTRIBUTOR, Role.EDITOR)
