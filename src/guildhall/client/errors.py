"""What can go wrong between a client and a server.

    ClientError
    ├── InvalidArgument           nothing was sent: a URL, a key or an id that cannot be one
    ├── ConnectionFailed          nothing came back, or not all of it
    ├── UnexpectedAnswer          something came back that the contract does not know
    └── ErrorAnswer               the server said no: status, code, detail, error id
        ├── BadRequest            400, 413, 415 and every other 4xx without a class of its own
        ├── Unauthorized          401
        ├── PermissionDenied      403
        ├── NotFound              404
        ├── MethodNotAllowed      405
        ├── Conflict              409
        ├── RateLimited           429
        └── ServerFailed          5xx

This module imports nothing that is slow to load, so that a program can name these errors without
loading the client.
"""

from collections.abc import Sequence
from typing import NamedTuple


class ErrorItem(NamedTuple):
    """One element of the answer's `errors` (contract 1.6); an absent member is an empty text."""

    error_id: str
    code: str
    title: str
    detail: str


class ClientError(Exception):
    """The family's root."""


class InvalidArgument(ClientError, ValueError):
    """An argument that cannot be sent; it was refused before anything was."""


class ConnectionFailed(ClientError):
    """The server could not be reached, or the connection broke before the whole answer was there.

    `maybe_done` tells whether the server may have carried the request out all the same.
    """

    def __init__(self, detail: str, *, maybe_done: bool = True) -> None:
        super().__init__(detail)
        self.maybe_done = maybe_done


class UnexpectedAnswer(ClientError):
    """An answer that cannot be read: a redirect, a page of HTML, JSON of another shape."""


class NotListedYet(UnexpectedAnswer):
    """What was just made was answered with success, and the server does not list it yet."""


class ErrorAnswer(ClientError):
    """An answer with an error status; the first element of `errors` speaks for all."""

    def __init__(self, status: int, errors: Sequence[ErrorItem]) -> None:
        self.status = status
        self.errors = tuple(errors)
        first = self.errors[0]
        self.code, self.error_id = first.code, first.error_id
        self.detail = " ".join(item.detail or item.title for item in self.errors)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        code = f" {self.code}" if self.code else ""
        error_id = f" (error id {self.error_id})" if self.error_id else ""
        return f"{self.status}{code}: {self.detail}{error_id}"


class BadRequest(ErrorAnswer):
    """The request was refused for what it says."""


class Unauthorized(ErrorAnswer):
    """No key, a key that is not valid, or in v1 one without the scope."""


class PermissionDenied(ErrorAnswer):
    """The key may not do this, or nobody may (a synced, default or admin-granting group)."""


class NotFound(ErrorAnswer):
    """Nothing is there, or nothing that the key may know of."""


class MethodNotAllowed(ErrorAnswer):
    """The server has the path, but not this operation."""


class Conflict(ErrorAnswer):
    """What is there already forbids it: a name taken, a user limit reached."""


class RateLimited(ErrorAnswer):
    """Too many requests; `retry_after` is in seconds, None where the server does not say."""

    retry_after: float | None = None


class ServerFailed(ErrorAnswer):
    """The server's own fault; whether the request was carried out is unknown."""


_BY_STATUS: dict[int, type[ErrorAnswer]] = {
    401: Unauthorized,
    403: PermissionDenied,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    429: RateLimited,
}


def error_for(status: int, errors: Sequence[ErrorItem]) -> ErrorAnswer:
    """Make the exception of the family that stands for an answer of this status."""
    fallback = ServerFailed if status >= 500 else BadRequest
    return _BY_STATUS.get(status, fallback)(status, errors)
