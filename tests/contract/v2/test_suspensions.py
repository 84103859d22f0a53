"""Contract 4, 8: suspending, restoring and removing users of a directory."""

import pytest

from guildhall.model.groups import AdminAccess
from guildhall.model.users import UserStatus
from tests.contract.answers import data, done, events, refused
from tests.make import ADMIN, ORG_ADMIN, USER, VIEWER

UNKNOWN = "99999999-0000-4000-8000-000000000000"
WRITE = "write:directories:admin"
OPERATIONS = [("POST", "/suspend"), ("POST", "/restore"), ("DELETE", "")]


async def call(world, method, user, verb="", directory=None, http=None):
    path = f"{world.v2((directory or world.default).id)}/users/{user.id}{verb}"
    return await (http or world.http).request(method, path)


async def status(world, user, directory=None):
    answer = await call(world, "GET", user, directory=directory)
    return data(answer)["status"] if answer.status_code == 200 else answer.status_code


async def members(world, group):
    return [
        row["accountId"] for row in data(await world.http.get(f"{world.v2()}/groups/{group.id}/memberships"))
    ]


async def test_suspend_frees_seats_and_keeps_memberships(world):
    """Contract 4: 204; restoring takes the seat again."""
    user, resource = await world.user(name="Ada"), await world.resource(user_limit=1)
    group = await world.group(members=[user])
    await world.role(group, resource)
    done(await call(world, "POST", user, "/suspend"))
    assert (await status(world, user), await world.seats(resource)) == ("suspended", 0)
    assert await members(world, group) == [user.id]
    done(await call(world, "POST", user, "/restore"))
    assert (await status(world, user), await world.seats(resource)) == ("active", 1)


async def test_remove_drops_memberships_and_seats(world):
    """Contract 4: the user is no longer there, in no group, and uses no seat; again is 404."""
    user, resource = await world.user(), await world.resource()
    groups = [await world.group(members=[user]) for _ in range(2)]
    await world.role(groups[0], resource)
    done(await call(world, "DELETE", user))
    assert (await status(world, user), await world.seats(resource)) == (404, 0)
    assert [await members(world, group) for group in groups] == [[], []]
    refused(await call(world, "DELETE", user), 404, "ADMIN-UAM-404-1", user.id)


async def test_one_change_is_one_event(world):
    """Contract 8, "Events": what changes nothing records nothing; removal names the groups."""
    user = await world.user(name="Ada")
    groups = [await world.group(members=[user]) for _ in range(3)]
    for verb in ("/suspend", "/suspend", "/restore", "/restore"):
        done(await call(world, "POST", user, verb))
    done(await call(world, "DELETE", user))
    recorded = await events(world, "user_")
    assert [event["action"] for event in recorded] == ["user_suspended", "user_restored", "user_removed"]
    for event in recorded:
        (subject,) = event["context"]
        assert (subject["id"], subject["type"]) == (user.id, "users")
        assert subject["attributes"]["directoryId"] == world.default.id
    (removed,) = recorded[-1]["context"]
    assert removed["attributes"]["groups"] == [group.id for group in groups]
    assert removed["attributes"]["status"] == "active"


async def test_directories_are_changed_one_by_one(world):
    """Contract 8: the account stays in the other directories, with the seat that it has there."""
    second, resource = await world.directory(), await world.resource()
    user = await world.user(world.default, second)
    for directory in (world.default, second):
        await world.role(await world.group(members=[user], directory=directory), resource)
    done(await call(world, "POST", user, "/suspend", second))
    assert (await status(world, user), await status(world, user, second)) == ("active", "suspended")
    done(await call(world, "DELETE", user))
    assert (await status(world, user), await status(world, user, second)) == (404, "suspended")
    assert await world.seats(resource) == 0


async def test_restore_respects_the_user_limit(world):
    """Contract 8: 409 that names the resource, nothing changed."""
    user, resource = await world.user(status=UserStatus.SUSPENDED), await world.resource(user_limit=1)
    await world.role(await world.group(members=[user]), resource)
    await world.role(await world.user(), resource)
    refused(await call(world, "POST", user, "/restore"), 409, "ADMIN-UAM-409-3", resource.id, "1 of 1")
    assert (await status(world, user), await events(world, "user_")) == ("suspended", [])


async def test_org_admins_are_neither_suspended_nor_removed(world):
    """Contract 4, 8: 400, held directly or through a group."""
    directly, through = await world.user(), await world.user()
    own = await world.own_resource()
    await world.role(directly, own, ORG_ADMIN)
    await world.role(await world.group(members=[through]), own, ORG_ADMIN)
    for user in (directly, through):
        refused(await call(world, "POST", user, "/suspend"), 400, "ADMIN-UAM-400-1", "organization admin")
        refused(await call(world, "DELETE", user), 400, "ADMIN-UAM-400-1", "organization admin")
        done(await call(world, "POST", user, "/restore"))


@pytest.mark.parametrize(("method", "verb"), OPERATIONS)
async def test_users_who_are_not_there(world, method, verb):
    """Contract 1.3, 1.6, 8: unknown, of another directory, malformed; unknown directory, `-`."""
    elsewhere = await world.user(await world.directory())
    users = f"{world.v2()}/users"
    for account_id in ("nobody", "a%20b", "%00", elsewhere.id):
        refused(await world.http.request(method, f"{users}/{account_id}{verb}"), 404, "ADMIN-UAM-404-1")
    nowhere = f"{world.v2(UNKNOWN)}/users/{elsewhere.id}{verb}"
    refused(await world.http.request(method, nowhere), 404, "ADMIN-UAM-404-1", UNKNOWN)
    anywhere = f"{world.v2('-')}/users/{elsewhere.id}{verb}"
    refused(await world.http.request(method, anywhere), 400, "ADMIN-UAM-400-1", world.default.id)


@pytest.mark.parametrize("verb", ["/suspend", "/restore"])
async def test_users_who_cannot_be_moved(world, verb):
    """Contract 8: not invited is 404, deactivated 400."""
    for given, code in (
        (UserStatus.NOT_INVITED, "404-1"),
        (UserStatus.DEACTIVATED, "400-2"),
        (UserStatus.FOR_DELETION, "400-2"),
    ):
        user = await world.user(status=given)
        refused(await call(world, "POST", user, verb), int(code[:3]), f"ADMIN-UAM-{code}", user.id)


@pytest.mark.parametrize(("method", "verb"), OPERATIONS)
async def test_key_needs_the_scope_of_directories(world, method, verb):
    """Contract 1.2: `write:directories:admin`, and no other."""
    user = await world.user()
    others = ("read:directories:admin", "read:groups:admin", "write:groups:admin")
    async with world.client(await world.key(*others)) as wrong, world.client(await world.key(WRITE)) as right:
        refused(await call(world, method, user, verb, http=wrong), 403, "ADMIN-UAM-403-1", WRITE)
        done(await call(world, method, user, verb, http=right))


async def test_keys_with_scopes_remove_no_admin(world):
    """Contract 1.2: removal takes a group's admin access, or a direct admin role."""
    resource = await world.resource()
    through, directly = await world.user(), await world.user()
    group = await world.group(members=[through])
    await world.role(group, resource, ADMIN)
    await world.role(directly, resource, ADMIN)
    assert (await world.again(group)).grants_admin == AdminAccess.SOME
    async with world.client(await world.key(WRITE)) as scoped:
        for user in (through, directly):
            answer = await call(world, "DELETE", user, http=scoped)
            refused(answer, 403, "ADMIN-UAM-403-1", "without scopes")
            done(await call(world, "DELETE", user))


async def test_mass_changes_are_capped(world, monkeypatch):
    """Design 2.2: what a user's groups give is counted as what a group's members get."""
    monkeypatch.setattr("guildhall.operations.groups.MASS_CHANGES", 2)
    user, group = await world.user(), await world.group()
    await world.add(group, user)
    for role in (USER, VIEWER):
        await world.role(group, await world.resource(), role)
    done(await call(world, "POST", user, "/suspend"))
    await world.role(group, await world.resource(), VIEWER)
    refused(await call(world, "DELETE", user), 409, "ADMIN-UAM-409-1", "1 member, 3 roles")
