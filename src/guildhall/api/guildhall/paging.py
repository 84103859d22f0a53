"""Pages of our own lists, which carry nothing but their window."""

import msgspec

from guildhall.api.guildhall.schemas import ListQuery
from guildhall.http.request import Request
from guildhall.model.paging import Window


class WindowToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor carries."""

    window: Window


def requested_window(request: Request) -> Window:
    """Return the part of the list that the request asks for; raises InvalidCursor."""
    query: ListQuery = request.query
    if query.cursor is None:
        return Window(query.limit)
    return request.read_page_token(query.cursor, WindowToken).window
