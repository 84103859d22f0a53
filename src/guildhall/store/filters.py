"""Filters of groups compiled to SQL: the only statements that are not constants (design 2.1, 2.4).

`store/drivers.py` says how a page is read: the groups of one filter are gathered and sorted, names in memory
are scanned for a term, or the name index is walked.
"""

import enum
import itertools
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.groups import Group
from guildhall.model.paging import Position, Window
from guildhall.store import trigrams
from guildhall.store.database import Transaction
from guildhall.store.directories import KEY_BY_ID
from guildhall.store.drivers import (
    WALK,
    Edge,
    Gathered,
    Place,
    ahead,
    choose_driver,
    edge_names,
    found,
    given,
    order_by,
    passes,
    read_by_outlook,
    read_page,
    searching,
)
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.name_samples import NameSample
from guildhall.store.statement import Statement
from guildhall.store.trigrams import Match, on_postgres


class Driver(enum.StrEnum):
    """What a list of groups is read from."""

    WALK = WALK
    GROUPS = "groups"
    USERS = "users"
    ASSIGNMENTS = "assignments"
    SEARCH = "search"
    DIRECTORIES = "directories"


class _Shape(msgspec.Struct, frozen=True):
    """All that decides a statement's text; values stay parameters."""

    driver: Driver
    given: frozenset[str]
    one_directory: bool
    descending: bool = False
    start: str = ""
    """How rows compare with the position that they start at: `>`, `>=`, `<`, `<=`, or not at all."""
    ends: bool = False
    """Whether they also end at a position."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The order: within one directory a name is unique, so that its index alone gives a total one."""
        return ("g.name_key",) if self.one_directory else ("g.name_key", "g.id")

    @property
    def edges(self) -> list[Edge]:
        """Where the rows that are read begin and end."""
        begin = [Edge(self.columns, self.start, "start")] if self.start else []
        return begin + ([Edge(self.columns, ">=" if self.descending else "<=", "end")] if self.ends else [])


_BATCHES = (10, 100, 1_000, 3_000)
"""Candidates that a scan looks at in turn, beyond those that fill a page."""

_OWNED = """
    (SELECT r.resource_key FROM resources AS r WHERE r.org_key = :org_key AND r.owner IN (:owners...))
"""
_ASSIGNMENT = {
    "resources": "a.resource_key IN (:resources...)",
    "roles": "a.role_key IN (:roles...)",
    "owners": f"a.resource_key IN {_OWNED}",
}


async def select_groups(tx: Transaction, org_key: int, view: GroupView, window: Window) -> list[Group]:
    """Return up to `limit + 1` groups of the window, in its own direction."""
    tx.expect_rows(window.limit)
    if view.filter.search is not None:
        tx.take_turn()
    sample = await tx.name_sample(org_key) if view.filter.reads_names_only else None
    if sample is not None:
        return await _read_by_sample(tx, org_key, view, window, sample)
    return await read_page(tx, await _group_page(tx, org_key, view, window))


async def _read_by_sample(
    tx: Transaction, org_key: int, view: GroupView, window: Window, sample: NameSample
) -> list[Group]:
    """Read a page of a search for nothing but a term: by one statement, where names of a sample tell how."""
    found = sample.find(view.filter.search or "")
    values = _values(org_key, view.filter, trigrams.match_groups(org_key, found))
    page = _page_of(view, window, {}, values)
    outlook = sample.outlook(
        found,
        window.limit + 1,
        directory=values["directory_key"],
        start=window.start,
        descending=page.shape.descending,
    )
    return await read_by_outlook(tx, page, Driver.SEARCH, outlook)


class _GroupPage(msgspec.Struct, frozen=True):
    """A page of groups, as `drivers.read_page` reads it."""

    stretches: ClassVar[int] = 1
    pace: ClassVar[int] = 1
    shape: _Shape
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

    async def scan(self, tx: Transaction) -> list[Group] | None:
        """Return groups whose names hold the term, tested against the other filters in growing batches."""
        term: str | None = self.values["search"]
        if term is None or self.shape.driver is not Driver.WALK:
            return None
        org_key = self.values["org_key"]
        names = tx.name_scan(org_key)
        if names is None:
            return None
        candidates = names.keys(term, start=self.values["start_name_key"], descending=self.shape.descending)
        shape = msgspec.structs.replace(
            self.shape, driver=Driver.GROUPS, given=self.shape.given | {Driver.GROUPS.value}
        )
        rows: list[Group] = []
        for size in _BATCHES:
            batch = list(itertools.islice(candidates, self.limit + size))
            rows += await tx.all(
                _page_statement(shape), **self.values | {"groups": batch}, most=self.limit + 1
            )
            if len(rows) > self.limit or len(batch) < self.limit + size:
                # Nothing was renamed from when they were read until now, and this snapshot is of that time.
                return rows[: self.limit + 1] if tx.name_scan(org_key) is names else None
        return None

    async def by_sets(self, tx: Transaction, *, read: bool = False) -> None:
        """Return nothing: there are sets of users only."""

    async def look_ahead(self, tx: Transaction, rows: int) -> Position | None:
        """Return the name, and the id among several directories, that is so many groups ahead."""
        place = await tx.one(_ahead_statement(self.shape), **self.values, ahead=rows - 1)
        return None if place is None else place.position

    async def _read(self, tx: Transaction, shape: _Shape, **end: Any) -> list[Any]:
        return await tx.all(_page_statement(shape), **self.values, **end, most=self.limit + 1)


async def _group_page(tx: Transaction, org_key: int, view: GroupView, window: Window) -> _GroupPage:
    return _page_of(view, window, *await _gathered_by(tx, org_key, view.filter))


def _page_of(
    view: GroupView, window: Window, gathered: dict[str, Gathered], values: dict[str, Any]
) -> _GroupPage:
    descending = view.descending is not window.backward
    driver = Driver.WALK if view.filter.groups is None else Driver.GROUPS
    sign = ("<" if descending else ">") + ("=" if window.inclusive else "")
    shape = _Shape(
        driver,
        given(view.filter),
        _is_one_directory(view.filter),
        descending=descending,
        start=sign if window.start else "",
    )
    name_key, group_id = window.start or (None, None)
    start = {"start_name_key": name_key, "start_id": group_id}
    return _GroupPage(shape, window.limit, gathered, values | start)


async def count_groups(tx: Transaction, org_key: int, chosen: GroupFilter) -> int:
    """Return how many groups match."""
    if not given(chosen) - {"directories"}:
        return await _count_all(tx, org_key, chosen)
    gathered, values = await _gathered_by(tx, org_key, chosen)
    driver = Driver.GROUPS
    if chosen.groups is None:
        driver = Driver(await choose_driver(tx, gathered, values))
    shape = _Shape(driver, given(chosen), _is_one_directory(chosen))
    count: int = await tx.value(_count_statement(shape), **values)
    return count


async def _count_all(tx: Transaction, org_key: int, chosen: GroupFilter) -> int:
    statement = _ALL_GROUPS if chosen.directories is None else _GROUPS_OF_DIRECTORIES
    count: int = await tx.value(statement, org_key=org_key, directories=chosen.directories)
    return count


_ALL_GROUPS: Statement[Any] = Statement(
    "SELECT CAST(COALESCE(SUM(groups), 0) AS BIGINT) FROM group_totals WHERE org_key = :org_key"
)
_GROUPS_OF_DIRECTORIES: Statement[Any] = Statement(
    "SELECT CAST(COALESCE(SUM(groups), 0) AS BIGINT) FROM group_totals"
    " WHERE org_key = :org_key AND directory_key IN (:directories...)"
)


def _is_one_directory(chosen: GroupFilter) -> bool:
    return chosen.directory_id is not None or len(chosen.directories or ()) == 1


def _values(org_key: int, chosen: GroupFilter, match: Match | None) -> dict[str, Any]:
    return {
        "org_key": org_key,
        "directories": chosen.directories,
        "directory_id": chosen.directory_id,
        "directory_key": chosen.directories[0] if chosen.directories else None,
        "users": chosen.users,
        "groups": chosen.groups,
        "owners": chosen.owners,
        "resources": chosen.resources,
        "roles": chosen.roles,
        "search": chosen.search,
        "match": match,
    }


async def _gathered_by(
    tx: Transaction, org_key: int, chosen: GroupFilter
) -> tuple[dict[str, Gathered], dict[str, Any]]:
    """Return the filters that can drive, the most hopeful first, and the values of every parameter.

    Groups that are named are few: nothing else needs to be looked at.
    """
    if chosen.groups is not None:
        return {}, _values(org_key, chosen, None)
    search = None
    if chosen.search is not None:
        search = await trigrams.search_groups(tx, org_key, chosen.search)
    gathered = {}
    if search is not None:
        gathered[Driver.SEARCH.value] = Gathered(trigrams.MATCHING_GROUPS, slow=search.slow)
    if chosen.users is not None:
        gathered[Driver.USERS.value] = Gathered(_GATHERED[Driver.USERS], repeats=len(chosen.users) > 1)
    if given(chosen) & _ASSIGNMENT.keys():
        gathered[Driver.ASSIGNMENTS.value] = Gathered(
            _gathered(Driver.ASSIGNMENTS, given(chosen)), repeats=True
        )
    if chosen.directories is not None and not _is_one_directory(chosen):
        gathered[Driver.DIRECTORIES.value] = Gathered(_GATHERED[Driver.DIRECTORIES])
    return gathered, _values(org_key, chosen, search.match if search else None)


def _gathered(driver: Driver, names: frozenset[str]) -> str:
    """Return a query for the keys of the groups that one filter matches."""
    if driver is Driver.SEARCH:
        return trigrams.MATCHING_GROUPS
    return _GATHERED[driver].format(assignment=_assignment(names))


_GATHERED = {
    Driver.GROUPS: """
        SELECT i.group_key AS hit FROM groups AS i WHERE i.org_key = :org_key AND i.group_key IN (:groups...)
    """,
    Driver.USERS: """
        SELECT m.group_key AS hit FROM memberships AS m
        WHERE m.org_key = :org_key AND m.user_key IN (:users...)
    """,
    Driver.ASSIGNMENTS: """
        SELECT a.group_key AS hit FROM role_assignments AS a WHERE a.org_key = :org_key AND {assignment}
    """,
    Driver.DIRECTORIES: """
        SELECT i.group_key AS hit FROM groups AS i
        WHERE i.org_key = :org_key AND i.directory_key IN (:directories...)
    """,
}


_IS_HIT = "g.group_key = found.hit"

_UNIQUE = frozenset({Driver.GROUPS, Driver.SEARCH, Driver.DIRECTORIES})
"""Drivers that find each group once."""


def _assignment(names: frozenset[str]) -> str:
    return " AND ".join(text for name, text in _ASSIGNMENT.items() if name in names)


def _hidden(assignment: str) -> str:
    """Keep an index from being entered for each of many resources: a group has few assignments."""
    return assignment.replace("a.resource_key", "+ a.resource_key")


def _conditions(shape: _Shape) -> str:
    conditions = []
    if shape.driver is not Driver.WALK:
        conditions.append(_IS_HIT)
    if shape.one_directory:
        conditions.append(
            f"g.directory_key = {KEY_BY_ID if 'directory_id' in shape.given else ':directory_key'}"
        )
    tests = _tests(shape)
    if tests:
        conditions.append(passes(tests))
    return "".join(f" AND {condition}" for condition in conditions)


def _tests(shape: _Shape) -> list[str]:
    """Return the tests of one group; PostgreSQL makes no hash table of a subquery that is one value."""
    tests = []
    if "directories" in shape.given and not shape.one_directory:
        tests.append("g.directory_key IN (:directories...)")
    if "groups" in shape.given and shape.driver is not Driver.GROUPS:
        tests.append("g.group_key IN (:groups...)")
    if "users" in shape.given and shape.driver is not Driver.USERS:
        tests.append(
            "(SELECT 1 FROM memberships AS m WHERE m.org_key = :org_key AND m.group_key = g.group_key"
            " AND m.user_key IN (:users...) LIMIT 1) IS NOT NULL"
        )
    if shape.given & _ASSIGNMENT.keys() and shape.driver is not Driver.ASSIGNMENTS:
        tests.append(
            "(SELECT 1 FROM role_assignments AS a WHERE a.org_key = :org_key AND a.group_key = g.group_key"
            f" AND {_hidden(_assignment(shape.given))} LIMIT 1) IS NOT NULL"
        )
    if "search" in shape.given:
        tests.append("instr(g.name_key, :search) > 0")
    return tests


def _groups(shape: _Shape) -> str:
    if shape.driver is Driver.WALK:
        return "groups AS g"
    gathered = _gathered(shape.driver, shape.given)
    return f"{found(gathered, unique=shape.driver in _UNIQUE)} CROSS JOIN groups AS g"


@lru_cache(512)
def _count_statement(shape: _Shape) -> Statement[Any]:
    return searching(f"SELECT count(*) FROM {_groups(shape)} WHERE g.org_key = :org_key{_conditions(shape)}")


@lru_cache(2048)
def _page_statement(shape: _Shape) -> Statement[Group]:
    conditions, order = f"{_conditions(shape)}{_edges(shape)}", _order(shape)
    sql = f"SELECT {GROUP_COLUMNS} FROM {_groups(shape)} {GROUP_PARTS}{conditions} {order} LIMIT :most"
    if shape.driver is Driver.WALK and "search" not in shape.given:
        return searching(sql, Group)
    return Statement(sql, Group, postgres=on_postgres(_chosen_first(shape, conditions)))


def _chosen_first(shape: _Shape, conditions: str) -> str:
    """Return the statement for PostgreSQL: the groups of the page are chosen, then their parts looked up.

    The planner would fetch the counts of all that a filter finds, or of all groups. A term is walked to
    over the index alone, which holds the key beside the name.
    """
    columns = ", ".join(f"{column} AS {column.rpartition('.')[2]}" for column in shape.columns)
    source = _groups(shape)
    if shape.driver is Driver.SEARCH:
        source, conditions = trigrams.MATCHING_ROWS, conditions.replace(f" AND {_IS_HIT}", "")
    return f"""
        SELECT {GROUP_COLUMNS}
        FROM (SELECT g.group_key AS hit, {columns} FROM {source}
              WHERE g.org_key = :org_key{conditions} {_order(shape)} LIMIT :most) AS page
        CROSS JOIN groups AS g {GROUP_PARTS} AND g.group_key = page.hit
        {_order(shape).replace("g.", "page.")}
    """


def _order(shape: _Shape) -> str:
    return order_by(shape.columns, descending=shape.descending)


@lru_cache(2048)
def _ahead_statement(shape: _Shape) -> Statement[Place]:
    place = " AND g.directory_key = :directory_key" if shape.one_directory else ""
    source = f"FROM groups AS g WHERE g.org_key = :org_key{place}{_edges(shape)}"
    return ahead(shape.columns, source, descending=shape.descending)


def _edges(shape: _Shape) -> str:
    return "".join(f" AND {edge.sql}" for edge in shape.edges)
