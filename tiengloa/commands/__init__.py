"""The words of the command line, a file for each group of commands, in the order of `tiengloa --help`.

Each file declares its commands and, below, what they call. That is imported when the command runs, so that `--help` is
quick and a machine needs only its own packages.
"""

from tiengloa.commands import area, broker, courier, machine, running, speech, timetable, upkeep, user, voice
from tiengloa.commands.parser import Commands


def declare(commands: Commands) -> None:
    """Declare every command."""
    for group in (running, broker, machine, courier, speech, voice, timetable, upkeep, area, user):
        group.declare(commands)
