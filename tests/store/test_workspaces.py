"""A tree of conditions finds in the database what it finds in Python, on both engines."""

import random
from typing import Any

from guildhall.model.names import fold
from guildhall.model.paging import Window
from guildhall.model.resources import Resource
from guildhall.model.workspaces import FieldCondition, WorkspaceField, WorkspaceFilter, WorkspaceView
from guildhall.operations.workspaces import list_workspaces
from tests.make import World

NAMES = ("Docs", "docs 2", "Wiki", "Straße", "STRASSE", "50%", "a_b", "Ω")
OWNERS = ("jira", "confluence", "jira-servicedesk")
TERMS = ("doc", "s", "%", "_", "ss", "ω", "nothing")


def matches(chosen: WorkspaceFilter, resource: Resource) -> bool:
    """What a filter means: all that is given holds together."""
    values = {
        WorkspaceField.ID: resource.id,
        WorkspaceField.NAME: resource.name_key,
        WorkspaceField.TYPE_KEY: resource.owner,
        WorkspaceField.TYPE: resource.type,
        WorkspaceField.OWNER: resource.owner,
        WorkspaceField.STATUS: resource.status,
    }
    return (
        (chosen.field is None or values[chosen.field.field] in chosen.field.values)
        and (chosen.search is None or chosen.search in resource.name_key)
        and all(matches(part, resource) for part in chosen.every)
        and (not chosen.some or any(matches(part, resource) for part in chosen.some))
        and not any(matches(part, resource) for part in chosen.none)
    )


def tree(rng: random.Random, resources: list[Resource], depth: int) -> WorkspaceFilter:
    """A random tree; its leaves ask for values that there are, and for some that there are not."""
    given: dict[str, Any] = {}
    if rng.random() < 0.5:
        asked = rng.choice(list(WorkspaceField))
        found = [getattr(one, _MEMBERS[asked]) for one in rng.sample(resources, 3)]
        given["field"] = FieldCondition(asked, (*found, "none"))
    if rng.random() < 0.3:
        given["search"] = fold(rng.choice(TERMS))
    for name in ("every", "some", "none") if depth else ():
        given[name] = tuple(tree(rng, resources, depth - 1) for _ in range(rng.choice((0, 0, 1, 2))))
    return WorkspaceFilter(**given)


_MEMBERS = {
    WorkspaceField.ID: "id",
    WorkspaceField.NAME: "name_key",
    WorkspaceField.TYPE_KEY: "owner",
    WorkspaceField.TYPE: "type",
    WorkspaceField.OWNER: "owner",
    WorkspaceField.STATUS: "status",
}


async def test_trees_find_what_they_mean(world: World) -> None:
    rng = random.Random(13)
    made = [await world.resource(rng.choice(OWNERS), name=name) for name in NAMES for _ in range(2)]
    ordered = sorted(made, key=lambda one: (one.name_key, one.id))
    found = 0
    for _ in range(300):
        view = WorkspaceView(tree(rng, made, rng.randrange(4)), descending=rng.random() < 0.5)
        expected = [one.id for one in ordered if matches(view.filter, one)]
        page = await world.read(list_workspaces, world.caller, view, Window(100))
        assert [one.id for one in page.items] == (expected[::-1] if view.descending else expected)
        found += 0 < len(expected) < len(made)
    assert found > 100


async def test_the_largest_tree_is_one_statement(world: World) -> None:
    """Contract 8: 100 conditions, 10 deep."""
    resource = await world.resource(name="Docs")
    leaf = WorkspaceFilter(search="docs")
    deep = leaf
    for _ in range(9):
        deep = WorkspaceFilter(none=(WorkspaceFilter(none=(deep,)),))
    view = WorkspaceView(WorkspaceFilter(every=(deep, *[leaf] * 80)))
    page = await world.read(list_workspaces, world.caller, view, Window(20))
    assert [one.id for one in page.items] == [resource.id]
