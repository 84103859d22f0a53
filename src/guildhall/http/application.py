"""The ASGI application: from a request's bytes to an answer's, and every error on the way.

Which error wins (contract 8): path and method, then key, scope and organization, then size, media
type, JSON and fields; only then the operation runs, in a transaction of its own.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache, partial
from typing import Any

import msgspec

from guildhall.http.authentication import Authenticator
from guildhall.http.body import MOST_BYTES, decode_body, require_media_type
from guildhall.http.cors import cors_headers, preflight_headers
from guildhall.http.errors import Wire, error_response
from guildhall.http.kept import KeptItems
from guildhall.http.metrics import REQUEST_SECONDS, REQUESTS
from guildhall.http.origin import Origin
from guildhall.http.preferences import read_preferences
from guildhall.http.query import QueryReader, parse_pairs
from guildhall.http.request import Request
from guildhall.http.response import JSON, Response, Stream, empty_response
from guildhall.http.routing import PUBLIC, Match, Route, Router
from guildhall.model.errors import (
    BodyTooLarge,
    GuildhallError,
    MethodNotAllowed,
    OrganizationNotFound,
    ScopeMissing,
)
from guildhall.model.ids import parse_uuid
from guildhall.model.permissions import Caller, Permission
from guildhall.store.database import Database

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NOBODY = Caller(0, "", b"", None, "nobody", frozenset())
"""Who calls an operation that needs no key."""

STALLED_SECONDS = 60.0
"""How long a client may take for one piece of a long body."""

_UUID_PARAMETERS = frozenset({"orgId", "directoryId", "groupId"})
_LOG = logging.getLogger("guildhall.http")


class NoParameters(msgspec.Struct, frozen=True):
    """The query of an operation that takes none: strictly read, every parameter is unknown."""


class Disconnected(Exception):
    """The client went away before its request was complete; nobody is left to answer."""


class Application:
    """Answers requests of all wires; the composition root builds it."""

    def __init__(
        self,
        router: Router,
        wires: Mapping[str, Wire],
        database: Database,
        authenticator: Authenticator,
        origin: Origin,
        *,
        strict: bool = False,
    ) -> None:
        self._router = router
        self._wires = wires
        self._database = database
        self._authenticator = authenticator
        self._origin = origin
        self._strict = strict
        self._kept = KeptItems() if database.engine == "sqlite" else None
        self._readers = {r.operation: QueryReader(r.query or NoParameters) for r in router.routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        begun = time.perf_counter()
        # It tells answers apart and is no secret.
        exchange = _Exchange(scope, receive, f"{random.getrandbits(32):08x}")
        if self._origin.cors_origins:
            exchange.headers += cors_headers(exchange.header(b"origin"), self._origin.cors_origins)
        try:
            response = await self._answer(exchange)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 -- the one place where every error becomes an answer
            response = self._failure(exchange, error)
        await _send(send, response, exchange)
        if response.stream is not None and exchange.method != "HEAD":
            await self._send_stream(send, response.stream, exchange)
        _measure(exchange, response, time.perf_counter() - begun)

    async def _answer(self, exchange: "_Exchange") -> Response:
        if exchange.method == "OPTIONS":
            return self._options(exchange)
        match = exchange.match = self._router.find(exchange.method, exchange.path)
        route = match.route
        if route.deprecation is not None:
            exchange.headers += route.deprecation.headers()
        parameters = {name: _clean(name, value) for name, value in match.parameters.items()}
        caller = await self._admit(exchange, route, parameters)
        request = await self._read_request(exchange, match, parameters, caller)
        if route.without_database:
            return await route.handler(None, request)
        run = self._database.write if route.writes else self._database.read
        return await run(route.handler, request)

    def _options(self, exchange: "_Exchange") -> Response:
        try:
            self._router.find("OPTIONS", exchange.path)
        except MethodNotAllowed as error:
            preflight = preflight_headers(exchange.header(b"origin"), self._origin.cors_origins)
            return empty_response(204, [("allow", ", ".join(error.allowed)), *preflight])
        raise LookupError("no route answers OPTIONS itself")

    async def _admit(self, exchange: "_Exchange", route: Route, parameters: dict[str, str]) -> Caller:
        """Return who calls; raises Unauthenticated, ScopeMissing, OrganizationNotFound."""
        if route.permission == PUBLIC:
            return NOBODY
        caller, limits = await self._authenticator.authenticate(exchange.header(b"authorization"))
        exchange.headers += limits
        _require_permission(caller, Permission(route.permission))
        if parameters.get("orgId", caller.org_id) != caller.org_id:
            raise OrganizationNotFound(f"There is no organization {parameters['orgId'][:100]}.")
        return (
            msgspec.structs.replace(caller, address=self._origin.client(exchange)) if route.writes else caller
        )

    async def _read_request(
        self, exchange: "_Exchange", match: Match, parameters: dict[str, str], caller: Caller
    ) -> Request:
        route = match.route
        preferences = read_preferences(exchange.every_header(b"prefer"))
        strict = self._strict or preferences.get("handling") == "strict"
        body = None
        if route.body is not None:
            body = await _read_body(exchange, route, strict=strict)
        query = None
        if route.query is not None or strict:
            query = self._readers[route.operation].read(parse_pairs(exchange.query), strict=strict)
        return Request(
            id=exchange.id,
            operation=route.operation,
            mount=match.mount,
            parameters=parameters,
            caller=caller,
            base=partial(self._origin.base_url, exchange),
            prefers_representation=preferences.get("return") == "representation",
            forget_keys=self._authenticator.forget,
            kept=None if route.writes else self._kept,
            query=query,
            body=body,
        )

    async def _send_stream(self, send: Send, stream: Stream, exchange: "_Exchange") -> None:
        """Send a long body; a client that takes none of it for long loses the connection."""
        try:
            async with contextlib.aclosing(self._database.stream(stream)) as pieces:
                async for piece in pieces:
                    async with asyncio.timeout(STALLED_SECONDS):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
        except Exception:
            # The status has been sent: only an answer that breaks off can tell that it is not whole.
            _LOG.exception("answer broken off", extra={"request_id": exchange.id})
            raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _failure(self, exchange: "_Exchange", error: Exception) -> Response:
        wire = exchange.match.route.wire if exchange.match else self._wire_of(exchange.path)
        response = error_response(wire, error, exchange.id)
        if isinstance(error, BodyTooLarge) and exchange.version.startswith("1"):
            # What is left of the body is not read, so that nothing can follow it on this connection.
            exchange.headers.append(("connection", "close"))
        if not isinstance(error, GuildhallError):
            _LOG.error("request failed", exc_info=error, extra=exchange.log_fields(response))
        elif response.status >= 500:
            _LOG.error(str(error), extra=exchange.log_fields(response))
        else:
            _LOG.info("request refused", extra=exchange.log_fields(response))
        return response

    def _wire_of(self, path: str) -> Wire:
        """Return the wire in whose words a path without a route is answered."""
        segments = path.removeprefix("/gateway/api").split("/")
        return self._wires.get("/".join(segments[:3]), self._wires[""])


class _Exchange:
    """One request on its way through, and what its answer needs to know."""

    def __init__(self, scope: Scope, receive: Receive, request_id: str) -> None:
        self.id = request_id
        self.method: str = scope["method"]
        raw_path = scope.get("raw_path") or scope["path"].encode()
        self.path: str = raw_path.decode("latin-1").partition("?")[0]
        self.query: bytes = scope["query_string"]
        self.client: str = (scope.get("client") or ("",))[0]
        self.scheme: str = scope.get("scheme", "http")
        self.version: str = scope.get("http_version", "1.1")
        self.match: Match | None = None
        self.headers: list[tuple[str, str]] = []
        self._request_headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self._first = dict(reversed(self._request_headers))
        self._receive = receive

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

    def log_fields(self, response: Response) -> dict[str, Any]:
        """Return what a log line says of the request: no query, no header and no body, so no secret."""
        operation = self.match.route.operation if self.match else None
        return {
            "request_id": self.id,
            "method": self.method,
            "operation": operation,
            "status": response.status,
        }


def _require_size(length: int) -> None:
    if length > MOST_BYTES:
        raise BodyTooLarge(f"The body is larger than {MOST_BYTES} bytes.")


def _clean(name: str, value: str) -> str:
    return (parse_uuid(value) or value) if name in _UUID_PARAMETERS else value


def _require_permission(caller: Caller, permission: Permission) -> None:
    if permission is Permission.FULL_ACCESS and caller.scopes is not None:
        raise ScopeMissing("This operation needs an API key without scopes.")
    if not caller.may(permission):
        raise ScopeMissing(f"The API key lacks the scope {permission}.")


async def _read_body(exchange: _Exchange, route: Route, *, strict: bool) -> Any:
    raw = await exchange.read_body()
    media_type = JSON
    if raw or route.reader is not None:
        media_type = require_media_type(exchange.header(b"content-type"), route.media_types)
    if route.reader is not None:
        # What has a reader of its own may take long to read: others are answered meanwhile.
        return await asyncio.to_thread(route.reader, raw, media_type)
    kind: Any = route.body
    return decode_body(raw, kind, required=route.body_required, strict=strict)


async def _send(send: Send, response: Response, exchange: _Exchange) -> None:
    body, streams = response.body, response.stream is not None
    headers = [(b"x-request-id", exchange.id.encode())]
    if body or streams:
        headers.append((b"content-type", response.media_type.encode()))
    if response.status != 204 and not streams:
        headers.append((b"content-length", b"%d" % len(body)))
    if exchange.headers or response.headers:
        more = exchange.headers + response.headers
        headers += [(name.encode(), value.encode("latin-1")) for name, value in more]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if exchange.method == "HEAD":
        body, streams = b"", False
    await send({"type": "http.response.body", "body": body, "more_body": streams})


def _measure(exchange: _Exchange, response: Response, seconds: float) -> None:
    operation = exchange.match.route.operation if exchange.match else "none"
    count, observe = _meters(operation, response.status)
    count()
    observe(seconds)


@lru_cache(2_048)
def _meters(operation: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Return what counts requests of one kind, and what observes how long they took."""
    return REQUESTS.labels(operation, status).inc, REQUEST_SECONDS.labels(operation).observe
