"""Groups (contract 2.1 to 2.7 and 2.12)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.client.answers import data, nothing, page, whole
from guildhall.client.calls import Answer, Call, fields, reading, sort_order, writing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, operation, walking

GROUP_GONE = "ADMIN-UAM-404-3"
"""The error code of a group that is not there."""


class ManagementAccess(Record, frozen=True):
    """What this key may do with a group."""

    deletable: bool = False
    modifiable: bool = False
    readable: bool = True


class GroupCounts(Record, frozen=True):
    """The counts that were asked for."""

    users: int | None = None
    resources: int | None = None


class Group(Record, frozen=True):
    """A group (contract 2.1)."""

    id: str
    name: str
    directory_id: str
    description: str | None = None
    management_access: ManagementAccess | None = None
    external_synced: bool = False
    managed_by: str | None = None
    counts: GroupCounts | None = None
    links: ItemLinks | None = None


class NewGroup(msgspec.Struct, frozen=True):
    """A group that was just made; `group` is what the server told of it, if it told more than the id."""

    group_id: str
    group: Group | None = None


class Count(Record, frozen=True):
    """How many items match."""

    count: int


class TypeCount(Record, frozen=True):
    """How many groups are of one type."""

    type: str
    count: int


class GroupTotals(Record, frozen=True):
    """How many groups there are, come from an identity provider, and are managed by one."""

    all: int
    synced: int
    managed: int


class GroupStats(Record, frozen=True):
    """Groups by type (contract 2.7)."""

    types: tuple[TypeCount, ...]
    totals: GroupTotals


class GroupFilters(TypedDict, total=False):
    """Which groups; different filters are joined by AND, the values of one by OR."""

    directory_ids: Sequence[str]
    account_ids: Sequence[str]
    group_ids: Sequence[str]
    resource_owners: Sequence[str]
    resource_ids: Sequence[str]
    role_ids: Sequence[str]
    search_term: str | None


class GroupListing(GroupFilters, total=False):
    """Get a page of groups: `counts` of `users` and `resources`, `sort_by` `name` or `-name`."""

    counts: Sequence[str]
    sort_by: str | None
    cursor: str | None
    limit: int | None


class GroupSearch(GroupFilters, total=False):
    """A search: `group_names` are whole names, `expand` of `counts.users` and `counts.resources`."""

    group_names: Sequence[str]
    expand: Sequence[str]
    sort_by: str | None
    cursor: str | None
    limit: int | None


class Groups(Subject[S]):
    """Groups of version 2. Without `directory_id`, reads cover all directories."""

    def _list(self, directory_id: str | None = None, **query: Unpack[GroupListing]) -> Call[Page[Group]]:
        """Get a page of groups, by name."""
        path = (*reading(directory_id), "groups")
        return Call(method="GET", path=path, query=_listing(query), decode=page(Group))

    list = operation(_list)
    list_all = walking(_list)

    def _search(self, directory_id: str | None = None, **query: Unpack[GroupSearch]) -> Call[Page[Group]]:
        """Get a page of groups, by name; `group_names` excludes `search_term` and `group_ids`."""
        body = fields(GroupSearch, query)
        if order := query.get("sort_by"):
            body["sortBy"] = sort_order(order)
        path = (*reading(directory_id), "groups", "search")
        return Call(method="POST", path=path, body=body, decode=page(Group))

    search = operation(_search)
    search_all = walking(_search)

    @operation
    def count(self, directory_id: str | None = None, **filters: Unpack[GroupFilters]) -> Call[Count]:
        """Count the groups that match."""
        path = (*reading(directory_id), "groups", "count")
        return Call(method="GET", path=path, query=fields(GroupFilters, filters), decode=whole(Count))

    @operation
    def stats(self, directory_id: str | None = None) -> Call[GroupStats]:
        """Get the numbers of groups by type."""
        return Call(method="GET", path=(*reading(directory_id), "groups", "stats"), decode=whole(GroupStats))

    @operation
    def get(self, group_id: str, *, directory_id: str | None = None) -> Call[Group]:
        """Get one group, with its counts."""
        return Call(method="GET", path=(*reading(directory_id), "groups", group_id), decode=data(Group))

    @operation
    def create(
        self, name: str, description: str | None = None, *, directory_id: str | None = None
    ) -> Call[NewGroup]:
        """Create a group. Never repeated after a broken connection: look the name up before trying again.

        The vendor's servers do not tell the new id, so it is looked up by the name.
        """
        return Call(
            method="POST",
            path=(*writing(directory_id), "groups"),
            body={"name": name} if description is None else {"name": name, "description": description},
            headers={"prefer": "return=representation"},
            decode=_new_group,
            completion=lambda answer: _by_name(answer, directory_id, name),
            idempotent=False,
        )

    @operation
    def update(
        self,
        group_id: str,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType | None = UNSET,
        directory_id: str | None = None,
    ) -> Call[None]:
        """Rename a group or describe it anew; the vendor's servers cannot. None clears the description."""
        given = {"name": name, "description": description}
        body = {field: value for field, value in given.items() if value is not UNSET}
        path = (*writing(directory_id), "groups", group_id)
        return Call(method="PATCH", path=path, body=body, decode=nothing)

    @operation
    def delete(self, group_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Remove a group with its memberships and role assignments."""
        path = (*writing(directory_id), "groups", group_id)
        return Call(method="DELETE", path=path, decode=nothing, settled_by=frozenset({GROUP_GONE}))


_COUNTS = {"users": "includeUsers", "resources": "includeResources"}


def _listing(query: GroupListing) -> dict[str, object]:
    """Make the documentation's `counts` object and `sortBy` array, as JSON in one parameter each."""
    given = fields(GroupListing, query)
    if counts := given.pop("counts", None):
        given["counts"] = {_COUNTS[name]: True for name in counts}
    if order := given.pop("sortBy", None):
        given["sortBy"] = msgspec.json.encode(sort_order(order)).decode()
    return given


def _new_group(answer: Answer) -> NewGroup:
    if answer.content:
        group = data(Group)(answer)
        return NewGroup(group.id, group)
    return NewGroup(_id_at(answer))


def _id_at(answer: Answer) -> str:
    return answer.headers.get("location", "").rsplit("/", 1)[-1]


def _by_name(answer: Answer, directory_id: str | None, name: str) -> Call[NewGroup | None] | None:
    if answer.content or _id_at(answer):
        return None
    path = (*writing(directory_id), "groups", "search")
    return Call(method="POST", path=path, body={"groupNames": [name.strip()]}, decode=_found_group)


def _found_group(answer: Answer) -> NewGroup | None:
    found: Page[Group] = page(Group)(answer)
    return NewGroup(found.data[0].id, found.data[0]) if found.data else None
