"""Rules of the roles that groups hold on resources (contract 2.10, 2.11, 5)."""

from collections.abc import Iterable, Sequence

import msgspec

from guildhall.model.errors import (
    GroupGrantsAdmin,
    InvalidResourceId,
    MissingResourceId,
    ResourceNotFound,
    ResourceOffline,
    RoleDoesNotFit,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.filters import AssignmentFilter
from guildhall.model.groups import Group
from guildhall.model.ids import parse_resource_id
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.role_assignments import GroupRole, ResourceRoles, ResourceWithRoles
from guildhall.model.roles import Role
from guildhall.operations.authorize import require_full_access_for, require_ordinary
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.grants import (
    Pair,
    delete_role_assignments,
    insert_role_assignments,
    select_roles_on,
)
from guildhall.operations.events import record_event
from guildhall.operations.groups import get_group, get_group_to_change, group_subject
from guildhall.store import resources, role_assignments, roles
from guildhall.store.database import Transaction

_BEFORE_ALL_IDS = ""
_BEHIND_ALL_IDS = "\U0010ffff"


class Grant(msgspec.Struct, frozen=True):
    """A role on a resource, in a caller's words."""

    resource_id: str
    role_id: str
    resource_field: str = "resourceId"
    role_field: str = "roleId"
    """What the caller calls the two, for messages about them."""


async def list_group_roles(
    tx: Transaction,
    caller: Caller,
    directory_id: str,
    group_id: str,
    chosen: AssignmentFilter,
    window: Window,
) -> Page[ResourceRoles]:
    """Return a page of the resources that a group has roles on, by id, each with all its roles."""
    group = await get_group(tx, caller, directory_id, group_id)
    rows: list[ResourceWithRoles] = []
    if chosen.directories is None or group.directory_key in chosen.directories:
        rows = await _select_resources(tx, caller, group, chosen, window)
    page = cut_page(rows, window, lambda row: (row.id,))
    items = await _with_roles(tx, caller, group, page.items)
    return Page(items, page.this, page.previous, page.next)


async def _select_resources(
    tx: Transaction, caller: Caller, group: Group, chosen: AssignmentFilter, window: Window
) -> list[ResourceWithRoles]:
    backward = window.backward
    return await tx.all(
        role_assignments.SELECT_RESOURCES_WITH_ROLES_BACKWARD
        if backward
        else role_assignments.SELECT_RESOURCES_WITH_ROLES,
        org_key=caller.org_key,
        group_key=group.group_key,
        any_role=int(chosen.roles is None),
        roles=chosen.roles or (),
        any_resource=int(chosen.resources is None),
        resources=chosen.resources or (),
        any_owner=int(chosen.owners is None),
        owners=chosen.owners or (),
        start=window.start[0] if window.start else _BEHIND_ALL_IDS if backward else _BEFORE_ALL_IDS,
        inclusive=int(window.inclusive),
        most=window.limit + 1,
    )


async def _with_roles(
    tx: Transaction, caller: Caller, group: Group, rows: Sequence[ResourceWithRoles]
) -> list[ResourceRoles]:
    held: dict[int, list[str]] = {row.resource_key: [] for row in rows}
    defaults: dict[int, str] = {}
    for role in await tx.all(
        role_assignments.SELECT_ROLES_OF_RESOURCES,
        org_key=caller.org_key,
        group_key=group.group_key,
        resource_keys=list(held),
    ):
        held[role.resource_key].append(role.role_id)
        if role.default_key is not None:
            defaults[role.resource_key] = role.role_id
    return [
        ResourceRoles(
            row.resource_key,
            row.id,
            row.owner,
            defaults.get(row.resource_key),
            tuple(sorted(held[row.resource_key])),
        )
        for row in rows
    ]


async def list_roles_of_groups(
    tx: Transaction, caller: Caller, of_groups: Iterable[Group]
) -> dict[int, list[GroupRole]]:
    """Return the roles of each of several groups by the group's key, in the order of resource and role."""
    found: dict[int, list[GroupRole]] = {group.group_key: [] for group in of_groups if group.resources}
    if found:
        rows = await tx.all(
            role_assignments.SELECT_ROLES_OF_GROUPS, org_key=caller.org_key, group_keys=list(found)
        )
        for row in sorted(rows, key=lambda row: (row.resource_id, row.role_id)):
            found[row.group_key].append(row)
    return found


async def assign_roles(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, grants: Sequence[Grant]
) -> Group:
    """Give a group roles, all or none; what it holds already is left alone and recorded nowhere.

    Raises InvalidResourceId, MissingResourceId, Forbidden, ResourceNotFound, RoleDoesNotFit,
    ResourceOffline, UserLimitExceeded.
    """
    _check_forms(grants)
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    found = await _find_resources(tx, caller, grants)
    _require_grantable(caller, group, grants)
    catalogue = await _catalogue(tx, caller)
    pairs = [(found[grant.resource_id], _role_to_assign(catalogue, found, grant)) for grant in grants]
    counts = Counts()
    given = await insert_role_assignments(tx, caller, group, pairs, counts)
    await _record(tx, caller, EventAction.GROUP_ROLE_ASSIGNED, group, given)
    await counts.store(tx, caller)
    return group


async def revoke_roles(
    tx: Transaction, caller: Caller, directory_id: str | None, group_id: str, grants: Sequence[Grant]
) -> Group:
    """Take roles from a group, all or none; what it does not hold is recorded nowhere.

    A role that cannot be given to groups cannot be taken from one either: GroupGrantsAdmin.
    """
    _check_forms(grants)
    group = await get_group_to_change(tx, caller, directory_id, group_id)
    found = await _find_resources(tx, caller, grants)
    _require_grantable(caller, group, grants)
    catalogue = await _catalogue(tx, caller)
    known = [(found[g.resource_id], catalogue[g.role_id]) for g in grants if g.role_id in catalogue]
    await _require_revocable(tx, caller, group, known)
    for grant in grants:
        _role_of(catalogue, grant)
    counts = Counts()
    taken = await delete_role_assignments(tx, caller, group, known, counts)
    await _record(tx, caller, EventAction.GROUP_ROLE_REVOKED, group, taken)
    await counts.store(tx, caller)
    return group


def _check_forms(grants: Sequence[Grant]) -> None:
    missing = [grant for grant in grants if not grant.resource_id]
    if missing:
        raise MissingResourceId(*(f"{grant.resource_field}: must not be empty." for grant in missing))
    malformed = [grant for grant in grants if parse_resource_id(grant.resource_id) is None]
    if malformed:
        raise InvalidResourceId(*(_not_a_resource_id(grant.resource_field) for grant in malformed))


def _not_a_resource_id(field: str) -> str:
    return f"{field}: must be an ARI such as ari:cloud:jira::site/70ef3a32-d0da-4e09-b35e-0109f91969c3."


async def _find_resources(tx: Transaction, caller: Caller, grants: Sequence[Grant]) -> dict[str, Resource]:
    wanted = dict.fromkeys(grant.resource_id for grant in grants)
    rows = await tx.all(resources.SELECT_RESOURCES_BY_ID, org_key=caller.org_key, resource_ids=list(wanted))
    found = {resource.id: resource for resource in rows}
    for resource_id in wanted:
        if resource_id not in found:
            raise _resource_not_found(resource_id)
    return found


def _resource_not_found(resource_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"There is no resource {resource_id} in the organization.")


async def find_resource(tx: Transaction, caller: Caller, resource_id: str) -> Resource:
    """Return a resource; raises MissingResourceId, InvalidResourceId, ResourceNotFound."""
    grant = Grant(resource_id, "")
    _check_forms([grant])
    return (await _find_resources(tx, caller, [grant]))[resource_id]


def _require_grantable(caller: Caller, group: Group, grants: Sequence[Grant]) -> None:
    require_ordinary(group)
    for grant in grants:
        require_full_access_for(caller, grant.role_id)


async def _require_revocable(tx: Transaction, caller: Caller, group: Group, pairs: Sequence[Pair]) -> None:
    """Raise GroupGrantsAdmin for a held role that is not for groups: the system gave it (contract 8)."""
    fixed = [pair for pair in pairs if not pair[1].for_groups]
    if not fixed:
        return
    held = {(role.resource_key, role.role_key) for role in await select_roles_on(tx, caller, group, fixed)}
    for resource, role in fixed:
        if (resource.resource_key, role.role_key) in held:
            raise GroupGrantsAdmin(
                f"The role {role.id} on {resource.id} was given to the group by the system and stays there."
            )


async def _catalogue(tx: Transaction, caller: Caller) -> dict[str, Role]:
    return {role.id: role for role in await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)}


async def find_role(tx: Transaction, caller: Caller, role_id: str) -> Role:
    """Return a role of the catalogue; raises RoleDoesNotFit that lists those there are."""
    return _role_of(await _catalogue(tx, caller), Grant("", role_id))


def _role_of(catalogue: dict[str, Role], grant: Grant) -> Role:
    role = catalogue.get(grant.role_id)
    if role is None:
        known = ", ".join(catalogue)
        raise RoleDoesNotFit(
            f"{grant.role_field}: there is no role {grant.role_id[:100]}; the roles are {known}."
        )
    return role


def _role_to_assign(catalogue: dict[str, Role], found: dict[str, Resource], grant: Grant) -> Role:
    role = _role_of(catalogue, grant)
    require_assignable(role, found[grant.resource_id], grant)
    return role


def require_assignable(role: Role, resource: Resource, grant: Grant) -> None:
    """Raise RoleDoesNotFit or ResourceOffline unless the role can be given to groups on the resource."""
    if not role.for_groups:
        raise RoleDoesNotFit(f"{grant.role_field}: the role {role.id} cannot be given to groups.")
    if not role.fits(resource.owner):
        raise RoleDoesNotFit(
            f"{grant.role_field}: the role {role.id} does not fit resources of {resource.owner}."
        )
    if resource.status != ResourceStatus.ONLINE:
        raise ResourceOffline(
            f"{grant.resource_field}: {resource.id} is {resource.status};"
            " roles are assigned on resources that are online."
        )


async def _record(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    group: Group,
    changed: Sequence[Pair],
) -> None:
    """One operation, one event, however many roles it changed; nothing changed, no event."""
    if not changed:
        return
    pairs = ", ".join(f"{role.id} on {resource.id}" for resource, role in changed)
    message = f"Revoked {pairs} from group {group.name}"
    if action is EventAction.GROUP_ROLE_ASSIGNED:
        message = f"Assigned {pairs} to group {group.name}"
    granted = [{"resourceId": resource.id, "roleId": role.id} for resource, role in changed]
    subjects = [group_subject(group, roles=granted)]
    subjects += {
        r.id: Subject(r.id, "resources", {"name": r.name, "owner": r.owner}) for r, _ in changed
    }.values()
    subjects += {r.id: Subject(r.id, "roles", {"name": r.display_name}) for _, r in changed}.values()
    owners = {resource.owner for resource, _ in changed}
    product = owners.pop() if len(owners) == 1 else None
    await record_event(tx, caller, action, message, subjects, product=product)
