"""A small organization for races: everything that two requests can meet at is scarce or shared."""

import json
from typing import Any

from guildhall.model.groups import Group
from guildhall.model.roles import ADMIN, USER
from guildhall.model.seeds import SeedOptions
from guildhall.model.users import UserStatus
from guildhall.operations.accounts import GivenStanding, UserChanges, put_user
from guildhall.operations.default_groups import clear_default_role, set_default_role
from guildhall.operations.directories import DirectoryChanges, delete_directory, put_directory
from guildhall.operations.groups import GroupChanges, NewGroup, create_group, delete_group, rename_group
from guildhall.operations.memberships import add_member, remove_member
from guildhall.operations.resources import ResourceChanges, delete_resource, put_resource
from guildhall.operations.role_assignments import Grant, assign_roles, revoke_roles
from guildhall.operations.seeding.organizations import seed_organization
from guildhall.operations.suspensions import remove_user, restore_user, suspend_user
from guildhall.operations.user_roles import assign_user_role, revoke_user_role
from guildhall.seeds.reading import read_seed_json
from tests import make


class Small:
    """`one`, `two` and `three` give seats on `scarce`, which has one seat left, and share the member `both`.

    `plain` gives nothing yet. `one` is the default group of `first`, `two` that of `second`. `holder` holds
    a role directly, `twice` does so and is in `three` too; `resting` is suspended, `traveller` is in two
    directories; nothing uses `unused` and `west`. `stranger` has no account yet.
    """

    def __init__(self, world: make.World) -> None:
        self.world = world

    async def furnish(self) -> "Small":
        world = self.world
        self.east, self.west = await world.directory("East"), await world.directory("West")
        self.both, self.member, self.new, self.other, self.holder = [await world.user() for _ in range(5)]
        self.twice = await world.user()
        self.stranger = make.MadeUser("stranger", "Stranger", "stranger@example.com")
        self.traveller = await world.user(world.default, self.east)
        self.resting = await world.user(status=UserStatus.SUSPENDED)
        self.one = await world.group("One", members=[self.both, self.traveller, self.resting])
        self.two = await world.group("Two", members=[self.both])
        self.three = await world.group("Three", members=[self.both, self.twice])
        self.plain = await world.group("Plain", members=[self.both, self.member])
        self.scarce = await world.resource(user_limit=5)
        self.first, self.second, self.unused = [await world.resource() for _ in range(3)]
        for holder in (self.one, self.two, self.three, self.holder, self.twice):
            await world.role(holder, self.scarce)
        for group, resource in ((self.one, self.first), (self.two, self.second)):
            await world.write(set_default_role, world.caller, group.id, Grant(resource.id, make.VIEWER))
        return self

    def operation(self, name: str) -> Any:
        """What a name such as `add one new` stands for, as a function of a transaction."""
        word, _, rest = name.partition(" ")
        function, *arguments = getattr(self, f"_{word}")(*rest.split())
        return lambda tx: function(tx, self.world.caller, *arguments)

    def _group(self, name: str) -> tuple[str, str]:
        group = getattr(self, name)
        return group.directory_id, group.id

    def _add(self, group: str, user: str) -> Any:
        return add_member, *self._group(group), getattr(self, user).id

    def _remove(self, group: str, user: str) -> Any:
        return remove_member, *self._group(group), getattr(self, user).id

    def _grant(self, resource: str, role: str) -> Grant:
        return Grant(getattr(self, resource).id, {"user": USER, "viewer": make.VIEWER, "admin": ADMIN}[role])

    def _assign(self, group: str, resource: str, role: str = "user") -> Any:
        return assign_roles, *self._group(group), [self._grant(resource, role)]

    def _revoke(self, group: str, resource: str, role: str = "user") -> Any:
        return revoke_roles, *self._group(group), [self._grant(resource, role)]

    def _default(self, group: str, resource: str) -> Any:
        return set_default_role, getattr(self, group).id, self._grant(resource, "viewer")

    def _delete(self, group: str) -> Any:
        return delete_group, *self._group(group)

    def _create(self, name: str) -> Any:
        return create_group, self.world.default.id, NewGroup(name)

    def _rename(self, group: str, name: str) -> Any:
        return rename_group, *self._group(group), GroupChanges(name=name)

    def _suspend(self, user: str) -> Any:
        return suspend_user, self.world.default.id, getattr(self, user).id

    def _leave(self, user: str) -> Any:
        return remove_user, self.world.default.id, getattr(self, user).id

    def _put(self, user: str, *directories: str) -> Any:
        """Put a user into these directories and no others, with another claim than before."""
        found = getattr(self, user)
        places = {"default": self.world.default, "east": self.east}
        given = tuple(GivenStanding(places[name].id) for name in directories)
        changes = UserChanges(name=found.name, email=found.email, directories=given, mfa_enabled=True)
        return put_user, found.id, changes

    def _give(self, user: str, resource: str) -> Any:
        return assign_user_role, getattr(self, user).id, self._grant(resource, "user")

    def _take(self, user: str, resource: str) -> Any:
        return revoke_user_role, getattr(self, user).id, self._grant(resource, "user")

    def _restore(self, user: str) -> Any:
        return restore_user, self.world.default.id, getattr(self, user).id

    def _undefault(self, group: str, resource: str) -> Any:
        return clear_default_role, getattr(self, group).id, getattr(self, resource).id

    def _limit(self, resource: str, most: str, name: str | None = None) -> Any:
        found = getattr(self, resource)
        return put_resource, found.id, ResourceChanges(name=name or found.name, user_limit=int(most))

    def _discard(self, resource: str) -> Any:
        return delete_resource, getattr(self, resource).id

    def _directory(self, name: str) -> Any:
        """Make a directory the default one."""
        return put_directory, getattr(self, name).id, DirectoryChanges(name=name, default=True)

    def _close(self, directory: str) -> Any:
        return delete_directory, getattr(self, directory).id

    def _seed(self, name: str, *more: str) -> Any:
        """Seed a group with these members and no others, or a user with direct roles on these resources.

        The group `fresh` is a new one, which gives seats on `scarce`.
        """
        if name == "stranger":
            user = {"accountId": name, "name": self.stranger.name, "email": self.stranger.email}
            given: dict[str, Any] = {"users": [user]}
        elif name == "fresh" or isinstance(getattr(self, name), Group):
            members = [getattr(self, member).id for member in more]
            fresh = {"name": "Fresh", "roles": [self._role("scarce")]}
            meant = fresh if name == "fresh" else {"id": getattr(self, name).id}
            given = {"groups": [{**meant, "members": members}]}
        else:
            roles = [self._role(resource) for resource in more]
            given = {"users": [{"accountId": getattr(self, name).id, "roles": roles}]}
        return seed_organization, read_seed_json(json.dumps(given).encode())[0]

    def _prune(self, name: str) -> Any:
        """Seed a file that names all groups but this one, or all users but this one, and prunes."""
        section, key = ("groups", "id") if isinstance(getattr(self, name), Group) else ("users", "accountId")
        kind = type(getattr(self, name))
        others = [
            {key: value.id}
            for attribute, value in vars(self).items()
            if isinstance(value, kind) and attribute not in (name, "stranger")
        ]
        document = read_seed_json(json.dumps({section: others}).encode())[0]
        return seed_organization, document, SeedOptions(prune=True, prune_users=True)

    def _role(self, resource: str) -> dict[str, Any]:
        return {"resource": getattr(self, resource).id, "roles": [USER]}
