"""Ordered lists read by position: the statements of every page of one list (contract 1.4)."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from guildhall.model.paging import Window
from guildhall.store.database import Transaction
from guildhall.store.statement import Statement, register

Row = TypeVar("Row")


class Listing(Generic[Row]):
    """A list in the order of `columns`, which an index has and which no two rows share."""

    def __init__(self, sql: str, columns: Sequence[str], row: type[Row]) -> None:
        self._names = _start_names(columns)
        self._statements = {
            (backward, sign): register(page_sql(sql, columns, sign, backward=backward), row)
            for backward, signs in ((False, ("", ">", ">=")), (True, ("", "<", "<=")))
            for sign in signs
        }

    async def page(self, tx: Transaction, window: Window, **parameters: Any) -> list[Row]:
        """Return up to `limit + 1` rows of the window, in its own direction."""
        values = dict(zip(self._names, window.start or (), strict=window.start is not None))
        statement = self._statement(window)
        return await tx.all(statement, **parameters, **values, most=window.limit + 1)

    def _statement(self, window: Window) -> Statement[Row]:
        sign = "" if window.start is None else "<" if window.backward else ">"
        return self._statements[window.backward, sign + "=" if sign and window.inclusive else sign]


def page_sql(sql: str, columns: Sequence[str], sign: str, *, backward: bool) -> str:
    """Return the text of a page: behind `start_<column>`, …, if there is a `sign`, up to `most` rows."""
    order = ", ".join(f"{column} DESC" if backward else column for column in columns)
    start = ", ".join(f":{name}" for name in _start_names(columns))
    condition = f"AND ({', '.join(columns)}) {sign} ({start})" if sign else ""
    return f"{sql} {condition} ORDER BY {order} LIMIT :most"


def _start_names(columns: Sequence[str]) -> list[str]:
    return [f"start_{column.rpartition('.')[2]}" for column in columns]
