"""What a seed changes of an account, in full."""

from collections.abc import Sequence
from typing import Any

import msgspec

from guildhall.model.seeds import Difference
from guildhall.model.times import to_text
from guildhall.model.users import (
    CLAIM_STATUS_WORDS,
    USER_STATUS_WORDS,
    Account,
    ManagementSource,
    Profile,
    UserDirectory,
)
from guildhall.operations.seeding.reports import went
from guildhall.operations.seeding.runs import Run
from guildhall.operations.standings import select_groups
from guildhall.store import user_roles


def account_differences(before: Account, after: Account) -> list[Difference]:
    """Return the fields with other values, and directories joined, left, or with another status."""
    old, new = _values(before), _values(after)
    fields = [Difference(name, old[name], new[name]) for name in old if old[name] != new[name]]
    was, is_ = _standings(before.directories), _standings(after.directories)
    ids = dict.fromkeys((*was, *is_))
    places = [(was.get(directory_id), is_.get(directory_id)) for directory_id in ids]
    return [*fields, *(Difference("directories", left, joined) for left, joined in places if left != joined)]


def _values(account: Account) -> dict[str, Any]:
    user = account.user
    return {
        "name": user.name,
        "email": user.email,
        "claimStatus": CLAIM_STATUS_WORDS[user.claim_status],
        "mfaEnabled": bool(user.mfa_enabled),
        "closed": bool(user.closed),
        **_NO_PROFILE,
        **msgspec.to_builtins(user.details),
    }


_NO_PROFILE = {field.encode_name: None for field in msgspec.structs.fields(Profile)}


def _standings(places: Sequence[UserDirectory]) -> dict[str, dict[str, Any]]:
    return {
        place.directory_id: {
            "directory": place.directory_id,
            "status": USER_STATUS_WORDS[place.status],
            "managementSource": ManagementSource(place.management_source).name.lower(),
            "addedAt": to_text(place.added_at),
        }
        for place in places
    }


async def losses(run: Run, before: Account, after: Sequence[UserDirectory]) -> list[Difference]:
    """Return the memberships and direct roles that a user loses who leaves directories."""
    stays = {place.directory_key for place in after}
    left = {place.directory_key for place in before.directories} - stays
    if not left:
        return []
    key = {**run.org, "user_key": before.user.user_key}
    groups = await select_groups(run.tx, run.caller, before.user.user_key)
    lost = went("groups", [group.group_id for group in groups if group.directory_key in left])
    if stays:
        return lost
    held = await run.tx.all(user_roles.SELECT_DIRECT_ROLES, **key)
    return [*lost, *went("roles", [f"{role.role_id} on {role.resource_id}" for role in held])]
