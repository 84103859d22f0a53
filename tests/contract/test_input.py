"""Contract 1.5, 1.6 and 8: what an answer says of a query or a body that cannot be read."""

import json

import pytest

from tests.contract.answers import data, names, raw, refused

STRICT = b"handling=strict"
V1, V2 = "ADMIN-400-24", "ADMIN-UAM-400-1"


async def queried(world, query, path="groups", **headers):
    return await raw(world, "GET", f"{world.v2()}/{path}", query=query.encode(), **headers)


async def posted(world, path, body, **headers):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await raw(world, "POST", path, body=sent, content_type=b"application/json", **headers)


def searches(world):
    return f"{world.v1()}/groups/search"


def workspaces(world):
    return f"/admin/v2/orgs/{world.org_id}/workspaces"


def roles(world, group_id):
    return f"{world.v1()}/directory/groups/{group_id}/roles/assign"


async def test_strict_handling_reaches_what_lies_within(world):
    """A misspelt filter must not silently return everything, however deep it stands."""
    wrong = {"resource": "ari:cloud:jira::site/1", "role": "atlassian/user", "rol": 1}
    for path, body, word, code in (
        (
            searches(world),
            {"groupNames": {"contain": "zz"}},
            "groupNames.contain: unknown field; did you mean contains?",
            V1,
        ),
        (
            workspaces(world),
            {"query": {"xor": []}},
            "query.xor: unknown field",
            V2,
        ),
        (
            roles(world, (await world.group()).id),
            {"roleAssociations": [wrong]},
            "roleAssociations[0].rol: ",
            V1,
        ),
    ):
        refused(await posted(world, path, body, prefer=STRICT), 400, code, word)
    assert data(await posted(world, searches(world), {"groupNames": {"contain": "zz"}}))
    for query in ('counts={"includeUser":true}', "counts[includeUser]=true", "includeUser=true"):
        refused(
            await queried(world, query, prefer=STRICT), 400, V2, "includeUser: ", "did you mean includeUsers?"
        )


async def test_unknown_values_are_answered_with_the_known(world):
    """An unknown enum value is 400 that names the field and what is allowed."""
    for query, path, word in (
        ("sortBy=foo", "groups", "sortBy.field: 'foo' is unknown; allowed: name."),
        (
            "sortBy[direction]=up&sortBy[field]=name",
            "groups",
            "sortBy.direction: 'up' is unknown; allowed: asc, desc.",
        ),
        ("status=here", "users", "status[0]: 'here' is unknown; allowed: active, suspended, not_invited"),
    ):
        refused(await queried(world, query, path), 400, V2, word)
    field = {"field": {"name": "size", "values": ["x"]}}
    for path, body, word, code in (
        (
            searches(world),
            {"expand": ["META", "ALL"]},
            "expand[1]: 'ALL' is unknown; allowed: USERS, META,",
            V1,
        ),
        (
            workspaces(world),
            {"query": {"and": [field]}},
            "query.and[0].field.name: 'size' is unknown; allowed: id, attributes.name,",
            V2,
        ),
        (
            f"{world.ours()}/keys",
            {"name": "k", "scopes": ["all"]},
            "scopes[0]: 'all' is unknown; allowed: read:orgs:admin,",
            V2,
        ),
        (f"{world.v2()}/users/search", {"status": 7}, "status: Expected", V2),
        (f"{world.v2()}/users/search", {"status": 7}, "allowed: active, suspended,", V2),
    ):
        refused(await posted(world, path, body), 400, code, word)


async def test_no_answer_holds_a_regular_expression(world):
    """Contract 1.6: without internals."""
    for query in ("groupIds=x", "accountIds=a b", "resourceIds=ari", "resourceOwners=A"):
        (error,) = refused(await queried(world, query), 400, V2, "[0]: has the wrong form. ")
        assert "regex" not in error["detail"]


async def test_every_wrong_part_is_an_element(world):
    """Contract 1.6: several field errors are several elements, within arrays and objects too."""
    answer = await queried(world, "limit=0&sortBy={&counts=1&x=1", prefer=STRICT)
    assert len(refused(answer, 400, V2, "limit: ", "sortBy: ", "counts: ", "x: unknown")) == 4
    assert len(refused(await queried(world, "limit=0&sortBy={&counts=1"), 400, V2)) == 3
    path = roles(world, (await world.group()).id)
    answer = await posted(world, path, {"roleAssociations": [{"role": 1}, {"resource": "r"}, {"role": "r"}]})
    errors = refused(answer, 400, V1)
    assert [error["detail"].partition(":")[0] for error in errors] == [
        "roleAssociations[0].role",
        "roleAssociations[1].role",
    ]
    many = await posted(world, path, {"roleAssociations": [7] * 5_000})
    assert len(refused(many, 400, V1)) == 20


@pytest.mark.parametrize("depth", [5, 100, 400, 900, 5_000])
async def test_deep_bodies(world, depth):
    """However deep, an answer in the contract's form."""
    body = b'{"query":' + b'{"and":[' * depth + b'{"search":7}' + b"]}" * depth + b"}"
    refused(await posted(world, workspaces(world), body), 400, V2)
    refused(await posted(world, workspaces(world), body, prefer=STRICT), 400, V2)


async def test_bodies_that_are_none(world):
    """An answer says what is missing, in words of the API."""
    path = f"{world.v2()}/groups"
    for body in (b"", b" \n"):
        refused(await posted(world, path, body), 400, V2, "A JSON body is required.")
    for body in (b'{"name":"a\\ud800b"}', b'{"name":"\\uDC00"}', b'{"name":"a\\ud800"}', b'{"\\ud800":1}'):
        refused(await posted(world, path, body), 400, V2, "a lone surrogate; neither can be kept.")
    refused(await posted(world, path, b'{"name":"\\ud800'), 400, V2, "not well-formed JSON")


async def test_two_orders_are_400(world):
    """By brackets as in JSON."""
    query = "sortBy[0][field]=name&sortBy[1][field]=name"
    refused(await queried(world, query), 400, V2, "sortBy: must be a JSON object, or an array of one.")
    assert names(await queried(world, "sortBy[1][field]=name&sortBy[1][direction]=desc")) == []


async def test_an_empty_preference_hides_no_other(world):
    headers = [("prefer", ""), ("prefer", "handling=strict")]
    answer = await world.http.get(f"{world.v2()}/groups?serchTerm=x", headers=headers)
    refused(answer, 400, V2, "did you mean searchTerm?")


@pytest.mark.parametrize(
    "prefer",
    [
        "handling=strict",
        'Handling = "STRICT"',
        "return=minimal, handling=strict",
        "respond-async, wait=10,HANDLING=strict; x=1",
        'x="a, handling=lenient", handling=strict',
        "handling=strict, handling=lenient",
    ],
)
async def test_strict_handling_in_every_spelling(world, prefer):
    """RFC 7240: in any case, quoted or not, among others."""
    answer = await world.http.get(f"{world.v2()}/groups?serchTerm=x", headers={"prefer": prefer})
    refused(answer, 400, V2, "serchTerm: unknown query parameter; did you mean searchTerm?")


@pytest.mark.parametrize(
    "prefer",
    [
        "handling=lenient",
        "handling=stricter",
        'x="handling=strict"',
        "x; handling=strict",
        "x-handling=strict",
    ],
)
async def test_what_is_not_strict_handling(world, prefer):
    """Only that preference, not the same text elsewhere."""
    assert (await queried(world, "serchTerm=x", prefer=prefer.encode())).status_code == 200


async def test_preferences_in_several_headers(world):
    """Of one that stands twice, the first counts."""
    headers = [("prefer", "wait=1"), ("Prefer", 'Return="Representation", handling=strict')]
    path = f"{world.v2()}/groups"
    created = await world.http.post(path, json={"name": "a"}, headers=headers)
    assert (created.status_code, created.json()["data"]["name"]) == (201, "a")
    refused(await world.http.post(path, json={"nam": "a"}, headers=headers), 400, V2, "nam: unknown field")
    lenient = [("prefer", "handling=lenient"), ("prefer", "handling=strict")]
    assert (await world.http.get(f"{path}?x=1", headers=lenient)).status_code == 200


async def test_bodies_that_are_too_large(world):
    """What is said to be too large is not read; the connection ends, and the answer says so."""
    path = f"{world.v2()}/groups"
    for length in (str(2**20 + 1), "9" * 19):
        answer = await posted(world, path, b"{}", content_length=length.encode())
        refused(answer, 413, "ADMIN-UAM-413-1", "larger than 1048576 bytes")
        assert answer.headers["connection"] == "close"
    answer = await posted(world, path, b" " * (2**20 + 1))
    refused(answer, 413, "ADMIN-UAM-413-1")
    assert answer.headers["connection"] == "close"
    assert "connection" not in (await posted(world, path, b"")).headers


async def test_an_empty_text_is_no_empty_array(world):
    """Contract 8 lets empty texts be absent, not arrays: an empty `scopes` must not become full access."""
    answer = await world.http.post(f"{world.ours()}/keys", json={"name": "x", "scopes": ""})
    refused(answer, 400, "ADMIN-UAM-400-1", "scopes")
    search = f"{world.v2()}/groups/search"
    refused(await world.http.post(search, json={"groupIds": ""}), 400, "ADMIN-UAM-400-1", "groupIds")
    assert (await world.http.post(search, json={"searchTerm": ""})).status_code == 200


async def test_what_stands_beside_a_cursor_is_ignored(world):
    """Contract 1.4: in a body as in a query, with strict handling too."""
    await world.group("a")
    await world.group("b")
    for path in (f"{world.v2()}/groups/search", searches(world)):
        cursor = (await posted(world, path, {"limit": 1})).json()["links"]["next"]
        for preference in (STRICT, b"handling=lenient"):
            body = {"cursor": cursor, "limit": 0, "groupIds": 7, "expand": ["ALL"], "nonsense": {}}
            assert names(await posted(world, path, body, prefer=preference)) == ["b"]


async def test_null_is_absent_however_deep(world):
    """Contract 8: null for any optional body field counts as absent, within objects and arrays too."""
    for name in "ab":
        await world.group(name)
    groups, resource = f"{world.v2()}/groups/search", await world.resource(name="Jira")
    for order in ({"field": "name", "direction": None}, [{"field": "name", "direction": None}]):
        for preference in (STRICT, b"handling=lenient"):
            answer = await posted(world, groups, {"sortBy": order}, prefer=preference)
            assert names(answer) == ["a", "b"]
    conditions = [{"search": "jira", "or": None, "field": None}, {"nor": [{"search": "wiki", "and": None}]}]
    for body in (
        {"query": {"and": conditions, "search": None}, "sort": [{"field": "attributes.name", "order": None}]},
        {"query": {"and": None, "search": ""}},
    ):
        found = data(await posted(world, workspaces(world), body))
        assert [workspace["id"] for workspace in found] == [resource.id]
    for none in (None, ""):
        answer = await posted(world, workspaces(world), {"query": {"and": [{"search": none}]}})
        refused(answer, 400, V2, "a condition needs one of")
    path = roles(world, (await world.group()).id)
    body = {"roleAssociations": [{"resource": None, "role": "atlassian/user"}]}
    refused(await posted(world, path, body), 400, "ADMIN-400-4", "roleAssociations[0].resource: must not be")
    body = {"roleAssociations": [{"resource": resource.id, "role": None}]}
    refused(await posted(world, path, body), 400, V1, "roleAssociations[0].role: ")
