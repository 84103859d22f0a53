"""Filters of lists: from a caller's ids to the store's keys (contract 8, "Filters").

An id that does not exist matches nothing; a role that does not exist is an error, because roles
are an enumeration.
"""

from collections.abc import Sequence

from guildhall.model.errors import InvalidInput
from guildhall.model.filters import (
    AssignmentCriteria,
    AssignmentFilter,
    DirectoryCriteria,
    DirectoryFilter,
    GroupCriteria,
    GroupFilter,
    Keys,
)
from guildhall.model.ids import ANY_DIRECTORY, parse_uuid
from guildhall.model.names import fold, trim
from guildhall.model.permissions import Caller
from guildhall.model.user_lists import UserCriteria
from guildhall.operations.directories import find_directory
from guildhall.store import directories, directory_users, groups, resources, roles, users
from guildhall.store.database import Transaction


async def resolve_group_criteria(tx: Transaction, caller: Caller, criteria: GroupCriteria) -> GroupFilter:
    """Return the filter in keys; raises DirectoryNotFound and, for unknown roles, InvalidInput."""
    role_keys = await resolve_roles(tx, caller, criteria.role_ids)
    return GroupFilter(
        directories=await resolve_directories(tx, caller, criteria.directory_id, criteria.directory_ids),
        users=await resolve_users(tx, caller, criteria.account_ids),
        groups=await _resolve_groups(tx, caller, criteria),
        owners=criteria.resource_owners,
        resources=await resolve_resources(tx, caller, criteria.resource_ids),
        roles=role_keys,
        search=None if criteria.search_term is None else fold(criteria.search_term),
    )


async def resolve_first_page(tx: Transaction, caller: Caller, criteria: GroupCriteria) -> GroupFilter:
    """Return the filter of a list that begins: that of a directory alone needs no statement.

    Raises what `resolve_group_criteria` raises, but for a directory that is only found to be missing later.
    """
    directory_id = directory_alone(criteria)
    if directory_id is not None:
        return GroupFilter(directory_id=directory_id)
    return await resolve_group_criteria(tx, caller, criteria)


def directory_alone(criteria: GroupCriteria | UserCriteria) -> str | None:
    """Return the id of the path's directory where nothing else narrows the list, else None."""
    alone = criteria == type(criteria)(directory_id=criteria.directory_id)
    return parse_uuid(criteria.directory_id) if alone else None


async def resolve_assignment_criteria(
    tx: Transaction, caller: Caller, criteria: AssignmentCriteria
) -> AssignmentFilter:
    """Return the filter in keys; raises InvalidInput for unknown roles."""
    role_keys = await resolve_roles(tx, caller, criteria.role_ids)
    return AssignmentFilter(
        directories=await resolve_directories(tx, caller, ANY_DIRECTORY, criteria.directory_ids),
        owners=criteria.resource_owners,
        resources=await resolve_resources(tx, caller, criteria.resource_ids),
        roles=role_keys,
    )


async def resolve_roles(tx: Transaction, caller: Caller, role_ids: Sequence[str] | None) -> Keys | None:
    """Return the keys of roles; raises InvalidInput that lists the catalogue."""
    if role_ids is None:
        return None
    catalogue = {role.id: role.role_key for role in await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)}
    unknown = [role_id for role_id in role_ids if role_id not in catalogue]
    if unknown:
        raise InvalidInput(f"roleIds: unknown role {unknown[0]}; the roles are {', '.join(catalogue)}.")
    return tuple(catalogue[role_id] for role_id in role_ids)


async def resolve_directories(
    tx: Transaction, caller: Caller, directory_id: str, directory_ids: Sequence[str] | None
) -> Keys | None:
    """Join the directory of the path and those of the filter by AND; None is all directories."""
    keys: Keys | None = None
    if directory_id != ANY_DIRECTORY:
        keys = ((await find_directory(tx, caller, directory_id)).directory_key,)
    if directory_ids is None:
        return keys
    wanted = await tx.values(
        directories.SELECT_DIRECTORY_KEYS,
        org_key=caller.org_key,
        directory_ids=[directory_id.lower() for directory_id in directory_ids],
    )
    return tuple(sorted(key for key in wanted if keys is None or key in keys))


async def resolve_directory_criteria(
    tx: Transaction, caller: Caller, criteria: DirectoryCriteria
) -> DirectoryFilter:
    """Return the filter in keys: directories that are named and that the account is in."""
    keys = await resolve_directories(tx, caller, ANY_DIRECTORY, criteria.directory_ids)
    if criteria.account_id is not None:
        users_found = await resolve_users(tx, caller, (criteria.account_id,))
        rows = await tx.all(
            directory_users.SELECT_DIRECTORIES_OF_USERS,
            org_key=caller.org_key,
            user_keys=list(users_found or ()),
        )
        keys = tuple(row.directory_key for row in rows if keys is None or row.directory_key in keys)
    return DirectoryFilter(keys, None if criteria.search_term is None else fold(criteria.search_term))


async def resolve_users(tx: Transaction, caller: Caller, account_ids: Sequence[str] | None) -> Keys | None:
    """Return the keys of the accounts that exist."""
    if account_ids is None:
        return None
    return tuple(
        await tx.values(users.SELECT_USER_KEYS, org_key=caller.org_key, account_ids=list(account_ids))
    )


async def resolve_resources(
    tx: Transaction, caller: Caller, resource_ids: Sequence[str] | None
) -> Keys | None:
    """Return the keys of the resources that exist."""
    if resource_ids is None:
        return None
    return tuple(
        await tx.values(
            resources.SELECT_RESOURCE_KEYS, org_key=caller.org_key, resource_ids=list(resource_ids)
        )
    )


async def resolve_groups(tx: Transaction, caller: Caller, group_ids: Sequence[str] | None) -> Keys | None:
    """Return the keys of the groups that exist."""
    if group_ids is None:
        return None
    clean_ids = [group_id.lower() for group_id in group_ids]
    return tuple(await tx.values(groups.SELECT_GROUP_KEYS, org_key=caller.org_key, group_ids=clean_ids))


async def _resolve_groups(tx: Transaction, caller: Caller, criteria: GroupCriteria) -> Keys | None:
    by_id = await resolve_groups(tx, caller, criteria.group_ids)
    if criteria.group_names is None:
        return by_id
    name_keys = [fold(trim(name)) for name in criteria.group_names]
    by_name = await tx.values(groups.SELECT_GROUP_KEYS_BY_NAME, org_key=caller.org_key, name_keys=name_keys)
    return tuple(key for key in by_name if by_id is None or key in by_id)
