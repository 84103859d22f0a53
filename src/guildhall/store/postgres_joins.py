"""Members who join groups at the same time on PostgreSQL become one statement, which commits (ADR 17)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from guildhall.model.groups import Group
from guildhall.model.memberships import JoinedTogether
from guildhall.model.users import DirectoryUser
from guildhall.store.memberships import JOIN_SEVERAL
from guildhall.store.postgres_batches import Batcher
from guildhall.store.postgres_links import Link

_SPOILT = (asyncpg.NotNullViolationError, asyncpg.LockNotAvailableError)
"""One of several spoils it for all: its group was given a role, or somebody holds on to what it needs. So
each is tried alone."""


class Join(NamedTuple):
    """Who is to join which group, as they were read, and the event that tells of it."""

    group: Group
    user: DirectoryUser
    event: Mapping[str, Any]

    @property
    def key(self) -> tuple[int, int]:
        """The keys of both."""
        return self.group.group_key, self.user.user_key


class Joins(Batcher[int, Join, bool | None]):
    """Adds members to groups that give nothing; those of one organization together."""

    most_seconds_held = 0.25
    """Beside each other, two of one worker would wait for one another's counts."""

    async def add(self, join: Join) -> bool | None:
        """Return whether somebody was added, or was a member already; None for who has to be added alone."""
        return await self.ask(join.event["org_key"], join)

    async def answer_all(self, link: Link, kind: int, asked: Sequence[Join]) -> Sequence[bool | None]:
        """Store memberships, events and counts; who is added twice is added by the first of the two."""
        first = {join.key: join for join in reversed(asked)}
        try:
            rows = await link.fetch_and_commit(JOIN_SEVERAL.postgres, _values(kind, list(first.values())))
        except _SPOILT:
            return [None] * len(asked)
        found = [JoinedTogether(*row) for row in rows]
        added = {(one.group_key, one.user_key): one.added for one in found}
        return [added.get(join.key) if first[join.key] is join else None for join in asked]


def _values(org_key: int, joins: Sequence[Join]) -> Sequence[Any]:
    groups, users, events = zip(*joins, strict=True)
    return JOIN_SEVERAL.bind(
        {
            "org_key": org_key,
            "action": events[0]["action"],
            "product": events[0]["product"],
            "group_keys": [group.group_key for group in groups],
            "group_names": [group.name for group in groups],
            "user_keys": [user.user_key for user in users],
            "user_names": [user.name for user in users],
            "emails": [user.email for user in users],
            "times": [event["time"] for event in events],
            "actor_ids": [event["actor_id"] for event in events],
            "actor_names": [event["actor_name"] for event in events],
            "ips": [event["ip"] for event in events],
            "messages": [event["message"] for event in events],
            "contexts": [event["context"] for event in events],
        }
    )
