"""Filters of groups compiled to SQL: the only statements that are not constants (design 2.1, 2.4).

A page is read in one of two ways. Either the filter that matches the fewest rows drives: its groups
are gathered, tested against the other filters and sorted. Or, when every filter matches many, the
name index is walked in order and each group is tested, which soon fills a page. The wrong choice is
100 to 1 000 times slower, so sizes are probed first, and a probe never reads more than `MOST_GATHERED`.
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
from guildhall.store.groups import GROUP_COLUMNS, GROUP_PARTS
from guildhall.store.statement import Statement

MOST_GATHERED = 5_000
"""Rows up to which gathering and sorting beats walking; also the budget of a probe."""

_WALK_ONLY = MOST_GATHERED + 1


class Driver(enum.StrEnum):
    """What a list of groups is read from."""

    WALK = "walk"
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
    driver, match = await _choose_driver(tx, org_key, view.filter)
    shape = _Shape(
        driver,
        _given(view.filter),
        _is_one_directory(view.filter),
        descending=view.descending is not window.backward,
        start=window.start is not None,
        inclusive=window.inclusive,
    )
    name_key, group_id = window.start or (None, None)
    return await tx.all(
        _page_statement(shape),
        **_values(org_key, view.filter, match),
        most=window.limit + 1,
        start_name=name_key,
        start_id=group_id,
    )


async def count_groups(tx: Transaction, org_key: int, chosen: GroupFilter) -> int:
    """Return how many groups match."""
    if not _given(chosen) - {"directories"}:
        return await _count_all(tx, org_key, chosen)
    driver, match = await _choose_driver(tx, org_key, chosen)
    shape = _Shape(driver, _given(chosen), _is_one_directory(chosen))
    count: int = await tx.value(_count_statement(shape), **_values(org_key, chosen, match))
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


def _given(chosen: GroupFilter) -> frozenset[str]:
    return frozenset(name for name in chosen.__struct_fields__ if getattr(chosen, name) is not None)


def _is_one_directory(chosen: GroupFilter) -> bool:
    return chosen.directories is not None and len(chosen.directories) == 1


def _values(org_key: int, chosen: GroupFilter, match: str | None) -> dict[str, Any]:
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


async def _choose_driver(tx: Transaction, org_key: int, chosen: GroupFilter) -> tuple[Driver, str | None]:
    """Return the cheapest way to read, and the full-text query when that is what drives."""
    if chosen.groups is not None:
        return Driver.GROUPS, None
    match = None
    sizes = {Driver.WALK: _WALK_ONLY}
    for driver in _drivers(chosen):
        if driver is Driver.SEARCH:
            match = await trigrams.match_groups(tx, chosen.search or "")
            if match is None:
                continue
        values = _values(org_key, chosen, match)
        sizes[driver] = await tx.value(_probe_statement(driver, _given(chosen)), **values, most=_WALK_ONLY)
    best = min(sizes, key=lambda driver: sizes[driver])
    return (Driver.WALK if sizes[best] >= _WALK_ONLY else best), match


def _drivers(chosen: GroupFilter) -> list[Driver]:
    given = _given(chosen)
    drivers = []
    if "users" in given:
        drivers.append(Driver.USERS)
    if given & _ASSIGNMENT.keys():
        drivers.append(Driver.ASSIGNMENTS)
    if "search" in given:
        drivers.append(Driver.SEARCH)
    if "directories" in given and not _is_one_directory(chosen):
        drivers.append(Driver.DIRECTORIES)
    return drivers


def _gathered(driver: Driver, given: frozenset[str]) -> str:
    """Return a query for the keys of the groups that one filter matches."""
    if driver is Driver.SEARCH:
        return trigrams.MATCHING_GROUPS
    return _GATHERED[driver].format(assignment=_assignment(given))


_GATHERED = {
    Driver.USERS: """
        SELECT m.group_key FROM memberships AS m WHERE m.org_key = :org_key AND m.user_key IN (:users...)
    """,
    Driver.ASSIGNMENTS: """
        SELECT a.group_key FROM role_assignments AS a WHERE a.org_key = :org_key AND {assignment}
    """,
    Driver.DIRECTORIES: """
        SELECT i.group_key FROM groups AS i
        WHERE i.org_key = :org_key AND i.directory_key IN (:directories...)
    """,
}


def _assignment(given: frozenset[str]) -> str:
    return " AND ".join(text for name, text in _ASSIGNMENT.items() if name in given)


@lru_cache(512)
def _probe_statement(driver: Driver, given: frozenset[str]) -> Statement[Any]:
    return Statement(f"SELECT count(*) FROM ({_gathered(driver, given)} LIMIT :most) AS probed")


def _conditions(shape: _Shape) -> list[str]:
    conditions = []
    if "directories" in shape.given:
        one = shape.one_directory
        conditions.append(
            "g.directory_key = :directory_key" if one else "g.directory_key IN (:directories...)"
        )
    if "groups" in shape.given:
        conditions.append("g.group_key IN (:groups...)")
    if "users" in shape.given and shape.driver is not Driver.USERS:
        conditions.append(
            "EXISTS (SELECT 1 FROM memberships AS m WHERE m.org_key = :org_key"
            " AND m.group_key = g.group_key AND m.user_key IN (:users...))"
        )
    if shape.given & _ASSIGNMENT.keys() and shape.driver is not Driver.ASSIGNMENTS:
        conditions.append(
            "EXISTS (SELECT 1 FROM role_assignments AS a WHERE a.org_key = :org_key"
            f" AND a.group_key = g.group_key AND {_assignment(shape.given)})"
        )
    if "search" in shape.given:
        conditions.append("instr(g.name_key, :search) > 0")
    if shape.driver not in (Driver.WALK, Driver.GROUPS):
        conditions.append(f"g.group_key IN ({_gathered(shape.driver, shape.given)})")
    return conditions


@lru_cache(512)
def _count_statement(shape: _Shape) -> Statement[Any]:
    conditions = " AND ".join(["g.org_key = :org_key", *_conditions(shape)])
    return Statement(f"SELECT count(*) FROM groups AS g WHERE {conditions}")


@lru_cache(2048)
def _page_statement(shape: _Shape) -> Statement[Group]:
    columns = "g.name_key" if shape.one_directory else "g.name_key, g.id"
    order = ", ".join(f"{column}{' DESC' if shape.descending else ''}" for column in columns.split(", "))
    conditions = _conditions(shape)
    if shape.start:
        sign = ("<" if shape.descending else ">") + ("=" if shape.inclusive else "")
        # Within one directory a name is unique, so that its index alone gives a total order.
        start = ":start_name" if shape.one_directory else "(:start_name, :start_id)"
        left = columns if shape.one_directory else f"({columns})"
        conditions.append(f"{left} {sign} {start}")
    more = "".join(f" AND {condition}" for condition in conditions)
    return Statement(
        f"SELECT {GROUP_COLUMNS} FROM groups AS g {GROUP_PARTS}{more} ORDER BY {order} LIMIT :most",
        Group,
    )
