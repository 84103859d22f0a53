"""The audit events of an organization (contract 4 and 8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

import msgspec

from guildhall.client.answers import data, page
from guildhall.client.calls import V1, Call, fields
from guildhall.client.errors import InvalidArgument
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking


class EventAuth(Record, frozen=True):
    """How an actor proved who they are."""

    auth_type: str | None = None
    token_id: str | None = None
    token_label: str | None = None


class EventActor(Record, frozen=True):
    """Who did it."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    auth: EventAuth | None = None


class EventObject(Record, frozen=True):
    """What it was done to, with the values of that moment."""

    id: str | None = None
    type: str | None = None
    attributes: dict[str, Any] | None = None
    links: dict[str, Any] | None = None


class EventLocation(Record, frozen=True):
    """Where it was done from."""

    ip: str | None = None


class EventMessage(Record, frozen=True):
    """The event in a sentence."""

    content: str | None = None
    format: str | None = None


class EventAttributes(Record, frozen=True):
    """What happened; the times are RFC 3339 in UTC."""

    time: str | None = None
    processed_at: str | None = None
    action: str | None = None
    actor: EventActor | None = None
    context: tuple[EventObject, ...] = ()
    container: tuple[EventObject, ...] = ()
    location: EventLocation | None = None
    message: EventMessage | None = None


class Event(Record, frozen=True):
    """One audit event; `message` is read where it stands, beside the attributes or, as of old, inside."""

    id: str
    type: str | None = None
    attributes: EventAttributes = EventAttributes()
    message: EventMessage | None = None
    links: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        message = self.message or self.attributes.message
        msgspec.structs.force_setattr(self, "message", message)
        if message is not self.attributes.message:
            attributes = msgspec.structs.replace(self.attributes, message=message)
            msgspec.structs.force_setattr(self, "attributes", attributes)


class EventActionAttributes(Record, frozen=True):
    """How an action is called in words."""

    display_name: str | None = None
    group_display_name: str | None = None


class EventAction(Record, frozen=True):
    """A kind of event."""

    id: str
    type: str | None = None
    attributes: EventActionAttributes = EventActionAttributes()


class EventListing(TypedDict, total=False):
    """Which events: `since` is inclusive, `until` exclusive; a page may be short while more follow."""

    q: str | None
    since: datetime | None
    until: datetime | None
    action: str | None
    actor: str | None
    product: str | None
    ip: str | None
    location: str | None
    cursor: str | None
    limit: int | None


class EventPolling(TypedDict, total=False):
    """Where a stream begins and ends; `sort_order` is `asc` (as without) or `desc`."""

    since: datetime | None
    until: datetime | None
    sort_order: str | None
    cursor: str | None
    limit: int | None


class Events(Subject[S]):
    """Audit events."""

    def _list(self, **query: Unpack[EventListing]) -> Call[Page[Event]]:
        """Get a page of events, the newest first."""
        given = _with_times(fields(EventListing, query))
        return Call(method="GET", path=(*V1, "events"), query=given, decode=page(Event))

    list = operation(_list)
    list_all = walking(_list)

    def _poll(self, **query: Unpack[EventPolling]) -> Call[Page[Event]]:
        """Get a page of the stream, the oldest first; its next link is always there, to poll again later."""
        given = _with_times(fields(EventPolling, query))
        return Call(method="GET", path=(*V1, "events-stream"), query=given, decode=page(Event))

    poll = operation(_poll)
    poll_all = walking(_poll)

    @operation
    def get(self, event_id: str) -> Call[Event]:
        """Get one event."""
        return Call(method="GET", path=(*V1, "events", event_id), decode=data(Event))

    @operation
    def actions(self) -> Call[tuple[EventAction, ...]]:
        """Get the kinds of events that there are."""
        return Call(method="GET", path=(*V1, "event-actions"), decode=data(tuple[EventAction, ...]))


_TIMES = {"since": "from", "until": "to"}


def _with_times(query: Mapping[str, Any]) -> dict[str, Any]:
    """Say `from` and `to`, in milliseconds since the epoch."""
    return {_TIMES.get(name, name): _milliseconds(value) for name, value in query.items()}


def _milliseconds(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise InvalidArgument("a time without a zone would mean another moment on another machine")
    return round(value.timestamp() * 1000)
