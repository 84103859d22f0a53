"""Making a synthetic organization: rows first, then what is counted from them."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from guildhall.model.errors import Conflict, InvalidInput
from guildhall.model.keys import hash_key, make_key
from guildhall.model.names import name_problem, trim
from guildhall.model.roles import BUILT_IN
from guildhall.model.times import to_text
from guildhall.store import keys, orgs
from guildhall.store.maintenance import bulk
from guildhall.store.maintenance.bulk import Bulk, Step
from guildhall.store.maintenance.derivations import GUARDED_ROLES
from guildhall.synthetic import roles, rows
from guildhall.synthetic.directories import lay_out
from guildhall.synthetic.rows import LATEST, Keys, UserRows, draw_uuid
from guildhall.synthetic.shape import Shape

_SECRET_BYTES = 32
_USERS_AT_ONCE = 20_000
_ROWS_BETWEEN_STEPS = 10_000
_EVERY_THIRD = 3


class Generated(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody needs to call the organization."""

    org_id: str
    directory_id: str
    key: str


async def generate(load: Bulk, shape: Shape, step: Step) -> Generated:
    """Make the organization; one shape and seed always give the same, but for its secret and its key.

    No event is written: nothing happened in the organization yet.
    """
    org_name = trim(shape.org_name)
    if problem := name_problem(org_name):
        raise InvalidInput(f"organization name: {problem}.")
    random = _Randoms(shape.seed)
    org_id = draw_uuid(random.of("org"))
    first = await _begin(load, shape, org_id, org_name)
    directories = list(rows.directory_rows(shape, first, random.of("directories")))
    await load.copy(bulk.DIRECTORIES, directories)
    layouts = lay_out(shape.users, shape.directories, shape.largest_group)
    await _copy_users(load, shape, UserRows(layouts, first, random.of("users")), step)
    groups = rows.draw_groups(shape, layouts, random.of("sizes"))
    named = rows.group_rows(groups, first, random.of("groups"))
    await load.copy(bulk.GROUPS, _told(named, "Making groups", shape.groups, step))
    resources = rows.draw_resources(shape, random.of("resources"))
    sites = rows.resource_rows(resources, first, (org_id, org_name), random.of("sites"))
    await load.copy(bulk.RESOURCES, sites)
    drawn = roles.draw_roles(groups, resources, shape.role_assignments, random.of("roles"))
    given = roles.assignment_rows(drawn, first)
    await load.copy(
        bulk.ROLE_ASSIGNMENTS, _told(given, "Making role assignments", shape.role_assignments, step)
    )
    await load.copy(bulk.DEFAULT_GROUPS, roles.default_rows(drawn, first))
    direct = roles.user_role_rows(shape.users, resources, first, random.of("direct"))
    await load.copy(bulk.USER_ROLES, direct)
    members = rows.membership_rows(groups, first, random.of("memberships"))
    await load.copy(bulk.MEMBERSHIPS, _told(members, "Making memberships", shape.memberships, step))
    await load.index()
    await _count(load, shape, first, step)
    return Generated(org_id, directories[0][2], await _make_key(load, first, org_id))


class _Randoms:
    """A source of randomness for each subject: more of one must not change the others."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, subject: str) -> Random:
        """Return the source for one subject."""
        return Random(f"{self._seed}/{subject}")  # noqa: S311 -- it has to be the same again


async def _begin(load: Bulk, shape: Shape, org_id: str, org_name: str) -> Keys:
    org_key = await load.tx.value(
        orgs.INSERT_ORG,
        org_id=org_id,
        name=org_name,
        secret=secrets.token_bytes(_SECRET_BYTES),
        created_at=to_text(LATEST),
    )
    if org_key is None:
        raise Conflict("An organization of this seed is there already; choose another seed.")
    await load.copy(
        bulk.ROLES,
        [
            (org_key, r.role_key, r.id, r.display_name, int(r.uses_seat), int(r.for_groups), r.owners)
            for r in BUILT_IN
        ],
    )
    return Keys(
        org_key,
        await load.reserve("directories", "directory_key", shape.directories),
        await load.reserve("users", "user_key", shape.users),
        await load.reserve("groups", "group_key", shape.groups),
        await load.reserve("resources", "resource_key", shape.resources),
    )


async def _copy_users(load: Bulk, shape: Shape, source: UserRows, step: Step) -> None:
    for start in range(0, shape.users, _USERS_AT_ONCE):
        count = min(_USERS_AT_ONCE, shape.users - start)
        users, members = source.draw(start, count)
        await load.copy(bulk.USERS, users)
        await load.copy(bulk.DIRECTORY_USERS, members)
        step("Making users", count, shape.users)


def _told(made: Iterable[Sequence[Any]], label: str, total: int, step: Step) -> Iterator[Sequence[Any]]:
    """Pass rows on, and say now and then how many there were."""
    for number, row in enumerate(made, 1):
        yield row
        if number % _ROWS_BETWEEN_STEPS == 0:
            step(label, _ROWS_BETWEEN_STEPS, total)


async def _count(load: Bulk, shape: Shape, first: Keys, step: Step) -> None:
    """Fill every table that is counted from others."""
    org = {"org_key": first.org}
    step("Counting groups and users")
    for statement in (bulk.FILL_GROUP_COUNTS, bulk.FILL_GROUP_TOTALS, bulk.FILL_USER_TOTALS):
        await load.tx.run(statement, **org)
    resource_keys = range(first.resource, first.resource + shape.resources)
    for resource_key in resource_keys:
        await load.tx.run(bulk.FILL_SEATS, **org, resource_key=resource_key)
        step("Taking seats", 1, shape.resources)
    await load.tx.run(bulk.FILL_RESOURCE_SEATS, **org)
    await load.tx.run(bulk.LIMIT_SEATS, **org, resource_keys=list(resource_keys[1::_EVERY_THIRD]))
    for role in BUILT_IN:
        await load.tx.run(bulk.FILL_ROLE_HOLDERS, **org, role_key=role.role_key)
        await load.tx.run(bulk.FILL_ROLE_TOTALS, **org, role_key=role.role_key)
        step("Counting holders of roles", 1, len(BUILT_IN))
    await load.tx.run(bulk.SET_FLAGS, **org, **GUARDED_ROLES)


async def _make_key(load: Bulk, first: Keys, org_id: str) -> str:
    key = make_key(org_id)
    await load.tx.run(
        keys.INSERT_KEY,
        org_key=first.org,
        key_id=load.tx.new_id(),
        name="generated",
        hash=hash_key(key),
        scopes=None,
        rate_limit=None,
        created_at=to_text(load.tx.now),
        expires_at=None,
    )
    return key
