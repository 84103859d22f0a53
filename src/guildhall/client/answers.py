"""Reading answers: the decoders that calls name, and the exception of an error answer."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec

from guildhall.client.calls import Answer
from guildhall.client.errors import ErrorAnswer, ErrorItem, UnexpectedAnswer, error_for
from guildhall.client.paging import Page

T = TypeVar("T")


class Data(msgspec.Struct, Generic[T], frozen=True):
    """The envelope of a single object."""

    data: T


class _WireError(msgspec.Struct, frozen=True):
    id: Any = ""
    code: Any = ""
    title: Any = ""
    detail: Any = ""
    message: Any = ""

    def to_item(self) -> ErrorItem:
        texts = (self.id, self.code, self.title, self.detail or self.message)
        return ErrorItem(*(str(text) if text else "" for text in texts))


class _WireErrors(msgspec.Struct, frozen=True):
    errors: tuple[_WireError, ...]


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _read(answer: Answer, kind: Any) -> Any:
    try:
        return _decoder(kind).decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sentence = f"the server answered {answer.status} with a body of another shape: {error}"
        raise UnexpectedAnswer(sentence) from error


def nothing(_answer: Answer) -> None:
    """Read nothing, whatever the body."""


def text(answer: Answer) -> str:
    """Read the body as it stands."""
    return answer.content.decode()


def whole(kind: type[T]) -> Callable[[Answer], T]:
    """Read the body as one object."""
    return lambda answer: _read(answer, kind)


def data(kind: type[T]) -> Callable[[Answer], T]:
    """Read the `data` of the body as one object."""
    return lambda answer: _read(answer, Data[kind]).data  # type: ignore[valid-type]


def page(kind: type[T]) -> Callable[[Answer], Page[T]]:
    """Read the body as one page of a list."""
    return lambda answer: _read(answer, Page[kind])  # type: ignore[valid-type]


def problem(answer: Answer) -> ErrorAnswer | UnexpectedAnswer:
    """Make the exception for an answer that is not a success."""
    if answer.status < 400:
        place = answer.headers.get("location", "nowhere")
        sentence = f"the server answered {answer.status} and points to {place}; is the URL right?"
        return UnexpectedAnswer(sentence)
    return error_for(answer.status, _error_items(answer))


def _error_items(answer: Answer) -> tuple[ErrorItem, ...]:
    try:
        items = _decoder(_WireErrors).decode(answer.content).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        items = ()
    return tuple(item.to_item() for item in items) or (_bare_item(answer),)


def _bare_item(answer: Answer) -> ErrorItem:
    """Something to say for an answer of a proxy, which knows nothing of the contract."""
    title = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "Error"
    is_text = "html" not in answer.headers.get("content-type", "")
    said = answer.content[:200].decode(errors="replace").strip() if is_text else ""
    return ErrorItem("", "", title, said or f"{title}, without an explanation that can be read")
