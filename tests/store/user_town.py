"""An organization in which everything happens to users that can, at random."""

import contextlib
import itertools

from guildhall.model.errors import GuildhallError
from guildhall.model.users import ClaimStatus, UserStatus
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.groups import NewGroup, create_group, delete_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.role_assignments import Grant, assign_roles, revoke_roles
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role, revoke_user_role
from tests import make

ROLES = (make.USER, make.VIEWER, make.ADMIN)


class Town:
    """Users, groups and resources, and everything that can become of them, drawn at random."""

    def __init__(self, world, chance):
        self.world, self.chance = world, chance
        self.users, self.groups = [], []
        self._numbers = itertools.count(1)

    async def furnish(self):
        world = self.world
        self.directories = [world.default, *[await world.directory() for _ in range(2)]]
        self.resources = [await world.resource(owner) for owner in ("jira", "confluence")]
        for _ in range(24):
            await self.come()
        for _ in range(6):
            await self.begin_group()
        for _ in range(60):
            await self.write()
        return self

    async def write(self):
        """Do one thing, which may be refused."""
        kinds = [self.join, self.leave_group, self.suspend, self.restore, self.leave, self.change, self.come]
        kinds += [
            self.assign,
            self.revoke,
            self.assign_directly,
            self.revoke_directly,
            self.join,
            self.change,
        ]
        kinds += [self.begin_group, self.end_group, self.seed]
        with contextlib.suppress(GuildhallError):
            await self.chance.choice(kinds)()

    async def _do(self, operation, *arguments):
        return await self.world.write(operation, self.world.caller, *arguments)

    def _place(self):
        group = self.chance.choice(self.groups)
        return group.directory_id, group.id

    def _user(self):
        return self.chance.choice(self.users)

    def _directory(self):
        return self.chance.choice(self.directories)

    def _grant(self):
        return Grant(self.chance.choice(self.resources).id, self.chance.choice(ROLES))

    async def join(self):
        await self._do(add_member, *self._place(), self._user())

    async def leave_group(self):
        await self._do(remove_member, *self._place(), self._user())

    async def suspend(self):
        await self._do(suspend_user, self._directory().id, self._user())

    async def restore(self):
        await self._do(restore_user, self._directory().id, self._user())

    async def leave(self):
        await self._do(remove_user, self._directory().id, self._user())

    async def assign(self):
        await self._do(assign_roles, *self._place(), [self._grant()])

    async def revoke(self):
        await self._do(revoke_roles, *self._place(), [self._grant()])

    async def assign_directly(self):
        await self._do(assign_user_role, self._user(), self._grant())

    async def revoke_directly(self):
        await self._do(revoke_user_role, self._user(), self._grant())

    async def come(self):
        self.users.append(f"{self.chance.getrandbits(48):012x}")
        await self._put(self.users[-1])

    async def change(self):
        await self._put(self._user())

    async def _put(self, account_id):
        chance, number = self.chance, next(self._numbers)
        places = chance.sample(self.directories, chance.randint(0, 3))
        closed = chance.random() < 0.2
        gone = [UserStatus.DEACTIVATED, UserStatus.FOR_DELETION]
        statuses = gone if closed else [UserStatus.ACTIVE] * 3 + list(UserStatus)
        changes = UserChanges(
            name=f"{chance.choice(('Anna', 'Quentin', 'Bob'))} {number}",
            email=f"x{number}@{chance.choice(('one', 'two'))}.example",
            directories=tuple(GivenStanding(place.id, chance.choice(statuses)) for place in places),
            claim_status=chance.choice(list(ClaimStatus)),
            mfa_enabled=chance.random() < 0.5,
            closed=closed,
        )
        await self._do(put_user, account_id, changes)

    async def begin_group(self):
        made = await self._do(create_group, self._directory().id, NewGroup(f"Group {next(self._numbers)}"))
        self.groups.append(made)

    async def end_group(self):
        if len(self.groups) > 4:
            await self._do(delete_group, *self._place())

    async def seed(self):
        number = next(self._numbers)
        people = [f"{self.chance.getrandbits(48):012x}" for _ in range(3)]
        self.users += people
        await self.world.http.put(
            f"{self.world.ours()}/seed",
            json={
                "users": [
                    {"id": person, "name": f"Anna {person}", "email": f"{person}@two.example"}
                    for person in people
                ],
                "groups": [{"name": f"Seeded {number}", "members": [*people, self._user()]}],
            },
        )
