"""How large a synthetic organization is."""

import msgspec

from guildhall.model.errors import InvalidInput

MOST_DIRECTORIES = 20

_USERS_PER_GROUP = 4
_MEMBERSHIPS_PER_GROUP = 32
_ASSIGNMENTS_PER_GROUP = 2
_GROUPS_PER_RESOURCE = 250
_LARGEST_PER_GROUP = 1.16
_FEWEST_RESOURCES = 5
_DIRECTORIES = 3


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a synthetic organization, all of them exact, and the seed that it grows from."""

    groups: int
    users: int
    memberships: int
    resources: int
    """The organization's own resource is one of them."""
    role_assignments: int
    largest_group: int
    directories: int
    seed: int
    org_name: str


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that somebody asks for; None leaves one in proportion to the groups."""

    users: int | None = None
    memberships: int | None = None
    resources: int | None = None
    role_assignments: int | None = None
    largest_group: int | None = None
    directories: int | None = None
    seed: int = 1
    org_name: str = "Synthetic organization"


def shape_of(groups: int, wishes: Wishes) -> Shape:
    """Return the shape of an organization with so many groups; raises InvalidInput for what cannot be."""
    users = _given(wishes.users, _USERS_PER_GROUP * groups)
    memberships = _given(wishes.memberships, groups * min(_MEMBERSHIPS_PER_GROUP, max(1, users // 4)))
    resources = _given(wishes.resources, max(_FEWEST_RESOURCES, groups // _GROUPS_PER_RESOURCE))
    shape = Shape(
        groups=groups,
        users=users,
        memberships=memberships,
        resources=resources,
        role_assignments=_given(wishes.role_assignments, groups * min(_ASSIGNMENTS_PER_GROUP, resources - 1)),
        largest_group=_given(wishes.largest_group, _likely_largest(groups, users, memberships)),
        directories=_given(wishes.directories, min(_DIRECTORIES, users)),
        seed=wishes.seed,
        org_name=wishes.org_name,
    )
    _require_possible(shape)
    return shape


def _given(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number


def _likely_largest(groups: int, users: int, memberships: int) -> int:
    mean = -(-memberships // groups)
    return min(users, memberships, max(round(_LARGEST_PER_GROUP * groups), 2 * mean))


def _require_possible(shape: Shape) -> None:
    limits = (
        ("largest group", shape.largest_group, shape.users, "the number of users"),
        ("largest group", shape.largest_group, shape.memberships, "the number of memberships"),
        (
            "memberships",
            shape.memberships,
            shape.groups * shape.largest_group,
            "groups times the largest group",
        ),
        (
            "role assignments",
            shape.role_assignments,
            shape.groups * (shape.resources - 1),
            "groups times the resources but one",
        ),
        ("directories", shape.directories, min(MOST_DIRECTORIES, shape.users), "20 or the number of users"),
    )
    problems = [
        f"{what}: {asked} is more than {most}, {why}." for what, asked, most, why in limits if asked > most
    ]
    if problems:
        raise InvalidInput(*problems)
