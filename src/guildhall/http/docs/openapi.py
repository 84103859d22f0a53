"""The OpenAPI 3.1 description of every operation, from the declarations of the routes and their types."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import count
from typing import Any

from guildhall import __version__
from guildhall.http.docs.examples import example_of, path_value
from guildhall.http.docs.schemas import Schemas, description_of
from guildhall.http.errors import ErrorEnvelope
from guildhall.http.field_texts import FIELD_TEXTS
from guildhall.http.operation_errors import errors_of
from guildhall.http.routing import Route, parameter_names
from guildhall.model.errors import RateLimited, Unauthenticated, Unavailable
from guildhall.model.permissions import GRANTABLE, Permission

Document = dict[str, Any]

_UUID = {"type": "string", "format": "uuid"}

_PATH_PARAMETERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "orgId": ("The organization's id.", _UUID),
    "directoryId": ("The directory's id.", _UUID),
    "groupId": ("The group's id.", _UUID),
    "accountId": ("The user's account id.", {"type": "string", "pattern": r"^[A-Za-z0-9_|:\-]{1,128}$"}),
    "userId": ("The user's account id.", {"type": "string", "pattern": r"^[A-Za-z0-9_|:\-]{1,128}$"}),
    "resourceId": (
        "The resource's ARI, percent-encoded.",
        {"type": "string", "pattern": r"^ari:cloud:[a-z0-9\-]{1,64}::(site|org)/[A-Za-z0-9_\-]{1,128}$"},
    ),
    "eventId": ("The event's id.", _UUID),
    "keyId": ("The API key's id.", {"type": "string"}),
}
_ANY_DIRECTORY = {"type": "string", "pattern": r"^(-|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"}

TAGS = {
    "v2": (
        "Organizations API, version 2",
        "The vendor's current API: groups, users, directories, workspaces.",
    ),
    "v1": (
        "Organizations API, version 1",
        "What the vendor's version 2 lacks or replaces; scripts still call it.",
    ),
    "guildhall": (
        "Furnishing an organization",
        "Guildhall's own: directories, users, resources, keys and seeds.",
    ),
    "operations": ("Operations", "For whoever runs the server. No key is needed."),
}
"""The groups of operations: their names, and what they are about."""

_DESCRIPTION = """\
An organization directory that you run yourself and that speaks Atlassian's Organizations REST API.
Every operation below `/admin` answers under `/gateway/api/admin` too.

**Keys.** Send an API key as `Authorization: Bearer <key>`. A key belongs to one organization; one without
scopes may do everything.

**Pages.** A list has `data` and `links`. Send `links.next` or `links.prev` as `cursor` to walk it: the cursor
carries the whole query, and every other parameter beside it is ignored. `next` is null on the last page.

**Parameters.** Arrays repeat their parameter, or separate values by commas; objects are JSON. What is unknown
is ignored, unless `Prefer: handling=strict` is sent: then it is 400 and names the nearest known one. Below
`/guildhall/v1` it always is.

**Replicas.** Where a server reads from replicas, answers carry `Guildhall-Position`. Send the last one in a
header of that name, and no answer shows less than you have seen, your own changes included; of several the
greatest as a text is the last. Without it an answer may be some seconds old.

**Errors.** All have one form: `{"errors": [{"id", "code", "status", "title", "detail", "message"}]}`. The
`id` is also the header `X-Request-Id` of the answer, and stands in the server's log.
"""


def group_of(route: Route) -> str:
    """Return the key in TAGS of the group that an operation is documented in."""
    first = (route.mount + route.path).removeprefix("/admin").split("/")[1]
    return first if first in TAGS else "operations"


def subject_of(route: Route) -> str:
    """Return what the operation is about: the name of the module that declares its handler."""
    return str(getattr(route.handler, "__module__", "")).rpartition(".")[2].replace("_", " ")


def build_document(routes: Sequence[Route]) -> Document:
    """Return the description of these operations as JSON values."""
    schemas = Schemas(routes)
    refusals: Document = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        item = paths.setdefault(route.mount + route.path, {})
        operation = item[route.method.lower()] = _operation(route, schemas)
        for status, response in _error_responses(route, schemas).items():
            operation["responses"][status] = _shared(refusals, f"{route.wire.name}-{status}", response)
        if not route.mount:
            item["servers"] = [{"url": "/"}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guildhall",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "/"},
            {
                "url": "/gateway/api",
                "description": "As the vendor's own pages call them.",
            },
        ],
        "tags": [{"name": name, "description": description} for name, description in TAGS.values()],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "responses": refusals,
            "securitySchemes": {"apiKey": _security_scheme()},
            "headers": _HEADERS,
        },
    }


def _security_scheme() -> Document:
    scopes = ", ".join(f"`{scope}`" for scope in GRANTABLE)
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "ghk_…",
        "description": f"An API key without scopes may do everything; the scopes of others are {scopes}.",
    }


def _operation(route: Route, schemas: Schemas) -> Document:
    operation: Document = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": _description(route),
        "tags": [TAGS[group_of(route)][0]],
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": _responses(route, schemas),
        "security": _security(route),
        "x-subject": subject_of(route),
        "x-contract": route.contract,
        "x-example": _example(route),
    }
    if route.body is not None:
        operation["requestBody"] = _request_body(route, schemas)
    if route.deprecation is not None:
        operation["deprecated"] = True
    return operation


def _example(route: Route) -> Document:
    """Return what the readable pages make the address of a call of."""
    path = {name: path_value(route.example, name) for name in parameter_names(route.path)}
    return {"path": path, "query": dict(route.example.query)}


def _description(route: Route) -> str:
    parts = [_key_needed(route)]
    if route.deprecation is not None:
        parts.append(f"Deprecated: ends on {route.deprecation.sunset}.")
    if route.stray:
        parts.append(f"Answers also with a stray `{route.stray}` behind the path, as it was once printed.")
    return " ".join(parts)


def _key_needed(route: Route) -> str:
    if route.permission is None:
        return "Needs no API key."
    if route.permission is Permission.FULL_ACCESS:
        return "Needs an API key without scopes."
    return f"Needs an API key with the scope `{route.permission}`, or one without scopes."


def _security(route: Route) -> list[Document]:
    if route.permission is None:
        return []
    scopes = [] if route.permission is Permission.FULL_ACCESS else [str(route.permission)]
    return [{"apiKey": scopes}]


def _path_parameters(route: Route) -> list[Document]:
    return [_path_parameter(name, route) for name in parameter_names(route.path)]


def _path_parameter(name: str, route: Route) -> Document:
    description, schema = _PATH_PARAMETERS[name]
    if name == "directoryId" and not route.writes and group_of(route) == "v2":
        description, schema = "The directory's id, or `-`: all directories.", _ANY_DIRECTORY
    return {"name": name, "in": "path", "required": True, "description": description, "schema": dict(schema)}


def _query_parameters(route: Route, schemas: Schemas) -> list[Document]:
    if route.query is None:
        return []
    shape = schemas.resolve(schemas.of(route.query))
    required = shape.get("required", [])
    return [
        _query_parameter(name, schema, schemas, required=name in required)
        for name, schema in shape["properties"].items()
    ]


def _query_parameter(name: str, schema: Mapping[str, Any], schemas: Schemas, *, required: bool) -> Document:
    """Arrays repeat their parameter, objects are JSON texts (contract 1.5)."""
    schema = _without_null(schema)
    parameter: Document = {"name": name, "in": "query", "required": required}
    resolved = schemas.resolve(schema)
    form = description_of(schema) or resolved.get("description", "")
    parameter["description"] = " ".join(filter(None, (FIELD_TEXTS.get(name), form)))
    if resolved.get("type") == "object":
        return parameter | {"content": {"application/json": {"schema": schema}}}
    if resolved.get("type") == "array":
        parameter |= {"style": "form", "explode": True}
    return parameter | {"schema": schema}


def _without_null(schema: Mapping[str, Any]) -> Document:
    """Parameters are absent, never null."""
    kinds = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    shown = {key: value for key, value in schema.items() if (key, value) != ("default", None)}
    if len(kinds) == 1:
        shown = {key: value for key, value in shown.items() if key != "anyOf"} | kinds[0]
    return shown


def _request_body(route: Route, schemas: Schemas) -> Document:
    schema = schemas.of(route.body)
    example = route.example.body
    content = {"schema": schema, "example": example or example_of(schema, schemas.resolve)}
    return {"required": route.body_required, "content": dict.fromkeys(route.media_types, content)}


def _responses(route: Route, schemas: Schemas) -> Document:
    answers = {str(route.status): _success(route, route.status, route.answer, schemas)}
    for status, kind in route.other_answers:
        answers[str(status)] = _success(route, status, kind, schemas)
    return answers


def _success(route: Route, status: int, kind: Any, schemas: Schemas) -> Document:
    names = ["X-Request-Id", *_limit_headers(route), *_deprecation_headers(route), *_position_header(route)]
    if status == HTTPStatus.CREATED:
        names.append("Location")
    description = HTTPStatus(status).phrase
    if status == HTTPStatus.CREATED and kind is None:
        description += "; with `Prefer: return=representation` the new thing is the body"
    response: Document = {"description": description, "headers": _headers(names)}
    if kind is not None:
        response["content"] = {route.answer_media_type: {"schema": schemas.of(kind)}}
    return response


def _error_responses(route: Route, schemas: Schemas) -> Document:
    """One answer for each status, that lists the codes which it can carry."""
    found: dict[int, list[str]] = {}
    headers: dict[int, list[str]] = {}
    for kind in errors_of(route):
        form = route.wire.errors[kind]
        found.setdefault(form.status, []).append(f"`{form.code}` {form.title}")
        headers.setdefault(form.status, []).extend(_ERROR_HEADERS.get(kind, ()))
    fault = route.wire.fault
    found[fault.status] = [f"`{fault.code}` {fault.title}"]
    envelope = {"application/json": {"schema": schemas.of(ErrorEnvelope)}}
    return {
        str(status): {
            "description": "; ".join(dict.fromkeys(forms)),
            "headers": _headers(["X-Request-Id", *_deprecation_headers(route), *headers.get(status, [])]),
            "content": envelope,
        }
        for status, forms in sorted(found.items())
    }


def _shared(components: Document, name: str, response: Document) -> Document:
    """Refer to a response that many operations give, so that it is written once."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    chosen = next(text for text in names if components.setdefault(text, response) == response)
    return {"$ref": f"#/components/responses/{chosen}"}


def _limit_headers(route: Route) -> Sequence[str]:
    return () if route.permission is None else _LIMIT_HEADERS


def _position_header(route: Route) -> Sequence[str]:
    return () if route.permission is None else ("Guildhall-Position",)


def _deprecation_headers(route: Route) -> Sequence[str]:
    return ("Deprecation", "Sunset") if route.deprecation is not None else ()


def _headers(names: Sequence[str]) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}


_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_ERROR_HEADERS: Mapping[type[Exception], Sequence[str]] = {
    Unauthenticated: ("WWW-Authenticate",),
    RateLimited: ("Retry-After", *_LIMIT_HEADERS),
    Unavailable: ("Retry-After",),
}


def _header(description: str, kind: str = "string", *, required: bool = False) -> Document:
    return {"description": description, "required": required, "schema": {"type": kind}}


_HEADERS = {
    "X-Request-Id": _header("Identifies the request, also in the server's log.", required=True),
    "Location": _header("Where the new thing is found."),
    "Deprecation": _header("Since when the operation is deprecated: `@` and Unix seconds.", required=True),
    "Sunset": _header("When the operation ends, an HTTP date.", required=True),
    "Retry-After": _header("Seconds after which to try again.", "integer", required=True),
    "WWW-Authenticate": _header("`Bearer`.", required=True),
    "Guildhall-Position": _header("What the answer has seen, where replicas are read; send it back."),
    "X-RateLimit-Limit": _header(
        "Requests a minute that the key may make; absent without a limit.", "integer"
    ),
    "X-RateLimit-Remaining": _header("Requests that are left of this minute.", "integer"),
    "X-RateLimit-Reset": _header("When the next minute begins, in UTC and to the minute: 2026-03-26T16:00Z."),
}
