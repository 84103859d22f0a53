"""Users: accounts of an organization, and their memberships of its directories (contract 4, 8)."""

import enum

import msgspec


class UserStatus(enum.IntEnum):
    """The status of a user in one directory; the number is what the store keeps."""

    ACTIVE = 0
    SUSPENDED = 1
    NOT_INVITED = 2
    DEACTIVATED = 3
    FOR_DELETION = 4

    @property
    def word(self) -> str:
        """The contract's word for it, e.g. `not_invited`."""
        return self.name.lower()


class DirectoryUser(msgspec.Struct, frozen=True):
    """What the rules of groups need to know of a user in one directory."""

    user_key: int
    account_id: str
    name: str
    email: str
    status: int
