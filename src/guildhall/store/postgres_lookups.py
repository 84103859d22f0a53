"""Look-ups of single rows on PostgreSQL: those that wait at the same time become one statement (ADR 17)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from guildhall.store.postgres_links import Link
from guildhall.store.statement import Statement

Result = TypeVar("Result")
RunAlone = Callable[[Callable[[Link], Awaitable[Any]]], Awaitable[Any]]

_Kind = tuple[Statement[Any], Sequence[Any]]
"""What is looked for: by the statement, and by the values that all who look for it give it, in its order."""

_Waiting = list[tuple[Any, asyncio.Future[Any]]]

MOST_SECONDS_HELD = 0.005
"""So long, at most, a look-up waits for the statement that is under way; then it goes beside it."""


class Lookups:
    """Answers those who look for one row each by one statement for all of them.

    Who comes while such a statement is under way, or a connection is waited for, is answered by the next one:
    what is read is read after the question, as if each had asked alone. When there is no connection, those
    are told who waited for it from the beginning; for the others one is waited for anew.
    """

    def __init__(self, run: RunAlone) -> None:
        self._run = run
        self._waiting: dict[_Kind, _Waiting] = {}
        self._held: dict[_Kind, asyncio.TimerHandle] = {}
        """What begins to be looked for when a statement returns, or at this time."""
        self._tasks: dict[asyncio.Task[None], _Kind] = {}

    async def find(self, statement: Statement[Result], parameters: Mapping[str, Any]) -> Result | None:
        """Return the row that a statement with `several` finds; raises what running that raises."""
        kind = (statement, tuple([parameters[name] for name in statement.shared]))
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        waiting = self._waiting.get(kind)
        if waiting is None:
            waiting = self._waiting[kind] = []
            if kind in self._tasks.values():
                self._held[kind] = loop.call_later(MOST_SECONDS_HELD, self._begin_held, kind)
            else:
                self._begin(kind)
        waiting.append((parameters[statement.key], future))
        found: Result | None = await future
        return found

    def _begin(self, kind: _Kind) -> None:
        task = asyncio.create_task(self._answer(kind))
        self._tasks[task] = kind
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._begin_held(self._tasks.pop(task))

    def _begin_held(self, kind: _Kind) -> None:
        held = self._held.pop(kind, None)
        if held is not None:
            held.cancel()
            self._begin(kind)

    async def _answer(self, kind: _Kind) -> None:
        """Run one statement for all who wait by the time there is a connection for it."""
        statement, shared = kind
        several: Statement[Any] = statement.several  # type: ignore[assignment]
        taken: _Waiting = []
        waiting = self._waiting[kind]
        first = len(waiting)
        (listed,) = several.lists

        async def select(link: Link) -> list[Any]:
            if not taken:
                taken.extend(self._waiting.pop(kind))
            values = dict(zip(statement.shared, shared, strict=True))
            values[listed] = list({key for key, _ in taken})
            return await link.fetch(several.postgres, several.bind(values))

        try:
            rows = [several.row(*row) for row in await self._run(select)]  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 -- it is raised where it is waited for
            if not taken and len(waiting) > first:
                self._waiting[kind] = waiting[first:]
                self._begin(kind)
            elif not taken:
                del self._waiting[kind]
            for _, future in taken or waiting[:first]:
                if not future.done():
                    future.set_exception(error)
            return
        found = {row.id: row for row in rows}
        for key, future in taken:
            if not future.done():
                future.set_result(found.get(key))
