"""Answers before they are sent."""

from collections.abc import AsyncGenerator, Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.store.database import Transaction

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()

JSON = "application/json"

Header = tuple[bytes, bytes]

_NO_CONTENT = 204

Stream = Callable[[Transaction], AsyncGenerator[bytes, None]]
"""What a long body is read by."""


class Response(msgspec.Struct):
    """A status, a body and headers; the application adds those that every answer has."""

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = []
    media_type: str = JSON
    error_code: str | None = None
    """Of the first error that it tells, if it tells one."""
    stream: Stream | None = None
    """Gives the body piece by piece, read from a snapshot of its own; `body` is empty then."""

    def encoded_headers(self) -> Sequence[Header]:
        """Return the headers of the body and those given, as they are sent."""
        made: list[Header] = []
        if self.body or self.stream is not None:
            made.append(encode_header(("content-type", self.media_type)))
        if self.status != _NO_CONTENT and self.stream is None:
            made.append(_content_length(len(self.body)))
        made += map(encode_header, self.headers)
        return made


def known(value: T | None) -> T | UnsetType:
    """Return a value that is known, UNSET for one that is not: its member is then absent (contract 4)."""
    return UNSET if value is None else value


def json_response(value: Any, status: int = 200, headers: list[tuple[str, str]] | None = None) -> Response:
    """Return `value` as JSON."""
    return Response(status, _ENCODER.encode(value), headers or [])


def empty_response(status: int, headers: list[tuple[str, str]] | None = None) -> Response:
    """Return a status without a body."""
    return Response(status, b"", headers or [])


# Answers that are kept share what these return: there are very many of them.
@lru_cache(256)
def encode_header(header: tuple[str, str]) -> Header:
    """Return a header as it is sent."""
    return header[0].encode(), header[1].encode("latin-1")


@lru_cache(4_096)
def _content_length(length: int) -> Header:
    return b"content-length", b"%d" % length


class Unchanged(Exception):
    """Ends the transaction of a write that answers and changes nothing: all that it did is taken back."""

    def __init__(self, response: Response) -> None:
        super().__init__("nothing is to change")
        self.response = response
