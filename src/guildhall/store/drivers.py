"""Which way a filtered list is read (design 2.4).

Either the filter that matches the fewest rows drives: its rows are gathered, tested against the other
filters and sorted. Or, when every filter matches many, the list's index is walked in order and each row
is tested, which soon fills a page. The wrong choice is 100 to 1 000 times slower, so sizes are probed
first, with a budget. With a million rows and pages of a hundred, walking and gathering cost the same
when 10 000 match; of either, a page then reads some 10 000 rows.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.store.database import Transaction
from guildhall.store.statement import Row, Statement
from guildhall.store.trigrams import on_postgres

MOST_GATHERED = 5_000
"""Distinct rows up to which gathering and sorting beats walking."""

WALK = "walk"
"""The driver that is no filter: the index of the list's own order."""

_FEW = 100
_FIRST_BUDGET = MOST_GATHERED + 1
_SECOND_BUDGET = 10 * MOST_GATHERED


class Gathered(msgspec.Struct, frozen=True):
    """A query for the keys that one filter matches, as column `hit`."""

    sql: str
    repeats: bool = False
    """Whether it may name the same thing many times, as the groups of a resource name their users."""


class _Size(msgspec.Struct, frozen=True):
    """How many rows a probe read, and how many different things they name."""

    rows: int
    hits: int


async def choose_driver(tx: Transaction, gathered: Mapping[str, Gathered], values: Mapping[str, Any]) -> str:
    """Return the name of the query that finds the fewest, or WALK when each of them finds many.

    They are given in the order of hope: one that finds few ends the search.
    """
    best, fewest = WALK, _FIRST_BUDGET
    for name, query in gathered.items():
        size = await (
            _probe_repeating(tx, query.sql, values) if query.repeats else _probe(tx, query.sql, values)
        )
        if size < fewest:
            best, fewest = name, size
        if fewest <= _FEW:
            break
    return best


async def _probe(tx: Transaction, sql: str, values: Mapping[str, Any]) -> int:
    """Return how many things a query finds; more than MOST_GATHERED is all the same."""
    size: int = await tx.value(_count_statement(sql), **values, most=_FIRST_BUDGET)
    return size


async def _probe_repeating(tx: Transaction, sql: str, values: Mapping[str, Any]) -> int:
    """Return the same of a query that names things again: then it is read up to a larger budget.

    When even that finds few things only, gathering them is still cheaper than a walk to so few.
    """
    first = await tx.one(_size_statement(sql), **values, most=_FIRST_BUDGET)
    if first is None or first.rows < _FIRST_BUDGET or first.hits == first.rows:
        return first.hits if first else 0
    second = await tx.one(_size_statement(sql), **values, most=_SECOND_BUDGET)
    return second.hits if second else 0


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


def found(gathered: str) -> str:
    """Return what stands first in FROM where a filter drives: each hit once, as `found.hit`.

    The sum hides that an index has the hits in order, which SQLite would read from end to end.
    """
    return f"(SELECT DISTINCT hits.hit + 0 AS hit FROM ({gathered}) AS hits) AS found"


def passes(tests: Sequence[str]) -> str:
    """Return the condition that a row passes all tests, which changes nothing of how rows are read.

    No index fits it, and PostgreSQL, which would multiply what each test may leave and soon expect
    nothing at all, expects half of the rows.
    """
    return f"CASE WHEN {' AND '.join(tests)} THEN TRUE ELSE FALSE END"


def order_by(columns: Sequence[str], *, descending: bool) -> str:
    """Return the ORDER BY of columns that all run in one direction."""
    return "ORDER BY " + ", ".join(f"{column} DESC" if descending else column for column in columns)


def behind(columns: Sequence[str], sign: str) -> str:
    """Return the condition that begins a page: `g.name_key` is compared with `:start_name_key`, and so on."""
    starts = [f":start_{column.rpartition('.')[2]}" for column in columns]
    if len(columns) == 1:
        return f"{columns[0]} {sign} {starts[0]}"
    return f"({', '.join(columns)}) {sign} ({', '.join(starts)})"
