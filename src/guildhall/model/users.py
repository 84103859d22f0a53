"""Users: accounts of an organization, and their memberships of its directories (contract 4, 8)."""

import enum
from collections.abc import Mapping

import msgspec


class UserStatus(enum.IntEnum):
    """The status of a user in one directory; the number is what the store keeps."""

    ACTIVE = 0
    SUSPENDED = 1
    NOT_INVITED = 2
    DEACTIVATED = 3
    FOR_DELETION = 4


USER_STATUS_WORDS = tuple(status.name.lower() for status in UserStatus)
"""The contract's word for each of them, e.g. `not_invited`."""


class ClaimStatus(enum.IntEnum):
    """Whether the organization owns the account; the number is what the store keeps."""

    UNMANAGED = 0
    MANAGED = 1


CLAIM_STATUS_WORDS = tuple(status.name.lower() for status in ClaimStatus)
"""The contract's word for each of them."""


class ManagementSource(enum.IntEnum):
    """How a user came into a directory; the number is what the store keeps."""

    UNKNOWN = 0
    INVITED = 1
    SYNCED = 2


MANAGEMENT_SOURCE_WORDS = (None, *(source.name.lower() for source in ManagementSource if source))
"""The contract's word for each of them; None is for what is not known."""


class Profile(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is known of a user that nothing filters or sorts by; kept as one JSON text.

    `last_active` has the last activity on each resource, by its id, as RFC 3339.
    """

    nickname: str | None = None
    email_verified: bool | None = None
    picture: str | None = None
    avatar: str | None = None
    job_title: str | None = None
    department: str | None = None
    organization: str | None = None
    location: str | None = None
    time_zone: str | None = None
    last_active: Mapping[str, str] = {}


class User(msgspec.Struct, frozen=True):
    """An account of an organization; the order of the fields is that of the store's columns.

    `mfa_enabled` and `closed` are flags, 0 or 1; `profile` is the JSON text of a `Profile`.
    """

    user_key: int
    account_id: str
    name: str
    name_key: str
    email: str
    email_key: str
    claim_status: int
    mfa_enabled: int
    closed: int
    profile: str

    @property
    def details(self) -> Profile:
        """The profile, read from its text."""
        return msgspec.json.decode(self.profile, type=Profile)


class UserDirectory(msgspec.Struct, frozen=True):
    """A user's membership of one directory; `added_at` is epoch milliseconds."""

    user_key: int
    directory_key: int
    directory_id: str
    rank: int
    """The directory's own rank and folded name, which users' directories are sorted by."""
    name_key: str
    status: int
    management_source: int
    added_at: int


class Account(msgspec.Struct, frozen=True):
    """A user with their directories, the organization's default one first, the others by name."""

    user: User
    directories: tuple[UserDirectory, ...]


class DirectoryUser(msgspec.Struct, frozen=True):
    """What the rules of groups need to know of a user in one directory."""

    user_key: int
    account_id: str
    name: str
    email: str
    status: int
