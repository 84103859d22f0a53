"""Many additions of members at the same time, on both engines: each counts once, whoever goes away."""

import asyncio
from typing import Any

from guildhall.model.events import EventAction
from guildhall.operations.maintenance.checks import check_database
from tests import make


async def test_all_sorts_of_additions_at_once(world: make.World) -> None:
    """Ordinary ones, the same twice, a member who is there, and a group with fewer seats than who come."""
    plain, other = await world.group("Plain"), await world.group("Other")
    giving, resource = await world.group("Giving"), await world.resource(user_limit=3)
    await world.role(giving, resource)
    users = [await world.user() for _ in range(12)]
    member, resting = users[0], await world.user(status=make.UserStatus.SUSPENDED)
    await world.add(plain, member)
    wanted = [
        *((plain, user) for user in users),
        *((plain, user) for user in users[6:]),
        *((other, user) for user in users[:6]),
        *((giving, user) for user in users[:6]),
        (other, resting),
    ]
    unknown = [f"{world.v2()}/groups/{plain.id}", f"{world.v2()}/groups/{'0' * 8}-0000-4000-8000-{'0' * 12}"]
    answers = await asyncio.gather(
        *(
            world.http.post(f"{world.v2()}/groups/{group.id}/memberships", json={"accountId": user.id})
            for group, user in wanted
        ),
        world.http.post(f"{unknown[0]}/memberships", json={"accountId": "nobody"}),
        world.http.post(f"{unknown[1]}/memberships", json={"accountId": member.id}),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[:24] == [204] * 24
    assert sorted(statuses[24:30]) == [204, 204, 204, 409, 409, 409]
    assert statuses[30:] == [204, 404, 404]
    assert [(await world.again(group)).users for group in (plain, other, giving)] == [12, 7, 3]
    assert len(await events_of(world)) == 11 + 7 + 3
    assert await world.seats(resource) == 3


async def events_of(world: make.World) -> list[dict[str, Any]]:
    query = f"action={EventAction.GROUP_MEMBER_ADDED}&limit=500"
    found: list[dict[str, Any]] = (await world.http.get(f"{world.v1()}/events?{query}")).json()["data"]
    return found


async def test_who_goes_away_takes_nothing_from_the_others(world: make.World) -> None:
    group, users = await world.group(), [await world.user() for _ in range(10)]
    path = f"{world.v2()}/groups/{group.id}/memberships"
    asked = [asyncio.create_task(world.http.post(path, json={"accountId": user.id})) for user in users]
    for _ in range(4):
        await asyncio.sleep(0)
    asked[0].cancel()
    asked[5].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer.status_code for answer in answers if not isinstance(answer, BaseException)] == [204] * 8
    assert (await world.again(group)).users == len(await events_of(world)) >= 8
    assert await check_database(world.database, lambda *_: None) == []
