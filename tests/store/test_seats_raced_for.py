"""Seats and counters when many change them at once: the engines' locks, and nothing else, keep them right."""

import asyncio
import contextlib
import random

from guildhall.model.errors import GuildhallError
from guildhall.model.roles import ADMIN, ORG_ADMIN, USER
from guildhall.model.users import UserStatus
from tests import make
from tests.store.seat_model import DIRECTORIES, GROUPS, OWN, USERS
from tests.store.seat_world import SeatWorld

CLIENTS = 64
ROUNDS = 6
AT_ONCE = 24


async def test_one_of_many_members_gets_the_last_seat(world):
    resource = await world.resource(user_limit=3)
    group = await world.group(members=2)
    await world.role(group, resource)
    users = [await world.user() for _ in range(CLIENTS)]
    url = f"{world.v2()}/groups/{group.id}/memberships"
    answers = await asyncio.gather(*(world.http.post(url, json={"accountId": user.id}) for user in users))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [204] + [409] * (CLIENTS - 1)
    assert await world.seats(resource) == 3
    assert (await world.again(group)).users == 3


async def test_one_of_many_groups_gets_the_last_seat(world):
    """Each of the groups has two members, one of whom has a seat already."""
    resource = await world.resource(user_limit=3)
    seated = [await world.user() for _ in range(2)]
    for user in seated:
        await world.role(user, resource)
    groups = [await world.group(members=[seated[0], await world.user()]) for _ in range(16)]
    body = {"resourceId": resource.id, "roleId": USER}
    answers = await asyncio.gather(
        *(world.http.post(f"{world.v2()}/groups/{g.id}/role-assignments/assign", json=body) for g in groups)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (len(groups) - 1)
    assert await world.seats(resource) == 3


async def test_one_of_many_restored_users_gets_the_last_seat(world):
    resource = await world.resource(user_limit=1)
    group = await world.group()
    await world.role(group, resource)
    users = [await world.user(status=UserStatus.SUSPENDED) for _ in range(16)]
    for user in users:
        await world.add(group, user)
    bodies = [{"name": user.name, "email": user.email, "status": "active"} for user in users]
    answers = await asyncio.gather(
        *(
            world.http.put(f"{world.ours()}/users/{user.id}", json=body)
            for user, body in zip(users, bodies, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (len(users) - 1)
    assert await world.seats(resource) == 1


async def test_groups_that_share_members_give_up_a_role_at_once(world):
    """Each of two reasons to hold a role, or a seat, goes while the other goes: one of them is the last."""
    shared = await world.resource()
    for _ in range(ROUNDS):
        users = [await world.user() for _ in range(AT_ONCE)]
        groups = [await world.group(members=users) for _ in range(3)]
        for group in groups:
            await world.role(group, shared)
            await world.role(group, await world.resource())
        paths = [f"{world.v2()}/groups/{group.id}" for group in groups]
        body = {"resourceId": shared.id, "roleId": USER}
        await asyncio.gather(
            world.http.delete(paths[0]),
            world.http.post(f"{paths[1]}/role-assignments/revoke", json=body),
            world.http.delete(paths[1]),
            *(world.http.delete(f"{paths[2]}/memberships/{user.id}") for user in users),
        )
        assert await world.seats(shared) == 0
        holding = await world.http.get(f"{world.v2('-')}/users", params={"roleIds": USER})
        assert (holding.status_code, holding.json()["data"]) == (200, [])
        totals = (await world.http.get(f"{world.v2('-')}/users/stats")).json()
        assert USER not in [role["roleId"] for role in totals["roles"] if role["count"]]


async def test_many_put_the_same_new_things(world):
    """The first one creates, the others change nothing; `by-email` makes one account."""
    bodies = {
        "directories/11111111-0000-4000-8000-000000000001": {"name": "D"},
        "users/by-email": {"name": "A", "email": "a@example.com"},
        "users/b": {"name": "B", "email": "b@example.com"},
        "resources/ari:cloud:jira::site%2Fnew": {"name": "R"},
    }
    for path, body in bodies.items():
        answers = await asyncio.gather(
            *(world.http.put(f"{world.ours()}/{path}", json=body) for _ in range(16))
        )
        assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
        assert len({answer.text for answer in answers}) == 1


async def test_counters_stay_exact_under_races(world):
    """Whatever wins a race, what is counted equals what is there."""
    seats = await SeatWorld.make(world)
    chance = random.Random(7)
    for _ in range(ROUNDS):
        await asyncio.gather(*(attempt(seats, any_command(chance)) for _ in range(AT_ONCE)))
        assert await seats.state() == seats.expected(await seats.model())


async def attempt(seats, command):
    with contextlib.suppress(GuildhallError):
        await seats.do(*command)


def any_command(chance):
    group, user, directory = chance.randrange(GROUPS), chance.randrange(USERS), chance.randrange(DIRECTORIES)
    product, role = chance.randrange(OWN), chance.choice([USER, ADMIN, make.VIEWER])
    statuses = [chance.choice([None, UserStatus.ACTIVE, *UserStatus]) for _ in range(DIRECTORIES)]
    return chance.choice(
        [
            ("add", group, user),
            ("add", group, user),
            ("remove", group, user),
            ("assign", group, product, role),
            ("assign", group, product, role),
            ("revoke", group, product, role),
            ("make_default", group, product, role),
            ("suspend", directory, user),
            ("restore", directory, user),
            ("leave", directory, user),
            ("place", user, *statuses),
            ("assign_direct", user, product, role),
            ("revoke_direct", user, product, role),
            ("assign_direct", user, OWN, ORG_ADMIN),
            ("revoke_direct", user, OWN, ORG_ADMIN),
            ("delete", group),
            ("create", group),
        ]
    )
