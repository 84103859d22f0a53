"""From decoded values to the structs of a seed file, with what is right for each field that is wrong."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from guildhall.model.seeds import Place
from guildhall.seeds.places import Problems

_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_KIND = re.compile(r"Expected `[^`]*`, got `(\w+)`")
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.?([^.\[]+)")
_SAID = (
    (re.compile(r"Invalid enum value (.*)"), "{0} is unknown."),
    (re.compile(r"Expected `str` of length >="), "is empty."),
    (re.compile(r"Expected `int` [<>]="), "is out of range."),
    (re.compile(r"Expected `str` matching"), "has the wrong form."),
)
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
    """Return the value as `kind`, or None with what is wrong noted in `problems`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        for field, text in _explain(value, kind, str(error)):
            problems.add(place.where(field), text)
        return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Say that a field is unknown and which one was probably meant."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}."
    return f"unknown field; {hint}"


def _explain(value: Any, kind: type[msgspec.Struct], message: str) -> Iterator[tuple[str, str]]:
    place = _PLACE.search(message)
    path = place[1] if place else ""
    text = _PLACE.sub("", message)
    yield from _unknown_fields(value, inspect.type_info(kind), "")
    if _UNKNOWN.match(text):
        return
    if missing := _MISSING.match(text):
        field = f"{path}.{missing[1]}" if path else missing[1]
        yield field, f"is required. {_right(kind, field)}".rstrip()
    else:
        yield path, f"{_said(text)} {_right(kind, path)}".rstrip()


def _said(text: str) -> str:
    if found := _KIND.match(text):
        return f"is {_WORDS.get(found[1], found[1])}."
    for pattern, form in _SAID:
        if found := pattern.match(text):
            return form.format(*found.groups())
    return f"{text}."


def _right(kind: type[msgspec.Struct], path: str) -> str:
    described = _described(inspect.type_info(kind), path)
    return f"Right is: {described}" if described else ""


def _described(kind: inspect.Type, path: str) -> str:
    """Return the description at the end of a path, or the last one on the way there."""
    found = ""
    for index, name in _STEP.findall(path):
        parts = list(_parts(kind))
        kind = next((below for part in parts if (below := _below(part, index, name)) is not None), kind)
        found = _description(kind) or found
    return found


def _below(kind: inspect.Type, index: str, name: str) -> inspect.Type | None:
    if name and isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.encode_name == name), None)
    if index and isinstance(kind, inspect.VarTupleType):
        return kind.item_type
    if index and isinstance(kind, inspect.DictType):
        return kind.value_type
    return None


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Give the bare types that a value of `kind` can have."""
    if isinstance(kind, inspect.Metadata):
        yield from _parts(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _parts(part)
    else:
        yield kind


def _description(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or _description(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((text for part in kind.types if (text := _description(part))), "")
    return ""


def _unknown_fields(value: Any, kind: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    for part in _parts(kind):
        if isinstance(part, inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field.type for field in part.fields}
            for name, below in value.items():
                inner = f"{path}.{name}" if path else name
                if name in fields:
                    yield from _unknown_fields(below, fields[name], inner)
                else:
                    yield inner, nearest(name, fields)
        elif isinstance(part, inspect.VarTupleType) and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _unknown_fields(item, part.item_type, f"{path}[{index}]")
