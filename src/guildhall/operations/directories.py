"""Rules of directories."""

from guildhall.model.directories import Directory
from guildhall.model.errors import DirectoryNotFound, InvalidInput
from guildhall.model.ids import ANY_DIRECTORY, parse_uuid
from guildhall.model.permissions import Caller
from guildhall.store import directories
from guildhall.store.database import Transaction

_IDS_TO_NAME = 20


async def find_directory(tx: Transaction, caller: Caller, directory_id: str) -> Directory:
    """Return the directory, or raise DirectoryNotFound; an id of the wrong form finds nothing."""
    found = None
    clean_id = parse_uuid(directory_id)
    if clean_id is not None:
        found = await tx.one(directories.SELECT_DIRECTORY, org_key=caller.org_key, directory_id=clean_id)
    if found is None:
        raise DirectoryNotFound(f"There is no directory {directory_id} in the organization.")
    return found


async def find_directory_to_write(tx: Transaction, caller: Caller, directory_id: str) -> Directory:
    """Return the directory; `-` raises InvalidInput that lists the directories (contract 1.3)."""
    if directory_id == ANY_DIRECTORY:
        ids = await tx.values(directories.SELECT_DIRECTORY_IDS, org_key=caller.org_key, most=_IDS_TO_NAME)
        raise InvalidInput(
            f"directoryId: '-' stands for all directories and cannot be written to; name one of: {', '.join(ids)}."
        )
    return await find_directory(tx, caller, directory_id)


async def get_default_directory(tx: Transaction, caller: Caller) -> Directory:
    """Return the organization's default directory."""
    found = await tx.one(directories.SELECT_DEFAULT_DIRECTORY, org_key=caller.org_key)
    if found is None:
        raise DirectoryNotFound("The organization has no default directory.")
    return found
