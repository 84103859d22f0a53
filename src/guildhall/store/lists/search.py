"""Substring search through indexes, on either engine (design 2.4, ADR 8).

What the indexes find is a few rows too many, or exact: the caller tests each row with `instr`, unless
`exact_users` says that nothing is left to test. A term that many rows hold is better walked to than gathered;
then there is no match to look up.

On SQLite a term of three characters or more is the AND of a few of its trigrams. A shorter term is the
start of a trigram at every place where it stands, so it becomes the OR of the trigrams that start with it.
On PostgreSQL the index holds runs of one and two characters as well.
"""

from typing import Any

import msgspec

from guildhall.store.database import Transaction
from guildhall.store.name_samples import Found
from guildhall.store.statement import Statement, register

Match = str | list[str]
"""What `:match` stands for in a statement: a full-text query on SQLite, an array on PostgreSQL."""

_TRIGRAM = 3
_SOME = 2
"""Trigrams of a long term that are looked for beside its last."""

_MOST_TRIGRAMS = 200
_FEW_TRIGRAMS = 10
_HIGHEST = "\U0010ffff" * _TRIGRAM
AS_INDEXED = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
"""What SQLite's index makes of two noncharacters; it keeps the others (fts5_unicode2.c reads UTF-8 so)."""

_NOT_EXACT = frozenset("\x03\ufffd\ufffe\uffff")
"""For these the index finds others as well: one stands between names there, the rest are taken for one."""

_SAMPLE = 500
_SMALL_SAMPLE = 50
_MOST_LOOKED_UP = 6
"""Trigrams of a long term that PostgreSQL looks up: each one more costs, and most if most names hold it."""

_COMMON = 10

_MANY = 70
"""Of a sample: looking each of so many users up takes longer than going through all of them."""

MATCHING_GROUPS = """
    SELECT rowid AS hit FROM group_trigrams WHERE group_trigrams MATCH :match AND :org_key = :org_key
"""
MATCHING_USERS = """
    SELECT rowid AS hit FROM user_trigrams WHERE user_trigrams MATCH :match AND :org_key = :org_key
"""
"""Keys of what may match, for a match that the functions below made; `on_postgres` translates them.

SQLite's index knows no organizations: whoever joins the keys tests it. The parameter is that of the other
text.
"""

MATCHING_ROWS = """
    (SELECT i.org_key, i.group_key, i.directory_key, i.id, i.name_key FROM groups AS i
     WHERE i.org_key = :org_key AND grams(i.org_key, i.name_key) @> :match OFFSET 0) AS g
"""
"""Groups that may match, on PostgreSQL: its index is one of the table itself, so they are read but once.
The OFFSET keeps the planner from walking in the order that is asked for, and from other indexes beside."""

MATCHING_USER_ROWS = """
    (SELECT i.org_key, i.user_key, i.account_id, i.name_key, i.nickname_key, i.email_fold, i.email_domain,
            i.claim_status, i.mfa_enabled, i.closed
     FROM users AS i
     WHERE i.org_key = :org_key
       AND (grams(i.org_key, i.name_key) || grams(i.org_key, i.email_fold)) @> :match OFFSET 0) AS u
"""
"""The same of users."""

_ON_POSTGRES = {
    MATCHING_GROUPS: """
        SELECT i.group_key AS hit FROM groups AS i
        WHERE i.org_key = :org_key AND grams(i.org_key, i.name_key) @> :match
    """,
    MATCHING_USERS: """
        SELECT i.user_key AS hit FROM users AS i
        WHERE i.org_key = :org_key
          AND (grams(i.org_key, i.name_key) || grams(i.org_key, i.email_fold)) @> :match
    """,
    "instr(": "strpos(",
}

_NO_TERMS = "SELECT CAST(:low AS TEXT) WHERE CAST(:high AS TEXT) IS NULL LIMIT :most"

SELECT_GROUP_TERMS = register(
    "SELECT term FROM group_terms WHERE term >= :low AND term < :high LIMIT :most", postgres=_NO_TERMS
)
SELECT_USER_TERMS = register(
    "SELECT term FROM user_terms WHERE term >= :low AND term < :high LIMIT :most", postgres=_NO_TERMS
)

COUNT_IN_SAMPLE_OF_GROUPS = register(
    """
    SELECT count(*) FROM (
        SELECT g.name_key FROM groups AS g WHERE g.org_key = :org_key ORDER BY g.group_key LIMIT :most
    ) AS sample
    WHERE instr(sample.name_key, :term) > 0
    """
)
COUNT_IN_SAMPLE_OF_USERS = register(
    """
    SELECT count(*) FROM (
        SELECT u.name_key, u.email_fold FROM users AS u
        WHERE u.org_key = :org_key ORDER BY u.user_key LIMIT :most
    ) AS sample
    WHERE instr(sample.name_key, :term) > 0 OR instr(sample.email_fold, :term) > 0
    """
)

SELECT_SAMPLE_OF_USERS = register(
    "SELECT name_key || ' ' || email_fold FROM users WHERE org_key = :org_key ORDER BY user_key LIMIT :most"
)


_TWO_ORGS: Statement[Any] = Statement("SELECT org_key FROM orgs LIMIT 2")


class _Searched(msgspec.Struct, frozen=True):
    """The statements that say how to search for something."""

    count_in_sample: Statement[Any]
    terms: Statement[Any]


_GROUPS = _Searched(COUNT_IN_SAMPLE_OF_GROUPS, SELECT_GROUP_TERMS)
_USERS = _Searched(COUNT_IN_SAMPLE_OF_USERS, SELECT_USER_TERMS)


class Search(msgspec.Struct, frozen=True):
    """What finds a term, and whether that costs much before the first row comes."""

    match: Match
    slow: bool
    share: float = 0.0
    """The part of a sample that holds the term, where it was looked at."""


async def search_groups(tx: Transaction, org_key: int, term: str) -> Search | None:
    """Return what finds a folded substring of group names, or None to walk instead."""
    sample = await tx.name_sample(org_key)
    if sample is None:
        return await _search(tx, org_key, term, _GROUPS)
    found = sample.find(term)
    if found.share >= _COMMON / _SAMPLE:
        return None
    return Search(match_groups(org_key, found), slow=found.share > 0, share=found.share)


def match_groups(org_key: int, found: Found) -> Match:
    """Return what PostgreSQL looks a term up by."""
    return [f"{org_key}:{run}" for run in found.runs]


async def search_users(tx: Transaction, org_key: int, term: str) -> Search | None:
    """Return what finds a folded substring of users' names and e-mails, or None to walk instead."""
    return await _search(tx, org_key, term, _USERS)


def on_postgres(sql: str) -> str:
    """Return the text of a statement that searches as PostgreSQL takes it."""
    for here, there in _ON_POSTGRES.items():
        sql = sql.replace(here, there)
    return sql


async def _search(tx: Transaction, org_key: int, term: str, searched: _Searched) -> Search | None:
    """Look at a sample first, except where a common term costs no more than a rare one.

    PostgreSQL makes a bitmap of all hits before the first is read, so that of a term that the sample holds a
    stretch is walked first; and SQLite counts the hits of every trigram that it lists for a short term. The
    full-text query of a longer term is read hit by hit.
    """
    if tx.engine == "sqlite" and len(term) >= _TRIGRAM:
        return Search(" AND ".join(map(_quoted, _some_trigrams(term))), slow=False)
    seen = await tx.value(searched.count_in_sample, org_key=org_key, term=term, most=_SAMPLE)
    if seen >= _COMMON:
        return None
    if tx.engine == "postgres":
        grams = await _rare_trigrams(tx, org_key, term) if len(term) > _TRIGRAM else [term]
        return Search([f"{org_key}:{gram}" for gram in grams], slow=seen > 0, share=seen / _SAMPLE)
    found = await _beginning_with(tx, term, searched)
    return Search(_any_of(found), slow=len(found) > _FEW_TRIGRAMS) if found is not None else None


async def exact_users(tx: Transaction, term: str) -> Match | None:
    """Return what finds exactly the users who have a term, on SQLite, or None where a test has to follow.

    No longer than a trigram, and of ordinary characters, a term is nowhere but where the index says. It does
    not say of which organization, where there are several.
    """
    if len(term) > _TRIGRAM or not _NOT_EXACT.isdisjoint(term):
        return None
    if len(await tx.values(_TWO_ORGS)) > 1:
        return None
    found = [term] if len(term) == _TRIGRAM else await _beginning_with(tx, term, _USERS)
    return None if found is None else _any_of(found)


async def is_common(tx: Transaction, org_key: int, term: str) -> bool:
    """Whether it is quicker to go through all users than to look up each who may have a term."""
    seen: int = await tx.value(COUNT_IN_SAMPLE_OF_USERS, org_key=org_key, term=term, most=_SAMPLE)
    return seen >= _MANY


async def _beginning_with(tx: Transaction, term: str, searched: _Searched) -> list[str] | None:
    """Return the trigrams that begin with a short term, or None of too many."""
    indexed = term.translate(AS_INDEXED)
    found = await tx.values(searched.terms, low=indexed, high=indexed + _HIGHEST, most=_MOST_TRIGRAMS)
    return found if len(found) < _MOST_TRIGRAMS else None


def _any_of(found: list[str]) -> str:
    # No name holds control characters: what is not found anywhere has to match nothing.
    return " OR ".join(map(_quoted, found or ["\x01\x01\x01"]))


def _trigrams(term: str) -> list[str]:
    return [term[start : start + _TRIGRAM] for start in range(len(term) - _TRIGRAM + 1)]


async def _rare_trigrams(tx: Transaction, org_key: int, term: str) -> list[str]:
    """Return trigrams that are not in each name: all addresses of a domain share most of theirs."""
    grams = list(dict.fromkeys(_trigrams(term)))
    if len(grams) <= _MOST_LOOKED_UP:
        return grams
    texts = await tx.values(SELECT_SAMPLE_OF_USERS, org_key=org_key, most=_SMALL_SAMPLE)
    return sorted(grams, key=lambda gram: sum(gram in text for text in texts))[:_MOST_LOOKED_UP]


def _some_trigrams(term: str) -> list[str]:
    """Return trigrams from all over the term: each one more is another list of rows to go through."""
    step = max(_TRIGRAM, len(term) // _SOME)
    return list(dict.fromkeys([*_trigrams(term)[::step], term[-_TRIGRAM:]]))


def _quoted(trigram: str) -> str:
    return '"' + trigram.replace('"', '""') + '"'
