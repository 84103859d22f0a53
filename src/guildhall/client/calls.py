"""A call: one operation of the contract, described in full before anything is sent.

Calls are the same for the synchronous and the asynchronous client; only sending differs.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from guildhall.client.errors import InvalidArgument

T = TypeVar("T")


class Known(enum.Enum):
    """A path segment that the client fills in when it sends."""

    ORGANIZATION = "the client's organization, else the one of its key"
    DIRECTORY = "the client's directory, else the organization's first: for writes"
    DIRECTORIES = "the client's directory, else `-` for all: for reads"


Segment = str | Known
JSONObject = Mapping[str, Any]

V1: tuple[Segment, ...] = ("admin", "v1", "orgs", Known.ORGANIZATION)
V2: tuple[Segment, ...] = ("admin", "v2", "orgs", Known.ORGANIZATION)
FURNISHING: tuple[Segment, ...] = ("guildhall", "v1", "orgs", Known.ORGANIZATION)


def reading(directory_id: str | None) -> tuple[Segment, ...]:
    """Begin the path of a directory to read from."""
    return (*V2, "directories", directory_id or Known.DIRECTORIES)


def writing(directory_id: str | None) -> tuple[Segment, ...]:
    """Begin the path of a directory to write to, where `-` is not allowed (contract 1.3)."""
    return (*V2, "directories", directory_id or Known.DIRECTORY)


class Answer(msgspec.Struct, frozen=True):
    """What came back over the wire; header names are matched in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Get one operation with its arguments, and how its answer is read."""

    method: str
    path: tuple[Segment, ...]
    decode: Callable[[Answer], T]
    completion: Callable[[Answer], "Call[T | None] | None"] | None = None
    """Makes the call that finds what a success left out; none where it left nothing out."""
    query: JSONObject = {}
    body: JSONObject | bytes | None = None
    headers: Mapping[str, str] = {}
    idempotent: bool = True
    """Whether doing it twice is the same as doing it once, so that it may be retried blindly."""
    settled_by: frozenset[str] = frozenset()
    """Error codes that mean, after an interrupted attempt, that this attempt had succeeded."""
    nothing_to_do: str = ""
    """The error code that means that everything was as wanted already."""
    cursor_alone: bool = False
    """Whether a cursor in the body tolerates nothing beside it."""


def fields(options: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Name keyword options as the wire does, without those that are None.

    A misspelt filter must not silently return everything, so an unknown name is a TypeError.
    """
    return {name: value for name, value in changes(options, given).items() if value is not None}


def changes(options: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Name keyword options as the wire does; None is a value of its own and clears what is there."""
    known = options.__optional_keys__
    if unknown := sorted(set(given) - known):
        raise TypeError(f"unknown option {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return {camel(name): value for name, value in given.items()}


def camel(name: str) -> str:
    """`search_term` → `searchTerm`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def sort_order(order: str) -> list[dict[str, str]]:
    """`name` or `-name` as the documentation's array of one object (contract 1.5)."""
    direction = "desc" if order.startswith("-") else "asc"
    return [{"field": order.removeprefix("-"), "direction": direction}]


def encode_path(path: Sequence[Segment], known: Mapping[Known, str]) -> str:
    """Percent-encode every segment of a path; InvalidArgument for one that would change the route."""
    return "".join("/" + _encode_segment(known[part] if isinstance(part, Known) else part) for part in path)


def _encode_segment(segment: str) -> str:
    if segment in ("", ".", ".."):
        raise InvalidArgument(f"{segment!r} cannot be an id")
    return quote(segment, safe=":@")


def encode_query(query: JSONObject) -> str:
    """Encode a query as contract 1.5 wants it: arrays repeated, objects as JSON."""
    pairs = ((name, _encode_value(value)) for name, values in query.items() for value in _each(values))
    return urlencode(list(pairs))


def _each(values: Any) -> Sequence[Any]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        return [values]
    if not values:
        # It would vanish from the query, and a filter that is not there matches everything.
        raise InvalidArgument("an empty list cannot be a filter: leave the option out")
    return values


def _encode_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode()
    return str(value)
