"""Short lists with filters that no index serves: walked in order, each item tested.

For directories, of which an organization has hundreds or a few thousand.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from guildhall.model.paging import Page, Position, Window, cut_page

Item = TypeVar("Item")

_BATCH = 500


async def walk_page(
    read: Callable[[Window], Awaitable[list[Item]]],
    window: Window,
    keep: Callable[[Item], bool],
    position_of: Callable[[Item], Position],
) -> Page[Item]:
    """Return a page of the items that `keep` accepts; `read` gives up to `limit + 1` rows of a window."""
    kept: list[Item] = []
    part = Window(_BATCH, window.start, window.backward, inclusive=window.inclusive)
    while len(kept) <= window.limit:
        batch = await read(part)
        kept += [item for item in batch if keep(item)]
        if len(batch) <= _BATCH:
            break
        part = Window(_BATCH, position_of(batch[-1]), window.backward)
    return cut_page(kept[: window.limit + 1], window, position_of)
