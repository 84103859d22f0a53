"""From decoded values to the structs of a seed file, with what is right for each field that is wrong."""

import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from guildhall.model.seeds import Place
from guildhall.seeds.places import Problems, join

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_KIND = re.compile(r"Expected `[^`]*`, got `(\w+)`")
_SAID = (
    (re.compile(r"Invalid enum value (.*)"), "{0} is unknown."),
    (re.compile(r"Expected `str` of length >="), "is empty."),
    (re.compile(r"Expected `str` of length <="), "is too long."),
    (re.compile(r"Expected `int` [<>]="), "is out of range."),
    (re.compile(r"Expected `str` matching"), "has the wrong form."),
)
_MOST_CHARACTERS = 100
"""Of a name for which a similar one is looked for: comparing takes the square of the length."""

_WORDS = {
    "str": "a text",
    "int": "a number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}


def convert(value: Any, kind: Any, place: Place, problems: Problems) -> Any:
    """Return the value as `kind`, or None with all that is wrong noted in `problems`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        for field, text in _mistakes(value, kind, ""):
            problems.add(place, field, text)
        return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Say that a field is unknown and which one was probably meant."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.5) if len(name) <= _MOST_CHARACTERS else ()
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}."
    return f"unknown field; {hint}"


def _mistakes(value: Any, kind: Any, path: str) -> Iterator[tuple[str, str]]:
    """Give what is wrong with a value, field by field: msgspec stops at the first."""
    struct, item = _struct_of(kind), _item_of(kind)
    if struct is not None and isinstance(value, dict):
        yield from _of_fields(value, struct, path)
    elif item is not None and isinstance(value, list):
        for number, part in enumerate(value):
            yield from _mistakes(part, item, f"{path}[{number}]")
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            found = _PLACE.search(str(error))
            text = _said(_PLACE.sub("", str(error)))
            yield path + (found[1] if found else ""), f"{text} {_right(kind)}".rstrip()


def _of_fields(value: dict[str, Any], struct: type[msgspec.Struct], path: str) -> Iterator[tuple[str, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, below in value.items():
        inner = join(path, name)
        if name in fields:
            yield from _mistakes(below, fields[name].type, inner)
        else:
            yield inner, nearest(name, fields)
    for name, field in fields.items():
        if field.required and name not in value:
            yield join(path, name), f"is required. {_right(field.type)}".rstrip()


def _said(text: str) -> str:
    if found := _KIND.match(text):
        return f"is {_WORDS.get(found[1], found[1])}."
    for pattern, form in _SAID:
        if found := pattern.match(text):
            return form.format(*found.groups())
    return f"{text}."


def _right(kind: Any) -> str:
    described = _description(kind)
    return f"Right is: {described}" if described else ""


def _description(kind: Any) -> str:
    if typing.get_origin(kind) is Annotated:
        inner, *notes = typing.get_args(kind)
        texts = (note.description for note in notes if isinstance(note, Meta) and note.description)
        return next(texts, "") or _description(inner)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return next((text for part in typing.get_args(kind) if (text := _description(part))), "")
    return ""


def _parts(kind: Any) -> Iterator[Any]:
    """Give the bare types that a value of `kind` can have."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        yield from _parts(typing.get_args(kind)[0])
    elif origin in (types.UnionType, typing.Union):
        for part in typing.get_args(kind):
            yield from _parts(part)
    else:
        yield kind


@cache
def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    return next((p for p in _parts(kind) if isinstance(p, type) and issubclass(p, msgspec.Struct)), None)


@cache
def _item_of(kind: Any) -> Any:
    """Return what the items of a list are; None for what is no list."""
    return next((typing.get_args(p)[0] for p in _parts(kind) if typing.get_origin(p) is tuple), None)
