"""The part of a dataset that a peer is given."""

import itertools
import random
from array import array
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from benchmarks.peers.options import SEED
from benchmarks.peers.results import Held, PeerFailed


class Group(msgspec.Struct, frozen=True):
    """A group of the dataset."""

    key: int
    id: str
    name: str
    name_key: str
    directory: int


class User(msgspec.Struct, frozen=True):
    """A user of the dataset."""

    key: int
    account_id: str
    name: str
    email: str


class Limits(msgspec.Struct, frozen=True):
    """How much a peer can be given; 0 stands for all there is."""

    groups: int = 0
    largest: int = 0
    """Groups with more members are left out."""
    one_name_once: bool = False
    """Of groups that share a name only one is taken: the peer has no directories to tell them apart."""


class Portion(msgspec.Struct, frozen=True):
    """Groups with all their members, and the users who are needed for that."""

    groups: list[Group]
    users: list[User]
    members: dict[int, "array[int]"]
    """Keys of users by the key of the group, in ascending order."""

    @property
    def largest(self) -> Group:
        """The group with most members."""
        return max(self.groups, key=lambda group: len(self.members[group.key]))

    def held(self) -> Held:
        """Count what is in it."""
        sizes = [len(members) for members in self.members.values()]
        return Held(len(self.users), len(self.groups), sum(sizes), max(sizes))


def read(path: Path, limits: Limits) -> Portion:
    """Read as much of a dataset as the limits allow; the file itself is never written to."""
    if not path.is_file():
        raise PeerFailed(f"{path} is no dataset: make one with `guildhall generate`.")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        sizes = {key: len(members) for key, members in _members(connection)}
        available = list(_groups(connection))
        groups = _choose(available, sizes, limits)
        chosen = {group.key for group in groups}
        members = {group.key: array("I") for group in groups}
        members |= {key: users for key, users in _members(connection) if key in chosen}
        needed = set(itertools.chain.from_iterable(members.values()))
        everyone = len(groups) == len(available)
        users = [user for user in _users(connection) if everyone or user.key in needed]
    finally:
        connection.close()
    return Portion(groups, users, members)


def _choose(groups: list[Group], sizes: dict[int, int], limits: Limits) -> list[Group]:
    """Take the largest group that is allowed, and others at random."""
    if limits.largest:
        groups = [group for group in groups if sizes.get(group.key, 0) <= limits.largest]
    groups.sort(key=lambda group: -sizes.get(group.key, 0))
    if limits.one_name_once:
        groups = _one_of_each_name(groups)
    if not groups:
        raise PeerFailed("The dataset has no group that the peer could be given.")
    if 0 < limits.groups < len(groups):
        others = random.Random(SEED).sample(groups[1:], limits.groups - 1)
        groups = [groups[0], *others]
    return sorted(groups, key=lambda group: group.key)


def _one_of_each_name(groups: list[Group]) -> list[Group]:
    kept: dict[str, Group] = {}
    for group in groups:
        kept.setdefault(group.name_key, group)
    return list(kept.values())


def _groups(connection: apsw.Connection) -> Iterator[Group]:
    sql = "SELECT group_key, id, name, name_key, directory_key FROM groups WHERE org_key = 1"
    return (Group(*row) for row in connection.execute(sql))


def _users(connection: apsw.Connection) -> Iterator[User]:
    sql = "SELECT user_key, account_id, name, email FROM users WHERE org_key = 1 ORDER BY user_key"
    return (User(*row) for row in connection.execute(sql))


def _members(connection: apsw.Connection) -> Iterator[tuple[int, "array[int]"]]:
    sql = "SELECT group_key, user_key FROM memberships WHERE org_key = 1 ORDER BY group_key, user_key"
    for key, rows in itertools.groupby(connection.execute(sql), lambda row: row[0]):
        yield key, array("I", (user for _, user in rows))
