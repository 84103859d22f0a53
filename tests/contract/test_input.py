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
            {"query": {"or": []}},
            "query.or: unknown field; known are and, field, search.",
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
