"""Rules of API keys (contract 1.2, 6a)."""

from collections.abc import Sequence

import msgspec

from guildhall.model.errors import (
    Conflict,
    InvalidInput,
    ResourceNotFound,
    Unauthenticated,
)
from guildhall.model.events import EventAction, Subject
from guildhall.model.ids import parse_uuid
from guildhall.model.keys import DEFAULT_DAYS, MOST_DAYS, APIKey, hash_key, make_key, organization_of
from guildhall.model.names import name_problem, trim
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import GRANTABLE, Caller, Permission
from guildhall.model.times import to_text
from guildhall.operations.authorize import require_permission
from guildhall.operations.events import record_event
from guildhall.store import keys
from guildhall.store.database import Transaction

NEVER = None
"""The expiry of a key that does not expire."""

_DAY = 86_400_000
_HASH_BYTES = 32
_MOST_REQUESTS = 1_000_000_000


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is created with; `scopes` None is full access.

    `expires_at` is epoch milliseconds or NEVER; `expiry_after` and `checked_expiry` make it. A seed
    file brings its own `secret`, or the `hash` of one, and may bring the id.
    """

    name: str
    expires_at: int | None
    scopes: Sequence[str] | None = None
    rate_limit: int | None = None
    secret: str | None = None
    hash: bytes | None = None
    id: str | None = None


class CreatedKey(msgspec.Struct, frozen=True):
    """A new key; the secret is known only now, and not at all when its hash was given."""

    key: APIKey
    secret: str | None


def expiry_after(tx: Transaction, days: int | None = None) -> int:
    """Return when a key expires that lives so many days, 7 unless said; raises InvalidInput."""
    chosen = DEFAULT_DAYS if days is None else days
    if not 1 <= chosen <= MOST_DAYS:
        raise InvalidInput(f"expiresInDays: must be a number from 1 to {MOST_DAYS}.")
    return tx.now + chosen * _DAY


def checked_expiry(tx: Transaction, expires_at: int) -> int:
    """Return the time at which a key is to expire; raises InvalidInput when it is past or too far."""
    if not tx.now < expires_at <= tx.now + MOST_DAYS * _DAY:
        latest = to_text(tx.now + MOST_DAYS * _DAY)
        raise InvalidInput(f"expiresAt: must be in the future, and not after {latest} ({MOST_DAYS} days).")
    return expires_at


async def create_key(tx: Transaction, caller: Caller, new: NewKey) -> CreatedKey:
    """Create a key; raises InvalidInput, and Conflict when the key itself or its id is taken."""
    check_new_key(caller, new)
    secret = new.secret or (make_key(caller.org_id) if new.hash is None else None)
    key = APIKey(
        id=(new.id or tx.new_id()).lower(),
        name=trim(new.name),
        hash=new.hash or hash_key(secret or ""),
        scopes=scope_text(new.scopes),
        rate_limit=new.rate_limit,
        created_at=to_text(tx.now),
        expires_at=new.expires_at,
        last_used_at=None,
    )
    await _insert(tx, caller, key)
    await record_event(
        tx, caller, EventAction.API_KEY_CREATED, f"Created API key {key.name}", [_subject(key)]
    )
    return CreatedKey(key, secret)


def check_new_key(caller: Caller, new: NewKey) -> None:
    """Raise InvalidInput, naming each field, when the key cannot be made."""
    problems = [("name", name_problem(trim(new.name))), ("scopes", _scopes_problem(new.scopes))]
    if new.rate_limit is not None and not 1 <= new.rate_limit <= _MOST_REQUESTS:
        problems.append(
            ("rateLimit", f"must be null or a number of requests a minute from 1 to {_MOST_REQUESTS}")
        )
    if new.secret is not None and organization_of(new.secret) != caller.org_id:
        problems.append(("secret", "is not a well-formed key of this organization"))
    if new.id is not None and parse_uuid(new.id) is None:
        problems.append(("id", "is not a UUID"))
    if new.hash is not None and len(new.hash) != _HASH_BYTES:
        problems.append(("hash", "is not a SHA-256"))
    details = [f"{field}: {problem}." for field, problem in problems if problem]
    if details:
        raise InvalidInput(*details)


def _scopes_problem(scopes: Sequence[str] | None) -> str | None:
    """Say what is wrong with scopes; an empty list must not silently become full access."""
    if scopes is None:
        return None
    unknown = [scope for scope in scopes if scope not in GRANTABLE]
    if unknown or not scopes:
        what = (
            f"unknown scope {unknown[0][:100]}"
            if unknown
            else "name at least one, or none at all for full access"
        )
        return f"{what}; the scopes are {', '.join(GRANTABLE)}"
    return None


def scope_text(scopes: Sequence[str] | None) -> str | None:
    """Return scopes as they are stored: each once, in the order of the catalogue."""
    return None if scopes is None else " ".join(scope for scope in GRANTABLE if scope in scopes)


async def _insert(tx: Transaction, caller: Caller, key: APIKey) -> None:
    added = await tx.run(
        keys.INSERT_KEY,
        org_key=caller.org_key,
        key_id=key.id,
        name=key.name,
        hash=key.hash,
        scopes=key.scopes,
        rate_limit=key.rate_limit,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )
    if not added:
        raise Conflict("The organization has this key already.")


async def list_keys(tx: Transaction, caller: Caller, window: Window) -> Page[APIKey]:
    """Return a page of the organization's keys by id; what they were made of is not known."""
    rows = await keys.KEYS.page(tx, window, org_key=caller.org_key)
    return cut_page(rows, window, lambda key: (key.id,))


async def revoke_key(tx: Transaction, caller: Caller, key_id: str) -> None:
    """End a key. A server that has just used it learns of it within a second. Raises ResourceNotFound."""
    key, clean_id = None, parse_uuid(key_id)
    if clean_id is not None:
        key = await tx.one(keys.SELECT_KEY, org_key=caller.org_key, key_id=clean_id)
    if key is None or not await tx.run(keys.DELETE_KEY, org_key=caller.org_key, key_id=key.id):
        raise ResourceNotFound(f"There is no API key {key_id[:100]} in the organization.")
    await record_event(
        tx, caller, EventAction.API_KEY_REVOKED, f"Revoked API key {key.name}", [_subject(key)]
    )


async def confirm_key(tx: Transaction, caller: Caller, permission: Permission) -> Caller:
    """Return the caller as its key is now: it may have changed since the request came (contract 8, ADR 26).

    Raises Unauthenticated for a key that was revoked or has expired, ScopeMissing.
    """
    key = await tx.one(keys.SELECT_KEY, org_key=caller.org_key, key_id=caller.key_id)
    if key is None:
        raise Unauthenticated("The API key has been revoked.")
    if key.has_expired(tx.now):
        raise Unauthenticated("The API key has expired.")
    confirmed = msgspec.structs.replace(caller, name=key.name, scopes=key.granted)
    require_permission(confirmed, permission)
    return confirmed


def _subject(key: APIKey) -> Subject:
    """Describe a key in an event: never the key itself, nor its hash."""
    scopes = None if key.scopes is None else key.scopes.split()
    expires_at = None if key.expires_at is None else to_text(key.expires_at)
    return Subject(key.id, "api-keys", {"name": key.name, "scopes": scopes, "expiresAt": expires_at})
