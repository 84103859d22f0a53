"""How many long answers are read at once: each holds what it reads from for as long as its reader takes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from guildhall.model.errors import Unavailable


class StreamLimit:
    """So many streams at once; the next one waits for its turn, but not for ever."""

    def __init__(self, most: int, seconds: float | None) -> None:
        self._turns = asyncio.Semaphore(most)
        self._seconds = seconds
        """How long one waits; None is without an end."""

    @property
    def is_reached(self) -> bool:
        """Whether the next stream has to wait."""
        return self._turns.locked()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Be one of the streams; raises Unavailable when none ends in time."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable("As many long answers are being read as there may be at once.") from error
        try:
            yield
        finally:
            self._turns.release()
