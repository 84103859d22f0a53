"""The schemas of all types that routes name, under names that read well (JSON Schema 2020-12)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from guildhall.http.errors import ErrorEnvelope
from guildhall.http.field_texts import FIELD_TEXTS
from guildhall.http.routing import Route

REFERENCE = "#/components/schemas/"
"""What stands before the name of a schema where it is referred to."""


_REQUIRED = "x-required"

RESOURCE_REQUIRED = msgspec.Meta(
    description="An ARI such as ari:cloud:jira::site/1.", extra_json_schema={_REQUIRED: True}
)
"""For a resource that has an error of its own when it is missing or empty (contract 1.6).

Its type has a default, so that a body without it can be read.
"""


class Schemas:
    """The schemas of all types that the routes name, under names that read well."""

    def __init__(self, routes: Iterable[Route]) -> None:
        kinds = [
            kind for route in routes for kind in (route.query, route.body, route.answer) if kind is not None
        ]
        kinds += [kind for route in routes for _, kind in route.other_answers if kind is not None]
        kinds = [*dict.fromkeys(kinds), ErrorEnvelope]
        references, found = msgspec.json.schema_components(kinds, ref_template=REFERENCE + "{name}")
        names = _public_names(found)
        self._found = {names[name]: _required(_renamed(schema, names)) for name, schema in found.items()}
        self._references = dict(
            zip(kinds, [_renamed(reference, names) for reference in references], strict=True)
        )
        self._queries = {route.query for route in routes}
        for kind in {route.body for route in routes if route.body is not None}:
            if "cursor" in kind.__struct_fields__:
                _describe_search(self.resolve(self.of(kind)))

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type: usually a reference."""
        return dict(self._references[kind])

    def resolve(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a reference stands for; what is no reference stands for itself."""
        if "$ref" not in schema:
            return dict(schema)
        found: dict[str, Any] = self._found[schema["$ref"].removeprefix(REFERENCE)]
        return found

    def components(self) -> dict[str, Any]:
        """Return the schemas that others refer to; queries are shown as parameters instead."""
        hidden = {
            reference["$ref"].removeprefix(REFERENCE)
            for kind, reference in self._references.items()
            if kind in self._queries
        }
        return {name: schema for name, schema in sorted(self._found.items()) if name not in hidden}


def _required(schema: dict[str, Any]) -> dict[str, Any]:
    """Say which fields are required though their types have a default."""
    for name, part in schema.get("properties", {}).items():
        if part.pop(_REQUIRED, False):
            part.pop("default", None)
            schema["required"] = [*schema.get("required", ()), name]
    return schema


def _describe_search(shape: dict[str, Any]) -> None:
    for name, schema in shape["properties"].items():
        if name in FIELD_TEXTS:
            schema["description"] = " ".join(filter(None, (FIELD_TEXTS[name], description_of(schema))))


def _public_names(names: Iterable[str]) -> dict[str, str]:
    """Return names without the code's own habits: `PageBody_GroupBody_` is a `GroupPage`."""
    given: dict[str, str] = {}
    for name in sorted(names):
        wire = re.match(r"guildhall\.api\.(\w+)\.", name)
        plain = re.sub(r"[\w.]+\.", "", name)
        outer, _, inner = plain.replace("[", "_").partition("_")
        short = "".join(part.replace("Body", "") for part in (inner.strip("_]"), outer))
        candidates = (short, f"{wire[1].capitalize() if wire else ''}{short}", re.sub(r"\W", "_", name))
        free = candidates[1:] if wire else candidates
        given[name] = next(text for text in free if text not in given.values())
    return given


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: REFERENCE + names[part.removeprefix(REFERENCE)] if key == "$ref" else _renamed(part, names)
            for key, part in value.items()
        }
    return [_renamed(part, names) for part in value] if isinstance(value, list) else value


def description_of(schema: Mapping[str, Any]) -> str:
    """Return the description of a schema, or of what it is made of."""
    parts = [schema, schema.get("items", {}), *schema.get("anyOf", ())]
    parts += [part.get("items", {}) for part in parts[2:]]
    return next((str(part["description"]) for part in parts if "description" in part), "")
