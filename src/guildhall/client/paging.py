"""Pages, and the walk over all pages of a list without any input or output."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from guildhall.client.calls import Call
from guildhall.client.errors import UnexpectedAnswer

T = TypeVar("T")


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page stands in its list: tokens in v2, mostly URLs in v1 (contract 1.4)."""

    self_link: str | None = msgspec.field(default=None, name="self")
    prev: str | None = None
    next: str | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Get one page of a list."""

    data: list[T]
    links: Links | None = None
    meta: dict[str, Any] | None = None

    @property
    def next_link(self) -> str | None:
        """What leads to the next page, None on the last one."""
        if self.links is not None and self.links.next:
            return self.links.next
        return (self.meta or {}).get("next") or None


class Walk(Generic[T]):
    """The way through a list: `upcoming` is the call to make next, None at the end.

    A cursor that comes twice ends the walk: a server that turns in circles would never end it, and
    the stream of events says in this way that there is nothing more for now.
    """

    def __init__(self, first: Call[Page[T]]) -> None:
        self.upcoming: Call[Page[T]] | None = first
        self.cursor: str | None = None
        self._seen: set[int] = set()

    def take(self, page: Page[T]) -> Page[T]:
        """Note the page that `upcoming` led to, and move on."""
        call, link = self.upcoming, page.next_link
        if call is None:
            raise RuntimeError("the walk is at its end")
        query = {} if link is None else _query_of(link)
        self.upcoming = None
        if query and self._is_new(query["cursor"]):
            self.upcoming = follow(call, query)
        return page

    def _is_new(self, cursor: str) -> bool:
        # Hashes, because the tokens of a long list (up to 8 KiB each) would add up.
        mark = hash(cursor)
        is_new = mark not in self._seen
        self._seen.add(mark)
        self.cursor = cursor
        return is_new


def _query_of(link: str) -> dict[str, Any]:
    """Find the query that leads to a link's page.

    Only the query of a URL counts: the key must never be sent to wherever an answer points.
    """
    if "://" not in link:
        return {"cursor": link}
    query = parse_qs(urlsplit(link).query)
    if "cursor" not in query:
        raise UnexpectedAnswer(f"a link to the next page without a cursor: {link}")
    return {name: values[0] if len(values) == 1 else values for name, values in query.items()}


def follow(call: Call[T], query: Mapping[str, Any]) -> Call[T]:
    """Repeat a call for the page that `query` leads to."""
    if call.method == "GET":
        return msgspec.structs.replace(call, query={**call.query, **query})
    beside = call.body if isinstance(call.body, Mapping) and not call.cursor_alone else {}
    return msgspec.structs.replace(call, body={**beside, "cursor": query["cursor"]})
