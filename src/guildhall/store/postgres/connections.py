"""A connection to PostgreSQL with the statements that were prepared on it, and how it is opened (ADR 17)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec

from guildhall.settings import Settings
from guildhall.store.postgres.migrate import connect_alone

_MOST_PREPARED = 500
"""Statements that a connection keeps prepared: the fixed ones, and the latest that filters became."""

_SECONDS_BEHIND_SERVER = 1.0
"""How much later than the server this side gives up: only when the server does not answer at all."""

_IDLE_IN_TRANSACTION_SECONDS = 120
"""After so long the server ends a transaction of which nothing is heard, as of a machine that has gone.
A client may take less for one piece of a long answer (`http.application.STALLED_SECONDS`)."""

_WATCHED = {"client_connection_check_interval": "1000"}
"""Milliseconds: so often a server looks whether the other end is still there, and ends its statement if not.
What this side gives up on is not cancelled: its connection is cut."""

_ONE_PROCESSOR = {"jit": "off", "max_parallel_workers_per_gather": "0"}
"""A request has one processor for its statement: to compile it, or to start helpers, takes longer than most
statements run, and takes the processors from other requests."""

READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "BEGIN"


class Limits(msgspec.Struct, frozen=True):
    """What a database may take of time, in seconds, and how many connections of it are used."""

    connect: float = 10.0
    statement: float | None = None
    lock: float | None = None
    connections: int = 4
    one_processor: bool = False
    """Whether a statement has one processor, as for requests, of which many run at once."""

    @property
    def wait(self) -> float | None:
        """How long this side waits for a statement, which is cut off by the server before."""
        return None if self.statement is None else self.statement + _SECONDS_BEHIND_SERVER

    def parameters(self) -> dict[str, str]:
        """What the server is told of them, in its own words."""
        told = {"statement_timeout": self.statement, "lock_timeout": self.lock}
        chosen = {name: str(round(value * 1_000)) for name, value in told.items() if value is not None}
        if chosen:
            chosen["idle_in_transaction_session_timeout"] = str(_IDLE_IN_TRANSACTION_SECONDS * 1_000)
        return chosen | (_ONE_PROCESSOR if self.one_processor else {})


COMMAND_LIMITS = Limits()
"""Of commands: each may take as long as it takes."""


def server_limits(settings: Settings) -> Limits:
    """Return the limits of one worker of a server."""
    return Limits(
        connect=settings.postgres_connect_timeout,
        statement=settings.postgres_statement_timeout,
        lock=settings.lock_timeout,
        # One may be a long answer's for as long as its reader takes.
        connections=max(2, settings.postgres_connections // settings.workers),
        one_processor=True,
    )


class Link:
    """A connection, which one transaction at a time uses. Statements are prepared at their first use.

    Behind a proxy that gives each transaction another connection, nothing may be left on the server: there a
    statement is sent anew each time, in the same round trip, and limits come with each transaction.
    """

    __slots__ = (
        "_connection",
        "_limits",
        "_prepared",
        "generation",
        "idle_since",
        "is_broken",
    )

    def __init__(self, connection: Any, limits: dict[str, str] | None = None) -> None:
        self._connection = connection
        self._limits = "".join(f"; SET LOCAL {name} = {value}" for name, value in (limits or {}).items())
        self._prepared: dict[str, Any] = {}
        self.generation = 0
        self.idle_since = 0.0
        self.is_broken = False

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Any]:
        """Return all rows."""
        statement = self._prepared.get(sql) or await self._prepare(sql)
        rows: list[Any] = await statement.fetch(*arguments)
        return rows

    async def first(self, sql: str, arguments: Sequence[Any]) -> Any:
        """Return the first row, or None."""
        statement = self._prepared.get(sql) or await self._prepare(sql)
        return await statement.fetchrow(*arguments)

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        """Run a statement without rows; return how many it changed."""
        statement = self._prepared.get(sql) or await self._prepare(sql)
        await statement.fetch(*arguments)
        return int(statement.get_statusmsg().rpartition(" ")[2])

    async def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of arguments."""
        statement = self._prepared.get(sql) or await self._prepare(sql)
        await statement.executemany(rows)

    async def _prepare(self, sql: str) -> Any:
        if len(self._prepared) >= _MOST_PREPARED:
            del self._prepared[next(iter(self._prepared))]
        statement = self._prepared[sql] = await self._connection.prepare(sql)
        return statement

    async def begin(self, how: str) -> None:
        """Begin a transaction, READ or WRITE."""
        await self._connection.execute(how + self._limits)

    async def commit(self, last: Iterable[str] = ()) -> bool:
        """Run the last statements and commit, in one round trip; return False when it was undone instead."""
        tag: str = await self._connection.execute(";".join((*last, "COMMIT")))
        return tag == "COMMIT"

    async def roll_back(self) -> None:
        """Undo the transaction. A link on which that fails is broken, and the server undoes it."""
        try:
            await self._connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            self.is_broken = True

    @property
    def is_limited_alone(self) -> bool:
        """Whether the server cuts off statements without a transaction as well."""
        return not self._limits

    @property
    def is_usable(self) -> bool:
        """Whether the next transaction can have it."""
        return not (self.is_broken or self._connection.is_closed() or self._connection.is_in_transaction())

    def cut(self) -> None:
        """Close it at once; the server undoes what was not committed."""
        self._connection.terminate()

    async def close(self) -> None:
        """Take leave of the server and close it."""
        try:
            await self._connection.close(timeout=1)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            self._connection.terminate()


class Way(NamedTuple):
    """How connections are opened, and whether each keeps to one session of the server."""

    connect: Callable[[], Awaitable[Link]]
    keeps_sessions: bool


async def find_way(url: str, limits: Limits) -> Way:
    """Find out whether connections keep a session, and how one is opened. Raises StartRefused.

    A proxy tells its clients another process id than that of the server's process, which may change.
    """
    probe = await connect_alone(url)
    try:
        is_direct = probe.get_server_pid() == await probe.fetchval("SELECT pg_backend_pid()")
    finally:
        await probe.close()
    parameters = limits.parameters()
    options: dict[str, Any] = {
        "timeout": limits.connect,
        "command_timeout": limits.wait,
        "statement_cache_size": _MOST_PREPARED if is_direct else 0,
        "max_cached_statement_lifetime": 0,
    }
    if is_direct:
        options["server_settings"] = _WATCHED | parameters

    async def connect() -> Link:
        connection = await asyncpg.connect(url, **options)
        return Link(connection, None if is_direct else parameters)

    return Way(connect, is_direct)
