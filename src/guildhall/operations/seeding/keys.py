"""API keys of a seed file: a chosen key, or the hash of one; they do not expire unless it says so."""

from typing import Any

import msgspec
from msgspec import UNSET

from guildhall.model.errors import Conflict
from guildhall.model.ids import parse_uuid
from guildhall.model.keys import APIKey, hash_key, make_key, organization_of
from guildhall.model.names import trim
from guildhall.model.seeds import KeySeed, Located, Section, SeedDocument
from guildhall.model.times import to_text
from guildhall.operations.keys import NEVER, NewKey, check_new_key, create_key, scope_text
from guildhall.operations.seeding.locations import located, misplaced, read_time
from guildhall.operations.seeding.reports import differences, values_of
from guildhall.operations.seeding.runs import Run
from guildhall.store import keys
from guildhall.store.maintenance import seeds

_KIND = "api-keys"
_FIELDS = ("name", "scopes", "rate_limit", "created_at", "expires_at")


async def seed_keys(run: Run, document: SeedDocument) -> None:
    """Create and change keys; what a key was made of never changes."""
    seen: set[str] = set()
    for item in document.items(Section.KEYS):
        hashed = _hash(run, item)
        before = await _find(run, item, hashed)
        after = await _put(run, item, before, hashed)
        if after.id in seen:
            raise misplaced(item.place, "", "the file has this key already.")
        seen.add(after.id)


def _hash(run: Run, item: Located[KeySeed]) -> bytes | None:
    seed = item.value
    if isinstance(seed.hash, str) and isinstance(seed.secret, str):
        raise misplaced(item.place, "hash", "is given beside secret; give one of them.")
    if isinstance(seed.hash, str):
        return bytes.fromhex(seed.hash)
    if not isinstance(seed.secret, str):
        return None
    if organization_of(seed.secret) != run.caller.org_id:
        example = make_key(run.caller.org_id)
        text = f"is no well-formed key of this organization; one made for you now, and not kept, is {example}"
        raise misplaced(item.place, "secret", text)
    return hash_key(seed.secret)


async def _find(run: Run, item: Located[KeySeed], hashed: bytes | None) -> APIKey | None:
    seed = item.value
    key_id = parse_uuid(seed.id) if isinstance(seed.id, str) else None
    if isinstance(seed.id, str) and key_id is None:
        raise misplaced(item.place, "id", "must be a UUID, or left out.")
    by_id = by_hash = None
    if key_id is not None:
        by_id = await run.tx.one(keys.SELECT_KEY, **run.org, key_id=key_id)
    if hashed is not None:
        by_hash = await run.tx.one(keys.SELECT_KEY_BY_HASH, **run.org, hash=hashed)
    found = by_id or by_hash
    if found is None:
        return None
    if (key_id or found.id, hashed or found.hash) != (found.id, found.hash):
        raise Conflict(f"{item.place.where('id')}: the key {found.id} is another one; a key never changes.")
    return found


async def _put(run: Run, item: Located[KeySeed], before: APIKey | None, hashed: bytes | None) -> APIKey:
    if before is None and hashed is None:
        raise misplaced(item.place, "secret", "is required for a new key, or the hash of one.")
    after = _wanted(run, item, before, hashed)
    with located(item.place):
        new = _new(after)
        check_new_key(run.caller, new)
        if before is None:
            after = msgspec.structs.replace(after, id=(await create_key(run.tx, run.caller, new)).key.id)
    after = msgspec.structs.replace(after, scopes=scope_text(new.scopes))
    if before is None or after != before:
        await _update(run, after)
    if before is None:
        run.report.created(_KIND, after.id, after.name)
    else:
        changed = differences(before, after, _FIELDS)
        run.report.updated(_KIND, after.id, after.name, changed, values_of(before, after, _FIELDS))
    return after


def _wanted(run: Run, item: Located[KeySeed], before: APIKey | None, hashed: bytes | None) -> APIKey:
    seed = item.value
    name = seed.name if isinstance(seed.name, str) else before.name if before else None
    if name is None:
        raise misplaced(item.place, "name", "is required for a new key.")
    key_id = parse_uuid(seed.id) if isinstance(seed.id, str) else None
    blank = APIKey(key_id or "", name, hashed or b"", None, None, to_text(run.tx.now), NEVER, None)
    given: dict[str, Any] = {"name": trim(name)}
    if seed.scopes is not UNSET:
        given["scopes"] = None if seed.scopes is None else " ".join(seed.scopes)
    if seed.rate_limit is not UNSET:
        given["rate_limit"] = seed.rate_limit
    if seed.created_at is not UNSET:
        given["created_at"] = to_text(read_time(item.place, "createdAt", seed.created_at))
    if seed.expires_at is not UNSET:
        expires_at = seed.expires_at
        given["expires_at"] = None if expires_at is None else read_time(item.place, "expiresAt", expires_at)
    return msgspec.structs.replace(before or blank, **given)


def _new(key: APIKey) -> NewKey:
    return NewKey(
        name=key.name,
        expires_at=key.expires_at,
        scopes=None if key.scopes is None else key.scopes.split(),
        rate_limit=key.rate_limit,
        hash=key.hash,
        id=key.id or None,
    )


async def _update(run: Run, key: APIKey) -> None:
    await run.tx.run(
        seeds.UPDATE_KEY,
        **run.org,
        key_id=key.id,
        name=key.name,
        scopes=key.scopes,
        rate_limit=key.rate_limit,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )
