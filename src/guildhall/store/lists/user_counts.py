"""Numbers of users: from the stored totals where these say it, else by counting (contract 4)."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import msgspec

from guildhall.model.user_lists import UserFilter, standing
from guildhall.store.database import Transaction
from guildhall.store.directories import SELECT_ALL_DIRECTORY_KEYS
from guildhall.store.lists.plans import WALK, choose_driver, given, searching
from guildhall.store.lists.user_filters import Driver, Shape, gathered_by, matching, shape_of
from guildhall.store.role_holders import WHOLE_ORGANIZATION
from guildhall.store.statement import Statement, register

Total = TypeVar("Total")


class UserTotal(msgspec.Struct, frozen=True):
    """How many rows of a directory are of one kind, in all that a total is kept for."""

    status: int
    closed: int
    claim_status: int
    mfa_enabled: int
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


SELECT_USER_TOTALS = register(
    """
    SELECT status, closed, claim_status, mfa_enabled, users FROM user_totals
    WHERE org_key = :org_key AND directory_key IN (:directories...)
    """,
    UserTotal,
)

SELECT_ROLE_TOTALS = register(
    """
    SELECT role_key, users FROM role_totals
    WHERE org_key = :org_key AND directory_key IN (:directories...)
    """,
    RoleTotal,
)

_KEPT = frozenset({"directories", "standings", "claims", "mfa"})
"""The filters whose matches the totals of users count, whatever is given of them."""


async def count_users(tx: Transaction, org_key: int, chosen: UserFilter) -> int:
    """Return how many rows match."""
    if given(chosen) <= _KEPT:
        return sum(total.users for total in await _totals(tx, org_key, chosen))
    if given(chosen) <= {"directories", "roles"} and len(chosen.roles or ()) == 1:
        keys = await _directories(tx, org_key, chosen)
        found = await tx.all(SELECT_ROLE_TOTALS, org_key=org_key, directories=keys)
        return sum(total.users for total in found if total.role_key in (chosen.roles or ()))
    counted = await _count(tx, org_key, chosen, lambda shape, _: _count_statement(shape))
    return sum(total.users for total in counted)


async def count_standings(tx: Transaction, org_key: int, chosen: UserFilter) -> list[StandingTotal]:
    """Return how many rows that match have each standing."""
    if given(chosen) <= _KEPT:
        totals = await _totals(tx, org_key, chosen)
        return [StandingTotal(total.status, total.closed, total.users) for total in totals]
    return await _count(tx, org_key, chosen, lambda shape, _: _standings_statement(shape))


async def count_roles(tx: Transaction, org_key: int, chosen: UserFilter) -> list[RoleTotal]:
    """Return how many accounts of rows that match hold each role.

    The totals of several directories together would count an account of two of them twice.
    """
    if chosen == UserFilter():
        return await tx.all(SELECT_ROLE_TOTALS, org_key=org_key, directories=[WHOLE_ORGANIZATION])
    if given(chosen) == {"directories"} and len(chosen.directories or ()) == 1:
        return await tx.all(SELECT_ROLE_TOTALS, org_key=org_key, directories=chosen.directories)
    return await _count(
        tx,
        org_key,
        chosen,
        lambda shape, many: _roles_of_many_statement(shape) if many else _roles_statement(shape),
    )


async def _count(
    tx: Transaction,
    org_key: int,
    chosen: UserFilter,
    statement: Callable[[Shape, bool], Statement[Total]],
) -> list[Total]:
    """Count in the cheapest way; the statement also depends on whether more match than lists gather."""
    gathered, values = await gathered_by(tx, org_key, chosen)
    shape, many = shape_of(chosen), False
    if shape.driver is Driver.WALK:
        driver = await choose_driver(tx, gathered, values)
        many = driver == WALK
        # Without an order to walk in, a filter drives if there is one.
        first = next(iter(gathered), WALK) if many else driver
        shape = msgspec.structs.replace(shape, driver=Driver(first))
    return await tx.all(statement(shape, many), **values)


async def _directories(tx: Transaction, org_key: int, chosen: UserFilter) -> list[int]:
    if chosen.directories is not None:
        return list(chosen.directories)
    return await tx.values(SELECT_ALL_DIRECTORY_KEYS, org_key=org_key)


async def _totals(tx: Transaction, org_key: int, chosen: UserFilter) -> list[UserTotal]:
    keys = await _directories(tx, org_key, chosen)
    totals = await tx.all(SELECT_USER_TOTALS, org_key=org_key, directories=keys)
    return [
        total
        for total in totals
        if (chosen.standings is None or standing(total.status, total.closed) in chosen.standings)
        and (chosen.claims is None or total.claim_status in chosen.claims)
        and (chosen.mfa is None or total.mfa_enabled == chosen.mfa)
    ]


@lru_cache(512)
def _count_statement(shape: Shape) -> Statement[StandingTotal]:
    return searching(f"SELECT 0, 0, count(*) {_matching(shape)}", StandingTotal)


@lru_cache(512)
def _standings_statement(shape: Shape) -> Statement[StandingTotal]:
    sql = f"SELECT m.status, u.closed, count(*) {_matching(shape)} GROUP BY m.status, u.closed"
    return searching(sql, StandingTotal)


@lru_cache(512)
def _roles_statement(shape: Shape) -> Statement[RoleTotal]:
    return searching(
        f"""
        WITH matched AS MATERIALIZED (SELECT DISTINCT u.user_key {_matching(shape)})
        SELECT r.role_key, CAST(COALESCE(SUM((
            SELECT 1 FROM role_holders AS h
            WHERE h.org_key = :org_key AND h.role_key = r.role_key AND h.user_key = matched.user_key
        )), 0) AS BIGINT)
        FROM roles AS r CROSS JOIN matched WHERE r.org_key = :org_key
        GROUP BY r.role_key
        """,
        RoleTotal,
    )


@lru_cache(512)
def _roles_of_many_statement(shape: Shape) -> Statement[RoleTotal]:
    """Reads all holders once, where looking each user up for each role would take longer."""
    return searching(
        f"""
        WITH matched AS MATERIALIZED (SELECT DISTINCT u.user_key {_matching(shape)})
        SELECT h.role_key, count(*) FROM role_holders AS h
        WHERE h.org_key = :org_key AND h.user_key IN (SELECT matched.user_key FROM matched)
        GROUP BY h.role_key
        """,
        RoleTotal,
    )


def _matching(shape: Shape) -> str:
    """Whoever walks does so in the order of the keys, in which the rows lie: counting needs no other."""
    order = " AND u.user_key > 0" if shape.driver is Driver.WALK else ""
    return f"{matching(shape)}{order}"
