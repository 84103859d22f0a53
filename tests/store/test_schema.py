"""The migrations of both engines make the same tables (design 2.1)."""

import asyncio
import re
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import asyncpg
import pytest

from guildhall.app import open_database
from tests import postgres

TYPES = {"INTEGER": "bigint", "TEXT": "text", "BLOB": "bytea"}

# SQLite: the column's own INTEGER PRIMARY KEY, which has no name.
ONLY_ON_POSTGRES = {"orgs_key", "name_stamps_key"}
# SQLite keeps all names in memory.
TABLES_ONLY_ON_POSTGRES = {"name_stamps"}
# What finds substrings has nothing in common; store/lists/search.py hides it.
SEARCH_INDEXES = {"groups_search", "users_search"}


class Column(NamedTuple):
    table: str
    name: str
    type: str
    nullable: bool
    has_default: bool


async def _create(url: str) -> None:
    await (await open_database(url)).close()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("schema") / "guildhall.db"
    asyncio.run(_create(f"sqlite:///{path}"))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def postgres_rows(postgres_url: str) -> Any:
    """Run queries on a database that was migrated."""
    with postgres.empty_database(postgres_url) as url, asyncio.Runner() as loop:
        loop.run(_create(url))
        connection = loop.run(asyncpg.connect(url))
        yield lambda sql: [tuple(row) for row in loop.run(connection.fetch(sql))]
        loop.run(connection.close())


def sqlite_columns(connection: apsw.Connection) -> set[Column]:
    return {
        Column(table, name, TYPES[kind], not (notnull or key), default is not None)
        for table in sqlite_tables(connection)
        for _, name, kind, notnull, default, key in connection.execute(f"PRAGMA table_info({table})")
    }


def sqlite_tables(connection: apsw.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def sqlite_constraints(connection: apsw.Connection) -> set[str]:
    texts = connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
    return {name for (text,) in texts for name in re.findall(r"CONSTRAINT (\w+)", text)}


def test_columns_are_the_same(sqlite, postgres_rows):
    rows = postgres_rows(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES', column_default IS NOT NULL"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    columns = {Column(*row) for row in rows}
    assert sqlite_columns(sqlite) == {c for c in columns if c.table not in TABLES_ONLY_ON_POSTGRES}


def test_constraints_have_the_same_names(sqlite, postgres_rows):
    rows = postgres_rows(
        "SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
        " AND contype IN ('p', 'u', 'f', 'c')"
    )
    names = {name for (name,) in rows}
    assert names >= ONLY_ON_POSTGRES
    assert sqlite_constraints(sqlite) == names - ONLY_ON_POSTGRES


def test_indexes_have_the_same_names_and_columns(sqlite, postgres_rows):
    rows = postgres_rows(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    there = {name: definition.partition(" USING btree ")[2] for name, definition in rows}
    assert {name for name, columns in there.items() if not columns} == SEARCH_INDEXES
    here = sqlite.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    assert {name: _plain(sql[sql.index("(") :]) for name, sql in here} == {
        name: _plain(columns) for name, columns in there.items() if columns
    }


def _plain(columns: str) -> str:
    """PostgreSQL puts parentheses around a condition; "C" is the only collation there is.

    Its indexes may hold a key beside their columns, as those of SQLite do of themselves.
    """
    listed, _, condition = columns.replace(' COLLATE "C"', "").replace('"', "").partition(" WHERE ")
    listed = listed.partition(" INCLUDE ")[0]
    return f"{listed} WHERE {condition.strip('()')}"


WITHOUT_ORG = {
    "orgs_id": "an organization is looked up by its id, whatever its key",
    "schema_info_key": "the table has one row, of the whole database",
}
"""Keys and indexes that do not begin with the organization, with the reason."""


def test_every_key_index_and_foreign_key_begins_with_the_organization(postgres_rows):
    rows = postgres_rows(
        "SELECT c.conname, a.attname FROM pg_constraint AS c JOIN pg_attribute AS a"
        " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.connamespace = current_schema()::regnamespace AND c.contype IN ('p', 'u', 'f') UNION ALL"
        " SELECT c.conname || ' refers', a.attname FROM pg_constraint AS c JOIN pg_attribute AS a"
        " ON a.attrelid = c.confrelid AND a.attnum = c.confkey[1]"
        " WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'f' UNION ALL"
        " SELECT i.relname, pg_get_indexdef(i.oid, 1, TRUE) FROM pg_class AS i"
        " WHERE i.relnamespace = current_schema()::regnamespace AND i.relkind IN ('i', 'I')"
    )
    strangers = {name for name, first in rows if "org_key" not in first}
    assert strangers == set(WITHOUT_ORG)


def test_numbers_of_sequences_are_keys_within_an_organization(postgres_rows):
    """They are never compared between organizations, so that each node may draw from a range of its own."""
    drawn = set(
        postgres_rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE"
            " table_schema = current_schema() AND (is_identity = 'YES' OR column_default LIKE 'nextval%')"
            " AND table_name !~ '_p[0-9]+$'"
        )
    )
    keys = set(
        postgres_rows(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint AS c JOIN pg_attribute AS a"
            " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
            " WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'p'"
        )
    )
    assert drawn - keys == {("orgs", "org_key")}
