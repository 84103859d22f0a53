"""Pages whose links are tokens, never URLs, as several wires send them (contract 1.4)."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.model.paging import Page, Window

Item = TypeVar("Item")
Body = TypeVar("Body")


class PageLinks(msgspec.Struct, frozen=True, rename={"this": "self", "previous": "prev"}):
    """Tokens of this page and of those around it."""

    this: str
    previous: str | None
    next: str | None


class ItemLinks(msgspec.Struct, frozen=True, rename={"this": "self"}):
    """The token that identifies one item."""

    this: str


class PageBody(msgspec.Struct, Generic[Body], frozen=True):
    """A page of a list."""

    data: list[Body]
    links: PageLinks


class DataBody(msgspec.Struct, Generic[Body], frozen=True):
    """One thing."""

    data: Body


def page_response(
    request: Request,
    page: Page[Item],
    to_token: Callable[[Window], msgspec.Struct],
    to_body: Callable[[Item], Any],
) -> Response:
    """Return a page; `to_token` makes the cursor of a window, `to_body` the wire's form of an item."""

    def link(window: Window | None) -> str | None:
        return None if window is None else request.page_token(to_token(window))

    links = PageLinks(request.page_token(to_token(page.this)), link(page.previous), link(page.next))
    return json_response(PageBody([to_body(item) for item in page.items], links))
