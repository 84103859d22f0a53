"""Look-ups of single rows on PostgreSQL: those that wait at the same time become one statement (ADR 17)."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from guildhall.store.postgres.batches import Batcher
from guildhall.store.postgres.connections import Link
from guildhall.store.statement import Statement

Result = TypeVar("Result")

Kind = tuple[Statement[Any], Sequence[Any]]
"""What is looked for: by the statement, and by the values that all who look for it give it, in its order."""


class Lookups(Batcher[Kind, Any, Any]):
    """Answers those who look for one row each; it is read after the question, as if each had asked alone."""

    async def find(self, statement: Statement[Result], parameters: Mapping[str, Any]) -> Result | None:
        """Return the row that a statement with `several` finds; raises what running that raises."""
        shared = tuple([parameters[name] for name in statement.shared])
        key = statement.key(parameters)  # type: ignore[misc]
        found: Result | None = await self.ask((statement, shared), key)
        return found

    async def answer_all(self, link: Link, kind: Kind, asked: Sequence[Any]) -> Sequence[Any]:
        """Return a row, or None, for each key."""
        statement, shared = kind
        several: Statement[Any] = statement.several  # type: ignore[assignment]
        keys = set(asked)
        columns = zip(*keys, strict=True) if len(several.lists) > 1 else (keys,)
        values = dict(zip(statement.shared, shared, strict=True))
        values |= zip(several.lists, map(list, columns), strict=True)
        rows = [several.row(*row) for row in await link.fetch(several.postgres, several.bind(values))]  # type: ignore[misc]
        found = {statement.key_of(row): row for row in rows}
        return [found.get(key) for key in asked]
