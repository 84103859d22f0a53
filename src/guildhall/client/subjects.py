"""How an operation is declared once and asked in two ways.

A subject's method describes a `Call`; `@operation` makes it send the call. On a subject of the
synchronous client the method returns the answer, on one of the asynchronous client an awaitable of
it, and type checkers know which.
"""

import collections.abc
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import (
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from guildhall.client.calls import Call
from guildhall.client.paging import Page
from guildhall.client.senders import AsyncPages, AsyncSender, MemberResult, Pages, Sender

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

    def __init__(self, describe: Callable[Concatenate[Any, P], Any]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @staticmethod
    def gives(answer: Any) -> Any:
        """Return the type of what comes back from the synchronous client, by that of the call's answer."""
        return answer

    @functools.cached_property
    def _signature(self) -> inspect.Signature:
        return _readable(inspect.signature(self._describe), self.gives)

    @functools.cached_property
    def _signature_awaited(self) -> inspect.Signature:
        given = self._signature.return_annotation
        return self._signature.replace(return_annotation=_awaited(given))

    def _bind(self, subject: Any) -> Any:
        if subject is None:
            return self
        act = getattr(subject.sender, self.verb)

        @functools.wraps(self._describe)
        def ask(*arguments: Any, **options: Any) -> Any:
            return act(self._describe(subject, *arguments, **options))

        awaited = isinstance(subject.sender, AsyncSender)
        ask.__signature__ = self._signature_awaited if awaited else self._signature  # type: ignore[attr-defined]
        return ask


def _awaited(given: Any) -> Any:
    """Return what the asynchronous client gives in the place of something."""
    in_turn: dict[Any, Any] = {Pages: AsyncPages, collections.abc.Iterator: AsyncIterator}
    kind = in_turn.get(get_origin(given))
    return Awaitable[given] if kind is None else kind[get_args(given)]


def _readable(signature: inspect.Signature, gives: Any) -> inspect.Signature:
    """Return the signature that help() shows: each option by name, and what comes back in place of a Call."""
    _subject, *parameters = signature.parameters.values()
    shown = [one for parameter in parameters for one in _each_option(parameter)]
    *_, answer = get_args(signature.return_annotation) or (bytes,)
    return inspect.Signature(shown, return_annotation=gives(answer))


def _each_option(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return the options that `**query` stands for; `...` says that one may be left out."""
    if get_origin(parameter.annotation) is not Unpack:
        return [parameter]
    (options,) = get_args(parameter.annotation)
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=kind)
        for name, kind in get_type_hints(options).items()
    ]


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

    @staticmethod
    def gives(answer: Any) -> Any:
        """Return the pages of what a page holds."""
        return Pages[get_args(answer)[0]]  # type: ignore[misc]

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

    @staticmethod
    def gives(_answer: Any) -> Any:
        """Return the pieces of a body."""
        return Iterator[bytes]

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, AsyncIterator[bytes]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)


class each(_Declared[P], Generic[P]):  # noqa: N801 - a decorator
    """Sends the described calls one after the other and gives what came of each, by what it was for."""

    verb = "send_each"

    @staticmethod
    def gives(_answer: Any) -> Any:
        """Return the results of all calls."""
        return Iterator[MemberResult]

    def __init__(self, describe: Callable[Concatenate[Any, P], Mapping[str, Call[None]]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Iterator[MemberResult]]: ...
    @overload
    def __get__(
        self, subject: Subject[AsyncSender], owner: object
    ) -> Callable[P, AsyncIterator[MemberResult]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)
