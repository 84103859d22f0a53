"""Events as versions 1 and 2 both show them; only their links differ (contract 4, 8).

The wires never import each other, so what they share of this one subject stands below them.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guildhall.http.request import Request
from guildhall.http.response import Response, json_response, known
from guildhall.model.errors import InvalidInput
from guildhall.model.events import (
    Event,
    EventAction,
    EventFilter,
    EventPosition,
    EventView,
    Subject,
    event_id,
)
from guildhall.model.paging import Window
from guildhall.model.times import parse_time, to_text
from guildhall.operations import events as rules
from guildhall.store.database import Transaction

_ACTIONS = ", ".join(EventAction)

Action = Annotated[EventAction, Meta(description=f"One of {_ACTIONS}.")]
Moment = Annotated[
    Annotated[int, Meta(ge=0)] | str,
    Meta(description="A time: milliseconds since 1 January 1970 UTC, or RFC 3339, as 2026-07-01T09:30:00Z."),
]
Text = Annotated[str, Meta(min_length=1, max_length=255, description="1 to 255 characters.")]
Actions = Annotated[tuple[Action, ...], Meta(min_length=1, max_length=100)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=100)]
Limit = Annotated[int, Meta(ge=1, le=500, description="A whole number from 1 to 500.")]
Cursor = Annotated[str, Meta(min_length=1, description="A token of meta.next, or of a link.")]

_SYSTEM = "system"
"""The actor of a command: its id and its name."""

_RENAMED = {"since": "from", "until": "to", "sort_order": "sortOrder"}


class EventListQuery(msgspec.Struct, frozen=True, kw_only=True, rename=_RENAMED):
    """The parameters of the list of events."""

    cursor: Cursor | None = None
    limit: Limit = 25
    q: (
        Annotated[
            Text,
            Meta(
                description="A part of the message, or of the actor's name or e-mail; case does not matter."
            ),
        ]
        | None
    ) = None
    since: Moment | None = None
    until: Moment | None = None
    action: Actions | None = None
    actor: Texts | None = None
    product: Texts | None = None
    ip: Texts | None = None
    location: Texts | None = None


class EventStreamQuery(msgspec.Struct, frozen=True, kw_only=True, rename=_RENAMED):
    """The parameters of the stream of events."""

    cursor: Cursor | None = None
    limit: Limit = 200
    since: Moment | None = None
    until: Moment | None = None
    sort_order: Annotated[Literal["asc", "desc"], Meta(description="asc or desc.")] = "asc"


class EventsToken(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor of a list of events carries."""

    view: EventView
    window: Window


class EventAuthBody(msgspec.Struct, frozen=True, rename="camel"):
    """How an actor proved who they are."""

    auth_type: Literal["api-token"]
    token_id: str
    token_label: str


class EventActorBody(msgspec.Struct, frozen=True):
    """Who did it: an API key, or `system` on the command line, which proves nothing."""

    id: str
    name: str
    auth: EventAuthBody | UnsetType = UNSET


class EventLinks(msgspec.Struct, frozen=True, rename={"this": "self"}):
    """Where the thing itself is found; absent where no operation shows it."""

    this: str | UnsetType = UNSET


class EventObjectBody(msgspec.Struct, frozen=True):
    """What an event is about, with the values of that moment."""

    id: str
    type: str
    attributes: dict[str, Any]
    links: EventLinks


class EventLocationBody(msgspec.Struct, frozen=True):
    """Where it was done from; absent when that is not known."""

    ip: str | UnsetType = UNSET


class EventMessageBody(msgspec.Struct, frozen=True):
    """The event in a sentence."""

    content: str
    format: Literal["simple"] = "simple"


class EventAttributesBody(msgspec.Struct, frozen=True, rename="camel"):
    """What happened."""

    time: str
    processed_at: str
    action: EventAction
    actor: EventActorBody
    context: list[EventObjectBody]
    container: list[EventObjectBody]
    location: EventLocationBody


class EventBody(msgspec.Struct, frozen=True):
    """An event; its message stands beside the attributes, not inside (contract 4)."""

    id: str
    type: Literal["events"]
    attributes: EventAttributesBody
    message: EventMessageBody
    links: EventLinks


class EventDataBody(msgspec.Struct, frozen=True):
    """One event."""

    data: EventBody


class EventPageLinks(msgspec.Struct, frozen=True, rename={"this": "self", "previous": "prev"}):
    """This page and those around it: a URL that is not there is absent, a token null (contract 1.4)."""

    this: str
    previous: str | UnsetType | None = UNSET
    next: str | UnsetType | None = UNSET


class EventPageMeta(msgspec.Struct, frozen=True):
    """The cursor of the next page, and how many events this one has."""

    next: str | None
    page_size: int


class EventPageBody(msgspec.Struct, frozen=True):
    """A page of events; it may be short, even empty, while there is a next one."""

    data: list[EventBody]
    meta: EventPageMeta
    links: EventPageLinks


class EventWire(msgspec.Struct, frozen=True):
    """How one wire links to pages, to events and to what they are about."""

    page: Callable[[Request, EventView, str], str]
    event: Callable[[Request, str], str]
    subject: Callable[[Request, Subject], str | None]
    no_page: UnsetType | None
    """What stands for a page that is not there."""


def view_parameters(view: EventView) -> str:
    """Return the filters of a list as a query string, to keep them in its links."""
    wanted = view.filter
    given = {
        "q": wanted.q,
        "from": wanted.since,
        "to": wanted.until,
        "action": wanted.actions,
        "actor": wanted.actors,
        "product": wanted.products,
        "ip": wanted.ips,
        "location": wanted.locations,
        "sortOrder": "desc" if view.stream and not view.oldest_first else None,
    }
    return urlencode({name: value for name, value in given.items() if value is not None}, doseq=True)


async def list_events(tx: Transaction, request: Request, wire: EventWire) -> Response:
    """Return the page of events that the query asks for, the newest first."""
    query: EventListQuery = request.query
    wanted = EventFilter(
        since=_milliseconds("from", query.since),
        until=_milliseconds("to", query.until),
        q=query.q,
        actions=query.action,
        actors=query.actor,
        products=query.product,
        ips=query.ip,
        locations=query.location,
    )
    return await _page(tx, request, wire, EventsToken(EventView(wanted), Window(query.limit)))


async def poll_events(tx: Transaction, request: Request, wire: EventWire) -> Response:
    """Return the page of the stream that the query asks for."""
    query: EventStreamQuery = request.query
    since, until = _milliseconds("from", query.since), _milliseconds("to", query.until)
    wanted = EventFilter(since=since, until=until)
    view = EventView(wanted, oldest_first=query.sort_order == "asc", stream=True)
    return await _page(tx, request, wire, EventsToken(view, Window(query.limit)))


def _milliseconds(name: str, given: int | str | None) -> int | None:
    """Return a time of a parameter; collectors send milliseconds or RFC 3339 (contract 4)."""
    if not isinstance(given, str):
        return given
    time = parse_time(given)
    if time is None:
        raise InvalidInput(
            f"{name}: must be milliseconds since 1 January 1970 UTC, or an RFC 3339 time such as"
            f" 2026-07-01T09:30:00Z (a + in a URL is written %2B)."
        )
    return time


async def get_event(tx: Transaction, request: Request, wire: EventWire) -> Response:
    """Return the event of the path."""
    event = await rules.get_event(tx, request.caller, request.parameters["eventId"])
    return json_response(EventDataBody(_body(request, wire, event)))


async def _page(tx: Transaction, request: Request, wire: EventWire, token: EventsToken) -> Response:
    if request.query.cursor is not None:
        token = request.read_page_token(request.query.cursor, EventsToken)
    page = await rules.list_events(tx, request.caller, token.view, token.window)
    tokens = [
        None if window is None else request.page_token(EventsToken(token.view, window))
        for window in (page.this, page.previous, page.next)
    ]
    links = [wire.no_page if text is None else wire.page(request, token.view, text) for text in tokens]
    events = [_body(request, wire, event) for event in page.items]
    meta = EventPageMeta(tokens[2], len(events))
    return json_response(EventPageBody(events, meta, EventPageLinks(links[0] or "", links[1], links[2])))


def _body(request: Request, wire: EventWire, event: Event) -> EventBody:
    public_id = event_id(request.caller.org_id, EventPosition(event.event_key, event.time))
    time = to_text(event.time)
    subjects = msgspec.json.decode(event.context, type=list[Subject])
    attributes = EventAttributesBody(
        time=time,
        processed_at=time,
        action=EventAction(event.action),
        actor=_actor(event),
        context=[_object(request, wire, subject) for subject in subjects],
        container=[_object(request, wire, Subject(request.caller.org_id, "orgs"))],
        location=EventLocationBody(known(event.ip)),
    )
    links = EventLinks(wire.event(request, public_id))
    return EventBody(public_id, "events", attributes, EventMessageBody(event.message), links)


def _actor(event: Event) -> EventActorBody:
    if event.actor_id is None:
        return EventActorBody(_SYSTEM, _SYSTEM)
    auth = EventAuthBody("api-token", event.actor_id, event.actor_name)
    return EventActorBody(event.actor_id, event.actor_name, auth)


def _object(request: Request, wire: EventWire, subject: Subject) -> EventObjectBody:
    attributes = dict(subject.attributes)
    if subject.type == "users":
        attributes["accountType"] = "atlassian"
    if subject.type == "groups" and "name" in attributes:
        attributes["groupName"] = attributes["name"]
    link = wire.subject(request, subject)
    return EventObjectBody(subject.id, subject.type, attributes, EventLinks(known(link)))
