"""Every statement of the store by name, and what the engines say of how they run one."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import apsw
import apsw.ext
import msgspec

from guildhall import store
from guildhall.store.listings import Listing
from guildhall.store.statement import REGISTRY, Statement

_TABLE = re.compile(
    r"\b(FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)(?:\s+AS\s+([a-z_]+))?(?:\s*\(\s*(org_key)\b)?",
)

COUNT_TO = Statement(
    "WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < :most)"
    " SELECT count(*) FROM counted"
)
"""Takes many steps, one for each number."""

# An organization has thousands of these at most: reading all of them is no scan.
SMALL = frozenset(
    {
        "api_keys",
        "directories",
        "group_totals",
        "resource_seats",
        "resources",
        "role_totals",
        "roles",
        "user_totals",
    }
)

# Most rows of an organization may have one value of these: what they alone find is found by reading all.
WEAK = frozenset(
    {"org_key", "directory_key", "status", "claim_status", "mfa_enabled", "closed", "rank", "role_key"}
)

ACROSS = {
    "orgs.INSERT_ORG": "begins an organization",
    "orgs.SELECT_ORG": "finds an organization by its id, and so its key",
    "orgs.SELECT_ORGS": "for the command line and the check",
    "resources.SELECT_SEAT_TOTALS": "/metrics names no organization",
}
"""Statements that see more than one organization, with the reason."""

_COLUMN = re.compile(r"[a-z_]+")
_SEARCH = re.compile(r"SEARCH \w+ USING [^(]*\((.*)\)")


class Use(NamedTuple):
    """A table in a statement, and the name that it has there."""

    table: str
    alias: str | None
    inserts_org_key: bool


def named_statements() -> dict[str, Statement[Any]]:
    """Return all registered statements, by `module.NAME`."""
    found = [module.name for module in pkgutil.walk_packages(store.__path__, "guildhall.store.")]
    # Who imports a statement from another module stands deeper, or behind it in the alphabet.
    modules = {name: importlib.import_module(name) for name in sorted(found, key=lambda n: (n.count("."), n))}
    names: dict[int, str] = {}
    for name, module in modules.items():
        for attribute, value in vars(module).items():
            for statement, suffix in statements_in(value) if value is not REGISTRY else ():
                names.setdefault(id(statement), f"{name.rpartition('.')[2]}.{attribute}{suffix}")
    missing = [statement.sql for statement in REGISTRY if id(statement) not in names]
    assert not missing, "statements that no constant of a module leads to"
    return {names[id(statement)]: statement for statement in REGISTRY}


def statements_in(value: Any) -> Iterator[tuple[Statement[Any], str]]:
    """Return the statements that a constant leads to, and by which way."""
    if isinstance(value, Statement):
        yield value, ""
    elif isinstance(value, Listing):
        for (backward, sign), statement in value._statements.items():
            yield statement, f"[{'backward' if backward else 'forward'} {sign}]"
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            for statement, suffix in statements_in(getattr(value, field)):
                yield statement, f".{field}{suffix}"
    elif isinstance(value, tuple | list | dict):
        keyed = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in keyed:
            for statement, suffix in statements_in(item):
                yield statement, f"[{key}]{suffix}"


def uses_of_tables(sql: str, tables: frozenset[str]) -> list[Use]:
    """Return the tables that a statement names."""
    return [
        Use(table, alias or None, word == "INTO" and bool(first))
        for word, table, alias, first in _TABLE.findall(sql)
        if table in tables
    ]


def columns_on_sqlite(connection: apsw.Connection, sql: str) -> int:
    """Return how many columns a statement has; it is not run."""
    return len(apsw.ext.query_info(connection, sql).description)


def plan_on_sqlite(connection: apsw.Connection, statement: Statement[Any]) -> list[str]:
    values = (None,) * len(statement.parameters)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement.sqlite}", values)
    return [detail for _, _, _, detail in rows]


def problems_on_sqlite(
    plan: list[str], uses: list[Use], *, limited: bool, weak: frozenset[str] = WEAK
) -> list[str]:
    """Return the steps that read a whole table or sort, or find rows by weak columns without an end."""
    tables = {use.alias or use.table: use.table for use in uses}
    problems = []
    for step in plan:
        kind, name, *_ = step.split()
        searched = _SEARCH.fullmatch(step)
        if (kind == "SCAN" and name in tables) or "TEMP B-TREE" in step:
            problems.append(step)
        elif searched and tables.get(name, "") not in ("", *SMALL) and not limited:
            problems += [] if set(_COLUMN.findall(searched[1])) - weak else [step]
    return problems


def is_limited(statement: Statement[Any]) -> bool:
    """Whether a statement ends after so many rows: it may walk an index, which is read as it goes."""
    return bool(re.search(r"LIMIT (:most|1 OFFSET .*)\s*$", statement.sql))


def uses_without_org(sql: str, tables: frozenset[str]) -> list[str]:
    """Return the tables whose organization a statement does not test, or does not write."""
    strangers = []
    for use in uses_of_tables(sql, tables):
        name = rf"{use.alias}\.|{use.table}\." if use.alias else rf"{use.table}\.|\b"
        if not use.inserts_org_key and not re.search(rf"(?<![\w.])(?:{name})org_key = :org_key", sql):
            strangers.append(use.table)
    return strangers


def problems_on_postgres(plan: str) -> list[str]:
    """Return the nodes that read a whole table, or sort."""
    problems = []

    def look(node: dict[str, Any]) -> None:
        kind = node["Node Type"]
        if kind == "Seq Scan":
            problems.append(f"Seq Scan on {node['Relation Name']}")
        elif "Sort" in kind:
            problems.append(kind)
        for part in node.get("Plans", ()):
            look(part)

    look(json.loads(plan)[0]["Plan"])
    return problems
