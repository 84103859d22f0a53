"""Rules of groups (contract 2)."""

from typing import Any

import msgspec

from guildhall.model.directories import Directory
from guildhall.model.errors import (
    GroupNotEmpty,
    GroupNotFound,
    InvalidInput,
    NameTaken,
    TooMuchAtOnce,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.filters import GroupFilter, GroupView
from guildhall.model.groups import Group, GroupTotals, GroupType, ManagedBy
from guildhall.model.ids import ANY_DIRECTORY, parse_uuid
from guildhall.model.names import description_problem, fold, name_problem, trim
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.operations.authorize import require_deletable, require_modifiable
from guildhall.operations.directories import (
    find_directory,
    find_directory_to_write,
    find_key_of_page,
    get_default_directory,
)
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import (
    distinct_roles,
    release_role_of_members,
    release_seats_of_members,
    seat_resources,
)
from guildhall.operations.events import record_event
from guildhall.store import groups, memberships, role_assignments
from guildhall.store.database import Transaction
from guildhall.store.lists import group_filters as filters
from guildhall.store.lists import group_pages

MASS_CHANGES = 1_000_000
"""Members times roles that one operation may change (design 2.2)."""


async def list_groups(tx: Transaction, caller: Caller, view: GroupView, window: Window) -> Page[Group]:
    """Return a page of groups by name, then by id."""
    rows: list[Group] = []
    if not view.filter.matches_nothing:
        rows = await group_pages.select_groups(tx, caller.org_key, view, window)
    return cut_page(rows, window, lambda group: (group.name_key, group.id))


async def begin_list(
    tx: Transaction, caller: Caller, view: GroupView, window: Window
) -> tuple[GroupView, Page[Group]]:
    """Return the first page of a list, and its view as cursors carry it; raises DirectoryNotFound."""
    page = await list_groups(tx, caller, view, window)
    directory_id = view.filter.directory_id
    if directory_id is None:
        return view, page
    key = await find_key_of_page(tx, caller, directory_id, page.items)
    return GroupView(GroupFilter(directories=(key,)), view.descending), page


async def count_groups(tx: Transaction, caller: Caller, view: GroupView) -> int:
    """Return how many groups match; without filters from the stored totals."""
    if view.filter.matches_nothing:
        return 0
    return await filters.count_groups(tx, caller.org_key, view.filter)


async def get_group_totals(tx: Transaction, caller: Caller, directory_id: str) -> GroupTotals:
    """Return how many groups there are of each type and origin in a directory, or in all of them."""
    if directory_id == ANY_DIRECTORY:
        totals = await tx.one(groups.SELECT_GROUP_TOTALS, org_key=caller.org_key)
    else:
        directory = await find_directory(tx, caller, directory_id)
        totals = await tx.one(
            groups.SELECT_GROUP_TOTALS_OF_DIRECTORY,
            org_key=caller.org_key,
            directory_keys=[directory.directory_key],
        )
    return totals or GroupTotals(0, 0, 0, 0, 0)


async def get_group(tx: Transaction, caller: Caller, directory_id: str, group_id: str) -> Group:
    """Return a group of a directory, or with `-` of any; raises DirectoryNotFound, GroupNotFound."""
    clean_id = parse_uuid(group_id)
    group = None
    if clean_id is not None:
        group = await tx.one(groups.SELECT_GROUP, org_key=caller.org_key, group_id=clean_id)
    if group is not None and directory_id in (ANY_DIRECTORY, group.directory_id):
        return group
    if directory_id != ANY_DIRECTORY:
        await find_directory(tx, caller, directory_id)
    raise GroupNotFound(f"There is no group {group_id[:100]} in the directory.")


async def get_group_to_change(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str
) -> Group:
    """Return a group that is about to change itself; a directory of None is any (contract 3)."""
    if directory_id == ANY_DIRECTORY:
        await find_directory_to_write(tx, caller, directory_id)
    clean_id = parse_uuid(group_id)
    if clean_id is not None:
        await tx.lock(groups.LOCK_GROUP_TO_CHANGE, org_key=caller.org_key, group_id=clean_id)
    return await get_group(tx, caller, directory_id or ANY_DIRECTORY, group_id)


async def get_directory_to_write(tx: Transaction, caller: Caller, directory_id: str | None) -> Directory:
    """Return the directory of a write; None is the organization's default directory (contract 3)."""
    if directory_id is None:
        return await get_default_directory(tx, caller)
    return await find_directory_to_write(tx, caller, directory_id)


class NewGroup(msgspec.Struct, frozen=True):
    """What a group is created with; API callers give the name and the description only."""

    name: str
    description: str | None = None
    id: str | None = None
    type: GroupType = GroupType.GROUP
    managed_by: ManagedBy = ManagedBy.ADMINS
    synced: bool = False


async def create_group(tx: Transaction, caller: Caller, directory_id: str | None, new: NewGroup) -> Group:
    """Create a group; raises InvalidInput, DirectoryNotFound, NameTaken."""
    check_group_texts(new.name, new.description)
    directory = await get_directory_to_write(tx, caller, directory_id)
    counts = Counts()
    group = await _insert(tx, caller, directory, new, counts)
    await record_event(
        tx, caller, EventAction.GROUP_CREATED, f"Created group {group.name}", [group_subject(group)]
    )
    await counts.store(tx, caller)
    return group


async def insert_group(tx: Transaction, caller: Caller, directory: Directory, new: NewGroup) -> Group:
    """Store a group whose texts were checked, without an event; raises NameTaken."""
    counts = Counts()
    group = await _insert(tx, caller, directory, new, counts)
    await counts.store(tx, caller)
    return group


async def _insert(
    tx: Transaction, caller: Caller, directory: Directory, new: NewGroup, counts: Counts
) -> Group:
    name = trim(new.name)
    group_id = new.id or tx.new_id()
    group_key = await tx.value(
        groups.INSERT_GROUP,
        org_key=caller.org_key,
        directory_key=directory.directory_key,
        group_id=group_id,
        name=name,
        name_key=fold(name),
        description=new.description or None,
        type=new.type,
        managed_by=new.managed_by,
        synced=int(new.synced),
    )
    if group_key is None:
        raise _name_taken(name)
    await tx.run(groups.INSERT_GROUP_COUNTS, org_key=caller.org_key, group_key=group_key)
    group = await get_group(tx, caller, ANY_DIRECTORY, group_id)
    counts.groups(group, 1)
    return group


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"The directory has a group named {name} already; choose another name.")


def check_group_texts(name: str, description: str | None) -> None:
    """Raise InvalidInput, naming each field, when the texts cannot be kept."""
    problems = [("name", name_problem(trim(name))), ("description", description_problem(description or ""))]
    details = [f"{field}: {problem}." for field, problem in problems if problem]
    if details:
        raise InvalidInput(*details)


class GroupChanges(msgspec.Struct, frozen=True):
    """Fields of a group to change; UNSET leaves one as it is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET


async def rename_group(
    tx: Transaction, caller: Caller, directory_id: str, group_id: str, changes: GroupChanges
) -> None:
    """Change a group's name and description; changes that change nothing record nothing."""
    _check_changes(changes)
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    require_modifiable(caller, group)
    name = group.name if changes.name is msgspec.UNSET else trim(changes.name)
    description = group.description if changes.description is msgspec.UNSET else changes.description or None
    if (name, description) == (group.name, group.description):
        return
    await _require_name_free(tx, caller, group, fold(name), name)
    await tx.run(
        groups.UPDATE_GROUP,
        org_key=caller.org_key,
        group_key=group.group_key,
        name=name,
        name_key=fold(name),
        description=description,
    )
    before = {"name": group.name, "description": group.description}
    subject = group_subject(group, name=name, description=description, before=before)
    await record_event(tx, caller, EventAction.GROUP_UPDATED, f"Updated group {name}", [subject])


def _check_changes(changes: GroupChanges) -> None:
    name = "unchanged" if changes.name is msgspec.UNSET else changes.name
    check_group_texts(name, None if changes.description is msgspec.UNSET else changes.description)


async def _require_name_free(tx: Transaction, caller: Caller, group: Group, name_key: str, name: str) -> None:
    if name_key == group.name_key:
        return
    other = await tx.value(
        groups.SELECT_NAME_TAKEN,
        org_key=caller.org_key,
        directory_key=group.directory_key,
        name_key=name_key,
    )
    if other is not None:
        raise _name_taken(name)


async def delete_group(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, *, force: bool = True
) -> Group:
    """Delete a group with its memberships and role assignments; its members keep what others give.

    Raises Forbidden for synced, default and admin-granting groups, and for one that only a key without
    scopes may delete; GroupNotEmpty without `force`.
    """
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    require_deletable(caller, group)
    if group.users and not force:
        raise GroupNotEmpty(
            f"The group has members ({group.users}). Remove them first, or send forceIfNotEmpty=true."
        )
    counts = Counts()
    roles = await _remove_grants(tx, caller, group, counts)
    await _remove_rows(tx, caller, group)
    counts.groups(group, -1)
    subject = group_subject(group, users=group.users, roles=roles)
    await record_event(tx, caller, EventAction.GROUP_DELETED, f"Deleted group {group.name}", [subject])
    await counts.store(tx, caller)
    return group


async def _remove_grants(
    tx: Transaction, caller: Caller, group: Group, counts: Counts
) -> list[dict[str, Any]]:
    """Release what the group gives its members; return its roles as an event shows them."""
    held = await tx.all(
        role_assignments.SELECT_HELD_ROLES_WITH_RESOURCE, org_key=caller.org_key, group_key=group.group_key
    )
    require_mass_change(group.users, len(held))
    for resource_key in seat_resources(held):
        await release_seats_of_members(tx, caller, group, resource_key, counts)
    for role_key in distinct_roles(held):
        await release_role_of_members(tx, caller, group, role_key, counts)
    return [{"resourceId": role.resource_id, "roleId": role.role_id} for role in held]


async def _remove_rows(tx: Transaction, caller: Caller, group: Group) -> None:
    key = {"org_key": caller.org_key, "group_key": group.group_key}
    await tx.run(memberships.DELETE_MEMBERSHIPS, **key)
    await tx.run(role_assignments.DELETE_ROLE_ASSIGNMENTS, **key)
    await tx.run(groups.DELETE_GROUP_COUNTS, **key)
    await tx.run(groups.DELETE_GROUP, **key)


def require_mass_change(users: int, roles: int) -> None:
    """Raise TooMuchAtOnce when users times roles is more than one operation may change."""
    if users * roles > MASS_CHANGES:
        members = "1 member" if users == 1 else f"{users} members"
        raise TooMuchAtOnce(
            f"This would change {users * roles} role grants at once ({members}, {roles} roles);"
            f" at most {MASS_CHANGES} are changed by one request. Change fewer roles at a time."
        )


def group_subject(group: Group, **changed: Any) -> Subject:
    """Describe a group in an event; `changed` adds or replaces attributes."""
    return Subject(group.id, "groups", {"name": group.name, "directoryId": group.directory_id, **changed})
