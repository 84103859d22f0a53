"""Users in plain Python, as the contract describes their lists: what the server is compared with."""

import random
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import idna

from guildhall.model.users import CLAIM_STATUS_WORDS, USER_STATUS_WORDS, ClaimStatus, UserStatus
from guildhall.operations.accounts import GivenStanding, ProfileChanges, UserChanges, put_user
from tests.make import ADMIN, USER, VIEWER, World

ACCOUNTS = 70
ROLES = (USER, VIEWER, ADMIN, "atlassian/basic")
STATUSES = USER_STATUS_WORDS
DOMAINS = ("example.com", "Example.org", "straße.example")
_GONE = (UserStatus.DEACTIVATED, UserStatus.FOR_DELETION)
_NAMES = ("Ada", "ADA", "Straße", "STRASSE", "İpek", "été", "e\u0301te\u0301", "王", "👍🏽", "%", "o'b_c")


class Item(NamedTuple):
    """An account in one directory; `roles` are the pairs of resource and role that it holds in any way."""

    id: str
    place: int
    directory: str
    name: str
    nickname: str | None
    email: str
    status: str
    closed: bool
    claim: str
    mfa: bool
    groups: frozenset[str]
    roles: frozenset[tuple[str, str]]

    @property
    def account_status(self) -> str:
        """Contract 8, the second column of the table."""
        if self.status not in ("deactivated", "for_deletion"):
            return "active"
        return "closed" if self.closed else "inactive"

    @property
    def membership_status(self) -> str:
        """Contract 8, the third column of the table."""
        return self.status if self.status in ("active", "suspended") else "no_membership"


class Town(NamedTuple):
    """A furnished world and the model of its users; the lists say what filters can name."""

    world: World
    items: list[Item]
    directories: list[str]
    accounts: list[str]
    emails: list[str]
    groups: list[str]
    resources: list[str]

    def __repr__(self) -> str:
        return f"<{len(self.items)} users>"


def fold(text: str) -> str:
    """NFC, full case folding, NFC (contract 8)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def identity(email: str) -> str:
    """An address as an identifier, by the library for IDNA 2008 (contract 8)."""
    local, at, domain = email.rpartition("@")
    lowered = "".join(c.lower() if c.isascii() else c for c in local)
    return f"{lowered}{at}{idna.encode(domain.lower()).decode()}"


def matches(item: Item, filters: Mapping[str, Any]) -> bool:
    """Whether a row passes every filter (contract 4, 8)."""
    return all(_passes(item, name, given) for name, given in filters.items()) and _one_assignment(
        item, filters
    )


def _passes(item: Item, name: str, given: Any) -> bool:
    if name == "searchTerm":
        return fold(given) in fold(item.name) or fold(given) in fold(item.email)
    if name == "mfaEnabled":
        return item.mfa is given
    found = {
        "directoryIds": {item.directory},
        "accountIds": {item.id},
        "groupIds": item.groups,
        "status": {item.status},
        "accountStatus": {item.account_status},
        "membershipStatus": {item.membership_status},
        "claimStatus": {item.claim},
        "emails": {identity(item.email)},
        "emailDomains": {identity(item.email).rpartition("@")[2]},
    }
    values = map(identity, given) if name.startswith("email") else given
    return name not in found or bool(found[name] & set(values))


def _one_assignment(item: Item, filters: Mapping[str, Any]) -> bool:
    names = ("resourceIds", "roleIds")
    if not any(name in filters for name in names):
        return True
    return any(
        all(name not in filters or part in filters[name] for name, part in zip(names, role, strict=True))
        for role in item.roles
    )


def listed(
    items: Iterable[Item], filters: Mapping[str, Any], sort: str | None = None, *, descending: bool = False
) -> list[Item]:
    """A whole list in order: by the sort, then by account id, then by directory."""
    keys = {
        None: lambda item: "",
        "name": lambda item: fold(item.name),
        "nick_name": lambda item: fold(item.nickname or item.name),
    }
    found = [item for item in items if matches(item, filters)]
    return sorted(found, key=lambda item: (keys[sort](item), item.id, item.place), reverse=descending)


async def furnish(world: World) -> Town:
    """Fill three directories with users that every filter tells apart."""
    chance = random.Random(7)
    directories = [world.default, *[await world.directory() for _ in range(2)]]
    resources = [await world.resource(owner) for owner in ("jira", "confluence", "jira", "jira-servicedesk")]
    groups = [await world.group(directory=directories[number % 3]) for number in range(9)]
    roles: dict[str, set[tuple[str, str]]] = {group.id: set() for group in groups}
    for group in groups:
        for resource in resources:
            for role in ROLES:
                if chance.random() < 0.1:
                    await world.role(group, resource, role)
                    roles[group.id].add((resource.id, role))
    town = Town(
        world,
        [],
        [directory.id for directory in directories],
        [],
        [],
        [group.id for group in groups],
        [resource.id for resource in resources],
    )
    for number in range(ACCOUNTS):
        places = [place for place in range(3) if chance.random() < 0.45] or [number % 3]
        joined = [
            group for number, group in enumerate(groups) if number % 3 in places and chance.random() < 0.3
        ]
        held = {(resource.id, role) for resource in resources for role in ROLES if chance.random() < 0.03}
        changes = _changes(chance, number, [town.directories[place] for place in places])
        account_id = f"{chance.choice('0a_|:Z')}{chance.getrandbits(48):x}"
        await _make(world, account_id, changes, joined, held, resources)
        town.accounts.append(account_id)
        town.emails.append(changes.email)
        held |= {role for group in joined for role in roles[group.id]}
        town.items.extend(_items(account_id, places, changes, joined, held))
    return town


def _changes(chance: random.Random, number: int, directories: list[str]) -> UserChanges:
    nickname = chance.choice([None, "Zoë", f"Nick {number % 5}"])
    closed = chance.random() < 0.2
    statuses = _GONE if closed else [UserStatus.ACTIVE, *UserStatus]
    standings = tuple(GivenStanding(directory_id, chance.choice(statuses)) for directory_id in directories)
    return UserChanges(
        name=" ".join(chance.choice(_NAMES) for _ in range(chance.randint(1, 3))),
        email=f"{chance.choice(('ada', 'ÖZIL', 'x.y+z'))}{number}@{chance.choice(DOMAINS)}",
        directories=standings,
        claim_status=chance.choice([ClaimStatus.MANAGED, ClaimStatus.UNMANAGED]),
        mfa_enabled=chance.random() < 0.5,
        closed=closed,
        profile=ProfileChanges(nickname=nickname),
    )


async def _make(
    world: World,
    account_id: str,
    changes: UserChanges,
    joined: list[Any],
    held: set[tuple[str, str]],
    resources: list[Any],
) -> None:
    """Make a user who is active at first, as who takes roles and joins groups must be."""
    directories = tuple(GivenStanding(standing.directory_id) for standing in changes.directories or ())
    first = UserChanges(name=changes.name, email=changes.email, directories=directories)
    account, _ = await world.write(put_user, world.caller, account_id, first)
    user = account.user
    for group in joined:
        await world.add(group, _Made(account_id))
    for resource in resources:
        for resource_id, role in sorted(held):
            if resource_id == resource.id:
                await world.role(_Made(account_id), resource, role)
    assert user.account_id == account_id
    await world.write(put_user, world.caller, account_id, changes)


class _Made(NamedTuple):
    """All that a world needs to know of a user."""

    id: str


def _items(
    account_id: str,
    places: list[int],
    changes: UserChanges,
    joined: list[Any],
    held: set[tuple[str, str]],
) -> list[Item]:
    return [
        Item(
            account_id,
            place,
            standing.directory_id,
            changes.name,
            changes.profile.nickname or None,
            changes.email,
            USER_STATUS_WORDS[standing.status],
            bool(changes.closed),
            CLAIM_STATUS_WORDS[changes.claim_status],
            bool(changes.mfa_enabled),
            frozenset(group.id for group in joined),
            frozenset(held),
        )
        for place, standing in zip(places, changes.directories, strict=True)
    ]
