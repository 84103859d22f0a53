"""Request bodies: JSON in, a struct out (contract 1.5, 8)."""

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from guildhall.http.reading.shapes import Part, fields_of, is_never_absent, parts_of, struct_of, takes_array
from guildhall.http.reading.validation import convert_fields, unknown_fields
from guildhall.http.response import JSON
from guildhall.model.errors import InvalidInput, UnsupportedMediaType

MOST_BYTES = 1 << 20
"""A body may have so many bytes; one more is 413."""

_NO_JSON = "The body must be a JSON object."
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NO_BODY = "A JSON body is required."


def require_media_type(content_type: str | None, accepted: Sequence[str] = (JSON,)) -> str:
    """Return what a body is said to be, JSON when nothing is; raises UnsupportedMediaType."""
    media_type = (content_type or JSON).partition(";")[0].strip().lower()
    if media_type not in accepted and not (media_type.endswith("+json") and JSON in accepted):
        raise UnsupportedMediaType(f"Content-Type must be {' or '.join(accepted)}, not {media_type[:100]}.")
    return media_type


def require_no_coding(content_encodings: Iterable[str]) -> None:
    """Raise UnsupportedMediaType for a compressed body: it is never unpacked (contract 8)."""
    for coding in ",".join(content_encodings).split(","):
        if coding.strip().lower() not in ("", "identity"):
            raise UnsupportedMediaType(
                f"Content-Encoding {coding.strip()[:100]} is not supported: send the body as it is."
            )


def decode_body(raw: bytes, kind: type[msgspec.Struct], *, required: bool, strict: bool) -> Any:
    """Return the body as `kind`; raises InvalidInput that names each field and what is right."""
    if not raw.strip():
        if required:
            raise InvalidInput(_NO_BODY)
        raw = b"{}"
    if not strict and b"\\u" not in raw:
        try:
            return _decoder(kind).decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            pass  # Read again, slowly, to say what is wrong or to find that it may be left out.
    values = _cursor_alone(_decode_object(raw), kind)
    unknown = unknown_fields(values, kind, "field") if strict else {}
    return convert_fields(_without_absent(values, kind), kind, unknown)


@lru_cache(512)
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _decode_object(raw: bytes) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(raw)
        require_text(values)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _require_no_surrogate(raw)
        reason = "" if isinstance(error, RecursionError) else f": {error}"
        raise InvalidInput(f"The body is not well-formed JSON{reason}.") from None
    if not isinstance(values, dict):
        raise InvalidInput(_NO_JSON)
    return values


def require_text(value: Any) -> None:
    """Raise InvalidInput when any text within holds a NUL or a lone surrogate, which none can keep."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if _NO_TEXT.search(part):
                raise InvalidInput(
                    "The body holds a text with a NUL or a lone surrogate; neither can be kept."
                )
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part


def _require_no_surrogate(raw: bytes) -> None:
    """Raise InvalidInput when nothing but a lone surrogate keeps a body from being read."""
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError):
        return
    require_text(values)


def _cursor_alone(values: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """A cursor carries the whole query, so that everything beside it is ignored (contract 1.4)."""
    cursor = values.get("cursor") if "cursor" in fields_of(kind) else None
    return {"cursor": cursor} if cursor else values


def _without_absent(values: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Take out optional fields that are null or empty, however deep: they count as absent (contract 8)."""
    waiting = [Part("", values, kind)]
    while waiting:
        part = waiting.pop()
        struct = struct_of(part.value, part.kind)
        for name, field in fields_of(struct).items() if struct else ():
            if name in part.value and _is_absent(field, part.value[name]):
                del part.value[name]
        waiting += [inner for inner in parts_of(part) if isinstance(inner.value, (dict, list))]
    return values


def _is_absent(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    if field.required or value not in (None, "") or is_never_absent(field.type):
        return False
    if value == "" and takes_array(field.type):
        return False
    try:
        msgspec.convert(value, field.type)
    except msgspec.ValidationError:
        return True
    return False
