"""Roles of the groups of a seed file, and which of them make a group a default access group."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET

from guildhall.model.groups import Group
from guildhall.model.resources import Resource
from guildhall.model.role_assignments import HeldRole
from guildhall.model.seeds import Difference, GroupRolesSeed, GroupSeed, Located
from guildhall.operations.default_groups import delete_default_role, insert_default_role
from guildhall.operations.effects.counts import Counts
from guildhall.operations.effects.grants import (
    Pair,
    admin_access,
    delete_role_assignments,
    insert_role_assignments,
    update_flags,
)
from guildhall.operations.effects.seats import (
    distinct_roles,
    hold_role_of_members,
    hold_seats_of_members,
    seat_resources,
)
from guildhall.operations.seeding.locations import misplaced
from guildhall.operations.seeding.reports import came, went
from guildhall.operations.seeding.runs import Run
from guildhall.store import role_assignments
from guildhall.store.maintenance import exports

Key = tuple[str, str]
"""The ids of a resource and a role."""


class GroupRoles(msgspec.Struct, frozen=True):
    """The roles that a group is to hold, by their ids, and those that it is to be the default for."""

    pairs: Mapping[Key, Pair]
    defaults: frozenset[Key]

    @property
    def resources(self) -> int:
        """How many resources they are on."""
        return len({resource_id for resource_id, _ in self.pairs})


async def read_group_roles(
    run: Run, item: Located[GroupSeed], taken: dict[tuple[int, int], str]
) -> GroupRoles | None:
    """Return the roles of the file, or None when it gives none; raises InvalidInput.

    `taken` gathers what groups of the file are the default for: two cannot be it.
    """
    if item.value.roles is UNSET:
        return None
    pairs: dict[Key, Pair] = {}
    defaults: set[Key] = set()
    for number, entry in enumerate(item.value.roles):
        field = f"roles[{number}]"
        resource = await run.resource(item.place, f"{field}.resource", entry.resource)
        if any(resource_id == resource.id for resource_id, _ in pairs):
            raise misplaced(item.place, f"{field}.resource", "this resource has an entry already.")
        pairs.update(_pairs(run, item, field, entry, resource))
        if entry.default_role is not None:
            defaults.add(_default(run, item, field, entry, resource, taken))
    return GroupRoles(pairs, frozenset(defaults))


def _pairs(
    run: Run, item: Located[GroupSeed], field: str, entry: GroupRolesSeed, resource: Resource
) -> dict[Key, Pair]:
    found: dict[Key, Pair] = {}
    if not entry.roles:
        raise misplaced(item.place, f"{field}.roles", "must name a role; leave the entry out to give none.")
    for number, reference in enumerate(entry.roles):
        place = f"{field}.roles[{number}]"
        role = run.role(item.place, place, reference)
        if not role.fits(resource.owner):
            text = f"the role {role.id} does not fit resources of {resource.owner}."
            raise misplaced(item.place, place, text)
        if (resource.id, role.id) in found:
            raise misplaced(item.place, place, "this role is given twice.")
        found[resource.id, role.id] = resource, role
    return found


def _default(
    run: Run,
    item: Located[GroupSeed],
    field: str,
    entry: GroupRolesSeed,
    resource: Resource,
    taken: dict[tuple[int, int], str],
) -> Key:
    place = f"{field}.defaultRole"
    role = run.role(item.place, place, entry.default_role or "")
    if role.id not in {run.role(item.place, place, reference).id for reference in entry.roles}:
        raise misplaced(item.place, place, f"must be one of the roles: {', '.join(entry.roles)}.")
    other = taken.setdefault((resource.resource_key, role.role_key), item.place.where())
    if other != item.place.where():
        raise misplaced(item.place, place, f"the group at {other} is the default already; it can be one.")
    return resource.id, role.id


async def insert_group_roles(run: Run, group: Group, roles: GroupRoles) -> None:
    """Store the roles of a new group whose members are stored, with all that follows for them."""
    rows = [
        (run.caller.org_key, group.group_key, resource.resource_key, role.role_key)
        for resource, role in roles.pairs.values()
    ]
    await run.tx.run_many(role_assignments.INSERT_ROLE_ASSIGNMENT, rows)
    held = [_as_held(pair) for pair in roles.pairs.values()]
    counts = Counts()
    for resource_key in seat_resources(held):
        await hold_seats_of_members(run.tx, run.caller, group, resource_key, counts)
    for role_key in distinct_roles(held):
        await hold_role_of_members(run.tx, run.caller, group, role_key, counts)
    await counts.store(run.tx, run.caller)
    await run.wrote("grants", group.users * len(held))
    for key in sorted(roles.defaults):
        await insert_default_role(run.tx, run.caller, group, roles.pairs[key])
    if admin_access({role_id for _, role_id in roles.pairs}) and not roles.defaults:
        await update_flags(run.tx, run.caller, group)


def _as_held(pair: Pair) -> HeldRole:
    resource, role = pair
    return HeldRole(resource.resource_key, role.role_key, role.id, int(role.uses_seat))


async def change_group_roles(run: Run, group: Group, roles: GroupRoles) -> tuple[list[str], list[Difference]]:
    """Make a group's roles those of the file; return the changes in words, and in full."""
    between = {**run.org, "first": group.group_key, "last": group.group_key}
    before = await run.tx.all(exports.SELECT_GROUP_ROLES_BETWEEN, **between)
    held = {(row.resource_id, row.role_id) for row in before}
    gone = sorted(held - roles.pairs.keys())
    new = sorted(roles.pairs.keys() - held)
    counts = Counts()
    # One at a time: a seed is allowed more at once than a request.
    for key in gone:
        await delete_role_assignments(run.tx, run.caller, group, [await _pair(run, key)], counts)
    for key in new:
        await insert_role_assignments(run.tx, run.caller, group, [roles.pairs[key]], counts)
    await counts.store(run.tx, run.caller)
    was_default = {(row.resource_id, row.role_id) for row in before if row.is_default} - set(gone)
    words, defaults = await _change_defaults(run, group, roles, was_default)
    taken, given = in_words(gone), in_words(new)
    words = [*(f"revoked {text}" for text in taken), *(f"assigned {text}" for text in given), *words]
    return words, [*went("roles", taken), *came("roles", given), *defaults]


def in_words(keys: Iterable[Key]) -> list[str]:
    """Name roles on resources."""
    return [f"{role_id} on {resource_id}" for resource_id, role_id in keys]


async def _pair(run: Run, key: Key) -> Pair:
    """Return a resource and a role that exist, since a group holds them."""
    resource_id, role_id = key
    return await run.held_resource(resource_id), run.roles[role_id]


async def _change_defaults(
    run: Run, group: Group, roles: GroupRoles, before: set[Key]
) -> tuple[list[str], list[Difference]]:
    gone, new = sorted(before - roles.defaults), sorted(roles.defaults - before)
    for key in gone:
        await delete_default_role(run.tx, run.caller, group, await _pair(run, key))
    for key in new:
        await insert_default_role(run.tx, run.caller, group, roles.pairs[key])
    cleared, made = in_words(gone), in_words(new)
    words = [f"no longer the default for {text}" for text in cleared]
    words += [f"default for {text}" for text in made]
    return words, [*went("defaultRole", cleared), *came("defaultRole", made)]
