"""Contract 1.5: every encoding of a query that clients send."""

import pytest

from tests.contract.answers import data, names, raw, refused


async def found(world, query):
    return names(await raw(world, "GET", f"{world.v2()}/groups", query=query.encode()))


async def test_arrays(world):
    """Repeated parameters, comma-separated values, and both."""
    a, b, c = [await world.group(name) for name in "abc"]
    for query in (
        f"groupIds={a.id}&groupIds={b.id}",
        f"groupIds={a.id},{b.id}",
        f"groupIds={a.id}%2C{b.id}",
        f"groupIds={a.id},&groupIds={b.id}",
        f"groupIds[]={a.id}&groupIds[]={b.id}",
        f"groupIds%5B%5D={a.id}&groupIds={b.id.upper()}",
    ):
        assert await found(world, query) == ["a", "b"], query
    assert await found(world, f"groupIds={c.id}&groupIds={c.id}") == ["c"]
    assert await found(world, "groupIds=&groupIds") == ["a", "b", "c"]


@pytest.mark.parametrize("brackets", ["[]", "[0]", "[17]", "%5B%5D", "%5B0%5D"])
async def test_arrays_in_brackets(world, brackets):
    """Contract 1.5: as PHP, Rails and qs write them."""
    wanted = await world.group()
    await world.group()
    found = await world.http.get(f"{world.v2()}/groups?groupIds{brackets}={wanted.id}")
    assert [group["id"] for group in found.json()["data"]] == [wanted.id]


@pytest.mark.parametrize("brackets", ["[a]", "[0][1]", "[", "[-1]", "[0]x", "[0"])
async def test_other_brackets_of_an_array_are_400(world, brackets):
    """Contract 1.5: never ignored, or everything would match."""
    answer = await world.http.get(f"{world.v2()}/groups?groupIds{brackets}=a")
    refused(answer, 400, "ADMIN-UAM-400-1", f"groupIds{brackets}: write groupIds")


async def test_resource_ids_are_never_split(world):
    """Contract 8: comma-separated values are split for every array but resourceIds."""
    group, resource = await world.group("a"), await world.resource()
    await world.role(group, resource)
    assert await found(world, f"resourceIds={resource.id}") == ["a"]
    wrong = f"resourceIds={resource.id},{resource.id}".encode()
    refused(
        await raw(world, "GET", f"{world.v2()}/groups", query=wrong), 400, "ADMIN-UAM-400-1", "resourceIds"
    )


async def test_counts(world):
    """An object as JSON, by brackets, by dots and flattened; booleans in any case."""
    await world.group(members=1)
    for query in (
        'counts={"includeUsers":true}',
        "counts=%7B%22includeUsers%22%3A%20true%7D",
        'counts={"includeUsers":"True"}',
        'counts=[{"includeUsers":true}]',
        "counts[includeUsers]=true",
        "counts%5BincludeUsers%5D=True",
        "counts.includeUsers=TRUE",
        "includeUsers=true",
        "includeUsers=tRuE&includeResources=false",
    ):
        answer = await raw(world, "GET", f"{world.v2()}/groups", query=query.encode())
        assert data(answer)[0]["counts"] == {"users": 1}, query
    for query in (
        "counts=",
        "counts=[object Object]",
        "counts=%5Bobject%20Object%5D",
        "counts=%5Bobject+Object%5D",
        "counts={}",
        'counts={"other":true}',
        'counts={"includeUsers":null}',
        "includeUsers=False",
        "includeUsers=",
    ):
        answer = await raw(world, "GET", f"{world.v2()}/groups", query=query.encode())
        assert "counts" not in data(answer)[0], query
    for query in (
        "counts={",
        "counts=[]",
        "counts=7",
        'counts={"includeUsers":1}',
        "includeUsers=yes",
        "counts=[1]",
    ):
        answer = await raw(world, "GET", f"{world.v2()}/groups", query=query.encode())
        refused(answer, 400, "ADMIN-UAM-400-1", "counts")
    answer = await raw(world, "GET", f"{world.v2()}/groups", query=b"includeUsers=1")
    refused(answer, 400, "ADMIN-UAM-400-1", "counts.includeUsers: ", "true or false.")


async def test_sort_by(world):
    """JSON object or array, brackets, and by a sign; the text of one widespread client is absent."""
    for name in "ab":
        await world.group(name)
    for query in (
        'sortBy={"field":"name","direction":"desc"}',
        'sortBy=[{"field":"name","direction":"desc"}]',
        "sortBy[0][field]=name&sortBy[0][direction]=desc",
        "sortBy%5B0%5D%5Bfield%5D=name&sortBy%5B0%5D%5Bdirection%5D=desc",
        "sortBy=-name",
        "sortBy[]=-name",
        "sortBy%5B0%5D=-name",
        'sortBy[]={"field":"name","direction":"desc"}',
        'sortBy[0]={"field":"name","direction":"desc"}',
        "sortBy[][field]=name&sortBy[][direction]=desc",
        "sortBy[field]=name&sortBy[direction]=desc",
    ):
        assert await found(world, query) == ["b", "a"], query
    for query in (
        'sortBy={"field":"name"}',
        "sortBy[0][field]=name",
        "sortBy=name",
        "sortBy=",
        "sortBy[]=",
        "sortBy=[object Object]",
        "sortBy=%5Bobject%20Object%5D",
        "sortBy[]=[object Object]",
        "sortBy[0]=[object Object]",
        'sortBy={"field":"name","direction":null}',
    ):
        assert await found(world, query) == ["a", "b"], query
    for query in (
        "sortBy=created",
        "sortBy=-",
        "sortBy=nick_name",
        'sortBy={"field":"name","direction":"up"}',
        'sortBy={"direction":"desc"}',
        'sortBy=[{"field":"name"},{"field":"name"}]',
        "sortBy=[object object]",
        "sortBy=[]",
        "sortBy=name&sortBy=-name",
        "sortBy[0]=name&sortBy[1]=-name",
        "sortBy[0][field][0]=name",
        "sortBy[-1]=name",
        "sortBy[=name",
        "sortBy[0=name",
    ):
        answer = await raw(world, "GET", f"{world.v2()}/groups", query=query.encode())
        refused(answer, 400, "ADMIN-UAM-400-1", "sortBy")


async def test_members_of_an_order_are_no_parameters(world):
    """Contract 1.5: `includeUsers` may stand alone; `field` and `direction` are unknown names."""
    await world.group("a")
    for query in ("field=size", "direction=up", "direction=desc"):
        assert await found(world, query) == ["a"], query
        strict = await raw(
            world, "GET", f"{world.v2()}/groups", query=query.encode(), prefer=b"handling=strict"
        )
        refused(strict, 400, "ADMIN-UAM-400-1", f"{query.partition('=')[0]}: unknown query parameter")


async def test_texts(world):
    """Percent-encoding, plus signs and UTF-8; an empty text is absent."""
    for name in ("a b", "a+b", "été", "a&b"):
        await world.group(name)
    for query, expected in (
        ("searchTerm=a%20b", ["a b"]),
        ("searchTerm=a+b", ["a b"]),
        ("searchTerm=a%2Bb", ["a+b"]),
        ("searchTerm=%C3%A9t", ["été"]),
        ("searchTerm=a%26b", ["a&b"]),
        ("searchTerm=zzz&searchTerm=a%26b", ["a&b"]),
        ("searchTerm=", ["a b", "a&b", "a+b", "été"]),
        ("searchTerm", ["a b", "a&b", "a+b", "été"]),
        ("&&", ["a b", "a&b", "a+b", "été"]),
    ):
        assert await found(world, query) == expected, query


async def test_text_of_an_object_is_a_text_elsewhere(world):
    """Contract 1.5 and 8: it is absent in `counts` and `sortBy`; a filter is never ignored."""
    await world.group("a")
    await world.group("[object Object]")
    assert await found(world, "searchTerm=[object Object]") == ["[object Object]"]
    for name in ("groupIds", "limit", "resourceIds[]"):
        answer = await raw(world, "GET", f"{world.v2()}/groups", query=f"{name}=[object Object]".encode())
        refused(answer, 400, "ADMIN-UAM-400-1", name.removesuffix("[]"))


async def test_what_is_no_text_is_400(world):
    """Contract 1.6: neither NUL nor what is not UTF-8."""
    for query in (
        b"searchTerm=%ff",
        b"searchTerm=a%00b",
        b"%ff=1",
        b"a%00=1",
        b"searchTerm=\xff",
        b"x=%ed%a0%80",
    ):
        refused(await raw(world, "GET", f"{world.v2()}/groups", query=query), 400, "ADMIN-UAM-400-1", "query")
    too_long = b"searchTerm=" + b"x" * 256
    refused(
        await raw(world, "GET", f"{world.v2()}/groups", query=too_long), 400, "ADMIN-UAM-400-1", "searchTerm"
    )


async def test_too_many_parameters_are_400(world):
    """A query of a hundred thousand parameters is refused, not read."""
    query = b"&".join([b"a=1"] * 100_000)
    refused(await raw(world, "GET", f"{world.v2()}/groups", query=query), 400, "ADMIN-UAM-400-1", "query")


async def test_every_wrong_parameter_is_named(world):
    """Contract 1.6: several field errors are several elements."""
    query = b"limit=x&groupIds=x&roleIds="
    answer = await raw(world, "GET", f"{world.v2()}/groups", query=query)
    assert len(refused(answer, 400, "ADMIN-UAM-400-1", "limit:", "groupIds[0]:")) == 2
