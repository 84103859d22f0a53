"""What a restored database goes on from: nothing that was given out before is given out again (ADR 23)."""

import contextlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
import msgspec

from guildhall.model.events import EventAction
from guildhall.store.clock import wall_clock
from guildhall.store.sqlite.transaction import connect

_SECRET_BYTES = 32
_SELECT_ORGS = """
SELECT o.id, o.org_key, o.secret, (SELECT MAX(e.event_key) FROM events AS e WHERE e.org_key = o.org_key)
FROM orgs AS o
"""
_INSERT_EVENT = """
INSERT INTO events (org_key, event_key, time, action, actor_id, actor_name, ip, product, message, context)
VALUES (?, ?, ?, ?, NULL, 'system', NULL, NULL, ?, '[]')
"""
_MESSAGE = "Restored the database from a backup; what happened since the backup is lost"


class GivenOut(msgspec.Struct, frozen=True):
    """The last keys that a database gave out: of events by organization and its secret, of rows by table."""

    events: Mapping[tuple[str, bytes], int]
    rows: Mapping[str, int]


def read_given_out(path: Path) -> GivenOut:
    """Return what the database at `path` gave out; nothing where there is none that can be read."""
    if not path.exists():
        return GivenOut({}, {})
    try:
        with contextlib.closing(connect(path)) as connection:
            orgs: list[Any] = connection.execute(_SELECT_ORGS).fetchall()
            rows: list[Any] = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    except apsw.Error:
        return GivenOut({}, {})
    events = {(id_, secret): last or 0 for id_, _, secret, last in orgs}
    return GivenOut(events, dict(rows))


def go_on_from(copy: Path, given_out: GivenOut) -> None:
    """Let the keys of a restored copy rise above all that were given out, and record that it was restored.

    Where that is not known for an organization, its page cursors are signed with a new secret: old ones
    are refused, and say so, in place of leading to other things.
    """
    with contextlib.closing(connect(copy)) as connection, connection:
        for table, last in given_out.rows.items():
            connection.execute("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?", (last, table))
            connection.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS"
                " (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
                (table, last, table),
            )
        orgs: list[Any] = connection.execute(_SELECT_ORGS).fetchall()
        for org_id, org_key, secret, last in orgs:
            known = given_out.events.get((org_id, secret))
            if known is None:
                new = secrets.token_bytes(_SECRET_BYTES)
                connection.execute("UPDATE orgs SET secret = ? WHERE org_key = ?", (new, org_key))
            event_key = max(last or 0, known or 0) + 1
            action = EventAction.ORGANIZATION_RESTORED.value
            connection.execute(_INSERT_EVENT, (org_key, event_key, wall_clock(), action, _MESSAGE))
