"""The rows of a synthetic organization, table by table, in the order of their keys."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from guildhall.model.groups import GroupType, ManagedBy
from guildhall.model.ids import organization_resource_id
from guildhall.model.names import fold
from guildhall.model.resources import ResourceStatus
from guildhall.model.roles import PLATFORM
from guildhall.model.times import to_text
from guildhall.model.users import ClaimStatus, ManagementSource, Profile, UserStatus
from guildhall.synthetic import words
from guildhall.synthetic.directories import Layout, choose_layout
from guildhall.synthetic.names import People, UniqueNames
from guildhall.synthetic.shape import Shape
from guildhall.synthetic.sizes import group_sizes

Row = Sequence[Any]

LATEST = 1_767_225_600_000
"""Every time in a synthetic organization is before 2026, so that a seed alone says what it is like."""

_DAY = 86_400_000
_SPAN = 1_000 * _DAY
_LARGEST = "all-staff"

_OWNERS = (
    ("jira-software", "Jira", 35),
    ("confluence", "Confluence", 30),
    ("jira-servicedesk", "Service desk", 15),
    ("jira-product-discovery", "Discovery", 8),
    ("jira-core", "Business projects", 7),
    ("jira", "Jira site", 5),
)


class Keys(msgspec.Struct, frozen=True):
    """The first keys of the organization's rows; the others follow without a gap."""

    org: int
    directory: int
    user: int
    group: int
    resource: int


class DrawnGroup(msgspec.Struct, frozen=True):
    """A group before it has a name: how many members it has, and whose."""

    number: int
    size: int
    layout: Layout


class DrawnResource(msgspec.Struct, frozen=True):
    """A resource that roles can be given on."""

    number: int
    owner: str


def draw_uuid(random: Random) -> str:
    """Return a UUIDv4 that the seed decides."""
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[random.getrandbits(2)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def draw_account_id(random: Random) -> str:
    """Return an account id in one of the two forms that most have (contract 1.3)."""
    if random.random() < 0.5:
        return f"{random.getrandbits(96):024x}"
    return f"712020:{draw_uuid(random)}"


def directory_rows(shape: Shape, keys: Keys, random: Random) -> Iterator[Row]:
    """Return the rows of the directories, the default one first."""
    names = UniqueNames(random)
    for number in range(shape.directories):
        name = names.once(words.DIRECTORY_NAMES[number % len(words.DIRECTORY_NAMES)])
        yield (
            keys.org,
            keys.directory + number,
            draw_uuid(random),
            name,
            fold(name),
            None,
            min(number, 1),
        )


class UserRows:
    """Makes users and their memberships of directories, some at a time."""

    def __init__(self, layouts: Sequence[Layout], keys: Keys, random: Random) -> None:
        self._layouts = layouts
        self._keys = keys
        self._random = random
        self._people = People(random)

    def draw(self, start: int, count: int) -> tuple[list[Row], list[Row]]:
        """Return the rows of `users` and `directory_users` for so many users."""
        users, members = [], []
        home = next(layout for layout in reversed(self._layouts) if layout.start <= start)
        for user in range(start, start + count):
            while user >= home.start + home.own:
                home = self._layouts[home.number + 1]
            account_id = draw_account_id(self._random)
            status = home.status_of(user, self._random)
            users.append(self._user(user, account_id, status))
            members.append(self._member(user, home, account_id, status))
            if home.number == 0:
                members += [
                    self._member(user, other, account_id, other.status_of(user, self._random))
                    for other in self._layouts[1:]
                    if other.has_guest(user)
                ]
        return users, members

    def _user(self, user: int, account_id: str, status: UserStatus) -> Row:
        person, draw = self._people.draw(), self._random.random
        profile = self._profile(person.first)
        return (
            self._keys.org,
            self._keys.user + user,
            account_id,
            person.name,
            fold(person.name),
            fold(profile.nickname or person.name),
            person.email,
            person.email,
            person.email,
            person.email.partition("@")[2],
            ClaimStatus.MANAGED if draw() < 0.9 else ClaimStatus.UNMANAGED,
            int(draw() < 0.7),
            int(status == UserStatus.FOR_DELETION and draw() < 0.5),
            msgspec.json.encode(profile).decode(),
        )

    def _profile(self, nickname: str) -> Profile:
        choice = self._random.choice
        return Profile(
            nickname=nickname if self._random.random() < 0.5 else None,
            email_verified=True,
            job_title=choice(words.JOB_TITLES),
            department=choice(words.DEPARTMENTS),
            time_zone=choice(words.TIME_ZONES),
        )

    def _member(self, user: int, layout: Layout, account_id: str, status: UserStatus) -> Row:
        added_at = LATEST - int(self._random.random() * _SPAN)
        source = ManagementSource.SYNCED if layout.number == 1 else ManagementSource.INVITED
        return (
            self._keys.org,
            self._keys.user + user,
            self._keys.directory + layout.number,
            account_id,
            status,
            source,
            added_at,
        )


def draw_groups(shape: Shape, layouts: list[Layout], random: Random) -> list[DrawnGroup]:
    """Return all groups with their sizes and directories."""
    sizes = group_sizes(shape.groups, shape.memberships, shape.largest_group, random)
    return [
        DrawnGroup(number, size, choose_layout(layouts, size, random)) for number, size in enumerate(sizes)
    ]


def group_rows(groups: Sequence[DrawnGroup], keys: Keys, random: Random) -> Iterator[Row]:
    """Return the rows of the groups; the largest one is an ordinary group, so that it can be deleted."""
    largest = max(groups, key=lambda group: group.size)
    names = [UniqueNames(random) for _ in range(1 + max(group.layout.number for group in groups))]
    for group in groups:
        directory = names[group.layout.number]
        kind = (GroupType.GROUP, ManagedBy.ADMINS, 0) if group is largest else _draw_kind(group, random)
        name = directory.once(_LARGEST) if group is largest else directory.draw_group()
        description = f"Made for {name}." if random.random() < 0.4 else None
        yield (
            keys.org,
            keys.group + group.number,
            keys.directory + group.layout.number,
            draw_uuid(random),
            name,
            fold(name),
            description,
            *kind,
            0,
            0,
        )


def _draw_kind(group: DrawnGroup, random: Random) -> tuple[GroupType, ManagedBy, int]:
    """Draw type, who manages the group, and whether it is synced: most in the second directory are."""
    drawn = random.random()
    if drawn < 0.05:
        return GroupType.TEAM, ManagedBy.TEAM_MEMBERS, 0
    if drawn < 0.07:
        return GroupType.TEAM, ManagedBy.OPEN, 0
    if drawn < 0.08:
        return GroupType.USERBASE_GROUP, ManagedBy.ADMINS, 0
    if drawn < (0.7 if group.layout.number == 1 else 0.12):
        return GroupType.GROUP, ManagedBy.EXTERNAL, 1
    return GroupType.GROUP, ManagedBy.ADMINS, 0


def membership_rows(groups: Sequence[DrawnGroup], keys: Keys, random: Random) -> Iterator[Row]:
    """Return the rows of all memberships."""
    org, first_user = keys.org, keys.user
    for group in groups:
        if not group.size:
            continue
        group_key = keys.group + group.number
        since = LATEST - _SPAN + int(random.random() * _SPAN / 2)
        for user in group.layout.draw_members(group.size, random):
            yield org, group_key, first_user + user, since + user * 7_919 % (_SPAN // 2)


def draw_resources(shape: Shape, random: Random) -> list[DrawnResource]:
    """Return all resources but the organization itself, which is number 0."""
    owners = random.choices(
        [owner for owner, _, _ in _OWNERS],
        [weight for _, _, weight in _OWNERS],
        k=max(0, shape.resources - 1),
    )
    return [DrawnResource(number, owner) for number, owner in enumerate(owners, 1)]


def resource_rows(
    resources: Sequence[DrawnResource], keys: Keys, org: tuple[str, str], random: Random
) -> Iterator[Row]:
    """Return the rows of the resources; `org` is the id and the name of the organization."""
    org_id, org_name = org
    begin = to_text(LATEST - _SPAN)
    yield (
        keys.org,
        keys.resource,
        organization_resource_id(org_id),
        PLATFORM,
        org_name,
        fold(org_name),
        "organization",
        ResourceStatus.ONLINE.value,
        None,
        begin,
        begin,
    )
    names, titles = UniqueNames(random), {owner: title for owner, title, _ in _OWNERS}
    for resource in resources:
        name = names.draw_site(titles[resource.owner])
        drawn = random.random()
        status = ResourceStatus.ONLINE if drawn > 0.04 else ResourceStatus.OFFLINE
        site_id = draw_uuid(random)
        created_at = to_text(LATEST - int(random.random() * _SPAN))
        yield (
            keys.org,
            keys.resource + resource.number,
            f"ari:cloud:{resource.owner}::site/{site_id}",
            resource.owner,
            name,
            fold(name),
            resource.owner,
            (ResourceStatus.DEPRECATED if drawn < 0.01 else status).value,
            f"https://site-{site_id[:8]}.example.com",
            created_at,
            created_at,
        )
