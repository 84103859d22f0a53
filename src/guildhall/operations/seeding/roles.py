"""Roles of a seed file: additions to the catalogue, and changes of it (contract 5)."""

import re

import msgspec
from msgspec import UNSET

from guildhall.model.errors import Conflict
from guildhall.model.ids import is_role_id
from guildhall.model.names import name_problem, trim
from guildhall.model.roles import FIRST_OWN_ROLE_KEY, Role
from guildhall.model.seeds import Located, RoleSeed, Section, SeedDocument
from guildhall.operations.seeding.locations import misplaced
from guildhall.operations.seeding.reports import differences, values_of
from guildhall.operations.seeding.runs import Run
from guildhall.store import roles
from guildhall.store.maintenance import seeds

_KIND = "roles"
_OWNER = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_FIELDS = ("display_name", "uses_seat", "for_groups", "owners")


async def seed_roles(run: Run, document: SeedDocument) -> None:
    """Add and change roles; what is held keeps what its holders were given it for."""
    await run.load_roles()
    for item in document.items(Section.ROLES):
        _check(item)
        before = run.roles.get(item.value.id)
        after = _wanted(run, before, item.value)
        if before is None:
            await _insert(run, after)
            run.report.created(_KIND, after.id, after.display_name)
        elif changed := differences(before, after, _FIELDS):
            await _require_change_of_nobody(run, item, before, after)
            await _update(run, after)
            run.report.updated(
                _KIND, after.id, after.display_name, changed, values_of(before, after, _FIELDS)
            )
        run.roles[after.id] = after


def _check(item: Located[RoleSeed]) -> None:
    seed = item.value
    if not is_role_id(seed.id):
        raise misplaced(item.place, "id", "must be two words of a-z, 0-9 and -, such as acme/reviewer.")
    if isinstance(seed.display_name, str) and (problem := name_problem(trim(seed.display_name))):
        raise misplaced(item.place, "displayName", f"{problem}.")
    for number, owner in enumerate(seed.owners or () if seed.owners is not UNSET else ()):
        if not _OWNER.fullmatch(owner):
            raise misplaced(item.place, f"owners[{number}]", "must be a word such as jira-servicedesk.")
    if seed.owners == ():
        raise misplaced(item.place, "owners", "must name an owner; null stands for every product.")


def _wanted(run: Run, before: Role | None, seed: RoleSeed) -> Role:
    name = before.display_name if before else seed.id.rpartition("/")[2]
    after = before or Role(_next_key(run), seed.id, name, uses_seat=False, for_groups=True, owners=None)
    if seed.display_name is not UNSET:
        after = msgspec.structs.replace(after, display_name=trim(seed.display_name))
    if seed.owners is not UNSET:
        owners = None if seed.owners is None else " ".join(dict.fromkeys(seed.owners))
        after = msgspec.structs.replace(after, owners=owners)
    return msgspec.structs.replace(
        after,
        uses_seat=after.uses_seat if seed.uses_seat is UNSET else seed.uses_seat,
        for_groups=after.for_groups if seed.for_groups is UNSET else seed.for_groups,
    )


def _next_key(run: Run) -> int:
    return max(FIRST_OWN_ROLE_KEY, *(role.role_key + 1 for role in run.roles.values()))


async def _require_change_of_nobody(run: Run, item: Located[RoleSeed], before: Role, after: Role) -> None:
    """Refuse what would change the seats of those who hold the role, or leave it where it does not fit."""
    key = {**run.org, "role_key": after.role_key}
    if before.uses_seat != after.uses_seat and await run.tx.value(seeds.SELECT_ROLE_IS_USED, **key):
        text = "cannot change while groups or users hold the role; revoke it first."
        raise Conflict(f"{item.place.where('usesSeat')}: {text}")
    fitting: list[str] = []
    while owner := await run.tx.value(seeds.SELECT_OWNER_OF_ROLE, **key, owners=fitting):
        if not after.fits(owner):
            text = f"must include {owner}, on whose resources groups or users hold the role."
            raise Conflict(f"{item.place.where('owners')}: {text}")
        fitting.append(owner)


async def _insert(run: Run, role: Role) -> None:
    await run.tx.run(roles.INSERT_ROLE, **run.org, role_id=role.id, **_values(role))


async def _update(run: Run, role: Role) -> None:
    await run.tx.run(seeds.UPDATE_ROLE, **run.org, **_values(role))


def _values(role: Role) -> dict[str, object]:
    return {
        "role_key": role.role_key,
        "display_name": role.display_name,
        "uses_seat": int(role.uses_seat),
        "for_groups": int(role.for_groups),
        "owners": role.owners,
    }
