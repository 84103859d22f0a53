"""Events, version 2: a widespread client asks here; links are tokens (contract 1.4, 4)."""

from guildhall.api.events import EventDataBody, EventListQuery, EventPageBody, EventWire
from guildhall.api.events import get_event as shared_get_event
from guildhall.api.events import list_events as shared_list_events
from guildhall.api.v2.errors import V2
from guildhall.http.request import Request
from guildhall.http.response import Response
from guildhall.http.routing import Route
from guildhall.model.events import EventView, Subject
from guildhall.model.permissions import Permission
from guildhall.store.database import Transaction

_EVENTS = "/v2/orgs/{orgId}/events"
_ITEMS = {"groups": "group", "users": "user"}


def _page_link(_request: Request, _view: EventView, token: str) -> str:
    return token


def _event_link(request: Request, event_id: str) -> str:
    return request.item_token("event", event_id)


def _subject_link(request: Request, subject: Subject) -> str | None:
    item = _ITEMS.get(subject.type)
    return None if item is None else request.item_token(item, subject.id)


_WIRE = EventWire(_page_link, _event_link, _subject_link, no_page=None)


async def get_events(tx: Transaction, request: Request) -> Response:
    """Query audit log events."""
    return await shared_list_events(tx, request, _WIRE)


async def get_event(tx: Transaction, request: Request) -> Response:
    """Get an event by ID."""
    return await shared_get_event(tx, request, _WIRE)


ROUTES = (
    Route(
        method="GET",
        path=_EVENTS,
        operation="getEventsV2",
        wire=V2,
        contract="4",
        summary="Query audit log events",
        permission=Permission.READ_EVENTS,
        handler=get_events,
        query=EventListQuery,
        answer=EventPageBody,
    ),
    Route(
        method="GET",
        path=_EVENTS + "/{eventId}",
        operation="getEventV2",
        wire=V2,
        contract="4",
        summary="Get an event by ID",
        permission=Permission.READ_EVENTS,
        handler=get_event,
        answer=EventDataBody,
    ),
)
