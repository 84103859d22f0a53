"""Two requests at once, in every order of their statements: what comes of them is what one after the other makes.

GUILDHALL_PREEMPTIONS says how often a transaction may be left that could go on; `all` bounds nothing.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import pytest

from guildhall.model.roles import ADMIN, USER
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.checks import check_database
from guildhall.operations.default_groups import set_default_role
from guildhall.operations.groups import GroupChanges, NewGroup, create_group, delete_group, rename_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.role_assignments import Grant, assign_roles, revoke_roles
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role, revoke_user_role
from guildhall.operations.resources import ResourceChanges, put_resource
from tests import make, postgres
from tests.store.interleaving import Stage, interleavings

_GIVEN = os.environ.get("GUILDHALL_PREEMPTIONS", "1")
PREEMPTIONS = None if _GIVEN == "all" else int(_GIVEN)

TABLES = (
    "directories users directory_users groups group_counts memberships resources resource_seats"
    " role_assignments default_groups user_roles seats role_holders role_totals group_totals user_totals events"
).split()


class Small:
    """An organization in which everything that two requests can meet at is scarce or shared.

    `one` and `two` give seats on `scarce`, which has one seat left, and share the member `both`; `plain`
    gives nothing yet. `one` is the default group of `first`, `two` that of `second`.
    """

    def __init__(self, world: make.World) -> None:
        self.world = world

    async def furnish(self) -> "Small":
        world = self.world
        self.east = await world.directory("East")
        self.both, self.member, self.new, self.other = [await world.user() for _ in range(4)]
        self.traveller = await world.user(world.default, self.east)
        self.one = await world.group("One", members=[self.both, self.traveller])
        self.two = await world.group("Two", members=[self.both])
        self.plain = await world.group("Plain", members=[self.both, self.member])
        self.scarce = await world.resource(user_limit=3)
        self.first, self.second = await world.resource(), await world.resource()
        for group in (self.one, self.two):
            await world.role(group, self.scarce)
        for group, resource in ((self.one, self.first), (self.two, self.second)):
            await world.write(set_default_role, world.caller, group.id, Grant(resource.id, make.VIEWER))
        return self

    def operation(self, name: str) -> Any:
        """What `name` stands for in PAIRS, as a function of a transaction."""
        word, _, rest = name.partition(" ")
        function, *arguments = getattr(self, f"_{word}")(*rest.split())
        return lambda tx: function(tx, self.world.caller, *arguments)

    def _group(self, name: str) -> tuple[str, str]:
        group = getattr(self, name)
        return group.directory_id, group.id

    def _add(self, group: str, user: str) -> Any:
        return add_member, *self._group(group), getattr(self, user).id

    def _remove(self, group: str, user: str) -> Any:
        return remove_member, *self._group(group), getattr(self, user).id

    def _grant(self, resource: str, role: str) -> Grant:
        return Grant(getattr(self, resource).id, {"user": USER, "viewer": make.VIEWER, "admin": ADMIN}[role])

    def _assign(self, group: str, resource: str, role: str = "user") -> Any:
        return assign_roles, *self._group(group), [self._grant(resource, role)]

    def _revoke(self, group: str, resource: str, role: str = "user") -> Any:
        return revoke_roles, *self._group(group), [self._grant(resource, role)]

    def _default(self, group: str, resource: str) -> Any:
        return set_default_role, getattr(self, group).id, self._grant(resource, "viewer")

    def _delete(self, group: str) -> Any:
        return delete_group, *self._group(group)

    def _create(self, name: str) -> Any:
        return create_group, self.world.default.id, NewGroup(name)

    def _rename(self, group: str, name: str) -> Any:
        return rename_group, *self._group(group), GroupChanges(name=name)

    def _suspend(self, user: str) -> Any:
        return suspend_user, self.world.default.id, getattr(self, user).id

    def _restore(self, user: str) -> Any:
        return restore_user, self.world.default.id, getattr(self, user).id

    def _leave(self, user: str) -> Any:
        return remove_user, self.world.default.id, getattr(self, user).id

    def _put(self, user: str, *directories: str) -> Any:
        """Put a user into these directories and no others, with another claim than before."""
        found = getattr(self, user)
        places = {"default": self.world.default, "east": self.east}
        given = tuple(GivenStanding(places[name].id) for name in directories)
        changes = UserChanges(name=found.name, email=found.email, directories=given, mfa_enabled=True)
        return put_user, found.id, changes

    def _give(self, user: str, resource: str) -> Any:
        return assign_user_role, getattr(self, user).id, self._grant(resource, "user")

    def _take(self, user: str, resource: str) -> Any:
        return revoke_user_role, getattr(self, user).id, self._grant(resource, "user")

    def _limit(self, resource: str, most: str) -> Any:
        found = getattr(self, resource)
        return put_resource, found.id, ResourceChanges(name=found.name, user_limit=int(most))


PAIRS = {
    # A member and a role come to one group at once.
    "add plain new | assign plain scarce": None,
    "add one new | revoke one scarce": None,
    "remove plain member | assign plain scarce": None,
    "add one new | delete plain": 1,
    "add plain new | delete plain": None,
    "assign plain scarce | revoke plain scarce": None,
    "assign plain scarce | delete plain": None,
    # One user.
    "add one new | suspend new": None,
    "add one new | leave new": None,
    "suspend both | assign plain scarce": 1,
    "suspend member | assign plain scarce": 1,
    "remove one both | leave both": None,
    "leave both | suspend both": None,
    "put traveller east | remove one traveller": None,
    "put new default east | add one new": 1,
    "give new scarce | add one new": 1,
    "take both scarce | give both first": None,
    "add one new | add one new": 1,
    "add one new | add two new": 1,
    # The last seat.
    "add one new | add one other": 1,
    "add one new | add two other": 1,
    "add one new | limit scarce 2": 1,
    "give other scarce | assign plain scarce": 1,
    # Members of two groups.
    "assign plain first | assign one first": 1,
    "revoke one scarce | revoke two scarce": 1,
    "revoke one scarce | leave both": 1,
    "remove two both | revoke one scarce": 1,
    "default one second | default two first": 1,
    "default plain first | revoke one first viewer": 1,
    # One name.
    "create New | create NEW": None,
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
    "SELECT g.name, g.directory_key, g.is_default, g.grants_admin, c.users, c.resources"
    " FROM groups AS g LEFT JOIN group_counts AS c USING (group_key)",
    "SELECT g.name, m.user_key FROM memberships AS m LEFT JOIN groups AS g USING (group_key)",
    "SELECT g.name, a.resource_key, a.role_key FROM role_assignments AS a LEFT JOIN groups AS g USING (group_key)",
    "SELECT g.name, d.resource_key, d.role_key FROM default_groups AS d LEFT JOIN groups AS g USING (group_key)",
    "SELECT user_key, directory_key, status FROM directory_users",
    "SELECT user_key, mfa_enabled FROM users",
    "SELECT user_key, resource_key, role_key FROM user_roles",
    "SELECT resource_key, user_key, holds FROM seats",
    "SELECT resource_key, user_limit, seats_used FROM resource_seats",
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
    runner.run(_play(arena, [arena.small.operation(name) for name in pair.split(" | ")], PAIRS[pair]))


async def _play(arena: Arena, operations: Sequence[Any], preemptions: int | None) -> None:
    """Nothing is let through that both orders would refuse, nothing is counted twice, nobody waits for ever."""
    expected = {await _one_after_the_other(arena, operations, first) for first in (0, 1)}
    played = 0
    async for outcome in interleavings(arena.stage, operations, arena.reset, preemptions):
        assert (outcome.results, await arena.state()) in expected, outcome.order
        played += 1
    assert played > len(expected)
    print(played, "orders")


async def _one_after_the_other(arena: Arena, operations: Sequence[Any], first: int) -> tuple[Any, str]:
    await arena.reset()
    results = [""] * 2
    for number in (first, 1 - first):
        (results[number],) = (await arena.stage.play([operations[number]], ())).results
    await arena.require_clean()
    return tuple(results), await arena.state()
