"""Which group an invited user is put into for a role on a resource (contract 5 and 6a)."""

from guildhall.client.answers import data, nothing
from guildhall.client.calls import FURNISHING, Call, Segment
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation


class DefaultRole(Record, frozen=True):
    """A group that is the default access group of a resource for a role."""

    group_id: str
    resource_id: str
    role_id: str


class DefaultRoles(Subject[S]):
    """Default roles of groups."""

    @operation
    def put(self, group_id: str, resource_id: str, role_id: str) -> Call[DefaultRole]:
        """Make a group the default access group of a resource for a role."""
        path = _default_role(group_id, resource_id)
        return Call(method="PUT", path=path, body={"roleId": role_id}, decode=data(DefaultRole))

    @operation
    def delete(self, group_id: str, resource_id: str) -> Call[None]:
        """Make a group a default access group of a resource no longer."""
        return Call(method="DELETE", path=_default_role(group_id, resource_id), decode=nothing)


def _default_role(group_id: str, resource_id: str) -> tuple[Segment, ...]:
    return (*FURNISHING, "groups", group_id, "default-roles", resource_id)
