"""Pages of lists of groups, as `store/lists/plans.py` reads them (design 2.4).

What is walked is an index of names: groups_name of one directory, else groups_by_name.
"""

from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from guildhall.model.filters import GroupView
from guildhall.model.groups import Group
from guildhall.model.paging import Position, Window
from guildhall.store.database import Transaction
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.lists import search as trigrams
from guildhall.store.lists.group_filters import (
    IS_HIT,
    Driver,
    Shape,
    conditions,
    gathered_by,
    shape_of,
    source,
    values_of,
)
from guildhall.store.lists.plans import (
    Edge,
    Gathered,
    Place,
    ahead,
    edge_names,
    order_by,
    read_by_outlook,
    read_page,
    searching,
)
from guildhall.store.lists.search import on_postgres
from guildhall.store.name_samples import Found, NameSample
from guildhall.store.name_stamps import NAMES_UNCHANGED, Stretch
from guildhall.store.statement import Statement


class _PageShape(Shape, frozen=True):
    """All that decides the text of a page's statement; values stay parameters."""

    descending: bool = False
    start: str = ""
    """How rows compare with the position that they start at: `>`, `>=`, `<`, `<=`, or not at all."""
    ends: bool = False
    """Whether they also end at a position."""
    if_unchanged: bool = False
    """Whether there are rows only while names are those that were sampled."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The order: within one directory a name is unique, so that its index alone gives a total one."""
        return ("g.name_key",) if self.one_directory else ("g.name_key", "g.id")

    @property
    def edges(self) -> str:
        """The conditions for where the rows that are read begin and end."""
        begin = [Edge(self.columns, self.start, "start")] if self.start else []
        end = [Edge(self.columns, ">=" if self.descending else "<=", "end")] if self.ends else []
        return "".join(f" AND {edge.sql}" for edge in begin + end)

    @property
    def order(self) -> str:
        """The order of the rows."""
        return order_by(self.columns, descending=self.descending)


async def select_groups(tx: Transaction, org_key: int, view: GroupView, window: Window) -> list[Group]:
    """Return up to `limit + 1` groups of the window, in its own direction."""
    sample = await tx.name_sample(org_key) if view.filter.reads_names_only else None
    if sample is not None:
        return await _read_by_sample(tx, org_key, view, window, sample)
    return await read_page(tx, _page_of(view, window, *await gathered_by(tx, org_key, view.filter)))


async def _read_by_sample(
    tx: Transaction, org_key: int, view: GroupView, window: Window, sample: NameSample
) -> list[Group]:
    """Read a page of a search for nothing but a term: by one statement, where names of a sample tell how.

    While names are those of the sample, the first page of a term begins where it began before.
    """
    term = view.filter.search or ""
    found = sample.find(term)
    values = values_of(org_key, view.filter, trigrams.match_groups(org_key, found))
    page = _page_of(view, window, {}, values)
    place = (term, values["directory_id"] or values["directory_key"], page.shape.descending)
    beginnings = sample.beginnings
    if window.start is not None or not found.hits or not beginnings.may_help(place):
        return await _read_sampled(tx, page, sample, found)
    known = beginnings.find(place)
    first = window if known is None else msgspec.structs.replace(window, start=known.first, inclusive=True)
    begun = _page_of(view, first, {}, values, beginnings.stamp)
    rows = await _read_sampled(tx, begun, sample, found, known)
    if len(rows) > window.limit:
        # A page that is not full says nothing of how near others stand, and is best gathered again.
        beginnings.note(place, Stretch(_position(rows[0]), _position(rows[-1]), len(rows)))
    if rows:
        return rows
    rows = await _read_sampled(tx, page, sample, found)
    beginnings.note_failure(place, is_empty=not rows)
    return rows


async def _read_sampled(
    tx: Transaction, page: "_GroupPage", sample: NameSample, found: Found, known: Stretch | None = None
) -> list[Group]:
    start = page.values["start_name_key"], page.values["start_id"]
    outlook = sample.outlook(
        found,
        page.limit + 1,
        directory=page.values["directory_key"],
        start=start if page.shape.start else None,
        descending=page.shape.descending,
        known=known,
    )
    return await read_by_outlook(tx, page, Driver.SEARCH, outlook)


def _position(group: Group) -> Position:
    return group.name_key, group.id


class _GroupPage(msgspec.Struct, frozen=True):
    """A page of groups, as `drivers.read_page` reads it."""

    stretches: ClassVar[int] = 1
    pace: ClassVar[int] = 1
    shape: _PageShape
    limit: int
    gathered: dict[str, Gathered]
    values: dict[str, Any]

    async def gather(self, tx: Transaction, driver: str) -> list[Any]:
        """Return groups of those that one filter finds."""
        return await self._read(tx, msgspec.structs.replace(self.shape, driver=Driver(driver)))

    async def walk(self, tx: Transaction, end: Position | None) -> list[Any]:
        """Return groups in the order of their names."""
        if end is None:
            return await self._read(tx, self.shape)
        shape = msgspec.structs.replace(self.shape, ends=True)
        names = edge_names(shape.columns, "end")
        return await self._read(tx, shape, **dict(zip(names, end[: len(names)], strict=True)))

    async def look_ahead(self, tx: Transaction, rows: int) -> Position | None:
        """Return the name, and the id among several directories, that is so many groups ahead."""
        place = await tx.one(_ahead_statement(self.shape), **self.values, ahead=rows - 1)
        return None if place is None else place.position

    async def _read(self, tx: Transaction, shape: _PageShape, **end: Any) -> list[Any]:
        return await tx.all(_page_statement(shape), **self.values, **end, most=self.limit + 1)


def _page_of(
    view: GroupView,
    window: Window,
    gathered: dict[str, Gathered],
    values: dict[str, Any],
    stamp: int | None = None,
) -> _GroupPage:
    """Return a page; with the stamp of a sample it has rows only while names are those of that time."""
    chosen = shape_of(view.filter)
    descending = view.descending is not window.backward
    sign = ("<" if descending else ">") + ("=" if window.inclusive else "")
    shape = _PageShape(
        chosen.driver,
        chosen.given,
        chosen.one_directory,
        descending=descending,
        start=sign if window.start else "",
        if_unchanged=stamp is not None,
    )
    name_key, group_id = window.start or (None, None)
    own = {"start_name_key": name_key, "start_id": group_id, "stamp": stamp}
    return _GroupPage(shape, window.limit, gathered, values | own)


@lru_cache(2048)
def _page_statement(shape: _PageShape) -> Statement[Group]:
    tested = conditions(shape) + shape.edges + (NAMES_UNCHANGED if shape.if_unchanged else "")
    sql = f"SELECT {GROUP_COLUMNS} FROM {source(shape)} {GROUP_PARTS}{tested} {shape.order} LIMIT :most"
    if shape.driver is Driver.WALK and "search" not in shape.given:
        return searching(sql, Group)
    return Statement(sql, Group, postgres=on_postgres(_chosen_first(shape, tested)))


def _chosen_first(shape: _PageShape, tested: str) -> str:
    """Return the statement for PostgreSQL: the groups of the page are chosen, then their parts looked up.

    The planner would fetch the counts of all that a filter finds, or of all groups. A term is walked to
    over the index alone, which holds the key beside the name.
    """
    columns = ", ".join(f"{column} AS {column.rpartition('.')[2]}" for column in shape.columns)
    chosen = source(shape)
    if shape.driver is Driver.SEARCH:
        chosen, tested = trigrams.MATCHING_ROWS, tested.replace(f" AND {IS_HIT}", "")
    return f"""
        SELECT {GROUP_COLUMNS}
        FROM (SELECT g.group_key AS hit, {columns} FROM {chosen}
              WHERE g.org_key = :org_key{tested} {shape.order} LIMIT :most) AS page
        CROSS JOIN groups AS g {GROUP_PARTS} AND g.group_key = page.hit
        {shape.order.replace("g.", "page.")}
    """


@lru_cache(2048)
def _ahead_statement(shape: _PageShape) -> Statement[Place]:
    place = " AND g.directory_key = :directory_key" if shape.one_directory else ""
    rows = f"FROM groups AS g WHERE g.org_key = :org_key{place}{shape.edges}"
    return ahead(shape.columns, rows, descending=shape.descending)
