"""What a seed prunes: what its file does not name, where the file says what there is (docs/seed-files.md).

A list that the file does not have says nothing. What the API does not let anybody remove is kept.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec
from msgspec import UNSET

from guildhall.model.groups import Group
from guildhall.model.names import fold, trim
from guildhall.model.seeds import Section, SeedDocument, UserDirectorySeed
from guildhall.model.users import Account, ManagementSource, UserDirectory
from guildhall.operations.authorize import why_not_deletable
from guildhall.operations.groups import delete_group
from guildhall.operations.seeding.group_roles import GroupRoles, change_group_roles
from guildhall.operations.seeding.groups import directory_of_group, find_groups_by_id
from guildhall.operations.seeding.members import select_members
from guildhall.operations.seeding.reports import went
from guildhall.operations.seeding.runs import Run
from guildhall.operations.seeding.user_differences import account_differences, losses
from guildhall.operations.seeding.user_roles import DirectRoles, drop_user_roles, select_user_roles
from guildhall.operations.suspensions import is_org_admin, remove_user
from guildhall.operations.users import with_directories
from guildhall.store import groups
from guildhall.store.maintenance import exports, seeds

_GROUPS = "groups"
_USERS = "users"
_AT_ONCE = 500
_BEFORE_ALL_KEYS = 0
_NO_ROLES = GroupRoles({}, frozenset())
_IS_ADMIN = (
    "The user is an organization admin: revoke atlassian/org-admin first, or name the user in the file."
)
_IS_SYNCED = "An identity provider manages the user in the directory {}."


class _Named(msgspec.Struct, frozen=True):
    """The groups that a file names, and the ids of the directories that it speaks of in doing so."""

    ids: set[str]
    names: set[tuple[int, str]]
    """By the directory's key, of those that have no id in the file."""
    directories: set[str]

    def has(self, group: Group) -> bool:
        """Whether the file names a group; whom it gives another name has lost the old one by now."""
        return group.id in self.ids or (group.directory_key, group.name_key) in self.names


async def prune_groups(run: Run, document: SeedDocument, listed: Iterable[str]) -> list[str]:
    """Remove the groups that the file does not name; return the ids of those that have to stay.

    It comes before the groups of the file, which may take the names. `listed` are the directories that
    the file lists; it speaks of those of its groups too.
    """
    if not run.options.prune or Section.GROUPS not in document.sections:
        return []
    named = await _read_named(run, document)
    directories = _spoken_of(run, named.directories.union(listed))
    kept: list[str] = []
    key = _BEFORE_ALL_KEYS
    while rows := await run.tx.all(exports.SELECT_GROUPS_AFTER, **run.org, start=key, most=_AT_ONCE):
        key = rows[-1].group_key
        unnamed = [row.id for row in rows if row.directory_id in directories and not named.has(row)]
        kept += [group.id for group, _ in await _remove_groups(run, unnamed)]
    return kept


async def prune_kept_groups(run: Run, group_ids: Sequence[str]) -> None:
    """Look again at groups that had to stay: one that another group follows as the default need not."""
    waiting = iter(group_ids)
    while chunk := list(islice(waiting, _AT_ONCE)):
        for group, reason in await _remove_groups(run, chunk):
            run.report.keep(_GROUPS, group.id, group.name, reason)


async def _read_named(run: Run, document: SeedDocument) -> _Named:
    named = _Named(set(), set(), set())
    items = document.items(Section.GROUPS)
    while chunk := list(islice(items, _AT_ONCE)):
        known = await find_groups_by_id(run, chunk)
        for item in chunk:
            seed = item.value
            if isinstance(seed.id, str) and seed.id.lower() in known:
                group = known[seed.id.lower()]
                named.ids.add(group.id)
                named.directories.add(group.directory_id)
                continue
            directory = directory_of_group(run, item)
            named.directories.add(directory.id)
            if seed.id is UNSET and isinstance(seed.name, str):
                named.names.add((directory.directory_key, fold(trim(seed.name))))
    return named


def _spoken_of(run: Run, directories: set[str]) -> set[str]:
    """Return the directories; a list that is empty, in a file that lists none, is of the default one."""
    default = run.default_directory()
    return directories or ({default.id} if default else set())


async def _remove_groups(run: Run, group_ids: Sequence[str]) -> list[tuple[Group, str]]:
    """Remove those groups that may be; return the others and why they stay."""
    if not group_ids:
        return []
    await run.tx.lock(groups.LOCK_GROUPS_TO_CHANGE, **run.org, group_ids=group_ids)
    found = await run.tx.all(seeds.SELECT_GROUPS_BY_ID, **run.org, group_ids=group_ids)
    kept = []
    for group in sorted(found, key=lambda group: group.group_key):
        error = why_not_deletable(run.caller, group)
        if error is not None:
            kept.append((group, error.detail))
        else:
            await _remove_group(run, group)
    return kept


async def _remove_group(run: Run, group: Group) -> None:
    """Remove a group; its roles go before it, one at a time: a seed may change more than a request."""
    members = await select_members(run, group)
    _, roles = await change_group_roles(run, group, _NO_ROLES)
    await delete_group(run.tx, run.caller, None, group.id)
    run.report.removed(_GROUPS, group.id, group.name, [*went("members", members), *roles])


async def prune_users(run: Run, document: SeedDocument, listed: Iterable[str], named: set[int]) -> None:
    """Take direct roles from the users whom the file does not name, and take them out of directories.

    `named` are the keys of those in the file's list; who is a member in it is named as well. It comes
    after the groups of the file, and looks at the directories that the file lists or its users are in.
    """
    if not run.options.prune or Section.USERS not in document.sections:
        return
    directories = _spoken_of(run, _directories_of_users(run, document).union(listed))
    key = _BEFORE_ALL_KEYS
    while rows := await run.tx.all(exports.SELECT_USERS_AFTER, **run.org, start=key, most=_AT_ONCE):
        key = rows[-1].user_key
        unnamed = [row for row in rows if row.user_key not in named and row.account_id not in run.members]
        await _prune_accounts(run, [row.account_id for row in unnamed], directories)


def _directories_of_users(run: Run, document: SeedDocument) -> set[str]:
    """Return where the file's users are said to be; of whom it does not say it, in the default one."""
    default = run.default_directory()
    found: set[str] = set()
    for item in document.items(Section.USERS):
        if item.value.directories is UNSET and default is not None:
            found.add(default.id)
        for number, entry in enumerate(item.value.directories or ()):
            name = entry.directory if isinstance(entry, UserDirectorySeed) else entry
            found.add(run.directory(item.place, f"directories[{number}]", name).id)
    return found


async def _prune_accounts(run: Run, account_ids: Sequence[str], directories: set[str]) -> None:
    if not account_ids:
        return
    users = await run.tx.all(seeds.SELECT_USERS_TO_CHANGE_BY_ID, **run.org, account_ids=account_ids)
    users.sort(key=lambda user: user.user_key)
    accounts = [
        account
        for account in await with_directories(run.tx, run.caller, users, to_change=True)
        if any(place.directory_id in directories for place in account.directories)
    ]
    held = await select_user_roles(run, accounts)
    for account in accounts:
        leave = [place for place in account.directories if place.directory_id in directories]
        roles = held.get(account.user.user_key, {})
        await _prune_account(run, account, leave if run.options.prune_users else [], roles)


async def _prune_account(
    run: Run, account: Account, leave: Sequence[UserDirectory], roles: DirectRoles
) -> None:
    user = account.user
    if not leave and not roles:
        return
    if await is_org_admin(run.tx, run.caller, user):
        run.report.keep(_USERS, user.account_id, user.name, _IS_ADMIN)
        return
    words, shown = [], []
    if roles:
        shown = await drop_user_roles(run, account, roles)
        words = [f"revoked {difference.before}" for difference in shown]
    synced = [place for place in leave if place.management_source == ManagementSource.SYNCED]
    for place in synced:
        reason = _IS_SYNCED.format(place.directory_id)
        run.report.keep(_USERS, user.account_id, user.name, reason)
    left = {place.directory_id for place in leave} - {place.directory_id for place in synced}
    if left:
        stays = tuple(place for place in account.directories if place.directory_id not in left)
        lost = await losses(run, account, stays)
        shown = [*account_differences(account, Account(user, stays)), *lost, *shown]
        words.append("directories")
        for directory_id in sorted(left):
            await remove_user(run.tx, run.caller, directory_id, user.account_id)
    run.report.updated(_USERS, user.account_id, user.name, words, shown)
