"""Pages of filtered lists as SQL: one text for each engine, from the same parts (design 2.1).

Both engines shall read a page in the way that was chosen. SQLite keeps to the order in which tables are
named. PostgreSQL weighs plans by how many rows it expects, and the tests of a filter say nothing of
that, so rows are made in a subquery that it cannot look into (`OFFSET 0`): joined and in order, or one
hit at a time. What stands outside tests them, and stops at the end of the page.
"""

import re
from typing import Generic

import msgspec

from guildhall.store.statement import Row, Statement
from guildhall.store.trigrams import on_postgres


class ListedRows(msgspec.Struct, Generic[Row], frozen=True):
    """What the rows of a list are read from, in the order of a walk."""

    row: type[Row]
    columns: str
    """In the order of the fields of `row`."""
    tested: tuple[str, ...]
    """Columns that only tests read."""
    tables: str
    """Names of the tables that tests and orders use, each one letter."""
    sources: str
    """FROM and WHERE, up to conditions that can follow."""
    key: str
    """The column that a filter that drives names as `hit`."""


class PageParts(msgspec.Struct, frozen=True):
    """All that tells one page statement of a list from another."""

    gathered: str | None
    """A query for the hits that drive, None for a walk."""
    places: tuple[str, ...]
    """Conditions that the index of a walk begins with."""
    tests: tuple[str, ...]
    order: tuple[str, ...]
    descending: bool
    begin: str | None
    """Where the index of a walk is entered; `start` is exact."""
    start: str | None


def page_statement(listed: ListedRows[Row], page: PageParts) -> Statement[Row]:
    """Return the statement of a page; it is not registered, since filters decide its text."""
    if page.gathered is None:
        here, there = _walk(listed, page), _walk_on_postgres(listed, page)
    else:
        here = _gather(listed, page, page.gathered)
        there = _gather_on_postgres(listed, page, page.gathered)
    return Statement(here, listed.row, postgres=on_postgres(there))


def found(gathered: str) -> str:
    """Return what stands first in FROM where a filter drives: each hit once, as `found.hit`.

    The sum hides that an index has the hits in order, which SQLite would read from end to end.
    """
    return f"(SELECT DISTINCT hits.hit + 0 AS hit FROM ({gathered}) AS hits) AS found"


def found_first(listed: ListedRows[Row], gathered: str) -> str:
    """Return the sources of what a filter finds."""
    return (
        listed.sources.replace("FROM ", f"FROM {found(gathered)} CROSS JOIN ", 1)
        + f" AND {listed.key} = found.hit"
    )


def _walk(listed: ListedRows[Row], page: PageParts) -> str:
    conditions = _and(*page.places, page.begin, *page.tests, page.start)
    return f"SELECT {listed.columns} {listed.sources}{conditions} {_order(page)} LIMIT :most"


def _gather(listed: ListedRows[Row], page: PageParts, gathered: str) -> str:
    conditions = _and(*page.places, *page.tests, page.start)
    sources = found_first(listed, gathered)
    return f"SELECT {listed.columns} {sources}{conditions} {_order(page)} LIMIT :most"


def _walk_on_postgres(listed: ListedRows[Row], page: PageParts) -> str:
    """Rows come in the order of the subquery; an ORDER BY outside would have all of them read first."""
    conditions = _and(*page.places, page.begin)
    walked = f"SELECT {_all_columns(listed)} {listed.sources}{conditions} {_order(page)} OFFSET 0"
    outside = _outside(listed, _and(*page.tests, page.start))
    return f"SELECT {_fields(listed)} FROM ({walked}) AS listed WHERE TRUE{outside} LIMIT :most"


def _gather_on_postgres(listed: ListedRows[Row], page: PageParts, gathered: str) -> str:
    hit = f"SELECT {_all_columns(listed)} {listed.sources} AND {listed.key} = found.hit OFFSET 0"
    outside = _outside(listed, _and(*page.places, *page.tests, page.start))
    order = _outside(listed, _order(page))
    return (
        f"SELECT {_fields(listed)} FROM {found(gathered)} CROSS JOIN LATERAL ({hit}) AS listed"
        f" WHERE TRUE{outside} {order} LIMIT :most"
    )


def _and(*conditions: str | None) -> str:
    return "".join(f" AND {condition}" for condition in conditions if condition)


def _order(page: PageParts) -> str:
    return "ORDER BY " + ", ".join(f"{column} DESC" if page.descending else column for column in page.order)


def _all_columns(listed: ListedRows[Row]) -> str:
    names = [*listed.row.__struct_fields__, *(_bare(column) for column in listed.tested)]  # type: ignore[attr-defined]
    columns = [*(column.strip() for column in listed.columns.split(",")), *listed.tested]
    return ", ".join(f"{column} AS {name}" for column, name in zip(columns, names, strict=True))


def _fields(listed: ListedRows[Row]) -> str:
    return ", ".join(f"listed.{field}" for field in listed.row.__struct_fields__)  # type: ignore[attr-defined]


def _outside(listed: ListedRows[Row], sql: str) -> str:
    return re.sub(rf"\b[{listed.tables}]\.", "listed.", sql)


def _bare(column: str) -> str:
    return column.rpartition(".")[2]
