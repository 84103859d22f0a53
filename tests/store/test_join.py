"""The statements that PostgreSQL alone runs: by indexes, and within one organization (design 2.1)."""

import asyncio
import re

import asyncpg
import pytest

from guildhall.app import open_database
from guildhall.store.memberships import JOIN, JOIN_SEVERAL, SELECT_TO_JOIN
from tests import make, postgres
from tests.store.statements import problems_on_postgres, uses_without_org

TABLES = frozenset({"memberships", "events", "group_counts", "groups", "users", "directory_users", "orgs"})
STATEMENTS = {"one": JOIN, "several": JOIN_SEVERAL, "look-up": SELECT_TO_JOIN.several}


@pytest.fixture
def url(postgres_url):
    with postgres.empty_database(postgres_url) as found:
        yield found


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_joining_needs_no_scan(url, kind):
    """What several have added is sorted, nothing else."""
    statement = STATEMENTS[kind]
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


@pytest.mark.parametrize("kind", STATEMENTS)
def test_joining_stays_within_its_organization(kind):
    at = STATEMENTS[kind].parameters.index("org_key") + 1
    sql = re.sub(rf"\${at}\b", ":org_key", STATEMENTS[kind].postgres)
    assert uses_without_org(sql, TABLES) == []


@pytest.fixture
def database_url(postgres_database_url: str) -> str:
    """Who joins together is PostgreSQL's."""
    return postgres_database_url


async def test_all_sorts_of_additions_at_once(world: make.World):
    """Those that go together, the same twice, who is a member already, and those that have to go alone."""
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
    events = (await world.http.get(f"{world.v1()}/events?action=group_member_added&limit=500")).json()["data"]
    told = [event["attributes"]["action"] for event in events].count("group_member_added")
    assert told == 11 + 7 + 3
    assert await world.seats(resource) == 3
