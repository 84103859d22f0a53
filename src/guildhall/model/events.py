"""Events: what happened in an organization, who did it, and what the values were (contract 4, 8)."""

import enum
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from guildhall.model.ids import parse_uuid


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
    ORGANIZATION_RENAMED = "organization_renamed"
    ORGANIZATION_SEEDED = "organization_seeded"
    ORGANIZATION_RESTORED = "organization_restored"


class ActionName(NamedTuple):
    """What people call an action, and the subject that it is listed under."""

    display_name: str
    group_display_name: str


ACTION_NAMES: Mapping[EventAction, ActionName] = {
    EventAction.GROUP_CREATED: ActionName("Created a group", "Groups"),
    EventAction.GROUP_UPDATED: ActionName("Renamed or described a group", "Groups"),
    EventAction.GROUP_DELETED: ActionName("Deleted a group", "Groups"),
    EventAction.GROUP_MEMBER_ADDED: ActionName("Added a user to a group", "Groups"),
    EventAction.GROUP_MEMBER_REMOVED: ActionName("Removed a user from a group", "Groups"),
    EventAction.GROUP_ROLE_ASSIGNED: ActionName("Assigned roles to a group", "Roles"),
    EventAction.GROUP_ROLE_REVOKED: ActionName("Revoked roles from a group", "Roles"),
    EventAction.USER_INVITED: ActionName("Invited users", "Users"),
    EventAction.USER_UPDATED: ActionName("Created or changed a user", "Users"),
    EventAction.USER_SUSPENDED: ActionName("Suspended a user", "Users"),
    EventAction.USER_RESTORED: ActionName("Restored a user", "Users"),
    EventAction.USER_REMOVED: ActionName("Removed a user", "Users"),
    EventAction.USER_ROLE_ASSIGNED: ActionName("Assigned a role to a user", "Roles"),
    EventAction.USER_ROLE_REVOKED: ActionName("Revoked a role from a user", "Roles"),
    EventAction.API_KEY_CREATED: ActionName("Created an API key", "API keys"),
    EventAction.API_KEY_REVOKED: ActionName("Revoked an API key", "API keys"),
    EventAction.DIRECTORY_CREATED: ActionName("Created a directory", "Directories"),
    EventAction.DIRECTORY_UPDATED: ActionName("Changed a directory", "Directories"),
    EventAction.DIRECTORY_DELETED: ActionName("Deleted a directory", "Directories"),
    EventAction.RESOURCE_CREATED: ActionName("Created a resource", "Resources"),
    EventAction.RESOURCE_UPDATED: ActionName("Changed a resource", "Resources"),
    EventAction.RESOURCE_DELETED: ActionName("Deleted a resource", "Resources"),
    EventAction.DEFAULT_GROUP_SET: ActionName("Made a group the default of a resource", "Groups"),
    EventAction.DEFAULT_GROUP_CLEARED: ActionName(
        "Ended a group's being the default of a resource", "Groups"
    ),
    EventAction.ORGANIZATION_RENAMED: ActionName("Renamed the organization", "Organization"),
    EventAction.ORGANIZATION_SEEDED: ActionName("Applied a seed file", "Organization"),
    EventAction.ORGANIZATION_RESTORED: ActionName("Restored a backup", "Organization"),
}
"""The names of all actions, for `event-actions`."""


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


class EventPosition(msgspec.Struct, frozen=True):
    """Where an event stands in the order of events, and its time in epoch milliseconds."""

    event_key: int
    time: int


class EventFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, kw_only=True):
    """Which events are wanted: the fields are joined by AND, the values of one by OR."""

    since: int | None = None
    """Epoch milliseconds, inclusive."""
    until: int | None = None
    """Epoch milliseconds, exclusive."""
    q: str | None = None
    actions: tuple[EventAction, ...] | None = None
    actors: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    ips: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None


class EventView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Which events a list shows, and in which order."""

    filter: EventFilter
    oldest_first: bool = False
    stream: bool = False
    """Whether the list ends where the order of events is settled, and never says that it ended."""


_VERSION = 0b1000
_VARIANT = 0b10
_KEY_BITS = 62


def event_id(org_id: str, position: EventPosition) -> str:
    """Return the public id of an event: a UUID of version 8 (RFC 9562 §5.8) that says where it is kept.

    48 bits are the time, 12 a mark of the organization, 62 the key; no index is needed to find it.
    """
    number = position.time << 80 | _VERSION << 76 | _mark(org_id) << 64 | _VARIANT << 62 | position.event_key
    return str(uuid.UUID(int=number))


def parse_event_id(org_id: str, text: str) -> EventPosition | None:
    """Return what `event_id` was made of, or None for what is no event's id in this organization."""
    clean = parse_uuid(text)
    if clean is None:
        return None
    number = int(clean.replace("-", ""), 16)
    position = EventPosition(number & (1 << _KEY_BITS) - 1, number >> 80)
    return position if event_id(org_id, position) == clean else None


def _mark(org_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(org_id.encode(), digest_size=2).digest()) >> 4
