"""The one statement that PostgreSQL runs alone: by an index, and within one organization (design 2.1)."""

import asyncpg
import pytest

from guildhall.app import open_database
from guildhall.store.memberships import JOIN
from tests import postgres
from tests.store.statements import problems_on_postgres, uses_without_org

TABLES = frozenset({"memberships", "events", "group_counts", "orgs"})


@pytest.fixture
def url(postgres_url):
    with postgres.empty_database(postgres_url) as found:
        yield found


async def test_join_needs_no_scan_and_no_sort(url):
    await (await open_database(url)).close()
    connection = await asyncpg.connect(url)
    for setting in ("enable_seqscan = off", "enable_sort = off", "plan_cache_mode = force_generic_plan"):
        await connection.execute(f"SET {setting}")
    statement = await connection.prepare(JOIN.postgres)
    assert len(statement.get_attributes()) == len(JOIN.row.__struct_fields__)
    await connection.execute(f"PREPARE planned AS {JOIN.postgres}")
    values = ", ".join(["NULL"] * len(JOIN.parameters))
    plan = await connection.fetchval(f"EXPLAIN (FORMAT json) EXECUTE planned({values})")
    await connection.close()
    assert problems_on_postgres(plan) == []


def test_join_stays_within_its_organization():
    assert uses_without_org(JOIN.postgres.replace("$1", ":org_key"), TABLES) == []
