"""The statements that PostgreSQL alone runs: by indexes, and within one organization (design 2.1)."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from guildhall.app import open_database
from guildhall.model.events import EventAction
from guildhall.operations.checks import check_database
from guildhall.operations.groups import GroupChanges, delete_group, rename_group
from guildhall.operations.suspensions import remove_user, suspend_user
from guildhall.store.memberships import JOIN_SEVERAL, SELECT_TO_JOIN
from guildhall.store.postgres_batches import Batcher
from guildhall.store.postgres_joins import Join
from tests import make, postgres
from tests.store.statements import JOINING, problems_on_postgres, uses_without_org

TABLES = frozenset({"memberships", "events", "group_counts", "groups", "users", "directory_users", "orgs"})


@pytest.fixture
def url(postgres_url):
    with postgres.empty_database(postgres_url) as found:
        yield found


@pytest.mark.parametrize("kind", JOINING)
async def test_joining_needs_no_scan(url, kind):
    """What several have added is sorted, nothing else."""
    statement = JOINING[kind]
    await (await open_database(url)).close()
    connection = await asyncpg.connect(url)
    for setting in ("enable_seqscan = off", "enable_sort = off", "plan_cache_mode = force_generic_plan"):
        await connection.execute(f"SET {setting}")
    prepared = await connection.prepare(statement.postgres)
    assert len(prepared.get_attributes()) == len(statement.row.__struct_fields__)
    await connection.execute(f"PREPARE planned AS {statement.postgres}")
    values = ", ".join(["NULL"] * len(statement.parameters))
    plan = await connection.fetchval(f"EXPLAIN (FORMAT json) EXECUTE planned({values})")
    await connection.close()
    problems = problems_on_postgres(plan)
    assert [problem for problem in problems if problem != "Sort" or statement is not JOIN_SEVERAL] == []


@pytest.mark.parametrize("kind", JOINING)
def test_joining_stays_within_its_organization(kind):
    at = JOINING[kind].parameters.index("org_key") + 1
    sql = re.sub(rf"\${at}\b", ":org_key", JOINING[kind].postgres)
    assert uses_without_org(sql, TABLES) == []


@pytest.fixture
def database_url(postgres_database_url: str) -> str:
    """Who joins together is PostgreSQL's."""
    return postgres_database_url


@pytest.mark.parametrize("most", [2, 500])
async def test_all_sorts_of_additions_at_once(world: make.World, monkeypatch, most):
    """Those that go together, the same twice, who is a member already, and those that have to go alone."""
    monkeypatch.setattr(Batcher, "most_at_once", most)
    plain, other = await world.group("Plain"), await world.group("Other")
    giving, resource = await world.group("Giving"), await world.resource(user_limit=3)
    await world.role(giving, resource)
    users = [await world.user() for _ in range(12)]
    member, resting = users[0], await world.user(status=make.UserStatus.SUSPENDED)
    await world.add(plain, member)
    wanted = [
        *((plain, user) for user in users),
        *((plain, user) for user in users[6:]),
        *((other, user) for user in users[:6]),
        *((giving, user) for user in users[:6]),
        (other, resting),
    ]
    unknown = [f"{world.v2()}/groups/{plain.id}", f"{world.v2()}/groups/{'0' * 8}-0000-4000-8000-{'0' * 12}"]
    answers = await asyncio.gather(
        *(
            world.http.post(f"{world.v2()}/groups/{group.id}/memberships", json={"accountId": user.id})
            for group, user in wanted
        ),
        world.http.post(f"{unknown[0]}/memberships", json={"accountId": "nobody"}),
        world.http.post(f"{unknown[1]}/memberships", json={"accountId": member.id}),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[:24] == [204] * 24
    assert sorted(statuses[24:30]) == [204, 204, 204, 409, 409, 409]
    assert statuses[30:] == [204, 404, 404]
    assert [(await world.again(group)).users for group in (plain, other, giving)] == [12, 7, 3]
    assert len(await events_of(world)) == 11 + 7 + 3
    assert await world.seats(resource) == 3


@contextlib.asynccontextmanager
async def stopped_behind_its_snapshot(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Let the statement for several wait behind its snapshot until this ends; give what waits for that."""
    limited, stopped = "(SELECT set_config(", "(SELECT pg_advisory_xact_lock(1), set_config("
    waiting = JOIN_SEVERAL.postgres.replace(limited, stopped)
    assert waiting != JOIN_SEVERAL.postgres
    monkeypatch.setattr(JOIN_SEVERAL, "postgres", waiting)
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("SELECT pg_advisory_lock(1)")

        async def has_stopped() -> None:
            asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            async with asyncio.timeout(10):
                while not await other.fetchval(asked):
                    pass

        yield has_stopped
    finally:
        await other.close()


async def rename(world: make.World, group: make.Group, user: make.MadeUser) -> None:
    changes = GroupChanges(name="Renamed")
    await world.write(rename_group, world.caller, world.default.id, group.id, changes)


async def assign(world: make.World, group: make.Group, user: make.MadeUser) -> None:
    await world.role(group, await world.resource(user_limit=5))


async def suspend(world: make.World, group: make.Group, user: make.MadeUser) -> None:
    await world.write(suspend_user, world.caller, world.default.id, user.id)


async def leave(world: make.World, group: make.Group, user: make.MadeUser) -> None:
    await world.write(remove_user, world.caller, world.default.id, user.id)


async def delete(world: make.World, group: make.Group, user: make.MadeUser) -> None:
    await world.write(delete_group, world.caller, world.default.id, group.id)


@pytest.mark.parametrize(
    ("change", "status"), [(rename, 204), (assign, 204), (suspend, 204), (leave, 404), (delete, 404)]
)
async def test_what_changes_between_snapshot_and_lock_counts(
    world, database_url, monkeypatch, change, status
):
    group, user = await world.group("Group"), await world.user()
    path = f"{world.v2()}/groups/{group.id}/memberships"
    async with stopped_behind_its_snapshot(database_url, monkeypatch) as stopped:
        adding = asyncio.create_task(world.http.post(path, json={"accountId": user.id}))
        await stopped()
        await change(world, group, user)
    assert (await adding).status_code == status
    assert await check_database(world.database, lambda *_: None) == []
    if status == 204:
        assert (await world.again(group)).users == 1
        message = (await events_of(world))[0]["message"]
        assert message["content"] == f"Added {user.name} to group {(await world.again(group)).name}"


async def events_of(world: make.World) -> list[dict[str, Any]]:
    query = f"action={EventAction.GROUP_MEMBER_ADDED}&limit=500"
    found: list[dict[str, Any]] = (await world.http.get(f"{world.v1()}/events?{query}")).json()["data"]
    return found


async def test_one_that_spoils_it_lets_the_others_be_added_alone(world):
    """Its group has been given a role since it was read, which nobody could see."""
    groups, users = [await world.group() for _ in range(3)], [await world.user() for _ in range(3)]
    read = [await world.read(_find, world, *pair) for pair in zip(groups, users, strict=True)]
    await world.role(groups[1], await world.resource(user_limit=5))
    event = {"org_key": world.caller.org_key, "time": world.clock.now, "action": "x", "actor_id": None}
    event |= {"actor_name": "x", "ip": None, "product": None, "message": "x", "context": "[]"}
    joins = world.database._joins
    assert await asyncio.gather(*(joins.add(Join(one, one.user, event)) for one in read)) == [None] * 3
    assert [(await world.again(group)).users for group in groups] == [0, 0, 0]
    assert await joins.add(Join(read[0], read[0].user, event)) is True
    assert await joins.add(Join(read[0], read[0].user, event)) is False
    assert await check_database(world.database, lambda *_: None) == []


async def _find(tx: Any, world: make.World, group: make.Group, user: make.MadeUser) -> Any:
    return await tx.one(SELECT_TO_JOIN, org_key=world.caller.org_key, group_id=group.id, account_id=user.id)


async def test_who_goes_away_takes_nothing_from_the_others(world):
    group, users = await world.group(), [await world.user() for _ in range(10)]
    path = f"{world.v2()}/groups/{group.id}/memberships"
    asked = [asyncio.create_task(world.http.post(path, json={"accountId": user.id})) for user in users]
    for _ in range(4):
        await asyncio.sleep(0)
    asked[0].cancel()
    asked[5].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer.status_code for answer in answers if not isinstance(answer, BaseException)] == [204] * 8
    assert (await world.again(group)).users == len(await events_of(world)) >= 8
    assert await check_database(world.database, lambda *_: None) == []


async def test_one_whose_count_is_held_keeps_nobody_waiting(world, database_url):
    held, free, users = await world.group(), await world.group(), [await world.user() for _ in range(6)]
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute(f"SELECT 1 FROM group_counts WHERE group_key = {held.group_key} FOR UPDATE")
        adding = [
            asyncio.create_task(
                world.http.post(f"{world.v2()}/groups/{group.id}/memberships", json={"accountId": user.id})
            )
            for user, group in zip(users, (held, free, free, held, free, free), strict=True)
        ]
        async with asyncio.timeout(4):
            answers = await asyncio.gather(*(adding[number] for number in (1, 2, 4, 5)))
        assert not adding[0].done()
        assert not adding[3].done()
    await other.close()
    answers += await asyncio.gather(adding[0], adding[3])
    assert [answer.status_code for answer in answers] == [204] * 6
    assert [(await world.again(group)).users for group in (held, free)] == [2, 4]
