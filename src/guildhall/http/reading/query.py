"""Query strings in every encoding that real clients send (contract 1.5)."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import inspect

from guildhall.http.reading.validation import MOST_PROBLEMS, convert_fields, unknown_fields, unknown_name
from guildhall.model.errors import InvalidInput

Pairs = Sequence[tuple[str, str]]

MOST_PARAMETERS = 1_000

WHOLE = {"split_at_commas": False}
"""`Meta(extra=WHOLE)`: values of this array are never split at commas."""

_BRACKETED = re.compile(r"(?P<field>\w+)(?:\[(?P<index>\d*)\])?(?:\[(?P<bracketed>\w+)\]|\.(?P<dotted>\w+))")
_INDEXED = re.compile(r"\[[0-9]{0,9}\]")
_UNREADABLE_OBJECT = "[object Object]"
_BOOLEANS = {"true": True, "false": False}
_WHAT = "query parameter"
_ONE_OBJECT = "must be a JSON object, or an array of one."


class _Member(NamedTuple):
    """One member of an object that was sent member by member, and of which object of an array."""

    name: str
    position: str | None = None
    value: str = ""


def parse_pairs(query: bytes) -> Pairs:
    """Return the names and values of a query string; raises InvalidInput for what is not text."""
    parts = [part for part in query.split(b"&") if part]
    if len(parts) > MOST_PARAMETERS:
        raise InvalidInput(f"query: at most {MOST_PARAMETERS} parameters can be sent, not {len(parts)}.")
    return [_pair(part) for part in parts]


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.replace(b"+", b" ").partition(b"=")
    try:
        pair = unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise InvalidInput("query: names and values must be UTF-8, percent-encoded.") from None
    if "\0" in pair[0] or "\0" in pair[1]:
        raise InvalidInput("query: names and values must not contain NUL.")
    return pair


class QueryReader:
    """Reads the parameters that one struct declares out of a query string."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._kind = kind
        described = inspect.type_info(kind)
        fields = described.fields  # type: ignore[attr-defined]
        self._readers = {field.encode_name: _reader(field.encode_name, field.type) for field in fields}
        self._objects = {
            field.encode_name for field in fields if isinstance(_bare(field.type), inspect.StructType)
        }
        self._arrays = {
            field.encode_name
            for field in fields
            if isinstance(_bare(field.type), (inspect.VarTupleType, inspect.ListType))
        }
        # Documented as an array of objects, of which there is one at most (contract 1.5).
        self._orders = {field.encode_name for field in fields if _is_order(_bare(field.type))}
        # The members of other objects may stand alone, as `includeUsers` does.
        self._flattened = {
            member.encode_name: field.encode_name
            for field in fields
            if isinstance(shape := _bare(field.type), inspect.StructType) and not _is_order(shape)
            for member in shape.fields
        }
        self._known = {*self._readers, *self._flattened}

    def read(self, pairs: Pairs, *, strict: bool) -> Any:
        """Return the struct; raises InvalidInput that names each field and what is right."""
        given, unknown = self._sort(self._cursor_alone(pairs))
        names = unknown[:MOST_PROBLEMS] if strict else ()
        problems = {name: unknown_name(_WHAT, name, self._known) for name in names}
        values: dict[str, Any] = {}
        for name, parts in given.items():
            try:
                values[name] = self._readers[name](parts)
            except InvalidInput as error:
                problems[name] = str(error)
        if strict:
            problems |= unknown_fields(values, self._kind, _WHAT)
        return convert_fields(values, self._kind, problems)

    def _sort(self, pairs: Pairs) -> tuple[dict[str, list[Any]], list[str]]:
        """Return what was sent for each field, and the names that are none of them."""
        given: dict[str, list[Any]] = {}
        unknown = []
        for name, value in pairs:
            field, member = self._place(name)
            if field is None:
                unknown.append(name)
            elif value and not (value == _UNREADABLE_OBJECT and field in self._objects):
                given.setdefault(field, []).append(member._replace(value=value) if member else value)
        return given, unknown

    def _cursor_alone(self, pairs: Pairs) -> Pairs:
        """A cursor carries the whole query, so that everything beside it is ignored (contract 1.4)."""
        cursors = (
            [pair for pair in pairs if pair[0] == "cursor" and pair[1]] if "cursor" in self._readers else []
        )
        return cursors or pairs

    def _place(self, name: str) -> tuple[str | None, _Member | None]:
        """Return the field that a parameter belongs to and, for parts of an object, the member."""
        if name in self._readers:
            return name, None
        array, bracket, index = name.partition("[")
        if bracket and array in self._arrays:
            return _require_index(array, bracket + index), None
        if bracket and array in self._orders and _INDEXED.fullmatch(bracket + index):
            return array, None
        bracketed = _BRACKETED.fullmatch(name)
        if bracketed:
            member = _Member(bracketed["bracketed"] or bracketed["dotted"], bracketed["index"])
            return (bracketed["field"], member) if bracketed["field"] in self._objects else (None, None)
        if bracket and array in self._orders:
            raise InvalidInput(f"{name[:100]}: write {array}, {array}[0] or {array}[0][field].")
        field = self._flattened.get(name)
        return field, None if field is None else _Member(name)


def _require_index(array: str, brackets: str) -> str:
    """Return the array; raises InvalidInput for brackets that hold no index (contract 1.5)."""
    if not _INDEXED.fullmatch(brackets):
        raise InvalidInput(f"{array}{brackets[:100]}: write {array}, {array}[] or {array}[0].")
    return array


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        others = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        return _bare(others[0])
    return kind


def _extra(kind: inspect.Type) -> dict[str, Any]:
    if isinstance(kind, inspect.Metadata):
        return kind.extra or {}
    if isinstance(kind, inspect.UnionType):
        return next((extra for part in kind.types if (extra := _extra(part))), {})
    return {}


def _reader(name: str, kind: inspect.Type) -> Callable[[list[Any]], Any]:
    """Return the function that turns the texts of one parameter into what its type is made of."""
    bare = _bare(kind)
    if isinstance(bare, (inspect.VarTupleType, inspect.ListType)):
        return _whole if _extra(kind) == WHOLE else _split
    if isinstance(bare, inspect.BoolType):
        return _boolean
    if isinstance(bare, inspect.IntType):
        return _number
    if isinstance(bare, inspect.StructType):
        return lambda values: _object(name, values, is_order=_is_order(bare))
    return _last


def _is_order(bare: inspect.Type) -> bool:
    return isinstance(bare, inspect.StructType) and any(part.encode_name == "field" for part in bare.fields)


def _last(values: list[Any]) -> Any:
    return values[-1]


def _whole(values: list[Any]) -> list[Any]:
    return values


def _split(values: list[Any]) -> list[str]:
    return [part for value in values for part in str(value).split(",") if part]


def _boolean(values: list[Any]) -> Any:
    return _BOOLEANS.get(values[-1].lower(), values[-1])


def _number(values: list[Any]) -> Any:
    text = values[-1]
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def _object(name: str, values: list[Any], *, is_order: bool) -> Any:
    """Read an object sent as JSON, as an array of one, member by member; an order as `name` or `-name`."""
    members: dict[str, Any] = {}
    positions = {value.position for value in values if isinstance(value, _Member)} - {None}
    orders = sum(is_order and not isinstance(value, _Member) for value in values)
    if len(positions) > 1 or orders > 1:
        raise InvalidInput(f"{name}: {_ONE_OBJECT}")
    for value in values:
        if isinstance(value, _Member):
            members[value.name] = _boolean([value.value])
        elif value.lstrip().startswith(("{", "[")) or not is_order:
            members |= _json_object(name, value)
        else:
            direction = "desc" if value.startswith("-") else "asc"
            members |= {"field": value.removeprefix("-"), "direction": direction}
    return members


def _json_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidInput(f"{name}: is not a well-formed JSON object.") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise InvalidInput(f"{name}: {_ONE_OBJECT}")
    given = ((key, part) for key, part in value.items() if part is not None)
    return {key: _boolean([part]) if isinstance(part, str) else part for key, part in given}
