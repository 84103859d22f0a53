"""Contract 1.8 and 2: requests that meet at one group, on an engine where they truly run side by side."""

import asyncio
from collections import Counter

from tests.contract.answers import actions, data, names
from tests.make import USER


async def together(*requests):
    """Send requests at once; return how often each status came back."""
    return Counter(answer.status_code for answer in await asyncio.gather(*requests))


async def test_one_name_created_at_once_is_there_once(world):
    """Contract 2.4: one 201, 409 for the others, one event."""
    spellings = ["Staff", "STAFF", "staff", " Staff ", "sTAFF"]
    place = f"{world.v2()}/groups"
    statuses = await together(*(world.http.post(place, json={"name": name}) for name in spellings))
    assert statuses == {201: 1, 409: 4}
    assert (await world.http.get(f"{place}/count")).json() == {"count": 1}
    assert await actions(world) == ["group_created"]


async def test_groups_renamed_to_one_name_at_once(world):
    """Contract 2.1, 2.12: a name is unique within its directory."""
    groups = [await world.group(f"G{number}") for number in range(5)]
    place = f"{world.v2()}/groups"
    statuses = await together(
        *(world.http.patch(f"{place}/{group.id}", json={"name": "One"}) for group in groups),
        world.http.post(place, json={"name": "ONE"}),
    )
    assert statuses[409] == 5
    assert sorted(name.lower() for name in names(await world.http.get(place))).count("one") == 1


async def test_group_deleted_at_once_is_gone_once(world):
    """Contract 2.6: deleting again is 404."""
    group = await world.group(members=3)
    path = f"{world.v2()}/groups/{group.id}"
    assert await together(*(world.http.delete(path) for _ in range(5))) == {204: 1, 404: 4}
    assert await actions(world) == ["group_deleted"]


async def test_group_that_gets_a_member_is_not_deleted_as_empty(world):
    """Contract 3: whoever comes first, no member goes unseen."""
    for _ in range(5):
        group, user = await world.group(), await world.user()
        v1, v2 = f"{world.v1()}/directory/groups/{group.id}", f"{world.v2()}/groups/{group.id}"
        added, deleted = await asyncio.gather(
            world.http.post(f"{v2}/memberships", json={"accountId": user.id}), world.http.delete(v1)
        )
        assert (added.status_code, deleted.status_code) in ((204, 409), (404, 200))


async def test_member_added_while_a_role_comes_has_its_seat(world):
    """Contract 5: whichever comes first, every active member holds a seat."""
    for _ in range(5):
        group, user, resource = await world.group(members=1), await world.user(), await world.resource()
        path = f"{world.v2()}/groups/{group.id}"
        role = {"resourceId": resource.id, "roleId": USER}
        assert await together(
            world.http.post(f"{path}/memberships", json={"accountId": user.id}),
            world.http.post(f"{path}/role-assignments/assign", json=role),
        ) == {204: 1, 200: 1}
        assert await world.seats(resource) == 2


async def test_one_role_assigned_at_once_is_recorded_once(world):
    """Contract 2.11: assigning what is assigned succeeds and records nothing."""
    group, resource = await world.group(members=2), await world.resource(user_limit=2)
    path = f"{world.v2()}/groups/{group.id}/role-assignments"
    role = {"resourceId": resource.id, "roleId": USER}
    for verb, status in (("assign", 200), ("revoke", 204)):
        requests = (world.http.post(f"{path}/{verb}", json=role) for _ in range(5))
        assert await together(*requests) == {status: 5}
    assert await actions(world) == ["group_role_assigned", "group_role_revoked"]
    assert await world.seats(resource) == 0


async def test_counts_stay_exact_while_members_come_and_go(world):
    """Contract 2.1: counts are what the lists say."""
    users = [await world.user() for _ in range(6)]
    group, resource = await world.group(members=users[:3]), await world.resource()
    await world.role(group, resource)
    path = f"{world.v2()}/groups/{group.id}/memberships"
    statuses = await together(
        *(world.http.delete(f"{path}/{user.id}") for user in users[:2]),
        *(world.http.post(path, json={"accountId": user.id}) for user in users[3:]),
    )
    assert statuses == {204: 5}
    assert (await world.again(group)).users == len(data(await world.http.get(path))) == 4
    assert await world.seats(resource) == 4
