"""`guildhall check`: counts everything again that is stored twice."""

import click

from guildhall.cli.database import database_option, in_database
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.output import Column, show_rows
from guildhall.cli.steps import steps
from guildhall.operations.maintenance.checks import MOST_FINDINGS, Finding, check_database
from guildhall.store.database import Database

_COLUMNS = (
    Column[Finding]("ORGANIZATION", lambda finding: finding.org_id, whole=True),
    Column[Finding]("CHECK", lambda finding: finding.check),
    Column[Finding]("OF", lambda finding: finding.subject),
    Column[Finding]("STORED", lambda finding: finding.stored),
    Column[Finding]("EXPECTED", lambda finding: finding.expected),
)


@click.command(name="check")
@database_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON: a list of findings, empty when clean.")
def command(database_url: str, *, as_json: bool) -> int:
    """Count every stored counter and seat again, and say what is off.

    It changes nothing and works beside a running server. The exit code is 0 when nothing is off and 1
    when something is; then please report how it came about, and put a backup in its place.
    """
    with steps() as step:

        async def work(database: Database) -> list[Finding]:
            return await check_database(database, step)

        findings = in_database(database_url, work)
    if findings or as_json:
        show_rows(findings, _COLUMNS, as_json=as_json)
    if len(findings) >= MOST_FINDINGS:
        click.echo(f"The first {MOST_FINDINGS} findings; there are more.", err=True)
    if not findings and not as_json:
        click.echo("Nothing is off.")
    return ExitCode.FAILED if findings else ExitCode.DONE
