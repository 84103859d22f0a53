"""Which way a filtered list is read (design 2.4).

Either the filter that matches the fewest rows drives: its rows are gathered, tested against the other
filters and sorted. Or the list's index is walked in order and each row is tested, which soon fills a page
where many match. The wrong choice is 100 to 1 000 times slower, and no statistics say how filters go
together. So each filter is probed for few rows. Else a stretch of the index is walked, which ends the matter
where many match; and how many that stretch has says whether to walk on or to gather.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from guildhall.model.paging import Position
from guildhall.store.database import Transaction
from guildhall.store.lists.search import on_postgres
from guildhall.store.name_samples import Outlook
from guildhall.store.statement import Row, Statement

FEW = 1_000
"""Rows up to which a filter is gathered at once."""

STRETCH = 1_000
"""Rows of the index that are walked before anything larger is gathered, where each row is read."""

MOST_GATHERED = 50_000
"""Rows up to which filters are told apart by how many they match."""

WALK = "walk"
"""The driver that is no filter: the index of the list's own order."""


class Gathered(msgspec.Struct, frozen=True):
    """A query for the keys that one filter matches, as column `hit`."""

    sql: str
    repeats: bool = False
    """Whether it may name the same thing many times, as the groups of a resource name their users."""
    slow: bool = False
    """Whether even its first row costs much, so that a stretch is walked before."""
    share: float = 0.0
    """The part of a sample that it matches, where one was looked at."""


class FilteredList(Protocol[Row]):
    """A page of a list and the ways in which it can be read."""

    @property
    def limit(self) -> int:
        """How many rows the page shows."""

    @property
    def stretches(self) -> int:
        """How many stretches of the index are walked before anything large is gathered."""

    @property
    def pace(self) -> int:
        """How many rows of the index are walked in the time in which one is found and gathered."""

    @property
    def gathered(self) -> Mapping[str, Gathered]:
        """The filters that can drive, the most hopeful first."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of every parameter of their queries."""

    async def gather(self, tx: Transaction, driver: str) -> list[Row]:
        """Return up to `limit + 1` rows, of those that one filter finds."""

    async def walk(self, tx: Transaction, end: Position | None) -> list[Row]:
        """Return up to `limit + 1` rows of the index, from where the page starts up to `end`.

        Of a list of rows that are named, which nothing else drives, return those.
        """

    async def look_ahead(self, tx: Transaction, rows: int) -> Position | None:
        """Return where so many rows of the index end, or None when it ends before."""


async def read_page(tx: Transaction, wanted: FilteredList[Row]) -> list[Row]:
    """Return up to `limit + 1` rows in the cheapest way."""
    if not wanted.gathered:
        return await wanted.walk(tx, None)
    quick = {name: query for name, query in wanted.gathered.items() if not query.slow}
    driver, size = await _fewest(tx, quick, wanted.values, FEW)
    if size <= FEW:
        return await wanted.gather(tx, driver)
    end = await wanted.look_ahead(tx, STRETCH * wanted.stretches)
    rows = await wanted.walk(tx, end)
    if end is None or len(rows) > wanted.limit:
        return rows
    return await _read_on(tx, wanted, len(rows))


async def read_by_outlook(
    tx: Transaction, wanted: FilteredList[Row], driver: str, outlook: Outlook
) -> list[Row]:
    """Return up to `limit + 1` rows in the way that a sample makes look cheaper."""
    if outlook.walked < outlook.gathered:
        rows = await wanted.walk(tx, outlook.edge)
        if outlook.edge is None or len(rows) > wanted.limit:
            return rows
        if outlook.walked_to_end < outlook.gathered:
            return await wanted.walk(tx, None)
    return await wanted.gather(tx, driver)


async def _read_on(tx: Transaction, wanted: FilteredList[Row], seen: int) -> list[Row]:
    """Return the page after the first stretches, which have so few of its rows."""
    length = STRETCH * wanted.stretches * (wanted.limit + 1) // max(seen, 1)
    most = min(length // wanted.pace, MOST_GATHERED)
    if most <= FEW:
        # So near it is walked to sooner than anything is counted, unless it turns out to be farther.
        end = await wanted.look_ahead(tx, 2 * length)
        rows = await wanted.walk(tx, end)
        if end is None or len(rows) > wanted.limit:
            return rows
        most = MOST_GATHERED
    driver, size = await _fewest(tx, wanted.gathered, wanted.values, most)
    return await wanted.gather(tx, driver) if size <= most else await wanted.walk(tx, None)


async def choose_driver(tx: Transaction, gathered: Mapping[str, Gathered], values: Mapping[str, Any]) -> str:
    """Return the filter to count by, which matches the fewest, or WALK when each matches very many."""
    for most in (FEW, MOST_GATHERED):
        driver, size = await _fewest(tx, gathered, values, most)
        if size <= most:
            return driver
    return WALK


async def _fewest(
    tx: Transaction, gathered: Mapping[str, Gathered], values: Mapping[str, Any], most: int
) -> tuple[str, int]:
    """Return the filter that matches the fewest things and how many, at most one more than `most`."""
    best, fewest = WALK, most + 1
    for name, query in gathered.items():
        size = await _probe(tx, query, values, fewest)
        if size < fewest:
            best, fewest = name, size
        if fewest == 0:
            break
    return best, fewest


async def _probe(tx: Transaction, query: Gathered, values: Mapping[str, Any], most: int) -> int:
    """Return how many things a query finds, or `most` when it has as many rows or more."""
    if not query.repeats:
        size: int = await tx.value(_count_statement(query.sql), **values, most=most)
        return size
    found = await tx.one(_size_statement(query.sql), **values, most=most)
    return most if found is None or found.rows >= most else found.hits


class _Size(msgspec.Struct, frozen=True):
    """How many rows a probe read, and how many different things they name."""

    rows: int
    hits: int


@lru_cache(512)
def _count_statement(sql: str) -> Statement[Any]:
    return searching(f"SELECT count(*) FROM ({sql} LIMIT :most) AS probed")


@lru_cache(512)
def _size_statement(sql: str) -> Statement[_Size]:
    return searching(
        f"SELECT count(*), count(DISTINCT probed.hit) FROM ({sql} LIMIT :most) AS probed",
        _Size,
    )


def searching(sql: str, row: type[Row] | None = None) -> Statement[Row]:
    """Make a statement that may hold a search; it is not registered, since filters decide its text."""
    return Statement(sql, row, postgres=on_postgres(sql))


def given(chosen: msgspec.Struct) -> frozenset[str]:
    """Return the names of the filters that are set."""
    return frozenset(name for name in chosen.__struct_fields__ if getattr(chosen, name) is not None)


def found(gathered: str, *, unique: bool) -> str:
    """Return what stands first in FROM where a filter drives: each hit once, as `found.hit`.

    The sum hides that an index has the hits in order, which SQLite would read from end to end.
    """
    distinct = "" if unique else "DISTINCT "
    return f"(SELECT {distinct}hits.hit + 0 AS hit FROM ({gathered}) AS hits) AS found"


def passes(tests: Sequence[str]) -> str:
    """Return the condition that a row passes all tests, which changes nothing of how rows are read.

    No index fits it, and PostgreSQL, which would multiply what each test may leave and soon expect
    nothing at all, expects half of the rows.
    """
    return f"CASE WHEN {' AND '.join(tests)} THEN TRUE ELSE FALSE END"


def order_by(columns: Sequence[str], *, descending: bool) -> str:
    """Return the ORDER BY of columns that all run in one direction."""
    return "ORDER BY " + ", ".join(f"{column} DESC" if descending else column for column in columns)


class Edge(msgspec.Struct, frozen=True):
    """One edge of the rows that are read; parameters are named `start_name_key` for the prefix `start`."""

    columns: tuple[str, ...]
    sign: str
    prefix: str

    @property
    def sql(self) -> str:
        """The condition that rows are on the right side of the edge."""
        marks = [f":{name}" for name in self.names]
        if len(marks) == 1:
            return f"{self.columns[0]} {self.sign} {marks[0]}"
        return f"({', '.join(self.columns)}) {self.sign} ({', '.join(marks)})"

    @property
    def names(self) -> list[str]:
        """The names of its parameters."""
        return edge_names(self.columns, self.prefix)


def edge_names(columns: Sequence[str], prefix: str) -> list[str]:
    """Return the names of the parameters that stand for a position in the order of `columns`."""
    return [f"{prefix}_{column.rpartition('.')[2]}" for column in columns]


class Place(msgspec.Struct, frozen=True):
    """The one or two columns of an index that say where a row of it stands."""

    first: str
    second: str | None

    @property
    def position(self) -> Position:
        """Both of them."""
        return self.first, self.second


def ahead(columns: Sequence[str], source: str, *, descending: bool) -> Statement[Place]:
    """Make the statement that finds the row `:ahead` rows further on, over the entries of an index."""
    shown = ", ".join((*columns, "NULL")[:2])
    order = order_by(columns, descending=descending)
    return Statement(f"SELECT {shown} {source} {order} LIMIT 1 OFFSET CAST(:ahead AS BIGINT)", Place)
