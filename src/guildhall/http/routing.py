"""Routes: each is declared once, with all that the server and its documentation need to know of it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from guildhall.http.docs.examples import Example
from guildhall.http.errors import Wire
from guildhall.http.request import Request
from guildhall.http.response import JSON, Response
from guildhall.http.unserved import Unserved
from guildhall.model.errors import GuildhallError, MethodNotAllowed, ResourceNotFound
from guildhall.model.permissions import Permission

Handler = Callable[[Any, Request], Awaitable[Response]]
"""Called with a transaction, or with None when the route does without the database."""


BodyReader = Callable[[bytes, str], Awaitable[Any]]


class Deprecation(msgspec.Struct, frozen=True):
    """Since when an operation is deprecated (Unix seconds, RFC 9745) and when it ends (an HTTP date)."""

    since: int
    sunset: str

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers that every answer of the operation carries."""
        return [("deprecation", f"@{self.since}"), ("sunset", self.sunset)]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of one wire."""

    method: str
    path: str
    """With `{parameters}`, below `mount`."""
    operation: str
    """The vendor's name of the operation, unique in the program; also `operationId`."""
    summary: str
    wire: Wire
    permission: Permission | None
    """The scope that a key needs; None is an operation that needs no key."""
    handler: Handler
    writes: bool = False
    """Whether the handler runs in a write transaction."""
    without_database: bool = False
    """Whether the handler is called without a transaction, with None in its place."""
    latest: bool = False
    """Whether it is read where writes go, also where a replica takes reads (ADR 19)."""
    mount: str = "/admin"
    """`/admin` (also `/gateway/api/admin`) or the empty string."""
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_required: bool = True
    reader: BodyReader | None = None
    """Reads a body in place of the JSON decoder, given its bytes and media type; `body` documents it. It may
    take long, without keeping others waiting, and is cancelled when the client leaves."""
    media_types: tuple[str, ...] = (JSON,)
    """What a body may be said to be; each of them is another way to write the same."""
    answer_media_type: str = JSON
    answer: Any = None
    """The type of the body of a success, for the documentation; None is no body."""
    status: int = 200
    other_answers: tuple[tuple[int, Any], ...] = ()
    """Further statuses that are no errors, each with the type of its body or None."""
    stray: str = ""
    """A character that the vendor's documentation prints behind the path (contract 1.1)."""
    deprecation: Deprecation | None = None
    example: Example = Example()
    """A call for the documentation, which works against the demonstration."""
    contract: str = ""
    """Where the contract defines the operation, e.g. "2.4"."""


class Match(msgspec.Struct, frozen=True):
    """A route that a request found, and the values of the path's parameters in order."""

    route: Route
    mount: str
    parameters: dict[str, str]


class _Node:
    __slots__ = ("below", "literals", "methods", "parameter", "unserved")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.methods: dict[str, Route] = {}
        self.unserved: dict[str, Unserved] = {}
        """What is not served at this very path, by method."""
        self.below: Unserved | None = None
        """What nothing else at this path or below it is."""


_MOUNTS = ("/admin", "/gateway/api/admin")


class Router:
    """A tree of path segments; a literal segment wins over a parameter and never falls back to it."""

    def __init__(self, routes: Iterable[Route], unserved: Iterable[Unserved] = ()) -> None:
        self.routes: Sequence[Route] = tuple(routes)
        self._mounted = _Node()
        self._bare = _Node()
        for route in self.routes:
            self._add(route)
        for operation in sorted(unserved, key=lambda operation: operation.is_prefix):
            self._add_unserved(operation)

    def _add(self, route: Route) -> None:
        node = self._mounted if route.mount else self._bare
        segments = route.path.removeprefix("/").split("/")
        for segment in segments[:-1]:
            node = _child(node, segment)
        last = segments[-1]
        spellings = [last] if last.startswith("{") else [last, *([last + route.stray] if route.stray else [])]
        for spelling in spellings:
            methods = _child(node, spelling).methods
            if route.method in methods:
                raise ValueError(f"two routes for {route.method} {route.path}")
            methods[route.method] = route

    def _add_unserved(self, operation: Unserved) -> None:
        """Those for whole paths come last: they hold for every node that is below theirs by then."""
        node = self._mounted if operation.mount else self._bare
        for segment in operation.path.removesuffix("/*").removeprefix("/").split("/"):
            node = _child(node, segment)
        if operation.is_prefix:
            _mark_below(node, operation)
        elif node.methods.get(operation.method) or operation.method in node.unserved:
            raise ValueError(f"{operation.method} {operation.path} is there already")
        else:
            node.unserved[operation.method] = operation

    def find(self, method: str, raw_path: str) -> Match:
        """Return the route of a request; raises ResourceNotFound, MethodNotAllowed, OperationNotServed."""
        mount, node, rest = self._enter(raw_path)
        values: list[str] = []
        segments = rest.split("/")
        for segment in map(_decode, segments) if "%" in rest else segments:
            below = node.literals.get(segment)
            if below is None:
                below = node.parameter
                values.append(segment)
                if below is None or not segment:
                    raise _no_such_path(node if segment else None)
            node = below
        return self._match(node, method, mount, values)

    def _enter(self, raw_path: str) -> tuple[str, _Node, str]:
        for mount in _MOUNTS:
            if raw_path.startswith(mount + "/"):
                return mount, self._mounted, raw_path[len(mount) + 1 :]
        return "", self._bare, raw_path[1:]

    def _match(self, node: _Node, method: str, mount: str, values: list[str]) -> Match:
        asked = "GET" if method == "HEAD" else method
        route = node.methods.get(asked)
        if route is None:
            raise _not_found(node, asked)
        if route.stray and values and values[-1].endswith(route.stray):
            values[-1] = values[-1].removesuffix(route.stray)
        return Match(route, mount, dict(zip(parameter_names(route.path), values, strict=True)))


def _child(node: _Node, segment: str) -> _Node:
    if segment.startswith("{"):
        node.parameter = node.parameter or _Node()
        return node.parameter
    return node.literals.setdefault(segment, _Node())


def _mark_below(node: _Node, operation: Unserved) -> None:
    node.below = operation
    for child in (*node.literals.values(), *([node.parameter] if node.parameter else [])):
        _mark_below(child, operation)


def _not_found(node: _Node, method: str) -> GuildhallError:
    """Return what is wrong with a method at a path."""
    unserved = node.unserved.get(method) or (node.below if method != "OPTIONS" else None)
    if unserved is not None:
        return unserved.error()
    if not (node.methods or node.unserved or node.below):
        return _no_such_path()
    allowed = _allowed(node.methods)
    return MethodNotAllowed(f"This path takes {', '.join(allowed)}.", allowed)


def _decode(segment: str) -> str:
    try:
        text = unquote_to_bytes(segment).decode() if "%" in segment else segment
    except UnicodeDecodeError:
        raise _no_such_path() from None
    # PostgreSQL takes NUL in no text. No id holds either of these two, so nothing is found, as it should be.
    return text.replace("\0", "\ufffd")


def _allowed(methods: Iterable[str]) -> list[str]:
    return sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])})


def _no_such_path(node: _Node | None = None) -> GuildhallError:
    if node is not None and node.below is not None:
        return node.below.error()
    return ResourceNotFound("There is nothing at this path.")


@cache
def parameter_names(path: str) -> tuple[str, ...]:
    """Return the names of the parameters of a path, in order."""
    return tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))
