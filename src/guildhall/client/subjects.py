"""How an operation is declared once and asked in two ways.

A subject's method describes a `Call`; `@operation` makes it send the call. On a subject of the
synchronous client the method returns the answer, on one of the asynchronous client an awaitable of
it, and type checkers know which.
"""

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
from guildhall.client.senders import AsyncPages, AsyncSender, Done, Pages, Sender

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
    gives: Any = None
    gives_awaited: Any = None

    def __init__(self, describe: Callable[Concatenate[Any, P], Any]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @functools.cached_property
    def _signature(self) -> inspect.Signature:
        return _readable(inspect.signature(self._describe), self.gives or _itself)

    @functools.cached_property
    def _signature_awaited(self) -> inspect.Signature:
        return _readable(inspect.signature(self._describe), self.gives_awaited or _awaitable)

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


def _itself(answer: Any) -> Any:
    return answer


def _awaitable(answer: Any) -> Any:
    return Awaitable[answer]


def _items_of(page: Any) -> Any:
    return Pages[get_args(page)[0]]  # type: ignore[misc]


def _awaited_items_of(page: Any) -> Any:
    return AsyncPages[get_args(page)[0]]  # type: ignore[misc]


def _what_came_of(_answer: Any) -> Any:
    return Iterator[Done]


def _awaited_what_came_of(_answer: Any) -> Any:
    return AsyncIterator[Done]


def _pieces_of(_answer: Any) -> Any:
    return Iterator[bytes]


def _awaited_pieces_of(_answer: Any) -> Any:
    return AsyncIterator[bytes]


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
    gives = staticmethod(_items_of)
    gives_awaited = staticmethod(_awaited_items_of)

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
    gives = staticmethod(_pieces_of)
    gives_awaited = staticmethod(_awaited_pieces_of)

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, AsyncIterator[bytes]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)


class each(_Declared[P], Generic[P]):  # noqa: N801 - a decorator
    """Sends the described calls one after the other and gives what came of each, by what it was for."""

    verb = "send_each"
    gives = staticmethod(_what_came_of)
    gives_awaited = staticmethod(_awaited_what_came_of)

    def __init__(self, describe: Callable[Concatenate[Any, P], Mapping[str, Call[None]]]) -> None:
        super().__init__(describe)

    @overload
    def __get__(self, subject: Subject[Sender], owner: object) -> Callable[P, Iterator[Done]]: ...
    @overload
    def __get__(self, subject: Subject[AsyncSender], owner: object) -> Callable[P, AsyncIterator[Done]]: ...
    def __get__(self, subject: Any, owner: object) -> Any:
        return self._bind(subject)
