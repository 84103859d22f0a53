"""What a group may do where (contract 2.10 and 2.11)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import nothing, page
from guildhall.client.calls import Call, fields, reading, writing
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking


class RoleAssignment(Record, frozen=True):
    """The roles that a group has on one resource."""

    resource_id: str
    resource_owner: str | None = None
    default_role: str | None = None
    roles: tuple[str, ...] = ()


class RoleAssignmentListing(TypedDict, total=False):
    """Which role assignments; `role_ids` selects rows, a selected row shows all its roles."""

    directory_ids: Sequence[str]
    resource_owners: Sequence[str]
    resource_ids: Sequence[str]
    role_ids: Sequence[str]
    cursor: str | None
    limit: int | None


class RoleAssignments(Subject[S]):
    """Role assignments of groups, version 2."""

    def _list(
        self, group_id: str, *, directory_id: str | None = None, **query: Unpack[RoleAssignmentListing]
    ) -> Call[Page[RoleAssignment]]:
        """Get a page of a group's role assignments, one row for each resource."""
        path = (*reading(directory_id), "groups", group_id, "role-assignments")
        given = fields(RoleAssignmentListing, query)
        return Call(method="GET", path=path, query=given, decode=page(RoleAssignment))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def assign(
        self, group_id: str, resource_id: str, role_id: str, *, directory_id: str | None = None
    ) -> Call[None]:
        """Give a group a role on a resource; one that it has is no error."""
        return _change("assign", group_id, {"resourceId": resource_id, "roleId": role_id}, directory_id)

    @operation
    def revoke(
        self, group_id: str, resource_id: str, role_id: str, *, directory_id: str | None = None
    ) -> Call[None]:
        """Take a role on a resource from a group; one that it has not is no error."""
        return _change("revoke", group_id, {"resourceId": resource_id, "roleId": role_id}, directory_id)


def _change(verb: str, group_id: str, body: dict[str, str], directory_id: str | None) -> Call[None]:
    path = (*writing(directory_id), "groups", group_id, "role-assignments", verb)
    return Call(method="POST", path=path, body=body, decode=nothing)
