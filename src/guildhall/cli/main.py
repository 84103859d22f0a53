"""The command `guildhall`: which commands there are, and how each of them ends."""

import difflib
import importlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from guildhall import __version__
from guildhall.cli.exit_codes import EPILOG, ExitCode, Failure, exit_code_of
from guildhall.client.errors import ErrorAnswer
from guildhall.model.escapes import ESCAPED, harmless, harmless_json
from guildhall.settings import unknown_variables


class Place(NamedTuple):
    """The module that defines a command as `command`, and the line that the help has for it."""

    module: str
    help: str


# In the order of the help. A module is loaded when its command is called, and not for the help.
COMMANDS = {
    "serve": Place("serve", "Serve the API from a database, or a furnished demonstration."),
    "init": Place("init", "Make a database with an organization, a directory and a first key."),
    "orgs": Place("orgs", "List, rename and delete the organizations of a database."),
    "keys": Place("keys", "Create, list and revoke API keys."),
    "seed": Place("seed", "Furnish a database from a seed file."),
    "export": Place("export", "Write a database as a seed file."),
    "generate": Place("generate", "Fill a database with a synthetic organization."),
    "migrate": Place("migrate", "Bring a database to the schema of this version."),
    "check": Place("check", "Recount every stored counter and seat, and say what is off."),
    "backup": Place("backup", "Copy a database, also beside a running server."),
    "restore": Place("restore", "Put a backup in the place of a database."),
    "copy": Place("copy", "Copy a SQLite database to PostgreSQL, everything in it."),
    "groups": Place("groups", "Groups, their members and roles, on any server of the API."),
    "directories": Place("directories", "Directories of an organization, on a running Guildhall."),
    "users": Place("users", "Users, their groups and roles, on any server of the API."),
    "events": Place("events", "Audit events, listed or followed, on any server of the API."),
    "resources": Place("resources", "Resources of an organization, on a running Guildhall."),
}


class Commands(click.Group):
    """The table of commands, as click asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command's module; None where there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"guildhall.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the commands without loading any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in COMMANDS.items()])


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="guildhall")
def program() -> None:
    """Run an organization directory that speaks Atlassian's Organizations REST API."""
    for sentence in unknown_variables(os.environ):
        click.echo(f"Warning: {sentence}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPED)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error that may happen becomes a line."""
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        left = program.main(arguments, prog_name="guildhall", standalone_mode=False)
    except click.exceptions.Abort:
        return _complain(("interrupted",), ExitCode.INTERRUPTED, as_json=as_json)
    except click.ClickException as error:
        return _show(error, as_json=as_json)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        lines = error.lines if isinstance(error, Failure) else (str(error),)
        return _complain(lines, code, _answered(error), as_json=as_json)
    return left if isinstance(left, int) else ExitCode.DONE


def _show(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        return _complain((error.format_message(),), error.exit_code, as_json=True)
    written = io.StringIO()
    error.show(file=written)
    for line in written.getvalue().splitlines():
        click.echo(harmless(line, terminal=True), err=True)
    return error.exit_code


def _answered(error: Exception) -> dict[str, Any]:
    """Return what a program may want to know of a server's answer."""
    if not isinstance(error, ErrorAnswer):
        return {}
    return {"status": error.status, "code": error.code, "errorId": error.error_id}


def _complain(
    lines: Sequence[str], code: int, more: Mapping[str, Any] | None = None, *, as_json: bool
) -> int:
    if as_json:
        told = {"error": {"exitCode": int(code), "message": "\n".join(lines), **(more or {})}}
        click.echo(harmless_json(json.dumps(told, ensure_ascii=False)), err=True)
    else:
        for line in lines:
            click.echo(f"Error: {harmless(line, terminal=True)}", err=True)
    return code
