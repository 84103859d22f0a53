"""Filters of users compiled to SQL, in the same way as those of groups (design 2.1, 2.4).

`store/lists/plans.py` says how a page is read; every filter has an index that finds its users:

    accounts, e-mails    users_account_id, users_email (resolved to keys before)
    groups               memberships_key
    roles                role_holders_key: who holds a role on anything
    resources            user_roles_by_resource; role_assignments_by_resource and memberships_key
    standings            directory_users_status; users_closed for closed accounts only
    claims, mfa, domains users_claim_status, users_mfa_enabled, users_email_domain
    search               user_trigrams, or users_search on PostgreSQL
    directories          directory_users_listing

A test of one row costs a look-up by key for each filter, and for resources a look-up for each of the user's
groups. `store/lists/user_pages.py` reads the lists, `store/lists/user_counts.py` the numbers.
"""

import enum
from typing import Any

import msgspec

from guildhall.model.user_lists import STANDINGS, UserFilter
from guildhall.store.database import Transaction
from guildhall.store.directories import KEY_BY_ID
from guildhall.store.lists import search as trigrams
from guildhall.store.lists.plans import WALK, Gathered, found, given, passes

_USERS_FIRST = """
    FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND m.org_key = :org_key AND m.user_key = u.user_key
"""
_DIRECTORY_FIRST = """
    FROM directory_users AS m CROSS JOIN users AS u
    WHERE m.org_key = :org_key AND u.org_key = :org_key AND u.user_key = m.user_key
"""
_FOUND_FIRST = """
    FROM {found} CROSS JOIN directory_users AS m CROSS JOIN users AS u
    WHERE m.org_key = :org_key AND m.user_key = found.hit{status}
      AND u.org_key = :org_key AND u.user_key = found.hit
"""
_GROUP_FIRST = """
    FROM memberships AS k CROSS JOIN directory_users AS m CROSS JOIN users AS u
    WHERE k.org_key = :org_key AND k.group_key = :group_key
      AND m.org_key = :org_key AND m.user_key = k.user_key
      AND u.org_key = :org_key AND u.user_key = k.user_key
"""
_STATUS = " AND + m.status IN (:statuses...)"
"""What a standing asks of a row of directory_users: few may pass, and those of users are wide."""


class Driver(enum.StrEnum):
    """What a list of users is read from."""

    WALK = WALK
    USERS = "users"
    SEARCH = "search"
    GROUPS = "groups"
    ROLES = "roles"
    RESOURCES = "resources"
    DOMAINS = "domains"
    CLOSED = "closed"
    STANDINGS = "standings"
    CLAIMS = "claims"
    MFA = "mfa"
    DIRECTORIES = "directories"


class Shape(msgspec.Struct, frozen=True):
    """All that decides the text of a statement's conditions; values stay parameters."""

    driver: Driver
    given: frozenset[str]
    one_directory: bool = False


def shape_of(chosen: UserFilter) -> Shape:
    """Return the shape of reading without a filter that drives, but for users who are named."""
    one_directory = chosen.directory_id is not None or len(chosen.directories or ()) == 1
    return Shape(Driver.WALK if chosen.users is None else Driver.USERS, given(chosen), one_directory)


async def gathered_by(
    tx: Transaction, org_key: int, chosen: UserFilter
) -> tuple[dict[str, Gathered], dict[str, Any]]:
    """Return the filters that can drive, the most hopeful first, and the values of every parameter.

    Users who are named are few: nothing else needs to be looked at.
    """
    if chosen.users is not None:
        return {}, values_of(org_key, chosen, None)
    names, search = given(chosen), None
    if chosen.search is not None:
        search = await trigrams.search_users(tx, org_key, chosen.search)
    gathered = {
        driver.value: Gathered(
            _gathered(driver, names),
            repeats=_repeats(driver, chosen),
            slow=driver is Driver.SEARCH and search is not None and search.slow,
            share=search.share if driver is Driver.SEARCH and search is not None else 0.0,
        )
        for driver in _drivers(chosen, searchable=search is not None)
    }
    return gathered, values_of(org_key, chosen, search.match if search else None)


def _drivers(chosen: UserFilter, *, searchable: bool) -> list[Driver]:
    """Return the filters that can drive, the most hopeful first."""
    only_closed = chosen.standings is not None and all(STANDINGS[key][1] for key in chosen.standings)
    possible = {
        Driver.SEARCH: searchable,
        Driver.GROUPS: chosen.groups is not None,
        Driver.RESOURCES: chosen.resources is not None,
        Driver.ROLES: chosen.roles is not None and chosen.resources is None,
        Driver.DOMAINS: chosen.domains is not None,
        Driver.CLOSED: only_closed,
        Driver.STANDINGS: chosen.standings is not None,
        Driver.CLAIMS: chosen.claims is not None,
        Driver.MFA: chosen.mfa is not None,
        Driver.DIRECTORIES: chosen.directories is not None,
    }
    return [driver for driver, fits in possible.items() if fits]


def _repeats(driver: Driver, chosen: UserFilter) -> bool:
    """Whether users may be found many times; who is in several directories is found a few times only."""
    if driver is Driver.RESOURCES:
        return True
    values = {Driver.GROUPS: chosen.groups, Driver.ROLES: chosen.roles}.get(driver)
    return values is not None and len(values) > 1


def values_of(org_key: int, chosen: UserFilter, match: trigrams.Match | None = None) -> dict[str, Any]:
    """Return the values of every parameter of the filter."""
    statuses = {STANDINGS[key][0] for key in chosen.standings or ()}
    return {
        **{name: getattr(chosen, name) for name in chosen.__struct_fields__},
        "org_key": org_key,
        "directory_key": chosen.directories[0] if chosen.directories else None,
        "group_key": chosen.groups[0] if chosen.groups else None,
        "statuses": sorted(int(status) for status in statuses),
        "match": match,
    }


_GATHERED = {
    Driver.USERS: """
        SELECT i.user_key AS hit FROM users AS i WHERE i.org_key = :org_key AND i.user_key IN (:users...)
    """,
    Driver.GROUPS: """
        SELECT i.user_key AS hit FROM memberships AS i
        WHERE i.org_key = :org_key AND i.group_key IN (:groups...)
    """,
    Driver.ROLES: """
        SELECT i.user_key AS hit FROM role_holders AS i
        WHERE i.org_key = :org_key AND i.role_key IN (:roles...)
    """,
    Driver.DOMAINS: """
        SELECT i.user_key AS hit FROM users AS i
        WHERE i.org_key = :org_key AND i.email_domain IN (:domains...)
    """,
    Driver.CLOSED: "SELECT i.user_key AS hit FROM users AS i WHERE i.org_key = :org_key AND i.closed = 1",
    Driver.CLAIMS: """
        SELECT i.user_key AS hit FROM users AS i
        WHERE i.org_key = :org_key AND i.claim_status IN (:claims...)
    """,
    Driver.MFA: """
        SELECT i.user_key AS hit FROM users AS i WHERE i.org_key = :org_key AND i.mfa_enabled = :mfa
    """,
    Driver.DIRECTORIES: """
        SELECT i.user_key AS hit FROM directory_users AS i
        WHERE i.org_key = :org_key AND i.directory_key IN (:directories...)
    """,
    Driver.SEARCH: trigrams.MATCHING_USERS,
}

_WITH_STANDING = """
    SELECT i.user_key AS hit FROM directory_users AS i
    WHERE i.org_key = :org_key AND i.status IN (:statuses...)
"""


def _gathered(driver: Driver, names: frozenset[str]) -> str:
    """Return a query for the keys of the users that one filter matches, as column `hit`."""
    if driver is Driver.STANDINGS:
        return _WITH_STANDING + (
            " AND i.directory_key IN (:directories...)" if "directories" in names else ""
        )
    if driver is Driver.RESOURCES:
        return f"""
            SELECT i.user_key AS hit FROM user_roles AS i
            WHERE i.org_key = :org_key AND {_assignment("i", names)}
            UNION ALL
            SELECT j.user_key AS hit FROM role_assignments AS a CROSS JOIN memberships AS j
            WHERE a.org_key = :org_key AND {_assignment("a", names)}
              AND j.org_key = :org_key AND j.group_key = a.group_key
        """
    return _GATHERED[driver]


def searched(gathered: str | None) -> str:
    """Return a query for the keys of all users who have a term, as column `hit`.

    Read are those that the index finds, which are a few too many, or all users in the order of their keys.
    """
    if gathered is None:
        source = "users AS u WHERE u.org_key = :org_key AND u.user_key > 0"
    else:
        source = f"""
            {found(gathered, unique=True)} CROSS JOIN users AS u
            WHERE u.org_key = :org_key AND u.user_key = found.hit
        """
    return f"SELECT u.user_key AS hit FROM {source} AND {_TESTS[Driver.SEARCH]}"


def _assignment(table: str, names: frozenset[str]) -> str:
    roles = f" AND {table}.role_key IN (:roles...)" if "roles" in names else ""
    return f"{table}.resource_key IN (:resources...){roles}"


SEARCHED = "(instr(u.name_key, :search) > 0 OR instr(u.email_fold, :search) > 0)"
"""The test of a term."""

_TESTS = {
    Driver.STANDINGS: "m.status * 2 + u.closed IN (:standings...)",
    Driver.CLAIMS: "u.claim_status IN (:claims...)",
    Driver.MFA: "u.mfa_enabled = :mfa",
    Driver.DOMAINS: "u.email_domain IN (:domains...)",
    Driver.SEARCH: SEARCHED,
    Driver.ROLES: """
        (SELECT 1 FROM role_holders AS t WHERE t.org_key = :org_key AND t.role_key IN (:roles...)
                                           AND t.user_key = u.user_key LIMIT 1) IS NOT NULL
    """,
    Driver.GROUPS: """
        (SELECT 1 FROM memberships AS t WHERE t.org_key = :org_key AND t.user_key = u.user_key
                                          AND t.group_key IN (:groups...) LIMIT 1) IS NOT NULL
    """,
}
"""The cheapest first: the others are not made when one of them fails."""

_EXACT = frozenset({Driver.GROUPS, Driver.ROLES, Driver.RESOURCES, Driver.CLAIMS, Driver.MFA, Driver.DOMAINS})
"""Drivers that find nothing but what their filter means, so that no test need follow."""

_UNIQUE = frozenset({Driver.USERS, Driver.SEARCH, Driver.DOMAINS, Driver.CLOSED, Driver.CLAIMS, Driver.MFA})
"""Drivers that find each user once."""


def _access_test(names: frozenset[str]) -> str:
    return f"""
        ((SELECT 1 FROM user_roles AS t
          WHERE t.org_key = :org_key AND t.user_key = u.user_key AND {_assignment("t", names)} LIMIT 1)
         IS NOT NULL
         OR (SELECT 1 FROM memberships AS t CROSS JOIN role_assignments AS a
             WHERE t.org_key = :org_key AND t.user_key = u.user_key
               AND a.org_key = :org_key AND a.group_key = t.group_key AND {_assignment("a", names)} LIMIT 1)
         IS NOT NULL)
    """


def _conditions(shape: Shape) -> list[str]:
    tests = _tests(shape)
    return [*_directories(shape), *([passes(tests)] if tests else [])]


def _directories(shape: Shape) -> list[str]:
    if "directory_id" in shape.given:
        return [f"m.directory_key = {KEY_BY_ID}"]
    if "directories" not in shape.given:
        return []
    return [
        "m.directory_key = :directory_key" if shape.one_directory else "m.directory_key IN (:directories...)"
    ]


def _tests(shape: Shape) -> list[str]:
    """Return the tests of one row; PostgreSQL makes no hash table of a subquery that is one value."""
    tested = set(shape.given) - ({shape.driver} & _EXACT)
    if "resources" in shape.given:
        tested.discard("roles")  # One assignment must satisfy both.
    access = [_access_test(shape.given)] if "resources" in tested else []
    return [test for name, test in _TESTS.items() if name in tested] + access


def searched_first(shape: Shape, rest: str) -> str:
    """Return FROM and WHERE for PostgreSQL of what its search index finds; each row of users is read once.

    `rest` ends the query for users u: they are in order before their directories are looked up, so that it is
    done for no more of them than fill a page.
    """
    standing = _TESTS[Driver.STANDINGS]
    tests = _tests(shape)
    status = _STATUS if standing in tests else ""
    of_directory = [*_directories(shape), *([standing] if standing in tests else [])]
    of_user = passes([test for test in tests if test != standing])
    return f"""
        FROM (SELECT u.user_key, u.account_id, u.name_key, u.nickname_key, u.closed
              FROM {trigrams.MATCHING_USER_ROWS}
              WHERE u.org_key = :org_key AND {of_user}{rest}) AS u
        CROSS JOIN directory_users AS m
        WHERE m.org_key = :org_key AND m.user_key = u.user_key{status}
    """ + "".join(f" AND {condition}" for condition in of_directory)


def members(shape: Shape) -> str:
    """Return FROM and WHERE of the members of one group, memberships k, in the order of their keys."""
    return _GROUP_FIRST + "".join(f" AND {condition}" for condition in _directories(shape))


def matching(shape: Shape, *, directory_first: bool = False) -> str:
    """Return FROM and WHERE of the rows that match, of users u and directory_users m; more can follow."""
    sources = _DIRECTORY_FIRST if directory_first else _USERS_FIRST
    if shape.driver is not Driver.WALK:
        gathered = _gathered(shape.driver, shape.given)
        status = _STATUS if "standings" in shape.given else ""
        sources = _FOUND_FIRST.format(found=found(gathered, unique=shape.driver in _UNIQUE), status=status)
    return sources + "".join(f" AND {condition}" for condition in _conditions(shape))
