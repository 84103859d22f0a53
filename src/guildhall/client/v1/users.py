"""Managed accounts and direct roles of users (contract 4)."""

from typing import Any

from guildhall.client.answers import data, nothing, page
from guildhall.client.calls import V1, Call
from guildhall.client.paging import Page
from guildhall.client.records import SnakeRecord
from guildhall.client.subjects import S, Subject, operation, walking


class AccountProduct(SnakeRecord, frozen=True):
    """A product that an account has access to."""

    key: str | None = None
    id: str | None = None
    name: str | None = None
    url: str | None = None
    last_active: str | None = None
    last_active_timestamp: str | None = None


class Account(SnakeRecord, frozen=True):
    """A managed account of the organization."""

    account_id: str
    account_type: str | None = None
    account_status: str | None = None
    name: str | None = None
    picture: str | None = None
    email: str | None = None
    access_billable: bool | None = None
    last_active: str | None = None
    product_access: tuple[AccountProduct, ...] = ()
    links: dict[str, Any] | None = None


class LastActiveDates(SnakeRecord, frozen=True):
    """When an account was last active in each product; `added_to_org` is a date."""

    product_access: tuple[AccountProduct, ...] = ()
    added_to_org: str | None = None
    added_to_org_timestamp: str | None = None


class UsersV1(Subject[S]):
    """Users of version 1."""

    def _list(self, cursor: str | None = None) -> Call[Page[Account]]:
        """Get a page of managed accounts; `meta` has their `total`."""
        query = {"cursor": cursor} if cursor else {}
        return Call(method="GET", path=(*V1, "users"), query=query, decode=page(Account))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def last_active_dates(self, account_id: str) -> Call[LastActiveDates]:
        """Get when an account was last active."""
        path = (*V1, "directory", "users", account_id, "last-active-dates")
        return Call(method="GET", path=path, decode=data(LastActiveDates))

    @operation
    def assign_role(self, account_id: str, resource: str, role: str) -> Call[None]:
        """Give a user a role on a resource directly."""
        return _change(account_id, "roles", "assign", {"role": role, "resource": resource})

    @operation
    def revoke_role(self, account_id: str, resource: str, role: str) -> Call[None]:
        """Take a direct role on a resource from a user."""
        return _change(account_id, "roles", "revoke", {"role": role, "resource": resource})

    @operation
    def assign_platform_role(self, account_id: str, role: str = "atlassian/org-admin") -> Call[None]:
        """Give a user a role on the organization."""
        return _change(account_id, "role-assignments", "assign", {"role": role})

    @operation
    def revoke_platform_role(self, account_id: str, role: str = "atlassian/org-admin") -> Call[None]:
        """Take a role on the organization from a user."""
        return _change(account_id, "role-assignments", "revoke", {"role": role})


def _change(account_id: str, what: str, verb: str, body: dict[str, str]) -> Call[None]:
    return Call(method="POST", path=(*V1, "users", account_id, what, verb), body=body, decode=nothing)
