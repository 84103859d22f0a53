"""Roles of groups as version 1 has them (contract 3)."""

from collections.abc import Sequence

from guildhall.client.answers import whole
from guildhall.client.calls import V1, Call
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation
from guildhall.client.v1.groups import Said


class RoleAssociation(Record, frozen=True):
    """A role on a resource."""

    resource: str
    role: str


class RoleAssignmentsV1(Subject[S]):
    """Role assignments of groups, version 1, deprecated by the vendor; 1 to 100 at once, all or nothing."""

    @operation
    def assign(self, group_id: str, associations: Sequence[RoleAssociation]) -> Call[Said]:
        """Give a group roles."""
        return _change("assign", group_id, associations)

    @operation
    def revoke(self, group_id: str, associations: Sequence[RoleAssociation]) -> Call[Said]:
        """Take roles from a group."""
        return _change("revoke", group_id, associations)


def _change(verb: str, group_id: str, associations: Sequence[RoleAssociation]) -> Call[Said]:
    path = (*V1, "directory", "groups", group_id, "roles", verb)
    return Call(method="POST", path=path, body={"roleAssociations": associations}, decode=whole(Said))
