"""Every statement runs on both engines, by an index, within one organization (design 2.1)."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from guildhall.app import open_database
from guildhall.store.statement import Statement
from tests import postgres
from tests.store.compiled import Compiled, compiled
from tests.store.statements import (
    ACROSS,
    columns_on_sqlite,
    is_limited,
    named_statements,
    plan_on_sqlite,
    problems_on_postgres,
    problems_on_sqlite,
    uses_of_tables,
    uses_without_org,
)

STATEMENTS = named_statements()

# Made to read everything of a table.
WHOLE = {
    "bulk.FILL_": "counts a whole organization, once",
    "bulk.SET_": "looks at all groups that are special, once",
    "checks.COMPARE_": "counts again what is stored, beside the server",
    "trigram_checks.": "compares the whole search index, beside the server",
}

_NEWEST = "the highest or lowest key is one step into the index"
_FIRST = "ends at the first row"
_OF_A_GROUP = "sorts or groups what one group has"
ALLOWED = {
    "checks.SELECT_NEXT_ROLE": _NEWEST,
    "directories.SELECT_DIRECTORY_IS_USED": _FIRST,
    "seeds.SELECT_ROLE_IS_USED": _FIRST,
    "events.INSERT_EVENT": _NEWEST,
    "events.SELECT_NEWEST_KEY": _NEWEST,
    "migrate.UPDATE_UNICODE_VERSION": "the table has one row",
    "orgs.SELECT_ORG_ROWS": "counts all of an organization, for the command line",
    "orgs.SELECT_ORG_SIZE": "counts all of an organization, for the command line",
    "orgs.SELECT_ORGS": "a database has few organizations; the command line lists them",
    "resources.SELECT_SEAT_TOTALS": "sums a small table, for /metrics",
    "role_assignments.SELECT_RESOURCES_WITH_ROLES": _OF_A_GROUP,
    "role_assignments.SELECT_RESOURCES_WITH_ROLES_BACKWARD": _OF_A_GROUP,
    "role_holders.COUNT_ONCE_HOLDING_MEMBERS": _OF_A_GROUP,
    "search.COUNT_IN_SAMPLE_OF_GROUPS": "ends after a thousand rows",
    "search.COUNT_IN_SAMPLE_OF_USERS": "ends after a thousand rows",
}
"""Statements that may read much, or sort, with the reason."""


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    path: Path = tmp_path_factory.mktemp("statements") / "guildhall.db"
    asyncio.run(_create(f"sqlite:///{path}"))
    connection = apsw.Connection(str(path))
    yield connection
    connection.close()


async def _create(url: str) -> None:
    await (await open_database(url)).close()


@pytest.fixture(scope="module")
def on_postgres(postgres_url: str) -> Iterator[Callable[..., Any]]:
    """Run a method of one connection, which plans without values and shuns what the tests refuse."""
    with postgres.empty_database(postgres_url) as url, asyncio.Runner() as loop:
        loop.run(_create(url))
        connection = loop.run(asyncpg.connect(url, statement_cache_size=0))
        for setting in ("enable_seqscan = off", "enable_sort = off", "plan_cache_mode = force_generic_plan"):
            loop.run(connection.execute(f"SET {setting}"))
        yield lambda method, *arguments: loop.run(getattr(connection, method)(*arguments))
        loop.run(connection.close())


@pytest.fixture(scope="module")
def tables(sqlite: apsw.Connection) -> frozenset[str]:
    """The tables that hold rows of organizations."""
    rows = sqlite.execute(
        "SELECT t.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c"
        " WHERE t.type = 'table' AND c.name = 'org_key'"
    )
    return frozenset(name for (name,) in rows) | {"schema_info"}


def explain(on_postgres: Callable[..., Any], statement: Statement[Any]) -> str:
    """Plan as for the hundredth call, whose values are no longer looked at."""
    on_postgres("execute", f"PREPARE planned AS {statement.postgres}")
    values = f"({', '.join(['NULL'] * len(statement.parameters))})" if statement.parameters else ""
    plan = on_postgres("fetchval", f"EXPLAIN (FORMAT json) EXECUTE planned{values}")
    on_postgres("execute", "DEALLOCATE planned")
    return plan


def texts(statement: Statement[Any]) -> list[str]:
    """The text for SQLite, and that for PostgreSQL with its parameters by name."""
    names = statement.parameters
    return [
        statement.sql,
        re.sub(r"\$(\d+)", lambda match: f":{names[int(match[1]) - 1]}", statement.postgres),
    ]


def reason(name: str) -> str | None:
    """Why a statement may read much, or sort."""
    return ALLOWED.get(name) or next((why for start, why in WHOLE.items() if name.startswith(start)), None)


@pytest.mark.parametrize("name", STATEMENTS)
def test_columns_are_those_of_the_row(name, sqlite, on_postgres):
    statement = STATEMENTS[name]
    there = on_postgres("prepare", statement.postgres).get_attributes()
    here = columns_on_sqlite(sqlite, statement.sqlite)
    if statement.row is not None:
        assert here == len(statement.row.__struct_fields__)
    assert here == len(there)


@pytest.mark.parametrize("name", STATEMENTS)
def test_writes_are_known_to_be_writes(name, sqlite):
    """What is taken for a read begins no savepoint."""
    statement = STATEMENTS[name]
    seen = []

    def note(cursor, sql, bindings):
        seen.append(cursor.is_readonly)
        return False

    cursor = sqlite.cursor()
    cursor.exec_trace = note
    with pytest.raises(apsw.ExecTraceAbort):
        cursor.execute(statement.sqlite, [None] * len(statement.parameters))
    assert seen == [not statement.writes]
    assert bool(statement.table) == statement.writes


@pytest.mark.parametrize("name", STATEMENTS)
def test_plan_on_sqlite_needs_no_scan_and_no_sort(name, sqlite, tables):
    statement = STATEMENTS[name]
    plan = plan_on_sqlite(sqlite, statement)
    found = problems_on_sqlite(plan, uses_of_tables(statement.sql, tables), limited=is_limited(statement))
    assert not found or reason(name), plan


@pytest.mark.parametrize("name", STATEMENTS)
def test_plan_on_postgres_needs_no_scan_and_no_sort(name, on_postgres):
    found = problems_on_postgres(explain(on_postgres, STATEMENTS[name]))
    assert not found or reason(name), found


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_stays_within_its_organization(name, tables):
    for text in texts(STATEMENTS[name]):
        strangers = uses_without_org(text, tables - {"schema_info"})
        assert not strangers or name in ACROSS


def test_exceptions_are_still_needed(sqlite, on_postgres, tables):
    stale = set(ALLOWED)
    for name in ALLOWED:
        statement = STATEMENTS[name]
        uses, limited = uses_of_tables(statement.sql, tables), is_limited(statement)
        if problems_on_sqlite(
            plan_on_sqlite(sqlite, statement), uses, limited=limited
        ) or problems_on_postgres(explain(on_postgres, statement)):
            stale.discard(name)
    stale |= {name for name in ACROSS if not uses_without_org(STATEMENTS[name].sql, tables - {"schema_info"})}
    assert not stale


def may_sort(made: Compiled, problem: str) -> bool:
    """Whether a step sorts what was gathered or counted, or one user's directories within a walk."""
    if "LAST TERM" in problem or problem == "Incremental Sort":
        return True
    return (made.gathers or made.counts) and ("TEMP B-TREE" in problem or "Sort" in problem)


def test_compiled_statements_on_sqlite(sqlite, tables):
    wrong = []
    for made in compiled("sqlite"):
        statement = made.statement
        uses = uses_of_tables(statement.sql, tables)
        plan = plan_on_sqlite(sqlite, statement)
        # What gathers the rows of a weak filter was probed before, with a budget.
        limited, weak = is_limited(statement) or made.counts, frozenset({"org_key"})
        found = problems_on_sqlite(plan, uses, limited=limited, weak=weak)
        found = [problem for problem in found if not may_sort(made, problem)]
        if statement.row is not None and columns_on_sqlite(sqlite, statement.sqlite) != len(
            statement.row.__struct_fields__
        ):
            found.append("columns")
        if found or uses_without_org(statement.sql, tables):
            wrong.append((made.origin, found, plan))
    assert not wrong


def test_walk_to_a_term_reads_the_index_of_accounts_alone(on_postgres):
    start = "FROM users AS u CROSS JOIN directory_users AS m"
    texts = {made.statement.postgres: made.statement for made in compiled("postgres")}
    walks = [one for text, one in texts.items() if "AS page" in text and start in text]
    assert walks
    for walk in walks:
        plan = explain(on_postgres, walk)
        assert re.search(r'"Index Only Scan",[^}]*"Index Name": "users_account_id"', plan), plan


def test_compiled_statements_on_postgres(on_postgres):
    wrong = []
    for made in compiled("postgres"):
        found = problems_on_postgres(explain(on_postgres, made.statement))
        found = [problem for problem in found if not may_sort(made, problem)]
        if found:
            wrong.append((made.origin, found))
    assert not wrong
