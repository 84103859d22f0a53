"""Seed files on the command line: read with a progress bar, applied as the system."""

from collections.abc import Sequence
from pathlib import Path

from guildhall.cli.output import progress
from guildhall.model.seeds import SeedDocument, SeedReport
from guildhall.operations.seeding.organizations import seed_organizations
from guildhall.seeds.reading import read_seed_file
from guildhall.store.database import Database


def read_file(path: Path) -> Sequence[SeedDocument]:
    """Return what a seed file says; raises errors that name the line and the field."""
    with progress("Reading", path.stat().st_size) as advance:
        documents: Sequence[SeedDocument] = read_seed_file(path, advance)
    return documents


async def apply(database: Database, documents: Sequence[SeedDocument]) -> Sequence[SeedReport]:
    """Apply them as a whole or not at all; raises errors that say where in the file their cause stands."""
    with progress("Seeding"):
        return await database.write(seed_organizations, documents)
