"""What the program's exit code says, and which error leads to which."""

import enum

from guildhall.client import errors as client
from guildhall.model import errors as model
from guildhall.settings import SettingsError
from guildhall.store.database import StartRefused


class ExitCode(enum.IntEnum):
    """The program's exit codes; scripts may rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    FORBIDDEN = 4
    NOT_FOUND = 5
    CONFLICT = 6
    REFUSED = 7
    SERVER_FAILED = 8
    INTERRUPTED = 130


EPILOG = """\b
Exit codes:
    0  done
    1  failed
    2  wrong usage: an unknown option, a missing argument, an ambiguous name
    3  the server cannot be reached, or is none of this kind
    4  the key is missing or wrong, or must not do that
    5  not found
    6  in conflict with what is there: a name taken, a user limit reached
    7  refused: the server does not take or does not know the request
    8  the server failed, or asks to come back later
  130  interrupted
"""

# The first class that fits counts, so a class stands above its parents.
_CODES: tuple[tuple[type[Exception], ExitCode], ...] = (
    (client.InvalidArgument, ExitCode.USAGE),
    (client.Unauthorized, ExitCode.FORBIDDEN),
    (client.PermissionDenied, ExitCode.FORBIDDEN),
    (client.NotFound, ExitCode.NOT_FOUND),
    (client.Conflict, ExitCode.CONFLICT),
    (client.RateLimited, ExitCode.SERVER_FAILED),
    (client.ServerFailed, ExitCode.SERVER_FAILED),
    (client.ErrorAnswer, ExitCode.REFUSED),
    (client.ClientError, ExitCode.UNREACHABLE),
    (model.Unauthenticated, ExitCode.FORBIDDEN),
    (model.Forbidden, ExitCode.FORBIDDEN),
    (model.NotFound, ExitCode.NOT_FOUND),
    (model.Conflict, ExitCode.CONFLICT),
    (model.Unavailable, ExitCode.SERVER_FAILED),
    (model.GuildhallError, ExitCode.REFUSED),
    (SettingsError, ExitCode.USAGE),
    (StartRefused, ExitCode.FAILED),
    (OSError, ExitCode.FAILED),
)


class Failure(Exception):
    """Something that a command found out by itself, or several such things; each text is one line."""

    def __init__(self, text: str, exit_code: ExitCode, *more: str) -> None:
        super().__init__("\n".join((text, *more)))
        self.lines = (text, *more)
        self.exit_code = exit_code


def exit_code_of(error: BaseException) -> ExitCode | None:
    """Return the exit code for an error that may happen, None for one that is a mistake of ours."""
    if isinstance(error, Failure):
        return error.exit_code
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)
