"""Carrying conversations out over httpx, waiting or awaiting, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from guildhall.client.answers import problem
from guildhall.client.calls import Answer, Call
from guildhall.client.conversations import Conversation, Outcome, Pause, Request, Session, converse, prepare
from guildhall.client.errors import ConnectionFailed, ErrorAnswer, InvalidArgument, Unauthorized
from guildhall.client.paging import Page, Walk

T = TypeVar("T")

# Nothing was sent yet when these are raised.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class MemberResult(msgspec.Struct, frozen=True):
    """What came of adding or removing one of many; `error` is None where everything is as wanted now."""

    account_id: str
    error: ErrorAnswer | None = None


class Sender:
    """Carries conversations out and waits."""

    def __init__(
        self, session: Session, http: httpx.Client, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.session = session
        self.http = http
        self._sleep = sleep

    def send(self, call: Call[T]) -> T:
        """Get the decoded answer of a call."""
        return self._carry_out(converse(self.session, call))

    def send_each(self, calls: Mapping[str, Call[None]]) -> Iterator[MemberResult]:
        """Send one call after the other; what concerns all of them, as a bad key does, is raised."""
        for account_id, call in calls.items():
            try:
                self.send(call)
            except ErrorAnswer as error:
                yield MemberResult(account_id, _unless_nothing_to_do(call, error))
            else:
                yield MemberResult(account_id)

    def walk(self, call: Call[Page[T]]) -> "Pages[T]":
        """Walk over the items of all pages of a list."""
        return Pages(self, call)

    def stream(self, call: Call[Any]) -> Iterator[bytes]:
        """Get the body of an answer, piece by piece; a broken one ends in ConnectionFailed, never early."""
        request = self._carry_out(prepare(self.session, call))
        try:
            with self.http.stream(**_arguments(request)) as response:
                if not response.is_success:
                    response.read()
                    raise problem(_answer(response))
                yield from response.iter_bytes()
        except httpx.RequestError as error:
            raise _failure(error) from error
        except (UnicodeError, httpx.InvalidURL) as error:
            raise _unreachable(error) from error

    def _carry_out(self, conversation: Conversation[T]) -> T:
        outcome: Outcome | None = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            outcome = self._sleep(step.seconds) if isinstance(step, Pause) else self._exchange(step)

    def _exchange(self, request: Request) -> Outcome:
        try:
            return _answer(self.http.request(**_arguments(request)))
        except httpx.RequestError as error:
            return _failure(error)
        except (UnicodeError, httpx.InvalidURL) as error:
            raise _unreachable(error) from error


class AsyncSender:
    """Carries conversations out and awaits."""

    def __init__(
        self,
        session: Session,
        http: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.session = session
        self.http = http
        self._sleep = sleep

    async def send(self, call: Call[T]) -> T:
        """Get the decoded answer of a call."""
        return await self._carry_out(converse(self.session, call))

    async def send_each(self, calls: Mapping[str, Call[None]]) -> AsyncIterator[MemberResult]:
        """Send one call after the other; what concerns all of them, as a bad key does, is raised."""
        for account_id, call in calls.items():
            try:
                await self.send(call)
            except ErrorAnswer as error:
                yield MemberResult(account_id, _unless_nothing_to_do(call, error))
            else:
                yield MemberResult(account_id)

    def walk(self, call: Call[Page[T]]) -> "AsyncPages[T]":
        """Walk over the items of all pages of a list."""
        return AsyncPages(self, call)

    async def stream(self, call: Call[Any]) -> AsyncIterator[bytes]:
        """Get the body of an answer, piece by piece; a broken one ends in ConnectionFailed, never early."""
        request = await self._carry_out(prepare(self.session, call))
        try:
            async with self.http.stream(**_arguments(request)) as response:
                if not response.is_success:
                    await response.aread()
                    raise problem(_answer(response))
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.RequestError as error:
            raise _failure(error) from error
        except (UnicodeError, httpx.InvalidURL) as error:
            raise _unreachable(error) from error

    async def _carry_out(self, conversation: Conversation[T]) -> T:
        outcome: Outcome | None = None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            outcome = await (self._sleep(step.seconds) if isinstance(step, Pause) else self._exchange(step))

    async def _exchange(self, request: Request) -> Outcome:
        try:
            return _answer(await self.http.request(**_arguments(request)))
        except httpx.RequestError as error:
            return _failure(error)
        except (UnicodeError, httpx.InvalidURL) as error:
            raise _unreachable(error) from error


def _unless_nothing_to_do(call: Call[None], error: ErrorAnswer) -> ErrorAnswer | None:
    if isinstance(error, Unauthorized):
        raise error
    return None if error.code == call.nothing_to_do else error


def _arguments(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "content": request.content,
    }


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.headers, response.content)


def _failure(error: httpx.RequestError) -> ConnectionFailed:
    said = str(error) or type(error).__name__
    place = error.request.url
    where = f"{place.scheme}://{place.netloc.decode()}"
    return ConnectionFailed(f"{where}: {said}", maybe_done=not isinstance(error, _NEVER_SENT))


def _unreachable(error: Exception) -> InvalidArgument:
    """Say what a proxy's name in the environment, which is looked up late, may be wrong with."""
    return InvalidArgument(f"the name of a host or proxy cannot be looked up: {error}")


class Pages(Generic[T]):
    """The items of a list, one page fetched at a time; can be walked once."""

    def __init__(self, sender: Sender, first: Call[Page[T]]) -> None:
        self._sender = sender
        self._walk = Walk(first)

    @property
    def cursor(self) -> str | None:
        """The last cursor that was given: where a stream of events goes on later."""
        return self._walk.cursor

    def pages(self) -> Iterator[Page[T]]:
        """Give the pages as they come."""
        while self._walk.upcoming is not None:
            yield self._walk.take(self._sender.send(self._walk.upcoming))

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data


class AsyncPages(Generic[T]):
    """The items of a list, one page fetched at a time; can be walked once."""

    def __init__(self, sender: AsyncSender, first: Call[Page[T]]) -> None:
        self._sender = sender
        self._walk = Walk(first)

    @property
    def cursor(self) -> str | None:
        """The last cursor that was given: where a stream of events goes on later."""
        return self._walk.cursor

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Give the pages as they come."""
        while self._walk.upcoming is not None:
            yield self._walk.take(await self._sender.send(self._walk.upcoming))

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.data:
                yield item
