"""What a seed changes of an account, in full."""

from collections.abc import Sequence
from typing import Any

from guildhall.model.seeds import Difference
from guildhall.model.times import to_text
from guildhall.model.users import (
    USER_STATUS_WORDS,
    Account,
    ManagementSource,
    UserDirectory,
)
from guildhall.operations.accounts import account_values
from guildhall.operations.effects.standings import select_groups
from guildhall.operations.seeding.reports import went
from guildhall.operations.seeding.runs import Run
from guildhall.store import user_roles


def account_differences(before: Account, after: Account) -> list[Difference]:
    """Return the fields with other values, and directories joined, left, or with another status."""
    old, new = account_values(before.user), account_values(after.user)
    names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    fields = [Difference(name, old.get(name), new.get(name)) for name in names]
    was, is_ = _standings(before.directories), _standings(after.directories)
    ids = dict.fromkeys((*was, *is_))
    places = [(was.get(directory_id), is_.get(directory_id)) for directory_id in ids]
    return [*fields, *(Difference("directories", left, joined) for left, joined in places if left != joined)]


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
