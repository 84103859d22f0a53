"""Options that every command over HTTP has, and the client that they lead to."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import click
import msgspec

from guildhall.client.clients import Guildhall, Options
from guildhall.client.conversations import LATEST


class Connection(msgspec.Struct, frozen=True):
    """An open client, the directory that was named, and whether machines read the output."""

    client: Guildhall
    directory: str | None
    as_json: bool


def connected(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command the options of a connection, and the connection as its first argument."""
    return _with_options(command, _OPTIONS)


def connected_to_org(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Do the same without `--directory`, for what belongs to the whole organization."""
    return _with_options(command, tuple(one for one in _OPTIONS if one is not _DIRECTORY))


def _with_options(
    command: Callable[..., int | None], options_of_command: tuple[Callable[[Any], Any], ...]
) -> Callable[..., int | None]:
    @functools.wraps(command)
    def connect(**options: Any) -> int | None:
        taken = {name: options.pop(name, None) for name in ("url", "key", "org", "directory", "as_json")}
        # Each command is a client of its own, and must see what the one before it has done.
        options_of_client = Options(org_id=taken["org"], position=LATEST)
        with Guildhall(taken["url"], taken["key"], options_of_client) as client:
            connection = Connection(client, taken["directory"], taken["as_json"])
            return command(connection, **options)

    for option in reversed(options_of_command):
        connect = option(connect)
    return connect


def said(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given; an empty text is None, which clears what is there."""
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    return {name: None if value == "" else value for name, value in given.items()}


_DIRECTORY = click.option(
    "--directory",
    envvar="GUILDHALL_DIRECTORY",
    show_envvar=True,
    help="A directory's id or name; by default all for reading, the first for creating.",
)
_OPTIONS = (
    click.option(
        "--url",
        required=True,
        envvar="GUILDHALL_URL",
        show_envvar=True,
        help="The server, e.g. http://127.0.0.1:8080 or https://api.atlassian.com.",
    ),
    click.option(
        "--key",
        required=True,
        envvar="GUILDHALL_KEY",
        show_envvar=True,
        help="The API key; the variable keeps it out of the list of processes.",
    ),
    click.option(
        "--org",
        envvar="GUILDHALL_ORG",
        show_envvar=True,
        help="The organization's id; by default the one of the key.",
    ),
    _DIRECTORY,
    click.option("--json", "as_json", is_flag=True, help="Write JSON."),
)
