"""One tree of errors: each carries a Vietnamese sentence that an operator can act on."""

from typing import ClassVar


class TiengLoaError(Exception):
    """Something the product could not do, said in one Vietnamese sentence.

    `sentence` tells what happened, what was kept and what to do; it is safe to show to anyone.
    `can_retry` says whether the same act may succeed later without a person changing anything.
    """

    can_retry: ClassVar[bool] = False

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInputError(TiengLoaError):
    """A person or a program gave something that cannot be used; nothing was changed."""


class NotFoundError(TiengLoaError):
    """The thing that was asked for does not exist, or no longer does."""


class NotAllowedError(TiengLoaError):
    """The person may not do this; the state is as it was."""


class NotSignedInError(NotAllowedError):
    """Nobody is signed in, or the sign-in is over."""


class WrongStateError(TiengLoaError):
    """The thing has moved on since it was read; nothing was changed."""


class FlaggedReadingError(BadInputError):
    """The script holds words whose reading nobody has confirmed yet."""


class BusyError(TiengLoaError):
    """A port or a data folder is already taken by another process."""


class StorageError(TiengLoaError):
    """The data folder or its database cannot be used."""


class StorageFullError(StorageError):
    """The disk is full; what was there before is whole."""

    can_retry: ClassVar[bool] = True


class AudioError(TiengLoaError):
    """A sound cannot be decoded, measured or mastered."""


class VoiceError(TiengLoaError):
    """A voice engine could not speak."""


class VoiceUnavailableError(VoiceError):
    """The engine cannot be reached or used now; another engine or a later try may do."""

    can_retry: ClassVar[bool] = True


class NoVoiceError(VoiceUnavailableError):
    """No engine of the chain could speak."""


class TrustError(TiengLoaError):
    """A signature, hash, epoch or machine identity does not hold; the thing was refused."""


class ServerUnreachableError(TiengLoaError):
    """The centre's server did not answer properly."""

    can_retry: ClassVar[bool] = True


class SinkError(TiengLoaError):
    """The sound output failed or vanished."""

    can_retry: ClassVar[bool] = True
