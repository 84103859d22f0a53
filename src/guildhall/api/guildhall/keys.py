"""API keys of an organization (contract 1.2, 6a)."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.paging import WindowToken, requested_window
from guildhall.api.guildhall.schemas import ORGANIZATION, ListQuery, Name, Time, to_milliseconds
from guildhall.http.docs.examples import Example
from guildhall.http.paging import DataBody, ItemLinks, PageBody, page_response
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import InvalidInput
from guildhall.model.keys import MOST_DAYS, APIKey
from guildhall.model.permissions import Permission
from guildhall.model.times import to_text
from guildhall.operations import keys as rules
from guildhall.store.database import Transaction

_KEYS = ORGANIZATION + "/keys"

Scope = Literal[
    "read:orgs:admin",
    "read:directories:admin",
    "read:accounts:admin",
    "read:groups:admin",
    "read:workspaces:admin",
    "read:events:admin",
    "write:groups:admin",
    "write:directories:admin",
]
Scopes = Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=8)]
Days = Annotated[int, Meta(ge=1, le=MOST_DAYS, description=f"A whole number from 1 to {MOST_DAYS}.")]
RateLimit = Annotated[
    int, Meta(ge=1, le=1_000_000_000, description="Requests a minute, from 1 to 1000000000.")
]


class NewKeyBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a key is created with; without `scopes` it has full access.

    It expires after 7 days unless one of `expiresInDays`, `expiresAt` and `noExpiry` says otherwise.
    """

    name: Name
    scopes: Scopes | None = None
    expires_in_days: Days | None = None
    expires_at: Time | None = None
    no_expiry: bool = False
    rate_limit: RateLimit | None = None


class KeyBody(msgspec.Struct, frozen=True, rename="camel"):
    """An API key; `scopes` null is full access, the secret is shown once, when the key is created."""

    id: str
    name: str
    scopes: list[str] | None
    rate_limit: int | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    links: ItemLinks
    secret: str | UnsetType = UNSET


def _body(request: Request, key: APIKey, secret: str | None = None) -> KeyBody:
    return KeyBody(
        key.id,
        key.name,
        None if key.scopes is None else key.scopes.split(),
        key.rate_limit,
        key.created_at,
        _optional_time(key.expires_at),
        _optional_time(key.last_used_at),
        ItemLinks(request.item_token("key", key.id)),
        secret or UNSET,
    )


def _optional_time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else to_text(milliseconds)


async def create_key(tx: Transaction, request: Request) -> Response:
    """Create an API key; its secret is in this answer only."""
    body: NewKeyBody = request.body
    new = rules.NewKey(
        name=body.name, scopes=body.scopes, expires_at=_expiry(tx, body), rate_limit=body.rate_limit
    )
    created = await rules.create_key(tx, request.caller, new)
    return json_response(DataBody(_body(request, created.key, created.secret)), 201)


def _expiry(tx: Transaction, body: NewKeyBody) -> int | None:
    if [body.no_expiry, body.expires_at is not None, body.expires_in_days is not None].count(True) > 1:
        raise InvalidInput("expiresAt: send only one of expiresInDays, expiresAt and noExpiry.")
    if body.no_expiry:
        return rules.NEVER
    if body.expires_at is not None:
        return rules.checked_expiry(tx, to_milliseconds("expiresAt", body.expires_at))
    return rules.expiry_after(tx, body.expires_in_days)


async def list_keys(tx: Transaction, request: Request) -> Response:
    """List the API keys by id; none of them can be read again."""
    page = await rules.list_keys(tx, request.caller, requested_window(request))
    return page_response(request, page, WindowToken, lambda key: _body(request, key))


async def revoke_key(tx: Transaction, request: Request) -> Response:
    """End an API key: at once on this worker, within a second on every other."""
    await rules.revoke_key(tx, request.caller, request.parameters["keyId"])
    tx.after_commit(request.forget_keys)
    return empty_response(204)


ROUTES = (
    Route(
        method="POST",
        path=_KEYS,
        operation="createKey",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Create an API key",
        permission=Permission.FULL_ACCESS,
        handler=create_key,
        writes=True,
        body=NewKeyBody,
        answer=DataBody[KeyBody],
        status=201,
        example=Example(body={"name": "ci", "scopes": ["read:groups:admin"], "expiresInDays": 30}),
    ),
    Route(
        method="GET",
        path=_KEYS,
        operation="listKeys",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="List API keys",
        permission=Permission.FULL_ACCESS,
        handler=list_keys,
        query=ListQuery,
        answer=PageBody[KeyBody],
    ),
    Route(
        method="DELETE",
        path=_KEYS + "/{keyId}",
        operation="revokeKey",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Revoke an API key",
        permission=Permission.FULL_ACCESS,
        handler=revoke_key,
        writes=True,
        status=204,
    ),
)
