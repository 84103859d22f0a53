"""`guildhall events`: the audit events of an organization, on any server of the API."""

import threading
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from guildhall.cli.connection import Connection, connected_to_org
from guildhall.cli.output import Column, printable, show_rows, write_line
from guildhall.client.v1.events import Event

_PAGE = 100
_TIMES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"])


def _message(event: Event) -> str | list[str]:
    """Return the event in a sentence; where a server has none, what it is about."""
    if event.message is not None and event.message.content:
        return event.message.content
    return [f"{one.type} {one.id}" for one in event.attributes.context]


_COLUMNS: tuple[Column[Event], ...] = (
    Column("TIME", lambda event: event.attributes.time, whole=True),
    Column("ACTION", lambda event: event.attributes.action),
    Column("ACTOR", lambda event: event.attributes.actor and event.attributes.actor.name),
    Column("MESSAGE", _message),
)


@click.group()
def command() -> None:
    """Read the audit events of an organization. Times are in UTC."""


@command.command("list")
@click.option("--search", "q", help="Only events with this text in their message or their actor's name.")
@click.option("--action", help="Only of this kind, e.g. group_created.")
@click.option("--actor", help="Only by the actor with this id.")
@click.option("--since", type=_TIMES, help="Only from this time on.")
@click.option("--until", type=_TIMES, help="Only before this time.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@connected_to_org
def list_events(connection: Connection, limit: int | None, **filters: Any) -> None:
    """List events, the newest first."""
    given = {name: _in_utc(value) for name, value in filters.items() if value is not None}
    events = connection.client.events.list_all(limit=min(limit or _PAGE, _PAGE), **given)
    show_rows(islice(events, limit), _COLUMNS, as_json=connection.as_json)


@command.command("follow")
@click.option("--since", type=_TIMES, help="Begin at this time.  [default: with the oldest there is]")
@click.option("--cursor", help="Go on where this cursor stands.")
@click.option(
    "--cursor-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Go on where this file says, and keep in it how far it went.",
)
@click.option("--once", is_flag=True, help="End where there is nothing more for now.")
@click.option("--interval", type=click.FloatRange(0.1), default=5.0, show_default=True, help="Seconds.")
@connected_to_org
def follow_events(
    connection: Connection, cursor_file: Path | None, once: bool, interval: float, **start: Any
) -> None:
    """Write events as they happen, the oldest first, each once; with --json one a line.

    The cursor is kept after its events were written: who starts again misses none, and after a crash
    sees those of one page twice.
    """
    given = {name: _in_utc(value) for name, value in start.items() if value is not None}
    if cursor_file is not None and cursor_file.exists() and "cursor" not in given:
        given = {"cursor": cursor_file.read_text().strip()}
    while True:
        cursor = _write_what_is_there(connection, given, cursor_file)
        given = {"cursor": cursor} if cursor else given
        if once:
            return
        threading.Event().wait(interval)


def _write_what_is_there(
    connection: Connection, given: dict[str, Any], cursor_file: Path | None
) -> str | None:
    stream = connection.client.events.poll_all(limit=_PAGE, **given)
    for page in stream.pages():
        for event in page.data:
            write_line(_line(event, as_json=connection.as_json))
        if cursor_file is not None and stream.cursor:
            _keep(cursor_file, stream.cursor)
    return stream.cursor


def _line(event: Event, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(event).decode()
    return "\t".join(printable(column.value(event)) for column in _COLUMNS)


def _keep(file: Path, cursor: str) -> None:
    """Replace the file as a whole: half a cursor is none."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.write_text(f"{cursor}\n")
    unfinished.replace(file)


def _in_utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
