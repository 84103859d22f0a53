"""Furnishing users (contract 6a)."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from guildhall.client.answers import data, page
from guildhall.client.calls import FURNISHING, Call, changes, fields
from guildhall.client.guildhall.listings import Listing
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking
from guildhall.client.v2.users import ProductAccess, User


class Standing(Record, frozen=True, omit_defaults=True):
    """A user's place in one directory."""

    directory_id: str
    status: str | None = None
    management_source: str | None = None
    added_to_org: str | None = None


class FurnishedUser(User, frozen=True):
    """A user with all their directories; `status` is that of the first of them."""

    directories: tuple[str, ...] = ()
    memberships: tuple[Standing, ...] = ()


class UserFields(TypedDict, total=False):
    """What a user is given beside name and e-mail; what is left out stays as it is, None clears.

    `directories` are the ids of all that the user is to be in, `memberships` the same with a status for
    each; one of the two, or neither: a new user joins the default directory.
    """

    status: str
    directories: Sequence[str]
    memberships: Sequence[Standing]
    account_status: str
    added_to_org: str
    management_source: str
    claim_status: str
    mfa_enabled: bool
    product_access: Sequence[ProductAccess]
    nickname: str | None
    email_verified: bool | None
    picture: str | None
    avatar: str | None
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
    body = {"name": name, "email": email, **changes(UserFields, given)}
    return Call(method="PUT", path=(*FURNISHING, "users", last), body=body, decode=data(FurnishedUser))
