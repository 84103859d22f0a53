"""Writers that keep a ledger: what was confirmed to them has to be found again, whatever happened meanwhile.

    scribe = Scribe("s1", seed, account_ids, grants)
    await scribe.change(target)                  # one random change, through the store or over HTTP
    scribe.compare(require_whole(connection))    # after a crash: nothing is half done, each change has its
                                                 # event, and every confirmed change is there

A scribe changes groups of its own only, one change at a time, so it knows what has to be found: what was
confirmed, and where the outcome of the last change is not known, that one wholly or not at all. Users and
resources are shared between scribes.
"""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import apsw

from guildhall.operations.maintenance.checks import check_database
from guildhall.store.sqlite.database import SQLiteDatabase

MOST_GROUPS = 4
"""Groups that a scribe has at a time: few, so that much happens to each."""


class Unknown(Exception):
    """The change was not confirmed: it may have happened or not."""


class Refused(Exception):
    """The change did not happen, because a resource has no seat left."""


class Grant(NamedTuple):
    resource_id: str
    role_id: str


class Held(NamedTuple):
    """What a group holds."""

    members: frozenset[str] = frozenset()
    grants: frozenset[Grant] = frozenset()


Groups = Mapping[str, Held]
"""Groups by name."""


class Target(Protocol):
    """What scribes write to. Every method raises Unknown and Refused."""

    async def create(self, name: str) -> str: ...
    async def rename(self, group_id: str, name: str) -> None: ...
    async def delete(self, group_id: str) -> None: ...
    async def add(self, group_id: str, account_id: str) -> None: ...
    async def remove(self, group_id: str, account_id: str) -> None: ...
    async def assign(self, group_id: str, grant: Grant) -> None: ...
    async def revoke(self, group_id: str, grant: Grant) -> None: ...


class Change(NamedTuple):
    """A change that a scribe is about to make, and the groups that it has then."""

    make: Callable[[Target], Awaitable[Any]]
    after: dict[str, Held]
    renamed: tuple[str, str] | None = None
    """The old name and the new one."""


class Scribe:
    """A writer with a ledger; `confirmed` counts the changes in it."""

    def __init__(self, name: str, seed: int, account_ids: list[str], grants: list[Grant]) -> None:
        self.name = name
        self.confirmed = 0
        self.groups: dict[str, Held] = {}
        self.unknown: Change | None = None
        self._ids: dict[str, str] = {}
        self._random = random.Random(f"{name} {seed}")
        self._numbers = itertools.count(1)
        self._account_ids = account_ids
        self._grants = grants

    async def change(self, target: Target) -> None:
        """Make one change; raises Unknown, and then wants to be told by `compare` what came of it."""
        change = self.unknown = self._choose()
        with contextlib.suppress(Refused):
            made = await change.make(target)
            self._confirm(change, made)
        self.unknown = None

    def _confirm(self, change: Change, made: Any) -> None:
        self.confirmed += 1
        for name in change.after.keys() - self.groups.keys():
            self._ids[name] = self._ids.pop(change.renamed[0]) if change.renamed else made
        self.groups = change.after

    def compare(self, found: "FoundGroups") -> None:
        """Require that the scribe's groups are as they must be, and go on from there."""
        mine = {name: held for name, held in found.groups.items() if name.startswith(f"{self.name}-")}
        possible = [self.groups] if self.unknown is None else [self.groups, self.unknown.after]
        assert mine in possible, f"{self.name} found {mine}, not one of {possible}"
        self.groups = mine
        self._ids = {name: found.ids[name] for name in mine}
        self.unknown = None

    def _choose(self) -> Change:
        if not self.groups:
            return self._create()
        ways = [self._add] * 5 + [self._remove] * 3 + [self._assign] * 4 + [self._revoke] * 2
        ways += [self._rename, self._delete] + [self._create] * (2 * (len(self.groups) < MOST_GROUPS))
        return self._random.choice(ways)()

    def _create(self) -> Change:
        name = self._new_name()
        return Change(lambda target: target.create(name), {**self.groups, name: Held()})

    def _rename(self) -> Change:
        old, new = self._pick(), self._new_name()
        after = {new if name == old else name: held for name, held in self.groups.items()}
        return Change(lambda target: target.rename(self._ids[old], new), after, renamed=(old, new))

    def _delete(self) -> Change:
        chosen = self._pick()
        after = {name: held for name, held in self.groups.items() if name != chosen}
        return Change(lambda target: target.delete(self._ids[chosen]), after)

    def _add(self) -> Change:
        name, account_id = self._pick(), self._random.choice(self._account_ids)
        held = self.groups[name]
        after = held._replace(members=held.members | {account_id})
        return self._on(name, after, lambda target: target.add(self._ids[name], account_id))

    def _remove(self) -> Change:
        name = self._pick()
        held = self.groups[name]
        account_id = self._random.choice(sorted(held.members) or self._account_ids)
        after = held._replace(members=held.members - {account_id})
        return self._on(name, after, lambda target: target.remove(self._ids[name], account_id))

    def _assign(self) -> Change:
        name, grant = self._pick(), self._random.choice(self._grants)
        held = self.groups[name]
        after = held._replace(grants=held.grants | {grant})
        return self._on(name, after, lambda target: target.assign(self._ids[name], grant))

    def _revoke(self) -> Change:
        name = self._pick()
        held = self.groups[name]
        grant = self._random.choice(sorted(held.grants) or self._grants)
        after = held._replace(grants=held.grants - {grant})
        return self._on(name, after, lambda target: target.revoke(self._ids[name], grant))

    def _on(self, name: str, held: Held, make: Callable[[Target], Awaitable[Any]]) -> Change:
        return Change(make, {**self.groups, name: held})

    def _pick(self) -> str:
        return self._random.choice(list(self.groups))

    def _new_name(self) -> str:
        return f"{self.name}-{next(self._numbers)}"


class FoundGroups(NamedTuple):
    """What a database holds: the groups, and their ids by name."""

    groups: dict[str, Held]
    ids: dict[str, str]


@contextlib.contextmanager
def opened(path: Path, vfs: str | None = None) -> Iterator[apsw.Connection]:
    """A connection that only reads. It waits while a server opens the file, or mends it after a death."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
    connection.set_busy_timeout(5_000)
    with contextlib.closing(connection):
        yield connection


def read_groups(connection: apsw.Connection) -> FoundGroups:
    """The groups as the tables have them."""
    ids = {group_id: name for name, group_id in connection.execute("SELECT name, id FROM groups")}
    members = _gathered(connection, _MEMBERS)
    grants = _gathered(connection, _GRANTS)
    groups = {
        name: Held(
            frozenset(row[0] for row in members.get(group_id, ())),
            frozenset(Grant(*row) for row in grants.get(group_id, ())),
        )
        for group_id, name in ids.items()
    }
    return FoundGroups(groups, {name: group_id for group_id, name in ids.items()})


_MEMBERS = """
SELECT g.id, u.account_id
FROM memberships AS m JOIN groups AS g USING (org_key, group_key) JOIN users AS u USING (org_key, user_key)
"""
_GRANTS = """
SELECT g.id, s.id, r.id
FROM role_assignments AS a JOIN groups AS g USING (org_key, group_key)
JOIN resources AS s USING (org_key, resource_key) JOIN roles AS r USING (org_key, role_key)
"""


def _gathered(connection: apsw.Connection, sql: str) -> dict[str, list[tuple[str, ...]]]:
    rows: dict[str, list[tuple[str, ...]]] = {}
    for group_id, *row in connection.execute(sql):
        rows.setdefault(group_id, []).append(tuple(row))
    return rows


def replay_events(connection: apsw.Connection) -> dict[str, Held]:
    """The groups as the events tell them, so that a change without its event shows as a difference."""
    names: dict[str, str] = {}
    held: dict[str, Held] = {}
    for action, context in connection.execute("SELECT action, context FROM events ORDER BY event_key"):
        group, *others = json.loads(context)
        if action.startswith("group_"):
            _replay(action, group, others, names, held)
    return {name: held[group_id] for group_id, name in names.items()}


def _replay(action: str, group: Any, others: list[Any], names: dict[str, str], held: dict[str, Held]) -> None:
    group_id = group["id"]
    before = held.get(group_id, Held())
    grants = {Grant(role["resourceId"], role["roleId"]) for role in group["attributes"].get("roles", ())}
    if action in ("group_created", "group_updated"):
        assert (action == "group_created") == (group_id not in names)
        names[group_id] = group["attributes"]["name"]
    elif action == "group_deleted":
        assert (group["attributes"]["users"], grants) == (len(before.members), before.grants)
        del names[group_id]
    elif action == "group_role_assigned":
        before = before._replace(grants=_joined(before.grants, grants))
    elif action == "group_role_revoked":
        before = before._replace(grants=_left(before.grants, grants))
    else:
        members = {others[0]["id"]}
        joined = action == "group_member_added"
        before = before._replace(members=(_joined if joined else _left)(before.members, members))
    held[group_id] = before


def _joined(before: frozenset[Any], more: set[Any]) -> frozenset[Any]:
    assert not before & more, "an event of what was so already"
    return before | more


def _left(before: frozenset[Any], fewer: set[Any]) -> frozenset[Any]:
    assert before >= fewer, "an event of what was so already"
    return before - fewer


def require_whole(connection: apsw.Connection) -> FoundGroups:
    """Require that the file is in order and no change half done, its event included; return the groups."""
    assert connection.pragma("integrity_check") == "ok"
    assert not connection.pragma("foreign_key_check")
    found = read_groups(connection)
    assert found.groups == replay_events(connection)
    for what, sql in _MISCOUNTED.items():
        assert not connection.execute(sql).fetchall(), f"{what} are not what they count"
    return found


def require_clean(path: Path) -> None:
    """Require that `guildhall check` finds nothing in a database, which another process may have open."""
    database = SQLiteDatabase(path)
    findings = asyncio.run(check_database(database, lambda *_: None))
    database._close()
    assert not findings


_SEATS = """
SELECT a.resource_key, m.user_key, count(DISTINCT m.group_key) AS holds
FROM memberships AS m JOIN role_assignments AS a USING (org_key, group_key)
JOIN roles USING (org_key, role_key)
WHERE uses_seat GROUP BY a.resource_key, m.user_key
"""
_HOLDERS = """
SELECT a.role_key, m.user_key, count(DISTINCT m.group_key) AS holds
FROM memberships AS m JOIN role_assignments AS a USING (org_key, group_key) GROUP BY a.role_key, m.user_key
"""


def _different(stored: str, counted: str) -> str:
    return (
        f"SELECT * FROM (SELECT * FROM ({stored}) EXCEPT SELECT * FROM ({counted}))"
        f" UNION ALL SELECT * FROM (SELECT * FROM ({counted}) EXCEPT SELECT * FROM ({stored}))"
    )


# Quicker than `require_clean`, and by other statements; everybody is active in one directory here.
_MISCOUNTED = {
    "members of groups": """
        SELECT * FROM groups AS g LEFT JOIN group_counts AS c USING (group_key)
        WHERE c.users IS NOT (SELECT count(*) FROM memberships AS m WHERE m.group_key = g.group_key)
    """,
    "resources of groups": """
        SELECT * FROM groups AS g LEFT JOIN group_counts AS c USING (group_key)
        WHERE c.resources IS NOT (SELECT count(DISTINCT a.resource_key) FROM role_assignments AS a
                                  WHERE a.group_key = g.group_key)
    """,
    "groups of directories": """
        SELECT 1 WHERE (SELECT count(*) FROM groups) <> (SELECT COALESCE(sum(groups), 0) FROM group_totals)
    """,
    "seats": _different("SELECT resource_key, user_key, holds FROM seats", _SEATS),
    "seats in use": """
        SELECT * FROM resource_seats AS r
        WHERE seats_used <> (SELECT count(*) FROM seats AS s WHERE s.resource_key = r.resource_key)
           OR seats_used > user_limit
    """,
    "role holders": _different("SELECT role_key, user_key, holds FROM role_holders", _HOLDERS),
    "role totals": _different(
        "SELECT role_key, users FROM role_totals WHERE users <> 0",
        "SELECT role_key, count(*) FROM role_holders GROUP BY role_key",
    ),
}
