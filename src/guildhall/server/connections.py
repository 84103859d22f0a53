"""One connection: HTTP/1.1 by llhttp (httptools), with a deadline for everything the client has to do."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import httptools

from guildhall.model.errors import GuildhallError, InvalidInput, RequestTimedOut
from guildhall.server.calls import Call, Message
from guildhall.server.heads import Endpoints, Head
from guildhall.server.limits import (
    LINGER_SECONDS,
    LINGER_STALLED_SECONDS,
    MOST_HEAD_BYTES,
    MOST_QUEUED,
)
from guildhall.server.registry import AddressConnections, ConnectionRegistry

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

REFUSAL = "guildhall.refusal"
"""The member of an ASGI scope that says why a request cannot be carried out."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") (/[\x21-\x7e]*) HTTP/1\.[01]\r\n")
_LOG = logging.getLogger("guildhall.server")


class Connection(asyncio.Protocol):
    """A client's connection, from its acceptance to its end."""

    def __init__(
        self,
        application: Application,
        registry: ConnectionRegistry,
        same_address: AddressConnections,
        client: tuple[str, int],
    ) -> None:
        self.same_address = same_address
        self.deadline: float | None = None
        self.opening: asyncio.Task[None] | None = None
        """What makes a connection of an accepted socket, a TLS handshake among it."""
        self.transport: asyncio.Transport | None = None
        self._application = application
        self._registry = registry
        self._limits = registry.limits
        self._loop = asyncio.get_running_loop()
        self._endpoints = Endpoints("http", client, None)
        self._parser: Any = httptools.HttpRequestParser(self)
        self._current: Call | None = None
        self._receiving: Call | None = None
        self._queue: deque[Call] = deque()
        self._task: asyncio.Task[None] | None = None
        self._discards_input = False
        """Whether what the client still sends is dropped."""
        self._lingers_until = 0.0
        self._writable: asyncio.Event | None = None
        self._in_head = False
        self._head = Head()
        registry.enter(self)
        self._wait(self._limits.handshake)

    # Waiting and its end.

    def _wait(self, seconds: float) -> None:
        """Give the client so long from now."""
        self.deadline = self._loop.time() + seconds
        self.same_address.waiting.pop(self, None)
        self.same_address.waiting[self] = None

    def _work(self) -> None:
        """Note that the client waits for the server, unless there is something that it does not take."""
        if self._writable is None:
            self._wait_no_more()

    def _wait_no_more(self) -> None:
        self.deadline = None
        self.same_address.waiting.pop(self, None)

    def expire(self) -> None:
        """Give up waiting: what has begun is answered with 408, what has not is closed."""
        receiving = self._receiving
        self._wait_no_more()
        if self._discards_input or self.transport is None or self._writable is not None:
            self.abort()
        elif receiving is not None and not receiving.complete and not receiving.ended:
            self._discards_input = True
            receiving.fail(RequestTimedOut("The body of the request did not arrive in time."))
        elif self._in_head and self._current is None:
            self._refuse(RequestTimedOut("The head of the request did not arrive in time."))
        else:
            self.abort()

    def evict(self) -> None:
        """Close at once and be counted no more."""
        self._registry.leave(self)
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def stop(self) -> None:
        """Close as soon as what has begun is answered."""
        if self._current is None:
            self.evict() if self.transport is None else self.transport.close()
        else:
            self._current.keeps_alive = False

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first byte."""
        self.transport = transport  # type: ignore[assignment]
        scheme = "http" if transport.get_extra_info("sslcontext") is None else "https"
        name = transport.get_extra_info("sockname")
        self._endpoints = Endpoints(
            scheme, self._endpoints.client, (name[0], name[1]) if isinstance(name, tuple) else None
        )
        self._wait(self._limits.first_byte)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits for the client that it has left."""
        del exc
        self._registry.leave(self)
        self._discards_input = True
        self.resume_writing()
        for call in (self._current, *self._queue):
            if call is not None:
                call.lose()
        self._queue.clear()
        self._parser = None

    def pause_writing(self) -> None:
        """Give the client a time to take what was sent."""
        self._writable = asyncio.Event()
        self._wait(self._limits.idle)

    def resume_writing(self) -> None:
        """Go on sending."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None
            self._look_ahead()

    def data_received(self, data: bytes) -> None:
        """Read what the client sends, as far as it counts."""
        if self._discards_input:
            self._linger_on()
            return
        if self._in_head:
            self._head.bytes_read += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No other protocol is spoken here: the request is answered as it is, and is the last.
            self._discard_input()
        except httptools.HttpParserError as error:
            self._misread(error, data)
        else:
            self._after_reading()

    def _after_reading(self) -> None:
        if self._in_head and self._head.bytes_read > MOST_HEAD_BYTES:
            self._refuse(self._head.too_large())
        elif self._writable is None:
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Set the deadline of what the client has to do now."""
        receiving = self._receiving
        if self._discards_input:
            if self._current is not None:
                self._work()
        elif receiving is not None and not receiving.complete:
            left = receiving.body_ends - self._loop.time()
            self._wait(min(self._limits.body_stalled, left))
        elif self._current is not None:
            self._work()
        elif self._in_head and not self._head.is_timed:
            self._head.is_timed = True
            self._wait(self._limits.head)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True
        self._head = Head()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._head.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._head.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin to answer, or queue the request behind the one that is being answered."""
        self._in_head = False
        version = self._parser.get_http_version()
        scope = self._head.scope(self._parser.get_method().decode(), version, self._endpoints)
        error = self._head.fault(version)
        if error is not None:
            scope[REFUSAL] = error
        keeps_alive = version != "1.0" and error is None and self._parser.should_keep_alive()
        call = Call(self, scope, keeps_alive=keeps_alive)
        call.body_ends = self._loop.time() + self._limits.body
        self._receiving = None if self._discards_input else call
        if self._discards_input:
            return
        if self._current is None:
            self._start(call)
        else:
            self._queue.append(call)
            self.pause_reading()
            if len(self._queue) >= MOST_QUEUED:
                call.keeps_alive = False
                self._discards_input = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._receiving is not None:
            self._receiving.feed(body)

    def on_message_complete(self) -> None:
        """End a request."""
        call = self._receiving
        if call is None:
            return
        call.finish()
        if call.ended and call is self._current:
            # It was answered before it was read to its end, and that is now.
            self._go_on(call)

    def _misread(self, error: httptools.HttpParserError, data: bytes) -> None:
        """Answer what is no HTTP, where there is anything to answer."""
        receiving = self._receiving
        if self._in_head or receiving is None or (receiving.complete and receiving.keeps_alive):
            line = _REQUEST_LINE.match(data)
            if line and isinstance(error, httptools.HttpParserInvalidMethodError):
                self._head.target = line[2]
                self._refuse(None, line[1].decode())
            else:
                self._refuse(InvalidInput(f"The request is not well-formed HTTP: {error}."))
        elif not receiving.complete:
            self._discard_input()
            receiving.fail(InvalidInput(f"The body is not well-formed: {error}."))
            if receiving.ended:
                self._go_on(receiving)
        else:
            self._discard_input()

    def _discard_input(self) -> None:
        """Read nothing more: the request that was read last is the last."""
        self._discards_input = True
        if self._receiving is not None:
            self._receiving.keeps_alive = False
        if self._current is not None:
            self._work()

    def _refuse(self, error: GuildhallError | None, method: str = "GET") -> None:
        """Answer a request that cannot be read to its end; the application says it in the wire's words."""
        self._discard_input()
        if self._current is not None:
            return  # The connection ends with the answers that are due before.
        scope = self._head.scope(method, "1.1", self._endpoints)
        if error is not None:
            scope[REFUSAL] = error
        self._in_head = False
        self._start(Call(self, scope, keeps_alive=False))

    # Answering.

    def _start(self, call: Call) -> None:
        self._current = call
        if self._registry.stopping:
            call.keeps_alive = False
        self._work()
        self._task = self._loop.create_task(self._run(call))

    async def _run(self, call: Call) -> None:
        try:
            await self._application(call.scope, call.receive, call.send)
        except ConnectionError:
            pass  # Nobody is left to take the answer.
        except Exception:  # noqa: BLE001 -- whatever it was, the connection ends, and the server stays
            _LOG.exception("answer broken off")
        if not call.ended and self.transport is not None:
            self.transport.abort()

    def date(self) -> bytes:
        """Return the header that says when an answer was made."""
        return self._registry.date

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.transport is not None and data:
            self.transport.write(data)

    async def drained(self) -> None:
        """Wait until the client has taken most of what was sent."""
        while self._writable is not None:
            await self._writable.wait()

    def pause_reading(self) -> None:
        """Take no more from the client for now."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more from the client."""
        if self.transport is not None and not self._queue and not self.transport.is_closing():
            self.transport.resume_reading()

    def answered(self, call: Call) -> None:
        """Go on behind an answer: to the next request, or to the end of the connection."""
        if self.transport is None or self.transport.is_closing():
            return
        if call.complete or not call.keeps_alive:
            self._go_on(call)
        else:
            self.resume_reading()

    def _go_on(self, call: Call) -> None:
        self._current = None
        if not call.keeps_alive:
            self._close(call)
        elif self._queue:
            self._start(self._queue.popleft())
            self.resume_reading()
        elif self._in_head:
            self._look_ahead()
        else:
            self._wait(self._limits.idle)

    def _close(self, call: Call) -> None:
        """Close behind an answer; what the client still sends is read for a while, or it loses the answer."""
        transport = self.transport
        if transport is None:
            return
        if call.complete and not self._discards_input:
            self._discards_input = True
            self._wait(self._limits.idle)
            transport.close()
            return
        self._discards_input = True
        self._lingers_until = self._loop.time() + LINGER_SECONDS
        if transport.can_write_eof():
            transport.write_eof()
        transport.resume_reading()
        self._wait(LINGER_STALLED_SECONDS)

    def _linger_on(self) -> None:
        left = self._lingers_until - self._loop.time()
        if self._lingers_until:
            self._wait(min(LINGER_STALLED_SECONDS, left))
