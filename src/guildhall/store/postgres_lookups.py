"""Look-ups of single rows on PostgreSQL: those that wait at the same time become one statement (ADR 17)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from guildhall.store.postgres_links import Link
from guildhall.store.statement import Statement

Result = TypeVar("Result")
RunAlone = Callable[[Callable[[Link], Awaitable[Any]]], Awaitable[Any]]

_Waiting = list[tuple[Any, asyncio.Future[Any]]]


class Lookups:
    """Answers those who look for one row each by one statement for all of them.

    Who comes while a connection is waited for, or in the same round of the event loop, is answered with the
    others: what is read is read after the question, as if each had asked alone. When there is no connection,
    those are told who waited for it from the beginning; for the others one is waited for anew.
    """

    def __init__(self, run: RunAlone) -> None:
        self._run = run
        self._waiting: dict[tuple[Statement[Any], frozenset[Any]], _Waiting] = {}
        """Who waits, by the statement and by the values that all of them give it."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, statement: Statement[Result], parameters: Mapping[str, Any]) -> Result | None:
        """Return the row that a statement with `several` finds; raises what running that raises."""
        several: Statement[Any] = statement.several  # type: ignore[assignment]
        shared = frozenset(item for item in parameters.items() if item[0] != statement.key)
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get((several, shared))
        if waiting is None:
            waiting = self._waiting[several, shared] = []
            self._begin(several, shared)
        waiting.append((parameters[statement.key], future))
        found: Result | None = await future
        return found

    def _begin(self, several: Statement[Any], shared: frozenset[tuple[str, Any]]) -> None:
        task = asyncio.create_task(self._answer(several, shared))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, several: Statement[Any], shared: frozenset[tuple[str, Any]]) -> None:
        """Run one statement for all who wait by the time there is a connection for it."""
        taken: _Waiting = []
        waiting = self._waiting[several, shared]
        first = len(waiting)
        (listed,) = several.lists

        async def select(link: Link) -> list[Any]:
            if not taken:
                taken.extend(self._waiting.pop((several, shared)))
            values = {**dict(shared), listed: list({key for key, _ in taken})}
            return await link.fetch(several.postgres, several.bind(values))

        try:
            rows = [several.row(*row) for row in await self._run(select)]  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 -- it is raised where it is waited for
            if not taken and len(waiting) > first:
                self._waiting[several, shared] = waiting[first:]
                self._begin(several, shared)
            elif not taken:
                del self._waiting[several, shared]
            for _, future in taken or waiting[:first]:
                if not future.done():
                    future.set_exception(error)
            return
        found = {row.id: row for row in rows}
        for key, future in taken:
            if not future.done():
                future.set_result(found.get(key))
