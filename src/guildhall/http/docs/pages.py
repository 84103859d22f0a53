"""Readable pages of the API, made of the OpenAPI document; they need nothing from the internet."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from guildhall.http.docs.examples import EVENT
from guildhall.http.docs.openapi import Document
from guildhall.http.docs.schemas import REFERENCE, description_of

BASE_URL = "http://guildhall.invalid"
"""Stands in the pages for the address that a reader reached them by."""

_METHODS = ("get", "post", "put", "patch", "delete")
_FIRST_SUBJECTS = ("orgs", "groups", "memberships", "role assignments", "users", "directories")

_KEY_HEADER = '-H "Authorization: Bearer $GUILDHALL_KEY"'
_FIND_EVENT = (
    f'EVENT=$(curl -s {_KEY_HEADER} "{BASE_URL}/admin/v1/orgs/$GUILDHALL_ORG/events?limit=1" \\\n'
    """  | sed -n 's/^{"data":\\[{"id":"\\([^"]*\\)".*/\\1/p')"""
)

_INTRODUCTION = """
<h5>Try it</h5>
<p>The examples work when pasted into a shell that has these variables. <code>guildhall serve --demo</code>
prints this line with values; other ids in the examples are those of its organization.</p>
<pre><code>export GUILDHALL_KEY=ghk_… GUILDHALL_ORG=… GUILDHALL_DIRECTORY=…</code></pre>
<p>The description for machines is <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
"""


class _Entry(NamedTuple):
    """An operation as the pages show it."""

    method: str
    path: str
    operation: Document


def render_pages(document: Document) -> str:
    """Return one HTML page of all operations and types."""
    groups = {tag["name"]: _subjects(document, tag["name"]) for tag in document["tags"]}
    style = resources.files("guildhall.http").joinpath("docs.css").read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Guildhall API</title><style>{style}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a><div class="page">'
        f"{_navigation(document, groups)}"
        f'<main id="content"><section><h1>Guildhall API</h1>{_prose(document["info"]["description"])}'
        f"{_INTRODUCTION}</section>{_sections(document, groups)}{_schemas(document)}"
        "</main></div></body></html>\n"
    )


Subjects = Mapping[str, list[_Entry]]


def _subjects(document: Document, tag: str) -> Subjects:
    found: dict[str, list[_Entry]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and tag in item[method]["tags"]:
                operation = item[method]
                found.setdefault(operation["x-subject"], []).append(_Entry(method, path, operation))
    return {subject: found[subject] for subject in sorted(found, key=_place_of)}


def _place_of(subject: str) -> tuple[int, str]:
    return (_FIRST_SUBJECTS.index(subject) if subject in _FIRST_SUBJECTS else len(_FIRST_SUBJECTS), subject)


def _navigation(document: Document, groups: Mapping[str, Subjects]) -> str:
    parts = [
        '<nav aria-label="Operations"><p class="brand"><a href="#content">Guildhall</a></p>',
        f'<p class="quiet">API reference, version {escape(document["info"]["version"])}</p>',
    ]
    for name, subjects in groups.items():
        parts.append(f"<h2>{escape(name)}</h2>")
        for subject, entries in subjects.items():
            links = "".join(_navigation_link(entry) for entry in entries)
            parts.append(f"<h3>{escape(subject)}</h3><ul>{links}</ul>")
    parts.append('<h2><a href="#types">Types</a></h2></nav>')
    return "".join(parts)


def _navigation_link(entry: _Entry) -> str:
    operation = entry.operation
    return f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'


def _sections(document: Document, groups: Mapping[str, Subjects]) -> str:
    parts = []
    for tag in document["tags"]:
        name, description = escape(tag["name"]), escape(tag["description"])
        parts.append(f'<section aria-label="{name}"><h2>{name}</h2><p class="quiet">{description}</p>')
        for subject, entries in groups[tag["name"]].items():
            articles = "".join(_article(document, entry) for entry in entries)
            parts.append(f'<h3 class="subject">{escape(subject)}</h3>{articles}')
        parts.append("</section>")
    return "".join(parts)


def _article(document: Document, entry: _Entry) -> str:
    """Return one operation, folded; a link to what is inside unfolds it."""
    method, path, operation = entry
    badge = '<span class="badge">deprecated</span>' if operation.get("deprecated") else ""
    return (
        "<article><details><summary>"
        f"<h4>{escape(operation['summary'])}</h4>{badge}"
        f'<span class="path"><span class="method {method}">{method.upper()}</span> {escape(path)}</span>'
        f'</summary><div class="body" id="{operation["operationId"]}">{_prose(operation["description"])}'
        f"{_parameters(operation['parameters'])}{_request(document, operation)}"
        f"<h5>Example</h5><pre><code>{escape(curl_line(method, path, operation))}</code></pre>"
        f"{_answers(document, operation['responses'])}</div></details></article>"
    )


def _parameters(parameters: list[Document]) -> str:
    rows = [
        _row(
            parameter["name"],
            _type_of(parameter.get("schema") or parameter["content"]["application/json"]["schema"]),
            parameter.get("description", ""),
            required=parameter["required"],
        )
        for parameter in parameters
    ]
    return _table("Parameters", rows)


def _request(document: Document, operation: Document) -> str:
    body = operation.get("requestBody")
    if body is None:
        return ""
    schema = body["content"]["application/json"]["schema"]
    heading = "Body" if body["required"] else "Body (may be left out)"
    return _table(heading, _property_rows(_resolved(document, schema)))


def _answers(document: Document, responses: Mapping[str, Document]) -> str:
    rows = []
    for status, named in responses.items():
        response = document["components"]["responses"].get(named.get("$ref", "").rpartition("/")[2], named)
        media = next(iter(response.get("content", {}).values()), None)
        kind = _type_of(media["schema"]) if media is not None else "empty"
        rows.append(_row(status, kind, response["description"]))
    return _table("Answers", rows, "Status")


def _schemas(document: Document) -> str:
    articles = []
    for name, schema in document["components"]["schemas"].items():
        table = _table("", _property_rows(schema)) or f"<p>{_type_of(schema)}</p>"
        articles.append(
            f'<article class="schema" id="type-{name}"><header><h4>{name}</h4></header>'
            f'<div class="body">{_prose(schema.get("description", ""))}{table}</div></article>'
        )
    return f'<section id="types" aria-label="Types"><h2>Types</h2>{"".join(articles)}</section>'


def _property_rows(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", ())
    return [
        _row(name, _type_of(part), description_of(part), required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]


def _row(name: str, kind: str, description: str, *, required: bool = False) -> str:
    mark = ' <span class="required">required</span>' if required else ""
    return (
        f'<tr><th scope="row"><code>{escape(name)}</code>{mark}</th><td>{kind}</td>'
        f"<td>{_inline(description)}</td></tr>"
    )


def _table(heading: str, rows: list[str], first_column: str = "Name") -> str:
    if not rows:
        return ""
    title = f"<h5>{heading}</h5>" if heading else ""
    return (
        f'{title}<div class="scroll"><table><thead><tr><th scope="col">{first_column}</th>'
        '<th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return a type in few words of HTML, with a link to the type that it refers to."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(REFERENCE))
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type_of(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_of(schema.get('items', {}))}{_bounds(schema, 'minItems', 'maxItems')}"
    kind = escape(str(schema.get("format") or schema.get("type", "anything")))
    bounds = _bounds(schema, "minimum", "maximum")
    default = schema.get("default")
    shown = f", <code>{escape(json.dumps(default))}</code> if absent" if default not in (None, "") else ""
    return f"{kind}{bounds}{shown}"


def _bounds(schema: Mapping[str, Any], lowest: str, highest: str) -> str:
    if highest in schema:
        return f", {schema.get(lowest, 0)} to {schema[highest]}"
    return ""


def _resolved(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix(REFERENCE)
    found: Mapping[str, Any] = document["components"]["schemas"].get(name, schema)
    return found


def curl_line(method: str, path: str, operation: Document) -> str:
    """Return commands that call the operation; the organization and its directory are shell variables."""
    example = operation["x-example"]
    lines = ["curl" if method == "get" else f"curl -X {method.upper()}", *_headers(operation)]
    body = operation.get("requestBody")
    if body is not None:
        value = json.dumps(body["content"]["application/json"]["example"], ensure_ascii=False)
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(value)}")
    call = " \\\n  ".join([*lines, f'"{_address(path, example)}"'])
    return f"{_FIND_EVENT}\n{call}" if EVENT in example["path"].values() else call


def _address(path: str, example: Document) -> str:
    """Return the URL of a call; values are percent-encoded, shell variables stay."""
    for name, value in example["path"].items():
        encoded = value if value.startswith("$") else quote(value, safe="")
        path = path.replace(f"{{{name}}}", encoded)
    query = urlencode(example["query"])
    return f"{BASE_URL}{path}?{query}" if query else f"{BASE_URL}{path}"


def _headers(operation: Document) -> Iterator[str]:
    if operation["security"]:
        yield _KEY_HEADER


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in _paragraphs(text))


def _paragraphs(text: str) -> Iterable[str]:
    return (part.replace("\n", " ") for part in text.strip().split("\n\n") if part)


def _inline(text: str) -> str:
    marked = re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*([^*]*)\*\*", r"<strong>\1</strong>", marked)
