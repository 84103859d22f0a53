"""Resources: the apps and sites that groups give roles on."""

import enum

import msgspec


class ResourceStatus(enum.StrEnum):
    """Whether a resource takes new roles: only an online one does."""

    ONLINE = "online"
    OFFLINE = "offline"
    DEPRECATED = "deprecated"


class Resource(msgspec.Struct, frozen=True):
    """A resource with its user limit and the seats in use."""

    resource_key: int
    id: str
    owner: str
    name: str
    name_key: str
    type: str
    status: str
    user_limit: int | None
    host_url: str | None
    created_at: str
    updated_at: str
    seats_used: int


class SeatTotals(msgspec.Struct, frozen=True):
    """Seats in use of all resources together, and how many resources have none left."""

    used: int
    limited: int
