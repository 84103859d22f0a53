"""`guildhall export`: a database as a seed file."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

import click

from guildhall.cli.database import choose_org, database_option, in_database
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.cli.output import progress
from guildhall.model.permissions import Caller
from guildhall.operations.orgs import system_caller
from guildhall.seeds.forms import Form, JSONForm, YAMLForm
from guildhall.seeds.writing import write_export
from guildhall.store.database import Database, Transaction
from guildhall.store.orgs import SELECT_ORGS
from guildhall.store.temporary_files import create_private, take_place, temporary_beside

Write = Callable[[bytes], int]


@click.command(name="export")
@database_option
@click.option("--org", help="The organization's id or name; without it, all there are.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON in place of YAML.")
def command(database_url: str, org: str | None, output: Path | None, *, force: bool, as_json: bool) -> None:
    """Write the organizations of a database as a seed file, to the standard output unless told otherwise.

    It is read from one snapshot, also beside a running server, and needs little memory whatever its
    size. Keys are written as hashes. `guildhall seed` makes the same of it again, byte for byte.
    """
    if output is not None and output.exists() and not force:
        raise Failure(f"{output} is there already: choose another name, or say --force", ExitCode.CONFLICT)
    form: Form = JSONForm() if as_json else YAMLForm()
    with _target(output) as write:
        in_database(database_url, lambda database: _export(database, org, form, write))


@contextmanager
def _target(output: Path | None) -> Iterator[Write]:
    """Give what writes; a file is in its place only when it is whole."""
    if output is None:
        yield sys.stdout.buffer.write
        return
    with temporary_beside(output) as unfinished:
        with os.fdopen(create_private(unfinished), "wb") as file:
            yield file.write
        take_place(unfinished, output)


async def _export(database: Database, org_id: str | None, form: Form, write: Write) -> None:
    callers = await database.read(_callers, org_id)
    with progress("Exporting, in bytes") as advance:
        async with aclosing(database.stream(write_export, callers, form)) as pieces:
            async for piece in pieces:
                write(piece)
                advance(len(piece))


async def _callers(tx: Transaction, org_id: str | None) -> Sequence[Caller]:
    orgs = await tx.all(SELECT_ORGS) if org_id is None else []
    return [system_caller(org) for org in orgs or [await choose_org(tx, org_id)]]
