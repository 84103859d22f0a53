"""The roles of a synthetic organization: which groups and users hold which, and on what."""

from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from guildhall.model.errors import InvalidInput
from guildhall.model.roles import ADMIN, BUILT_IN, ORG_ADMIN, SITE_ADMIN, USER, Role
from guildhall.operations.groups import MASS_CHANGES
from guildhall.synthetic.rows import DrawnGroup, DrawnResource, Keys

_WEIGHTS = {
    USER: 55,
    ADMIN: 2,
    "atlassian/user-access-admin": 3,
    "atlassian/viewer": 14,
    "atlassian/basic": 8,
    "atlassian/guest": 6,
    "atlassian/contributor": 12,
    "atlassian/customer": 20,
    "atlassian/stakeholder": 6,
}
_DEFAULT_SHARE = 0.02
_DIRECT_SHARE = 0.02
_ORG_ADMINS = 3
_BY_ID = {role.id: role for role in BUILT_IN}


class DrawnRoles(msgspec.Struct, frozen=True):
    """Role assignments by group, and the default group of each (resource, role) that has one."""

    assignments: list[tuple[int, int, int]]
    """Numbers of the group and the resource, key of the role."""
    defaults: dict[tuple[int, int], int]


class RoleChoice:
    """Draws resources and roles that fit them; low numbers are the popular resources."""

    def __init__(self, resources: Sequence[DrawnResource], random: Random) -> None:
        self._resources = resources
        self._random = random
        self._roles = {owner: _fitting(owner) for owner in {resource.owner for resource in resources}}

    def draw(self) -> tuple[int, Role]:
        """Return the number of a resource, and a role that groups can have on it."""
        position = int(len(self._resources) * self._random.random() ** 1.5)
        resource = self._resources[position]
        roles, weights = self._roles[resource.owner]
        return resource.number, self._random.choices(roles, cum_weights=weights)[0]

    def draw_several(self, count: int) -> list[tuple[int, Role]]:
        """Return `count` different pairs."""
        chosen: dict[tuple[int, str], tuple[int, Role]] = {}
        while len(chosen) < count:
            resource, role = self.draw()
            chosen[resource, role.id] = resource, role
        return list(chosen.values())


def _fitting(owner: str) -> tuple[list[Role], list[int]]:
    roles = [_BY_ID[role_id] for role_id in _WEIGHTS if _BY_ID[role_id].fits(owner)]
    total, weights = 0, []
    for role in roles:
        total += _WEIGHTS[role.id]
        weights.append(total)
    return roles, weights


def draw_roles(
    groups: Sequence[DrawnGroup], resources: Sequence[DrawnResource], count: int, random: Random
) -> DrawnRoles:
    """Draw exactly `count` role assignments, in the order of their keys, and some defaults.

    One small group holds `atlassian/org-admin` and another one `atlassian/site-admin`, as the system
    makes them; the largest group holds few roles, so that it can be deleted at once.
    """
    drawn = DrawnRoles([], {})
    choice = RoleChoice(resources, random)
    special = iter((ORG_ADMIN, SITE_ADMIN))
    for group, roles in zip(groups, _counts(groups, len(resources), count, random), strict=True):
        pairs = choice.draw_several(roles)
        if pairs and group.size <= 20 and (role_id := next(special, None)):
            pairs[0] = (0, _BY_ID[role_id])
        for resource, role in sorted(pairs, key=lambda pair: (pair[0], pair[1].role_key)):
            drawn.assignments.append((group.number, resource, role.role_key))
            place = resource, role.role_key
            if role.id == USER and group.size < 1_000 and random.random() < _DEFAULT_SHARE:
                drawn.defaults.setdefault(place, group.number)
    return drawn


def _counts(groups: Sequence[DrawnGroup], resources: int, count: int, random: Random) -> list[int]:
    """Spread so many assignments over the groups, at least one to the largest.

    One request could still revoke all of a group, so a large group gets few; raises InvalidInput.
    """
    most = [min(resources, max(1, MASS_CHANGES // 2 // max(1, group.size))) for group in groups]
    if count > sum(most):
        raise InvalidInput(f"role assignments: these groups take at most {sum(most)}.")
    counts = [0] * len(groups)
    if count:
        counts[max(groups, key=lambda group: group.size).number] = 1
    left = count - sum(counts)
    if 2 * count > sum(most):
        # Crowded: what is drawn at random would be full more often than not.
        for index, added in enumerate(most):
            counts[index], left = _filled(counts[index], added, left)
    while left:
        index = int(len(groups) * random.random())
        counts[index], left = _filled(counts[index], min(most[index], counts[index] + 1), left)
    return counts


def _filled(count: int, wanted: int, left: int) -> tuple[int, int]:
    added = min(wanted - count, left)
    return count + added, left - added


def assignment_rows(drawn: DrawnRoles, keys: Keys) -> Iterator[tuple[int, ...]]:
    """Return the rows of `role_assignments`."""
    for group, resource, role_key in drawn.assignments:
        yield keys.org, keys.group + group, keys.resource + resource, role_key


def default_rows(drawn: DrawnRoles, keys: Keys) -> Iterator[tuple[int, ...]]:
    """Return the rows of `default_groups`."""
    for (resource, role_key), group in sorted(drawn.defaults.items()):
        yield keys.org, keys.resource + resource, role_key, keys.group + group


def user_role_rows(
    users: int, resources: Sequence[DrawnResource], keys: Keys, random: Random
) -> list[tuple[int, ...]]:
    """Return the rows of `user_roles`: some users hold a role directly, the first ones the organization."""
    rows = {
        (keys.org, keys.user + user, keys.resource, _BY_ID[ORG_ADMIN].role_key)
        for user in range(min(_ORG_ADMINS, users))
    }
    choice = RoleChoice(resources, random)
    for _ in range(int(users * _DIRECT_SHARE) if resources else 0):
        resource, role = choice.draw()
        rows.add(
            (keys.org, keys.user + int(users * random.random()), keys.resource + resource, role.role_key)
        )
    return sorted(rows)
