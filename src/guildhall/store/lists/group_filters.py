"""Filters of groups compiled to SQL: the only statements that are not constants (design 2.1, 2.4).

`store/lists/group_pages.py` reads pages of what they match.
"""

import enum
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.filters import GroupFilter
from guildhall.store.database import Transaction
from guildhall.store.directories import KEY_BY_ID
from guildhall.store.lists import search as trigrams
from guildhall.store.lists.plans import WALK, Gathered, choose_driver, found, given, passes, searching
from guildhall.store.lists.search import Match
from guildhall.store.statement import Statement


class Driver(enum.StrEnum):
    """What a list of groups is read from."""

    WALK = WALK
    GROUPS = "groups"
    USERS = "users"
    ASSIGNMENTS = "assignments"
    SEARCH = "search"
    DIRECTORIES = "directories"


class Shape(msgspec.Struct, frozen=True):
    """What decides the text of a statement; values stay parameters."""

    driver: Driver
    given: frozenset[str]
    one_directory: bool


def shape_of(chosen: GroupFilter) -> Shape:
    """Return the shape of a filter that is tested along a walk, or of groups that are named."""
    driver = Driver.WALK if chosen.groups is None else Driver.GROUPS
    return Shape(driver, given(chosen), _is_one_directory(chosen))


_OWNED = """
    (SELECT r.resource_key FROM resources AS r WHERE r.org_key = :org_key AND r.owner IN (:owners...))
"""
_ASSIGNMENT = {
    "resources": "a.resource_key IN (:resources...)",
    "roles": "a.role_key IN (:roles...)",
    "owners": f"a.resource_key IN {_OWNED}",
}


async def count_groups(tx: Transaction, org_key: int, chosen: GroupFilter) -> int:
    """Return how many groups match."""
    if not given(chosen) - {"directories"}:
        return await _count_all(tx, org_key, chosen)
    gathered, values = await gathered_by(tx, org_key, chosen)
    shape = shape_of(chosen)
    if chosen.groups is None:
        driver = await choose_driver(tx, gathered, values)
        shape = msgspec.structs.replace(shape, driver=Driver(driver))
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


def values_of(org_key: int, chosen: GroupFilter, match: Match | None) -> dict[str, Any]:
    """Return the values of every parameter of a filter; `match` is what its term is looked up by."""
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


async def gathered_by(
    tx: Transaction, org_key: int, chosen: GroupFilter
) -> tuple[dict[str, Gathered], dict[str, Any]]:
    """Return the filters that can drive, the most hopeful first, and the values of every parameter.

    Groups that are named are few: nothing else needs to be looked at.
    """
    if chosen.groups is not None:
        return {}, values_of(org_key, chosen, None)
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
    return gathered, values_of(org_key, chosen, search.match if search else None)


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


IS_HIT = "g.group_key = found.hit"
"""The condition that a group is one of those that the driver found."""

_UNIQUE = frozenset({Driver.GROUPS, Driver.SEARCH, Driver.DIRECTORIES})
"""Drivers that find each group once."""


def _assignment(names: frozenset[str]) -> str:
    return " AND ".join(text for name, text in _ASSIGNMENT.items() if name in names)


def _hidden(assignment: str) -> str:
    """Keep an index from being entered for each of many resources: a group has few assignments."""
    return assignment.replace("a.resource_key", "+ a.resource_key")


def conditions(shape: Shape) -> str:
    """Return what groups g must meet, each condition behind an AND."""
    met = []
    if shape.driver is not Driver.WALK:
        met.append(IS_HIT)
    if shape.one_directory:
        met.append(f"g.directory_key = {KEY_BY_ID if 'directory_id' in shape.given else ':directory_key'}")
    tests = _tests(shape)
    if tests:
        met.append(passes(tests))
    return "".join(f" AND {condition}" for condition in met)


def _tests(shape: Shape) -> list[str]:
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


def source(shape: Shape) -> str:
    """Return what stands first in FROM: groups g, behind the filter that drives, if one does."""
    if shape.driver is Driver.WALK:
        return "groups AS g"
    gathered = _gathered(shape.driver, shape.given)
    return f"{found(gathered, unique=shape.driver in _UNIQUE)} CROSS JOIN groups AS g"


@lru_cache(512)
def _count_statement(shape: Shape) -> Statement[Any]:
    return searching(f"SELECT count(*) FROM {source(shape)} WHERE g.org_key = :org_key{conditions(shape)}")
