"""A real organization with the small numbers of `seat_model`, and all that the store counts in it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from guildhall.model.directories import Directory
from guildhall.model.resources import Resource
from guildhall.model.users import UserStatus
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.default_groups import set_default_role
from guildhall.operations.groups import NewGroup, create_group, delete_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.resources import ResourceChanges, put_resource
from guildhall.operations.role_assignments import Grant, assign_roles, revoke_roles
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role, revoke_user_role
from guildhall.store.database import Transaction
from guildhall.store.statement import Statement
from tests.make import MadeUser, World
from tests.store.seat_model import DIRECTORY_OF, GROUPS, Model

State = dict[str, Any]


class Row(msgspec.Struct, frozen=True):
    a: Any
    b: Any
    c: Any = None
    d: Any = None
    e: Any = None

    def cut(self, length: int) -> tuple[Any, ...]:
        return msgspec.structs.astuple(self)[:length]


_SEATS = Statement(
    """
    SELECT r.id, u.account_id, s.holds FROM seats AS s CROSS JOIN resources AS r CROSS JOIN users AS u
    WHERE s.org_key = :org_key AND r.resource_key = s.resource_key AND u.user_key = s.user_key
    """,
    Row,
)
_USED = Statement(
    """
    SELECT r.id, s.seats_used, s.user_limit FROM resource_seats AS s CROSS JOIN resources AS r
    WHERE s.org_key = :org_key AND r.resource_key = s.resource_key
    """,
    Row,
)
_HOLDERS = Statement(
    """
    SELECT r.id, u.account_id, h.holds FROM role_holders AS h CROSS JOIN roles AS r CROSS JOIN users AS u
    WHERE h.org_key = :org_key AND r.org_key = :org_key AND r.role_key = h.role_key
      AND u.user_key = h.user_key
    """,
    Row,
)
_ROLE_TOTALS = Statement(
    """
    SELECT d.id, r.id, t.users FROM role_totals AS t CROSS JOIN roles AS r CROSS JOIN directories AS d
    WHERE t.org_key = :org_key AND r.org_key = :org_key AND r.role_key = t.role_key
      AND d.directory_key = t.directory_key AND t.users <> 0
    """,
    Row,
)
_USER_TOTALS = Statement(
    """
    SELECT d.id, t.status, t.users FROM user_totals AS t CROSS JOIN directories AS d
    WHERE t.org_key = :org_key AND d.directory_key = t.directory_key AND t.users <> 0
    """,
    Row,
)
_GROUP_TOTALS = Statement(
    """
    SELECT d.id, t.groups, t.type FROM group_totals AS t CROSS JOIN directories AS d
    WHERE t.org_key = :org_key AND d.directory_key = t.directory_key AND t.groups <> 0
    """,
    Row,
)
_GROUPS = Statement(
    """
    SELECT g.name, c.users, c.resources, g.is_default, g.grants_admin
    FROM groups AS g CROSS JOIN group_counts AS c
    WHERE g.org_key = :org_key AND c.group_key = g.group_key
    """,
    Row,
)


_PLACES = Statement(
    """
    SELECT u.account_id, d.id, m.status
    FROM directory_users AS m CROSS JOIN users AS u CROSS JOIN directories AS d
    WHERE m.org_key = :org_key AND u.user_key = m.user_key AND d.directory_key = m.directory_key
    """,
    Row,
)
_MEMBERS = Statement(
    """
    SELECT g.name, u.account_id FROM memberships AS m CROSS JOIN groups AS g CROSS JOIN users AS u
    WHERE m.org_key = :org_key AND g.group_key = m.group_key AND u.user_key = m.user_key
    """,
    Row,
)
_ROLES = Statement(
    """
    SELECT g.name, s.id, r.id FROM role_assignments AS a CROSS JOIN groups AS g CROSS JOIN resources AS s
    CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND g.group_key = a.group_key AND s.resource_key = a.resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    Row,
)
_DIRECT = Statement(
    """
    SELECT u.account_id, s.id, r.id FROM user_roles AS a CROSS JOIN users AS u CROSS JOIN resources AS s
    CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND u.user_key = a.user_key AND s.resource_key = a.resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    Row,
)
_DEFAULTS = Statement(
    """
    SELECT g.name, s.id, r.id FROM default_groups AS a CROSS JOIN groups AS g CROSS JOIN resources AS s
    CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND g.group_key = a.group_key AND s.resource_key = a.resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    Row,
)


async def _select_state(tx: Transaction, org_key: int) -> State:
    async def rows(statement: Statement[Row], length: int = 3) -> set[tuple[Any, ...]]:
        return {row.cut(length) for row in await tx.all(statement, org_key=org_key)}

    return {
        "seats": await rows(_SEATS),
        "used": await rows(_USED),
        "holders": await rows(_HOLDERS),
        "role totals": await rows(_ROLE_TOTALS),
        "user totals": await rows(_USER_TOTALS),
        "group totals": await rows(_GROUP_TOTALS),
        "groups": await rows(_GROUPS, 5),
    }


async def _select_rows(
    tx: Transaction, org_key: int, statements: Sequence[Statement[Row]]
) -> list[list[Row]]:
    return [await tx.all(statement, org_key=org_key) for statement in statements]


class SeatWorld:
    """Does in the server what the model does in Python."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.directories: list[Directory]
        self.users: list[MadeUser]
        self.resources: list[Resource]
        self.groups: dict[int, str] = {}

    @classmethod
    async def make(cls, world: World) -> "SeatWorld":
        made = cls(world)
        first, second = world.default, await world.directory()
        made.directories = [first, second]
        made.users = [await world.user(first), await world.user(first, second), await world.user(second)]
        limited, free = await world.resource(user_limit=1), await world.resource("confluence")
        made.resources = [limited, free, await world.own_resource()]
        for number in range(GROUPS):
            await made.do("create", number)
        return made

    async def do(self, operation: str, *arguments: Any) -> None:
        act: Callable[..., Any] = getattr(self, operation)
        await act(*arguments)

    async def _write(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self.world.write(function, self.world.caller, *arguments)

    def _group(self, number: int) -> tuple[str, str]:
        return self.directories[DIRECTORY_OF[number]].id, self.groups[number]

    def _grant(self, resource: int, role: str) -> Grant:
        return Grant(self.resources[resource].id, role)

    async def add(self, group: int, user: int) -> None:
        await self._write(add_member, *self._group(group), self.users[user].id)

    async def remove(self, group: int, user: int) -> None:
        await self._write(remove_member, *self._group(group), self.users[user].id)

    async def assign(self, group: int, resource: int, role: str) -> None:
        await self._write(assign_roles, *self._group(group), [self._grant(resource, role)])

    async def revoke(self, group: int, resource: int, role: str) -> None:
        await self._write(revoke_roles, *self._group(group), [self._grant(resource, role)])

    async def make_default(self, group: int, resource: int, role: str) -> None:
        await self._write(set_default_role, self.groups[group], self._grant(resource, role))

    async def delete(self, group: int) -> None:
        await self._write(delete_group, *self._group(group))

    async def create(self, group: int) -> None:
        directory = self.directories[DIRECTORY_OF[group]]
        self.groups[group] = (await self._write(create_group, directory.id, NewGroup(str(group)))).id

    async def suspend(self, directory: int, user: int) -> None:
        await self._write(suspend_user, self.directories[directory].id, self.users[user].id)

    async def restore(self, directory: int, user: int) -> None:
        await self._write(restore_user, self.directories[directory].id, self.users[user].id)

    async def leave(self, directory: int, user: int) -> None:
        await self._write(remove_user, self.directories[directory].id, self.users[user].id)

    async def place(self, user: int, *wanted: UserStatus | None) -> None:
        known = self.users[user]
        standings = tuple(
            GivenStanding(directory.id, status)
            for directory, status in zip(self.directories, wanted, strict=True)
            if status is not None
        )
        changes = UserChanges(name=known.name, email=known.email, directories=standings)
        await self._write(put_user, known.id, changes)

    async def assign_direct(self, user: int, resource: int, role: str) -> None:
        await self._write(assign_user_role, self.users[user].id, self._grant(resource, role))

    async def revoke_direct(self, user: int, resource: int, role: str) -> None:
        await self._write(revoke_user_role, self.users[user].id, self._grant(resource, role))

    async def limit(self, resource: int, most: int | None) -> None:
        known = self.resources[resource]
        await self._write(put_resource, known.id, ResourceChanges(name=known.name, user_limit=most))

    async def model(self) -> Model:
        """A model of what was done, read from everything that is not counted."""
        model = Model()
        users = {user.id: number for number, user in enumerate(self.users)}
        directories = {directory.id: number for number, directory in enumerate(self.directories)}
        resources = {resource.id: number for number, resource in enumerate(self.resources)}
        places, members, roles, direct, defaults, used, groups = await self.world.read(
            _select_rows,
            self.world.caller.org_key,
            (_PLACES, _MEMBERS, _ROLES, _DIRECT, _DEFAULTS, _USED, _GROUPS),
        )
        model.places = {(users[row.a], directories[row.b]): UserStatus(row.c) for row in places}
        model.members = {(int(row.a), users[row.b]) for row in members}
        model.roles = {(int(row.a), resources[row.b], row.c) for row in roles}
        model.direct = {(users[row.a], resources[row.b], row.c) for row in direct}
        model.defaults = {(int(row.a), resources[row.b]): row.c for row in defaults}
        model.limits = {resources[row.a]: row.c for row in used}
        model.groups = {int(row.a) for row in groups}
        return model

    async def state(self) -> State:
        """What the store counts."""
        state: State = await self.world.read(_select_state, self.world.caller.org_key)
        return state

    def expected(self, model: Model) -> State:
        """What the model counts, in the store's words."""
        users = [user.id for user in self.users]
        directories = [directory.id for directory in self.directories]
        resources = [resource.id for resource in self.resources]
        seats = model.seats()
        used = [sum(r == number for r, _ in seats) for number in range(len(resources))]
        return {
            "seats": {(resources[r], users[u], holds) for (r, u), holds in seats.items()},
            "used": {(resources[r], used[r], limit) for r, limit in model.limits.items()},
            "holders": {(role, users[user], holds) for (role, user), holds in model.holders().items()},
            "role totals": {(directories[d], role, n) for (d, role), n in model.role_totals().items()},
            "user totals": {(directories[d], status, n) for (d, status), n in model.user_totals().items()},
            "group totals": {(directories[d], n, 0) for d, n in model.group_totals().items()},
            "groups": {(str(number), *counts) for number, counts in model.group_counts().items()},
        }
