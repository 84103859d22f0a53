"""What people name: directories, groups, users and resources, by name or by id.

Everything is looked up through documented searches, so that it works on the vendor's servers too.
A name always means the whole name, compared as the contract compares names: what is found is
compared once more here, because the next step may be to delete it.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from guildhall.cli.connection import Connection
from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.client.errors import ClientError
from guildhall.client.paging import Page
from guildhall.client.v2.groups import Group
from guildhall.client.v2.users import User
from guildhall.client.v2.workspaces import field
from guildhall.model.emails import email_key
from guildhall.model.ids import ANY_DIRECTORY, is_account_id, parse_resource_id, parse_uuid
from guildhall.model.names import fold, trim

T = TypeVar("T")

BATCH = 100
"""How many ids or e-mail addresses are looked up by one request."""


class Candidate(NamedTuple):
    """Something that has the name, and what tells it from others of that name."""

    id: str
    note: str


def find_all(*lookups: Callable[[], T]) -> list[T]:
    """Return what each look-up finds; raises one Failure that tells everything that is not found."""
    found, failures = [], list[Failure]()
    for lookup in lookups:
        try:
            found.append(lookup())
        except Failure as failure:
            failures.append(failure)
    if failures:
        first, *more = (line for failure in failures for line in failure.lines)
        raise Failure(first, failures[0].exit_code, *more)
    return found


def directory_id(connection: Connection) -> str | None:
    """Return the id of the directory that `--directory` names, None without one."""
    said = connection.directory
    return None if said is None or said == ANY_DIRECTORY else find_directory_id(connection, said)


def first_directory_id(connection: Connection) -> str:
    """Return the id of the organization's first directory, which is its default one."""
    for directory in connection.client.directories.list(limit=1).data:
        return directory.directory_id
    raise Failure("the organization has no directory", ExitCode.NOT_FOUND)


def find_directory_id(connection: Connection, said: str) -> str:
    """Return the id of the directory with that id or name."""
    if known := parse_uuid(said):
        return known
    there = list(connection.client.directories.list_all(limit=100))
    found = [Candidate(item.directory_id, "") for item in there if _same(item.name, said)]
    return _only(found, "directory", said, lambda: (item.name or "" for item in there)).id


def find_group(connection: Connection, said: str) -> Group:
    """Return the group with that id or name, within the directory that was named."""
    groups, directory = connection.client.groups, directory_id(connection)
    if known := parse_uuid(said):
        for group in groups.search(directory, group_ids=[known]).data:
            if group.id == known:
                return group
    found = [group for group in groups.search_all(directory, group_names=[said]) if _same(group.name, said)]
    candidates = [Candidate(group.id, f"--directory {group.directory_id}") for group in found]
    chosen = _only(candidates, "group", said, lambda: _names_like(groups.search, directory, said))
    return next(group for group in found if group.id == chosen.id)


def find_user(connection: Connection, directory: str | None, said: str) -> User:
    """Return the user with that account id, e-mail address or name, in a directory."""
    users = {user.account_id: user for user in _users(connection, directory, said)}
    candidates = [Candidate(user.account_id, user.email or "no e-mail") for user in users.values()]
    search = connection.client.users.search
    what = f"user in directory {directory}" if directory else "user"
    return users[_only(candidates, what, said, lambda: _names_like(search, directory, said)).id]


def find_users(connection: Connection, directory: str, said: Sequence[str]) -> dict[str, User | Failure]:
    """Return for each that was named the user, or why there is none; ids and e-mails go by the hundred."""
    users, found = connection.client.users, dict[str, User | Failure]()
    for batch in _batches([one for one in said if "@" in one]):
        there = {email_key(u.email): u for u in users.search_all(directory, emails=batch) if u.email}
        found |= {one: there[email_key(one)] for one in batch if email_key(one) in there}
    for batch in _batches([one for one in said if "@" not in one and is_account_id(one)]):
        for user in users.search_all(directory, account_ids=batch):
            if user.account_id in batch:
                found[user.account_id] = user
    return {one: found.get(one) or _user_or_failure(connection, directory, one) for one in said}


def _user_or_failure(connection: Connection, directory: str, said: str) -> User | Failure:
    try:
        return find_user(connection, directory, said)
    except Failure as failure:
        return failure


def _batches(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])


def _users(connection: Connection, directory: str | None, said: str) -> list[User]:
    """Find by id, else by e-mail, else by name: what identifies goes before what anybody may be called."""
    users = connection.client.users
    if "@" in said:
        found = [user for user in users.search_all(directory, emails=[said]) if _is_address(user, said)]
    else:
        by_id = users.search(directory, account_ids=[said]).data if is_account_id(said) else []
        found = [user for user in by_id if user.account_id == said]
    return found or [u for u in users.search_all(directory, search_term=said) if _same(u.name, said)]


def find_account_id(connection: Connection, said: str) -> str:
    """Return the account id of a user in any directory, who has one row for each of them."""
    try:
        return find_user(connection, None, said).account_id
    except Failure as failure:
        # An account that is in no directory is not found, but has an id like all.
        if failure.exit_code is ExitCode.NOT_FOUND and is_account_id(said):
            return said
        raise


def find_resource_id(connection: Connection, said: str) -> str:
    """Return the id of the resource with that id or name."""
    if parse_resource_id(said):
        return said
    workspaces = connection.client.workspaces
    there = workspaces.search_all(field("attributes.name", said))
    found = [Candidate(item.id, "") for item in there if _same(item.attributes.name, said)]
    return _only(found, "resource", said, lambda: _resource_names(connection)).id


def _resource_names(connection: Connection) -> list[str]:
    rows = islice(connection.client.workspaces.search_all(limit=100), 500)
    return [row.attributes.name for row in rows if row.attributes.name]


def _names_like(
    search: Callable[..., Page[Group]] | Callable[..., Page[User]], directory: str | None, said: str
) -> list[str]:
    """Return names that share a beginning or an end with what was said, for a hint."""
    pieces = dict.fromkeys((said[:4], said[-4:]))
    pages = [search(directory, search_term=piece, limit=100).data for piece in pieces if piece.strip()]
    return [item.name for page in pages for item in page if item.name]


def role_id(said: str) -> str:
    """Return the id of a role; `user` is short for `atlassian/user`."""
    return said if "/" in said else f"atlassian/{said}"


def _is_address(user: User, said: str) -> bool:
    return user.email is not None and email_key(user.email) == email_key(said)


def _same(name: str | None, said: str) -> bool:
    return name is not None and fold(trim(name)) == fold(trim(said))


def _only(found: Sequence[Candidate], what: str, said: str, names: Callable[[], Iterable[str]]) -> Candidate:
    """Return the one thing that was found; a Failure that names others where there is none or more."""
    if not found:
        raise Failure(f"there is no {what} {said!r}{_hint(said, names)}", ExitCode.NOT_FOUND)
    if len(found) > 1:
        listed = ", ".join(f"{one.id} ({one.note})" if one.note else one.id for one in found)
        raise Failure(f"{len(found)} have the name {said!r}: say which by its id: {listed}", ExitCode.USAGE)
    return found[0]


def _hint(said: str, names: Callable[[], Iterable[str]]) -> str:
    """Return a question that names what may have been meant; nothing where the server cannot tell."""
    try:
        known = {fold(name): name for name in names()}
    except ClientError:
        return ""
    near = difflib.get_close_matches(fold(said), known, n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(repr(known[name]) for name in near)}?" if near else ""
