"""One request and its answer: what ASGI receives and sends."""

import asyncio
import http
from collections.abc import MutableMapping
from typing import Any, Protocol

from guildhall.server.limits import BUFFERED_BODY_BYTES, MOST_UNREAD_BODY

Message = MutableMapping[str, Any]

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus
}
_NO_BODY = frozenset({204, 304})
_CLOSE = b"connection: close\r\n"


class Carrier(Protocol):
    """A connection, as a request on it knows it."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def drained(self) -> None:
        """Wait until the client has taken most of what was sent."""

    def date(self) -> bytes:
        """Return the header that says when an answer was made."""

    def pause_reading(self) -> None:
        """Take no more from the client for now."""

    def resume_reading(self) -> None:
        """Take more from the client."""

    def answered(self, call: "Call") -> None:
        """Go on behind a whole answer."""


class Call:
    """A request whose head was read, until its answer is sent."""

    __slots__ = (
        "_body",
        "_carrier",
        "_chunked",
        "_delivered",
        "_failure",
        "_head",
        "_may_continue",
        "_waiter",
        "body_ends",
        "complete",
        "ended",
        "is_lost",
        "keeps_alive",
        "scope",
    )  # fmt: skip

    def __init__(self, carrier: Carrier, scope: Message, *, keeps_alive: bool) -> None:
        self.scope = scope
        self.keeps_alive = keeps_alive
        self.complete = False
        """Whether the request was read to its end."""
        self.body_ends = 0.0
        """When the body must be here."""
        self.ended = False
        """Whether the answer was handed over as a whole."""
        self.is_lost = False
        self._carrier = carrier
        self._may_continue = False
        """Whether the client was told to send the body."""
        self._body = bytearray()
        self._delivered = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._head = b""
        self._chunked = False

    def feed(self, data: bytes) -> None:
        """Take a part of the body."""
        if self.ended:
            return
        self._body += data
        if len(self._body) > BUFFERED_BODY_BYTES:
            self._carrier.pause_reading()
        self._wake()

    def finish(self) -> None:
        """Note that the request was read to its end."""
        self.complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Let whoever reads the body have an error; nothing can follow on this connection."""
        self._failure = error
        self.keeps_alive = False
        self._wake()

    def lose(self) -> None:
        """Note that the client has left."""
        self.is_lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """Return the next part of the body, or that the client has left; raises what it failed by."""
        while True:
            if self.is_lost or self.ended:
                return {"type": "http.disconnect"}
            if self._failure is not None:
                raise self._failure
            if self._body or (self.complete and not self._delivered):
                return self._take()
            self._ask_for_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _ask_for_body(self) -> None:
        """Tell a client that waits for it to send the body (RFC 9110 §10.1.1)."""
        if not self._may_continue and self._expects_continue():
            self._carrier.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._may_continue = True

    def _expects_continue(self) -> bool:
        return any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.scope["headers"]
        )

    def _take(self) -> Message:
        part, self._body = bytes(self._body), bytearray()
        self._delivered = self.complete
        self._carrier.resume_reading()
        return {"type": "http.request", "body": part, "more_body": not self.complete}

    async def send(self, message: Message) -> None:
        """Send a part of the answer; raises ConnectionError when nobody is left to take a long one."""
        if message["type"] == "http.response.start":
            self._head = self._build_head(message)
            return
        await self._carrier.drained()
        more = message.get("more_body", False)
        if self.is_lost and more:
            raise ConnectionResetError("The client has left.")
        self._carrier.write(self._head + self._framed(message.get("body", b""), more=more))
        self._head = b""
        if not more and not self.ended:
            self.ended = True
            self._carrier.answered(self)

    def _build_head(self, message: Message) -> bytes:
        status: int = message["status"]
        parts = [_STATUS_LINES[status], self._carrier.date()]
        has_length = False
        for name, value in message["headers"]:
            if name == b"connection":
                self.keeps_alive = False
                continue
            has_length = has_length or name == b"content-length"
            parts += (name, b": ", value, b"\r\n")
        self._decide_framing(status, parts, has_length=has_length)
        if not self.complete and not self._may_read_on():
            self.keeps_alive = False
        if not self.keeps_alive:
            parts.append(_CLOSE)
        parts.append(b"\r\n")
        head = b"".join(parts)
        _require_lines(head)
        return head

    def _decide_framing(self, status: int, parts: list[bytes], *, has_length: bool) -> None:
        """Say where a body ends whose length nobody knows yet: by chunks, or by the end of the connection."""
        if has_length or status in _NO_BODY:
            return
        if self.scope["http_version"] == "1.0":
            self.keeps_alive = False
            return
        parts.append(b"transfer-encoding: chunked\r\n")
        self._chunked = self.scope["method"] != "HEAD"

    def _framed(self, body: bytes, *, more: bool) -> bytes:
        if not self._chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if more else chunk + b"0\r\n\r\n"

    def _may_read_on(self) -> bool:
        """Whether what is left of the body is little enough to be read for the sake of the next request."""
        if not self._may_continue and self._expects_continue():
            return False
        lengths = [value for name, value in self.scope["headers"] if name == b"content-length"]
        return bool(lengths) and len(lengths[0]) < 8 and int(lengths[0]) <= MOST_UNREAD_BODY


def _require_lines(head: bytes) -> None:
    """Raise ValueError when a header holds a line end: what follows would count as another header."""
    ends = head.count(b"\r\n")
    if head.count(b"\n") != ends or head.count(b"\r") != ends or head.index(b"\r\n\r\n") != len(head) - 4:
        raise ValueError("a header of the answer holds a line end")
