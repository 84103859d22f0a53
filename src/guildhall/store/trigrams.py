"""Substring search by trigrams on SQLite (design 2.4).

A term of three characters or more is the AND of its trigrams, which finds a few names too many: the
caller tests each with `instr`. A shorter term is the start of a trigram at every place where it
stands, so it becomes the OR of the trigrams that start with it; when they are many, the term is
common and the caller walks the name index instead.
"""

from typing import Any

from guildhall.store.database import Transaction
from guildhall.store.statement import Statement, register

_TRIGRAM = 3
_MOST_TRIGRAMS = 200
_HIGHEST = "\U0010ffff"

MATCHING_GROUPS = "SELECT rowid FROM group_trigrams WHERE group_trigrams MATCH :match"
MATCHING_USERS = "SELECT rowid FROM user_trigrams WHERE user_trigrams MATCH :match"
"""Keys of what may match, for a `match` that the functions below made; SQLite only."""

_NO_TERMS = "SELECT CAST(:low AS TEXT) WHERE CAST(:high AS TEXT) IS NULL LIMIT :most"

SELECT_GROUP_TERMS = register(
    "SELECT term FROM group_terms WHERE term >= :low AND term < :high LIMIT :most", postgres=_NO_TERMS
)
SELECT_USER_TERMS = register(
    "SELECT term FROM user_terms WHERE term >= :low AND term < :high LIMIT :most", postgres=_NO_TERMS
)


async def match_groups(tx: Transaction, term: str) -> str | None:
    """Return the full-text query for a folded substring of group names, or None to walk instead."""
    return await _match(tx, term, SELECT_GROUP_TERMS)


async def match_users(tx: Transaction, term: str) -> str | None:
    """Return the full-text query for a folded substring of users' names and e-mails, or None to walk."""
    return await _match(tx, term, SELECT_USER_TERMS)


async def _match(tx: Transaction, term: str, terms: Statement[Any]) -> str | None:
    if tx.engine != "sqlite":
        return None
    if len(term) >= _TRIGRAM:
        starts = range(len(term) - _TRIGRAM + 1)
        return " AND ".join(dict.fromkeys(_quoted(term[start : start + _TRIGRAM]) for start in starts))
    found = await tx.values(terms, low=term, high=term + _HIGHEST, most=_MOST_TRIGRAMS)
    if not found:
        # No name holds the term: a query that matches nothing, since no name holds control characters.
        return _quoted("\x01\x01\x01")
    return " OR ".join(map(_quoted, found)) if len(found) < _MOST_TRIGRAMS else None


def _quoted(trigram: str) -> str:
    return '"' + trigram.replace('"', '""') + '"'
