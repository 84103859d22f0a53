"""Contract 4, 8: suspending, restoring and removing users of one directory; one change, one event."""

import msgspec
import pytest

from guildhall.model import errors
from guildhall.model.resources import ResourceStatus
from guildhall.model.users import USER_STATUS_WORDS, UserStatus
from guildhall.operations.role_assignments import Grant
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role, revoke_user_role
from guildhall.operations.users import get_user
from guildhall.store.statement import Statement
from tests.make import ADMIN, ORG_ADMIN, USER

LAST_EVENT = Statement("SELECT action, context FROM events WHERE org_key = :org_key ORDER BY event_key DESC")
COUNT_EVENTS = Statement("SELECT count(*) FROM events WHERE org_key = :org_key")


@pytest.fixture
def do(world):
    """Call an operation as the system, or with scopes."""

    async def call(operation, *arguments, scopes=None):
        caller = msgspec.structs.replace(world.caller, scopes=scopes)
        return await world.write(operation, caller, *arguments)

    return call


async def recorded(world):
    async def count(tx):
        return await tx.value(COUNT_EVENTS, org_key=world.caller.org_key)

    return await world.read(count)


async def last_action(world):
    async def select(tx):
        return await tx.value(LAST_EVENT, org_key=world.caller.org_key)

    return await world.read(select)


async def statuses(world, user):
    account = await world.read(get_user, world.caller, user.id)
    return [USER_STATUS_WORDS[place.status] for place in account.directories]


async def test_suspending_frees_seats_of_that_directory_only(world, do):
    second, resource = await world.directory(), await world.resource()
    user = await world.user(world.default, second)
    for directory in (world.default, second):
        group = await world.group(members=[user], directory=directory)
        await world.role(group, resource)
    assert await do(suspend_user, world.default.id, user.id) is True
    assert (await statuses(world, user), await world.seats(resource)) == (["suspended", "active"], 1)
    assert await last_action(world) == "user_suspended"
    await do(suspend_user, second.id, user.id)
    assert await world.seats(resource) == 0
    assert await do(restore_user, second.id, user.id) is True
    assert (await statuses(world, user), await world.seats(resource)) == (["suspended", "active"], 1)
    assert await last_action(world) == "user_restored"


async def test_what_changes_nothing_records_nothing(world, do):
    user = await world.user()
    before = await recorded(world)
    assert await do(restore_user, world.default.id, user.id) is False
    await do(suspend_user, world.default.id, user.id)
    assert await do(suspend_user, world.default.id, user.id) is False
    assert await recorded(world) == before + 1


async def test_restoring_needs_a_seat(world, do):
    resource = await world.resource(user_limit=1)
    user = await world.user(status=UserStatus.SUSPENDED)
    await world.role(await world.group(members=[user]), resource)
    await world.role(await world.user(), resource)
    with pytest.raises(errors.UserLimitExceeded, match="1 of 1"):
        await do(restore_user, world.default.id, user.id)
    assert await statuses(world, user) == ["suspended"]


@pytest.mark.parametrize("operation", [suspend_user, restore_user])
async def test_only_those_who_were_invited_can_be_moved(world, do, operation):
    stranger = await world.user(status=UserStatus.NOT_INVITED)
    with pytest.raises(errors.UserNotFound):
        await do(operation, world.default.id, stranger.id)
    for status in (UserStatus.DEACTIVATED, UserStatus.FOR_DELETION):
        with pytest.raises(errors.UserDeactivated):
            await do(operation, world.default.id, (await world.user(status=status)).id)


@pytest.mark.parametrize("operation", [suspend_user, restore_user, remove_user])
async def test_unknown_users_and_directories(world, do, operation):
    elsewhere = await world.user(await world.directory())
    for account_id in ("nobody", "a b", "\0", elsewhere.id):
        with pytest.raises(errors.UserNotFound):
            await do(operation, world.default.id, account_id)
    with pytest.raises(errors.DirectoryNotFound):
        await do(operation, "99999999-0000-4000-8000-000000000000", elsewhere.id)
    with pytest.raises(errors.InvalidInput, match=world.default.id):
        await do(operation, "-", elsewhere.id)


async def test_removing_drops_groups_and_then_direct_roles(world, do):
    second, resource = await world.directory(), await world.resource()
    user = await world.user(world.default, second)
    group = await world.group(members=[user])
    await world.role(group, resource)
    await world.role(user, resource)
    await do(remove_user, world.default.id, user.id)
    assert (await statuses(world, user), (await world.again(group)).users) == (["active"], 0)
    assert await world.seats(resource) == 1
    assert await last_action(world) == "user_removed"
    await do(remove_user, second.id, user.id)
    assert (await statuses(world, user), await world.seats(resource)) == ([], 0)
    with pytest.raises(errors.UserNotFound):
        await do(remove_user, second.id, user.id)


async def test_org_admins_stay(world, do):
    user = await world.user()
    await world.role(user, await world.own_resource(), ORG_ADMIN)
    for operation in (suspend_user, remove_user):
        with pytest.raises(errors.InvalidInput, match="organization admin"):
            await do(operation, world.default.id, user.id)


async def test_keys_with_scopes_do_not_remove_admins(world, do):
    scopes, resource = frozenset({"write:directories:admin"}), await world.resource()
    through, directly, ordinary = await world.user(), await world.user(), await world.user()
    await world.role(await world.group(members=[through]), resource, ADMIN)
    await world.role(directly, resource, ADMIN)
    for user in (through, directly):
        with pytest.raises(errors.Forbidden, match="without scopes"):
            await do(remove_user, world.default.id, user.id, scopes=scopes)
        await do(remove_user, world.default.id, user.id)
    await do(remove_user, world.default.id, ordinary.id, scopes=scopes)


async def test_direct_roles_are_given_and_taken_once(world, do):
    user, resource = await world.user(), await world.resource(user_limit=1)
    grant = Grant(resource.id, USER)
    before = await recorded(world)
    assert [await do(assign_user_role, user.id, grant) for _ in range(2)] == [True, False]
    assert await world.seats(resource) == 1
    assert await last_action(world) == "user_role_assigned"
    with pytest.raises(errors.UserLimitExceeded):
        await do(assign_user_role, (await world.user()).id, grant)
    assert [await do(revoke_user_role, user.id, grant) for _ in range(2)] == [True, False]
    assert await world.seats(resource) == 0
    assert await last_action(world) == "user_role_revoked"
    assert await recorded(world) == before + 3


async def test_direct_roles_must_fit(world, do):
    user, resource = await world.user(), await world.resource("confluence")
    for role_id in ("atlassian/nothing", "atlassian/customer", ORG_ADMIN):
        with pytest.raises(errors.RoleDoesNotFit):
            await do(assign_user_role, user.id, Grant(resource.id, role_id))
    offline = await world.resource(status=ResourceStatus.OFFLINE)
    with pytest.raises(errors.ResourceOffline):
        await do(assign_user_role, user.id, Grant(offline.id, USER))
    assert await do(revoke_user_role, user.id, Grant(offline.id, USER)) is False
    with pytest.raises(errors.ResourceNotFound):
        await do(assign_user_role, user.id, Grant("ari:cloud:jira::site/none", USER))


async def test_direct_roles_need_a_user_who_can_use_them(world, do):
    grant = Grant((await world.resource()).id, USER)
    with pytest.raises(errors.UserNotFound):
        await do(assign_user_role, "nobody", grant)
    with pytest.raises(errors.UserNotFound):
        await do(assign_user_role, (await world.user(status=UserStatus.NOT_INVITED)).id, grant)
    with pytest.raises(errors.UserDeactivated):
        await do(assign_user_role, (await world.user(status=UserStatus.DEACTIVATED)).id, grant)
    assert await do(assign_user_role, (await world.user(status=UserStatus.SUSPENDED)).id, grant) is True


async def test_keys_with_scopes_give_no_admin_roles(world, do):
    user, scopes = await world.user(), frozenset({"write:directories:admin"})
    resource, own = await world.resource(), await world.own_resource()
    grants = [
        Grant(own.id, ORG_ADMIN),
        *(Grant(resource.id, r) for r in (ADMIN, "atlassian/user-access-admin")),
    ]
    for grant in grants:
        for operation in (assign_user_role, revoke_user_role):
            with pytest.raises(errors.Forbidden, match="without scopes"):
                await do(operation, user.id, grant, scopes=scopes)
        await do(assign_user_role, user.id, grant)
    assert await do(assign_user_role, user.id, Grant(resource.id, USER), scopes=scopes) is True
