"""Accounts and the directories that they are in, read by id and in lists (contract 6a, 8)."""

from collections.abc import Iterable, Sequence

from guildhall.model.errors import UserNotFound
from guildhall.model.ids import is_account_id
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.users import Account, User, UserDirectory
from guildhall.store import directory_users, users
from guildhall.store.database import Transaction


async def get_user(tx: Transaction, caller: Caller, account_id: str) -> Account:
    """Return an account with its directories; raises UserNotFound."""
    found = None
    if is_account_id(account_id):
        found = await tx.one(users.SELECT_USER, org_key=caller.org_key, account_id=account_id)
    if found is None:
        raise UserNotFound(f"There is no user {account_id[:128]} in the organization.")
    return (await with_directories(tx, caller, [found]))[0]


async def list_users(tx: Transaction, caller: Caller, window: Window) -> Page[Account]:
    """Return a page of the organization's accounts by id, each with its directories."""
    rows = await users.USERS.page(tx, window, org_key=caller.org_key)
    page = cut_page(rows, window, lambda user: (user.account_id,))
    return Page(await with_directories(tx, caller, page.items), page.this, page.previous, page.next)


async def with_directories(
    tx: Transaction, caller: Caller, found: Sequence[User], *, to_change: bool = False
) -> list[Account]:
    """Return the accounts of users, in the same order; how they stand is locked if it is to change."""
    statement = directory_users.SELECT_DIRECTORIES_OF_USERS
    if to_change:
        statement = directory_users.SELECT_DIRECTORIES_OF_USERS_TO_CHANGE
    places: dict[int, list[UserDirectory]] = {user.user_key: [] for user in found}
    if places:
        for row in await tx.all(statement, org_key=caller.org_key, user_keys=list(places)):
            places[row.user_key].append(row)
    return [Account(user, in_order(places[user.user_key])) for user in found]


def in_order(standings: Iterable[UserDirectory]) -> tuple[UserDirectory, ...]:
    """Sort a user's directories: the default one first, the others by name, then by id."""
    return tuple(sorted(standings, key=lambda place: (place.rank, place.name_key, place.directory_id)))
