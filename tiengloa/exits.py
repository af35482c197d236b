"""Exit codes that mean something."""

from domain.errors import (
    BadInputError,
    BusyError,
    NotAllowedError,
    NotFoundError,
    ServerUnreachableError,
    StorageError,
    TiengLoaError,
    TrustError,
    VoiceError,
    WrongStateError,
)

OK = 0
FAULT = 1
BAD_INPUT = 2
FLAGGED = 3
NO_VOICE = 4
STORAGE = 5
BUSY = 6
UNREACHABLE = 7
REFUSED = 8
WAITING = 9
STOPPED = 130

_BY_ERROR: tuple[tuple[type[TiengLoaError], int], ...] = (
    (BadInputError, BAD_INPUT),
    (NotFoundError, BAD_INPUT),
    (WrongStateError, BAD_INPUT),
    (VoiceError, NO_VOICE),
    (StorageError, STORAGE),
    (BusyError, BUSY),
    (ServerUnreachableError, UNREACHABLE),
    (TrustError, REFUSED),
    (NotAllowedError, REFUSED),
)


def code_of(error: TiengLoaError) -> int:
    """Return the exit code of an error."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return FAULT
