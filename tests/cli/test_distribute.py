"""`guildhall migrate --distribute`: what Citus is told, and what is said where it is not there (ADR 20)."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator

import pytest

from guildhall.app import open_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.store.database import SCHEMA_VERSION
from guildhall.store.postgres.citus import REFERENCE_TABLES, distribution
from tests import postgres
from tests.cli.conftest import Ended
from tests.cli.databases import run_sql

CITUS = (
    """
    CREATE TABLE pg_dist_partition (
        logicalrelid REGCLASS, colocated_with TEXT COLLATE "C", told BIGINT GENERATED ALWAYS AS IDENTITY)
    """,
    """
    CREATE FUNCTION create_reference_table(name REGCLASS) RETURNS VOID LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM pg_constraint AS f WHERE f.conrelid = name AND f.contype = 'f') THEN
            RAISE 'a reference table refers to others';
        END IF;
        INSERT INTO pg_dist_partition VALUES (name, NULL);
    END $$
    """,
    """
    CREATE FUNCTION create_distributed_table(name REGCLASS, key TEXT, colocate_with TEXT) RETURNS VOID
    LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM pg_constraint AS f WHERE f.conrelid = name AND f.contype = 'f'
                   AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = f.confrelid)) THEN
            RAISE 'a foreign key of % refers to a table that is not distributed', name;
        END IF;
        IF EXISTS (SELECT FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = name
                   WHERE c.conrelid = name AND c.contype IN ('p', 'u', 'f') AND a.attname = key
                     AND NOT a.attnum = ANY (c.conkey)) THEN
            RAISE 'a constraint of % leaves out %', name, key;
        END IF;
        INSERT INTO pg_dist_partition VALUES (name, colocate_with);
    END $$
    """,
    "CREATE FUNCTION create_distributed_function(name REGPROCEDURE) RETURNS VOID LANGUAGE sql RETURN NULL",
    """
    CREATE FUNCTION truncate_local_data_after_distributing_table(name REGCLASS) RETURNS VOID
    LANGUAGE plpgsql AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = name) THEN
            RAISE '% is not distributed', name;
        END IF;
        EXECUTE format('TRUNCATE %s CASCADE', name);
    END $$
    """,
)
"""Stands in for the functions of Citus, with what its manual says that it refuses."""


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with postgres.empty_database(postgres_url) as empty:
        yield empty


@pytest.fixture
def distribute(guildhall: Callable[..., Ended], url: str) -> Callable[..., Ended]:
    return lambda *arguments: guildhall("migrate", "--distribute", "--database", url, *arguments)


def test_distribute_without_the_extension_shows_the_statements(distribute, url):
    ended = distribute()
    assert ended.code == ExitCode.REFUSED
    assert "the database has no Citus" in ended.err
    assert ended.out.splitlines()[1:] == [f"{statement};" for statement in distribution()]
    assert run_sql(url, "SELECT version FROM schema_info") == [(SCHEMA_VERSION,)]


def test_distribute_tells_a_database_with_the_extension_everything_once(distribute, url):
    run_sql(url, *CITUS)
    first = json.loads(distribute("--json").out)["distribution"]
    assert first == {"ran": True, "statements": distribution()}
    tables = run_sql(url, "SELECT logicalrelid::text, colocated_with FROM pg_dist_partition ORDER BY told")
    there = run_sql(
        url,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'pg_dist_partition'",
    )
    assert {table for table, _ in tables} == {table for (table,) in there}
    assert {beside for _, beside in tables} == {None, "none", "directories"}
    again = json.loads(distribute("--json").out)["distribution"]
    assert again == {"ran": True, "statements": []}


def test_distribute_goes_on_with_tables_that_are_new(distribute, url):
    run_sql(url, *CITUS)
    distribute()
    run_sql(url, "DELETE FROM pg_dist_partition WHERE logicalrelid = 'events'::regclass")
    told = json.loads(distribute("--json").out)["distribution"]["statements"]
    assert [statement for statement in told if "_table(" in statement] == [
        "SELECT create_distributed_table('events', 'org_key', colocate_with => 'directories')"
    ]


def test_rows_that_could_not_be_removed_are_removed_by_the_next_run(distribute, url):
    """They are on the shards then; what stands in for Citus keeps them in one place only."""
    run_sql(url, *CITUS)
    asyncio.run(migrate(url))
    fill = "INSERT INTO user_roles (org_key, user_key, resource_key, role_key) VALUES (1, 1, 1, 1)"
    refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$"
    hold = "CREATE TRIGGER hold BEFORE TRUNCATE ON user_roles EXECUTE FUNCTION refuse()"
    run_sql(url, fill, refuse, hold, "ALTER TABLE user_roles ENABLE ALWAYS TRIGGER hold")
    ended = distribute()
    assert ended.code == ExitCode.FAILED
    assert "The tables are distributed" in ended.err
    assert "not now" in ended.err
    run_sql(url, "DROP TRIGGER hold ON user_roles")
    again = json.loads(distribute("--json").out)["distribution"]
    assert again == {"ran": True, "statements": []}
    assert run_sql(url, "SELECT count(*) FROM user_roles") == [(0,)]


def test_distribute_that_fails_leaves_nothing_distributed(distribute, url):
    run_sql(url, *CITUS)
    asyncio.run(migrate(url))
    run_sql(url, "ALTER TABLE events ADD CONSTRAINT wrong UNIQUE (event_key)")
    ended = distribute()
    assert ended.code == ExitCode.FAILED
    assert "a constraint of events leaves out org_key" in ended.err
    assert run_sql(url, "SELECT count(*) FROM pg_dist_partition") == [(0,)]


async def migrate(url: str) -> None:
    await (await open_database(url)).close()


def test_distribute_is_not_for_a_file(guildhall, tmp_path):
    ended = guildhall("migrate", "--distribute", "--database", str(tmp_path / "guildhall.db"))
    assert ended.code == ExitCode.USAGE


def test_functions_that_indexes_and_statements_use_are_told_before_tables():
    told = distribution()
    functions = [statement for statement in told if "_function(" in statement]
    assert told[1 : 1 + len(functions)] == functions
    assert "SELECT create_distributed_function('grams(bigint, text)')" in functions
    named = [re.search(r"_reference_table\('(\w+)'", statement) for statement in told]
    assert {match[1] for match in named if match} == REFERENCE_TABLES
