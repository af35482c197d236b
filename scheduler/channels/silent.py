"""No channel at all: machines ask by themselves every few seconds, and nothing is lost."""

from domain.nudges import Nudge


class SilentChannel:
    """Takes nudges and sends none."""

    def nudge(self, machine_id: str, what: Nudge = Nudge.PLAYLIST) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
