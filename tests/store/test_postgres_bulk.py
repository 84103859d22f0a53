"""Filling a PostgreSQL database: what others have there stays, and what was written is not called failed."""

import asyncio
import threading

import pytest

from guildhall.store.postgres.bulk import fill_postgres
from guildhall.store.postgres.migrate import migrate_postgres
from tests.cli.databases import run_sql

INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_class AS c
WHERE c.relkind IN ('i', 'I') AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1
"""
NUMBERS = """
SELECT conname, CAST(oid AS BIGINT) FROM pg_constraint WHERE conrelid = 'badges'::regclass
UNION ALL SELECT relname, CAST(oid AS BIGINT) FROM pg_class WHERE relname LIKE 'badges%' ORDER BY 1
"""
TERMINATE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def url(postgres_database_url):
    asyncio.run(migrate_postgres(postgres_database_url))
    return postgres_database_url


async def index(load):
    await load.index()
    return "indexed"


def nothing(label, rows=0, total=None):
    """Nobody wants to know what is being done."""


def test_tables_of_other_programs_keep_what_they_have(url):
    """Another program has a table in the same schema, and refers to users."""
    run_sql(
        url,
        "CREATE TABLE badges (number BIGINT PRIMARY KEY, org_key BIGINT, user_key BIGINT,"
        " FOREIGN KEY (org_key, user_key) REFERENCES users (org_key, user_key))",
        "CREATE INDEX badges_by_user ON badges (user_key)",
        "SELECT 1",
    )
    before, numbers = run_sql(url, INDEXES), run_sql(url, NUMBERS)
    assert {"badges_pkey", "badges_by_user"} <= {name for name, _ in numbers}
    fill_postgres(url, index, nothing)
    assert run_sql(url, NUMBERS) == numbers
    assert run_sql(url, INDEXES) == before


def test_indexes_are_built_behind_the_rows(url):
    built = []
    fill_postgres(url, index, lambda label, *_: built.append(label))
    assert {"Building users_key", "Building users_name", "Building memberships_user"} <= set(built)


def test_what_fails_behind_the_commit_is_a_warning(url, caplog):
    """The connection ends when statistics are gathered: everything was written by then."""

    def step(label, rows=0, total=None):
        if label == "Gathering statistics":
            others = threading.Thread(target=run_sql, args=(url, TERMINATE))
            others.start()
            others.join()

    assert fill_postgres(url, index, step) == "indexed"
    assert "VACUUM (ANALYZE)" in caplog.text
