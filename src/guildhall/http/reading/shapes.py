"""What a type of the wire is made of, beside a value that was sent for it."""

import enum
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

_ARRAYS = (tuple, list, Sequence)


class Part(NamedTuple):
    """A value within what was sent: where it stands, and what it should be."""

    name: str
    value: Any
    kind: Any


@lru_cache(512)
def fields_of(struct: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """Return the fields of a struct by their names on the wire."""
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


def struct_of(value: Any, kind: Any) -> type[msgspec.Struct] | None:
    """Return the struct that an object of `kind` is read as, None when there is none."""
    if not isinstance(value, dict):
        return None
    structs = (part for part in _alternatives(kind) if isinstance(part, type))
    return next((part for part in structs if issubclass(part, msgspec.Struct)), None)


def parts_of(part: Part) -> Iterator[Part]:
    """Return the items of an array, or the members of an object that its struct knows."""
    struct = struct_of(part.value, part.kind)
    if struct is not None:
        for name, field in fields_of(struct).items():
            if name in part.value:
                yield Part(member_name(part.name, name), part.value[name], field.type)
    elif isinstance(part.value, list):
        arrays = [kind for kind in _alternatives(part.kind) if get_origin(kind) in _ARRAYS]
        for index, value in enumerate(part.value if arrays else ()):
            yield Part(f"{part.name}[{index}]", value, get_args(arrays[0])[0])


def member_name(place: str, name: str) -> str:
    """Return how a member of the object at `place` is called."""
    return f"{place}.{name}" if place else name


def allowed_values(kind: Any) -> Sequence[str]:
    """Return the values of an enumeration in order, none for another type."""
    allowed: list[Any] = []
    for part in _alternatives(kind):
        if get_origin(part) is Literal:
            allowed += get_args(part)
        elif isinstance(part, type) and issubclass(part, enum.Enum):
            allowed += [member.value for member in part]
    return [str(value) for value in allowed]


def takes_array(kind: Any) -> bool:
    """Return whether an array can be a value of the type."""
    return any(get_origin(part) in _ARRAYS for part in _alternatives(kind))


NEVER_ABSENT = "never absent"
"""Set in a type's `extra`: an empty text or null in an optional field is wrong, where else it is absent."""


def is_never_absent(kind: Any) -> bool:
    """Return whether an empty text or null is wrong in an optional field of the type."""
    if get_origin(kind) is Annotated:
        extras = (meta.extra or {} for meta in kind.__metadata__ if isinstance(meta, msgspec.Meta))
        return any(NEVER_ABSENT in extra for extra in extras)
    return _is_union(kind) and any(map(is_never_absent, get_args(kind)))


def description_of(kind: Any) -> str:
    """Return the description that a type carries, or its first part that has one."""
    if get_origin(kind) is Annotated:
        described = [meta.description for meta in kind.__metadata__ if isinstance(meta, msgspec.Meta)]
        return next(filter(None, described), None) or description_of(kind.__origin__)
    if _is_union(kind) or get_origin(kind) in _ARRAYS:
        return next(filter(None, map(description_of, get_args(kind))), "")
    return ""


def _alternatives(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _alternatives(kind.__origin__)
    if _is_union(kind):
        return [alternative for part in get_args(kind) for alternative in _alternatives(part)]
    return [kind]


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)
