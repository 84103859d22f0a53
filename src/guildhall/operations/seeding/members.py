"""Members of the groups of a seed file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

import msgspec
from msgspec import UNSET

from guildhall.model.emails import email_key
from guildhall.model.errors import InvalidInput, Misplaced
from guildhall.model.groups import Group
from guildhall.model.memberships import Member
from guildhall.model.seeds import Difference, GroupSeed, Located
from guildhall.model.times import to_text
from guildhall.model.users import DirectoryUser
from guildhall.operations.memberships import delete_member, insert_member
from guildhall.operations.seeding.locations import misplaced, read_time
from guildhall.operations.seeding.reports import came, went
from guildhall.operations.seeding.runs import Run
from guildhall.store import memberships
from guildhall.store.maintenance import seeds

_AT_ONCE = 1_000
_STORED_AT_ONCE = 10_000
_MOST_TOLD = 50
"""Of members whom nobody knows."""

_EVERY = 2**62
_BEFORE_ALL_KEYS = 0


class _Wanted(msgspec.Struct, frozen=True):
    """A member as the file gives it: the place in its list, and the time, None when it says none."""

    number: int
    added_at: int | None


Wanted = Mapping[str, _Wanted]
"""The wanted members of a group by their account ids."""


class Members(msgspec.Struct, frozen=True):
    """The wanted members of a group that exists, and those who were to come or to go and stand still."""

    wanted: Wanted
    held: AbstractSet[str]


async def insert_members(run: Run, item: Located[GroupSeed], group: Group) -> list[Difference]:
    """Store the members of a new group, without what its roles give them; return who they are."""
    wanted = await _read(run, item)
    await _hold(run, group, wanted)
    now = run.tx.now
    pairs = ((account_id, now if m.added_at is None else m.added_at) for account_id, m in wanted.items())
    key = {**run.org, "group_key": group.group_key, "directory_key": group.directory_key}
    stored = 0
    while chunk := list(islice(pairs, _STORED_AT_ONCE)):
        members = msgspec.json.encode(chunk).decode()
        stored += await run.tx.run(seeds.INSERT_MEMBERS, **key, members=members)
    if stored != len(wanted):
        await _find_users(run, item, group, wanted)
    await run.wrote("memberships", stored)
    return came("members", wanted)


async def read_members(run: Run, item: Located[GroupSeed], group: Group) -> Members | None:
    """Return the members that the file gives a group which is not locked yet, or None when it gives none.

    Users are locked before groups (ADR 18).
    """
    if item.value.members is UNSET:
        return None
    wanted = await _read(run, item)
    moving = wanted.keys() ^ (await select_members(run, group)).keys()
    await _hold(run, group, moving)
    return Members(wanted, moving)


async def change_members(
    run: Run, item: Located[GroupSeed], group: Group, members: Members
) -> tuple[list[str], list[Difference]]:
    """Make the members of a group, which is locked, those of the file; return what changed."""
    wanted = members.wanted
    present = await select_members(run, group)
    late = (wanted.keys() ^ present.keys()) - members.held
    if late:
        # Others came or went before the group was locked. Who of them is to go was read too early.
        await _hold(run, group, late)
        present = await select_members(run, group)
    gone = [row for account_id, row in present.items() if account_id not in wanted]
    for row in gone:
        user = DirectoryUser(row.user_key, row.account_id, row.name, row.email, row.status)
        await delete_member(run.tx, run.caller, group, user)
    new = {account_id: member for account_id, member in wanted.items() if account_id not in present}
    keys = {account_id: row.user_key for account_id, row in present.items()}
    for user in await _find_users(run, item, group, new):
        await insert_member(run.tx, run.caller, group, user)
        keys[user.account_id] = user.user_key
    other = _other_times(run, wanted, present)
    rows = [
        (added_at, run.caller.org_key, group.group_key, keys[account_id]) for account_id, added_at in other
    ]
    await run.tx.run_many(seeds.UPDATE_MEMBER_ADDED, rows)
    retimed = sum(account_id in present for account_id, _ in other)
    counts = {"members added": len(new), "members removed": len(gone), "addedAt changed": retimed}
    words = [f"{count} {text}" for text, count in counts.items() if count]
    times = [
        Difference("addedAt", f"{account_id} {to_text(present[account_id].added_at)}", to_text(added_at))
        for account_id, added_at in other
        if account_id in present
    ]
    return words, [*went("members", (row.account_id for row in gone)), *came("members", new), *times]


async def _hold(run: Run, group: Group, account_ids: Collection[str]) -> None:
    """Have users stand still in the group's directory until the transaction ends."""
    waiting = iter(sorted(account_ids))
    key = {**run.org, "directory_key": group.directory_key}
    while chunk := list(islice(waiting, _STORED_AT_ONCE)):
        await run.tx.lock(seeds.LOCK_DIRECTORY_USERS, **key, account_ids=chunk)


async def select_members(run: Run, group: Group) -> dict[str, Member]:
    """Return the members of a group by their account ids."""
    rows = await run.tx.all(
        memberships.SELECT_MEMBERS,
        **run.org,
        group_key=group.group_key,
        directory_key=group.directory_key,
        start=_BEFORE_ALL_KEYS,
        most=_EVERY,
    )
    return {row.account_id: row for row in rows}


def _other_times(run: Run, wanted: Wanted, present: Mapping[str, Member]) -> list[tuple[str, int]]:
    """Return those whose time is not what the file says; who is new has the time of the seed."""
    return [
        (account_id, member.added_at)
        for account_id, member in wanted.items()
        if member.added_at is not None
        and member.added_at != (present[account_id].added_at if account_id in present else run.tx.now)
    ]


async def _read(run: Run, item: Located[GroupSeed]) -> Wanted:
    """Return the members that the file gives; raises InvalidInput for one that is given twice."""
    entries = list(_entries(item))
    by_email = await _resolve(run, [reference for reference, _ in entries if "@" in reference])
    wanted: dict[str, _Wanted] = {}
    absent: list[int] = []
    for number, (reference, added_at) in enumerate(entries):
        account_id = reference
        if "@" in reference:
            found = by_email.get(email_key(reference))
            if found is None:
                absent.append(number)
                continue
            account_id = found
        if account_id in wanted:
            raise misplaced(item.place, f"members[{number}]", f"{reference[:320]} is a member already.")
        wanted[account_id] = _Wanted(number, added_at)
    if absent:
        raise _unknown(item, entries, absent)
    if run.options.prune:
        run.members.update(wanted)
    return wanted


def _unknown(
    item: Located[GroupSeed], entries: Sequence[tuple[str, int | None]], absent: Sequence[int]
) -> Misplaced:
    """Return the error for members whom nobody knows; the first of them with their places."""
    details = [
        f"{item.place.where(f'members[{number}]')}: there is no user {entries[number][0][:320]}."
        for number in absent[:_MOST_TOLD]
    ]
    more = len(absent) - len(details)
    return Misplaced(*details, *([f"There are {more} more mistakes; these are the first."] if more else []))


def _entries(item: Located[GroupSeed]) -> Iterator[tuple[str, int | None]]:
    for number, entry in enumerate(item.value.members or ()):
        if isinstance(entry, str):
            yield entry, None
        elif entry.added_at is UNSET:
            yield entry.user, None
        else:
            yield entry.user, read_time(item.place, f"members[{number}].addedAt", entry.added_at)


async def _resolve(run: Run, addresses: Sequence[str]) -> dict[str, str]:
    """Return the account ids of e-mail addresses, by the address as it is compared."""
    found: dict[str, str] = {}
    waiting = iter(addresses)
    while chunk := [email_key(address) for address in islice(waiting, _AT_ONCE)]:
        rows = await run.tx.all(seeds.SELECT_USERS_BY_EMAIL, **run.org, email_keys=chunk)
        found.update((row.email_key, row.account_id) for row in rows)
    return found


async def _find_users(
    run: Run, item: Located[GroupSeed], group: Group, wanted: Wanted
) -> list[DirectoryUser]:
    """Return the users as the group's directory knows them; raises InvalidInput for who is not there."""
    found: dict[str, DirectoryUser] = {}
    waiting = iter(wanted)
    key = {**run.org, "directory_key": group.directory_key}
    while chunk := list(islice(waiting, _AT_ONCE)):
        rows = await run.tx.all(seeds.SELECT_DIRECTORY_USERS, **key, account_ids=chunk)
        found.update((row.account_id, row) for row in rows)
        for account_id in chunk:
            if account_id not in found:
                raise await _absent(run, item, wanted[account_id].number, account_id)
    return [found[account_id] for account_id in wanted]


async def _absent(run: Run, item: Located[GroupSeed], number: int, account_id: str) -> InvalidInput:
    known = await run.tx.all(seeds.SELECT_USERS_BY_ID, **run.org, account_ids=[account_id])
    what = "is not in the group's directory" if known else "does not exist"
    return misplaced(item.place, f"members[{number}]", f"the user {account_id[:128]} {what}.")
