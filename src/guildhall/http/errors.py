"""Errors as answers: the envelope that all wires share (contract 1.6)."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from guildhall.http.response import Response
from guildhall.model.errors import (
    GuildhallError,
    InvalidInput,
    MethodNotAllowed,
    RateLimited,
    Unavailable,
)


class ErrorForm(msgspec.Struct, frozen=True):
    """How a wire says one class of errors."""

    status: int
    code: str
    title: str


class Wire(msgspec.Struct, frozen=True):
    """One way of speaking to the outside: its name and how it says each error."""

    name: str
    errors: Mapping[type[GuildhallError], ErrorForm]
    fault: ErrorForm
    """How it says that the program itself failed."""
    strict: bool = False
    """Whether an unknown parameter or field is refused without `Prefer: handling=strict` too."""

    def form_of(self, error: Exception) -> ErrorForm:
        """Return how this wire says an error; what is no error of the family is our own fault."""
        for kind in type(error).__mro__:
            form = self.errors.get(kind)
            if form is not None:
                return form
        return self.fault


class ErrorBody(msgspec.Struct, frozen=True):
    """One element of the envelope; `message` repeats `detail` for clients that read only that."""

    id: str
    code: str
    status: str
    title: str
    detail: str
    message: str


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """The body of every answer that is an error."""

    errors: list[ErrorBody]


_OWN_FAULT = "The server failed to answer. The id of this error stands in the server's log."


def error_response(wire: Wire, error: Exception, request_id: str) -> Response:
    """Turn an error into the answer that a client gets; the text of a fault stays in the log."""
    form = wire.form_of(error)
    details = list(error.details) if isinstance(error, InvalidInput) else [str(error)]
    if form is wire.fault:
        details = [_OWN_FAULT]
    bodies = [
        ErrorBody(request_id, form.code, str(form.status), form.title, detail, detail) for detail in details
    ]
    headers = [("www-authenticate", "Bearer")] if form.status == 401 else _headers(error)
    body = msgspec.json.encode(ErrorEnvelope(bodies))
    return Response(form.status, body, headers, error_code=form.code)


def _headers(error: Exception) -> list[tuple[str, str]]:
    if isinstance(error, MethodNotAllowed):
        return [("allow", ", ".join(error.allowed))]
    if isinstance(error, RateLimited):
        limits = rate_limit_headers(error.limit, 0, error.reset)
        return [("retry-after", str(error.retry_after)), *limits]
    if isinstance(error, Unavailable):
        return [("retry-after", str(error.retry_after))]
    return []


def rate_limit_headers(limit: int, remaining: int, reset: int) -> list[tuple[str, str]]:
    """Return the headers that tell a limited key what is left until `reset`, epoch milliseconds.

    To the minute: a widespread collector reads no other form (contract 1.7).
    """
    when = datetime.fromtimestamp(reset / 1_000, UTC).strftime("%Y-%m-%dT%H:%MZ")
    return [
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", str(remaining)),
        ("x-ratelimit-reset", when),
    ]
