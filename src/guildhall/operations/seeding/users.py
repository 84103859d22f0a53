"""Users of a seed file: accounts, how they stand in directories, and their direct roles.

New accounts are stored many at a time; those that exist are looked at many at a time, and only who
differs is changed, by the rules of furnishing (`operations.accounts`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET

from guildhall.model.emails import email_key
from guildhall.model.errors import Conflict
from guildhall.model.ids import is_account_id
from guildhall.model.seeds import Difference, Located, Section, SeedDocument, UserDirectorySeed, UserSeed
from guildhall.model.times import to_text
from guildhall.model.users import (
    Account,
    ClaimStatus,
    ManagementSource,
    User,
    UserDirectory,
    UserStatus,
)
from guildhall.operations import accounts as rules
from guildhall.operations.effects.counts import COUNTED
from guildhall.operations.seeding.locations import located, misplaced, read_time
from guildhall.operations.seeding.moved_names import free_emails
from guildhall.operations.seeding.reports import differences
from guildhall.operations.seeding.runs import Run
from guildhall.operations.seeding.user_differences import account_differences, losses
from guildhall.operations.seeding.user_roles import Changed, seed_user_roles
from guildhall.operations.users import in_order, with_directories
from guildhall.store import directory_users, users
from guildhall.store.maintenance import seeds

_KIND = "users"
_AT_ONCE = 500
_FIELDS = ("name", "email", "claim_status", "mfa_enabled", "closed", "profile")
_PROFILE = tuple(field.name for field in msgspec.structs.fields(rules.ProfileChanges))


class _Entry(msgspec.Struct):
    """One user of the file, and the account that it means."""

    item: Located[UserSeed]
    before: Account | None
    changes: rules.UserChanges
    user: User
    standings: tuple[UserDirectory, ...]
    lost: list[Difference] = []
    """Groups and direct roles that leaving directories took."""


async def seed_users(run: Run, document: SeedDocument) -> set[int]:
    """Create and change users; return the keys of all that the file names.

    Raises Conflict for an e-mail that is taken, and UserLimitExceeded.
    """
    await free_emails(run, document)
    seen: set[int] = set()
    items = document.items(Section.USERS)
    while chunk := list(islice(items, _AT_ONCE)):
        entries = await _entries(run, chunk)
        new = [entry for entry in entries if entry.before is None]
        await _insert(run, new)
        for entry in entries:
            if entry.user.user_key in seen:
                raise misplaced(entry.item.place, "", "the file has this user already.")
            seen.add(entry.user.user_key)
        changed = {entry.user.user_key: await _change(run, entry) for entry in entries if entry.before}
        held = [(entry.item, Account(entry.user, entry.standings)) for entry in entries]
        roles = await seed_user_roles(run, held)
        _report(run, entries, changed, roles)
    return seen


def _report(
    run: Run, entries: Iterable[_Entry], changed: dict[int, list[str]], roles: dict[int, Changed]
) -> None:
    for entry in entries:
        user = entry.user
        words, of_roles = roles.get(user.user_key, ([], []))
        if entry.before is None:
            run.report.created(_KIND, user.account_id, user.name, of_roles)
        else:
            after = Account(user, entry.standings)
            shown = [*account_differences(entry.before, after), *entry.lost, *of_roles]
            both = [*changed[user.user_key], *words]
            run.report.updated(_KIND, user.account_id, user.name, both, shown)


async def _entries(run: Run, chunk: Sequence[Located[UserSeed]]) -> list[_Entry]:
    known = await _find(run, chunk)
    entries = []
    for item in chunk:
        before = known.get(_identity(item))
        if before is None and isinstance(item.value.account_id, str):
            _require_account_id(item, item.value.account_id)
        with located(item.place):
            entries.append(_entry(run, item, before))
    return entries


async def _find(run: Run, chunk: Sequence[Located[UserSeed]]) -> dict[str, Account]:
    """Return the accounts that the users of a chunk mean, by what the file knows them by.

    Their rows are locked, all at once: whether they change, and what roles they hold, is read behind that.
    """
    names = [_identity(item) for item in chunk]
    by_email = [name for name in names if "@" in name]
    by_id = [name for name in names if "@" not in name]
    found: list[User] = []
    if by_id:
        found += await run.tx.all(seeds.SELECT_USERS_TO_CHANGE_BY_ID, **run.org, account_ids=by_id)
    if by_email:
        found += await run.tx.all(seeds.SELECT_USERS_TO_CHANGE_BY_EMAIL, **run.org, email_keys=by_email)
    known: dict[str, Account] = {}
    for account in await with_directories(run.tx, run.caller, found, to_change=True):
        known[account.user.account_id] = known[account.user.email_key] = account
    return known


def _identity(item: Located[UserSeed]) -> str:
    """Return the account id, or the e-mail as it is compared; an id never has an @."""
    seed = item.value
    if isinstance(seed.account_id, str):
        return seed.account_id
    if isinstance(seed.email, str) and "@" in seed.email:
        return email_key(seed.email)
    raise misplaced(item.place, "email", "an address such as ada@example.com, or accountId, is required.")


def _require_account_id(item: Located[UserSeed], account_id: str) -> None:
    if not is_account_id(account_id):
        raise misplaced(item.place, "accountId", "must be 1 to 128 of A-Z a-z 0-9 _ | : and -.")


def _entry(run: Run, item: Located[UserSeed], before: Account | None) -> _Entry:
    changes = _changes(run, item, before)
    rules.check_user_changes(changes)
    new_id = item.value.account_id if isinstance(item.value.account_id, str) else rules.new_account_id(run.tx)
    user = rules.changed_user(before.user if before else rules.new_user(new_id), changes)
    return _Entry(item, before, changes, user, _standings(run, item, before, changes, user))


def _changes(run: Run, item: Located[UserSeed], before: Account | None) -> rules.UserChanges:
    seed = item.value
    for field in ("name", "email"):
        if before is None and getattr(seed, field) is UNSET:
            raise misplaced(item.place, field, "is required for a new user.")
    given = None if seed.directories is UNSET else tuple(_given(run, item))
    return rules.UserChanges(
        name=before.user.name if before and seed.name is UNSET else str(seed.name),
        email=before.user.email if before and seed.email is UNSET else str(seed.email),
        directories=given,
        status=_status(seed.status),
        claim_status=None if seed.claim_status is UNSET else ClaimStatus[seed.claim_status.upper()],
        mfa_enabled=None if seed.mfa_enabled is UNSET else seed.mfa_enabled,
        closed=None if seed.closed is UNSET else seed.closed,
        profile=rules.ProfileChanges(**_profile(item)),
    )


def _profile(item: Located[UserSeed]) -> dict[str, Any]:
    given = {field: getattr(item.value, field) for field in _PROFILE}
    if given["last_active"] is not UNSET:
        given["last_active"] = {
            resource_id: to_text(read_time(item.place, "lastActive", text))
            for resource_id, text in given["last_active"].items()
        }
    return given


def _given(run: Run, item: Located[UserSeed]) -> Iterator[rules.GivenStanding]:
    for number, entry in enumerate(item.value.directories or ()):
        seed = UserDirectorySeed(directory=entry) if isinstance(entry, str) else entry
        field = f"directories[{number}]"
        source = None if seed.management_source is UNSET else seed.management_source or "unknown"
        added_at = seed.added_at
        yield rules.GivenStanding(
            run.directory(item.place, field, seed.directory).id,
            _status(seed.status),
            None if source is None else ManagementSource[source.upper()],
            None if added_at is UNSET else read_time(item.place, f"{field}.addedAt", added_at),
        )


def _status(word: Any) -> UserStatus | None:
    return None if word is UNSET else UserStatus[word.upper()]


def _standings(
    run: Run, item: Located[UserSeed], before: Account | None, changes: rules.UserChanges, user: User
) -> tuple[UserDirectory, ...]:
    """Return how the user is to stand, by the directories that the run knows."""
    known = {standing.directory_id: standing for standing in before.directories} if before else {}
    given: Sequence[rules.GivenStanding] | None = changes.directories
    if given is None and before is None:
        default = run.default_directory()
        if default is None:
            raise misplaced(item.place, "directories", "is required: there is no default directory.")
        given = (rules.GivenStanding(default.id),)
    elif given is None:
        given = tuple(map(rules.GivenStanding, known))
    wanted: dict[str, UserDirectory] = {}
    for number, standing in enumerate(given):
        directory = run.directories[standing.directory_id]
        if directory.id in wanted:
            raise misplaced(item.place, f"directories[{number}]", "this directory is named twice.")
        old = known.get(directory.id) or rules.new_standing(run.tx, user, directory)
        wanted[directory.id] = rules.changed_standing(user, old, standing, changes)
    return in_order(wanted.values())


async def _change(run: Run, entry: _Entry) -> list[str]:
    """Change an account that exists; return what of it is another."""
    if entry.before is None:
        return []
    changed = differences(entry.before.user, entry.user, _FIELDS)
    if entry.before.directories != entry.standings:
        changed.append("directories")
    if changed:
        entry.lost = await losses(run, entry.before, entry.standings)
        with located(entry.item.place):
            await rules.put_user(run.tx, run.caller, entry.user.account_id, entry.changes)
    return changed


async def _insert(run: Run, entries: Sequence[_Entry]) -> None:
    """Store new accounts with their directories, all at once."""
    if not entries:
        return
    await _require_new(run, entries)
    rows = [_row(run, entry.user) for entry in entries]
    await run.tx.run_many(users.INSERT_USERS, rows)
    ids = [entry.user.account_id for entry in entries]
    stored = await run.tx.all(seeds.SELECT_USER_KEYS_BY_ID, **run.org, account_ids=ids)
    keys = {row.account_id: row.user_key for row in stored}
    for entry in entries:
        user_key = keys[entry.user.account_id]
        entry.user = msgspec.structs.replace(entry.user, user_key=user_key)
        entry.standings = tuple(
            msgspec.structs.replace(standing, user_key=user_key) for standing in entry.standings
        )
    await _join(run, entries)


def _row(run: Run, user: User) -> Sequence[Any]:
    values = {**run.org, **rules.stored_user(user), "account_id": user.account_id}
    return users.INSERT_USERS.bind(values)


async def _require_new(run: Run, entries: Sequence[_Entry]) -> None:
    """Raise Conflict for an account whose e-mail is another's, and for one that the file has twice."""
    keys = [entry.user.email_key for entry in entries]
    known = await run.tx.all(seeds.SELECT_USERS_BY_EMAIL, **run.org, email_keys=keys)
    owners = {row.email_key: row.account_id for row in known}
    ids: set[str] = set()
    for entry in entries:
        user, place = entry.user, entry.item.place
        other = owners.setdefault(user.email_key, user.account_id)
        if user.account_id in ids or (other != user.account_id and entry.item.value.account_id is UNSET):
            raise Conflict(f"{place.where()}: the file has this user already.")
        if other != user.account_id:
            raise Conflict(f"{place.where('email')}: the user {other} has this e-mail address.")
        ids.add(user.account_id)


async def _join(run: Run, entries: Sequence[_Entry]) -> None:
    rows = []
    joined: Counter[tuple[int, ...]] = Counter()
    for entry in entries:
        for standing in entry.standings:
            values = {field: getattr(standing, field) for field in _STANDING}
            values["account_id"] = entry.user.account_id
            rows.append(directory_users.INSERT_DIRECTORY_USER.bind({**run.org, **values}))
            flags = (getattr(entry.user, field) for field in COUNTED)
            joined[standing.directory_key, standing.status, *flags] += 1
    await run.tx.run_many(directory_users.INSERT_DIRECTORY_USER, rows)
    await run.wrote("users", len(rows))
    for key, count in sorted(joined.items()):
        values = dict(zip(("directory_key", "status", *COUNTED), key, strict=True))
        await run.tx.run(directory_users.COUNT_USERS, **run.org, **values, change=count)


_STANDING = ("user_key", "directory_key", "status", "management_source", "added_at")
