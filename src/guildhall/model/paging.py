"""Pages of ordered lists, walked by position and never by offset (contract 1.4)."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

Item = TypeVar("Item")

Position = tuple[Any, ...]
"""The values of the sort key at an item: total, so that no two items share one."""


class Window(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The part of an ordered list that a page shows."""

    limit: int
    start: Position | None = None
    """The page begins behind this position (before it, when `backward`)."""
    backward: bool = False
    inclusive: bool = False
    """Whether an item at `start` itself belongs to the page."""


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Items in order, and the windows of this page and of those around it."""

    items: Sequence[Item]
    this: Window
    previous: Window | None
    next: Window | None


def cut_page(rows: list[Item], window: Window, position_of: Callable[[Item], Position]) -> Page[Item]:
    """Make a page of up to `limit + 1` rows that were read in the window's own direction.

    The row above the limit only tells that more follows. A page that was reached with a position
    always leads back to where its reader came from, even when its items have gone meanwhile.
    """
    more = len(rows) > window.limit
    items = rows[: window.limit]
    if window.backward:
        items.reverse()
    ahead = _beyond(items, window, position_of, more=more, backward=False)
    behind = _beyond(items, window, position_of, more=more, backward=True)
    return Page(items, window, behind, ahead)


def page_of(items: Sequence[Item], window: Window, position_of: Callable[[Item], Position]) -> Page[Item]:
    """Cut a page out of a whole list that is in memory, in ascending order of its positions."""
    rows = [item for item in items if window.start is None or _is_ahead(position_of(item), window)]
    if window.backward:
        rows.reverse()
    return cut_page(rows[: window.limit + 1], window, position_of)


def _is_ahead(position: Position, window: Window) -> bool:
    start = tuple(window.start or ())
    if position == start:
        return window.inclusive
    return (position < start) is window.backward


def _beyond(
    items: list[Item], window: Window, position_of: Callable[[Item], Position], *, more: bool, backward: bool
) -> Window | None:
    came_from_there = window.start is not None and window.backward is not backward
    if not (came_from_there or (more and window.backward is backward)):
        return None
    if items:
        return Window(window.limit, position_of(items[0 if backward else -1]), backward)
    return Window(window.limit, window.start, backward, inclusive=not window.inclusive)
