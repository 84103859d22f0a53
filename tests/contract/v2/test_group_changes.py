"""Contract 2.12: renaming a group."""

from tests.contract.answers import actions, data, done, events, names, refused
from tests.make import ADMIN, ORG_ADMIN


async def test_rename_group_is_204_and_keeps_the_rest(world):
    """Contract 2.12: keeps members, roles and id."""
    group, resource = await world.group("Old", members=2, description="Why"), await world.resource()
    await world.role(group, resource)
    path = f"{world.v2()}/groups/{group.id}"
    before = data(await world.http.get(path))
    done(await world.http.patch(path, json={"name": " New "}))
    assert data(await world.http.get(path)) == {**before, "name": "New"}
    assert names(await world.http.get(f"{world.v2()}/groups", params={"searchTerm": "new"})) == ["New"]
    assert names(await world.http.get(f"{world.v2()}/groups", params={"searchTerm": "old"})) == []


async def test_rename_group_changes_description_alone(world):
    """Contract 2.12, 8: null clears it, and so does an empty one."""
    group = await world.group("Name")
    path = f"{world.v2()}/groups/{group.id}"
    for given, kept in (("First", "First"), (None, ""), ("a\tb\nc", "a\tb\nc"), ("", "")):
        done(await world.http.patch(path, json={"description": given}))
        shown = data(await world.http.get(path))
        assert (shown["name"], shown["description"]) == ("Name", kept)


async def test_rename_group_to_what_it_is_records_nothing(world):
    """Contract 8: a PATCH that changes nothing is 204 without an event."""
    group = await world.group("Name", description="Why")
    path = f"{world.v2()}/groups/{group.id}"
    for body in (
        {},
        {"name": " Name "},
        {"description": "Why"},
    ):
        done(await world.http.patch(path, json=body))
    assert await actions(world) == []


async def test_rename_group_records_one_event_with_both_names(world):
    """Contract 1.8, 8."""
    group = await world.group("Old")
    done(await world.http.patch(f"{world.v2()}/groups/{group.id}", json={"name": "New", "description": "x"}))
    (event,) = await events(world)
    attributes = event["context"][0]["attributes"]
    assert (event["action"], attributes["name"]) == ("group_updated", "New")
    assert attributes["before"] == {"name": "Old", "description": None}


async def test_rename_group_to_taken_name_is_409(world):
    """Contract 2.1, 8: of its directory, by fold; its own name in another spelling is free."""
    await world.group("Taken")
    await world.group("Elsewhere", directory=await world.directory())
    group = await world.group("Mine")
    path = f"{world.v2()}/groups/{group.id}"
    refused(await world.http.patch(path, json={"name": "TAKEN"}), 409, "ADMIN-UAM-409-2")
    for name in ("MINE", "mine", "Elsewhere"):
        done(await world.http.patch(path, json={"name": name}))
        assert data(await world.http.get(path))["name"] == name


async def test_rename_group_refuses_texts(world):
    """Contract 2.12, 8: as when it is created; an unset variable in a script does not pass for success."""
    group = await world.group("Mine")
    path = f"{world.v2()}/groups/{group.id}"
    for name in ("", None, " ", "x" * 256, "a\nb", 7):
        answer = await world.http.patch(path, json={"name": name, "description": "New"})
        refused(answer, 400, "ADMIN-UAM-400-1", "name:")
    for description in ("x" * 1_001, "\x07", {}):
        answer = await world.http.patch(path, json={"description": description})
        refused(answer, 400, "ADMIN-UAM-400-1", "description:")
    refused(await world.http.patch(path), 400, "ADMIN-UAM-400-1")
    assert await actions(world) == []


async def test_rename_group_that_grants_admin_needs_full_access(world):
    """Contract 1.2, 2.1: as `modifiable` says."""
    some, organization = await world.group("Some"), await world.group("All")
    await world.role(some, await world.resource(), ADMIN)
    await world.role(organization, await world.own_resource(), ORG_ADMIN)
    async with world.client(await world.key("write:groups:admin")) as scoped:
        answer = await scoped.patch(f"{world.v2()}/groups/{some.id}", json={"name": "New"})
        refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")
    done(await world.http.patch(f"{world.v2()}/groups/{some.id}", json={"name": "New"}))
    answer = await world.http.patch(f"{world.v2()}/groups/{organization.id}", json={"name": "New"})
    refused(answer, 403, "ADMIN-UAM-403-1", "org-admin")


async def test_rename_group_not_there_is_404(world):
    """Contract 1.6."""
    group, other = await world.group(), await world.directory()
    answer = await world.http.patch(f"{world.v2(other.id)}/groups/{group.id}", json={"name": "New"})
    refused(answer, 404, "ADMIN-UAM-404-3")
