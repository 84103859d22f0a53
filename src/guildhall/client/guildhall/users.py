"""Furnishing users (contract 6a)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import data, page
from guildhall.client.calls import FURNISHING, Call, fields
from guildhall.client.guildhall.listings import Listing
from guildhall.client.paging import Page
from guildhall.client.subjects import S, Subject, operation, walking
from guildhall.client.v2.users import User


class FurnishedUser(User, frozen=True):
    """A user with the ids of all their directories."""

    directories: tuple[str, ...] = ()


class UserFields(TypedDict, total=False):
    """What a user is given beside name and e-mail; `directories` are ids."""

    status: str | None
    directories: Sequence[str]
    nickname: str | None
    email_verified: bool | None
    claim_status: str | None
    picture: str | None
    avatar: str | None
    mfa_enabled: bool | None
    job_title: str | None
    department: str | None
    organization: str | None
    location: str | None
    time_zone: str | None


class FurnishingUsers(Subject[S]):
    """Users, created and changed by id or by e-mail."""

    def _list(self, **query: Unpack[Listing]) -> Call[Page[FurnishedUser]]:
        """Get a page of the organization's users."""
        given = fields(Listing, query)
        return Call(method="GET", path=(*FURNISHING, "users"), query=given, decode=page(FurnishedUser))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def get(self, account_id: str) -> Call[FurnishedUser]:
        """Get one user."""
        return Call(method="GET", path=(*FURNISHING, "users", account_id), decode=data(FurnishedUser))

    @operation
    def put(self, account_id: str, name: str, email: str, **given: Unpack[UserFields]) -> Call[FurnishedUser]:
        """Create a user, or change one."""
        return _put(account_id, name, email, given)

    @operation
    def put_by_email(self, name: str, email: str, **given: Unpack[UserFields]) -> Call[FurnishedUser]:
        """Create a user without an id of one's own, or change the one with that e-mail."""
        return _put("by-email", name, email, given)


def _put(last: str, name: str, email: str, given: UserFields) -> Call[FurnishedUser]:
    body = {"name": name, "email": email, **fields(UserFields, given)}
    return Call(method="PUT", path=(*FURNISHING, "users", last), body=body, decode=data(FurnishedUser))
