"""Groups as version 2 shows them (contract 2.1)."""

from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.api.v2.paging import ItemLinks
from guildhall.api.v2.schemas import Flag
from guildhall.http.request import Request
from guildhall.model.groups import MANAGED_BY_WORDS, Group, ManagementAccess
from guildhall.operations.authorize import management_access


class ManagementAccessBody(msgspec.Struct, frozen=True):
    """What the key that asks may do with the group."""

    deletable: bool
    modifiable: bool
    readable: bool


class GroupCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The counts that were asked for."""

    users: int | UnsetType = UNSET
    resources: int | UnsetType = UNSET


class GroupBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group as version 2 shows it (contract 2.1)."""

    id: str
    name: str
    description: str
    directory_id: str
    management_access: ManagementAccessBody
    external_synced: bool
    managed_by: Literal["external", "admins", "team-members", "open"]
    counts: GroupCounts | UnsetType = UNSET
    links: ItemLinks


class CountsAsked(msgspec.Struct, frozen=True, rename="camel"):
    """Which counts a list shows for each group."""

    include_users: Flag = False
    include_resources: Flag = False


BOTH_COUNTS = CountsAsked(include_users=True, include_resources=True)


def group_body(request: Request, group: Group, counts: CountsAsked) -> GroupBody:
    """Return a group as this key sees it, with the counts that were asked for."""
    shown: GroupCounts | UnsetType = UNSET
    if counts.include_users or counts.include_resources:
        shown = GroupCounts(
            group.users if counts.include_users else UNSET,
            group.resources if counts.include_resources else UNSET,
        )
    return GroupBody(
        id=group.id,
        name=group.name,
        description=group.description or "",
        directory_id=group.directory_id,
        management_access=_access_body(management_access(request.caller, group)),
        external_synced=bool(group.synced),
        managed_by=MANAGED_BY_WORDS[group.managed_by],  # type: ignore[arg-type]
        counts=shown,
        links=ItemLinks(request.item_token("group", group.id)),
    )


@lru_cache(8)
def _access_body(access: ManagementAccess) -> ManagementAccessBody:
    return ManagementAccessBody(access.deletable, access.modifiable, access.readable)
