"""Memberships as version 1 has them (contract 3)."""

from guildhall.client.answers import whole
from guildhall.client.calls import V1, Call
from guildhall.client.subjects import S, Subject, operation
from guildhall.client.v1.groups import Said


class MembershipsV1(Subject[S]):
    """Memberships of version 1, deprecated by the vendor; none is repeated after a broken connection."""

    @operation
    def add(self, group_id: str, account_id: str) -> Call[Said]:
        """Put a user into a group; a member already is a Conflict."""
        path = (*V1, "directory", "groups", group_id, "memberships")
        body = {"account_id": account_id}
        return Call(method="POST", path=path, body=body, decode=whole(Said), idempotent=False)

    @operation
    def remove(self, group_id: str, account_id: str) -> Call[Said]:
        """Take a user out of a group; one who is no member is NotFound."""
        path = (*V1, "directory", "groups", group_id, "memberships", account_id)
        return Call(method="DELETE", path=path, decode=whole(Said), idempotent=False)
