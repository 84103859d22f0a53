"""Rules of the roles that users hold directly on resources (contract 4, 5)."""

from guildhall.model.errors import Forbidden, ResourceOffline, RoleDoesNotFit, UserDeactivated, UserNotFound
from guildhall.model.events import EventAction, Subject
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.role_assignments import DirectRole
from guildhall.model.roles import GUARDED, Role
from guildhall.model.users import Account, UserStatus
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import Holds, change_holds
from guildhall.operations.effects.standings import get_account_to_change
from guildhall.operations.events import record_event
from guildhall.operations.resources import resource_subject
from guildhall.operations.role_assignments import Grant, find_resource, find_role
from guildhall.operations.suspensions import account_subject
from guildhall.store import user_roles
from guildhall.store.database import Transaction

_GONE = frozenset({UserStatus.DEACTIVATED, UserStatus.FOR_DELETION})


async def assign_user_role(tx: Transaction, caller: Caller, account_id: str, grant: Grant) -> bool:
    """Give a user a role directly; return False, recording nothing, when the user holds it so already.

    Raises UserNotFound, UserDeactivated, ResourceNotFound, Forbidden, RoleDoesNotFit, ResourceOffline,
    UserLimitExceeded.
    """
    account = await get_account_to_change(tx, caller, account_id)
    resource = await find_resource(tx, caller, grant.resource_id)
    _require_full_access(caller, grant.role_id)
    role = await find_role(tx, caller, grant.role_id)
    _require_takes_roles(account)
    _require_fits(role, resource)
    held = await _select_held(tx, caller, account)
    if any(_is(other, role, resource) for other in held):
        return False
    key = {"org_key": caller.org_key, "user_key": account.user.user_key}
    await tx.run(
        user_roles.INSERT_USER_ROLE, **key, resource_key=resource.resource_key, role_key=role.role_key
    )
    counts = Counts()
    holds = _holds(account, role, resource, held, 1)
    await change_holds(tx, caller, account.user.user_key, holds, counts)
    await _record(tx, caller, EventAction.USER_ROLE_ASSIGNED, account, (resource, role))
    await counts.store(tx, caller)
    return True


async def revoke_user_role(tx: Transaction, caller: Caller, account_id: str, grant: Grant) -> bool:
    """Take a direct role from a user; return False, recording nothing, when the user does not hold it so.

    Raises UserNotFound, ResourceNotFound, Forbidden, RoleDoesNotFit for an unknown role.
    """
    account = await get_account_to_change(tx, caller, account_id)
    resource = await find_resource(tx, caller, grant.resource_id)
    _require_full_access(caller, grant.role_id)
    role = await find_role(tx, caller, grant.role_id)
    held = await _select_held(tx, caller, account)
    left = [other for other in held if not _is(other, role, resource)]
    if left == held:
        return False
    key = {"org_key": caller.org_key, "user_key": account.user.user_key}
    await tx.run(
        user_roles.DELETE_USER_ROLE, **key, resource_key=resource.resource_key, role_key=role.role_key
    )
    counts = Counts()
    holds = _holds(account, role, resource, left, -1)
    await change_holds(tx, caller, account.user.user_key, holds, counts)
    await _record(tx, caller, EventAction.USER_ROLE_REVOKED, account, (resource, role))
    await counts.store(tx, caller)
    return True


def _require_full_access(caller: Caller, role_id: str) -> None:
    if caller.scopes is not None and role_id in GUARDED:
        raise Forbidden(f"Giving or taking the role {role_id} needs an API key without scopes.")


def _require_takes_roles(account: Account) -> None:
    account_id = account.user.account_id
    statuses = {UserStatus(standing.status) for standing in account.directories}
    if not statuses - {UserStatus.NOT_INVITED} - _GONE:
        if statuses & _GONE or account.user.closed:
            raise UserDeactivated(f"accountId: the user {account_id} is deactivated and takes no roles.")
        raise UserNotFound(f"The user {account_id} is in no directory of the organization.")


def _require_fits(role: Role, resource: Resource) -> None:
    if not role.fits(resource.owner):
        raise RoleDoesNotFit(f"roleId: the role {role.id} does not fit resources of {resource.owner}.")
    if resource.status != ResourceStatus.ONLINE:
        raise ResourceOffline(
            f"resourceId: {resource.id} is {resource.status}; roles are given on resources that are online."
        )


async def _select_held(tx: Transaction, caller: Caller, account: Account) -> list[DirectRole]:
    key = {"org_key": caller.org_key, "user_key": account.user.user_key}
    return await tx.all(user_roles.SELECT_DIRECT_ROLES, **key)


def _is(held: DirectRole, role: Role, resource: Resource) -> bool:
    return (held.resource_key, held.role_key) == (resource.resource_key, role.role_key)


def _holds(account: Account, role: Role, resource: Resource, others: list[DirectRole], change: int) -> Holds:
    """Return what the role moves beside the others: a seat of an active user, and a holder of the role."""
    active = any(standing.status == UserStatus.ACTIVE for standing in account.directories)
    seated = any(other.uses_seat and other.resource_key == resource.resource_key for other in others)
    held = any(other.role_key == role.role_key for other in others)
    moves_seat = active and role.uses_seat and not seated
    return (
        {resource.resource_key: change} if moves_seat else {},
        {} if held else {role.role_key: change},
    )


async def _record(
    tx: Transaction, caller: Caller, action: EventAction, account: Account, changed: tuple[Resource, Role]
) -> None:
    resource, role = changed
    user = account.user
    message = f"Revoked {role.id} on {resource.id} from {user.name}"
    if action is EventAction.USER_ROLE_ASSIGNED:
        message = f"Assigned {role.id} on {resource.id} to {user.name}"
    subjects = [
        account_subject(user),
        resource_subject(resource),
        Subject(role.id, "roles", {"name": role.display_name}),
    ]
    await record_event(tx, caller, action, message, subjects, product=resource.owner)
