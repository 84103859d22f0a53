"""A bounded number of connections that transactions take turns with (ADR 17).

The driver's own pool asks the server to reset each connection behind each use, which costs a round trip, and
its tasks cost as much again as a statement; nor does it bound how long one waits for a connection at no cost.
"""

import asyncio
import collections
import logging
import math

from guildhall.model.errors import Unavailable
from guildhall.store.postgres.connections import Limits, Link, Way
from guildhall.store.postgres.errors import CONNECTING, cannot_connect

IDLE_SECONDS = 60.0
"""After so long without use a connection is given back to the server."""

_LOG = logging.getLogger("guildhall.store")


class Pool:
    """Links that are opened at need, at most so many, and used again; the latest first."""

    def __init__(self, way: Way, limits: Limits) -> None:
        self._connect = way.connect
        self.keeps_sessions = way.keeps_sessions
        """Whether each link keeps to one session of the server, with its limits for statements alone."""
        self.most = limits.connections
        """How many links there are at once."""
        self.seconds = limits.connect
        """How long one waits for a link."""
        self._idle: list[Link] = []
        self._open = 0
        """Links that are idle, in use or being opened."""
        self._used = 0
        self._waiting: collections.deque[asyncio.Future[Link | None]] = collections.deque()
        self._generation = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._all_back = asyncio.Event()
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether links are in use and no more may be opened; while all are being opened, nobody answers."""
        return self._open >= self.most and self._used > 0

    async def acquire(self, seconds: float = math.inf) -> Link:
        """Return a link of one's own, until it is released.

        Raises Unavailable when none can be opened, or comes free in `seconds` or the time that connecting
        may take.
        """
        link = self._find_idle() or await self._open_or_wait(min(seconds, self.seconds))
        self._used += 1
        return link

    def _find_idle(self) -> Link | None:
        while self._idle:
            link = self._idle.pop()
            if link.is_usable:
                return link
            self._drop(link)
        return None

    async def _open_or_wait(self, seconds: float) -> Link:
        try:
            async with asyncio.timeout(seconds):
                return await (self._open_another() if self._open < self.most else self._wait())
        except TimeoutError as error:
            if self.is_busy:
                raise Unavailable(
                    "Every connection to the database is in use; nothing was changed."
                ) from error
            raise self._unreachable(error) from error
        except CONNECTING as error:
            raise self._unreachable(error) from error

    async def _open_another(self) -> Link:
        self._open += 1
        return await self._open_link()

    async def _wait(self) -> Link:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            link = await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._pass_on(waiting.result())
            raise
        return await self._open_link() if link is None else link

    async def _open_link(self) -> Link:
        """Open a link; its place is taken already, and freed when that fails."""
        generation = self._generation
        try:
            link = await self._connect()
        except BaseException:
            self._free_place()
            raise
        link.generation = generation
        return link

    def release(self, link: Link) -> None:
        """Take a link back; one that is broken, or still within a transaction, is cut."""
        self._used -= 1
        if self._closed or link.generation != self._generation or not link.is_usable:
            self._drop(link)
        else:
            self._pass_on(link)

    def _pass_on(self, link: Link | None) -> None:
        """Give a link, or the place for one, to who has waited longest, or keep it."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(link)
                return
        if link is None:
            self._free_place()
            return
        loop = asyncio.get_running_loop()
        link.idle_since = loop.time()
        self._idle.append(link)
        if self._sweeping is None:
            self._sweeping = loop.call_later(IDLE_SECONDS, self._sweep)

    def _free_place(self) -> None:
        if any(not waiting.done() for waiting in self._waiting):
            self._pass_on(None)
            return
        self._open -= 1
        if self._closed and self._open == 0:
            self._all_back.set()

    def _drop(self, link: Link) -> None:
        link.cut()
        self._free_place()

    def distrust(self) -> None:
        """Use no connection again that is open now: where one was lost, the others lead to the same end."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for link in idle:
            self._drop(link)

    def _sweep(self) -> None:
        """Give back what nobody has used for long."""
        self._sweeping = None
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0].idle_since + IDLE_SECONDS <= loop.time():
            self._give_back(self._idle.pop(0))
        if self._idle:
            self._sweeping = loop.call_at(self._idle[0].idle_since + IDLE_SECONDS, self._sweep)

    def _give_back(self, link: Link) -> None:
        self._free_place()
        task = asyncio.create_task(link.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _unreachable(self, error: BaseException) -> Unavailable:
        _LOG.warning("no connection to the database: %s: %s", type(error).__name__, error)
        return cannot_connect(error)

    async def close(self) -> None:
        """Close every link, those in use once they are released or the time is over."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        idle, self._idle = self._idle, []
        for link in idle:
            self._give_back(link)
        if self._closing:
            await asyncio.wait(self._closing)
        if self._open:
            try:
                async with asyncio.timeout(self.seconds):
                    await self._all_back.wait()
            except TimeoutError:
                _LOG.warning("%d connections to the database were in use at the end", self._open)
