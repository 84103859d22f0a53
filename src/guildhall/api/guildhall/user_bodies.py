"""Users as our own operations take and show them (contract 4 "User", 6a)."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.api.guildhall.schemas import URL, DirectoryId, Name, ResourceId, Text, Time, to_milliseconds
from guildhall.http.paging import ItemLinks
from guildhall.http.request import Request
from guildhall.model.errors import InvalidInput
from guildhall.model.ids import parse_resource_id
from guildhall.model.times import to_text
from guildhall.model.users import (
    CLAIM_STATUS_WORDS,
    MANAGEMENT_SOURCE_WORDS,
    USER_STATUS_WORDS,
    Account,
    ClaimStatus,
    ManagementSource,
    UserDirectory,
    UserStatus,
)
from guildhall.operations.accounts import GivenStanding, ProfileChanges, UserChanges

Status = Literal["active", "suspended", "not_invited", "deactivated", "for_deletion"]
AccountStatus = Literal["active", "inactive", "closed"]
Email = Annotated[str, Meta(min_length=3, description="An e-mail address of at most 320 characters.")]
DirectoryIds = Annotated[tuple[DirectoryId, ...], Meta(max_length=1_000)]

_PROFILE = (
    "nickname",
    "email_verified",
    "picture",
    "avatar",
    "job_title",
    "department",
    "organization",
    "location",
    "time_zone",
)


class StandingBody(msgspec.Struct, frozen=True, rename="camel"):
    """A user's place in one directory."""

    directory_id: DirectoryId
    status: Status | None = None
    management_source: Literal["invited", "synced"] | None = None
    added_to_org: Time | None = None


class LastActiveBody(msgspec.Struct, frozen=True, rename="camel"):
    """When a user last used a resource, whose id is `id`; `key` is its owner, and ignored when sent."""

    id: ResourceId
    last_active_timestamp: Time
    key: str | None = None


Memberships = Annotated[tuple[StandingBody, ...], Meta(max_length=1_000)]
ProductAccess = Annotated[tuple[LastActiveBody, ...], Meta(max_length=1_000)]


class PutUserBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a user is to be; what is left out stays as it is, null clears a text.

    `directories` are all that the user is to be in, `memberships` the same with a status for each; one of
    the two is enough. Without both, a new user joins the default directory, as active.
    """

    name: Name
    email: Email
    status: Status | None = None
    directories: DirectoryIds | None = None
    memberships: Memberships | None = None
    account_status: AccountStatus | None = None
    added_to_org: Time | None = None
    management_source: Literal["invited", "synced"] | None = None
    claim_status: Literal["managed", "unmanaged"] | None = None
    mfa_enabled: bool | None = None
    nickname: Text | UnsetType | None = UNSET
    email_verified: bool | UnsetType | None = UNSET
    picture: URL | UnsetType | None = UNSET
    avatar: URL | UnsetType | None = UNSET
    job_title: Text | UnsetType | None = UNSET
    department: Text | UnsetType | None = UNSET
    organization: Text | UnsetType | None = UNSET
    location: Text | UnsetType | None = UNSET
    time_zone: Text | UnsetType | None = UNSET
    product_access: ProductAccess | UnsetType = UNSET


class FurnishedUserBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user; `status` is that of the first of the user's directories, each of which has its own."""

    account_id: str
    account_type: Literal["atlassian"] = "atlassian"
    status: Status | None
    account_status: AccountStatus
    membership_status: Literal["active", "suspended", "no_membership"]
    added_to_org: str | None
    name: str
    nickname: str | None
    email: str
    email_verified: bool | None
    claim_status: Literal["managed", "unmanaged"]
    picture: str | None
    avatar: str | None
    management_source: Literal["invited", "synced"] | None
    mfa_enabled: bool
    job_title: str | None
    department: str | None
    organization: str | None
    location: str | None
    time_zone: str | None
    product_access: list[LastActiveBody]
    directories: list[str]
    memberships: list[StandingBody]
    links: ItemLinks


def to_changes(body: PutUserBody) -> UserChanges:
    """Return what a body asks for; raises InvalidInput."""
    closed = None if body.account_status is None else body.account_status == "closed"
    return UserChanges(
        name=body.name,
        email=body.email,
        directories=_standings(body),
        status=_status(body.status),
        management_source=_source(body.management_source),
        added_at=_optional_time(body.added_to_org),
        claim_status=None if body.claim_status is None else ClaimStatus[body.claim_status.upper()],
        mfa_enabled=body.mfa_enabled,
        closed=closed,
        profile=ProfileChanges(
            **{field: getattr(body, field) for field in _PROFILE}, last_active=_last_active(body)
        ),
    )


def _standings(body: PutUserBody) -> tuple[GivenStanding, ...] | None:
    if body.memberships is None:
        return None if body.directories is None else tuple(map(GivenStanding, body.directories))
    named = {place.directory_id.lower() for place in body.memberships}
    if body.directories is not None and named != {directory_id.lower() for directory_id in body.directories}:
        raise InvalidInput("memberships: must name the same directories when both are sent.")
    return tuple(map(_standing, body.memberships))


def _standing(body: StandingBody) -> GivenStanding:
    return GivenStanding(
        body.directory_id,
        _status(body.status),
        _source(body.management_source),
        _optional_time(body.added_to_org),
    )


def _status(word: str | None) -> UserStatus | None:
    return None if word is None else UserStatus[word.upper()]


def _source(word: str | None) -> ManagementSource | None:
    return None if word is None else ManagementSource[word.upper()]


def _optional_time(text: str | None) -> int | None:
    return None if text is None else to_milliseconds("addedToOrg", text)


def _last_active(body: PutUserBody) -> dict[str, str] | UnsetType:
    if body.product_access is UNSET:
        return UNSET
    field = "productAccess.lastActiveTimestamp"
    times = {
        item.id: to_text(to_milliseconds(field, item.last_active_timestamp)) for item in body.product_access
    }
    return dict(sorted(times.items()))


def user_body(request: Request, account: Account) -> FurnishedUserBody:
    """Return an account as our own operations show it."""
    user, profile, places = account.user, account.user.details, account.directories
    first = places[0] if places else None
    return FurnishedUserBody(
        account_id=user.account_id,
        status=None if first is None else USER_STATUS_WORDS[first.status],  # type: ignore[arg-type]
        account_status=_account_status(account),
        membership_status=_membership_status(first),
        added_to_org=to_text(min(place.added_at for place in places)) if places else None,
        name=user.name,
        email=user.email,
        claim_status=CLAIM_STATUS_WORDS[user.claim_status],  # type: ignore[arg-type]
        management_source=None if first is None else _source_word(first),
        mfa_enabled=bool(user.mfa_enabled),
        **{field: getattr(profile, field) for field in _PROFILE},
        product_access=_product_access(profile.last_active),
        directories=[place.directory_id for place in places],
        memberships=list(map(_standing_body, places)),
        links=ItemLinks(request.item_token("user", user.account_id)),
    )


def _account_status(account: Account) -> AccountStatus:
    if account.user.closed:
        return "closed"
    gone = {UserStatus.DEACTIVATED, UserStatus.FOR_DELETION}
    statuses = {UserStatus(place.status) for place in account.directories}
    return "inactive" if statuses and statuses <= gone else "active"


def _membership_status(first: UserDirectory | None) -> Literal["active", "suspended", "no_membership"]:
    if first is not None and first.status == UserStatus.ACTIVE:
        return "active"
    return "suspended" if first is not None and first.status == UserStatus.SUSPENDED else "no_membership"


def _source_word(place: UserDirectory) -> Literal["invited", "synced"] | None:
    return MANAGEMENT_SOURCE_WORDS[place.management_source]  # type: ignore[return-value]


def _standing_body(place: UserDirectory) -> StandingBody:
    return StandingBody(
        place.directory_id,
        USER_STATUS_WORDS[place.status],  # type: ignore[arg-type]
        _source_word(place),
        to_text(place.added_at),
    )


def _product_access(last_active: Mapping[str, str]) -> list[LastActiveBody]:
    return [
        LastActiveBody(resource_id, when, name.owner)
        for resource_id, when in last_active.items()
        if (name := parse_resource_id(resource_id)) is not None
    ]
