"""Rules of directories (contract 6a, 8 "Users and directories")."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from guildhall.model.directories import Directory
from guildhall.model.errors import Conflict, DirectoryNotFound, InvalidInput
from guildhall.model.events import EventAction, Subject
from guildhall.model.filters import DirectoryFilter
from guildhall.model.groups import Group
from guildhall.model.ids import ANY_DIRECTORY, parse_uuid
from guildhall.model.names import fold, name_problem, text_problem, trim
from guildhall.model.paging import Page, Window
from guildhall.model.permissions import Caller
from guildhall.model.user_lists import UserRow
from guildhall.operations.events import record_event
from guildhall.operations.walks import walk_page
from guildhall.store import directories, orgs
from guildhall.store.database import Transaction

_IDS_TO_NAME = 20
_ICON_LENGTH = 2_048
_DEFAULT_RANK = 0
_OTHER_RANK = 1


async def find_directory(tx: Transaction, caller: Caller, directory_id: str) -> Directory:
    """Return the directory, or raise DirectoryNotFound; an id of the wrong form finds nothing."""
    found = None
    clean_id = parse_uuid(directory_id)
    if clean_id is not None:
        found = await tx.one(directories.SELECT_DIRECTORY, org_key=caller.org_key, directory_id=clean_id)
    if found is None:
        raise DirectoryNotFound(f"There is no directory {directory_id} in the organization.")
    return found


async def find_key_of_page(
    tx: Transaction, caller: Caller, directory_id: str, items: Sequence[Group | UserRow]
) -> int:
    """Return the key of a directory whose first page was read by its id alone; raises DirectoryNotFound.

    What is in it tells the key; where that is nothing the directory is looked up.
    """
    found = items[0] if items else await find_directory(tx, caller, directory_id)
    return found.directory_key


async def find_directory_to_write(tx: Transaction, caller: Caller, directory_id: str) -> Directory:
    """Return the directory; `-` raises InvalidInput that lists the directories (contract 1.3)."""
    if directory_id == ANY_DIRECTORY:
        ids = await tx.values(directories.SELECT_DIRECTORY_IDS, org_key=caller.org_key, most=_IDS_TO_NAME)
        raise InvalidInput(
            "directoryId: '-' stands for all directories and cannot be written to;"
            f" name one of: {', '.join(ids)}."
        )
    return await find_directory(tx, caller, directory_id)


async def get_default_directory(tx: Transaction, caller: Caller) -> Directory:
    """Return the organization's default directory."""
    found = await tx.one(directories.SELECT_DEFAULT_DIRECTORY, org_key=caller.org_key)
    if found is None:
        raise DirectoryNotFound("The organization has no default directory.")
    return found


async def list_directories(
    tx: Transaction, caller: Caller, chosen: DirectoryFilter, window: Window
) -> Page[Directory]:
    """Return a page of directories, the default one first, the others by name, then by id."""

    async def read(part: Window) -> list[Directory]:
        return await directories.DIRECTORIES.page(tx, part, org_key=caller.org_key)

    return await walk_page(
        read, window, _accepts(chosen), lambda found: (found.rank, found.name_key, found.id)
    )


def _accepts(chosen: DirectoryFilter) -> Callable[[Directory], bool]:
    return lambda directory: (
        (chosen.directories is None or directory.directory_key in chosen.directories)
        and (chosen.search is None or chosen.search in directory.name_key)
    )


class DirectoryChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory is to be; UNSET leaves as it is, or takes the default of a new one."""

    name: str
    icon: str | UnsetType | None = UNSET
    default: bool | UnsetType = UNSET


async def put_directory(
    tx: Transaction, caller: Caller, directory_id: str, changes: DirectoryChanges
) -> tuple[Directory, bool]:
    """Create a directory or change it; return it and whether it is new. No change, no event.

    An organization has exactly one default directory: its first one, until another is made default,
    which demotes the one before. Raises InvalidInput.
    """
    if directory_id == ANY_DIRECTORY:
        await find_directory_to_write(tx, caller, directory_id)
    clean_id = _require_id(directory_id)
    _check_texts(changes)
    await tx.one(orgs.SELECT_ORG_TO_FURNISH, org_key=caller.org_key)
    default = await tx.one(directories.SELECT_DEFAULT_DIRECTORY, org_key=caller.org_key)
    before = await tx.one(directories.SELECT_DIRECTORY, org_key=caller.org_key, directory_id=clean_id)
    after = _changed(before or _new(clean_id), changes, is_first=default is None)
    if after == before:
        return before, False
    if default is not None and default.id != after.id and after.is_default:
        await tx.run(directories.DEMOTE_DEFAULT_DIRECTORY, org_key=caller.org_key)
    await _store(tx, caller, before, after)
    await _record_put(tx, caller, before, after)
    return await find_directory(tx, caller, clean_id), before is None


def _require_id(directory_id: str) -> str:
    clean_id = parse_uuid(directory_id)
    if clean_id is None:
        raise DirectoryNotFound(f"directoryId: {directory_id[:100]} is not a UUID, so nothing can be there.")
    return clean_id


def _check_texts(changes: DirectoryChanges) -> None:
    problems = [("name", name_problem(trim(changes.name)))]
    if changes.icon is not UNSET:
        problems.append(("icon", text_problem(changes.icon or "", 0, _ICON_LENGTH)))
    details = [f"{field}: {problem}." for field, problem in problems if problem]
    if details:
        raise InvalidInput(*details)


def _new(directory_id: str) -> Directory:
    return Directory(0, directory_id, "", "", None, _OTHER_RANK)


def _changed(before: Directory, changes: DirectoryChanges, *, is_first: bool) -> Directory:
    if changes.default is False and (is_first or before.is_default):
        raise InvalidInput(
            "default: an organization always has a default directory; make another one the default instead."
        )
    name = trim(changes.name)
    icon = before.icon if changes.icon is UNSET else changes.icon or None
    becomes_default = is_first or changes.default is True
    rank = _DEFAULT_RANK if becomes_default else before.rank
    return msgspec.structs.replace(before, name=name, name_key=fold(name), icon=icon, rank=rank)


async def _store(tx: Transaction, caller: Caller, before: Directory | None, after: Directory) -> None:
    """Store a directory; raises Conflict where another transaction was ahead."""
    values = {
        "org_key": caller.org_key,
        "name": after.name,
        "name_key": after.name_key,
        "icon": after.icon,
        "rank": after.rank,
    }
    if before is None:
        made = await tx.value(directories.INSERT_DIRECTORY, **values, directory_id=after.id)
        if made is None:
            raise Conflict("Another request has just made a directory of this id or name. Send it again.")
    else:
        await tx.run(directories.UPDATE_DIRECTORY, **values, directory_key=after.directory_key)


async def _record_put(tx: Transaction, caller: Caller, before: Directory | None, after: Directory) -> None:
    if before is None:
        action, message = EventAction.DIRECTORY_CREATED, f"Created directory {after.name}"
    else:
        action, message = EventAction.DIRECTORY_UPDATED, f"Updated directory {after.name}"
    await record_event(tx, caller, action, message, [directory_subject(after, before)])


async def delete_directory(tx: Transaction, caller: Caller, directory_id: str) -> None:
    """Delete a directory without users and groups.

    Raises DirectoryNotFound, and Conflict while it is used or when it is the default one.
    """
    clean_id = parse_uuid(directory_id) or directory_id
    await tx.one(orgs.SELECT_ORG_TO_FURNISH, org_key=caller.org_key)
    await tx.one(directories.SELECT_DIRECTORY_TO_CHANGE, org_key=caller.org_key, directory_id=clean_id)
    directory = await find_directory_to_write(tx, caller, directory_id)
    if directory.is_default:
        raise Conflict("The default directory cannot be deleted; make another one the default first.")
    key = {"org_key": caller.org_key, "directory_key": directory.directory_key}
    if await tx.value(directories.SELECT_DIRECTORY_IS_USED, **key) is not None:
        raise Conflict("The directory has users or groups. Remove them first.")
    await tx.run(directories.DELETE_GROUP_TOTALS, **key)
    await tx.run(directories.DELETE_USER_TOTALS, **key)
    await tx.run(directories.DELETE_ROLE_TOTALS, **key)
    await tx.run(directories.DELETE_DIRECTORY, **key)
    message = f"Deleted directory {directory.name}"
    await record_event(tx, caller, EventAction.DIRECTORY_DELETED, message, [directory_subject(directory)])


def directory_subject(directory: Directory, before: Directory | None = None) -> Subject:
    """Describe a directory in an event, and what it was."""
    attributes = _attributes(directory)
    if before is not None:
        attributes["before"] = _attributes(before)
    return Subject(directory.id, "directories", attributes)


def _attributes(directory: Directory) -> dict[str, object]:
    return {"name": directory.name, "icon": directory.icon, "default": directory.is_default}
