"""From decoded values to a struct, with one message for each field that is wrong (contract 1.5)."""

import re
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

from guildhall.model.errors import InvalidInput

_PLACE = re.compile(r" - at `\$?\.?([^`]*)`$")


def convert_fields(values: dict[str, Any], kind: type[msgspec.Struct]) -> Any:
    """Return a struct of `values`; raises InvalidInput with a detail for each field that is wrong."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(*_problems(values, kind, error)) from None


def _problems(
    values: dict[str, Any], kind: type[msgspec.Struct], first: msgspec.ValidationError
) -> list[str]:
    problems = []
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            problem = _problem(field, values[field.encode_name], describe(kind).get(field.encode_name, ""))
        else:
            problem = f"{field.encode_name}: is required." if field.required else None
        if problem:
            problems.append(problem)
    return problems or [str(first)]


def _problem(field: msgspec.structs.FieldInfo, value: Any, description: str) -> str | None:
    try:
        msgspec.convert(value, field.type)
    except msgspec.ValidationError as error:
        text = str(error)
        place = _PLACE.search(text)
        inner = place[1] if place else ""
        name = field.encode_name + (inner if inner.startswith("[") or not inner else f".{inner}")
        return f"{name}: {_PLACE.sub('', text)}.{f' {description}' if description else ''}"
    return None


@lru_cache(512)
def describe(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return, for each field that has one, the description that its type carries."""
    described = inspect.type_info(kind)
    found = {field.encode_name: _description(field.type) for field in described.fields}  # type: ignore[attr-defined]
    return {name: text for name, text in found.items() if text}


def _description(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        schema = kind.extra_json_schema or {}
        return str(schema.get("description", "")) or _description(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((text for part in kind.types if (text := _description(part))), "")
    if isinstance(kind, (inspect.VarTupleType, inspect.ListType)):
        return _description(kind.item_type)
    return ""
