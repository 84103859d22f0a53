"""Rules of organizations: how one begins, what it is called, and how several are told apart."""

import secrets
from collections.abc import Sequence

import msgspec

from guildhall.model.errors import Conflict, InvalidInput, OrganizationNotFound
from guildhall.model.events import EventAction, Subject
from guildhall.model.ids import organization_resource_id, parse_uuid
from guildhall.model.names import fold, name_problem, trim
from guildhall.model.orgs import Org
from guildhall.model.permissions import Caller
from guildhall.model.roles import BUILT_IN
from guildhall.model.times import to_text
from guildhall.operations.events import record_event
from guildhall.operations.resources import NewResource, insert_resource
from guildhall.store import orgs, roles
from guildhall.store.database import Transaction

SYSTEM = "system"
"""The name of the caller on the command line (contract 8, "Events")."""

_SECRET_BYTES = 32
_MOST_LISTED = 10
"""Organizations that an error lists."""


def system_caller(org: Org) -> Caller:
    """Return the system itself as a caller of the organization: no key, no limits."""
    return Caller(org.org_key, org.id, org.secret, None, SYSTEM, None)


async def get_org(tx: Transaction, caller: Caller) -> Org:
    """Return the caller's organization."""
    org = await tx.one(orgs.SELECT_ORG_BY_KEY, org_key=caller.org_key)
    if org is None:
        raise OrganizationNotFound(f"There is no organization {caller.org_id}.")
    return org


async def create_org(tx: Transaction, name: str, org_id: str | None = None) -> Caller:
    """Create an organization with the built-in roles and its own resource; return the system as its caller.

    It has no directory yet. Raises InvalidInput, and Conflict when the id is taken.
    """
    clean_id = _require_id(org_id) if org_id is not None else tx.new_id()
    clean_name = require_org_name(name)
    secret, created_at = secrets.token_bytes(_SECRET_BYTES), to_text(tx.now)
    org_key = await tx.value(
        orgs.INSERT_ORG, org_id=clean_id, name=clean_name, secret=secret, created_at=created_at
    )
    if org_key is None:
        raise Conflict(f"There is an organization {clean_id} already.")
    caller = system_caller(Org(org_key, clean_id, clean_name, secret, created_at))
    await _insert_roles(tx, caller)
    own = NewResource(organization_resource_id(clean_id), clean_name, type="organization")
    await insert_resource(tx, caller, own)
    return caller


async def rename_org(tx: Transaction, caller: Caller, name: str) -> tuple[Org, Org]:
    """Give the caller's organization another name; return it as it was and as it is. No change, no event.

    Several organizations may have one name. Raises InvalidInput.
    """
    clean_name = require_org_name(name)
    org = await tx.one(orgs.SELECT_ORG_TO_FURNISH, org_key=caller.org_key)
    if org is None:
        raise OrganizationNotFound(f"There is no organization {caller.org_id}.")
    if org.name != clean_name:
        await tx.run(orgs.UPDATE_ORG, org_key=org.org_key, name=clean_name)
        subject = Subject(org.id, "organizations", {"name": clean_name})
        message = f"Renamed organization {org.name} to {clean_name}"
        await record_event(tx, caller, EventAction.ORGANIZATION_RENAMED, message, [subject])
    return org, msgspec.structs.replace(org, name=clean_name)


def find_orgs(known: Sequence[Org], said: str) -> Sequence[Org]:
    """Return the organization with that id, else those with that name."""
    org_id, name_key = parse_uuid(said), fold(trim(said))
    by_id = [org for org in known if org.id == org_id]
    return by_id or [org for org in known if fold(org.name) == name_key]


def listed(known: Sequence[Org]) -> str:
    """Return organizations as an error lists them: names and ids of the first few."""
    first = ", ".join(f"{org.name} ({org.id})" for org in known[:_MOST_LISTED])
    more = len(known) - _MOST_LISTED
    return f"{first} and {more} more" if more > 0 else first


def require_org_name(name: str) -> str:
    """Return the name trimmed; raises InvalidInput when it cannot be kept."""
    problem = name_problem(trim(name))
    if problem:
        raise InvalidInput(f"name: {problem}.")
    return trim(name)


def _require_id(org_id: str) -> str:
    clean_id = parse_uuid(org_id)
    if clean_id is None:
        raise InvalidInput(f"orgId: {org_id[:100]} is not a UUID.")
    return clean_id


async def _insert_roles(tx: Transaction, caller: Caller) -> None:
    for role in BUILT_IN:
        await tx.run(
            roles.INSERT_ROLE,
            org_key=caller.org_key,
            role_key=role.role_key,
            role_id=role.id,
            display_name=role.display_name,
            uses_seat=int(role.uses_seat),
            for_groups=int(role.for_groups),
            owners=role.owners,
        )
