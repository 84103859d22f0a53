"""Groups in plain Python, as the contract describes their lists: what the server is compared with."""

import random
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.make import ADMIN, USER, VIEWER, World

GROUPS = 130
UNKNOWN = "99999999-0000-4000-8000-000000000000"
ROLES = (USER, VIEWER, ADMIN, "atlassian/basic")
OWNERS = ("jira", "confluence", "jira-servicedesk")
_WORDS = (
    "jira",
    "Jira",
    "JIRA",
    "users",
    "wiki",
    "Straße",
    "STRASSE",
    "été",
    "e\u0301te\u0301",
    "i\u0307",
    "%",
    "_",
)


class Item(NamedTuple):
    """A group: `roles` are triples of resource, owner and role."""

    id: str
    name: str
    directory: str
    users: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in every list: by fold in code point order, then by id (contract 8)."""
        return fold(self.name), self.id


class Town(NamedTuple):
    """A furnished world and the model of its groups; the lists say what filters can name."""

    world: World
    items: dict[str, Item]
    directories: list[str]
    users: list[str]
    resources: list[str]

    def __repr__(self) -> str:
        return f"<{len(self.items)} groups>"


def fold(text: str) -> str:
    """NFC, full case folding, NFC (contract 8)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def matches(item: Item, filters: Mapping[str, Any]) -> bool:
    """Whether a group passes every filter (contract 2.2, 8)."""
    return all(_passes(item, name, given) for name, given in filters.items()) and _one_assignment(
        item, filters
    )


def _passes(item: Item, name: str, given: Any) -> bool:
    if name == "searchTerm":
        return fold(given) in fold(item.name)
    if name == "groupNames":
        return fold(item.name) in [fold(text.strip()) for text in given]
    found = {"directoryIds": {item.directory}, "groupIds": {item.id}, "accountIds": item.users}
    return name not in found or bool(found[name] & set(given))


def _one_assignment(item: Item, filters: Mapping[str, Any]) -> bool:
    names = ("resourceIds", "resourceOwners", "roleIds")
    if not any(name in filters for name in names):
        return True
    return any(
        all(name not in filters or part in filters[name] for name, part in zip(names, role, strict=True))
        for role in item.roles
    )


def listed(items: Mapping[str, Item], filters: Mapping[str, Any], *, descending: bool = False) -> list[str]:
    """The ids of a whole list, in order."""
    found = [item for item in items.values() if matches(item, filters)]
    return [item.id for item in sorted(found, key=lambda item: item.place, reverse=descending)]


async def furnish(world: World) -> Town:
    """Fill three directories with groups that every filter tells apart."""
    chance = random.Random(5)
    directories = [world.default, *[await world.directory() for _ in range(2)]]
    users = [await world.user(*directories) for _ in range(5)]
    resources = [await world.resource(owner) for owner in (*OWNERS, "jira", "confluence")]
    town = Town(
        world,
        {},
        [directory.id for directory in directories],
        [user.id for user in users],
        [resource.id for resource in resources],
    )
    taken: list[tuple[str, str]] = []
    for number in range(GROUPS):
        place = directories[chance.randrange(3)]
        name = name_of(chance, number, place.id, taken)
        members = [user for user in users if chance.random() < 0.3]
        group = await world.group(name, members=members, directory=place)
        held = [(resource, role) for resource in resources for role in ROLES if chance.random() < 0.12]
        for resource, role in held:
            await world.role(group, resource, role)
        town.items[group.id] = Item(
            group.id,
            group.name,
            place.id,
            frozenset(user.id for user in members),
            frozenset((resource.id, resource.owner, role) for resource, role in held),
        )
    return town


def name_of(chance: random.Random, number: int, directory: str, taken: list[tuple[str, str]]) -> str:
    """A name that is free in its directory, and now and then equal by fold to one of another."""
    name = " ".join(chance.choice(_WORDS) for _ in range(chance.randint(1, 3))) + f" {number}"
    if taken and taken[-1][1] != directory and chance.random() < 0.5:
        return taken.pop()[0].upper()
    taken.append((name, directory))
    return name
