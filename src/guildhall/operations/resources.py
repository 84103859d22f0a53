"""Rules of resources: the apps and sites of an organization (contract 6a)."""

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.model.errors import (
    Conflict,
    InvalidInput,
    InvalidResourceId,
    MissingResourceId,
    ResourceNotFound,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.ids import ResourceName, organization_resource_id, parse_resource_id
from guildhall.model.names import fold, name_problem, text_problem, trim
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.times import to_text
from guildhall.operations.events import record_event
from guildhall.store import resources
from guildhall.store.database import Transaction

_ORGANIZATION_KIND = "org"
_TYPE_LENGTH = 128
_URL_LENGTH = 2_048
_MOST_USERS = 1_000_000_000


class NewResource(msgspec.Struct, frozen=True):
    """What a resource is stored with; its own owner stands for a type that is not given."""

    id: str
    name: str
    status: ResourceStatus = ResourceStatus.ONLINE
    user_limit: int | None = None
    type: str | None = None
    host_url: str | None = None


class ResourceChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a resource is to be; UNSET leaves as it is, or takes the default of a new one."""

    name: str
    status: ResourceStatus | UnsetType = UNSET
    user_limit: int | UnsetType | None = UNSET
    """None is no limit; a limit below what is in use only stops further seats."""
    type: str | UnsetType = UNSET
    host_url: str | UnsetType | None = UNSET


async def get_resource(tx: Transaction, caller: Caller, resource_id: str) -> Resource:
    """Return a resource; an id of the wrong form finds nothing: ResourceNotFound."""
    found = None
    if parse_resource_id(resource_id) is not None:
        found = await tx.one(resources.SELECT_RESOURCE, org_key=caller.org_key, resource_id=resource_id)
    if found is None:
        raise _not_found(resource_id)
    return found


def _not_found(resource_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"There is no resource {resource_id[:300]} in the organization.")


async def _find_to_change(tx: Transaction, caller: Caller, resource_id: str) -> Resource | None:
    """Return a resource that stays as it is until the transaction ends, or None."""
    key = {"org_key": caller.org_key, "resource_id": resource_id}
    if parse_resource_id(resource_id) is None:
        return None
    if await tx.value(resources.LOCK_RESOURCE_TO_CHANGE, **key) is None:
        return None
    return await tx.one(resources.SELECT_RESOURCE, **key)


async def list_resources(tx: Transaction, caller: Caller, window: Window) -> Page[Resource]:
    """Return a page of resources by name, then by id."""
    rows = await resources.RESOURCES.page(tx, window, org_key=caller.org_key)
    return cut_page(rows, window, lambda resource: (resource.name_key, resource.id))


async def put_resource(
    tx: Transaction, caller: Caller, resource_id: str, changes: ResourceChanges
) -> tuple[Resource, bool]:
    """Create a resource or change it; return it and whether it is new. No change, no event.

    Raises InvalidInput; the organization's own resource stays online and without limit.
    """
    require_own_id(caller, resource_id)
    _check_texts(changes)
    before = await _find_to_change(tx, caller, resource_id)
    if before is None:
        return await _create(tx, caller, resource_id, changes), True
    after = _changed(before, changes)
    if after == before:
        return before, False
    _check_own(caller, after)
    return await _update(tx, caller, before, after), False


def require_own_id(caller: Caller, resource_id: str) -> ResourceName:
    """Return the parts of an ARI that the organization may give to a resource; raises InvalidInput."""
    if not resource_id:
        raise MissingResourceId("resourceId: must not be empty.")
    name = parse_resource_id(resource_id)
    if name is None:
        raise InvalidResourceId(
            "resourceId: must be an ARI such as ari:cloud:jira::site/70ef3a32-d0da-4e09-b35e-0109f91969c3."
        )
    own = organization_resource_id(caller.org_id)
    if name.kind == _ORGANIZATION_KIND and resource_id != own:
        raise InvalidResourceId(f"resourceId: the only resource of that kind is {own}.")
    return name


def _check_texts(changes: ResourceChanges) -> None:
    problems = [("name", name_problem(trim(changes.name)))]
    if changes.type is not UNSET:
        problems.append(("type", text_problem(changes.type, 1, _TYPE_LENGTH)))
    if changes.host_url is not UNSET:
        problems.append(("hostUrl", text_problem(changes.host_url or "", 0, _URL_LENGTH)))
    if isinstance(changes.user_limit, int) and not 0 <= changes.user_limit <= _MOST_USERS:
        problems.append(("userLimit", f"must be null (no limit) or a number from 0 to {_MOST_USERS}"))
    details = [f"{field}: {problem}." for field, problem in problems if problem]
    if details:
        raise InvalidInput(*details)


def _changed(before: Resource, changes: ResourceChanges) -> Resource:
    name = trim(changes.name)
    given = {
        "name": name,
        "name_key": fold(name),
        "status": UNSET if changes.status is UNSET else changes.status.value,
        "user_limit": changes.user_limit,
        "type": changes.type,
        "host_url": changes.host_url if changes.host_url is UNSET else changes.host_url or None,
    }
    return msgspec.structs.replace(before, **{field: v for field, v in given.items() if v is not UNSET})


def _check_own(caller: Caller, resource: Resource) -> None:
    if resource.id != organization_resource_id(caller.org_id):
        return
    if resource.status != ResourceStatus.ONLINE or resource.user_limit is not None:
        raise InvalidInput(
            "resourceId: the organization's own resource is always online and has no user limit."
        )


async def _create(tx: Transaction, caller: Caller, resource_id: str, changes: ResourceChanges) -> Resource:
    given = {field: value for field, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    created = await insert_resource(tx, caller, NewResource(id=resource_id, **given))
    message = f"Created resource {created.name}"
    await _record(tx, caller, EventAction.RESOURCE_CREATED, message, created)
    return created


async def insert_resource(tx: Transaction, caller: Caller, new: NewResource) -> Resource:
    """Store a resource whose fields were checked, without an event."""
    owner = require_own_id(caller, new.id).owner
    name = trim(new.name)
    resource_key = await tx.value(
        resources.INSERT_RESOURCE,
        org_key=caller.org_key,
        resource_id=new.id,
        owner=owner,
        name=name,
        name_key=fold(name),
        type=new.type or owner,
        status=new.status.value,
        host_url=new.host_url or None,
        created_at=to_text(tx.now),
    )
    await tx.run(
        resources.INSERT_RESOURCE_SEATS,
        org_key=caller.org_key,
        resource_key=resource_key,
        user_limit=new.user_limit,
    )
    return await get_resource(tx, caller, new.id)


async def _update(tx: Transaction, caller: Caller, before: Resource, after: Resource) -> Resource:
    key = {"org_key": caller.org_key, "resource_key": after.resource_key}
    await tx.run(
        resources.UPDATE_RESOURCE,
        **key,
        name=after.name,
        name_key=after.name_key,
        type=after.type,
        status=after.status,
        host_url=after.host_url,
        updated_at=to_text(tx.now),
    )
    message = f"Updated resource {after.name}"
    await _record(tx, caller, EventAction.RESOURCE_UPDATED, message, after, before)
    if after.user_limit != before.user_limit:
        await tx.run(resources.UPDATE_USER_LIMIT, **key, user_limit=after.user_limit)
    return await get_resource(tx, caller, after.id)


async def delete_resource(tx: Transaction, caller: Caller, resource_id: str) -> None:
    """Delete a resource that nobody holds a role on.

    Raises ResourceNotFound, and Conflict while it is used or when it is the organization's own.
    """
    resource = await _find_to_change(tx, caller, resource_id)
    if resource is None:
        raise _not_found(resource_id)
    if resource.id == organization_resource_id(caller.org_id):
        raise Conflict("The organization's own resource cannot be deleted.")
    key = {"org_key": caller.org_key, "resource_key": resource.resource_key}
    if await tx.value(resources.SELECT_RESOURCE_IS_USED, **key) is not None:
        raise Conflict(f"Groups or users hold roles on {resource.id}. Revoke them first.")
    await tx.run(resources.DELETE_RESOURCE_SEATS, **key)
    await tx.run(resources.DELETE_RESOURCE, **key)
    await _record(tx, caller, EventAction.RESOURCE_DELETED, f"Deleted resource {resource.name}", resource)


async def _record(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    message: str,
    resource: Resource,
    before: Resource | None = None,
) -> None:
    subject = resource_subject(resource, before)
    await record_event(tx, caller, action, message, [subject], product=resource.owner)


def resource_subject(resource: Resource, before: Resource | None = None) -> Subject:
    """Describe a resource in an event, and what it was."""
    attributes = _attributes(resource)
    if before is not None:
        attributes["before"] = _attributes(before)
    return Subject(resource.id, "resources", attributes)


def _attributes(resource: Resource) -> dict[str, object]:
    return {
        "name": resource.name,
        "owner": resource.owner,
        "type": resource.type,
        "status": resource.status,
        "userLimit": resource.user_limit,
        "hostUrl": resource.host_url,
    }
