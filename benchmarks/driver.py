"""The floor of PostgreSQL: the statements of requests through the bare driver, asyncpg, and nothing else.

`python -m benchmarks.driver URL FILE CONNECTIONS SECONDS`, where FILE holds the statements of each request.
It says `ready` once its connections stand, begins at a line of input, prints what it reached as JSON, and
ends at another line.
"""

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

Prepared = list[tuple[Any, list[Any]]]
"""What one request runs: prepared statements with their values."""


class Reached(msgspec.Struct, frozen=True):
    """Requests whose statements ran, in how many seconds, with how many seconds of processor time."""

    requests: int
    seconds: float
    cpu: float


async def _run(
    url: str, requests: list[list[tuple[str, list[Any]]]], connections: int, seconds: float
) -> None:
    opened = [await asyncpg.connect(url) for _ in range(connections)]
    prepared = [await _prepare(connection, requests) for connection in opened]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun, used = time.perf_counter(), time.process_time()
    done = await asyncio.gather(*(_repeat(one, begun + seconds) for one in prepared))
    reached = Reached(sum(done), time.perf_counter() - begun, time.process_time() - used)
    print(msgspec.json.encode(reached).decode(), flush=True)
    # What PostgreSQL used for it is looked at while the connections stand.
    await asyncio.to_thread(sys.stdin.readline)
    for connection in opened:
        await connection.close()


async def _prepare(connection: Any, requests: list[list[tuple[str, list[Any]]]]) -> list[Prepared]:
    known = {
        sql: await connection.prepare(sql) for sql in {sql for request in requests for sql, _ in request}
    }
    mine = [[(known[sql], values) for sql, values in request] for request in requests]
    # Each connection asks in an order of its own, or all would ask for the same at once.
    random.shuffle(mine)
    return mine


async def _repeat(requests: list[Prepared], end: float) -> int:
    done = 0
    while True:
        for request in requests:
            for statement, values in request:
                await statement.fetch(*values)
            done += 1
            if time.perf_counter() > end:
                return done


def main() -> None:
    """Run what the command line says."""
    url, file, connections, seconds = sys.argv[1:]
    requests = msgspec.msgpack.decode(Path(file).read_bytes(), type=list[list[tuple[str, list[Any]]]])
    asyncio.run(_run(url, requests, int(connections), float(seconds)))


if __name__ == "__main__":
    main()
