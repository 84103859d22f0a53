"""Rules of what is shown of users: their effective roles, resources and groups (contract 4, 8)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from guildhall.model.errors import UserNotFound
from guildhall.model.filters import AssignmentFilter, Keys
from guildhall.model.ids import ANY_DIRECTORY
from guildhall.model.paging import Page, Window, page_of
from guildhall.model.permissions import Caller
from guildhall.model.user_lists import (
    EffectiveRole,
    Expansion,
    ResourceAccess,
    UserDetails,
    UserGroup,
    UserRow,
)
from guildhall.model.users import UserDirectory
from guildhall.operations.directories import find_directory
from guildhall.operations.users import get_user
from guildhall.store import roles, user_details
from guildhall.store.database import Transaction

Held = Mapping[int, Collection[EffectiveRole]]

_OF_RESOURCES = frozenset({Expansion.PLATFORM_ROLES, Expansion.RESOURCE_COUNT, Expansion.PRODUCT_ACCESS})


async def with_details(
    tx: Transaction, caller: Caller, rows: Sequence[UserRow], expand: Collection[Expansion]
) -> list[UserDetails]:
    """Return the rows with what was asked for, in the same order; a few statements for all of them."""
    user_keys = sorted({row.user_key for row in rows})
    access = groups = None
    if user_keys and _OF_RESOURCES.intersection(expand):
        access = await _access(tx, caller, await _held_roles(tx, caller, user_keys))
    if user_keys and Expansion.GROUPS in expand:
        groups = await _groups(tx, caller, user_keys)
    return [
        UserDetails(
            row,
            None if access is None else access.get(row.user_key, ()),
            None if groups is None else groups.get(row.user_key, ()),
        )
        for row in rows
    ]


async def get_user_row(tx: Transaction, caller: Caller, directory_id: str, account_id: str) -> UserRow:
    """Return a user of a directory; with `-` of the default one, or of the first that the user is in.

    Raises DirectoryNotFound, UserNotFound.
    """
    place = await get_user_directory(tx, caller, directory_id, account_id)
    row = await tx.one(
        user_details.SELECT_USER_ROW,
        org_key=caller.org_key,
        user_key=place.user_key,
        directory_key=place.directory_key,
    )
    if row is None:
        raise LookupError(f"user {account_id} has gone within a transaction")
    return row


async def get_user_directory(
    tx: Transaction, caller: Caller, directory_id: str, account_id: str, preferred: Keys | None = None
) -> UserDirectory:
    """Return how a user is in a directory, with `-` as in `get_user_row`, a preferred one before others."""
    directory_key = None
    if directory_id != ANY_DIRECTORY:
        directory_key = (await find_directory(tx, caller, directory_id)).directory_key
    account = await get_user(tx, caller, account_id)
    places = [place for place in account.directories if directory_key in (None, place.directory_key)]
    if not places:
        raise UserNotFound(f"There is no user {account_id} in the directory.")
    return next((place for place in places if place.directory_key in (preferred or ())), places[0])


async def list_user_roles(
    tx: Transaction, caller: Caller, place: UserDirectory, chosen: AssignmentFilter, window: Window
) -> Page[ResourceAccess]:
    """Return a page of the resources that a user of a directory holds roles on, each with all its roles.

    They are ordered by id. What one user holds is bounded by the user's own groups, so all of it is read
    and sorted.
    """
    held = await _held_roles(tx, caller, [place.user_key])
    access = (await _access(tx, caller, _selected(held, chosen))).get(place.user_key, ())
    fitting = [row for row in access if _stands_in(row, place, chosen)]
    return page_of(fitting, window, lambda row: (row.resource_id,))


def _stands_in(row: ResourceAccess, place: UserDirectory, chosen: AssignmentFilter) -> bool:
    directories = chosen.directories
    is_there = directories is None or (not row.is_organization and place.directory_key in directories)
    return is_there and (chosen.owners is None or row.owner in chosen.owners)


def _selected(held: Held, chosen: AssignmentFilter) -> Held:
    """Keep the resources of which one assignment fits; each keeps all its roles (contract 8)."""
    selected = {}
    for user_key, found in held.items():
        fitting = {role.resource_key for role in found if _fits(role, chosen)}
        selected[user_key] = [role for role in found if role.resource_key in fitting]
    return selected


def _fits(role: EffectiveRole, chosen: AssignmentFilter) -> bool:
    return (chosen.resources is None or role.resource_key in chosen.resources) and (
        chosen.roles is None or role.role_key in chosen.roles
    )


async def _held_roles(tx: Transaction, caller: Caller, user_keys: Sequence[int]) -> Held:
    """Return each role of each user, once for each way in which it is held."""
    held: dict[int, set[EffectiveRole]] = defaultdict(set)
    for statement in (user_details.SELECT_DIRECT_ROLES, user_details.SELECT_ROLES_THROUGH_GROUPS):
        for role in await tx.all(statement, org_key=caller.org_key, user_keys=user_keys):
            held[role.user_key].add(role)
    return held


async def _access(tx: Transaction, caller: Caller, held: Held) -> dict[int, tuple[ResourceAccess, ...]]:
    """Return the roles of each user by resource, in the order of resource ids."""
    resource_keys = sorted({role.resource_key for found in held.values() for role in found})
    if not resource_keys:
        return {}
    catalogue = {role.role_key: role.id for role in await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)}
    found = await tx.all(
        user_details.SELECT_RESOURCES_OF_ROLES, org_key=caller.org_key, resource_keys=resource_keys
    )
    resources = {resource.resource_key: (resource.id, resource.owner) for resource in found}
    return {user_key: _by_resource(of_user, resources, catalogue) for user_key, of_user in held.items()}


def _by_resource(
    held: Iterable[EffectiveRole], resources: Mapping[int, tuple[str, str]], catalogue: Mapping[int, str]
) -> tuple[ResourceAccess, ...]:
    ways: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for role in held:
        ways[resources[role.resource_key]][catalogue[role.role_key]].add(role.direct)
    return tuple(
        ResourceAccess(
            *resource, {role_id: frozenset(directs) for role_id, directs in sorted(of_resource.items())}
        )
        for resource, of_resource in sorted(ways.items())
    )


async def _groups(
    tx: Transaction, caller: Caller, user_keys: Sequence[int]
) -> dict[int, tuple[UserGroup, ...]]:
    """Return the groups of each user by name, then by id."""
    found: dict[int, list[UserGroup]] = defaultdict(list)
    for group in await tx.all(
        user_details.SELECT_GROUPS_OF_USERS, org_key=caller.org_key, user_keys=user_keys
    ):
        found[group.user_key].append(group)
    return {
        user_key: tuple(sorted(groups, key=lambda group: (group.name_key, group.group_id)))
        for user_key, groups in found.items()
    }
