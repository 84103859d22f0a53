"""Contract 1.1 and 8: addresses, methods, bodies and what is ignored."""

import json
import re

import pytest

from guildhall.app import ROUTES
from tests import make
from tests.contract.answers import actions, data, done, group_id, names, raw, refused
from tests.make import USER

UNKNOWN = "99999999-0000-4000-8000-000000000000"


async def test_both_mounts_answer_the_same(world):
    """Contract 1.1: one mount, not a second set of routes; cursors are the same as well."""
    for _ in range(2):
        await world.group()
    for path in (f"{world.v2()}/groups", f"{world.v2()}/groups?limit=1", f"{world.v2()}/groups/stats"):
        plain, mounted = await world.http.get(path), await world.http.get(f"/gateway/api{path}")
        assert (mounted.status_code, mounted.json()) == (plain.status_code, plain.json())
    refused(await world.http.get(f"/gateway/api{world.v1()}/nothing"), 404, "ADMIN-404-1")


async def test_location_keeps_the_mount(world):
    """Contract 1.1: absolute URLs keep the mount of the request."""
    created = await world.http.post(f"/gateway/api{world.v2()}/groups", json={"name": "New"})
    assert created.headers["location"].startswith(f"http://127.0.0.1:8080/gateway/api{world.v2()}/groups/")
    assert data(await world.http.get(created.headers["location"]))["name"] == "New"


@pytest.mark.parametrize(
    ("settings", "headers", "base"),
    [
        ({}, {"host": "localhost:9000"}, "http://localhost:9000"),
        ({}, {"host": "not a host/"}, "http://127.0.0.1:8080"),
        ({"host": "192.0.2.1", "port": 80}, {"host": "evil.example"}, "http://192.0.2.1:80"),
        ({"public_url": "https://x.example/"}, {"host": "evil.example"}, "https://x.example"),
        ({}, {"x-forwarded-host": "evil.example"}, "http://127.0.0.1:8080"),
        (
            {"trusted_proxies": ("127.0.0.1",)},
            {"x-forwarded-host": "x.example", "x-forwarded-proto": "https"},
            "https://x.example",
        ),
    ],
)
async def test_location_is_built_from_what_can_be_trusted(tmp_path, settings, headers, base):
    """Contract 1.1: a forged `Host` must not send a client's key elsewhere."""
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db", **settings) as world:
        created = await world.http.post(f"{world.v2()}/groups", json={"name": "New"}, headers=headers)
        assert created.headers["location"].startswith(f"{base}{world.v2()}/groups/")


@pytest.mark.parametrize("stray", ["'", "%27", '"', "%22"])
async def test_stray_characters_of_the_documentation(world, stray):
    """Contract 1.1: both spellings, raw or percent-encoded, on the two paths and nowhere else."""
    user = await world.user()
    group = await world.group(members=[user])
    path = f"{world.v2()}/groups/{group.id}"
    role = json.dumps({"resourceId": (await world.resource()).id, "roleId": USER}).encode()
    revoked = await raw(world, "POST", f"{path}/role-assignments/revoke{stray}", body=role)
    removed = await raw(world, "DELETE", f"{path}/memberships/{user.id}{stray}")
    if stray in ("'", "%27"):
        done(revoked)
        refused(removed, 404, "ADMIN-UAM-404-1")
    else:
        done(removed)
        refused(revoked, 404, "ADMIN-UAM-404-1")
    refused(await raw(world, "POST", f"{path}/role-assignments/assign{stray}"), 404, "ADMIN-UAM-404-1")


async def test_trailing_slash_is_404(world):
    """Contract 1.1: not a different resource."""
    group = await world.group()
    one = f"groups/{group.id}"
    for path in ("groups/", f"{one}/", "groups//", "/groups", "groups/count/", f"{one}/memberships/"):
        refused(await raw(world, "GET", f"{world.v2()}/{path}"), 404, "ADMIN-UAM-404-1")
    refused(await raw(world, "POST", f"{world.v1()}/groups/search/"), 404, "ADMIN-404-1")


async def test_unknown_paths_are_404_without_a_key(world):
    """Contract 8: path and method come first; paths outside v1 and v2 answer in v2's style."""
    async with world.client(None) as nobody:
        for path, code in (
            ("/admin", "ADMIN-UAM-404-1"),
            ("/admin/v3/orgs", "ADMIN-UAM-404-1"),
            ("/admin/v2/nothing", "ADMIN-UAM-404-1"),
            ("/admin/v1/nothing", "ADMIN-404-1"),
            ("/gateway/api/admin/v1/nothing", "ADMIN-404-1"),
            ("/ADMIN/v2/orgs", "ADMIN-UAM-404-1"),
        ):
            refused(await nobody.get(path), 404, code)
    for path in ("/admin/v2/orgs/%ff/directories", "/admin/v2/orgs/%00/x", "/admin/%2e%2e/v2"):
        refused(await raw(world, "GET", path), 404, "ADMIN-UAM-404-1")


async def test_head_is_get_without_the_body(world):
    """Contract 8."""
    await world.group()
    for path in (f"{world.v2()}/groups", f"{world.v2()}/groups/{UNKNOWN}", f"{world.v2()}/groups?limit=0"):
        got, head = await world.http.get(path), await world.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == str(len(got.content))


async def test_options_is_204_with_allow(world):
    """Contract 8; it needs no key."""
    async with world.client(None) as nobody:
        for path, allowed in (
            (f"{world.v2()}/groups", "GET, HEAD, OPTIONS, POST"),
            (f"{world.v2()}/groups/{UNKNOWN}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
            (f"{world.v2()}/groups/search", "OPTIONS, POST"),
            (f"{world.v1()}/directory/groups", "OPTIONS, POST"),
        ):
            answer = done(await nobody.options(path))
            assert answer.headers["allow"] == allowed
        refused(await nobody.options("/admin/v2/nothing"), 404, "ADMIN-UAM-404-1")


async def test_other_methods_are_405_with_allow(world):
    """Contract 1.6, 8: count, stats and search are reserved words in the place of a group id."""
    async with world.client(None) as nobody:
        for method, path, code, allowed in (
            ("PUT", f"{world.v2()}/groups", "ADMIN-UAM-405-1", "GET, HEAD, OPTIONS, POST"),
            ("DELETE", f"{world.v2()}/groups/count", "ADMIN-UAM-405-1", "GET, HEAD, OPTIONS"),
            ("PATCH", f"{world.v2()}/groups/stats", "ADMIN-UAM-405-1", "GET, HEAD, OPTIONS"),
            ("GET", f"{world.v2()}/groups/search", "ADMIN-UAM-405-1", "OPTIONS, POST"),
            ("GET", f"{world.v1()}/directory/groups", "ADMIN-405-1", "OPTIONS, POST"),
            ("BREW", f"{world.v2()}/groups", "ADMIN-UAM-405-1", "GET, HEAD, OPTIONS, POST"),
        ):
            answer = await nobody.request(method, path)
            refused(answer, 405, code)
            assert answer.headers["allow"] == allowed


async def test_body_on_get_and_delete_is_ignored(world):
    """Contract 1.1: one widespread client sends one."""
    group = await world.group("Only")
    for body in (b'{"a": 1}', b"{", b"\xff" * 2_000_000):
        assert names(await world.http.request("GET", f"{world.v2()}/groups", content=body)) == ["Only"]
    done(await world.http.request("DELETE", f"{world.v2()}/groups/{group.id}", content=b"{"))


async def test_ids_of_the_wrong_form_in_a_path_are_404(world):
    """Contract 1.3: nothing can be there."""
    group = await world.group()
    for path, code in (
        (f"/admin/v2/orgs/x/directories/{world.default.id}/groups", "ADMIN-UAM-404-2"),
        (f"{world.v2('x')}/groups", "ADMIN-UAM-404-1"),
        (f"{world.v2()}/groups/x", "ADMIN-UAM-404-3"),
        (f"{world.v2()}/groups/{group.id}%0a", "ADMIN-UAM-404-3"),
        (f"{world.v2()}/groups/{group.id}%00", "ADMIN-UAM-404-3"),
        ("/admin/v1/orgs/x/groups/search", "ADMIN-404-2"),
    ):
        method = "POST" if path.endswith("search") else "GET"
        refused(await raw(world, method, path), 404, code)


async def test_nul_in_a_path_finds_nothing(world):
    """Contract 1.3: no id has it, and PostgreSQL takes it in no text. A missing body is told first."""
    for route in (route for route in ROUTES if route.path.count("{") > 1):
        path = re.sub(r"\{(?!orgId)\w+\}", "a%00", route.mount + route.path).replace("{orgId}", world.org_id)
        expected = 404 if route.body is None else 400
        assert (await raw(world, route.method, path)).status_code in (404, expected), path


async def test_ids_in_upper_case_are_answered_in_lower_case(world):
    """Contract 8."""
    shouted = f"/admin/v2/orgs/{world.org_id.upper()}/directories/{world.default.id.upper()}"
    created = await world.http.post(f"{shouted}/groups", json={"name": "New"})
    assert created.headers["location"].endswith(f"{world.v2()}/groups/{group_id(created)}")
    assert group_id(created) == group_id(created).lower()


async def test_every_answer_has_an_id_of_its_own(world):
    """Contract 1.6: successes carry it too."""
    paths = [f"{world.v2()}/groups", f"{world.v2()}/groups?limit=0"] * 2
    answers = [await world.http.get(path) for path in paths]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


async def test_no_cors_unless_origins_are_set(world):
    """Contract 1.1."""
    answer = await world.http.get(f"{world.v2()}/groups", headers={"origin": "https://x.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_body_without_content_type_is_json(world):
    """Contract 8: read as JSON; another media type is 415."""
    path, body = f"{world.v2()}/groups", b'{"name": "New"}'
    assert (await raw(world, "POST", path, body=body)).status_code == 201
    for good in (b"application/json; charset=utf-8", b"Application/JSON", b"application/vnd.api+json"):
        refused(await raw(world, "POST", path, body=body, content_type=good), 409, "ADMIN-UAM-409-2")
    for wrong in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"):
        refused(await raw(world, "POST", path, body=body, content_type=wrong), 415, "ADMIN-UAM-415-1")
    refused(
        await raw(world, "POST", f"{world.v1()}/directory/groups", body=body, content_type=b"text/plain"),
        415,
        "ADMIN-415-1",
    )


async def test_body_over_one_mebibyte_is_413(world):
    """Contract 8: of exactly one it is read."""
    path = f"{world.v2()}/groups"
    fits = b'{"name": "New"}'.ljust(1 << 20)
    assert (await raw(world, "POST", path, body=fits)).status_code == 201
    refused(await raw(world, "POST", path, body=fits + b" "), 413, "ADMIN-UAM-413-1")
    refused(await raw(world, "POST", f"{world.v1()}/directory/groups", body=fits + b" "), 413, "ADMIN-413-1")


async def test_bad_bodies_are_400_and_change_nothing(world):
    """Contract 1.6: bad input never gives a 500 and never changes anything."""
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'"name"',
        b"\xff\xfe",
        b'{"name": "a\x00"}',
        b'{"name": "a\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"na\\u0000me": 1, "name": "a"}',
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b'{"name": NaN}',
        b"\xef\xbb\xbf{}",
    ):
        refused(await raw(world, "POST", f"{world.v2()}/groups", body=body), 400, "ADMIN-UAM-400-1")
        refused(await raw(world, "POST", f"{world.v1()}/directory/groups", body=body), 400, "ADMIN-400-24")
    assert await actions(world) == []


async def test_unknown_fields_and_parameters_are_ignored(world):
    """Contract 1.5: unless the client asks for strict handling."""
    await world.group("Only")
    place = f"{world.v2()}/groups"
    assert names(await world.http.get(place, params={"serchTerm": "x"})) == ["Only"]
    assert names(await world.http.post(f"{place}/search", json={"serchTerm": "x"})) == ["Only"]


async def test_strict_handling_names_the_nearest(world):
    """Contract 1.5: a misspelt filter must not silently return everything."""
    await world.group("Only")
    place, strict = f"{world.v2()}/groups", {"prefer": "handling=strict"}
    for answer in (
        await world.http.get(place, params={"serchTerm": "x"}, headers=strict),
        await world.http.post(f"{place}/search", json={"serchTerm": "x"}, headers=strict),
        await world.http.get(f"{place}/count", params={"searchterm": "x"}, headers=strict),
    ):
        refused(answer, 400, "ADMIN-UAM-400-1", "did you mean searchTerm?")
    answer = await world.http.get(f"{place}/stats", params={"x": "1"}, headers=strict)
    refused(answer, 400, "ADMIN-UAM-400-1", "x: unknown")
    answer = await world.http.post(f"{world.v1()}/groups/search", json={"groupId": []}, headers=strict)
    refused(answer, 400, "ADMIN-400-24", "groupIds")
    answer = await world.http.get(place, params={"searchTerm": "on", "limit": 5}, headers=strict)
    assert names(answer) == ["Only"]


async def test_strict_server_is_strict_to_all(tmp_path):
    """Contract 1.5: `serve --strict`."""
    async with make.open_world(f"sqlite:///{tmp_path}/guildhall.db", strict=True) as world:
        refused(await world.http.get(f"{world.v2()}/groups?limt=1"), 400, "ADMIN-UAM-400-1", "limit")


@pytest.mark.parametrize("coding", ["gzip", "br, identity", "x-unheard-of"])
async def test_coded_body_is_refused(world, coding):
    """Contract 8, "Proxies": 415 names the coding."""
    headers = {"Content-Encoding": coding}
    refused(
        await world.http.post(f"{world.v2()}/groups/search", json={"limit": 1}, headers=headers),
        415,
        "ADMIN-UAM-415-1",
        coding.partition(",")[0],
    )


async def test_identity_is_no_coding(world):
    headers = {"Content-Encoding": "Identity"}
    answer = await world.http.post(f"{world.v2()}/groups/search", json={"limit": 1}, headers=headers)
    assert answer.status_code == 200
