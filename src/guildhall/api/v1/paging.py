"""Pages as version 1's search for groups sends them: links are tokens (contract 1.4, 3)."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.model.paging import Page, Window

Item = TypeVar("Item")
Body = TypeVar("Body")


class TokenLinks(msgspec.Struct, frozen=True, rename={"this": "self"}):
    """Tokens of this page and of the next one."""

    this: str
    next: str | None


class TokenPageBody(msgspec.Struct, Generic[Body], frozen=True):
    """A page of a list."""

    data: list[Body]
    links: TokenLinks


def token_page_response(
    request: Request,
    page: Page[Item],
    to_token: Callable[[Window], msgspec.Struct],
    to_body: Callable[[Item], Any],
) -> Response:
    """Return a page; `to_token` makes the cursor of a window, `to_body` the wire's form of an item."""
    following = None if page.next is None else request.page_token(to_token(page.next))
    links = TokenLinks(request.page_token(to_token(page.this)), following)
    return json_response(TokenPageBody([to_body(item) for item in page.items], links))
