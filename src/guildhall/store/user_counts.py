"""Numbers of users: from the stored totals where these say it, else by counting (contract 4)."""

from functools import lru_cache
from typing import Any

import msgspec

from guildhall.model.user_lists import STANDINGS, UserFilter, standing
from guildhall.store.database import Transaction
from guildhall.store.drivers import given, searching
from guildhall.store.statement import Statement, register
from guildhall.store.user_filters import Shape, matching, read_by

SELECT_ALL_DIRECTORY_KEYS = register("SELECT directory_key FROM directories WHERE org_key = :org_key")


class StatusTotal(msgspec.Struct, frozen=True):
    """How many rows have a status."""

    status: int
    users: int


class StandingTotal(msgspec.Struct, frozen=True):
    """How many rows have a status, of accounts that are closed or not."""

    status: int
    closed: int
    users: int


class RoleTotal(msgspec.Struct, frozen=True):
    """How many users hold a role."""

    role_key: int
    users: int


SELECT_STATUS_TOTALS = register(
    """
    SELECT status, users FROM user_totals
    WHERE org_key = :org_key AND directory_key IN (:directories...)
    """,
    StatusTotal,
)

SELECT_ROLE_TOTALS = register(
    """
    SELECT role_key, users FROM role_totals
    WHERE org_key = :org_key AND directory_key IN (:directories...)
    """,
    RoleTotal,
)

COUNT_CLOSED = register(
    """
    SELECT m.status, 1, count(*) FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND u.closed = 1
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key IN (:directories...)
    GROUP BY m.status
    """,
    StandingTotal,
)
"""By users_closed: the closed accounts only."""

COUNT_HOLDERS = register(
    """
    SELECT r.role_key, (SELECT count(*) FROM role_holders AS h
                        WHERE h.org_key = :org_key AND h.role_key = r.role_key)
    FROM roles AS r WHERE r.org_key = :org_key
    """,
    RoleTotal,
)
"""By role_holders_key, whose entries it counts; only for several directories together, whose totals would
count a user of two of them twice. Who is in no directory holds no role."""


async def count_users(tx: Transaction, org_key: int, chosen: UserFilter) -> int:
    """Return how many rows match."""
    names = given(chosen) - {"directories"}
    if names <= {"standings"} and not _splits_closed(chosen):
        totals = await _status_totals(tx, org_key, chosen)
        wanted = {STANDINGS[key][0] for key in chosen.standings or STANDINGS}
        return sum(total.users for total in totals if total.status in wanted)
    if names == {"roles"} and len(chosen.roles or ()) == 1:
        keys = await _directories(tx, org_key, chosen)
        found = await tx.all(SELECT_ROLE_TOTALS, org_key=org_key, directories=keys)
        return sum(total.users for total in found if total.role_key in (chosen.roles or ()))
    shape, values = await read_by(tx, org_key, chosen)
    count: int = await tx.value(_count_statement(shape), **values)
    return count


async def count_standings(tx: Transaction, org_key: int, chosen: UserFilter) -> list[StandingTotal]:
    """Return how many rows that match have each standing."""
    if given(chosen) <= {"directories"}:
        return await _all_standings(tx, org_key, chosen)
    shape, values = await read_by(tx, org_key, chosen)
    return await tx.all(_standings_statement(shape), **values)


async def count_roles(tx: Transaction, org_key: int, chosen: UserFilter) -> list[RoleTotal]:
    """Return how many accounts of rows that match hold each role."""
    if given(chosen) <= {"directories"}:
        keys = await _directories(tx, org_key, chosen)
        if len(keys) == 1:
            return await tx.all(SELECT_ROLE_TOTALS, org_key=org_key, directories=keys)
        if chosen.directories is None:
            return await tx.all(COUNT_HOLDERS, org_key=org_key)
    shape, values = await read_by(tx, org_key, chosen)
    return await tx.all(_roles_statement(shape), **values)


def _splits_closed(chosen: UserFilter) -> bool:
    """Whether the filter tells closed accounts from others of the same status."""
    keys = set(chosen.standings or STANDINGS)
    return any(
        standing(status, 1 - closed) not in keys for status, closed in map(STANDINGS.__getitem__, keys)
    )


async def _directories(tx: Transaction, org_key: int, chosen: UserFilter) -> list[int]:
    if chosen.directories is not None:
        return list(chosen.directories)
    return await tx.values(SELECT_ALL_DIRECTORY_KEYS, org_key=org_key)


async def _status_totals(tx: Transaction, org_key: int, chosen: UserFilter) -> list[StatusTotal]:
    keys = await _directories(tx, org_key, chosen)
    return await tx.all(SELECT_STATUS_TOTALS, org_key=org_key, directories=keys)


async def _all_standings(tx: Transaction, org_key: int, chosen: UserFilter) -> list[StandingTotal]:
    keys = await _directories(tx, org_key, chosen)
    closed: list[StandingTotal] = await tx.all(COUNT_CLOSED, org_key=org_key, directories=keys)
    open_or_not = [
        StandingTotal(total.status, 0, total.users) for total in await _status_totals(tx, org_key, chosen)
    ]
    return [*open_or_not, *closed, *(StandingTotal(total.status, 0, -total.users) for total in closed)]


@lru_cache(512)
def _count_statement(shape: Shape) -> Statement[Any]:
    return searching(f"SELECT count(*) {matching(shape)}")


@lru_cache(512)
def _standings_statement(shape: Shape) -> Statement[StandingTotal]:
    sql = f"SELECT m.status, u.closed, count(*) {matching(shape)} GROUP BY m.status, u.closed"
    return searching(sql, StandingTotal)


@lru_cache(512)
def _roles_statement(shape: Shape) -> Statement[RoleTotal]:
    return searching(
        f"""
        WITH matched AS MATERIALIZED (SELECT DISTINCT u.user_key {matching(shape)})
        SELECT r.role_key, CAST(COALESCE(SUM((
            SELECT 1 FROM role_holders AS h
            WHERE h.org_key = :org_key AND h.role_key = r.role_key AND h.user_key = matched.user_key
        )), 0) AS BIGINT)
        FROM roles AS r CROSS JOIN matched WHERE r.org_key = :org_key
        GROUP BY r.role_key
        """,
        RoleTotal,
    )
