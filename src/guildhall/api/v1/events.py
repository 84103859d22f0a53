"""Events, version 1: links are absolute URLs that keep the filters (contract 1.4, 4, 8)."""

from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from guildhall.api.events import (
    EventDataBody,
    EventListQuery,
    EventPageBody,
    EventStreamQuery,
    EventWire,
    view_parameters,
)
from guildhall.api.events import get_event as shared_get_event
from guildhall.api.events import list_events as shared_list_events
from guildhall.api.events import poll_events as shared_poll_events
from guildhall.api.v1.errors import V1
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.events import ACTION_NAMES, EventAction, EventView, Subject
from guildhall.model.permissions import Permission
from guildhall.store.database import Transaction

_ORG = "/v1/orgs/{orgId}"


class EventActionAttributes(msgspec.Struct, frozen=True, rename="camel"):
    """How an action is called in words."""

    display_name: str
    group_display_name: str


class EventActionBody(msgspec.Struct, frozen=True):
    """A kind of events."""

    id: EventAction
    type: Literal["event-actions"]
    attributes: EventActionAttributes


class EventActionsBody(msgspec.Struct, frozen=True):
    """All kinds of events that there are."""

    data: list[EventActionBody]


def _page_link(request: Request, view: EventView, token: str) -> str:
    name = "events-stream" if view.stream else "events"
    filters = view_parameters(view)
    query = f"{filters}&cursor={token}" if filters else f"cursor={token}"
    return request.url(f"/v1/orgs/{request.caller.org_id}/{name}?{query}")


def _event_link(request: Request, event_id: str) -> str:
    return request.url(f"/v1/orgs/{request.caller.org_id}/events/{event_id}")


def _subject_link(request: Request, subject: Subject) -> str | None:
    """Return where the subject was found when the event happened; it may have gone since."""
    org_id = request.caller.org_id
    if subject.type == "orgs":
        return request.url(f"/v1/orgs/{org_id}")
    if subject.type in ("groups", "users"):
        directory_id = subject.attributes.get("directoryId", "-")
        return request.url(
            f"/v2/orgs/{org_id}/directories/{directory_id}/{subject.type}/{quote(subject.id, safe='')}"
        )
    return None


_WIRE = EventWire(_page_link, _event_link, _subject_link, no_page=UNSET)


async def get_events(tx: Transaction, request: Request) -> Response:
    """Query audit log events."""
    return await shared_list_events(tx, request, _WIRE)


async def poll_events(tx: Transaction, request: Request) -> Response:
    """Poll audit log events."""
    return await shared_poll_events(tx, request, _WIRE)


async def get_event(tx: Transaction, request: Request) -> Response:
    """Get an event by ID."""
    return await shared_get_event(tx, request, _WIRE)


async def get_event_actions(_tx: Transaction, _request: Request) -> Response:
    """Get list of event actions."""
    bodies = [
        EventActionBody(action, "event-actions", EventActionAttributes(*names))
        for action, names in ACTION_NAMES.items()
    ]
    return json_response(EventActionsBody(bodies))


ROUTES = (
    Route(
        method="GET",
        path=_ORG + "/events",
        operation="getEvents",
        wire=V1,
        contract="4",
        summary="Query audit log events",
        permission=Permission.READ_EVENTS,
        handler=get_events,
        query=EventListQuery,
        answer=EventPageBody,
    ),
    Route(
        method="GET",
        path=_ORG + "/events-stream",
        operation="pollEvents",
        wire=V1,
        contract="4",
        summary="Poll audit log events",
        permission=Permission.READ_EVENTS,
        handler=poll_events,
        # A replica does not know which transactions still run, and would skip what they come to write.
        latest=True,
        query=EventStreamQuery,
        answer=EventPageBody,
    ),
    Route(
        method="GET",
        path=_ORG + "/events/{eventId}",
        operation="getEvent",
        wire=V1,
        contract="4",
        summary="Get an event by ID",
        permission=Permission.READ_EVENTS,
        handler=get_event,
        answer=EventDataBody,
    ),
    Route(
        method="GET",
        path=_ORG + "/event-actions",
        operation="getEventActions",
        wire=V1,
        contract="4",
        summary="Get list of event actions",
        permission=Permission.READ_EVENTS,
        handler=get_event_actions,
        answer=EventActionsBody,
    ),
)
