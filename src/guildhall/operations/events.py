"""Recording what happened, in the transaction that makes it happen, and reading it (contract 8, "Events")."""

from collections.abc import Sequence

import msgspec

from guildhall.model.errors import ResourceNotFound
from guildhall.model.events import (
    Event,
    EventAction,
    EventFilter,
    EventView,
    Subject,
    parse_event_id,
)
from guildhall.model.names import fold
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.store import events
from guildhall.store.database import Database, Transaction
from guildhall.store.orgs import SELECT_ORGS

LOOKED_AT = 2_000
"""Events that a page of a filtered list looks at, at most; it may be short, then."""

PRUNED_AT_ONCE = 500
"""Events that one transaction removes, so that others need not wait for it."""

_CHUNK = 500
_SHORT_CHUNK = 100
"""Events read at once, at least, where the times are all that is wanted."""

_BEHIND_ALL = 2**62
_MILLISECONDS_OF_A_DAY = 86_400_000


async def record_event(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    message: str,
    subjects: Sequence[Subject],
    *,
    product: str | None = None,
) -> None:
    """Write one event; `message` is plain text, `subjects` hold the values as they were.

    Within a seed nothing is written: it has one event for all that it changes.
    """
    if caller.within_seed:
        return
    await tx.run(
        events.INSERT_EVENT,
        org_key=caller.org_key,
        time=tx.now,
        action=action,
        actor_id=caller.key_id,
        actor_name=caller.name,
        ip=caller.address,
        product=product,
        message=message,
        context=msgspec.json.encode(subjects).decode(),
    )


async def get_event(tx: Transaction, caller: Caller, event_id: str) -> Event:
    """Return an event; raises ResourceNotFound."""
    position = parse_event_id(caller.org_id, event_id)
    event = None
    if position is not None:
        event = await tx.one(
            events.SELECT_EVENT,
            org_key=caller.org_key,
            event_key=position.event_key,
            time=position.time,
        )
    if event is None:
        raise ResourceNotFound(f"There is no event {event_id[:100]}; events are kept for a limited time.")
    return event


async def list_events(tx: Transaction, caller: Caller, view: EventView, window: Window) -> Page[Event]:
    """Return a page of events; a filtered one may be short, even empty, while more follow.

    A stream always has a next page. It holds what comes after this one, whenever that is committed:
    walking it gives each event exactly once, whoever writes meanwhile.
    """
    span = _span(caller, view, window)
    rows, stopped_at = await _walk(tx, view, window, span)
    page = cut_page(rows, window, lambda event: (event.event_key,))
    if stopped_at is not None:
        beyond = Window(window.limit, (stopped_at,), window.backward)
        changed = {"previous" if window.backward else "next": beyond}
        page = msgspec.structs.replace(page, **changed)
    if view.stream and page.next is None:
        onward = Window(window.limit, (page.items[-1].event_key,)) if page.items else window
        page = msgspec.structs.replace(page, next=onward)
    return page


class _Span(msgspec.Struct):
    """The keys, both bounds exclusive, and the times in which a page looks for events."""

    org_key: int
    upward: bool
    above: int
    below: int
    since: int
    until: int

    def pass_by(self, key: int) -> None:
        """Leave out the events up to a key, in the direction of the walk."""
        if self.upward:
            self.above = key
        else:
            self.below = key


def _span(caller: Caller, view: EventView, window: Window) -> _Span:
    upward = view.oldest_first is not window.backward
    since, until = view.filter.since, view.filter.until
    span = _Span(caller.org_key, upward, -1, _BEHIND_ALL, since or 0, _BEHIND_ALL if until is None else until)
    if window.start is not None:
        key: int = window.start[0]
        if upward:
            span.above = key - window.inclusive
        else:
            span.below = key + window.inclusive
    return span


async def _walk(
    tx: Transaction, view: EventView, window: Window, span: _Span
) -> tuple[list[Event], int | None]:
    """Return up to limit + 1 events that match and, if that took too long, the key that it stopped at.

    Where nothing of the times wanted was among those looked at, the index says where the next one is.
    """
    statement = events.SELECT_EVENTS_DOWNWARD
    if span.upward:
        statement = events.SELECT_SETTLED_EVENTS_UPWARD if view.stream else events.SELECT_EVENTS_UPWARD
    wanted = _Test(view.filter)
    most = wanted.read_at_once(window.limit + 1)
    found: list[Event] = []
    for _ in range(0, LOOKED_AT, most):
        rows = await tx.all(statement, org_key=span.org_key, above=span.above, below=span.below, most=most)
        of_the_times = [row for row in rows if span.since <= row.time < span.until]
        found += [row for row in of_the_times if wanted.matches(row)]
        if len(found) > window.limit:
            return found[: window.limit + 1], None
        if len(rows) < most:
            return found, None
        span.pass_by(rows[-1].event_key)
        if not of_the_times and not await _leap(tx, span):
            return found, None
    return found, span.above if span.upward else span.below


async def _leap(tx: Transaction, span: _Span) -> bool:
    """Go on right before the next event of the times wanted; return whether there is one."""
    statement = events.SELECT_FIRST_KEY_BETWEEN if span.upward else events.SELECT_LAST_KEY_BETWEEN
    key = await tx.value(statement, **msgspec.structs.asdict(span))
    if key is None:
        return False
    span.pass_by(key - 1 if span.upward else key + 1)
    return True


class _Test:
    """What of a filter is tested row by row; no index serves it."""

    def __init__(self, wanted: EventFilter) -> None:
        self._wanted = wanted
        self._q = None if wanted.q is None else fold(wanted.q)

    def read_at_once(self, least: int) -> int:
        """Return how many events to read at once for a page that needs so many."""
        wanted = self._wanted
        if wanted == EventFilter():
            return least
        times_only = wanted == EventFilter(since=wanted.since, until=wanted.until)
        return max(least, _SHORT_CHUNK) if times_only else _CHUNK

    def matches(self, event: Event) -> bool:
        """Whether the event passes everything but the times."""
        wanted = self._wanted
        return (
            (wanted.actions is None or event.action in wanted.actions)
            and (wanted.actors is None or (event.actor_id or event.actor_name) in wanted.actors)
            and (wanted.products is None or event.product in wanted.products)
            and (wanted.ips is None or event.ip in wanted.ips)
            and (wanted.locations is None or event.ip in wanted.locations)
            and (self._q is None or self._q in fold(event.message) or self._q in fold(event.actor_name))
        )


async def prune_expired_events(database: Database, days: int) -> None:
    """Remove the events that are older than so many days, a few in each transaction."""
    for org_key in await database.read(_list_orgs_to_prune, days):
        while await database.write(prune_events, org_key, days):
            pass


async def _list_orgs_to_prune(tx: Transaction, days: int) -> list[int]:
    org_keys = await tx.values(SELECT_ORGS)
    return [org_key for org_key in org_keys if await _expired(tx, org_key, days, 1)]


async def prune_events(tx: Transaction, org_key: int, days: int) -> bool:
    """Remove some of an organization's expired events; return whether there may be more."""
    expired = await _expired(tx, org_key, days, PRUNED_AT_ONCE)
    if expired:
        await tx.run(events.DELETE_EVENTS, org_key=org_key, event_keys=expired)
    return len(expired) == PRUNED_AT_ONCE


async def _expired(tx: Transaction, org_key: int, days: int, most: int) -> list[int]:
    """Return the keys of expired events, wherever they stand; never the newest's, see INSERT_EVENT."""
    before = tx.now - days * _MILLISECONDS_OF_A_DAY
    expired = await tx.values(events.SELECT_EXPIRED_KEYS, org_key=org_key, before=before, most=most + 1)
    newest = await tx.value(events.SELECT_NEWEST_KEY, org_key=org_key) if expired else None
    return [key for key in expired if key != newest][:most]
