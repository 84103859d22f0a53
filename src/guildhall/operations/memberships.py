"""Rules of memberships (contract 2.8, 2.9, 2.12)."""

from guildhall.model.errors import UserDeactivated, UserNotFound
from guildhall.model.events import EventAction, Subject
from guildhall.model.groups import Group
from guildhall.model.ids import ANY_DIRECTORY, is_account_id, parse_uuid
from guildhall.model.memberships import Member
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.users import DirectoryUser, UserStatus
from guildhall.operations.authorize import require_modifiable
from guildhall.operations.directories import find_directory_to_write
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import hold_for_member, release_for_member
from guildhall.operations.events import record_event
from guildhall.operations.groups import get_group, group_subject
from guildhall.store import memberships, users
from guildhall.store.database import Transaction

_BEFORE_ALL_KEYS = 0
_BEHIND_ALL_KEYS = 2**62


async def list_members(
    tx: Transaction, caller: Caller, directory_id: str, group_id: str, window: Window
) -> Page[Member]:
    """Return a page of a group's members, in the order in which their accounts were made."""
    group = await get_group(tx, caller, directory_id, group_id)
    statement = memberships.SELECT_MEMBERS_BACKWARD if window.backward else memberships.SELECT_MEMBERS
    rows = await tx.all(
        statement,
        org_key=caller.org_key,
        group_key=group.group_key,
        directory_key=group.directory_key,
        start=_first_key(window),
        most=window.limit + 1,
    )
    return cut_page(rows, window, lambda member: (member.user_key,))


async def list_first_members(tx: Transaction, caller: Caller, group: Group, most: int) -> list[Member]:
    """Return a group's first members, in the order of `list_members`."""
    if not group.users:
        return []
    return await tx.all(
        memberships.SELECT_MEMBERS,
        org_key=caller.org_key,
        group_key=group.group_key,
        directory_key=group.directory_key,
        start=_BEFORE_ALL_KEYS,
        most=most,
    )


def _first_key(window: Window) -> int:
    if window.start is None:
        return _BEHIND_ALL_KEYS if window.backward else _BEFORE_ALL_KEYS
    key: int = window.start[0]
    if not window.inclusive:
        return key
    return key + 1 if window.backward else key - 1


async def add_member(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, account_id: str
) -> bool:
    """Add a user to a group; return False, recording nothing, when it was a member already.

    Raises UserNotFound for a user who is not in the group's directory, UserDeactivated, Forbidden,
    and UserLimitExceeded when a resource of the group has no seat left.
    """
    group, user = await get_both_to_join(tx, caller, directory_id, group_id, account_id)
    if user.status == UserStatus.NOT_INVITED:
        raise _user_not_found(account_id)
    require_modifiable(caller, group)
    if user.status in (UserStatus.DEACTIVATED, UserStatus.FOR_DELETION):
        raise UserDeactivated(f"accountId: the user {account_id} is deactivated and cannot join groups.")
    counts = Counts()
    if not await _insert(tx, caller, group, user, counts):
        return False
    await record_event(
        tx,
        caller,
        EventAction.GROUP_MEMBER_ADDED,
        f"Added {user.name} to group {group.name}",
        [group_subject(group), user_subject(user)],
    )
    await counts.store(tx, caller)
    return True


async def insert_member(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser) -> bool:
    """Store a membership with all that follows from it, without an event; False when it was there."""
    counts = Counts()
    added = await _insert(tx, caller, group, user, counts)
    await counts.store(tx, caller)
    return added


async def _insert(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser, counts: Counts) -> bool:
    added = await tx.run(
        memberships.INSERT_MEMBERSHIP,
        org_key=caller.org_key,
        group_key=group.group_key,
        user_key=user.user_key,
        added_at=tx.now,
    )
    if added:
        await hold_for_member(tx, caller, group, user, counts)
        counts.members[group.group_key] += 1
    return bool(added)


async def remove_member(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, account_id: str
) -> bool:
    """Remove a user from a group; return False, recording nothing, when it was no member."""
    group, user = await get_both_to_join(tx, caller, directory_id, group_id, account_id)
    require_modifiable(caller, group)
    counts = Counts()
    if not await _delete(tx, caller, group, user, counts):
        return False
    await record_event(
        tx,
        caller,
        EventAction.GROUP_MEMBER_REMOVED,
        f"Removed {user.name} from group {group.name}",
        [group_subject(group), user_subject(user)],
    )
    await counts.store(tx, caller)
    return True


async def delete_member(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser) -> bool:
    """Remove a membership with all that follows from it, without an event; False when there was none."""
    counts = Counts()
    removed = await _delete(tx, caller, group, user, counts)
    await counts.store(tx, caller)
    return removed


async def _delete(tx: Transaction, caller: Caller, group: Group, user: DirectoryUser, counts: Counts) -> bool:
    removed = await tx.run(
        memberships.DELETE_MEMBERSHIP,
        org_key=caller.org_key,
        group_key=group.group_key,
        user_key=user.user_key,
    )
    if removed:
        await release_for_member(tx, caller, group, user, counts)
        counts.members[group.group_key] -= 1
    return bool(removed)


async def get_both_to_join(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, account_id: str
) -> tuple[Group, DirectoryUser]:
    """Return a group whose members are about to change, and the user as the group's directory knows it.

    Both stay as they are until the transaction ends. A directory of None is any (contract 3). Raises
    DirectoryNotFound, GroupNotFound, UserNotFound.
    """
    if directory_id == ANY_DIRECTORY:
        await find_directory_to_write(tx, caller, directory_id)
    user, clean_id = None, parse_uuid(group_id)
    if clean_id is not None and is_account_id(account_id):
        key = {"org_key": caller.org_key, "account_id": account_id}
        user = await tx.one(users.SELECT_USER_TO_JOIN, **key, group_id=clean_id)
    group = await get_group(tx, caller, directory_id or ANY_DIRECTORY, group_id)
    if user is None:
        raise _user_not_found(account_id)
    return group, user


def _user_not_found(account_id: str) -> UserNotFound:
    return UserNotFound(f"The user {account_id[:128]} is not in the group's directory.")


def user_subject(user: DirectoryUser) -> Subject:
    """Describe a user in an event."""
    return Subject(user.account_id, "users", {"name": user.name, "email": user.email})
