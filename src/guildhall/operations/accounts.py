"""Furnishing accounts: a user is created or changed as a whole, with one event (contract 6a).

What is left out stays as it is. Directories are a whole: those that are not named are left. All rules
of seats and of organization admins hold.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.model.directories import Directory
from guildhall.model.emails import EMAIL_LENGTH, domain_of, email_key
from guildhall.model.errors import Conflict, InvalidInput, UserNotFound
from guildhall.model.events import EventAction
from guildhall.model.ids import is_account_id, parse_uuid
from guildhall.model.names import fold, name_problem, text_problem, trim
from guildhall.model.permissions import Caller
from guildhall.model.users import (
    CLAIM_STATUS_WORDS,
    USER_STATUS_WORDS,
    Account,
    ClaimStatus,
    ManagementSource,
    Profile,
    User,
    UserDirectory,
    UserStatus,
)
from guildhall.operations.directories import find_directory, get_default_directory
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.moves import move_user, moves_between
from guildhall.operations.effects.standings import find_account_to_change
from guildhall.operations.events import record_event
from guildhall.operations.suspensions import account_subject
from guildhall.operations.users import get_user, in_order
from guildhall.store import users
from guildhall.store.database import Transaction

_TEXT_LENGTH = 255
_URL_LENGTH = 2_048
_GONE = frozenset({UserStatus.DEACTIVATED, UserStatus.FOR_DELETION})
_ID_DIGITS = 24
"""Account ids that are made here are 24 hex digits, as the vendor's older ones (contract 1.3)."""


class GivenStanding(msgspec.Struct, frozen=True):
    """How a user is to stand in one directory; None leaves as it is, or takes the default."""

    directory_id: str
    status: UserStatus | None = None
    management_source: ManagementSource | None = None
    added_at: int | None = None
    """Epoch milliseconds."""


class ProfileChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What of a profile is to change; UNSET leaves as it is, None clears."""

    nickname: str | UnsetType | None = UNSET
    email_verified: bool | UnsetType | None = UNSET
    picture: str | UnsetType | None = UNSET
    avatar: str | UnsetType | None = UNSET
    job_title: str | UnsetType | None = UNSET
    department: str | UnsetType | None = UNSET
    organization: str | UnsetType | None = UNSET
    location: str | UnsetType | None = UNSET
    time_zone: str | UnsetType | None = UNSET
    last_active: dict[str, str] | UnsetType = UNSET
    """By resource id, in the order of the ids, as RFC 3339; all of it is replaced."""


class UserChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a user is to be; None leaves as it is, or takes the default of a new one.

    `status`, `management_source` and `added_at` hold for every directory that does not say its own.
    A new user joins the default directory as active unless `directories` are given.
    """

    name: str
    email: str
    directories: tuple[GivenStanding, ...] | None = None
    status: UserStatus | None = None
    management_source: ManagementSource | None = None
    added_at: int | None = None
    claim_status: ClaimStatus | None = None
    mfa_enabled: bool | None = None
    closed: bool | None = None
    profile: ProfileChanges = ProfileChanges()


async def put_user_by_email(tx: Transaction, caller: Caller, changes: UserChanges) -> tuple[Account, bool]:
    """Change the user with the e-mail, or create one with an id made here; see `put_user`."""
    check_user_changes(changes)
    key = {"org_key": caller.org_key, "email_key": email_key(changes.email)}
    known = await tx.one(users.SELECT_USER_BY_EMAIL, **key)
    account_id = known.account_id if known else new_account_id(tx)
    return await put_user(tx, caller, account_id, changes)


def new_account_id(tx: Transaction) -> str:
    """Return an account id for a user who was given none."""
    return tx.new_id().replace("-", "")[-_ID_DIGITS:]


async def put_user(
    tx: Transaction, caller: Caller, account_id: str, changes: UserChanges
) -> tuple[Account, bool]:
    """Create a user or change one; return the account and whether it is new. No change, no event.

    Raises InvalidInput, UserNotFound for an id of the wrong form, DirectoryNotFound, Conflict when
    another user has the e-mail, UserLimitExceeded.
    """
    if not is_account_id(account_id):
        raise UserNotFound(
            f"There can be no user {account_id[:128]}: an account id is 1 to 128 of A-Z a-z 0-9 _ | : -."
        )
    check_user_changes(changes)
    before = await find_account_to_change(tx, caller, account_id)
    user = changed_user(before.user if before else new_user(account_id), changes)
    wanted = await _wanted_standings(tx, caller, user, before, changes)
    user = await _store(tx, caller, before, user)
    moves = moves_between(before.directories if before else (), wanted)
    after, counts = Account(user, wanted), Counts()
    lost = await move_user(tx, caller, before, after, moves, counts)
    if before is None or before.user != user or moves.any:
        action = EventAction.USER_INVITED if before is None else moves.action
        subject = account_subject(user, **_differences(before, after), **lost)
        await record_event(tx, caller, action, _MESSAGES[action].format(user.name), [subject])
    await counts.store(tx, caller)
    return await get_user(tx, caller, account_id), before is None


_MESSAGES = {
    EventAction.USER_INVITED: "Invited {}",
    EventAction.USER_UPDATED: "Updated {}",
    EventAction.USER_REMOVED: "Removed {} from a directory",
    EventAction.USER_SUSPENDED: "Suspended {}",
    EventAction.USER_RESTORED: "Restored {}",
}


def _differences(before: Account | None, after: Account) -> dict[str, Any]:
    """Return, for an event, what is new and what it was before."""
    new, old = _attributes(after), _attributes(before) if before else {}
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    return {**changed, "before": {name: old[name] for name in changed if name in old}}


def _attributes(account: Account) -> dict[str, Any]:
    places = [
        {"directoryId": place.directory_id, "status": USER_STATUS_WORDS[place.status]}
        for place in account.directories
    ]
    return {**account_values(account.user), "directories": places}


def account_values(user: User) -> dict[str, Any]:
    """Return what is known of an account, in the words of the API; what is not known is absent."""
    return {
        "name": user.name,
        "email": user.email,
        "claimStatus": CLAIM_STATUS_WORDS[user.claim_status],
        "mfaEnabled": bool(user.mfa_enabled),
        "closed": bool(user.closed),
        **msgspec.to_builtins(user.details),
    }


def check_user_changes(changes: UserChanges) -> None:
    """Raise InvalidInput, naming each field, when the texts cannot be kept."""
    problems = [("name", name_problem(trim(changes.name))), ("email", _email_problem(trim(changes.email)))]
    for field, value in msgspec.structs.asdict(changes.profile).items():
        if isinstance(value, str):
            most = _URL_LENGTH if field in ("picture", "avatar") else _TEXT_LENGTH
            problems.append((_camel(field), text_problem(value, 0, most)))
    details = [f"{field}: {problem}." for field, problem in problems if problem]
    if details:
        raise InvalidInput(*details)


def _camel(field: str) -> str:
    return next(f.encode_name for f in msgspec.structs.fields(Profile) if f.name == field)


def _email_problem(email: str) -> str | None:
    local, _, domain = email.rpartition("@")
    if not local or not domain or "@" in local or any(character.isspace() for character in email):
        return "must be an address such as ada@example.com"
    return text_problem(email, 3, EMAIL_LENGTH)


def new_user(account_id: str) -> User:
    """Return a user of whom nothing but the id is known yet; the key is 0."""
    return User(0, account_id, "", "", "", "", ClaimStatus.UNMANAGED, 0, 0, _text(Profile()))


def _text(profile: Profile) -> str:
    return msgspec.json.encode(profile).decode()


def changed_user(before: User, changes: UserChanges) -> User:
    """Return the user with the changes, whose texts were checked."""
    name, email = trim(changes.name), trim(changes.email)
    flags = {
        "claim_status": changes.claim_status,
        "mfa_enabled": changes.mfa_enabled,
        "closed": changes.closed,
    }
    given = {
        field: None if value == "" else value
        for field, value in msgspec.structs.asdict(changes.profile).items()
        if value is not UNSET
    }
    return msgspec.structs.replace(
        before,
        name=name,
        name_key=fold(name),
        email=email,
        email_key=email_key(email),
        profile=_text(msgspec.structs.replace(before.details, **given)),
        **{field: int(value) for field, value in flags.items() if value is not None},
    )


async def _store(tx: Transaction, caller: Caller, before: Account | None, user: User) -> User:
    """Insert or update the account; return it with its key."""
    if before is not None and before.user == user:
        return user
    other = await tx.one(users.SELECT_USER_BY_EMAIL, org_key=caller.org_key, email_key=user.email_key)
    if other is not None and other.account_id != user.account_id:
        raise _email_taken(user)
    values = {"org_key": caller.org_key, **stored_user(user)}
    if before is not None:
        await tx.run(users.UPDATE_USER, **values, user_key=user.user_key)
        return user
    user_key = await tx.value(users.INSERT_USER, **values, account_id=user.account_id)
    return msgspec.structs.replace(user, user_key=user_key)


def stored_user(user: User) -> dict[str, Any]:
    """Return what is stored of a user beside the ids, derived columns included."""
    return {
        "email_fold": fold(user.email),
        "email_domain": domain_of(user.email_key),
        "nickname_key": fold(user.details.nickname or user.name),
        **{field: getattr(user, field) for field in _STORED},
    }


_STORED = ("name", "name_key", "email", "email_key", "claim_status", "mfa_enabled", "closed", "profile")


def _email_taken(user: User) -> Conflict:
    return Conflict(f"Another user of the organization has the e-mail address {user.email}.")


async def _wanted_standings(
    tx: Transaction, caller: Caller, user: User, before: Account | None, changes: UserChanges
) -> tuple[UserDirectory, ...]:
    """Return how the user is to stand in directories; the user's key may not be known yet."""
    known = {standing.directory_id: standing for standing in before.directories} if before else {}
    given: Sequence[GivenStanding] | None = changes.directories
    if given is None and before is None:
        given = (GivenStanding((await get_default_directory(tx, caller)).id),)
    elif given is None:
        given = tuple(map(GivenStanding, known))
    wanted: dict[str, UserDirectory] = {}
    for standing in given:
        old = known.get(parse_uuid(standing.directory_id) or "")
        if old is None:
            old = new_standing(tx, user, await find_directory(tx, caller, standing.directory_id))
        if old.directory_id in wanted:
            raise InvalidInput(f"directories: {old.directory_id} is named twice.")
        wanted[old.directory_id] = changed_standing(user, old, standing, changes)
    return in_order(wanted.values())


def new_standing(tx: Transaction, user: User, directory: Directory) -> UserDirectory:
    """Return how a user stands in a directory that nothing was said of: invited now, and active."""
    return UserDirectory(
        user.user_key,
        directory.directory_key,
        directory.id,
        directory.rank,
        directory.name_key,
        UserStatus.ACTIVE,
        ManagementSource.INVITED,
        tx.now,
    )


def changed_standing(
    user: User, before: UserDirectory, given: GivenStanding, changes: UserChanges
) -> UserDirectory:
    """Return how the user is to stand in a directory; raises InvalidInput for a closed account."""
    status = _first(given.status, changes.status)
    if user.closed and status is None and before.status not in _GONE:
        status = UserStatus.DEACTIVATED
    after = msgspec.structs.replace(
        before,
        status=int(_first(status, before.status)),
        management_source=int(
            _first(given.management_source, changes.management_source, before.management_source)
        ),
        added_at=_first(given.added_at, changes.added_at, before.added_at),
    )
    if user.closed and after.status not in _GONE:
        raise InvalidInput("status: the account is closed; it can only be deactivated or for_deletion.")
    return after


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
