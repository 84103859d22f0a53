"""Scopes of keys, and who calls (contract 1.2)."""

import enum

import msgspec


class Permission(enum.StrEnum):
    """The scopes that a key can carry; one of them guards each operation."""

    READ_ORGS = "read:orgs:admin"
    READ_DIRECTORIES = "read:directories:admin"
    READ_ACCOUNTS = "read:accounts:admin"
    READ_GROUPS = "read:groups:admin"
    READ_WORKSPACES = "read:workspaces:admin"
    READ_EVENTS = "read:events:admin"
    WRITE_GROUPS = "write:groups:admin"
    WRITE_DIRECTORIES = "write:directories:admin"
    FULL_ACCESS = "full-access"
    """Not a scope that a key can carry: operations that need a key without scopes."""


GRANTABLE = tuple(permission for permission in Permission if permission is not Permission.FULL_ACCESS)
"""The permissions that a key can be given as scopes."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks: a key of an organization, or the system itself on the command line."""

    org_key: int
    org_id: str
    secret: bytes
    """The organization's 32 random bytes that page tokens are signed with."""
    key_id: str | None
    """None for the system."""
    name: str
    scopes: frozenset[str] | None
    """None for full access."""
    address: str | None = None
    """Where the request came from, for the audit log."""
    within_seed: bool = False
    """Whether a seed file is being applied: its own event tells of it, user limits count at its end."""

    def may(self, permission: Permission) -> bool:
        """Whether the caller holds the scope; a key without scopes holds all."""
        return self.scopes is None or permission in self.scopes
