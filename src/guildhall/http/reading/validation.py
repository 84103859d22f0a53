"""From decoded values to a struct, with one message for each field that is wrong (contract 1.5)."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

import msgspec

from guildhall.http.reading.shapes import (
    Part,
    allowed_values,
    description_of,
    fields_of,
    member_name,
    parts_of,
    struct_of,
)
from guildhall.model.errors import InvalidInput

MOST_PROBLEMS = 20
"""An answer names so many problems at most."""

_DEEPEST = 8
"""So far into a value its problems are told apart; what lies deeper has one for all."""

_MOST_PARTS = 1_000
"""So many items of an array are looked at one by one; a wrong one behind them is found with the whole."""

_PLACE = re.compile(r" - at `\$?\.?([^`]*)`$")
_NOTHING: Mapping[str, str] = MappingProxyType({})


def convert_fields(
    values: dict[str, Any], kind: type[msgspec.Struct], found: Mapping[str, str] = _NOTHING
) -> Any:
    """Return a struct of `values`; raises InvalidInput with a detail for each field that is wrong.

    `found` are the problems that are known already, each by its field's name.
    """
    problems = list(found.values())
    try:
        converted = msgspec.convert(values, kind)
    except msgspec.ValidationError:
        problems += [
            f"{name}: {text}" if name else text
            for name, text in islice(_problems(Part("", values, kind)), MOST_PROBLEMS)
            if name not in found
        ]
    except RecursionError:
        raise InvalidInput("What was sent is nested too deeply.") from None
    if problems:
        raise InvalidInput(*problems[:MOST_PROBLEMS])
    return converted


def unknown_fields(values: dict[str, Any], kind: type[msgspec.Struct], what: str) -> dict[str, str]:
    """Return a problem for each name, however deep, that no struct knows."""
    return dict(islice(_unknown(values, kind, what), MOST_PROBLEMS))


def unknown_name(what: str, name: str, known: Iterable[str], place: str = "") -> str:
    """Say that a name is unknown and which known one is nearest."""
    names = sorted(known)
    near = difflib.get_close_matches(name[:100], names, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names) or 'none'}."
    return f"{member_name(place, name[:100])}: unknown {what}; {hint}"


def _unknown(values: dict[str, Any], kind: type[msgspec.Struct], what: str) -> Iterator[tuple[str, str]]:
    waiting = [Part("", values, kind)]
    while waiting:
        part = waiting.pop()
        struct = struct_of(part.value, part.kind)
        if struct is not None:
            known = fields_of(struct)
            for name in part.value:
                if name not in known:
                    yield member_name(part.name, name), unknown_name(what, name, known, part.name)
        within = [inner for inner in parts_of(part) if isinstance(inner.value, (dict, list))]
        waiting += reversed(within)


def _problems(part: Part, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Return what is wrong with a value: its parts, each by its name, or else the whole."""
    try:
        msgspec.convert(part.value, part.kind)
    except msgspec.ValidationError as error:
        within = list(islice(_problems_within(part, depth), MOST_PROBLEMS))
        yield from within or [_problem(part, str(error))]


def _problems_within(part: Part, depth: int) -> Iterator[tuple[str, str]]:
    if depth == _DEEPEST:
        return
    struct = struct_of(part.value, part.kind)
    for name, field in fields_of(struct).items() if struct else ():
        if field.required and name not in part.value:
            yield member_name(part.name, name), "is required."
    for inner in islice(parts_of(part), _MOST_PARTS):
        yield from _problems(inner, depth + 1)


def _problem(part: Part, text: str) -> tuple[str, str]:
    place = _PLACE.search(text)
    inner = place[1] if place else ""
    name = part.name + inner if inner.startswith("[") or not inner else member_name(part.name, inner)
    reason = _PLACE.sub("", text)
    allowed = allowed_values(part.kind)
    if allowed:
        said = f"{part.value[:100]!r} is unknown" if isinstance(part.value, str) else reason
        return name, f"{said}; allowed: {', '.join(allowed)}."
    if "matching regex" in reason:
        reason = "has the wrong form"
    elif reason.startswith("Invalid enum value"):
        reason = "is an unknown value"
    return name, f"{reason}. {description_of(part.kind)}".rstrip()
