"""The seam between the rules and the engines: two kinds of transactions, nothing else (design 2.2)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from guildhall.store.name_samples import NameSample
from guildhall.store.statement import Statement

Row = TypeVar("Row")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

SCHEMA_VERSION = 4
"""The schema that this program reads and writes."""


class StartRefused(Exception):
    """The database cannot be run with; the text says why and what to do."""


class Transaction(Protocol):
    """What an operation reads and writes through, from one snapshot, all or nothing.

    Only statements are awaited in a transaction: on SQLite its coroutine must never suspend.
    """

    engine: str
    """`sqlite` or `postgres`, for what the two do in different ways."""

    now: int
    """The transaction's time in epoch milliseconds."""

    def new_id(self) -> str:
        """Return a new UUID in lower case."""

    async def one(self, statement: Statement[Row], **parameters: Any) -> Row | None:
        """Return the first row as the statement's struct, or None."""

    async def all(self, statement: Statement[Row], **parameters: Any) -> list[Row]:
        """Return all rows as the statement's structs."""

    async def value(self, statement: Statement[Any], **parameters: Any) -> Any:
        """Return the first column of the first row, or None when there is no row."""

    async def values(self, statement: Statement[Any], **parameters: Any) -> list[Any]:
        """Return the first column of every row."""

    async def run(self, statement: Statement[Any], **parameters: Any) -> int:
        """Run a statement that returns no rows; return how many rows it changed."""

    async def lock(self, statement: Statement[Any], **parameters: Any) -> None:
        """Lock the rows that a statement selects until the transaction ends.

        What the next statements read is what the last holder of the lock left. On SQLite, where nobody else
        writes meanwhile, nothing is read.
        """

    async def run_many(self, statement: Statement[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters, in the order of `statement.parameters`."""

    async def run_last(self, statement: Statement[Any], **parameters: int) -> None:
        """Run a write of nothing but numbers at the end, in the order of these calls.

        The transaction may not read what it writes. A row at which many meet is locked only for as long as
        the commit takes (ADR 18).
        """

    async def name_sample(self, org_key: int) -> NameSample | None:
        """Return a few names of groups, of some seconds ago, if the engine chooses its ways by them."""

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call `effect` once the transaction is on disk; never when it is not."""


class Session(Protocol):
    """What one request reads and writes where a replica takes reads (ADR 19)."""

    position: int | None
    """The place in the log that the request has seen; None before it has read or written."""

    async def read(
        self,
        function: Callable[Concatenate[Any, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run a read as `Database.read` does, on the replica if it has all that the caller has seen."""

    async def read_latest(
        self,
        function: Callable[Concatenate[Any, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run a read as `Database.read` does, on the primary."""

    async def write(
        self,
        function: Callable[Concatenate[Any, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run a write as `Database.write` does."""


class Replica(Protocol):
    """A copy of the database that follows it and takes reads."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is read from it now, or None."""

    def session(self, seen: int) -> Session:
        """Begin a request whose caller has seen the log up to `seen`; 0 is nothing."""

    async def close(self) -> None:
        """Let go of it."""


class Database(Protocol):
    """Where an organization's data lives. Transactions are callables, so that they can be repeated."""

    engine: str
    """`sqlite` or `postgres`."""

    replica: Replica | None
    """What requests are read from, where one is set; `read` itself never does."""

    @property
    def trouble(self) -> str | None:
        """Why the store takes no writes now, or None."""

    async def read(
        self,
        function: Callable[Concatenate[Any, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run `function(tx, …)` on one snapshot; it may be run again, so it must have no effects."""

    async def write(
        self,
        function: Callable[Concatenate[Any, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run `function(tx, …)`; its result, or the error it raised, is delivered after the commit.

        Raises Unavailable when the outcome is not on disk or not known.
        """

    def stream(
        self,
        function: Callable[Concatenate[Any, Arguments], AsyncGenerator[Result, None]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> AsyncGenerator[Result, None]:
        """Give, one by one, what `function(tx, …)` yields from one snapshot, however long that takes.

        Close it when its end is not reached: a snapshot keeps the store from tidying up behind it.
        """

    async def check(self) -> str | None:
        """Say why the store cannot be used, or None; tries to recover from a failed commit."""

    async def close(self) -> None:
        """Finish what was queued and let go of the database."""
