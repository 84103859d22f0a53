"""Direct roles of the users of a seed file."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET

from guildhall.model.resources import Resource
from guildhall.model.roles import Role
from guildhall.model.seeds import Difference, Located, UserSeed
from guildhall.model.users import Account, UserStatus
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.seats import change_holds
from guildhall.operations.seeding.locations import misplaced
from guildhall.operations.seeding.reports import came, went
from guildhall.operations.seeding.runs import Run
from guildhall.store import user_roles
from guildhall.store.maintenance import seeds

Pair = tuple[int, int]
"""The keys of a resource and a role."""

Changed = tuple[list[str], list[Difference]]
"""What of a subject was changed: in words, and in full."""


class _Grant(msgspec.Struct, frozen=True):
    resource_key: int
    role_key: int
    uses_seat: bool
    words: str

    @property
    def pair(self) -> Pair:
        return self.resource_key, self.role_key


DirectRoles = dict[Pair, _Grant]
"""The roles that a user holds directly."""


async def seed_user_roles(run: Run, held: Sequence[tuple[Located[UserSeed], Account]]) -> dict[int, Changed]:
    """Make the direct roles of users those of the file, where it gives any; return the changes in words."""
    given = [(item, account) for item, account in held if item.value.roles is not UNSET]
    before = await select_user_roles(run, [account for _, account in given])
    changes: dict[int, Changed] = {}
    for item, account in given:
        wanted = await _wanted(run, item)
        if wanted and not account.directories:
            raise misplaced(item.place, "roles", "a user who is in no directory takes no roles.")
        old = before.get(account.user.user_key, {})
        if wanted.keys() == old.keys():
            continue
        removed = [old[pair] for pair in sorted(old.keys() - wanted.keys())]
        added = [wanted[pair] for pair in sorted(wanted.keys() - old.keys())]
        await _store(run, account, old, removed, added)
        gone, new = [grant.words for grant in removed], [grant.words for grant in added]
        words = [*(f"revoked {text}" for text in gone), *(f"assigned {text}" for text in new)]
        changes[account.user.user_key] = words, [*went("roles", gone), *came("roles", new)]
    return changes


async def drop_user_roles(run: Run, account: Account, held: DirectRoles) -> list[Difference]:
    """Take all direct roles from a user; return them."""
    await _store(run, account, held, list(held.values()), ())
    return went("roles", [held[pair].words for pair in sorted(held)])


async def select_user_roles(run: Run, accounts: Sequence[Account]) -> dict[int, DirectRoles]:
    """Return the direct roles of those users who hold any, by their keys."""
    found: dict[int, DirectRoles] = {}
    if not accounts:
        return found
    keys = [account.user.user_key for account in accounts]
    for row in await run.tx.all(seeds.SELECT_DIRECT_ROLES_OF_USERS, **run.org, user_keys=keys):
        words = f"{row.role_id} on {row.resource_id}"
        grant = _Grant(row.resource_key, row.role_key, bool(row.uses_seat), words)
        found.setdefault(row.user_key, {})[grant.pair] = grant
    return found


async def _wanted(run: Run, item: Located[UserSeed]) -> DirectRoles:
    wanted: DirectRoles = {}
    for number, entry in enumerate(item.value.roles or ()):
        field = f"roles[{number}]"
        resource = await run.resource(item.place, f"{field}.resource", entry.resource)
        for inner, reference in enumerate(entry.roles):
            place = f"{field}.roles[{inner}]"
            role = run.role(item.place, place, reference)
            grant = _grant(item, place, resource, role)
            if grant.pair in wanted:
                raise misplaced(item.place, place, "this role is given twice.")
            wanted[grant.pair] = grant
    return wanted


def _grant(item: Located[UserSeed], field: str, resource: Resource, role: Role) -> _Grant:
    if not role.fits(resource.owner):
        text = f"the role {role.id} does not fit resources of {resource.owner}."
        raise misplaced(item.place, field, text)
    words = f"{role.id} on {resource.id}"
    return _Grant(resource.resource_key, role.role_key, bool(role.uses_seat), words)


async def _store(
    run: Run, account: Account, old: DirectRoles, removed: Sequence[_Grant], added: Sequence[_Grant]
) -> None:
    tx, caller, user_key = run.tx, run.caller, account.user.user_key
    rows = [(caller.org_key, user_key, *grant.pair) for grant in removed]
    await tx.run_many(user_roles.DELETE_USER_ROLE, rows)
    await tx.run_many(user_roles.INSERT_USER_ROLE, [(caller.org_key, user_key, *g.pair) for g in added])
    gone = {grant.pair for grant in removed}
    new = [*(grant for pair, grant in old.items() if pair not in gone), *added]
    active = any(standing.status == UserStatus.ACTIVE for standing in account.directories)
    seats = _changes(_seats(old.values()), _seats(new)) if active else {}
    counts = Counts()
    await change_holds(tx, caller, user_key, (seats, _changes(_roles(old.values()), _roles(new))), counts)
    await counts.store(tx, caller)


def _changes(before: set[int], after: set[int]) -> dict[int, int]:
    return dict.fromkeys(before - after, -1) | dict.fromkeys(after - before, 1)


def _seats(grants: Iterable[_Grant]) -> set[int]:
    return {grant.resource_key for grant in grants if grant.uses_seat}


def _roles(grants: Iterable[_Grant]) -> set[int]:
    return {grant.role_key for grant in grants}
