"""How an operation is declared once and asked in two ways.

A subject's method describes a `Call`; `@operation` makes it send the call. On a subject of the
synchronous client the method returns the answer, on one of the asynchronous client an awaitable of
it, and type checkers know which.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from guildhall.client.calls import Call
from guildhall.client.paging import Page
from guildhall.client.senders import AsyncPages, AsyncSender, Pages, Sender

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", Sender, AsyncSender)


class Subject(Generic[S]):
    """The operations of one subject, bound to a sender."""

    def __init__(self, sender: S) -> None:
        self.sender: S = sender


class _Declared(Generic[P]):
    """A described call that is handed to one of the sender's methods."""

    verb = "send"

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[Any]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    def _bind(self, subject: Any) -> Any:
        if subject is None:
            return self
        act = getattr(subject.sender, self.verb)

        @functools.wraps(self._describe)
        def ask(*arguments: Any, **options: Any) -> Any:
            return act(self._describe(subject, *arguments, **options))

        return ask


class operation(_Declared[P], Generic[P, T]):  # noqa: N801 - a decorator
    """Sends the described call and gives its answer."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)


class walking(_Declared[P], Generic[P, T]):  # noqa: N801 - a decorator
    """Walks the described list over all its pages and gives the items."""

    verb = "walk"

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, AsyncPages[T]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)


class streaming(_Declared[P], Generic[P]):  # noqa: N801 - a decorator
    """Gives the body of the described call's answer piece by piece."""

    verb = "stream"

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, AsyncIterator[bytes]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)
