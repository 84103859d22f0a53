"""The trigrams that SQLite's full-text tables hold, against those that the names have (design 2.4)."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from guildhall.store.database import Transaction
from guildhall.store.lists.search import AS_INDEXED
from guildhall.store.maintenance.checks import Discrepancy
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.statement import Statement, register

_ROWS_AT_ONCE = 5_000
_TRIGRAM = 3
_SENTINELS = "\x03\x03"
# A term's number of rows and the sum of their keys, as one number: half the work for millions of terms.
_ONE_ROW = 1 << 64


class _Postings(msgspec.Struct, frozen=True):
    term: str
    rows: int
    keys: int


class _Text(msgspec.Struct, frozen=True):
    key: int
    text: str


class Search(msgspec.Struct, frozen=True):
    """A full-text table: the statements for its trigrams, and for the texts that it is made from."""

    name: str
    postings: Statement[_Postings]
    texts: Statement[_Text]


def _search(name: str, postings: str, texts: str) -> Search:
    return Search(
        name,
        register(
            f"SELECT term, count(*), SUM(doc) FROM {postings} GROUP BY term",
            _Postings,
            postgres="SELECT '', 0, 0 LIMIT 0",
        ),
        register(texts, _Text),
    )


SEARCHES = (
    _search(
        "groups",
        "group_postings",
        "SELECT group_key, name_key FROM groups WHERE org_key = :org_key AND group_key > :start"
        " ORDER BY group_key LIMIT :most",
    ),
    _search(
        "users",
        "user_postings",
        f"SELECT user_key, name_key || '{_SENTINELS}' || email_fold FROM users"
        " WHERE org_key = :org_key AND user_key > :start ORDER BY user_key LIMIT :most",
    ),
)


async def compare_trigrams(tx: Transaction, search: Search, most: int) -> list[Discrepancy]:
    """Return terms that lead to other rows than those whose names hold them; SQLite only."""
    expected: dict[str, int] = defaultdict(int)
    for org in await tx.all(SELECT_ORGS):
        start: int | None = 0
        while start is not None:
            texts = await tx.all(search.texts, org_key=org.org_key, start=start, most=_ROWS_AT_ONCE)
            _add(expected, texts)
            start = texts[-1].key if texts else None
    stored = {p.term: p.rows * _ONE_ROW + p.keys for p in await tx.all(search.postings)}
    off = [term for term in expected.keys() | stored.keys() if expected.get(term) != stored.get(term)]
    return [Discrepancy(repr(t), _told(stored.get(t)), _told(expected.get(t))) for t in sorted(off)[:most]]


def _add(expected: dict[str, int], texts: Iterable[_Text]) -> None:
    for row in texts:
        text = row.text.translate(AS_INDEXED) + _SENTINELS
        number = _ONE_ROW + row.key
        for term in {text[start : start + _TRIGRAM] for start in range(len(text) - _TRIGRAM + 1)}:
            expected[term] += number


def _told(number: int | None) -> str | None:
    if number is None:
        return None
    rows, keys = divmod(number, _ONE_ROW)
    return f"{rows} rows, keys adding up to {keys}"
