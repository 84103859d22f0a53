"""The floor of additions on PostgreSQL: the same transaction in pgbench.

Its script is made of what the server was seen to run (`benchmarks.wire`), in that order; nothing of it is
written by hand. What was the group's or the user's key, id or name in every recorded addition is put in for
each pair; what was the same in all, and texts that belong to an event, stay as they were.
"""

import itertools
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from benchmarks.load import LoadFailed
from benchmarks.wire import Ran

AT_ONCE = 5
"""Additions whose pairs are read by one statement, so that the reading costs next to nothing."""

_WARMING = 2
"""Seconds in which each client prepares its statements; they count for nothing."""

Pair = dict[str, Any]
"""Group and user of an addition: ids, keys and names by the names of their columns."""

_PARAMETER = re.compile(r"\$(\d+)")
_NUMBER = re.compile(r"\((-?\d+)\)")
_REACHED = re.compile(r"number of transactions actually processed: (\d+)")
_PER_SECOND = re.compile(r"^progress: ([\d.]+) s, ([\d.]+) tps", re.MULTILINE)
_TABLE = "benchmark_pairs"
_COLUMNS = ("group_id", "group_key", "group_name", "account_id", "user_key", "user_name", "email")
_KEYS = f"""
    INSERT INTO {_TABLE} (n, {", ".join(_COLUMNS)})
    SELECT p.n - 1, g.id, g.group_key, g.name, u.account_id, u.user_key, u.name, u.email
    FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) WITH ORDINALITY AS p (group_id, account_id, n)
    JOIN groups AS g ON g.org_key = 1 AND g.id = p.group_id
    JOIN users AS u ON u.org_key = 1 AND u.account_id = p.account_id
"""


class Transaction(msgspec.Struct, frozen=True):
    """A script of pgbench for `AT_ONCE` additions, and the values that are the same in all."""

    script: str
    constants: dict[str, str]


async def store_pairs(url: str, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
    """Put pairs of a group's and an account's id where the script finds them; return them with their keys."""
    connection = await asyncpg.connect(url)
    try:
        texts = ", ".join(f'{name} text COLLATE "C"' for name in _COLUMNS if not name.endswith("_key"))
        await connection.execute(
            f"DROP TABLE IF EXISTS {_TABLE};"
            f"CREATE TABLE {_TABLE} (n bigint PRIMARY KEY, group_key bigint, user_key bigint, {texts})"
        )
        await connection.execute(_KEYS, [group for group, _ in pairs], [account for _, account in pairs])
        await connection.execute(f"ANALYZE {_TABLE}")
        return [dict(row) for row in await connection.fetch(f"SELECT * FROM {_TABLE} ORDER BY n")]
    finally:
        await connection.close()


def transaction(recorded: Sequence[tuple[Pair, list[Ran]]], slice_size: int) -> Transaction:
    """Return the transaction that recorded additions ran; each client has its own slice of the pairs.

    Raises LoadFailed when no key of theirs is found in it, or when most ran something else.
    """
    recorded = [(pair, [_with_parameters(one) for one in ran]) for pair, ran in recorded]
    shapes = Counter(tuple(one.sql for one in ran) for _, ran in recorded)
    shape, times = shapes.most_common(1)[0]
    if 2 * times < len(recorded):
        raise LoadFailed(f"Additions to groups that give nothing run {len(shapes)} different transactions.")
    recorded = [(pair, ran) for pair, ran in recorded if tuple(one.sql for one in ran) == shape]
    pairs, first = [pair for pair, _ in recorded], recorded[0][1]
    constants: dict[str, str] = {}
    bound = [
        [
            _bind([ran[at].values[number] for _, ran in recorded], pairs, constants)
            for number in range(len(one.values))
        ]
        for at, one in enumerate(first)
    ]
    names = {name for values in bound for name in values}
    if not names & {f":{column}" for column in _drawn()}:
        raise LoadFailed("No value of the recorded additions is a key or an id of group or user.")
    lines = [_drawing(slice_size)]
    for number in range(AT_ONCE):
        lines += [_written(ran.sql, values, number) for ran, values in zip(first, bound, strict=True)]
    return Transaction("\n".join(lines) + "\n", constants)


def _with_parameters(ran: Ran) -> Ran:
    """Return a statement with parameters in place of the numbers that go out with a commit."""
    if ran.values:
        return ran
    places = itertools.count(1)
    sql = _NUMBER.sub(lambda _: f"${next(places)}", ran.sql)
    return msgspec.structs.replace(ran, sql=sql, values=[int(found) for found in _NUMBER.findall(ran.sql)])


def _written(sql: str, names: Sequence[str], number: int) -> str:
    """Return a statement with variables in place of its parameters, those of one of the pairs at hand."""
    own = [f"{name}_{number}" if name[1:] in _drawn() else name for name in names]
    return _PARAMETER.sub(lambda found: own[int(found[1]) - 1], sql.strip()).rstrip(";") + ";"


def _bind(values: Sequence[Any], pairs: Sequence[Pair], constants: dict[str, str]) -> str:
    """Return the variable that stands for a value, or NULL; what is no one's key becomes a constant."""
    if any(value != values[0] for value in values):
        for column in _COLUMNS:
            found = [pair[column] for pair in pairs]
            if list(values) == found:
                return f":{column}"
            if list(values) == [[one] for one in found]:
                return f":{column}_list"
    if values[0] is None:
        return "NULL"
    name = f"c{len(constants)}"
    constants[name] = _text(values[0])
    return f":{name}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        quoted = ['"' + _text(one).replace("\\", "\\\\").replace('"', '\\"') + '"' for one in value]
        return "{" + ",".join(quoted) + "}"
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _drawn() -> set[str]:
    return {*_COLUMNS, *(f"{column}_list" for column in _COLUMNS)}


def _drawing(slice_size: int) -> str:
    """Return the lines that read the next pairs of a client."""
    parts = []
    for number in range(AT_ONCE):
        for column in _COLUMNS:
            value = f"max(CAST({column} AS text)) FILTER (WHERE n = :first + {number})"
            parts += [
                f"{value} AS {column}_{number}",
                f"CAST(ARRAY[{value}] AS text) AS {column}_list_{number}",
            ]
    return "\n".join(
        (
            f"\\set first :client_id * {slice_size} + :done",
            f"\\set done :done + {AT_ONCE}",
            f"SELECT {', '.join(parts)} FROM {_TABLE}",
            f"WHERE n BETWEEN :first AND :first + {AT_ONCE - 1} \\gset",
        )
    )


def run(url: str, made: Transaction, *, clients: int, seconds: float, done: int) -> tuple[float, int]:
    """Run the transaction for some seconds; return additions a second, and how many there were.

    `done` is how many of its pairs each client has used before. Raises LoadFailed.
    """
    program = shutil.which("pgbench")
    if program is None:
        raise LoadFailed("pgbench is not installed; it comes with PostgreSQL's contrib package.")
    variables = {**made.constants, "done": str(done)}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(made.script)
        file.flush()
        times = (f"--time={round(seconds) + _WARMING}", "--progress=1")
        how = (
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            "--jobs=2",
            *times,
        )
        defined = [f"--define={name}={value}" for name, value in variables.items()]
        command = (program, *how, f"--file={file.name}", *defined, url)
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
    reached = _REACHED.search(ended.stdout)
    rates = [float(rate) for at, rate in _PER_SECOND.findall(ended.stderr) if float(at) > _WARMING + 0.5]
    if ended.returncode or reached is None or not rates or "aborted" in ended.stderr:
        raise LoadFailed(f"pgbench failed: {ended.stderr[-2_000:] or ended.stdout}")
    return sum(rates) / len(rates) * AT_ONCE, int(reached[1]) * AT_ONCE
