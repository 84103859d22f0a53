"""Suspending, restoring and removing users of a directory (contract 4, 8)."""

from typing import Any

import msgspec

from guildhall.model.errors import (
    Forbidden,
    GroupGrantsAdmin,
    InvalidInput,
    UserDeactivated,
    UserNotFound,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.permissions import Caller
from guildhall.model.roles import GUARDED, ORG_ADMIN
from guildhall.model.users import USER_STATUS_WORDS, Account, User, UserDirectory, UserStatus
from guildhall.operations.directories import find_directory_to_write
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.standings import (
    Holds,
    change_standing,
    drop_direct_roles,
    get_account_to_change,
    leave_directory,
    select_groups,
    store_standing,
)
from guildhall.operations.events import record_event
from guildhall.store import user_roles
from guildhall.store.database import Transaction


async def suspend_user(tx: Transaction, caller: Caller, directory_id: str, account_id: str) -> bool:
    """Suspend a user of a directory: memberships stay, seats are freed. False when suspended already.

    Raises DirectoryNotFound, UserNotFound, UserDeactivated, and InvalidInput for an org admin.
    """
    account, standing = await _find_standing(tx, caller, directory_id, account_id)
    _require_invited(account.user, standing)
    if standing.status == UserStatus.SUSPENDED:
        return False
    await require_no_org_admin(tx, caller, account.user)
    await _change(tx, caller, account, standing, UserStatus.SUSPENDED)
    return True


async def restore_user(tx: Transaction, caller: Caller, directory_id: str, account_id: str) -> bool:
    """Make a suspended user of a directory active again. False when active already.

    Raises DirectoryNotFound, UserNotFound, UserDeactivated, UserLimitExceeded.
    """
    account, standing = await _find_standing(tx, caller, directory_id, account_id)
    _require_invited(account.user, standing)
    if standing.status == UserStatus.ACTIVE:
        return False
    await _change(tx, caller, account, standing, UserStatus.ACTIVE)
    return True


async def _change(
    tx: Transaction, caller: Caller, account: Account, standing: UserDirectory, status: UserStatus
) -> None:
    holds, counts = Holds(), Counts()
    changed = msgspec.structs.replace(standing, status=int(status))
    await change_standing(tx, caller, standing, changed, holds)
    places = tuple(changed if place == standing else place for place in account.directories)
    await store_standing(tx, caller, account, Account(account.user, places), holds, counts)
    action = EventAction.USER_SUSPENDED if status is UserStatus.SUSPENDED else EventAction.USER_RESTORED
    await _record(tx, caller, action, account.user, standing)
    await counts.store(tx, caller)


async def remove_user(tx: Transaction, caller: Caller, directory_id: str, account_id: str) -> None:
    """Take a user out of a directory and its groups; who is in none any more loses direct roles too.

    The account itself stays. Raises DirectoryNotFound, UserNotFound, InvalidInput for an org admin,
    and Forbidden when a key with scopes would take admin access.
    """
    account, standing = await _find_standing(tx, caller, directory_id, account_id)
    await require_no_org_admin(tx, caller, account.user)
    await _require_may_take(tx, caller, account, standing)
    holds, counts = Holds(), Counts()
    groups = await leave_directory(tx, caller, standing, holds, counts)
    stays = tuple(place for place in account.directories if place != standing)
    dropped = [] if stays else await drop_direct_roles(tx, caller, account.user, holds)
    await store_standing(tx, caller, account, Account(account.user, stays), holds, counts)
    roles = [{"resourceId": role.resource_id, "roleId": role.role_id} for role in dropped]
    more = {"groups": [group.group_id for group in groups], "roles": roles}
    await _record(tx, caller, EventAction.USER_REMOVED, account.user, standing, **more)
    await counts.store(tx, caller)


async def _find_standing(
    tx: Transaction, caller: Caller, directory_id: str, account_id: str
) -> tuple[Account, UserDirectory]:
    directory = await find_directory_to_write(tx, caller, directory_id)
    account = await get_account_to_change(tx, caller, account_id)
    for standing in account.directories:
        if standing.directory_key == directory.directory_key:
            return account, standing
    raise UserNotFound(f"The user {account_id} is not in the directory.")


def _require_invited(user: User, standing: UserDirectory) -> None:
    if standing.status == UserStatus.NOT_INVITED:
        raise UserNotFound(f"The user {user.account_id} was not invited to the directory.")
    if standing.status in (UserStatus.DEACTIVATED, UserStatus.FOR_DELETION):
        raise UserDeactivated(
            f"accountId: the user {user.account_id} is deactivated and can be neither suspended nor restored."
        )


async def is_org_admin(tx: Transaction, caller: Caller, user: User) -> bool:
    """Whether a user holds `atlassian/org-admin`, directly or through a group."""
    held = await tx.value(
        user_roles.SELECT_HOLDS_ROLE, org_key=caller.org_key, user_key=user.user_key, role_id=ORG_ADMIN
    )
    return held is not None


async def require_no_org_admin(tx: Transaction, caller: Caller, user: User) -> None:
    """Raise InvalidInput for a user who holds `atlassian/org-admin`, directly or through a group."""
    if await is_org_admin(tx, caller, user):
        raise InvalidInput(
            f"accountId: the user {user.account_id} is an organization admin and can be neither suspended"
            " nor removed; revoke atlassian/org-admin first."
        )


async def _require_may_take(
    tx: Transaction, caller: Caller, account: Account, standing: UserDirectory
) -> None:
    """Removing a user takes what groups and direct roles gave: admin access needs a key without scopes."""
    if caller.scopes is None:
        return
    for group in await select_groups(tx, caller, account.user.user_key):
        if group.grants_admin and group.directory_key == standing.directory_key:
            raise GroupGrantsAdmin(
                "The user is in a group that holds an admin role: removing them needs an API key without"
                " scopes."
            )
    held = await tx.all(
        user_roles.SELECT_DIRECT_ROLES, org_key=caller.org_key, user_key=account.user.user_key
    )
    if any(role.role_id in GUARDED for role in held):
        raise Forbidden("The user holds an admin role: removing them needs an API key without scopes.")


_MESSAGES = {
    EventAction.USER_SUSPENDED: "Suspended {}",
    EventAction.USER_RESTORED: "Restored {}",
    EventAction.USER_REMOVED: "Removed {}",
}


async def _record(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    user: User,
    standing: UserDirectory,
    **more: Any,
) -> None:
    status = USER_STATUS_WORDS[standing.status]
    subject = account_subject(user, directoryId=standing.directory_id, status=status, **more)
    await record_event(tx, caller, action, _MESSAGES[action].format(user.name), [subject])


def account_subject(user: User, **more: Any) -> Subject:
    """Describe a user in an event; `more` are further attributes, as they were."""
    return Subject(user.account_id, "users", {"name": user.name, "email": user.email, **more})
