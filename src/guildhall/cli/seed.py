"""`guildhall seed`: a database becomes what a seed file says."""

from pathlib import Path

import click
import msgspec

from guildhall.cli.database import database_option, in_database
from guildhall.cli.output import show_done
from guildhall.cli.seeding import apply, read_file
from guildhall.model.seeds import SeedReport


@click.command(name="seed")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@database_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON: all that was changed.")
def command(database_url: str, file: Path, *, as_json: bool) -> None:
    """Furnish the database from FILE (YAML or JSON; docs/seed-files.md), beside a running server too.

    It is applied as a whole or not at all. Seeding the same file again changes nothing.
    """
    documents = read_file(file)
    reports = in_database(database_url, lambda database: apply(database, documents), create=True)
    lines = [_line(report) for report in reports]
    show_done(
        lines[0] if lines else "nothing to do",
        {"organizations": msgspec.to_builtins(reports)},
        *lines[1:],
        as_json=as_json,
    )


def _line(report: SeedReport) -> str:
    counted = ", ".join(f"{count} {what}" for what, count in report.totals.items())
    return f"{report.organization_id}  {report.organization_name}  {counted or 'nothing changed'}"
