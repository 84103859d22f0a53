"""Memberships: which users a group has."""

import msgspec

from guildhall.model.groups import Group
from guildhall.model.users import DirectoryUser


class Member(msgspec.Struct, frozen=True):
    """A user as a member of one group; times are epoch milliseconds."""

    user_key: int
    account_id: str
    name: str
    email: str
    status: int
    added_at: int


class Joining(Group, frozen=True):
    """A group, and a user of its directory who is about to join it."""

    user_key: int
    account_id: str
    user_name: str
    email: str
    status: int

    @property
    def user(self) -> DirectoryUser:
        """The user, as the group's directory knows it."""
        return DirectoryUser(self.user_key, self.account_id, self.user_name, self.email, self.status)


class JoinedTogether(msgspec.Struct, frozen=True):
    """What came of one of several attempts to join groups; there is none of who has to try alone."""

    group_key: int
    user_key: int
    added: bool
    """False for who was a member already."""


class Joined(msgspec.Struct, frozen=True):
    """What came of an attempt to join a group."""

    added: int
    """0 for who was a member already."""
    resources: int
    """How many resources the group has roles on. With none, all is stored; else only the membership and its
    event are."""
