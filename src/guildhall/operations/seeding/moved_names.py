"""E-mail addresses and group names that a file moves: all are freed before one is taken (ADR 28).

The unique constraints of the database hold after every statement, those of a seed at its end. Whoever the
file gives another address or name has, until then, one that nobody can want.
"""

from collections.abc import Iterator
from itertools import islice

from guildhall.model.emails import email_key
from guildhall.model.names import fold, trim
from guildhall.model.seeds import Section, SeedDocument
from guildhall.operations.seeding.runs import Run
from guildhall.store.maintenance import exports, seeds

_AT_ONCE = 500
_BEFORE_ALL_KEYS = 0
_MOST_CHARACTERS = 1_000
"""No longer text is folded: it is no address and no name, which is told where it is read."""
_NOBODYS = "\x01"
"""What a freed address or name begins with: no address and no name has control characters."""


async def free_emails(run: Run, document: SeedDocument) -> None:
    """Free the addresses of the users to whom the file gives another one."""
    if not await run.tx.all(exports.SELECT_USERS_AFTER, **run.org, start=_BEFORE_ALL_KEYS, most=1):
        return
    items = _renaming(document, Section.USERS, "account_id", "email")
    while chunk := dict(islice(items, _AT_ONCE)):
        ids = list(chunk)
        found = await run.tx.all(seeds.SELECT_USERS_TO_CHANGE_BY_ID, **run.org, account_ids=ids)
        rows = [
            seeds.FREE_EMAIL.bind(
                {**run.org, "user_key": user.user_key, "email_key": f"{_NOBODYS}{user.user_key}"}
            )
            for user in found
            if user.email_key != email_key(chunk[user.account_id])
        ]
        await run.tx.run_many(seeds.FREE_EMAIL, rows)


async def free_group_names(run: Run, document: SeedDocument) -> None:
    """Free the names of the groups to which the file gives another one."""
    if not await run.tx.all(exports.SELECT_GROUPS_AFTER, **run.org, start=_BEFORE_ALL_KEYS, most=1):
        return
    items = _renaming(document, Section.GROUPS, "id", "name")
    while chunk := {group_id.lower(): name for group_id, name in islice(items, _AT_ONCE)}:
        found = await run.tx.all(seeds.SELECT_GROUPS_BY_ID, **run.org, group_ids=list(chunk))
        for group in found:
            if group.name_key != fold(trim(chunk[group.id])):
                key = {**run.org, "group_key": group.group_key}
                await run.tx.run(seeds.FREE_GROUP_NAME, **key, name_key=f"{_NOBODYS}{group.group_key}")


def _renaming(
    document: SeedDocument, section: Section, identity: str, name: str
) -> Iterator[tuple[str, str]]:
    """Go through the subjects that the file knows by their ids and gives a name."""
    for item in document.items(section):
        pair = getattr(item.value, identity), getattr(item.value, name)
        if isinstance(pair[0], str) and isinstance(pair[1], str) and len(pair[1]) <= _MOST_CHARACTERS:
            yield pair
