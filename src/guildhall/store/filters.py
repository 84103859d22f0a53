"""Filters of groups compiled to SQL: the only statements that are not constants (design 2.1, 2.4).

`store/drivers.py` says how a page is read: the groups of one filter are gathered and sorted, or the name
index is walked.
"""

import enum
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.groups import Group
from guildhall.model.paging import Window
from guildhall.store import trigrams
from guildhall.store.database import Transaction
from guildhall.store.drivers import (
    WALK,
    Gathered,
    behind,
    choose_driver,
    found,
    given,
    order_by,
    passes,
    searching,
)
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.statement import Statement
from guildhall.store.trigrams import Match


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
    start: bool = False
    inclusive: bool = False


_ASSIGNMENT = {
    "resources": "a.resource_key IN (:resources...)",
    "roles": "a.role_key IN (:roles...)",
    "owners": (
        "a.resource_key IN (SELECT r.resource_key FROM resources AS r"
        " WHERE r.org_key = :org_key AND r.owner IN (:owners...))"
    ),
}


async def select_groups(tx: Transaction, org_key: int, view: GroupView, window: Window) -> list[Group]:
    """Return up to `limit + 1` groups of the window, in its own direction."""
    driver, values = await _read_by(tx, org_key, view.filter)
    shape = _Shape(
        driver,
        given(view.filter),
        _is_one_directory(view.filter),
        descending=view.descending is not window.backward,
        start=window.start is not None,
        inclusive=window.inclusive,
    )
    name_key, group_id = window.start or (None, None)
    starts = {"start_name_key": name_key, "start_id": group_id}
    return await tx.all(_page_statement(shape), **values, **starts, most=window.limit + 1)


async def count_groups(tx: Transaction, org_key: int, chosen: GroupFilter) -> int:
    """Return how many groups match."""
    if not given(chosen) - {"directories"}:
        return await _count_all(tx, org_key, chosen)
    driver, values = await _read_by(tx, org_key, chosen)
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
    return chosen.directories is not None and len(chosen.directories) == 1


def _values(org_key: int, chosen: GroupFilter, match: Match | None) -> dict[str, Any]:
    return {
        "org_key": org_key,
        "directories": chosen.directories,
        "directory_key": chosen.directories[0] if chosen.directories else None,
        "users": chosen.users,
        "groups": chosen.groups,
        "owners": chosen.owners,
        "resources": chosen.resources,
        "roles": chosen.roles,
        "search": chosen.search,
        "match": match,
    }


async def _read_by(tx: Transaction, org_key: int, chosen: GroupFilter) -> tuple[Driver, dict[str, Any]]:
    """Return the cheapest way to read, and the values of every parameter."""
    if chosen.groups is not None:
        return Driver.GROUPS, _values(org_key, chosen, None)
    match = None
    if chosen.search is not None:
        match = await trigrams.match_groups(tx, org_key, chosen.search)
    values = _values(org_key, chosen, match)
    repeating = (Driver.USERS, Driver.ASSIGNMENTS)
    gathered = {
        driver.value: Gathered(_gathered(driver, given(chosen)), driver in repeating)
        for driver in _drivers(chosen, match)
    }
    return Driver(await choose_driver(tx, gathered, values)), values


def _drivers(chosen: GroupFilter, match: Match | None) -> list[Driver]:
    drivers = []
    if match is not None:
        drivers.append(Driver.SEARCH)
    if chosen.users is not None:
        drivers.append(Driver.USERS)
    if given(chosen) & _ASSIGNMENT.keys():
        drivers.append(Driver.ASSIGNMENTS)
    if chosen.directories is not None and not _is_one_directory(chosen):
        drivers.append(Driver.DIRECTORIES)
    return drivers


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


def _assignment(names: frozenset[str]) -> str:
    return " AND ".join(text for name, text in _ASSIGNMENT.items() if name in names)


def _conditions(shape: _Shape) -> str:
    conditions = []
    if shape.driver is not Driver.WALK:
        conditions.append("g.group_key = found.hit")
    if shape.one_directory:
        conditions.append("g.directory_key = :directory_key")
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
            f" AND {_assignment(shape.given)} LIMIT 1) IS NOT NULL"
        )
    if "search" in shape.given:
        tests.append("instr(g.name_key, :search) > 0")
    return tests


def _groups(shape: _Shape) -> str:
    if shape.driver is Driver.WALK:
        return "groups AS g"
    return f"{found(_gathered(shape.driver, shape.given))} CROSS JOIN groups AS g"


@lru_cache(512)
def _count_statement(shape: _Shape) -> Statement[Any]:
    return searching(f"SELECT count(*) FROM {_groups(shape)} WHERE g.org_key = :org_key{_conditions(shape)}")


@lru_cache(2048)
def _page_statement(shape: _Shape) -> Statement[Group]:
    # Within one directory a name is unique, so that its index alone gives a total order.
    columns = ("g.name_key",) if shape.one_directory else ("g.name_key", "g.id")
    sql = f"SELECT {GROUP_COLUMNS} FROM {_groups(shape)} {GROUP_PARTS}{_conditions(shape)}"
    if shape.start:
        sign = ("<" if shape.descending else ">") + ("=" if shape.inclusive else "")
        sql += f" AND {behind(columns, sign)}"
    return searching(f"{sql} {order_by(columns, descending=shape.descending)} LIMIT :most", Group)
