"""What an operation reads and writes through on PostgreSQL (design 2.2)."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from guildhall.store.directories import SELECT_DIRECTORY
from guildhall.store.name_samples import SELECT_SAMPLE, SIZE, NameSample, NameSamples
from guildhall.store.name_stamps import STAMP_NAMES
from guildhall.store.postgres.batches import OnLink
from guildhall.store.postgres.connections import Link
from guildhall.store.postgres.lookup_batches import Lookups
from guildhall.store.statement import Statement

Result = TypeVar("Result")

_NUMBERED = re.compile(r"\$(\d+)")

_BEFORE_THE_SNAPSHOT = SELECT_DIRECTORY.postgres
"""A directory's key is its own for good, and only an empty directory is deleted: what is read of one a moment
later, and found empty then, is what it held last. Looked up behind what was found empty, it may have come
meanwhile, with all that is in it: so both want one snapshot."""

_AT_ANY_TIME = SELECT_SAMPLE.postgres
"""A sample may be old."""


class PostgresTransaction:
    """Statements on one link; see `guildhall.store.database.Transaction`."""

    __slots__ = ("_link", "_named", "_new_id", "_samples", "effects", "last", "now")

    engine = "postgres"

    def __init__(
        self, link: Any, now: int, new_id: Callable[[], str], samples: NameSamples | None = None
    ) -> None:
        self._link = link
        self._new_id = new_id
        self._samples = samples or NameSamples()
        self._named: set[int] = set()
        """Organizations whose names of groups were altered."""
        self.now = now
        self.effects: list[Callable[[], None]] = []
        self.last: list[str] = []
        """Statements that go out with the commit."""

    def new_id(self) -> str:
        """Return a new UUID in lower case."""
        return self._new_id()

    async def one(self, statement: Statement[Result], **parameters: Any) -> Result | None:
        """Return the first row as the statement's struct, or None."""
        row = await self._link.first(statement.postgres, self._bind(statement, parameters))
        return statement.row(*row) if row is not None and statement.row else None

    async def all(self, statement: Statement[Result], **parameters: Any) -> list[Result]:
        """Return all rows as the statement's structs."""
        make: Callable[..., Result] = statement.row  # type: ignore[assignment]
        rows = await self._link.fetch(statement.postgres, self._bind(statement, parameters))
        return [make(*row) for row in rows]

    async def value(self, statement: Statement[Any], **parameters: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = await self._link.first(statement.postgres, self._bind(statement, parameters))
        return None if row is None else row[0]

    async def values(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        """Return the first column of every row."""
        rows = await self._link.fetch(statement.postgres, self._bind(statement, parameters))
        return [row[0] for row in rows]

    async def run(self, statement: Statement[Any], **parameters: Any) -> int:
        """Run a statement that returns no rows; return how many rows it changed."""
        changed: int = await self._link.run(statement.postgres, self._bind(statement, parameters))
        return changed

    async def lock(self, statement: Statement[Any], **parameters: Any) -> None:
        """Lock the rows that a statement selects."""
        await self._link.fetch(statement.postgres, statement.bind(parameters))

    async def run_many(self, statement: Statement[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        if statement.alters_names:
            raise ValueError("names of groups are written one by one, so that each is noted")
        await self._link.run_many(statement.postgres, rows)

    async def run_last(self, statement: Statement[Any], **parameters: int) -> None:
        """Run a write of nothing but numbers together with the commit, so that it locks for no longer."""
        values = [str(int(value)) for value in statement.bind(parameters)]
        self.last.append(_NUMBERED.sub(lambda match: f"({values[int(match[1]) - 1]})", statement.postgres))

    def _bind(self, statement: Statement[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
        if statement.alters_names:
            self._named.add(parameters["org_key"])
        return statement.bind(parameters)

    async def commit(self) -> bool:
        """End it, with what was left for the end, in one round trip; return False when it was undone."""
        committed: bool = await self._link.commit([*self.last, *self._stamps()])
        return committed

    async def stamp_names(self) -> None:
        """Write now what `commit` writes of names, where it is not what ends the transaction."""
        for sql in self._stamps():
            await self._link.run(sql, ())

    def _stamps(self) -> list[str]:
        return [STAMP_NAMES % org_key for org_key in sorted(self._named)]

    async def name_sample(self, org_key: int) -> NameSample:
        """Return some names of groups, which may be old."""

        def read() -> Awaitable[list[Any]]:
            return self.all(SELECT_SAMPLE, org_key=org_key, most=SIZE)

        return await self._samples.find(org_key, self.now, read)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call `effect` once the transaction is on disk."""
        self.effects.append(effect)


class SecondStatement(Exception):
    """What ran without a transaction asks for a statement that wants one."""


class LoneRead(PostgresTransaction):
    """A read without a transaction: of one statement, on any connection; raises SecondStatement at another.

    What looks for one row is answered together with others who do.
    """

    __slots__ = ("_lookups",)

    def __init__(
        self, run: OnLink, lookups: Lookups, now: int, new_id: Callable[[], str], samples: NameSamples
    ) -> None:
        super().__init__(_AnyLink(run), now, new_id, samples)
        self._lookups = lookups

    async def one(self, statement: Statement[Result], **parameters: Any) -> Result | None:
        """Return the first row as the statement's struct, or None."""
        if statement.several is None:
            return await super().one(statement, **parameters)
        self._link.count(statement.postgres)
        return await self._lookups.find(statement, parameters)


def _with(statements: int, sql: str) -> int:
    """Return how many statements want one snapshot, with another one to those that did."""
    if sql == _AT_ANY_TIME:
        return statements
    return statements + (statements > 0 or sql != _BEFORE_THE_SNAPSHOT)


class _AnyLink:
    """A link for as long as a statement runs; one that wants a snapshot, and any that need none with it."""

    __slots__ = ("_run", "_statements")

    def __init__(self, run: OnLink) -> None:
        self._run = run
        self._statements = 0

    def count(self, sql: str) -> None:
        """Note a statement; raises SecondStatement."""
        self._statements = _with(self._statements, sql)
        if self._statements > 1:
            raise SecondStatement

    def fetch(self, sql: str, arguments: Sequence[Any]) -> Awaitable[list[Any]]:
        """See `Link.fetch`."""
        self.count(sql)
        return self._run(lambda link: link.fetch(sql, arguments))

    def first(self, sql: str, arguments: Sequence[Any]) -> Awaitable[Any]:
        """See `Link.first`."""
        self.count(sql)
        return self._run(lambda link: link.first(sql, arguments))


class CountingLink:
    """What a read uses of a link; it counts the statements that one snapshot is wanted for."""

    __slots__ = ("_link", "statements")

    def __init__(self, link: Link) -> None:
        self._link = link
        self.statements = 0

    def fetch(self, sql: str, arguments: Sequence[Any]) -> Awaitable[list[Any]]:
        """See `Link.fetch`."""
        self.statements = _with(self.statements, sql)
        return self._link.fetch(sql, arguments)

    def first(self, sql: str, arguments: Sequence[Any]) -> Awaitable[Any]:
        """See `Link.first`."""
        self.statements = _with(self.statements, sql)
        return self._link.first(sql, arguments)
