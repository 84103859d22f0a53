"""The ASGI application: from a request's bytes to an answer's, and every error on the way.

Which error wins (contract 8): path and method, then key, scope and organization, then size, media
type, JSON and fields; only then the operation runs, in a transaction of its own.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from guildhall.http.access.authentication import Authenticator
from guildhall.http.access.cors import cors_headers, preflight_headers
from guildhall.http.access.origin import Origin
from guildhall.http.errors import Wire, error_response
from guildhall.http.exchange import NOBODY, Disconnected, Exchange, Receive, Scope, Send
from guildhall.http.monitoring.metrics import note_request
from guildhall.http.positions import position_header, read_position
from guildhall.http.reading.body import decode_body, require_media_type, require_no_coding
from guildhall.http.reading.preferences import read_preferences
from guildhall.http.reading.query import QueryReader, parse_pairs
from guildhall.http.request import Request
from guildhall.http.request_log import RequestLog
from guildhall.http.response import JSON, Response, Stream, Unchanged, empty_response, encode_header
from guildhall.http.routing import BodyReader, Match, Route, Router
from guildhall.model.errors import (
    BodyTooLarge,
    GuildhallError,
    MethodNotAllowed,
    OperationNotServed,
    OrganizationNotFound,
    Unavailable,
)
from guildhall.model.ids import parse_uuid
from guildhall.model.permissions import Caller
from guildhall.operations.authorize import require_permission
from guildhall.operations.keys import confirm_key
from guildhall.store.database import Database, Replica, Transaction

MOST_READINGS = 2
"""Bodies that take long to read which a worker has read at once; others wait for their turn."""

SECONDS_TO_TURN = 20
"""How long they wait."""

STALLED_SECONDS = 60.0
"""How long a client may take for one piece of a long body."""

_NO_PREFERENCES: Mapping[str, str] = {}
_UUID_PARAMETERS = frozenset({"orgId", "directoryId", "groupId"})
_LOG = logging.getLogger("guildhall.http")


class NoParameters(msgspec.Struct, frozen=True):
    """The query of an operation that takes none: strictly read, every parameter is unknown."""


class _Begun(NamedTuple):
    """A long body of which the first piece has been read."""

    first: bytes | None
    rest: AsyncGenerator[bytes, None]


class RequestOptions(NamedTuple):
    """What settings say of requests."""

    strict: bool
    """Whether unknown parameters and fields are refused."""
    export_timeout: float
    """Seconds that a long answer may take."""
    log: str
    """Which requests are logged: `all`, `errors` or `none`."""


class Application:
    """Answers requests of all wires; the composition root builds it."""

    def __init__(
        self,
        router: Router,
        wires: Mapping[str, Wire],
        database: Database,
        authenticator: Authenticator,
        origin: Origin,
        options: RequestOptions,
    ) -> None:
        self._router = router
        self._wires = wires
        self._database = database
        self._authenticator = authenticator
        self._origin = origin
        self._request_options = options
        self._turns = asyncio.Semaphore(MOST_READINGS)
        self._log = RequestLog(options.log)
        self._readers = {r.operation: QueryReader(r.query or NoParameters) for r in router.routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        came = time.perf_counter()
        # It tells answers apart and is no secret.
        exchange = Exchange(scope, receive, f"{random.getrandbits(32):08x}")
        if self._origin.cors_origins:
            exchange.headers += cors_headers(exchange.header(b"origin"), self._origin.cors_origins)
        try:
            self._require_readable(exchange)
            response = await self._answer(exchange)
            begun = None if response.stream is None else await self._begin_stream(response.stream)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 -- the one place where every error becomes an answer
            response, begun = self._failure(exchange, error), None
        if begun is None:
            await _send(send, response, exchange)
        else:
            await self._send_stream(send, response, begun, exchange)
        seconds = time.perf_counter() - came
        note_request(exchange.operation, response.status, seconds)
        self._log.note(exchange, response, seconds)

    def _require_readable(self, exchange: Exchange) -> None:
        """Raise what the server refuses the request for; its answer is that of the route (contract 8)."""
        try:
            exchange.require_readable()
        except GuildhallError:
            with contextlib.suppress(GuildhallError):
                self._find_route(exchange)
            raise

    async def _answer(self, exchange: Exchange) -> Response:
        if exchange.method == "OPTIONS":
            return self._options(exchange)
        route = self._find_route(exchange)
        exchange.caller = await self._admit(exchange, route)
        if route.body is not None:
            exchange.body = await exchange.read_body()
            if route.permission is not None:
                caller = await self._authenticator.confirm(exchange.header(b"authorization"))
                require_permission(caller, route.permission)
                exchange.caller = msgspec.structs.replace(caller, address=exchange.caller.address)
        return await self._operate(exchange, route)

    def _find_route(self, exchange: Exchange) -> Route:
        match = exchange.match = self._router.find(exchange.method, exchange.path)
        _note_route(exchange, match.route)
        return match.route

    async def _operate(self, exchange: Exchange, route: Route) -> Response:
        request = await self._read_request(exchange, route)
        if route.without_database:
            return await route.handler(None, request)
        if self._database.replica is not None:
            return await _operate_beside(self._database.replica, exchange, route, request)
        try:
            if route.writes:
                return await self._database.write(_write, route, request)
            return await self._database.read(route.handler, request)
        except Unchanged as end:
            return end.response

    def _options(self, exchange: Exchange) -> Response:
        try:
            self._router.find("OPTIONS", exchange.path)
        except MethodNotAllowed as error:
            allowed = ", ".join(error.allowed)
        except OperationNotServed:
            allowed = "OPTIONS"
        else:
            raise LookupError("no route answers OPTIONS itself")
        preflight = preflight_headers(exchange.header(b"origin"), self._origin.cors_origins)
        return empty_response(204, [("allow", allowed), *preflight])

    async def _admit(self, exchange: Exchange, route: Route) -> Caller:
        """Return who calls; raises Unauthenticated, ScopeMissing, OrganizationNotFound."""
        if route.permission is None:
            return NOBODY
        caller, limits = await self._authenticator.authenticate(exchange.header(b"authorization"))
        exchange.headers += limits
        require_permission(caller, route.permission)
        org_id = exchange.match.parameters.get("orgId", caller.org_id) if exchange.match else caller.org_id
        if org_id != caller.org_id and parse_uuid(org_id) != caller.org_id:
            raise OrganizationNotFound(f"There is no organization {org_id[:100]}.")
        return (
            msgspec.structs.replace(caller, address=self._origin.client(exchange)) if route.writes else caller
        )

    async def _read_request(self, exchange: Exchange, route: Route) -> Request:
        preferences: Mapping[str, str] = _NO_PREFERENCES
        if exchange.header(b"prefer") is not None:
            preferences = read_preferences(exchange.every_header(b"prefer"))
        strict = self._request_options.strict or route.wire.strict or preferences.get("handling") == "strict"
        body = None
        if route.body is not None:
            body = await self._read_body(exchange, route, strict=strict)
        query = None
        if route.query is not None or strict:
            query = self._readers[route.operation].read(parse_pairs(exchange.query), strict=strict)
        match = exchange.match or Match(route, "", {})
        return Request(
            id=exchange.id,
            operation=route.operation,
            mount=match.mount,
            parameters={name: _clean(name, value) for name, value in match.parameters.items()},
            caller=exchange.caller,
            base=partial(self._origin.base_url, exchange),
            header=exchange.header,
            prefers_representation=preferences.get("return") == "representation",
            forget_keys=self._authenticator.forget,
            query=query,
            body=body,
        )

    async def _read_body(self, exchange: Exchange, route: Route, *, strict: bool) -> Any:
        raw = exchange.body
        media_type = JSON
        if raw or route.reader is not None:
            require_no_coding(exchange.every_header(b"content-encoding"))
            media_type = require_media_type(exchange.header(b"content-type"), route.media_types)
        if route.reader is not None:
            return await exchange.unless_gone(self._read_in_turn(route.reader, raw, media_type))
        kind: Any = route.body
        return decode_body(raw, kind, required=route.body_required, strict=strict)

    async def _read_in_turn(self, reader: BodyReader, raw: bytes, media_type: str) -> Any:
        """Read a body of those that may take long, few at once; raises Unavailable."""
        try:
            async with asyncio.timeout(SECONDS_TO_TURN):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("Too many such bodies are being read now.", SECONDS_TO_TURN) from None
        try:
            return await reader(raw, media_type)
        finally:
            self._turns.release()

    async def _begin_stream(self, stream: Stream) -> _Begun:
        """Read the first piece of a long body: what fails until then can still be told by the status."""
        pieces = self._database.stream(stream)
        return _Begun(await anext(pieces, None), pieces)

    async def _send_stream(self, send: Send, response: Response, begun: _Begun, exchange: Exchange) -> None:
        """Send a long answer; one that takes too long in all, or of which none is taken, is broken off."""
        async with contextlib.aclosing(begun.rest) as rest:
            await _send(send, response, exchange)
            if exchange.method == "HEAD":
                return
            try:
                async with asyncio.timeout(self._request_options.export_timeout):
                    await _send_pieces(send, begun.first, rest)
            except Exception:
                # The status has been sent: only an answer that breaks off can tell that it is not whole.
                _LOG.exception("answer broken off", extra={"request_id": exchange.id})
                raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _failure(self, exchange: Exchange, error: Exception) -> Response:
        wire = exchange.match.route.wire if exchange.match else self._wire_of(exchange.path)
        response = error_response(wire, error, exchange.id)
        if isinstance(error, BodyTooLarge) and exchange.version.startswith("1"):
            # What is left of the body is not read, so that nothing can follow it on this connection.
            exchange.headers.append(("connection", "close"))
        exchange.failure = error
        return response

    def _wire_of(self, path: str) -> Wire:
        """Return the wire in whose words a path without a route is answered."""
        segments = path.removeprefix("/gateway/api").split("/")
        return self._wires.get("/".join(segments[:3]), self._wires[""])


async def _send_pieces(send: Send, piece: bytes | None, rest: AsyncGenerator[bytes, None]) -> None:
    while piece is not None:
        async with asyncio.timeout(STALLED_SECONDS):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        piece = await anext(rest, None)


async def _operate_beside(replica: Replica, exchange: Exchange, route: Route, request: Request) -> Response:
    """Run an operation where a replica takes reads; every answer says what it has seen, errors too."""
    session = replica.session(read_position(exchange))
    try:
        if route.writes:
            return await session.write(_write, route, request)
        read = session.read_latest if route.latest else session.read
        return await read(route.handler, request)
    finally:
        if session.position is not None:
            exchange.headers.append(position_header(session.position))


async def _write(tx: Transaction, route: Route, request: Request) -> Response:
    """Run an operation that writes, once its key is known to be valid within its own transaction."""
    if route.permission is not None:
        caller = await confirm_key(tx, request.caller, route.permission)
        request = msgspec.structs.replace(request, caller=caller)
    return await route.handler(tx, request)


def _note_route(exchange: Exchange, route: Route) -> None:
    exchange.operation = route.operation
    if route.deprecation is not None:
        exchange.headers += route.deprecation.headers()


def _clean(name: str, value: str) -> str:
    return (parse_uuid(value) or value) if name in _UUID_PARAMETERS else value


_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Answers name people, so nobody on the way may keep them; a browser must not guess what they are."""


async def _send(send: Send, response: Response, exchange: Exchange) -> None:
    body, streams = response.body, response.stream is not None
    headers = [(b"x-request-id", exchange.id.encode()), *_ALWAYS, *response.encoded_headers()]
    headers += map(encode_header, exchange.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if exchange.method == "HEAD":
        body, streams = b"", False
    await send({"type": "http.response.body", "body": body, "more_body": streams})
