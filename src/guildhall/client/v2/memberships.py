"""Who is in a group (contract 2.8, 2.9 and 2.12)."""

from collections.abc import Mapping, Sequence

from guildhall.client.answers import nothing, page
from guildhall.client.calls import Call, Segment, reading, writing
from guildhall.client.paging import Page
from guildhall.client.records import ItemLinks, Record
from guildhall.client.subjects import S, Subject, each, operation, walking

ALREADY_A_MEMBER = "ADMIN-UAM-409-2"
"""What the vendor's servers answer for a member; Guildhall answers 204 (contract 2.8)."""


class Member(Record, frozen=True):
    """A member of a group; `added_at` is RFC 3339 in UTC."""

    account_id: str
    name: str | None = None
    email: str | None = None
    status: str | None = None
    added_at: str | None = None
    links: ItemLinks | None = None


class Memberships(Subject[S]):
    """Memberships of version 2."""

    def _list(
        self,
        group_id: str,
        *,
        directory_id: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Call[Page[Member]]:
        """Get a page of a group's members.

        Guildhall's own; elsewhere `users.search` with `group_ids` does it.
        """
        path = (*reading(directory_id), "groups", group_id, "memberships")
        given = {"cursor": cursor, "limit": limit}
        query = {name: value for name, value in given.items() if value is not None}
        return Call(method="GET", path=path, query=query, decode=page(Member))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def add(self, group_id: str, account_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Put a user into a group. A member already is no error for Guildhall, a Conflict for the vendor."""
        path = _memberships(directory_id, group_id)
        return Call(method="POST", path=path, body={"accountId": account_id}, decode=nothing)

    @each
    def add_each(
        self, group_id: str, account_ids: Sequence[str], *, directory_id: str | None = None
    ) -> Mapping[str, Call[None]]:
        """Put users into a group one after the other, and tell of each as it is done.

        Whoever cannot be added has an error and the rest are added; a member already is no error.
        """
        path = _memberships(directory_id, group_id)
        return {
            account_id: Call(
                method="POST",
                path=path,
                body={"accountId": account_id},
                decode=nothing,
                nothing_to_do=ALREADY_A_MEMBER,
            )
            for account_id in account_ids
        }

    @operation
    def remove(self, group_id: str, account_id: str, *, directory_id: str | None = None) -> Call[None]:
        """Take a user out of a group; one who is no member is no error."""
        return _removal(group_id, account_id, directory_id)

    @each
    def remove_each(
        self, group_id: str, account_ids: Sequence[str], *, directory_id: str | None = None
    ) -> Mapping[str, Call[None]]:
        """Take users out of a group one after the other, and tell of each as it is done."""
        return {account_id: _removal(group_id, account_id, directory_id) for account_id in account_ids}


def _memberships(directory_id: str | None, group_id: str) -> tuple[Segment, ...]:
    return (*writing(directory_id), "groups", group_id, "memberships")


def _removal(group_id: str, account_id: str, directory_id: str | None) -> Call[None]:
    return Call(method="DELETE", path=(*_memberships(directory_id, group_id), account_id), decode=nothing)
