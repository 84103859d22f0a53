"""An organization as what a seed file says of it, in an order that seeding keeps (contract 6a).

What is read is read in pieces from one snapshot, so memory does not grow with the organization. What
is at its default is left out; lists that decide on access are there even when they are empty.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

from msgspec import UNSET

from guildhall.model.directories import Directory
from guildhall.model.groups import MANAGED_BY_WORDS, Group, GroupType, ManagedBy
from guildhall.model.keys import APIKey
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource, ResourceStatus
from guildhall.model.roles import BUILT_IN, Role
from guildhall.model.seeds import (
    DirectorySeed,
    DirectRolesSeed,
    GroupRolesSeed,
    GroupSeed,
    KeySeed,
    MemberSeed,
    OrganizationSeed,
    ResourceSeed,
    RoleSeed,
    UserDirectorySeed,
    UserSeed,
)
from guildhall.model.times import to_text
from guildhall.model.users import (
    CLAIM_STATUS_WORDS,
    MANAGEMENT_SOURCE_WORDS,
    USER_STATUS_WORDS,
    ClaimStatus,
    User,
)
from guildhall.store import orgs, roles
from guildhall.store.database import Transaction
from guildhall.store.maintenance import exports
from guildhall.store.statement import Statement

Row = TypeVar("Row")

_AT_ONCE = 500
_MEMBERS_AT_ONCE = 5_000
_BEFORE_ALL_KEYS = 0


async def export_org(tx: Transaction, caller: Caller) -> OrganizationSeed:
    """Return the organization itself."""
    org = await tx.one(orgs.SELECT_ORG_BY_KEY, org_key=caller.org_key)
    if org is None:
        raise LookupError("the organization has gone while it was exported")
    return OrganizationSeed(id=org.id, name=org.name, created_at=org.created_at)


async def export_roles(tx: Transaction, caller: Caller) -> AsyncGenerator[RoleSeed, None]:
    """Give the roles that are not as the program brings them."""
    built_in = {role.role_key: _role(role) for role in BUILT_IN}
    catalogue = await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)
    for role in sorted(catalogue, key=lambda role: role.role_key):
        seed = _role(role)
        if seed != built_in.get(role.role_key):
            yield seed


def _role(role: Role) -> RoleSeed:
    return RoleSeed(
        id=role.id,
        display_name=role.display_name,
        uses_seat=bool(role.uses_seat),
        for_groups=bool(role.for_groups),
        owners=None if role.owners is None else tuple(role.owners.split()),
    )


async def export_directories(tx: Transaction, caller: Caller) -> AsyncGenerator[DirectorySeed, None]:
    """Give the directories."""
    async for rows in _pieces(tx, caller, exports.SELECT_DIRECTORIES_AFTER, "directory_key"):
        for row in rows:
            yield _directory(row)


def _directory(row: Directory) -> DirectorySeed:
    default = True if row.is_default else UNSET
    return DirectorySeed(id=row.id, name=row.name, icon=_given(row.icon), default=default)


async def export_resources(tx: Transaction, caller: Caller) -> AsyncGenerator[ResourceSeed, None]:
    """Give the resources, the organization's own among them."""
    async for rows in _pieces(tx, caller, exports.SELECT_RESOURCES_AFTER, "resource_key"):
        for row in rows:
            yield _resource(row)


def _resource(row: Resource) -> ResourceSeed:
    status: Any = UNSET if row.status == ResourceStatus.ONLINE else row.status
    return ResourceSeed(
        id=row.id,
        name=row.name,
        type=UNSET if row.type == row.owner else row.type,
        status=status,
        user_limit=_given(row.user_limit),
        over_limit=row.user_limit is not None and row.seats_used > row.user_limit,
        host_url=_given(row.host_url),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def export_users(tx: Transaction, caller: Caller) -> AsyncGenerator[UserSeed, None]:
    """Give the accounts with their directories and direct roles."""
    async for rows in _pieces(tx, caller, exports.SELECT_USERS_AFTER, "user_key"):
        between = {"org_key": caller.org_key, "first": rows[0].user_key, "last": rows[-1].user_key}
        standings = await tx.all(exports.SELECT_STANDINGS_BETWEEN, **between)
        held = await tx.all(exports.SELECT_DIRECT_ROLES_BETWEEN, **between)
        places = _by_key(standings, "user_key")
        grants = _by_key(held, "holder_key")
        for row in rows:
            yield _user(row, places.get(row.user_key, ()), grants.get(row.user_key, ()))


def _user(row: User, standings: Sequence[exports.StandingRow], held: Sequence[exports.RoleRow]) -> UserSeed:
    details = row.details
    claim_status: Any = UNSET
    if row.claim_status != ClaimStatus.UNMANAGED:
        claim_status = CLAIM_STATUS_WORDS[row.claim_status]
    return UserSeed(
        account_id=row.account_id,
        name=row.name,
        email=row.email,
        closed=True if row.closed else UNSET,
        claim_status=claim_status,
        mfa_enabled=True if row.mfa_enabled else UNSET,
        nickname=_given(details.nickname),
        email_verified=_given(details.email_verified),
        picture=_given(details.picture),
        avatar=_given(details.avatar),
        job_title=_given(details.job_title),
        department=_given(details.department),
        organization=_given(details.organization),
        location=_given(details.location),
        time_zone=_given(details.time_zone),
        last_active=details.last_active or UNSET,
        directories=tuple(map(_standing, standings)),
        roles=tuple(
            DirectRolesSeed(resource=resource_id, roles=tuple(role.role_id for role in on_it))
            for resource_id, on_it in _by_resource(held)
        ),
    )


def _standing(row: exports.StandingRow) -> UserDirectorySeed:
    status: Any = USER_STATUS_WORDS[row.status]
    source: Any = MANAGEMENT_SOURCE_WORDS[row.management_source]
    return UserDirectorySeed(
        directory=row.directory_id,
        status=status,
        management_source=source,
        added_at=to_text(row.added_at),
    )


async def export_groups(
    tx: Transaction, caller: Caller
) -> AsyncGenerator[GroupSeed | list[MemberSeed], None]:
    """Give the groups with their roles; behind each come its members, in as many lists as they take."""
    async for rows in _pieces(tx, caller, exports.SELECT_GROUPS_AFTER, "group_key"):
        between = {"org_key": caller.org_key, "first": rows[0].group_key, "last": rows[-1].group_key}
        held = _by_key(await tx.all(exports.SELECT_GROUP_ROLES_BETWEEN, **between), "holder_key")
        waiting = iter(rows)
        current: Group | None = None
        async for members in _members(tx, caller, rows[0].group_key, rows[-1].group_key):
            for group_key, part in groupby(members, lambda member: member.group_key):
                while current is None or current.group_key != group_key:
                    current = next(waiting)
                    yield _group(current, held.get(current.group_key, ()))
                yield [MemberSeed(user=row.account_id, added_at=to_text(row.added_at)) for row in part]
        for group in waiting:
            yield _group(group, held.get(group.group_key, ()))


async def _members(
    tx: Transaction, caller: Caller, first: int, last: int
) -> AsyncGenerator[list[exports.MemberRow], None]:
    group_key, user_key = first, _BEFORE_ALL_KEYS
    while True:
        rows = await tx.all(
            exports.SELECT_MEMBERS_BETWEEN,
            org_key=caller.org_key,
            group_key=group_key,
            user_key=user_key,
            last=last,
            most=_MEMBERS_AT_ONCE,
        )
        if rows:
            yield rows
            group_key, user_key = rows[-1].group_key, rows[-1].user_key
        if len(rows) < _MEMBERS_AT_ONCE:
            return


def _group(row: Group, held: Sequence[exports.RoleRow]) -> GroupSeed:
    seed: dict[str, Any] = {}
    if (row.type, row.managed_by, row.synced) != (GroupType.GROUP, ManagedBy.ADMINS, 0):
        seed["type"] = GroupType(row.type).name
        seed["managed_by"] = MANAGED_BY_WORDS[row.managed_by]
        seed["synced"] = bool(row.synced)
    return GroupSeed(
        id=row.id,
        name=row.name,
        directory=row.directory_id,
        description=_given(row.description),
        roles=tuple(_group_roles(resource_id, list(on_it)) for resource_id, on_it in _by_resource(held)),
        **seed,
    )


def _group_roles(resource_id: str, held: Sequence[exports.RoleRow]) -> GroupRolesSeed:
    return GroupRolesSeed(
        resource=resource_id,
        roles=tuple(role.role_id for role in held),
        default_role=next((role.role_id for role in held if role.is_default), None),
    )


async def export_keys(tx: Transaction, caller: Caller) -> AsyncGenerator[KeySeed, None]:
    """Give the API keys by their hashes."""
    async for rows in _pieces(tx, caller, exports.SELECT_KEYS_AFTER, "id", ""):
        for row in rows:
            yield _key(row)


def _key(row: APIKey) -> KeySeed:
    return KeySeed(
        id=row.id,
        name=row.name,
        hash=row.hash.hex(),
        scopes=UNSET if row.scopes is None else tuple(row.scopes.split()),
        rate_limit=_given(row.rate_limit),
        created_at=row.created_at,
        expires_at=UNSET if row.expires_at is None else to_text(row.expires_at),
    )


async def _pieces(
    tx: Transaction, caller: Caller, statement: Statement[Row], field: str, start: Any = _BEFORE_ALL_KEYS
) -> AsyncGenerator[list[Row], None]:
    """Give all rows of a list that is ordered by `field`, never an empty piece."""
    while rows := await tx.all(statement, org_key=caller.org_key, start=start, most=_AT_ONCE):
        yield rows
        start = getattr(rows[-1], field)


def _by_key(rows: Iterable[Row], field: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, field), []).append(row)
    return found


def _by_resource(held: Iterable[exports.RoleRow]) -> Iterator[tuple[str, Iterator[exports.RoleRow]]]:
    return groupby(held, lambda role: role.resource_id)


def _given(value: Any) -> Any:
    """Leave out what is not known."""
    return UNSET if value is None else value
