"""Events: what happened in an organization, who did it, and what the values were (contract 4, 8)."""

import enum
from collections.abc import Mapping
from typing import Any

import msgspec


class EventAction(enum.StrEnum):
    """Everything that is recorded."""

    GROUP_CREATED = "group_created"
    GROUP_UPDATED = "group_updated"
    GROUP_DELETED = "group_deleted"
    GROUP_MEMBER_ADDED = "group_member_added"
    GROUP_MEMBER_REMOVED = "group_member_removed"
    GROUP_ROLE_ASSIGNED = "group_role_assigned"
    GROUP_ROLE_REVOKED = "group_role_revoked"
    USER_INVITED = "user_invited"
    USER_UPDATED = "user_updated"
    USER_SUSPENDED = "user_suspended"
    USER_RESTORED = "user_restored"
    USER_REMOVED = "user_removed"
    USER_ROLE_ASSIGNED = "user_role_assigned"
    USER_ROLE_REVOKED = "user_role_revoked"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    DIRECTORY_CREATED = "directory_created"
    DIRECTORY_UPDATED = "directory_updated"
    DIRECTORY_DELETED = "directory_deleted"
    RESOURCE_CREATED = "resource_created"
    RESOURCE_UPDATED = "resource_updated"
    RESOURCE_DELETED = "resource_deleted"
    DEFAULT_GROUP_SET = "default_group_set"
    DEFAULT_GROUP_CLEARED = "default_group_cleared"
    ORGANIZATION_SEEDED = "organization_seeded"


class Subject(msgspec.Struct, frozen=True):
    """Something that an event is about, with its values as they were; `type` e.g. `groups`."""

    id: str
    type: str
    attributes: Mapping[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """A recorded event; `time` is epoch milliseconds, `context` a JSON list of subjects."""

    event_key: int
    time: int
    action: str
    actor_id: str | None
    actor_name: str
    ip: str | None
    product: str | None
    message: str
    context: str
