"""`guildhall groups add` and `guildhall groups remove`: many users at once, each told by itself."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

import click

from guildhall.cli.completion import complete_group
from guildhall.cli.connection import Connection, connected
from guildhall.cli.exit_codes import ExitCode, Failure, exit_code_of
from guildhall.cli.member_files import read_users
from guildhall.cli.names import BATCH, find_group, find_users
from guildhall.cli.output import complain, progress, show_done
from guildhall.client.errors import Conflict, ConnectionFailed, ErrorAnswer, NotFound, Unauthorized
from guildhall.client.v2.groups import GROUP_GONE, Group
from guildhall.client.v2.memberships import ALREADY_A_MEMBER
from guildhall.client.v2.users import User

_MEMBERS = [
    click.argument("group", shell_complete=complete_group),
    click.argument("users", metavar="[USER]...", nargs=-1),
    click.option(
        "--file",
        type=click.File("rb"),
        help="Users from a file (- is the standard input): ids or e-mail addresses, one a line, or CSV"
        " with a header that names accountId or email.",
    ),
]


class Change(NamedTuple):
    """Adding or removing: its words, how it is sent, and the error that means that nothing was to do."""

    done: str
    unchanged: str
    send: Callable[..., None]
    is_nothing: Callable[[ErrorAnswer], bool]
    adds: bool


class Outcome(NamedTuple):
    """What came of one user; `error` is None where the group is now as wanted."""

    user: str
    account_id: str
    changed: bool
    error: Exception | None = None


def _command(name: str) -> Callable[[Callable[..., int]], click.Command]:
    def declare(function: Callable[..., int]) -> click.Command:
        wrapped = connected(function)
        for part in reversed(_MEMBERS):
            wrapped = part(wrapped)
        return click.command(name)(wrapped)

    return declare


@_command("add")
def add_members(connection: Connection, group: str, users: Sequence[str], file: BinaryIO | None) -> int:
    """Add users to a group.

    Whoever cannot be added is told and the rest are added. The exit code is 0 when all are members now,
    that of the failure when some failed, and 1 when they failed in different ways.
    """
    change = Change("Added", "already there", connection.client.memberships.add, _is_member, adds=True)
    return _carry_out(connection, group, _named(users, file), change)


@_command("remove")
def remove_members(connection: Connection, group: str, users: Sequence[str], file: BinaryIO | None) -> int:
    """Remove users from a group.

    Whoever cannot be removed is told and the rest are removed. The exit code is 0 when none is a member
    now, that of the failure when some failed, and 1 when they failed in different ways.
    """
    change = Change("Removed", "not there", connection.client.memberships.remove, _is_none, adds=False)
    return _carry_out(connection, group, _named(users, file), change)


def _is_member(error: ErrorAnswer) -> bool:
    return isinstance(error, Conflict) and error.code == ALREADY_A_MEMBER


def _is_none(error: ErrorAnswer) -> bool:
    # The user was found in the directory a moment ago, so it is the membership that is not there.
    return isinstance(error, NotFound) and error.code != GROUP_GONE


def _named(users: Sequence[str], file: BinaryIO | None) -> list[str]:
    from_file: list[str] = []
    if file is not None:
        from_file, sentence = read_users(file)
        click.echo(sentence, err=True)
    if not users and not from_file:
        raise click.UsageError("Name the users, or a file of them with --file.")
    return list(dict.fromkeys([*users, *from_file]))


def _carry_out(connection: Connection, said: str, users: Sequence[str], change: Change) -> int:
    group = find_group(connection, said)
    found = find_users(connection, group.directory_id, users)
    accounts = [user.account_id for user in found.values() if not isinstance(user, Failure)]
    members = _members(connection, group, list(dict.fromkeys(accounts)))
    outcomes = []
    with progress(change.done, len(users)) as advance:
        for outcome in _outcomes(group, found, change):
            outcomes.append(outcome)
            advance(1)
    outcomes = _without_what_was_so(outcomes, members, change)
    _report(connection, group, outcomes, change)
    return _exit_code(outcomes)


def _outcomes(group: Group, found: Mapping[str, User | Failure], change: Change) -> Iterator[Outcome]:
    told, ended = set[str](), None
    for said, user in found.items():
        if isinstance(user, Failure):
            yield Outcome(said, "", changed=False, error=user)
        elif ended is not None:
            yield Outcome(said, user.account_id, changed=False, error=ended)
        elif user.account_id not in told:
            told.add(user.account_id)
            outcome = _send(group, said, user.account_id, change)
            ended = outcome.error if _concerns_all(outcome.error) else None
            yield outcome


def _without_what_was_so(
    outcomes: Sequence[Outcome], members: Collection[str], change: Change
) -> list[Outcome]:
    """Take back what changed nothing.

    Guildhall answers 204 to that as well, and who was a member tells it; a server that has refused one
    for being so has changed what it did not refuse.
    """
    if any(not one.changed and one.error is None for one in outcomes):
        return list(outcomes)
    return [
        one._replace(changed=one.changed and (one.account_id in members) != change.adds) for one in outcomes
    ]


def _members(connection: Connection, group: Group, accounts: Sequence[str]) -> set[str]:
    """Return who of these is a member now: a success does not tell whether it changed anything."""
    users, found = connection.client.users, set[str]()
    for start in range(0, len(accounts), BATCH):
        batch = accounts[start : start + BATCH]
        rows = users.search_all(group.directory_id, group_ids=[group.id], account_ids=batch)
        found.update(user.account_id for user in rows)
    return found


def _send(group: Group, user: str, account_id: str, change: Change) -> Outcome:
    try:
        change.send(group.id, account_id, directory_id=group.directory_id)
    except ErrorAnswer as error:
        if change.is_nothing(error):
            return Outcome(user, account_id, changed=False)
        return Outcome(user, account_id, changed=False, error=error)
    except ConnectionFailed as error:
        return Outcome(user, account_id, changed=False, error=error)
    return Outcome(user, account_id, changed=True)


def _concerns_all(error: Exception | None) -> bool:
    """Whether an error would meet everybody behind as well: no connection, no key, no group."""
    is_gone = isinstance(error, NotFound) and error.code == GROUP_GONE
    return is_gone or isinstance(error, (ConnectionFailed, Unauthorized))


def _report(connection: Connection, group: Group, outcomes: Sequence[Outcome], change: Change) -> None:
    changed = [one for one in outcomes if one.changed]
    failed = [one for one in outcomes if one.error is not None]
    unchanged = [one for one in outcomes if one.error is None and not one.changed]
    for one in failed:
        complain(f"{one.user}: {one.error}")
    result: dict[str, Any] = {
        "id": group.id,
        change.done.lower(): [one.account_id for one in changed],
        "unchanged": [one.account_id for one in unchanged],
        "failed": [{"user": one.user, "error": str(one.error)} for one in failed],
    }
    lines = [f"{change.done.lower()}: {_person(one)}" for one in changed]
    lines += [f"{change.unchanged}: {_person(one)}" for one in unchanged]
    counted = f"{change.done} {len(changed)} {'to' if change.adds else 'from'} {group.name!r}"
    counted += f", {len(unchanged)} {change.unchanged}" if unchanged else ""
    counted += f", {len(failed)} failed" if failed else ""
    show_done([*lines, counted], result, as_json=connection.as_json)


def _person(outcome: Outcome) -> str:
    named = outcome.user != outcome.account_id
    return f"{outcome.user} ({outcome.account_id})" if named else outcome.account_id


def _exit_code(outcomes: Sequence[Outcome]) -> ExitCode:
    codes = {exit_code_of(one.error) for one in outcomes if one.error is not None}
    if not codes:
        return ExitCode.DONE
    return (codes.pop() if len(codes) == 1 else None) or ExitCode.FAILED
