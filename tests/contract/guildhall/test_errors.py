"""Contract 6a: our own operations say every error in version 2's form and codes."""

import json
import re

import msgspec
import pytest

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.v2.errors import V2
from guildhall.app import ROUTES
from guildhall.model import errors
from tests.contract.answers import actions, refused


def family(kind=errors.GuildhallError):
    return [part for below in kind.__subclasses__() for part in (below, *family(below))]


@pytest.mark.parametrize("kind", family())
def test_errors_are_those_of_version_2(kind):
    error = kind.__new__(kind)
    ours, theirs = GUILDHALL.form_of(error), V2.form_of(error)
    assert (ours.status, ours.code) == (theirs.status, theirs.code)


async def test_unknown_paths_answer_in_that_form(world):
    refused(await world.http.get(f"{world.ours()}/nothing"), 404, "ADMIN-UAM-404-1")
    refused(await world.http.patch(f"{world.ours()}/users/a"), 405, "ADMIN-UAM-405-1", "GET", "PUT")
    refused(await world.http.get(f"{world.ours()}/users/by-email"), 405, "ADMIN-UAM-405-1", "PUT")


async def test_bodies_are_checked(world):
    url = f"{world.ours()}/users/abc"
    refused(await world.http.put(url, json={}), 400, "ADMIN-UAM-400-1", "name", "email")
    refused(await world.http.put(url, content=b"{"), 400, "ADMIN-UAM-400-1")
    refused(
        await world.http.put(url, content=b"{}", headers={"content-type": "text/plain"}),
        415,
        "ADMIN-UAM-415-1",
    )


OURS = [route for route in ROUTES if route.wire is GUILDHALL]
WITH_FIELDS = [route for route in OURS if route.body is not None and route.reader is None]


async def ask(world, route, query="", body=None):
    path = re.sub(r"\{\w+\}", "x", route.path.replace("{orgId}", world.org_id))
    sent = json.dumps(body or route.example.body)
    return await world.http.request(route.method, path + query, content=sent)


@pytest.mark.parametrize("route", OURS, ids=lambda route: route.operation)
async def test_unknown_parameter_is_always_400(world, route):
    """Contract 6a, 8: without `Prefer`, and before anything is looked for."""
    refused(await ask(world, route, "?lmit=1&x.y=2"), 400, "ADMIN-UAM-400-1", "lmit: unknown query parameter")


async def test_unknown_parameter_names_the_nearest(world):
    answer = await world.http.get(f"{world.ours()}/keys?Limit=1")
    refused(answer, 400, "ADMIN-UAM-400-1", "Limit", "did you mean limit?")


@pytest.mark.parametrize("route", WITH_FIELDS, ids=lambda route: route.operation)
async def test_unknown_field_is_always_400(world, route):
    """Contract 6a, 8: a misspelt field never counts as left out."""
    fields = [field.encode_name for field in msgspec.structs.fields(route.body)]
    for name in fields:
        body = {**route.example.body, f"{name}s": 1}
        refused(await ask(world, route, body=body), 400, "ADMIN-UAM-400-1", f"did you mean {name}?")
    assert await actions(world) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scope", ["read:groups:admin"]),
        ("Scopes", ["read:groups:admin"]),
        ("permissions", ["read:groups:admin"]),
        ("scopes", []),
        ("scopes", ""),
        ("scopes", [""]),
        ("scopes", "read:groups:admin"),
        ("noexpiry", False),
    ],
)
async def test_no_key_is_made_of_what_was_misspelt(world, field, value):
    answer = await world.http.post(f"{world.ours()}/keys", json={"name": "ci", field: value})
    refused(answer, 400, "ADMIN-UAM-400-1", field)
    assert await actions(world) == []
