"""`guildhall seed`: a database becomes what a seed file says."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from guildhall.cli.database import database_option, in_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.output import Column, is_asked, printable, progress, show_done, show_rows
from guildhall.model.errors import InvalidInput, TooManyRemovals
from guildhall.model.seeds import (
    MOST_REMOVALS,
    Change,
    Difference,
    Kept,
    SeedDocument,
    SeedOptions,
    SeedReport,
)
from guildhall.operations.seeding.organizations import DryRun, seed_organizations
from guildhall.operations.seeding.reports import LISTS
from guildhall.seeds.lines import Advance
from guildhall.seeds.reading import read_seed_file, read_seed_stream
from guildhall.store.database import Database

STDIN = "-"

_PASSES = 3
"""A file is looked through, then for the names that it moves, then applied; a prune looks through it too."""

_COLUMNS = (
    Column[Change]("CHANGE", lambda change: change.action),
    Column[Change]("OF", lambda change: change.type),
    Column[Change]("ID", lambda change: change.id, whole=True),
    Column[Change]("NAME", lambda change: change.name),
    Column[Change]("WHAT", lambda change: change.changed),
)

_KEPT_COLUMNS = (
    Column[Kept]("KEPT", lambda kept: kept.type),
    Column[Kept]("ID", lambda kept: kept.id, whole=True),
    Column[Kept]("NAME", lambda kept: kept.name),
    Column[Kept]("WHY", lambda kept: kept.reason),
)


@click.command(name="seed")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@database_option
@click.option("--org", help="The organization's id or name, where the file names none.")
@click.option("--create-organization", is_flag=True, help="The file may create another organization.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show everything that would change.")
@click.option(
    "--allow-removals",
    is_flag=True,
    help=f"Take away more than {MOST_REMOVALS} groups, members, roles and users without asking.",
)
@click.option("--prune", is_flag=True, help="Remove groups and roles that the file does not name.")
@click.option("--prune-users", is_flag=True, help="With --prune: remove users from directories too.")
@click.option("--changes", "with_changes", is_flag=True, help="List every change, not only how many.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON: all that was changed.")
@click.pass_context
def command(
    context: click.Context,
    /,
    database_url: str,
    file: Path,
    *,
    with_changes: bool,
    as_json: bool,
    allow_removals: bool,
    **given: Any,
) -> None:
    """Furnish the database from FILE (YAML or JSON; docs/seed-files.md), beside a running server too.

    It is applied as a whole or not at all. What the file does not name stays, unless --prune is given.
    Seeding the same file again changes nothing. FILE can be -, the standard input: an export can be piped in.
    """
    if given["prune_users"] and not given["prune"]:
        raise click.UsageError("--prune-users goes with --prune.")
    options = SeedOptions(most_removals=None if allow_removals else MOST_REMOVALS, **given)
    try:
        reports = _seed(database_url, file, options)
    except InvalidInput as error:
        for detail in error.details:
            click.echo(f"Error: {printable(detail)}", err=True)
        context.exit(ExitCode.REFUSED)
    lines = [line for report in reports for line in _lines(report)]
    result: dict[str, Any] = {"organizations": msgspec.to_builtins(reports)}
    if options.dry_run:
        result["dryRun"] = True
        lines.append("Nothing was changed: this was a dry run.")
    show_done(lines[0] if lines else "nothing to do", result, *lines[1:], as_json=as_json)
    if (with_changes or options.dry_run) and not as_json:
        _show_changes(reports)


def _seed(database_url: str, file: Path, options: SeedOptions) -> Sequence[SeedReport]:
    """Read the file before the database is opened: one that cannot be read leaves none behind.

    On a terminal, ask before much is taken away, and again should it be more by then.
    """
    size = 0 if str(file) == STDIN else file.stat().st_size
    with progress("Seeding", size * (_PASSES + options.prune)) as advance:
        documents = _read(file, advance)
        done = _try(database_url, documents, options)
    while isinstance(done, TooManyRemovals):
        if not is_asked():
            raise done
        click.echo(printable(str(done)), err=True)
        click.confirm("Remove them?", abort=True, err=True)
        options = msgspec.structs.replace(options, most_removals=done.removals)
        with progress("Seeding"):
            done = _try(database_url, documents, options)
    return done


def _read(file: Path, advance: Advance) -> Sequence[SeedDocument]:
    if str(file) == STDIN:
        return read_seed_stream(sys.stdin.buffer, "stdin", advance)
    return read_seed_file(file, advance)


def _try(
    database_url: str, documents: Sequence[SeedDocument], options: SeedOptions
) -> Sequence[SeedReport] | TooManyRemovals:
    async def apply(database: Database) -> Sequence[SeedReport]:
        return await database.write(seed_organizations, documents, options)

    try:
        return in_database(database_url, apply, create=not options.dry_run)
    except DryRun as end:
        return end.reports
    except TooManyRemovals as error:
        return error


def _lines(report: SeedReport) -> Iterator[str]:
    counted = ", ".join(f"{what}: {count}" for what, count in report.totals.items())
    yield f"{report.organization_id}  {report.organization_name}  {counted or 'nothing changed'}"
    if report.kept:
        yield f"Not pruned, because the rules forbid it: {len(report.kept)}; --changes lists them."


def _show_changes(reports: Sequence[SeedReport]) -> None:
    for report in reports:
        if report.changes:
            show_rows(report.changes, _COLUMNS, as_json=False)
        for change in report.changes:
            _show_differences(change)
        if report.kept:
            show_rows(report.kept, _KEPT_COLUMNS, as_json=False)
        if report.left_out:
            click.echo(f"and {report.left_out} more")


def _show_differences(change: Change) -> None:
    """Write a line for each: what came, what went, what has another value."""
    for number, difference in enumerate(change.differences):
        if not number:
            click.echo(f"{change.type} {printable(change.name)} ({change.id})")
        came, went = difference.before is None, difference.after is None
        if difference.field in LISTS and came != went:
            text = f"  {'+' if came else '-'} {difference.field}: {_value(_one_of(difference))}"
        else:
            text = f"  {difference.field}: {_value(difference.before)} -> {_value(difference.after)}"
        click.echo(text)


def _one_of(difference: Difference) -> Any:
    return difference.after if difference.before is None else difference.before


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return printable(", ".join(f"{name}: {inner}" for name, inner in value.items()))
    return printable(value)
