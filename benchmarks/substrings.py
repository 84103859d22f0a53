"""Our own substring index beside pg_trgm, on PostgreSQL: size, cost and speed (ADR 21).

`python benchmarks/substrings.py postgresql://… --groups 250000` fills a database of its own on that server,
which must have the extension, and drops it at the end. Each index is made over the same texts. Terms are
drawn from the names themselves; those that many names hold are left out: lists walk to them (ADR 11).
"""

import argparse
import asyncio
import time
import urllib.parse
import uuid
from random import Random
from statistics import quantiles
from typing import Any, NamedTuple

import asyncpg

from guildhall.store.lists.search import COUNT_IN_SAMPLE_OF_GROUPS, COUNT_IN_SAMPLE_OF_USERS
from guildhall.store.postgres.bulk import fill_postgres
from guildhall.synthetic.organizations import generate
from guildhall.synthetic.shape import Wishes, shape_of

_USERS_PER_GROUP = 4
_WRITTEN = 5_000
_TERMS = 300
_LENGTHS = (1, 2, 3, 4, 6, 10)
_SAMPLE, _COMMON = 500, 10
"""As in store/lists/search.py."""

_LONGEST_MS = 5_000


class Way(NamedTuple):
    """An index, and how a term is looked for through it; `{t}` is the table, `{x}` its text."""

    using: str
    condition: str


_WAYS = {
    "grams": Way("gin ({g})", "{g} @> $2 AND {x}"),
    "pg_trgm": Way("gin (({l}) gin_trgm_ops)", "({l}) LIKE $2 AND {x}"),
}
_TABLES = {
    "groups": {
        "g": "grams(org_key, name_key)",
        "l": "name_key",
        "x": "strpos(name_key, $3) > 0",
        "columns": "org_key, name_key",
    },
    "users": {
        "g": "(grams(org_key, name_key) || grams(org_key, email_fold))",
        "l": "name_key || chr(3) || email_fold",
        "x": "(strpos(name_key, $3) > 0 OR strpos(email_fold, $3) > 0)",
        "columns": "org_key, name_key, email_fold",
    },
}
_SAMPLES = {"groups": COUNT_IN_SAMPLE_OF_GROUPS, "users": COUNT_IN_SAMPLE_OF_USERS}


async def compare(connection: Any) -> None:
    """Print a row for each table, way and length of terms."""
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm; SET jit = off")
    await connection.execute("DROP INDEX groups_search; DROP INDEX users_search")
    org_key = await connection.fetchval("SELECT org_key FROM orgs")
    for table, parts in _TABLES.items():
        terms = {length: await _rare_terms(connection, org_key, table, length) for length in _LENGTHS}
        for name, way in _WAYS.items():
            print(f"\n{table}, {name}: {await _cost(connection, table, parts, way)}")
            for length, drawn in terms.items():
                print(f"  {length:2} characters: {await _speed(connection, org_key, table, name, drawn)}")
            await connection.execute("DROP INDEX compared")


async def _rare_terms(connection: Any, org_key: int, table: str, length: int) -> list[str]:
    """Draw terms from all over the names, but those that a page would walk to."""
    random = Random(length)
    names = await connection.fetch(
        f"SELECT name_key FROM {table} WHERE length(name_key) >= $1 ORDER BY md5(name_key) LIMIT 5000", length
    )
    drawn: dict[str, None] = {}
    for (name,) in names:
        start = random.randrange(len(name) - length + 1)
        drawn.setdefault(name[start : start + length])
    sample = _SAMPLES[table]
    rare = []
    for term in drawn:
        values = sample.bind({"org_key": org_key, "term": term, "most": _SAMPLE})
        if await connection.fetchval(sample.postgres, *values) < _COMMON:
            rare.append(term)
        if len(rare) == _TERMS:
            break
    return rare


async def _cost(connection: Any, table: str, parts: dict[str, str], way: Way) -> str:
    """Build the index, and insert rows beside it and without it."""
    columns = parts["columns"]
    writes = f"INSERT INTO written SELECT {columns} FROM {table} ORDER BY name_key LIMIT {_WRITTEN}"
    using = way.using.format(**parts)
    await connection.execute(f"CREATE TEMPORARY TABLE written AS SELECT {columns} FROM {table} LIMIT 0")
    bare = await _seconds(connection, writes)
    await connection.execute(f"CREATE INDEX ON written USING {using}")
    beside = await _seconds(connection, writes)
    await connection.execute("DROP TABLE written")
    built = await _seconds(connection, f"CREATE INDEX compared ON {table} USING {using}")
    await connection.execute(f"VACUUM ANALYZE {table}")
    size = await connection.fetchval("SELECT pg_relation_size('compared')")
    row = (beside - bare) / _WRITTEN * 1e6
    return f"built in {built:.1f} s, {size / 2**20:.0f} MiB, a row costs {row:.0f} µs more"


async def _seconds(connection: Any, statement: str) -> float:
    start = time.perf_counter()
    await connection.execute(statement)
    return time.perf_counter() - start


async def _speed(connection: Any, org_key: int, table: str, name: str, terms: list[str]) -> str:
    """Return how long it takes to find all rows that hold a term."""
    condition = _WAYS[name].condition.format(**_TABLES[table])
    found = await connection.prepare(f"SELECT count(*) FROM {table} WHERE org_key = $1 AND {condition}")
    times, hits = [], 0
    for term in terms:
        match = f"%{_escaped(term)}%" if name == "pg_trgm" else _grams(org_key, term)
        start = time.perf_counter()
        hits += await found.fetchval(org_key, match, term)
        times.append((time.perf_counter() - start) * 1e3)
        if sum(times) > _LONGEST_MS and len(times) > len(terms) // 10:
            break
    if len(times) < 2:
        return "no term is rare"
    cuts = quantiles(times, n=100)
    return (
        f"{len(times):3} terms, {hits / len(times):8.1f} hits, p50 {cuts[49]:7.2f} ms, p99 {cuts[98]:7.2f} ms"
    )


def _grams(org_key: int, term: str) -> list[str]:
    runs = {term[start : start + 3] for start in range(max(1, len(term) - 2))}
    return [f"{org_key}:{run}" for run in sorted(runs)]


def _escaped(term: str) -> str:
    return term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


async def _on(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _compare(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await compare(connection)
    finally:
        await connection.close()


def main() -> None:
    """Fill a database, compare, and drop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server")
    parser.add_argument("--groups", type=int, default=25_000)
    chosen = parser.parse_args()
    name = f"guildhall_substrings_{uuid.uuid4().hex[:8]}"
    url = urllib.parse.urlsplit(chosen.server)._replace(path=f"/{name}").geturl()
    asyncio.run(_on(chosen.server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        users = _USERS_PER_GROUP * chosen.groups
        shape = shape_of(chosen.groups, Wishes(users=users, memberships=users, largest_group=users // 10))
        print(f"{chosen.groups:,} groups, {users:,} users", flush=True)
        fill_postgres(url, lambda load: generate(load, shape, lambda *_: None), lambda *_: None)
        asyncio.run(_compare(url))
    finally:
        asyncio.run(_on(chosen.server, f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
