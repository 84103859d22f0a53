"""Contract 2.8, 2.9 and 2.12: members of a group."""

import asyncio

import pytest

from guildhall.model.groups import GroupType, ManagedBy
from guildhall.model.users import UserStatus
from tests.contract.answers import actions, data, done, events, refused
from tests.make import ADMIN, ORG_ADMIN, USER_ACCESS_ADMIN, VIEWER


def members_of(world, group):
    return f"{world.v2(group.directory_id)}/groups/{group.id}/memberships"


async def add(world, group, user):
    return await world.http.post(members_of(world, group), json={"accountId": user.id})


async def remove(world, group, user):
    return await world.http.delete(f"{members_of(world, group)}/{user.id}")


async def accounts(world, group):
    return [item["accountId"] for item in data(await world.http.get(members_of(world, group)))]


async def test_add_member_is_204_with_one_event(world):
    """Contract 1.9, 2.8."""
    group, user = await world.group("Staff"), await world.user(name="Ada")
    done(await add(world, group, user))
    assert await accounts(world, group) == [user.id]
    (event,) = await events(world)
    assert event["action"] == "group_member_added"
    assert [subject["id"] for subject in event["context"]] == [group.id, user.id]
    assert event["actor"]["auth"]["authType"] == "api-token"


async def test_add_member_already_member_is_204_without_event(world):
    """Contract 2.8: safe to retry."""
    group = await world.group(members=1)
    (member,) = await accounts(world, group)
    done(await world.http.post(members_of(world, group), json={"accountId": member}))
    assert await actions(world) == []
    assert (await world.again(group)).users == 1


async def test_add_member_twice_at_once_records_one_event(world):
    """Contract 1.8: one change, one event."""
    group, user = await world.group(), await world.user()
    for answer in await asyncio.gather(*(add(world, group, user) for _ in range(5))):
        done(answer)
    assert await actions(world) == ["group_member_added"]
    assert (await world.again(group)).users == 1


async def test_add_member_of_other_directory_is_404(world):
    """Contract 1.6, 2.8, 8: also unknown, and not invited."""
    group = await world.group()
    elsewhere = await world.user(await world.directory())
    not_invited = await world.user(status=UserStatus.NOT_INVITED)
    for account_id in (elsewhere.id, not_invited.id, "nobody"):
        answer = await world.http.post(members_of(world, group), json={"accountId": account_id})
        (error,) = refused(answer, 404, "ADMIN-UAM-404-1")
        assert error["title"] == "One or more user not found in the directory"


@pytest.mark.parametrize("status", [UserStatus.DEACTIVATED, UserStatus.FOR_DELETION])
async def test_add_member_deactivated_is_400(world, status):
    """Contract 1.6, 2.8, 8."""
    group, user = await world.group(), await world.user(status=status)
    refused(await add(world, group, user), 400, "ADMIN-UAM-400-2")
    assert await actions(world) == []


async def test_add_member_suspended_is_204_and_takes_no_seat(world):
    """Contract 2.8, 5."""
    group, resource = await world.group(), await world.resource(user_limit=0)
    await world.role(group, resource)
    done(await add(world, group, await world.user(status=UserStatus.SUSPENDED)))
    assert await world.seats(resource) == 0


async def test_add_member_over_user_limit_is_409_naming_resource_limit_and_use(world):
    """Contract 2.8: naming the resource, its limit and its use, nothing changed."""
    group, resource = await world.group(members=2), await world.resource(user_limit=2)
    await world.role(group, resource)
    answer = await add(world, group, await world.user())
    refused(answer, 409, "ADMIN-UAM-409-3", resource.id, "2 of 2")
    assert (await world.again(group)).users == 2
    assert await actions(world) == []


async def test_add_member_who_has_a_seat_already_is_204(world):
    """Contract 5: a user counts once."""
    resource, user = await world.resource(user_limit=1), await world.user()
    first, second = await world.group(members=[user]), await world.group()
    for group in (first, second):
        await world.role(group, resource)
    done(await add(world, second, user))
    done(await remove(world, first, user))
    assert await world.seats(resource) == 1
    done(await remove(world, second, user))
    assert await world.seats(resource) == 0


async def test_add_members_at_once_never_exceeds_the_limit(world):
    """Contract 2.8, 5: one seat is left, and many ask for it."""
    group, resource = await world.group(members=1), await world.resource(user_limit=2)
    await world.role(group, resource)
    users = [await world.user() for _ in range(6)]
    answers = await asyncio.gather(*(add(world, group, user) for user in users))
    assert sorted(answer.status_code for answer in answers) == [204, *[409] * 5]
    assert await world.seats(resource) == 2


async def test_role_without_seat_has_no_limit(world):
    """Contract 5: viewers use no seat."""
    group, resource = await world.group(), await world.resource(user_limit=0)
    await world.role(group, resource, VIEWER)
    done(await add(world, group, await world.user()))


@pytest.mark.parametrize(
    "given",
    [
        {"synced": True, "managed_by": ManagedBy.EXTERNAL},
        {"type": GroupType.TEAM, "managed_by": ManagedBy.TEAM_MEMBERS},
        {"type": GroupType.USERBASE_GROUP},
    ],
)
async def test_members_of_others_groups_are_403(world, given):
    """Contract 2.1, 2.8, 2.9: synced groups, and those of teams and of the system."""
    group, member, other = await world.group(**given), await world.user(), await world.user()
    await world.add(group, member)
    for answer in (
        await add(world, group, other),
        await add(world, group, member),
        await remove(world, group, member),
    ):
        refused(answer, 403, "ADMIN-UAM-403-1")
    assert await accounts(world, group) == [member.id]


@pytest.mark.parametrize("role", [ADMIN, USER_ACCESS_ADMIN])
async def test_members_of_group_that_holds_an_admin_role_need_full_access(world, role):
    """Contract 1.2: beyond any scope."""
    group, user = await world.group(), await world.user()
    await world.role(group, await world.resource(), role)
    async with world.client(await world.key("write:groups:admin")) as scoped:
        answer = await scoped.post(members_of(world, group), json={"accountId": user.id})
        refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")
        refused(await scoped.delete(f"{members_of(world, group)}/{user.id}"), 403, "ADMIN-UAM-403-1")
    done(await add(world, group, user))
    done(await remove(world, group, user))


async def test_members_of_org_admins_are_403_for_every_key(world):
    """Contract 1.2: cannot be changed through groups at all."""
    group, user = await world.group(), await world.user()
    await world.role(group, await world.own_resource(), ORG_ADMIN)
    for answer in (await add(world, group, user), await remove(world, group, user)):
        refused(answer, 403, "ADMIN-UAM-403-1", "org-admin")


async def test_add_member_refuses_account_id(world):
    """Contract 1.3, 1.5: in a body 400 that names the field."""
    group = await world.group()
    for body in (
        {},
        {"accountId": ""},
        {"accountId": None},
        {"accountId": 7},
        {"accountId": "a b"},
        {"accountId": "x" * 129},
    ):
        answer = await world.http.post(members_of(world, group), json=body)
        refused(answer, 400, "ADMIN-UAM-400-1", "accountId:")


async def test_add_member_accepts_every_form_of_account_id(world):
    """Contract 1.3."""
    group = await world.group()
    ids = ["5" * 24, "557058:295406f3-a1fc-4733-b906-dd15d021bd79", "a|b_c-d:E", "x" * 128]
    for account_id in ids:
        done(await add(world, group, await world.user(account_id=account_id)))
    assert await accounts(world, group) == ids
    for account_id in ids:
        done(await world.http.delete(f"{members_of(world, group)}/{account_id}"))


async def test_remove_member_is_204_with_one_event(world):
    """Contract 2.9."""
    user = await world.user()
    group = await world.group(members=[user])
    done(await remove(world, group, user))
    done(await remove(world, group, user))
    assert await accounts(world, group) == []
    assert await actions(world) == ["group_member_removed"]


async def test_remove_member_not_there(world):
    """Contract 2.9: not a member 204 without an event; unknown user or group 404."""
    group, user = await world.group(), await world.user()
    done(await remove(world, group, user))
    elsewhere = await world.user(await world.directory())
    for account_id in (elsewhere.id, "nobody", "not%20an%20id"):
        refused(await world.http.delete(f"{members_of(world, group)}/{account_id}"), 404, "ADMIN-UAM-404-1")
    gone = f"{world.v2()}/groups/{user.id}/memberships/{user.id}"
    refused(await world.http.delete(gone), 404, "ADMIN-UAM-404-3")
    assert await actions(world) == []


async def test_list_members_shows_every_field(world):
    """Contract 2.12."""
    users = [
        await world.user(name="Ada", email="ada@example.com"),
        await world.user(status=UserStatus.SUSPENDED),
    ]
    group = await world.group(members=users)
    answer = await world.http.get(members_of(world, group))
    shown, second = data(answer)
    assert len(shown.pop("links")["self"]) == 22
    assert shown == {
        "accountId": users[0].id,
        "name": "Ada",
        "email": "ada@example.com",
        "status": "active",
        "addedAt": "2026-07-01T00:00:00.000Z",
    }
    assert (second["accountId"], second["status"]) == (users[1].id, "suspended")
    assert answer.json()["links"]["prev"] is answer.json()["links"]["next"] is None


async def test_list_members_walks_in_a_stable_order_while_members_change(world):
    """Contract 1.4, 2.12: every item that was there throughout, exactly once."""
    users = [await world.user() for _ in range(9)]
    group = await world.group(members=users[:8])
    page = await world.http.get(members_of(world, group), params={"limit": 3})
    seen = [item["accountId"] for item in data(page)]
    done(await remove(world, group, users[0]))
    done(await add(world, group, users[8]))
    while token := page.json()["links"]["next"]:
        page = await world.http.get(members_of(world, group), params={"cursor": token})
        seen += [item["accountId"] for item in data(page)]
    assert seen == [user.id for user in users]
    back = await world.http.get(members_of(world, group), params={"cursor": page.json()["links"]["prev"]})
    assert [item["accountId"] for item in data(back)] == seen[3:6]


async def test_list_members_with_any_directory(world):
    """Contract 1.3; of a group that is not there 404."""
    group = await world.group(members=1, directory=await world.directory())
    anywhere = await world.http.get(f"{world.v2('-')}/groups/{group.id}/memberships")
    assert len(data(anywhere)) == 1
    refused(await world.http.get(f"{world.v2()}/groups/{group.id}/memberships"), 404, "ADMIN-UAM-404-3")
