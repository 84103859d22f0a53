"""No statement touches rows of two organizations: it reads the one partition that holds its own (ADR 20)."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from guildhall.store.statement import Statement
from tests import partitioned, postgres
from tests.partitions.conftest import MODULUS
from tests.store.compiled import compiled
from tests.store.statements import ACROSS, named_statements

STATEMENTS = named_statements()
ORG_KEY = 1


@pytest.fixture(scope="module")
def explain(postgres_url: str) -> Iterator[Callable[[Statement[Any]], dict[str, Any]]]:
    """Plan a statement for one organization, all other values unknown."""
    with postgres.empty_database(postgres_url) as url, asyncio.Runner() as loop:
        if not partitioned.MODULUS:
            partitioned.prepare(url, MODULUS)
        connection = loop.run(asyncpg.connect(url, statement_cache_size=0))
        for setting in ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"):
            loop.run(connection.execute(f"SET {setting}"))

        def plan(statement: Statement[Any]) -> dict[str, Any]:
            values = [str(ORG_KEY) if name == "org_key" else "NULL" for name in statement.parameters]
            given = f"({', '.join(values)})" if values else ""
            loop.run(connection.execute(f"PREPARE planned AS {statement.postgres}"))
            made = loop.run(connection.fetchval(f"EXPLAIN (FORMAT json) EXECUTE planned{given}"))
            loop.run(connection.execute("DEALLOCATE planned"))
            root: dict[str, Any] = json.loads(made)[0]["Plan"]
            return root

        yield plan
        loop.run(connection.close())


def partitions(node: dict[str, Any]) -> set[str]:
    """The numbers of the partitions that a plan reads."""
    found = re.search(r"_p(\d+)$", node.get("Relation Name", ""))
    below = [partitions(part) for part in node.get("Plans", ())]
    return set().union({found[1]} if found else set(), *below)


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_reads_one_partition(name, explain):
    read = partitions(explain(STATEMENTS[name]))
    assert len(read) <= 1 or name in ACROSS


def test_statements_of_filters_read_one_partition(explain):
    wrong = [made.origin for made in compiled("postgres") if len(partitions(explain(made.statement))) != 1]
    assert not wrong


def test_all_statements_read_the_same_partition(explain):
    read = [partitions(explain(STATEMENTS[name])) for name in STATEMENTS if name not in ACROSS]
    assert len(set().union(*read)) == 1
