"""How far the log of the primary has come: places in it that commits can be compared by (ADR 19)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from guildhall.store.postgres.migrate import connect_alone

Result = TypeVar("Result")

LATEST = 2**64 - 1
"""A position that no log reaches: whoever has seen it is answered by the primary."""

_PATIENCE = 3.0


class Place(msgspec.Struct, frozen=True):
    """Where the log of the primary is, in bytes from its beginning."""

    inserted: int
    """Behind every commit that anyone was told of or can see, whether commits wait for the disk or not."""
    flushed: int
    """What replicas can have been sent."""


NOWHERE_YET = Place(LATEST, 0)
"""The place of a log that cannot be asked."""

_SELECT_PLACE = """
SELECT CAST(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS BIGINT),
       CAST(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') AS BIGINT)
"""


class Together(Generic[Result]):
    """Runs one asking at a time; those who come meanwhile are answered together by the next.

    Each answer is of a time after the question, and one statement serves many.
    """

    def __init__(self, ask: Callable[[], Awaitable[Result]]) -> None:
        self._ask = ask
        self._one_at_a_time = asyncio.Lock()
        self._upcoming: asyncio.Task[Result] | None = None

    async def answer(self) -> Result:
        """Return what is answered to a question that is asked after the call; raises what the asking does."""
        if self._upcoming is None:
            self._upcoming = asyncio.create_task(self._run())
            # Everybody who asked may have gone by the time it fails.
            self._upcoming.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._upcoming)

    async def _run(self) -> Result:
        async with self._one_at_a_time:
            # Who comes from here on may have committed after what is read now.
            self._upcoming = None
            return await self._ask()


class Positions:
    """Tells the place of the primary, on a connection of its own that no request keeps waiting."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._together = Together(self._ask)

    async def place(self) -> Place:
        """Return the place at a time after the call, or NOWHERE_YET if it cannot be known."""
        return await self._together.answer()

    async def _ask(self) -> Place:
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect_alone(self._url)
                return Place(*await self._connection.fetchrow(_SELECT_PLACE))
        except Exception:  # noqa: BLE001 -- what was committed is, whatever becomes of this
            self.close()
            return NOWHERE_YET

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.terminate()
