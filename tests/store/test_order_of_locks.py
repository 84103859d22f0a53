"""ADR 18: every operation takes its locks in one order, and changes counters last."""

import asyncio
import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.transaction import PostgresTransaction
from guildhall.store.statement import Statement
from tests import make, postgres
from tests.store.seat_world import SeatWorld
from tests.store.small_world import Small
from tests.store.statements import uses_of_tables
from tests.store.test_seats_raced_for import AT_ONCE, any_command, attempt

LOCKED = ("orgs", "directories", "users", "directory_users", "groups", "resources")
"""Tables whose rows a `SELECT … FOR …` locks, in their order, before anything is written."""

HOLDS = ("seats", "role_holders")
COUNTERS = ("resource_seats", "role_totals", "user_totals", "group_counts", "group_totals")
"""Tables whose rows many transactions write that share no locked row, in their order; counters come last."""

KEYS = {
    "seats": ("resource_key", "user_key"),
    "role_holders": ("role_key", "user_key"),
    "resource_seats": ("resource_key",),
    "role_totals": ("role_key", "directory_key"),
    "user_totals": ("directory_key", "status", "closed", "claim_status", "mfa_enabled"),
    "group_counts": ("group_key",),
    "group_totals": ("directory_key", "type", "managed_by", "synced"),
}
"""The order of the rows of a table. A statement that names no user, or no directory, orders them itself."""

ROUNDS = 12

OPERATIONS = (
    "add one new",
    "remove one both",
    "assign plain scarce",
    "assign plain first admin",
    "revoke one scarce",
    "default two first",
    "default one second",
    "undefault one first",
    "delete plain",
    "delete three",
    "create New",
    "rename plain Other",
    "suspend both",
    "restore resting",
    "leave both",
    "leave traveller",
    "put both default east",
    "put traveller east",
    "put traveller",
    "put resting",
    "give member scarce",
    "take holder scarce",
    "limit scarce 9",
    "discard unused",
    "directory east",
    "close west",
)

_LOCK = re.compile(r"FOR (?:NO KEY )?(?:UPDATE|SHARE)(?: OF ([a-z, ]+))?")


class Noted:
    """A transaction that notes what its statements lock and write."""

    def __init__(self, transaction: PostgresTransaction, tables: frozenset[str]) -> None:
        self._transaction = transaction
        self._tables = tables
        self.locked: list[str] = []
        self.written: list[tuple[str, tuple[int, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._transaction, name)
        if name not in ("one", "all", "value", "values", "run", "run_many", "run_last"):
            return found

        async def run(statement: Statement[Any], *rows: Any, **values: Any) -> Any:
            self._note(statement, values)
            return await found(statement, *rows, **values)

        return run

    def _note(self, statement: Statement[Any], values: dict[str, Any]) -> None:
        lock = _LOCK.search(statement.postgres)
        if statement.writes and statement.table in COUNTERS and "UPDATE" not in statement.sql:
            return  # The counter comes or goes with what it counts for, which is locked.
        if statement.writes:
            key = tuple(int(values[name]) for name in KEYS.get(statement.table, ()) if name in values)
            self.written.append((statement.table, key))
        elif lock is not None:
            uses = uses_of_tables(statement.sql, self._tables)
            aliases = [alias.strip() for alias in (lock[1] or "").split(",")]
            tables = [use.table for alias in aliases for use in uses if use.alias == alias]
            table = (tables or [uses[0].table])[0]
            if table in HOLDS:
                self.written.append(
                    (table, tuple(int(values[name]) for name in KEYS[table] if name in values))
                )
            else:
                self.locked += tables or [table]
                assert not self.written or table == "groups", "rows are locked before any is written"


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with postgres.empty_database(postgres_url) as found:
        yield found


async def test_every_operation_locks_in_order(url: str) -> None:
    async with make.open_world(url) as world:
        await _require_order(await Small(world).furnish(), url)


async def test_many_at_once_never_wait_for_each_other(url: str) -> None:
    """The order leaves nothing to the server's search for deadlocks, which would end one of them."""
    async with make.open_world(url) as world:
        seats, chance = await SeatWorld.make(world), random.Random(11)
        for _ in range(ROUNDS):
            await asyncio.gather(*(attempt(seats, any_command(chance)) for _ in range(AT_ONCE)))
        assert await seats.state() == seats.expected(await seats.model())
    connection = await asyncpg.connect(url)
    # What a connection has counted is known for sure once it is gone.
    while await connection.fetchval(_OTHERS):
        pass
    assert await connection.fetchval(_DEADLOCKS) == 0
    await connection.close()


_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def _require_order(small: Small, url: str) -> None:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = frozenset(row[0] for row in rows)
    written: set[str] = set()
    for name in OPERATIONS:
        transaction = connection.transaction()
        await transaction.start()
        noted = Noted(PostgresTransaction(Link(connection), make.NOW, small.world.database._new_id), tables)
        await small.operation(name)(noted)
        await transaction.rollback()
        require_order(name, noted)
        written |= {table for table, _ in noted.written}
    await connection.close()
    assert written >= {*HOLDS, *COUNTERS}


def require_order(name: str, noted: Noted) -> None:
    ranks = [LOCKED.index(table) for table in noted.locked]
    assert ranks == sorted(ranks), (name, noted.locked)
    contended = [(table, key) for table, key in noted.written if table in KEYS]
    order = (*HOLDS, *COUNTERS)
    for (table, key), (following, next_key) in itertools.pairwise(contended):
        assert order.index(table) <= order.index(following), (name, contended)
        if table == following:
            assert key <= next_key, (name, contended)
    last = [table for table, _ in noted.written]
    first_counter = next((n for n, table in enumerate(last) if table in COUNTERS), len(last))
    assert set(last[first_counter:]) <= set(COUNTERS), (name, last)
