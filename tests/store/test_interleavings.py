"""Two requests at once, in every order of their statements: they come to what one after the other comes to.

PAIRS says how often a transaction may be left that could go on; GUILDHALL_PREEMPTIONS says it for all.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import pytest

from guildhall.operations.maintenance.checks import check_database
from tests import make, postgres
from tests.store.interleaving import Stage, interleavings
from tests.store.small_world import Small

_MOST = os.environ.get("GUILDHALL_PREEMPTIONS")

TABLES = [
    "directories",
    "users",
    "directory_users",
    "groups",
    "group_counts",
    "memberships",
    "resources",
    "resource_seats",
    "role_assignments",
    "default_groups",
    "user_roles",
    "seats",
    "role_holders",
    "role_totals",
    "group_totals",
    "user_totals",
    "events",
]


PAIRS = {
    # A member and a role come to one group at once.
    "add plain new | assign plain scarce": None,
    "add one new | revoke one scarce": None,
    "remove plain member | assign plain scarce": None,
    "add plain new | delete plain": None,
    "assign plain scarce | revoke plain scarce": None,
    "assign plain scarce | delete plain": None,
    # Members of one group come and go at once.
    "add plain new | add plain new": None,
    "add plain new | add plain other": None,
    "add plain new | remove plain new": None,
    "add plain member | remove plain member": None,
    "add plain new | rename plain Other": None,
    "add plain new | suspend new": 1,
    "add plain new | leave new": 1,
    "add plain new | put new default east": 1,
    "add plain resting | restore resting": 1,
    "seed plain new member | add plain other": 1,
    # One user.
    "add one new | suspend new": 1,
    "add one new | leave new": 1,
    "suspend member | assign plain scarce": 1,
    "remove one both | leave both": 1,
    "put traveller east | remove one traveller": 1,
    "give new scarce | add one new": 1,
    "take holder scarce | give holder first": 1,
    "add one new | add two new": 1,
    # The last seat.
    "add one new | add one other": 1,
    "add one new | add two other": 1,
    "give other scarce | assign plain scarce": 1,
    # Members of two groups.
    "assign plain first | assign one first": 1,
    "revoke one scarce | revoke two scarce": 1,
    "revoke one scarce | leave both": 1,
    "default one second | default two first": 1,
    # One resource.
    "limit scarce 20 | limit scarce 4 Other": None,
    "limit unused 20 | discard unused": None,
    # A seed beside a change of one of its users.
    "seed fresh new | suspend new": 1,
    "seed fresh resting | restore resting": 1,
    "seed fresh new | leave new": 1,
    "seed fresh new | add one other": 1,
    "seed one both traveller resting new | suspend new": 1,
    "seed one both traveller resting new | leave new": 1,
    "seed one both | suspend traveller": 1,
    "seed one both | leave traveller": 1,
    "seed one both | restore resting": 1,
    "seed one both traveller resting | add one new": 1,
    "seed one both traveller resting | remove one both": 1,
    "seed one both traveller resting | leave both": 1,
    "seed one both traveller resting new | add two new": 1,
    "seed twice | take twice scarce": 1,
    "seed twice | suspend twice": 1,
    "seed twice | leave twice": 1,
    "seed twice | remove three twice": 1,
    "seed new scarce | give new scarce": 1,
    "seed new scarce | suspend new": 1,
    "seed new scarce | leave new": 1,
    "seed stranger | put stranger east": 1,
    # A prune beside a change of what it removes.
    "prune plain | add plain new": 1,
    "prune plain | remove plain member": 1,
    "prune plain | assign plain scarce": 1,
    "prune plain | rename plain Other": 1,
    "prune plain | delete plain": 1,
    "prune three | leave twice": 1,
    "prune three | take twice scarce": 1,
    "prune new | add plain new": 1,
    "prune twice | remove three twice": 1,
    "prune holder | take holder scarce": 1,
    "prune holder | leave holder": 1,
    "prune traveller | suspend traveller": 1,
    "prune both | revoke one scarce": 1,
    # One name.
    "create New | create NEW": 1,
    "rename plain Other | create Other": 1,
    "rename plain Same | rename one Same": 1,
}
"""Two operations, and the most preemptions that are tried; None is every order there is."""


class Arena:
    """A database that goes back to where it was, and what is in it."""

    def __init__(self, connection: Any, stage: Stage, small: Small) -> None:
        self._connection = connection
        self.stage = stage
        self.small = small

    async def save(self) -> None:
        await self._connection.execute("CREATE SCHEMA saved; SET session_replication_role = replica")
        for table in TABLES:
            await self._connection.execute(f"CREATE TABLE saved.{table} AS TABLE {table}")
        self._back = ";".join(f"DELETE FROM {t}; INSERT INTO {t} TABLE saved.{t}" for t in TABLES)

    async def reset(self) -> None:
        await self._connection.execute(f"BEGIN;{self._back};COMMIT")

    async def state(self) -> str:
        """Everything that is stored, in the words of the organization; a new group by its name."""
        return json.dumps([sorted(map(str, await self._connection.fetch(sql))) for sql in _STATE])

    async def require_clean(self) -> None:
        assert await check_database(self.small.world.database, lambda *_: None) == []
        over = "SELECT count(*) FROM resource_seats WHERE seats_used > user_limit"
        assert await self._connection.fetchval(over) == 0


_STATE = (
    "SELECT name, directory_key, is_default, grants_admin FROM groups",
    "SELECT name, users, resources FROM group_counts LEFT JOIN groups USING (group_key)",
    "SELECT g.name, m.user_key FROM memberships AS m LEFT JOIN groups AS g USING (group_key)",
    "SELECT name, resource_key, role_key FROM role_assignments LEFT JOIN groups USING (group_key)",
    "SELECT name, resource_key, role_key FROM default_groups LEFT JOIN groups USING (group_key)",
    "SELECT account_id, directory_key, status FROM directory_users",
    "SELECT account_id, mfa_enabled FROM users",
    "SELECT user_key, resource_key, role_key FROM user_roles",
    "SELECT resource_key, user_key, holds FROM seats",
    "SELECT name, user_limit, seats_used FROM resources LEFT JOIN resource_seats USING (resource_key)",
    "SELECT role_key, user_key, holds FROM role_holders",
    "SELECT role_key, directory_key, users FROM role_totals WHERE users <> 0",
    "SELECT directory_key, type, groups FROM group_totals WHERE groups <> 0",
    "SELECT directory_key, status, mfa_enabled, users FROM user_totals WHERE users <> 0",
    "SELECT action FROM events",
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def arena(postgres_url: str, runner: asyncio.Runner) -> Iterator[Arena]:
    """Made once: every order begins from the same state."""
    with postgres.empty_database(postgres_url) as url:
        stack = contextlib.AsyncExitStack()
        yield runner.run(_open(url, stack))
        runner.run(stack.aclose())


async def _open(url: str, stack: contextlib.AsyncExitStack) -> Arena:
    small = await Small(await stack.enter_async_context(make.open_world(url))).furnish()
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    stage = await Stage.open(url, 2)
    stack.push_async_callback(stage.close)
    arena = Arena(connection, stage, small)
    await arena.save()
    return arena


@pytest.mark.parametrize("pair", PAIRS)
def test_every_order_comes_to_what_one_after_the_other_does(
    pair: str, arena: Arena, runner: asyncio.Runner
) -> None:
    most = int(_MOST) if _MOST else PAIRS[pair]
    runner.run(_play(arena, [arena.small.operation(name) for name in pair.split(" | ")], most))


async def _play(arena: Arena, operations: Sequence[Any], preemptions: int | None) -> None:
    """Nothing comes through that either order would refuse, nothing counts twice, nobody waits forever."""
    expected = {await _one_after_the_other(arena, operations, first) for first in (0, 1)}
    async for outcome in interleavings(arena.stage, operations, arena.reset, preemptions):
        assert (outcome.results, await arena.state()) in expected, outcome.order


async def _one_after_the_other(arena: Arena, operations: Sequence[Any], first: int) -> tuple[Any, str]:
    await arena.reset()
    results = [""] * 2
    for number in (first, 1 - first):
        (results[number],) = (await arena.stage.play([operations[number]], ())).results
    await arena.require_clean()
    return tuple(results), await arena.state()
