"""Rules of lists of users: filters, pages, numbers (contract 4, 8 "Filters", "Users and directories")."""

from collections import Counter
from collections.abc import Iterable, Sequence

from guildhall.model.emails import domain_key, email_key
from guildhall.model.errors import InvalidInput
from guildhall.model.filters import Keys
from guildhall.model.names import fold, trim
from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.user_lists import (
    STANDINGS,
    AccountStatus,
    UserCriteria,
    UserFilter,
    UserRow,
    UserStats,
    UserView,
    account_status,
    membership_status,
)
from guildhall.model.users import USER_STATUS_WORDS, ClaimStatus
from guildhall.operations.directories import find_key_of_page
from guildhall.operations.lists.filters import (
    directory_alone,
    resolve_directories,
    resolve_groups,
    resolve_resources,
    resolve_roles,
    resolve_users,
)
from guildhall.store import roles, user_details
from guildhall.store.database import Transaction
from guildhall.store.lists import user_counts, user_pages


async def resolve_user_criteria(tx: Transaction, caller: Caller, criteria: UserCriteria) -> UserFilter:
    """Return the filter in keys; raises DirectoryNotFound, and InvalidInput for unknown roles."""
    if criteria.search_term is not None and criteria.emails is not None:
        raise InvalidInput("searchTerm: cannot be combined with emails.")
    role_keys = await resolve_roles(tx, caller, criteria.role_ids)
    return UserFilter(
        directories=await resolve_directories(tx, caller, criteria.directory_id, criteria.directory_ids),
        users=await _resolve_accounts(tx, caller, criteria),
        groups=await resolve_groups(tx, caller, criteria.group_ids),
        resources=await resolve_resources(tx, caller, criteria.resource_ids),
        roles=role_keys,
        standings=_resolve_standings(criteria),
        claims=_resolve_claims(criteria.claim_statuses),
        mfa=None if criteria.mfa_enabled is None else int(criteria.mfa_enabled),
        domains=await _resolve_domains(tx, caller, criteria.email_domains),
        search=None if criteria.search_term is None else fold(criteria.search_term),
    )


async def resolve_first_page(tx: Transaction, caller: Caller, criteria: UserCriteria) -> UserFilter:
    """Return the filter of a list that begins; see `filters.resolve_first_page`."""
    directory_id = directory_alone(criteria)
    if directory_id is not None:
        return UserFilter(directory_id=directory_id)
    return await resolve_user_criteria(tx, caller, criteria)


async def _resolve_accounts(tx: Transaction, caller: Caller, criteria: UserCriteria) -> Keys | None:
    by_id = await resolve_users(tx, caller, criteria.account_ids)
    if criteria.emails is None:
        return by_id
    email_keys = [email_key(email) for email in criteria.emails]
    by_email = await tx.values(
        user_details.SELECT_USER_KEYS_BY_EMAIL, org_key=caller.org_key, email_keys=email_keys
    )
    return tuple(key for key in by_email if by_id is None or key in by_id)


def _resolve_standings(criteria: UserCriteria) -> Keys | None:
    """Join the three filters of a user's status by AND; None when every standing fits."""
    fitting = tuple(
        key
        for key, (status, closed) in STANDINGS.items()
        if _fits(criteria.statuses, USER_STATUS_WORDS[status])
        and _fits(criteria.account_statuses, account_status(status, closed))
        and _fits(criteria.membership_statuses, membership_status(status))
    )
    return None if len(fitting) == len(STANDINGS) else fitting


def _fits(wanted: Sequence[str] | None, word: str) -> bool:
    return wanted is None or word in wanted


def _resolve_claims(words: Iterable[str] | None) -> Keys | None:
    if words is None:
        return None
    return tuple(sorted({int(ClaimStatus[word.upper()]) for word in words}))


async def _resolve_domains(
    tx: Transaction, caller: Caller, domains: Iterable[str] | None
) -> tuple[str, ...] | None:
    """Keep the domains that some user has: texts that match nothing would only make cursors long."""
    if domains is None:
        return None
    known = []
    for domain in sorted({domain_key(trim(domain)) for domain in domains}):
        key = {"org_key": caller.org_key, "email_domain": domain}
        if await tx.value(user_details.SELECT_DOMAIN_IS_KNOWN, **key) is not None:
            known.append(domain)
    return tuple(known)


async def list_user_rows(tx: Transaction, caller: Caller, view: UserView, window: Window) -> Page[UserRow]:
    """Return a page of users in the view's order, then by account id, then by directory."""
    rows: list[UserRow] = []
    if not view.filter.matches_nothing:
        rows = await user_pages.select_users(tx, caller.org_key, view, window)
    return cut_page(rows, window, lambda row: user_pages.position_of(view.sort, row))


async def begin_list(
    tx: Transaction, caller: Caller, view: UserView, window: Window
) -> tuple[UserView, Page[UserRow]]:
    """Return the first page of a list, and its view as cursors carry it; see `groups.begin_list`."""
    page = await list_user_rows(tx, caller, view, window)
    directory_id = view.filter.directory_id
    if directory_id is None:
        return view, page
    key = await find_key_of_page(tx, caller, directory_id, page.items)
    return UserView(UserFilter(directories=(key,)), view.sort, view.descending), page


async def count_users(tx: Transaction, caller: Caller, chosen: UserFilter) -> int:
    """Return how many users match: an account in two directories counts in each."""
    if chosen.matches_nothing:
        return 0
    return await user_counts.count_users(tx, caller.org_key, chosen)


async def get_user_stats(tx: Transaction, caller: Caller, chosen: UserFilter) -> UserStats:
    """Return how many of the users that match hold each role, and have each account status.

    A role counts the account once, a status the account in each directory (contract 8).
    """
    catalogue = {role.role_key: role.id for role in await tx.all(roles.SELECT_ROLES, org_key=caller.org_key)}
    held = dict.fromkeys(catalogue.values(), 0)
    statuses = Counter(dict.fromkeys(AccountStatus, 0))
    if not chosen.matches_nothing:
        for role in await user_counts.count_roles(tx, caller.org_key, chosen):
            held[catalogue[role.role_key]] = role.users
        for total in await user_counts.count_standings(tx, caller.org_key, chosen):
            statuses[account_status(total.status, total.closed)] += total.users
    return UserStats(held, statuses)
