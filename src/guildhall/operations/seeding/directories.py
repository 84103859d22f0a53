"""Directories of a seed file (contract 8, "Users and directories")."""

from msgspec import UNSET

from guildhall.model.directories import Directory
from guildhall.model.ids import parse_uuid
from guildhall.model.names import fold, trim
from guildhall.model.seeds import DirectorySeed, Located, Section, SeedDocument
from guildhall.operations.directories import DirectoryChanges, put_directory
from guildhall.operations.seeding.locations import located, misplaced
from guildhall.operations.seeding.reports import differences, values_of
from guildhall.operations.seeding.runs import Run

FIRST_NAME = "Directory"
"""What the directory of a new organization is called whose file names none."""

_KIND = "directories"
_FIELDS = ("name", "icon", "is_default")


async def seed_directories(run: Run, document: SeedDocument) -> set[str]:
    """Create and change directories, and return the ids of those that the file lists.

    An organization without any gets its first.
    """
    await run.load_directories()
    default: Located[DirectorySeed] | None = None
    names = _names(run, document)
    seen: set[str] = set()
    for item in document.items(Section.DIRECTORIES):
        directory_id = _find_id(run, item, names)
        if directory_id in seen:
            raise misplaced(item.place, "", "the file has this directory already.")
        seen.add(directory_id)
        if item.value.default is True and default is not None:
            raise misplaced(item.place, "default", f"is true at {default.place.where()} too; it can be one.")
        default = item if item.value.default is True else default
        await _put(run, item, directory_id)
    if Section.DIRECTORIES not in document.sections and not run.directories:
        await _create(run, run.tx.new_id(), DirectoryChanges(name=FIRST_NAME))
    await run.load_directories()
    _require_default(run, document, names)
    return seen


def _names(run: Run, document: SeedDocument) -> dict[str, str]:
    """Return what each directory is called at the end, by id, as it is compared; so order does not matter."""
    names = {row.id: row.name_key for row in run.directories.values()}
    for item in document.items(Section.DIRECTORIES):
        if isinstance(item.value.id, str) and isinstance(item.value.name, str):
            names[item.value.id.lower()] = fold(trim(item.value.name))
    return names


def _find_id(run: Run, item: Located[DirectorySeed], names: dict[str, str]) -> str:
    seed = item.value
    if isinstance(seed.id, str):
        clean_id = parse_uuid(seed.id)
        if clean_id is None:
            raise misplaced(item.place, "id", "must be a UUID, or left out.")
        return clean_id
    if not isinstance(seed.name, str):
        raise misplaced(item.place, "name", "is required where there is no id.")
    name_key = fold(trim(seed.name))
    named = [directory_id for directory_id, known in names.items() if known == name_key]
    if len(named) > 1:
        raise misplaced(item.place, "name", f"{len(named)} directories have that name; give the id of one.")
    directory_id = named[0] if named else run.tx.new_id()
    names[directory_id] = name_key
    return directory_id


async def _put(run: Run, item: Located[DirectorySeed], directory_id: str) -> None:
    seed, before = item.value, run.directories.get(directory_id)
    name = seed.name if seed.name is not UNSET else before.name if before else None
    if name is None:
        raise misplaced(item.place, "name", "is required for a new directory.")
    default = True if seed.default is True else UNSET
    changes = DirectoryChanges(name=name, icon=seed.icon, default=default)
    with located(item.place):
        if before is None:
            await _create(run, directory_id, changes)
            return
        after, _ = await put_directory(run.tx, run.caller, directory_id, changes)
    changed = differences(before, after, _FIELDS)
    run.report.updated(_KIND, after.id, after.name, changed, values_of(before, after, _FIELDS))
    _know(run, after)


async def _create(run: Run, directory_id: str, changes: DirectoryChanges) -> None:
    after, _ = await put_directory(run.tx, run.caller, directory_id, changes)
    run.report.created(_KIND, after.id, after.name)
    _know(run, after)


def _know(run: Run, directory: Directory) -> None:
    run.directories[directory.id] = directory


def _require_default(run: Run, document: SeedDocument, names: dict[str, str]) -> None:
    """`default: false` asks for another default directory, which the file or the organization must have."""
    default = run.default_directory()
    for item in document.items(Section.DIRECTORIES):
        if item.value.default is False and default is not None and default.id == _find_id(run, item, names):
            text = "an organization always has a default directory; make another one the default instead."
            raise misplaced(item.place, "default", text)
