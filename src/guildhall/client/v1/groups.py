"""Groups as version 1 has them (contract 3)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import page, whole
from guildhall.client.calls import V1, Call, fields
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking


class GroupUser(Record, frozen=True):
    """A member of a group."""

    account_id: str
    name: str | None = None
    email: str | None = None


class GroupRole(Record, frozen=True):
    """A role of a group on a resource."""

    resource_id: str
    principal_id: str | None = None
    role_id: str | None = None


class GroupAccess(Record, frozen=True):
    """What this key may do with a group."""

    deletable: bool = False
    modifiable: bool = False
    readable: bool = True


class GroupMeta(Record, frozen=True):
    """Where a group is and who manages it."""

    directory_id: str | None = None
    external_synced: bool | None = None
    managed_by: str | None = None


class FoundGroup(Record, frozen=True):
    """A group that was found; the other members are there only where expanded, `users` are the first 100."""

    id: str
    name: str
    description: str | None = None
    users: tuple[GroupUser, ...] | None = None
    users_total: int | None = None
    role_assignments: tuple[GroupRole, ...] | None = None
    management_access: GroupAccess | None = None
    meta: GroupMeta | None = None


class Said(Record, frozen=True):
    """What version 1 says after a change; `group_id` after a creation."""

    message: str
    group_id: str | None = None


class GroupNames(Record, frozen=True, omit_defaults=True):
    """Names to search for: `eq` whole names, `contains` a part of the name."""

    eq: tuple[str, ...] = ()
    contains: str = ""


class GroupSearchV1(TypedDict, total=False):
    """A search; `expand` of `USERS`, `META`, `ROLE_ASSIGNMENTS` and `MANAGEMENT_ACCESS`."""

    group_ids: Sequence[str]
    group_names: GroupNames | None
    expand: Sequence[str]
    cursor: str | None
    limit: int | None


class GroupsV1(Subject[S]):
    """Groups of version 1, deprecated by the vendor.

    Its writes are answered differently the second time, so none is repeated after a broken connection.
    """

    def _search(self, **query: Unpack[GroupSearchV1]) -> Call[Page[FoundGroup]]:
        """Get a page of groups."""
        body = fields(GroupSearchV1, query)
        return Call(method="POST", path=(*V1, "groups", "search"), body=body, decode=page(FoundGroup))

    search = operation(_search)
    search_all = walking(_search)

    @operation
    def create(self, name: str, description: str | None = None) -> Call[Said]:
        """Create a group in the default directory."""
        body = {"name": name} if description is None else {"name": name, "description": description}
        path = (*V1, "directory", "groups")
        return Call(method="POST", path=path, body=body, decode=whole(Said), idempotent=False)

    @operation
    def delete(self, group_id: str, *, force_if_not_empty: bool = False) -> Call[Said]:
        """Remove a group; one with members only by force."""
        return Call(
            method="DELETE",
            path=(*V1, "directory", "groups", group_id),
            query={"forceIfNotEmpty": True} if force_if_not_empty else {},
            decode=whole(Said),
            idempotent=False,
        )
