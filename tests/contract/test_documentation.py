"""The API describes itself, to machines and to people (contract 1.1)."""

import json
import re
import shlex
from html.parser import HTMLParser

import pytest
import schemathesis

from guildhall.http.docs.openapi import build_document
from guildhall.http.docs.pages import render_pages
from guildhall.http.errors import ErrorForm, Wire
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from tests import make
from tests.rules.sources import ROOT

VOID = frozenset({"meta", "br", "link", "input", "img", "hr"})


class Page(HTMLParser):
    """What a page refers to, and whether its elements are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.codes, self.wrong = [], [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, text):
        if self.open[-2:] == ["pre", "code"]:
            self.codes.append(text)


@pytest.fixture
async def document(world):
    return (await world.client(None).get("/openapi.json")).json()


@pytest.fixture
async def page(world):
    return Page((await world.client(None).get("/docs")).text)


def operations(document):
    methods = ("get", "post", "put", "patch", "delete")
    return [item[method] for item in document["paths"].values() for method in methods if method in item]


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from references(part)


async def test_get_openapi_needs_no_key(world):
    answer = await world.client(None).get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_get_openapi_is_the_committed_document(document):
    assert document == json.loads((ROOT / "docs" / "openapi.json").read_text())


async def test_get_openapi_is_valid(document):
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()


async def test_get_openapi_references_lead_somewhere(document):
    for reference in references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


async def test_get_openapi_names_each_operation_once(document):
    names = [operation["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names)) > 40


async def test_get_openapi_says_what_each_operation_needs(document):
    scopes = {str(permission) for permission in Permission}
    for operation in operations(document):
        for needed in operation["security"]:
            assert set(needed["apiKey"]) <= scopes
        assert "API key" in operation["description"]
        assert all(parameter["description"] for parameter in operation["parameters"])


async def test_get_openapi_shows_every_encoding_of_groups(document):
    operation = document["paths"]["/admin/v2/orgs/{orgId}/directories/{directoryId}/groups"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert (parameters["groupIds"]["style"], parameters["groupIds"]["explode"]) == ("form", True)
    assert parameters["groupIds"]["schema"]["maxItems"] == 10
    assert "application/json" in parameters["counts"]["content"]
    assert "application/json" in parameters["sortBy"]["content"]
    assert operation["deprecated"] is True
    assert {"X-Request-Id", "Deprecation", "Sunset"} <= set(operation["responses"]["200"]["headers"])


async def test_get_openapi_lists_the_errors_of_an_operation(document):
    path = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships"
    answers = document["paths"][path]["post"]["responses"]
    assert {"204", "400", "401", "403", "404", "409", "413", "415", "429", "500", "503"} == set(answers)
    conflict = document["components"]["responses"][answers["409"]["$ref"].rpartition("/")[2]]
    assert "`ADMIN-UAM-409-3`" in conflict["description"]
    assert conflict["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorEnvelope"}


async def test_get_docs_needs_no_key_and_no_internet(world):
    answer = await world.client(None).get("/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    page = Page(answer.text)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    assert not re.search(r"url\(|@import", answer.text)
    assert all(link.startswith(("#", "/")) for link in page.links)


async def test_get_docs_is_well_formed(page):
    assert (page.wrong, page.open) == ([], [])
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= set(page.ids)


async def test_get_docs_can_be_read_by_all(page):
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("h1") == tags.count("main") == tags.count("nav") == 1
    assert all(given.get("scope") for tag, given in page.tags if tag == "th")
    assert page.links[0] == "#content"


async def test_get_docs_shows_every_operation(page, document):
    names = {operation["operationId"] for operation in operations(document)}
    assert names <= set(page.ids)
    assert {f"#{name}" for name in names} <= set(page.links)


async def test_get_docs_examples_call_this_server(page, document):
    lines = [code for code in page.codes if code.startswith(("curl", "EVENT="))]
    assert len(lines) == len(operations(document))
    for line in lines:
        words = shlex.split(line)
        assert words[-1].startswith("http://127.0.0.1:8080/")
        if "-d" in words:
            json.loads(words[words.index("-d") + 1])


async def test_get_docs_marks_what_is_required(page, document):
    """A path parameter, and a field that a handler refuses itself (contract 1.6)."""
    assert document["components"]["schemas"]["Grant"]["required"] == ["roleId", "resourceId"]
    assert sum(given.get("class") == "required" for tag, given in page.tags if tag == "span") > 100


async def test_get_docs_examples_name_the_public_url(database_url):
    async with make.open_world(database_url, public_url="https://directory.example.com") as world:
        text = (await world.client(None).get("/docs", headers={"host": "evil.example"})).text
    assert "https://directory.example.com/admin/v2/" in text
    assert "evil" not in text
    assert "guildhall.invalid" not in text


async def test_get_docs_escapes_what_it_shows():
    route = Route(
        method="GET",
        path="/v1/orgs/{orgId}",
        operation="dangerous",
        summary="<script>alert(1)</script>",
        wire=Wire("test", _AnyForm(), ErrorForm(500, "X", "Y")),
        permission=Permission.READ_ORGS,
        handler=test_get_docs_escapes_what_it_shows,
    )
    text = render_pages(build_document([route]))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


class _AnyForm(dict):
    def __missing__(self, kind):
        return ErrorForm(400, "X-400", "<b>Wrong</b>")
