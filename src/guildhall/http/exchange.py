"""One request on its way through the application."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping, Sequence
from typing import Any, TypeVar

from guildhall.http.reading.body import MOST_BYTES
from guildhall.http.routing import Match
from guildhall.model.errors import BodyTooLarge
from guildhall.model.permissions import Caller

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

T = TypeVar("T")

NOBODY = Caller(0, "", b"", None, "nobody", frozenset())
"""Who calls an operation that needs no key."""


class Disconnected(Exception):
    """The client went away before its request was complete; nobody is left to answer."""


class Exchange:
    """One request on its way through, and what its answer needs to know."""

    def __init__(self, scope: Scope, receive: Receive, request_id: str) -> None:
        self.id = request_id
        self.method: str = scope["method"]
        raw_path = scope.get("raw_path") or scope["path"].encode()
        self.path: str = raw_path.decode("latin-1").partition("?")[0]
        self.query: bytes = scope["query_string"]
        self.caller: Caller = NOBODY
        """Who calls, once that is known."""
        self.body = b""
        self.client: str = (scope.get("client") or ("",))[0]
        self.scheme: str = scope.get("scheme", "http")
        self.version: str = scope.get("http_version", "1.1")
        self.match: Match | None = None
        self.operation = "none"
        """Of the route that it found."""
        self.failure: Exception | None = None
        """What its answer tells instead of a success."""
        self._refusal: Exception | None = scope.get("guildhall.refusal")
        self.headers: list[tuple[str, str]] = []
        self._request_headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self._first = dict(reversed(self._request_headers))
        self._receive = receive

    def require_readable(self) -> None:
        """Raise what the server refuses the request for, if it could not read it to its end."""
        if self._refusal is not None:
            raise self._refusal

    def header(self, name: bytes) -> str | None:
        """Return the first request header of that lower-case name."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    def every_header(self, name: bytes) -> Iterator[str]:
        """Return each request header of that lower-case name, in order."""
        return (value.decode("latin-1") for key, value in self._request_headers if key == name)

    async def read_body(self) -> bytes:
        """Return the body; raises BodyTooLarge as soon as it is, Disconnected when it never ends."""
        said = self.header(b"content-length") or ""
        _require_size(int(said[:20]) if said.isdecimal() else 0)
        parts: list[bytes] = []
        length = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part = message.get("body", b"")
            length += len(part)
            _require_size(length)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what comes of the work; a client that leaves ends it. Raises Disconnected.

        The body must have been read: what a client says next is that it leaves.
        """
        working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(self._leave())
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise Disconnected
            return working.result()
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)

    async def _leave(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _require_size(length: int) -> None:
    if length > MOST_BYTES:
        raise BodyTooLarge(f"The body is larger than {MOST_BYTES} bytes.")
