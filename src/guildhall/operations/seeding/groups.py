"""Groups of a seed file; their members and roles are made what the file says where it says it.

A new group is stored with all its members and roles at once. Groups of a type that the API cannot make,
synced ones, and roles that are not for groups are allowed here (contract 2.1, 5).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET

from guildhall.model.directories import Directory
from guildhall.model.errors import NameTaken
from guildhall.model.groups import Group, GroupType, ManagedBy
from guildhall.model.ids import parse_uuid
from guildhall.model.names import fold, trim
from guildhall.model.seeds import Difference, GroupSeed, Located, Section, SeedDocument
from guildhall.operations.groups import check_group_texts, get_group_to_change
from guildhall.operations.seeding.group_roles import (
    GroupRoles,
    change_group_roles,
    in_words,
    insert_group_roles,
    read_group_roles,
)
from guildhall.operations.seeding.locations import located, misplaced
from guildhall.operations.seeding.members import change_members, insert_members, read_members
from guildhall.operations.seeding.reports import came, differences
from guildhall.operations.seeding.runs import Run
from guildhall.store import groups
from guildhall.store.maintenance import seeds

_KIND = "groups"
_AT_ONCE = 200
_TEXTS = ("name", "description")
_ORIGIN = ("type", "managed_by", "synced")
_KEEPERS = {GroupType.TEAM: ManagedBy.TEAM_MEMBERS}
_TEAM_KEEPERS = (ManagedBy.TEAM_MEMBERS, ManagedBy.OPEN)

Kind = tuple[int, int, int, int]
"""A directory's key, and the numbers of type, managed_by and synced: what groups are counted by."""


async def seed_groups(run: Run, document: SeedDocument) -> None:
    """Create and change groups; the names that the file moves are free.

    Raises NameTaken, and InvalidInput for what the file refers to in vain.
    """
    seen: set[int] = set()
    counts: Counter[Kind] = Counter()
    defaults: dict[tuple[int, int], str] = {}
    items = document.items(Section.GROUPS)
    while chunk := list(islice(items, _AT_ONCE)):
        known = await find_groups_by_id(run, chunk)
        for item in chunk:
            roles = await read_group_roles(run, item, defaults)
            before = await _find(run, item, known)
            if before is None:
                group = await _create(run, item, roles)
                counts[_kind(group)] += 1
            else:
                group = await _change(run, item, before, roles)
            if group.group_key in seen:
                raise misplaced(item.place, "", "the file has this group already.")
            seen.add(group.group_key)
    await _count(run, counts)


async def find_groups_by_id(run: Run, chunk: Sequence[Located[GroupSeed]]) -> dict[str, Group]:
    """Return the groups that some of the file's mean by their ids."""
    ids = [item.value.id.lower() for item in chunk if isinstance(item.value.id, str)]
    if not ids:
        return {}
    rows = await run.tx.all(seeds.SELECT_GROUPS_BY_ID, **run.org, group_ids=ids)
    return {row.id: row for row in rows}


async def _find(run: Run, item: Located[GroupSeed], known: dict[str, Group]) -> Group | None:
    seed = item.value
    if isinstance(seed.id, str):
        return known.get(seed.id.lower())
    if not isinstance(seed.name, str):
        raise misplaced(item.place, "name", "is required where there is no id.")
    directory = directory_of_group(run, item)
    key = {**run.org, "directory_key": directory.directory_key}
    return await run.tx.one(seeds.SELECT_GROUP_BY_NAME, **key, name_key=fold(trim(seed.name)))


def directory_of_group(run: Run, item: Located[GroupSeed]) -> Directory:
    """Return the directory that the file gives a group, else the default one; raises InvalidInput."""
    reference = item.value.directory
    if isinstance(reference, str):
        return run.directory(item.place, "directory", reference)
    default = run.default_directory()
    if default is None:
        raise misplaced(item.place, "directory", "is required: there is no default directory.")
    return default


def _kind(group: Group) -> Kind:
    return group.directory_key, group.type, group.managed_by, group.synced


async def _create(run: Run, item: Located[GroupSeed], roles: GroupRoles | None) -> Group:
    group = await _insert(run, item, _new(run, item))
    await run.wrote("groups", 1)
    members = item.value.members
    shown: list[Difference] = []
    if members is not UNSET and members:
        shown = await insert_members(run, item, group)
    users = len(shown)
    on = roles.resources if roles else 0
    key = {**run.org, "group_key": group.group_key}
    await run.tx.run(seeds.INSERT_GROUP_COUNTS, **key, users=users, resources=on)
    group = msgspec.structs.replace(group, users=users, resources=on)
    if roles is not None and roles.pairs:
        await insert_group_roles(run, group, roles)
        shown += [*came("roles", in_words(roles.pairs)), *came("defaultRole", in_words(roles.defaults))]
    run.report.created(_KIND, group.id, group.name, shown)
    return group


def _new(run: Run, item: Located[GroupSeed]) -> Group:
    seed = item.value
    if not isinstance(seed.name, str):
        raise misplaced(item.place, "name", "is required for a new group.")
    group_id = parse_uuid(seed.id) if isinstance(seed.id, str) else run.tx.new_id()
    if group_id is None:
        raise misplaced(item.place, "id", "must be a UUID, or left out.")
    directory = directory_of_group(run, item)
    blank = Group(
        group_key=0,
        id=group_id,
        directory_key=directory.directory_key,
        directory_id=directory.id,
        name="",
        name_key="",
        description=None,
        type=GroupType.GROUP,
        managed_by=ManagedBy.ADMINS,
        synced=0,
        is_default=0,
        grants_admin=0,
        users=0,
        resources=0,
    )
    return _wanted(item, blank)


def _wanted(item: Located[GroupSeed], before: Group) -> Group:
    seed = item.value
    name = before.name if seed.name is UNSET else trim(seed.name)
    description = before.description if seed.description is UNSET else seed.description or None
    with located(item.place):
        check_group_texts(name, description)
    synced = before.synced if seed.synced is UNSET else int(seed.synced)
    kind = GroupType(before.type) if seed.type is UNSET else GroupType[seed.type]
    keeper = ManagedBy(before.managed_by)
    if seed.managed_by is not UNSET:
        keeper = ManagedBy[seed.managed_by.upper().replace("-", "_")]
    elif _misfit(kind, keeper, synced=bool(synced)):
        keeper = _KEEPERS.get(kind, ManagedBy.EXTERNAL if synced else ManagedBy.ADMINS)
    _require_fitting_keeper(item, kind, keeper, synced=bool(synced))
    changes: dict[str, Any] = {"type": kind, "managed_by": keeper, "synced": synced}
    return msgspec.structs.replace(before, name=name, name_key=fold(name), description=description, **changes)


def _require_fitting_keeper(
    item: Located[GroupSeed], kind: GroupType, keeper: ManagedBy, *, synced: bool
) -> None:
    problem = _misfit(kind, keeper, synced=synced)
    if problem is not None:
        raise misplaced(item.place, "managedBy", problem)


def _misfit(kind: GroupType, keeper: ManagedBy, *, synced: bool) -> str | None:
    """Say why such a group cannot be kept by such a keeper, or None."""
    if (kind is GroupType.TEAM) != (keeper in _TEAM_KEEPERS):
        return "is team-members or open for groups of type TEAM, and admins or external for the others."
    if synced and keeper is not ManagedBy.EXTERNAL:
        return "must be external for a synced group."
    return None


async def _insert(run: Run, item: Located[GroupSeed], group: Group) -> Group:
    values = {field: getattr(group, field) for field in ("directory_key", "name_key", *_TEXTS, *_ORIGIN)}
    group_key = await run.tx.value(groups.INSERT_GROUP, **run.org, **values, group_id=group.id)
    if group_key is None:
        raise NameTaken(f"{item.place.where('name')}: {await _taken(run, group)}")
    return msgspec.structs.replace(group, group_key=group_key)


async def _taken(run: Run, group: Group) -> str:
    key = {**run.org, "directory_key": group.directory_key}
    other = await run.tx.one(seeds.SELECT_GROUP_BY_NAME, **key, name_key=group.name_key)
    if other is None:
        return f"the id {group.id} is another group's."
    return f"the directory has a group {other.name} already, with the id {other.id}."


async def _count(run: Run, counts: Counter[Kind]) -> None:
    for (directory_key, kind, managed_by, synced), change in sorted(counts.items()):
        await run.tx.run(
            groups.UPDATE_GROUP_TOTALS,
            **run.org,
            directory_key=directory_key,
            type=kind,
            managed_by=managed_by,
            synced=synced,
            change=change,
        )


async def _change(run: Run, item: Located[GroupSeed], found: Group, roles: GroupRoles | None) -> Group:
    if item.value.directory is not UNSET and directory_of_group(run, item).id != found.directory_id:
        text = f"a group stays in its directory, which is {found.directory_id}."
        raise misplaced(item.place, "directory", text)
    members = await read_members(run, item, found)
    before = await get_group_to_change(run.tx, run.caller, None, found.id)
    after = _wanted(item, before)
    changed = differences(before, after, (*_TEXTS, *_ORIGIN))
    old, new = _values(before), _values(after)
    shown = [Difference(field, old[field], value) for field, value in new.items() if old[field] != value]
    await _update(run, item, before, after)
    for words, more in (
        ([], []) if members is None else await change_members(run, item, after, members),
        ([], []) if roles is None else await change_group_roles(run, after, roles),
    ):
        changed += words
        shown += more
    run.report.updated(_KIND, after.id, after.name, changed, shown)
    return after


def _values(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "description": group.description,
        "type": GroupType(group.type).name,
        "managedBy": ManagedBy(group.managed_by).name.lower().replace("_", "-"),
        "synced": bool(group.synced),
    }


async def _update(run: Run, item: Located[GroupSeed], before: Group, after: Group) -> None:
    key = {**run.org, "group_key": after.group_key}
    if before.name_key != after.name_key:
        place = {**run.org, "directory_key": after.directory_key}
        other = await run.tx.value(groups.SELECT_NAME_TAKEN, **place, name_key=after.name_key)
        if other is not None:
            raise NameTaken(f"{item.place.where('name')}: {await _taken(run, after)}")
    if differences(before, after, _TEXTS):
        texts = {"name": after.name, "name_key": after.name_key, "description": after.description}
        await run.tx.run(groups.UPDATE_GROUP, **key, **texts)
    if _kind(before) != _kind(after):
        origin = {field: int(getattr(after, field)) for field in _ORIGIN}
        await run.tx.run(seeds.UPDATE_GROUP_ORIGIN, **key, **origin)
        await _count(run, Counter({_kind(before): -1, _kind(after): 1}))
