"""Memberships: which users a group has."""

import msgspec


class Member(msgspec.Struct, frozen=True):
    """A user as a member of one group; times are epoch milliseconds."""

    user_key: int
    account_id: str
    name: str
    email: str
    status: int
    added_at: int
