"""Transactions on PostgreSQL driven statement by statement, in every order that a bound allows.

    async for outcome in interleavings(url, [add, assign], preemptions=1): …

Exactly one transaction runs at a time, and by one statement: it waits at a gate before each, before its
commit too. Who waits for a lock is told by `pg_blocking_pids`, so nothing sleeps. An order is a list of
choices, played anew from the same state each time; leaving a transaction that could have gone on is a
preemption. Without a bound, these are all orders there are.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg

from guildhall.model.errors import GuildhallError
from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.transaction import PostgresTransaction
from tests.make import NOW

Operation = Callable[[Any], Awaitable[Any]]
"""What a transaction does: `await operation(tx)`."""

_STATEMENTS = ("one", "all", "value", "values", "run", "run_many")
DONE = "done"
_QUICK = 0.001
"""Seconds after which a statement may be waiting for a lock."""


class Stepped:
    """A transaction whose every statement waits for its turn."""

    def __init__(
        self, transaction: PostgresTransaction, link: Link, turn: Callable[[], Awaitable[None]]
    ) -> None:
        self.link = link
        self._transaction = transaction
        self.turn = turn

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._transaction, name)
        if name not in _STATEMENTS:
            return found

        async def run(*args: Any, **kwargs: Any) -> Any:
            await self.turn()
            return await found(*args, **kwargs)

        return run


class Party:
    """One of the transactions, on a connection of its own."""

    def __init__(self, connection: Any, operation: Operation, observer: Any) -> None:
        self._connection = connection
        self._pid = connection.get_server_pid()
        self._operation = operation
        self._observer = observer
        self._permit = asyncio.Semaphore(0)
        self._at_gate = asyncio.Event()
        self._numbers = itertools.count(1)
        self.blocked = False
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> str:
        while True:
            await self._connection.execute("BEGIN")
            link = Link(self._connection)
            transaction = PostgresTransaction(link, NOW, self._new_id)
            try:
                await self._operation(Stepped(transaction, link, self._turn))
                await self._turn()
                await transaction.commit()
            except GuildhallError as error:
                await self._connection.execute("ROLLBACK")
                return type(error).__name__
            except asyncpg.IntegrityConstraintViolationError:
                # Another one was first: the database repeats such a write as a whole, and so does this one.
                await self._connection.execute("ROLLBACK")
            except BaseException:
                await self._connection.execute("ROLLBACK")
                raise
            else:
                return DONE

    def _new_id(self) -> str:
        return f"{self._pid:08x}-0000-4000-8000-{next(self._numbers):012x}"

    async def _turn(self) -> None:
        self._at_gate.set()
        await self._permit.acquire()

    @property
    def enabled(self) -> bool:
        return not self.task.done() and not self.blocked

    def go(self) -> None:
        """Let it run one statement."""
        self._at_gate.clear()
        self._permit.release()

    async def settle(self) -> None:
        """Wait until it stands at its gate, has ended, or waits for a lock."""
        self.blocked = False
        while not await self._rests():
            if await self._observer.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", self._pid):
                self.blocked = True
                return

    async def _rests(self) -> bool:
        gate = asyncio.ensure_future(self._at_gate.wait())
        await asyncio.wait((gate, self.task), timeout=_QUICK, return_when=asyncio.FIRST_COMPLETED)
        gate.cancel()
        return self._at_gate.is_set() or self.task.done()


class Decision(NamedTuple):
    chosen: int
    enabled: tuple[int, ...]


Order = tuple[int, ...]


class Played(NamedTuple):
    """An order that was played, and how each transaction ended: done, or the name of its error."""

    decisions: list[Decision]
    results: tuple[str, ...]

    @property
    def order(self) -> Order:
        return tuple(decision.chosen for decision in self.decisions)


class Stage:
    """Connections for a number of transactions, and one that watches them."""

    def __init__(self, connections: Sequence[Any], observer: Any) -> None:
        self._connections = connections
        self._observer = observer

    @classmethod
    async def open(cls, url: str, parties: int) -> "Stage":
        # Two who wait for each other are found out here, not by the server.
        settings = {"deadlock_timeout": "60s"}
        opened = [await asyncpg.connect(url, server_settings=settings) for _ in range(parties)]
        return cls(opened, await asyncpg.connect(url))

    async def close(self) -> None:
        for connection in (*self._connections, self._observer):
            await connection.close()

    async def play(self, operations: Sequence[Operation], order: Order) -> Played:
        """Play the operations in an order; behind its end, whoever runs goes on as long as it can."""
        parties = [
            Party(connection, operation, self._observer)
            for connection, operation in zip(self._connections, operations, strict=False)
        ]
        try:
            return await self._play(parties, order)
        finally:
            for party in parties:
                party.task.cancel()
            await asyncio.gather(*(party.task for party in parties), return_exceptions=True)

    async def _play(self, parties: Sequence[Party], order: Order) -> Played:
        for party in parties:
            await party.settle()
        decisions: list[Decision] = []
        current = 0
        while not all(party.task.done() for party in parties):
            enabled = tuple(number for number, party in enumerate(parties) if party.enabled)
            assert enabled, f"all wait for each other: {[decision.chosen for decision in decisions]}"
            if len(decisions) < len(order):
                current = order[len(decisions)]
            elif current not in enabled:
                current = enabled[0]
            decisions.append(Decision(current, enabled))
            parties[current].go()
            await parties[current].settle()
            for party in parties:
                if party.blocked:
                    await party.settle()
        return Played(decisions, tuple(party.task.result() for party in parties))


async def interleavings(
    stage: Stage,
    operations: Sequence[Operation],
    reset: Callable[[], Awaitable[None]],
    preemptions: int | None,
) -> AsyncIterator[Played]:
    """Play every order with at most so many preemptions, each from the state that `reset` makes."""
    waiting: list[Order] = [(first,) for first in range(len(operations))]
    while waiting:
        order = waiting.pop()
        await reset()
        played = await stage.play(operations, order)
        assert played.order[: len(order)] == order
        yield played
        for number in range(len(order), len(played.decisions)):
            for other in played.decisions[number].enabled:
                if other == played.decisions[number].chosen:
                    continue
                further = (*played.order[:number], other)
                if preemptions is None or _preemptions(played.decisions, further) <= preemptions:
                    waiting.append(further)


def _preemptions(decisions: Sequence[Decision], order: Order) -> int:
    return sum(
        order[number] != order[number - 1] and order[number - 1] in decisions[number].enabled
        for number in range(1, len(order))
    )
