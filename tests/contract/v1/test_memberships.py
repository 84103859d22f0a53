"""Contract 3: members of groups, version 1."""

import pytest

from guildhall.model.groups import ManagedBy
from guildhall.model.users import UserStatus
from tests.contract.answers import actions, refused
from tests.make import ADMIN, ORG_ADMIN, USER_ACCESS_ADMIN


def members_of(world, group):
    return f"{world.v1()}/directory/groups/{group.id}/memberships"


async def add(world, group, account_id):
    return await world.http.post(members_of(world, group), json={"account_id": account_id})


async def remove(world, group, account_id):
    return await world.http.delete(f"{members_of(world, group)}/{account_id}")


async def test_add_member_says_so(world):
    """Contract 3: account_id in snake case."""
    group, user = await world.group(), await world.user()
    answer = await add(world, group, user.id)
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": f"User {user.id} was added to group {group.id}"},
    )
    assert await actions(world) == ["group_member_added"]


async def test_add_member_already_member_is_409(world):
    """Contract 3: ADMIN-409-28, unlike version 2."""
    group, user = await world.group(), await world.user()
    await add(world, group, user.id)
    refused(await add(world, group, user.id), 409, "ADMIN-409-28", user.id)
    assert await actions(world) == ["group_member_added"]


async def test_remove_member_says_so(world):
    """Contract 3."""
    user = await world.user()
    group = await world.group(members=[user])
    answer = await remove(world, group, user.id)
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": f"User {user.id} was removed from group {group.id}"},
    )
    assert await actions(world) == ["group_member_removed"]


async def test_remove_member_not_a_member_is_404(world):
    """Contract 3, 8: ADMIN-404-8, also of another directory and unknown."""
    group, user = await world.group(), await world.user()
    elsewhere = await world.user(await world.directory())
    for account_id in (user.id, elsewhere.id, "nobody", "a%20b"):
        refused(await remove(world, group, account_id), 404, "ADMIN-404-8")
    assert await actions(world) == []


async def test_add_member_refused(world):
    """Contract 1.6: every row that concerns it."""
    group, full = await world.group(), await world.group()
    resource = await world.resource(user_limit=0)
    await world.role(full, resource)
    user, gone = await world.user(), await world.user(status=UserStatus.DEACTIVATED)
    synced = await world.group(synced=True, managed_by=ManagedBy.EXTERNAL)
    organization = await world.group()
    await world.role(organization, await world.own_resource(), ORG_ADMIN)
    for target, account_id, status, code in (
        (group, "nobody", 404, "ADMIN-404-8"),
        (group, gone.id, 400, "ADMIN-400-24"),
        (group, "a b", 400, "ADMIN-400-24"),
        (full, user.id, 409, "ADMIN-409-3"),
        (synced, user.id, 403, "ADMIN-403-5"),
        (organization, user.id, 403, "ADMIN-403-7"),
        (await world.user(), user.id, 404, "ADMIN-404-10"),
    ):
        refused(await add(world, target, account_id), status, code)
    answer = await world.http.post(members_of(world, group), json={"accountId": user.id})
    refused(answer, 400, "ADMIN-400-24", "account_id")
    assert await actions(world) == []


@pytest.mark.parametrize(("role", "code"), [(ADMIN, "ADMIN-403-7"), (USER_ACCESS_ADMIN, "ADMIN-403-1")])
async def test_members_of_group_that_holds_an_admin_role_need_full_access(world, role, code):
    """Contract 1.2, 1.6: 403, beyond any scope."""
    group, user = await world.group(), await world.user()
    await world.role(group, await world.resource(), role)
    async with world.client(await world.key("write:groups:admin")) as scoped:
        answer = await scoped.post(members_of(world, group), json={"account_id": user.id})
        refused(answer, 403, code, "without scopes")
        assert (await add(world, group, user.id)).status_code == 200
        refused(await scoped.delete(f"{members_of(world, group)}/{user.id}"), 403, code, "without scopes")
    assert await actions(world) == ["group_member_added"]
