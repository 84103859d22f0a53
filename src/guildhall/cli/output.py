"""What commands write: tables for people, tab-separated lines for pipes, JSON for machines."""

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from guildhall.model.escapes import harmless, harmless_json

T = TypeVar("T")


class Column(NamedTuple, Generic[T]):
    """A column of a table: its title, what it shows of a row, and whether that must stay in one piece."""

    title: str
    value: Callable[[T], Any]
    whole: bool = False


def show_rows(rows: Iterable[T], columns: tuple[Column[T], ...], *, as_json: bool) -> None:
    """Write a list: a table on a terminal, tab-separated lines into a pipe, an array with `--json`."""
    if as_json:
        _write_array(rows)
    elif sys.stdout.isatty():
        _draw(list(counted(rows)), columns)
    else:
        _write_lines(rows, columns)


def show_one(record: T, columns: tuple[Column[T], ...], *, as_json: bool) -> None:
    """Write one object, a line for each of its members."""
    if as_json:
        click.echo(_pretty(record))
        return
    width = max(len(column.title) for column in columns)
    for column in columns:
        click.echo(f"{column.title:{width}}  {printable(column.value(record))}")


def show_done(text: str | Sequence[str], result: Mapping[str, Any], *more: str, as_json: bool) -> None:
    """Write what was done: a sentence, and more lines, or an object with `--json`."""
    lines = [text, *more] if isinstance(text, str) else [*text, *more]
    for line in [_pretty(result)] if as_json else map(printable, lines):
        click.echo(line)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on the terminal, a counter without a total; gives what advances it.

    It goes to the error output, so that what is piped stays clean, and vanishes at the end.
    """
    shape = (BarColumn(), MofNCompleteColumn()) if total else (TextColumn("{task.completed:,}"),)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), *shape, TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


def counted(rows: Iterable[T], label: str = "Reading") -> Iterator[T]:
    """Pass rows on while a counter on the terminal shows how many there were."""
    with progress(label) as advance:
        for row in rows:
            advance(1)
            yield row


def printable(value: Any) -> str:
    """Return a value as text of one line that cannot steer a terminal, whatever a server put into a name."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ", ".join(printable(item) for item in value) or "-"
    return harmless(str(value), terminal=sys.stdout.isatty())


def write_line(text: str) -> None:
    """Write a line of a stream at once, safe for a terminal."""
    click.echo(harmless_json(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def is_asked() -> bool:
    """Whether somebody is there who can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> None:
    """Ask on the terminal whether to go on; no leaves the program."""
    click.confirm(harmless(question, terminal=True), abort=True, err=True)


def complain(text: str) -> None:
    """Write one error of several; the command goes on."""
    click.echo(f"Error: {harmless(text, terminal=True)}", err=True)


def _draw(rows: Sequence[T], columns: tuple[Column[T], ...]) -> None:
    """Draw a table, or where its columns would be too narrow to read one line for each field of a row."""
    console = Console()
    cells = [[printable(column.value(row)) for column in columns] for row in rows]
    needed = sum(_width(cells, number, column) + _GAP for number, column in enumerate(columns))
    if needed <= console.width:
        console.print(_table(cells, columns))
        return
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            click.echo(f"{column.title}: {cell}")
        click.echo()


_GAP = 3
_READABLE = 12
"""The narrowest column in which words can still be read."""


def _width(cells: Sequence[Sequence[str]], number: int, column: Column[Any]) -> int:
    """Return how wide a column must be: an id and a time stay in one piece, words may wrap."""
    title = max(cell_len(word) for word in column.title.split())
    widest = max((cell_len(row[number]) for row in cells), default=0)
    return max(title, widest if column.whole else min(widest, _READABLE))


def _table(cells: Sequence[Sequence[str]], columns: tuple[Column[T], ...]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        least = _width(cells, number, column)
        table.add_column(column.title, overflow="fold", no_wrap=column.whole, min_width=least)
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _write_lines(rows: Iterable[T], columns: tuple[Column[T], ...]) -> None:
    # A list that fails at its first row has written nothing.
    waiting = iter(rows)
    first = list(itertools.islice(waiting, 1))
    click.echo("\t".join(column.title for column in columns))
    for row in itertools.chain(first, waiting):
        click.echo("\t".join(printable(column.value(row)) for column in columns))


def _write_array(rows: Iterable[Any]) -> None:
    """Write an item a line as they come: a long list need not fit into memory."""
    separator = "["
    for row in rows:
        click.echo(separator)
        click.echo(_json(msgspec.json.encode(row)), nl=False)
        separator = ","
    click.echo("[]" if separator == "[" else "\n]")


def _pretty(value: Any) -> str:
    return _json(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _json(content: bytes) -> str:
    text = content.decode()
    return harmless_json(text) if sys.stdout.isatty() else text
