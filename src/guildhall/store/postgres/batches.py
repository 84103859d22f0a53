"""Requests of one kind that come at the same time and are answered by one statement (ADR 17)."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from guildhall.store.postgres.connections import Link

Kind = TypeVar("Kind", bound=Hashable)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

OnLink = Callable[[Callable[[Link], Awaitable[Any]]], Awaitable[Any]]
"""Runs what is given on a link, once more where that is right; raises what that raises."""


class Batcher(ABC, Generic[Kind, Asked, Answer]):
    """Answers those who ask for things of one kind by one statement for all of them.

    Who comes while such a statement is under way, or a connection is waited for, is answered by the next one,
    which begins after all of them have asked. When there is no connection, those are told who waited for it
    from the beginning; for the others one is waited for anew.
    """

    most_seconds_held = 0.005
    """So long, at most, somebody waits for the statement that is under way; then another goes beside it."""

    most_at_once = 500
    """Of more, the rest come with the next statement."""

    def __init__(self, run: OnLink) -> None:
        self._run = run
        self._waiting: dict[Kind, list[tuple[Asked, asyncio.Future[Answer]]]] = {}
        self._held: dict[Kind, asyncio.TimerHandle] = {}
        """What begins when a statement returns, or at this time."""
        self._tasks: dict[asyncio.Task[None], Kind] = {}

    @abstractmethod
    async def answer_all(self, link: Link, kind: Kind, asked: Sequence[Asked]) -> Sequence[Answer]:
        """Return an answer for each who asked."""

    async def ask(self, kind: Kind, asked: Asked) -> Answer:
        """Return the answer; raises what `answer_all` or waiting for a connection raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        waiting = self._waiting.get(kind)
        if waiting is None:
            waiting = self._waiting[kind] = []
            if kind in self._tasks.values():
                self._held[kind] = loop.call_later(self.most_seconds_held, self._begin_held, kind)
            else:
                self._begin(kind)
        waiting.append((asked, future))
        return await future

    def _begin(self, kind: Kind) -> None:
        task = asyncio.create_task(self._answer(kind))
        self._tasks[task] = kind
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._begin_held(self._tasks.pop(task))

    def _begin_held(self, kind: Kind) -> None:
        held = self._held.pop(kind, None)
        if held is not None:
            held.cancel()
            self._begin(kind)

    def _take(self, kind: Kind) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        waiting = self._waiting.pop(kind)
        rest = waiting[self.most_at_once :]
        if rest:
            self._waiting[kind] = rest
            loop = asyncio.get_running_loop()
            self._held[kind] = loop.call_later(self.most_seconds_held, self._begin_held, kind)
        return waiting[: self.most_at_once]

    async def _answer(self, kind: Kind) -> None:
        """Answer all who wait by the time there is a connection for them."""
        taken: list[tuple[Asked, asyncio.Future[Answer]]] = []
        waiting = self._waiting[kind]
        first = len(waiting)

        async def use(link: Link) -> Sequence[Answer]:
            if not taken:
                taken.extend(self._take(kind))
            return await self.answer_all(link, kind, [asked for asked, _ in taken])

        try:
            answers = await self._run(use)
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
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)
