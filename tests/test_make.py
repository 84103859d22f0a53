"""The world that tests are made in."""

from tests.make import ORG_ADMIN


async def test_world_answers(world):
    group = await world.group(members=3, synced=True)
    await world.role(group, await world.resource(user_limit=3))
    answer = await world.http.get(f"{world.v2()}/groups/{group.id}")
    assert answer.json()["data"]["counts"] == {"users": 3, "resources": 1}


async def test_world_seats_follow_roles(world):
    resource = await world.resource(user_limit=4)
    await world.role(await world.group(members=3), resource)
    await world.role(await world.user(), resource)
    assert await world.seats(resource) == 4


async def test_world_makes_admins(world):
    group = await world.group(members=1)
    await world.role(group, await world.own_resource(), ORG_ADMIN)
    assert (await world.again(group)).grants_admin == 2


async def test_world_key_has_scopes(world):
    async with world.client(await world.key("read:orgs:admin")) as client:
        assert (await client.get(f"{world.v2()}/groups")).status_code == 403
