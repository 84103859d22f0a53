"""How the event loop is shared: with threads of the store, and among reads that take long and others."""

import asyncio
import collections
import sys
import threading

_SHARED_SECONDS = 0.0005
"""How long a thread may keep the interpreter while another waits, when a thread of the store is at work. By
Python's own 5 ms, a busy event loop makes it wait at each of its steps: a batch takes 32 ms, by this 3 ms."""

_ALONE_SECONDS = sys.getswitchinterval()
"""Python's own 5 ms. Each change of threads costs the event loop time: only at need is it shorter."""


class Turns:
    """Lets threads take quick turns while one of them is within it."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._within = 0

    def __enter__(self) -> None:
        self._count(1)

    def __exit__(self, *_: object) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._within += change
            sys.setswitchinterval(_SHARED_SECONDS if self._within else _ALONE_SECONDS)


QUICK_TURNS = Turns()
"""Of this process, which has one interpreter."""


class OutOfTurn(Exception):
    """Another read that takes long has had this round of the event loop."""


class Rounds:
    """One read that takes long in each round of the event loop, in the order in which they came.

    Whatever else has come in meanwhile is answered between two of them.
    """

    def __init__(self) -> None:
        self._taken = False
        self._waiting: collections.deque[asyncio.Future[None]] = collections.deque()

    def take(self) -> None:
        """Take this round; raises OutOfTurn when it is taken."""
        if self._taken:
            raise OutOfTurn
        self._taken = True
        asyncio.get_running_loop().call_soon(self._pass_on)

    async def turn(self) -> None:
        """Wait for a round that is taken for the caller alone."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _pass_on(self) -> None:
        self._taken = False
        while self._waiting and not self._taken:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self.take()
