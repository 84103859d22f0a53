"""Pages of lists of users, as `store/lists/plans.py` reads them (design 2.4).

What is walked is directory_users_listing for one directory by account, else users_account_id,
users_name or users_nickname.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.paging import Position, Window
from guildhall.model.user_lists import UserFilter, UserRow, UserSort, UserView
from guildhall.store.database import Transaction
from guildhall.store.lists import plans as drivers
from guildhall.store.lists.plans import (
    Edge,
    Gathered,
    Place,
    ahead,
    edge_names,
    given,
    order_by,
    read_page,
    searching,
)
from guildhall.store.lists.search import on_postgres
from guildhall.store.lists.user_filters import (
    Driver,
    Shape,
    gathered_by,
    matching,
    members,
    searched_first,
    shape_of,
    values_of,
)
from guildhall.store.statement import Statement

USER_ROW_COLUMNS = """
    u.user_key, u.account_id, u.name, u.name_key, u.nickname_key, u.email, u.claim_status, u.mfa_enabled,
    u.closed, u.profile, m.directory_key, m.status, m.management_source, m.added_at
"""
"""The columns of `UserRow`, of users u and directory_users m."""

SORT_COLUMNS = {
    UserSort.ACCOUNT_ID: ("u.account_id",),
    UserSort.NAME: ("u.name_key", "u.account_id"),
    UserSort.NICKNAME: ("u.nickname_key", "u.account_id"),
    UserSort.KEY: ("k.user_key",),
}
"""What each order compares before the directory's key."""


_STRETCHES = 5
"""Of a walk on PostgreSQL that reads nothing but the index: a row of it takes 0.25 µs."""

_STRETCHES_TO_NEAR = 25
"""The same where a sample says that a page of nothing but a search should be full by then."""

_PACE = 20
"""Of that walk: a row that the search index finds takes 2 to 3 µs to count, and as long again to gather."""

_BESIDE_INDEX = frozenset({"standings", "claims", "mfa", "domains"})
"""Filters that look at columns of users which users_account_id does not hold."""


class _PageShape(msgspec.Struct, frozen=True):
    shape: Shape
    sort: UserSort
    descending: bool
    start: str = ""
    """How rows compare with the position that they start at: `>`, `>=`, `<`, `<=`, or not at all."""
    ends: bool = False
    """Whether they also end at a position of the index that is walked."""

    @property
    def walks(self) -> bool:
        """Whether an index is read in its order."""
        return self.shape.driver is Driver.WALK

    @property
    def directory_first(self) -> bool:
        """Whether that is the index of one directory, which leads to a user only by way of the table."""
        shape = self.shape
        by_account = self.walks and self.sort is UserSort.ACCOUNT_ID
        return by_account and shape.one_directory

    @property
    def columns(self) -> tuple[str, ...]:
        """The order of the list; within one directory an account stands once."""
        return ("m.account_id",) if self.directory_first else (*SORT_COLUMNS[self.sort], "m.directory_key")

    @property
    def indexed(self) -> tuple[str, ...]:
        """What of the order the walked index has: none spans users and their directories."""
        return self.columns if self.directory_first else self.columns[:-1]

    @property
    def index_alone(self) -> bool:
        """Whether PostgreSQL walks users_account_id, which holds names and e-mails, and needs no more."""
        by_account = self.walks and self.sort is UserSort.ACCOUNT_ID and not self.directory_first
        return by_account and "search" in self.shape.given and not self.shape.given & _BESIDE_INDEX

    @property
    def edges(self) -> list[Edge]:
        """Where the rows that are read begin and end."""
        edges = [Edge(self.columns, self.start, "start")] if self.start else []
        if self.start and self.walks and not self.directory_first:
            edges.append(Edge(self.indexed, self.start.rstrip("=") + "=", "start"))
        if self.ends:
            edges.append(Edge(self.indexed, ">=" if self.descending else "<=", "end"))
        return edges


async def select_users(tx: Transaction, org_key: int, view: UserView, window: Window) -> list[UserRow]:
    """Return up to `limit + 1` rows of the window, in its own direction."""
    if view.sort is UserSort.KEY:
        return await _read_members(tx, org_key, view, window)
    return await read_page(tx, await _user_page(tx, org_key, view, window))


async def _read_members(tx: Transaction, org_key: int, view: UserView, window: Window) -> list[UserRow]:
    """Return members of one group, as its memberships lie: nothing is gathered or sorted."""
    page = _page_shape(view, window)
    values = {**values_of(org_key, view.filter), **_starts(view.sort, window)}
    return await tx.all(_page_statement(page), **values, most=window.limit + 1)


def _page_shape(view: UserView, window: Window) -> _PageShape:
    descending = view.descending is not window.backward
    sign = ("<" if descending else ">") + ("=" if window.inclusive else "")
    return _PageShape(shape_of(view.filter), view.sort, descending, sign if window.start else "")


def _starts(sort: UserSort, window: Window) -> dict[str, Any]:
    if not window.start:
        return {}
    names = edge_names((*SORT_COLUMNS[sort], "m.directory_key"), "start")
    return dict(zip(names, window.start, strict=True))


class _UserPage(msgspec.Struct, frozen=True):
    """A page of users, as `drivers.read_page` reads it."""

    page: _PageShape
    chosen: UserFilter
    limit: int
    stretches: int
    pace: int
    gathered: dict[str, Gathered]
    values: dict[str, Any]

    async def gather(self, tx: Transaction, driver: str) -> list[UserRow]:
        """Return users of those that one filter finds."""
        shape = msgspec.structs.replace(self.page.shape, driver=Driver(driver))
        return await self._read(tx, msgspec.structs.replace(self.page, shape=shape))

    async def walk(self, tx: Transaction, end: Position | None) -> list[UserRow]:
        """Return users in the order of the list."""
        if end is None:
            return await self._read(tx, self.page)
        page = msgspec.structs.replace(self.page, ends=True)
        return await self._read(tx, page, **dict(zip(edge_names(page.indexed, "end"), end, strict=True)))

    async def look_ahead(self, tx: Transaction, rows: int) -> Position | None:
        """Return where so many accounts end."""
        place = await tx.one(_ahead_statement(self.page), **self.values, ahead=rows - 1)
        return None if place is None else place.position[: len(self.page.indexed)]

    async def _read(self, tx: Transaction, page: _PageShape, **more: Any) -> list[UserRow]:
        return await tx.all(_page_statement(page), **self.values | more, most=self.limit + 1)


async def _user_page(tx: Transaction, org_key: int, view: UserView, window: Window) -> _UserPage:
    chosen, page = view.filter, _page_shape(view, window)
    gathered, values = await gathered_by(tx, org_key, chosen)
    if page.shape.one_directory and view.sort is UserSort.ACCOUNT_ID:
        gathered.pop(Driver.DIRECTORIES.value, None)
    stretches = pace = 1
    if tx.engine == "postgres" and page.index_alone:
        stretches, pace, search = _STRETCHES, _PACE, gathered.get(Driver.SEARCH.value)
        rows_to_near = drivers.STRETCH * _STRETCHES_TO_NEAR
        if search is not None and len(given(chosen)) == 1 and search.share * rows_to_near > window.limit:
            stretches = _STRETCHES_TO_NEAR
    return _UserPage(
        page, chosen, window.limit, stretches, pace, gathered, values | _starts(view.sort, window)
    )


def position_of(sort: UserSort, row: UserRow) -> Position:
    """Return where a row stands in an order."""
    keys = {UserSort.NAME: (row.name_key,), UserSort.NICKNAME: (row.nickname_key,)}
    last = row.user_key if sort is UserSort.KEY else row.account_id
    return (*keys.get(sort, ()), last, row.directory_key)


@lru_cache(2048)
def _page_statement(page: _PageShape) -> Statement[UserRow]:
    edges = _edges(page.edges)
    if page.sort is UserSort.KEY:
        matched = members(page.shape)
    else:
        matched = matching(page.shape, directory_first=page.directory_first)
    order = order_by(page.columns, descending=page.descending)
    sql = f"SELECT {USER_ROW_COLUMNS} {matched}{edges} {order} LIMIT :most"
    if page.shape.driver is Driver.SEARCH:
        matched = _searched(page)
    elif not page.index_alone:
        return searching(sql, UserRow)
    return Statement(sql, UserRow, postgres=on_postgres(_chosen_first(page, f"{matched}{edges}", order)))


def _chosen_first(page: _PageShape, matched: str, order: str) -> str:
    """Return the statement for PostgreSQL: the page is chosen before all of its rows is read."""
    columns = ", ".join(f"{column} AS {column.rpartition('.')[2]}" for column in page.columns)
    return f"""
        SELECT {USER_ROW_COLUMNS}
        FROM (SELECT u.user_key AS hit, {columns} {matched} {order} LIMIT :most) AS page
        CROSS JOIN users AS u CROSS JOIN directory_users AS m
        WHERE u.org_key = :org_key AND u.user_key = page.hit
          AND m.org_key = :org_key AND m.user_key = page.hit AND m.directory_key = page.directory_key
        {order.replace("u.", "page.").replace("m.", "page.")}
    """


def _searched(page: _PageShape) -> str:
    begin = [Edge(page.indexed, page.start.rstrip("=") + "=", "start")] if page.start else []
    return searched_first(page.shape, f"{_edges(begin)} {order_by(page.indexed, descending=page.descending)}")


def _edges(edges: Iterable[Edge]) -> str:
    return "".join(f" AND {edge.sql}" for edge in edges)


@lru_cache(2048)
def _ahead_statement(page: _PageShape) -> Statement[Place]:
    source = "FROM users AS u WHERE u.org_key = :org_key"
    if page.directory_first:
        source = "FROM directory_users AS m WHERE m.org_key = :org_key AND m.directory_key = :directory_key"
    if page.start:
        source += f" AND {Edge(page.indexed, page.start.rstrip('=') + '=', 'start').sql}"
    return ahead(page.indexed, source, descending=page.descending)
