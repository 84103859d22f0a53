"""The proxy between a server and PostgreSQL, which the benchmark counts round trips with."""

import asyncpg
import pytest

from benchmarks import postgres, wire
from benchmarks.wire import Ran

SELECT = "SELECT CAST($1 AS bigint)"


@pytest.fixture
async def recorded(postgres_url):
    """A connection through the proxy, and what records it."""
    with wire.recording(postgres.address(postgres_url)) as (port, recorder):
        connection = await asyncpg.connect(postgres.through(postgres_url, port))
        yield connection, recorder
        await connection.close()


async def test_statements_come_with_their_values(recorded):
    connection, recorder = recorded
    kinds = ("bigint", "text", "bigint[]", "text", "bytea")
    sql = f"SELECT {', '.join(f'CAST(${number} AS {kind})' for number, kind in enumerate(kinds, 1))}"
    values = [-(2**40), "Zoë", [1, 2, 3], None, b"\0\1"]
    await connection.fetch(sql, *values)
    recorder.take()

    await connection.fetch(sql, *values)

    assert recorder.take()[0] == [Ran(sql, values)]


async def test_a_prepared_statement_is_one_round_trip_and_a_transaction_two_more(recorded):
    connection, recorder = recorded
    await connection.fetchval(SELECT, 7)
    recorder.take()

    await connection.fetchval(SELECT, 7)
    alone, trips_alone = recorder.take()
    async with connection.transaction():
        await connection.fetchval(SELECT, 7)
    framed, trips_framed = recorder.take()

    assert (trips_alone, trips_framed) == (1, 3)
    assert alone == [one for one in framed if not one.controls] == [Ran(SELECT, [7])]
