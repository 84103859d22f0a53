"""`guildhall seed`: a database becomes what a seed file says."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from guildhall.cli.database import database_option, in_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.output import Column, printable, progress, show_done, show_rows
from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import Change, SeedDocument, SeedReport
from guildhall.operations.seed import seed_organizations
from guildhall.seeds.lines import Advance
from guildhall.seeds.reading import read_seed_file, read_seed_stream

STDIN = "-"

_PASSES = 3
"""A file is looked through, then for the names that it moves, then applied."""

_COLUMNS = (
    Column[Change]("CHANGE", lambda change: change.action),
    Column[Change]("OF", lambda change: change.type),
    Column[Change]("ID", lambda change: change.id, whole=True),
    Column[Change]("NAME", lambda change: change.name),
    Column[Change]("WHAT", lambda change: change.changed),
)


@click.command(name="seed")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@database_option
@click.option("--changes", "with_changes", is_flag=True, help="List every change, not only how many.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON: all that was changed.")
@click.pass_context
def command(
    context: click.Context, database_url: str, file: Path, *, with_changes: bool, as_json: bool
) -> None:
    """Furnish the database from FILE (YAML or JSON; docs/seed-files.md), beside a running server too.

    It is applied as a whole or not at all. What the file does not name stays. Seeding the same file
    again changes nothing. FILE can be -, the standard input: an export can be piped in.
    """
    try:
        reports = _seed(database_url, file)
    except InvalidInput as error:
        for detail in error.details:
            click.echo(f"Error: {printable(detail)}", err=True)
        context.exit(ExitCode.REFUSED)
    lines = [_line(report) for report in reports]
    result = {"organizations": msgspec.to_builtins(reports)}
    show_done(lines[0] if lines else "nothing to do", result, *lines[1:], as_json=as_json)
    if with_changes and not as_json:
        _show_changes(reports)


def _seed(database_url: str, file: Path) -> Sequence[SeedReport]:
    """Read the file before the database is opened: one that cannot be read leaves none behind."""
    size = 0 if str(file) == STDIN else file.stat().st_size
    with progress("Seeding", size * _PASSES) as advance:
        documents = _read(file, advance)
        return in_database(
            database_url, lambda database: database.write(seed_organizations, documents), create=True
        )


def _read(file: Path, advance: Advance) -> Sequence[SeedDocument]:
    if str(file) == STDIN:
        return read_seed_stream(sys.stdin.buffer, "stdin", advance)
    return read_seed_file(file, advance)


def _line(report: SeedReport) -> str:
    counted = ", ".join(f"{what}: {count}" for what, count in report.totals.items())
    return f"{report.organization_id}  {report.organization_name}  {counted or 'nothing changed'}"


def _show_changes(reports: Sequence[SeedReport]) -> None:
    for report in reports:
        if report.changes:
            show_rows(report.changes, _COLUMNS, as_json=False)
        left_out = sum(report.totals.values()) - len(report.changes)
        if left_out:
            click.echo(f"and {left_out} more")
